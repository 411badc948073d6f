"""People who do as a test says, and a world to put them into."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from compliance import PersonFacts, load_packs
from domain.orders import Charged, ChargeStatus
from simulation.deeds import Act
from simulation.happenings import Happening
from simulation.world import Account, Person, live

START = datetime(2026, 3, 10, 13, tzinfo=UTC)
"""Tuesday, 09:00 in New York."""

PACKS = load_packs()


@dataclass(frozen=True)
class Scripted:
    """Does what is written: on a message, by its name ("sms nudge"), each time that it comes."""

    on: Mapping[str, Sequence[Act]] = field(default_factory=dict)
    at_first: Sequence[Act] = ()
    after_paying: Sequence[Act] = ()
    lost: frozenset[str] = frozenset()
    """Channels on which nothing arrives."""
    charges: Sequence[Charged] = ()
    """What becomes of charges in turn; further ones are paid."""
    only: str = ""
    """The account about which they do anything; empty: any."""

    def at_placement(self, debt, at):
        return self.at_first if self.only in ("", debt.account) else ()

    def on_contact(self, debt, contact, number):
        return self.on.get(str(contact.message), ()) if self.only in ("", debt.account) else ()

    def on_payment(self, debt, minor, number):
        return self.after_paying if number == 1 else ()

    def is_delivered(self, debt, contact_key, channel):
        return channel not in self.lost

    def answers_call(self, debt, contact_key):
        return "answered" in self.on

    def charge(self, debt, number, at):
        if number <= len(self.charges):
            return self.charges[number - 1]
        return charged(ChargeStatus.PAID)


def charged(status, again_at=None):
    return Charged(status=status, version=0, balance=0, again_at=again_at)


def account(number=1, **more):
    known: dict[str, Any] = {
        "journey": "standard",
        "balance": 200_00,
        "currency": "USD",
        "due_on": START.date(),
    }
    return Account(**{"account_id": f"acc_{number}"} | known | more)


def person(*accounts, reference="p1", **facts):
    known: dict[str, Any] = {"country": "US", "zones": ("America/New_York",)}
    return Person(reference, PersonFacts(**known | facts), accounts or (account(),))


def lived(who=None, behaviour=None, **more) -> list[Happening]:
    happened: list[Happening] = []
    asked: dict[str, Any] = {"journeys": {}, "packs": PACKS, "start": START, "days": 180} | more
    live(
        who or person(),
        behaviour=behaviour or Scripted(),
        tell=happened.append,
        **asked,
    )
    return happened


def told(happened, *, only=None):
    """Lines such as "day   3  acc_1 contact sms nudge sent"; `only` some kinds of happening."""
    return [
        " ".join(
            filter(
                None,
                [
                    f"day {(each.at - START).days:3d} ",
                    each.account,
                    each.what,
                    each.detail,
                    each.status,
                    each.rule,
                    f"{each.minor}" if each.minor else "",
                ],
            )
        )
        for each in happened
        if only is None or each.what in only
    ]
