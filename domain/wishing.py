"""How people say in what way they want to be contacted: hours, days, places and media.

Pure and driven by the tables of `domain.wishing_words`. What is read is taken out of the text, so
that whoever called can see whether anything else is left to be read.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, time
from itertools import pairwise

from domain.contacts import Channel, Place
from domain.people import WEEK, Weekday, Wish
from domain.wishing_words import ASKED_PARTS, GRAMMARS, REFUSED_PARTS, Grammar

EVEN = str.maketrans("أإآىة", "ااايه")
"""Letters that people write in one way or the other. One for one, so that places in the text stay.
"""

EVENING_BY = {"not before": 5, "after": 8, "not after": 11, "before": 6}
"""The last hour without am or pm that is taken for one after noon: "after 5" is in the evening, and
"not before 9" in the morning."""

CERTAIN_BY = 6
"""Up to this hour that reading is certain, whatever is said; "after 7" is not."""

NOON = 12
EARLIEST = 9
"""A span that ends before this hour is hardly meant for the morning."""


@dataclass
class Heard:
    """What was read in a text, and what is left of it."""

    rest: str
    """What is left to be read, as it was written."""
    even: str
    """The same with one form for each letter."""
    sure: bool = True
    """Whether it can be read in one way only. If not, the strictest reading stands."""
    opens: time | None = None
    closes: time | None = None
    spans: list[tuple[Weekday, ...]] = field(default_factory=list)
    """The days of each statement about hours."""
    never: set[Weekday] = field(default_factory=set)
    not_at: set[Place] = field(default_factory=set)
    only: set[Channel] = field(default_factory=set)
    refused: set[Channel] = field(default_factory=set)
    today: list[bool] = field(default_factory=list)
    """Whether each statement about days or hours is about today alone."""

    @property
    def media(self) -> tuple[Channel, ...]:
        """The media that the person refuses."""
        return tuple(each for each in Channel if each in self.refused)

    def wish(self, today: date) -> Wish | None:
        """All of it as one wish; None if nothing was wished."""
        wished = self.opens or self.closes or self.never or self.not_at or self.only or self.today
        if not wished:
            return None
        passing = bool(self.today) and all(self.today)
        whole_day = passing and not (self.opens or self.closes or self.never)
        days = {day for each in self.spans for day in each}
        return Wish(
            days=tuple(day for day in WEEK if day in days) or WEEK,
            opens=self.opens,
            closes=self.closes,
            never=WEEK if whole_day else tuple(day for day in WEEK if day in self.never),
            only=tuple(each for each in Channel if each in self.only),
            not_at=tuple(each for each in Place if each in self.not_at),
            until=today if passing else None,
        )


def wishes_in(text: str) -> Heard:
    """Read the wishes in a text that is in small letters and without vowel signs."""
    heard = Heard(rest=text, even=text.translate(EVEN))
    for grammar in GRAMMARS:
        _take(heard, grammar, grammar.refusing, allowed=False)
        _take(heard, grammar, grammar.asking, allowed=True)
        for pattern in grammar.only:
            for found in _taken(heard, pattern):
                heard.only |= _media(grammar, found["media"])
        for pattern in grammar.out:
            for found in _taken(heard, pattern):
                heard.refused |= _media(grammar, found["media"])
    if len({*heard.spans}) > 1 or (heard.opens and heard.closes and heard.closes <= heard.opens):
        heard.sure = False
    if any(heard.today) and not all(heard.today):
        heard.sure = False
    return heard


def _take(
    heard: Heard, grammar: Grammar, patterns: tuple[re.Pattern[str], ...], *, allowed: bool
) -> None:
    for pattern in patterns:
        for found in _taken(heard, pattern):
            for atoms in _together(grammar, found["list"]):
                _note(heard, grammar, atoms, allowed=allowed)


def _taken(heard: Heard, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
    """Every match, taken out of the text. A call that was asked for stays to be read."""
    while (found := pattern.search(heard.even)) is not None:
        start, end = found.span()
        # stops, so that what stood before and after it is not read as one sentence
        left = " . call me . " if found.groupdict().get("call") else " . "
        heard.rest = heard.rest[:start] + left + heard.rest[end:]
        heard.even = heard.even[:start] + left + heard.even[end:]
        yield found


def _together(grammar: Grammar, listed: str) -> Iterator[list[re.Match[str]]]:
    """Statements of a list; what stands side by side, such as "before noon on Sundays", is one."""
    atoms = list(grammar.atom.finditer(listed))
    group = atoms[:1]
    for earlier, later in pairwise(atoms):
        if listed[earlier.end() : later.start()].strip():
            yield group
            group = []
        group.append(later)
    yield group


def _note(heard: Heard, grammar: Grammar, atoms: list[re.Match[str]], *, allowed: bool) -> None:
    """Add one statement: what is refused, or what alone is allowed."""
    said = [_groups(each) for each in atoms]
    days = tuple(
        day for groups in said if "days" in groups for day in grammar.days_in(groups["days"])
    )
    if any(re.search(grammar.one, groups.get("days", "")) for groups in said):
        heard.sure = False  # "on Friday": this one, or each
    timed = any({"before", "after", "start", "part"} & groups.keys() for groups in said)
    for groups in said:
        if "place" in groups:
            heard.not_at.add(grammar.place(groups["place"]))
        _hours(heard, grammar, groups, allowed=allowed)
    if timed or days or any("today" in groups for groups in said):
        heard.today.append(any("today" in groups for groups in said))
    if timed:
        heard.spans.append(days or WEEK)
    if days and allowed:
        heard.never |= {*WEEK} - {*days}
    elif days and not timed:
        heard.never |= {*days}


def _groups(atom: re.Match[str]) -> dict[str, str]:
    """What one statement names. A part of the day may be named as one, or as each such part."""
    said = {name: text for name, text in atom.groupdict().items() if text}
    if "parts" in said:
        said["part"] = said.pop("parts").rstrip("s")
    return said


def _hours(heard: Heard, grammar: Grammar, said: dict[str, str], *, allowed: bool) -> None:
    if "before" in said:
        clock = _clock(heard, grammar, said["before"], "before" if allowed else "not before")
        _bound(heard, **({"closes": clock} if allowed else {"opens": clock}))
    if "after" in said:
        clock = _clock(heard, grammar, said["after"], "after" if allowed else "not after")
        _bound(heard, **({"opens": clock} if allowed else {"closes": clock}))
    if "start" in said:
        start, end = _between(heard, grammar, said)
        if allowed:
            _bound(heard, opens=start, closes=end)
        else:  # a gap in the day cannot be kept: the later side is the one that stays open
            _bound(heard, opens=end)
            heard.sure = False
    if "part" in said:
        part = grammar.parts[said["part"]]
        if allowed:
            opens, closes = ASKED_PARTS[part]
            _bound(heard, opens=opens, closes=closes)
        else:
            _refuse_part(heard, *REFUSED_PARTS[part])


def _between(heard: Heard, grammar: Grammar, said: dict[str, str]) -> tuple[time, time]:
    """Both ends of a span; "from 9 to 5" ends in the evening."""
    start = _clock(heard, grammar, said["start"], "not before")
    end = _clock(heard, grammar, said["end"], "not before")
    if end <= start and end.hour < NOON:
        end = end.replace(hour=end.hour + NOON)
    heard.sure = heard.sure and end.hour >= EARLIEST
    return start, end


def _refuse_part(heard: Heard, first: time | None, last: time | None) -> None:
    if first is None:
        _bound(heard, opens=last)
    else:  # of a gap in the day, the earlier side stays open
        _bound(heard, closes=first)
        heard.sure = heard.sure and last is None


def _bound(heard: Heard, *, opens: time | None = None, closes: time | None = None) -> None:
    heard.opens = max(filter(None, (heard.opens, opens)), default=None)
    heard.closes = min(filter(None, (heard.closes, closes)), default=None)


def _clock(heard: Heard, grammar: Grammar, said: str, edge: str) -> time:
    """A time as it was said; without am or pm as people mean it."""
    for name, clock in grammar.clocks.items():
        if re.search(rf"\b{name}\b", said):
            return clock
    for name, number in grammar.numbers.items():
        said = said.replace(name, str(number))
    hour, minute = (int(each or 0) for each in re.findall(r"(\d+)(?:[:.](\d+))?", said)[0])
    if re.search(grammar.am, said):
        return time(hour % NOON, minute)
    if re.search(grammar.pm, said):
        return time(hour % NOON + NOON, minute)
    if hour > NOON or re.match(r"\D*0", said):
        return time(hour, minute)
    heard.sure = heard.sure and (edge.startswith("not") or hour in {*range(CERTAIN_BY + 1), NOON})
    evening = hour <= EVENING_BY[edge]
    return time(hour + NOON if evening else hour, minute)


def _media(grammar: Grammar, said: str) -> set[Channel]:
    return {
        channel
        for pattern, channels in grammar.media.items()
        if re.search(pattern, said)
        for channel in channels
    }


def added(standing: Iterable[Wish], new: Wish, today: date) -> tuple[Wish, ...]:
    """What a person wishes once they have said this, too: all of it binds.

    Whoever names the only channels they want means them instead of those they named before.
    Wishes of the same days are one, and those whose last day is over are gone.
    """
    kept: dict[tuple[object, ...], Wish] = {}
    for wish in (*standing, new):
        if wish.until is not None and wish.until < today:
            continue
        if wish is not new and new.only:
            wish = wish.model_copy(update={"only": ()})  # noqa: PLW2901 -- the wish as it stands now
        same = (wish.days, wish.until)
        kept[same] = _both(kept[same], wish) if same in kept else wish
    return tuple(wish for wish in kept.values() if wish != Wish(days=wish.days, until=wish.until))


def _both(one: Wish, other: Wish) -> Wish:
    """Two wishes of the same days as one."""
    channels = tuple(each for each in one.only if each in other.only)
    return one.model_copy(
        update={
            "opens": max(filter(None, (one.opens, other.opens)), default=None),
            "closes": min(filter(None, (one.closes, other.closes)), default=None),
            "never": tuple(day for day in WEEK if day in {*one.never, *other.never}),
            "only": channels or other.only or one.only,
            "not_at": tuple(each for each in Place if each in {*one.not_at, *other.not_at}),
        }
    )
