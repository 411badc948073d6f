"""Money is exact in currencies of zero, two and three decimals."""

from decimal import Decimal

import pytest
from pydantic import ValidationError

from domain.money import LARGEST, Money, exponent


@pytest.mark.parametrize(
    ("currency", "minor", "major", "text"),
    [
        ("USD", 1250, Decimal("12.50"), "USD 12.50"),
        ("JPY", 1250, Decimal(1250), "JPY 1250"),
        ("KWD", 1250, Decimal("1.250"), "KWD 1.250"),
        ("SAR", 5, Decimal("0.05"), "SAR 0.05"),
        ("USD", -1, Decimal("-0.01"), "USD -0.01"),
        ("KWD", LARGEST, Decimal(1_000_000_000), "KWD 1000000000.000"),
    ],
)
def test_an_amount_is_told_in_whole_units_with_the_decimals_of_its_currency(
    currency, minor, major, text
):
    money = Money(minor=minor, currency=currency)

    assert money.major == major
    assert str(money) == text


@pytest.mark.parametrize("currency", ["ABC", "usd", "", "US", "XAU", "XXX", "DOLLAR"])
def test_a_currency_without_minor_units_is_refused(currency):
    with pytest.raises(ValidationError, match=r"currency code such as USD|characters"):
        Money(minor=1, currency=currency)


@pytest.mark.parametrize("minor", [LARGEST + 1, -LARGEST - 1, 12.5, 12.0, "12", True, None])
def test_an_amount_is_a_whole_number_of_minor_units_of_a_sane_size(minor):
    with pytest.raises(ValidationError):
        Money(minor=minor, currency="USD")


def test_gold_has_no_minor_unit():
    with pytest.raises(ValueError, match="XAU has no minor unit"):
        exponent("XAU")
