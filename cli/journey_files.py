"""Journeys to try: one that ships, by its name, or an edited copy in a file: `path.py:NAME`."""

import hashlib
import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path

from engine import Journey
from journeys import JOURNEYS, journey_called, present_name


class JourneyError(ValueError):
    """There is no such journey; says what was expected."""


@dataclass(frozen=True)
class Tried:
    """A journey to try, and what it is called beside others."""

    label: str
    journey: Journey
    source: str
    """Where its code is from: this release, or a file by its hash."""


def find_journey(text: str) -> Tried:
    """The journey that a person means: a name that ships, or a file with the name in it."""
    if present_name(text) is not None:
        return Tried(text, journey_called(text), "as this release ships it")
    path, _, name = text.partition(":")
    if not path.endswith(".py"):
        raise JourneyError(
            f"no journey is called {text!r}: there are {', '.join(sorted(JOURNEYS))}; or give a"
            " file as path.py:NAME"
        )
    file = Path(path)
    if not file.is_file():
        raise JourneyError(f"{path}: there is no such file")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    journey = _in_file(_journeys(file, digest), path, name)
    return Tried(f"{file.name}:{journey.name}", journey, f"{file.name}, SHA-256 {digest[:16]}…")


def _in_file(found: dict[str, Journey], path: str, name: str) -> Journey:
    """The journey by the name of its constant or its own; without one, the only one there is."""
    listed = ", ".join(found) or "none"
    if not name:
        if len({id(each) for each in found.values()}) == 1:
            return next(iter(found.values()))
        raise JourneyError(f"{path}: which journey? Give path.py:NAME; there are {listed}")
    for constant, journey in found.items():
        if name in {constant, journey.name}:
            return journey
    raise JourneyError(f"{path}: no journey {name!r} in it; there are {listed}")


def _journeys(file: Path, digest: str) -> dict[str, Journey]:
    """The journeys that a file makes, by the names of their constants."""
    module_name = f"tried_{file.stem}_{digest[:12]}"
    module = sys.modules.get(module_name)
    if module is None:
        spec = importlib.util.spec_from_file_location(module_name, file)
        if spec is None or spec.loader is None:
            raise JourneyError(f"{file}: not a Python file")
        module = importlib.util.module_from_spec(spec)
        sys.modules[module_name] = module
        try:
            spec.loader.exec_module(module)
        except Exception as error:
            del sys.modules[module_name]
            line = error.lineno if isinstance(error, SyntaxError) else _line(error, file)
            where = f":{line}" if line else ""
            said = error.msg if isinstance(error, SyntaxError) else error
            raise JourneyError(f"{file}{where}: {type(error).__name__}: {said}") from error
    return {name: each for name, each in vars(module).items() if isinstance(each, Journey)}


def _line(error: BaseException, file: Path) -> int | None:
    """The last line of the file that an error came through."""
    found, step = None, error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename == str(file):
            found = step.tb_lineno
        step = step.tb_next
    return found
