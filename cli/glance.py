"""Rows of a portfolio that are plainly good, seen at a glance.

The API's schema takes 0.2 ms a row, most of it for telephone numbers and mailboxes. What passes
here that schema would pass, too: every check is as strict as its own, or stricter. A row that does
not pass is not bad, it has to be put to the schema. A test holds the two together.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import phonenumbers
from phonenumbers import timezone as phone_zones
from pydantic import EmailStr, TypeAdapter, ValidationError

from api.schemas import EARLIEST_DUE, LATEST_DUE
from api.upload import REFERENCE
from domain.accounts import country_code, zone_name
from domain.area_codes import REGIONS
from domain.money import LARGEST, currency_code
from journeys import present_name

FIELDS = frozenset({"reference", "journey", "balance", "due_on", "consumer"})
ABOUT = frozenset(
    {"reference", "name", "country", "locale", "time_zone", "phone", "email"},
)
DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
MAILBOX = re.compile(r"[a-z0-9]+(?:[._+-][a-z0-9]+)*@([a-z0-9.-]{4,100})")
LONGEST_NAME, LONGEST_MAILBOX = 200, 60
NUMBER = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
NORTH_AMERICAN = re.compile(r"\+1([2-9]\d\d)\d{7}", re.ASCII)
_ADDRESS: TypeAdapter[str] = TypeAdapter(EmailStr)


@dataclass(frozen=True, slots=True)
class Glance:
    """A row that is plainly good."""

    reference: str
    consumer: str
    minor: int
    currency: str
    due_on: date
    alike: tuple[object, ...]
    """All that the facts of its person follow from: rows that are alike in it share them."""


def glance(given: Mapping[str, Any], today: date) -> Glance | None:
    """The row, if it is plain and good; None if the schema has to say."""
    if not given.keys() <= FIELDS:
        return None
    due_on, alike = _due_on(given["due_on"], today), _alike(given["consumer"])
    if due_on is None or alike is None or not _is_owed(given["balance"]):
        return None
    reference, consumer = given["reference"], given["consumer"]["reference"]
    named = REFERENCE.fullmatch(reference) and REFERENCE.fullmatch(consumer)
    if not named or present_name(given.get("journey", "standard")) is None:
        return None
    balance = given["balance"]
    return Glance(reference, consumer, balance["minor"], balance["currency"], due_on, alike)


def _is_owed(balance: Mapping[str, Any]) -> bool:
    minor = balance["minor"]
    return (
        len(balance) == 2  # noqa: PLR2004 -- these two fields, and no other
        and type(minor) is int
        and 0 < minor <= LARGEST
        and _is_currency(balance["currency"])
    )


def _due_on(text: str, today: date) -> date | None:
    day = date.fromisoformat(text) if DAY.fullmatch(text) else None
    if day is None or not today - EARLIEST_DUE <= day <= today + LATEST_DUE:
        return None
    return day


def _alike(consumer: Mapping[str, Any]) -> tuple[object, ...] | None:
    """What the facts of a person follow from; None if the row is not plainly good."""
    name, country = consumer["name"], consumer["country"]
    locale, zone = consumer.get("locale", "en"), consumer.get("time_zone")
    phone, email = consumer.get("phone"), consumer.get("email")
    zones = _zones_of(phone) if phone is not None else ()
    if (
        consumer.keys() <= ABOUT
        and _is_name(name)
        and _is_country(country)
        and locale in {"en", "ar"}
        and (zone is None or _is_zone(zone))
        and (zones or (phone is None and zone))
        and (email is None or _is_mailbox(email))
        and (phone is not None or email is not None)
    ):
        area = phone[:5] if phone is not None and phone.startswith("+1") else phone is not None
        return country, locale, zone, zones, area, email is not None
    return None


def _is_name(name: str) -> bool:
    return 0 < len(name) <= LONGEST_NAME and name.isprintable() and name == name.strip()


def _is_mailbox(text: str) -> bool:
    found = MAILBOX.fullmatch(text)
    short = found is not None and found.start(1) <= LONGEST_MAILBOX
    return found is not None and short and _is_domain(found[1])


@lru_cache(maxsize=50_000)
def _is_domain(name: str) -> bool:
    try:
        return _ADDRESS.validate_python(f"a@{name}") == f"a@{name}"
    except ValidationError:
        return False


def _zones_of(phone: str) -> tuple[str, ...]:
    """The zones that a number points to; empty if it is not plainly good, or points to none.

    In the United States and Canada all numbers of an exchange are alike.
    """
    north = NORTH_AMERICAN.fullmatch(phone)
    if north is not None and north[1] in REGIONS:
        return _zones_of_exchange(phone[:8])
    return _looked_up(phone) if NUMBER.fullmatch(phone) else ()


@lru_cache(maxsize=200_000)
def _zones_of_exchange(prefix: str) -> tuple[str, ...]:
    national = int(f"{prefix[2:]}0100")
    return _zones(phonenumbers.PhoneNumber(country_code=1, national_number=national))


def _looked_up(phone: str) -> tuple[str, ...]:
    try:
        number = phonenumbers.parse(phone, None)
    except phonenumbers.NumberParseException:
        return ()
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if written != phone or not phonenumbers.is_possible_number(number):
        return ()
    return _zones(number)


def _zones(number: phonenumbers.PhoneNumber) -> tuple[str, ...]:
    found = set(phone_zones.time_zones_for_number(number)) - {phone_zones.UNKNOWN_TIMEZONE}
    return tuple(sorted(found))


@lru_cache(maxsize=1_000)
def _is_currency(code: str) -> bool:
    return _stands(currency_code, code)


@lru_cache(maxsize=1_000)
def _is_country(code: str) -> bool:
    return _stands(country_code, code)


@lru_cache(maxsize=1_000)
def _is_zone(name: str) -> bool:
    return _stands(zone_name, name)


def _stands(check: Any, text: str) -> bool:  # noqa: ANN401 -- a validator of ours
    try:
        return bool(check(text) == text)
    except ValueError:
        return False
