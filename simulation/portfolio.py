"""A portfolio of fictional people and debts, the same for the same seed.

Lateness and debts per person follow public figures; amounts are an assumption and say so. Names
come from Faker, numbers from the ranges set aside for fiction, e-mail from example.com.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from faker import Faker

from compliance import PersonFacts
from compliance.facts import Actor
from domain.accounts import Consumer
from simulation.people import Account, Person
from simulation.placing import facts_of

LATENESS = ((0.478, 1, 7), (0.299, 8, 14), (0.214, 15, 30), (0.009, 31, 60))
"""Share, and days late from and to, of late invoices: IBM's sample of 2,466 invoices."""

SEVERAL = 0.46
"""Share of people with two or more debts overdue at one time, in the same sample (at most 4)."""

LOADS = ((0.54, 1), (0.32, 2), (0.10, 3), (0.04, 4))
"""Share of people by how many accounts they owe: 46 in 100 several, as above; how these spread over
two to four is an assumption."""

MEDIAN, SPREAD = 18_000, 0.9
"""Assumption, not a measurement: amounts are log-normal around 180.00 with this sigma."""

ARABIC = 0.15
SUBSCRIPTIONS = 0.2
"""Assumptions: shares of people who read Arabic, and of debts that are recurring payments."""

AREA_CODES = (
    *("470", "312", "303", "213", "305", "512", "602", "206", "404", "617"),
    *("202", "214", "215", "216", "310", "313", "314", "402", "405", "407"),
    *("408", "410", "412", "414", "415", "419", "425", "480", "501", "502"),
    *("503", "504", "505", "510", "513", "515", "516", "517", "520", "559"),
    *("601", "603", "608", "612", "614", "615", "616", "619", "479", "702"),
    *("703", "704", "706", "713", "714", "716", "717", "719", "720", "773"),
    *("801", "802", "803", "804", "808", "813", "816", "817", "901", "916"),
)
"""Each in one time zone. The first ten serve the first thousand people, and so on."""

FICTIONAL = range(100, 200)
"""555-0100 to 555-0199 are set aside for fiction in every area of the North American plan."""

MOST_PEOPLE = len(AREA_CODES) * len(FICTIONAL)

WORKS, FAILS = "4242424242424242", "4000000000000341"
"""Test cards of Stripe's: one pays, the other is stored and then declined."""

Names = dict[str, Faker]
"""Who makes up names, by language."""


@dataclass(frozen=True)
class Fictional:
    """One generated row: what the API takes, and whether a stored card comes with it."""

    placement: dict[str, Any]
    card: str | None
    """The number of a test card of Stripe's to be stored for a subscription, or None."""


def generate(seed: int, *, accounts: int, people: int, today: date) -> list[Fictional]:
    """Make `accounts` debts of `people` people; ValueError if the numbers cannot go together."""
    if not 0 < people <= min(accounts, MOST_PEOPLE) or accounts > 4 * people:
        raise ValueError(
            f"{accounts} accounts of {people} people: expected 1 to {MOST_PEOPLE} people with"
            " 1 to 4 each"
        )
    dice, names = Random(seed), names_of(seed)  # noqa: S311
    consumers = [fictional(number, dice, names) for number in range(people)]
    owners = _owners(dice, accounts, people)
    return [
        _debt(number, dice, consumers[owner], today) for number, owner in enumerate(owners, start=1)
    ]


def _owners(dice: Random, accounts: int, people: int) -> list[int]:
    """Who owes each account: everybody one, and the rest spread over those with several."""
    several = max(1, round(SEVERAL * people))
    load, owners = dict.fromkeys(range(people), 1), list(range(people))
    while len(owners) < accounts:
        open_to = [person for person in range(people) if load[person] < 4]  # noqa: PLR2004
        crowd = [person for person in open_to if person < several] or open_to
        owner = dice.choice(crowd)
        load[owner] += 1
        owners.append(owner)
    dice.shuffle(owners)
    return owners


def people_of(seed: int, *, accounts: int, today: date) -> Iterator[Person]:
    """People who owe so many accounts together, for simulation: the same ones for the same seed.

    They are made one by one, as fast as they are asked for, by the same shares as `generate`. Where
    they live follows from the area code that a phone of theirs would have.
    """
    dice, places = Random(seed), [(_living(code, "en"), _living(code, "ar")) for code in AREA_CODES]  # noqa: S311
    number = person = 0
    while number < accounts:
        person += 1
        load = min(_drawn(LOADS, dice.random()), accounts - number)
        facts = places[int(dice.random() * len(places))][dice.random() < ARABIC]
        owed = tuple(_owed(each, dice, today) for each in range(number + 1, number + load + 1))
        number += load
        yield Person(f"per_{person:08d}", facts, owed)


def _living(area_code: str, locale: str) -> PersonFacts:
    """What the gate knows of somebody with a phone of this area, and an e-mail address."""
    consumer = Consumer(
        reference="C",
        name="C",
        country="US",
        locale=locale,
        phone=f"+1{area_code}5550{FICTIONAL[0]}",
        email="consumer@example.com",
    )
    return facts_of(consumer).model_copy(update={"creditor": "simulated", "actor": Actor.AGENCY})


def _owed(number: int, dice: Random, today: date) -> Account:
    is_subscription = dice.random() < SUBSCRIPTIONS
    late, minor = _days_late(dice), _minor(dice)
    return Account(
        account_id=f"acc_{number:08d}",
        journey="subscription" if is_subscription else "standard",
        balance=minor // 5 if is_subscription else minor,
        currency="USD",
        due_on=today - timedelta(days=late),
        has_card=is_subscription,
    )


def _drawn(shares: tuple[tuple[float, int], ...], number: float) -> int:
    reached = 0.0
    for share, value in shares:
        reached += share
        if number < reached:
            return value
    return shares[-1][1]


def _minor(dice: Random) -> int:
    """An amount in minor units."""
    return max(1_500, min(500_000, round(math.exp(dice.gauss(math.log(MEDIAN), SPREAD)))))


def names_of(seed: int) -> Names:
    """Makers of names, the same names for the same seed."""
    names = {"en": Faker("en_US"), "ar": Faker("ar_AA")}
    for faker in names.values():
        faker.seed_instance(seed)
    return names


def fictional(number: int, dice: Random, names: Names) -> dict[str, Any]:
    """The `number`-th person (from 0, below MOST_PEOPLE), as the API takes a consumer."""
    locale = "ar" if dice.random() < ARABIC else "en"
    return {
        "reference": f"C{number + 1:05d}",
        "name": names[locale].name(),
        "country": "US",
        "locale": locale,
        "phone": _phone(number),
        "email": f"consumer{number + 1}@example.com",
    }


def _phone(number: int) -> str:
    """A number of their own. Neighbours live in different areas."""
    group, place = divmod(number, 10 * len(FICTIONAL))
    area, line = AREA_CODES[10 * group + place % 10], FICTIONAL[place // 10]
    return f"+1{area}5550{line}"


def _debt(number: int, dice: Random, consumer: dict[str, Any], today: date) -> Fictional:
    is_subscription = dice.random() < SUBSCRIPTIONS
    late = _days_late(dice)
    minor = _minor(dice)
    placement = {
        "reference": f"A{number:05d}",
        "journey": "subscription" if is_subscription else "standard",
        "balance": {"minor": minor // 5 if is_subscription else minor, "currency": "USD"},
        "due_on": (today - timedelta(days=late)).isoformat(),
        "consumer": consumer,
    }
    card = dice.choice((FAILS, WORKS)) if is_subscription else None
    return Fictional(placement, card)


def _days_late(dice: Random) -> int:
    drawn, reached = dice.random(), 0.0
    for share, first, last in LATENESS:
        reached += share
        if drawn < reached:
            return dice.randint(first, last)
    return LATENESS[-1][2]
