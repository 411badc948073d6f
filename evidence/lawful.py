"""Whether decisions went by the law that was in force when they were recorded."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from evidence.deciding import Decided
from evidence.faults import Fault, File
from evidence.lines import Body
from workflows.runtime import ATTEMPT


@dataclass(frozen=True)
class Span:
    """From when on a law was in force, and until when.

    Without an end it still is, or the release that wrote the file did not say.
    """

    since: datetime
    until: datetime | None


def out_of_force(file: File, decisions: dict[int, Decided]) -> Iterator[Fault]:
    """Decisions by a law that was not in force, as far as the file says when which one was.

    A wait that an account slept through is recorded later: its law may have been replaced by then.
    """
    spans = {str(body.get("id")): list(_spans(body)) for _, body in file.of("law")}
    for at, body in file.of("decision"):
        decided, recorded = decisions.get(at), _instant(body.get("recorded_at"))
        if decided is None or recorded is None:
            continue
        slept = decided.facts is None
        mine = spans.get(decided.law)
        if mine is None:
            yield Fault(at, f"decision {decided.seq}: its law {decided.law} is not in the file")
        elif not any(_holds(each, recorded, slept=slept) for each in mine):
            yield Fault(
                at, f"decision {decided.seq}: its law {decided.law} was not in force at its time"
            )


def _holds(span: Span, recorded: datetime, *, slept: bool) -> bool:
    """Whether a decision of that time may go by the law, give or take an attempt.

    A transaction carries the time of its beginning, and may then wait for the person: the law that
    it finds may be younger. One that begins while a law is being put in force finds the one before.
    """
    over = span.until is not None and span.until + ATTEMPT < recorded
    return span.since <= recorded + ATTEMPT and (slept or not over)


def _spans(law: Body) -> Iterator[Span]:
    listed = law.get("in_force")
    for each in listed if isinstance(listed, list) else ():
        since = _instant(each.get("recorded_at")) if isinstance(each, dict) else None
        if since is not None:
            yield Span(since, _instant(each.get("until")))


def _instant(written: Any) -> datetime | None:  # noqa: ANN401 -- whatever a file has there
    """An instant that knows its offset; None for anything else."""
    try:
        found = datetime.fromisoformat(written)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo is not None else None
