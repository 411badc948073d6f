"""Laws as the record has them: each kept for ever under its hash, one of them in force."""

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from compliance.laws import Fetch, law_id, read_law, shipped_id, shipped_text
from storage.session import Database
from storage.tables import LawChange, LawRow

SHIPPED = "ships with this release"


def current(session: Session) -> str:
    """The id of the law in force; the one that ships, if none has been put in force yet."""
    found = latest(session)
    if found is not None:
        return found
    hold(session)  # somebody may be putting the first one in force at this very moment
    return latest(session) or _put(session, shipped_id(), shipped_text(), SHIPPED)


def latest(session: Session) -> str | None:
    """The id of the law that was put in force last, if one ever was."""
    return session.scalar(select(LawChange.law_id).order_by(LawChange.seq.desc()).limit(1))


def text_of(session: Session, law: str) -> str | None:
    """The text of a law; None if the record has no such law."""
    return session.scalar(select(LawRow.text).where(LawRow.id == law))


def put(session: Session, text: str, why: str) -> str:
    """Keep a law and put it in force; its id. The law in force already is left as it is.

    A text that is no law is refused before anything is written (`ValueError`).
    """
    read_law(text)
    return _put(session, law_id(text), text, why)


def hold(session: Session) -> None:
    """Let nobody else put a law in force until the transaction ends."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("laws", 0))))


def _put(session: Session, law: str, text: str, why: str) -> str:
    hold(session)
    session.execute(insert(LawRow).values(id=law, text=text).on_conflict_do_nothing())
    if latest(session) != law:
        session.execute(insert(LawChange).values(law_id=law, why=why))
    return law


def fetcher(database: Database) -> Fetch:
    """How a process finds a law that it has not seen.

    On a connection of its own: who asks may hold one of the pool's, and would wait for another.
    """

    def fetch(law: str) -> str | None:
        with database.apart() as session:
            return text_of(session, law)

    return fetch


def number(session: Session) -> int | None:
    """Which change of law is the latest: 1, 2, 3 …; None if none was ever put in force."""
    return session.scalar(select(func.max(LawChange.seq)))
