"""Which journey an account takes: a person may send it on another, such as back from hardship."""

from http import HTTPStatus

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session
from starlette.responses import JSONResponse

from activities.news import Told
from api.accounts import DOCUMENTED, only_json
from api.idempotency import IdempotencyKey
from api.problems import Closed, Invalid, field_error
from api.recording import cause_of, write
from api.roles import ToInstruct
from api.schemas import AccountView, Reason
from api.services import Served
from api.views import account_view
from domain.accounts import Slug
from domain.events import JourneySwitched
from journeys import JOURNEYS, present_name
from storage import journal
from storage.tables import Account

router = APIRouter(
    prefix="/v1/accounts/{account_id}",
    tags=["instructions"],
    dependencies=[Depends(only_json)],
    responses=DOCUMENTED,
)


class NewJourney(BaseModel):
    """The journey that an account has to take."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"journey": "standard", "reason": "back at work"}]},
    )

    journey: Slug
    reason: Reason = ""
    """Kept in the account's story. No personal data."""


@router.post("/journey", response_model=AccountView, status_code=HTTPStatus.ACCEPTED)
async def switch_journey(
    account_id: str,
    new: NewJourney,
    creditor: ToInstruct,
    services: Served,
    key: IdempotencyKey = None,
) -> JSONResponse:
    """Send the account on another journey, from its first stage on; a plan under way goes on in it.

    It leaves at once whatever it does, unless the clock is stopped by a hold that goes on to stand.
    """
    journey = present_name(new.journey)
    if journey is None:
        known = ", ".join(sorted(JOURNEYS))
        raise Invalid([field_error("/journey", "is no journey of ours", f"one of {known}")])

    def fact(session: Session, account: Account) -> tuple[AccountView, list[Told]]:
        if account.closure is not None:
            raise Closed(account.closure)
        cause = cause_of(account.id, key)
        journal.note(
            session,
            account.id,
            "journey switched",
            journey=journey,
            reason=new.reason,
            before=account.journey,
        )
        event = JourneySwitched(event_id=f"{cause}:journey", journey=journey)
        return account_view(session, account), [Told(account.workflow_id, event)]

    return await write(
        services,
        creditor,
        account_id,
        what="journey",
        body=new,
        key=key,
        fact=fact,
        status=HTTPStatus.ACCEPTED,
    )
