"""Ask the gate at random for months of virtual time; the auditor checks whatever it allowed.

`python -m tests.fuzz 1000000 --seed 7 --jobs 2` plays people until so many contacts were made, and
exits with 1 if the auditor names a violation. The same seed plays the same people; one of them is
played again with `--person`.
"""

import argparse
import os
import sys
import time
from contextlib import closing, suppress

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests.fuzz.batches import Played, batches, play

SHOWN = 10
MILESTONE = 50_000
"""Sends after which a log, which shows no bar, gets a line."""

COLUMNS = (
    TextColumn("fuzz"),
    BarColumn(),
    MofNCompleteColumn(),
    TextColumn("{task.fields[rate]}"),
    TimeRemainingColumn(),
)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("sends", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--person", type=int, help="Play this one alone.")
    return parser.parse_args()


def _run(asked: argparse.Namespace, played: Played) -> None:
    if asked.person is not None:
        played.add(play(asked.seed, range(asked.person, asked.person + 1)))
        return
    running = closing(batches(asked.seed, asked.jobs))
    with running as results, Progress(*COLUMNS, console=Console(stderr=True)) as progress:
        started, told = time.perf_counter(), 0
        bar = progress.add_task("fuzz", total=asked.sends, rate="")
        for each in results:
            played.add(each)
            for violation in each.violations:
                progress.console.print(f"found: {violation}", markup=False, highlight=False)
            rate = f"{played.sends / (time.perf_counter() - started):,.0f}/s"
            progress.update(bar, completed=min(played.sends, asked.sends), rate=rate)
            if not progress.console.is_terminal and played.sends // MILESTONE > told:
                told = played.sends // MILESTONE
                progress.console.print(f"{played.sends:,} sends, {rate}", highlight=False)
            if played.sends >= asked.sends or len(played.violations) >= SHOWN:
                break


def main() -> int:
    """Play, print what came of it, and say by the exit code whether anything was wrong."""
    asked, started = _asked(), time.perf_counter()
    played = Played()
    with suppress(KeyboardInterrupt):  # what was played until then is told all the same
        _run(asked, played)
    spent = time.perf_counter() - started
    mix = ", ".join(f"{number:,} {kind}" for kind, number in played.verdicts.most_common())
    out = Console(highlight=False, soft_wrap=True)
    out.print(
        f"{played.sends:,} sends to {played.people:,} people in {spent:,.0f} s"
        f" ({played.sends / spent:,.0f}/s): {len(played.violations):,} violations"
    )
    out.print(f"verdicts: {mix}; {len(played.rules)} rules stood in the way of something")
    for each in played.violations[:SHOWN]:
        number = each.account.removeprefix("p").split("-")[0]
        told = f"\n{each}\n  at {each.at}, pack {each.pack}, account {each.account}"
        out.print(told, markup=False)
        out.print(f"  again: python -m tests.fuzz --seed {asked.seed} --person {number}")
    return 1 if played.violations else 0


if __name__ == "__main__":
    sys.exit(main())
