"""Decisions as they were written down: a text that is signed, and a row that repeats parts."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from auditor.book import Link


@dataclass(frozen=True, slots=True)
class Row:
    """A decision's row in the record."""

    account: str
    seq: int
    contact: str
    verdict: str
    law: str
    body: str
    previous: str
    hash: str
    recorded_at: datetime | None = None


def link_of(row: Row, signed: dict[str, Any]) -> Link:
    """The link that a row is; `signed` is its text, read."""
    told = hashlib.sha256((row.previous + row.body).encode()).hexdigest()
    return Link(
        account=row.account,
        seq=row.seq,
        contact=row.contact,
        previous=row.previous,
        hash=row.hash,
        told=told,
        contradiction=_contradiction(row, signed),
        law=row.law,
        recorded_at=row.recorded_at,
        slept=kind_of(signed) == "wait" and signed.get("facts") is None,
    )


def read_text(body: str) -> dict[str, Any]:
    """What a decision says; nothing if somebody made it unreadable."""
    try:
        signed = json.loads(body)
    except ValueError:
        return {}
    return signed if isinstance(signed, dict) else {}


def kind_of(signed: dict[str, Any]) -> str | None:
    """Whether a decision allowed, delayed or denied; None if it does not say."""
    verdict = signed.get("verdict")
    return verdict.get("kind") if isinstance(verdict, dict) else None


def _contradiction(row: Row, signed: dict[str, Any]) -> str | None:
    pairs = {
        "account": (row.account, signed.get("account")),
        "number": (row.seq, signed.get("seq")),
        "contact": (row.contact, signed.get("contact")),
        "verdict": (row.verdict, kind_of(signed)),
        "law": (row.law, signed.get("law")),
    }
    for name, (mine, theirs) in pairs.items():
        if mine != theirs:
            return f"its {name} is not the one that was signed"
    return None
