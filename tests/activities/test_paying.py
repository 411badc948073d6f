import functools
from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from activities.paying import received, went_back
from activities.records import Records
from compliance.orders import Close
from domain.accounts import Closure
from domain.contracts import Authority, Contract, SettlementTerms
from domain.events import BalanceChanged, PaymentReversed
from domain.ledger import COSTS_FIRST, Book, Cause, allocate, unpaid
from domain.money import Money
from domain.plans import monthly
from storage import accounts, contracts, inbox, journal, ledger, plans, settlements
from storage.tables import Task
from tests.api.record import NOW, placement, record, usd

OWED_AT_FIRST = {Book.COSTS: 1_500, Book.INTEREST: 700, Book.PRINCIPAL: 20_000}
EIGHT = (6_000, 9_000, -2_500, -1_200, 900, -9_000, 9_000, 12_345)
"""A payment, another, two refunds, a rest, a chargeback, that won, and more than is left."""


def step(owed, minor):
    """What is owed by book after an amount came, or (below zero) went back."""
    if minor > 0:
        parts = allocate(minor, owed)
        return {book: owed[book] - parts.get(book, 0) for book in owed}
    paid = {book: OWED_AT_FIRST[book] - owed[book] for book in owed}
    parts = unpaid(-minor, paid)
    return {book: owed[book] + parts.get(book, 0) for book in owed}


def owed_after(movements):
    return functools.reduce(step, movements, OWED_AT_FIRST)


def every_end(owed, movements):
    """Where each order of these movements ends."""
    if not movements:
        yield tuple(owed.items())
    for position, minor in enumerate(movements):
        rest = movements[:position] + movements[position + 1 :]
        yield from every_end(step(owed, minor), rest)


def test_all_40320_orders_of_eight_movements_end_in_the_same_books():
    ends = Counter(every_end(OWED_AT_FIRST, EIGHT))
    assert ends == {tuple(owed_after(EIGHT).items()): 40_320}


@given(
    st.lists(st.integers(-30_000, 30_000).filter(bool), max_size=8).flatmap(
        lambda amounts: st.tuples(st.just(amounts), st.permutations(amounts))
    )
)
def test_movements_in_any_order_end_in_the_same_books(both):
    told, shuffled = both
    assert owed_after(told) == owed_after(shuffled)


@pytest.fixture
def placed(database):
    with database.transaction() as session:
        terms = SettlementTerms(floor=50, least={Authority.AGENT: 50})
        contracts.agree(session, "acme", Contract(settlement=terms))
    made = placement()
    record(database, made)
    return made


def of(database, placed, work):
    with database.transaction() as session:
        account = accounts.by_id(session, placed.account_id)
        assert account
        return work(session, account)


def owes(database, placed):
    return of(database, placed, lambda session, account: ledger.balance(session, account.id))


def come(database, placed, key, minor, **more):
    amount = Money(minor=minor, currency=placed.balance.currency)
    return of(database, placed, lambda s, account: received(s, account, key, amount, **more))


def go(database, placed, key, minor, **more):
    amount = Money(minor=minor, currency=placed.balance.currency)
    return of(database, placed, lambda s, account: went_back(s, account, key, amount, **more))


def close(database, placed, closure):
    of(database, placed, lambda s, account: accounts.close(s, account.id, closure, at=NOW))


def settle_for(database, placed, minor):
    def offer(session, account):
        settlements.offer(
            session,
            account,
            usd(minor),
            settlement_id="s",
            by=Authority.AGENT,
            source="test",
            at=NOW - timedelta(hours=1),
        )

    of(database, placed, offer)


def test_money_that_is_told_again_changes_nothing_and_tells_the_same(database, placed):
    first = come(database, placed, "k", 5_000, at=NOW)
    again = come(database, placed, "k", 5_000, at=NOW)
    assert first == again
    [told] = first
    assert isinstance(told.event, BalanceChanged)
    assert (told.event.balance, told.event.version) == (15_000, 2)


@pytest.mark.parametrize(
    ("currency", "owed", "paid_minor", "left"),
    [
        ("USD", 20_000, 19_970, 0),
        ("USD", 20_000, 19_950, 50),
        ("KWD", 20_003, 20_000, 0),
        ("KWD", 20_013, 20_000, 13),
        ("JPY", 20_000, 19_951, 0),
        ("CLF", 20_000, 1, 19_999),
    ],
)
def test_a_rest_that_no_card_can_pay_is_let_go(database, currency, owed, paid_minor, left):
    made = placement(balance={"minor": owed, "currency": currency})
    record(database, made)
    come(database, made, "k", paid_minor)
    assert owes(database, made) == left


def test_a_rest_that_was_let_go_is_owed_again_with_what_goes_back(database):
    made = placement(balance={"minor": 20_003, "currency": "KWD"})
    record(database, made)
    come(database, made, "k", 20_000)
    go(database, made, "b", 1_000)
    assert owes(database, made) == 1_003
    come(database, made, "c", 1_000)
    assert owes(database, made) == 0


@pytest.mark.parametrize("order", [(12_000, 4_000), (4_000, 12_000)])
def test_more_than_a_settlement_asks_is_taken_in_whatever_order_it_is_told(database, placed, order):
    settle_for(database, placed, 12_000)
    for minor in order:
        come(database, placed, f"{minor}", minor, at=NOW)
    assert owes(database, placed) == 0
    forgiven = of(database, placed, lambda session, account: ledger.is_settled(session, account.id))
    assert forgiven


def tasks(database):
    with database.transaction() as session:
        return {row.key: row.reason for row in session.scalars(select(Task))}


def test_a_settlement_that_is_paid_twice_gets_a_person_of_ours(database, placed):
    settle_for(database, placed, 12_000)
    come(database, placed, "a", 12_000, at=NOW)
    come(database, placed, "b", 6_000, cause=Cause.TRANSFER, at=NOW)
    assert owes(database, placed) == 0
    come(database, placed, "c", 12_000, at=NOW)
    assert owes(database, placed) == -10_000
    assert tasks(database) == {
        "overpaid:b": "paid USD 60.00 more than the settlement asked: refund it",
        "overpaid:c": "paid USD 120.00 more than the settlement asked: refund it",
    }


def test_money_that_returns_to_a_met_settlement_asks_for_no_refund(database, placed):
    settle_for(database, placed, 12_000)
    come(database, placed, "a", 14_000, at=NOW)
    go(database, placed, "d", 1_000, cause=Cause.CHARGEBACK, at=NOW)
    come(database, placed, "w", 1_000, cause=Cause.CHARGEBACK_WON, at=NOW)
    assert (owes(database, placed), tasks(database)) == (0, {})


def test_what_is_paid_over_what_is_owed_gets_a_person_of_ours(database, placed):
    come(database, placed, "k", 20_100, at=NOW)
    assert tasks(database) == {"overpaid:k": "paid USD 1.00 more than was owed: refund it"}


def test_a_chargeback_of_a_settled_account_is_owed_whole_and_opens_it(database, placed):
    settle_for(database, placed, 12_000)
    come(database, placed, "k", 12_000, at=NOW)
    close(database, placed, Closure.SETTLED)
    told = go(database, placed, "d", 12_000, cause=Cause.CHARGEBACK, at=NOW)
    assert owes(database, placed) == 20_000
    assert told[-1].event == PaymentReversed(event_id="reversed:d")
    assert told[-1].reopens == placed.account_id
    row = of(database, placed, lambda session, _: inbox.by_key(session, "reopened:d"))
    assert row.applied_at is None
    assert told == go(database, placed, "d", 12_000, cause=Cause.CHARGEBACK, at=NOW)


def test_an_end_is_called_what_it_is_after_a_refund(database, placed):
    settle_for(database, placed, 12_000)
    come(database, placed, "k", 20_000, at=NOW)
    close(database, placed, Closure.PAID_IN_FULL)
    told = go(database, placed, "r", 5_000, at=NOW)
    account = of(database, placed, lambda _, account: account)
    assert (account.closure, account.reopened, owes(database, placed)) == ("settled", 0, 0)
    assert [each.reopens for each in told] == [None]


def test_a_refund_on_an_open_account_is_no_reversal(database, placed):
    come(database, placed, "k", 5_000)
    [told] = go(database, placed, "r", 5_000)
    assert told.event.cause == "reversal"
    assert owes(database, placed) == 20_000


def test_money_that_goes_back_while_a_journey_ends_opens_the_account_at_once(database, placed):
    come(database, placed, "k", 20_000)
    go(database, placed, "d", 20_000, cause=Cause.CHARGEBACK)
    account = of(database, placed, lambda _, account: account)
    assert account.reopened == 0
    end = Close(key="end", account_id=account.id, at=NOW, closure=Closure.PAID_IN_FULL)
    Records(database).close_account(end)
    account = of(database, placed, lambda _, account: account)
    assert (account.closure, account.reopened) == (None, 1)
    row = of(database, placed, lambda s, _: inbox.by_key(s, f"reopened:{account.id}:3"))
    assert row.applied_at is None


def test_a_recalled_account_is_looked_at_and_stays_closed(database, placed):
    come(database, placed, "k", 5_000)
    close(database, placed, Closure.RECALLED)
    go(database, placed, "d", 5_000, cause=Cause.CHARGEBACK)
    account = of(database, placed, lambda _, account: account)
    assert account.closure == "recalled"
    task = of(database, placed, lambda session, _: session.get(Task, "closed:d"))
    assert task is not None


def test_what_did_not_come_after_all_is_told_as_such(database, placed):
    come(database, placed, "k", 5_000, cause=Cause.DIRECT_PAYMENT)
    go(database, placed, "u", 5_000, cause=Cause.DIRECT_PAYMENT)
    lines = of(database, placed, lambda session, account: journal.lines(session, account.id))
    assert [line.what for line in lines] == ["placed", "direct payment", "direct payment undone"]


def test_payments_pay_costs_first_by_default():
    assert tuple(owed_after([1_000]).values()) == (500, 700, 20_000)
    assert COSTS_FIRST[0] is Book.COSTS


def test_an_extra_payment_revises_the_plan_and_nobody_has_agreed_to_anything_by_it(
    database, placed
):
    plan = monthly("p", usd(20_000), parts=4, first=NOW.date() + timedelta(days=10))
    of(database, placed, lambda session, account: plans.accept(session, account.id, plan, at=NOW))
    come(database, placed, "k", 5_000, at=NOW)
    go(database, placed, "d", 5_000, cause=Cause.CHARGEBACK, at=NOW)
    [told] = come(database, placed, "x", 6_000, at=NOW, extra="keep")
    assert isinstance(told.event, BalanceChanged)  # a response would switch autopay on again
    assert told.event.plan == of(database, placed, lambda s, row: plans.current(s, row.id))
    assert told.event.plan is not None
    assert [each.minor for each in told.event.plan.instalments] == [5_000, 5_000, 4_000]
