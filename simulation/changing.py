"""What changes for people and for accounts under way, from one outline of journeys to the next.

Changes are told in words, by journey and stage. A stage that is gone and whose name no other stage
answers to is the one change that can strand accounts: everything else is safe to deploy.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from compliance.sentences import plural
from simulation.outlines import JourneyOutline, Outline, StageOutline, WaitOutline, length


class Kind(StrEnum):
    """What sort of change it is."""

    JOURNEY_ADDED = "journey added"
    JOURNEY_REMOVED = "journey removed"
    JOURNEY_RENAMED = "journey renamed"
    FIRST_STAGE = "first stage"
    STAGE_ADDED = "stage added"
    STAGE_REMOVED = "stage removed"
    STAGE_RENAMED = "stage renamed"
    TRIGGER = "trigger"
    WAIT_SHORTER = "wait shorter"
    WAIT_LONGER = "wait longer"
    WAIT = "wait"
    SENDS = "sends"
    HANDS = "hands over"
    LEADS = "leads"
    ORDER = "order"
    KNOB = "knob"
    MESSAGE = "message"


@dataclass(frozen=True)
class Change:
    """One change, in words. A stage goes by its name from before, and a new one by its own."""

    kind: Kind
    journey: str
    """By its name from before; empty for the words of a message."""
    stage: str | None
    says: str
    before: str = ""
    after: str = ""
    message: str = ""
    """Whose words are others, if that is what changes."""


def compare(before: Outline, after: Outline) -> list[Change]:
    """Every change, by journey and stage."""
    return [*_journeys(before, after), *_messages(before.messages, after.messages)]


def _journeys(before: Outline, after: Outline) -> Iterator[Change]:
    kept = set[str]()
    for old in before.journeys:
        new = after.find(old.name)
        if new is None:
            says = "it is gone, and no journey answers to its name"
            yield Change(Kind.JOURNEY_REMOVED, old.name, None, says)
            continue
        kept.add(new.name)
        yield from _journey(old, new)
    for new in after.journeys:
        if new.name not in kept:
            size = plural(len(new.stages), "stage")
            says = f"it is new: {size}, from {new.stages[0].name} on"
            yield Change(Kind.JOURNEY_ADDED, new.name, None, says)


def _journey(old: JourneyOutline, new: JourneyOutline) -> Iterator[Change]:
    if old.name != new.name:
        says = f"it is called {new.name} from now on"
        yield Change(Kind.JOURNEY_RENAMED, old.name, None, says, old.name, new.name)
    began, begins = old.stages[0].name, new.stages[0]
    if began not in begins.names:
        says = f"accounts begin in {begins.name}, and not in {began}"
        yield Change(Kind.FIRST_STAGE, old.name, None, says, began, begins.name)
    for name, was, now in _pairs(old.knobs, new.knobs):
        yield Change(Kind.KNOB, old.name, None, f"{name}: {_arrow(was, now)}", was, now)
    yield from _stages(old, new)


def _stages(old: JourneyOutline, new: JourneyOutline) -> Iterator[Change]:
    kept = set[str]()
    for was in old.stages:
        now = new.find(was.name)
        if now is None:
            says = "it is gone, and no stage answers to its name"
            yield Change(Kind.STAGE_REMOVED, old.name, was.name, says)
            continue
        kept.add(now.name)
        if was.name != now.name:
            yield _renamed(old, was, now)
        if old.find(now.name) in {None, was}:  # one that was merged into another is that other one
            yield from _stage(old, new, was, now)
    for now in new.stages:
        if now.name not in kept:
            yield Change(Kind.STAGE_ADDED, old.name, now.name, "it is new")


def _renamed(old: JourneyOutline, was: StageOutline, now: StageOutline) -> Change:
    is_merged = old.find(now.name) not in {None, was}
    says = f"{now.name} takes its accounts over" if is_merged else f"it is called {now.name} now"
    return Change(Kind.STAGE_RENAMED, old.name, was.name, says, was.name, now.name)


def _stage(
    old: JourneyOutline, new: JourneyOutline, was: StageOutline, now: StageOutline
) -> Iterator[Change]:
    at = _Stage(old.name, was.name)
    listed = [
        *_triggers(at, was, now),
        *_waits(at, was.waits, now.waits),
        *at.listed(Kind.SENDS, "sends", was.sends, now.sends),
        *at.listed(Kind.HANDS, "hands over", was.hands, now.hands),
        *at.listed(Kind.LEADS, "leads", _leads(was, new), now.leads),
    ]
    yield from listed
    if not listed and was.flow != now.flow:
        yield at.change(Kind.ORDER, "conditions, or the order in which it does things, are others")


@dataclass(frozen=True)
class _Stage:
    """Where changes are."""

    journey: str
    name: str

    def change(self, kind: Kind, says: str, before: str = "", after: str = "") -> Change:
        return Change(kind, self.journey, self.name, says, before, after)

    def listed(
        self, kind: Kind, verb: str, was: Sequence[str], now: Sequence[str]
    ) -> Iterator[Change]:
        """What it does no more, and what it does from now on."""
        for gone in (each for each in was if each not in now):
            yield self.change(kind, f"{verb} {gone} no more", before=gone)
        for added in (each for each in now if each not in was):
            yield self.change(kind, f"{verb} {added}", after=added)


def _leads(was: StageOutline, new: JourneyOutline) -> tuple[str, ...]:
    """Where it led, by the names from now on."""
    renamed = {f"to {former}": f"to {each.name}" for each in new.stages for former in each.formerly}
    return tuple(dict.fromkeys(renamed.get(each, each) for each in was.leads))


def _triggers(at: _Stage, was: StageOutline, now: StageOutline) -> Iterator[Change]:
    if was.is_aside != now.is_aside:
        says = "afterwards accounts go back to where they were"
        yield at.change(Kind.TRIGGER, says if now.is_aside else f"{says} no more")
    for gone in sorted({*was.on} - {*now.on}):
        yield at.change(Kind.TRIGGER, f"{gone} enters it no more", before=gone)
    for added in sorted({*now.on} - {*was.on}):
        yield at.change(Kind.TRIGGER, f"{added} enters it", after=added)


# waits


def _waits(
    at: _Stage, before: Sequence[WaitOutline], after: Sequence[WaitOutline]
) -> Iterator[Change]:
    """Pauses after the same contacts, in their order, held against each other."""
    new = [each for each in after if each not in before]
    for was in (each for each in before if each not in after):
        now = next((each for each in new if _is_same(was, each)), None)
        if now is None:
            yield at.change(Kind.WAIT, f"no more: {was}{_after(was)}", before=str(was))
            continue
        new.remove(now)
        kind, by = _longer(was, now)
        yield at.change(kind, f"{was} → {now}{by}{_after(was)}", str(was), str(now))
    for now in new:
        yield at.change(Kind.WAIT, f"new: {now}{_after(now)}", after=str(now))


def _is_same(was: WaitOutline, now: WaitOutline) -> bool:
    return (was.verb, was.after) == (now.verb, now.after)


def _longer(was: WaitOutline, now: WaitOutline) -> tuple[Kind, str]:
    by = now.plus - was.plus if was.since == now.since and was.since else now.least - was.least
    if not by:
        return Kind.WAIT, ""
    word, kind = (
        ("shorter", Kind.WAIT_SHORTER) if by < timedelta() else ("longer", Kind.WAIT_LONGER)
    )
    return kind, f" ({length(abs(by))} {word})"


def _after(waits: WaitOutline) -> str:
    return f", after {' or '.join(waits.after)}" if waits.after else ""


# messages and knobs


def _messages(
    before: Mapping[str, Mapping[str, str]], after: Mapping[str, Mapping[str, str]]
) -> Iterator[Change]:
    """Words that changed; that one is sent for the first time, or no more, its stages tell."""
    for name in sorted(before.keys() & after.keys()):
        for locale, was, now in _pairs(before[name], after[name]):
            says = f"{name} says something else in {locale}"
            yield Change(Kind.MESSAGE, "", None, says, was, now, message=name)


def _pairs(was: Mapping[str, str], now: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    for name in sorted({*was, *now}):
        before, after = was.get(name, ""), now.get(name, "")
        if before != after:
            yield name, before, after


def _arrow(was: str, now: str) -> str:
    return f"{was or 'none'} → {now or 'none'}"


# accounts


def senders(outline: Outline, message: str) -> list[tuple[str, str]]:
    """The stages that may send a message, each with its journey."""
    return [
        (journey.name, stage.name)
        for journey in outline.journeys
        for stage in journey.stages
        if message in stage.sends
    ]


def stranded(after: Outline, parked: Mapping[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    """Accounts in stages to whose names nothing answers, by journey and stage."""
    lost = Counter[tuple[str, str]]()
    for (journey, stage), number in parked.items():
        found = after.find(journey)
        if number and (found is None or found.find(stage) is None):
            lost[journey, stage] += number
    return dict(lost)
