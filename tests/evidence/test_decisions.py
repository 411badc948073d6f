"""What the lines say: decisions are put to the gate again, contacts need an Allow, books agree."""

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance import Allow, PastContact, Wait, decide
from compliance.laws import law_id
from domain.contacts import Channel
from evidence import Record, check, export
from storage import chain
from tests.evidence.kit import ACCOUNT, DAY, LATER, LAW, NOON, OPENING, PACKS, Story, at, key, usual


def says(story, **more):
    return " | ".join(map(str, check(story.export(**more).data).faults))


def forged(story, number, change):
    """The story with a decision's body changed and every hash after it worked out anew."""
    previous = chain.FIRST
    for n, row in enumerate(story.decisions, start=1):
        body = json.loads(row["body"])
        if n == number:
            change(body, row)
        row["body"], row["previous"] = chain.body_of(body), previous
        previous = row["hash"] = chain.link(previous, row["body"])
    return story


def test_the_gate_gives_every_verdict_again():
    story = usual()
    kinds = [row["verdict"] for row in story.decisions]
    assert kinds == ["allow", "wait", "allow", "wait", "deny"]
    assert says(story) == ""


def test_a_verdict_that_was_slept_through_is_said_to_be_unproven_and_is_no_fault():
    report = check(usual().export().data)
    notes = " | ".join(map(str, report.unproven))
    assert notes.startswith("line 5: decision 2 not re-run: slept through: the facts")
    assert report.sound


def test_a_refusal_forged_into_an_allow_is_found_though_every_hash_is_right():
    def forge(body, row):
        body["verdict"] = Allow().model_dump(mode="json")
        row |= {"verdict": "allow", "rules": []}

    found = says(forged(usual(), 5, forge))
    assert "line 8: decision 5: verdict: on record allow, by its law deny" in found
    assert "line 8: decision 5: rules: on record nothing, by its law T-STOP" in found


def test_facts_forged_under_a_verdict_are_found():
    def forge(body, _):
        body["facts"]["opted_out"] = ["sms"]

    assert "decision 1: verdict: on record allow, by its law deny" in says(
        forged(usual(), 1, forge)
    )


def test_a_wait_forged_to_end_sooner_is_found():
    def forge(body, row):
        body["verdict"]["until"] = row["until"] = "2026-11-06T13:00:00+00:00"

    assert "decision 4: until: on record 2026-11-06T13:00:00+00:00, by its law" in says(
        forged(usual(), 4, forge)
    )


def test_another_citation_or_counter_is_found():
    def forge(body, _):
        body["verdict"]["reasons"][0]["cite"] = "Act 2"
        body["verdict"]["counters"] = {"T-CAP": "1 of 2"}

    found = says(forged(usual(), 4, forge))
    assert (
        "decision 4: reasons: on record tiny@2026.1 two in seven days are enough (Act 2)" in found
    )
    assert "decision 4: counters: on record T-CAP 1 of 2, by its law T-CAP 2 of 2" in found


def test_facts_that_nobody_can_judge_are_a_fault_and_no_crash():
    def forge(body, _):
        body["facts"]["zones"] = ["Mars/Olympus"]

    assert "decision 1: the gate cannot judge its facts by its law: ValueError" in says(
        forged(usual(), 1, forge)
    )


@pytest.mark.parametrize("field", ["at", "verdict", "request", "seq"])
def test_a_body_that_cannot_be_read_names_its_field(field):
    def forge(body, _):
        body[field] = ["nonsense"]

    assert f"line 4: its body cannot be read: {field}" in says(forged(usual(), 1, forge))


@pytest.mark.parametrize("body", ["", "{", "[]", "NaN", '{"a": 1}', "[" * 100_000])
def test_a_body_that_is_no_decision_is_a_fault_and_no_crash(body):
    story = usual()
    story.decisions[0]["body"] = body
    assert "line 4: its body cannot be read" in says(story)


def test_a_body_with_what_json_does_not_know_is_a_fault():
    story = usual()
    story.decisions[0]["body"] = story.decisions[0]["body"].replace("{", '{"a":NaN,', 1)
    assert "line 4: its body cannot be read: it is not JSON" in says(story)


def test_a_body_changed_on_record_is_named_with_its_decision():
    story = usual()
    story.decisions[2]["body"] = story.decisions[2]["body"].replace("nudge", "fudge")
    assert "line 6: decision 3: its body, previous or hash was changed on record" in says(story)


def test_a_body_written_in_another_way_is_found_though_its_hash_is_right():
    story = usual()
    last = story.decisions[-1]
    last["body"] = last["body"].replace('":', '": ')
    last["hash"] = chain.link(last["previous"], last["body"])
    assert "line 8: its body is not written as the record writes decisions" in says(story)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("verdict", "deny"),
        ("rules", ["T-CAP"]),
        ("until", "2026-12-24T00:00:00+00:00"),
        ("law", "law_other"),
        ("channel", "email"),
        ("contact", key(9)),
        ("at", "2026-11-03T17:00:01+00:00"),
        ("person", "per_other"),
        ("account", "acc_other"),
    ],
)
def test_a_column_that_says_something_else_than_its_body_is_named(column, value):
    story = usual()
    story.decisions[0][column] = value
    assert says(story) == f"line 4: decision 1: {column} is not what its body says"


def test_an_instant_written_with_another_offset_is_the_same_instant():
    story = usual()
    story.decisions[0]["at"] = "2026-11-03T12:00:00-05:00"
    assert says(story) == ""


@pytest.mark.parametrize("gone", range(4))
def test_a_decision_that_is_gone_from_the_record_leaves_a_gap(gone):
    story = usual()
    del story.decisions[gone]
    found = says(story)
    assert f"line {4 + gone}: decision {gone + 2} stands where {gone + 1} was expected" in found
    assert f"decision {gone + 2} does not name the hash of the one before" in found


def test_decisions_out_of_order_are_named():
    story = usual()
    story.decisions[1:3] = reversed(story.decisions[1:3])
    assert "line 5: decision 3 stands where 2 was expected" in says(story)


def test_a_decision_about_another_account_is_named():
    def forge(body, row):
        body["account"] = row["account"] = "acc_other"

    assert "line 4: decision 1 is about another account" in says(forged(usual(), 1, forge))


def test_a_law_with_another_text_than_its_hash_is_named():
    story = usual()
    softer = LAW.replace('"max":2', '"max":9')
    law = {"id": law_id(LAW), "text": softer, "in_force": []}
    found = says(story, law=[law])
    assert f"line 3: law {law_id(LAW)}: its text was changed, for it is {law_id(softer)}" in found


def test_a_softer_law_put_in_with_every_hash_right_does_not_give_the_verdicts():
    story = usual()
    softer = LAW.replace('"max":2', '"max":9')
    for n in range(1, 6):
        forged(story, n, lambda body, row: (body | row, body.update(law=law_id(softer))))
    for row in story.decisions:
        row["law"] = law_id(softer)
    story.law = softer
    assert "decision 4: verdict: on record wait, by its law allow" in says(story)


@pytest.mark.parametrize("text", ["{}", "", '{"packs":[{"id":1}],"calendars":[]}'])
def test_a_text_that_is_no_law_is_named(text):
    law = {"id": law_id(text), "text": text, "in_force": []}
    assert f"law {law_id(text)}: " in says(Story(), law=[law])


def test_decisions_whose_law_is_missing_are_named_and_cannot_be_proven():
    report = check(usual().export(law=[]).data)
    assert len(report.unproven) == len(usual().decisions)
    assert report.rerun == 0
    assert f"decision 1: its law {law_id(LAW)} is not in the file" in str(report.faults[0])


def in_force(since, until=None):
    """The law of the usual story, as it was in force."""
    span = {"why": "a test", "recorded_at": at(since), "until": until and at(until)}
    return [{"id": law_id(LAW), "text": LAW, "in_force": [span]}]


def test_decisions_by_a_law_that_was_not_in_force_at_their_time_are_named():
    later = says(usual(), law=in_force(NOON + DAY / 2))
    replaced = says(usual(), law=in_force(NOON - DAY, until=NOON + DAY / 2))
    never = says(usual(), law=[in_force(NOON)[0] | {"in_force": []}])
    unlawful = f"its law {law_id(LAW)} was not in force at its time"
    assert later == f"line 4: decision 1: {unlawful} | line 5: decision 2: {unlawful}"
    assert [f"decision {n}: {unlawful}" in replaced for n in range(1, 6)] == [
        *(False, False, True, True, True)
    ]
    assert never.count(unlawful) == 5


def test_a_wait_that_was_slept_through_may_be_recorded_when_its_law_has_been_replaced():
    assert says(usual(), law=in_force(NOON, until=NOON + DAY / 4)).count("decision 2") == 0


def test_a_law_that_begins_while_a_decision_is_being_made_may_be_the_one_it_goes_by():
    moment = DAY / 24 / 60
    assert says(usual(), law=in_force(NOON + moment)) == ""
    assert says(usual(), law=in_force(NOON, until=NOON + 7 * DAY - moment)) == ""


def test_a_file_that_does_not_say_until_when_its_laws_were_in_force_is_no_fault():
    law = in_force(NOON)
    del law[0]["in_force"][0]["until"]
    assert says(usual(), law=law) == ""


def test_a_contact_that_is_looked_at_a_last_time_does_not_stand_in_its_own_way():
    story = usual()
    story.send(3, NOON + 8 * DAY)
    facts = story.facts()
    story.rule(
        *(
            3,
            NOON + 8 * DAY,
            decide(story.request, story.facts(contacts=()), PACKS, NOON + 8 * DAY),
        ),
        facts=facts.model_copy(update={"contacts": facts.contacts[-1:]}),
        balance=20_000,
        version=1,
    )
    assert says(story) == ""


def test_a_contact_that_left_without_an_allow_is_named():
    story = usual()
    story.send(3, NOON + 3 * DAY)
    assert says(story) == f"line 11: contact {key(3)} is delivered, and no decision allowed it"


@pytest.mark.parametrize("more", [{"status": "refused"}, {"status": "rejected"}, {"inbound": True}])
def test_what_never_left_us_needs_no_allow(more):
    story = usual()
    story.send(3, NOON + 3 * DAY, **more)
    assert says(story) == ""


def test_an_allow_for_another_channel_allows_nothing():
    story = usual()
    story.contacts[0]["channel"] = "email"
    assert f"contact {key(1)} is delivered, and no decision allowed it" in says(story)


def test_a_call_that_people_of_ours_wrote_down_is_unproven_and_no_fault():
    story = usual()
    story.send(4, NOON + 8 * DAY, channel="voice", message="call")
    report = check(story.export().data)
    assert report.sound
    assert f"line 11: contact {key(4)} was a call outside of the gate" in map(str, report.unproven)


def test_a_call_that_the_gate_put_off_is_named_all_the_same():
    story = usual()
    story.send(3, NOON + 8 * DAY, channel="voice", message="call")
    assert f"contact {key(3)} is delivered, and no decision allowed it" in says(story)


def test_a_contact_that_is_gone_is_missed_by_the_decisions_that_knew_of_it():
    story = usual()
    del story.contacts[0]
    assert f"line 6: decision 3 knew of contact {key(1)}: it is not here" in says(story)


def test_a_reply_that_a_decision_knew_of_is_looked_for_among_the_replies():
    story = Story()
    known = story.facts().contacts
    inbound = PastContact(
        key="in_1", account_id=ACCOUNT, channel=Channel.SMS, at=NOON - DAY, inbound=True
    )
    story.ask(1, NOON, contacts=(*known, inbound))
    assert "decision 1 knew of contact in_1: it is not here" in says(story)
    assert says(story, reply=[{"id": "in_1", "channel": "sms"}]) == ""


def test_money_that_does_not_balance_or_has_a_gap_is_named():
    crooked = OPENING | {"entries": [{"book": "principal owed", "minor": 20_000}]}
    later = OPENING | {"version": 3, "entries": []}
    assert "movement 1 does not balance" in says(Story(), movement=[crooked])
    assert "movement 3 stands where 2 was expected" in says(Story(), movement=[OPENING, later])


def test_a_decision_that_knew_another_balance_than_the_ledger_is_named():
    def forge(body, _):
        body["balance"] = 1

    found = says(forged(usual(), 1, forge))
    assert found == "line 4: decision 1 knew another balance than the ledger gives"


def test_the_last_look_is_believed_where_nothing_was_owed():
    story = Story()
    story.refuse(1, NOON, balance=0)
    paid = OPENING | {"entries": []}
    assert says(story, movement=[paid]) == ""


@pytest.mark.parametrize("over", [{"closure": "ceased"}, {"recalled_at": "2026-11-01T00:00:00Z"}])
def test_the_last_look_is_believed_about_an_account_that_is_over(over):
    story = Story()
    story.account |= over
    story.refuse(1, NOON, balance=20_000)
    assert says(story) == ""


def test_the_last_look_is_not_believed_while_something_is_owed_on_an_open_account():
    story = Story()
    story.refuse(1, NOON, balance=20_000)
    assert "decision 1: the last look refused it, though something was owed" in says(story)


def test_a_message_that_could_not_be_written_is_unproven():
    story = Story()
    story.refuse(1, NOON, balance=20_000, rule="NO-WORDS")
    report = check(story.export().data)
    assert report.sound
    assert "decided by the record itself: NO-WORDS" in str(report.unproven)


def test_the_record_itself_can_only_refuse():
    story = Story()
    story.refuse(1, NOON, balance=0)

    def forge(body, row):
        wait = Wait(until=NOON + DAY, reasons=()).model_dump(mode="json")
        body["verdict"] = wait | {"reasons": body["verdict"]["reasons"]}
        row |= {"verdict": "wait", "until": wait["until"]}

    paid = OPENING | {"entries": []}
    assert "the record's own refusals are final, and this says wait" in says(
        forged(story, 1, forge), movement=[paid]
    )


JUNK: st.SearchStrategy[object] = st.sampled_from(
    [None, True, 0, -1, "", "x", [], [[]], {}, {"a": []}, "9999-12-31T23:00:00Z"]
)


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_a_file_of_nonsense_with_every_hash_right_gives_a_report_and_no_crash(data):
    bodies = [(kind, copy.deepcopy(body)) for kind, body in usual().record().bodies]
    _, body = data.draw(st.sampled_from(bodies))
    name = data.draw(st.sampled_from(sorted(body)))
    body[name] = data.draw(JUNK)
    record = Record(ACCOUNT, words=True, addresses=False, bodies=tuple(bodies))
    assert check(export(record, exported_at=LATER, release="1").data).lines == len(bodies) + 2


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_a_decision_of_nonsense_with_every_hash_right_gives_a_report_and_no_crash(data):
    def forge(body, _):
        place = data.draw(st.sampled_from([body, body["facts"], body["verdict"]]))
        place[data.draw(st.sampled_from(sorted(place)))] = data.draw(JUNK)

    assert check(forged(usual(), 4, forge).export().data).decisions == 5
