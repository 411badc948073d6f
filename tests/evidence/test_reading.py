"""Evidence from a real record: decisions written as they always are, and read back as a file."""

import json
import stat
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from cli.proving import verify_file, write_evidence
from compliance import ContactRequest, Wait, decide
from compliance.laws import read_law
from compliance.orders import ReachOut
from domain.accounts import Hold
from domain.contacts import Channel, ContactStatus, sms
from domain.people import Milestone, MilestoneKind, Wish
from evidence import Choice, check, export, page, read_record
from stack import Addresses
from storage import accounts, contacts, creditors, laws, looking, people
from storage.session import driver, lock_person
from tests.api.record import NOW, placement, record
from tests.evidence.kit import LAW

pytestmark = pytest.mark.stack

SECRET, WORDS = "s3cr3t-l1nk", "Dear Jo Secret, see https://tahsil.test/p/s3cr3t-l1nk"
MORNING = datetime(2026, 11, 23, 4, tzinfo=UTC)
"""23:00 in New York the day before."""
NOON = datetime(2026, 11, 23, 17, tzinfo=UTC)


def ruled(session, order, intent=None):
    """Put an order to the gate as the record stands, and write the verdict down."""
    law = laws.current(session)
    session.flush()  # the driver below it sees only what was sent
    look = looking.look(driver(session), order.account_id, order.at, key=order.key)
    request = ContactRequest(account_id=order.account_id, channel=order.message.channel)
    packs = read_law(laws.text_of(session, law) or "")
    verdict = decide(request, look.facts, packs, order.at)
    head = contacts.Head(look.account_id, look.person_id, look.seq, look.hash)
    ruling = contacts.Ruling(
        key=order.key,
        at=order.at,
        law=law,
        request=request,
        message=order.message,
        verdict=verdict,
        facts=look.plain,
        balance=look.balance,
        version=look.version,
    )
    contacts.decide(driver(session), head, [ruling], intent)
    return verdict


def ordered(placed, number, at):
    key = f"account/acme/{placed.reference}#{number}"
    return ReachOut(key=key, account_id=placed.account_id, message=sms("nudge"), at=at)


@pytest.fixture
def placed(database):
    """An account with a wait, a text message that was sent, and everything else on record."""
    placed = placement(consumer={"name": "Jo Secret", "time_zone": "America/New_York"})
    record(database, placed)
    with database.transaction() as session:
        lock_person(session, placed.person_id)
        people.set_wishes(session, placed.person_id, [Wish(only=(Channel.SMS,))])
        consent = Milestone(kind=MilestoneKind.CONSENT, at=NOW, channels=(Channel.SMS,))
        people.note_milestone(session, placed.person_id, consent, key="m1", source="portal")
        assert isinstance(ruled(session, ordered(placed, 1, MORNING)), Wait)
        sent = ordered(placed, 1, NOON)
        words = json.dumps({"subject": None, "text": WORDS, "html": None})
        intent = contacts.Intent(sent, placed.consumer.phone, SECRET, words)
        assert ruled(session, sent, intent).kind == "allow"
        contacts.conclude(session, sent.key, ContactStatus.SENT, at=NOON, provider_id="SM1")
    with database.transaction() as session:
        people.save_reply(
            session,
            "in_1",
            person_id=placed.person_id,
            channel=Channel.SMS,
            words="Stop, says Jo Secret",
            understood="stop",
            account_id=placed.account_id,
            at=NOON + timedelta(minutes=5),
        )
        people.note_address(
            session,
            Channel.SMS,
            placed.consumer.phone,
            people.OPTED_OUT,
            source="in_1",
            at=NOON,
        )
        people.opt_out(session, placed.person_id, Channel.VOICE, source="portal", at=NOON)
        accounts.place_hold(session, placed.account_id, Hold.DISPUTE, reason="not mine")
        assert ruled(session, ordered(placed, 2, NOON + timedelta(hours=1))).kind == "deny"
    return placed


def evidence(database, placed, **choice):
    return export(read_record(database, placed.account_id, Choice(**choice)), exported_at=NOW)


def test_a_real_record_gives_a_file_that_is_sound(database, placed):
    report = check(evidence(database, placed).data)
    assert report.faults == ()
    assert report.unproven == ()
    assert (report.decisions, report.rerun, report.contacts) == (3, 3, 1)


def test_it_says_from_when_to_when_the_law_of_its_decisions_was_in_force(database, placed):
    with database.transaction() as session:
        before = laws.current(session)
        laws.put(session, LAW, "a test")

    report, file = check(evidence(database, placed).data), evidence(database, placed)

    assert report.faults == ()
    (law,) = (line.body for line in file.lines if line.kind == "law")
    (span,) = law["in_force"]
    assert law["id"] == before
    assert span["recorded_at"] < span["until"]


def test_every_kind_of_line_is_in_it(database, placed):
    lines = [json.loads(line) for line in evidence(database, placed).data.splitlines()]
    kinds = [line["kind"] for line in lines]
    assert list(dict.fromkeys(kinds)) == [
        *("header", "account", "law", "decision", "contact", "hold", "opt-out", "milestone"),
        *("wish", "reply", "movement", "journal", "seal"),
    ]
    optouts = [line["body"] for line in lines if line["kind"] == "opt-out"]
    assert [(each["of"], each["channel"]) for each in optouts] == [
        ("person", "voice"),
        ("address", "sms"),
    ]


def test_what_another_creditor_noted_of_the_number_is_not_in_it(database, placed):
    before = evidence(database, placed).data
    with database.transaction() as session:
        creditors.register(session, "bank-b", "Bank B")
        noted = (Channel.SMS, placed.consumer.phone, people.OPTED_OUT)
        assert people.note_address(session, *noted, source="api", at=NOON, book="bank-b")
    assert evidence(database, placed).data == before


def test_the_same_record_gives_the_same_bytes(database, placed):
    assert evidence(database, placed).data == evidence(database, placed).data


def test_no_address_and_no_link_is_in_it(database, placed):
    data = evidence(database, placed).data
    for secret in (placed.consumer.phone, placed.consumer.email, SECRET):
        assert secret.encode() not in data
    assert b"see https://tahsil.test/p/[link]" in data
    assert b'"address_is":"phone"' in data


def test_without_words_no_name_is_in_it_but_the_hashes_of_the_words_are(database, placed):
    with_words = evidence(database, placed).data
    without = evidence(database, placed, words=False).data
    assert b"Jo Secret" in with_words
    assert b"Jo Secret" not in without
    assert check(without).sound

    def hashes(data):
        bodies = [json.loads(line)["body"] for line in data.splitlines()]
        return [body["words_sha256"] for body in bodies if "words_sha256" in body]

    assert hashes(without) == hashes(with_words)
    assert len(hashes(without)) == 2


def test_addresses_are_in_it_only_if_they_are_asked_for(database, placed):
    data = evidence(database, placed, addresses=True).data
    assert check(data).sound
    assert placed.consumer.phone.encode() in data


def test_nothing_of_another_account_of_another_person_is_in_it(database, placed):
    other = placement()
    record(database, other)
    data = evidence(database, placed).data
    assert other.account_id.encode() not in data
    assert other.person_id.encode() not in data


def test_an_account_without_decisions_gives_a_sound_file(database):
    fresh = placement()
    record(database, fresh)
    report = check(evidence(database, fresh).data)
    assert report.sound
    assert (report.decisions, report.head) == (0, "")


def test_an_account_that_is_not_on_record_is_named(database):
    with pytest.raises(LookupError, match="no account acc_none in the record"):
        read_record(database, "acc_none")


def test_a_page_is_made_of_a_real_record(database, placed):
    html = page(evidence(database, placed).data)
    assert "Nothing in the file contradicts itself or the law that it carries." in html
    assert "Hold: dispute" in html


def test_the_command_writes_two_private_files_and_checks_them(
    database, database_url, placed, tmp_path
):
    elsewhere = {"temporal_address": "", "temporal_ui_url": None, "api_url": ""}
    addresses = Addresses(database_url=database_url, **elsewhere)
    console = Console(record=True, width=200)
    assert write_evidence(addresses, placed.account_id, tmp_path / "out", console)
    lines, html = sorted((tmp_path / "out").iterdir(), key=lambda each: each.suffix, reverse=True)
    assert (lines.suffix, html.suffix) == (".jsonl", ".html")
    assert {stat.S_IMODE(each.stat().st_mode) for each in (lines, html)} == {0o600}
    report, said = check(lines.read_bytes()), console.export_text()
    assert report.sound
    assert report.seal in said
    assert verify_file(lines, console, known=report.seal)
    assert not verify_file(lines, console, known="0" * 64)
    lines.write_bytes(lines.read_bytes().replace(b"not mine", b"not mime"))
    assert not verify_file(lines, console)
    assert "its body or hash was changed" in console.export_text()
