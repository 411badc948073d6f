"""What journeys do, as plain data: kept on record for each build, and held against the next one.

An outline is made of a journey's chart. It holds what a change of the code would change for people:
stages and their names, what enters them, how long they wait, which messages they send and what
those say to a fictional person, and the knobs. `simulation.changing` compares two of them.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field

from domain.contacts import Message
from engine import Journey
from simulation.charts import Ends, Flow, Lead, Sends, Span, StageChart, Waits
from simulation.describing import pause_told, span_told
from simulation.knobs import knobs
from simulation.reading import read

COUNTED = re.compile(r"#\d+| at 0x[0-9a-f]+")
"""Numbers of what cannot be told apart otherwise: others every time."""
A_STAGE = re.compile(r"Stage\(name='(\w+)'.*?formerly=\([^)]*\)\)")
"""A stage in the text of a condition: its name alone counts."""
TOLD = frozenset({"", "now", "sent", "entered", "due"})
"""From when a span may count in words; anything else is told as the account is asked for it."""

Wording = Callable[[Message], Mapping[str, str]]
"""What a message says to a fictional person, by language."""


class _Named(BaseModel):
    model_config = ConfigDict(frozen=True)

    name: str
    formerly: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All that it answers to, the present name first."""
        return (self.name, *self.formerly)


_Thing = TypeVar("_Thing", bound=_Named)


class WaitOutline(BaseModel):
    """A pause: what for, after which contacts, and how long if nobody answers."""

    model_config = ConfigDict(frozen=True)

    verb: str
    after: tuple[str, ...] = ()
    """The contacts that it gives time to answer."""
    since: str = ""
    plus: timedelta = timedelta()
    least: timedelta = timedelta()
    """As in `simulation.charts.Span`."""

    def __str__(self) -> str:
        """As a page about the journey tells it."""
        if self.since in TOLD:
            return pause_told(self.verb, Span(self.least, self.since, self.plus))
        sign = "-" if self.plus < timedelta() else "+"
        counted = f" {sign} {length(abs(self.plus))}" if self.plus else ""
        return f"{pause_told(self.verb, Span())} ({self.since}{counted})"


class StageOutline(_Named):
    """A stage: all that it may do, and where it leads."""

    on: tuple[str, ...] = ()
    is_aside: bool = False
    sends: tuple[str, ...] = ()
    waits: tuple[WaitOutline, ...] = ()
    hands: tuple[str, ...] = ()
    leads: tuple[str, ...] = ()
    flow: str = ""
    """A hash of its steps, and of the conditions between them."""


class JourneyOutline(_Named):
    """A journey. The first stage is where accounts begin."""

    version: int
    stages: tuple[StageOutline, ...]
    knobs: dict[str, str] = Field(default_factory=dict)

    def find(self, name: str) -> StageOutline | None:
        """The stage that has that name, or else had it; None if there is none."""
        return _called(name, self.stages)

    @property
    def asides(self) -> frozenset[str]:
        """Every name of a stage that goes back to the one it broke into."""
        asides = (each for each in self.stages if each.is_aside)
        return frozenset(name for each in asides for name in each.names)


class Outline(BaseModel):
    """All journeys, and what their messages say: by message, then by language."""

    model_config = ConfigDict(frozen=True)

    journeys: tuple[JourneyOutline, ...]
    messages: dict[str, dict[str, str]] = Field(default_factory=dict)

    def find(self, name: str) -> JourneyOutline | None:
        """The journey that has that name, or else had it; None if there is none."""
        return _called(name, self.journeys)


def _called(name: str, several: Iterable[_Thing]) -> _Thing | None:
    return next((each for each in several if name in each.names), None)


def length(span: timedelta) -> str:
    """A span in days and hours."""
    days = timedelta(days=span.days)
    parts = [span_told(each) for each in (days, span - days) if each]
    return " ".join(parts) or span_told(span)


def outlined(journeys: Iterable[Journey], wording: Wording) -> Outline:
    """The outline of these journeys. UnreadableError if one has a stage that cannot be read."""
    charts = {journey.name: (journey, read(journey).stages) for journey in journeys}
    sent = {message for _, stages in charts.values() for stage in stages for message in stage.sends}
    return Outline(
        journeys=tuple(_journey(*charts[name]) for name in sorted(charts)),
        messages={str(each): dict(wording(each)) for each in sorted(sent, key=str)},
    )


def _journey(journey: Journey, charts: Iterable[StageChart]) -> JourneyOutline:
    return JourneyOutline(
        name=journey.name,
        formerly=journey.formerly,
        version=journey.version,
        stages=tuple(_stage(each, journey.stage(each.name).formerly) for each in charts),
        knobs=knobs(journey),
    )


def _stage(chart: StageChart, formerly: tuple[str, ...]) -> StageOutline:
    waits = [deed for _, deed in chart.flow.deeds() if isinstance(deed, Waits)]
    return StageOutline(
        name=chart.name,
        formerly=formerly,
        on=chart.on,
        is_aside=chart.is_aside,
        sends=tuple(map(str, chart.sends)),
        waits=tuple(dict.fromkeys(_wait(each, chart.flow) for each in waits)),
        hands=chart.hands,
        leads=tuple(map(_lead, chart.leads)),
        flow=_hash(chart.flow),
    )


def _wait(waits: Waits, flow: Flow) -> WaitOutline:
    span = waits.span
    return WaitOutline(
        verb=waits.verb,
        after=_sent_by(waits.after, flow),
        since=COUNTED.sub("", span.since),
        plus=span.plus,
        least=span.least,
    )


def _sent_by(steps: Ends, flow: Flow) -> tuple[str, ...]:
    deeds = [flow.steps[each].deed for each in sorted(steps)]
    sent = [str(each.message) for each in deeds if isinstance(each, Sends) and each.message]
    return tuple(dict.fromkeys(sent))


def _lead(lead: Lead) -> str:
    return f"{lead.way.value} {COUNTED.sub('', lead.name)}".strip()


def _hash(flow: Flow) -> str:
    """Of what is done and asked, and in which order; the same for the same code."""
    told = []
    for number in flow.reached():
        step = flow.steps[number]
        deed = step.deed
        said = repr((deed.verb, deed.span, sorted(deed.after))) if isinstance(deed, Waits) else deed
        plain = COUNTED.sub("", A_STAGE.sub(r"\1", str(said)))
        told.append(f"{number} {plain} {sorted(step.then)}")
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]
