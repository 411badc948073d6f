"""The list of calls that journeys ask for, for a creditor's own dialler or for whoever dials.

What stands on it was allowed when it was listed, and counts under the caps from then on. The law is
asked again before it is dialled, as for any call: ask for its permit, dial within that, and report
what became of it, each with the key that stands here.
"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from api.explaining import DOCUMENTED
from api.roles import ToContact
from api.schemas import Rule
from api.services import Served
from compliance import Allow, AnyVerdict, ContactRequest, Wait, decide
from compliance.laws import LAWS
from domain.contacts import Channel, Purpose
from providers.messages import Rendered
from storage import calls, contacts, laws, people
from storage.tables import Account, ContactRow

router = APIRouter(prefix="/v1/calls", tags=["calls"], responses=DOCUMENTED)

MOST = 500


class CallDue(BaseModel):
    """A call that waits to be made."""

    account_id: str
    key: str = Field(examples=["listed-12"])
    """For `POST /v1/accounts/{account_id}/calls/permit`, and to report the outcome."""
    number: str = Field(examples=["+12125550123"])
    language: str = Field(examples=["en"])
    script: str
    """What to say: it holds personal data, and what the law wants said."""
    purpose: Purpose
    listed_at: datetime
    """In the account's time."""
    next_lawful: datetime | None
    """From when it may be dialled, as the law is now; null if something has to change first."""
    dial_before: datetime | None
    """Until when a permit that is given now would hold; null if none would be given now."""
    reasons: list[Rule]
    """Why it may not be dialled now; empty if it may."""


class CallsDue(BaseModel):
    """Calls that wait to be made, the oldest first."""

    calls: list[CallDue]


@router.get("/due")
async def calls_due(
    creditor: ToContact,
    services: Served,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
) -> CallsDue:
    """Calls that your accounts' journeys ask for.

    One leaves the list when somebody takes its permit, or when the account needs it no more: it was
    paid, or the consumer answered otherwise.
    """

    def read() -> CallsDue:
        with services.database.transaction() as session:
            law = laws.current(session)
            wall = services.wall()
            listed = calls.due(session, creditor, limit=limit)
            return CallsDue(
                calls=[_view(session, row, account, law, wall) for row, account in listed]
            )

    return await run_in_threadpool(read)


def _view(session: Session, row: ContactRow, account: Account, law: str, wall: datetime) -> CallDue:
    at = contacts.present(session, account.person_id, wall)
    verdict, words = _judge(session, row, law, at), Rendered.model_validate(row.words)
    return CallDue(
        account_id=account.id,
        key=calls.reported_as(row),
        number=row.address,
        language=words.language,
        script=words.text,
        purpose=Purpose(row.purpose),
        listed_at=row.at,
        next_lawful=_next(verdict, at),
        dial_before=verdict.expires if isinstance(verdict, Allow) else None,
        reasons=[
            Rule(rule=each.rule, says=each.says, cite=each.cite)
            for each in verdict.reasons
            if not isinstance(verdict, Allow)
        ],
    )


def _judge(session: Session, row: ContactRow, law: str, at: datetime) -> AnyVerdict:
    """What the gate says now; the call itself does not stand in its own way."""
    facts = people.facts(session, row.account_id, at).without(row.key)
    request = ContactRequest(
        account_id=row.account_id, channel=Channel.VOICE, purpose=Purpose(row.purpose)
    )
    return decide(request, facts, LAWS.called(law), at)


def _next(verdict: AnyVerdict, at: datetime) -> datetime | None:
    if isinstance(verdict, Allow):
        return at
    return verdict.until if isinstance(verdict, Wait) else None
