"""Calendars of holidays, written as data from the `holidays` library for people to review.

What each calendar is made of stands in `compliance/calendars/sources/library.yaml`: the country and
region to ask the library for, and what people corrected by hand. Rules read the written files only.
"""

from collections.abc import Callable, Iterable
from datetime import date
from importlib.metadata import version
from pathlib import Path

import holidays
import yaml
from pydantic import Field, ValidationError

from compliance.calendars import Calendar
from compliance.loading import CALENDARS, LOADER
from compliance.packs import PackError
from compliance.rules import Part

RECIPES = CALENDARS / "sources" / "library.yaml"
YEARS = range(2024, 2033)
"""The years that ship. Beyond the last one the gate refuses rather than guesses."""
BY_HAND = "by hand"
"""A calendar whose `source` begins like this belongs to people, and is never written over."""
HEADER = (
    "# Written by cli/holidays.py from sources/library.yaml: correct that file and write again.\n"
)


class Recipe(Part):
    """What one calendar is made of."""

    id: str
    country: str
    subdivision: str | None = None
    categories: tuple[str, ...] = ("public",)
    only: tuple[str, ...] = ()
    """The names to keep; empty keeps all."""
    also: dict[date, str] = Field(default_factory=dict)
    """Added by hand."""
    drop: tuple[date, ...] = ()
    """Taken out by hand."""
    note: str = ""
    """What a reader of the calendar has to know, beside the library's version."""


def load_recipes(file: Path = RECIPES) -> tuple[Recipe, ...]:
    """What every calendar is made of."""
    listed = yaml.load(file.read_text("utf-8"), LOADER)  # noqa: S506 -- a safe loader
    try:
        return tuple(Recipe.model_validate(each) for each in listed)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise PackError(f"{file.name}: {place}: {first['msg']}") from error


def write_calendars(
    folder: Path = CALENDARS, years: range = YEARS, report: Callable[[str], None] = print
) -> None:
    """Write each calendar that the library can give, and say which files changed.

    A file that people made by hand is left alone.
    """
    for recipe in load_recipes():
        file = folder / f"{recipe.id}.yaml"
        before = file.read_text("utf-8") if file.exists() else ""
        if f"source: {BY_HAND}" in before:
            report(f"{file.name}: made by hand, left as it is")
            continue
        text = as_yaml(made(recipe, years))
        if text != before:
            file.write_text(text, "utf-8")
            report(f"{file.name}: written")


def made(recipe: Recipe, years: range) -> Calendar:
    """The calendar that the library gives for these years, with what was corrected by hand."""
    # a holiday may be observed in the year before its own: 1 January 2033 on 31 December 2032
    asked = range(years.start - 1, years.stop + 1)
    days = {
        day: name
        for day, name in _from_library(recipe, asked).items()
        if day.year in years and day not in recipe.drop
    }
    days |= {day: name for day, name in recipe.also.items() if day.year in years}
    source = f"holidays {version('holidays')}"
    return Calendar(
        id=recipe.id,
        source=f"{source}; {recipe.note}" if recipe.note else source,
        first_year=years.start,
        last_year=years.stop - 1,
        days=dict(sorted(days.items())),
    )


def as_yaml(calendar: Calendar) -> str:
    """The text of a calendar's file."""
    written = yaml.safe_dump(
        calendar.model_dump(exclude={"dates"}), sort_keys=False, allow_unicode=True, width=1000
    )
    return HEADER + written


def _from_library(recipe: Recipe, years: Iterable[int]) -> dict[date, str]:
    def ask(language: str | None) -> holidays.HolidayBase:
        return holidays.country_holidays(
            recipe.country,
            subdiv=recipe.subdivision,
            years=years,
            categories=recipe.categories,
            language=language,
        )

    spoken = ask(None).supported_languages
    english = (f"en_{recipe.country}", "en_US")
    found = ask(next((each for each in english if each in spoken), None))
    return {
        day: name
        for day, name in found.items()
        if not recipe.only or any(part in recipe.only for part in name.split("; "))
    }
