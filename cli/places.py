"""Where a command may write: found out before it works for minutes; never over what it reads."""

from collections.abc import Iterable
from pathlib import Path


def can_write(option: str, file: Path, taken: Iterable[Path]) -> None:
    """ValueError for a file that cannot be written, or that is `taken`: read, or written too."""
    place = file.resolve()
    if not place.parent.is_dir():
        raise ValueError(f"{option} {file}: there is no folder {place.parent}: make it first")
    if place.is_dir():
        raise ValueError(f"{option} {file}: that is a folder; give the name of a file in it")
    if any(place == each.resolve() for each in taken):
        raise ValueError(f"{option} {file}: that file is given to be read, or written to twice")
