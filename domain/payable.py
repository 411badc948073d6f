"""What a card can pay: from which amount on, and in which steps.

By Stripe, which charges the cards. See "Minimum and maximum charge amounts", "Zero-decimal
currencies", "Three-decimal currencies" and "Special cases" in its documentation of currencies
(docs.stripe.com/currencies).
"""

from decimal import ROUND_DOWN, Decimal
from functools import cache

from domain.money import Money, exponent

_CODES = "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF"
WITHOUT_DECIMALS = frozenset(_CODES.split())
"""Stripe counts these in whole units. ISO 4217 gives MGA two decimals."""

ONCE_WITH_DECIMALS = frozenset({"ISK", "UGX"})
"""Whole units by ISO 4217, hundredths at Stripe, where the last two digits must be 00.

UGX also stands in Stripe's list of zero-decimal currencies; the special case is what it charges by.
"""

LEAST = {
    "AED": 200,
    "AUD": 50,
    "BGN": 100,
    "BRL": 50,
    "CAD": 50,
    "CHF": 50,
    "CZK": 1500,
    "DKK": 250,
    "EUR": 50,
    "GBP": 30,
    "HKD": 400,
    "HUF": 17_500,
    "INR": 50,
    "JPY": 50,
    "MXN": 1000,
    "MYR": 200,
    "NOK": 300,
    "NZD": 50,
    "PLN": 200,
    "RON": 200,
    "SEK": 300,
    "SGD": 50,
    "THB": 1000,
    "USD": 50,
}
"""The smallest charge in our minor units, where Stripe names one. In other currencies it depends on
the day's rate: Stripe itself refuses what is too little."""

DECIMALS_THAT_STRIPE_KNOWS = (0, 2, 3)
THREE = 3


class AmountError(ValueError):
    """An amount that Stripe cannot charge; says in which steps it charges that currency."""


def chargeable(amount: Money) -> Money:
    """The largest amount not above this one that Stripe can charge: 5.124 KWD becomes 5.120.

    AmountError where Stripe charges nothing in the currency.
    """
    decimals_of(amount.currency)
    minor = amount.minor - amount.minor % step(amount.currency)
    return Money(minor=minor, currency=amount.currency)


@cache
def least_charge(currency: str) -> int:
    """The smallest payment in our minor units: 50 for USD, 10 for KWD.

    0 for a currency that no card pays at all: such a debt is paid in other ways, in any amount.
    """
    return max(LEAST.get(currency, 0), step(currency)) if _is_charged(currency) else 0


def is_chargeable(amount: Money) -> bool:
    """Whether Stripe can charge something of this amount: not 0.30 USD, not 0.004 KWD."""
    return 0 < least_charge(amount.currency) <= amount.minor


@cache
def step(currency: str) -> int:
    """In which steps of minor units a currency is paid: 1 for USD, 10 for KWD, 100 for MGA.

    Where no card is charged at all, people pay at their bank, to the minor unit.
    """
    if not _is_charged(currency):
        return 1
    decimals = decimals_of(currency)
    if decimals == THREE:
        return 10
    return shifted(1, max(0, exponent(currency) - decimals))


def _is_charged(currency: str) -> bool:
    """Whether Stripe charges anything in a currency."""
    try:
        decimals_of(currency)
    except AmountError:
        return False
    return True


def is_too_small(amount: Money) -> bool:
    """Whether no card can pay so little. A currency that no card pays at all has no such rest."""
    return amount.minor < least_charge(amount.currency)


def shifted(number: int, places: int) -> int:
    """The number times ten to the power of `places`, without its fraction."""
    return int(Decimal(number).scaleb(places).to_integral_value(ROUND_DOWN))


def decimals_of(currency: str) -> int:
    """How many decimals Stripe's own unit of the currency has."""
    if currency in WITHOUT_DECIMALS:
        return 0
    decimals = 2 if currency in ONCE_WITH_DECIMALS else exponent(currency)
    if decimals not in DECIMALS_THAT_STRIPE_KNOWS:
        raise AmountError(f"Stripe does not charge {currency}")
    return decimals
