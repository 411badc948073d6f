"""Reading Stripe's books into the record, comparing them there, and hearing what was missed."""

import asyncio
from datetime import timedelta

import pytest
import structlog
from sqlalchemy import func, select
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.reconciling import Reconciling
from domain.events import PlanAccepted
from domain.ledger import Cause
from domain.plans import monthly
from domain.reconciling import Compare, LineKind, ReadBooks, Why
from providers.outcomes import ProviderDown, ProviderRefused
from providers.stripe_books import BookLine, Page
from storage import ledger, plans, reconciling
from storage.tables import StripeLine
from tests.api.record import NOW, FakeStripe, contact, placement, record, stripe_event, usd

pytestmark = pytest.mark.stack


class FakeBooks:
    """Stripe's books in memory, in pages of two."""

    def __init__(self):
        self.lines, self.told, self.asked, self.trouble = [], [], [], []

    def page(self, since, until, after=None):
        self.asked.append((since, until, after))
        if self.trouble and (trouble := self.trouble.pop(0)):
            raise trouble
        begin = 0 if after is None else 1 + [each.id for each in self.lines].index(after)
        shown = self.lines[begin : begin + 2]
        more = begin + 2 < len(self.lines)
        return Page(lines=tuple(shown), following=shown[-1].id if more else None)

    def events(self, since, types):
        return iter([event for event in self.told if event["type"] in types])


@pytest.fixture
def now(database):
    """A moment after the first account was placed."""
    with database.transaction() as session:
        return session.scalar(select(func.now())) + timedelta(minutes=1)


@pytest.fixture
def books():
    return FakeBooks()


@pytest.fixture
def placed(database):
    made = placement()
    record(database, made)
    return made


@pytest.fixture
def work(database, door, books, now):
    """Runs an activity, tomorrow: nothing is too young to say then."""
    tomorrow = now + timedelta(days=1)
    hands = Reconciling(
        database, door, books=books, stripe=FakeStripe(), wall=lambda: tomorrow + timedelta(days=9)
    )
    restored = Reconciling(
        *(database, door),
        books=books,
        stripe=FakeStripe(),
        wall=lambda: tomorrow,
        restored_from=now,
    )

    class Work:
        def __init__(self):
            self.environment, self.beats = ActivityEnvironment(), []

        def read(self):
            self.environment.on_heartbeat = lambda *told: self.beats.append(told)
            return self.run(hands.read_books, ReadBooks(until=tomorrow))

        def compare(self, since=None, until=tomorrow):
            order = Compare(since=since, until=until, read_until=now)
            return self.run(hands.compare_books, order)

        def hear(self, found):
            return self.run(hands.hear_missing, found.reconciliation_id)

        def hear_after_restore(self, found):
            return self.run(restored.hear_missing, found.reconciliation_id)

        def run(self, activity, order):
            return asyncio.run(self.environment.run(activity, order))

    return Work()


def line(placed, now, number=1, kind=LineKind.CHARGE, minor=5000, **changes):
    made = {
        "id": f"txn_{number}",
        "kind": kind,
        "amount": usd(minor),
        "fee": usd(175 if kind is LineKind.CHARGE else 0),
        "net": usd(minor - 175),
        "source_id": "ch_1",
        "charge_id": "ch_1",
        "intent_id": "pi_1",
        "account_id": placed.account_id if kind is LineKind.CHARGE else None,
        "by_bank": False,
        "created": now,
        "available": now,
    }
    return BookLine(**made | changes)


def others(placed, now, number):
    """Payments of their own."""
    ids = {"source_id": f"ch_o{number}", "charge_id": f"ch_o{number}", "intent_id": f"pi_o{number}"}
    return line(placed, now, f"o{number}", **ids)


def pay(database, placed, key="stripe:pi_1", minor=5000, **how):
    with database.transaction() as session:
        ledger.pay(session, placed.account_id, key, usd(minor), **how)


def found(database, result):
    with database.transaction() as session:
        return [
            (each.why, each.at_provider, each.in_ledger)
            for each in reconciling.found_in(session, result.reconciliation_id)
        ]


def test_the_books_are_read_to_their_end_once_however_often(database, books, work, placed, now):
    books.lines = [others(placed, now, number) for number in range(5)]
    assert [work.read(), work.read()] == [5, 5]
    assert work.beats[:3] == [(2, "txn_o1"), (4, "txn_o3"), (5, None)]
    with database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(StripeLine)) == 5


def test_another_attempt_goes_on_after_the_page_that_was_kept_last(books, work, placed, now):
    books.lines = [others(placed, now, number) for number in range(5)]
    books.trouble = [None, ProviderDown("no answer")]
    with pytest.raises(ProviderDown):
        work.read()
    work.environment.info = ActivityEnvironment.default_info()
    work.environment.info = type(work.environment.info)(
        **{**vars(work.environment.info), "heartbeat_details": work.beats[-1]}
    )
    assert work.read() == 5
    assert [after for _, _, after in books.asked] == [None, "txn_o1", "txn_o1", "txn_o3"]


def test_a_key_that_may_not_read_balances_is_not_asked_again(books, work, placed):
    books.trouble = [ProviderRefused("Stripe", "permission")]
    with pytest.raises(ApplicationError) as refused:
        work.read()
    assert refused.value.non_retryable


def test_while_nobody_owes_anything_nothing_is_read(books, work):
    assert work.read() == 0
    assert books.asked == []


def test_what_was_read_is_read_again_for_two_days_only(books, work, placed, now):
    work.read()
    work.compare()
    work.read()
    assert books.asked[-1][0] == now - reconciling.OVERLAP


def test_books_that_agree_have_no_difference_whatever_came_of_the_payment(
    database, books, work, placed, now
):
    books.lines = [
        line(placed, now),
        line(placed, now, 2, LineKind.REFUND, -2000, source_id="re_1"),
        line(placed, now, 3, LineKind.WITHDRAWN, -3000, source_id="du_1"),
        line(placed, now, 4, LineKind.REINSTATED, 3000, source_id="du_1"),
        line(placed, now, 5, LineKind.FEE, -25, intent_id=None, charge_id=None, source_id=None),
    ]
    work.read()
    pay(database, placed)
    with database.transaction() as session:
        key = "stripe:refund:ch_1:2000"
        ledger.give_back(session, placed.account_id, key, usd(2000), provider_ref="ch_1")
        ledger.give_back(
            session, placed.account_id, "stripe:dispute:du_1", usd(3000), cause=Cause.CHARGEBACK
        )
    won = {"cause": Cause.CHARGEBACK_WON, "provider_ref": "du_1"}
    pay(database, placed, "stripe:reinstated:du_1", 3000, **won)

    result = work.compare()

    assert (result.payments, result.alarms, found(database, result)) == (1, 0, [])
    assert result.sums == {"USD": {"at_stripe": 3000, "in_ledger": 3000, "fees": 375}}


def test_what_is_only_in_one_of_the_books_is_found_in_both_directions(
    database, books, work, placed, now
):
    books.lines = [others(placed, now, 1)]
    work.read()
    pay(database, placed)
    pay(database, placed, "direct:7", 100, cause=Cause.DIRECT_PAYMENT)
    pay(database, placed, "transfer:8", 100, cause=Cause.TRANSFER, provider_ref="BANK-8")

    result = work.compare()

    assert found(database, result) == [
        (Why.NOT_AT_PROVIDER, None, 5000),
        (Why.NOT_HEARD, 5000, None),
    ]


def test_a_movement_that_names_the_payment_by_its_reference_alone_counts(
    database, books, work, placed, now
):
    books.lines = [line(placed, now)]
    work.read()
    pay(database, placed)
    pay(database, placed, "agent:1", provider_ref="ch_1")
    assert found(database, work.compare()) == [(Why.BOOKED_TWICE, None, 5000)]


def test_an_account_that_is_not_on_record_is_none_of_ours(database, books, work, placed, now):
    books.lines = [line(placed, now, account_id="acc_elsewhere")]
    work.read()
    assert found(database, work.compare()) == [(Why.NOT_OURS, 5000, None)]


def test_only_payments_of_which_something_was_booked_in_the_time_are_compared(
    database, books, work, placed, now
):
    long_ago = now - timedelta(days=50)
    books.lines = [
        line(placed, long_ago),
        line(placed, now, 2, LineKind.REFUND, -2000, source_id="re_1"),
        others(placed, long_ago, 1),
    ]
    work.read()
    assert work.compare(now - timedelta(days=1)).causes == {
        Why.NOT_HEARD: 1,
        Why.REFUND_NOT_BOOKED: 1,
    }
    assert work.compare(long_ago - timedelta(days=1)).causes == {
        Why.NOT_HEARD: 2,
        Why.REFUND_NOT_BOOKED: 1,
    }
    assert work.compare(now - timedelta(days=9), now - timedelta(days=1)).payments == 0


def test_a_comparison_is_told_without_whose_money_it_is(books, work, placed, now):
    books.lines = [line(placed, now)]
    work.read()
    with structlog.testing.capture_logs() as logged:
        work.compare()
    (told,) = logged
    assert (told["event"], told["log_level"]) == ("books.compared", "warning")
    assert placed.account_id not in str(told)
    assert told["causes"] == {"webhook not heard": 1}


@pytest.fixture
def lost(books, placed, now):
    """A payment and its refund, of which no webhook came."""
    books.lines = [
        line(placed, now),
        line(placed, now, 2, LineKind.REFUND, -2000, source_id="re_1"),
    ]
    intent = {
        "id": "pi_1",
        "object": "payment_intent",
        "status": "succeeded",
        "currency": "usd",
        "amount": 5000,
        "amount_received": 5000,
        "metadata": {"account_id": placed.account_id},
    }
    refund = {
        "id": "re_1",
        "object": "refund",
        "status": "succeeded",
        "currency": "usd",
        "amount": 2000,
        "charge": "ch_1",
        "payment_intent": "pi_1",
        "metadata": {},
    }
    paid = stripe_event("payment_intent.succeeded", intent)
    books.told = [
        stripe_event("refund.created", refund) | {"created": paid["created"] + 60},
        stripe_event("payment_intent.succeeded", intent | {"id": "pi_else"}),
        paid,
    ]


@pytest.mark.usefixtures("lost")
def test_an_event_that_was_lost_is_fetched_and_applied_as_its_webhook(database, door, work, placed):
    work.read()
    before = work.compare()

    assert work.hear(before) == 2
    assert found(database, work.compare()) == []
    with database.transaction() as session:
        assert ledger.balance(session, placed.account_id) == 20_000 - 3000
    assert door.told
    assert work.hear(work.compare()) == 0


def test_a_plan_that_was_accepted_after_the_backup_is_accepted_again(
    database, books, door, work, placed
):
    plan = monthly("plan-1", placed.balance, parts=4, first=NOW.date())
    link = contact(database, placed, offer=plan)
    told = {"account_id": placed.account_id, "pay_link": link, "plan_id": "plan-1"}
    page = {"id": "cs_1", "object": "checkout.session", "mode": "setup", "metadata": told}
    done = page | {"payment_status": "no_payment_required", "payment_intent": None}
    books.told = [stripe_event("checkout.session.completed", done)]
    result = work.compare()

    assert work.hear(result) == 0
    assert [work.hear_after_restore(result) for _ in range(2)] == [1, 0]
    with database.transaction() as session:
        assert plans.current(session, placed.account_id) == plan
    assert [each.plan for each in door.heard() if isinstance(each, PlanAccepted)] == [plan]
