"""Tell the record what happened, in any order, twice, late, and with crashes in between."""

import asyncio
import random
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from activities.hearing import hear
from activities.news import TooEarly
from activities.records import Records
from compliance.orders import Close
from domain.accounts import Closure, Placement
from domain.contracts import Authority, Contract, SettlementTerms
from domain.events import BalanceChanged
from domain.orders import Charge, ChargeStatus
from domain.plans import monthly
from domain.time import days
from providers.outcomes import ProviderDown
from storage import (
    Database,
    accounts,
    contracts,
    inbox,
    ledger,
    payments,
    plans,
    refunds,
    settlements,
)
from storage.tables import ChargeRow, ContactRow, Person, SettlementRow
from tests.api.record import FakeDoor, placement
from tests.traces.happenings import LINK, PLAN, Trace, usd

BEFORE = timedelta(hours=1)
"""So long before the first event everything was set up."""


class Crash(Exception):  # noqa: N818 -- it is played
    """The process dies after the record was written, and before anybody is told."""


@dataclass
class Journey(FakeDoor):
    """Workflows that end when nothing is owed, and are begun again, as the real ones are."""

    crashes: int = 0
    newest: dict[str, BalanceChanged] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)

    async def tell(self, target, event):
        if self.crashes:
            self.crashes -= 1
            raise Crash
        if isinstance(event, BalanceChanged):
            known = self.newest.get(target)
            if known is None or event.version > known.version:
                self.newest[target] = event
                await asyncio.to_thread(self._perhaps_end, target)

    def _perhaps_end(self, target):
        if self.newest[target].balance <= 0:
            at = datetime(2026, 11, 22, tzinfo=UTC)
            end = Close(
                key="end", account_id=self.accounts[target], at=at, closure=Closure.PAID_IN_FULL
            )
            Records(self.database).close_account(end)


@dataclass(frozen=True)
class Answers:
    """Stripe, as it answers questions about a trace."""

    trace: Trace

    def retrieve_setup(self, session_id):
        return self.trace.setup

    def refunds_of(self, intent_id):
        return [each for each in self.trace.refunds if each.intent_id == intent_id]

    def retrieve_intent(self, intent_id):
        raise ProviderDown("when it was given, the trace does not tell")

    def close_page(self, session_id):
        raise AssertionError(f"no page is open: {session_id}")

    def refund(self, **asked):
        raise AssertionError(f"nobody asked for a refund: {asked}")


class Stage:
    """Where traces are replayed: one record, and workflows in memory."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.door = Journey(database)
        self.told = 0
        self._number = 0
        self._loop = asyncio.Runner()
        terms = SettlementTerms(
            floor=50, least={Authority.AGENT: 50, Authority.AUTOMATIC: 50}, valid_days=14
        )
        with database.transaction() as session:
            contracts.agree(session, "acme", Contract(settlement=terms))

    def close(self) -> None:
        self._loop.close()

    def replay(self, trace: Trace, dice: random.Random) -> Any:
        """Replay a trace in an order of the dice's; how the record ends."""
        self._number += 1
        placed = placement()
        ours = trace.as_of(self._number, placed.account_id)
        self._set_up(ours, placed)
        self._play(ours, dice)
        return self.end(ours, placed)

    def _set_up(self, trace: Trace, placed: Placement) -> None:
        first = datetime.fromtimestamp(min(each["created"] for each in trace.events), UTC)
        at, workflow = first - BEFORE, f"account/acme/{placed.reference}"
        self.door.accounts[workflow] = placed.account_id
        with self.database.transaction() as session:
            accounts.write(session, placed, workflow_id=workflow, at=at)
            if trace.setup is not None:
                self._offer(session, placed, at)
                self._charge(session, placed, trace, at)
            elif trace.charge is not None:
                plan = self._plan(placed, first=at.date() - days(1))
                plans.accept(session, placed.account_id, plan, at=at - days(8))
                self._charge(session, placed, trace, at)
            elif trace.refunds:
                self._settlement(session, placed, at)

    def _settlement(self, session, placed, at):
        account = accounts.by_id(session, placed.account_id)
        assert account
        settlements.offer(
            session,
            account,
            usd(12_000),
            settlement_id=f"settlement {self._number}",
            by=Authority.AGENT,
            source="trace",
            at=at,
        )

    def _offer(self, session, placed, at):
        plan = self._plan(placed, first=at.date() + days(7))
        session.add(
            ContactRow(
                key=f"contact {self._number}",
                account_id=placed.account_id,
                person_id=placed.person_id,
                channel="sms",
                message="plan_offer",
                purpose="demand",
                address=placed.consumer.phone,
                status="sent",
                link=f"{LINK}_{self._number}",
                offer=plan.model_dump(mode="json"),
                at=at,
            )
        )

    def _plan(self, placed, first):
        return monthly(f"{PLAN}_{self._number}", placed.balance, parts=4, first=first)

    def _charge(self, session, placed, trace, at):
        key = f"charge {self._number}"
        order = Charge(
            key=key, account_id=placed.account_id, at=at, amount=usd(5_000), instalment=1
        )
        payments.begin_charge(session, order)
        row = session.get_one(ChargeRow, key)
        row.status, row.intent_id = ChargeStatus.UNAVAILABLE, trace.charge

    def _play(self, trace: Trace, dice: random.Random) -> None:
        """Every event arrives at least once; some twice, some late, some after a crash."""
        waiting = deque(_deliveries(trace, dice))
        while waiting:
            event = waiting.popleft()
            self.door.crashes = int(dice.random() < 1 / 8)
            self.told += 1
            try:
                self._hear(trace, event)
            except (TooEarly, Crash):
                waiting.append(event)
        self.door.crashes = 0
        self._sweep(trace)

    def _hear(self, trace: Trace, event: dict[str, Any]) -> None:
        with self.database.transaction() as session:
            row = inbox.store(session, "stripe", event["id"], event["type"], event).id
        aside = self._loop.run(hear(self.database, self.door, Answers(trace), row))
        assert aside is None, aside

    def _sweep(self, trace: Trace) -> None:
        """What the sweeper does with rows that were left over."""
        with self.database.transaction() as session:
            left = inbox.left_over(session, older_than=timedelta(0))
        for row in left:
            self._loop.run(hear(self.database, self.door, Answers(trace), row.id))

    def end(self, trace: Trace, placed: Placement) -> dict[str, Any]:
        """All that must not depend on the order in which the events came."""
        with self.database.transaction() as session:
            account = accounts.by_id(session, placed.account_id)
            assert account
            plan = plans.current(session, account.id)
            charge = payments.charge_of_intent(session, trace.charge or "")
            met = session.get(SettlementRow, f"settlement {self._number}")
            owed = ledger.portions(session, account.id)
            told = self.door.newest[account.workflow_id].balance
            assert told == sum(owed.values()), f"told {told}, owed {owed}"
            return {
                "owed": {book: minor for book, minor in owed.items() if minor},
                "closure": account.closure,
                "plan": plan and [(each.due, each.minor) for each in plan.instalments],
                "charge": charge and charge.status,
                "met": met is not None and met.met_at is not None,
                "card": session.get_one(Person, account.person_id).payment_method is not None,
                "payments": [
                    (each.amount.minor, each.back.minor, each.refundable.minor)
                    for each in sorted(
                        refunds.payments(session, account.id), key=lambda paid: paid.amount.minor
                    )
                ],
            }


def _deliveries(trace: Trace, dice: random.Random) -> list[dict[str, Any]]:
    events = list(trace.events)
    dice.shuffle(events)
    late = [each for each in events if dice.random() < 1 / 5]  # lost, and told again days later
    twice = [each for each in events if dice.random() < 1 / 3]
    first = [each for each in events if each not in late]
    for each in twice:
        first.insert(dice.randrange(len(first) + 1), each)
    return first + late
