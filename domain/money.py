"""Money in integer minor units: exact for zero- and three-decimal currencies alike."""

from decimal import Decimal
from functools import cache
from typing import Annotated

from iso4217 import Currency
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

LARGEST = 1_000_000_000_000
"""Largest amount that we take, in minor units. Above it a comma has slipped, not a debt grown."""


@cache
def currency_code(text: str) -> str:
    """The text itself, once it is known to be an ISO 4217 code that has minor units."""
    try:
        known = Currency(text)
    except ValueError:
        known = None
    if known is None or known.exponent is None:
        raise ValueError(f"{text!r} is not an ISO 4217 currency code such as USD, SAR or KWD")
    return text


CurrencyCode = Annotated[str, Field(min_length=3, max_length=3), AfterValidator(currency_code)]


class Money(BaseModel):
    """An amount in integer minor units (cents, halalas, fils) of an ISO 4217 currency."""

    model_config = ConfigDict(frozen=True)

    minor: int = Field(strict=True, ge=-LARGEST, le=LARGEST)
    currency: CurrencyCode

    @property
    def major(self) -> Decimal:
        """The amount in whole units: 12.50 for 1250 cents, 1250 for 1250 yen."""
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def __str__(self) -> str:
        return f"{self.currency} {figure(self.minor, self.currency)}"


@cache
def exponent(currency: str) -> int:
    """Decimals of a currency by ISO 4217: 2 for USD, 0 for JPY, 3 for KWD."""
    decimals = Currency(currency).exponent
    if decimals is None:
        raise ValueError(f"{currency} has no minor unit in ISO 4217")
    return int(decimals)


def figure(minor: int, currency: str) -> str:
    """Minor units, however many, in whole units with the currency's decimals: 12.50, 1250."""
    decimals = exponent(currency)
    return f"{Decimal(minor).scaleb(-decimals):.{decimals}f}"
