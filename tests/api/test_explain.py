"""Why a contact would, or would not, be made, over HTTP."""

from datetime import date, datetime, timedelta

import pytest

from compliance import Allow, AnyVerdict, ContactRequest, Deny, Pack
from compliance.explaining import ORDER
from compliance.laws import law_id, read_law, shipped_id, shipped_text, write_law
from compliance.merging import merged
from compliance.verdicts import Reason
from domain.accounts import Closure, Hold
from domain.contacts import sms
from domain.people import Wish
from storage import accounts, contacts, laws, people
from storage.session import driver
from tests.api.record import NOW, contact, placement, record

pytestmark = pytest.mark.stack

CHICAGO = {"phone": "+13125550123", "time_zone": "America/Chicago"}


@pytest.fixture
def placed(database):
    """An account on record, of a person in Chicago."""
    made = placement(consumer=CHICAGO)
    record(database, made)
    return made


@pytest.fixture
def explain(api, placed):
    """Asks about the account; the answer's body."""

    def ask(status=200, **asked):
        answer = api.get(f"/v1/accounts/{placed.account_id}/explain", params=asked)
        assert answer.status_code == status, answer.text
        return answer.json()

    return ask


def answer_of(body, rule):
    (found,) = (each for each in body["rules"] if each["rule"] == rule)
    return found


def instant(text):
    return datetime.fromisoformat(text)


def test_every_channel_is_told_with_the_rule_that_decides_and_the_law(explain, placed):
    body = explain(at="2026-11-24T06:00")
    by_channel = {each["channel"]: each for each in body["channels"]}

    assert body["account_id"] == placed.account_id
    assert body["zone"] == "America/Chicago"
    assert body["law"] == shipped_id()
    assert instant(body["at"]) == instant("2026-11-24T12:00:00+00:00")
    assert len(by_channel) == 7
    assert by_channel["sms"]["verdict"] == "wait"
    assert instant(by_channel["sms"]["next_lawful"]) == instant("2026-11-24T14:00:00+00:00")
    assert by_channel["sms"]["decided_by"]["cite"]
    assert by_channel["chat"]["verdict"] == "deny"
    assert by_channel["chat"]["decided_by"]["rule"] == "BASE-ADDRESS"
    assert by_channel["chat"]["next_lawful"] is None


def test_the_rules_of_one_channel_are_all_told_those_in_the_way_first(explain):
    body = explain(channel="voice", at="2026-11-24T06:00")
    answers = [each["answer"] for each in body["rules"]]
    hours = answer_of(body, "US-T1")

    assert [each["channel"] for each in body["channels"]] == ["voice"]
    assert body["detail"] == "voice"
    assert answers == sorted(answers, key=list(ORDER).index)
    assert answers[0] == "delays"
    assert hours["pack"].startswith("us-federal@")
    assert hours["cite"] == "12 CFR 1006.6(b)(1)(i)"
    assert (hours["force"], hours["certainty"]) == ("regulation", "M")
    assert hours["does"].startswith(
        "Contact (except letters) for anything but opt-out confirmation"
    )
    assert instant(hours["until"]) == instant("2026-11-24T14:00:00+00:00")
    assert answer_of(body, "US-F1")["counter"] == "0 of 7"


def test_a_refusal_says_what_would_have_to_change(explain, database, placed):
    with database.transaction() as session:
        accounts.place_hold(session, placed.account_id, Hold.DISPUTE, reason="a letter")

    body = explain(at="2026-11-24T12:00")
    held = answer_of(body, "BASE-DISPUTE")

    assert held["answer"] == "refuses"
    assert held["lifts"] == "once the dispute is settled"
    assert body["facts"]["holds"][0]["hold"] == "dispute"


def test_the_purpose_makes_a_difference(explain, database, placed):
    with database.transaction() as session:
        accounts.place_hold(session, placed.account_id, Hold.DISPUTE, reason="a letter")

    demand = explain(channel="sms", at="2026-11-24T12:00")
    reply = explain(channel="sms", at="2026-11-24T12:00", purpose="reply")

    assert demand["channels"][0]["verdict"] == "deny"
    assert reply["channels"][0]["verdict"] == "allow"
    assert reply["purpose"] == "reply"


@pytest.mark.parametrize(
    ("funding", "answer"), [("credit", "does not apply"), ("debit", "refuses")]
)
def test_laws_on_debits_do_not_speak_of_a_credit_card(explain, database, placed, funding, answer):
    with database.transaction() as session:
        person = placed.person_id
        people.store_card(session, person, customer="cus_1", payment_method="pm_1", funding=funding)

    body = explain(at="2026-11-24T12:00", purpose="debit")

    assert answer_of(body, "US-E5")["answer"] == answer
    kinds = [each["kind"] for each in body["facts"]["milestones"]]
    assert ("credit card charged" in kinds) == (funding == "credit")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-11-24T14:30", "2026-11-24T20:30:00+00:00"),
        ("2026-11-24 14:30", "2026-11-24T20:30:00+00:00"),
        ("2026-11-24T14:30Z", "2026-11-24T14:30:00+00:00"),
        ("2026-11-24T14:30+03:00", "2026-11-24T11:30:00+00:00"),
        ("2026-11-24", "2026-11-24T06:00:00+00:00"),
        ("2026-07-01T12:00", "2026-07-01T17:00:00+00:00"),
    ],
)
def test_a_moment_without_a_zone_is_the_consumers(explain, written, meant):
    assert instant(explain(at=written)["at"]) == instant(meant)


def test_a_plus_that_an_address_made_a_space_is_understood(api, placed):
    path = f"/v1/accounts/{placed.account_id}/explain?at=2026-11-24T14:30+03:00"

    assert instant(api.get(path).json()["at"]) == instant("2026-11-24T11:30:00+00:00")


def test_without_a_moment_it_is_the_present(explain):
    assert instant(explain()["at"]) == NOW


def test_an_account_that_ran_ahead_of_the_wall_has_its_own_present(explain, database, placed):
    later = NOW + timedelta(days=3)
    contact(database, placed, at=later)

    assert instant(explain()["at"]) == later


def test_contacts_are_counted_and_later_ones_do_not_count_before_they_are_made(
    explain, database, placed
):
    contact(database, placed, at=NOW)

    after = explain(channel="sms", at=(NOW + timedelta(hours=1)).isoformat())
    before = explain(channel="sms", at=(NOW - timedelta(hours=1)).isoformat())

    assert after["facts"]["contacts"] == {"sms": 1}
    assert answer_of(after, "HOUSE-DAY")["counter"] == "1 of 1"
    assert before["facts"]["contacts"] == {}
    assert answer_of(before, "HOUSE-DAY")["counter"] == "0 of 1"


def test_wishes_are_facts_that_it_rests_on(explain, database, placed):
    with database.transaction() as session:
        wish = Wish.model_validate({"opens": "12:00:00"})
        people.set_wishes(session, placed.person_id, [wish])

    body = explain(channel="sms", at="2026-11-24T09:00")

    assert body["channels"][0]["decided_by"]["rule"] == "BASE-WISH-HOURS"
    assert body["facts"]["wishes"][0]["opens"] == "12:00:00"


def test_it_is_answered_by_the_law_in_force(explain, database):
    own = Pack.model_validate(
        {
            "id": "own",
            "title": "Our own",
            "version": "1",
            "effective_from": date(2026, 1, 1),
            "rules": [
                {
                    "id": "OWN-1",
                    "kind": "place_channel",
                    "channels": ["sms"],
                    "says": "we write no text messages",
                    "cite": "house policy",
                    "force": "policy",
                    "verified": "P",
                }
            ],
        }
    )
    text = write_law(merged(read_law(shipped_text()), [own]))
    with database.transaction() as session:
        laws.put(session, text, "a test")

    body = explain(channel="sms", at="2026-11-24T12:00")

    assert body["law"] == law_id(text)
    assert body["channels"][0]["verdict"] == "deny"
    assert body["channels"][0]["decided_by"]["rule"] == "OWN-1"


def test_asking_puts_no_law_in_force_and_writes_no_decision(explain, database, placed):
    explain()

    with database.transaction() as session:
        assert laws.latest(session) is None


def test_nothing_leaves_about_an_account_that_is_over_and_the_rules_are_told_all_the_same(
    explain, database, placed
):
    with database.transaction() as session:
        accounts.close(session, placed.account_id, Closure.RECALLED, at=NOW)

    body = explain(channel="sms", at="2026-11-24T12:00")

    assert body["over"] == "the journey is over: recalled"
    assert body["channels"][0]["verdict"] == "deny"
    assert body["channels"][0]["decided_by"]["rule"] == "LAST-LOOK"
    assert body["rules"]


def test_of_an_account_that_was_given_up_the_rules_are_told_that_refused_all_that_was_tried(
    explain, database, placed
):
    cease = Reason(rule="BASE-CEASE", pack="base@1", says="the person asked us to stop", cite="us")
    verdicts: list[AnyVerdict] = [Deny(), Allow(), Deny(reasons=(cease,))]
    with database.transaction() as session:
        for number, verdict in enumerate(verdicts):
            asked = ContactRequest(account_id=placed.account_id, channel="sms")
            ruling = contacts.Ruling(str(number), NOW, shipped_id(), asked, sms("nudge"), verdict)
            head = contacts.head_of(session, placed.account_id)
            contacts.decide(driver(session), head, [ruling])
        accounts.close(session, placed.account_id, Closure.REFERRED, at=NOW)

    assert explain()["refused_at_last"] == [
        {"rule": "BASE-CEASE", "says": "the person asked us to stop", "cite": "us"}
    ]


@pytest.mark.parametrize("closure", [Closure.REFERRED, Closure.RECALLED])
def test_of_an_account_that_was_given_up_before_anything_was_tried_it_is_told_what_we_were_asked(
    explain, database, placed, closure
):
    asked = ["wants a call", "nothing may be sent to them: ON-1: a notice comes first"]
    with database.transaction() as session:
        for number, reason in enumerate([asked[1], *asked]):
            at = NOW + timedelta(days=number)
            accounts.hand_over(session, f"task-{number}", placed.account_id, reason, at=at)
        accounts.close(session, placed.account_id, closure, at=NOW + timedelta(days=30))

    told = explain()

    assert told["refused_at_last"] == []
    assert told["handed_over"] == (asked if closure is Closure.REFERRED else [])


def test_who_collects_is_among_the_facts(explain):
    facts = explain()["facts"]

    assert (facts["actor"], facts["sector"]) == ("agency", None)


def test_no_name_number_or_address_is_told(api, placed, database):
    contact(database, placed, at=NOW)

    told = api.get(f"/v1/accounts/{placed.account_id}/explain").text

    assert placed.consumer.phone not in told
    assert placed.consumer.email not in told
    assert placed.consumer.name.split()[1] not in told


@pytest.mark.parametrize(
    ("asked", "pointer", "expected"),
    [
        ({"at": "soon"}, "/query/at", "a moment such as 2026-11-30T14:00"),
        ({"at": "2026-13-01"}, "/query/at", "a moment such as 2026-11-30T14:00"),
        ({"at": "9999-12-31T23:59-12:00"}, "/query/at", "from 2000 on"),
        ({"at": "0001-01-01"}, "/query/at", "from 2000 on"),
        ({"at": "2" * 41}, "/query/at", "String should have at most 40 characters"),
        ({"channel": "fax"}, "/query/channel", "Input should be 'sms', 'email'"),
        ({"purpose": "spam"}, "/query/purpose", "Input should be 'demand', 'reply'"),
    ],
)
def test_what_is_not_understood_is_told_with_what_was_expected(explain, asked, pointer, expected):
    (error,) = explain(422, **asked)["errors"]

    assert error["pointer"] == pointer
    assert error["detail"]
    assert expected in error["expected"]


def test_another_creditors_account_is_not_there(other, placed):
    answer = other.get(f"/v1/accounts/{placed.account_id}/explain")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_nobody_asks_without_a_key(public, placed):
    assert public.get(f"/v1/accounts/{placed.account_id}/explain").status_code == 401


def test_it_is_documented(app):
    described = app.openapi()["paths"]["/v1/accounts/{account_id}/explain"]["get"]

    assert {each["name"] for each in described["parameters"] if each["in"] != "header"} == {
        "account_id",
        "channel",
        "purpose",
        "at",
    }
    assert described["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].endswith(
        "/ExplanationView"
    )
    assert "404" in described["responses"]
