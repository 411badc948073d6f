from datetime import timedelta

import pytest
from sqlalchemy import select
from temporalio.exceptions import ApplicationError

from activities.charges import Charges
from activities.contacts import Patience
from domain.orders import Charge
from providers.charges import Paid
from providers.outcomes import ProviderDown, ProviderRefused
from storage import people
from storage.tables import Person
from tests.api.record import NOW, FakeStripe, books, placement, record

pytestmark = pytest.mark.stack

CARD = {"customer": "cus_1", "payment_method": "pm_1"}


class Till(FakeStripe):
    """Stripe that refuses to prepare a charge for the reasons given, one after another."""

    def __init__(self, *troubles):
        super().__init__()
        self.troubles, self.asked = list(troubles), []

    def create_intent(self, *, key, customer, payment_method, **asked):
        self.asked.append((key, customer, payment_method))
        if self.troubles:
            raise self.troubles.pop(0)
        return "pi_1"

    def confirm_intent(self, intent_id, key):
        return Paid(intent_id=intent_id)


def refused(code):
    return ProviderRefused("Stripe", code)


def has_card(database, **changes):
    placed = placement(consumer={"stored_card": CARD}, **changes)
    record(database, placed)
    return placed


def till(database, *troubles):
    stripe = Till(*troubles)
    patience = Patience(in_all=timedelta(hours=1))
    return stripe, Charges(database, stripe=stripe, wall=lambda: NOW, patience=patience)


def order(placed, minor=5_000):
    amount = placed.balance.model_copy(update={"minor": minor})
    return Charge(key="c1", account_id=placed.account_id, at=NOW, amount=amount, instalment=1)


def card(database):
    with database.transaction() as session:
        return session.scalars(select(Person.payment_method)).one()


@pytest.mark.parametrize("code", ["resource_missing", "payment_method_unactivated"])
def test_a_card_that_is_gone_is_forgotten(database, code):
    placed = has_card(database)
    _, charges = till(database, refused(code))
    assert charges.charge(order(placed)).decline_code == code
    assert card(database) is None


@pytest.mark.parametrize(
    "code", ["amount_too_small", "IdempotencyError", "idempotency_key_in_use", "api_key_expired"]
)
def test_a_refusal_that_is_not_about_the_card_keeps_it(database, code):
    placed = has_card(database)
    _, charges = till(database, refused(code))
    charged = charges.charge(order(placed))
    assert (charged.status, charged.decline_code) == ("declined", code)
    assert card(database) == "pm_1"


def test_an_amount_that_stripe_cannot_charge_keeps_the_card(database):
    placed = has_card(database, balance={"minor": 5_000, "currency": "KWD"})
    _, charges = till(database)
    charges._stripe.create_intent = FakeStripe().create_intent
    charged = charges.charge(order(placed, 4_999))
    assert (charged.status, charged.decline_code) == ("declined", "amount_not_chargeable")
    assert card(database) == "pm_1"


@pytest.mark.parametrize("after", [None, "resource_missing"])
def test_a_retry_asks_with_the_card_of_the_first_attempt(database, after):
    placed = has_card(database)
    troubles = [ProviderDown("no answer"), *([refused(after)] if after else [])]
    stripe, charges = till(database, *troubles)
    with pytest.raises(ApplicationError):
        charges.charge(order(placed))
    with database.transaction() as session:
        people.store_card(session, placed.person_id, customer="cus_2", payment_method="pm_2")
    charged = charges.charge(order(placed))
    assert stripe.asked == [("create:c1", "cus_1", "pm_1")] * 2
    assert card(database) == "pm_2"
    assert charged.status == ("declined" if after else "paid")
    assert books(database, placed)[0] == (20_000 if after else 15_000)
