"""Accounts and their stories as creditors see them, read from the record."""

import json
import re
from typing import Any

from sqlalchemy.orm import Session

from api.problems import Invalid, NotFound, field_error
from api.schemas import AccountView, DecisionLine, JournalLine, Rule, Timeline
from domain.accounts import Closure
from domain.money import Money
from storage import accounts, contacts, journal, ledger, plans
from storage.people import standing_holds
from storage.tables import Account, Decision, JournalRow

CURSOR = re.compile(r"(\d{1,18})\.(\d{1,18})")


def owned(session: Session, creditor: str, account_id: str) -> Account:
    """The creditor's own account of that id; NotFound if it is not theirs, or not there."""
    # the zero character, which an address may hold, is none that Postgres can be asked about
    known = "\0" not in account_id
    account = accounts.of_creditor(session, creditor, account_id) if known else None
    if account is None:
        raise NotFound("account")
    return account


def account_view(session: Session, account: Account) -> AccountView:
    """An account as the record has it."""
    placement = accounts.recorded_placement(account)
    owed = ledger.balance(session, account.id)
    return AccountView(
        id=account.id,
        reference=account.reference,
        consumer_reference=placement.consumer.reference,
        journey=account.journey,
        stage=account.stage,
        balance=Money(minor=owed, currency=account.currency),
        due_on=account.due_on,
        holds=standing_holds(session, account.id),
        recalled_at=account.recalled_at,
        closure=Closure(account.closure) if account.closure else None,
        payment_reference=account.payment_reference,
        plan=plans.current(session, account.id),
        next=None,
        placed_at=account.recorded_at,
        closed_at=account.closed_at,
    )


def timeline(session: Session, account: Account, after: str, limit: int) -> Timeline:
    """The account's journal and the gate's decisions about it, in the order of recording."""
    cursor = CURSOR.fullmatch(after)
    if cursor is None:
        wrong = field_error("/after", "is not valid", "the `next` of an earlier answer")
        raise Invalid([wrong])
    told, decided = int(cursor[1]), int(cursor[2])
    lines: list[JournalRow | Decision] = [
        *journal.lines(session, account.id, after=told, limit=limit + 1),
        *contacts.decisions(session, account.id, after=decided, limit=limit + 1),
    ]
    lines.sort(key=lambda line: (line.recorded_at, line.id))
    shown = lines[:limit]
    told = max((each.id for each in shown if isinstance(each, JournalRow)), default=told)
    decided = max((each.id for each in shown if isinstance(each, Decision)), default=decided)
    more = f"{told}.{decided}" if len(lines) > limit else None
    return Timeline(lines=[_line(each) for each in shown], next=more)


def _line(row: JournalRow | Decision) -> JournalLine | DecisionLine:
    if isinstance(row, JournalRow):
        return JournalLine(what=row.what, detail=row.detail, at=row.at, recorded_at=row.recorded_at)
    body: dict[str, Any] = json.loads(row.body)
    verdict = body["verdict"]
    return DecisionLine(
        contact=row.contact_key,
        channel=row.channel,
        message=body["message"]["name"],
        verdict=row.verdict,
        reasons=[
            Rule(rule=each["rule"], says=each["says"], cite=each["cite"])
            for each in verdict["reasons"]
        ],
        packs=verdict["packs"],
        until=row.until,
        law=row.law,
        seq=row.seq,
        hash=row.hash,
        at=row.at,
        recorded_at=row.recorded_at,
    )
