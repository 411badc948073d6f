"""What the lines say: laws, the chain of decisions, contacts and money must agree.

Every decision is put to the gate again, and every contact that left needs its Allow.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from pydantic import ValidationError

from compliance import Allow, Packs
from compliance.laws import law_id
from domain.contacts import NOTHING_LEFT, Channel, Purpose
from domain.ledger import OWED
from evidence.deciding import Decided, Standing, field_of, law_of
from evidence.faults import Fault, File
from evidence.lines import HEADER, Body, canonical
from storage import chain
from storage.contacts import CALL

COLUMNS = {
    "account": "account",
    "person": "person",
    "contact": "contact",
    "seq": "seq",
    "law": "law",
    "at": "at",
    "verdict": "says",
    "rules": "rules",
    "until": "until",
    "channel": "channel",
}
"""Columns of a decision that say again what its body says, and where it is said there."""


def laws_of(file: File) -> dict[str, Packs]:
    """The laws that can be read, by id; one whose text has another hash than its id is a fault."""
    found = dict[str, Packs]()
    for at, body in file.of("law"):
        name, text = str(body.get("id")), str(body.get("text"))
        if law_id(text) != name:
            file.blame(
                at, f"law {name}: its text was changed, for it is {law_id(text)} by its hash"
            )
            continue
        try:
            found[name] = law_of(text)
        except ValueError as error:
            what = field_of(error) if isinstance(error, ValidationError) else "its text"
            file.blame(at, f"law {name}: {what} is none that this release can read")
    return found


def decisions_of(file: File) -> dict[int, Decided]:
    """The decisions that can be read, by line; each is checked against its hash and columns."""
    found = dict[int, Decided]()
    for at, body in file.of("decision"):
        file.faults += _unhashed(at, body)
        decided = _decided(file, at, body)
        if decided is not None:
            found[at] = decided
            file.faults += _columns(at, body, decided)
    file.faults += _unchained(file)
    return found


def _unhashed(at: int, body: Body) -> Iterator[Fault]:
    if chain.link(str(body.get("previous")), str(body.get("body"))) != body.get("hash"):
        seq = body.get("seq")
        yield Fault(at, f"decision {seq}: its body, previous or hash was changed on record")


def _decided(file: File, at: int, body: Body) -> Decided | None:
    text = str(body.get("body"))
    try:
        decided = Decided.model_validate_json(text)
        if canonical(json.loads(text)) != text:
            file.blame(at, "its body is not written as the record writes decisions")
    except ValidationError as error:
        file.blame(at, f"its body cannot be read: {field_of(error)}")
    except ValueError:  # NaN, which pydantic reads and JSON does not know
        file.blame(at, "its body cannot be read: it is not JSON")
    else:
        return decided
    return None


def _columns(at: int, body: Body, decided: Decided) -> Iterator[Fault]:
    for column, name in COLUMNS.items():
        said = _plain(getattr(decided, name))
        if column in body and _plain(body[column]) != said:
            yield Fault(at, f"decision {decided.seq}: {column} is not what its body says")


def _plain(value: Any) -> Any:  # noqa: ANN401 -- compared, not used
    """Instants as one text, whatever offset they are written with."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return str(value)
    aware = isinstance(value, datetime) and value.tzinfo is not None
    return value.astimezone(UTC).isoformat() if aware else value


def _unchained(file: File) -> Iterator[Fault]:
    """Decisions that do not follow the one before: the record's chain, apart from the file's."""
    decisions = list(file.of("decision"))
    for (before, earlier), (at, later) in pairwise([(0, FIRST), *decisions]):
        if not file.intact(before, at):
            continue
        expected = int(earlier["seq"]) + 1 if type(earlier.get("seq")) is int else None
        if later.get("seq") != expected:
            yield Fault(at, f"decision {later.get('seq')} stands where {expected} was expected")
        if later.get("previous") != earlier.get("hash"):
            yield Fault(at, f"decision {later.get('seq')} does not name the hash of the one before")


FIRST: Body = {"seq": 0, "hash": chain.FIRST}
"""What the first decision follows."""


def strangers(file: File, decisions: dict[int, Decided]) -> Iterator[Fault]:
    """Decisions about another account than the file's."""
    ours = [body.get("account") for _, body in file.of(HEADER)]
    for at, decided in decisions.items():
        if decided.account not in ours:
            yield Fault(at, f"decision {decided.seq} is about another account")


def standing_of(file: File) -> Standing:
    """What the file says of the account itself."""
    for _, body in file.of("account"):
        return Standing(over=bool(body.get("closure")) or body.get("recalled_at") is not None)
    return Standing()


def contacts_agree(file: File, decisions: dict[int, Decided]) -> Iterator[Fault]:
    """Every contact that left has its Allow, and every contact that a decision knew is here."""
    allowed = {
        (each.contact, each.channel)
        for each in decisions.values()
        if isinstance(each.verdict, Allow)
    }
    asked = {each.contact for each in decisions.values()}
    for at, body in file.of("contact"):
        key, status = str(body.get("key")), str(body.get("status"))
        left = status not in NOTHING_LEFT and not body.get("inbound")
        outside = _spoken(body) and key not in asked
        if left and not outside and (key, str(body.get("channel"))) not in allowed:
            yield Fault(at, f"contact {key} is {status}, and no decision allowed it")
    known = {str(body.get("key")) for _, body in file.of("contact")}
    known |= {str(body.get("id")) for _, body in file.of("reply")}
    for at, decided in decisions.items():
        for past in decided.facts.contacts if decided.facts else ():
            if past.purpose is Purpose.DEBIT:
                continue  # a try at charging, and no contact
            if past.account_id == decided.account and past.key not in known:
                yield Fault(
                    at, f"decision {decided.seq} knew of contact {past.key}: it is not here"
                )


def ungated(file: File, decisions: dict[int, Decided]) -> Iterator[Fault]:
    """Calls that people of ours wrote down: the gate was not asked. To be known, but no fault."""
    asked = {each.contact for each in decisions.values()}
    for at, body in file.of("contact"):
        if _spoken(body) and not body.get("inbound") and str(body.get("key")) not in asked:
            yield Fault(at, f"contact {body.get('key')} was a call outside of the gate")


def _spoken(body: Body) -> bool:
    return body.get("channel") == Channel.VOICE and body.get("message") == CALL


def books_agree(file: File, decisions: dict[int, Decided]) -> Iterator[Fault]:
    """Movements balance and have no gap, and decisions knew the balance of their moment."""
    owed = {0: 0}
    for at, body in file.of("movement"):
        version, entries = body.get("version"), entries_of(body)
        if version != len(owed):
            yield Fault(at, f"movement {version} stands where {len(owed)} was expected")
        if sum(minor for _, minor in entries):
            yield Fault(at, f"movement {version} does not balance")
        moved = sum(minor for book, minor in entries if book in OWED)
        owed[len(owed)] = owed[len(owed) - 1] + moved
    for at, decided in decisions.items():
        if decided.version is not None and owed.get(decided.version) != decided.balance:
            yield Fault(at, f"decision {decided.seq} knew another balance than the ledger gives")


def entries_of(body: Body) -> list[tuple[str, int]]:
    """Book and minor units of a movement's entries."""
    listed = body.get("entries")
    return [
        (str(entry.get("book")), entry["minor"])
        for entry in (listed if isinstance(listed, list) else [])
        if isinstance(entry, dict) and type(entry.get("minor")) is int
    ]
