"""For each of the eight kinds of rule: whether a contact broke it, and by how much.

Each function is told a rule that bound the contact, and answers None where it was kept.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from auditor.amounts import largest
from auditor.book import WEEKDAYS, Contact, Wish
from auditor.case import Case, concerns
from auditor.law import END_OF_DAY, Condition, Hours, Rule
from auditor.wording import lacks, tells

PURSUING = frozenset({"demand", "remedy notice"})
"""Purposes of messages that ask for every amount that they name."""


@dataclass(frozen=True, slots=True)
class Breach:
    """By how much a rule was broken, and which earlier contacts have a part in it."""

    by: str
    others: tuple[str, ...] = ()


def window(rule: Rule, case: Case) -> Breach | None:
    """Outside the hours of some zone."""
    if rule.wishes and not case.profile.wishes:
        return None
    for name in _zones(rule, case):
        local = case.local(name)
        hours = _hours_on(rule, case, local.date())
        clock = local.hour * 3600 + local.minute * 60 + local.second
        if not any(opens <= clock < closes for opens, closes in hours):
            return Breach(f"{local:%a %Y-%m-%d %H:%M:%S} in {name}: {_beyond(hours, clock)}")
    return None


def _zones(rule: Rule, case: Case) -> Iterable[str]:
    if rule.zones == "candidates":
        return case.zones
    if rule.zones == "residence":
        return case.profile.residence_zones or case.zones
    return (rule.zones,)


def _hours_on(rule: Rule, case: Case, day: date) -> Hours:
    if rule.wishes:
        return _wished(case.profile.wishes, day)
    if rule.holidays and case.law.is_holiday(rule.holidays, case.profile.regions, day.toordinal()):
        return rule.holiday_hours
    return rule.week[day.weekday()]


def _wished(wishes: Iterable[Wish], day: date) -> Hours:
    opens, closes = 0, END_OF_DAY
    name = WEEKDAYS[day.weekday()]
    for wish in wishes:
        if wish.until is not None and day > wish.until:
            continue
        if name in wish.never:
            return ()
        if name in wish.days:
            opens = max(opens, _second(wish.opens) if wish.opens else 0)
            closes = min(closes, _second(wish.closes) if wish.closes else END_OF_DAY)
    return ((opens, closes),)


def _second(clock: time) -> int:
    return clock.hour * 3600 + clock.minute * 60 + clock.second


def _beyond(hours: Hours, clock: int) -> str:
    if not hours:
        return "closed all day"
    early = [opens - clock for opens, _ in hours if opens > clock]
    late = [clock - closes for _, closes in hours if closes <= clock]
    near = min([*early, *late], default=0)
    return f"{timedelta(seconds=near)} {'too early' if near in early else 'too late'}"


def cap(rule: Rule, case: Case) -> Breach | None:
    """One more than the cap, in some zone, with this contact as the last of them."""
    if rule.tally is None or (rule.consent_days and _consented(rule, case, case.index)):
        return None
    for name, today in zip(case.zones, case.today, strict=True):
        first = _first_day(rule, today)
        before = [
            number
            for number in case.earlier(rule.tally, name, first)
            if not (rule.consent_days and _consented(rule, case, number))
        ]
        if len(before) >= rule.max:
            keys = tuple(case.story.contacts[number].key for number in reversed(before))
            since = date.fromordinal(first)
            return Breach(f"{len(before) + 1} since {since} in {name}, {rule.max} allowed", keys)
    return None


def _first_day(rule: Rule, today: int) -> int:
    if rule.calendar == "month":
        return today - date.fromordinal(today).day + 1
    if rule.calendar == "week":
        return today - date.fromordinal(today).weekday()
    return today - rule.days + 1


def _consented(rule: Rule, case: Case, number: int) -> bool:
    """Whether a contact lay inside a consent given to us that had not ended by then."""
    contacts = case.story.contacts
    other = contacts[number]
    for each in case.story.milestones.get("consent", ()):
        if not (
            each.direct
            and each.account in (None, case.contact.account)
            and (not each.channels or other.channel in each.channels)
            and each.at <= other.at
            and each.known_from <= case.contact.wall + case.story.overlap
            and (each.until is None or other.at < each.until)
        ):
            continue
        if _days_into(case, each.at, number) < rule.consent_days and not _talked(
            case, each.at, number
        ):
            return True
    return False


def _days_into(case: Case, start: datetime, number: int) -> int:
    ages = case.ages(start)
    passed = (
        today - case.story.days(name)[number]
        for name, today in zip(case.zones, case.today, strict=True)
    )
    return max(age - later for age, later in zip(ages, passed, strict=True))


def _talked(case: Case, start: datetime, number: int) -> bool:
    contacts = case.story.contacts
    end = contacts[number].at
    return any(
        each.status == "conversation"
        and each.channel != "letter"
        and start < each.at < end
        and concerns(each, case.contact.account)
        for each in contacts[:number]
    )


def cooldown(rule: Rule, case: Case) -> Breach | None:
    """Too soon after what asks for silence, in some zone."""
    silent = rule.days + rule.next_day
    if rule.tally is not None:
        for name, today in zip(case.zones, case.today, strict=True):
            for number in case.earlier(rule.tally, name, today - silent + 1):
                missing = silent - (today - case.story.days(name)[number])
                other = case.story.contacts[number].key
                return Breach(f"{missing} days too soon in {name}", (other,))
        return None
    for each in case.milestones(rule.after or "", case.contact.channel, against=True):
        missing = silent - min(case.ages(each.at))
        if missing > 0:
            return Breach(f"{missing} days too soon after {rule.after}")
    return None


def hold(rule: Rule, case: Case) -> Breach | None:
    """While such a hold stood on the whole debt."""
    named = {each.hold for each in case.holds if each.part is None and each.hold in rule.holds}
    if not named:
        return None
    if case.contact.purpose in rule.once:
        used = _same_purpose_before(case)
        return Breach("allowed once, and used before", (used,)) if used else None
    return Breach(f"under hold: {', '.join(sorted(named))}")


def _same_purpose_before(case: Case) -> str | None:
    contact = case.contact
    for each in case.story.contacts[: case.index]:
        if each.purpose == contact.purpose and not each.inbound and concerns(each, contact.account):
            return each.key
    return None


def optout(rule: Rule, case: Case) -> Breach | None:
    """After the person had closed this channel, or another that closes it, too."""
    channel, address = case.contact.channel, case.contact.address
    for each in case.refusals(case.story.person.optouts):
        if each.address and address and each.address != address:
            continue
        if rule.reaches is None:
            closes = each.channel in (None, channel)
        else:
            named = rule.reaches if each.channel is None else {each.channel}
            closes = any(channel in rule.reaches.get(one, ()) for one in named)
        if closes:
            return Breach(f"opted out {case.contact.wall - each.known_from} before")
    return None


def require(rule: Rule, case: Case) -> Breach | None:
    """Without what has to be there first."""
    missing = [each for each in rule.all if not case.met(each)]
    if rule.any and not any(case.met(each) for each in rule.any):
        missing += rule.any
    if not missing:
        return None
    return Breach("without " + " or ".join(map(_described, missing)))


def _described(condition: Condition) -> str:
    words = condition.milestone or f"hold {condition.hold}"
    if condition.within is not None:
        words += f" within {condition.within} days"
    if condition.older is not None:
        words += f" more than {condition.older} days ago"
    return words


def place_channel(rule: Rule, case: Case) -> Breach | None:
    """Through a channel, at a place, to a recipient or dialled in a way that is closed."""
    contact = case.contact
    if rule.unreachable:
        return _unreachable(case)
    if not rule.wishes:
        return Breach(f"{contact.channel}, {contact.place}, {contact.recipient}, {contact.dial}")
    for wish in case.profile.wishes:
        if wish.until is not None and min(case.today) > wish.until.toordinal():
            continue
        if contact.place in wish.not_at:
            return Breach(f"wished not to be contacted at {contact.place}")
        if wish.only and contact.channel not in wish.only:
            return Breach(f"wished to be contacted by {', '.join(sorted(wish.only))} only")
    return None


def _unreachable(case: Case) -> Breach | None:
    contact = case.contact
    if contact.channel in case.profile.unreachable:
        return Breach(f"no working address for {contact.channel}")
    for each in case.refusals(case.story.person.dead):
        if each.channel == contact.channel and each.address in (None, contact.address):
            return Breach("the address was known to be dead")
    return None


def content(rule: Rule, case: Case) -> Breach | None:
    """With words that are missing or forbidden, or asking for what is held."""
    faults = _words(rule, case, case.contact.text) if case.contact.text is not None else []
    if rule.undisputed:
        faults += _too_much(case)
    return Breach("; ".join(faults)) if faults else None


def _words(rule: Rule, case: Case, text: str) -> list[str]:
    name, language = case.story.person.creditor_name, case.profile.language
    phrases = case.law.phrases
    return [
        f"does not say: {each}"
        for each in sorted(rule.must_have)
        if lacks(each, text, phrases=phrases, name=name, language=language)
    ] + [f"says: {each}" for each in sorted(rule.must_not) if tells(each, text)]


def _too_much(case: Case) -> list[str]:
    demanded, owed = _demanded(case.contact), case.contact.owed
    held = sum(each.part or 0 for each in case.holds)
    if demanded is None or owed is None or not held or demanded <= owed - held:
        return []
    return [f"asks for {demanded - owed + held} minor units that are held"]


def _demanded(contact: Contact) -> int | None:
    """Minor units that it asks for, by its words, too; an answer may name the whole debt."""
    named = largest(contact.text, contact.currency) if contact.purpose in PURSUING else None
    return max((each for each in (contact.demanded, named) if each is not None), default=None)


KINDS: dict[str, Callable[[Rule, Case], Breach | None]] = {
    "window": window,
    "cap": cap,
    "cooldown": cooldown,
    "hold": hold,
    "optout": optout,
    "require": require,
    "place_channel": place_channel,
    "content": content,
}
