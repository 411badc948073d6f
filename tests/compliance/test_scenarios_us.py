"""The law of the United States, told as the situations in which it matters.

Numbers are those of the table of scenarios that the packs were written from. Every rule of the US
packs is seen to bind at least once.
"""

from datetime import UTC, date, datetime, timedelta

import pytest

from compliance import Allow, Wait, decide
from compliance.periods import run
from domain.contacts import Channel
from domain.people import MilestoneKind as Fact
from tests.compliance.scenarios_kit import (
    LAW,
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

CHICAGO, DENVER = "America/Chicago", "America/Denver"
LOS_ANGELES, HONOLULU = "America/Los_Angeles", "Pacific/Honolulu"
NOON = at("2026-06-10 12:00")
"""A Wednesday."""


def living_in(region, zone_name=NEW_YORK, **facts):
    return person(regions=region.split(), zones=(zone_name,), **facts)


SEVEN = (
    "2026-06-01 09:00",
    "2026-06-01 10:00",
    *(f"2026-06-0{day} 09:00" for day in range(2, 7)),
)
SEVEN_CALLS = past("voice", *SEVEN)
SUNDAY = at("2026-06-07 10:00")
ROLLED_OFF = at("2026-06-08 08:00")


def unused(status):
    """Seven calls of which the first day's reached nobody."""
    return past("voice", *SEVEN[:2], status=status) + past("voice", *SEVEN[2:])


TALKED = past("voice", "2026-06-10 09:15", status="conversation")
PHONED_IN = past("voice", "2026-06-10 09:15", status="conversation", inbound=True)
TALKED_OF_BOTH = past(
    "voice", "2026-06-10 09:15", status="conversation", account_id="another", debts=("a",)
)
DAY_EIGHT = at("2026-06-17 08:00")

CEASED = person(holds=[{"hold": "cease and desist"}])
REMEDY = asking("letter", purpose="remedy notice")
REMEDIED = CEASED.model_copy(
    update={"contacts": past("letter", "2026-06-03 10:00", purpose="remedy notice")}
)

AGREED = milestone(Fact.CONSENT, "2026-04-01 12:00", "sms")
CHECKED = milestone(Fact.NUMBER_CHECKED, "2026-04-01 12:00", "sms")
TIME_BARRED = milestone(Fact.TIME_BARRED, "2026-01-01 12:00")
PART_DISPUTED = person(holds=[{"hold": "dispute", "part": 200_00}])


def demanding(minor):
    said = saying("from a debt collector", "demand", demanded=minor, owed=900_00)
    return asking("letter", content=said)


def letter_saying(*said):
    return asking("letter", content=saying("from a debt collector", "demand", *said))


WROTE_AT_NIGHT = past("sms", "2026-06-10 22:30", inbound=True)
ANSWERED = WROTE_AT_NIGHT + past("sms", "2026-06-10 22:31", purpose="reply")
MORNING_AFTER = at("2026-06-11 08:00")

NYC = living_in(
    "US-NY USNYC",
    milestones=[milestone(Fact.CONSENT, "2026-08-01 12:00")],
    contacts=past("sms", "2026-08-27 10:00", "2026-08-29 10:00"),
)
DC = living_in(
    "US-DC",
    milestones=[milestone(Fact.DUE, "2026-03-01 12:00")],
    contacts=past("email", "2026-06-07 12:00", purpose="consent request"),
)

NUMBERED = [
    # zones and clock changes
    Scenario(
        "T1",
        asking("sms"),
        at("2026-03-03 09:30"),
        person(zones=(LOS_ANGELES, NEW_YORK)),
        rule="US-T1",
        until=at("2026-03-03 11:00"),
    ),
    Scenario(
        "T3",
        asking("voice"),
        at("2026-05-12 08:30"),
        person(zones=(CHICAGO, NEW_YORK)),
        rule="US-T1",
        until=at("2026-05-12 09:00"),
    ),
    Scenario(
        "T5 in the morning",
        asking("voice"),
        at("2026-07-14 10:00"),
        person(zones=(NEW_YORK, CHICAGO, DENVER, LOS_ANGELES, HONOLULU)),
        rule="US-T1",
        until=at("2026-07-14 14:00"),
    ),
    Scenario(
        "T5 in the evening",
        asking("voice"),
        at("2026-07-14 20:30"),
        person(zones=(NEW_YORK, CHICAGO, DENVER, LOS_ANGELES, HONOLULU)),
    ),
    Scenario(
        "T7",
        asking("voice"),
        at("2026-03-08 07:30"),
        rule="US-T1",
        until=datetime(2026, 3, 8, 12, tzinfo=UTC),
    ),
    # frequency, consent, scope
    Scenario(
        "T11",
        asking("voice"),
        SUNDAY,
        person(contacts=SEVEN_CALLS),
        rule="US-F1",
        until=ROLLED_OFF,
    ),
    *(
        Scenario(
            f"T13 {status}",
            asking("voice"),
            SUNDAY,
            person(contacts=unused(status)),
            rule="US-F1",
            until=ROLLED_OFF,
        )
        for status in ("no answer", "voicemail, no message", "voicemail full")
    ),
    *(
        Scenario(
            f"T13 but {status} does not count",
            asking("voice"),
            SUNDAY,
            person(contacts=unused(status)),
        )
        for status in ("busy", "not in service")
    ),
    Scenario(
        "T15 on day seven",
        asking("voice"),
        at("2026-06-16 20:00"),
        person(contacts=TALKED),
        rule="US-F2",
        until=DAY_EIGHT,
    ),
    Scenario("T15 on day eight", asking("voice"), DAY_EIGHT, person(contacts=TALKED)),
    Scenario(
        "T17 by telephone",
        asking("voice"),
        at("2026-06-12 12:00"),
        person(contacts=PHONED_IN),
        rule="US-F2",
        until=DAY_EIGHT,
    ),
    Scenario("T17 by text", asking("sms"), at("2026-06-12 12:00"), person(contacts=PHONED_IN)),
    Scenario(
        "T19",
        asking("voice"),
        SUNDAY,
        person(
            contacts=SEVEN_CALLS,
            milestones=[milestone(Fact.CONSENT, "2026-06-05 12:00", direct=False)],
        ),
        rule="US-F1",
        until=ROLLED_OFF,
    ),
    Scenario(
        "T19 but the consent was given to us",
        asking("voice"),
        SUNDAY,
        person(
            contacts=SEVEN_CALLS,
            milestones=[milestone(Fact.CONSENT, "2026-06-05 12:00")],
        ),
    ),
    Scenario(
        "T21",
        asking("voice"),
        at("2026-06-13 12:00"),
        person(contacts=TALKED_OF_BOTH),
        rule="US-F2",
        until=DAY_EIGHT,
    ),
    Scenario(
        "T23",
        asking("sms"),
        at("2026-06-12 10:00"),
        living_in("US-MA", contacts=past("voice", "2026-06-08 10:00", "2026-06-11 10:00")),
        rule="MA-1",
        until=at("2026-06-15 08:00"),
    ),
    Scenario(
        "T25 under the old rules",
        asking("sms"),
        at("2026-08-31 10:00"),
        NYC,
        rule="NYC-1",
        until=at("2026-09-01 08:00"),
    ),
    Scenario("T25 under the new rules", asking("sms"), at("2026-09-01 10:00"), NYC),
    Scenario(
        "T27 asking for consent again",
        asking("sms", purpose="consent request"),
        NOON,
        DC,
        rule="DC-2-ask",
        until=at("2026-06-14 08:00"),
    ),
    Scenario(
        "T27 writing about the debt",
        asking("sms"),
        NOON,
        DC,
        rule="DC-2",
        lifts="unmet: consent",
    ),
    # opt-outs, holds, process
    *(
        Scenario(f"T29 by {channel}", asking(channel), NOON, CEASED, rule="US-C1")
        for channel in Channel
    ),
    Scenario("T29 the notice of a remedy", REMEDY, NOON, CEASED),
    Scenario("T29 a second notice", REMEDY, NOON, REMEDIED, rule="US-C1"),
    Scenario(
        "T31 the first reply",
        asking("sms", purpose="reply"),
        at("2026-06-10 22:31"),
        person(contacts=WROTE_AT_NIGHT),
    ),
    Scenario(
        "T31 the second reply",
        asking("sms", purpose="reply"),
        at("2026-06-10 22:40"),
        person(contacts=ANSWERED),
        rule="US-T1",
        until=MORNING_AFTER,
    ),
    Scenario(
        "T31 a reply by telephone",
        asking("voice", purpose="reply"),
        at("2026-06-10 22:31"),
        person(contacts=WROTE_AT_NIGHT),
        rule="US-T1",
        until=MORNING_AFTER,
    ),
    Scenario(
        "T35 asking for all of it",
        demanding(900_00),
        NOON,
        PART_DISPUTED,
        rule="US-N4-part",
        lifts="ask for no more than 70000",
    ),
    Scenario("T35 asking for the rest", demanding(700_00), NOON, PART_DISPUTED),
    Scenario(
        "T37 on day 60",
        asking("sms"),
        at("2026-05-31 12:00"),
        person(milestones=[AGREED, CHECKED]),
    ),
    Scenario(
        "T37 on day 65",
        asking("sms"),
        at("2026-06-05 12:00"),
        person(milestones=[AGREED, CHECKED]),
        rule="US-E3",
        lifts="unmet: reassigned number checked <= 60 days ago",
    ),
    Scenario(
        "T39 a threat to sue",
        letter_saying("legal threat"),
        NOON,
        person(milestones=[TIME_BARRED]),
        rule="US-K4",
    ),
    Scenario(
        "T39 the disclosure",
        letter_saying("time-bar notice"),
        NOON,
        person(milestones=[TIME_BARRED]),
    ),
    Scenario("T41", asking("sms"), NOON, CEASED, rule="US-C1"),
]


@told(NUMBERED)
def test_the_law_answers_as_the_table_says(scenario):
    scenario.holds()


def test_T9_a_permit_ends_with_the_evening_and_asking_again_means_waiting():  # noqa: N802
    given = at("2026-06-10 20:59:50")

    permit = decide(asking("voice"), person(), LAW, given)
    again = decide(asking("voice"), person(), LAW, at("2026-06-10 21:00:10"))

    assert isinstance(permit, Allow)
    assert permit.expires == at("2026-06-10 21:00")
    assert isinstance(again, Wait)
    assert again.until == MORNING_AFTER
    assert again.decided_by == "US-T1"


def period(rule_id):
    return next(each for pack in LAW for each in pack.periods if each.id == rule_id)


@pytest.mark.parametrize(
    ("sent", "receipt", "ends"),
    [
        # Mailed on a Monday; Friday 06-19 is Juneteenth and does not count.
        (date(2026, 6, 15), date(2026, 6, 23), date(2026, 7, 23)),
        # Over Thanksgiving, and over Christmas and New Year.
        (date(2026, 11, 20), date(2026, 11, 30), date(2026, 12, 30)),
        (date(2026, 12, 22), date(2026, 12, 30), date(2027, 1, 29)),
    ],
)
def test_T33_the_validation_period_counts_business_days_and_then_days(  # noqa: N802
    sent, receipt, ends
):
    ran = run(period("US-N2"), sent, LAW.calendars)

    assert (ran.receipt, ran.ends) == (receipt, ends)


NIGHT, MORNING = at("2026-06-10 22:00"), at("2026-06-11 08:00")
WORK = {"place": "work"}
ROBOT = {"dial": "prerecorded"}
AT_HOME_BY_ROBOT = {"place": "home", "dial": "prerecorded"}


def refusing(*channels):
    return person(opted_out=channels)


def having(*milestones, **facts):
    return person(milestones=milestones, **facts)


def held(hold):
    return person(holds=[{"hold": hold}])


def days_ago(days):
    return f"{NOON - timedelta(days=days):%Y-%m-%d %H:%M}"


def written(channel, *said, **request):
    return asking(channel, content=saying(*said), **request)


def called_home(times):
    return having(
        milestone(Fact.DUE, "2026-01-01 12:00"),
        addresses={"voice": "n1"},
        contacts=past(
            "voice",
            *(days_ago(day) for day in range(times, 0, -1)),
            address="n1",
            **AT_HOME_BY_ROBOT,
        ),
    )


ASKED_A_NEIGHBOUR = person(
    addresses={"voice": "n2"},
    contacts=past("voice", "2026-01-02 12:00", address="n2", purpose="location"),
)
LOCATION = {"purpose": "location", "recipient": "third party"}
SPOKEN = ("identity", "from a debt collector", "recording", "opt-out")
TOLD_OF_E_MAIL = "2026-05-01 12:00"
FULL_DC = past("sms", *(days_ago(day) for day in range(5, 0, -1)))
CONSENT = milestone(Fact.CONSENT, "2026-06-09 12:00")
WA = living_in("US-WA", LOS_ANGELES, contacts=past("letter", *map(days_ago, (3, 2, 1))))

FURTHER = [
    # places and third persons
    Scenario(
        "US-P1 at work against their wish",
        asking("voice", **WORK),
        NOON,
        person(wishes=[{"not_at": ["work"]}]),
        rule="US-P1",
    ),
    Scenario("US-P1 at work where nobody minds", asking("voice", **WORK), NOON),
    Scenario("US-P2 an employer's address", asking("email", **WORK), NOON, rule="US-P2"),
    Scenario(
        "US-P2 an employer's address that they write from",
        asking("email", **WORK),
        NOON,
        having(milestone(Fact.WROTE, days_ago(3), "email")),
    ),
    Scenario("US-D1", asking("voice", recipient="third party"), NOON, rule="US-D1"),
    Scenario("US-F11 the first question", asking("voice", **LOCATION), NOON),
    Scenario("US-F11 asked again", asking("voice", **LOCATION), NOON, ASKED_A_NEIGHBOUR, "US-F11"),
    Scenario(
        "US-F11 asking somebody else",
        asking("voice", **LOCATION),
        NOON,
        ASKED_A_NEIGHBOUR.model_copy(update={"addresses": {Channel.VOICE: "n3"}}),
    ),
    Scenario(
        "US-F11 telling of a debt",
        written("voice", *SPOKEN, **LOCATION),
        NOON,
        rule="US-F11-words",
    ),
    # refusals
    Scenario("US-C4", asking("letter"), NOON, held("attorney"), rule="US-C4"),
    Scenario(
        "US-C4 the attorney is written to",
        asking("letter", recipient="attorney"),
        NOON,
        held("attorney"),
    ),
    Scenario("US-C5", asking("sms"), NOON, refusing("sms"), rule="US-C5"),
    Scenario("US-C5 by another medium", asking("email"), NOON, refusing("sms")),
    Scenario(
        "US-C5 one reply",
        asking("sms", purpose="reply"),
        at("2026-06-10 22:31"),
        person(opted_out=["sms"], contacts=WROTE_AT_NIGHT),
    ),
    Scenario("US-C5 letters", asking("letter"), NOON, refusing("letter"), rule="US-C5-letter"),
    Scenario(
        "US-C5 a letter that another law asks for",
        asking("letter", purpose="notice"),
        NOON,
        refusing("letter"),
    ),
    Scenario(
        "US-C6 a confirmation at night",
        asking("sms", purpose="opt-out confirmation"),
        NIGHT,
        refusing("sms"),
    ),
    Scenario(
        "US-C6 a second confirmation",
        asking("sms", purpose="opt-out confirmation"),
        NOON,
        person(
            opted_out=["sms"], contacts=past("sms", days_ago(1), purpose="opt-out confirmation")
        ),
        rule="US-C6",
        until=at("2026-07-09 00:00"),
    ),
    Scenario(
        "US-C6 a confirmation that asks for money",
        written("sms", "payment link", purpose="opt-out confirmation"),
        NOON,
        refusing("sms"),
        rule="US-C6-words",
    ),
    Scenario(
        "US-A4 a machine after a STOP",
        asking("voice", **ROBOT),
        NOON,
        having(CONSENT, opted_out=["sms"]),
        rule="US-A4",
    ),
    Scenario(
        "US-A4 a person after a STOP", asking("voice"), NOON, having(CONSENT, opted_out=["sms"])
    ),
    # electronic messages
    Scenario("US-E1", written("email", "from a debt collector"), NOON, rule="US-E1"),
    Scenario("US-E2 and US-E3 bind no fresh placement by e-mail", asking("email"), NOON),
    Scenario("US-E2 and US-E3 bind no fresh placement by text", asking("sms"), NOON),
    Scenario(
        "US-E2 on day 35",
        asking("email"),
        at("2026-06-05 12:00"),
        having(milestone(Fact.NOTICE_SENT, TOLD_OF_E_MAIL, "email")),
        rule="US-E2",
    ),
    Scenario(
        "US-E2 on day 36",
        asking("email"),
        at("2026-06-06 12:00"),
        having(milestone(Fact.NOTICE_SENT, TOLD_OF_E_MAIL, "email")),
    ),
    # what is said
    Scenario("US-D2", written("sms", "opt-out"), NOON, rule="US-D2"),
    Scenario("US-D2 said", written("sms", "opt-out", "from a debt collector"), NOON),
    Scenario(
        "US-D2 in a call", written("voice", "identity", "recording"), NOON, rule="US-D2-voice"
    ),
    Scenario("US-D3", written("voice", "from a debt collector", "recording"), NOON, rule="US-D3"),
    Scenario("US-R1", written("voice", "from a debt collector", "identity"), NOON, rule="US-R1"),
    Scenario(
        "US-V1 a voicemail that tells of a debt",
        written("voice", "identity", "call-back", "demand", dial="ringless"),
        NOON,
        having(CONSENT),
        rule="US-V1",
    ),
    Scenario(
        "US-V1 a voicemail that does not",
        written("voice", "identity", "call-back", dial="ringless"),
        NOON,
        having(CONSENT),
    ),
    Scenario(
        "US-N3 while it may be disputed",
        letter_saying("legal threat"),
        NOON,
        having(milestone(Fact.VALIDATION_SENT, days_ago(9))),
        rule="US-N3",
    ),
    Scenario(
        "US-N3 on the last day",
        letter_saying("legal threat"),
        NOON,
        having(
            milestone(Fact.VALIDATION_SENT, days_ago(40)),
            milestone(Fact.VALIDATION_ENDS, days_ago(0)),
        ),
        rule="US-N3",
    ),
    Scenario(
        "US-N3 a day later",
        letter_saying("legal threat"),
        NOON,
        having(
            milestone(Fact.VALIDATION_SENT, days_ago(40)),
            milestone(Fact.VALIDATION_ENDS, days_ago(1)),
        ),
    ),
    Scenario(
        "US-N3 goes by the later of two ends, though it is yet to come",
        letter_saying("legal threat"),
        NOON,
        having(
            milestone(Fact.VALIDATION_SENT, days_ago(9)),
            milestone(Fact.VALIDATION_ENDS, days_ago(2)),
            milestone(Fact.VALIDATION_ENDS, days_ago(-30)),
        ),
        rule="US-N3",
    ),
    # disputes and credit bureaus
    *(
        Scenario(f"US-N4 {purpose}", asking("letter", purpose=purpose), NOON, held("dispute"), rule)
        for purpose, rule in (
            ("demand", "US-N4"),
            ("furnishing", "US-N4"),
            ("reply", None),
            ("notice", None),
        )
    ),
    Scenario("US-K1", asking("letter", purpose="furnishing"), NOON, rule="US-K1"),
    *(
        Scenario(
            f"US-K1 {kind} on day {day}",
            asking("letter", purpose="furnishing"),
            NOON,
            having(milestone(kind, days_ago(day))),
            rule if day < 15 else None,
            at("2026-06-11 00:00") if day < 15 else None,
        )
        for kind, rule in (
            (Fact.FURNISHED_NOTICE, "US-K1-told"),
            (Fact.VALIDATION_SENT, "US-K1-validation"),
        )
        for day in (14, 15)
    ),
    # debits
    Scenario("US-E5", asking("letter", purpose="debit"), NOON, rule="US-E5"),
    Scenario(
        "US-E5 and US-E6 bind no credit card",
        asking("letter", purpose="debit"),
        NOON,
        having(milestone(Fact.CREDIT_CARD, days_ago(0)), milestone(Fact.DEBIT_NOTICE, days_ago(1))),
    ),
    *(
        Scenario(
            f"US-E6 on day {day}",
            asking("letter", purpose="debit"),
            NOON,
            having(
                milestone(Fact.AUTHORISATION, days_ago(90)),
                milestone(Fact.DEBIT_NOTICE, days_ago(day)),
            ),
            rule,
            until,
        )
        for day, rule, until in ((9, "US-E6", at("2026-06-11 00:00")), (10, None, None))
    ),
    # machines
    Scenario("US-A2", asking("voice", **ROBOT), NOON, rule="US-A2", lifts="unmet: consent"),
    Scenario("US-A2 agreed", asking("voice", **ROBOT), NOON, having(CONSENT)),
    Scenario("US-A3 the third", asking("voice", **AT_HOME_BY_ROBOT), NOON, called_home(2)),
    Scenario(
        "US-A3 the fourth",
        asking("voice", **AT_HOME_BY_ROBOT),
        NOON,
        called_home(3),
        "US-A3",
        at("2026-07-07 08:00"),
    ),
    Scenario(
        "US-A3 without a way out",
        written("voice", "identity", "recording", "from a debt collector", **AT_HOME_BY_ROBOT),
        NOON,
        rule="US-A3-words",
    ),
    # Massachusetts
    Scenario(
        "MA-1-work",
        asking("voice", **WORK),
        NOON,
        living_in("US-MA", contacts=past("voice", days_ago(20), days_ago(10), **WORK)),
        rule="MA-1-work",
        until=at("2026-06-20 08:00"),
    ),
    Scenario(
        "MA-4",
        asking("voice"),
        NIGHT,
        living_in("US-MA"),
        rule="MA-4",
        until=MORNING,
        packs=LAW.without("us-federal"),
    ),
    Scenario(
        "MA-4-visit",
        asking("visit"),
        NOON,
        living_in("US-MA", contacts=past("visit", days_ago(29))),
        rule="MA-4-visit",
        until=MORNING,
    ),
    # New York
    Scenario(
        "NYC-2",
        asking("email"),
        at("2026-10-07 12:00"),
        living_in(
            "USNYC",
            milestones=[milestone(Fact.CONSENT, "2026-09-01 12:00")],
            contacts=past("letter", "2026-10-05 12:00", "2026-10-06 12:00", "2026-10-06 13:00"),
        ),
        rule="NYC-2",
        until=at("2026-10-12 08:00"),
    ),
    Scenario("NYC-3", asking("sms"), at("2026-10-07 12:00"), living_in("USNYC"), rule="NYC-3"),
    Scenario("NYC-3 not yet", asking("sms"), at("2026-08-31 12:00"), living_in("USNYC")),
    Scenario("NYS-1", asking("email"), NOON, living_in("US-NY"), rule="NYS-1"),
    Scenario(
        "NYS-1-time-bar",
        letter_saying(),
        NOON,
        living_in("US-NY", milestones=[TIME_BARRED]),
        rule="NYS-1-time-bar",
    ),
    # Washington
    Scenario("WA-1", asking("letter"), NOON, WA, rule="WA-1", until=at("2026-06-14 03:00")),
    Scenario(
        "WA-1 of another debt",
        asking("letter", account_id="another"),
        NOON,
        WA,
        rule="WA-1",
        until=at("2026-06-14 03:00"),
    ),
    Scenario(
        "WA-1-work",
        asking("voice", **WORK),
        NOON,
        living_in("US-WA", LOS_ANGELES, contacts=past("letter", days_ago(6), **WORK)),
        rule="WA-1-work",
        until=at("2026-06-11 11:00"),
    ),
    Scenario(
        "WA-1 binds no creditor",
        asking("letter"),
        NOON,
        WA.model_copy(update={"actor": "creditor"}),
    ),
    # District of Columbia
    Scenario(
        "DC-1",
        asking("voice"),
        NOON,
        living_in("US-DC", contacts=past("voice", *map(days_ago, (4, 3, 2, 1)))),
        rule="DC-1",
        until=at("2026-06-13 08:00"),
    ),
    Scenario(
        "DC-1 a debt that has just fallen due",
        asking("voice"),
        NOON,
        living_in(
            "US-DC",
            milestones=[milestone(Fact.DUE, days_ago(30))],
            contacts=past("voice", *map(days_ago, (4, 3, 2, 1))),
        ),
    ),
    Scenario(
        "DC-2-count",
        asking("email"),
        NOON,
        living_in("US-DC", milestones=[CONSENT], contacts=FULL_DC),
        rule="DC-2-count",
        until=at("2026-06-12 08:00"),
    ),
    Scenario(
        "DC-2-words",
        written("sms", "opt-out", "demand", purpose="consent request"),
        NOON,
        living_in("US-DC"),
        rule="DC-2-words",
    ),
    # Florida, California, Texas
    Scenario("FL-1", asking("sms"), NIGHT, living_in("US-FL"), rule="FL-1", until=MORNING),
    Scenario(
        "FL-1 leaves e-mail to the federal hours",
        asking("email"),
        NIGHT,
        living_in("US-FL"),
        rule="US-T1",
        until=MORNING,
    ),
    Scenario(
        "CA-2",
        letter_saying(),
        NOON,
        living_in("US-CA", LOS_ANGELES, milestones=[TIME_BARRED]),
        rule="CA-2",
    ),
    Scenario(
        "TX-1",
        letter_saying(),
        NOON,
        living_in("US-TX", CHICAGO, actor="buyer", milestones=[TIME_BARRED]),
        rule="TX-1",
    ),
    Scenario(
        "TX-1 binds no agency",
        letter_saying(),
        NOON,
        living_in("US-TX", CHICAGO, milestones=[TIME_BARRED]),
    ),
]


@told(FURTHER)
def test_every_rule_binds_where_it_should_and_not_beyond(scenario):
    scenario.holds()


CAPS = {rule.id for pack in LAW for rule in pack.rules if rule.kind == "cap"}


@told(each for each in (*NUMBERED, *FURTHER) if each.rule in CAPS)
def test_one_contact_less_and_the_cap_is_not_reached(scenario):
    fewer = scenario.facts.model_copy(update={"contacts": scenario.facts.contacts[:-1]})

    assert isinstance(decide(scenario.ask, fewer, LAW, scenario.when), Allow)


def test_every_rule_of_the_united_states_is_seen_to_decide():
    written_down = {rule.id for pack in LAW if pack.id.startswith("us-") for rule in pack.rules}

    assert written_down - {each.rule for each in (*NUMBERED, *FURTHER)} == set()


def test_evidence_and_recordings_are_kept_for_three_years():
    kept = {
        each.keeps: (each.years, each.after)
        for pack in LAW
        if pack.id == "us-federal"
        for each in pack.retention
    }

    assert kept == {"evidence": (3, "last activity"), "recordings": (3, "itself")}


def test_one_text_in_english_and_arabic_says_that_a_collector_writes_on_every_channel():
    federal = next(pack for pack in LAW if pack.id == "us-federal")
    said = [each for each in federal.disclosures if each.says == "from a debt collector"]

    for channel in ("sms", "email", "letter", "chat", "whatsapp", "voice"):
        assert [sorted(each.words) for each in said if channel in each.channels] == [["ar", "en"]]
