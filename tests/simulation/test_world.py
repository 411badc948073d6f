"""The simulated world does to accounts what the diary, and the real thing, would do."""

from dataclasses import replace

import pytest

from compliance import Packs, PastContact
from domain.accounts import Closure, Hold
from domain.contacts import Channel, email, sms
from domain.contracts import Contract, EarlyDiscount
from domain.events import HoldLifted, HoldPlaced, MessageReceived, PlanRequested, ProfileChanged
from domain.orders import ChargeStatus
from domain.people import Profile
from domain.time import days, hours
from engine import Journey, close, stage
from journeys.standard import STANDARD
from simulation.deeds import Act, Deed
from simulation.diary import accepts_offer, pays, play
from simulation.happenings import What
from simulation.lives import EndlessJourneyError, Told
from tests.simulation.scripted import (
    PACKS,
    START,
    Scripted,
    account,
    charged,
    lived,
    person,
    told,
)

CONTACTS = {What.CONTACT, What.CLOSED}


def does(deed, *, after=0, minor=0, within=0):
    return (Act(hours(after), deed, minor, days(within)),)


def diary_of(happened):
    """What the diary would write of it."""
    lines = {
        What.CONTACT: lambda each: each.detail,
        What.CLOSED: lambda each: f"closed: {each.detail}",
        What.HANDED: lambda each: f"handed over: {each.detail}",
        What.REFUSED: lambda each: f"{each.detail} refused",
        What.CHARGE: lambda each: f"charge {each.minor / 100:.2f} {each.status}",
    }
    return [
        f"day {(each.at - START).days:3d}  {lines[each.what](each)}"
        for each in happened
        if each.what in lines
    ]


def written(story):
    return [f"{line[:7]}  {line[16:].split(' refused:')[0]}" for line in story]


STORIES: dict[str, dict[int, Told]] = {
    "silence": {},
    "payment": {4: pays(200_00)},
    "dispute": {
        1: HoldPlaced(event_id="1", hold=Hold.DISPUTE),
        21: HoldLifted(event_id="2", hold=Hold.DISPUTE),
        24: pays(200_00),
    },
    "plan": {1: PlanRequested(event_id="1"), 2: accepts_offer},
    "words": {1: MessageReceived(event_id="1")},
    "cease": {1: HoldPlaced(event_id="1", hold=Hold.CEASE)},
}


@pytest.mark.parametrize("name", STORIES)
def test_the_world_tells_what_the_diary_writes(name):
    story = STORIES[name]
    shortly = [(START + days(day), event) for day, event in story.items()]

    happened = lived(person(account(has_card=True)), story={"acc_1": shortly})

    written_down = [line for line in written(play(STANDARD, story, packs=PACKS)) if "day" in line]
    assert diary_of(happened) == written_down


def test_accounts_of_one_person_share_the_one_contact_of_a_day():
    happened = lived(person(account(1), account(2)), days=6)

    assert told(happened, only={What.CONTACT, What.WAITED}) == [
        "day   0  acc_1 contact sms nudge sent",
        "day   0  acc_2 waited sms nudge HOUSE-DAY",
        "day   0  acc_2 contact sms nudge sent",
        "day   3  acc_1 contact email nudge sent",
        "day   3  acc_2 contact email nudge sent",
    ]
    days_used = [each.at.date() for each in happened if each.what is What.CONTACT]
    assert len(set(days_used)) == len(days_used)


def test_the_record_knows_of_contacts_that_an_account_has_not_heard_of():
    earlier = tuple(
        PastContact(key=f"k{day}", account_id="acc_9", channel=Channel.VOICE, at=START - days(day))
        for day in (60, 0)
    )

    happened = lived(person(contacts=earlier[::-1]), days=2)

    assert told(happened, only={What.WAITED, What.CONTACT}) == [
        "day   0  acc_1 waited sms nudge HOUSE-DAY",
        "day   0  acc_1 contact sms nudge sent",
    ]


def test_an_opt_out_said_about_one_account_binds_all_of_them():
    stops = Scripted(on={"sms nudge": does(Deed.OPTS_OUT)}, only="acc_1")

    happened = lived(person(account(1), account(2)), stops)

    texts = [each for each in happened if each.what is What.CONTACT and "sms" in each.detail]
    refused = {each.account for each in happened if each.what is What.REFUSED}
    assert [each.account for each in texts] == ["acc_1"]
    assert refused == {"acc_1", "acc_2"}
    assert "day   0  acc_1 did opts out of the channel sms" in told(happened)


def test_who_wants_no_contact_at_all_is_left_alone_about_every_debt():
    cease = Scripted(on={"sms nudge": does(Deed.STOPS, after=2)})

    happened = lived(person(account(1), account(2)), cease)

    assert told(happened, only=CONTACTS) == [
        "day   0  acc_1 contact sms nudge sent",
        "day   0  acc_1 closed ceased",
        "day   0  acc_2 closed ceased",
    ]


def test_an_offer_that_is_accepted_is_kept_and_paid():
    accepts = Scripted(on={"sms plan_offer": does(Deed.ACCEPTS_PLAN, after=5)})

    happened = lived(behaviour=accepts)

    paid = [each for each in happened if each.what is What.PAID]
    assert [each.minor for each in paid] == [50_00] * 4
    assert {each.detail for each in paid} == {"charge"}
    assert told(happened)[-1].endswith("closed paid in full")


def test_a_plan_whose_charge_is_declined_breaks_and_is_told_so():
    accepts = Scripted(
        on={"sms plan_offer": does(Deed.ACCEPTS_PLAN)},
        charges=[charged(ChargeStatus.DECLINED)] * 9,
    )

    happened = lived(behaviour=accepts)

    assert "stage broken_plan" in " ".join(told(happened, only={What.STAGE}))
    assert any(each.detail == "sms instalment_failed" for each in happened)
    assert not [each for each in happened if each.what is What.PAID]


def test_instalments_are_paid_by_hand_when_they_are_due():
    by_hand = Scripted(
        on={
            "sms plan_offer": does(Deed.ACCEPTS_BY_HAND),
            "sms instalment_reminder": does(Deed.PAYS_DUE, after=3),
        }
    )

    happened = lived(behaviour=by_hand)

    paid = [(each.detail, each.minor) for each in happened if each.what is What.PAID]
    assert paid == [("page", 50_00)] * 4
    assert told(happened)[-1].endswith("closed paid in full")


def test_without_a_stored_card_nothing_is_charged():
    happened = lived(person(account(journey="subscription")), days=1)

    assert "day   0  acc_1 charge no stored card 20000" in told(happened)


def test_a_dispute_stops_the_clock_until_it_is_resolved():
    disputes = Scripted(on={"sms nudge": does(Deed.DISPUTES, after=24, within=20)})

    happened = lived(behaviour=disputes, days=40)

    assert told(happened, only={What.CONTACT, What.DID, What.HANDED})[:4] == [
        "day   0  acc_1 contact sms nudge sent",
        "day   1  acc_1 did disputes the debt",
        "day   1  acc_1 handed over wrote of dispute: read it",
        "day  23  acc_1 contact email nudge sent",
    ]


def test_hardship_takes_every_account_to_the_gentle_journey():
    tells = Scripted(on={"sms nudge": does(Deed.HARDSHIP)}, only="acc_1")

    happened = lived(person(account(1), account(2)), tells, days=10)

    assert told(happened, only={What.SWITCHED}) == [
        "day   3  acc_1 switched hardship",
        "day   3  acc_2 switched hardship",
    ]


def test_a_message_that_does_not_arrive_is_returned_and_nobody_answers_it():
    nobody = Scripted(lost=frozenset({"sms"}), on={"sms nudge": does(Deed.PAYS_ALL)})

    happened = lived(behaviour=nobody, days=1)

    assert told(happened, only={What.CONTACT, What.PAID, What.WAITED}) == [
        "day   0  acc_1 contact sms nudge undelivered",
        "day   0  acc_1 waited email nudge HOUSE-DAY",
        "day   0  acc_1 contact email nudge sent",
    ]


def test_who_settles_pays_what_was_offered_and_the_rest_is_forgiven():
    terms = Contract.model_validate(
        {
            "settlement": {
                "floor": "70",
                "least": {"automatic": "70"},
                "early": EarlyDiscount.model_validate({"percent": "20", "within_days": 10}),
            }
        }
    )

    happened = lived(
        person(account(contract=terms)), Scripted(on={"sms nudge": does(Deed.SETTLES)})
    )

    assert told(happened, only={What.PAID, What.CLOSED}) == [
        "day   0  acc_1 paid page 16000",
        f"day   0  acc_1 closed {Closure.SETTLED}",
    ]


def test_money_that_goes_back_opens_the_account_again():
    back = Scripted(
        on={"sms nudge": does(Deed.PAYS_ALL)}, after_paying=does(Deed.TAKES_BACK, after=48)
    )

    happened = lived(behaviour=back, days=12)

    assert told(happened, only={What.PAID, What.REVERSED, What.CLOSED, What.HANDED}) == [
        "day   0  acc_1 paid page 20000",
        "day   0  acc_1 closed paid in full",
        "day   2  acc_1 reversed 20000",
        "day   2  acc_1 handed over a payment went back: find out why, and what was meant by it",
        "day   9  acc_1 paid page 20000",
        "day   9  acc_1 closed paid in full",
    ]


@pytest.mark.parametrize(
    ("deed", "ends"),
    [
        (Deed.PAYS_PART, "paid page 5000"),
        (Deed.PROMISES, "did promises to pay 5000"),
        (Deed.ASKS_PLAN, "contact sms plan_offer sent"),
        (Deed.CLAIMS_PAID, "handed over says that it is paid: check with the creditor"),
        (Deed.WRITES, "handed over wrote, or wants a call: read it and answer"),
        (Deed.ASKS_CALL, "handed over wrote, or wants a call: read it and answer"),
        (Deed.STORES_CARD, "did stores another card 5000"),
        (Deed.STATES_MEANS, "stage breathing_space"),
        (Deed.COMPLAINS, "handed over complains: read it and answer"),
    ],
)
def test_whatever_a_person_does_has_its_effect(deed, ends):
    acts = Scripted(on={"sms nudge": does(deed, after=20, minor=50_00, within=5)})

    happened = lived(behaviour=acts, days=2)

    assert f"day   0  acc_1 {ends}" in told(happened) or f"day   1  acc_1 {ends}" in told(happened)


@pytest.mark.parametrize("deed", [Deed.ACCEPTS_PLAN, Deed.SETTLES, Deed.TAKES_BACK])
def test_what_cannot_be_done_is_not_done(deed):
    acts = Scripted(on={"sms nudge": does(deed)})

    assert told(lived(behaviour=acts)) == told(lived())


def test_a_call_is_answered_or_not():
    breaks = {"sms plan_offer": does(Deed.ACCEPTS_PLAN), "voice broken_plan": does(Deed.PAYS_ALL)}
    fails = [charged(ChargeStatus.DECLINED)] * 9

    missed = lived(behaviour=Scripted(on=breaks, charges=fails))
    answered = lived(behaviour=Scripted(on=breaks | {"answered": ()}, charges=fails))

    assert any(line.endswith("voice broken_plan no answer") for line in told(missed))
    assert any(line.endswith("voice broken_plan conversation") for line in told(answered))
    assert told(answered)[-1].endswith("closed paid in full")


def test_a_profile_that_changes_is_known_about_every_account():
    profile = Profile(revision=1, country="US", zones=("America/Los_Angeles",))
    moved = ProfileChanged(event_id="1", profile=profile)

    happened = lived(
        person(account(1), account(2)), story={"acc_2": [(START + days(2), moved)]}, days=9
    )

    evening = START + days(8)
    contacts = [
        each for each in happened if each.what is What.CONTACT and each.at > START + days(2)
    ]
    assert {each.account for each in contacts} == {"acc_1", "acc_2"}
    assert all(each.at.hour >= 15 for each in contacts), evening


def test_reasons_are_told_only_where_they_are_asked_for():
    both = person(account(1), account(2))

    plain, with_reasons = lived(both), lived(both, reasons=True)

    assert not any(each.why for each in plain)
    happened = [each for each in with_reasons if each.what is not What.PAUSED]
    assert [each._replace(why="") for each in happened] == plain
    waited = next(each for each in with_reasons if each.what is What.WAITED)
    assert waited.why.startswith("to send sms nudge: we ask a person once a day at most")


def test_another_journey_may_be_played_under_the_name_that_an_account_asks_for():
    @stage
    async def at_once(account):
        """Give up at once."""
        return close(Closure.REFERRED)

    happened = lived(journeys={"standard": Journey("other", 1, (at_once,))})

    assert told(happened) == [
        "day   0  acc_1 placed other 20000",
        "day   0  acc_1 stage at_once",
        "day   0  acc_1 closed referred",
    ]


def test_a_journey_that_goes_round_is_stopped_and_named():
    @stage
    async def round_and_round(account):
        """Contact without end."""
        while True:
            await account.contact(sms("nudge"))
            await account.response(within=days(0))

    with pytest.raises(EndlessJourneyError, match="round_and_round goes round without time"):
        lived(journeys={"standard": Journey("j", 1, (round_and_round,))}, packs=Packs(()))


def test_a_stage_that_awaits_anything_but_its_account_is_refused():
    class Elsewhere:
        def __await__(self):
            yield

    @stage
    async def strays(account):
        """Await something else."""
        await account.contact(email("nudge"))
        await Elsewhere()
        return close(Closure.REFERRED)

    with pytest.raises(RuntimeError, match="a stage may await nothing but its account"):
        lived(journeys={"standard": Journey("j", 1, (strays,))})


def test_nothing_happens_to_who_owes_nothing():
    nobody = person()

    assert lived(replace(nobody, accounts=())) == []


def test_a_story_is_told_to_accounts_that_there_are():
    with pytest.raises(LookupError, match="no account acc_7 of person p1"):
        lived(story={"acc_7": []})
