"""Who is played: people of every country, region and zone that a pack speaks of, and others."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime

from compliance.facts import Actor, Sector

CREDITORS = ("alpha", "beta")
NAMES = {"alpha": "Alpha Bank", "beta": "Beta Lending"}

WHERE: dict[str, dict[str, tuple[str, ...]]] = {
    "US": {
        "": ("America/New_York", "America/Denver", "America/Phoenix", "Pacific/Honolulu"),
        "US-NY": ("America/New_York",),
        "US-NY USNYC": ("America/New_York",),
        "US-MA": ("America/New_York",),
        "US-WA": ("America/Los_Angeles",),
        "US-DC": ("America/New_York",),
        "US-FL": ("America/New_York", "America/Chicago"),
        "US-CA": ("America/Los_Angeles",),
        "US-TX": ("America/Chicago", "America/Denver"),
        "US-AK": ("America/Anchorage", "America/Adak"),
        "US-ID": ("America/Boise", "America/Los_Angeles"),
    },
    "GB": {
        "GB-ENG": ("Europe/London",),
        "GB-WLS": ("Europe/London",),
        "GB-SCT": ("Europe/London",),
        "GB-NIR": ("Europe/London",),
    },
    "IE": {"": ("Europe/Dublin",)},
    "AU": {
        "AU-NSW": ("Australia/Sydney", "Australia/Broken_Hill", "Australia/Lord_Howe"),
        "AU-VIC": ("Australia/Melbourne",),
        "AU-QLD": ("Australia/Brisbane",),
        "AU-SA": ("Australia/Adelaide",),
        "AU-WA": ("Australia/Perth", "Australia/Eucla"),
        "AU-TAS": ("Australia/Hobart",),
        "AU-NT": ("Australia/Darwin",),
        "AU-ACT": ("Australia/Sydney",),
    },
    "NZ": {"": ("Pacific/Auckland", "Pacific/Chatham")},
    "CA": {
        "CA-ON": ("America/Toronto", "America/Winnipeg"),
        "CA-QC": ("America/Toronto", "America/Blanc-Sablon"),
        "CA-BC": ("America/Vancouver", "America/Dawson_Creek"),
        "CA-AB": ("America/Edmonton",),
        "CA-NB": ("America/Moncton",),
        "CA-NL": ("America/St_Johns",),
    },
    "SA": {"": ("Asia/Riyadh",)},
    "AE": {"": ("Asia/Dubai",)},
    "KW": {"": ("Asia/Kuwait",)},
    "QA": {"": ("Asia/Qatar",)},
    "BH": {"": ("Asia/Bahrain",)},
    "EG": {"": ("Africa/Cairo",)},
    "DE": {"DE-BE": ("Europe/Berlin",), "DE-BY": ("Europe/Berlin",), "": ("Europe/Berlin",)},
    "NL": {"": ("Europe/Amsterdam",)},
    "ES": {"": ("Europe/Madrid", "Atlantic/Canary")},
    "GR": {"": ("Europe/Athens",)},
    "PT": {"": ("Europe/Lisbon", "Atlantic/Azores")},
    "IN": {"": ("Asia/Kolkata",)},
    "LB": {"": ("Asia/Beirut",)},
    "CL": {"": ("America/Santiago", "Pacific/Easter")},
}
"""By country and regions: the zones where such people may be."""

COUNTRIES = (*WHERE, *("US",) * 16, *("GB",) * 3, *("AU",) * 3, *("CA",) * 4)
ARABIC = frozenset({"SA", "AE", "KW", "QA", "BH", "EG", "LB"})

EDGES = tuple(
    datetime.fromisoformat(text).replace(tzinfo=UTC)
    for text in (
        "2026-02-14",  # before Ramadan of 2026
        "2026-03-05",  # clocks change in North America
        "2026-03-26",  # clocks change in Europe, and in April in Australia
        "2026-06-15",  # holidays of many places
        "2026-08-20",  # the rule of New York City changes on 1 September
        "2026-08-25",
        "2026-10-01",  # clocks change in Australia and New Zealand
        "2026-10-22",  # and in Europe and North America
        "2026-12-10",  # holidays, and a year that ends
        "2027-02-04",  # before Ramadan of 2027
        "2027-03-10",
    )
)
"""Beginnings of stories that meet something soon."""


@dataclass(frozen=True)
class Place:
    """Where somebody is, as far as is known."""

    country: str
    regions: tuple[str, ...]
    zones: tuple[str, ...]
    residence: tuple[str, ...]


ACTORS = (None, Actor.AGENCY, Actor.AGENCY, Actor.BUYER, Actor.CREDITOR)
SECTORS = (None, Sector.BANK, Sector.NON_BANK)


@dataclass(frozen=True)
class Kind:
    """People to whom the same packs apply."""

    country: str
    regions: str
    actor: Actor | None
    sector: Sector | None
    creditor: str


def a_kind(dice: random.Random) -> Kind:
    """Some kind of people."""
    country = dice.choice(COUNTRIES)
    regions = dice.choice(list(WHERE[country]))
    return Kind(country, regions, dice.choice(ACTORS), dice.choice(SECTORS), dice.choice(CREDITORS))


def somewhere(dice: random.Random, country: str, regions: str | None = None) -> Place:
    """A place; sometimes a second zone is possible, such as that of a number from elsewhere."""
    if regions is None:
        regions = dice.choice(list(WHERE[country]))
    zones = WHERE[country][regions]
    home = dice.choice(zones)
    likely = {home}
    if dice.random() < 0.2:
        likely.add(dice.choice([each for every in WHERE[country].values() for each in every]))
    if dice.random() < 0.01:
        likely.add(dice.choice(("Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu")))
    stated = (home,) if dice.random() < 0.6 else ()
    return Place(country, tuple(regions.split()), tuple(sorted(likely)), stated)


def beginning(dice: random.Random) -> datetime:
    """When a story begins: often shortly before something changes."""
    if dice.random() < 0.7:
        return dice.choice(EDGES)
    return datetime(2026, dice.randint(1, 12), dice.randint(1, 28), tzinfo=UTC)
