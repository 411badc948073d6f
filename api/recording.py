"""Facts of the API: written first, and told to workflows once they are on record."""

import uuid
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus

from pydantic import BaseModel, SerializeAsAny
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse

from activities.news import Told, added_told
from activities.reopening import tell
from api.idempotency import once
from api.problems import Problem
from api.services import Services
from api.views import owned
from storage import accruing, contacts
from storage.session import lock_account
from storage.tables import Account

Fact = Callable[[Session, Account], tuple[BaseModel, list[Told]]]
"""Writes a fact about an account, its person being held: the answer, and who must hear of it."""


class Asked(BaseModel):
    """All that makes one request another than the next."""

    account_id: str
    what: str
    body: SerializeAsAny[BaseModel | None]


async def write(
    services: Services,
    creditor: str,
    account_id: str,
    *,
    what: str,
    body: BaseModel | None,
    key: str | None,
    fact: Fact,
    before: Callable[[Session, Account], object] | None = None,
    refusal: Callable[[], Problem | None] = lambda: None,
    status: HTTPStatus = HTTPStatus.OK,
) -> JSONResponse:
    """Write a fact about a creditor's account once per key, and tell who must know.

    What is on record holds, told or not: an error on the way to a workflow (503) means that the
    same is to be sent again. `before` may hold more people than this one, in the order of all;
    `refusal` is asked once all is on record, for a refusal that has to be on record itself.
    """

    def transaction() -> tuple[BaseModel, list[Told]]:
        with services.database.transaction() as session:
            if before is not None:
                before(session, owned(session, creditor, account_id))
            account = locked(session, creditor, account_id)
            interest = _interest(session, account, services.wall())
            view, news = fact(session, account)
            return view, [*news, *interest]

    async def work() -> tuple[int, BaseModel]:
        view, news = await run_in_threadpool(transaction)
        if (problem := refusal()) is not None:
            raise problem
        await tell(services.database, services.door, news)
        return status, view

    asked = Asked(account_id=account_id, what=what, body=body)
    return await once(services.database, creditor, key, asked, work)


def _interest(session: Session, account: Account, wall: datetime) -> list[Told]:
    """Whatever is agreed, is agreed about what is owed today: interest up to now is added first."""
    if not accruing.accrue(session, account, contacts.present(session, account.person_id, wall)):
        return []
    return [added_told(session, account)]


def locked(session: Session, creditor: str, account_id: str) -> Account:
    """The creditor's account, with its person held until the transaction ends."""
    account = owned(session, creditor, account_id)
    lock_account(session, account.id)
    session.refresh(account)
    return account


def cause_of(account_id: str, key: str | None) -> str:
    """What the events of one request are called by: a repetition of it is called the same."""
    return f"api:{account_id}:{key or uuid.uuid4()}"
