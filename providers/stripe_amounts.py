"""Amounts as Stripe counts them, which is not always as ISO 4217 does."""

from domain.money import Money, exponent
from domain.payable import AmountError, decimals_of, shifted, step


def to_stripe(amount: Money) -> int:
    """The amount in Stripe's smallest unit; AmountError if Stripe cannot charge exactly that."""
    shift = decimals_of(amount.currency) - exponent(amount.currency)
    unit = step(amount.currency)
    if amount.minor % unit:
        raise AmountError(
            f"Stripe charges {amount.currency} in multiples of"
            f" {Money(minor=unit, currency=amount.currency)}: round with chargeable()"
        )
    return shifted(amount.minor, shift)


def from_stripe(amount: int, currency: str) -> Money:
    """An amount from Stripe, whose currency is in small letters, as money."""
    code = currency.upper()
    shift = exponent(code) - decimals_of(code)
    if shifted(shifted(amount, shift), -shift) != amount:
        raise AmountError(f"{code} has no fractions, and {amount} from Stripe has one")
    return Money(minor=shifted(amount, shift), currency=code)
