"""Stripe's balance through the real SDK, from the wire to our words."""

from datetime import UTC, datetime

import pytest

from domain.money import Money
from domain.reconciling import LineKind
from providers.outcomes import ProviderDown, ProviderRefused
from providers.settings import StripeSettings
from providers.stripe_books import StripeBooks, read_line
from tests.providers.wire import Reply

SINCE, UNTIL = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 22, tzinfo=UTC)
CHARGE = {
    "id": "ch_1",
    "object": "charge",
    "amount": 5000,
    "currency": "usd",
    "payment_intent": "pi_1",
    "metadata": {"account_id": "acc_1"},
}
REFUND = {"id": "re_1", "object": "refund", "amount": 2000, "currency": "usd", "metadata": {}}
REFUND |= {"charge": "ch_1", "payment_intent": "pi_1"}


def usd(minor):
    return Money(minor=minor, currency="USD")


def line(category="charge", source=None, **changes):
    return {
        "id": "txn_1",
        "object": "balance_transaction",
        "amount": 5000,
        "available_on": 1_795_200_000,
        "created": 1_795_000_000,
        "currency": "usd",
        "exchange_rate": None,
        "fee": 175,
        "net": 4825,
        "reporting_category": category,
        "source": source or CHARGE,
        "type": "charge",
    } | changes


@pytest.fixture
def books(provider):
    return StripeBooks(
        StripeSettings(
            api_key="sk_test", webhook_secret="w", base_url=provider.url, timeout_seconds=5
        )
    )


def listed(*lines, more=False):
    return Reply(body={"object": "list", "url": "/v1/x", "has_more": more, "data": list(lines)})


def test_a_charge_says_whose_it_is_what_was_paid_and_what_stripe_keeps():
    read = read_line(line())
    assert (read.kind, read.amount, read.fee, read.net) == (
        LineKind.CHARGE,
        usd(5000),
        usd(175),
        usd(4825),
    )
    assert (read.intent_id, read.charge_id, read.account_id) == ("pi_1", "ch_1", "acc_1")
    assert read.created < read.available


@pytest.mark.parametrize(
    ("category", "kind"),
    [
        ("charge_failure", LineKind.CHARGE_FAILED),
        ("refund", LineKind.REFUND),
        ("refund_failure", LineKind.REFUND_FAILED),
        ("dispute", LineKind.WITHDRAWN),
        ("dispute_reversal", LineKind.REINSTATED),
        ("fee", LineKind.FEE),
        ("payout", LineKind.PAYOUT),
        ("platform_earning", LineKind.OTHER),
    ],
)
def test_every_category_has_its_kind(category, kind):
    assert read_line(line(category)).kind is kind


def test_a_refund_names_its_charge_and_its_payment():
    read = read_line(line("refund", REFUND, amount=-2000, fee=0, net=-2000))
    assert (read.amount, read.source_id) == (usd(-2000), "re_1")
    assert (read.charge_id, read.intent_id, read.account_id) == ("ch_1", "pi_1", None)


def test_what_moved_is_told_in_the_currency_in_which_it_was_paid():
    paid = CHARGE | {"amount": 4600, "currency": "eur"}
    read = read_line(line(source=paid, exchange_rate=1.087))
    back = REFUND | {"amount": 1000, "currency": "eur"}
    refund = read_line(line("refund", back, amount=-1087, exchange_rate=1.087))
    assert read.amount == Money(minor=4600, currency="EUR")
    assert (read.fee.currency, read.net.currency) == ("USD", "USD")
    assert refund.amount == Money(minor=-1000, currency="EUR")


@pytest.mark.parametrize(
    ("currency", "amount", "minor"), [("jpy", 5000, 5000), ("kwd", 5120, 5120), ("isk", 5000, 50)]
)
def test_currencies_keep_their_own_decimals(currency, amount, minor):
    read = read_line(line(currency=currency, amount=amount, fee=40, net=amount - 40))
    assert read.amount == Money(minor=minor, currency=currency.upper())


def test_a_line_without_a_source_is_read_too():
    read = read_line(line("fee", amount=-175, fee=0, net=-175) | {"source": None})
    assert (read.kind, read.intent_id, read.charge_id) == (LineKind.FEE, None, None)


def test_a_bank_debit_is_told_from_a_card():
    assert read_line(line(type="payment")).by_bank
    assert not read_line(line()).by_bank


def test_a_page_asks_for_a_time_and_says_where_the_next_one_begins(books, provider):
    provider.answers(listed(line(), line(id="txn_2"), more=True), listed())
    first = books.page(SINCE, UNTIL)
    last = books.page(SINCE, UNTIL, first.following)

    assert ([each.id for each in first.lines], first.following) == (["txn_1", "txn_2"], "txn_2")
    assert (last.lines, last.following) == ((), None)
    asked = provider.requests[0].query
    assert asked["created[gte]"] == str(int(SINCE.timestamp()))
    assert asked["created[lte]"] == str(int(UNTIL.timestamp()))
    assert asked["expand[0]"] == "data.source"
    assert provider.last.query["starting_after"] == "txn_2"


def test_events_come_page_by_page_as_their_webhooks_were(books, provider):
    event = {"id": "evt_1", "object": "event", "type": "charge.refunded", "created": 1}
    event["data"] = {"object": {"id": "ch_1", "object": "charge", "metadata": {"a": "b"}}}
    provider.answers(listed(event, more=True), listed(event | {"id": "evt_2"}))
    assert list(books.events(SINCE, ["charge.refunded"])) == [event, event | {"id": "evt_2"}]


@pytest.mark.parametrize(
    ("status", "error"), [(400, ProviderRefused), (403, ProviderRefused), (500, ProviderDown)]
)
def test_trouble_is_told_as_what_it_is(books, provider, status, error):
    reply = Reply(status=status, body={"error": {"type": "invalid_request_error", "code": "x"}})
    provider.answers(reply, reply)
    with pytest.raises(error):
        books.page(SINCE, UNTIL)
    with pytest.raises(error):
        list(books.events(SINCE, ["charge.refunded"]))
