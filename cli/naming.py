"""Every name of a stage that was ever released: accounts may be in it for years.

The list, `journeys/names.txt`, only grows. A name on it to which no stage answers would strand
whoever is there, or comes back to it.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from engine import Journey
from engine.journeys import by_name
from journeys import JOURNEYS

LIST = Path(__file__).parent.parent / "journeys" / "names.txt"


def names_of(journeys: Iterable[Journey]) -> list[str]:
    """The present names, as JOURNEY.STAGE, in the order of the code."""
    return [f"{journey.name}.{stage.name}" for journey in journeys for stage in journey.stages]


def released(file: Path = LIST) -> list[str]:
    """Every name on the list, oldest first."""
    return file.read_text("utf-8").split()


def unlisted(
    journeys: Mapping[str, Journey] = JOURNEYS, listed: Iterable[str] | None = None
) -> list[str]:
    """Names that are not on the list yet."""
    known = {*(released() if listed is None else listed)}
    return [name for name in names_of(journeys.values()) if name not in known]


def unanswered(
    journeys: Mapping[str, Journey] = JOURNEYS, listed: Iterable[str] | None = None
) -> list[str]:
    """What is wrong with names on the list to which nothing answers, and what to do, one a line."""
    known = by_name(journeys.values())
    told = []
    for name in released() if listed is None else listed:
        journey, _, stage = name.partition(".")
        if journey not in known:
            told.append(
                f"{name} was released, and no journey answers to {journey}: keep the journey, or"
                f' let the one that takes its accounts answer to it, with formerly=("{journey}",)'
            )
        elif known[journey].find(stage) is None:
            told.append(
                f"{name} was released, and no stage answers to it: accounts may be there. Keep the"
                " stage, or let the one that takes its accounts answer to it, with"
                f' @stage(formerly=("{stage}",))'
            )
    return told


def write(file: Path = LIST) -> list[str]:
    """Put the new names on the list; returns them."""
    new = unlisted(listed=released(file) if file.is_file() else ())
    if new:
        with file.open("a", encoding="utf-8") as opened:
            opened.writelines(f"{name}\n" for name in new)
    return new
