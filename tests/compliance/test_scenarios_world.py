"""Scenarios outside the United States, by their numbers; and every rule there, seen to bind."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from compliance import Allow, Deny, Packs, Wait, decide
from domain.people import MilestoneKind
from tests.compliance.scenarios_kit import (
    LAW,
    Scenario,
    asking,
    at,
    milestone,
    past,
    person,
    saying,
    told,
)

ZONES = {
    "AE": "Asia/Dubai",
    "AU-NSW": "Australia/Sydney",
    "AU-WA": "Australia/Perth",
    "BH": "Asia/Bahrain",
    "CA-AB": "America/Edmonton",
    "CA-BC": "America/Vancouver",
    "CA-NB": "America/Moncton",
    "CA-ON": "America/Toronto",
    "CA-QC": "America/Toronto",
    "DE-BY": "Europe/Berlin",
    "EG": "Africa/Cairo",
    "ES": "Europe/Madrid",
    "GB-ENG": "Europe/London",
    "GB-SCT": "Europe/London",
    "GR": "Europe/Athens",
    "IE": "Europe/Dublin",
    "KW": "Asia/Kuwait",
    "NL": "Europe/Amsterdam",
    "NZ": "Pacific/Auckland",
    "QA": "Asia/Qatar",
    "SA": "Asia/Riyadh",
}


def living(place, **facts):
    """A person in a country or region, whose debt an agency collects for no bank."""
    usual = {
        "country": place[:2],
        "regions": (place,) if "-" in place else (),
        "zones": (ZONES[place],),
        "sector": "non-bank",
    }
    return person(**usual | facts)


def local(place, text):
    return at(text, ZONES[place])


def happened(place, kind, time, *channels, **more):
    return milestone(MilestoneKind(kind), time, *channels, zone_name=ZONES[place], **more)


def noticed(place, time):
    return {"milestones": (happened(place, "written notice sent", time),)}


# scenarios of the table


T43 = [
    Scenario(
        "T43 Ontario, Sunday 12:30",
        asking("voice"),
        local("CA-ON", "2026-06-14 12:30"),
        living("CA-ON", **noticed("CA-ON", "2026-05-01 10:00")),
        rule="ON-3",
        until=local("CA-ON", "2026-06-14 13:00"),
    ),
    Scenario(
        "T43 Quebec, a call on Sunday",
        asking("voice"),
        local("CA-QC", "2026-06-14 14:00"),
        living("CA-QC", **noticed("CA-QC", "2026-05-01 10:00")),
        rule="QC-1",
        until=local("CA-QC", "2026-06-15 08:00"),
    ),
    Scenario(
        "T43 Quebec, a text on Sunday",
        asking("sms"),
        local("CA-QC", "2026-06-14 14:00"),
        living("CA-QC"),
    ),
]
T45 = [
    Scenario(
        "T45 six days after the notice, and then Sunday's window",
        asking("voice"),
        local("CA-ON", "2026-06-06 10:00"),
        living("CA-ON", **noticed("CA-ON", "2026-06-01 10:00")),
        rule="ON-1-WAIT",
        until=local("CA-ON", "2026-06-07 13:00"),
    )
]
T47 = [
    Scenario(
        "T47 Alberta, Tuesday 21:30",
        asking("voice"),
        local("CA-AB", "2026-06-09 21:30"),
        living("CA-AB"),
    ),
    Scenario(
        "T47 British Columbia, Tuesday 21:30",
        asking("voice"),
        local("CA-BC", "2026-06-09 21:30"),
        living("CA-BC", **noticed("CA-BC", "2026-05-01 10:00")),
        rule="BC-1",
        until=local("CA-BC", "2026-06-10 07:00"),
    ),
]

SPACE = {"holds": ({"hold": "breathing space", "starts": "2026-05-15", "ends": "2026-07-14"},)}
T49 = [
    *(
        Scenario(
            f"T49 debt A, {text}",
            asking("sms"),
            local("GB-ENG", text),
            living("GB-ENG", **SPACE),
            rule="UK-8",
            lifts="after 2026-07-14",
        )
        for text in ("2026-05-15 09:00", "2026-07-14 10:00")
    ),
    Scenario(
        "T49 debt A, on the day after its end",
        asking("sms"),
        local("GB-ENG", "2026-07-15 08:00"),
        living("GB-ENG", **SPACE),
    ),
    Scenario(
        "T49 debt B, which the notice does not list",
        asking("sms", account_id="b"),
        local("GB-ENG", "2026-05-15 09:00"),
        living("GB-ENG"),
    ),
]


def answering(*said):
    return asking("email", purpose="reply", content=saying("opt-out", *said))


ASKED_A_QUESTION = living(
    "GB-ENG",
    **SPACE,
    contacts=past("email", "2026-06-02 09:50", zone_name=ZONES["GB-ENG"], inbound=True),
)
T51 = [
    Scenario(
        "T51 an answer without a demand",
        answering(),
        local("GB-ENG", "2026-06-02 10:00"),
        ASKED_A_QUESTION,
    ),
    *(
        Scenario(
            f"T51 an answer with a {word}",
            answering(word),
            local("GB-ENG", "2026-06-02 10:00"),
            ASKED_A_QUESTION,
            rule="UK-11",
            lifts=f"do not say {word}",
        )
        for word in ("payment link", "demand")
    ),
]
T55 = [
    Scenario(
        "T55 Perth at 18:30, whatever the clock of the agent in Sydney",
        asking("voice"),
        at("2026-11-10 21:30", "Australia/Sydney"),
        living("AU-WA"),
    )
]
RIYADH_NUMBER = {"addresses": {"voice": "n1"}}
T57 = [
    Scenario(
        "T57 ten attempts in thirty days",
        asking("voice"),
        local("SA", "2026-06-15 10:00"),
        living(
            "SA",
            **RIYADH_NUMBER,
            contacts=past(
                "voice",
                *(f"2026-06-{day:02} 10:00" for day in (1, 2, 3, 4, 7, 8, 9, 10, 11, 14)),
                zone_name=ZONES["SA"],
                address="n1",
                status="no answer",
            ),
        ),
        rule="SA-4",
        until=local("SA", "2026-07-01 09:30"),
    )
]
OVERDUE = {"milestones": (happened("GR", "due", "2026-06-01 00:00"),)}
T59 = [
    Scenario(
        "T59 Greece on a Saturday",
        asking("voice"),
        local("GR", "2026-06-13 11:00"),
        living("GR", **OVERDUE),
        rule="GR-1",
        until=local("GR", "2026-06-15 09:00"),
    ),
    Scenario(
        "T59 Greece, eight days overdue",
        asking("voice"),
        local("GR", "2026-06-09 11:00"),
        living("GR", **OVERDUE),
        rule="GR-1-OVERDUE",
        until=local("GR", "2026-06-12 09:00"),
    ),
]


@told([*T43, *T45, *T47, *T49, *T51, *T55, *T57, *T59])
def test_scenario(scenario):
    scenario.holds()


THREE_CONTACTS_IN_SYDNEY = tuple(
    contact
    for channel, time, status in (
        ("voice", "2026-06-01 10:00", "voicemail"),
        ("sms", "2026-06-01 10:05", "delivered"),
        ("email", "2026-06-01 10:10", "delivered"),
        ("voice", "2026-06-01 15:00", "no answer"),
        ("voice", "2026-06-01 17:00", "no answer"),
    )
    for contact in past(channel, time, zone_name=ZONES["AU-NSW"], status=status)
)


@pytest.mark.parametrize(
    ("packs", "until", "rules"),
    [
        pytest.param(
            LAW.without("au-states"),
            "2026-06-08 07:30",
            {"AU-4", "AU-1"},
            id="T53 by the guideline",
        ),
        pytest.param(
            LAW,
            "2026-06-09 07:30",
            {"AU-4", "AU-1", "AU-1/au-states"},
            id="T53 with the holidays of the state",
        ),
    ],
)
def test_scenario_three_contacts_on_one_day_in_sydney(packs, until, rules):
    facts = living("AU-NSW", contacts=THREE_CONTACTS_IN_SYDNEY)

    verdict = decide(asking("voice"), facts, packs, local("AU-NSW", "2026-06-02 10:00"))

    assert isinstance(verdict, Wait)
    assert verdict.until == local("AU-NSW", until)
    assert verdict.decided_by == "AU-4"
    assert verdict.counters["AU-4"] == "3 of 3"
    assert {reason.rule for reason in verdict.reasons} <= rules


CALLED = past("voice", "2026-10-05 10:00", "2026-10-06 10:00", "2026-10-07 10:00")
NEW_YORKER = {"regions": ("US-NY", "USNYC"), "zones": ("America/New_York",)}
TEXAN = {"regions": ("US-TX",), "zones": ("America/Chicago",)}
BUYER = {"actor": "buyer", "contacts": CALLED}


@pytest.mark.parametrize("when", [pytest.param(at("2026-10-08 12:00"), id="T61")])
def test_a_move_from_new_york_to_texas_swaps_the_packs_and_keeps_the_counters(when):
    before = decide(asking("voice"), person(**NEW_YORKER, **BUYER), LAW, when)
    after = decide(asking("voice"), person(**TEXAN, **BUYER), LAW, when)

    assert isinstance(before, Wait)
    assert before.until == at("2026-10-12 08:00")
    assert before.decided_by == "NYC-2"
    assert isinstance(after, Allow)
    assert before.counters["US-F1"] == after.counters["US-F1"] == "3 of 7"
    assert any(name.startswith("us-nyc@") for name in before.packs)
    assert not any(name.startswith(("us-nyc@", "us-ny@")) for name in after.packs)
    assert any(name.startswith("us-tx@") for name in after.packs)


# every rule, seen to bind


@dataclass(frozen=True)
class Binds:
    """A situation in which one rule refuses, or lets wait."""

    rule: str
    place: str
    when: str
    until: str | None = None
    """Wait until then, by this rule alone; None: it refuses."""
    ask: Any = field(default_factory=lambda: asking("voice"))
    facts: dict[str, Any] = field(default_factory=dict)


def held(hold):
    return {"holds": ({"hold": hold},)}


def made(place, *times, channel="sms", **contact):
    return {"contacts": past(channel, *times, zone_name=ZONES[place], **contact)}


BARRED = {"milestones": (happened("GB-ENG", "time-barred", "2026-01-01 00:00"),)}
EVENINGS = {"wishes": ({"opens": "17:00"},)}
NOT_AT_WORK = {"wishes": ({"not_at": ["work"]},)}
IN_WRITING = {"wishes": ({"only": ["email", "letter"]},)}
SMS, EMAIL, VISIT = asking("sms"), asking("email"), asking("visit")
AT_WORK = asking("voice", place="work")
RELATIVE = asking("voice", recipient="third party")
THREE_DAYS = ("2026-06-01 10:00", "2026-06-02 10:00", "2026-06-03 10:00")
FIVE_CALLS = (*THREE_DAYS, "2026-06-04 10:00", "2026-06-05 10:00")
TEN_DAYS = tuple(f"2026-06-{day:02} 10:00" for day in (1, 4, 7, 10, 13, 16, 19, 22, 25, 28))
MARCH = tuple(f"2026-03-{day:02} 10:00" for day in (1, 4, 7, 10, 13, 16, 19, 22, 25, 28))

UNITED_KINGDOM = [
    Binds("UK-1", "GB-ENG", "2026-06-02 10:00", "2026-06-02 17:00", facts=EVENINGS),
    Binds("UK-1-HOW", "GB-ENG", "2026-06-02 10:00", ask=AT_WORK, facts=NOT_AT_WORK),
    Binds("UK-2", "GB-ENG", "2026-06-02 10:00", ask=RELATIVE),
    Binds("UK-2-VISIT", "GB-ENG", "2026-06-02 10:00", ask=VISIT),
    Binds("UK-4", "GB-ENG", "2026-06-02 10:00", facts=held("debt adviser")),
    Binds("UK-5", "GB-ENG", "2026-06-02 10:00", facts=held("dispute")),
    Binds(
        "UK-6",
        "GB-ENG",
        "2026-06-02 10:00",
        ask=asking("letter", content=saying("legal threat")),
        facts=BARRED,
    ),
    Binds(
        "UK-13",
        "GB-ENG",
        "2026-06-02 10:00",
        ask=asking("sms", content=saying("marketing", "opt-out")),
    ),
    Binds(
        "UK-14",
        "GB-ENG",
        "2026-06-02 10:00",
        "2026-06-05 00:00",
        ask=asking("voice", dial="automatic"),
        facts={"milestones": (happened("GB-ENG", "abandoned call", "2026-06-01 15:00"),)},
    ),
    Binds(
        "UK-15",
        "GB-ENG",
        "2026-06-02 10:00",
        ask=asking("sms", purpose="debit"),
        facts=made("GB-ENG", "2025-09-01 10:00", "2026-06-01 10:00", purpose="debit"),
    ),
    Binds("UK-P-HOURS", "GB-ENG", "2026-05-25 10:00", "2026-05-26 08:00"),
    Binds(
        "UK-P-DAY",
        "GB-ENG",
        "2026-06-01 15:00",
        "2026-06-02 00:00",
        facts=made("GB-ENG", "2026-06-01 10:00"),
    ),
    Binds(
        "UK-P-WEEK",
        "GB-ENG",
        "2026-06-04 10:00",
        "2026-06-08 00:00",
        facts=made("GB-ENG", *THREE_DAYS),
    ),
    Binds(
        "UK-P-ATTEMPTS",
        "GB-ENG",
        "2026-06-06 10:00",
        "2026-06-08 00:00",
        facts=made("GB-ENG", *FIVE_CALLS, channel="voice", status="no answer"),
    ),
    Binds("UK-8", "GB-ENG", "2026-06-02 10:00", facts=held("breathing space")),
    Binds(
        "UK-11",
        "GB-ENG",
        "2026-06-02 10:00",
        ask=answering("payment link"),
        facts=held("breathing space"),
    ),
    Binds("UK-12", "GB-SCT", "2026-06-02 10:00", facts=held("breathing space")),
    Binds("UK-6-SCT", "GB-SCT", "2026-06-02 10:00", facts=BARRED),
]
IRELAND = [
    Binds("IE-1", "IE", "2026-06-01 10:00", "2026-06-02 09:00"),
    Binds("IE-2", "IE", "2026-06-02 10:00", ask=AT_WORK),
    Binds("IE-3", "IE", "2026-06-02 10:00", ask=asking("letter", recipient="spouse")),
    Binds(
        "IE-4",
        "IE",
        "2026-06-04 10:00",
        "2026-07-01 00:00",
        ask=EMAIL,
        facts=made("IE", *THREE_DAYS, channel="letter"),
    ),
]
AUSTRALIA = [
    Binds("AU-1", "AU-NSW", "2026-06-02 07:00", "2026-06-02 07:30"),
    Binds("AU-1-TEXT", "AU-NSW", "2026-12-25 10:00", "2026-12-27 09:00", ask=SMS),
    Binds("AU-2", "AU-NSW", "2026-06-02 21:00", "2026-06-03 09:00", ask=VISIT),
    Binds(
        "AU-2-OFTEN",
        "AU-NSW",
        "2026-06-05 10:00",
        "2026-06-19 00:00",
        ask=VISIT,
        facts=made("AU-NSW", "2026-05-20 10:00", channel="visit"),
    ),
    Binds(
        "AU-2-MONTH",
        "AU-NSW",
        "2026-05-31 10:00",
        "2026-06-01 00:00",
        ask=VISIT,
        facts=made("AU-NSW", "2026-05-01 10:00", channel="visit"),
    ),
    Binds("AU-3", "AU-NSW", "2026-06-02 18:00", "2026-06-03 09:00", ask=AT_WORK),
    Binds(
        "AU-4",
        "AU-NSW",
        "2026-06-04 10:00",
        "2026-06-08 00:00",
        facts=made("AU-NSW", *THREE_DAYS, channel="letter"),
    ),
    Binds(
        "AU-4-THIRTY",
        "AU-NSW",
        "2026-06-30 10:00",
        "2026-07-01 00:00",
        facts=made("AU-NSW", *TEN_DAYS),
    ),
    Binds(
        "AU-4-MONTH",
        "AU-NSW",
        "2026-03-31 10:00",
        "2026-04-01 00:00",
        facts=made("AU-NSW", *MARCH),
    ),
    Binds("AU-6", "AU-NSW", "2026-06-02 10:00", "2026-06-02 17:00", facts=EVENINGS),
    Binds("AU-7", "AU-NSW", "2026-06-02 10:00", facts=held("dispute")),
    Binds("AU-7-REPRESENTATIVE", "AU-NSW", "2026-06-02 10:00", facts=held("attorney")),
    Binds("AU-1/au-states", "AU-NSW", "2026-06-08 10:00", "2026-06-09 07:30"),
    Binds("AU-1-TEXT/au-states", "AU-NSW", "2026-06-08 10:00", "2026-06-09 07:30", ask=SMS),
    Binds("AU-2/au-states", "AU-NSW", "2026-06-08 10:00", "2026-06-09 09:00", ask=VISIT),
    Binds("AU-3/au-states", "AU-NSW", "2026-06-08 10:00", "2026-06-09 09:00", ask=AT_WORK),
    Binds("NZ-1", "NZ", "2026-07-10 10:00", "2026-07-11 09:00", ask=SMS),
    Binds("NZ-2", "NZ", "2026-06-02 08:00", "2026-06-02 09:00", ask=VISIT),
    Binds(
        "NZ-2-OFTEN",
        "NZ",
        "2026-06-05 10:00",
        "2026-06-19 00:00",
        ask=VISIT,
        facts=made("NZ", "2026-05-20 10:00", channel="visit"),
    ),
    Binds(
        "NZ-2-MONTH",
        "NZ",
        "2026-05-31 10:00",
        "2026-06-01 00:00",
        ask=VISIT,
        facts=made("NZ", "2026-05-01 10:00", channel="visit"),
    ),
    Binds("NZ-3", "NZ", "2026-06-02 18:00", "2026-06-03 09:00", ask=AT_WORK),
    Binds("NZ-4", "NZ", "2026-06-04 10:00", "2026-06-08 00:00", facts=made("NZ", *THREE_DAYS)),
    Binds("NZ-4-MONTH", "NZ", "2026-06-30 10:00", "2026-07-01 00:00", facts=made("NZ", *TEN_DAYS)),
    Binds("NZ-4-CALENDAR", "NZ", "2026-03-31 10:00", "2026-04-01 00:00", facts=made("NZ", *MARCH)),
]
OF_A_BANK = {"sector": "bank"}
CANADA = [
    Binds("CA-F1", "CA-ON", "2026-11-11 10:00", "2026-11-12 07:00", facts=OF_A_BANK),
    Binds("CA-F1-SUNDAY", "CA-ON", "2026-06-14 12:30", "2026-06-14 13:00", facts=OF_A_BANK),
    Binds(
        "CA-F1-MOBILE",
        "CA-ON",
        "2026-06-02 10:00",
        ask=asking("voice", place="mobile"),
        facts=OF_A_BANK,
    ),
    Binds("CA-F1-WRITING", "CA-ON", "2026-06-02 10:00", facts=OF_A_BANK | IN_WRITING),
    Binds("CA-F1-ADVISER", "CA-ON", "2026-06-02 10:00", facts=OF_A_BANK | held("attorney")),
    Binds("CA-F1-FAMILY", "CA-ON", "2026-06-02 10:00", ask=RELATIVE, facts=OF_A_BANK),
    Binds("ON-1", "CA-ON", "2026-06-02 10:00"),
    Binds(
        "ON-1-WAIT",
        "CA-ON",
        "2026-06-06 23:59",
        "2026-06-07 00:00",
        facts=noticed("CA-ON", "2026-06-01 10:00"),
    ),
    Binds(
        "ON-2",
        "CA-ON",
        "2026-06-04 10:00",
        "2026-06-08 00:00",
        facts=made("CA-ON", *THREE_DAYS, channel="email"),
    ),
    Binds("ON-3", "CA-ON", "2026-06-02 21:00", "2026-06-03 07:00"),
    Binds("ON-4", "CA-ON", "2026-06-02 10:00", facts=held("cease and desist")),
    Binds("ON-4-LAWYER", "CA-ON", "2026-06-02 10:00", facts=held("attorney")),
    Binds("BC-1", "CA-BC", "2026-08-03 10:00", "2026-08-04 07:00"),
    Binds("BC-2", "CA-BC", "2026-06-02 10:00"),
    Binds(
        "BC-2-WAIT",
        "CA-BC",
        "2026-06-06 10:00",
        "2026-06-07 00:00",
        facts=noticed("CA-BC", "2026-06-01 10:00"),
    ),
    Binds("BC-3", "CA-BC", "2026-06-02 10:00", facts=IN_WRITING),
    Binds("BC-3-LAWYER", "CA-BC", "2026-06-02 10:00", facts=held("attorney")),
    Binds("AB-1", "CA-AB", "2026-06-02 22:00", "2026-06-03 07:00"),
    Binds(
        "AB-1-WEEK",
        "CA-AB",
        "2026-06-04 10:00",
        "2026-06-08 00:00",
        facts=made("CA-AB", *THREE_DAYS),
    ),
    Binds("AB-2", "CA-AB", "2026-06-14 12:30", "2026-06-14 13:00"),
    Binds("QC-1", "CA-QC", "2026-06-24 10:00", "2026-06-25 08:00"),
    Binds("QC-2", "CA-QC", "2026-06-02 10:00"),
    Binds(
        "QC-2-WAIT",
        "CA-QC",
        "2026-06-05 10:00",
        "2026-06-07 00:00",
        facts=noticed("CA-QC", "2026-06-01 10:00"),
    ),
    Binds("QC-2-WRITING", "CA-QC", "2026-06-02 10:00", facts=IN_WRITING),
    Binds("QC-2-SUE", "CA-QC", "2026-06-02 10:00", facts=held("cease and desist")),
    Binds("QC-2-ADVISER", "CA-QC", "2026-06-02 10:00", facts=held("attorney")),
    Binds("QC-2-WORK", "CA-QC", "2026-06-02 10:00", ask=AT_WORK),
    Binds("NB-1", "CA-NB", "2026-08-03 10:00", "2026-08-04 07:00", facts={"actor": "creditor"}),
]
SAID_NOTHING = asking("sms", content=saying("opt-out"))
SAUDI_ARABIA = [
    Binds("SA-1", "SA", "2026-06-02 10:00", ask=asking("whatsapp")),
    Binds("SA-1-WHO", "SA", "2026-06-02 10:00", ask=SAID_NOTHING),
    Binds("SA-2", "SA", "2026-06-02 10:00", ask=SAID_NOTHING),
    Binds("SA-3", "SA", "2026-06-02 10:00", facts=held("dispute")),
    Binds(
        "SA-4",
        "SA",
        "2026-06-29 10:00",
        "2026-07-01 00:00",
        facts=made("SA", *TEN_DAYS, channel="voice", status="busy", address="n1") | RIYADH_NUMBER,
    ),
    Binds("SA-5", "SA", "2026-06-02 10:00", ask=asking("voice", content=saying("identity"))),
    Binds("SA-6", "SA", "2026-06-04 16:30", "2026-06-07 09:30"),
    Binds("SA-7", "SA", "2026-06-02 10:00", ask=RELATIVE),
    Binds("SA-6-RAMADAN-2026", "SA", "2026-02-24 09:30", "2026-02-24 10:00"),
    Binds("SA-P-RAMADAN-2026", "SA", "2026-02-24 17:30", "2026-02-25 10:00", ask=SMS),
    Binds("SA-6-RAMADAN-2027", "SA", "2027-02-16 09:30", "2027-02-16 10:00"),
    Binds("SA-P-RAMADAN-2027", "SA", "2027-02-16 17:30", "2027-02-17 10:00", ask=SMS),
]
GULF = [
    Binds("AE-1", "AE", "2026-06-05 12:00", "2026-06-05 14:00"),
    Binds("KW-1", "KW", "2026-02-25 10:00", "2026-03-01 09:00"),
    Binds("QA-1", "QA", "2026-06-05 10:00", "2026-06-07 09:00"),
    Binds("BH-1", "BH", "2026-06-16 10:00", "2026-06-17 09:00"),
    Binds("EG-1", "EG", "2026-07-23 10:00", "2026-07-26 09:00"),
    *(
        each
        for place in ("AE", "KW", "QA", "BH", "EG")
        for each in (
            Binds(
                f"{place}-2-DAY",
                place,
                "2026-06-01 15:00",
                "2026-06-02 00:00",
                facts=made(place, "2026-06-01 10:00"),
            ),
            Binds(
                f"{place}-2-WEEK",
                place,
                "2026-06-04 10:00",
                "2026-06-08 00:00",
                facts=made(place, *THREE_DAYS),
            ),
        )
    ),
    Binds("QA-3", "QA", "2026-06-02 10:00", ask=AT_WORK),
    Binds("EG-3", "EG", "2026-06-02 10:00", ask=SAID_NOTHING),
    Binds("EG-4", "EG", "2026-06-02 10:00", ask=RELATIVE),
    Binds("GULF-RAMADAN-2026", "AE", "2026-02-24 17:30", "2026-02-25 10:00"),
    Binds("GULF-RAMADAN-2027", "EG", "2027-02-16 17:30", "2027-02-17 10:00"),
]
EUROPE = [
    Binds("EU-2", "DE-BY", "2026-06-02 10:00", facts=held("restriction of processing")),
    Binds("EU-6", "NL", "2026-06-02 10:00", facts={"actor": "buyer", "sector": "bank"}),
    Binds("DE-1", "DE-BY", "2026-01-06 10:00", "2026-01-07 08:00"),
    Binds(
        "DE-2",
        "DE-BY",
        "2026-06-03 10:00",
        "2026-06-08 00:00",
        facts=made("DE-BY", *THREE_DAYS[:2], channel="voice", status="no answer"),
    ),
    Binds("NL-1", "NL", "2026-04-27 10:00", "2026-04-28 08:00"),
    Binds("NL-2", "NL", "2026-06-04 10:00", "2026-06-08 00:00", facts=made("NL", *THREE_DAYS)),
    Binds("ES-1", "ES", "2026-06-06 10:00", "2026-06-08 09:00"),
    Binds("GR-1", "GR", "2026-03-25 10:00", "2026-03-26 09:00"),
    Binds("GR-1-DUE", "GR", "2026-06-09 11:00"),
    Binds("GR-1-OVERDUE", "GR", "2026-06-09 11:00", "2026-06-12 00:00", facts=OVERDUE),
    Binds(
        "GR-1-OFTEN",
        "GR",
        "2026-06-02 11:00",
        "2026-06-03 00:00",
        ask=EMAIL,
        facts=made("GR", "2026-06-01 10:00"),
    ),
    Binds("GR-1-VISITS", "GR", "2026-06-02 11:00", ask=VISIT),
    Binds("GR-1-FAMILY", "GR", "2026-06-02 11:00", ask=RELATIVE),
    Binds(
        "GR-1-RECORDED", "GR", "2026-06-12 11:00", ask=asking("voice", content=saying("identity"))
    ),
]
SEEN = [*UNITED_KINGDOM, *IRELAND, *AUSTRALIA, *CANADA, *SAUDI_ARABIA, *GULF, *EUROPE]


def abroad(packs):
    return [pack for pack in packs if pack.id != "base" and not pack.id.startswith("us-")]


def only(rule_id):
    """The law as if it were this rule alone."""
    for pack in LAW:
        for rule in pack.rules:
            if rule.id == rule_id:
                alone = pack.model_copy(update={"rules": (rule,)})
                return Packs([alone], LAW.calendars.values())
    raise LookupError(f"no pack has a rule {rule_id}")


@pytest.mark.parametrize("binds", SEEN, ids=lambda each: each.rule)
def test_each_rule_binds(binds):
    facts, when = living(binds.place, **binds.facts), local(binds.place, binds.when)

    verdict = decide(binds.ask, facts, only(binds.rule), when)

    assert [reason.rule for reason in verdict.reasons] == [binds.rule]
    if binds.until is None:
        assert isinstance(verdict, Deny)
    else:
        assert isinstance(verdict, Wait)
        assert verdict.until == local(binds.place, binds.until)
    assert not isinstance(decide(binds.ask, facts, LAW, when), Allow)


def test_every_rule_outside_the_united_states_is_seen_to_bind():
    written = {rule.id for pack in abroad(LAW) for rule in pack.rules}

    assert written == {each.rule for each in SEEN}


def test_each_pack_abroad_says_how_sure_it_is_and_its_policy_is_called_policy():
    rules = [rule for pack in abroad(LAW) for rule in pack.rules]

    assert all((rule.force == "policy") == (rule.verified == "P") for rule in rules)
    assert all(rule.source for rule in rules if rule.verified != "P")


# who is not bound


@pytest.mark.parametrize(
    ("place", "facts", "pack"),
    [
        ("CA-ON", {"actor": "creditor"}, "ca-on"),
        ("CA-ON", {"sector": "non-bank"}, "ca-federal"),
        ("CA-QC", {}, "ca-on"),
        ("GB-SCT", {}, "gb-ew-breathing-space"),
        ("GB-ENG", {}, "gb-sct"),
        ("EG", {"sector": "bank"}, "eg-fra"),
        ("NL", {"actor": "agency"}, "eu-npl"),
    ],
)
def test_a_pack_does_not_bind_those_whom_it_does_not_name(place, facts, pack):
    verdict = decide(asking("email"), living(place, **facts), LAW, local(place, "2026-06-02 10:00"))

    assert not any(name.startswith(f"{pack}@") for name in verdict.packs)


def test_beyond_the_years_of_a_calendar_the_gate_refuses_rather_than_guesses():
    facts = living("SA")

    verdict = decide(asking("voice"), facts, LAW, local("SA", "2033-03-01 10:00"))

    assert isinstance(verdict, Deny)
    assert verdict.decided_by == "SA-6"


NOTIFIED = {"milestones": (happened("CA-QC", "written notice sent", "2026-05-01 10:00"),)}


@pytest.mark.parametrize(
    ("place", "facts", "rule"),
    [
        ("IE", {}, "IE-2"),
        ("CA-QC", NOTIFIED, "QC-2-WORK"),
        ("QA", {}, "QA-3"),
        ("CA-ON", {"actor": "creditor", "sector": "bank"}, "CA-F1-MOBILE"),
    ],
)
def test_a_call_that_may_ring_anywhere_is_bound_by_rules_that_name_places(place, facts, rule):
    who, when = living(place, **facts), local(place, "2026-06-02 10:00")

    refused = decide(asking("voice", dialling=True), who, LAW, when)

    assert isinstance(refused, Deny)
    assert refused.decided_by == rule
    assert isinstance(decide(asking("voice", dialling=True, place="home"), who, LAW, when), Allow)
    assert isinstance(decide(asking("voice"), who, LAW, when), Allow)


def test_a_call_of_which_nobody_knows_where_it_rang_counts_at_every_place():
    rang = made("CA-BC", "2026-06-01 10:00", channel="voice", status="no answer")
    who = living("CA-BC", country="US", regions=("US-WA",), **rang)
    at_work, when = asking("voice", place="work"), local("CA-BC", "2026-06-02 10:00")

    assert decide(at_work, who, only("WA-1-work"), when).counters == {"WA-1-work": "1 of 1"}


def test_ramadan_hours_end_with_their_pack():
    facts = living("AE")

    assert isinstance(decide(asking("voice"), facts, LAW, local("AE", "2026-03-23 17:30")), Allow)


@pytest.mark.parametrize(
    ("place", "elsewhere", "when", "rule"),
    [
        ("DE-BY", "DE-BE", "2026-01-06 10:00", "DE-1"),
        ("GB-SCT", "GB-ENG", "2026-01-02 10:00", "UK-P-HOURS"),
        ("AU-NSW", "AU-WA", "2026-06-08 10:00", "AU-1/au-states"),
    ],
)
def test_a_holiday_of_a_region_closes_that_region_only(place, elsewhere, when, rule):
    there, other = living(place), living(place, regions=(elsewhere,))

    closed = decide(asking("voice"), there, LAW, local(place, when))

    assert closed.decided_by == rule
    assert isinstance(decide(asking("voice"), other, LAW, local(place, when)), Allow)
