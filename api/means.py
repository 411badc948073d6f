"""What somebody in hardship can afford: told once, and worked out the same way for everybody.

The figures are among the most personal there are: they are stored, and go out in no error, log or
journal; the answer alone holds what follows from them.
"""

from datetime import date
from http import HTTPStatus

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session
from starlette.responses import JSONResponse

from activities.news import Told
from api.accounts import DOCUMENTED, only_json
from api.agreements import NothingToAgree, id_of, open_account
from api.idempotency import IdempotencyKey
from api.planning import Present, present
from api.problems import Invalid, field_error
from api.recording import write
from api.roles import ToContact
from api.services import Served
from domain.affordability import Deferral, Means, affordable, suggested
from domain.contracts import HardshipTerms
from domain.events import MeansStated
from domain.money import LARGEST, Money
from domain.rhythms import Monthly, Rhythm
from journeys.hardship import FIRST_INSTALMENT_IN
from storage import contracts, means
from storage.tables import Account

router = APIRouter(
    prefix="/v1/accounts/{account_id}",
    tags=["agreements"],
    dependencies=[Depends(only_json)],
    responses=DOCUMENTED,
)

API = "api"


class NewMeans(Means):
    """What comes in, what a household needs, and what is paid on other debts."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        json_schema_extra={
            "examples": [
                {
                    "currency": "USD",
                    "income": [{"minor": 210000}, {"minor": 15000, "every": "week"}],
                    "essentials": {
                        "housing": {"minor": 95000},
                        "food and housekeeping": {"minor": 12000, "every": "week"},
                    },
                    "debts": [{"minor": 8000}],
                    "dependants": 2,
                    "rhythm": {"kind": "monthly", "day": 1},
                }
            ]
        },
    )

    rhythm: Rhythm | None = None
    """How often they would like to pay; left out: monthly."""

    def told(self) -> Means:
        """What is kept of it."""
        return Means.model_validate(self.model_dump(exclude={"rhythm"}))


class SuggestedPlan(BaseModel):
    """A plan that they can afford: `POST …/plan` takes it as it is."""

    rhythm: Rhythm
    first: date
    amount: Money
    """Of each instalment; the last is what is left."""


class Affordability(BaseModel):
    """What follows from what they told."""

    id: str
    disposable: Money
    """What is left of a month after essentials and other debts; below zero if they lack it."""
    committed: Money
    """What plans on their other accounts with you take of a month already."""
    affordable: Money
    """What instalments on this account may take of a month."""
    plan: SuggestedPlan | None
    """The shortest that they can afford and the contract grants in hardship."""
    defer_until: date | None
    """Where there is no such plan: nothing is asked until this day."""


@router.post("/means", response_model=Affordability, status_code=HTTPStatus.CREATED)
async def state_means(
    account_id: str,
    new: NewMeans,
    creditor: ToContact,
    services: Served,
    key: IdempotencyKey = None,
) -> JSONResponse:
    """Note what somebody earns and needs: what they can afford follows, and a plan of it."""
    named = id_of("m", account_id, key)

    def fact(session: Session, account: Account) -> tuple[Affordability, list[Told]]:
        if new.currency != account.currency:
            wrong = "is not the account's currency"
            raise Invalid([field_error("/currency", wrong, account.currency)])
        now, rhythm = present(session, account, services.wall()), new.rhythm or Monthly()
        return note_means(session, now, new.told(), named, source=API, rhythm=rhythm)

    return await write(
        services,
        creditor,
        account_id,
        what="means",
        body=new,
        key=key,
        fact=fact,
        status=HTTPStatus.CREATED,
    )


def note_means(
    session: Session, now: Present, told: Means, named: str, *, source: str, rhythm: Rhythm
) -> tuple[Affordability, list[Told]]:
    """Write what they told, once for the id, and say what follows; the caller holds the person.

    Closed or NothingToAgree if there is nothing to be agreed about.
    """
    account = now.account
    open_account(account)
    if now.balance <= 0:
        raise NothingToAgree
    means.record(session, account, named, told, source=source, at=now.at)
    terms = contracts.of_account(session, account.id).hardship
    # Of plans in weeks a month may be more than we take as an amount; nothing is left then.
    taken = min(LARGEST, means.committed(session, account))
    monthly = affordable(told, terms, committed=taken)
    plan, deferral = _suggestion(now, monthly, terms, rhythm, named)
    view = Affordability(
        id=named,
        disposable=now.money(told.disposable),
        committed=now.money(taken),
        affordable=now.money(monthly),
        plan=plan,
        defer_until=deferral,
    )
    return view, [
        Told(account.workflow_id, MeansStated(event_id=f"means:{named}", monthly=monthly))
    ]


def _suggestion(
    now: Present, monthly: int, terms: HardshipTerms, rhythm: Rhythm, named: str
) -> tuple[SuggestedPlan | None, date | None]:
    """A plan, or until when nothing is asked."""
    first = now.today + FIRST_INSTALMENT_IN
    found = suggested(
        named,
        now.money(now.balance),
        monthly,
        first=first,
        today=now.today,
        terms=terms,
        rhythm=rhythm,
        closed=now.closed,
    )
    if isinstance(found, Deferral):
        return None, found.until
    each = now.money(found.instalments[0].minor)
    return SuggestedPlan(rhythm=rhythm, first=first, amount=each), None
