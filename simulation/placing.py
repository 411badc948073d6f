"""From what a creditor places to who is simulated: the facts that the record would have of them."""

from collections.abc import Sequence

from compliance import PersonFacts
from compliance.facts import Actor, Sector
from domain.accounts import Consumer, Placement
from domain.contacts import Channel
from domain.contracts import Contract
from simulation.people import Account, Person

REACHED = {Channel.SMS: "phone", Channel.VOICE: "phone", Channel.EMAIL: "email"}
"""What reaches a person on a channel, as the record calls it; the others nothing carries."""


def person_placed(
    placements: Sequence[Placement],
    *,
    actor: Actor = Actor.AGENCY,
    sector: Sector | None = None,
    contract: Contract | None = None,
) -> Person:
    """The person of these placements, one account for each. What the last says of them is true."""
    last = placements[-1]
    facts = facts_of(last.consumer).model_copy(
        update={"creditor": last.creditor, "actor": actor, "sector": sector}
    )
    terms = contract or Contract()
    return Person(last.person_id, facts, tuple(_account(each, terms) for each in placements))


def facts_of(consumer: Consumer) -> PersonFacts:
    """What the gate knows of somebody new."""
    held = {"phone": consumer.phone, "email": consumer.email}
    addresses = {channel: named for channel, named in REACHED.items() if held[named] is not None}
    return PersonFacts(
        country=consumer.country,
        regions=consumer.regions,
        zones=consumer.zones,
        residence_zones=consumer.residence_zones,
        language=consumer.locale,
        addresses=addresses,
        unreachable=tuple(sorted(each for each in Channel if each not in addresses)),
    )


def _account(placement: Placement, terms: Contract) -> Account:
    return Account(
        account_id=placement.account_id,
        journey=placement.journey,
        balance=placement.balance.minor,
        currency=placement.balance.currency,
        due_on=placement.due_on,
        contract=terms,
        has_card=placement.consumer.stored_card is not None,
    )
