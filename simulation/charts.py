"""A journey as a chart: what each stage does, in which order it may do it, and where it leads.

A chart is read from a journey's code (see `simulation.reading`). Lint, descriptions and pictures
are made of it.
"""

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TypeVar

from domain.contacts import Message
from simulation.sources import Source

_Thing = TypeVar("_Thing")

Ends = frozenset[int]
"""Numbers of steps after which something else may come."""


class Way(StrEnum):
    """How a stage is left."""

    TO = "to"
    """For the stage `name`."""
    CLOSES = "closes"
    """The journey ends: `name` is the closure."""
    SWITCHES = "switches"
    """The account takes the journey `name`."""
    BACK = "back"
    """Back to the stage that a response broke into."""
    STAYS = "stays"
    """The same stage again, as the same visit."""
    UNKNOWN = "unknown"
    """Reading the code does not tell; `name` is what is returned."""


@dataclass(frozen=True, slots=True)
class Lead:
    """A way out of a stage."""

    way: Way
    name: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """How long a wait takes if nobody says anything."""

    least: timedelta = timedelta()
    """No less than this, as far as reading tells."""
    since: str = ""
    """From when `plus` counts: now, sent, entered, due, or as the account is asked for it; empty if
    the account decides."""
    plus: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Sends:
    """A contact. None if reading does not tell with which message."""

    message: Message | None
    once: bool = False
    """It announces something, and is not repeated while that stands."""
    about: bool = False
    """It is about an instalment of a plan that was accepted."""


@dataclass(frozen=True, slots=True)
class Waits:
    """A pause. `after` are the steps of the contacts that it gives time to answer, if it does."""

    verb: str
    span: Span
    after: Ends = frozenset()


@dataclass(frozen=True, slots=True)
class Hands:
    """A person of ours is asked, for one of these; "…" stands for what the account decides."""

    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Does:
    """Another verb that changes something at once: collect, offer_plan, note_missed."""

    verb: str


@dataclass(frozen=True, slots=True)
class Assumes:
    """From here on something is so, or is not so, until something is done about the account."""

    text: str
    holds: bool
    before: Span | None = None
    """If it holds: it is earlier than `plus` after `since`."""
    verb: str = ""
    """The verb that gave this answer, if one did."""


Deed = Sends | Waits | Hands | Does | Assumes | Lead | None
"""What a step is; None: ways meet there."""

OFFERS = frozenset({"offer_plan", "offer_affordable_plan"})
"""Verbs that work out a plan, which the next message puts to the consumer."""


@dataclass(frozen=True, slots=True)
class Slip:
    """A mistake that reading comes across: its code in lint, where, what, and what to do."""

    code: str
    file: str
    line: int
    says: str
    do: str


@dataclass(frozen=True, slots=True)
class Call:
    """A call that does nothing before it is awaited, and the function in which it stands."""

    file: str
    line: int
    function: str
    what: str
    column: int


@dataclass(slots=True)
class Step:
    """One step of a stage, and those that may follow."""

    deed: Deed
    file: str = ""
    line: int = 0
    ends_by_itself: bool = False
    """The head of a loop over things there are: it goes round as often as there are things."""
    then: set[int] = field(default_factory=set)


class Flow:
    """All steps of a stage. The first is number 0, and does nothing."""

    sources: dict[Source, None]
    """The functions that were read."""
    slips: dict[Slip, None]
    """Mistakes in them."""
    calls: dict[Call, bool]
    """Calls that have to be awaited: whether they are, on any way."""
    odd: list[tuple[str, str]]
    """What it returns that leads nowhere, and what was probably meant."""

    def __init__(self) -> None:
        """Begin with the first step."""
        self.steps = [Step(None)]
        self.sources, self.slips, self.calls, self.odd = {}, {}, {}, []

    def add(self, deed: Deed, after: Ends, file: str = "", line: int = 0) -> int:
        """Add a step that may follow any of those; its number."""
        self.steps.append(Step(deed, file, line))
        number = len(self.steps) - 1
        self.link(after, number)
        return number

    def link(self, after: Ends, number: int) -> None:
        """Let a step follow others, too."""
        for each in after:
            self.steps[each].then.add(number)

    def reached(self) -> list[int]:
        """The steps that can be taken at all, in the order of the code."""
        seen, ahead = set[int](), [0]
        while ahead:
            current = ahead.pop()
            if current not in seen:
                seen.add(current)
                ahead.extend(self.steps[current].then)
        return sorted(seen)

    def deeds(self) -> Iterator[tuple[Step, Deed]]:
        """Steps that can be taken and do something."""
        for number in self.reached():
            step = self.steps[number]
            if step.deed is not None:
                yield step, step.deed


@dataclass(frozen=True)
class StageChart:
    """What reading tells of one stage."""

    name: str
    says: str
    on: tuple[str, ...]
    """Names of the responses that enter it."""
    is_aside: bool
    flow: Flow
    file: str
    line: int

    @property
    def leads(self) -> tuple[Lead, ...]:
        """Where it leads, each way once, in the order of the code."""
        return _once(deed for _, deed in self.flow.deeds() if isinstance(deed, Lead))

    @property
    def sends(self) -> tuple[Message, ...]:
        """What it may send, each message once, in the order of the code."""
        sent = (deed.message for _, deed in self.flow.deeds() if isinstance(deed, Sends))
        return _once(message for message in sent if message is not None)

    @property
    def waits(self) -> tuple[Waits, ...]:
        """Its pauses, each kind once, in the order of the code."""
        found = (deed for _, deed in self.flow.deeds() if isinstance(deed, Waits))
        return _once(Waits(each.verb, each.span) for each in found)

    @property
    def hands(self) -> tuple[str, ...]:
        """Why it asks a person of ours, each reason once."""
        found = (deed.reasons for _, deed in self.flow.deeds() if isinstance(deed, Hands))
        return _once(reason for reasons in found for reason in reasons)

    @property
    def pauses(self) -> bool:
        """Whether a response can be heard in it."""
        return any(isinstance(deed, Sends | Waits) for _, deed in self.flow.deeds())

    def does(self, verbs: AbstractSet[str]) -> bool:
        """Whether it may use one of these verbs."""
        return any(isinstance(deed, Does) and deed.verb in verbs for _, deed in self.flow.deeds())


@dataclass(frozen=True)
class Chart:
    """What reading tells of a journey. The first stage is where accounts begin."""

    name: str
    version: int
    purpose: str
    """In one line, from the docstring of its file."""
    file: str
    line: int
    """Where the journey is put together."""
    stages: tuple[StageChart, ...]
    safeguards: tuple[str, ...]
    """Closures that end it at every pause."""

    def stage(self, name: str) -> StageChart | None:
        """The stage of that name, if there is one."""
        return next((each for each in self.stages if each.name == name), None)

    @property
    def hearing(self) -> tuple[StageChart, ...]:
        """The stages that a response enters, from wherever the account is."""
        return tuple(each for each in self.stages if each.on)

    def follows(self, stage: StageChart) -> tuple[str, ...]:
        """Names of the stages to which a stage leads by itself, the way to itself included."""
        names = (
            stage.name if lead.way is Way.STAYS else lead.name
            for lead in stage.leads
            if lead.way in {Way.TO, Way.STAYS}
        )
        return tuple(dict.fromkeys(names))


def _once(several: Iterable[_Thing]) -> tuple[_Thing, ...]:
    return tuple(dict.fromkeys(several))
