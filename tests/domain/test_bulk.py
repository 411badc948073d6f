"""Conditions by which many accounts are chosen."""

import pytest

from domain.bulk import Where


def test_conditions_are_read_as_people_write_them():
    where = Where.read("creditor=acme AND journey = 'standard' and stage=\"plan_offer\"")
    assert str(where) == "creditor=acme and journey=standard and stage=plan_offer"
    assert Where.read(str(where)) == where
    assert Where.read("paused-by=bulk_a1").paused_by == "bulk_a1"


@pytest.mark.parametrize(
    "words",
    [
        *("", "creditor", "creditor=", "creditor=acme or stage=a", "name=Alex", "creditor=Acme"),
        *("creditor=acme and creditor=other", "currency=usd", "stage=x' OR 1=1"),
    ],
)
def test_conditions_that_say_anything_else_are_refused_with_what_there_is(words):
    with pytest.raises(ValueError, match="creditor, journey, stage, currency"):
        Where.read(words)
