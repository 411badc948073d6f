"""Means of payment: what was given last is charged, and what was taken back never is."""

import asyncio

import pytest
from sqlalchemy import update

from activities.hearing import hear
from domain.accounts import StoredCard
from domain.events import CardStored
from providers.charges import CardSetup
from providers.means import Means
from storage import inbox
from storage.tables import InboxRow, Person
from tests.api.record import NOW, FakeStripe, placement, record, stripe_event


class Pages(FakeStripe):
    """Stripe, as it shows what was stored on each page."""

    def __init__(self, **revoked):
        super().__init__()
        self.revoked = revoked

    def retrieve_setup(self, session_id):
        method = session_id.replace("cs", "pm")
        means = Means(
            payment_method=method,
            customer="cus_1",
            kind="us_bank_account",
            fingerprint=f"print {method}",
        )
        return CardSetup(
            session_id=session_id,
            card=StoredCard(customer="cus_1", payment_method=method),
            means=means,
            mandate=f"mandate_of_{method}",
            revoked=self.revoked.get(session_id, False),
            metadata={},
        )


@pytest.fixture
def placed(database):
    one = placement()
    record(database, one)
    return one


def take(database, door, kind, subject, *, minute=0, stripe=None):
    event = stripe_event(kind, subject) | {"created": int(NOW.timestamp()) + 60 * minute}
    with database.transaction() as session:
        row = inbox.store(session, "stripe", event["id"], kind, event).id
        session.execute(update(InboxRow).where(InboxRow.id == row).values(applied_at=None))
    assert asyncio.run(hear(database, door, stripe or Pages(), row)) is None


def stored(database, door, placed, page, minute, *, stripe=None):
    done = {
        "id": page,
        "object": "checkout.session",
        "mode": "setup",
        "payment_status": "no_payment_required",
        "status": "complete",
        "metadata": {"account_id": placed.account_id},
    }
    take(database, door, "checkout.session.completed", done, minute=minute, stripe=stripe)


def method(name, **more):
    details = {"type": "card", "card": {"fingerprint": "renewed", "brand": "visa"}}
    return {"id": name, "object": "payment_method", "customer": "cus_1"} | details | more


def mandate(name, status):
    return {"id": "mandate_1", "object": "mandate", "payment_method": name, "status": status}


def person(database, placed):
    with database.transaction() as session:
        return session.get_one(Person, placed.person_id)


def test_what_is_stored_is_kept_with_its_kind_fingerprint_and_mandate(database, door, placed):
    stored(database, door, placed, "cs_1", 0)
    kept = person(database, placed)
    assert (kept.payment_method, kept.method_kind, kept.card, kept.network, kept.mandate) == (
        "pm_1",
        "us_bank_account",
        "print pm_1",
        None,
        "mandate_of_pm_1",
    )


@pytest.mark.parametrize("order", [(1, 2), (2, 1), (1, 2, 1), (2, 1, 2)])
def test_what_was_given_last_is_kept_whatever_is_told_last(database, door, placed, order):
    for number in order:
        stored(database, door, placed, f"cs_{number}", number)
    assert person(database, placed).payment_method == "pm_2"


@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        ("mandate.updated", mandate("pm_1", "inactive")),
        ("payment_method.detached", method("pm_1", customer=None)),
    ],
)
def test_what_is_taken_back_is_never_charged_again(database, door, placed, kind, subject):
    stored(database, door, placed, "cs_1", 0)
    take(database, door, kind, subject, minute=1)
    assert person(database, placed).payment_method is None
    stored(database, door, placed, "cs_1", 0)  # told again by the sweeper after a crash
    assert person(database, placed).payment_method is None


def test_a_mandate_that_stays_active_changes_nothing(database, door, placed):
    stored(database, door, placed, "cs_1", 0)
    take(database, door, "mandate.updated", mandate("pm_1", "active"), minute=1)
    assert person(database, placed).payment_method == "pm_1"


def test_what_was_taken_back_before_we_heard_of_it_is_not_kept(database, door, placed):
    take(database, door, "payment_method.detached", method("pm_1", customer=None), minute=1)
    stored(database, door, placed, "cs_1", 0, stripe=Pages(cs_1=True))
    assert person(database, placed).payment_method is None


def test_a_card_that_its_bank_renews_is_news_for_the_journey(database, door, placed):
    stored(database, door, placed, "cs_1", 0)
    door.told.clear()
    take(database, door, "payment_method.automatically_updated", method("pm_1"), minute=1)
    assert person(database, placed).card == "renewed"
    assert [type(each) for each in door.heard()] == [CardStored]


def test_a_card_of_somebody_else_is_no_news(database, door, placed):
    stored(database, door, placed, "cs_1", 0)
    door.told.clear()
    take(database, door, "payment_method.automatically_updated", method("pm_9"), minute=1)
    assert person(database, placed).payment_method == "pm_1"
    assert door.told == []
