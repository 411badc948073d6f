"""The person behind an account: wishes, dated facts, and refusals.

All of it concerns the person within one creditor's book, and so every debt of theirs there.
"""

from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse

from activities import wishing
from activities.news import Told, locked_people, refuse_address, tell_people, tell_profile
from api.accounts import DOCUMENTED, only_json
from api.explaining import law_in_force
from api.idempotency import IdempotencyKey
from api.person_schemas import (
    MilestoneList,
    MilestoneView,
    NewMilestone,
    OptOutRequest,
    OptOutView,
    Wishes,
)
from api.problems import Invalid, Problem, field_error
from api.recording import cause_of, write
from api.roles import ToInstruct, ToRead
from api.services import Served
from api.views import owned
from compliance.laws import LAWS
from compliance.validation import last_days
from domain.contacts import Channel
from domain.events import OptedOut
from domain.people import Milestone, MilestoneKind
from domain.time import local_date
from storage import accounts, contacts, journal, people
from storage.looking import facts, profile
from storage.people import OPTED_OUT, standing_holds
from storage.tables import Account, MilestoneRow, Person

router = APIRouter(
    prefix="/v1/accounts/{account_id}",
    tags=["person"],
    dependencies=[Depends(only_json)],
    responses=DOCUMENTED,
)

API = "api"
"""Where a fact came from, as the record says it."""


class NotedDifferently(Problem):
    """A fact of that key was reported before, as another."""

    status, slug = HTTPStatus.CONFLICT, "noted-differently"
    title = "This fact is recorded already, as another"


# wishes


@router.get("/wishes")
async def show_wishes(account_id: str, creditor: ToRead, services: Served) -> Wishes:
    """How the person wants to be contacted."""

    def read() -> Wishes:
        with services.database.transaction() as session:
            account = owned(session, creditor, account_id)
            return Wishes(wishes=profile(session, account.person_id).wishes)

    return await run_in_threadpool(read)


@router.put("/wishes", response_model=Wishes)
async def set_wishes(
    account_id: str,
    wished: Wishes,
    creditor: ToInstruct,
    services: Served,
    key: IdempotencyKey = None,
) -> JSONResponse:
    """Write all that the person wishes; what they wished before and is not repeated is gone."""
    if faults := wished.faults():
        raise Invalid(faults)

    def fact(session: Session, account: Account) -> tuple[Wishes, list[Told]]:
        if people.set_wishes(session, account.person_id, wished.wishes):
            journal.note(session, account.id, "wishes", number=len(wished.wishes))
        return wished, tell_profile(session, account.person_id)

    return await write(
        services, creditor, account_id, what="wishes", body=wished, key=key, fact=fact
    )


# milestones


@router.get("/milestones")
async def show_milestones(account_id: str, creditor: ToRead, services: Served) -> MilestoneList:
    """Dated facts that rules ask for, about this account and about its person."""

    def read() -> MilestoneList:
        with services.database.transaction() as session:
            account = owned(session, creditor, account_id)
            rows = session.scalars(
                select(MilestoneRow)
                .where(MilestoneRow.person_id == account.person_id)
                .where(MilestoneRow.account_id.is_(None) | (MilestoneRow.account_id == account.id))
                .order_by(MilestoneRow.at, MilestoneRow.key)
            )
            return MilestoneList(milestones=[_milestone_view(row) for row in rows])

    return await run_in_threadpool(read)


@router.post("/milestones", response_model=MilestoneView, status_code=HTTPStatus.CREATED)
async def note_milestone(
    account_id: str,
    new: NewMilestone,
    creditor: ToInstruct,
    services: Served,
    key: IdempotencyKey = None,
) -> JSONResponse:
    """Note a consent, a check, a notice, or that the time to sue is over.

    The same key with `until` ends it: a consent that was taken back. When a validation notice was
    sent, the last day of its period is noted with it; one of your own may be later, not earlier.
    Verification that was sent lifts no hold: say so with `DELETE …/holds/dispute`.
    """

    def fact(session: Session, account: Account) -> tuple[MilestoneView, list[Told]]:
        if faults := new.faults(contacts.present(session, account.person_id, services.wall())):
            raise Invalid(faults)
        if new.kind is MilestoneKind.VALIDATION_ENDS:
            _see_that_it_ends_no_earlier(session, account, new)
        named = f"{account.person_id}/{new.key}"
        told = new.of(account.id)
        if people.note_milestone(session, account.person_id, told, key=named, source=API):
            journal.note(session, account.id, f"noted: {told.kind}", at=told.at, key=new.key)
            _begin_periods(session, account, told, named)
        row = session.get_one(MilestoneRow, named, populate_existing=True)
        _end(session, account, row, told)
        return _milestone_view(row), tell_profile(session, account.person_id)

    return await write(
        services,
        creditor,
        account_id,
        what="milestone",
        body=new,
        key=key,
        fact=fact,
        status=HTTPStatus.CREATED,
    )


def _begin_periods(session: Session, account: Account, told: Milestone, named: str) -> None:
    """Note the last day of each period that begins with what was sent."""
    known = facts(session, account.id, told.at)
    try:
        ends = last_days(told, known, LAWS.called(law_in_force(session)))
    except LookupError as error:
        expected = f"a day that the calendars know ({error})"
        raise Invalid([field_error("/at", "is too far away", expected)]) from error
    for each in ends:
        key = f"{named}/{each.kind}"
        people.note_milestone(session, account.person_id, each, key=key, source=API)


def _see_that_it_ends_no_earlier(session: Session, account: Account, new: NewMilestone) -> None:
    """A period that began with a notice on record lasts at least as long as the law says."""
    begun = session.scalar(
        select(func.max(MilestoneRow.at))
        .where(MilestoneRow.person_id == account.person_id, MilestoneRow.kind == new.kind)
        .where(MilestoneRow.account_id.is_(None) | (MilestoneRow.account_id == account.id))
        .where(MilestoneRow.key.endswith(f"/{new.kind}"))
    )
    if begun is None:
        return
    place = accounts.person_of(session, account).zones[0]
    computed, said = local_date(begun, place), local_date(new.at, place)
    if said < computed:
        what = f"({said}) is earlier than the last day that follows from the notice ({computed})"
        raise Invalid([field_error("/at", what, f"{computed} or a later day")])


def _end(session: Session, account: Account, row: MilestoneRow, told: Milestone) -> None:
    """See that the fact on record is the one that was sent, but for a new end of it."""
    recorded = _milestone(row)
    if recorded == told:
        return
    if recorded != told.model_copy(update={"until": recorded.until}) or told.until is None:
        raise NotedDifferently("Use another key for another fact; only until may be added.")
    if not people.end_milestone(session, row.key, at=told.until):
        raise NotedDifferently("It ends earlier already. Use another key for a new one.")
    session.refresh(row)
    journal.note(session, account.id, f"ended: {told.kind}", at=told.until)


def _milestone(row: MilestoneRow) -> Milestone:
    return Milestone.model_validate({name: getattr(row, name) for name in Milestone.model_fields})


def _milestone_view(row: MilestoneRow) -> MilestoneView:
    own = row.key.removeprefix(f"{row.person_id}/")
    return MilestoneView(
        key=own if row.source == API and own != row.key and "/" not in own else None,
        about="person" if row.account_id is None else "account",
        recorded_at=row.recorded_at,
        **_milestone(row).model_dump(exclude={"account_id"}),
    )


# refusals


@router.get("/opt-outs")
async def show_opt_outs(account_id: str, creditor: ToRead, services: Served) -> OptOutView:
    """Channels on which the person is not contacted any more."""

    def read() -> OptOutView:
        with services.database.transaction() as session:
            account = owned(session, creditor, account_id)
            return _opt_outs(session, accounts.person_of(session, account))

    return await run_in_threadpool(read)


@router.post("/opt-outs", response_model=OptOutView)
async def opt_out(
    account_id: str,
    refused: OptOutRequest,
    creditor: ToInstruct,
    services: Served,
    key: IdempotencyKey = None,
) -> JSONResponse:
    """The person refuses an address, a medium, or all contact: nothing of it is used any more."""
    if faults := refused.faults():
        raise Invalid(faults)

    def sharing(session: Session, account: Account) -> None:
        person = accounts.person_of(session, account)
        if refused.scope == "address" and refused.channel != "all":
            locked_people(session, refused.channel, _address(person, refused.channel))

    def fact(session: Session, account: Account) -> tuple[OptOutView, list[Told]]:
        person, at = accounts.person_of(session, account), services.wall()
        session.refresh(person)  # it may have been read before it was held
        cause, channel = cause_of(account.id, key), refused.channel
        if refused.scope == "address" and channel != "all":
            where = _address(person, channel)
            reached = refuse_address(
                session, channel, where, source=API, at=at, book=account.creditor_id
            )
            event = OptedOut(event_id=f"{cause}:no {channel}", channel=channel)
            told = tell_people(session, reached, event)
        else:
            medium = None if channel == "all" else channel
            told = wishing.opt_out(session, person.id, medium, source=cause, at=at)
        journal.note(session, account.id, "opted out", channel=channel, scope=refused.scope)
        return _opt_outs(session, person), told

    return await write(
        services,
        creditor,
        account_id,
        what="opt-out",
        body=refused,
        key=key,
        fact=fact,
        before=sharing,
    )


def _address(person: Person, channel: Channel) -> str:
    where = people.address(person, channel)
    if where is None:
        expected = "a channel with an address on record, or scope medium"
        raise Invalid([field_error("/channel", "has no address on record", expected)])
    return where


@router.delete("/opt-outs", response_model=OptOutView)
async def opt_in(
    account_id: str,
    creditor: ToInstruct,
    services: Served,
    channel: Annotated[Channel | Literal["all"], Query(description="Or `all`.")],
    key: IdempotencyKey = None,
) -> JSONResponse:
    """The person allows a medium again, or all: `stays` says what this does not lift.

    An address that opted out is lifted by a START from that address alone: nobody else can know.
    """

    def fact(session: Session, account: Account) -> tuple[OptOutView, list[Told]]:
        person, cause = accounts.person_of(session, account), cause_of(account.id, key)
        medium = None if channel == "all" else channel
        told = wishing.opt_in(session, person.id, medium, source=cause)
        journal.note(session, account.id, "opted in", channel=channel)
        view = _opt_outs(session, person)
        return view.model_copy(update={"stays": _stays(session, account, view, channel)}), told

    return await write(
        services, creditor, account_id, what=f"opt-in {channel}", body=None, key=key, fact=fact
    )


def _named(channel: Channel | Literal["all"]) -> tuple[Channel, ...]:
    return tuple(Channel) if channel == "all" else (channel,)


def _opt_outs(session: Session, person: Person) -> OptOutView:
    session.flush()
    by_address = tuple(
        channel
        for channel in Channel
        if (where := people.address(person, channel)) is not None
        and people.is_noted(session, channel, where, OPTED_OUT, book=person.creditor_id)
    )
    refused = tuple(each for each in Channel if people.refuses(session, person, each))
    return OptOutView(opted_out=refused, by_address=by_address)


def _stays(
    session: Session, account: Account, view: OptOutView, channel: Channel | Literal["all"]
) -> tuple[str, ...]:
    """What an opt-in leaves as it is, in words."""
    addresses = [
        f"{each}: the address itself is opted out, and a START from it alone lifts that"
        for each in view.by_address
        if each in _named(channel)
    ]
    holds = [
        f"hold {each}: lift it with DELETE …/holds/{each}"
        for each in standing_holds(session, account.id)
    ]
    wishes = ["wishes: they bind as before"] if profile(session, account.person_id).wishes else []
    return (*addresses, *holds, *wishes)
