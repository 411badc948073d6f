"""One instruction for many accounts of a creditor: on record for all at once, then told to each.

The answer to `pause` and `recall` comes once nothing is about to leave any more for any of them.
Their journeys are told afterwards, by a workflow; `GET` says how far that has come.
"""

from http import HTTPStatus

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse

from api.accounts import DOCUMENTED, only_json
from api.idempotency import RequiredKey, once
from api.problems import Invalid, NotFound, NotNow, field_error
from api.roles import ToInstructMany, Who
from api.services import Served, Services
from domain.accounts import Slug, opaque_id
from domain.bulk import AT_ONCE, Bulk, BulkProgress, BulkVerb, Where
from journeys import JOURNEYS, present_name
from storage import bulk
from workflows.door import NotYet

router = APIRouter(
    prefix="/v1/bulk",
    tags=["instructions"],
    dependencies=[Depends(only_json)],
    responses=DOCUMENTED,
)


class NewBulk(BaseModel):
    """What many accounts have to do, and which."""

    model_config = ConfigDict(extra="forbid")

    verb: BulkVerb
    where: str = Field(
        default="",
        max_length=400,
        examples=["journey=standard and stage=reminders"],
        description="Conditions on journey, stage, currency, or paused-by (the id of an earlier "
        "instruction); all of your open accounts if left out.",
    )
    reason: str = Field(min_length=3, max_length=500)
    journey: Slug | None = Field(default=None, description="For `switch`: the journey to take.")

    @model_validator(mode="after")
    def _a_journey_to_switch_to(self) -> "NewBulk":
        if (self.journey is not None) != (self.verb is BulkVerb.SWITCH):
            raise ValueError("verb and journey do not fit: expected a journey with `switch` alone")
        return self


class BulkView(BaseModel):
    """An instruction for many, and how far it has come."""

    id: str
    verb: str
    where: str
    accounts: int
    told: int
    """How many carry it out, or were over before they could."""
    given_at: AwareDatetime


@router.post("", status_code=HTTPStatus.ACCEPTED, response_model=BulkView)
async def instruct_many(
    new: NewBulk,
    creditor: ToInstructMany,
    caller: Who,
    services: Served,
    key: RequiredKey,
) -> JSONResponse:
    """Pause, resume, recall or switch many accounts. Of those found now, and no others."""
    given = Bulk(
        id=opaque_id("bulk", creditor, key),
        verb=new.verb,
        where=_where(new, creditor),
        reason=new.reason,
        by=caller.name,
        journey=present_name(new.journey) if new.journey else None,
    )

    async def work() -> tuple[int, BulkView]:
        return HTTPStatus.ACCEPTED, await _give(services, given)

    return await once(services.database, creditor, key, new, work)


def _where(new: NewBulk, creditor: str) -> Where:
    """The conditions, among the creditor's own accounts; Invalid if they cannot be."""
    if new.journey is not None and present_name(new.journey) is None:
        expected = ", ".join(sorted(JOURNEYS))
        raise Invalid([field_error("/journey", "is not a journey of ours", expected)])
    try:
        where = Where.read(new.where) if new.where.strip() else Where()
    except ValueError:
        expected = "such as journey=standard and stage=reminders"
        raise Invalid([field_error("/where", "cannot be read", expected)]) from None
    if where.creditor not in {None, creditor}:
        raise Invalid([field_error("/where", "is about another creditor", "none, or yourself")])
    return where.model_copy(update={"creditor": creditor})


async def _give(services: Services, given: Bulk) -> BulkView:
    how_far = await run_in_threadpool(_put_on_record, services, given)
    try:
        await services.door.begin_bulk(given.id)
    except NotYet as error:
        raise NotNow(
            f"It is on record and holds from now on, but {error}. Send the same again."
        ) from error
    return _view(given.id, given.verb, str(given.where), how_far)


def _put_on_record(services: Services, given: Bulk) -> BulkProgress:
    with services.database.transaction() as session:
        how_far = bulk.give(session, given)
    if given.verb in AT_ONCE:
        bulk.fence(services.database, given.id)
    return how_far


@router.get("/{instruction_id}")
async def show_bulk(instruction_id: str, creditor: ToInstructMany, services: Served) -> BulkView:
    """How far an instruction for many has come."""

    def read() -> BulkView:
        with services.database.transaction() as session:
            given = bulk.by_id(session, instruction_id)
            conditions = given.conditions if given else None
            if given is None or conditions is None or Where.read(conditions).creditor != creditor:
                raise NotFound("instruction")
            return _view(given.id, given.verb, conditions, bulk.progress(session, given.id))

    return await run_in_threadpool(read)


def _view(instruction_id: str, verb: str, where: str, how_far: BulkProgress) -> BulkView:
    return BulkView(
        id=instruction_id,
        verb=verb,
        where=where,
        accounts=how_far.accounts,
        told=how_far.told,
        given_at=how_far.given_at,
    )
