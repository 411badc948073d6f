"""Knobs of a journey: constants that its stages read, and what a sweep turns them to.

A knob is a constant in capitals that holds a span or a whole number, in the journey's module or in
one of those that its stages come from: `GRACE`, `PARTS`. Stages read it when they run, so a variant
sets it for a life and puts it back after. What a module has worked out from it while it was
imported, such as a tuple of spans, does not follow: try an edited copy of the journey for that.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from types import FunctionType
from typing import Any

from engine import Journey
from simulation.running import Knob

Value = timedelta | int

UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}
MOST = 24
"""Combinations of a sweep. Nobody reads a comparison of more, and each is a whole backtest."""


class KnobError(ValueError):
    """A sweep that cannot be: an unknown knob, or a value that is none for it."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A knob turned to a value."""

    label: str
    """As people write it: `GRACE=2d`."""
    knobs: tuple[Knob, ...]
    """The constant in every module that has it."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A constant: its name and value, and the full names of the modules that have it."""

    name: str
    value: Value
    modules: tuple[str, ...]

    def turned_to(self, label: str, value: Value) -> Setting | None:
        """The setting; None if that is how it stands."""
        if value == self.value:
            return None
        return Setting(label, tuple(Knob(each, self.name, value) for each in self.modules))


def grid(journey: Journey, sweeps: Sequence[str]) -> list[tuple[Setting, ...]]:
    """All combinations of what texts such as `GRACE=2d,3d` ask for; KnobError says what is wrong.

    The one that changes nothing is left out: that is the journey as it is written.
    """
    asked = [_settings(journey, text) for text in sweeps]
    names = [text.partition("=")[0].strip() for text in sweeps]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise KnobError(f"--sweep {twice[0]}: given twice; give all of its values at once")
    combined = [tuple(each for each in chosen if each is not None) for chosen in product(*asked)]
    changing = [chosen for chosen in combined if chosen]
    if sweeps and not changing:
        raise KnobError(f"--sweep {' '.join(sweeps)}: that is {journey.name} as it is written")
    if len(changing) > MOST:
        raise KnobError(f"--sweep: {len(changing)} combinations; expected at most {MOST}")
    return changing


def knobs(journey: Journey) -> dict[str, str]:
    """Every knob of the journey with its value, as a sweep may name it: GRACE: 3d."""
    return {name: written(place.value) for name, place in _known(journey).items()}


def written(value: Value) -> str:
    """A value as people type it: 3d, 12h, 45m, 4."""
    if isinstance(value, int):
        return str(value)
    for unit, span in UNITS.items():
        if value % span == timedelta():
            return f"{value // span}{unit}"
    return str(value)


def _settings(journey: Journey, text: str) -> list[Setting | None]:
    name, equals, listed = (each.strip() for each in text.partition("="))
    if not name or not equals or not listed:
        raise KnobError(f"--sweep {text}: expected NAME=VALUE,VALUE such as GRACE=2d,3d")
    place = _place(journey, name)
    values = dict[Value, str]()
    for each in map(str.strip, listed.split(",")):
        value = _value(name, each, place.value)
        if value in values:
            before = values[value]
            is_ = "is given twice" if before == each else f"is the same as {before}"
            raise KnobError(f"--sweep {name}: {each} {is_}; give each value once")
        values[value] = each
    return [place.turned_to(f"{name}={written(value)}", value) for value in values]


def _value(name: str, text: str, now: Value) -> Value:
    if not text:
        raise KnobError(f"--sweep {name}: a value is empty; expected values with commas between")
    is_span = isinstance(now, timedelta)
    if is_span and (found := re.fullmatch(r"([0-9]{1,5})([dhm])", text)):
        return int(found[1]) * UNITS[found[2]]
    if not is_span and re.fullmatch(r"[0-9]{1,6}", text):
        return int(text)
    expected = "a span of time such as 30d, 12h or 45m" if is_span else "a whole number"
    raise KnobError(f"--sweep {name}: {text!r} is not {expected}; it is {written(now)} now")


def _place(journey: Journey, name: str) -> _Place:
    known = _known(journey)
    if name in known:
        return known[name]
    which = [each for each in known if each.endswith(f".{name}")]
    if which:
        raise KnobError(f"--sweep {name}: which one? There are {', '.join(which)}")
    held = name.isupper() and any(name in space for space in _namespaces(journey))
    why = "holds no span and no whole number" if held else f"is no knob of {journey.name}"
    listed = ", ".join(f"{each}={value}" for each, value in knobs(journey).items())
    raise KnobError(f"--sweep {name}: {name} {why}; knobs are {listed or 'none'}")


def _known(journey: Journey) -> dict[str, _Place]:
    """Constants by the names that a sweep may use.

    The journey's own go by their name alone, and so do those of which there is but one; any other
    by its module, too: `plans.LONG`. One that a module took over from another is the same.
    """
    spaces = _namespaces(journey)
    found: dict[str, dict[int, list[int]]] = {}
    for number, space in enumerate(spaces):
        for name, value in space.items():
            if name.isupper() and type(value) in {timedelta, int}:
                found.setdefault(name, {}).setdefault(id(value), []).append(number)
    known: dict[str, _Place] = {}
    for name, same in sorted(found.items()):
        for numbers in same.values():
            modules = tuple(str(spaces[each]["__name__"]) for each in numbers)
            is_plain = len(same) == 1 or 0 in numbers
            said = name if is_plain else f"{modules[0].rpartition('.')[2]}.{name}"
            known[said] = _Place(name, spaces[numbers[0]][name], modules)
    return known


def _namespaces(journey: Journey) -> list[dict[str, Any]]:
    """The modules whose constants the journey's stages read, its own first, each once."""
    found = {
        function.__module__: function.__globals__
        for stage in journey.stages
        for function in _functions(stage.attempt)
    }
    return [space for name, space in found.items() if name != "engine.stages"]


def _functions(attempt: Callable[..., Any]) -> Iterator[FunctionType]:
    """A stage's function, and the one that an aside wraps."""
    if isinstance(attempt, FunctionType):
        yield attempt
        inner = (cell.cell_contents for cell in attempt.__closure__ or ())
        yield from (each for each in inner if isinstance(each, FunctionType))
