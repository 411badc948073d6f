"""Laws: packs and calendars as they stood together, each called by what it says.

An account goes by one law until it is told of another, so that a replay of its past reads the same
rules that its past was decided by. A law is called by the hash of its text: it never changes.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import date, time
from enum import Enum
from functools import cache
from typing import Any

from pydantic import BaseModel

from compliance.calendars import Calendar
from compliance.loading import load_packs
from compliance.packs import Pack, Packs
from compliance.rules import Part

Fetch = Callable[[str], str | None]
"""Gives the text of the law of that id, from the record; None if there is no such law."""

Aside = Callable[[Callable[[], Packs]], Packs]
"""Carries work out somewhere else, and gives what came of it."""


class LawText(Part):
    """A law as it is written down."""

    packs: tuple[Pack, ...]
    calendars: tuple[Calendar, ...]


class UnknownLawError(LookupError):
    """An account goes by a law that this worker cannot find."""


def write_law(packs: Packs) -> str:
    """The packs with the calendars they need, as one canonical JSON text."""
    named = frozenset[str]().union(*(pack.calendars for pack in packs))
    regional = "region" in named
    used = [
        calendar
        for calendar in packs.calendars.values()
        if calendar.id in named or (regional and "-" in calendar.id)
    ]
    text = LawText(packs=tuple(packs), calendars=tuple(sorted(used, key=lambda each: each.id)))
    return json.dumps(_plain(text), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def law_id(text: str) -> str:
    """The name of a law: a prefix and 80 bits of the SHA-256 of its text."""
    return f"law_{hashlib.sha256(text.encode()).hexdigest()[:20]}"


def read_law(text: str) -> Packs:
    """The packs of a law, ready to be asked."""
    law = LawText.model_validate_json(text)
    return Packs(law.packs, law.calendars)


def _plain(value: Any) -> Any:  # noqa: ANN401 -- a text may hold anything that JSON can
    """A value as JSON has it: sets in order, what is as usual left out."""
    match value:
        case BaseModel():
            given = value.model_fields_set | {"kind"} & type(value).model_fields.keys()
            return {
                name: _plain(getattr(value, name))
                for name, field in type(value).model_fields.items()
                if name in given and (name == "kind" or getattr(value, name) != field.default)
            }
        case dict():
            return {_plain(key): _plain(each) for key, each in value.items()}
        case frozenset() | tuple():
            listed = map(_plain, value)
            return sorted(listed) if isinstance(value, frozenset) else list(listed)
        case date() | time():
            return value.isoformat()
        case _:
            return value.value if isinstance(value, Enum) else value


class Laws:
    """The laws that this process has seen, by id."""

    def __init__(self) -> None:
        """Begin with the law that ships; others are fetched when an account goes by one."""
        self._fetch: Fetch = lambda _: None
        self._aside: Aside = lambda work: work()
        self._known: dict[str, Packs] = {}

    def fetch_from(self, fetch: Fetch, aside: Aside | None = None) -> None:
        """Look for laws there from now on; `aside` carries the looking out, in a thread perhaps.

        A workflow may ask for a law while it runs, and waits for it: what it gets is the same
        whenever it asks, because a law is called by the hash of its text.
        """
        self._fetch, self._aside = fetch, aside or self._aside

    def called(self, name: str) -> Packs:
        """The law of that id; UnknownLawError if nobody has it."""
        found = self._known.get(name)
        if found is None:
            found = self._known[name] = self._aside(lambda: self._read(name))
        return found

    def _read(self, name: str) -> Packs:
        text = shipped_text() if name == shipped_id() else self._fetch(name)
        if text is None:
            raise UnknownLawError(
                f"no law {name!r} on record: expected an id such as law_0123456789abcd"
            )
        return read_law(text)


@cache
def shipped_text() -> str:
    """The law of the packs that ship with this release."""
    return write_law(load_packs())


@cache
def shipped_id() -> str:
    """What the law that ships is called."""
    return law_id(shipped_text())


LAWS = Laws()
"""The laws of this process. It says at its start where to fetch those that it has not seen."""
