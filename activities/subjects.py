"""What a person may ask of us about their data: all of it, or that it be erased."""

import inspect
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy.orm import Session

from compliance.laws import LAWS, shipped_id
from compliance.retaining import Kept, retained
from storage import Database, accounts, contacts, laws, people, subjects
from storage.session import lock_person
from storage.tables import Base, Person

FORMAT = "tahsil-subject-access-1"
RECIPIENTS = {
    "the creditor": "on whose behalf the account is kept",
    "Twilio": "carries texts: the number and the words",
    "SendGrid": "carries e-mails: the address and the words",
    "Stripe": "takes payments: amounts, and means of payment that we never see",
}
SOURCES = ("the creditor, when the account was placed", "the person", "the providers named above")
PURPOSE = "collecting what is owed to the creditor, within the law, and proving that it was kept"


class StillOpen(Exception):  # noqa: N818 -- reads as what stands in the way
    """Nothing is erased while an account is open; says which, and what to do."""

    def __init__(self, open_ones: Sequence[str]) -> None:
        named = ", ".join(open_ones)
        self.accounts = tuple(open_ones)
        super().__init__(
            f"open accounts need what is on record ({named}): wait until they are closed, or"
            " recall them, and ask again"
            if open_ones
            else "a file that was sent has another account of this person that is not placed yet:"
            " wait until it is, and recall it"
        )


class KeptBack(BaseModel):
    """Something that stays, and why."""

    what: str
    until: str | None = None
    """The last day, if there is one."""
    rule: str | None = None
    why: str
    cite: str | None = None


class Erasure(BaseModel):
    """What was erased of a person, and what was not."""

    person: str
    complete: bool
    """Nothing on record says any more who the person is."""
    erased: dict[str, int]
    """Rows by table; empty if all was erased before."""
    kept: tuple[KeptBack, ...]
    dry_run: bool = False
    at: AwareDatetime = Field(description="The person's time, by which the rules were asked.")


class _OnlyAsked(Exception):  # noqa: N818 -- rolls a transaction back
    """Nothing of it is to be written."""


def held(database: Database, creditor_id: str, reference: str, wall: datetime) -> dict[str, Any]:
    """Everything that is on record about a person; LookupError if there is no such person.

    It is read as of one moment.
    """
    with database.transaction() as session:
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        person = subjects.find(session, creditor_id, reference)
        now = contacts.present(session, person.id, wall)
        found = subjects.everything(session, person)
        binding = _binding(session, person, now)
    return {
        "format": FORMAT,
        "person": person.id,
        "creditor": creditor_id,
        "reference": reference,
        "exported_at": wall.isoformat(),
        "purpose": PURPOSE,
        "sources": SOURCES,
        "recipients": RECIPIENTS,
        "kept_by_law": [_kept(each).model_dump(exclude_none=True) for each in binding],
        "held": found,
        "meaning": {name: _meaning(name) for name in found},
    }


def erase(
    database: Database,
    creditor_id: str,
    reference: str,
    wall: datetime,
    *,
    dry_run: bool = False,
) -> Erasure:
    """Erase what may go: all, or what no rule wants kept. StillOpen while an account is open.

    It happens in one transaction, under the person's lock, and asking again finds it done. With
    `dry_run` all of it is tried and nothing is written. LookupError if there is no such person.
    """
    done: Erasure | None = None
    try:
        with database.transaction() as session:
            person = subjects.find(session, creditor_id, reference)
            done = _erase(session, person, contacts.present(session, person.id, wall))
            if dry_run:
                raise _OnlyAsked  # noqa: TRY301 -- the transaction has to see it
    except _OnlyAsked:
        pass
    if done is None:
        raise RuntimeError("nothing was erased, and nothing said why")
    return done.model_copy(update={"dry_run": dry_run})


def _erase(session: Session, person: Person, now: datetime) -> Erasure:
    lock_person(session, person.id)
    open_ones = accounts.open_of_person(session, person.id)
    if open_ones or subjects.is_being_placed(session, person):
        raise StillOpen([each.reference for each in open_ones])
    binding = _binding(session, person, now)
    erased = subjects.erase_spare(session, person)
    if not binding:
        for name, number in subjects.erase_rest(session, person).items():
            erased[name] = max(number, erased.get(name, 0))
    kept = tuple(map(_kept, binding)) + AFTERWARDS
    if erased:
        reasons = [each.model_dump(exclude_none=True) for each in kept]
        subjects.note_erasure(session, person, complete=not binding, kept=reasons, at=now)
    return Erasure(person=person.id, complete=not binding, erased=erased, kept=kept, at=now)


def _binding(session: Session, person: Person, now: datetime) -> tuple[Kept, ...]:
    """The rules for which the person's records are kept, as of now."""
    packs = LAWS.called(laws.latest(session) or shipped_id())
    known = [
        (
            people.facts(session, account.id, now),
            subjects.last_activity(session, account).date(),
        )
        for account in accounts.of_person(session, person.id)
    ]
    return retained(packs, known, now.date())


def _kept(rule: Kept) -> KeptBack:
    return KeptBack(
        what="who the person is, and what proves how the account was worked",
        until=rule.until.isoformat(),
        rule=rule.rule,
        why=rule.says,
        cite=rule.cite,
    )


AFTERWARDS = (
    KeptBack(what="the ledger, without names", why="books have to balance"),
    KeptBack(
        what="decisions and the story of the account, without names",
        why="they prove what was done, and each is tied to the one before",
    ),
    KeptBack(
        what="numbers and mailboxes that are opted out, apart from any name",
        why="a refusal binds whoever places them next",
    ),
    KeptBack(
        what="what Twilio, SendGrid and Stripe hold",
        why="it is theirs to erase: ask them, by the providers' ids in the export",
    ),
)
"""What stays after everything else has gone."""


def _meaning(table: str) -> str:
    """What the rows of a table are, in a sentence."""
    described = {
        mapper.class_.__tablename__: inspect.getdoc(mapper.class_) or ""
        for mapper in Base.registry.mappers
    }
    return described.get(table, "").split("\n\n")[0].replace("\n", " ")
