"""The desk: an agent of ours on the phone, for the demo. All is arranged through the public API."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import httpx
from sqlalchemy import select

from cli.crowd import debt_of
from cli.paying import press
from domain.contacts import Contact, ContactStatus, voice
from domain.contracts import (
    Authority,
    CommissionTerms,
    Contract,
    HardshipTerms,
    PlanTerms,
    SettlementTerms,
)
from domain.ledger import Cause
from domain.money import Money
from simulation.consumers import Ask, Back, Consumers
from simulation.deeds import Debt, Deed
from storage import Database
from storage.tables import Account, ContactRow, LedgerTransaction

CONTRACT = Contract(
    plans=PlanTerms(least_instalments=(Money(minor=10_00, currency="USD"),)),
    settlement=SettlementTerms(
        floor=Decimal(50),
        least={
            Authority.AUTOMATIC: Decimal(80),
            Authority.AGENT: Decimal(60),
            Authority.SUPERVISOR: Decimal(50),
        },
    ),
    commission=CommissionTerms(collected=Decimal(20), direct=Decimal(10)),
    hardship=HardshipTerms(
        least_instalments=(Money(minor=1_00, currency="USD"),), deferral_days=30
    ),
)
"""What the demo's creditor has agreed with us."""

A_WEEK = timedelta(days=7)
PLANS: dict[Ask, dict[str, Any]] = {
    Ask.WEEKLY: {"rhythm": {"kind": "weekly"}, "parts": 6},
    Ask.FORTNIGHTLY: {"rhythm": {"kind": "weekly", "every": 2}, "parts": 4},
    Ask.PAYDAY: {
        "rhythm": {"kind": "payday", "paid": {"kind": "monthly", "day": 25}},
        "parts": 3,
    },
}
MEANS = {
    "currency": "USD",
    "income": [{"minor": 2_100_00}],
    "essentials": {"housing": {"minor": 1_100_00}, "food and housekeeping": {"minor": 880_00}},
}
"""By month, of whoever tells of hardship."""
PAID_BY = {Ask.PROMISE: "pay", Ask.SETTLEMENT: "settle"}
"""What is paid at once on our page, if they keep their word, and the button for it."""
GOOD_CARD = "4242424242424242"


@dataclass
class Desk:
    """One agent. What is asked for on the phone is done at once, or refused by the API."""

    people: Consumers
    database: Database
    api: httpx.AsyncClient
    web: httpx.AsyncClient
    sandbox: httpx.AsyncClient
    did: Counter[str] = field(default_factory=Counter)
    _paid: Counter[str] = field(default_factory=Counter)
    _seen: set[str] = field(default_factory=set)
    _back: dict[int, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))

    async def work(self, day: int, today: date) -> None:
        """One day: read what was handed over, answer the phone, call whom is due, give back."""
        await self._see_to_tasks(today)
        for account_id in self._accounts():
            rings = self.people.rings(account_id)
            if rings is not None and rings[0] == day:
                await self._arrange(account_id, rings[1], today)
        await self._call(today)
        await self._give_back(day, today)

    def _accounts(self) -> Sequence[str]:
        with self.database.transaction() as session:
            is_open = select(Account.id).where(Account.closure.is_(None))
            return session.scalars(is_open.order_by(Account.id)).all()

    async def _see_to_tasks(self, today: date) -> None:
        """Look at what waits since yesterday or longer, and say of each account that it is done.

        What comes in today may be there by now, or not yet: it is for tomorrow either way.
        """
        asked = await self.api.get("/v1/tasks", params={"limit": 500})
        of_account = defaultdict[str, list[str]](list)
        for task in asked.raise_for_status().json()["tasks"]:
            if datetime.fromisoformat(task["at"]).astimezone(UTC).date() < today:
                of_account[task["account_id"]].append(task["id"])
        for account_id, ids in of_account.items():
            if await self._post(account_id, "tasks/done", {"tasks": ids}):
                self.did["tasks seen to"] += len(ids)

    # what consumers ask for

    async def _arrange(self, account_id: str, ask: Ask, today: date) -> None:
        """Do what was asked for, as far as law and contract allow."""
        what, body = _request(ask, (today + A_WEEK).isoformat())
        done = await self._post(account_id, what, body)
        if done and ask is Ask.HARDSHIP:
            await self._post(account_id, "means", MEANS)
        self.did[f"on the phone: {ask}" if done else "could not be arranged"] += 1
        if done and ask in PAID_BY and self._keeps_word(account_id, ask, today):
            await self._pays(account_id, PAID_BY[ask])

    def _keeps_word(self, account_id: str, ask: Ask, today: date) -> bool:
        return self.people.model.keeps_word(self._debt(account_id, _noon(today)), ask)

    async def _post(self, account_id: str, what: str, body: dict[str, Any]) -> bool:
        """Ask the API; False if it refuses, as it does for an account that is paid or held."""
        answer = await self.api.post(f"/v1/accounts/{account_id}/{what}", json=body)
        if answer.is_server_error:
            answer.raise_for_status()
        return answer.is_success

    async def _pays(self, account_id: str, button: str) -> None:
        """The consumer opens the last link that we sent, and pays there."""
        link = self._last_link(account_id)
        if link is not None:
            await press(self.web, self.sandbox, link, button, card=GOOD_CARD)

    def _last_link(self, account_id: str) -> str | None:
        with self.database.transaction() as session:
            return session.scalar(
                select(ContactRow.link)
                .where(ContactRow.account_id == account_id, ContactRow.link.is_not(None))
                .order_by(ContactRow.at.desc())
                .limit(1)
            )

    # what is broken, and what goes back

    async def _call(self, today: date) -> None:
        """Make the calls that are due and lawful now; who answers chooses how to go on."""
        due = (await self.api.get("/v1/calls/due", params={"limit": 500})).raise_for_status()
        for call in due.json()["calls"]:
            if call["dial_before"] is not None:
                await self._dial(call, today)

    async def _dial(self, call: dict[str, Any], today: date) -> None:
        account_id, key = call["account_id"], call["key"]
        if not await self._post(account_id, "calls/permit", {"key": key}):
            return
        says = self._says(account_id, key, datetime.fromisoformat(call["listed_at"]))
        outcome = {
            "key": key,
            "direction": "outbound",
            "status": "conversation" if says else "no answer",
            "at": call["listed_at"],
        }
        await self._post(account_id, "calls", outcome)
        if says is None:
            self.did["called: nobody answered"] += 1
        elif says is Deed.PAYS_ALL:
            self.did["called: pays it all"] += 1
            await self._pays(account_id, "pay")
        else:
            again = await self._post(
                account_id, "plan/restart", {"first": (today + A_WEEK).isoformat()}
            )
            self.did["called: plan restarted" if again else "could not be arranged"] += 1

    def _says(self, account_id: str, key: str, at: datetime) -> Deed | None:
        """What somebody who is called says; None if they do not answer, or do not engage."""
        model, message = self.people.model, voice("broken_plan")
        debt = self._debt(account_id, at)
        talk = Contact(key=key, message=message, status=ContactStatus.CONVERSATION, at=at)
        if not model.answers_call(debt, key):
            return None
        acts = model.on_contact(debt, talk, 1)
        return acts[0].deed if acts else None

    def _debt(self, account_id: str, at: datetime) -> Debt:
        with self.database.transaction() as session:
            return debt_of(session, account_id, at)

    async def _give_back(self, day: int, today: date) -> None:
        """Refund what is asked back of us; what is asked back through the bank, the bank takes."""
        for key, account_id in self._new_payments():
            self._seen.add(key)
            self._paid[account_id] += 1
            debt = self._debt(account_id, _noon(today))
            for act in self.people.model.on_payment(debt, debt.opening, self._paid[account_id]):
                self._back[day + act.after.days].append((key, account_id))
        for key, account_id in self._back.pop(day, []):
            if self.people.wants_back(key) is Back.REFUND:
                await self._refund(account_id, key)
                continue
            intent = key.removeprefix("stripe:")
            disputed = await self.sandbox.post(f"/control/charges/{intent}/dispute", json={})
            disputed.raise_for_status()
            self.did["chargebacks"] += 1

    async def _refund(self, account_id: str, key: str) -> None:
        paid = (await self.api.get(f"/v1/accounts/{account_id}/payments")).raise_for_status()
        for payment in paid.json()["payments"]:
            if payment["payment"] == key:
                wanted = {"payment": key, "amount": payment["refundable"], "reason": "paid twice"}
                done = await self._post(account_id, "refunds", wanted)
                self.did["refunds" if done else "could not be arranged"] += 1

    def _new_payments(self) -> list[tuple[str, str]]:
        with self.database.transaction() as session:
            rows = session.execute(
                select(LedgerTransaction.key, LedgerTransaction.account_id)
                .where(LedgerTransaction.cause == Cause.PAYMENT)
                .where(LedgerTransaction.key.startswith("stripe:"))
                .order_by(LedgerTransaction.key)
            )
            return [(row.key, row.account_id) for row in rows if row.key not in self._seen]


def _noon(today: date) -> datetime:
    return datetime.combine(today, time(12), UTC)


def _request(ask: Ask, in_a_week: str) -> tuple[str, dict[str, Any]]:
    """What the agent sends to the API: the path below the account, and the body."""
    match ask:
        case Ask.PROMISE:
            return "promises", {"due": in_a_week}
        case Ask.SETTLEMENT:
            return "settlements", {"percent": 70, "authority": Authority.AGENT}
        case Ask.HARDSHIP:
            return "journey", {"journey": "hardship"}
        case _:
            return "plan", {**PLANS[ask], "first": in_a_week, "autopay": False}
