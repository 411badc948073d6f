"""Calls that people or diallers make and receive: permitted beforehand, and counted by outcome.

Whoever dials asks for a permit first: the gate decides under the person's lock, and a call that is
allowed takes its place among the counted ones in the same transaction. Its outcome then says what
it counts as: a busy tone gives the place back, a conversation begins the silence after it.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from fastapi import APIRouter, Depends
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import JSONResponse

from activities.news import Told, tell_profile
from api.accounts import DOCUMENTED, only_json
from api.idempotency import IdempotencyKey
from api.person_schemas import CALLED_FOR, CallView, NewCall, Permit, PermitRequest
from api.problems import Invalid, Problem, field_error
from api.recording import write
from api.roles import ToContact
from api.schemas import Rule
from api.services import Served
from compliance import Allow, AnyVerdict, ContactRequest, Deny, PersonFacts, Wait, decide
from compliance.asked import ANSWER_WITHIN
from compliance.evaluator import PERMIT
from compliance.laws import LAWS
from domain.contacts import (
    COUNTS,
    Channel,
    ContactStatus,
    Count,
    Dial,
    Message,
    Place,
    Purpose,
    call_key,
)
from storage import accounts, contacts, journal, laws
from storage.calls import is_listed
from storage.looking import look
from storage.session import driver
from storage.tables import Account, ContactRow, Decision, Task

router = APIRouter(
    prefix="/v1/accounts/{account_id}/calls",
    tags=["calls"],
    dependencies=[Depends(only_json)],
    responses=DOCUMENTED,
)


UNUSED = frozenset({ContactStatus.INTENDED, ContactStatus.UNAVAILABLE, ContactStatus.SENT})
"""Of a call: it is not known to have been dialled, or known not to have been. SENT: it is on the
list of calls that journeys ask for."""


class NotPermitted(Problem):
    """The gate does not allow the call at this moment."""

    status, slug, title = HTTPStatus.CONFLICT, "not-permitted", "This call may not be made now"

    def __init__(self, verdict: Wait | Deny) -> None:
        until = verdict.until if isinstance(verdict, Wait) else verdict.recheck_at
        again = "Ask again then." if until else "Something has to change first: see reasons."
        rules = [Rule(rule=each.rule, says=each.says, cite=each.cite) for each in verdict.reasons]
        super().__init__(
            f"Do not dial. {again}",
            verdict=verdict.kind,
            reasons=[rule.model_dump() for rule in rules],
            until=until.isoformat() if until else None,
        )


class PermitSpent(Problem):
    """A permit of that key was given before, and can be given no more."""

    status, slug = HTTPStatus.CONFLICT, "permit-spent"
    title = "A call of this key was permitted before"


class CalledDifferently(Problem):
    """A call of that key was reported before, as another."""

    status, slug = HTTPStatus.CONFLICT, "called-differently"
    title = "This call is recorded already, as another"


@router.post("/permit", response_model=Permit)
async def permit_call(
    account_id: str,
    asked: PermitRequest,
    creditor: ToContact,
    services: Served,
    key: IdempotencyKey = None,
) -> JSONResponse:
    """May this call be dialled now? If so it counts from this moment on, until its outcome.

    A call on the list (`GET /v1/calls/due`) has its key there, and counts already.
    A permit that is not used has an outcome, too: report it as `unavailable`.
    """
    if faults := asked.faults():
        raise Invalid(faults)
    refusals = list[Wait | Deny]()

    def fact(session: Session, account: Account) -> tuple[Permit, list[Told]]:
        at = contacts.present(session, account.person_id, services.wall())
        named = _named(account, asked.key)
        row = contacts.by_key(session, named)
        if row is not None and not is_listed(row):
            return _permitted_before(session, row, asked, at), []
        verdict = _judge(session, account, asked, at, answers=_answers(row))
        if not isinstance(verdict, Allow):
            refusals.append(verdict)
            return Permit(permit=asked.key, expires=at), []
        contacts.note_call(
            session,
            contacts.Call(
                key=named,
                account_id=account.id,
                status=ContactStatus.INTENDED,
                at=at,
                purpose=asked.purpose,
                place=asked.place,
                dial=asked.dial,
            ),
        )
        return Permit(permit=asked.key, expires=verdict.expires or at + PERMIT), []

    return await write(
        services,
        creditor,
        account_id,
        what="permit",
        body=asked,
        key=key,
        fact=fact,
        refusal=lambda: NotPermitted(refusals[-1]) if refusals else None,
    )


def _permitted_before(
    session: Session, row: ContactRow, asked: PermitRequest, at: datetime
) -> Permit:
    """The same permit, while it may be used; a repetition must not take a second place."""
    same = (row.place, row.dial, row.purpose) == (asked.place, asked.dial, asked.purpose)
    expires = _expires(session, row)
    if row.status != ContactStatus.INTENDED or not same or at >= expires:
        raise PermitSpent("Use another key for another call.")
    return Permit(permit=asked.key, expires=expires)


def _expires(session: Session, row: ContactRow) -> datetime:
    """When the permit of a call ends: as the gate said when it gave it."""
    body = session.scalar(
        select(Decision.body)
        .where(Decision.contact_key == row.key, Decision.verdict == Allow().kind)
        .order_by(Decision.seq.desc())
        .limit(1)
    )
    said = json.loads(body)["verdict"]["expires"] if body else None
    return datetime.fromisoformat(said) if said else row.at + PERMIT


def _answers(row: ContactRow | None) -> bool:
    """Whether it is a call of the list by which a journey answers."""
    return row is not None and row.purpose == Purpose.REPLY


def _waits(known: PersonFacts, at: datetime) -> bool:
    """Whether the person said something that no call has answered.

    One that rang was an answer. A conversation was answered while it lasted, and who asks to be
    left in peace asks for no answer: neither is among the facts as a question.
    """
    theirs = [
        each.at
        for each in known.contacts
        if each.inbound and each.status is not ContactStatus.CONVERSATION
    ]
    latest = max(theirs, default=None)
    if latest is None or at - latest >= ANSWER_WITHIN:
        return False
    return not any(
        each.channel is Channel.VOICE
        and each.purpose is Purpose.REPLY
        and each.at >= latest
        and each.status in COUNTS[Count.CONNECTED]
        for each in known.contacts
        if not each.inbound
    )


def _nothing_waits() -> Invalid:
    others = ", ".join(each for each in CALLED_FOR if each is not Purpose.REPLY)
    expected = f"one of {others}; or reply once they have written or called"
    return Invalid([field_error("/purpose", "answers nothing: nothing of theirs waits", expected)])


def _judge(
    session: Session, account: Account, asked: PermitRequest, at: datetime, *, answers: bool
) -> AnyVerdict:
    """Ask the gate, and write what it answered into the account's chain of decisions."""
    named = _named(account, asked.key)
    session.flush()
    seen = look(driver(session), account.id, at, key=named, spoken=False)
    known = seen.facts.without(named)
    if asked.purpose is Purpose.REPLY and not answers and not _waits(known, at):
        raise _nothing_waits()
    law = seen.law or laws.current(session)
    request = ContactRequest(
        account_id=account.id,
        channel=Channel.VOICE,
        purpose=asked.purpose,
        place=asked.place,
        dial=asked.dial,
        dialling=True,
    )
    verdict: AnyVerdict = (
        decide(request, known, LAWS.called(law), at)
        if seen.over is None
        else Deny(reasons=(seen.over,))
    )
    contacts.decide(
        driver(session),
        contacts.Head(seen.account_id, seen.person_id, seen.seq, seen.hash),
        [
            contacts.Ruling(
                key=named,
                at=at,
                law=law,
                request=request,
                message=Message(channel=Channel.VOICE, name=contacts.CALL, purpose=asked.purpose),
                verdict=verdict,
                facts=seen.plain,
                balance=seen.balance,
                version=seen.version,
            )
        ],
    )
    return verdict


@router.post("", response_model=CallView, status_code=HTTPStatus.CREATED)
async def record_call(
    account_id: str,
    call: NewCall,
    creditor: ToContact,
    services: Served,
    key: IdempotencyKey = None,
) -> JSONResponse:
    """Record a call and what became of it; the same key again corrects that.

    A call of ours without a valid permit is recorded all the same, because it was made: the journal
    says so, and a person of ours has to look at it. It may be reported late, and may have ended
    after its permit: only when it was dialled counts, and never earlier than its permit.
    """

    def fact(session: Session, account: Account) -> tuple[CallView, list[Told]]:
        if faults := call.faults(contacts.present(session, account.person_id, services.wall())):
            raise Invalid(faults)
        debts = _debts(session, account, call)
        before = _before(session, account, call)
        contacts.note_call(
            session,
            contacts.Call(
                key=_named(account, call.key),
                account_id=account.id,
                status=call.status,
                at=before.at if before else call.at,
                inbound=call.direction == "inbound",
                debts=debts,
                purpose=before.purpose if before else Purpose.DEMAND,
                place=call.place or (before.place if before else Place.UNKNOWN),
                dial=call.dial or (before.dial if before else Dial.MANUAL),
                solicited=call.solicited,
            ),
        )
        permitted = _permitted(session, account, call, before)
        row = contacts.by_key(session, _named(account, call.key))
        if row is None:
            raise LookupError(f"{account.id}: the call is gone")
        session.refresh(row)
        if before is not None and before.status is ContactStatus.INTENDED:
            # It counts on the day on which it was dialled: never before it was allowed, or an old
            # date would give its place back.
            row.at = max(call.at, before.at)
        return _view(row, call, permitted=permitted), tell_profile(session, account.person_id)

    return await write(
        services,
        creditor,
        account_id,
        what="call",
        body=call,
        key=key,
        fact=fact,
        status=HTTPStatus.CREATED,
    )


@dataclass(frozen=True)
class Before:
    """What stood of a call before its outcome came, in the first place its permit."""

    status: ContactStatus
    at: datetime
    expires: datetime
    """The end of its permit, where it had one."""
    place: Place
    dial: Dial
    purpose: Purpose


def _before(session: Session, account: Account, call: NewCall) -> Before | None:
    row = contacts.by_key(session, _named(account, call.key))
    if row is None:
        return None
    if row.inbound != (call.direction == "inbound"):
        raise CalledDifferently("Use another key for another call: this one went the other way.")
    return Before(
        status=ContactStatus(row.status),
        at=row.at,
        expires=_expires(session, row),
        place=Place(row.place),
        dial=Dial(row.dial),
        purpose=Purpose(row.purpose),
    )


def _permitted(
    session: Session, account: Account, call: NewCall, before: Before | None
) -> bool | None:
    """Whether the call was dialled under a valid permit; if not, a person is asked to look."""
    if call.direction == "inbound":
        return None
    task = f"{_named(account, call.key)}:no permit"
    if before is not None and before.status not in UNUSED:
        return session.get(Task, task) is None  # an outcome is corrected
    fault = _fault(call, before)
    if fault is None or call.status is ContactStatus.UNAVAILABLE:
        return True
    journal.note(
        session, account.id, "call without a valid permit", at=call.at, why=fault, call=call.key
    )
    reason = f"a call was made without a valid permit ({fault}): find out why"
    accounts.hand_over(session, task, account.id, reason, at=call.at)
    return False


def _fault(call: NewCall, permit: Before | None) -> str | None:
    """Why a permit does not cover a call."""
    if permit is None:
        return "nobody asked for one"
    if permit.status is ContactStatus.UNAVAILABLE:
        return "it was given back"
    if not permit.at <= call.at < permit.expires:
        return "it was not dialled while the permit stood"
    if (call.place or permit.place) != permit.place:
        return "it was made to another place"
    if (call.dial or permit.dial) != permit.dial:
        return "it was dialled in another way"
    return None


def _debts(session: Session, account: Account, call: NewCall) -> tuple[str, ...]:
    """Ids of the person's further accounts that were talked about."""
    known = {
        row.reference: row.id
        for row in session.execute(
            select(Account.reference, Account.id).where(
                Account.person_id == account.person_id, Account.reference.in_(call.debts)
            )
        )
    }
    expected = "the reference of an account of the same person"
    wrong = [
        field_error(f"/debts/{number}", "is no account of this person", expected)
        for number, reference in enumerate(call.debts)
        if reference not in known
    ]
    if wrong:
        raise Invalid(wrong)
    return tuple(sorted({*known.values()} - {account.id}))


def _named(account: Account, key: str) -> str:
    """The contact's key: a creditor's own keys are unique to one account."""
    return call_key(account.id, key)


def _view(row: ContactRow, call: NewCall, *, permitted: bool | None) -> CallView:
    return CallView(
        key=call.key,
        direction=call.direction,
        status=ContactStatus(row.status),
        at=row.at,
        reported_at=call.at,
        debts=list(row.debts),
        place=Place(row.place),
        dial=Dial(row.dial),
        permitted=permitted,
    )
