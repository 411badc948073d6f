"""Payments race due reminders: nothing leaves once a payment has been acknowledged.

`python -m tests.races 1000` starts Postgres, runs so many races and exits with 1 if a reminder left
too late. The tests run fewer of them.
"""

import argparse
import random
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from activities.contacts import Clocks, Contacts, Patience
from activities.paying import received
from compliance.laws import LAWS, shipped_id
from compliance.orders import ReachOut
from domain.contacts import Channel, sms
from providers.messages import Messages
from providers.outcomes import Accepted, Missing
from storage.tables import Account
from tests.api.record import placement, record, usd

NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
"""A Monday's noon in New York."""
HEAD_START = 0.025
"""Seconds by which either may come later: about as long as a payment, or a reminder, takes."""

ON_THE_WIRE = 0.005
"""Seconds that a provider takes to accept a message: a payment may come in between."""


@dataclass
class Races:
    """How races ended."""

    run: int = 0
    reminded: int = 0
    late: list[str] = field(default_factory=list)
    """Accounts that were reminded after their payment had been acknowledged."""

    def __str__(self):
        return (
            f"{self.run} races: {self.reminded} reminders left before the payment was"
            f" acknowledged, {len(self.late)} after"
        )


class Post:
    """A carrier that notes when each message left."""

    lag = timedelta()

    def __init__(self):
        self.left = {}

    def send(self, envelope):
        threading.Event().wait(ON_THE_WIRE)
        self.left[envelope.key] = time.monotonic_ns()
        return Accepted(provider_id=envelope.key)

    def find(self, envelope, since):
        return Missing()


def race(database, rounds, *, seed=7):
    """Run so many races on a record with the creditor Acme in it."""
    dice, post, found = random.Random(seed), Post(), Races()
    contacts = Contacts(
        database,
        carriers={Channel.SMS: post},
        messages=Messages(packs=LAWS.called(shipped_id())),
        clocks=Clocks(wall=lambda: NOON, fast_forward=True),
        patience=Patience(in_all=timedelta(minutes=5)),
        public_url="https://tahsil.test",
    )
    with ThreadPoolExecutor(2) as pool:
        for _ in range(rounds):
            placed = placement()
            record(database, placed)
            _one(database, contacts, placed, post, (pool, dice), found)
    return found


def _one(database, contacts, placed, post, chance, found):  # noqa: PLR0917
    pool, dice = chance
    start = threading.Barrier(2)
    later = dice.uniform(-HEAD_START, HEAD_START)
    order = ReachOut(
        key=f"account/acme/{placed.reference}#1",
        account_id=placed.account_id,
        at=NOON,
        message=sms("nudge"),
    )

    def reminded():
        start.wait()
        threading.Event().wait(max(0, -later))
        contacts.reach_out(order)

    def paid():
        start.wait()
        threading.Event().wait(max(0, later))
        with database.transaction() as session:
            account = session.get_one(Account, placed.account_id)
            received(session, account, f"test:{placed.account_id}", usd(20_000), at=NOON)
        return time.monotonic_ns()

    ends = [pool.submit(reminded), pool.submit(paid)]
    ends[0].result()
    acknowledged, left = ends[1].result(), post.left.get(order.key)
    found.run += 1
    found.reminded += left is not None and left <= acknowledged
    if left is not None and left > acknowledged:
        found.late.append(placed.account_id)


def main():
    """Run the races of the command line."""
    from stack import stack_in_thread  # noqa: PLC0415 -- only the command needs it
    from storage import Database, creditors, laws  # noqa: PLC0415
    from storage.migrate import upgrade  # noqa: PLC0415

    parser = argparse.ArgumentParser(prog="python -m tests.races", description=__doc__)
    parser.add_argument("races", type=int, nargs="?", default=1000)
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)  # the server runs as a user of its own
        running = stack_in_thread(
            Path(folder) / "data", parts=["postgres"], report=lambda _: None, environ={}
        )
        with running as stack:
            upgrade(stack.addresses.database_url)
            database = Database(stack.addresses.database_url)
            LAWS.fetch_from(laws.fetcher(database))
            with database.transaction() as session:
                creditors.register(session, "acme", "Acme Bank")
            found = race(database, asked.races, seed=asked.seed)
            database.close()
    print(found)  # noqa: T201 -- what the command is for
    sys.exit(bool(found.late))


if __name__ == "__main__":
    main()
