"""Accounts as a creditor places them, the people who owe them, and how accounts end."""

import hashlib
import re
from collections.abc import Callable
from datetime import date
from enum import StrEnum
from typing import Annotated, Self

import phonenumbers
from phonenumbers import timezone as phone_zones
from phonenumbers.phonemetadata import PhoneMetadata
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    EmailStr,
    Field,
    StringConstraints,
    model_validator,
)

from domain.area_codes import REGIONS
from domain.money import Money
from domain.time import zone

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
"""A short name that may stand in ids: small letters, digits and dashes."""

Reference = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
"""A creditor's own key. It stands in workflow ids, so it must not carry personal data."""


class Closure(StrEnum):
    """Why a journey ended."""

    PAID_IN_FULL = "paid in full"
    SETTLED = "settled"
    """Less than all was paid, as agreed, and the rest was forgiven."""
    RECALLED = "recalled"
    CEASED = "ceased"
    REFERRED = "referred"


PAID_UP = frozenset({Closure.PAID_IN_FULL, Closure.SETTLED})
"""Ends that are none, once money is owed again."""


class Hold(StrEnum):
    """A reason for which the clock is stopped: nothing leaves while one stands."""

    PAUSE = "pause"
    DISPUTE = "dispute"
    HARDSHIP = "hardship"
    BREATHING_SPACE = "breathing space"
    ATTORNEY = "attorney"
    BANKRUPTCY = "bankruptcy"
    DECEASED = "deceased"
    CEASE = "cease and desist"
    ADVISER = "debt adviser"
    RESTRICTION = "restriction of processing"
    PAYMENT = "payment under way"
    """A bank takes days to send what was given: it is not asked for meanwhile."""


PERSONAL_HOLDS = frozenset(
    {
        Hold.HARDSHIP,
        Hold.ATTORNEY,
        Hold.BANKRUPTCY,
        Hold.DECEASED,
        Hold.CEASE,
        Hold.ADVISER,
        Hold.RESTRICTION,
    }
)
"""Holds that concern a person, and so every debt of theirs, also one that is placed later. A
breathing space concerns the debts that its notice lists, and no others."""


# Numbering plans load when they are first needed, and not safely from two threads at once: the
# second would find a number without a country, and so without a time zone. All of them take 0.2 s.
PhoneMetadata.load_all()


def e164(text: str) -> str:
    """The number in E.164 form; ValueError unless it is complete, with its country code."""
    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException as error:
        raise ValueError("not a phone number in international form such as +12125550123") from error
    if not phonenumbers.is_possible_number(number):
        raise ValueError("not a possible phone number: check the country code and its length")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def zone_name(text: str) -> str:
    """The name itself, once it is known to be an IANA time zone."""
    zone(text)
    return text


def country_code(text: str) -> str:
    """An ISO 3166 country code that telephone numbering knows."""
    if not re.fullmatch(r"[A-Z]{2}", text) or text not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError(f"{text!r} is not an ISO 3166 country code such as US, SA or GB")
    return text


def _unsaid(value: object) -> bool:
    """A field of a later release, while it says nothing: data placed before it stay as they are."""
    return value is None


class StoredCard(BaseModel):
    """A payment method that the creditor already holds at Stripe for this consumer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    customer: Annotated[str, StringConstraints(pattern=r"^cus_\w{1,64}$")]
    payment_method: Annotated[str, StringConstraints(pattern=r"^(pm|card)_\w{1,64}$")]


class Consumer(BaseModel):
    """The person who owes, as the creditor knows them."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    reference: Reference
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    country: Annotated[str, AfterValidator(country_code)]
    locale: Annotated[str, StringConstraints(pattern=r"^(en|ar)$")] = "en"
    region: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}-[A-Z0-9]{1,3}$")] | None = Field(
        default=None, exclude_if=_unsaid
    )
    """The state, province or nation of their address, by ISO 3166-2, such as US-NY or GB-SCT."""
    locality: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}[A-Z0-9]{3}$")] | None = Field(
        default=None, exclude_if=_unsaid
    )
    """The town of their address by UN/LOCODE, without its space, such as USNYC."""
    time_zone: Annotated[str, AfterValidator(zone_name)] | None = None
    phone: Annotated[str, AfterValidator(e164)] | None = None
    email: EmailStr | None = None
    stored_card: StoredCard | None = None

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.phone is None and self.email is None:
            raise ValueError("a consumer needs a phone or an email: give at least one")
        if not self.zones:
            raise ValueError("no time zone follows from the phone: give time_zone")
        return self

    @model_validator(mode="after")
    def _in_the_country(self) -> Self:
        if self.region is not None and not self.region.startswith(f"{self.country}-"):
            raise ValueError(f"region is not in {self.country}: expected one such as US-NY in US")
        if self.locality is not None and not self.locality.startswith(self.country):
            raise ValueError(f"locality is not in {self.country}: expected one such as USNYC in US")
        if self.locality is not None and self.region is None:
            raise ValueError("locality needs its region, too: rules of the region bind there")
        return self

    @property
    def regions(self) -> tuple[str, ...]:
        """Region and town as they were stated; else where the phone's area code belongs.

        A town that was not stated follows from an area code of the stated region. A number of
        another country than the person's says nothing of where in theirs they are.
        """
        if self.region is not None and self.locality is not None:
            return (self.region, self.locality)
        phone = self.phone or ""
        pointed = REGIONS.get(phone[2:5], ()) if phone.startswith("+1") else ()
        theirs = tuple(each for each in pointed if each.startswith(self.country))
        if self.region is None:
            return theirs
        towns = [each for each in theirs if "-" not in each] if self.region in theirs else []
        return (self.region, *towns)

    @property
    def residence_zones(self) -> tuple[str, ...]:
        """The zone of the stated address; empty if only the phone points to one."""
        return (self.time_zone,) if self.time_zone else ()

    @property
    def zones(self) -> tuple[str, ...]:
        """Every zone that our facts point to, sorted. A lawful hour must be lawful in all of them.

        12 CFR 1006 Supplement I, comment 6(b)(1)(i)-2: where facts conflict, a time is safe only
        if it is convenient in each of the places.
        """
        named = {self.time_zone} if self.time_zone else set()
        if self.phone is not None:
            number = phonenumbers.parse(self.phone, None)
            named |= set(phone_zones.time_zones_for_number(number))
        return tuple(sorted(named - {phone_zones.UNKNOWN_TIMEZONE}))


class Placement(BaseModel):
    """One overdue account as the creditor hands it over."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    creditor: Slug
    reference: Reference
    journey: Slug = "standard"
    balance: Money
    due_on: date
    consumer: Consumer

    @model_validator(mode="after")
    def _something_is_owed(self) -> Self:
        if self.balance.minor <= 0:
            raise ValueError("balance.minor must be above zero: it is what the consumer owes")
        return self

    @property
    def account_id(self) -> str:
        """An opaque id that is the same whenever the same account is placed again."""
        return opaque_id("acc", self.creditor, self.reference)

    @property
    def person_id(self) -> str:
        """An opaque id of the person within this creditor's book."""
        return opaque_id("per", self.creditor, self.consumer.reference)


def opaque_id(prefix: str, *parts: str) -> str:
    """A stable id that says nothing about its parts: a prefix and 80 bits of SHA-256."""
    return f"{prefix}_{hashlib.sha256('/'.join(parts).encode()).hexdigest()[:20]}"


def differences(
    given: Placement,
    recorded: Placement,
    present_name: Callable[[str], str | None] = lambda journey: journey,
) -> tuple[str, ...]:
    """Names of the fields in which two placements of one account differ, sorted.

    A journey that was renamed since, as `present_name` has it, is the same.
    """
    mine, theirs = given.model_dump(mode="json"), recorded.model_dump(mode="json")
    for each in (mine, theirs):
        each["journey"] = present_name(each["journey"]) or each["journey"]
    nested = ("balance", "consumer")
    names = [name for name in mine if name not in nested and mine[name] != theirs[name]]
    for outer in nested:
        names += [
            f"{outer}.{inner}"
            for inner in mine[outer].keys() | theirs[outer].keys()
            if mine[outer].get(inner) != theirs[outer].get(inner)
        ]
    return tuple(sorted(names))
