"""Hand-made lives for tests of what is counted."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from compliance import PersonFacts
from compliance.loading import read_yaml
from simulation.costs import SHIPPED, Costs
from simulation.happenings import Happening, What
from simulation.measures import Measure
from simulation.people import Account, Person
from simulation.tallies import Counts, Tallies

START = datetime(2026, 11, 22, 9, tzinfo=UTC)
"""A Sunday."""
DAYS = 120
FACTS = PersonFacts(country="US", zones=("America/New_York",))


def at(day, hour=0):
    return START + timedelta(days=day, hours=hour)


def account(name="a", balance=100_00, due_on=date(2026, 11, 1)):
    return Account(name, "standard", balance, "USD", due_on)


def person(reference="p", *accounts):
    return Person(reference, FACTS, accounts or (account(),))


def happening(day, what, detail="", *, of="a", hour=0, **more):
    return Happening(at(day, hour), of, what, detail, **more)


def paid(day, minor, *, of="a"):
    return happening(day, What.PAID, "page", of=of, minor=minor)


def sent(day, message="sms nudge", *, of="a", hour=0, status="sent"):
    return happening(day, What.CONTACT, message, of=of, hour=hour, status=status)


def costs(file: Path = SHIPPED):
    return read_yaml(file, Costs)


def tallied(*several, variants=1, days=DAYS):
    """The tally of people with their lives: (person, life, …) for each."""
    tallies = Tallies(variants, start=START, days=days)
    for who, *lives in several:
        tallies.person(who, lives)
    return tallies


def measure(people=1, **more):
    given = {"start": START, "days": DAYS, "currency": "USD", "people": people, "costs": costs()}
    return Measure(**{**given, **more})


def figures(*several):
    """Every figure of people with one life each, by metric and what of it."""
    tallies = tallied(*several)
    whole: Counts = defaultdict(int)
    for group in tallies.groups[0]:
        for key, number in group.items():
            whole[key] += number
    found = measure(len(several)).figures(whole)
    return {name: ratio.value for name, ratio in found.items()}
