"""The key figures of a backtest, and what came of it, on a terminal of 80 letters or more."""

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from cli.backtest_lead import lead
from cli.backtest_result import Result
from cli.backtest_words import KEY, Line, block

MARKS = {"better": "[green]▲[/] ", "worse": "[red]▼[/] "}
"""As on the page."""
HEADINGS = {"": 12, "journey": 12, "figure": 8, "95 %": 8, "difference": 10, "95 % of it": 9}
"""The columns, and how many letters each has at least: words of that length are never cut."""
ALONE = 4
"""Columns where there is nothing to compare with."""


def print_result(result: Result, console: Console) -> None:
    """The key figures and the sentences, as the page has them."""
    table = Table(title=escape(result.title), title_justify="left", show_edge=False)
    for heading, least in list(HEADINGS.items())[: None if result.compares else ALONE]:
        table.add_column(heading, min_width=least, overflow="fold")
    for name in (each for each in KEY if each in result.tables[0]):
        told = block(result, name, titled=True)
        for line in told.lines:
            title = told.title if line is told.lines[0] else ""
            last = line is told.lines[-1]
            table.add_row(title, *_row(line), end_section=last and result.compares)
    console.print(table)
    if result.compares:
        console.print("▲ better, ▼ worse: where 95 % of the difference leave 0 out")
    measure = result.measure
    console.print(
        f"{result.accounts:,} accounts of {measure.people:,} people, {result.placed}, from"
        f" {measure.start:%Y-%m-%d} for {measure.days} days",
        highlight=False,
    )
    for variant, sentences in lead(result):
        console.print(f"[bold]{escape(variant)}[/]", highlight=False)
        for said in sentences:
            console.print(Padding(escape(said.text), (0, 0, 0, 2)), highlight=False)


def _row(line: Line) -> list[str]:
    cell = line.cell
    row = [escape(line.name), f"{cell.text} {cell.unit}", cell.interval]
    if line.variant:
        mark = MARKS.get(cell.verdict, "")
        row += [f"{mark}{cell.change} {cell.change_unit}", cell.change_interval]
    return row
