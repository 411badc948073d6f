"""Agreements that come about without an agent: an early discount, and what a consumer wrote."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from activities.records import Records
from activities.replying import take_reply
from domain.contacts import Channel
from domain.contracts import Authority, Contract, EarlyDiscount, SettlementTerms
from domain.events import PromiseToPay
from domain.orders import RecordPlacement
from storage import contracts, inbox, ledger, promises, settlements
from storage.tables import Account
from tests.api.record import NOW, contact, placement, record, usd

DISCOUNT = SettlementTerms(
    floor=Decimal(80),
    least={Authority.AUTOMATIC: Decimal(85)},
    early=EarlyDiscount(percent=Decimal(15), within_days=7),
)
LAST_MINUTE = datetime(2026, 11, 29, 4, 59, tzinfo=UTC)
"""Of the seventh day after placement in New York."""


@pytest.fixture
def recorded(database):
    """An account of 200.00 as its workflow records it, and what the record answered."""
    with database.transaction() as session:
        contracts.agree(session, "acme", Contract(settlement=DISCOUNT))
    placed = placement(consumer={"region": "US-NY", "time_zone": "America/New_York"})
    order = RecordPlacement(
        key="k", account_id=placed.account_id, at=NOW, placement=placed, workflow_id="w"
    )
    return placed, order, Records(database).record_placement(order)


def pay(database, placed, at):
    """Pay what the discount asks; what is owed afterwards."""
    with database.transaction() as session:
        account = session.get_one(Account, placed.account_id)
        ledger.pay(session, account.id, "p1", usd(170_00), at=at)
        settlements.complete(session, account, at=at)
        return ledger.balance(session, account.id)


def test_a_new_account_of_a_contract_with_a_discount_begins_with_its_offer(database, recorded):
    _, order, found = recorded

    assert (found.settlement.minor, found.settlement.by) == (170_00, Authority.AUTOMATIC)
    assert found.settlement.expires == date(2026, 11, 28)
    assert Records(database).record_placement(order) == found  # the activity, tried again


def test_the_discount_is_had_up_to_the_last_minute_where_the_consumer_is(database, recorded):
    assert pay(database, recorded[0], LAST_MINUTE) == 0


def test_a_minute_later_the_discount_is_gone(database, recorded):
    placed, order, _ = recorded
    over = LAST_MINUTE + timedelta(minutes=1)

    assert pay(database, placed, over) == 30_00
    late = Records(database).record_placement(replace(order, at=over))
    assert late.settlement is None


def test_without_a_contract_nothing_is_forgiven(database):
    placed = placement()
    order = RecordPlacement(
        key="k", account_id=placed.account_id, at=NOW, placement=placed, workflow_id="w"
    )

    assert Records(database).record_placement(order).settlement is None


def test_what_a_consumer_promises_in_a_message_is_a_promise_on_record(database):
    placed = placement()
    record(database, placed)
    contact(database, placed)
    with database.transaction() as session:
        row = inbox.store(session, "twilio", "SM1", "message", {})
        told = [
            take_reply(session, row, Channel.SMS, placed.consumer.phone, "I will pay on 2026-12-01")
            for _ in range(2)  # telling of it failed, and it is applied again
        ]
        account = session.get_one(Account, placed.account_id)
        [given] = promises.of_account(session, account, date(2026, 11, 21))

    assert told[0] == told[1]
    [news] = told[0]
    assert isinstance(news.event, PromiseToPay)
    assert (news.event.due, news.event.minor, news.event.balance) == (
        date(2026, 12, 1),
        200_00,
        200_00,
    )
    assert (given.promise.due, given.promise.minor, given.source) == (
        date(2026, 12, 1),
        200_00,
        "reply",
    )
