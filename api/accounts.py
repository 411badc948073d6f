"""Accounts: placed one by one, read, and their stories."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse

from activities.doors import AccountClosed, DifferentPlacement
from api.idempotency import IdempotencyKey, once
from api.problems import Internal, Invalid, NotNow, PlacedDifferently, ProblemBody, WrongMediaType
from api.roles import ToPlace, ToRead
from api.schemas import AccountList, AccountView, NewAccount, Timeline
from api.services import Served, Services
from api.views import account_view, owned, timeline
from domain.accounts import Placement, Reference, differences
from journeys import present_name
from storage import accounts
from workflows.door import NotYet

SHOWN = ("due_on", "journey", "balance.minor", "balance.currency")
"""Fields whose values a conflict may show: none of them is the consumer's."""


async def only_json(request: Request) -> None:
    """Refuse a body that does not say that it is JSON."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    empty = request.headers.get("content-length") == "0" or not kind
    if request.method in {"POST", "PUT"} and not empty and kind != "application/json":
        raise WrongMediaType("application/json")


PROBLEMS = (400, 401, 404, 409, 413, 415, 422, 503)
DOCUMENTED: dict[int | str, dict[str, Any]] = {
    status: {
        "model": ProblemBody,
        "description": HTTPStatus(status).phrase,
        "content": {"application/problem+json": {}},
    }
    for status in PROBLEMS
}

router = APIRouter(
    prefix="/v1/accounts",
    tags=["accounts"],
    dependencies=[Depends(only_json)],
    responses=DOCUMENTED,
)


@router.post(
    "",
    status_code=HTTPStatus.CREATED,
    response_model=AccountView,
    responses={200: {"model": AccountView, "description": "It is placed already, just so"}},
)
async def place_account(
    new: NewAccount, creditor: ToPlace, services: Served, key: IdempotencyKey = None
) -> JSONResponse:
    """Place an account: its journey begins. The same again finds it; with other data it is 409."""

    async def work() -> tuple[int, AccountView]:
        return await place(services, creditor, new)

    return await once(services.database, creditor, key, new, work)


async def place(services: Services, creditor: str, new: NewAccount) -> tuple[int, AccountView]:
    """Start the account's workflow unless the account is on record already."""
    faults = new.faults(services.wall().date())
    if faults:
        raise Invalid(faults)
    placement = new.of(creditor)
    known = await run_in_threadpool(_recorded, services, placement)
    if known is not None:
        return HTTPStatus.OK, known
    try:
        await services.door.begin(placement)
    except (DifferentPlacement, AccountClosed):
        return HTTPStatus.OK, await _settled_elsewhere(services, placement)
    except NotYet as error:
        raise NotNow(f"{error}. It is safe to send the same again.") from error
    written = await run_in_threadpool(_recorded, services, placement)
    if written is None:
        raise Internal("unrecorded")
    return HTTPStatus.CREATED, written


async def _settled_elsewhere(services: Services, placement: Placement) -> AccountView:
    """Another request has just placed it: the record says whether with the same data."""
    known = await run_in_threadpool(_recorded, services, placement)
    if known is None:
        raise PlacedDifferently("Another request is placing it with other data at this moment.")
    return known


def _recorded(services: Services, placement: Placement) -> AccountView | None:
    """The account as it is on record; PlacedDifferently if that is another placement."""
    with services.database.transaction() as session:
        account = accounts.by_reference(session, placement.creditor, placement.reference)
        if account is None:
            return None
        recorded = accounts.recorded_placement(account)
        differing = differences(placement, recorded, present_name)
        if differing:
            raise conflict(placement, recorded, differing)
        return account_view(session, account)


def conflict(
    given: Placement, recorded: Placement, differing: tuple[str, ...]
) -> PlacedDifferently:
    """What differs: by name and value for the debt, by name alone for the consumer."""
    told = given.model_dump(mode="json"), recorded.model_dump(mode="json")
    listed = [
        {"field": name}
        | ({"given": _at(told[0], name), "recorded": _at(told[1], name)} if name in SHOWN else {})
        for name in differing
    ]
    return PlacedDifferently(
        f"{', '.join(differing)} differ from the account of this reference. "
        "Use another reference for another account.",
        account_id=recorded.account_id,
        differences=listed,
    )


def _at(placement: dict[str, object], name: str) -> object:
    value: object = placement
    for part in name.split("."):
        value = value[part] if isinstance(value, dict) else None
    return value


@router.get("")
async def find_account(
    reference: Annotated[Reference, Query()], creditor: ToRead, services: Served
) -> AccountList:
    """The account of your own reference, if it is placed."""

    def find() -> AccountList:
        with services.database.transaction() as session:
            found = accounts.by_reference(session, creditor, reference)
            return AccountList(accounts=[account_view(session, found)] if found else [])

    return await run_in_threadpool(find)


@router.get("/{account_id}")
async def show_account(account_id: str, creditor: ToRead, services: Served) -> AccountView:
    """The account as it stands, and what happens next."""

    def read() -> tuple[AccountView, str]:
        with services.database.transaction() as session:
            account = owned(session, creditor, account_id)
            return account_view(session, account), account.workflow_id

    view, workflow = await run_in_threadpool(read)
    if view.closure is not None:
        return view
    state = await services.door.state(workflow)
    return view.model_copy(update={"next": state.next}) if state else view


@router.get("/{account_id}/timeline")
async def show_timeline(
    account_id: str,
    creditor: ToRead,
    services: Served,
    after: Annotated[str, Query(max_length=40)] = "0.0",
    limit: Annotated[int, Query(ge=1, le=500)] = 200,
) -> Timeline:
    """What happened to the account, and why a contact was made or not, oldest first."""

    def read() -> Timeline:
        with services.database.transaction() as session:
            return timeline(session, owned(session, creditor, account_id), after, limit)

    return await run_in_threadpool(read)
