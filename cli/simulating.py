"""`tahsil simulate`: one account's story in virtual time, with the reason for each line."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cache
from operator import attrgetter
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from api.explaining import home_zone, moment
from api.services import wall
from api.upload import Judge
from cli.journey_files import find_journey
from cli.papers import read_paper
from cli.portfolio_faults import fault_told
from cli.stories import Script, Setting, Silent, read_story
from compliance import Packs, load_packs
from domain.accounts import Placement
from domain.time import local_date, local_instant
from simulation.behaviour import Model
from simulation.happenings import Happening, What
from simulation.lives import EndlessJourneyError
from simulation.placing import person_placed
from simulation.telling import Line, Story
from simulation.world import live

OPENS = time(9)
"""When an account is placed, where the consumer is, unless somebody says another time."""


@dataclass(frozen=True)
class Asked:
    """What a person types beside the journey and the account."""

    events: Path | None = None
    start: str | None = None
    days: int = 180
    behaviour: int | None = None
    """The seed of the modelled consumer; None: they do nothing but what the events say."""


@dataclass(frozen=True)
class Lived:
    """What happened to an account."""

    placement: Placement
    journey: str
    setting: Setting
    happened: list[Happening]

    def lines(self) -> Iterator[Line]:
        """The story, and how it stands at the end."""
        story = Story(
            zone_name=self.setting.zone,
            start=self.setting.start,
            currency=self.setting.account.currency,
        )
        yield from story.lines(self.happened)
        stage = self.stage
        if stage is not None:
            yield story.line(self.setting.last, f"still in {stage}")

    @property
    def stage(self) -> str | None:
        """The stage that it is in at the end; None if it is closed."""
        last = next(e for e in reversed(self.happened) if e.what in {What.STAGE, What.CLOSED})
        return last.detail if last.what is What.STAGE else None


def simulate(journey: str, account: Path, asked: Asked) -> Lived:
    """Live one account through a journey; ValueError or LookupError says what cannot be."""
    played = find_journey(journey).journey
    placement, start = _placed(account, asked.start)
    person = person_placed([placement.model_copy(update={"journey": played.name})])
    (owed,) = person.accounts
    setting = Setting(owed, home_zone(person.facts), start, start + timedelta(days=asked.days))
    happened = list[Happening]()
    script = Script(
        read_story(asked.events, setting) if asked.events else [],
        setting,
        beside=Silent() if asked.behaviour is None else Model(asked.behaviour),
        tell=happened.append,
    )
    try:
        live(
            person,
            journeys={played.name: played},
            behaviour=script,
            packs=_law(),
            start=start,
            days=asked.days,
            tell=happened.append,
            reasons=True,
            story={owed.account_id: script.news()},
        )
    except EndlessJourneyError as error:
        raise ValueError(f"journey {played.name}: {error}") from error
    script.check(happened)
    end = happened[-1].at if happened[-1].what is What.CLOSED else setting.last
    told = [each for each in script.of_cards(owed.account_id) if each.at <= end]
    story = sorted([*told, *happened], key=attrgetter("at"))
    return Lived(placement, played.name, setting, story)


@cache
def _law() -> Packs:
    """The law that ships."""
    return load_packs()


def _placed(file: Path, start: str | None) -> tuple[Placement, datetime]:
    """The account of a file and when it is placed; what the API refuses is refused in its words."""
    given = read_paper(file)
    if not isinstance(given, dict):
        raise ValueError(  # noqa: TRY004 -- of a file, not of a type of ours
            f"{file.name}: expected the fields of one account, such as reference: INV-2026-0042"
        )
    today = wall().date()
    if start is not None:
        today = _instant(start, "UTC").date()
    (row,) = Judge(lambda _: given, "creditor", today, by_column=False).rows([(1, b"")])
    if row.placement is None:
        raise ValueError(f"{file.name}: {'; '.join(map(fault_told, row.errors))}")
    zone_name = home_zone(person_placed([row.placement]).facts)
    if start is None:
        return row.placement, local_instant(local_date(wall(), zone_name), OPENS, zone_name)
    return row.placement, _instant(start, zone_name)


def _instant(text: str, zone_name: str) -> datetime:
    try:
        return moment(text, zone_name)
    except ValueError as error:
        raise ValueError(f"--start {text!r}: {error}") from None


def show(lived: Lived, console: Console, *, as_json: bool) -> None:
    """Print the story: for people, or for programs."""
    if as_json:
        console.print_json(json.dumps(_plain(lived)))
        return
    setting = lived.setting
    console.print(
        f"journey {lived.journey}, due {lived.placement.due_on}, times in {setting.zone}",
        highlight=False,
    )
    table = Table.grid(padding=(0, 2))
    for line in lived.lines():
        table.add_row(
            f"day {line.day:3}",
            f"{line.local:%a %d %b %Y}",
            f"{line.local:%H:%M}",
            escape(line.says) + (f"\n[dim]{escape(line.why)}[/]" if line.why else ""),
        )
    console.print(table, highlight=False)


def _plain(lived: Lived) -> dict[str, Any]:
    """The story as JSON has it."""
    placement, setting = lived.placement, lived.setting
    return {
        "reference": placement.reference,
        "journey": lived.journey,
        "zone": setting.zone,
        "start": setting.start.isoformat(),
        "days": (setting.last - setting.start).days,
        "stage": lived.stage,
        "lines": [_line(line) for line in lived.lines()],
    }


def _line(line: Line) -> dict[str, Any]:
    told: dict[str, Any] = {"day": line.day, "local": line.local, "says": line.says}
    told |= line.happening._asdict() if line.happening else {"at": line.at}
    told |= {"why": line.why, "account": None}
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in told.items()
        if value or name == "day"
    }
