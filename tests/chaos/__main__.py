"""Weeks of work while everything is killed in turn: `make chaos SEED=1 ACCOUNTS=200 DAYS=30`.

Workers, API, sandbox, Temporal and PostgreSQL get SIGKILL at random, the providers fail at random,
and simulated consumers go on paying and writing. What goes wrong, and when, follows from the seed.
Afterwards all books are compared; it exits with 1 if there is any finding.
"""

import argparse
import asyncio
import sys
import time

from rich.console import Console

from tests.chaos.run import Asked
from tests.chaos.schedule import schedule
from tests.chaos.story import live_through
from tests.stack.programs import open_directory, quick_disk


def main():
    """Run it, print the findings, and say by the exit code whether there are any."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--accounts", type=int, default=200)
    parser.add_argument("--days", type=int, default=30)
    asked, console = Asked(**vars(parser.parse_args())), Console(soft_wrap=True)
    began = time.monotonic()
    plan = schedule(asked.seed, asked.days)
    with open_directory(quick_disk()) as folder:
        found = asyncio.run(live_through(folder / "data", asked, plan, console))
    for each in found:
        console.print(f"found: {each}", highlight=False, markup=False)
    spent = time.monotonic() - began
    console.print(f"{asked}: {len(found) or 'no'} findings in {spent:.0f} s", highlight=False)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
