"""Operators of the house: who I am, who there is, and what they did."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from api.accounts import DOCUMENTED, only_json
from api.problems import Invalid, NotFound, Problem, field_error
from api.roles import Right, Role, ToManage, ToReport, Who
from api.services import Served
from domain.accounts import Slug
from storage import operators
from storage.tables import OperatorAct, OperatorRow

router = APIRouter(
    prefix="/v1", tags=["operators"], dependencies=[Depends(only_json)], responses=DOCUMENTED
)


class Me(BaseModel):
    """Whoever asks, and what they may do."""

    name: str = Field(description="The operator's, or the creditor's slug.")
    roles: list[Role] = Field(description="Empty: a creditor.")
    rights: list[Right]
    creditors: list[str] | None = Field(description="Those they act for; null: every one.")


class OperatorView(BaseModel):
    """An operator; never their key."""

    name: str
    roles: list[str]
    creditors: list[str] | None
    added_at: datetime
    rotated_at: datetime | None
    revoked_at: datetime | None


class OperatorList(BaseModel):
    """Operators, by name."""

    operators: list[OperatorView]


class NewOperator(BaseModel):
    """An operator to be added."""

    model_config = ConfigDict(extra="forbid")

    name: Slug
    roles: Annotated[list[Role], Field(min_length=1)]
    creditors: Annotated[list[Slug] | None, Field(min_length=1)] = None
    """Those they act for; every one if left out."""


class KeyView(BaseModel):
    """A key, shown this once."""

    name: str
    key: str


class ActView(BaseModel):
    """Something that an operator asked for."""

    id: int
    operator: str
    right: str
    what: str = Field(examples=["POST /v1/accounts/{account_id}/pause"])
    account_id: str | None
    reason: str
    status: int | None = Field(description="Of the answer; null: it may have been done or not.")
    recorded_at: datetime


class ActList(BaseModel):
    """What operators did, the latest first."""

    acts: list[ActView]


class OperatorTaken(Problem):
    """The name was given before."""

    status, slug, title = HTTPStatus.CONFLICT, "operator-taken", "There is such an operator, or was"

    def __init__(self) -> None:
        super().__init__("What an operator did goes by the name: choose one that nobody had.")


@router.get("/me")
async def me(caller: Who) -> Me:
    """Who you are, and what you may do."""
    acts_for = None if caller.creditor_ids is None else sorted(caller.creditor_ids)
    rights = [right for right in Right if right in caller.rights]
    return Me(name=caller.name, roles=list(caller.roles), rights=rights, creditors=acts_for)


@router.get("/acts")
async def list_acts(
    creditor: ToReport,
    services: Served,
    account_id: str | None = None,
    before: Annotated[int | None, Query(ge=1, description="The id of the last of a page.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> ActList:
    """What operators of the house did about a creditor's accounts, or one of them, and why."""

    def read() -> ActList:
        with services.database.transaction() as session:
            found = operators.acts(
                session,
                creditor_id=creditor,
                account_id=account_id and _plain(account_id),
                before=before,
                limit=limit,
            )
            return ActList(acts=[_act(each) for each in found])

    return await run_in_threadpool(read)


@router.get("/operators")
async def list_operators(caller: ToManage, services: Served) -> OperatorList:
    """Everybody of the house who uses the API, those revoked too."""
    del caller

    def read() -> OperatorList:
        with services.database.transaction() as session:
            return OperatorList(operators=[_view(each) for each in operators.everyone(session)])

    return await run_in_threadpool(read)


@router.post("/operators", status_code=HTTPStatus.CREATED)
async def add_operator(new: NewOperator, caller: ToManage, services: Served) -> KeyView:
    """Add an operator; the key is shown this once."""
    del caller

    def add() -> KeyView:
        with services.database.transaction() as session:
            key = operators.add(session, new.name, new.roles, new.creditors)
            return KeyView(name=new.name, key=key)

    try:
        return await run_in_threadpool(add)
    except operators.NameTakenError as error:
        raise OperatorTaken from error
    except LookupError as error:
        wrong = field_error("/creditors", "is not registered", "slugs of registered creditors")
        raise Invalid([wrong]) from error


@router.post("/operators/{name}/rotate")
async def rotate_key(name: str, caller: ToManage, services: Served) -> KeyView:
    """A new key for an operator, shown this once; the old one is useless from now on."""
    del caller

    def rotate() -> KeyView:
        with services.database.transaction() as session:
            return KeyView(name=name, key=operators.rotate(session, _plain(name)))

    try:
        return await run_in_threadpool(rotate)
    except LookupError as error:
        raise NotFound("operator") from error


@router.delete("/operators/{name}")
async def revoke_operator(name: str, caller: ToManage, services: Served) -> OperatorView:
    """Let an operator in no more; what they did stays on record under the name."""
    del caller

    def revoke() -> OperatorView:
        with services.database.transaction() as session:
            return _view(operators.revoke(session, _plain(name)))

    try:
        return await run_in_threadpool(revoke)
    except LookupError as error:
        raise NotFound("operator") from error


def _plain(text: str) -> str:
    """Without the zero character, which Postgres cannot be asked about."""
    return text.replace("\0", "")


def _view(row: OperatorRow) -> OperatorView:
    return OperatorView(
        name=row.name,
        roles=row.roles,
        creditors=row.creditor_ids,
        added_at=row.recorded_at,
        rotated_at=row.rotated_at,
        revoked_at=row.revoked_at,
    )


def _act(row: OperatorAct) -> ActView:
    return ActView(
        id=row.id,
        operator=row.operator,
        right=row.right,
        what=row.what,
        account_id=row.account_id,
        reason=row.reason,
        status=row.status,
        recorded_at=row.recorded_at,
    )
