"""A law joined with new packs: what is in force when, and what changes by it, told to people."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date

from compliance.calendars import Calendar
from compliance.money import Addition, Allocation, MoneyRule
from compliance.overlays import tightened
from compliance.packs import Pack, PackError, Packs
from compliance.rules import AnyRule, Part, Period, Retention
from compliance.sentences import (
    bound,
    disclosure_sentence,
    money_sentence,
    period_sentence,
    plural,
    retention_sentence,
    sentence,
    shown,
)


def merged(packs: Packs, new: Iterable[Pack], calendars: Iterable[Calendar] = ()) -> Packs:
    """The packs with new ones, and calendars, joined to them.

    A version takes the place of whatever its own dates cover: one that began earlier stays and
    ends on the day on which the new one begins, one that begins then or later makes room for it.
    What overlays make stricter is worked out anew. PackError for a version that is there already
    and says something else, and for an overlay that would loosen.
    """
    known = [_as_written(pack) for pack in packs]
    for pack in sorted(new, key=lambda each: each.effective_from):
        known = _joined(known, _as_written(pack))
    dates = dict(packs.calendars) | {each.id: each for each in calendars}
    return tightened(Packs(known, dates.values()))


def _as_written(pack: Pack) -> Pack:
    """The pack as its file has it: without the rules that its own tightenings made."""
    made = {f"{each.rule}/{pack.id}" for each in pack.tightens}
    if not made:
        return pack
    kept = tuple(rule for rule in pack.rules if rule.id not in made)
    return pack.model_copy(update={"rules": kept})


def _joined(known: Sequence[Pack], new: Pack) -> list[Pack]:
    same = next((each for each in known if each.name == new.name), None)
    if same is not None:
        if not _says_the_same(same, new, known):
            raise PackError(
                f"{new.name}: this version is in force already and says something else:"
                " expected a new version"
            )
        return list(known)
    joined, last = list[Pack](), len(known)
    for each in known:
        if each.id == new.id and each.effective_from < new.effective_from:
            last = len(joined) + 1
        elif each.id == new.id:
            last = min(last, len(joined))
        left = each if each.id != new.id else _made_room(each, new)
        joined += [left] if left is not None else []
    return [*joined[:last], new, *joined[last:]]


def _says_the_same(same: Pack, new: Pack, known: Sequence[Pack]) -> bool:
    """Whether they are one, but for an end that came from a later version."""
    if same == new:
        return True
    followed = any(
        each.id == same.id and each.effective_from == same.effective_to for each in known
    )
    ends = {"effective_to": same.effective_to}
    return followed and same == new.model_copy(update=ends)


def _made_room(old: Pack, new: Pack) -> Pack | None:
    """What is left of a version beside a new one of the same id."""
    ends = new.effective_to or date.max
    if (old.effective_to or date.max) <= new.effective_from or old.effective_from >= ends:
        return old
    if old.effective_from < new.effective_from:
        return old.model_copy(update={"effective_to": new.effective_from})
    if (old.effective_to or date.max) > ends:
        raise PackError(
            f"{new.name}: effective_to {new.effective_to} lies inside {old.name}, which begins on"
            f" {old.effective_from}: expected {old.effective_from}, or no effective_to"
        )
    return None


def changes(old: Packs, new: Packs) -> list[str]:
    """What differs between two laws, pack by pack and field by field, in lines for people."""
    before = {pack.name: pack for pack in old}
    after = {pack.name: pack for pack in new}
    lines = list[str]()
    for name in sorted({*before, *after}):
        match before.get(name), after.get(name):
            case Pack() as pack, None:
                lines += _gone(pack, after.values())
            case None, Pack() as pack:
                lines += _came(pack, before.values(), after.values())
            case Pack() as was, Pack() as now:
                lines += _within(was, now)
    return lines + _calendars(old, new)


def _within(was: Pack, now: Pack) -> list[str]:
    """What differs inside one version: its end, or else what nobody should have changed."""
    ended = was.model_copy(update={"effective_to": now.effective_to})
    lines = (
        [f"{was.name} now {_until(now)} (it {_until(was)})"] if _until(was) != _until(now) else []
    )
    inside = _differences(ended, now)
    return [*lines, f"{was.name} changed within its version", *inside] if inside else lines


def _gone(pack: Pack, after: Iterable[Pack]) -> list[str]:
    if any(each.id == pack.id and each.effective_from <= pack.effective_from for each in after):
        return []  # the version that took its place says so
    rules = ", ".join(each.id for name in ITEMS for each in getattr(pack, name)) or "none"
    words = [f"  words removed: {disclosure_sentence(each)}" for each in pack.disclosures]
    return [f"{pack.name} removed, with its rules: {rules}", *words]


def _came(pack: Pack, before: Iterable[Pack], after: Collection[Pack]) -> list[str]:
    latest = _forerunner(pack, before, {each.name for each in after})
    if latest is None:
        head = (
            f"{pack.name} added: {pack.title}; in force from {pack.effective_from}, {_until(pack)}"
        )
        return [head, f"  binds {bound(pack.applies_to)}", *_all_of(pack)]
    stays = latest.name in {each.name for each in after}
    verb = f"follows {latest.name} on" if stays else f"takes the place of {latest.name} from"
    head = f"{pack.name} {verb} {pack.effective_from}, {_until(pack)}"
    return [head, *_differences(latest, pack)]


def _forerunner(pack: Pack, before: Iterable[Pack], kept: Collection[str]) -> Pack | None:
    """The version before it, or the one whose place it takes."""
    same = [each for each in before if each.id == pack.id]
    earlier = [each for each in same if each.effective_from <= pack.effective_from]
    replaced = [each for each in same if each.name not in kept]
    return max(earlier or replaced, key=lambda each: each.effective_from, default=None)


def _until(pack: Pack) -> str:
    return f"ends on {pack.effective_to}" if pack.effective_to else "has no end"


ITEMS = ("rules", "money", "periods", "retention")
BESIDE = {"id", "version", "effective_from", "effective_to", "tightens", "disclosures", *ITEMS}


def _differences(was: Pack, now: Pack) -> list[str]:
    """Fields of the pack, then each of its rules, periods and retentions."""
    lines = [
        f"  {_pack_field(name, was, now)}"
        for name in Pack.model_fields
        if name not in BESIDE and getattr(was, name) != getattr(now, name)
    ]
    for items in ITEMS:
        lines += _by_id(getattr(was, items), getattr(now, items))
    return lines + _carried(was, now)


def _pack_field(name: str, was: Pack, now: Pack) -> str:
    match name:
        case "applies_to":
            return f"binds {bound(was.applies_to)} -> {bound(now.applies_to)}"
        case "notes":
            return "notes changed"
        case _:
            return f"{name} {getattr(was, name)} -> {getattr(now, name)}"


def _all_of(pack: Pack) -> list[str]:
    """All that a new pack holds, in words."""
    items = [each for name in ITEMS for each in getattr(pack, name)]
    return [f"  {each.id} added: {_said(each)}" for each in items] + [
        f"  words added: {disclosure_sentence(each)}" for each in pack.disclosures
    ]


def _carried(was: Pack, now: Pack) -> list[str]:
    """What messages carry no longer, and what they carry now."""
    gone = [each for each in was.disclosures if each not in now.disclosures]
    came = [each for each in now.disclosures if each not in was.disclosures]
    return [f"  words removed: {disclosure_sentence(each)}" for each in gone] + [
        f"  words added: {disclosure_sentence(each)}" for each in came
    ]


Item = AnyRule | MoneyRule | Period | Retention


def _by_id(was: Iterable[Item], now: Iterable[Item]) -> list[str]:
    before, after = {each.id: each for each in was}, {each.id: each for each in now}
    lines = list[str]()
    for name in [*after, *(gone for gone in before if gone not in after)]:
        match before.get(name), after.get(name):
            case None, added if added is not None:
                lines.append(f"  {name} added: {_said(added)}")
            case removed, None if removed is not None:
                lines.append(f"  {name} removed: {removed.says}")
            case old, new if old is not None and new is not None:
                lines += _fields(name, old, new)
    return lines


def _said(item: Item) -> str:
    match item:
        case Period():
            return period_sentence(item)
        case Retention():
            return retention_sentence(item)
        case Allocation() | Addition():
            return money_sentence(item)
        case _:
            return sentence(item)


def _fields(name: str, was: Part, now: Part) -> list[str]:
    """Each field in which two versions of a rule differ."""
    names = dict.fromkeys([*type(was).model_fields, *type(now).model_fields])
    return [
        f"  {name}: {field} {_one(was, field)} -> {_one(now, field)}"
        for field in names
        if getattr(was, field, None) != getattr(now, field, None)
    ]


def _one(part: Part, field: str) -> str:
    return shown(getattr(part, field, None))


def _calendars(old: Packs, new: Packs) -> list[str]:
    """What differs in the holidays, day by day."""
    lines = list[str]()
    for name in sorted({*old.calendars, *new.calendars}):
        match old.calendars.get(name), new.calendars.get(name):
            case None, Calendar() as now:
                years = f"{now.first_year} to {now.last_year}"
                lines.append(
                    f"calendar {name} added: {plural(len(now.days), 'day')}, knows {years}"
                )
            case Calendar(), None:
                lines.append(f"calendar {name} removed")
            case Calendar() as was, Calendar() as now:
                lines += _days(was, now)
    return lines


def _days(was: Calendar, now: Calendar) -> list[str]:
    lines = [
        f"calendar {now.id}: {day} {word} ({calendar.days[day]})"
        for day in sorted(was.days.keys() ^ now.days.keys())
        for word, calendar in [("added", now) if day in now.days else ("removed", was)]
    ]
    if (was.first_year, was.last_year) != (now.first_year, now.last_year):
        lines.append(f"calendar {now.id}: knows {now.first_year} to {now.last_year}")
    return lines
