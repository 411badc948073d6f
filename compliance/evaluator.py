"""One generic evaluator: all packs that apply run together and the strictest wins.

Pure: the same request, facts, packs and instant give the same verdict. Days are calendar days in
the consumer's zones, windows are half-open wall-clock spans, and every candidate zone must agree.
Nothing here knows a jurisdiction.
"""

from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

from compliance.asked import A_WEEK, HORIZON, Asked
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
    Counting,
    HoldRule,
    OptOut,
    PlaceChannel,
    Require,
    Window,
)
from compliance.timing import (
    DAY,
    NEVER,
    CommonHours,
    Hours,
    cap_begins,
    closing,
    cooled_down,
    inside,
    under_cap,
)
from compliance.verdicts import Allow, Deny, Reason, Wait
from domain.contacts import Purpose
from domain.people import MilestoneKind
from domain.time import local_date, midnight

NOTHING = timedelta()

PERMIT = timedelta(seconds=60)
"""For how long an Allow may be used. After that the gate is asked again."""

FORCES = ("statute", "regulation", "presumption", "guidance", "policy")

_OF_PERSON = itemgetter("country", "regions", "actor", "sector", "creditor")
_OF_REQUEST = itemgetter("channel", "purpose", "place", "recipient", "dial", "dialling")
"""All that decides which rules speak, apart from the facts that some rules need."""
_BESIDE = itemgetter("holds", "opted_out", "unreachable", "wishes", "milestones")
"""Those facts. Looked up by name at once: of a model, each look at a field takes long."""
_KIND = attrgetter("kind")

Refuses = Callable[[Any, Asked], str | None]
REFUSALS: dict[type, Refuses] = {
    HoldRule: hold_refuses,
    OptOut: optout_refuses,
    Require: requirement_refuses,
    PlaceChannel: place_refuses,
    ContentRule: content_refuses,
}


Counts = tuple[int | tuple[int, date], ...]


class Limit(NamedTuple):
    """Which contacts count, since when, and how many of them keep the next one waiting."""

    counting: Counting
    since: datetime
    most: int

    def counted(self, asked: Asked) -> int | tuple[int, date] | None:
        """How many there are; with the day of the one that has to be over first, if too many.

        None where no day says it: several zones, or nothing that is ever allowed.
        """
        found = asked.counted(self.counting, self.since)
        number = len(found)
        if number < self.most:
            return number
        if not self.most or len(asked.zones) > 1:
            return None
        return number, local_date(found[-self.most].at, asked.zones[0])


@dataclass(frozen=True, slots=True)
class Bound:
    """A rule that speaks to a kind of request, ready to be asked."""

    pack: Pack
    rule: AnyRule
    reason: Reason
    hours: Hours | None
    refusal: Refuses | None
    conditional: bool
    needs: frozenset[str]
    """Kinds of fact without which the rule has nothing to say (see `_there`)."""

    @property
    def is_plain_window(self) -> bool:
        """Whether it is a window that is the same for everybody, whatever their facts."""
        return self.hours is not None and self.hours.is_plain and not self.conditional

    @property
    def is_settled(self) -> bool:
        """Whether all who ask alike are refused alike."""
        rule = self.rule
        return not self.conditional and (
            isinstance(rule, OptOut) or (isinstance(rule, PlaceChannel) and not rule.wishes)
        )

    def limit(self, asked: Asked, known: Collection[str]) -> Limit | None:
        """Which contacts count, since when, and how many are too many; None if more counts."""
        rule = self.rule
        if self.conditional:
            return None
        if type(rule) is Cooldown and isinstance(rule.after, Counting):
            return Limit(rule.after, asked.at - rule.silence - DAY, 1)
        if type(rule) is Cap and (not rule.consent_days or MilestoneKind.CONSENT not in known):
            return Limit(rule.counts, cap_begins(rule, asked), rule.max)
        return None

    def silent(self, asked: Asked) -> bool:
        """Whether the facts keep the rule from speaking."""
        return self.conditional and not asked.binds(self.rule)

    def refuses(self, asked: Asked) -> str | None:
        """Why the rule refuses, as what would have to change; None if it does not."""
        if self.refusal is None or (self.conditional and not asked.binds(self.rule)):
            return None
        return self.refusal(self.rule, asked)

    def allows_from(self, asked: Asked, counters: dict[str, str]) -> datetime:
        """The first instant that the rule allows; a cap notes how much of it is used at first."""
        if self.conditional and not asked.binds(self.rule):
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
    hours: CommonHours
    """What the windows leave open that are the same for everybody."""
    others: tuple[Bound, ...]
    """The delaying rules without those windows."""
    known: frozenset[str] = frozenset()
    """Kinds of fact that there are, once they are looked at."""

    def given(self, known: frozenset[str]) -> "Binding":
        """Those of the rules that these kinds of fact give something to say.

        Most people have no hold, no wish and no opt-out, and most rules are about those.
        """
        refusing = [each for each in self.refusing if each.needs.issubset(known)]
        delaying = [each for each in self.delaying if each.needs.issubset(known)]
        return replace(_binding(self.names, refusing, delaying, self.changes), known=known)

    def limits(self, asked: Asked) -> tuple[Limit, ...] | None:
        """What is counted of contacts for the answer, if it hangs on nothing else but the calendar.

        None where it may hang on other facts, or where other rules come into force soon.
        """
        today = asked.today(asked.zones[0])
        if not all(each.is_settled for each in self.refusing) or "wishes" in self.known:
            return None
        if any(today - A_WEEK < day < today + HORIZON + A_WEEK for day in self.changes):
            return None
        if any(each.refuses(asked) is not None for each in self.refusing):
            return ()
        limits = [each.limit(asked, self.known) for each in self.others]
        kept = tuple([each for each in limits if each is not None])
        return kept if len(kept) == len(limits) else None


def _binding(
    names: tuple[str, ...],
    refusing: Sequence[Bound],
    delaying: Sequence[Bound],
    changes: tuple[date, ...],
) -> Binding:
    plain = [each.hours for each in delaying if each.is_plain_window and each.hours is not None]
    others = tuple(each for each in delaying if not each.is_plain_window)
    return Binding(names, tuple(refusing), tuple(delaying), changes, CommonHours(plain), others)


UNSEEN = object()


class Moment:
    """An instant at which everybody alike asks the same, and what they were told.

    Of most people no fact counts but how often they were contacted lately: to those of whom the
    counts are the same, the gate says the same.
    """

    __slots__ = ("_limits", "_never", "_since", "said")

    def __init__(self, limits: tuple[Limit, ...] | None) -> None:
        """`limits` as their binding has them: None where the answer hangs on more."""
        self.said: dict[Counts, Allow | Wait | Deny] = {}
        self._limits = limits
        is_open = limits is not None and all(each.most for each in limits)
        self._never = (0,) * len(limits) if limits is not None and is_open else None
        self._since = min((each.since for each in limits or ()), default=NEVER)

    def counts(self, request: ContactRequest, facts: PersonFacts, at: datetime) -> Counts | None:
        """What is counted of the person's contacts; None where more than that decides."""
        contacts = facts.contacts
        if not contacts or contacts[-1].at < self._since or self._never is None:
            return self._never
        if contacts[-1].at > at or self._limits is None:
            return None
        asked, counts = Asked(request, facts, at), list[int | tuple[int, date]]()
        for limit in self._limits:
            count = limit.counted(asked)
            if count is None:
                return None
            counts.append(count)
        return tuple(counts)


class Question:
    """A kind of request by a kind of person: the rules that speak to it, and when it was asked."""

    __slots__ = ("_bindings", "_packs")

    def __init__(self, packs: Packs) -> None:
        """Begin with nothing known but the law."""
        self._packs = packs
        self._bindings: dict[tuple[int, ...], Binding] = {}

    def moment(self, request: ContactRequest, facts: PersonFacts, at: datetime) -> Moment | None:
        """What is known of an instant that was asked about before; None of one that was not."""
        instants = self._packs.instants
        key = (self, facts.zones, at)
        moment: Moment | None = instants.recall(key, UNSEEN)
        if moment is UNSEEN:
            instants.remember(key, None)
            return None
        if moment is None:
            asked = Asked(request, facts, at)
            binding = self.speaking(asked, self._packs.era(asked.days()))
            moment = Moment(binding.limits(asked))
            instants.remember(key, moment)
        return moment

    def speaking(self, asked: Asked, era: tuple[int, ...]) -> Binding:
        """The rules that have something to say in an era of packs, by the facts that there are."""
        found = self._bindings.get(era)
        if found is None:
            found = self._bindings[era] = binding_of(asked, self._packs).given(_there(asked))
        return found


def decide(
    request: ContactRequest, facts: PersonFacts, packs: Packs, at: datetime
) -> Allow | Wait | Deny:
    """Say whether this contact may be made at `at` (aware), else when, else why never.

    The packs in force are chosen at the candidate instant, so that a wait which crosses a change
    of rules is judged by the rules of its own day.
    """
    last = packs.last_asked
    if last is not None and last[0] is facts and last[1] == at and last[2] is request:
        verdict: Allow | Wait | Deny = last[3]
        return verdict
    verdict = _decided(request, facts, packs, at)
    packs.last_asked = (facts, at, request, verdict)
    return verdict


def _decided(
    request: ContactRequest, facts: PersonFacts, packs: Packs, at: datetime
) -> Allow | Wait | Deny:
    kind = _kind(request, facts)
    question: Question = packs.recall(kind) or _question(kind, facts, packs)
    moment = question.moment(request, facts, at)
    if moment is None:
        return _worked_out(Asked(request, facts, at), packs, question)
    counts = moment.counts(request, facts, at)
    if counts is None:
        return _worked_out(Asked(request, facts, at), packs, question)
    verdict = moment.said.get(counts)
    if verdict is None:
        verdict = moment.said[counts] = _worked_out(Asked(request, facts, at), packs, question)
    return verdict


def _worked_out(asked: Asked, packs: Packs, question: Question) -> Allow | Wait | Deny:
    """Ask every rule, at the moment asked for and at those to which they move it."""
    delays, counters = Delays(), dict[str, str]()
    era = packs.era(asked.days())
    binding = question.speaking(asked, era)
    while True:
        refused = [
            (each, lifts) for each in binding.refusing if (lifts := each.refuses(asked)) is not None
        ]
        if refused and not (delays and _begins_meanwhile(refused)):
            return _denied(refused, binding, counters, asked)
        if refused:
            break
        closes = binding.hours.open_until(asked)
        asking = binding.delaying if closes is None else binding.others
        moved = _moved(asking, asked, counters, delays)
        if moved == asked.at:
            break
        moved = _not_past_a_change(binding, asked, moved)
        if moved > asked.limit:
            return Deny(reasons=delays.reasons(), packs=binding.names, counters=counters)
        asked.move(moved)
        if (then := packs.era(asked.days())) != era:
            era, binding = then, question.speaking(asked, then)
    if not delays:
        expires = _expires(binding, asked)
        return Allow(packs=binding.names, counters=counters, expires=expires)
    return Wait(until=asked.at, reasons=delays.reasons(), packs=binding.names, counters=counters)


def _expires(binding: Binding, asked: Asked) -> datetime:
    """Until when a permit may be used: for a minute at most, and never past a closing time."""
    expires = min(asked.at + PERMIT, binding.hours.open_until(asked) or NEVER)
    for each in binding.others:
        if each.hours is not None and not each.silent(asked):
            closes = closing(each.hours, asked)
            if closes is not None and closes < expires:
                expires = closes
    return expires


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
        self._spans[rule] = self._spans.get(rule, NOTHING) + span
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
            delays.note(each, max(lawful - latest, NOTHING), at_once=first)
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
    for day in binding.changes:
        for name in asked.zones:
            change = midnight(day, name)
            if asked.at < change < moved:
                moved = change
    return moved


def _kind(request: ContactRequest, facts: PersonFacts) -> tuple[Hashable, ...]:
    """All by which people and requests differ for rules, apart from what is counted and dated."""
    person, asked = facts.__dict__, request.__dict__
    holds, opted_out, unreachable, wishes, milestones = _BESIDE(person)
    return (
        _OF_PERSON(person),
        _OF_REQUEST(asked),
        asked["content"] is None,
        not holds,
        opted_out,
        asked["channel"] in unreachable,
        not wishes,
        *map(_KIND, milestones),
    )


def _question(kind: tuple[Hashable, ...], facts: PersonFacts, packs: Packs) -> Question:
    """The question that this kind of person and request comes to: one for all who are bound alike.

    Most regions have no rules of their own.
    """
    theirs = tuple([pack for pack in packs if pack.applies_to.to(facts)])
    is_local = any("region" in pack.calendars for pack in theirs)
    alike = (
        Question,
        *[pack.name for pack in theirs],
        facts.regions if is_local else (),
        *kind[1:],
    )
    found: Question | None = packs.recall(alike)
    if found is None:
        found = Question(packs)
        packs.remember(alike, found)
    packs.remember(kind, found)
    return found


def binding_of(asked: Asked, packs: Packs) -> Binding:
    """The rules that speak at the candidate moment; the same for everybody who is alike."""
    request, facts, days = asked.request, asked.facts, asked.days()
    to = _OF_REQUEST(request.__dict__)
    return packs.once(facts, days, to, lambda: _bind(request, facts, packs, days))


def _bind(
    request: ContactRequest, facts: PersonFacts, packs: Packs, days: Sequence[date]
) -> Binding:
    now = packs.binding(facts, days)
    bound = [
        _bound(pack, rule, request, facts, packs)
        for pack in now
        for rule in pack.rules
        if _speaks(rule, request)
    ]
    bound.sort(key=lambda each: FORCES.index(each.rule.force))
    return _binding(
        tuple(pack.name for pack in now),
        [each for each in bound if each.refusal is not None],
        [each for each in bound if each.refusal is None],
        tuple(packs.changes(facts)),
    )


def _speaks(rule: AnyRule, request: ContactRequest) -> bool:
    return (
        request.channel in rule.channels
        and request.purpose in rule.purposes
        and (request.place in rule.places or request.may_be_anywhere)
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
        refusal=REFUSALS.get(type(rule)),
        conditional=bool(rule.when or rule.unless or may_answer),
        needs=_needs(rule),
    )


def _there(asked: Asked) -> frozenset[str]:
    """Kinds of fact that there are: most people lack most of them, and most rules need one."""
    facts = asked.facts
    kinds = {
        "holds": facts.holds,
        "opted_out": facts.opted_out,
        "unreachable": asked.request.channel in facts.unreachable,
        "wishes": facts.wishes,
        "content": asked.request.content,
    }
    names = {name for name, some in kinds.items() if some}
    return frozenset(names | {each.kind for each in facts.milestones})


def _needs(rule: AnyRule) -> frozenset[str]:
    """Kinds of fact without which a rule has nothing to say."""
    needs: set[str] = {each.milestone or "holds" for each in rule.when}
    match rule:
        case HoldRule():
            needs.add("holds")
        case OptOut():
            needs.add("opted_out")
        case ContentRule():
            needs.add("content")
        case Window(wishes=True) | PlaceChannel(wishes=True):
            needs.add("wishes")
        case PlaceChannel(unreachable=True):
            needs.add("unreachable")
        case Cooldown(after=MilestoneKind() as kind):
            needs.add(kind)
        case _:
            pass
    return frozenset(needs)
