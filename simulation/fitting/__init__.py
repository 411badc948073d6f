"""Fit the behaviour of simulated people to data (`tahsil fit`)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from simulation.fitting.histories import NEEDED, histories
from simulation.fitting.public_sets import CARDS, PHONED, card_accounts, people_phoned
from simulation.fitting.tables import Row, opened
from simulation.fitting.trials import FitError, Found, Split
from simulation.parameters import Parameters, shipped

__all__ = ["Fit", "FitError", "fit"]

READERS: tuple[tuple[frozenset[str], Callable[[Iterable[Row], Split, str], Found]], ...] = (
    (NEEDED, histories),
    (CARDS, card_accounts),
    (PHONED, people_phoned),
)
"""Kinds of data, by the columns that tell them apart."""


@dataclass
class Fit:
    """Parameters after a fit."""

    parameters: Parameters
    fitted: tuple[str, ...]
    """Names of those that the data informed; the others are as they were."""
    kept: dict[str, str] = field(default_factory=dict)
    """Why the data, which might have, said nothing of some of these."""


def fit(files: Sequence[Path], *, seed: int, base: Parameters | None = None) -> Fit:
    """Fit what the files inform; where two inform the same, the later one counts.

    FitError for a file that cannot be used names it, and line and column where there is one.
    """
    found = Found()
    for file in files:
        told = _found(file, Split(seed))
        found.entries |= told.entries
        found.kept |= told.kept
    parameters = (base or shipped()).model_copy(update=found.entries)
    kept = {name: why for name, why in found.kept.items() if name not in found.entries}
    return Fit(parameters, tuple(found.entries), kept)


def _found(file: Path, split: Split) -> Found:
    with opened(file) as table:
        for columns, read in READERS:
            if columns <= table.columns:
                return read(table.rows, split, table.name)
        expected = "; or ".join(", ".join(sorted(columns)) for columns, _ in READERS)
        lacks = sorted(NEEDED - table.columns)
        raise FitError(
            f"{table.name}: line 1: no column {', '.join(lacks)}: expected the columns {expected}"
        )
