import pytest
from sqlalchemy import select
from temporalio.service import RPCError, RPCStatusCode

from activities.replying import take_reply
from domain.accounts import Closure, Hold
from domain.contacts import Channel
from domain.events import (
    HardshipDeclared,
    HoldLifted,
    HoldPlaced,
    OptedIn,
    OptedOut,
    ProfileChanged,
)
from domain.people import MilestoneKind, Wish
from storage import accounts, inbox
from storage.looking import facts
from storage.tables import JournalRow, OptOutRow
from tests.api.record import NOW, placement, record

pytestmark = pytest.mark.stack


@pytest.fixture
def placed(api, database, door):
    """An account of Acme's, of a person in New York."""
    one = placement()
    record(database, one)
    return one


def of(placed, path):
    return f"/v1/accounts/{placed.account_id}/{path}"


def workflow(placed):
    return f"account/{placed.creditor}/{placed.reference}"


def another_of(placed, database, **changes):
    """Another account of the same person."""
    consumer = placed.consumer.model_dump(mode="json", exclude_none=True)
    one = placement(**changes, consumer=consumer)
    record(database, one)
    return one


def known(database, placed, at=NOW):
    with database.transaction() as session:
        return facts(session, placed.account_id, at)


def journalled(database, placed):
    with database.transaction() as session:
        rows = session.scalars(
            select(JournalRow)
            .where(JournalRow.account_id == placed.account_id)
            .order_by(JournalRow.id)
        )
        return [(row.what, row.detail) for row in rows]


def pointers(answer):
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    for error in answer.json()["errors"]:
        assert error["detail"]
        assert error["expected"]
    return [error["pointer"] for error in answer.json()["errors"]]


# wishes


def test_wishes_are_written_told_to_every_open_account_and_read_again(api, database, door, placed):
    other = another_of(placed, database)
    wished = {"wishes": [{"opens": "12:00:00"}, {"never": ["sun"], "only": ["email"]}]}
    answer = api("PUT", of(placed, "wishes"), json=wished)
    assert answer.status_code == 200
    for each in (placed, other):
        assert [w["opens"] for w in api.get(of(each, "wishes")).json()["wishes"]] == [
            "12:00:00",
            None,
        ]
        (heard,) = door.heard(workflow(each))
        assert isinstance(heard, ProfileChanged)
        assert heard.profile.wishes == known(database, each).wishes


def test_a_wish_for_later_hours_delays_a_message_that_would_go_now(api, placed):
    before = api.get(of(placed, "explain"), params={"channel": "sms"}).json()["channels"][0]
    api("PUT", of(placed, "wishes"), json={"wishes": [{"opens": "12:00"}]})
    (after,) = api.get(of(placed, "explain"), params={"channel": "sms"}).json()["channels"]
    assert (before["verdict"], after["verdict"]) == ("allow", "wait")
    assert after["decided_by"]["rule"] == "BASE-WISH-HOURS"
    assert after["next_lawful"] == "2026-11-21T17:00:00Z"


def test_the_same_wishes_again_change_nothing_and_none_take_them_back(api, database, placed):
    wished = {"wishes": [{"opens": "12:00"}]}
    api("PUT", of(placed, "wishes"), json=wished)
    revision = known(database, placed).revision
    api("PUT", of(placed, "wishes"), json=wished)
    assert known(database, placed).revision == revision
    api("PUT", of(placed, "wishes"), json={"wishes": []})
    assert known(database, placed).wishes == ()


@pytest.mark.parametrize(
    ("wish", "pointer"),
    [
        ({"opens": "18:00", "closes": "09:00"}, "/wishes/0/closes"),
        ({"opens": "12:00Z"}, "/wishes/0/opens"),
        ({"never": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]}, "/wishes/0/never"),
        ({"never": ["someday"]}, "/wishes/0/never/0"),
        ({"only": ["pigeon"]}, "/wishes/0/only/0"),
        ({"opens": "noonish"}, "/wishes/0/opens"),
        ({"opens": "12:00", "until": "9999-12-31"}, "/wishes/0/until"),
        ({"wants": "peace"}, "/wishes/0/wants"),
    ],
)
def test_a_wish_that_cannot_be_kept_is_refused_by_its_field(api, placed, wish, pointer):
    assert pointers(api("PUT", of(placed, "wishes"), json={"wishes": [wish]})) == [pointer]
    assert api.get(of(placed, "wishes")).json() == {"wishes": []}


# milestones


def consent(**changes):
    return {
        "key": "c1",
        "kind": "consent",
        "at": "2026-11-01T10:00:00Z",
        "channels": ["sms"],
        "direct": True,
    } | changes


def test_a_consent_is_noted_once_listed_and_told(api, database, door, placed):
    first = api.post(of(placed, "milestones"), json=consent())
    again = api.post(of(placed, "milestones"), json=consent())
    assert (first.status_code, again.status_code) == (201, 201)
    (listed,) = api.get(of(placed, "milestones")).json()["milestones"]
    assert listed == first.json() == again.json()
    assert (listed["key"], listed["about"], listed["direct"]) == ("c1", "account", True)
    (fact,) = [m for m in known(database, placed).milestones if m.kind is MilestoneKind.CONSENT]
    assert fact.account_id == placed.account_id
    assert isinstance(door.heard(workflow(placed))[0], ProfileChanged)


def test_a_fact_about_the_person_counts_for_their_other_accounts_and_one_about_a_debt_does_not(
    api, database, placed
):
    other = another_of(placed, database)
    api.post(of(placed, "milestones"), json=consent(key="mine"))
    api.post(of(placed, "milestones"), json=consent(key="ours", about="person"))
    keys = [each["key"] for each in api.get(of(other, "milestones")).json()["milestones"]]
    assert keys == ["ours"]


def test_a_consent_is_taken_back_by_the_same_key_with_until(api, database, placed):
    api.post(of(placed, "milestones"), json=consent())
    ended = api.post(of(placed, "milestones"), json=consent(until="2026-11-20T00:00:00Z"))
    assert ended.json()["until"] == "2026-11-20T00:00:00Z"
    longer = api.post(of(placed, "milestones"), json=consent(until="2026-12-20T00:00:00Z"))
    assert (longer.status_code, longer.json()["type"]) == (
        409,
        "urn:tahsil:problem:noted-differently",
    )


def test_another_fact_under_the_same_key_is_a_conflict(api, placed):
    api.post(of(placed, "milestones"), json=consent())
    assert api.post(of(placed, "milestones"), json=consent(channels=["email"])).status_code == 409


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"at": "2026-11-22T10:00:00Z"}, "/at"),
        ({"at": "2026-11-01T10:00:00"}, "/at"),
        ({"until": "2026-10-01T10:00:00Z"}, "/until"),
        ({"until": "9999-12-31T23:59:59Z"}, "/until"),
        ({"at": "0001-01-01T00:00:00+14:00"}, "/at"),
        ({"kind": "a feeling"}, "/kind"),
        ({"key": "with spaces"}, "/key"),
        ({"about": "everybody"}, "/about"),
        ({"direct": None}, "/direct"),
    ],
)
def test_a_fact_that_cannot_be_is_refused_by_its_field(api, placed, changes, pointer):
    assert pointers(api.post(of(placed, "milestones"), json=consent(**changes))) == [pointer]


def test_a_validation_notice_that_was_sent_begins_its_period(api, placed):
    sent = consent(key="n1", kind="validation notice sent", at="2026-06-15T14:00:00Z", channels=[])
    assert api.post(of(placed, "milestones"), json=sent).status_code == 201
    noted = api.get(of(placed, "milestones")).json()["milestones"]
    assert [(each["kind"], each["at"][:10], each["key"]) for each in noted] == [
        ("validation notice sent", "2026-06-15", "n1"),
        ("validation period ends", "2026-07-23", None),
    ]


def test_a_consent_given_to_the_creditor_alone_is_kept_as_such_and_is_never_taken_for_ours(
    api, database, placed
):
    unsaid = {name: said for name, said in consent().items() if name != "direct"}
    refused = api.post(of(placed, "milestones"), json=unsaid)
    assert pointers(refused) == ["/direct"]
    assert "true if it was given to whoever collects" in refused.text
    api.post(of(placed, "milestones"), json=consent(direct=False))
    (fact,) = [m for m in known(database, placed).milestones if m.kind is MilestoneKind.CONSENT]
    assert fact.direct is False


@pytest.mark.parametrize(
    ("at", "status"), [("2026-07-22", 422), ("2026-07-23", 201), ("2026-08-01", 201)]
)
def test_a_validation_period_may_be_said_to_end_later_than_the_law_says_and_not_earlier(
    api, placed, at, status
):
    sent = consent(key="n1", kind="validation notice sent", at="2026-06-15T14:00:00Z", channels=[])
    api.post(of(placed, "milestones"), json=sent)
    ends = consent(key="e1", kind="validation period ends", at=f"{at}T20:00:00Z", channels=[])
    answer = api.post(of(placed, "milestones"), json=ends)
    assert answer.status_code == status
    if status == 422:
        assert pointers(answer) == ["/at"]
        assert all(f"({day})" in answer.text for day in ("2026-07-22", "2026-07-23"))


def test_a_notice_sent_on_a_day_that_no_calendar_knows_is_refused_and_not_noted(api, placed):
    sent = consent(kind="validation notice sent", at="2022-06-15T14:00:00Z", channels=[])
    assert pointers(api.post(of(placed, "milestones"), json=sent)) == ["/at"]
    assert api.get(of(placed, "milestones")).json() == {"milestones": []}


def test_a_notice_sent_before_any_law_of_ours_begins_no_period(api, placed):
    sent = consent(kind="validation notice sent", at="1999-06-15T14:00:00Z", channels=[])
    assert api.post(of(placed, "milestones"), json=sent).status_code == 201
    (noted,) = api.get(of(placed, "milestones")).json()["milestones"]
    assert noted["kind"] == "validation notice sent"


def test_a_time_barred_debt_is_seen_by_the_rule_that_speaks_of_it(api, placed):
    def answer():
        told = api.get(of(placed, "explain"), params={"channel": "email"}).json()
        (rule,) = [each for each in told["rules"] if each["rule"] == "US-K4"]
        return rule["answer"], [each["kind"] for each in told["facts"]["milestones"]]

    assert answer()[0] == "does not apply"
    barred = consent(kind="time-barred", at="2026-01-01T00:00:00Z", channels=[])
    api.post(of(placed, "milestones"), json=barred)
    rule, kinds = answer()
    assert rule != "does not apply"
    assert "time-barred" in kinds


def test_a_debt_is_reported_to_a_bureau_15_days_after_its_notice_and_not_before(api, placed):
    def verdict(at):
        asked = {"channel": "email", "purpose": "furnishing", "at": at}
        return api.get(of(placed, "explain"), params=asked).json()["channels"][0]

    refused = verdict("2026-11-21T10:00")
    assert (refused["verdict"], refused["decided_by"]["rule"]) == ("deny", "US-K1")
    told = consent(kind="told before furnishing", at="2026-11-02T15:00:00Z", channels=[])
    api.post(of(placed, "milestones"), json=told)
    assert verdict("2026-11-16T10:00")["next_lawful"] == "2026-11-17T05:00:00Z"
    assert verdict("2026-11-17T10:00")["verdict"] == "allow"


def test_money_is_taken_by_a_standing_authority_only_with_one_in_writing(api, placed):
    def answer():
        asked = {"channel": "email", "purpose": "debit"}
        return api.get(of(placed, "explain"), params=asked).json()["rules"]

    refusing = {each["rule"] for each in answer() if each["answer"] == "refuses"}
    assert "US-E5" in refusing
    signed = consent(kind="written authorisation", channels=[])
    api.post(of(placed, "milestones"), json=signed)
    assert "US-E5" not in {each["rule"] for each in answer() if each["answer"] == "refuses"}


def test_whether_a_card_is_a_credit_card_is_for_stripe_to_say(api, placed):
    refused = api.post(of(placed, "milestones"), json=consent(kind="credit card charged"))

    assert refused.status_code == 422
    assert "is for Stripe to say" in refused.text


# refusals


def test_a_medium_is_refused_for_every_debt_of_the_person_and_allowed_again(
    api, database, door, placed
):
    other = another_of(placed, database)
    refused = api.post(of(placed, "opt-outs"), json={"channel": "voice"})
    assert refused.json() == {"opted_out": ["voice"], "by_address": [], "stays": []}
    assert known(database, other).opted_out == ("voice",)
    assert [type(each) for each in door.heard(workflow(other))] == [OptedOut]
    allowed = api("DELETE", of(placed, "opt-outs"), params={"channel": "voice"})
    assert allowed.json() == {"opted_out": [], "by_address": [], "stays": []}
    assert isinstance(door.heard(workflow(other))[-1], OptedIn)


def test_all_contact_is_refused_and_one_channel_allowed_again_leaves_the_others(
    api, database, placed
):
    api.post(of(placed, "opt-outs"), json={"channel": "all"})
    assert len(known(database, placed).opted_out) == 7
    left = api("DELETE", of(placed, "opt-outs"), params={"channel": "email"}).json()
    assert "email" not in left["opted_out"]
    assert len(left["opted_out"]) == 6


def test_an_address_is_refused_for_whoever_shares_it_and_only_start_lifts_that(
    api, database, door, placed
):
    family = placement(consumer={"phone": placed.consumer.phone})
    record(database, family)
    asked = {"channel": "sms", "scope": "address"}
    assert api.post(of(placed, "opt-outs"), json=asked).json()["by_address"] == ["sms"]
    assert known(database, family).opted_out == ("sms",)
    assert [type(each) for each in door.heard(workflow(family))] == [OptedOut]
    kept = api("DELETE", of(placed, "opt-outs"), params={"channel": "sms"}).json()
    assert kept["opted_out"] == ["sms"]
    assert "START" in kept["stays"][0]
    assert not [each for each in door.heard() if isinstance(each, OptedIn)]


def test_an_address_that_a_creditor_refuses_is_refused_in_their_book_alone_and_start_lifts_it(
    api, other, database, door, placed
):
    elsewhere = placement(creditor="other", consumer={"phone": placed.consumer.phone})
    record(database, elsewhere)
    asked = {"channel": "sms", "scope": "address"}
    answer = other.post(of(elsewhere, "opt-outs"), json=asked)
    assert answer.json()["by_address"] == ["sms"]
    assert api.get(of(placed, "opt-outs")).json()["by_address"] == []
    assert (known(database, elsewhere).opted_out, known(database, placed).opted_out) == (
        ("sms",),
        (),
    )
    assert door.heard(workflow(placed)) == []
    api.post(of(placed, "opt-outs"), json=asked)
    assert known(database, placed).opted_out == ("sms",)
    with database.transaction() as session:
        row = inbox.store(session, "twilio-message", "start", "topic", {})
        take_reply(session, row, Channel.SMS, placed.consumer.phone, "START")
    assert (known(database, elsewhere).opted_out, known(database, placed).opted_out) == ((), ())


def test_an_opt_in_says_which_holds_and_wishes_it_leaves(api, database, placed):
    api.post(of(placed, "holds"), json={"hold": "cease and desist"})
    api("PUT", of(placed, "wishes"), json={"wishes": [{"opens": "12:00"}]})
    api.post(of(placed, "opt-outs"), json={"channel": "all"})
    stays = api("DELETE", of(placed, "opt-outs"), params={"channel": "all"}).json()["stays"]
    assert [each.split(":")[0] for each in stays] == ["hold cease and desist", "wishes"]


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ({"channel": "all", "scope": "medium"}, "/scope"),
        ({"channel": "sms", "scope": "all"}, "/scope"),
        ({"channel": "letter", "scope": "address"}, "/channel"),
        ({}, "/channel"),
    ],
)
def test_a_refusal_that_names_no_such_thing_is_refused_by_its_field(api, placed, asked, pointer):
    assert pointer in pointers(api.post(of(placed, "opt-outs"), json=asked))[0]


def test_a_refusal_is_written_once_however_often_it_is_sent(api, database, placed):
    for _ in range(3):
        api.post(of(placed, "opt-outs"), json={"channel": "voice"})
    with database.transaction() as session:
        rows = session.scalars(select(OptOutRow).where(OptOutRow.lifted_at.is_(None)))
        assert len(rows.all()) == 1


# holds


def test_a_hold_with_days_stands_on_every_open_account_of_the_person(api, database, door, placed):
    other = another_of(placed, database)
    space = {"hold": "hardship", "starts": "2026-11-22", "ends": "2027-01-20"}
    assert api.post(of(placed, "holds"), json=space).status_code == 201
    for each in (placed, other):
        (hold,) = known(database, each).holds
        assert (str(hold.starts), str(hold.ends)) == ("2026-11-22", "2027-01-20")
        event, declared = door.heard(workflow(each))
        assert isinstance(event, HoldPlaced)
        assert isinstance(declared, HardshipDeclared)
        assert (event.starts, event.ends) == (hold.starts, hold.ends)
    lifted = api("DELETE", of(placed, "holds/hardship"))
    assert lifted.json()["holds"] == []
    assert known(database, other).holds == ()
    assert isinstance(door.heard(workflow(other))[-1], HoldLifted)


def test_hardship_is_declared_once_for_a_hold_however_often_it_is_told(api, door, placed):
    def declared():
        told = [each for each in door.heard(workflow(placed)) if isinstance(each, HardshipDeclared)]
        return [each.event_id for each in told]

    door.failure = RPCError("away", RPCStatusCode.UNAVAILABLE, b"")
    assert api.post(of(placed, "holds"), json={"hold": "hardship"}).status_code == 503
    door.failure = None
    for _ in range(2):
        api.post(of(placed, "holds"), json={"hold": "hardship"})
    assert len(declared()) == 2
    assert len({*declared()}) == 1
    api("DELETE", of(placed, "holds/hardship"))
    api.post(of(placed, "holds"), json={"hold": "hardship"})
    assert len({*declared()}) == 2


def test_no_other_hold_declares_hardship(api, door, placed):
    api.post(of(placed, "holds"), json={"hold": "attorney"})
    assert [type(each) for each in door.heard(workflow(placed))] == [HoldPlaced]


def test_a_dispute_of_a_part_holds_that_part_and_no_more(api, database, door, placed):
    part = {"hold": "dispute", "part": {"minor": 5000, "currency": "USD"}}
    api.post(of(placed, "holds"), json=part)
    (hold,) = known(database, placed).holds
    assert (hold.hold, hold.part) == (Hold.DISPUTE, 5000)
    told = api.get(of(placed, "explain"), params={"channel": "sms"}).json()
    assert told["channels"][0]["verdict"] == "allow"
    assert door.heard(workflow(placed))[0].part == 5000


def test_a_hold_of_one_account_leaves_the_persons_others_alone(api, database, placed):
    other = another_of(placed, database)
    api.post(of(placed, "holds"), json={"hold": "hardship", "scope": "account"})
    assert known(database, placed).holds
    assert not known(database, other).holds


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"starts": "2026-12-02", "ends": "2026-12-01"}, "/ends"),
        ({"part": {"minor": 5000, "currency": "EUR"}}, "/part/currency"),
        ({"part": {"minor": 20_001, "currency": "USD"}}, "/part/minor"),
        ({"part": {"minor": 0, "currency": "USD"}}, "/part/minor"),
        ({"part": {"minor": 1, "currency": "USD"}, "scope": "person"}, "/part"),
        ({"received": "2027-01-01T00:00:00Z"}, "/received"),
        ({"received": "0001-01-01T00:00:00+14:00"}, "/received"),
        ({"starts": "0001-01-01"}, "/starts"),
        ({"ends": "9999-12-31"}, "/ends"),
        ({"reason": "a\0b"}, "/reason"),
        ({"hold": "grumpiness"}, "/hold"),
    ],
)
def test_a_hold_that_cannot_be_is_refused_by_its_field(api, database, placed, changes, pointer):
    asked = {"hold": "dispute"} | changes
    assert pointers(api.post(of(placed, "holds"), json=asked)) == [pointer]
    assert not known(database, placed).holds


def test_a_hold_of_a_person_is_lifted_where_an_account_is_closed_too_so_that_none_inherits_it(
    api, database, placed
):
    closed = another_of(placed, database)
    api.post(of(placed, "holds"), json={"hold": "hardship"})
    with database.transaction() as session:
        accounts.close(session, closed.account_id, Closure.CEASED, at=NOW)
    assert api("DELETE", of(placed, "holds/hardship")).status_code == 200
    with database.transaction() as session:
        account = accounts.by_id(session, placed.account_id)
        assert account is not None
        accounts.inherit_holds(session, account)
    assert not known(database, placed).holds
    assert not known(database, closed).holds


def test_an_address_with_a_zero_character_is_not_found(api, placed):
    for path in ("wishes", "explain", "opt-outs", "timeline"):
        assert api.get(f"/v1/accounts/acc%00/{path}").status_code == 404


@pytest.mark.parametrize(
    ("received", "written", "how"),
    [
        ("2026-07-23T22:00:00Z", True, "in writing, within the validation period"),
        ("2026-07-24T22:00:00Z", True, "in writing, after the validation period"),
        ("2026-07-23T22:00:00Z", False, "spoken"),
    ],
)
def test_a_dispute_is_noted_as_in_time_late_or_spoken_and_holds_all_the_same(  # noqa: PLR0917
    api, database, placed, received, written, how
):
    sent = consent(kind="validation notice sent", at="2026-06-15T14:00:00Z", channels=[])
    api.post(of(placed, "milestones"), json=sent)
    asked = {"hold": "dispute", "received": received, "written": written}
    api.post(of(placed, "holds"), json=asked)
    assert known(database, placed).holds
    assert [d["how"] for what, d in journalled(database, placed) if what == "disputed"] == [how]


def test_verification_that_was_sent_lifts_no_dispute_by_itself(api, database, placed):
    api.post(of(placed, "dispute"), json={"reason": "letter", "written": True})
    api.post(of(placed, "milestones"), json=consent(kind="verification sent", channels=[]))
    assert known(database, placed).holds
    api("DELETE", of(placed, "holds/dispute"))
    assert not known(database, placed).holds


# what holds for all of them


CHANGES = [
    ("PUT", "wishes", {"json": {"wishes": []}}),
    ("POST", "milestones", {"json": consent()}),
    ("POST", "opt-outs", {"json": {"channel": "voice"}}),
    ("DELETE", "opt-outs?channel=voice", {}),
    ("POST", "holds", {"json": {"hold": "pause"}}),
    ("DELETE", "holds/pause", {}),
    ("POST", "calls/permit", {"json": {"key": "k"}}),
    (
        "POST",
        "calls",
        {
            "json": {
                "key": "k",
                "direction": "inbound",
                "status": "dropped",
                "at": "2026-11-20T10:00:00Z",
            }
        },
    ),
    ("GET", "wishes", {}),
    ("GET", "milestones", {}),
    ("GET", "opt-outs", {}),
]


@pytest.mark.parametrize(("method", "path", "request_"), CHANGES)
def test_another_creditors_account_is_not_found_and_nobody_without_a_key_asks(  # noqa: PLR0917
    other, public, placed, method, path, request_
):
    assert other(method, of(placed, path), **request_).status_code == 404
    assert public(method, of(placed, path), **request_).status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "request_"), [each for each in CHANGES if each[0] != "GET"]
)
def test_the_same_idempotency_key_gets_the_same_answer_and_is_no_good_for_another_request(  # noqa: PLR0917
    api, door, placed, method, path, request_
):
    headers = {"Idempotency-Key": "once"}
    first = api(method, of(placed, path), headers=headers, **request_)
    told = len(door.told)
    again = api(method, of(placed, path), headers=headers, **request_)
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert len(door.told) == told
    elsewhere = api.post(of(placed, "recall"), headers=headers)
    assert elsewhere.json()["type"] == "urn:tahsil:problem:idempotency-key-reused"


def test_what_is_on_record_holds_though_no_workflow_could_be_told(api, database, door, placed):
    door.failure = RPCError("away", RPCStatusCode.UNAVAILABLE, b"")
    headers = {"Idempotency-Key": "twice"}
    asked = {"channel": "voice"}
    assert api.post(of(placed, "opt-outs"), json=asked, headers=headers).status_code == 503
    assert known(database, placed).opted_out == ("voice",)
    door.failure = None
    assert api.post(of(placed, "opt-outs"), json=asked, headers=headers).status_code == 200
    assert [type(each) for each in door.heard(workflow(placed))] == [OptedOut]


def test_a_body_that_is_not_json_is_refused_also_when_it_replaces_something(api, placed):
    wrong = {"content": "wishes=none", "headers": {"content-type": "text/plain"}}
    assert api("PUT", of(placed, "wishes"), **wrong).status_code == 415


def test_wishes_outlive_an_account_and_are_there_for_the_next_one(api, database, placed):
    api("PUT", of(placed, "wishes"), json={"wishes": [{"opens": "12:00"}]})
    other = another_of(placed, database)
    (wish,) = known(database, other).wishes
    assert wish == Wish.model_validate({"opens": "12:00"})
