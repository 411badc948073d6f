"""Reconciling: Stripe's books are read into the record, and held against the ledger there."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities import stripe_events
from activities.doors import Door
from activities.hearing import STRIPE, CardLookup, hear
from domain.reconciling import (
    Compare,
    Compared,
    Difference,
    LineKind,
    Payment,
    ReadBooks,
    differences,
)
from providers.outcomes import ProviderRefused
from providers.stripe_books import BookLine, Page
from storage import Database, inbox, reconciling
from storage.tables import StripeLine

log = structlog.get_logger()

BEAT = 2.0
"""Seconds between two heartbeats of a comparison."""
EARLIER = timedelta(hours=1)
"""By how much an event may be older than the line that it tells of."""


class Books(Protocol):
    """The part of Stripe that reconciling asks."""

    def page(self, since: datetime, until: datetime, after: str | None = None) -> Page:
        """Lines of the balance, newest first."""

    def events(self, since: datetime, types: Iterable[str]) -> Iterator[dict[str, Any]]:
        """Events of these types from then on."""


@dataclass
class Tally:
    """What a comparison has come to so far."""

    payments: int = 0
    found: list[Difference] = field(default_factory=list)
    at_stripe: Counter[str] = field(default_factory=Counter)
    in_ledger: Counter[str] = field(default_factory=Counter)

    def take(self, payment: Payment, now: datetime) -> None:
        """Compare one payment."""
        self.payments += 1
        self.found += differences(payment, now)
        for line in payment.lines:
            self.at_stripe[line.currency] += line.minor
        for movement in payment.movements:
            self.in_ledger[movement.currency] += movement.minor

    def sums(self, fees: dict[str, int]) -> dict[str, dict[str, int]]:
        """Minor units by currency, in each book."""
        return {
            currency: {
                "at_stripe": self.at_stripe[currency],
                "in_ledger": self.in_ledger[currency],
                "fees": fees.get(currency, 0),
            }
            for currency in sorted({*self.at_stripe, *self.in_ledger, *fees})
        }


class Reconciling:
    """The activities of a reconciliation."""

    def __init__(
        self,
        database: Database,
        door: Door,
        *,
        books: Books,
        stripe: CardLookup,
        wall: Callable[[], datetime],
        restored_from: datetime | None = None,
    ) -> None:
        """Join the record, Stripe's books, and the way in to workflows.

        `restored_from` is the moment of the backup that the record comes from, if it was restored.
        """
        self._restored_from = restored_from
        self._database, self._door = database, door
        self._books, self._stripe, self._wall = books, stripe, wall

    @activity.defn
    async def read_books(self, order: ReadBooks) -> int:
        """Read what is new in Stripe's books, a page at a time; how many lines were read.

        A heartbeat tells the page that was kept last, so that another attempt goes on there.
        """
        since = await asyncio.to_thread(self._read_from)
        if since is None:
            return 0
        read, after = _so_far(activity.info().heartbeat_details)
        while True:
            page = await self._page(since, order.until, after)
            await asyncio.to_thread(self._keep, page)
            read, after = read + len(page.lines), page.following
            activity.heartbeat(read, after)
            if after is None:
                return read

    async def _page(self, since: datetime, until: datetime, after: str | None) -> Page:
        try:
            return await asyncio.to_thread(self._books.page, since, until, after)
        except ProviderRefused as refused:  # the key may not read balances: asking again is in vain
            raise ApplicationError(str(refused), type="Refused", non_retryable=True) from refused

    def _read_from(self) -> datetime | None:
        with self._database.transaction() as session:
            return reconciling.read_from(session)

    def _keep(self, page: Page) -> None:
        with self._database.transaction() as session:
            reconciling.keep(session, [_row(line) for line in page.lines])

    @activity.defn
    async def compare_books(self, order: Compare) -> Compared:
        """Compare the books, and put the result on record; heartbeats count the payments."""
        tally = Tally()
        comparing = asyncio.create_task(asyncio.to_thread(self._compare, order, tally))
        while not (await asyncio.wait({comparing}, timeout=BEAT))[0]:
            activity.heartbeat(tally.payments)
        result = comparing.result()
        say = log.warning if result.alarms else log.info
        say("books.compared", **result.model_dump(mode="json", exclude={"sums"}))
        return result

    def _compare(self, order: Compare, tally: Tally) -> Compared:
        with self._database.transaction() as session:
            since = order.since or reconciling.beginning(session) or order.until
            window = (since, order.until)
            for payment in reconciling.payments(session, *window):
                tally.take(payment, self._wall())
            sums = tally.sums(reconciling.costs_of_balance(session, *window))
            written = reconciling.write(
                session,
                window=window,
                read_until=order.read_until,
                compared=tally.payments,
                sums=sums,
                found=tally.found,
            )
        causes = Counter(each.why.value for each in tally.found)
        return Compared(
            reconciliation_id=written,
            payments=tally.payments,
            causes=dict(causes),
            alarms=sum(each.why.alarms for each in tally.found),
            sums=sums,
        )

    @activity.defn
    async def hear_missing(self, reconciliation_id: int) -> int:
        """Fetch the events that were missed and apply them as their webhooks; how many were."""
        missing = await asyncio.to_thread(self._missing, reconciliation_id)
        keys = await asyncio.to_thread(self._fetch, missing)
        done = 0
        for key in keys:
            try:
                done += await hear(self._database, self._door, self._stripe, key) is None
            except Exception as error:  # noqa: BLE001 -- one event must not keep the others waiting
                log.warning("event.later", event_id=key, error=type(error).__name__)
            activity.heartbeat(done)
        return done

    def _missing(self, reconciliation_id: int) -> list[StripeLine]:
        with self._database.transaction() as session:
            found = reconciling.found_in(session, reconciliation_id)
            ids = [each.line for each in found if each.can_be_heard and each.line]
            return reconciling.read_lines(session, ids)

    def _fetch(self, missing: list[StripeLine]) -> list[str]:
        """Keep the events of these lines, and those of the gap, in the inbox, oldest first.

        Gives the keys of those that are not applied.
        """
        events = [*self._events_of(missing), *self._events_since_backup()]
        with self._database.transaction() as session:
            kept = [
                inbox.store(session, STRIPE, str(event["id"]), str(event["type"]), event)
                for event in sorted(events, key=lambda event: int(event["created"]))
            ]
            return [each.id for each in kept if each.applied_at is None]

    def _events_of(self, missing: list[StripeLine]) -> list[dict[str, Any]]:
        if not missing:
            return []
        wanted = {told for line in missing for told in _told_by(line)}
        since = min(line.created for line in missing) - EARLIER
        asked = self._books.events(since, {kind for kind, _ in wanted})
        return [event for event in asked if _tells(event) in wanted]

    def _events_since_backup(self) -> list[dict[str, Any]]:
        if self._restored_from is None:
            return []
        return [*self._books.events(self._restored_from, WITHOUT_LINES)]


WITHOUT_LINES = (
    stripe_events.COMPLETED,
    "mandate.updated",
    "payment_method.automatically_updated",
    "payment_method.detached",
)
"""Events that leave no line in the balance: of means of payment, and plans accepted with them."""

TELLING = {
    LineKind.CHARGE: "payment_intent.succeeded",
    LineKind.REFUND: "refund.created",
    LineKind.REFUND_FAILED: "refund.failed",
    LineKind.WITHDRAWN: "charge.dispute.funds_withdrawn",
    LineKind.REINSTATED: "charge.dispute.funds_reinstated",
}
"""The event that tells of a line."""


def _told_by(line: StripeLine) -> set[tuple[str, str]]:
    """The kind of event that tells of a line, with each id that it may be about."""
    kind = TELLING.get(LineKind(line.kind))
    named = {line.payment, line.charge_id, line.source_id} - {None}
    return {(kind, str(name)) for name in named} if kind else set()


def _tells(event: Mapping[str, Any]) -> tuple[str, str]:
    return str(event["type"]), str(event["data"]["object"]["id"])


def _so_far(details: Sequence[Any]) -> tuple[int, str | None]:
    """Where an attempt before this one had come to, as its last heartbeat told."""
    read, after = details or (0, None)
    return int(read), after


def _row(line: BookLine) -> dict[str, Any]:
    return {
        "id": line.id,
        "payment": line.intent_id or line.charge_id or line.source_id or line.id,
        "kind": line.kind,
        "minor": line.amount.minor,
        "currency": line.amount.currency,
        "fee": line.fee.minor,
        "net": line.net.minor,
        "balance_currency": line.net.currency,
        "charge_id": line.charge_id,
        "source_id": line.source_id,
        "account_id": line.account_id,
        "by_bank": line.by_bank,
        "created": line.created,
        "available": line.available,
    }
