"""Rules in words: one English sentence that says what a rule does, made from its data alone."""

from collections.abc import Iterable
from enum import Enum
from typing import Any, Literal, assert_never

from compliance.money import Allocation, MoneyRule
from compliance.packs import Applies
from compliance.refusals import described
from compliance.rules import (
    DAYS,
    AnyRule,
    Cap,
    Condition,
    ContentRule,
    Cooldown,
    Counting,
    Disclosure,
    HoldRule,
    OptOut,
    Period,
    PlaceChannel,
    Require,
    Retention,
    Rule,
    Span,
    Window,
)
from domain.contacts import CONTACTING, Channel, Count, Dial, Place, Purpose, Recipient
from domain.people import WEEK, MilestoneKind

CHANNELS = {
    Channel.SMS: "text message",
    Channel.EMAIL: "e-mail",
    Channel.VOICE: "call",
    Channel.LETTER: "letter",
    Channel.CHAT: "chat message",
    Channel.WHATSAPP: "WhatsApp message",
    Channel.VISIT: "visit",
}
SCOPES = {
    "person": "with a person",
    "account": "about a debt",
    "address": "to a number or mailbox",
    "channel": "with a person on a channel",
}
COUNTED = {
    Count.PLACED: "",
    Count.CONNECTED: "that connected",
    Count.COULD_LEAVE_MESSAGE: "that could have left a message",
    Count.MADE: "that reached somebody",
    Count.DELIVERED: "that were delivered",
    Count.CONVERSATION: "in which we talked",
}
MARKS = {
    "V": "law read",
    "S": "secondary source",
    "M": "from memory",
    "P": "our policy, not law",
}
"""How sure we are of a rule."""

LEGEND = ", ".join(f"{mark} {words}" for mark, words in MARKS.items())

ListedSet = frozenset[Any]


def sentence(rule: AnyRule) -> str:
    """What the rule does, in one sentence."""
    return "; ".join([_clause(rule), *_limits(rule)]) + "."


def period_sentence(period: Period) -> str:
    """What a period does, in one sentence."""
    kind = "business" if period.business_days else "calendar"
    closed = f" (holidays: {', '.join(period.holidays)})" if period.holidays else ""
    return (
        f"{_capital(period.ends)} {plural(period.days, 'day')} after receipt, which is assumed"
        f" {plural(period.receipt_days, f'{kind} day')}{closed} after: {period.of}."
    )


def money_sentence(rule: MoneyRule) -> str:
    """What a rule about money does: "A payment pays costs owed, then interest owed, …"."""
    whose = f" owed to {', '.join(rule.sectors)}" if rule.sectors else ""
    if isinstance(rule, Allocation):
        return f"A payment on what is{whose or ' owed'} pays {', then '.join(rule.order)}."
    while_held = f" while a hold stands for {rule.hold}" if rule.hold else ""
    if not rule.allowed:
        return f"No {rule.kind} may be added to what is{whose or ' owed'}{while_held}."
    most = "" if rule.most is None else f", at most {rule.most} % a year"
    what = f"{_capital(rule.kind)} may be added to what is{whose or ' owed'}{while_held}"
    return f"{what} as far as the contract says{most}."


def disclosure_sentence(each: Disclosure) -> str:
    """What a message must carry: "Text message carries, for …: opt-out ("…")"."""
    first = ", in the first one about a debt" if each.first else ""
    place = f" in place of {each.instead_of}" if each.instead_of else ""
    only = f", only if {_facts(each.when, 'and')}" if each.when else ""
    words = "; ".join(f'{language} "{said}"' for language, said in sorted(each.words.items()))
    subject = _capital(_channels(each.channels)) + _purposes(each.purposes)
    return f"{subject}{first}{only}: {each.says}{place}, {words}"


def bound(to: Applies) -> str:
    """Whom a pack binds, in words."""
    parts = [", ".join(to.regions or to.countries) or "everybody"]
    parts += [f"{', '.join(to.actors)} only"] if to.actors else []
    parts += [f"owed to {', '.join(to.sectors)} only"] if to.sectors else []
    parts += [f"of {', '.join(to.creditors)}"] if to.creditors else []
    return "; ".join(parts)


def retention_sentence(rule: Retention) -> str:
    """How long something is kept, in one sentence."""
    start = "the last activity" if rule.after == "last activity" else "they were made"
    return f"{_capital(rule.keeps)}: kept {plural(rule.years, 'year')} after {start}."


def shown(value: object) -> str:  # noqa: PLR0911 -- one line for each kind of value
    """A value of a rule's field as people read it."""
    match value:
        case Span():
            return f"{value.opens:%H:%M}-{_closing(value)}"
        case Enum():
            return str(value.value)
        case Condition():
            return described(value)
        case Counting():
            return _counted(value)
        case frozenset():
            return ", ".join(sorted(map(shown, value))) or "nothing"
        case tuple():
            return ", ".join(map(shown, value)) or "nothing"
        case dict():
            named = sorted(value.items(), key=lambda each: _day_order(shown(each[0])))
            return "; ".join(f"{shown(key)} {shown(each)}" for key, each in named)
        case None:
            return "nothing"
        case bool():
            return "yes" if value else "no"
        case _:
            return str(value)


def _clause(rule: AnyRule) -> str:  # noqa: PLR0911 -- one line for each of the eight kinds
    subject = _subject(rule)
    match rule:
        case Window():
            return f"{_capital(subject)} only {_hours(rule)}"
        case Cap():
            return _cap(rule, subject)
        case Cooldown():
            started = "that day is day 1" if rule.first_day == "that day" else "from the next day"
            trigger = _trigger(rule.after)
            return f"No {subject} for {plural(rule.days, 'day')} after {trigger} ({started})"
        case HoldRule():
            once = f", but for a single {_any_of(rule.once)}" if rule.once else ""
            return f"No {subject} while a hold stands for {_any_of(rule.holds)}{once}"
        case OptOut():
            return f"No {subject} once the person has opted out of {_closed(rule)}"
        case Require():
            return f"No {subject} unless {_required(rule)}"
        case PlaceChannel():
            return _place(rule, subject)
        case ContentRule():
            return f"{_capital(subject)} {' and '.join(_contents(rule))}"
        case _:
            assert_never(rule)


def _limits(rule: Rule) -> list[str]:
    limits = [f"only if {_facts(rule.when, 'and')}"] if rule.when else []
    if rule.unless:
        limits.append(f"not if {_facts(rule.unless, 'or')}")
    if rule.unless_answering:
        limits.append("the first reply to a contact that the person began is free")
    return limits


def _facts(conditions: Iterable[Condition], joint: Literal["or", "and"]) -> str:
    return f"on record: {_either(map(described, conditions), joint)}"


def _subject(rule: Rule) -> str:
    """What the rule binds: channels, purposes, recipients, places and ways to dial."""
    return "".join(
        (
            _channels(rule.channels),
            _purposes(rule.purposes),
            _part(rule.recipients, frozenset(Recipient), " to ").replace("anything", "anybody"),
            _part(rule.places, frozenset(Place), " at "),
            _part(rule.dials, frozenset(Dial), " by way of "),
        )
    )


def _channels(channels: frozenset[Channel]) -> str:
    others = frozenset(Channel) - channels
    if not others:
        return "contact"
    if len(others) <= 2 and len(channels) > 2:  # noqa: PLR2004 -- what is left out is said sooner
        named = _either(f"{CHANNELS[each]}s" for each in Channel if each in others)
        return f"contact (except {named})"
    return _either(CHANNELS[each] for each in Channel if each in channels)


def _purposes(purposes: frozenset[Purpose]) -> str:
    left_out, beside = CONTACTING - purposes, purposes - CONTACTING
    if len(left_out) >= len(purposes):
        return f" for {_any_of(purposes)}"
    words = f" for anything but {_any_of(left_out)}" if left_out else ""
    return words + (f", or {_any_of(beside)}," if beside else "")


def _part(given: ListedSet, everything: ListedSet, before: str) -> str:
    """Those that are bound, or those that are not, whichever is said sooner; nothing for all."""
    left_out = everything - given
    if not left_out:
        return ""
    if len(left_out) == 1 and len(given) > 1:
        return f"{before}anything but {_any_of(left_out)}"
    return f"{before}{_any_of(given)}"


def _hours(rule: Window) -> str:
    if rule.wishes:
        return "at the times for which the person wished"
    days = "; ".join(
        f"{_days(name, rule)} {shown(spans) if spans else 'closed'}"
        for name, spans in sorted(rule.spans.items(), key=lambda each: _day_order(each[0]))
    )
    return f"{days}, by the clock {_zones(rule)}"


def _day_order(name: str) -> tuple[int, int]:
    """More days before fewer, then by the week; holidays, and what names no days, last."""
    days = DAYS.get(name, ())
    return (-len(days), WEEK.index(days[0]) if days else 0)


def _zones(rule: Window) -> str:
    match rule.zones:
        case "candidates":
            return "of every place where the person may be"
        case "residence":
            return "of the person's stated address"
        case name:
            return f"of {name}"


def _days(name: str, rule: Window) -> str:
    if name == "holiday":
        return f"holidays ({', '.join(rule.holidays)})"
    return "every day" if name == "all" else name


def _closing(span: Span) -> str:
    closes = f"{span.closes:%H:%M}"
    return "24:00" if closes == "00:00" else closes


def _cap(rule: Cap, subject: str) -> str:
    window = f"in {plural(rule.days, 'consecutive day')}" if rule.days else ""
    window = f"in a calendar {rule.calendar}" if rule.calendar else window
    window = "a day" if rule.days == 1 else window
    consent = rule.consent_days
    free = f", without those in the {consent} days after a consent" if consent else ""
    if rule.max == 0:
        return f"No {subject} at all"
    counted = f", counting {_counted(rule.counts, rule)}{free}"
    return f"{_capital(subject)}: at most {rule.max} {window}{counted}"


def _counted(counting: Counting, rule: Rule | None = None) -> str:
    """What counts; what counts just as the rule binds is not said again."""
    theirs = () if rule is None else (rule.purposes, rule.places, rule.dials)
    parts = (
        _counted_channels(counting, rule),
        f" {COUNTED[counting.count]}" if COUNTED[counting.count] else "",
        f" {SCOPES[counting.scope]}",
        "" if counting.purposes in theirs else _purposes(counting.purposes),
        "" if counting.places in theirs else _part(counting.places, frozenset(Place), " at "),
        "" if counting.dials in theirs else _part(counting.dials, frozenset(Dial), " by way of "),
        ", whoever began" if counting.inbound else "",
        "" if counting.solicited else ", unless the person asked for it",
    )
    return "".join(parts)


def _counted_channels(counting: Counting, rule: Rule | None) -> str:
    if rule is not None and rule.channels == counting.channels:
        return "each of them"
    return f"each {_channels(counting.channels)}"


def _trigger(after: Counting | MilestoneKind) -> str:
    return _counted(after) if isinstance(after, Counting) else f"the day of: {after}"


def _closed(rule: OptOut) -> str:
    if not rule.reaches:
        return "it"
    return _either(CHANNELS[each] for each in rule.reaches)


def _required(rule: Require) -> str:
    every = " and ".join(map(described, rule.all))
    one = " or ".join(map(described, rule.any))
    both = f"{every} and ({one})" if every and one else every or one
    return f"on record: {both}"


def _place(rule: PlaceChannel, subject: str) -> str:
    if rule.unreachable:
        return f"No {subject} without a working address"
    if rule.wishes:
        return f"No {subject} that the person wished not to get"
    return f"No {subject} at all"


def _contents(rule: ContentRule) -> list[str]:
    parts = [f"must say: {_any_of(rule.must_have, 'and')}"] if rule.must_have else []
    parts += [f"must not say: {_any_of(rule.must_not)}"] if rule.must_not else []
    parts += ["must not ask for a part on which something is held"] if rule.undisputed else []
    return parts


def _any_of(values: ListedSet, joint: Literal["or", "and"] = "or") -> str:
    kinds = {type(each): each for each in values}
    order = [str(each.value) for kind in kinds for each in kind]
    return _either(sorted((str(each.value) for each in values), key=order.index), joint)


def _either(words: Iterable[str], joint: Literal["or", "and"] = "or") -> str:
    *most, last = words
    return f"{', '.join(most)} {joint} {last}" if most else last


def plural(number: int, unit: str) -> str:
    """A number of things: "1 day", "2 days"."""
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
