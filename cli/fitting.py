"""Fit the behaviour of simulated people to data: what came of it, and a parameter file."""

from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path

from rich.console import Console
from rich.table import Table

from cli.places import can_write
from simulation.fitting import Fit, fit
from simulation.fitting.writing import written


def fit_files(files: Sequence[Path], out: Path | None, seed: int, console: Console) -> None:
    """Fit, print how well it does on rows held out, and write the parameters if `out` is given."""
    if out is not None:
        can_write("--out", out, files)
    found = fit(files, seed=seed)
    console.print(_table(found))
    for name, why in found.kept.items():
        console.print(f"kept as shipped: {name} ({why})", highlight=False)
    others = len(found.parameters.entries()) - len(found.fitted) - len(found.kept)
    console.print(f"kept as shipped: {others} more, of which such data say nothing")
    if out is not None:
        out.write_text(written(found.parameters), "utf-8")
        console.print(f"written to {out}", highlight=False)


def _table(found: Fit) -> Table:
    """The shares fitted and those seen on rows held out, bin by bin."""
    table = Table("", "fitted", "held out", title="Fitted, and held against rows held out")
    for name in found.fitted:
        entry = found.parameters.entries()[name]
        held = entry.held_out
        table.add_section()
        table.add_row(
            f"[bold]{name}[/]", f"{entry.n} trials", f"{held.rows} trials" if held else ""
        )
        seen = held.seen if held else ()
        for (kind, value), there in zip_longest(entry.bins().items(), seen):
            table.add_row(kind, _percent(value), "" if there is None else _percent(there))
        if held:
            table.add_row("log-loss", "", f"{held.log_loss:.4f}")
            table.add_row("log-loss of one rate for all", "", f"{held.constant:.4f}")
            table.add_row("largest miss", "", _percent(held.largest_miss))
    return table


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"
