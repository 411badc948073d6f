"""Statements tie to the ledger: every movement stands on one of them, and on one."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from domain.commission import StatementTotals
from domain.contracts import CommissionTerms, Contract
from domain.ledger import Book, Cause
from domain.reconciling import LineKind
from storage import contracts, counts, creditors, ledger, reconciling, statements
from storage.tables import StatementLine
from tests.api.record import placement, record, until_somebody_waits, usd

pytestmark = pytest.mark.stack

TERMS = CommissionTerms(collected=Decimal(20), direct=Decimal("2.5"))


@pytest.fixture
def placed(database):
    with database.transaction() as session:
        contracts.agree(session, "acme", Contract(commission=TERMS))
    return place(database)


def place(database, **changes):
    made = placement(**changes)
    record(database, made)
    return made


def now(session):
    return session.scalar(select(func.clock_timestamp())) + timedelta(minutes=1)


def pay(database, placed, key, minor, **how):
    with database.transaction() as session:
        ledger.pay(session, placed.account_id, key, usd(minor), **how)


def close(database, until=None):
    with database.transaction() as session:
        return statements.close(session, "acme", "USD", until or now(session))


def totals(statement):
    return StatementTotals.model_validate(statement.totals)


def on(database, statement):
    with database.transaction() as session:
        return [
            (each.key, each.line.collected, each.line.direct, each.line.commission)
            for each in statements.lines(session, statement)
        ]


def test_a_statement_says_what_was_collected_what_we_keep_and_what_is_paid_out(database, placed):
    pay(database, placed, "stripe:pi_1", 10_000)
    pay(database, placed, "direct:1", 3000, cause=Cause.DIRECT_PAYMENT)
    pay(database, placed, "transfer:1", 1000, cause=Cause.TRANSFER)
    with database.transaction() as session:
        ledger.give_back(session, placed.account_id, "stripe:re_1", usd(2500))

    statement = close(database)

    assert (statement.number, totals(statement)) == (
        1,
        StatementTotals(collected=7500, direct=4000, commission=1600, fees=0),
    )
    assert totals(statement).remitted == 5900
    assert on(database, statement) == [
        ("stripe:pi_1", 10_000, 0, 2000),
        ("direct:1", 0, 3000, 75),
        ("transfer:1", 0, 1000, 25),
        ("stripe:re_1", -2500, 0, -500),
    ]


def test_stripes_fees_are_told_as_far_as_its_books_were_read(database, placed):
    pay(database, placed, "stripe:pi_1", 10_000)
    pay(database, placed, "stripe:pi_2", 5000)
    with database.transaction() as session:
        at = now(session)
        fields = {"kind": LineKind.CHARGE, "minor": 10_000, "fee": 320, "net": 9680}
        fields |= {"currency": "USD", "balance_currency": "USD", "by_bank": False}
        fields |= {"charge_id": "ch_1", "source_id": "ch_1", "account_id": placed.account_id}
        line = {"id": "txn_1", "payment": "pi_1", "created": at, "available": at}
        reconciling.keep(session, [fields | line])
    assert totals(close(database)).fees == 320


def test_what_comes_late_stands_on_the_next_statement(database, placed):
    pay(database, placed, "stripe:pi_1", 1000)
    with database.transaction() as session:
        before = session.scalar(select(func.clock_timestamp()))
    pay(database, placed, "stripe:pi_2", 2000)

    first, second = close(database, before), close(database, before)
    third = close(database)

    assert (first.number, second, third.number) == (1, None, 2)
    assert [each[0] for each in on(database, third)] == ["stripe:pi_2"]


def test_each_creditor_and_currency_counts_alone(database, placed):
    with database.transaction() as session:
        creditors.register(session, "other", "Other")
    yen = place(database, balance={"minor": 9000, "currency": "JPY"})
    pay(database, placed, "stripe:pi_1", 1000)
    with database.transaction() as session:
        amount = usd(500).model_copy(update={"currency": "JPY"})
        ledger.pay(session, yen.account_id, "stripe:pi_2", amount)
        assert statements.close(session, "other", "USD", now(session)) is None
        closed = [statements.close(session, "acme", name, now(session)) for name in ("USD", "JPY")]
        made = [each for each in closed if each is not None]
        assert [each.number for each in made] == [1, 1]
        assert statements.currencies(session, "acme") == ["JPY", "USD"]
        assert statements.of_creditor(session, "other") == []
        assert statements.of_creditor(session, "acme", currency="JPY") == [made[1]]
        assert statements.by_id(session, "other", made[0].id) is None
        assert statements.by_id(session, "acme", made[0].id) is made[0]


def test_two_that_close_at_once_take_turns_and_leave_no_gap(database, placed):
    pay(database, placed, "stripe:pi_1", 1000)
    with ThreadPoolExecutor(1) as beside, database.transaction() as session:
        assert statements.close(session, "acme", "USD", now(session))
        waiting = beside.submit(close, database)
        until_somebody_waits(session)
        session.commit()
        assert waiting.result(timeout=30) is None
    pay(database, placed, "stripe:pi_2", 1000)
    assert close(database).number == 2


def test_the_database_itself_refuses_a_movement_on_a_second_statement(database, placed):
    pay(database, placed, "stripe:pi_1", 1000)
    statement = close(database)
    again = StatementLine(
        transaction_key="stripe:pi_1", statement_id=statement.id, minor=1000, commission=0
    )
    with pytest.raises(IntegrityError), database.transaction() as session:
        session.add(again)


moves = st.lists(
    st.tuples(
        st.sampled_from([Cause.PAYMENT, Cause.DIRECT_PAYMENT, Cause.REFUND, Cause.CHARGEBACK]),
        st.integers(1, 50_000),
        st.booleans(),
    ),
    min_size=1,
    max_size=8,
)


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(moves)
def test_all_lines_ever_sum_to_what_the_ledger_collected(database, placed, moves):
    """A close after any of them; whatever stands on no statement yet is on the last one."""
    with database.transaction() as session:
        booked = ledger.version(session, placed.account_id)
    for number, (cause, minor, closes) in enumerate(moves, booked):
        with database.transaction() as session:
            give = cause in {Cause.REFUND, Cause.CHARGEBACK}
            move = ledger.give_back if give else ledger.pay
            move(session, placed.account_id, f"m{number}", usd(minor), cause=cause)
        if closes:
            close(database)
    close(database)

    with database.transaction() as session:
        stated = session.scalar(select(func.sum(StatementLine.minor)))
        made = statements.of_creditor(session, "acme", limit=1000)
        assert stated == counts.book_sums(session, Book.COLLECTED).get("USD", 0)
        assert sum(totals(each).collected for each in made) == stated
        assert [each.number for each in reversed(made)] == list(range(1, len(made) + 1))
