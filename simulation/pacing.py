"""How often a journey contacts a person at the very worst, on any way through it.

The person says nothing, pays nothing, and has one account; whatever is sent arrives. A message that
cannot be sent takes no time and is no contact. Instalments fall due a week apart, the closest that
plans come. Of other waits whose length only the account knows, no more is counted on than the code
itself makes sure of. What else holds back is the law alone.
"""

from collections import Counter
from collections.abc import Collection, Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from heapq import heappop, heappush
from itertools import count

from domain.contacts import Channel
from simulation.charts import Assumes, Chart, Deed, Flow, Lead, Sends, Span, Step, Waits, Way

A_WEEK = timedelta(days=7)
NO_TIME = timedelta()

WITHOUT_END = 50
"""So many contacts within one window are thought to have no end."""

LONG_BEFORE = timedelta(days=60)
"""How far into a stage a window may begin; by then every way through it was taken."""

LASTS = frozenset({"answer", "response", "quiet", "paid", "promise_kept"})
"""Verbs that take their whole time if nobody says or pays anything."""

Times = Mapping[str, timedelta]


@dataclass(frozen=True, slots=True)
class Pace:
    """The most contacts that fall into one window, and how that comes."""

    contacts: int
    window: timedelta
    trail: tuple[str, ...] = ()
    """Stages and messages in their order: "reminders: sms nudge"."""

    @property
    def has_end(self) -> bool:
        """Whether the journey itself keeps a limit."""
        return self.contacts < WITHOUT_END


@dataclass(frozen=True, slots=True)
class Here:
    """Where a way through the journey has come to, and what happened on it."""

    stage: str
    step: int = 0
    clock: timedelta = NO_TIME
    """Since the first contact of the window; before it, since the stage was entered."""
    is_open: bool = False
    """Whether the window has begun, with a contact."""
    entered: timedelta = NO_TIME
    sent: frozenset[str] = frozenset()
    """What this visit has sent: it is not repeated."""
    skipped: frozenset[int] = frozenset()
    """Contacts of this visit that could not be made."""
    told: Times = field(default_factory=dict)
    """What was said of an instalment, and when: of the next one it is said a week later."""
    earliest: Times = field(default_factory=dict)
    """No sooner than then are moments that only the account knows."""
    trail: tuple[str, ...] = ()
    """The contacts on the way."""

    @property
    def place(self) -> Hashable:
        """What two ways have to share to be compared."""
        return (self.stage, self.step, self.is_open, self.sent, self.skipped)

    def is_worse_than(self, other: "Here") -> bool:
        """Whether another way to the same place has as many contacts, and everything sooner."""
        return (
            len(other.trail) >= len(self.trail)
            and other.clock <= self.clock
            and other.entered <= self.entered
            and _sooner(other.told, self.told)
            and _sooner(other.earliest, self.earliest)
        )

    def opened(self) -> "Here":
        """The same as the window begins: from now on the clock counts from here."""
        return replace(
            self,
            clock=NO_TIME,
            is_open=True,
            entered=self.entered - self.clock,
            told={name: at - self.clock for name, at in self.told.items()},
            earliest={name: at - self.clock for name, at in self.earliest.items()},
        )

    def in_stage(self, stage: str) -> "Here":
        """At the beginning of a new visit of a stage."""
        return Here(
            stage,
            clock=self.clock,
            is_open=self.is_open,
            entered=self.clock,
            told={name: at for name, at in self.told.items() if at + A_WEEK > self.clock},
            earliest={name: at for name, at in self.earliest.items() if name == "due"},
            trail=self.trail,
        )


def _sooner(one: Times, other: Times) -> bool:
    return all(name in other and at <= other[name] for name, at in one.items())


class Road:
    """A stage's steps as far as they matter for how often somebody is contacted."""

    def __init__(self, flow: Flow) -> None:
        """Look at a flow."""
        self.steps = flow.steps
        self._next: dict[int, list[int]] = {}
        waits = [deed for _, deed in flow.deeds() if isinstance(deed, Waits)]
        self._waited = Counter(step for each in waits if each.verb in LASTS for step in each.after)
        self.repeats = frozenset(self._repeated())

    def following(self, number: int) -> list[int]:
        """The next steps that matter, after this one."""
        found = self._next.get(number)
        if found is None:
            found = self._next[number] = []
            seen, ahead = set[int](), [*self.steps[number].then]
            while ahead:
                step = ahead.pop()
                if step in seen:
                    continue
                seen.add(step)
                if _matters(self.steps[step].deed):
                    found.append(step)
                else:
                    ahead.extend(self.steps[step].then)
        return found

    def is_awaited(self, contact: int) -> bool:
        """Whether some pause depends on whether this contact was made."""
        return contact in self._waited

    def over(self, waits: Waits, skipped: frozenset[int]) -> frozenset[int]:
        """The skipped contacts on which a later pause may still depend."""
        return frozenset(
            each for each in skipped if each not in waits.after or self._waited[each] > 1
        )

    def _repeated(self) -> Iterator[str]:
        """Messages that one visit may come to more than once."""
        for number, step in enumerate(self.steps):
            if isinstance(step.deed, Sends):
                seen, ahead = set[int](), self.following(number).copy()
                while ahead:
                    current = ahead.pop()
                    if current not in seen:
                        seen.add(current)
                        ahead += self._ahead(current)
                names = (self.steps[each].deed for each in seen)
                if any(
                    isinstance(each, Sends) and each.message == step.deed.message for each in names
                ):
                    yield str(step.deed.message)

    def _ahead(self, number: int) -> list[int]:
        stays = self.steps[number].deed == Lead(Way.STAYS)
        return self.following(0 if stays else number)


class Search:
    """All ways through a journey, by the contacts that they come to."""

    def __init__(self, chart: Chart, channels: Collection[Channel], window: timedelta) -> None:
        """Look for the most contacts through these channels."""
        self._chart = chart
        self._channels = channels
        self._window = window
        self._known: dict[Hashable, list[Here]] = {}
        self._roads = {each.name: Road(each.flow) for each in chart.stages}

    def worst(self, enough: int = WITHOUT_END) -> Pace:
        """The most that any window holds, or the first way to `enough` contacts.

        A way that is worse than another is given up. One that goes round, and finds more contacts
        each time, has no end.
        """
        best = Pace(0, self._window)
        order = count()
        ahead = [(0, NO_TIME, next(order), Here(each.name)) for each in self._chart.stages]
        while ahead and best.contacts < enough:
            *_, here = heappop(ahead)
            if not self._counts(here) or self._is_given_up(here):
                continue
            if len(here.trail) > best.contacts:
                best = Pace(len(here.trail), self._window, here.trail)
            for place in self._onward(here):
                found = (
                    0 if enough == WITHOUT_END else -len(place.trail)
                )  # there by the shortest way
                heappush(ahead, (found, place.clock, next(order), place))
        return best

    def _counts(self, here: Here) -> bool:
        """Whether a contact now would still count; or the window may still begin."""
        return here.clock < (self._window if here.is_open else LONG_BEFORE)

    def _is_given_up(self, here: Here) -> bool:
        others = self._known.setdefault(here.place, [])
        if any(here.is_worse_than(other) for other in others):
            return True
        others[:] = [other for other in others if not other.is_worse_than(here)]
        others.append(here)
        return False

    def _onward(self, here: Here) -> Iterator[Here]:
        road = self._roads.get(here.stage)
        if road is None:
            return
        step = road.steps[here.step]
        for after in self._done(road, here, step):
            for following in road.following(here.step):
                yield replace(after, step=following)
        if isinstance(step.deed, Lead) and here.is_open:  # else it may begin where that leads
            if step.deed.way is Way.STAYS:
                yield replace(here, step=0)
            elif step.deed.way is Way.TO:
                yield here.in_stage(step.deed.name)

    def _done(self, road: Road, here: Here, step: Step) -> Iterator[Here]:
        match step.deed:
            case Sends() as sends:
                yield from self._sent(road, here, sends)
            case Waits() as waits:
                left = road.over(waits, here.skipped)
                yield replace(here, clock=here.clock + _lasting(here, waits), skipped=left)
            case Assumes(_, _, Span() as before):
                sooner = here.earliest.get(before.since, here.clock - before.plus)
                known = {before.since: max(sooner, here.clock - before.plus)}
                yield replace(here, earliest={**here.earliest, **known})
            case _:
                yield here

    def _sent(self, road: Road, here: Here, sends: Sends) -> Iterator[Here]:
        """It is made, or cannot be made; or it was made before, and is not repeated."""
        name = str(sends.message)
        if name in here.sent:
            yield here
            return
        awaited = road.is_awaited(here.step)
        yield replace(here, skipped=here.skipped | {here.step}) if awaited else here
        if name in road.repeats:
            here = replace(here, sent=here.sent | {name})
        if sends.about:
            step = road.steps[here.step]
            channel = sends.message.channel if sends.message else None
            here = _told(here, f"{step.file}:{step.line} {channel}")
        if sends.message is not None and sends.message.channel not in self._channels:
            yield here
            return
        made = replace(here, trail=(*here.trail, f"{here.stage}: {name}"))
        yield made if here.is_open else made.opened()
        if not here.is_open:
            yield here  # or the window begins later


def _told(here: Here, what: str) -> Here:
    """What was said of the instalment before is said of the next one a week later."""
    before = here.told.get(what)
    clock = here.clock if before is None else max(here.clock, before + A_WEEK)
    return replace(here, clock=clock, told={**here.told, what: clock})


def _matters(deed: Deed) -> bool:
    match deed:
        case Sends() | Lead():
            return True
        case Waits(verb):
            return verb in LASTS
        case Assumes(_, holds, before):
            return holds and before is not None
        case _:
            return False


def worst(chart: Chart, channels: Collection[Channel], window: timedelta = A_WEEK) -> Pace:
    """The most contacts through these channels in any window of that length."""
    return Search(chart, channels, window).worst()


def exceeds(
    chart: Chart, channels: Collection[Channel], window: timedelta, limit: int
) -> Pace | None:
    """A way to more contacts than that through these channels, if there is one."""
    pace = Search(chart, channels, window).worst(enough=limit + 1)
    return pace if pace.contacts > limit else None


def _lasting(here: Here, waits: Waits) -> timedelta:
    """How long a pause is at the least."""
    if waits.verb not in LASTS or (waits.after and waits.after <= here.skipped):
        return NO_TIME
    if waits.span.since == "entered":
        return max(NO_TIME, here.entered + waits.span.plus - here.clock)
    known = here.earliest.get(waits.span.since)
    until = known + waits.span.plus - here.clock if known is not None else NO_TIME
    return max(waits.span.least, until)
