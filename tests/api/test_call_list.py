"""Calls that journeys ask for: listed once the gate allows them, gone when nobody needs them."""

from datetime import UTC, datetime, timedelta

import pytest

from activities.channels import Calls
from activities.contacts import Clocks, Contacts, Patience
from activities.records import Records
from compliance.laws import LAWS, shipped_id
from compliance.orders import Close, EnterStage, ReachOut
from domain.accounts import Closure
from domain.contacts import LISTED, Channel, ContactStatus, Purpose, call_key, voice
from domain.plans import monthly
from providers.messages import Messages
from storage import calls, contacts, plans
from storage.contacts import CALL, Call
from tests.api.record import placement, record, status_of, usd

pytestmark = pytest.mark.stack

NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
"""A Monday's noon in New York."""
MIDNIGHT = NOON + timedelta(hours=12)


@pytest.fixture
def placed(database):
    """A New Yorker of Acme's whose plan's first instalment was missed."""
    one = placement()
    record(database, one)
    plan = monthly("p1", usd(20_000), parts=4, first=datetime(2026, 11, 20, tzinfo=UTC).date())
    with database.transaction() as session:
        plans.accept(session, one.account_id, plan)
    return one


@pytest.fixture
def asks(database):
    """The journey of an account asks for a call; what came of it."""
    hands = Contacts(
        database,
        carriers={Channel.VOICE: Calls()},
        messages=Messages(packs=LAWS.called(shipped_id())),
        clocks=Clocks(wall=lambda: NOON, fast_forward=True),
        patience=Patience(in_all=timedelta(minutes=5)),
        public_url="https://tahsil.test",
    )

    def ask(placed, number=1):
        key = call_key(placed.account_id, f"{LISTED}{number}")
        order = ReachOut(
            key=key, account_id=placed.account_id, at=NOON, message=voice("broken_plan")
        )
        return hands.reach_out(order)

    return ask


@pytest.fixture
def at(app):
    """Set the wall's time as the API reads it."""

    def move(moment):
        object.__setattr__(app.state.services, "wall", lambda: moment)

    move(NOON)
    return move


def listed(api):
    answer = api.get("/v1/calls/due")
    assert answer.status_code == 200
    return answer.json()["calls"]


def test_a_call_that_the_gate_allows_is_listed_with_all_that_a_dialler_needs(api, placed, asks, at):
    del at
    assert asks(placed).status is ContactStatus.SENT

    (call,) = listed(api)
    assert call["account_id"] == placed.account_id
    assert call["key"] == "listed-1"
    assert call["number"] == placed.consumer.phone
    assert "am I speaking with Jo Secret?" in call["script"]
    assert "The instalment of $50.00, due on November 20, 2026" in call["script"]
    assert "debt collector" in call["script"]
    assert (call["language"], call["purpose"]) == ("en", Purpose.DEMAND)
    assert call["next_lawful"] == "2026-11-23T17:00:00Z"
    assert call["dial_before"] == "2026-11-23T17:01:00Z"
    assert call["reasons"] == []


def test_the_key_and_the_decision_hold_no_personal_data(database, placed, asks):
    asks(placed)

    with database.transaction() as session:
        (decision,) = contacts.decisions(session, placed.account_id)
    for secret in (placed.consumer.phone, placed.consumer.name, placed.consumer.email):
        assert secret not in decision.contact_key + decision.body


def test_a_listed_call_counts_under_the_caps_from_that_moment(database, placed, asks):
    reached = asks(placed)

    assert [each.key for each in reached.facts.contacts] == [
        call_key(placed.account_id, "listed-1")
    ]


def test_at_night_the_list_says_from_when_it_may_be_dialled(api, placed, asks, at):
    asks(placed)
    at(MIDNIGHT)

    (call,) = listed(api)
    assert call["next_lawful"] == "2026-11-24T13:00:00Z"
    assert call["dial_before"] is None
    assert call["reasons"]


def test_another_attempt_at_asking_lists_it_once(api, placed, asks, at):
    del at
    assert [asks(placed).status for _ in range(2)] == [ContactStatus.SENT] * 2

    assert len(listed(api)) == 1


def test_the_outcome_is_reported_like_that_of_any_call_and_takes_it_off_the_list(
    api, database, placed, asks, at
):
    del at
    asks(placed)

    answer = api.post(
        f"/v1/accounts/{placed.account_id}/calls",
        json={
            "key": "listed-1",
            "direction": "outbound",
            "status": "conversation",
            "at": NOON.isoformat(),
        },
    )

    assert answer.status_code == 201
    assert listed(api) == []
    assert status_of(database, call_key(placed.account_id, "listed-1")) == "conversation"


def permit(api, placed, key="listed-1"):
    return api.post(f"/v1/accounts/{placed.account_id}/calls/permit", json={"key": key})


def report(api, placed, dialled):
    call = {"key": "listed-1", "direction": "outbound", "status": "voicemail"}
    path = f"/v1/accounts/{placed.account_id}/calls"
    return api.post(path, json=call | {"at": dialled.isoformat()}).json()


def test_the_law_is_asked_again_before_it_is_dialled(api, placed, asks, at):
    asks(placed)
    at(MIDNIGHT)

    assert permit(api, placed).status_code == 409
    assert len(listed(api)) == 1


def test_whoever_takes_a_call_from_the_list_gets_one_permit_and_reports_under_it(
    api, placed, asks, at
):
    asks(placed)
    later = NOON + timedelta(hours=2)
    at(later)

    answer = permit(api, placed)
    assert answer.json() == {"permit": "listed-1", "expires": "2026-11-23T19:01:00Z"}
    assert listed(api) == []
    at(later + timedelta(minutes=5))
    assert permit(api, placed).status_code == 409
    assert report(api, placed, later + timedelta(seconds=5))["permitted"] is True


def test_a_listed_call_that_is_dialled_without_asking_again_is_no_permitted_one(
    api, placed, asks, at
):
    asks(placed)
    at(NOON + timedelta(hours=2))

    assert report(api, placed, NOON + timedelta(hours=1))["permitted"] is False


@pytest.mark.parametrize("closes", [False, True])
def test_a_call_that_nobody_needs_any_more_is_withdrawn_and_gives_its_place_back(
    api, database, placed, asks, closes
):
    asks(placed)
    records = Records(database)
    known = {"key": "x", "account_id": placed.account_id, "at": NOON}

    if closes:
        records.close_account(Close(closure=Closure.REFERRED, **known))
    else:
        records.enter_stage(EnterStage(journey="standard", stage="on_plan", **known))

    assert listed(api) == []
    assert status_of(database, call_key(placed.account_id, "listed-1")) == "unavailable"


def test_calls_that_people_make_by_themselves_are_neither_listed_nor_withdrawn(
    api, database, placed, at
):
    del at
    call = Call(
        key=call_key(placed.account_id, "mine"),
        account_id=placed.account_id,
        status=ContactStatus.SENT,
        at=NOON,
    )
    with database.transaction() as session:
        contacts.note_call(session, call)

    assert listed(api) == []
    with database.transaction() as session:
        calls.withdraw(session, placed.account_id, at=NOON)
        row = contacts.by_key(session, call.key)
        assert row is not None
        assert (row.message, row.status) == (CALL, ContactStatus.SENT)
        assert not calls.is_listed(row)


def test_a_creditor_sees_the_calls_of_their_own_accounts_only(api, other, placed, asks, at):
    del at
    asks(placed)

    assert len(listed(api)) == 1
    assert listed(other) == []


def test_the_list_is_as_long_as_was_asked_for(api, placed, asks, at):
    del at
    for number in (1, 2):
        asks(placed, number)

    assert api.get("/v1/calls/due", params={"limit": 0}).status_code == 422
    assert len(api.get("/v1/calls/due", params={"limit": 1}).json()["calls"]) == 1
