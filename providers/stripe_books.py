"""Stripe's balance, line by line: every movement of money that it has booked for us.

What the lines mean is Stripe's `reporting_category`, which it recommends over `type` for accounting
(docs.stripe.com/reports/reporting-categories). Calls block; use them from threads.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import stripe

from domain.money import Money
from domain.payable import AmountError
from domain.reconciling import LineKind
from providers.charges import ACCOUNT
from providers.outcomes import Fact, ProviderDown, ProviderRefused
from providers.settings import StripeSettings, hush
from providers.stripe_amounts import from_stripe

if TYPE_CHECKING:
    from stripe.params import BalanceTransactionListParams, EventListParams

Json = Mapping[str, Any]

STRIPE = "Stripe"
PAGE = 100
"""The most that Stripe gives at a time."""

KINDS = {
    "charge": LineKind.CHARGE,
    "charge_failure": LineKind.CHARGE_FAILED,
    "refund": LineKind.REFUND,
    "refund_failure": LineKind.REFUND_FAILED,
    "dispute": LineKind.WITHDRAWN,
    "dispute_reversal": LineKind.REINSTATED,
    "fee": LineKind.FEE,
    "network_cost": LineKind.FEE,
    "tax": LineKind.FEE,
    "payout": LineKind.PAYOUT,
    "payout_reversal": LineKind.PAYOUT,
}
"""By reporting category; whatever has another one moves no money of a consumer's."""


class BookLine(Fact):
    """One balance transaction."""

    id: str
    kind: LineKind
    amount: Money
    """What moved, in the currency in which the consumer paid; below zero if it left us."""
    fee: Money
    net: Money
    """What the balance changed by, in the balance's own currency, as the fee is."""
    source_id: str | None
    """Of the charge, refund, dispute or payout that it is about."""
    charge_id: str | None
    intent_id: str | None
    account_id: str | None
    """Of ours, where the charge says whose it is; refunds and disputes do not say."""
    by_bank: bool
    """A debit of a bank account: booked at once, and known to have come days later."""
    created: datetime
    available: datetime


class Page(Fact):
    """Lines, the newest first; `following` is where the next page begins, if there is one."""

    lines: tuple[BookLine, ...]
    following: str | None


class StripeBooks:
    """Reads the balance of one Stripe account, or of a sandbox in its place."""

    def __init__(self, settings: StripeSettings) -> None:
        """Prepare a client; nothing connects until it is used."""
        hush()
        self._client = stripe.StripeClient(
            settings.api_key.get_secret_value(),
            http_client=stripe.RequestsClient(timeout=settings.timeout_seconds),
            max_network_retries=0,
            base_addresses={"api": settings.base_url} if settings.base_url else None,
        )

    def page(self, since: datetime, until: datetime, after: str | None = None) -> Page:
        """Lines created from `since` to `until`, by Stripe's clock, newest first.

        ProviderDown or ProviderRefused.
        """
        asked: BalanceTransactionListParams = {
            "created": {"gte": int(since.timestamp()), "lte": int(until.timestamp())},
            "expand": ["data.source"],
            "limit": PAGE,
        }
        if after is not None:
            asked["starting_after"] = after
        try:
            found = self._client.v1.balance_transactions.list(asked)
        except stripe.StripeError as error:
            raise _trouble(error) from None
        lines = tuple(read_line(each.to_dict()) for each in found.data)
        return Page(lines=lines, following=lines[-1].id if found.has_more and lines else None)

    def events(self, since: datetime, types: Iterable[str]) -> Iterator[dict[str, Any]]:
        """Events of these types from then on, as their webhooks were.

        Stripe keeps them for 30 days. ProviderDown or ProviderRefused.
        """
        begin = {"gte": int(since.timestamp())}
        for kind in types:
            asked: EventListParams = {"created": begin, "type": kind, "limit": PAGE}  # type: ignore[typeddict-item]
            try:
                for event in self._client.v1.events.list(asked).auto_paging_iter():
                    yield event.to_dict()
            except stripe.StripeError as error:
                raise _trouble(error) from None


def read_line(line: Json) -> BookLine:
    """A line from Stripe's balance transaction whose source has been expanded."""
    source = line.get("source")
    about: Json = source if isinstance(source, Mapping) else {"id": source}
    is_charge = about.get("object") == "charge"
    fee = _in_balance(line["fee"], line)
    return BookLine(
        id=str(line["id"]),
        kind=KINDS.get(line["reporting_category"], LineKind.OTHER),
        amount=_moved(line, about),
        fee=fee,
        net=_in_balance(line["net"], line),
        source_id=about.get("id"),
        charge_id=about.get("id") if is_charge else about.get("charge"),
        intent_id=about.get("payment_intent"),
        account_id=(about.get("metadata") or {}).get(ACCOUNT),
        by_bank=line["type"] == "payment",
        created=datetime.fromtimestamp(int(line["created"]), UTC),
        available=datetime.fromtimestamp(int(line["available_on"]), UTC),
    )


def _moved(line: Json, about: Json) -> Money:
    """What moved as the consumer saw it: the balance may be kept in another currency."""
    amount = int(line["amount"])
    if line.get("exchange_rate") is None or "amount" not in about:
        return _in_balance(amount, line)
    sign = 1 if amount >= 0 else -1
    return from_stripe(sign * int(about["amount"]), about["currency"])


def _in_balance(amount: int, line: Json) -> Money:
    try:
        return from_stripe(amount, line["currency"])
    except AmountError:  # a fee of a fraction, in a currency that has none
        return from_stripe(round(amount, -2), line["currency"])


def _trouble(error: stripe.StripeError) -> ProviderDown | ProviderRefused:
    refusals = (stripe.InvalidRequestError, stripe.PermissionError)
    if isinstance(error, refusals):
        return ProviderRefused(STRIPE, error.code or type(error).__name__)
    return ProviderDown(
        f"{STRIPE} gave no answer to build on ({type(error).__name__}, {error.http_status})"
    )
