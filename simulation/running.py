"""Whole portfolios: people are lived one after another, in as many processes as are given.

Memory stays the same however long the portfolio is: people come and go in chunks. Each chunk is
tallied by itself, and chunks are merged in their order, so that any number of processes gives the
same bytes.
"""

import gc
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from multiprocessing import get_context
from typing import Any, NamedTuple, Protocol, Self, TypeVar

from compliance import Packs
from engine import Journey
from simulation.deeds import Behaviour
from simulation.happenings import Happening
from simulation.people import Person
from simulation.world import live

CHUNK = 250
"""People in a chunk: enough that handing them over costs nothing beside living them."""


class Knob(NamedTuple):
    """A constant of a journey's module, and what it is set to."""

    module: str
    """By its full name, such as journeys.standard. It has to be loaded already."""
    name: str
    value: object


@dataclass(frozen=True)
class Variant:
    """One way to treat everybody: journeys, by the name that accounts ask for, and knobs."""

    name: str
    journeys: Mapping[str, Journey]
    knobs: tuple[Knob, ...] = ()


class Tally(Protocol):
    """Counts what happened to people, and adds up."""

    def person(self, person: Person, lives: Sequence[Sequence[Happening]]) -> None:
        """Count one person's lives, one for each variant, each in the order of time."""

    def merge(self, other: Self) -> None:
        """Add what another has counted; it counted people who come later."""


AnyTally = TypeVar("AnyTally", bound=Tally)


@dataclass(frozen=True)
class Plan:
    """How everybody is lived: all that is the same for each person."""

    variants: Sequence[Variant]
    behaviour: Behaviour
    packs: Packs
    start: datetime
    """Aware: the instant at which all accounts are placed."""
    days: int

    def lives(self, person: Person) -> list[list[Happening]]:
        """A person's lives, one for each variant: the same person meets each."""
        return [self._life(person, variant) for variant in self.variants]

    def _life(self, person: Person, variant: Variant) -> list[Happening]:
        happened: list[Happening] = []
        with _set(variant.knobs):
            live(
                person,
                journeys=variant.journeys,
                behaviour=self.behaviour,
                packs=self.packs,
                start=self.start,
                days=self.days,
                tell=happened.append,
            )
        return happened


def run(
    people: Iterable[Person],
    variants: Sequence[Variant],
    *,
    behaviour: Behaviour,
    packs: Packs,
    start: datetime,
    days: int,
    new_tally: Callable[[], AnyTally],
    processes: int = 1,
    on_progress: Callable[[int], None] = lambda _: None,
) -> AnyTally:
    """Live everybody under every variant, and give what was counted.

    `start` is aware, `days` the horizon. `on_progress` hears how many more people are done. With
    several processes `people` is read a little ahead, never whole. Processes are forked, so nothing
    but people and tallies has to be fit for pickling.
    """
    plan = Plan(variants, behaviour, packs, start, days)

    def counted(chunk: Sequence[Person]) -> AnyTally:
        tally = new_tally()
        with _uncollected():
            for person in chunk:
                tally.person(person, plan.lives(person))
        return tally

    tally = new_tally()
    for size, part in _parts(_chunks(people), counted, processes):
        tally.merge(part)
        on_progress(size)
    return tally


def _chunks(people: Iterable[Person]) -> Iterator[list[Person]]:
    them = iter(people)
    while chunk := list(islice(them, CHUNK)):
        yield chunk


def _parts(
    chunks: Iterator[list[Person]], counted: Callable[[Sequence[Person]], AnyTally], processes: int
) -> Iterator[tuple[int, AnyTally]]:
    """Size and tally of each chunk, in the order of chunks."""
    if processes == 1:
        for chunk in chunks:
            yield len(chunk), counted(chunk)
        return
    global _work  # noqa: PLW0603 -- a forked process finds it here, closures and all
    _work = counted
    context, waiting = get_context("fork"), deque[tuple[int, "Future[AnyTally]"]]()
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        for chunk in chunks:
            waiting.append((len(chunk), pool.submit(_worked, chunk)))
            if len(waiting) > 2 * processes:
                size, part = waiting.popleft()
                yield size, part.result()
        while waiting:
            size, part = waiting.popleft()
            yield size, part.result()
    _work = None


_work: Callable[[Sequence[Person]], Any] | None = None


def _worked(chunk: Sequence[Person]) -> Any:  # noqa: ANN401 -- whatever the tally is
    if _work is None:
        raise RuntimeError("this process was not forked from one that runs a portfolio")
    return _work(chunk)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Leave the garbage of a chunk to its end: lives leave no cycles, and looking takes long."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def _set(knobs: Sequence[Knob]) -> Iterator[None]:
    """Set constants of journeys for a while."""
    before = [Knob(each.module, each.name, _of(each)) for each in knobs]
    _turn(knobs)
    try:
        yield
    finally:
        _turn(before)


def _of(knob: Knob) -> object:
    return getattr(sys.modules[knob.module], knob.name)


def _turn(knobs: Iterable[Knob]) -> None:
    for each in knobs:
        setattr(sys.modules[each.module], each.name, each.value)
