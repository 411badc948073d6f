"""Amounts as Stripe counts them, there and back."""

import pytest

from domain.money import Money
from domain.payable import AmountError, chargeable
from providers.stripe_amounts import from_stripe, to_stripe


@pytest.mark.parametrize(
    ("currency", "minor", "at_stripe"),
    [
        ("USD", 1250, 1250),
        ("SAR", 45_000, 45_000),
        ("JPY", 500, 500),
        ("CLP", 7, 7),
        ("KWD", 5120, 5120),
        ("BHD", 10, 10),
        ("ISK", 5, 500),  # "To charge 5 ISK, provide an amount value of 500"
        ("UGX", 5, 500),
        ("MGA", 500, 5),  # two decimals in ISO 4217, none at Stripe
        ("HUF", 1045, 1045),  # whole units for payouts only
        ("TWD", 80_045, 80_045),
    ],
)
def test_amounts_reach_stripe_in_its_own_units_and_come_back(currency, minor, at_stripe):
    money = Money(minor=minor, currency=currency)

    assert to_stripe(money) == at_stripe
    assert from_stripe(at_stripe, currency.lower()) == money


@pytest.mark.parametrize(
    ("currency", "minor", "rounded"), [("KWD", 5124, 5120), ("OMR", 9, 0), ("MGA", 12_345, 12_300)]
)
def test_an_amount_that_stripe_cannot_charge_is_refused_and_can_be_rounded_down(
    currency, minor, rounded
):
    money = Money(minor=minor, currency=currency)

    with pytest.raises(AmountError, match="multiples of"):
        to_stripe(money)
    assert chargeable(money) == Money(minor=rounded, currency=currency)


def test_an_amount_that_stripe_can_charge_is_left_as_it_is():
    money = Money(minor=1251, currency="USD")

    assert chargeable(money) == money


def test_fractions_of_a_currency_that_has_none_are_not_believed():
    with pytest.raises(AmountError, match="ISK has no fractions"):
        from_stripe(550, "isk")


def test_a_unit_of_account_with_four_decimals_cannot_be_charged():
    with pytest.raises(AmountError, match="does not charge CLF"):
        to_stripe(Money(minor=10_000, currency="CLF"))


def test_large_amounts_stay_exact():
    money = Money(minor=1_000_000_000_000, currency="UGX")

    assert from_stripe(to_stripe(money), "ugx") == money
