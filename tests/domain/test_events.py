"""Events, orders and contacts survive being written down and read again."""

from datetime import UTC, date, datetime, time

import pytest
from pydantic import ValidationError

from domain import events
from domain.accounts import Hold
from domain.contacts import COUNTED, Channel, Contact, ContactStatus, Place, Purpose, email, sms
from domain.contracts import Authority
from domain.events import EVENTS
from domain.people import Milestone, MilestoneKind, Profile, Wish
from domain.plans import Instalment, PaymentPlan
from domain.settlements import Settlement

PLAN = PaymentPlan(
    plan_id="p1",
    currency="KWD",
    instalments=(Instalment(number=1, due=date(2026, 4, 1), minor=1_500),),
)

SETTLEMENT = Settlement(
    settlement_id="s1",
    minor=900,
    balance=1_500,
    currency="KWD",
    expires=date(2026, 4, 30),
    by=Authority.AUTOMATIC,
)

PROFILE = Profile(
    revision=3,
    country="US",
    regions=("US-NY", "USNYC"),
    zones=("America/New_York",),
    wishes=(Wish(opens=time(12), only=(Channel.EMAIL,), not_at=(Place.WORK,)),),
    milestones=(
        Milestone(kind=MilestoneKind.CONSENT, at=datetime(2026, 4, 1, tzinfo=UTC), direct=False),
    ),
)

EXAMPLES = (
    events.BalanceChanged(event_id="1", version=2, balance=5),
    events.ContactSettled(
        event_id="1", key="k", channel=Channel.SMS, status=ContactStatus.DELIVERED
    ),
    events.OptedOut(event_id="1", channel=Channel.SMS),
    events.OptedIn(event_id="1", channel=Channel.EMAIL),
    events.HoldPlaced(event_id="1", hold=Hold.BREATHING_SPACE),
    events.HoldLifted(event_id="1", hold=Hold.DISPUTE),
    events.ProfileChanged(event_id="1", profile=PROFILE),
    events.LawChanged(event_id="1", law="law_1", number=2),
    events.Recalled(event_id="1"),
    events.PlanRequested(event_id="1"),
    events.PlanAccepted(event_id="1", plan=PLAN),
    events.PlanChanged(event_id="1", plan=PLAN.model_copy(update={"revision": 2})),
    events.PlanEnded(event_id="1", plan_id="p1"),
    events.SettlementOffered(event_id="1", settlement=SETTLEMENT),
    events.SettlementEnded(event_id="1", settlement_id="s1"),
    events.JourneySwitched(event_id="1", journey="hardship"),
    events.StageMoved(event_id="1", journey="a", stage="old", to_journey="a", to_stage="new"),
    events.TaskDone(event_id="1", task="account/acme/A-1#2"),
    events.PromiseToPay(event_id="1", due=date(2026, 4, 1), minor=5_00, balance=9_00),
    events.PaymentReversed(event_id="1"),
    events.HardshipDeclared(event_id="1"),
    events.MeansStated(event_id="1", monthly=40_00),
    events.PaymentClaimed(event_id="1"),
    events.CallRequested(event_id="1"),
    events.MessageReceived(event_id="1"),
    events.CardStored(event_id="1"),
    events.InstalmentFailed(event_id="1", number=1),
    events.Undelivered(event_id="1", key="k"),
)


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: event.kind)
def test_an_event_is_read_back_as_it_was_written(event):
    assert EVENTS.validate_json(event.model_dump_json()) == event


def test_every_kind_of_event_has_an_example_here():
    def kinds(kind):
        return {kind, *(each for below in kind.__subclasses__() for each in kinds(below))}

    assert {type(each) for each in EXAMPLES} == kinds(events.Event) - {
        events.Event,
        events.Response,
    }


def test_an_unknown_kind_of_event_is_refused():
    with pytest.raises(ValidationError, match="balance_changed"):
        EVENTS.validate_python({"kind": "gossip", "event_id": "1"})


def test_a_message_is_called_by_its_channel_and_its_name():
    assert str(sms("nudge")) == "sms nudge"
    assert str(email("nudge")) == "email nudge"
    assert sms("nudge").purpose is Purpose.DEMAND


@pytest.mark.parametrize("status", ContactStatus)
def test_whatever_left_or_may_have_left_counts_as_made(status):
    contact = Contact(
        key="k", message=sms("nudge"), status=status, at=datetime(2026, 11, 21, tzinfo=UTC)
    )

    assert contact.made == (status in COUNTED)
    assert contact.made == (status.value not in {"rejected", "refused", "unavailable"})
