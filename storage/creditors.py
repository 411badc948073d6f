"""Creditors and their API keys. A key is 256 random bits, so one SHA-256 protects it at rest."""

import hashlib
import secrets
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from compliance.facts import Actor, Sector
from storage.tables import ApiKey, Creditor, IdempotentRequest


def register(
    session: Session,
    creditor_id: str,
    name: str,
    *,
    actor: Actor = Actor.AGENCY,
    sector: Sector | None = None,
) -> None:
    """Write a creditor, or what is new about them: their name, who collects, and their sector.

    Rules differ by who collects and for whom; a sector that is not known is bound by all of them.
    """
    said = {"name": name, "actor": actor, "sector": sector}
    row = insert(Creditor).values(id=creditor_id, **said)
    session.execute(row.on_conflict_do_update(index_elements=[Creditor.id], set_=said))


def name_of(session: Session, creditor_id: str) -> str:
    """The name that consumers know the creditor by."""
    return session.get_one(Creditor, creditor_id).name


def issue_key(session: Session, creditor_id: str, label: str) -> str:
    """A new API key. It is shown this once; only its hash is kept."""
    key = f"tahsil_{secrets.token_urlsafe(32)}"
    session.add(ApiKey(hash=_hashed(key), creditor_id=creditor_id, label=label))
    return key


def owner_of(session: Session, key: str) -> str | None:
    """The creditor whose key this is, unless it is unknown or revoked."""
    return session.scalar(
        select(ApiKey.creditor_id).where(ApiKey.hash == _hashed(key), ApiKey.revoked_at.is_(None))
    )


def revoke_keys(session: Session, creditor_id: str, label: str) -> None:
    """Make every key of that label useless."""
    session.execute(
        update(ApiKey)
        .where(ApiKey.creditor_id == creditor_id, ApiKey.label == label)
        .where(ApiKey.revoked_at.is_(None))
        .values(revoked_at=func.now())
    )


def _hashed(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def begin_request(
    session: Session, creditor_id: str, key: str, fingerprint: str
) -> IdempotentRequest:
    """The request of that Idempotency-Key, begun now or before."""
    row = insert(IdempotentRequest).values(
        creditor_id=creditor_id, key=key, fingerprint=fingerprint
    )
    session.execute(row.on_conflict_do_nothing())
    return session.get_one(IdempotentRequest, (creditor_id, key))


def answer_request(
    session: Session, creditor_id: str, key: str, status: int, answer: dict[str, Any]
) -> None:
    """Keep the answer, to be given again to the same key."""
    session.execute(
        update(IdempotentRequest)
        .where(IdempotentRequest.creditor_id == creditor_id, IdempotentRequest.key == key)
        .values(status=status, answer=answer)
    )
