"""Replay traces of Stripe's events against a real PostgreSQL, each time in another order.

`python -m tests.traces 2000 --seed 7` replays that many and exits with 1 if two of one trace end
differently. The same seed plays the same orders.
"""

import argparse
import random
import sys
import time
from pathlib import Path

from compliance.laws import LAWS
from stack import stack_in_thread
from storage import Database, creditors, laws
from storage.migrate import upgrade
from tests.stack.programs import open_directory, quick_disk
from tests.traces.happenings import traces
from tests.traces.replaying import Stage

TELL_EVERY = 100


def main() -> int:
    """Replay, and say what was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.traces", description=__doc__)
    parser.add_argument("replays", type=int, nargs="?", default=2_000)
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    with (
        open_directory(quick_disk()) as folder,
        stack_in_thread(
            folder / "data", parts=["postgres"], report=lambda _: None, environ={}
        ) as running,
    ):
        upgrade(running.addresses.database_url)
        database = Database(running.addresses.database_url)
        LAWS.fetch_from(laws.fetcher(database))
        with database.transaction() as session:
            creditors.register(session, "acme", "Acme Bank")
        failed = _replay(database, folder / "sandbox", asked)
        database.close()
    return failed


def _replay(database: Database, folder: Path, asked: argparse.Namespace) -> int:
    folder.mkdir()
    told, stage, ends = traces(folder), Stage(database), dict[str, str]()
    started = time.perf_counter()
    for number in range(asked.replays):
        trace = told[number % len(told)]
        end = str(stage.replay(trace, random.Random(f"{asked.seed}:{number}")))
        if ends.setdefault(trace.name, end) != end:
            print(f"replay {number} of {trace.name!r} ends differently:\n{end}\n{ends[trace.name]}")
            return 1
        if (number + 1) % TELL_EVERY == 0:
            print(f"{number + 1:,} replays, {time.perf_counter() - started:.0f} s", flush=True)
    stage.close()
    seconds = time.perf_counter() - started
    print(f"{asked.replays:,} replays, {stage.told:,} deliveries, {seconds:.0f} s: one end each")
    for name, end in ends.items():
        print(f"  {name}: {end}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
