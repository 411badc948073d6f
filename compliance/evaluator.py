"""One generic evaluator: all packs that apply run together and the strictest wins.

Pure: the same request, facts, packs and instant give the same verdict. Days are calendar days in
the consumer's zones, windows are half-open wall-clock spans, and every candidate zone must agree.
Nothing here knows a jurisdiction.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from compliance.asked import Asked, midnight
from compliance.facts import ContactRequest, PersonFacts
from compliance.packs import Pack, Packs
from compliance.refusals import (
    content_refuses,
    hold_ends,
    hold_refuses,
    optout_refuses,
    place_refuses,
    requirement_refuses,
)
from compliance.rules import (
    AnyRule,
    Cap,
    ContentRule,
    Cooldown,
    HoldRule,
    OptOut,
    PlaceChannel,
    Require,
    Window,
)
from compliance.timing import Hours, closing, cooled_down, inside, under_cap
from compliance.verdicts import Allow, Deny, Reason, Wait
from domain.contacts import Purpose
from domain.people import MilestoneKind

PERMIT = timedelta(seconds=60)
"""For how long an Allow may be used. After that the gate is asked again."""

FORCES = ("statute", "regulation", "presumption", "guidance", "policy")

Refuses = Callable[[Any, Asked], str | None]
REFUSALS: dict[type, Refuses] = {
    HoldRule: hold_refuses,
    OptOut: optout_refuses,
    Require: requirement_refuses,
    PlaceChannel: place_refuses,
    ContentRule: content_refuses,
}


NEEDS = ("holds", "opted_out", "wishes", "milestones", "content")
"""Kinds of fact that most people do not have, and most rules are about."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A rule that speaks to a kind of request, ready to be asked."""

    pack: Pack
    rule: AnyRule
    reason: Reason
    hours: Hours | None
    conditional: bool
    needs: frozenset[str]
    """Kinds of fact without which the rule has nothing to say."""

    def silent(self, asked: Asked) -> bool:
        """Whether the facts keep the rule from speaking."""
        return self.conditional and not asked.binds(self.rule)

    def refuses(self, asked: Asked) -> str | None:
        """Why the rule refuses, as what would have to change; None if it does not."""
        if self.silent(asked):
            return None
        return REFUSALS[type(self.rule)](self.rule, asked)

    def allows_from(self, asked: Asked, counters: dict[str, str]) -> datetime:
        """The first instant that the rule allows; a cap notes how much of it is used at first."""
        if self.silent(asked):
            return asked.at
        if self.hours is not None:
            return inside(self.hours, asked)
        rule = self.rule
        if type(rule) is Cooldown:  # by type: whether it is an instance takes a model long to say
            return cooled_down(rule, asked)
        if type(rule) is Cap:
            free, used = under_cap(rule, asked)
            counters.setdefault(rule.id, f"{used} of {rule.max}")
            return free
        return asked.at


@dataclass(frozen=True, slots=True)
class Binding:
    """The rules that speak to a kind of person and request, at some time."""

    names: tuple[str, ...]
    refusing: tuple[Bound, ...]
    delaying: tuple[Bound, ...]
    changes: tuple[date, ...]
    """Days on which other packs come into force."""
    speaking: dict[tuple[bool, ...], tuple[tuple[Bound, ...], tuple[Bound, ...]]] = field(
        default_factory=dict
    )
    """Those of the rules that have something to say, by which of the `NEEDS` there are."""

    def about(self, asked: Asked) -> tuple[tuple[Bound, ...], tuple[Bound, ...]]:
        """The refusing and the delaying rules that these facts give something to say.

        Most people have no hold, no wish and no opt-out, and most rules are about those.
        """
        facts = asked.facts
        there = (
            bool(facts.holds),
            bool(facts.opted_out),
            bool(facts.wishes),
            bool(facts.milestones),
            asked.request.content is not None,
        )
        found = self.speaking.get(there)
        if found is None:
            known = {name for name, some in zip(NEEDS, there, strict=True) if some}
            found = self.speaking[there] = (
                tuple(each for each in self.refusing if each.needs <= known),
                tuple(each for each in self.delaying if each.needs <= known),
            )
        return found


def decide(
    request: ContactRequest, facts: PersonFacts, packs: Packs, at: datetime
) -> Allow | Wait | Deny:
    """Say whether this contact may be made at `at` (aware), else when, else why never.

    The packs in force are chosen at the candidate instant, so that a wait which crosses a change
    of rules is judged by the rules of its own day.
    """
    asked, delays = Asked(request, facts, at), Delays()
    counters: dict[str, str] = {}
    while True:
        binding = binding_of(asked, packs)
        refusing, delaying = binding.about(asked)
        refused = [(each, lifts) for each in refusing if (lifts := each.refuses(asked)) is not None]
        if refused and not (delays and _begins_meanwhile(refused)):
            return _denied(refused, binding, counters, asked)
        if refused:
            break
        moved = _moved(delaying, asked, counters, delays)
        if moved == asked.at:
            break
        moved = _not_past_a_change(binding, asked, moved)
        if moved > asked.limit:
            return Deny(reasons=delays.reasons(), packs=binding.names, counters=counters)
        asked.move(moved)
    if not delays:
        return Allow(packs=binding.names, counters=counters, expires=_expires(delaying, asked))
    return Wait(until=asked.at, reasons=delays.reasons(), packs=binding.names, counters=counters)


def _expires(delaying: Sequence[Bound], asked: Asked) -> datetime:
    """Until when a permit may be used: for a minute at most, and never past a closing time."""
    ends = [asked.at + PERMIT]
    for each in delaying:
        if each.hours is not None and not each.silent(asked):
            closes = closing(each.hours, asked)
            if closes is not None:
                ends.append(closes)
    return min(ends)


def _begins_meanwhile(refused: Sequence[tuple[Bound, str]]) -> bool:
    """Whether a hold refuses at a later moment, which did not refuse at the one asked for.

    It is not for us to give up what it only interrupts: the account waits, the hold stops its
    clock when it begins, and the gate is asked again.
    """
    return any(isinstance(each.rule, HoldRule) for each, _ in refused)


class Delays:
    """What delays a contact, and by how much in all."""

    def __init__(self) -> None:
        """Nothing delays it yet."""
        self._spans: dict[str, timedelta] = {}
        self._reasons: dict[str, Reason] = {}
        self._at_once: set[str] = set()

    def note(self, bound: Bound, span: timedelta, *, at_once: bool) -> None:
        """Count what a rule delays; `at_once` if it stands in the way of the moment asked for."""
        rule = bound.rule.id
        self._spans[rule] = self._spans.get(rule, timedelta()) + span
        self._reasons[rule] = bound.reason
        if at_once:
            self._at_once.add(rule)

    def __bool__(self) -> bool:
        """Whether anything has delayed it so far."""
        return bool(self._reasons)

    def reasons(self) -> tuple[Reason, ...]:
        """Those that stood in the way already before others, and what delays most first."""
        ranked = sorted(
            self._spans, key=lambda rule: (rule not in self._at_once, -self._spans[rule])
        )
        return tuple(self._reasons[rule] for rule in ranked)


def _moved(
    delaying: Sequence[Bound], asked: Asked, counters: dict[str, str], delays: Delays
) -> datetime:
    """The latest of what the rules allow from this candidate on; what delayed is noted."""
    latest, first = asked.at, not delays
    for each in delaying:
        lawful = each.allows_from(asked, counters)
        if lawful > asked.at and (first or lawful > latest):
            delays.note(each, max(lawful - latest, timedelta()), at_once=first)
            latest = max(latest, lawful)
    return latest


def _denied(
    refused: Sequence[tuple[Bound, str]],
    binding: Binding,
    counters: dict[str, str],
    asked: Asked,
) -> Deny:
    reasons = tuple(
        each.reason.model_copy(update={"lifts": each.rule.lifts or lifts})
        for each, lifts in refused
    )
    ends = [
        hold_ends(each.rule, asked) if isinstance(each.rule, HoldRule) else None
        for each, _ in refused
    ]
    certain = [end for end in ends if end is not None]
    recheck = max(certain) if len(certain) == len(ends) else None
    return Deny(reasons=reasons, packs=binding.names, counters=counters, recheck_at=recheck)


def _not_past_a_change(binding: Binding, asked: Asked, moved: datetime) -> datetime:
    """`moved`, or the first change of rules after the candidate: from there on others decide."""
    changes = (midnight(day, name) for day in binding.changes for name in asked.zones)
    return min([moved, *(change for change in changes if asked.at < change)])


def binding_of(asked: Asked, packs: Packs) -> Binding:
    """The rules that speak at the candidate moment; the same for everybody who is alike."""
    request, facts, days = asked.request, asked.facts, asked.days()
    to = (request.channel, request.purpose, request.place, request.recipient, request.dial)
    return packs.once(facts, days, to, lambda: _bind(request, facts, packs, days))


def _bind(request: ContactRequest, facts: PersonFacts, packs: Packs, days: set[date]) -> Binding:
    now = packs.binding(facts, days)
    bound = [
        _bound(pack, rule, request, facts, packs)
        for pack in now
        for rule in pack.rules
        if _speaks(rule, request)
    ]
    bound.sort(key=lambda each: FORCES.index(each.rule.force))
    return Binding(
        names=tuple(pack.name for pack in now),
        refusing=tuple(each for each in bound if type(each.rule) in REFUSALS),
        delaying=tuple(each for each in bound if type(each.rule) not in REFUSALS),
        changes=tuple(packs.changes(facts)),
    )


def _speaks(rule: AnyRule, request: ContactRequest) -> bool:
    return (
        request.channel in rule.channels
        and request.purpose in rule.purposes
        and request.place in rule.places
        and request.recipient in rule.recipients
        and request.dial in rule.dials
    )


def _bound(
    pack: Pack, rule: AnyRule, request: ContactRequest, facts: PersonFacts, packs: Packs
) -> Bound:
    hours = Hours(rule, facts.regions, packs.calendars) if isinstance(rule, Window) else None
    reason = Reason(rule=rule.id, pack=pack.name, says=rule.says, cite=rule.cite, lifts=rule.lifts)
    may_answer = rule.unless_answering and request.purpose is Purpose.REPLY
    return Bound(
        pack=pack,
        rule=rule,
        reason=reason,
        hours=hours,
        conditional=bool(rule.when or rule.unless or may_answer),
        needs=_needs(rule),
    )


def _needs(rule: AnyRule) -> frozenset[str]:
    """Kinds of fact without which a rule has nothing to say."""
    needs = {"milestones" if each.milestone else "holds" for each in rule.when}
    match rule:
        case HoldRule():
            needs.add("holds")
        case OptOut():
            needs.add("opted_out")
        case ContentRule():
            needs.add("content")
        case Window(wishes=True) | PlaceChannel(wishes=True):
            needs.add("wishes")
        case Cooldown(after=MilestoneKind()):
            needs.add("milestones")
        case _:
            pass
    return frozenset(needs)
