"""Rules that delay: windows, caps and cooldowns. Each gives the first instant that it allows."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import assert_never

from compliance.asked import MIDNIGHT, Asked, instant_of
from compliance.calendars import Calendar
from compliance.facts import PastContact
from compliance.rules import Cap, Condition, Cooldown, Counting, Span, Window
from domain.contacts import Channel
from domain.people import WEEK, MilestoneKind, Wish
from domain.time import midnight, zone

DAY = timedelta(days=1)
NEVER = datetime.max.replace(tzinfo=UTC)
CONVERSATION = Counting.model_validate({"count": "conversation", "inbound": True})

MOST_DAYS = 10_000
"""Days for which a window is kept in mind before all are forgotten."""

Clocks = tuple[tuple[time, time], ...]
Ends = tuple[tuple[time, time, datetime], ...]


class Hours:
    """A window's spans, worked out once for every day of the week."""

    __slots__ = ("_calendars", "_ends", "_holiday", "_week", "_zones", "openings", "wishes")

    def __init__(
        self, rule: Window, regions: Sequence[str], calendars: Mapping[str, Calendar]
    ) -> None:
        """Prepare a window for people of these regions."""
        self.wishes = rule.wishes
        """Whether the spans are those that the person wished for."""
        self._zones = rule.zones
        self._ends: dict[tuple[date, str], Ends] = {}
        self.openings: dict[tuple[datetime, tuple[str, ...]], datetime] = {}
        """The next opening after an instant, by the zones it has to be open in."""
        self._week = tuple(_clocks(rule.week.get(day, ())) for day in WEEK)
        self._holiday = _clocks(rule.spans.get("holiday", ()))
        names = [
            name
            for each in rule.holidays
            for name in (regions if each == "region" else (each,))
            if name in calendars
        ]
        self._calendars = tuple(calendars[name] for name in names)

    def on(self, day: date, wishes: Sequence[Wish]) -> Clocks:
        """When contact is possible on a day; nothing if it is closed, or nobody knows."""
        if self.wishes:
            return _wished(day, wishes)
        if self._calendars and any(
            day in calendar.dates or not calendar.knows(day) for calendar in self._calendars
        ):
            return self._holiday
        return self._week[day.weekday()]

    def ends(self, day: date, zone_name: str, wishes: Sequence[Wish]) -> Ends:
        """The spans of a day, each with the instant at which it closes in that zone."""
        if self.wishes:
            return _ending(self.on(day, wishes), day, zone_name)
        found = self._ends.get((day, zone_name))
        if found is None:
            if len(self._ends) >= MOST_DAYS:
                self._ends.clear()
            found = _ending(self.on(day, ()), day, zone_name)
            self._ends[day, zone_name] = found
        return found

    @property
    def is_plain(self) -> bool:
        """Whether it is the same for everybody, wherever they may be."""
        return not self.wishes and self._zones == "candidates"

    def zones(self, asked: Asked) -> tuple[str, ...]:
        """The zones in which it has to be open."""
        match self._zones:
            case "candidates":
                return asked.zones
            case "residence":
                return asked.facts.residence_zones or asked.zones
            case fixed:
                return (fixed,)


class CommonHours:
    """The spans in which several plain windows are open at once, worked out once for each day."""

    __slots__ = ("_days", "_windows")

    def __init__(self, windows: Sequence[Hours]) -> None:
        """Join windows of which `is_plain` is true."""
        self._windows = windows
        self._days: dict[tuple[date, str], Ends] = {}

    def open_until(self, asked: Asked) -> datetime | None:
        """When the first of them closes; None if one of them is closed now in some zone."""
        until = NEVER
        for name in asked.zones:
            day, clock = asked.wall(name)
            for opens, closes, ends in self._days.get((day, name)) or self._on(day, name):
                if opens <= clock and (clock < closes or closes == MIDNIGHT):
                    if ends < until and closes != MIDNIGHT:
                        until = ends
                    break
            else:
                return None
        return until

    def _on(self, day: date, zone_name: str) -> Ends:
        if len(self._days) >= MOST_DAYS:
            self._days.clear()
        shared: Clocks = ((MIDNIGHT, MIDNIGHT),)
        for each in self._windows:
            shared = _shared(shared, each.on(day, ()))
        found = self._days[day, zone_name] = _ending(shared, day, zone_name)
        return found


def _shared(one: Clocks, other: Clocks) -> Clocks:
    """What two windows leave open of a day. 00:00 is the end of the day where a span closes."""
    spans = [
        (max(opens, begins), _earlier(closes, ends))
        for opens, closes in one
        for begins, ends in other
    ]
    return tuple((opens, closes) for opens, closes in spans if opens < closes or closes == MIDNIGHT)


def _ending(clocks: Clocks, day: date, zone_name: str) -> Ends:
    return tuple((opens, closes, instant_of(day, closes, zone_name)) for opens, closes in clocks)


def _clocks(spans: Iterable[Span]) -> Clocks:
    return tuple(sorted((span.opens, span.closes) for span in spans))


def _wished(day: date, wishes: Sequence[Wish]) -> Clocks:
    """What all wishes leave open of a day."""
    name, opens, closes = WEEK[day.weekday()], time(0), time(0)
    for wish in wishes:
        if wish.until is not None and wish.until < day:
            continue
        if name in wish.never:
            return ()
        if name in wish.days:
            opens = max(opens, wish.opens or opens)
            closes = _earlier(closes, wish.closes)
    return ((opens, closes),) if closes == time(0) or opens < closes else ()


def _earlier(closes: time, wished: time | None) -> time:
    """The earlier of two ends of a span, of which 00:00 is the end of the day."""
    return min((each for each in (closes, wished) if each not in {None, time(0)}), default=closes)


def inside(hours: Hours, asked: Asked) -> datetime:
    """The first instant from now on that lies inside the window in every zone it speaks of."""
    zones, wishes = hours.zones(asked), asked.facts.wishes
    if hours.wishes and not wishes:
        return asked.at
    for name in zones:
        if not _open(hours, wishes, *asked.wall(name)):
            return _next_opening(hours, asked, zones)
    return asked.at


def _next_opening(hours: Hours, asked: Asked, zones: tuple[str, ...]) -> datetime:
    """As `inside`, for an instant outside. Most wait from a midnight, and all to one morning."""
    limit = asked.limit
    known = None if hours.wishes else hours.openings.get((asked.at, zones))
    if known is not None and known <= limit:
        return known
    at, wishes = asked.at, asked.facts.wishes
    while at <= limit:
        pushed = max([_opening(hours, wishes, name, at, limit) for name in zones])
        if pushed == at:
            break
        at = pushed
    if at <= limit and not hours.wishes:
        if len(hours.openings) >= MOST_DAYS:
            hours.openings.clear()
        hours.openings[asked.at, zones] = at
    return at


def _open(hours: Hours, wishes: Sequence[Wish], day: date, clock: time) -> bool:
    for opens, closes in hours.on(day, wishes):
        if opens <= clock and (clock < closes or closes == MIDNIGHT):
            return True
    return False


def _opening(
    hours: Hours, wishes: Sequence[Wish], zone_name: str, at: datetime, limit: datetime
) -> datetime:
    """The first instant from `at` on that is inside a span in this zone; else one past `limit`."""
    local = at.astimezone(zone(zone_name))
    day = local.date()
    if _open(hours, wishes, day, local.time()):
        return at
    while True:
        for opens, _ in hours.on(day, wishes):
            start = instant_of(day, opens, zone_name)
            if start > at:
                return start
        day += DAY
        if midnight(day, zone_name) > limit:
            return limit + DAY


def closing(hours: Hours, asked: Asked) -> datetime | None:
    """When the span closes that now lies in, in the zone that closes first; None if it is over."""
    first = None
    for name in hours.zones(asked):
        day, clock = asked.wall(name)
        for opens, closes, ends in hours.ends(day, name, asked.facts.wishes):
            if opens <= clock < closes and (first is None or ends < first):
                first = ends
    return first


def under_cap(rule: Cap, asked: Asked) -> tuple[datetime, int]:
    """The first instant from now on at which one more contact keeps under the cap in every zone.

    With it, how many are used up now. A contact blocks from its own date on; midnight ends the
    block, and windows then push to opening (12 CFR 1006.14(b)(2): the day of the event is day 1).
    """
    if rule.consent_days and _in_consent(rule, asked, asked.at, asked.request.channel):
        return asked.at, 0
    if not asked.contacts and rule.max > 0:
        return asked.at, 0
    counted: Sequence[PastContact] = asked.counted(rule.counts, cap_begins(rule, asked))
    if rule.consent_days and counted:
        counted = [each for each in counted if not _in_consent(rule, asked, each.at, each.channel)]
    if len(counted) < rule.max:
        return asked.at, len(counted)
    if len(asked.zones) == 1:
        return _free(rule, counted, asked.zones[0], asked)
    frees = [_free(rule, counted, name, asked) for name in asked.zones]
    return max(free for free, _ in frees), max(used for _, used in frees)


def cap_begins(rule: Cap, asked: Asked) -> datetime:
    """When the window of a cap begins, in the zone where it begins first."""
    calendar, days = rule.calendar, rule.days
    starts = [_begins(calendar, days, asked.today(name), name) for name in asked.zones]
    return min(starts) if len(starts) > 1 else starts[0]


@lru_cache(maxsize=65_536)
def _begins(calendar: str | None, days: int | None, today: date, zone_name: str) -> datetime:
    """When the window of a cap begins of which `today` is the latest day, in that zone."""
    match calendar:
        case "month":
            first = today.replace(day=1)
        case "week":
            first = today - timedelta(days=today.weekday())
        case _:
            first = today - timedelta(days=(days or 1) - 1)
    return midnight(first, zone_name)


def _free(
    rule: Cap, counted: Sequence[PastContact], zone_name: str, asked: Asked
) -> tuple[datetime, int]:
    """When one more fits under the cap in this zone, and how many are used."""
    today = asked.today(zone_name)
    start = _begins(rule.calendar, rule.days, today, zone_name)
    inside = [each for each in counted if each.at >= start]
    if len(inside) < rule.max:
        return asked.at, len(inside)
    if rule.max == 0:
        return asked.limit + DAY, len(inside)
    day = inside[-rule.max].at.astimezone(zone(zone_name)).date()
    frees = midnight(_frees(rule, day, today), zone_name)
    return max(asked.at, frees).astimezone(UTC), len(inside)


def _frees(rule: Cap, day: date, today: date) -> date:
    """The first day on which a contact of that day no longer counts."""
    latest = max(day, today)
    match rule.calendar:
        case "month":
            return (latest.replace(day=28) + timedelta(days=4)).replace(day=1)
        case "week":
            return latest + timedelta(days=7 - latest.weekday())
        case _:
            return day + timedelta(days=rule.days or 1)


def _in_consent(rule: Cap, asked: Asked, at: datetime, channel: Channel) -> bool:
    """Whether an instant lies inside a consent to a channel that was given directly to us.

    It ends after some days, when it was given for less time or is taken back, and with the first
    conversation about the debt after it (12 CFR 1006.14(b)(3)(i)).
    """
    for each in asked.facts.milestones:
        if (
            each.kind is MilestoneKind.CONSENT
            and each.direct
            and each.account_id in (None, asked.request.account_id)
            and (not each.channels or channel in each.channels)
            and each.at <= at
            and (each.until is None or at < each.until)
            and _within(each.at, at, rule.consent_days or 0, asked)
            and not _talked_between(each.at, at, asked)
        ):
            return True
    return False


def _within(start: datetime, at: datetime, days: int, asked: Asked) -> bool:
    """Whether `at` lies in the first `days` calendar days from `start`, in every zone."""
    return all(
        (at.astimezone(place).date() - start.astimezone(place).date()).days < days
        for place in map(zone, asked.zones)
    )


def _talked_between(start: datetime, end: datetime, asked: Asked) -> bool:
    return any(
        start < each.at < end and each.about(asked.request.account_id)
        for each in asked.counted(CONVERSATION, start)
    )


def cooled_down(rule: Cooldown, asked: Asked) -> datetime:
    """The first instant from now on after the silence that the latest trigger asks for."""
    span = rule.silence
    latest = _latest(rule, asked, asked.at - span - DAY)
    if latest is None:
        return asked.at
    return max(
        asked.at,
        *(midnight(latest.astimezone(zone(name)).date() + span, name) for name in asked.zones),
    )


def _latest(rule: Cooldown, asked: Asked, start: datetime) -> datetime | None:
    match rule.after:
        case Counting() as counting:
            past = [each.at for each in asked.counted(counting, start) if each.at <= asked.at]
        case MilestoneKind() as kind:
            anything = Condition(milestone=kind)
            past = [each.at for each in asked.milestones(kind, anything) if each.at >= start]
        case _:
            assert_never(rule.after)
    return max(past, default=None)
