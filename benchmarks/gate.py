"""How long the gate thinks: a person with 100 past contacts, against a plain count of them.

Once with ten rules of our own making, which is what its budget speaks of, and once with all packs
that ship, which ask far more. The plain thing is what any limit needs at the least: to look at each
past contact once.
"""

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from compliance import ContactRequest, Pack, Packs, PastContact, PersonFacts, decide, load_packs
from compliance.asked import Asked
from compliance.evaluator import binding_of
from domain.contacts import Channel

ROUNDS = 2_000
AT = datetime(2026, 11, 17, 15, 0, tzinfo=UTC)
PEOPLE = (
    ("US", ("US-MA",), "America/New_York"),
    ("GB", (), "Europe/London"),
    ("SA", (), "Asia/Riyadh"),
)
CHANNELS = (Channel.SMS, Channel.EMAIL, Channel.VOICE)
COUNTED = ("person", "account", "channel")


def ten_rules() -> Packs:
    """A pack with ten rules of the kinds that a text message meets everywhere."""
    rules: list[dict[str, object]] = [
        {"id": "T", "kind": "window", "spans": {"all": ["08:00-21:00"]}},
        {"id": "W", "kind": "window", "wishes": True},
        {"id": "H", "kind": "hold", "holds": ["dispute"]},
        {"id": "O", "kind": "optout"},
        {"id": "P", "kind": "place_channel", "wishes": True},
        {"id": "U", "kind": "place_channel", "unreachable": True},
        {"id": "C", "kind": "cooldown", "days": 7, "after": {"count": "conversation"}},
        *(
            {"id": f"F{days}", "kind": "cap", "max": 90, "days": days, "counts": {"scope": scope}}
            for days, scope in zip((1, 7, 30), COUNTED, strict=True)
        ),
    ]
    said = {"says": "a rule", "cite": "a law", "force": "policy", "verified": "P"}
    whole = {"id": "ten", "title": "Ten rules", "version": "1", "effective_from": "2020-01-01"}
    return Packs([Pack.model_validate(whole | {"rules": [rule | said for rule in rules]})])


def facts(country: str, regions: tuple[str, ...], zone: str) -> PersonFacts:
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
    return PersonFacts(country=country, regions=regions, zones=(zone,), contacts=past)


def median(work: Callable[[datetime], object]) -> float:
    """Median microseconds of one call, each at an instant of its own: no answer is remembered."""
    took = []
    for number in range(ROUNDS):
        at = AT + timedelta(microseconds=number)
        began = time.perf_counter_ns()
        work(at)
        took.append(time.perf_counter_ns() - began)
    return statistics.median(took) / 1000


def main() -> None:
    """Print a line for ten rules, one for each country, and one for the plain count."""
    request = ContactRequest(account_id="acc_0", channel=Channel.SMS)
    known = facts(*PEOPLE[0])
    week = AT - timedelta(days=7)
    bare = median(lambda _: sum(1 for each in known.contacts if each.at > week))
    print(f"{'plain count of 100 contacts':44}{bare:8.1f} µs")
    ten, shipped = ten_rules(), load_packs()
    for label, packs, (country, regions, zone) in (
        ("ten rules", ten, PEOPLE[0]),
        *(
            (" ".join((country, *regions)), shipped, (country, regions, zone))
            for country, regions, zone in PEOPLE
        ),
    ):
        person = facts(country, regions, zone)
        binding = binding_of(Asked(request, person, AT), packs)
        rules = len(binding.refusing) + len(binding.delaying)
        verdict = decide(request, person, packs, AT).kind
        took = median(partial(decide, request, person, packs))
        told = f"{label}: {rules} rules of {len(binding.names)} packs ({verdict})"
        print(f"{told:44}{took:8.1f} µs  {took / bare:6.1f} x")


if __name__ == "__main__":
    main()
