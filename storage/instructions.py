"""That something was ordered for one account, so that it is obeyed once, however often it comes."""

from collections.abc import Mapping
from types import MappingProxyType

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from storage.tables import InstructedAccount, Instruction

NOTHING_MORE: Mapping[str, str] = MappingProxyType({})


def is_new(
    session: Session,
    account_id: str,
    instruction_id: str,
    *,
    verb: str,
    reason: str,
    by: str,
    detail: Mapping[str, str] = NOTHING_MORE,
) -> bool:
    """Put an instruction to this account on record; False if it was obeyed before.

    `detail` is what it says beside its verb. The caller holds the person's lock, and obeys in the
    same transaction.
    """
    row = insert(Instruction).values(
        id=instruction_id, verb=verb, detail=dict(detail), reason=reason, given_by=by
    )
    session.execute(row.on_conflict_do_nothing())
    member = insert(InstructedAccount).values(
        instruction_id=instruction_id, account_id=account_id, told_at=func.now()
    )
    written = member.on_conflict_do_nothing().returning(InstructedAccount.account_id)
    return session.scalar(written) is not None
