"""How the auditor reads laws, words and lists by itself."""

import json
from datetime import date

import pytest

from auditor import Book, audit
from auditor.audit import AuditError
from auditor.book import Profile
from auditor.books import AN_ATTEMPT
from auditor.law import END_OF_DAY, Law
from auditor.provider import SendsError, read_file
from auditor.wording import lacks, tells
from compliance.laws import shipped_text
from tests.auditor.books import clean_book, law, rule, span
from workflows.runtime import ATTEMPT

ASKED = ("sms", "demand", "mobile", "consumer", "manual")
SOMEBODY = Profile(zones=("Europe/London",), country="GB", regions=("GB-ENG",))


def a_law(*packs, calendars=()):
    return Law(json.dumps({"packs": list(packs), "calendars": list(calendars)}))


def ids(read, profile=SOMEBODY, creditor="alpha", on=date(2026, 6, 1), asked=ASKED):
    found = read.binding(profile, creditor, asked, [on.toordinal()])
    return {each.id for each in found}


def test_a_decision_is_given_as_long_as_an_attempt_may_last():
    assert AN_ATTEMPT == ATTEMPT


def test_every_rule_of_the_law_that_ships_is_read():
    raw = json.loads(shipped_text())

    read = Law(shipped_text())

    written = [each["id"] for pack in raw["packs"] for each in pack.get("rules", ())]
    assert [each.id for pack in read.packs for each in pack.rules] == written
    assert len(written) > 150


def test_days_are_read_by_their_names_and_the_later_line_wins():
    spans = {
        "all": [span("08:00", "00:00")],
        "tue-thu": [span("09:00", "12:00"), span("13:00", "17:30")],
        "sun": [],
        "holiday": [span("10:00", "11:00")],
    }
    read = a_law(law(rule("R", "window", spans=spans)))

    window = read.packs[0].rules[0]

    whole, short = ((8 * 3600, END_OF_DAY),), ((32400, 43200), (46800, 63000))
    assert window.week == (whole, short, short, short, whole, whole, ())
    assert window.holiday_hours == ((36000, 39600),)


@pytest.mark.parametrize(
    ("who", "binds"),
    [
        ({"countries": ["GB", "IE"]}, True),
        ({"countries": ["IE"]}, False),
        ({"regions": ["GB-SCT", "GB-ENG"]}, True),
        ({"regions": ["GB-SCT"]}, False),
        ({"actors": ["agency"]}, True),  # who collects is not known
        ({"creditors": ["beta"]}, False),
        ({}, True),
    ],
)
def test_a_pack_binds_those_it_names_and_everybody_of_whom_too_little_is_known(who, binds):
    read = a_law(law(rule("R", "place_channel"), applies_to=who))

    assert ids(read) == ({"R"} if binds else set())


def test_a_pack_binds_from_its_first_day_and_no_longer_on_the_day_on_which_it_ends():
    read = a_law(
        law(rule("OLD", "place_channel"), effective_to="2026-09-01"),
        law(rule("NEW", "place_channel"), id="new", effective_from="2026-09-01"),
    )

    assert ids(read, on=date(2026, 8, 31)) == {"OLD"}
    assert ids(read, on=date(2026, 9, 1)) == {"NEW"}
    assert ids(read, on=date(2025, 12, 31)) == set()


def test_a_rule_that_names_no_purposes_speaks_of_contacts_and_not_of_debits():
    read = a_law(law(rule("R", "place_channel")))

    assert ids(read, asked=("letter", "reply", "work", "spouse", "manual")) == {"R"}
    assert ids(read, asked=("letter", "debit", "work", "spouse", "manual")) == set()


def test_a_contact_without_a_law_of_its_time_is_not_judged_but_complained_of():
    book = clean_book()
    book.law_changes = []

    with pytest.raises(AuditError, match="no law was in force"):
        audit(book)


def test_a_decision_by_a_law_that_nobody_has_is_named_and_judged_by_the_one_in_force():
    book = clean_book()
    book.chain = []
    first = book.people[0].contacts[0]
    first.law, first.text, book.sends = "law_2", "Hello", None

    found = [(each.rule, each.sends[0]) for each in audit(book).violations]

    assert found == [(rule, first.key) for rule in ("AUDIT-LAW", "STOP-WORDS", "WHO")]


def test_a_law_that_was_put_in_force_and_is_not_there_is_complained_of():
    book = clean_book()
    book.laws = {}

    with pytest.raises(AuditError, match="has no law law_1"):
        audit(book)


def test_an_empty_book_has_nothing_wrong():
    assert str(audit(Book({}))) == "0 sends, 9 rules, 0 violations"


@pytest.mark.parametrize(
    ("says", "text", "missing"),
    [
        ("opt-out", "Reply STOP to end this.", False),
        ("opt-out", "nonstop service", True),
        ("opt-out", "للإيقاف أرسل STOP.", False),
        ("from a debt collector", "هذه الرسالة من جهة تحصيل ديون.", False),
        ("identity", "alpha  BANK writes", False),
        ("identity", "Somebody writes", True),
        ("their language", "Hello", False),
        ("their language", "مرحبا", True),
        ("validation information", "The words of the pack", False),
    ],
)
def test_what_a_text_must_say_is_seen_in_its_words(says, text, missing):
    phrases = {"validation information": ("the words  of the pack",)}

    found = lacks(says, text, phrases=phrases, name="Alpha Bank", language="en")

    assert found == missing


@pytest.mark.parametrize(
    ("says", "text", "told"),
    [
        ("payment link", "Here: https://pay.test/p/x", True),
        ("payment link", "Here: https://a.test/unsubscribe", False),
        ("legal threat", "We may sue you.", True),
        ("legal threat", "We will not sue you.", False),
        ("demand", "Please pay 10.00 USD", True),
        ("demand", "How would you like to pay?", False),
        ("marketing", "A special offer for you", True),
    ],
)
def test_what_a_text_must_not_say_is_seen_in_its_words(says, text, told):
    assert tells(says, text) == told


GOOD = {"id": "SM1.x", "channel": "sms", "to": "+1", "text": "t", "at": "2026-06-01T10:00:00+00:00"}


def test_an_exported_list_is_joined_by_key_or_by_the_id_of_the_message(tmp_path):
    file = tmp_path / "sends.jsonl"
    file.write_text(f"{json.dumps(GOOD)}\n\n{json.dumps(GOOD | {'key': 'own'})}\n")

    sends = read_file(file, {"SM1": "by id"})

    assert [each.key for each in sends] == ["by id", "own"]


@pytest.mark.parametrize("line", ["{", "[]", "{}", json.dumps(GOOD | {"at": "2026-06-01 10:00"})])
def test_a_line_that_is_no_message_is_named(tmp_path, line):
    file = tmp_path / "sends.jsonl"
    file.write_text(f"{json.dumps(GOOD)}\n{line}\n")

    with pytest.raises(SendsError, match=r"sends\.jsonl:2: expected one JSON object"):
        read_file(file, {})
