"""What the gate remembers for everybody alike is what it would have worked out for each."""

from datetime import UTC, datetime, timedelta
from random import Random

from compliance import ContactRequest, Packs, PastContact, PersonFacts, decide, load_packs
from compliance.packs import Memory
from domain.accounts import Hold
from domain.contacts import Channel, ContactStatus
from domain.people import Milestone, MilestoneKind, StandingHold, Wish

SHIPPED = load_packs()
AT = datetime(2026, 11, 17, 15, tzinfo=UTC)
INSTANTS = (AT, AT + timedelta(hours=14), AT + timedelta(days=4, minutes=1))
CHANNELS = (Channel.SMS, Channel.EMAIL, Channel.VOICE)
PEOPLE = (
    ("US", ("US-MA",), ("America/New_York",)),
    ("US", ("US-OH",), ("America/New_York",)),
    ("US", ("US-NY", "USNYC"), ("America/New_York",)),
    ("US", ("US-DC",), ("America/New_York", "America/Chicago")),
    ("GB", (), ("Europe/London",)),
    ("SA", (), ("Asia/Riyadh",)),
)
FATES = (ContactStatus.SENT, ContactStatus.NO_ANSWER, ContactStatus.CONVERSATION)
NOTHING = {"holds": (), "wishes": (), "opted_out": (), "unreachable": (), "milestones": ()}
CONSENT = Milestone(kind=MilestoneKind.CONSENT, at=AT - timedelta(days=2))
FACTS = (
    *((NOTHING,) * 4),
    NOTHING | {"opted_out": (Channel.SMS,)},
    NOTHING | {"opted_out": (Channel.EMAIL, Channel.VOICE)},
    NOTHING | {"unreachable": (Channel.EMAIL,)},
    NOTHING | {"wishes": (Wish(only=(Channel.EMAIL,)),)},
    NOTHING | {"holds": (StandingHold(hold=Hold.DISPUTE, part=500),)},
    NOTHING | {"milestones": (CONSENT,)},
)


def somebody(dice):
    country, regions, zones = dice.choice(PEOPLE)
    past = sorted(dice.choices(range(9 * 24), k=dice.choice((0, 1, 2, 4, 8))), reverse=True)
    contacts = tuple(
        PastContact(
            key=f"k{number}",
            account_id=dice.choice("ab"),
            channel=dice.choice(CHANNELS),
            at=AT - timedelta(hours=hours),
            status=dice.choice(FATES),
            inbound=dice.random() < 0.1,
        )
        for number, hours in enumerate(past)
    )
    known = dice.choice(FACTS)
    return PersonFacts(country=country, regions=regions, zones=zones, contacts=contacts, **known)


def law():
    return Packs(SHIPPED, SHIPPED.calendars.values())


def test_whoever_is_alike_is_told_what_they_would_be_told_alone():
    dice, remembering, forgetting = Random(7), law(), law()
    forgetting.instants = Memory(1)
    questions = [
        (
            ContactRequest(account_id=dice.choice("ab"), channel=dice.choice(CHANNELS)),
            somebody(dice),
            dice.choice(INSTANTS),
        )
        for _ in range(600)
    ]
    for request, facts, at in questions:
        decide(request, facts, remembering, at)

    told = [decide(request, facts, remembering, at) for request, facts, at in questions]
    again = [decide(request, facts, remembering, at) for request, facts, at in questions]
    alone = [decide(request, facts, forgetting, at) for request, facts, at in questions]

    assert again == told == alone
    assert {each.kind for each in told} == {"allow", "wait", "deny"}
    assert sum(one is other for one, other in zip(told, again, strict=True)) > len(told) / 2
