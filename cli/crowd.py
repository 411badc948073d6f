"""The demo's crowd: simulated consumers read what the sandbox delivered, and answer it there.

What they do, and on which day, is the model's; pressing and writing it is done here.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from sqlalchemy import select
from sqlalchemy.orm import Session

from cli.book import settle
from cli.paying import press
from domain.contacts import Channel, Contact, ContactStatus, Message, Purpose
from domain.orders import DeclineKind
from domain.time import local_date
from simulation.consumers import Consumers, written
from simulation.deeds import Act, Debt, Deed
from storage import Database, contacts, ledger, payments, plans, settlements, tries
from storage.tables import Account, ChargeRow, ContactRow, Person

AT_ONCE = 8
A_DAY = timedelta(days=1)
IGNORED = "ignores it"
PRESSES = {
    Deed.PAYS_ALL: "pay",
    Deed.PAYS_DUE: "pay-due",
    Deed.SETTLES: "settle",
    Deed.ACCEPTS_PLAN: "accept-plan",
    Deed.STORES_CARD: "card",
}
"""What a deed presses on the page behind a message's link; others are written, if they can be."""


@dataclass
class Crowd:
    """The simulated consumers, and what they are about to do."""

    people: Consumers
    database: Database
    sandbox: httpx.AsyncClient
    web: httpx.AsyncClient
    began: date
    last_seq: int = 0
    had: Counter[str] = field(default_factory=Counter)
    did: Counter[str] = field(default_factory=Counter)
    _met: set[str] = field(default_factory=set)
    _ahead: dict[int, list[tuple[ContactRow, Act]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    async def work(self, day: int) -> None:
        """Read what has come since the last time, and do what is to be done by this day."""
        await settle(self.sandbox)
        told = await self.sandbox.get(
            "/control/messages", params={"after": self.last_seq, "limit": 5000}
        )
        page = told.raise_for_status().json()
        self.last_seq = page["last_seq"]
        keys = [
            key
            for message in page["messages"]
            if message["direction"] != "inbound" and not message["own"]
            for key in [_key(message)]
            if key is not None
        ]
        await asyncio.to_thread(self._read, keys, day)
        await self._act(day)
        await settle(self.sandbox)

    def _read(self, keys: Sequence[str], day: int) -> None:
        """Decide on an answer to each message; whoever pays by themselves needs a link, too."""
        with self.database.transaction() as session:
            for row in filter(None, (contacts.by_key(session, key) for key in keys)):
                self.had[row.person_id] += 1
                debt = debt_of(session, row.account_id, row.at, row)
                acts = self.people.model.on_contact(debt, _seen(row), self.had[row.person_id])
                self.did[IGNORED] += not acts
                if row.account_id not in self._met:
                    acts = (*acts, *self.people.model.at_placement(debt, row.at))
                self._met.add(row.account_id)
                for act in acts:
                    self._ahead[day + act.after // A_DAY].append((row, act))

    async def _act(self, day: int) -> None:
        """Do all that is due. What one account is about is done in its order."""
        due = defaultdict[str, list[tuple[ContactRow, Act]]](list)
        for each in sorted(each for each in self._ahead if each <= day):
            for row, act in self._ahead.pop(each):
                due[row.account_id].append((row, act))
        places = asyncio.Semaphore(AT_ONCE)

        async def of_account(acts: Sequence[tuple[ContactRow, Act]]) -> None:
            async with places:
                for row, act in acts:
                    await self._do(row, act, self.began + day * A_DAY)

        async with asyncio.TaskGroup() as group:
            for acts in due.values():
                group.create_task(of_account(acts))

    async def _do(self, row: ContactRow, act: Act, today: date) -> None:
        words = written(act, today)
        if act.deed in PRESSES:
            card = self.people.card(row.account_id)
            await press(self.web, self.sandbox, row.link or "", PRESSES[act.deed], card=card)
        elif words is not None:
            await self._write(row, words)
        self.did[act.deed.value] += 1

    async def _write(self, row: ContactRow, words: str) -> None:
        if row.channel == Channel.SMS:
            sent = await self.sandbox.post(
                "/control/sms/inbound", json={"from": row.address, "body": words}
            )
        else:
            sent = await self.sandbox.post(
                "/control/email/inbound",
                json={"from": row.address, "subject": "Re:", "text": words},
            )
        sent.raise_for_status()


def _key(message: Mapping[str, Any]) -> str | None:
    """The contact's key, as it travelled with the message."""
    if message["callback_url"]:
        given = parse_qs(urlsplit(message["callback_url"]).query).get("contact")
        return given[0] if given else None
    key: str | None = message["args"].get("contact")
    return key


def _seen(row: ContactRow) -> Contact:
    message = Message(channel=Channel(row.channel), name=row.message, purpose=Purpose(row.purpose))
    return Contact(key=row.key, message=message, status=ContactStatus.SENT, at=row.at)


def debt_of(session: Session, account_id: str, at: datetime, row: ContactRow | None = None) -> Debt:
    """What the model may look at: an account as the record has it at `at`, in the account's time.

    An offer counts as one to the reader of the message that makes it, `row`.
    """
    account = session.get_one(Account, account_id)
    zone = session.get_one(Person, account.person_id).zones[0]
    plan, balance = plans.current(session, account_id), ledger.balance(session, account_id)
    following = plan.next_due(balance) if plan else None
    is_late = following is not None and following.due <= local_date(at, zone)
    offered = contacts.offered_plan(row) if row else None
    return Debt(
        account=account_id,
        person=account.person_id,
        balance=balance,
        opening=account.placement["balance"]["minor"],
        currency=account.currency,
        due_on=account.due_on,
        journey=account.journey,
        has_plan=plan is not None,
        autopay=plan is not None and plan.autopay,
        overdue=following if is_late else None,
        instalment=following,
        zone=zone,
        has_offer=offered is not None and payments.is_open_offer(session, account_id, offered),
        has_settlement=settlements.standing(session, account, at) is not None,
        declined=_declined(session, account_id),
    )


def _declined(session: Session, account_id: str) -> DeclineKind | None:
    """What the account's last charge asks for, if it was declined."""
    last = session.scalar(
        select(ChargeRow)
        .where(ChargeRow.account_id == account_id)
        .order_by(ChargeRow.at.desc())
        .limit(1)
    )
    return tries.kind_of(last) if last else None
