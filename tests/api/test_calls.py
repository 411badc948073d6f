from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import select

from api import calls
from domain.contacts import Channel
from domain.events import ProfileChanged
from domain.time import local_instant
from storage import accounts, contacts
from storage.looking import facts
from storage.tables import ContactRow, Decision, JournalRow, Task
from tests.api.record import NOW, contact, placement, record

pytestmark = pytest.mark.stack

NEW_YORK = "America/New_York"


class Wall:
    """A clock that tests set."""

    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now

    def to(self, at):
        self.now = at


@pytest.fixture
def wall(app):
    """The wall's time as the API reads it."""
    clock = Wall()
    object.__setattr__(app.state.services, "wall", clock)
    return clock


@pytest.fixture
def placed(api, database, door):
    """An account of Acme's, of a person in New York; it is Saturday, 10:00."""
    one = placement()
    record(database, one)
    return one


def another_of(placed, database):
    consumer = placed.consumer.model_dump(mode="json", exclude_none=True)
    one = placement(consumer=consumer)
    record(database, one)
    return one


def permit(api, placed, key="k", **asked):
    return api.post(f"/v1/accounts/{placed.account_id}/calls/permit", json={"key": key} | asked)


def call(api, placed, key="k", status="no answer", **told):
    said = {"direction": "outbound", "at": NOW.isoformat()} | told
    body = {"key": key, "status": status} | said
    return api.post(f"/v1/accounts/{placed.account_id}/calls", json=body)


def past(database, placed, number, *, status="no answer", days=2):
    """Calls that were made on an earlier day."""
    with database.transaction() as session:
        for each in range(number):
            contacts.note_call(
                session,
                contacts.Call(
                    key=f"past-{placed.account_id}-{each}",
                    account_id=placed.account_id,
                    status=status,
                    at=NOW - timedelta(days=days),
                ),
            )


def row_of(database, placed, key="k"):
    with database.transaction() as session:
        return contacts.by_key(session, f"{placed.account_id}/call/{key}")


def rows(database, table):
    with database.transaction() as session:
        return list(session.scalars(select(table)))


def refused(answer):
    """The rules of a refusal to permit a call."""
    assert (answer.status_code, answer.json()["type"]) == (
        409,
        "urn:tahsil:problem:not-permitted",
    ), answer.text
    return [each["rule"] for each in answer.json()["reasons"]]


def pointers(answer):
    assert answer.status_code == 422, answer.text
    return [each["pointer"] for each in answer.json()["errors"]]


def counter(api, placed, rule):
    told = api.get(f"/v1/accounts/{placed.account_id}/explain", params={"channel": "voice"})
    return next(each["counter"] for each in told.json()["rules"] if each["rule"] == rule)


# permits


def test_a_lawful_call_is_permitted_for_a_minute_and_takes_its_place_at_once(api, database, placed):
    answer = permit(api, placed, place="mobile")
    assert answer.json() == {"permit": "k", "expires": "2026-11-21T15:01:00Z"}
    row = row_of(database, placed)
    assert (row.status, row.channel, row.place, row.at) == ("intended", "voice", "mobile", NOW)
    assert counter(api, placed, "US-F1") == "1 of 7"
    (decision,) = rows(database, Decision)
    assert (decision.verdict, decision.seq, decision.contact_key) == ("allow", 1, row.key)


def test_the_eighth_call_in_seven_days_is_refused_with_the_rule_and_the_day_it_is_free_again(
    api, database, placed
):
    past(database, placed, 7)
    answer = permit(api, placed)
    assert refused(answer)[0] == "US-F1"
    assert answer.json()["verdict"] == "wait"
    assert answer.json()["until"] == "2026-11-26T13:00:00+00:00"
    assert row_of(database, placed) is None
    (decision,) = rows(database, Decision)
    assert (decision.verdict, decision.rules[0]) == ("wait", "US-F1")


def test_two_accounts_of_a_person_each_have_their_own_calls(api, database, placed):
    other = another_of(placed, database)
    past(database, other, 7)
    assert permit(api, other).status_code == 409
    assert counter(api, placed, "US-F1") == "0 of 7"


def test_nobody_is_called_at_night(api, placed, wall):
    wall.to(local_instant(NOW.date(), NOW.time().replace(hour=22), NEW_YORK))
    assert "US-T1" in refused(permit(api, placed))


def test_nobody_is_called_about_a_debt_that_was_recalled(api, database, placed):
    with database.transaction() as session:
        accounts.recall(session, placed.account_id)
    assert refused(permit(api, placed)) == ["LAST-LOOK"]


def test_a_hold_and_a_refusal_are_named_with_all_their_rules(api, placed):
    api.post(f"/v1/accounts/{placed.account_id}/holds", json={"hold": "dispute"})
    api.post(f"/v1/accounts/{placed.account_id}/opt-outs", json={"channel": "voice"})
    answer = permit(api, placed)
    assert {"BASE-DISPUTE", "BASE-OPTOUT"} <= {*refused(answer)}
    assert answer.json()["until"] is None


def test_a_call_at_work_is_refused_to_whoever_wants_none_there(api, placed):
    wishes = {"wishes": [{"not_at": ["work"]}]}
    api("PUT", f"/v1/accounts/{placed.account_id}/wishes", json=wishes)
    assert refused(permit(api, placed, place="work"))
    assert permit(api, placed, key="home", place="home").status_code == 200


def test_two_accounts_that_ask_at_once_never_share_the_one_call_of_the_day(api, database, placed):
    others = [placed, another_of(placed, database), another_of(placed, database)]
    with ThreadPoolExecutor(3) as asking:
        answers = list(asking.map(lambda each: permit(api, each), others))
    assert sorted(each.status_code for each in answers) == [200, 409, 409]
    assert len(rows(database, ContactRow)) == 1
    assert all("HOUSE-DAY" in refused(each) for each in answers if each.status_code != 200)


def test_a_permit_asked_for_twice_is_one_and_takes_one_place(api, database, placed, wall):
    first = permit(api, placed)
    wall.to(NOW + timedelta(seconds=30))
    assert permit(api, placed).json() == first.json()
    assert len(rows(database, ContactRow)) == 1


@pytest.mark.parametrize(
    ("seconds", "asked"), [(60, {}), (0, {"place": "work"}), (0, {"dial": "prerecorded"})]
)
def test_a_permit_that_is_over_or_was_for_another_call_is_not_given_again(
    api, placed, wall, seconds, asked
):
    permit(api, placed)
    wall.to(NOW + timedelta(seconds=seconds))
    again = permit(api, placed, **asked)
    assert (again.status_code, again.json()["type"]) == (409, "urn:tahsil:problem:permit-spent")


def test_a_permit_ends_when_the_hours_do_and_covers_no_call_after_them(api, database, placed, wall):
    closing = local_instant(NOW.date(), NOW.time().replace(hour=21), NEW_YORK)
    wall.to(closing - timedelta(seconds=10))
    first = permit(api, placed)
    assert first.json()["expires"] == f"{closing:%Y-%m-%dT%H:%M:%SZ}"
    wall.to(closing + timedelta(seconds=10))
    assert permit(api, placed).json()["type"] == "urn:tahsil:problem:permit-spent"
    late = call(api, placed, at=wall.now.isoformat())
    assert late.json()["permitted"] is False
    (task,) = rows(database, Task)
    assert "was not dialled while the permit stood" in task.reason


def test_a_record_that_goes_away_while_it_is_asked_is_told_as_such_and_without_its_words(
    api, placed, monkeypatch, logged
):
    def gone(*_, **__):
        raise psycopg.OperationalError(f"DETAIL: {placed.consumer.phone}")

    monkeypatch.setattr(calls, "look", gone)
    answer = permit(api, placed)
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:tahsil:problem:not-now")
    assert placed.consumer.phone not in answer.text + logged()


def test_a_permit_whose_outcome_came_is_not_given_again(api, placed):
    permit(api, placed)
    call(api, placed)
    assert permit(api, placed).json()["type"] == "urn:tahsil:problem:permit-spent"


def test_a_refusal_is_kept_under_its_idempotency_key_and_in_the_chain_once(api, database, placed):
    past(database, placed, 7)
    headers = {"Idempotency-Key": "p"}
    path = f"/v1/accounts/{placed.account_id}/calls/permit"
    answers = [api.post(path, json={"key": "k"}, headers=headers).json() for _ in range(2)]
    assert answers[0] == answers[1]
    assert len(rows(database, Decision)) == 1


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ({"purpose": "furnishing"}, "/purpose"),
        ({"place": "moon"}, "/place"),
        ({"dial": "drum"}, "/dial"),
        ({"key": ""}, "/key"),
        ({"number": "+12125550123"}, "/number"),
    ],
)
def test_a_question_that_names_no_such_thing_is_refused_by_its_field(api, placed, asked, pointer):
    assert pointers(permit(api, placed, **asked)) == [pointer]


@pytest.mark.parametrize(
    ("purpose", "why"),
    [
        ("location", "cannot name whom it reaches"),
        ("opt-out confirmation", "confirmed once, in writing"),
        ("debit", "is no reason to call"),
        ("reply", "nothing of theirs waits"),
    ],
)
def test_no_purpose_that_is_bound_less_is_permitted_to_a_dialler(
    api, database, placed, purpose, why
):
    answer = permit(api, placed, purpose=purpose)
    assert pointers(answer) == ["/purpose"]
    assert why in answer.text
    assert "one of demand, " in answer.text
    assert (rows(database, ContactRow), rows(database, Decision)) == ([], [])


@pytest.mark.parametrize(
    ("heard", "answered"), [("voicemail", True), ("dropped", True), ("conversation", False)]
)
def test_a_call_that_replies_is_permitted_while_something_of_theirs_waits(
    api, placed, wall, heard, answered
):
    call(api, placed, key="in", direction="inbound", status=heard)
    wall.to(NOW + timedelta(minutes=1))
    assert (permit(api, placed, purpose="reply").status_code == 200) is answered


def test_a_call_that_rang_has_answered_and_the_next_one_is_no_reply(api, placed, wall):
    call(api, placed, key="in", direction="inbound", status="voicemail")
    wall.to(NOW + timedelta(minutes=1))
    for key, became in (("one", "busy"), ("two", "no answer")):
        assert permit(api, placed, key=key, purpose="reply").status_code == 200
        call(api, placed, key=key, status=became, at=wall.now.isoformat())
    assert "nothing of theirs waits" in permit(api, placed, key="three", purpose="reply").text


def test_a_call_of_the_list_by_which_a_journey_answers_is_a_reply(api, database, placed):
    key = f"{placed.account_id}/call/listed-1"
    contact(database, placed, key, name="plan_talk", channel="voice", at=NOW - timedelta(hours=1))
    with database.transaction() as session:
        listed = contacts.by_key(session, key)
        assert listed is not None
        listed.purpose = "reply"
    assert permit(api, placed, key="listed-1", purpose="reply").status_code == 200


def test_what_was_said_a_month_ago_waits_no_more(api, placed, wall):
    call(api, placed, key="in", direction="inbound", status="voicemail")
    wall.to(NOW + timedelta(days=30))
    assert "nothing of theirs waits" in permit(api, placed, purpose="reply").text


# outcomes


def test_an_outcome_settles_the_permit_and_every_open_account_hears_of_it(
    api, database, door, placed
):
    other = another_of(placed, database)
    permit(api, placed, place="mobile")
    answer = call(api, placed, status="voicemail")
    assert answer.status_code == 201
    assert answer.json() == {
        "key": "k",
        "direction": "outbound",
        "status": "voicemail",
        "at": "2026-11-21T15:00:00Z",
        "reported_at": "2026-11-21T15:00:00Z",
        "debts": [],
        "place": "mobile",
        "dial": "manual",
        "permitted": True,
    }
    assert rows(database, Task) == []
    told = {target for target, event in door.told if isinstance(event, ProfileChanged)}
    assert told == {f"account/acme/{each.reference}" for each in (placed, other)}


@pytest.mark.parametrize(
    ("status", "used"),
    [
        ("not in service", 0),
        ("busy", 0),
        ("unavailable", 0),
        ("no answer", 1),
        ("voicemail, no message", 1),
        ("voicemail full", 1),
        ("voicemail", 1),
        ("wrong party", 1),
        ("dropped", 1),
        ("conversation", 1),
    ],
)
def test_a_call_counts_as_the_law_counts_its_outcome(api, placed, status, used):
    permit(api, placed)
    call(api, placed, status=status)
    assert counter(api, placed, "US-F1") == f"{used} of 7"


def test_a_later_outcome_corrects_an_earlier_one(api, database, placed):
    permit(api, placed)
    call(api, placed, status="no answer")
    again = call(api, placed, status="busy")
    assert (again.json()["status"], again.json()["permitted"]) == ("busy", True)
    assert counter(api, placed, "US-F1") == "0 of 7"
    assert len(rows(database, ContactRow)) == 1


def test_a_conversation_begins_a_silence_for_every_debt_that_was_discussed(
    api, database, placed, wall
):
    discussed, silent = another_of(placed, database), another_of(placed, database)
    permit(api, placed)
    call(api, placed, status="conversation", debts=[discussed.reference])
    wall.to(NOW + timedelta(days=3))
    assert "US-F2" in refused(permit(api, placed, key="later"))
    assert "US-F2" in refused(permit(api, discussed, key="later"))
    assert permit(api, silent, key="later").status_code == 200


def test_a_call_that_came_in_takes_no_place_but_its_conversation_begins_the_silence(
    api, database, placed, wall
):
    answer = call(api, placed, direction="inbound", status="conversation")
    assert answer.json()["permitted"] is None
    assert counter(api, placed, "US-F1") == "0 of 7"
    wall.to(NOW + timedelta(days=3))
    assert "US-F2" in refused(permit(api, placed, key="later"))
    assert rows(database, Task) == []


def test_a_permit_that_was_given_back_covers_no_call_that_turns_up_later(api, database, placed):
    permit(api, placed)
    call(api, placed, status="unavailable")
    assert call(api, placed, status="unavailable").json()["permitted"] is True
    assert rows(database, Task) == []
    assert call(api, placed, status="no answer").json()["permitted"] is False
    (task,) = rows(database, Task)
    assert "was given back" in task.reason


def test_a_call_without_a_permit_is_recorded_and_a_person_is_asked_to_look(api, database, placed):
    answer = call(api, placed, status="no answer")
    assert answer.json()["permitted"] is False
    assert counter(api, placed, "US-F1") == "1 of 7"
    (task,) = rows(database, Task)
    assert "nobody asked for one" in task.reason
    assert "call without a valid permit" in {each.what for each in rows(database, JournalRow)}
    assert call(api, placed, status="busy").json()["permitted"] is False
    assert len(rows(database, Task)) == 1


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"seconds": 60}, "was not dialled while the permit stood"),
        ({"seconds": -1}, "was not dialled while the permit stood"),
        ({"place": "work"}, "was made to another place"),
        ({"dial": "prerecorded"}, "was dialled in another way"),
    ],
)
def test_a_permit_covers_no_call_but_its_own(  # noqa: PLR0917
    api, database, placed, wall, told, why
):
    permit(api, placed)
    wall.to(NOW + timedelta(minutes=5))
    at = NOW + timedelta(seconds=told.pop("seconds", 10))
    assert call(api, placed, at=at.isoformat(), **told).json()["permitted"] is False
    (task,) = rows(database, Task)
    assert why in task.reason
    assert row_of(database, placed).at == max(at, NOW)


def test_a_call_reported_with_an_old_date_counts_from_its_permit_and_frees_no_place(
    api, database, placed, wall
):
    permit(api, placed)
    wall.to(NOW + timedelta(minutes=5))
    old = (NOW - timedelta(days=20)).isoformat()
    told = call(api, placed, status="conversation", at=old).json()
    assert (told["at"], told["reported_at"]) == ("2026-11-21T15:00:00Z", "2026-11-01T15:00:00Z")
    assert told["permitted"] is False
    assert {"HOUSE-DAY", "US-F2"} <= {*refused(permit(api, placed, key="next"))}
    (task,) = rows(database, Task)
    assert "was not dialled while the permit stood" in task.reason
    noted = [each.at for each in rows(database, JournalRow) if "valid permit" in each.what]
    assert noted == [NOW - timedelta(days=20)]


def test_a_long_call_that_is_reported_after_its_permit_ended_was_permitted(api, placed, wall):
    permit(api, placed)
    wall.to(NOW + timedelta(hours=3))
    begun = (NOW + timedelta(seconds=59)).isoformat()
    told = call(api, placed, status="conversation", at=begun).json()
    assert (told["permitted"], told["at"]) == (True, "2026-11-21T15:00:59Z")


def test_a_permit_that_was_not_used_gives_its_place_back(api, database, placed, wall):
    permit(api, placed)
    wall.to(NOW + timedelta(hours=1))
    late = call(api, placed, status="unavailable", at=(NOW + timedelta(hours=1)).isoformat())
    assert late.json()["permitted"] is True
    assert counter(api, placed, "US-F1") == "0 of 7"
    assert rows(database, Task) == []


@pytest.mark.parametrize(
    ("told", "pointer"),
    [
        ({"status": "delivered"}, "/status"),
        ({"status": "busy", "direction": "inbound"}, "/status"),
        ({"direction": "sideways"}, "/direction"),
        ({"at": "2026-11-21T15:00:01Z"}, "/at"),
        ({"at": "2026-11-21T15:00:00"}, "/at"),
        ({"at": "0001-01-01T00:00:00+14:00"}, "/at"),
        ({"debts": ["NOT-THEIRS"]}, "/debts/0"),
        ({"place": "moon"}, "/place"),
        ({"notes": "angry"}, "/notes"),
    ],
)
def test_a_call_that_cannot_be_is_refused_by_its_field(api, database, placed, told, pointer):
    assert pointers(call(api, placed, **told)) == [pointer]
    assert rows(database, ContactRow) == []


def test_the_debt_of_another_person_was_not_discussed(api, database, placed):
    stranger = placement()
    record(database, stranger)
    assert pointers(call(api, placed, debts=[stranger.reference])) == ["/debts/0"]


def test_a_call_of_ours_does_not_become_one_that_came_in(api, placed):
    call(api, placed)
    other_way = call(api, placed, direction="inbound", status="conversation")
    assert other_way.json()["type"] == "urn:tahsil:problem:called-differently"


def test_calls_are_told_apart_by_their_account(api, database, placed):
    other = another_of(placed, database)
    call(api, placed, status="no answer")
    call(api, other, status="busy")
    with database.transaction() as session:
        known = facts(session, placed.account_id, NOW).contacts
    assert sorted(each.status for each in known) == ["busy", "no answer"]
    assert {each.channel for each in known} == {Channel.VOICE}
