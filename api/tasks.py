"""The worklist: what a person has to look at, and that it is done.

A task's id holds whatever it was handed over for, `/` and `#` too: it stands in bodies and queries,
as keys of calls do, and not in paths.
"""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Self

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse

from activities.news import Told
from api.accounts import DOCUMENTED, only_json
from api.idempotency import IdempotencyKey
from api.problems import Invalid, NotFound, field_error
from api.recording import write
from api.roles import ToInstruct, ToRead, Who
from api.services import Served
from api.views import owned
from domain.accounts import Closure
from domain.events import TaskDone
from domain.money import Money
from storage import contacts, ledger, tasks
from storage.tables import Account, Task
from storage.tasks import Doer, Listed, NoSuchTask

router = APIRouter(
    prefix="/v1", tags=["tasks"], dependencies=[Depends(only_json)], responses=DOCUMENTED
)

MOST = 500
TaskId = Annotated[
    str, Field(min_length=1, max_length=500, examples=["account/acme-bank/A-1001#12"])
]


class TaskView(BaseModel):
    """Something that a person has to look at, or has looked at."""

    id: TaskId
    account_id: str
    reference: str = Field(description="Your own, of the account.")
    journey: str
    reason: str
    at: AwareDatetime = Field(description="Since when it waits, in the account's time.")
    owed: Money
    closure: Closure | None = Field(description="How the account ended; null: it is open.")
    done_at: AwareDatetime | None = Field(description="In the account's time; null: it waits.")
    done_by: str | None = Field(description="You by your slug, or the name of an operator.")

    @classmethod
    def of(cls, listed: Listed) -> Self:
        """As it is answered."""
        task, account = listed.task, listed.account
        return cls(
            id=task.key,
            account_id=account.id,
            reference=account.reference,
            journey=account.journey,
            reason=task.reason,
            at=task.at,
            owed=Money(minor=listed.owed, currency=account.currency),
            closure=Closure(account.closure) if account.closure else None,
            done_at=task.done_at,
            done_by=task.done_by,
        )


class TaskList(BaseModel):
    """Tasks: longest waiting first, or the last done first."""

    tasks: list[TaskView]
    next: str | None = Field(description="Ask for what comes after it; null: there is no more.")


class Done(BaseModel):
    """Which tasks of an account are done."""

    model_config = ConfigDict(extra="forbid")

    tasks: list[TaskId] = Field(
        min_length=1, max_length=MOST, description="Those that you looked at, by their ids."
    )


class TasksDone(BaseModel):
    """The tasks that were meant, as they stand now."""

    tasks: list[TaskView]


@router.get("/tasks")
async def list_tasks(  # noqa: PLR0917 -- what a page of tasks is chosen by
    creditor: ToRead,
    services: Served,
    account_id: Annotated[str | None, Query(description="Of this account alone.")] = None,
    done: Annotated[bool, Query(description="Those that are done, the last first.")] = False,  # noqa: FBT002
    after: Annotated[str | None, Query(description="The `next` of an earlier answer.")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
) -> TaskList:
    """What a person has to look at, longest waiting first; of closed accounts, too."""

    def read() -> TaskList:
        with services.database.transaction() as session:
            if account_id is not None:
                owned(session, creditor, account_id)
            found = tasks.worklist(
                session,
                creditor_id=creditor,
                account_id=account_id,
                done=done,
                after=_last(session, creditor, after, done=done),
                limit=limit + 1,
            )
        shown = [TaskView.of(each) for each in found[:limit]]
        return TaskList(tasks=shown, next=shown[-1].id if len(found) > limit else None)

    return await run_in_threadpool(read)


@router.post("/accounts/{account_id}/tasks/done", response_model=TasksDone)
async def see_to_tasks(
    account_id: str,
    creditor: ToInstruct,
    caller: Who,
    services: Served,
    *,
    asked: Done,
    key: IdempotencyKey = None,
) -> JSONResponse:
    """A person has looked at the account and done what was asked: its journey goes on.

    Said again, it is answered as before: a task keeps its first time and name.
    """
    by = Doer(caller.name, of_house=caller.is_operator)

    def fact(session: Session, account: Account) -> tuple[TasksDone, list[Told]]:
        at = contacts.present(session, account.person_id, services.wall())
        try:
            done = tasks.see_to(session, account, asked.tasks, by=by, at=at)
        except NoSuchTask:
            raise NotFound("task") from None
        owed = ledger.balance(session, account.id)
        views = [TaskView.of(Listed(each, account, owed)) for each in done]
        return TasksDone(tasks=views), done_told(account, done)

    return await write(
        services,
        creditor,
        account_id,
        what="tasks done",
        body=asked,
        key=key,
        fact=fact,
        status=HTTPStatus.OK,
    )


def done_told(account: Account, done: Sequence[Task]) -> list[Told]:
    """News of these tasks for the account's journey; none once that is over."""
    if account.closure is not None:
        return []
    return [
        Told(account.workflow_id, TaskDone(event_id=f"done:{each.key}", task=each.key))
        for each in done
    ]


def _last(session: Session, creditor: str, after: str | None, *, done: bool) -> Task | None:
    """The last task of the page before; Invalid if there is none such in this creditor's list.

    One that waited then may be done by now, and has kept its place.
    """
    if after is None:
        return None
    # the zero character, which an address may hold, is none that Postgres can be asked about
    found = None if "\0" in after else tasks.of_creditor(session, creditor, after)
    if found is None or (done and found.done_at is None):
        wrong = field_error("/after", "is not valid", "the `next` of an earlier answer")
        raise Invalid([wrong])
    return found
