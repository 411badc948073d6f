"""What the auditor reads out of the record by itself: when a change binds, and what was tried."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import text

from auditor import audit
from auditor.charges import Allowed, debit_of, of_credit, was_tried
from auditor.profiles import OVERLAP, Known, history, note
from auditor.record import read_book
from domain.accounts import Hold
from domain.contacts import Channel, ContactStatus, Dial, Place, Purpose
from domain.people import Wish
from storage import accounts, contacts, creditors, journal, laws, people
from storage.tables import ChargeRow
from tests.api.record import placement, record

PLACED = datetime(2026, 11, 2, 9, tzinfo=UTC)
DAY = timedelta(days=1)
NO_SUNDAYS = {"never": ["sun"]}


def facts(revision, *wishes, zones=("America/New_York",)):
    return {"revision": revision, "zones": list(zones), "country": "US", "wishes": list(wishes)}


def present(revision, *wishes, zones=("America/New_York",)):
    told = facts(revision, *wishes, zones=zones)
    return SimpleNamespace(
        **told, regions=[], residence_zones=[], locale="en", actor=None, sector=None
    )


def profiles(row, decided=(), changes=()):
    """Since when the person had how many wishes, in which zone."""
    known = list[Known]()
    for since, told in decided:
        note(known, since, told)
    found = history(row, known, [PLACED, *changes])
    return [(each.known_from, len(each.wishes), each.zones[0][-4:]) for each in found]


def test_a_wish_that_no_decision_has_seen_binds_from_when_it_was_noted():
    decided, wished = PLACED + DAY, PLACED + 2 * DAY

    found = profiles(present(2, NO_SUNDAYS), [(decided, facts(1))], [wished])

    assert found == [(None, 0, "York"), (wished + OVERLAP, 1, "York")]


def test_a_wish_that_a_later_decision_has_seen_binds_from_when_it_was_noted():
    decided, wished, seen = PLACED + DAY, PLACED + 2 * DAY, PLACED + 9 * DAY
    told = [(decided, facts(1)), (seen, facts(2, NO_SUNDAYS))]

    found = profiles(present(2, NO_SUNDAYS), told, [wished])

    assert found == [(None, 0, "York"), (wished + OVERLAP, 1, "York")]


def test_before_the_first_wish_was_noted_there_was_none():
    wished = PLACED + 2 * DAY

    undecided = profiles(present(1, NO_SUNDAYS), changes=[wished])
    decided = profiles(present(1, NO_SUNDAYS), [(wished + DAY, facts(1, NO_SUNDAYS))], [wished])

    assert undecided == decided == [(None, 0, "York"), (wished + OVERLAP, 1, "York")]


def test_a_decision_by_facts_that_were_out_of_date_brings_nothing_back():
    told = [
        (PLACED + DAY, facts(1)),
        (PLACED + 3 * DAY, facts(2, zones=("Asia/Riyadh",))),
        (PLACED + 4 * DAY, facts(1)),
    ]

    found = profiles(present(2, zones=("Asia/Riyadh",)), told)

    assert found == [(None, 0, "York"), (PLACED + 3 * DAY, 0, "yadh")]


def test_a_change_of_which_nobody_noted_the_time_is_not_dated():
    assert profiles(present(2, NO_SUNDAYS), [(PLACED + DAY, facts(1))]) == [(None, 0, "York")]


def charge(status, **more):
    usual = {"key": "c", "account_id": "a", "minor": 5_000, "currency": "USD", "at": PLACED}
    told = {"tried_at": PLACED, "recorded_at": PLACED, "payment_method": "pm_1"}
    return SimpleNamespace(**usual, status=status, **(told | {"stored": "pm_1"} | more))


ALLOWED = Allowed("law_1", PLACED + DAY, "consumer", None, 9_000, of_credit=True)


@pytest.mark.parametrize(
    ("status", "allowed", "tried"),
    [
        ("paid", None, True),
        ("processing", None, True),
        ("declined", None, True),
        ("some new word", None, True),
        ("unavailable", ALLOWED, True),
        ("created", ALLOWED, True),
        ("unavailable", None, False),  # the last look had not come yet
        ("created", None, False),
        ("given up", ALLOWED, False),
        ("not due", None, False),
        ("not yet", None, False),
    ],
)
def test_what_took_money_or_may_have_is_a_debit(status, allowed, tried):
    assert was_tried(charge(status), allowed) == tried


def test_what_was_declined_before_the_bank_was_asked_is_no_debit():
    assert not was_tried(charge("declined", tried_at=None), None)


@pytest.mark.parametrize(
    ("stored", "funding", "allowed", "credit"),
    [
        ("pm_1", "credit", None, True),
        ("pm_1", "debit", ALLOWED, False),
        ("pm_2", "debit", ALLOWED, True),  # what was charged is stored no more
        ("pm_2", "credit", None, False),
    ],
)
def test_the_record_says_what_is_charged_as_long_as_it_is_stored(stored, funding, allowed, credit):
    row = charge("paid", stored=stored, funding=funding)
    debit = debit_of(row, allowed, owed=9_000)

    found = of_credit(row, debit, allowed)

    assert [each.kind for each in found] == ["credit card charged"] * credit


def in_the_record(database, name, *, days=0):
    """An account of a person in New York, and a call of ours that nobody asked the gate about."""
    placed = placement(consumer={"name": name, "time_zone": "America/New_York"})
    record(database, placed)
    with database.transaction() as session:
        laws.current(session)
        at = session.scalar(text("select date_trunc('week', now())")) + timedelta(days=days)
        told = contacts.Call(
            key=f"{placed.account_id}/call/1",
            account_id=placed.account_id,
            status=ContactStatus.NO_ANSWER,
            at=at + timedelta(hours=15),
            purpose=Purpose.DEMAND,
            place=Place.UNKNOWN,
            dial=Dial.MANUAL,
        )
        contacts.note_call(session, told)
    return placed


def named(database_url, placed):
    """The rules that the auditor names of an account; others share the record."""
    report = audit(read_book(database_url))
    return {each.rule for each in report.violations if each.account == placed.account_id}


def test_a_call_on_a_sunday_that_was_wished_away_is_named_before_any_decision_saw_the_wish(
    database, database_url
):
    placed = in_the_record(database, "Jo Wishes", days=13)  # Sunday of next week, at 10 or 11
    with database.transaction() as session:
        session.execute(
            text("update contacts set recorded_at = at where account_id = :id"),
            {"id": placed.account_id},
        )
    before = named(database_url, placed)
    with database.transaction() as session:
        people.set_wishes(session, placed.person_id, [Wish(never=("sun",))])
        journal.note(session, placed.account_id, "wishes", number=1)
    assert "BASE-WISH-HOURS" not in before
    assert "BASE-WISH-HOURS" in named(database_url, placed)


def test_what_a_creditor_notes_of_a_number_binds_in_their_book_alone(database, database_url):
    placed = in_the_record(database, "Jo Elsewhere", days=10)
    with database.transaction() as session:
        creditors.register(session, "bank-b", "Bank B")
        session.execute(
            text("update contacts set recorded_at = at where account_id = :id"),
            {"id": placed.account_id},
        )

    def opted_out(book):
        with database.transaction() as session:
            noted = (Channel.VOICE, placed.consumer.phone, people.OPTED_OUT)
            people.note_address(session, *noted, source=f"api:{book}", at=PLACED, book=book)
        return "BASE-OPTOUT" in named(database_url, placed)

    assert not opted_out("bank-b")
    assert opted_out("acme")


def test_money_taken_in_a_bankruptcy_and_a_stop_that_nobody_obeyed_are_named(
    database, database_url
):
    placed = in_the_record(database, "Jo Pays")
    with database.transaction() as session:
        accounts.place_hold(session, placed.account_id, Hold.BANKRUPTCY, reason="filed")
        people.save_reply(
            session,
            f"in_{placed.account_id}",
            person_id=placed.person_id,
            channel=Channel.SMS,
            words="\u2067STOP\u2069",
            understood="message",
            account_id=placed.account_id,
            at=PLACED,
        )
        later = session.scalar(text("select now()")) + timedelta(minutes=5)
        session.add(
            ChargeRow(
                key=f"{placed.account_id}/charge/1",
                account_id=placed.account_id,
                minor=5_000,
                currency="USD",
                status="paid",
                at=later,
                tried_at=later,
                recorded_at=later,
            )
        )

    found = named(database_url, placed)

    assert {"AUDIT-UNDECIDED", "AUDIT-UNHEARD", "BASE-BANKRUPTCY", "US-E5"} <= found
