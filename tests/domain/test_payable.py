"""What a card can pay, and what is too little for it."""

import pytest

from domain.money import Money
from domain.payable import is_chargeable, is_too_small, least_charge, step


@pytest.mark.parametrize(
    ("currency", "minor", "can"),
    [
        ("USD", 50, True),
        ("USD", 49, False),
        ("JPY", 50, True),
        ("KWD", 10, True),
        ("KWD", 9, False),
        ("HUF", 17_499, False),
        ("SAR", 1, True),
        ("CLF", 10_000, False),
    ],
)
def test_what_is_too_little_to_be_charged_is_known_beforehand(currency, minor, can):
    assert is_chargeable(Money(minor=minor, currency=currency)) is can


@pytest.mark.parametrize(
    ("currency", "minor", "too_small"),
    [("USD", 49, True), ("USD", 50, False), ("KWD", 9, True), ("JPY", 49, True), ("CLF", 1, False)],
)
def test_a_currency_that_no_card_pays_has_no_rest_that_is_too_small(currency, minor, too_small):
    assert is_too_small(Money(minor=minor, currency=currency)) is too_small


@pytest.mark.parametrize(
    ("currency", "least"), [("USD", 50), ("JPY", 50), ("KWD", 10), ("MGA", 100), ("CLF", 0)]
)
def test_the_least_that_can_be_paid_is_known_for_every_currency(currency, least):
    assert least_charge(currency) == least


@pytest.mark.parametrize(
    ("currency", "unit"),
    [("USD", 1), ("JPY", 1), ("KWD", 10), ("MGA", 100), ("UGX", 1), ("CLF", 1)],
)
def test_every_currency_has_a_step_in_which_it_is_paid(currency, unit):
    assert step(currency) == unit
