"""Journeys to try: one that ships, by its name, or an edited copy in a file: `path.py:NAME`."""

import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path

from engine import Journey
from journeys import JOURNEYS, journey_called, present_name
from simulation.files import NO_FILE, JourneyError, called, journeys_in, made_by, run
from simulation.vocabulary import nearest


@dataclass(frozen=True)
class Tried:
    """A journey to try, and what it is called beside others."""

    label: str
    journey: Journey
    source: str
    """Where its code is from: this release, or a file by its hash."""


def in_file(text: str) -> tuple[Path, str] | None:
    """The file, and the journey's name in it if one is given; None if a journey's name is meant.

    JourneyError for a name that no journey has.
    """
    path, _, name = text.partition(":")
    if path.endswith(".py"):
        return Path(path), name
    if present_name(text) is not None:
        return None
    meant = nearest(text, JOURNEYS)
    raise JourneyError(
        f"no journey is called {text!r}; there are {', '.join(sorted(JOURNEYS))}"
        + (f": did you mean {meant}?" if meant else "; or give a file: path.py, or path.py:NAME")
    )


def journeys_of(text: str) -> list[Journey]:
    """The journey of that name, or those of that file."""
    found = in_file(text)
    return [journey_called(text)] if found is None else journeys_in(*found)


def find_journey(text: str) -> Tried:
    """The one journey that a person means: a name that ships, or a file with the name in it."""
    found = in_file(text)
    if found is None:
        return Tried(text, journey_called(text), "as this release ships it")
    file, name = found
    if not file.is_file():
        raise JourneyError(f"{file}: {NO_FILE}")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    journey = _in_file(file, digest, name)
    return Tried(f"{file.name}:{journey.name}", journey, f"{file.name}, SHA-256 {digest[:16]}…")


def _in_file(file: Path, digest: str, name: str) -> Journey:
    """The journey of that name in the file; without a name, the only one there is."""
    module_name = f"tried_{file.stem}_{digest[:12]}"
    made = made_by(sys.modules.get(module_name) or run(file, module_name))
    if name:
        return called(name, made, file)
    if len({id(each) for each in made.values()}) == 1:
        return next(iter(made.values()))
    listed = ", ".join(made) or "none"
    raise JourneyError(f"{file}: which journey? Give path.py:NAME; there are {listed}")
