"""The gate's answers, told as the situations in which they matter."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from compliance import (
    Allow,
    ContactRequest,
    Deny,
    Pack,
    PastContact,
    PersonFacts,
    Wait,
    decide,
    load_packs,
)
from domain.accounts import Hold
from domain.contacts import Channel, Purpose

PACKS = load_packs()
NEW_YORK, CHICAGO, LOS_ANGELES = "America/New_York", "America/Chicago", "America/Los_Angeles"
TOLL_FREE = (NEW_YORK, CHICAGO, "America/Denver", LOS_ANGELES, "Pacific/Honolulu")


def local(text, zone=NEW_YORK):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def asked(at, *, channel=Channel.SMS, purpose=Purpose.DEMAND, packs=PACKS, account="a", **facts):
    person = PersonFacts.model_validate({"country": "US", "zones": (NEW_YORK,), **facts})
    request = ContactRequest(account_id=account, channel=channel, purpose=purpose)
    return decide(request, person, packs, at)


def contacts(*texts, channel=Channel.VOICE, account="a"):
    return tuple(
        PastContact(key=f"k{n}", account_id=account, channel=channel, at=local(text))
        for n, text in enumerate(texts)
    )


def rules(verdict):
    return {reason.rule for reason in verdict.reasons}


# hours


@pytest.mark.parametrize(
    ("clock", "until"),
    [
        ("2026-06-02T07:59:59.999999", "2026-06-02T08:00"),
        ("2026-06-02T08:00", None),
        ("2026-06-02T20:59:59.999999", None),
        ("2026-06-02T21:00", "2026-06-03T08:00"),
        ("2026-06-02T23:59:59", "2026-06-03T08:00"),
        ("2026-06-02T00:00", "2026-06-02T08:00"),
    ],
)
def test_the_window_is_open_from_eight_until_just_before_nine_in_the_evening(clock, until):
    verdict = asked(local(clock))

    if until is None:
        assert isinstance(verdict, Allow)
    else:
        assert isinstance(verdict, Wait)
        assert verdict.until == local(until)
        assert rules(verdict) <= {"US-T1", "HOUSE-HOURS"}


def test_a_wait_says_why_and_on_what_authority():
    verdict = asked(local("2026-06-02T06:00"))

    assert [str(reason) for reason in verdict.reasons] == [
        "only from 08:00 to 21:00 where the consumer is (house policy)",
    ]
    assert verdict.packs == ("house@2026.11.1", "us-federal@2026.11.1")


def test_an_answer_that_the_person_asked_for_may_come_at_night():
    assert isinstance(asked(local("2026-06-02T22:31"), purpose=Purpose.REPLY), Allow)


def test_a_letter_has_no_hour():
    assert isinstance(asked(local("2026-06-02T03:00"), channel=Channel.LETTER), Allow)


def test_elsewhere_the_house_keeps_the_same_hours():
    verdict = asked(local("2026-06-02T05:00", "Asia/Riyadh"), country="SA", zones=("Asia/Riyadh",))

    assert verdict.until == local("2026-06-02T08:00", "Asia/Riyadh")
    assert verdict.packs == ("house@2026.11.1",)


# several candidate zones


def test_an_address_in_los_angeles_and_a_mobile_from_new_york_wait_for_the_later_morning():
    verdict = asked(local("2026-03-03T09:30"), zones=(LOS_ANGELES, NEW_YORK))

    assert verdict.until == local("2026-03-03T11:00")


def test_an_area_code_on_a_zone_border_waits_for_both_sides():
    verdict = asked(local("2026-05-12T08:30"), channel=Channel.VOICE, zones=(CHICAGO, NEW_YORK))

    assert verdict.until == local("2026-05-12T09:00")


def test_a_number_that_may_be_anywhere_waits_for_hawaii():
    morning, evening = local("2026-07-14T10:00"), local("2026-07-14T20:30")

    assert asked(morning, channel=Channel.VOICE, zones=TOLL_FREE).until == local("2026-07-14T14:00")
    assert isinstance(asked(evening, channel=Channel.VOICE, zones=TOLL_FREE), Allow)


def test_when_the_east_has_gone_to_bed_everyone_waits_for_the_next_day():
    verdict = asked(local("2026-07-14T21:30"), zones=(LOS_ANGELES, NEW_YORK))

    assert verdict.until == local("2026-07-15T11:00")


def test_zones_without_a_common_hour_are_refused_and_not_waited_for_for_ever():
    verdict = asked(local("2026-06-02T12:00"), zones=("Asia/Tokyo", "Europe/London", LOS_ANGELES))

    assert isinstance(verdict, Deny)
    assert "HOUSE-HOURS" in rules(verdict)


def test_a_person_is_somewhere():
    with pytest.raises(ValidationError):
        PersonFacts(country="US", zones=())


# clock changes


def test_on_the_morning_of_the_spring_change_eight_is_eight_on_the_wall():
    verdict = asked(local("2026-03-08T07:30"), channel=Channel.VOICE)

    assert verdict.until == datetime(2026, 3, 8, 12, tzinfo=UTC)


def test_a_wait_over_the_spring_night_is_an_hour_shorter():
    assert asked(local("2026-03-07T22:00")).until == datetime(2026, 3, 8, 12, tzinfo=UTC)


def test_a_wait_over_the_autumn_night_is_an_hour_longer():
    assert asked(local("2026-10-31T22:00")).until == datetime(2026, 11, 1, 13, tzinfo=UTC)


def test_the_repeated_hour_of_the_autumn_night_is_night_both_times():
    for fold in (0, 1):
        at = local("2026-11-01T01:30").replace(fold=fold)
        assert asked(at).until == datetime(2026, 11, 1, 13, tzinfo=UTC)


# how often


def test_one_contact_a_day_over_all_accounts_of_a_person():
    sent = contacts("2026-06-02T09:00", channel=Channel.SMS, account="another")

    verdict = asked(local("2026-06-02T15:00"), channel=Channel.EMAIL, contacts=sent)

    assert verdict.until == local("2026-06-03T08:00")
    assert "HOUSE-DAY" in rules(verdict)


def test_a_day_is_a_calendar_day_and_not_24_hours():
    sent = contacts("2026-06-02T20:30", channel=Channel.SMS)

    assert isinstance(asked(local("2026-06-03T08:00"), contacts=sent), Allow)


def test_a_day_has_to_be_over_in_every_zone_that_the_person_may_be_in():
    sent = contacts("2026-06-02T23:30", channel=Channel.LETTER)

    verdict = asked(local("2026-06-03T10:00"), zones=(NEW_YORK, "Pacific/Honolulu"), contacts=sent)

    assert verdict.until == local("2026-06-03T14:00")


def test_an_answer_is_not_held_back_by_the_daily_limit():
    sent = contacts("2026-06-02T09:00", channel=Channel.SMS)

    assert isinstance(asked(local("2026-06-02T15:00"), purpose=Purpose.REPLY, contacts=sent), Allow)


SEVEN_CALLS = (
    "2026-06-01T09:00",
    "2026-06-01T10:00",
    "2026-06-02T09:00",
    "2026-06-03T09:00",
    "2026-06-04T09:00",
    "2026-06-05T09:00",
    "2026-06-06T09:00",
)


def test_after_seven_calls_in_seven_days_the_eighth_waits_until_the_first_day_rolls_off():
    verdict = asked(
        local("2026-06-07T10:00"), channel=Channel.VOICE, contacts=contacts(*SEVEN_CALLS)
    )

    assert verdict.until == local("2026-06-08T08:00")
    assert "US-F1" in rules(verdict)


def test_the_call_limit_is_for_one_debt_and_for_calls():
    other = contacts(*SEVEN_CALLS, account="another")
    calls = contacts(*SEVEN_CALLS)
    at = local("2026-06-07T10:00")

    assert isinstance(asked(at, channel=Channel.VOICE, contacts=other), Allow)
    assert isinstance(asked(at, channel=Channel.SMS, contacts=calls), Allow)


def test_six_calls_in_seven_days_leave_room_for_one():
    six = contacts(*SEVEN_CALLS[1:])

    assert isinstance(asked(local("2026-06-07T10:00"), channel=Channel.VOICE, contacts=six), Allow)


# wishes, holds, addresses


@pytest.mark.parametrize("purpose", Purpose)
def test_a_refused_channel_stays_silent_even_for_answers(purpose):
    at = local("2026-06-02T10:00")

    verdict = asked(at, purpose=purpose, opted_out=(Channel.SMS,))

    assert isinstance(verdict, Deny)
    assert rules(verdict) == {"HOUSE-OPTOUT"}
    assert isinstance(asked(at, channel=Channel.EMAIL, opted_out=(Channel.SMS,)), Allow)


@pytest.mark.parametrize("hold", Hold)
@pytest.mark.parametrize("channel", Channel)
def test_every_hold_refuses_every_channel(hold, channel):
    verdict = asked(local("2026-06-02T10:00"), channel=channel, holds=(hold,))

    assert isinstance(verdict, Deny)
    assert rules(verdict) == {"HOUSE-HOLD"}


def test_without_an_address_nothing_is_tried():
    verdict = asked(local("2026-06-02T10:00"), unreachable=(Channel.SMS,))

    assert isinstance(verdict, Deny)
    assert rules(verdict) == {"HOUSE-ADDRESS"}


def test_a_refusal_names_every_rule_that_refuses_and_is_not_softened_by_the_hour():
    verdict = asked(
        local("2026-06-02T03:00"), opted_out=(Channel.SMS,), holds=(Hold.DISPUTE, Hold.PAUSE)
    )

    assert isinstance(verdict, Deny)
    assert rules(verdict) == {"HOUSE-OPTOUT", "HOUSE-HOLD"}


# rules that change


def cap_pack(name, *, begins, ends=None, most, days):
    return Pack.model_validate(
        {
            "id": name,
            "version": "1",
            "effective_from": begins,
            "effective_to": ends,
            "rules": [
                {
                    "id": f"{name}-cap",
                    "kind": "cap",
                    "max": most,
                    "days": days,
                    "scope": "account",
                    "says": "not so often",
                    "cite": "law",
                    "force": "statute",
                    "verified": "M",
                },
                {
                    "id": f"{name}-hours",
                    "kind": "window",
                    "opens": "08:00",
                    "closes": "21:00",
                    "says": "by day",
                    "cite": "law",
                    "force": "statute",
                    "verified": "M",
                },
            ],
        }
    )


OLD = cap_pack("old", begins=date(2026, 1, 1), ends=date(2026, 9, 1), most=2, days=7)
NEW = cap_pack("new", begins=date(2026, 9, 1), most=3, days=7)


def test_a_wait_ends_when_a_milder_rule_begins():
    sent = contacts("2026-08-27T10:00", "2026-08-29T10:00", channel=Channel.SMS)

    verdict = asked(local("2026-08-31T10:00"), packs=(OLD, NEW), contacts=sent)

    assert verdict.until == local("2026-09-01T08:00")
    assert isinstance(asked(verdict.until, packs=(OLD, NEW), contacts=sent), Allow)


def test_a_wait_is_longer_when_a_stricter_rule_begins_meanwhile():
    stricter = cap_pack("stricter", begins=date(2026, 9, 1), most=1, days=7)
    sent = contacts("2026-08-27T10:00", "2026-08-31T10:00", channel=Channel.SMS)

    verdict = asked(local("2026-08-31T22:00"), packs=(OLD, stricter), contacts=sent)

    assert verdict.until == local("2026-09-07T08:00")


def test_a_rule_that_refuses_from_tomorrow_on_makes_waiting_for_tomorrow_pointless():
    refusing = Pack.model_validate(
        {
            "id": "new",
            "version": "1",
            "effective_from": date(2026, 9, 1),
            "rules": [
                {
                    "id": "new-optout",
                    "kind": "optout",
                    "says": "opted out",
                    "cite": "law",
                    "force": "statute",
                    "verified": "M",
                }
            ],
        }
    )
    facts = {"packs": (OLD, refusing), "opted_out": (Channel.SMS,)}

    assert isinstance(asked(local("2026-08-31T20:00"), **facts), Allow)
    assert isinstance(asked(local("2026-08-31T21:00"), **facts), Deny)


def test_where_midnight_has_struck_in_one_zone_the_new_rules_bind_already():
    sent = contacts("2026-08-31T09:00", channel=Channel.SMS)
    night = cap_pack("night", begins=date(2026, 9, 1), most=0, days=1)
    zones = (NEW_YORK, LOS_ANGELES)

    at = local("2026-08-31T20:59")
    assert isinstance(asked(at, packs=(night,), zones=zones, contacts=sent), Allow)
    later = local("2026-09-01T00:00")
    assert isinstance(asked(later, packs=(night,), zones=zones, contacts=sent), Deny)


def test_a_limit_of_none_at_all_is_a_refusal():
    never = cap_pack("never", begins=date(2026, 1, 1), most=0, days=1)

    verdict = asked(local("2026-06-02T10:00"), packs=(never,))

    assert isinstance(verdict, Deny)
    assert rules(verdict) == {"never-cap"}


def test_a_pack_binds_in_its_countries_only_and_on_its_days_only():
    pack = OLD.model_copy(update={"countries": ("US",)})

    assert pack.applies("US", date(2026, 1, 1))
    assert pack.applies("US", date(2026, 8, 31))
    assert not pack.applies("US", date(2025, 12, 31))
    assert not pack.applies("US", date(2026, 9, 1))
    assert not pack.applies("GB", date(2026, 6, 1))
    assert OLD.applies("GB", date(2026, 6, 1))


def test_the_hours_that_ship_are_eight_to_nine():
    windows = [rule for pack in PACKS for rule in pack.rules if rule.kind == "window"]

    assert {(rule.opens, rule.closes) for rule in windows} == {(time(8), time(21))}
