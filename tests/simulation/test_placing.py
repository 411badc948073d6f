"""Who is simulated is who the record would have: the same facts, from the same placement."""

from datetime import UTC, datetime

import pytest

from activities.records import Records
from api.schemas import NewAccount
from domain.contacts import Channel
from domain.contracts import Contract, RetryTerms
from domain.orders import RecordPlacement
from simulation.placing import facts_of, person_placed

ACCOUNT = {
    "reference": "INV-1",
    "balance": {"minor": 18750, "currency": "USD"},
    "due_on": "2026-02-27",
}
CONSUMER = {
    "reference": "C-1001",
    "name": "Jo Doe",
    "country": "US",
    "phone": "+12125550123",
    "email": "jo@example.com",
}
AT = datetime(2026, 3, 10, 13, tzinfo=UTC)
BY_THE_RECORD = {"revision", "milestones"}


def placed(**consumer):
    return NewAccount.model_validate(ACCOUNT | {"consumer": CONSUMER | consumer}).of("acme")


@pytest.mark.parametrize(
    "consumer",
    [
        {},
        {"phone": None, "time_zone": "America/Denver"},
        {"email": None, "locale": "ar"},
        {"country": "SA", "phone": "+966505500001", "time_zone": "Asia/Riyadh"},
        {"region": "US-NY", "locality": "USNYC"},
        {"time_zone": "America/Los_Angeles"},
    ],
    ids=["both", "no phone", "no email", "abroad", "town", "two zones"],
)
def test_the_simulator_knows_of_somebody_what_the_record_does(database, consumer):
    placement = placed(**consumer)
    order = RecordPlacement(
        key="1", account_id=placement.account_id, at=AT, placement=placement, workflow_id="w"
    )

    recorded = Records(database).record_placement(order).facts
    simulated = person_placed([placement]).facts

    assert simulated == recorded.model_copy(
        update={name: getattr(simulated, name) for name in BY_THE_RECORD}
    )


def test_somebody_without_an_address_is_not_reached_there():
    facts = facts_of(placed(phone=None, time_zone="America/Denver").consumer)

    assert facts.addresses == {Channel.EMAIL: "email"}
    assert {Channel.SMS, Channel.VOICE, Channel.LETTER} <= {*facts.unreachable}


def test_a_persons_accounts_share_their_facts_and_the_contract():
    terms = Contract(retries=RetryTerms(tries=3))
    first = placed()
    second = first.model_copy(update={"reference": "INV-2", "journey": "invoice"})

    person = person_placed([first, second], contract=terms)

    assert [each.journey for each in person.accounts] == ["standard", "invoice"]
    assert [each.contract for each in person.accounts] == [terms, terms]
    assert person.reference == first.person_id
