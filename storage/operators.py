"""People and programs of the house who use the API, their keys, and what each of them has done.

A key is 256 random bits, so one SHA-256 protects it at rest, as it does creditors'.
"""

import hashlib
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from storage.tables import Creditor, OperatorAct, OperatorRow

PREFIX = "tahsil_op_"
"""Begins every operator's key, so that nobody is looked for among creditors' keys."""


class NameTakenError(ValueError):
    """The name was given before, maybe to somebody revoked: what they did goes by it."""


@dataclass(frozen=True)
class Act:
    """Something that an operator asks for: noted before it is done."""

    operator: str
    right: str
    what: str
    """The request by its method and the pattern of its path, which holds no value."""
    creditor_id: str | None = None
    account_id: str | None = None
    person_id: str | None = None
    reason: str = ""


def new_key() -> str:
    """A key that is nobody's yet."""
    return f"{PREFIX}{secrets.token_urlsafe(32)}"


def add(
    session: Session, name: str, roles: Collection[str], creditor_ids: Collection[str] | None
) -> str:
    """Add an operator, and give their key: it is shown this once. No creditors named: every one.

    NameTakenError, or LookupError for a creditor who is not registered.
    """
    if session.get(OperatorRow, name) is not None:
        raise NameTakenError(
            f"an operator {name!r} is there already, or was: choose another name, or rotate the key"
        )
    for each in creditor_ids or ():
        if session.get(Creditor, each) is None:
            raise LookupError(
                f"no creditor {each!r}: register one with `tahsil creditor SLUG NAME`"
            )
    key = new_key()
    listed = sorted(creditor_ids) if creditor_ids else None
    row = OperatorRow(name=name, hash=_hashed(key), roles=sorted(roles), creditor_ids=listed)
    session.add(row)
    session.flush()
    return key


def keep(session: Session, name: str, key: str, roles: Collection[str]) -> None:
    """See to it that a program of ours is known by this key; once it is revoked, it stays so."""
    row = insert(OperatorRow).values(name=name, hash=_hashed(key), roles=sorted(roles))
    session.execute(
        row.on_conflict_do_update(
            index_elements=[OperatorRow.name],
            set_={"hash": _hashed(key), "roles": sorted(roles)},
            where=OperatorRow.revoked_at.is_(None),
        )
    )


def owner_of(session: Session, key: str) -> OperatorRow | None:
    """The operator whose key this is, unless it is unknown or revoked."""
    return session.scalar(
        select(OperatorRow).where(
            OperatorRow.hash == _hashed(key), OperatorRow.revoked_at.is_(None)
        )
    )


def everyone(session: Session) -> Sequence[OperatorRow]:
    """All operators by name, those revoked too."""
    return session.scalars(select(OperatorRow).order_by(OperatorRow.name)).all()


def rotate(session: Session, name: str) -> str:
    """A new key in place of the old one, which is useless at once. LookupError as in `revoke`."""
    key = new_key()
    _change(session, name, {"hash": _hashed(key), "rotated_at": func.now()})
    return key


def revoke(session: Session, name: str) -> OperatorRow:
    """Let an operator in no more. LookupError unless there is one of that name who is let in."""
    return _change(session, name, {"revoked_at": func.now()})


def _change(session: Session, name: str, values: dict[str, object]) -> OperatorRow:
    changed: OperatorRow | None = session.scalar(
        update(OperatorRow)
        .where(OperatorRow.name == name, OperatorRow.revoked_at.is_(None))
        .values(values)
        .returning(OperatorRow)
    )
    if changed is None:
        raise LookupError(f"no operator {name!r} who is let in: see `tahsil operator list`")
    return changed


def note(session: Session, act: Act) -> int:
    """Write down what an operator asks for; the number of the line."""
    row = OperatorAct(
        operator=act.operator,
        right=act.right,
        what=act.what,
        creditor_id=act.creditor_id,
        account_id=act.account_id,
        person_id=act.person_id,
        reason=act.reason,
    )
    session.add(row)
    session.flush()
    return row.id


def answered(session: Session, number: int, status: int) -> None:
    """Write down what came of it: the status of the answer."""
    session.execute(update(OperatorAct).where(OperatorAct.id == number).values(status=status))


def acts(
    session: Session,
    *,
    creditor_id: str | None = None,
    account_id: str | None = None,
    operator: str | None = None,
    before: int | None = None,
    limit: int = 100,
) -> Sequence[OperatorAct]:
    """What operators did, the latest first; of one creditor, account or operator if named."""
    asked = select(OperatorAct).order_by(OperatorAct.id.desc()).limit(limit)
    for column, value in (
        (OperatorAct.creditor_id, creditor_id),
        (OperatorAct.account_id, account_id),
        (OperatorAct.operator, operator),
    ):
        if value is not None:
            asked = asked.where(column == value)
    if before is not None:
        asked = asked.where(OperatorAct.id < before)
    return session.scalars(asked).all()


def _hashed(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
