"""What is on record of a person is shown to them, and erased as far as no rule wants it kept."""

import dataclasses
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import delete, func, select, text
from sqlalchemy.exc import DBAPIError

from domain.accounts import Closure, Hold
from domain.contacts import Channel
from storage import accounts, inbox, people, placements
from storage.keys import ErasedError, Keys
from storage.master_keys import MasterKeys
from storage.subjects import NOBODYS, everything
from storage.tables import Base, ContactRow, ErasureRow, LedgerTransaction, MeansRow, Person
from tests.api.record import NOW, contact, placement, record

NAME, PHONE, EMAIL = "Zephyrine Quillfeather", "+14045550987", "zephyrine.q@example.org"
WORDS = "my aunt is ill"
SECRETS = (NAME, "Quillfeather", PHONE, EMAIL, "zephyrine", WORDS, "cus_zq1", "pm_zq1", "98765432")
LATER = NOW + timedelta(days=4 * 366)
"""After the three years of 12 CFR 1006.100(a)."""


@pytest.fixture
def placed(database):
    """An account of a person of whom much is on record."""
    card = {"customer": "cus_zq1", "payment_method": "pm_zq1"}
    consumer = {"name": NAME, "phone": PHONE, "email": EMAIL, "stored_card": card}
    one = placement(consumer=consumer)
    record(database, one)
    contact(database, one)
    contact(database, one, "c#2", channel="email")
    with database.transaction() as session:
        session.get_one(ContactRow, "c#1").words = {"text": f"Dear {NAME}"}
        people.save_reply(
            session,
            "twilio:SM1",
            person_id=one.person_id,
            channel=Channel.SMS,
            words=WORDS,
            understood="other",
            at=NOW,
        )
        people.note_address(session, Channel.EMAIL, EMAIL, people.DEAD, source="sendgrid:1", at=NOW)
        accounts.place_hold(session, one.account_id, Hold.DISPUTE, reason=f"{NAME} says so")
        session.add(
            MeansRow(
                id="m1",
                person_id=one.person_id,
                account_id=one.account_id,
                currency="USD",
                figures={"income": [98765432]},
                disposable=98765432,
                source="api",
                at=NOW,
            )
        )
        inbox.store(session, "twilio", "SM1", "inbound", {"From": PHONE, "Body": WORDS})
        inbox.applied(session, "twilio:SM1")
        inbox.store(session, "twilio", "SM2", "inbound", {"From": "+14045550111", "Body": "other"})
    return one


@pytest.fixture
def asked(app, api):
    """Asks about the person, at a time."""

    def ask(method, placed, *, at=NOW, **params):
        app.state.services = dataclasses.replace(app.state.services, wall=lambda: at)
        return api(method, f"/v1/people/{placed.consumer.reference}", params=params)

    return ask


def closed(database, placed):
    with database.transaction() as session:
        accounts.close(session, placed.account_id, Closure.RECALLED, at=NOW)


def still_there(database, *secrets):
    """Which of the texts stand anywhere in the record."""
    rows = []
    with database.transaction() as session:
        for name in Base.metadata.tables:
            rows += session.scalars(text(f"select row_to_json(t)::text from {name} t"))
    everything = "\n".join(rows)
    return [each for each in secrets if each in everything]


def last_day(database):
    """Three years after the last movement of money, which has the wall's time alone."""
    with database.transaction() as session:
        booked = session.scalar(select(func.max(LedgerTransaction.recorded_at)))
    return booked.date().replace(year=booked.year + 3)


def keys(database):
    return Keys(database, MasterKeys([bytes(32)]))


def test_a_person_sees_all_that_is_held_of_them_and_what_it_is_for(asked, placed):
    answer = asked("GET", placed)

    assert answer.status_code == 200, answer.text
    told = answer.json()
    held = told["held"]
    assert [row["name"] for row in held["people"]] == [NAME]
    assert {row["address"] for row in held["contacts"]} == {PHONE, EMAIL}
    assert [row["words"] for row in held["replies"]] == [WORDS]
    assert [row["payload"]["From"] for row in held["inbox"]] == [PHONE]
    assert [row["figures"] for row in held["means"]] == [{"income": [98765432]}]
    assert [row["minor"] for row in held["ledger_entries"]] == [20_000, -20_000]
    assert held["accounts"][0]["placement"]["consumer"]["email"] == EMAIL
    assert held["address_facts"][0]["fact"] == "dead"
    assert told["meaning"]["replies"].startswith("What a consumer wrote to us")
    assert [each["rule"] for each in told["kept_by_law"]] == ["US-K5"]
    assert "Twilio" in told["recipients"]


@pytest.mark.usefixtures("other")
def test_what_another_creditor_said_of_their_number_is_not_shown(asked, placed, database):
    with database.transaction() as session:
        for book in ("other", placed.creditor):
            people.note_address(
                session, Channel.SMS, PHONE, people.OPTED_OUT, source="api", at=NOW, book=book
            )

    held = asked("GET", placed).json()["held"]["address_facts"]

    assert [row["creditor_id"] for row in held] == [None, placed.creditor]


def test_what_lets_somebody_in_is_not_shown(asked, placed, database):
    keys(database).belongs("account/acme/X", "acme", placed.person_id)

    told = asked("GET", placed).text

    assert "link-c-1" not in told
    assert "wrapped_by" in told
    assert '"wrapped"' not in told


def test_another_persons_data_is_not_shown_even_if_they_share_a_number(asked, placed, database):
    family = placement(consumer={"name": "Other One", "phone": PHONE, "email": "o@example.org"})
    record(database, family)
    contact(database, family, "f#1")

    told = asked("GET", placed)

    for stranger in ("Other One", "o@example.org", "f#1", family.account_id, family.person_id):
        assert stranger not in told.text
    assert "inbox" not in told.json()["held"]  # who of the two wrote it, the number does not say


def test_every_table_is_a_persons_or_nobodys(database, placed):
    with database.transaction() as session:
        everything(session, session.get_one(Person, placed.person_id))

    assert set(Base.metadata.tables) >= NOBODYS


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_person_of_another_creditor_does_not_exist(other, placed, method):
    answer = other(method, f"/v1/people/{placed.consumer.reference}")

    assert answer.status_code == 404
    assert answer.json()["detail"].startswith("There is no such person for this key")


def test_nothing_is_erased_while_an_account_is_open(asked, placed, database):
    answer = asked("DELETE", placed, at=LATER)

    assert answer.status_code == 409
    assert answer.json()["accounts"] == [placed.reference]
    assert "recall them" in answer.json()["detail"]
    assert still_there(database, *SECRETS) == list(SECRETS)


def test_nothing_is_erased_while_a_file_has_another_account_of_theirs(asked, placed, database):
    closed(database, placed)
    another = placement(consumer=placed.consumer.model_dump(mode="json"))
    with database.transaction() as session:
        row = placements.ReadRow(number=1, reference=another.reference, placement=another)
        placements.begin(session, "plc_1", "acme")
        placements.add(session, "plc_1", [row])

    answer = asked("DELETE", placed, at=LATER)

    assert answer.status_code == 409
    assert "not placed yet" in answer.json()["detail"]


def test_while_a_rule_wants_it_kept_only_what_proves_nothing_goes(asked, placed, database):
    closed(database, placed)
    key = keys(database).belongs("account/acme/X", "acme", placed.person_id)

    told = asked("DELETE", placed).json()

    assert not told["complete"]
    assert told["erased"] == {"accounts": 1, "inbox": 1, "people": 1}
    rule = told["kept"][0]
    assert (rule["rule"], rule["cite"]) == ("US-K5", "12 CFR 1006.100(a)")
    assert rule["until"] == last_day(database).isoformat()
    assert still_there(database, NAME, WORDS, "cus_zq1", "pm_zq1") == [NAME, WORDS]
    assert keys(database).called(key.id).id == key.id


def test_the_day_after_the_last_rule_everything_goes(asked, placed, database):
    closed(database, placed)
    last = datetime.combine(last_day(database), time(23), UTC)

    assert not asked("DELETE", placed, at=last).json()["complete"]
    assert asked("DELETE", placed, at=last + timedelta(hours=1)).json()["complete"]


def test_afterwards_nothing_says_who_it_was_and_the_books_are_as_before(asked, placed, database):
    closed(database, placed)
    key = keys(database).belongs("account/acme/X", "acme", placed.person_id)
    before = asked("GET", placed).json()["held"]

    told = asked("DELETE", placed, at=LATER).json()

    assert told["complete"]
    assert told["erased"] == {
        "accounts": 1,
        "address_facts": 1,
        "contacts": 2,
        "data_keys": 1,
        "holds": 1,
        "inbox": 1,
        "means": 1,
        "people": 1,
        "replies": 1,
    }
    assert still_there(database, *SECRETS) == []
    after = asked("GET", placed, at=LATER).json()["held"]
    for same in ("ledger_transactions", "ledger_entries", "journal", "milestones"):
        assert after.get(same) == before.get(same)
    with pytest.raises(ErasedError):
        keys(database).called(key.id)


def test_erasing_twice_changes_nothing_more(asked, placed, database):
    closed(database, placed)
    first = asked("DELETE", placed, at=LATER).json()
    second = asked("DELETE", placed, at=LATER).json()

    assert second == first | {"erased": {}}
    with database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(ErasureRow)) == 1


def test_a_dry_run_says_the_same_and_writes_nothing(asked, placed, database):
    closed(database, placed)

    dry = asked("DELETE", placed, at=LATER, dry_run=True).json()

    assert still_there(database, *SECRETS) == list(SECRETS)
    assert asked("DELETE", placed, at=LATER).json() == dry | {"dry_run": False}


def test_a_refusal_of_an_address_outlives_the_person(asked, placed, database):
    closed(database, placed)
    with database.transaction() as session:
        people.note_address(
            session, Channel.SMS, PHONE, people.OPTED_OUT, source="twilio:SM1", at=NOW
        )

    asked("DELETE", placed, at=LATER)

    assert still_there(database, *SECRETS) == [PHONE]
    with database.transaction() as session:
        assert people.is_noted(session, Channel.SMS, PHONE, people.OPTED_OUT)


def test_the_same_account_placed_again_is_a_conflict_and_no_accident(api, asked, placed, database):
    closed(database, placed)
    asked("DELETE", placed, at=LATER)
    again = placed.model_dump(mode="json", exclude={"creditor"}, exclude_none=True)

    answer = api.post("/v1/accounts", json=again)

    assert answer.status_code == 409, answer.text
    assert "consumer.name" in answer.json()["detail"]


def test_whoever_dies_halfway_has_erased_nothing(asked, placed, database, monkeypatch):
    closed(database, placed)

    def dies(*_, **__):
        raise SystemExit

    monkeypatch.setattr("storage.subjects.keys.erase", dies)
    with pytest.raises(SystemExit):
        asked("DELETE", placed, at=LATER)
    assert still_there(database, *SECRETS) == list(SECRETS)
    monkeypatch.undo()

    assert asked("DELETE", placed, at=LATER).json()["complete"]


def test_means_cannot_be_deleted_but_by_an_erasure(database, placed):
    with pytest.raises(DBAPIError, match="append-only"), database.transaction() as session:
        session.execute(delete(MeansRow))
