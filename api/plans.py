"""Payment plans: quoted, agreed, changed, restarted and given up, within the creditor's contract.

What is paid of a plan is never said here: it follows from the ledger.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Body, Depends
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse

from activities.news import Told, tell_profile
from api.accounts import DOCUMENTED, only_json
from api.agreements import NothingToAgree, id_of, now_of, open_account
from api.idempotency import IdempotencyKey
from api.plan_schemas import NewPlan, PlanView, PlanWish, Quote, Restart
from api.planning import Present, drawn, instalments, late_faults, plan_view, present
from api.problems import FieldError, Invalid, NotFound, Problem, field_error
from api.recording import cause_of, write
from api.roles import ToMoveMoney, ToRead
from api.schemas import AccountView
from api.services import Served, Services
from api.views import account_view, owned
from domain.events import PlanAccepted, PlanChanged, PlanEnded
from domain.money import Money
from domain.people import Milestone, MilestoneKind
from domain.plan_changes import (
    Change,
    ImpossibleChange,
    Respread,
    changed,
    restarted,
)
from domain.plan_terms import Fault, change_faults, is_broken, overdue
from domain.plans import PaymentPlan
from domain.schedules import TooManyParts
from storage import people, plans, settlements
from storage.receipts import local
from storage.tables import Account, Person

router = APIRouter(
    prefix="/v1/accounts/{account_id}/plan",
    tags=["agreements"],
    dependencies=[Depends(only_json)],
    responses=DOCUMENTED,
)

API = "api"

SAID_IN = {"move": "/to", "resize": "/amount", "skip": "/number", "pause": "/until"}
"""Which field of a change says what its instalments become."""


class PlanStands(Problem):
    """The account has a plan that is not broken."""

    status, slug, title = HTTPStatus.CONFLICT, "plan-stands", "There is a plan already"

    def __init__(self) -> None:
        super().__init__("Change it with `plan/changes`, or end it with DELETE and agree another.")


class PlanBroke(Problem):
    """The plan is broken: first it has to be restarted."""

    status, slug, title = HTTPStatus.CONFLICT, "plan-broken", "This plan is broken"

    def __init__(self, missed: Money) -> None:
        super().__init__(
            f"{missed} is overdue. Restart it with `plan/restart`, or agree another plan."
        )


class PlanKept(Problem):
    """Nothing of the plan is overdue: there is nothing to restart."""

    status, slug, title = HTTPStatus.CONFLICT, "plan-kept", "Nothing of this plan is overdue"

    def __init__(self) -> None:
        super().__init__("Change it with `plan/changes`.")


class NoMeans(Problem):
    """There is nothing that could be charged."""

    status, slug = HTTPStatus.CONFLICT, "no-means-of-payment"
    title = "No means of payment is stored"

    def __init__(self) -> None:
        super().__init__(
            "Send the consumer a link to store one, or agree the plan with autopay false."
        )


# reading


@router.get("")
async def show(account_id: str, creditor: ToRead, services: Served) -> PlanView:
    """The plan as it stands, instalment by instalment, and how it came to be so."""

    def read() -> PlanView:
        with services.database.transaction() as session:
            account = owned(session, creditor, account_id)
            now = present(session, account, services.wall())
            return plan_view(session, _standing(session, account), now)

    return await run_in_threadpool(read)


@router.post("/quotes")
async def quote(account_id: str, wish: PlanWish, creditor: ToMoveMoney, services: Served) -> Quote:
    """What a plan would look like, and what speaks against it. Nothing is written."""

    def read() -> Quote:
        with services.database.transaction() as session:
            now = present(session, owned(session, creditor, account_id), services.wall())
            plan, faults = drawn(session, now, wish, "quote")
            return Quote(
                agreeable=not faults,
                total=now.money(plan.total),
                rhythm=plan.rhythm,
                instalments=instalments(plan, now),
                faults=[FieldError(**each) for each in faults],
            )

    return await run_in_threadpool(read)


def _standing(session: Session, account: Account) -> PaymentPlan:
    plan = plans.current(session, account.id)
    if plan is None:
        raise NotFound("plan")
    return plan


# agreeing


@router.post("", response_model=PlanView, status_code=HTTPStatus.CREATED)
async def agree(
    account_id: str,
    new: NewPlan,
    creditor: ToMoveMoney,
    services: Served,
    key: IdempotencyKey = None,
) -> JSONResponse:
    """Agree a plan on behalf of the consumer. It takes the place of one that broke."""
    plan_id, cause = id_of("p", account_id, key), _cause(account_id, key)

    def fact(session: Session, account: Account) -> tuple[PlanView, list[Told]]:
        now = present(session, account, services.wall())
        if plans.made_by(session, cause) is None:
            agreed = _agreed(session, now, new, plan_id)
            plans.accept(session, account.id, agreed, cause=cause, at=now.at)
        plan = _standing(session, account)
        accepted = PlanAccepted(event_id=_named(plan), plan=plan)
        news = _authorised(session, now, plan) if new.authorised_in_writing else []
        return plan_view(session, plan, now), [*news, Told(account.workflow_id, accepted)]

    return await write(
        services,
        creditor,
        account_id,
        what="plan",
        body=new,
        key=key,
        fact=fact,
        status=HTTPStatus.CREATED,
    )


def _agreed(session: Session, now: Present, new: NewPlan, plan_id: str) -> PaymentPlan:
    """The plan as it was asked for, if nothing speaks against it."""
    open_account(now.account)
    standing = plans.current(session, now.account.id)
    if standing and standing.left(now.balance) and not _is_broken(standing, now):
        raise PlanStands
    plan, faults = drawn(session, now, new, plan_id)
    if faults:
        raise Invalid(faults)
    return plan.model_copy(update={"autopay": _autopay(session, now, new)})


def _autopay(session: Session, now: Present, new: NewPlan) -> bool:
    means = session.get_one(Person, now.account.person_id).payment_method
    if new.autopay and means is None:
        raise NoMeans
    autopay = means is not None and new.autopay is not False
    if new.authorised_in_writing and not autopay:
        wrong, expected = "is about charges, and nothing is charged", "false, or autopay"
        raise Invalid([field_error("/authorised_in_writing", wrong, expected)])
    return autopay


def _authorised(session: Session, now: Present, plan: PaymentPlan) -> list[Told]:
    """Note that charges were authorised in writing: some rules ask for it."""
    account = now.account
    given = Milestone(kind=MilestoneKind.AUTHORISATION, at=now.at, account_id=account.id)
    named = f"{account.person_id}/plan:{plan.plan_id}"
    people.note_milestone(session, account.person_id, given, key=named, source=API)
    return tell_profile(session, account.person_id)


# changing


@router.post("/changes", response_model=PlanView)
async def change(
    account_id: str,
    wished: Annotated[Change, Body()],
    creditor: ToMoveMoney,
    services: Served,
    key: IdempotencyKey = None,
) -> JSONResponse:
    """Move, resize or skip an instalment, pause the plan, or spread all that is left anew."""

    def after(plan: PaymentPlan, now: Present) -> PaymentPlan:
        if _is_broken(plan, now):
            raise PlanBroke(now.money(overdue(plan, now.balance, now.today)))
        return changed(plan, now.balance, wished, today=now.today, closed=now.closed)

    doing = Doing("plan change", wished.kind, after, wished)
    return await _revise(services, creditor, account_id, key, doing)


@router.post("/restart", response_model=PlanView)
async def restart(
    account_id: str,
    wished: Restart,
    creditor: ToMoveMoney,
    services: Served,
    key: IdempotencyKey = None,
) -> JSONResponse:
    """Let a plan of which something is overdue go on: all that is open, from a new first date."""

    def after(plan: PaymentPlan, now: Present) -> PaymentPlan:
        if not overdue(plan, now.balance, now.today):
            raise PlanKept
        return restarted(
            plan,
            now.balance,
            wished.first,
            today=now.today,
            rhythm=wished.rhythm,
            closed=now.closed,
        )

    return await _revise(
        services, creditor, account_id, key, Doing("plan restart", "restarted", after, wished)
    )


@dataclass(frozen=True)
class Doing:
    """A change of a plan that is to be made."""

    what: str
    why: str
    after: Callable[[PaymentPlan, Present], PaymentPlan]
    body: Change | Restart

    @property
    def change(self) -> Change | None:
        """The change; None if it is a restart."""
        return None if isinstance(self.body, Restart) else self.body


async def _revise(
    services: Services, creditor: str, account_id: str, key: str | None, doing: Doing
) -> JSONResponse:
    """Write the plan's next revision once per request, and tell the workflow."""
    cause = _cause(account_id, key)

    def fact(session: Session, account: Account) -> tuple[PlanView, list[Told]]:
        now = present(session, account, services.wall())
        if plans.made_by(session, cause) is None:
            revised = _revised(session, now, doing)
            plans.revise(session, account.id, revised, why=doing.why, at=now.at, cause=cause)
        plan = _standing(session, account)
        event = PlanChanged(event_id=_named(plan), plan=plan)
        return plan_view(session, plan, now), [Told(account.workflow_id, event)]

    return await write(
        services, creditor, account_id, what=doing.what, body=doing.body, key=key, fact=fact
    )


def _revised(session: Session, now: Present, doing: Doing) -> PaymentPlan:
    """The plan after the change, if it makes sense and the contract allows it."""
    open_account(now.account)
    plan = _standing(session, now.account)
    if not plan.left(now.balance):
        raise NothingToAgree
    try:
        after = doing.after(plan, now)
    except ImpossibleChange as error:
        raise Invalid([field_error(f"/{error.field}", error.why, error.expected)]) from error
    except TooManyParts as error:
        raise Invalid([field_error("/amount/minor", str(error), "a larger amount")]) from error
    faults = (
        *change_faults(
            plan,
            after,
            now.balance,
            doing.change,
            today=now.today,
            since=_agreed_on(session, now, plan),
            terms=now.terms,
        ),
        *late_faults(after, settlements.paid_by(session, now.account, plan)),
    )
    if faults:
        told = {(_pointer(each, doing.body), each.why): each for each in faults}
        raise Invalid([field_error(at, why, each.expected) for (at, why), each in told.items()])
    return after


def _pointer(fault: Fault, body: Change | Restart) -> str:
    """Where in the request a fault comes from. Instalments are what follows from it."""
    if not fault.field.startswith("instalments"):
        return f"/{fault.field}"
    if isinstance(body, Respread):
        return "/parts" if body.amount is None else "/amount"
    return "/first" if isinstance(body, Restart) else SAID_IN[body.kind]


def _agreed_on(session: Session, now: Present, plan: PaymentPlan) -> date:
    """The day on which the plan was accepted, where the consumer is."""
    first = next(row for row in plans.history(session, now.account.id) if row.id == plan.plan_id)
    return local(session, now.account, first.at or first.recorded_at)


# giving up


@router.delete("", response_model=AccountView)
async def give_up(
    account_id: str, creditor: ToMoveMoney, services: Served, key: IdempotencyKey = None
) -> JSONResponse:
    """End the plan before its end. What was paid on it stays paid; all of the rest is owed."""
    cause = _cause(account_id, key)

    def fact(session: Session, account: Account) -> tuple[AccountView, list[Told]]:
        if (ended := plans.made_by(session, cause)) is None:
            open_account(account)
            plan, at = _standing(session, account), now_of(session, account, services.wall())
            plans.end(session, account.id, plan, why="given up", at=at, cause=cause)
            plan_id = plan.plan_id
        else:
            plan_id = ended.id
        event = PlanEnded(event_id=f"plan:{plan_id}:ended", plan_id=plan_id)
        return account_view(session, account), [Told(account.workflow_id, event)]

    return await write(
        services, creditor, account_id, what="end plan", body=None, key=key, fact=fact
    )


def _cause(account_id: str, key: str | None) -> str:
    return f"{cause_of(account_id, key)}:plan"


def _named(plan: PaymentPlan) -> str:
    """What the news of a revision is called, whoever tells it."""
    return f"plan:{plan.plan_id}:{plan.revision}"


def _is_broken(plan: PaymentPlan, now: Present) -> bool:
    return is_broken(plan, now.balance, now.today, now.terms)
