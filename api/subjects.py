"""What a consumer may ask of a creditor, and the creditor of us: their data, or their erasure."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.concurrency import run_in_threadpool

from activities import subjects
from activities.subjects import Erasure, StillOpen
from api.accounts import DOCUMENTED
from api.problems import NotFound, Problem
from api.roles import ToServePerson
from api.services import Served
from domain.accounts import Reference

router = APIRouter(prefix="/v1/people", tags=["person"], responses=DOCUMENTED)

DryRun = Annotated[bool, Query(description="Say what would be erased, and erase nothing.")]
Of = Annotated[Reference, Path(description="Your own reference of the consumer.")]


class AccountsOpen(Problem):
    """An account of the person still needs what is on record."""

    status, slug = HTTPStatus.CONFLICT, "accounts-open"
    title = "Nothing is erased while an account is open"

    def __init__(self, refused: StillOpen) -> None:
        said = str(refused)
        super().__init__(said[:1].upper() + said[1:] + ".", accounts=list(refused.accounts))


@router.get("/{reference}")
async def export_person(reference: Of, creditor: ToServePerson, services: Served) -> dict[str, Any]:
    """Everything that is on record about a person: facts, messages, decisions and money.

    It is for the person: hand it to nobody else.
    """

    def read() -> dict[str, Any]:
        return subjects.held(services.database, creditor, reference, services.wall())

    try:
        return await run_in_threadpool(read)
    except LookupError as error:
        raise NotFound("person") from error


@router.delete("/{reference}")
async def erase_person(
    reference: Of, creditor: ToServePerson, services: Served, *, dry_run: DryRun = False
) -> Erasure:
    """Erase what no rule wants kept; of what stays, the reason is told. Twice is harmless.

    With the key that is erased, all that Temporal's history says of the person is unreadable.
    """

    def erase() -> Erasure:
        now = services.wall()
        return subjects.erase(services.database, creditor, reference, now, dry_run=dry_run)

    try:
        return await run_in_threadpool(erase)
    except LookupError as error:
        raise NotFound("person") from error
    except StillOpen as error:
        raise AccountsOpen(error) from error
