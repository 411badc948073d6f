"""What scenarios of the law are told with: people, contacts, requests, and what is expected.

A scenario is asked of the packs of law alone, without our own policy in `house`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from pydantic import TypeAdapter

from compliance import (
    Allow,
    ContactRequest,
    Content,
    Deny,
    Packs,
    PastContact,
    PersonFacts,
    Wait,
    decide,
)
from compliance.loading import load_packs
from domain.contacts import Channel
from domain.people import Milestone, MilestoneKind
from domain.time import zone

LAW = load_packs().without("house")
NEW_YORK = "America/New_York"
ACCOUNT = "a"
"""The debt that scenarios ask about."""


def at(text: str, zone_name: str = NEW_YORK) -> datetime:
    """A wall-clock time such as "2026-06-02 09:30", in New York unless another zone is named."""
    return datetime.fromisoformat(text).replace(tzinfo=zone(zone_name))


def person(**facts: Any) -> PersonFacts:
    """A person of whom nothing but a place is known; in New York, and an agency collects."""
    usual = {"country": "US", "zones": (NEW_YORK,), "actor": "agency"}
    return PersonFacts.model_validate(usual | facts)


def asking(channel: str = "sms", **request: Any) -> ContactRequest:
    """A wish to contact the person about the debt; a demand unless a purpose is named."""
    usual = {"account_id": ACCOUNT, "channel": channel}
    return ContactRequest.model_validate(usual | request)


def saying(*said: str, demanded: int | None = None, owed: int | None = None) -> Content:
    """What is in a written message."""
    return Content.model_validate({"said": frozenset(said), "demanded": demanded, "owed": owed})


PAST_CONTACT = TypeAdapter(PastContact)


def past(
    channel: str, *times: str, zone_name: str = NEW_YORK, **contact: Any
) -> tuple[PastContact, ...]:
    """Contacts about the debt on one channel, at these wall-clock times."""
    usual = {"account_id": ACCOUNT, "channel": channel}
    return tuple(
        PAST_CONTACT.validate_python(
            usual | {"key": f"{channel} {n} {text}", "at": at(text, zone_name)} | contact
        )
        for n, text in enumerate(times)
    )


def milestone(
    kind: MilestoneKind, time: str, *channels: str, zone_name: str = NEW_YORK, **more: Any
) -> Milestone:
    """Something that happened at this wall-clock time, for the channels named or for all."""
    named = tuple(map(Channel, channels))
    return Milestone(kind=kind, at=at(time, zone_name), channels=named, **more)


@dataclass(frozen=True)
class Scenario:
    """A question, and the answer that the law gives."""

    number: str
    """As in the table of scenarios, with what tells its parts from each other."""
    ask: ContactRequest
    when: datetime
    facts: PersonFacts = field(default_factory=person)
    rule: str | None = None
    """The rule that decides; None: nothing stands in the way."""
    until: datetime | None = None
    """Wait until then; without it a rule that decides refuses."""
    lifts: str | None = None
    """What would have to change, or a part of it."""
    packs: Packs = LAW

    def holds(self) -> None:
        """Assert that the gate answers so, and that a wait ends at a moment that is allowed."""
        verdict = decide(self.ask, self.facts, self.packs, self.when)
        assert verdict.decided_by == self.rule, verdict
        if self.rule is None:
            assert isinstance(verdict, Allow)
        elif self.until is None:
            assert isinstance(verdict, Deny)
            assert (self.lifts or "") in verdict.reasons[0].lifts
        else:
            assert isinstance(verdict, Wait)
            assert verdict.until == self.until
            assert isinstance(decide(self.ask, self.facts, self.packs, self.until), Allow)


def told(scenarios: Iterable[Scenario]) -> pytest.MarkDecorator:
    """Run a test once for each scenario, under its number."""
    listed = list(scenarios)
    return pytest.mark.parametrize("scenario", listed, ids=[each.number for each in listed])
