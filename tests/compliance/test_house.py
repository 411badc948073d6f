"""What binds everywhere: refusals, holds and wishes (base), and how we ask for payment (house)."""

from datetime import UTC, datetime, time

import pytest
from pydantic import ValidationError

from compliance import Allow, Deny, Packs, PersonFacts, Wait, decide, load_packs
from domain.accounts import Hold
from domain.contacts import CONTACTING, Channel, Purpose
from domain.people import MilestoneKind
from tests.compliance.scenarios_kit import (
    NEW_YORK,
    Scenario,
    asking,
    at,
    milestone,
    past,
    person,
    saying,
    told,
)

PACKS = Packs([pack for pack in load_packs() if pack.id in ("base", "house")])
BASE = PACKS.without("house")
CHICAGO, LOS_ANGELES = "America/Chicago", "America/Los_Angeles"
TOLL_FREE = (NEW_YORK, CHICAGO, "America/Denver", LOS_ANGELES, "Pacific/Honolulu")
NOON, NIGHT = at("2026-06-02 12:00"), at("2026-06-02 22:31")


def answer(when, channel="sms", purpose="demand", **facts):
    return decide(asking(channel, purpose=purpose), person(**facts), PACKS, when)


def rules(verdict):
    return {reason.rule for reason in verdict.reasons}


# hours


@pytest.mark.parametrize(
    ("clock", "until"),
    [
        ("2026-06-02 07:59:59.999999", "2026-06-02 08:00"),
        ("2026-06-02 08:00", None),
        ("2026-06-02 20:59:59.999999", None),
        ("2026-06-02 21:00", "2026-06-03 08:00"),
        ("2026-06-02 23:59:59", "2026-06-03 08:00"),
        ("2026-06-02 00:00", "2026-06-02 08:00"),
    ],
)
def test_the_window_is_open_from_eight_until_just_before_nine_in_the_evening(clock, until):
    verdict = answer(at(clock))

    if until is None:
        assert isinstance(verdict, Allow)
    else:
        assert isinstance(verdict, Wait)
        assert verdict.until == at(until)
        assert rules(verdict) == {"HOUSE-HOURS"}


def test_a_wait_says_why_and_on_what_authority():
    verdict = answer(at("2026-06-02 06:00"))

    assert [str(reason) for reason in verdict.reasons] == [
        "we write and call only from 08:00 to 21:00 where the person is (house policy)",
    ]
    assert [pack.rpartition("@")[0] for pack in verdict.packs] == ["base", "house"]


@pytest.mark.parametrize("channel", ["sms", "email", "voice", "chat", "whatsapp", "visit"])
def test_whatever_it_is_for_nothing_wakes_a_person_where_no_law_gives_hours(channel):
    at_three = at("2026-11-23 03:00", "Asia/Muscat")
    somewhere = {"country": "OM", "zones": ("Asia/Muscat",)}

    free = {
        purpose
        for purpose in CONTACTING
        if isinstance(answer(at_three, channel, purpose, **somewhere), Allow)
    }

    assert free == ({Purpose.CONFIRMATION} if channel not in {"voice", "visit"} else set())


def test_who_writes_at_night_gets_their_answer_at_night_and_nothing_else():
    asked = past("sms", "2026-06-02 22:30", inbound=True)

    assert isinstance(answer(NIGHT, purpose="reply", contacts=asked), Allow)
    assert isinstance(answer(NIGHT, purpose="notice", contacts=asked), Wait)
    assert isinstance(answer(NIGHT, purpose="reply"), Wait)


def test_a_letter_has_no_hour():
    assert isinstance(answer(NIGHT, "letter"), Allow)


def test_we_keep_the_same_hours_in_every_country():
    verdict = answer(at("2026-06-02 05:00", "Asia/Tokyo"), country="JP", zones=("Asia/Tokyo",))

    assert verdict.until == at("2026-06-02 08:00", "Asia/Tokyo")


# several candidate zones


def test_when_the_east_has_gone_to_bed_everyone_waits_for_the_next_day():
    verdict = answer(at("2026-07-14 21:30"), zones=(LOS_ANGELES, NEW_YORK))

    assert verdict.until == at("2026-07-15 11:00")


def test_a_number_that_may_be_anywhere_waits_for_hawaii():
    assert answer(at("2026-07-14 10:00"), zones=TOLL_FREE).until == at("2026-07-14 14:00")


def test_zones_without_a_common_hour_are_refused_and_not_waited_for_for_ever():
    verdict = answer(NOON, zones=("Asia/Tokyo", "Europe/London", LOS_ANGELES))

    assert isinstance(verdict, Deny)
    assert verdict.decided_by == "HOUSE-HOURS"


def test_a_person_is_somewhere():
    with pytest.raises(ValidationError):
        PersonFacts(country="US", zones=())


# clock changes


def test_a_wait_over_the_spring_night_is_an_hour_shorter():
    assert answer(at("2026-03-07 22:00")).until == datetime(2026, 3, 8, 12, tzinfo=UTC)


def test_a_wait_over_the_autumn_night_is_an_hour_longer():
    assert answer(at("2026-10-31 22:00")).until == datetime(2026, 11, 1, 13, tzinfo=UTC)


@pytest.mark.parametrize("fold", [0, 1])
def test_the_repeated_hour_of_the_autumn_night_is_night_both_times(fold):
    when = at("2026-11-01 01:30").replace(fold=fold)

    assert answer(when).until == datetime(2026, 11, 1, 13, tzinfo=UTC)


# how often


def test_one_contact_a_day_over_all_accounts_of_a_person():
    sent = past("sms", "2026-06-02 09:00", account_id="another")

    verdict = answer(NOON, "email", contacts=sent)

    assert verdict.until == at("2026-06-03 08:00")
    assert verdict.decided_by == "HOUSE-DAY"
    assert verdict.counters == {"HOUSE-DAY": "1 of 1"}


def test_a_day_is_a_calendar_day_and_not_24_hours():
    sent = past("sms", "2026-06-02 20:30")

    assert isinstance(answer(at("2026-06-03 08:00"), contacts=sent), Allow)


def test_a_day_has_to_be_over_in_every_zone_that_the_person_may_be_in():
    sent = past("letter", "2026-06-02 23:30")

    verdict = answer(at("2026-06-03 10:00"), zones=(NEW_YORK, "Pacific/Honolulu"), contacts=sent)

    assert verdict.until == at("2026-06-03 14:00")


def test_an_answer_is_not_held_back_by_the_daily_limit():
    sent = past("sms", "2026-06-02 09:00")

    assert isinstance(answer(NOON, purpose="reply", contacts=sent), Allow)


def test_what_never_left_us_does_not_use_up_the_day():
    sent = past("sms", "2026-06-02 09:00", status="rejected")

    assert isinstance(answer(NOON, contacts=sent), Allow)


# wishes, opt-outs, addresses


def test_a_wish_for_the_afternoon_binds_at_once():
    verdict = answer(at("2026-06-02 09:00"), wishes=[{"opens": "12:00"}])

    assert verdict.until == NOON
    assert verdict.decided_by == "BASE-WISH-HOURS"


def test_a_day_that_somebody_asked_to_be_left_alone_is_skipped():
    verdict = answer(NOON, wishes=[{"never": ["tue", "wed"]}])

    assert verdict.until == at("2026-06-04 08:00")


def test_a_wish_that_has_ended_binds_no_longer():
    assert isinstance(answer(NOON, wishes=[{"opens": "15:00", "until": "2026-06-01"}]), Allow)


def test_who_asks_at_night_gets_one_answer_at_night_whatever_they_wished():
    wished = {"wishes": [{"opens": "12:00"}], "opted_out": ["sms"]}
    asked = past("sms", "2026-06-02 22:30", inbound=True)

    assert isinstance(answer(NIGHT, purpose="reply", contacts=asked, **wished), Allow)


@pytest.mark.parametrize("purpose", sorted(CONTACTING - {Purpose.CONFIRMATION, Purpose.LOCATION}))
def test_a_refused_channel_stays_silent_for_every_purpose(purpose):
    verdict = answer(NOON, purpose=purpose, opted_out=["sms"])

    assert isinstance(verdict, Deny)
    assert rules(verdict) == {"BASE-OPTOUT"}
    assert isinstance(answer(NOON, "email", purpose, opted_out=["sms"]), Allow)


def test_an_opt_out_may_be_confirmed_on_the_channel_that_it_closes():
    assert isinstance(answer(NIGHT, purpose="opt-out confirmation", opted_out=["sms"]), Allow)


@pytest.mark.parametrize("channel", ["voice", "visit"])
def test_nobody_rings_or_comes_to_confirm_that_they_will_not(channel):
    verdict = answer(NOON, channel, "opt-out confirmation", opted_out=[channel])

    assert rules(verdict) == {"BASE-CONFIRMATION"}


@pytest.mark.parametrize("recipient", ["consumer", "spouse", "guarantor", "attorney"])
def test_only_a_third_person_is_asked_where_somebody_is(recipient):
    told = decide(asking("voice", purpose="location", recipient=recipient), person(), PACKS, NOON)
    third = asking("voice", purpose="location", recipient="third party")

    assert isinstance(told, Deny)
    assert told.decided_by == "BASE-LOCATION"
    assert isinstance(decide(third, person(), PACKS, NOON), Allow)


@pytest.mark.parametrize("purpose", ["notice", "validation notice", "remedy notice", "reply"])
def test_a_second_call_of_a_day_waits_whatever_either_is_for(purpose):
    called = past("voice", "2026-06-02 09:00", purpose="notice", account_id="another")

    verdict = answer(NOON, "voice", purpose, contacts=called)

    assert verdict.until == at("2026-06-03 08:00")
    assert verdict.decided_by == "HOUSE-DAY-CALLS"
    assert isinstance(answer(NOON, "sms", purpose, contacts=called), Allow)


# a place that nobody knows


def ringing(facts, place="unknown", **request):
    """What whoever is about to dial hears."""
    ask = asking("voice", place=place, dialling=True, **request)
    return decide(ask, person(**facts), BASE, NOON)


def test_who_does_not_want_calls_at_work_gets_none_of_which_nobody_knows_where_it_rings():
    not_at_work = {"wishes": [{"not_at": ["work"]}]}

    verdict = ringing(not_at_work)

    assert verdict.decided_by == "BASE-WISH-WAY"
    assert verdict.reasons[0].lifts == "once the person wishes otherwise"
    assert isinstance(ringing(not_at_work, "home"), Allow)
    assert isinstance(ringing({"wishes": [{"closes": "20:00"}]}), Allow)


def test_what_a_journey_asks_for_is_bound_by_places_once_somebody_dials_it():
    listed = asking("voice")

    assert isinstance(decide(listed, person(wishes=[{"not_at": ["work"]}]), BASE, NOON), Allow)


def test_without_an_address_nothing_is_tried():
    verdict = answer(NOON, unreachable=["sms"])

    assert isinstance(verdict, Deny)
    assert rules(verdict) == {"BASE-ADDRESS"}


# holds


@pytest.mark.parametrize("hold", Hold)
@pytest.mark.parametrize("channel", Channel)
def test_every_hold_refuses_to_ask_on_every_channel(hold, channel):
    verdict = answer(NOON, channel, holds=[{"hold": hold}])

    assert isinstance(verdict, Deny)
    assert len(verdict.reasons) == 1
    assert verdict.reasons[0].rule.startswith("BASE-")


FREE = {
    Hold.PAUSE: {Purpose.CONFIRMATION},
    Hold.DISPUTE: {Purpose.REPLY, Purpose.NOTICE, Purpose.CONFIRMATION},
    Hold.HARDSHIP: {
        Purpose.REPLY,
        Purpose.NOTICE,
        Purpose.VALIDATION,
        Purpose.CONFIRMATION,
    },
    Hold.BREATHING_SPACE: {Purpose.REPLY, Purpose.NOTICE, Purpose.CONFIRMATION},
    Hold.ATTORNEY: set(),
    Hold.PAYMENT: {Purpose.REPLY, Purpose.NOTICE, Purpose.VALIDATION, Purpose.CONFIRMATION},
    Hold.ADVISER: {Purpose.REPLY, Purpose.NOTICE, Purpose.CONFIRMATION},
    Hold.BANKRUPTCY: {Purpose.NOTICE, Purpose.CONFIRMATION},
    Hold.DECEASED: {Purpose.NOTICE, Purpose.CONFIRMATION},
    Hold.CEASE: {Purpose.REMEDY, Purpose.NOTICE, Purpose.CONFIRMATION},
    Hold.RESTRICTION: {Purpose.REPLY, Purpose.NOTICE, Purpose.CONFIRMATION},
}


@pytest.mark.parametrize("hold", Hold)
def test_a_hold_leaves_free_what_a_law_may_ask_for_and_nothing_else(hold):
    free = {
        purpose
        for purpose in CONTACTING
        if isinstance(answer(NOON, "letter", purpose, holds=[{"hold": hold}]), Allow)
    }

    assert free == FREE[hold]


def test_a_hold_that_ends_by_itself_says_when_to_ask_again():
    space = {"hold": "breathing space", "starts": "2026-05-15", "ends": "2026-07-14"}

    verdict = answer(NOON, holds=[space])

    assert isinstance(verdict, Deny)
    assert verdict.recheck_at == at("2026-07-15 00:00")
    assert verdict.reasons[0].lifts == "after 2026-07-14"
    assert isinstance(answer(at("2026-05-14 12:00"), holds=[space]), Allow)
    assert isinstance(answer(at("2026-07-15 12:00"), holds=[space]), Allow)


def test_a_refusal_names_every_rule_that_refuses_and_is_not_softened_by_the_hour():
    verdict = answer(NIGHT, opted_out=["sms"], holds=[{"hold": "dispute"}, {"hold": "pause"}])

    assert isinstance(verdict, Deny)
    assert rules(verdict) == {"BASE-OPTOUT", "BASE-DISPUTE", "BASE-PAUSE"}


# every rule of base and house, seen to decide


def written(channel, *said, purpose="demand", **amounts):
    return asking(channel, purpose=purpose, content=saying(*said, **amounts))


HELD = {
    Hold.PAUSE: "BASE-PAUSE",
    Hold.PAYMENT: "BASE-PAYMENT",
    Hold.DISPUTE: "BASE-DISPUTE",
    Hold.HARDSHIP: "BASE-HARDSHIP",
    Hold.BREATHING_SPACE: "BASE-BREATHING-SPACE",
    Hold.ATTORNEY: "BASE-ATTORNEY",
    Hold.ADVISER: "BASE-ADVISER",
    Hold.BANKRUPTCY: "BASE-BANKRUPTCY",
    Hold.DECEASED: "BASE-DECEASED",
    Hold.CEASE: "BASE-CEASE",
    Hold.RESTRICTION: "BASE-RESTRICTION",
}
IN_SPACE = person(holds=[{"hold": "breathing space"}])
PART = person(holds=[{"hold": "dispute", "part": 200}])
BASES = [
    *(
        Scenario(rule, asking(), NOON, person(holds=[{"hold": hold}]), rule, packs=BASE)
        for hold, rule in HELD.items()
    ),
    Scenario(
        "the attorney is free to be asked",
        asking("letter", recipient="attorney"),
        NOON,
        person(holds=[{"hold": "attorney"}]),
        packs=BASE,
    ),
    Scenario("BASE-OPTOUT", asking(), NOON, person(opted_out=["sms"]), "BASE-OPTOUT", packs=BASE),
    Scenario(
        "BASE-OPTOUT-LETTER",
        asking("letter"),
        NOON,
        person(opted_out=["letter"]),
        "BASE-OPTOUT-LETTER",
        packs=BASE,
    ),
    Scenario(
        "BASE-OPTOUT-SAID",
        written("sms", "demand"),
        NOON,
        rule="BASE-OPTOUT-SAID",
        lifts="fix: say opt-out",
        packs=BASE,
    ),
    Scenario(
        "BASE-CONFIRMATION",
        asking("voice", purpose="opt-out confirmation"),
        NOON,
        rule="BASE-CONFIRMATION",
        packs=BASE,
    ),
    Scenario(
        "BASE-LOCATION",
        asking("letter", purpose="location"),
        NOON,
        rule="BASE-LOCATION",
        packs=BASE,
    ),
    Scenario(
        "BASE-ADDRESS", asking(), NOON, person(unreachable=["sms"]), "BASE-ADDRESS", packs=BASE
    ),
    Scenario(
        "BASE-WISH-HOURS",
        asking(),
        NIGHT,
        person(wishes=[{"closes": "18:00", "opens": "09:00"}]),
        "BASE-WISH-HOURS",
        at("2026-06-03 09:00"),
        packs=BASE,
    ),
    Scenario(
        "BASE-WISH-WAY by another channel",
        asking("sms"),
        NOON,
        person(wishes=[{"only": ["email"]}]),
        "BASE-WISH-WAY",
        packs=BASE,
    ),
    Scenario(
        "BASE-WISH-WAY at work",
        asking("voice", place="work"),
        NOON,
        person(wishes=[{"not_at": ["work"]}]),
        "BASE-WISH-WAY",
        packs=BASE,
    ),
    Scenario(
        "BASE-UNDISPUTED",
        written("letter", demanded=701, owed=900),
        NOON,
        PART,
        "BASE-UNDISPUTED",
        packs=BASE,
    ),
    Scenario(
        "the undisputed rest may be asked for",
        written("letter", demanded=700, owed=900),
        NOON,
        PART,
        packs=BASE,
    ),
    Scenario(
        "BASE-REPLY",
        written("letter", "demand", purpose="reply"),
        NOON,
        rule="BASE-REPLY",
        packs=BASE,
    ),
    Scenario(
        "BASE-REPLY-SPACE",
        written("letter", "payment link", purpose="reply"),
        NOON,
        IN_SPACE,
        "BASE-REPLY-SPACE",
        packs=BASE,
    ),
    Scenario("a plain answer", written("letter", purpose="reply"), NOON, IN_SPACE, packs=BASE),
    Scenario(
        "BASE-NO-DEBT",
        written("sms", "opt-out", "payment link", purpose="consent request"),
        NOON,
        rule="BASE-NO-DEBT",
        packs=BASE,
    ),
    Scenario(
        "HOUSE-HOURS",
        asking(),
        NIGHT,
        rule="HOUSE-HOURS",
        until=at("2026-06-03 08:00"),
        packs=PACKS,
    ),
    Scenario(
        "HOUSE-DAY",
        asking(),
        NOON,
        person(contacts=past("letter", "2026-06-02 09:00")),
        "HOUSE-DAY",
        at("2026-06-03 08:00"),
        packs=PACKS,
    ),
    Scenario(
        "HOUSE-DAY-CALLS",
        asking("voice", purpose="notice"),
        NOON,
        person(contacts=past("voice", "2026-06-02 09:00", purpose="notice")),
        "HOUSE-DAY-CALLS",
        at("2026-06-03 08:00"),
        packs=PACKS,
    ),
]


@told(BASES)
def test_what_binds_everywhere_answers_like_this(scenario):
    scenario.holds()


def test_every_rule_of_base_and_house_is_seen_to_decide():
    written_down = {rule.id for pack in PACKS for rule in pack.rules}

    assert written_down - {each.rule for each in BASES} == set()


def test_the_estate_gets_an_answer_and_only_one():
    asked = past("letter", "2026-06-01 12:00", inbound=True)
    answered = asked + past("letter", "2026-06-02 09:00", purpose="reply")
    dead = {"holds": [{"hold": "deceased"}]}

    assert isinstance(answer(NOON, "letter", "reply", contacts=asked, **dead), Allow)
    assert isinstance(answer(NOON, "letter", "reply", contacts=answered, **dead), Deny)


def test_base_counts_nothing_and_has_no_hours_of_its_own():
    own = [rule for pack in BASE for rule in pack.rules if rule.kind in ("cap", "cooldown")]
    windows = [rule for pack in PACKS for rule in pack.rules if rule.kind == "window"]

    assert own == []
    assert [
        (span.opens, span.closes) for rule in windows for span in rule.spans.get("all", ())
    ] == [(time(8), time(21))]


def test_a_consent_does_not_loosen_our_own_policy():
    agreed = [milestone(MilestoneKind.CONSENT, "2026-06-01 12:00")]

    assert answer(NIGHT, milestones=agreed).decided_by == "HOUSE-HOURS"


@pytest.mark.parametrize("channel", ["sms", "email", "chat", "whatsapp"])
def test_electronic_messages_say_how_to_opt_out_in_english_and_arabic(channel):
    said = [each for pack in BASE for each in pack.disclosures if channel in each.channels]

    assert [(each.says, sorted(each.words)) for each in said] == [("opt-out", ["ar", "en"])]
