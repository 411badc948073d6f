"""Journeys read and told, linted and drawn: without a server, before anyone is contacted."""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.journey_files import in_file, journeys_of
from cli.wording import Wording
from compliance import load_packs
from compliance.sentences import plural
from journeys import JOURNEYS
from providers.messages import FOLDER
from simulation.charts import Chart
from simulation.describing import described
from simulation.drawing import mermaid, page
from simulation.linting import Finding, Level, lint, undocumented
from simulation.reading import read
from simulation.svg import svg

DOCS = Path(__file__).parent.parent / "docs" / "journeys"
"""Where the pages and pictures of the shipped journeys are kept."""

COLOURS = {Level.NOTE: "dim", Level.WARNING: "yellow", Level.ERROR: "red"}


class Format(StrEnum):
    """How a diagram is written."""

    MERMAID = "mermaid"
    SVG = "svg"


WRITERS = {Format.MERMAID: mermaid, Format.SVG: svg}


def charts(named: Iterable[str]) -> list[Chart]:
    """Charts of journeys by name, or of those in files; of all that ship if none is named.

    JourneyError for an unknown name, or a file that has no journey.
    """
    journeys = [each for name in named for each in journeys_of(name)]
    return [read(each) for each in journeys or JOURNEYS.values()]


def show_list(console: Console) -> None:
    """Print every journey: its version, how many stages it has, and what it is for."""
    table = Table("journey", "version", "stages", "what it is for")
    for chart in charts(()):
        table.add_row(chart.name, str(chart.version), str(len(chart.stages)), escape(chart.purpose))
    console.print(table)


def show(name: str, language: str, console: Console) -> None:
    """Print a journey in plain words."""
    told = [described(chart, language) for chart in charts([name])]
    console.print("\n".join(told).rstrip("\n"), markup=False, highlight=False, soft_wrap=True)


def check(named: list[str], folder: Path | None, console: Console, *, strict: bool) -> bool:
    """Lint journeys and print what was found; whether they may ship."""
    findings = sorted(set(findings_of(named, folder)))
    for each in findings:
        colour = COLOURS[each.level]
        place, what = escape(f"{each.file}:{each.line}"), escape(each.says)
        head = f"{place}: [{colour}]{each.level.name.lower()} {each.code}[/] {what}"
        console.print(f"{head}\n    {escape(each.do)}", highlight=False, soft_wrap=True)
    counts = {level: sum(each.level is level for each in findings) for level in reversed(Level)}
    told = (plural(count, level.name.lower()) for level, count in counts.items())
    console.print(", ".join(told), highlight=False)
    limit = Level.WARNING if strict else Level.ERROR
    return all(each.level < limit for each in findings)


def findings_of(named: list[str], folder: Path | None) -> Iterator[Finding]:
    """All findings; a file with stages that say nothing of themselves is read no further."""
    packs = load_packs()
    files = [found[0] for name in named if (found := in_file(name)) is not None]
    silent = [each for file in files for each in undocumented(file)]
    if silent:
        yield from silent
        return
    looked_at = charts(named)
    words = Wording(packs, folder or FOLDER)
    names = {*JOURNEYS, *(chart.name for chart in looked_at)}
    for chart in looked_at:
        yield from lint(chart, words, packs, names)


def only(named: list[str]) -> str:
    """The one journey, or file, that is named; ValueError for none or several."""
    if len(named) != 1:
        raise ValueError(f"expected one journey to draw, such as standard; got {len(named)}")
    return named[0]


def diagram(name: str, kind: str | None, out: Path | None, console: Console) -> None:
    """Write a journey's diagram to a file, or print it. ValueError for a format there is not."""
    if kind not in {None, *Format}:
        raise ValueError(f"no format is called {kind!r}; there are {', '.join(Format)}")
    draw = WRITERS[Format(kind or Format.MERMAID)]
    written = "\n".join(draw(chart) for chart in charts([name]))
    if out is None:
        console.print(written.rstrip("\n"), markup=False, highlight=False, soft_wrap=True)
    else:
        out.write_text(written, "utf-8")


def pages(chart: Chart) -> dict[str, str]:
    """What is kept of a journey in the docs, by the file's name."""
    return {f"{chart.name}.md": page(chart), f"{chart.name}.svg": svg(chart)}


def keep(named: list[str], folder: Path | None = None) -> None:
    """Write the pages and pictures of journeys anew."""
    folder = folder or DOCS
    folder.mkdir(parents=True, exist_ok=True)
    for chart in charts(named):
        for name, text in pages(chart).items():
            (folder / name).write_text(text, "utf-8")


def stale(named: list[str], folder: Path | None = None) -> list[str]:
    """Files of the docs that do not say what the code says."""
    kept = {name: text for chart in charts(named) for name, text in pages(chart).items()}
    return [name for name, text in kept.items() if not _says((folder or DOCS) / name, text)]


def _says(file: Path, text: str) -> bool:
    return file.is_file() and file.read_text("utf-8") == text
