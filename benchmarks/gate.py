"""How long the gate thinks: all packs, ten people with 100 past contacts, against a plain count.

The plain thing is what any limit needs at the least: to look at each past contact once.
"""

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from compliance import ContactRequest, PastContact, PersonFacts, decide, load_packs
from domain.contacts import Channel

ROUNDS = 2_000
AT = datetime(2026, 11, 17, 15, 0, tzinfo=UTC)
ZONES = {"US": "America/New_York", "GB": "Europe/London", "SA": "Asia/Riyadh"}
CHANNELS = (Channel.SMS, Channel.EMAIL, Channel.VOICE)


def facts(country: str, zone: str) -> PersonFacts:
    """A person who was contacted 100 times in the last 39 days."""
    past = tuple(
        PastContact(
            key=f"k{number}",
            account_id=f"acc_{number % 3}",
            channel=CHANNELS[number % 3],
            at=AT - timedelta(hours=9 * (100 - number) + 24),
        )
        for number in range(100)
    )
    return PersonFacts(country=country, zones=(zone,), contacts=past)


def median(work: Callable[[], object]) -> float:
    """Median microseconds of one call."""
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter_ns()
        work()
        took.append(time.perf_counter_ns() - began)
    return statistics.median(took) / 1000


def main() -> None:
    """Print a line for each country whose rules we ship, and one for the plain count."""
    packs = load_packs()
    request = ContactRequest(account_id="acc_0", channel=Channel.SMS)
    known = facts("US", "America/New_York")
    week = AT - timedelta(days=7)
    bare = median(lambda: sum(1 for each in known.contacts if each.at > week))
    print(f"plain count of 100 contacts      {bare:8.1f} µs")
    for country, zone in ZONES.items():
        person = facts(country, zone)
        verdict = decide(request, person, packs, AT).kind
        took = median(partial(decide, request, person, packs, AT))
        print(f"gate, {country}, {len(packs)} packs ({verdict:5})       {took:8.1f} µs", end="  ")
        print(f"{took / bare:6.1f} x")


if __name__ == "__main__":
    main()
