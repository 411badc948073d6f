"""Planted violations: the auditor names exactly the rule and the send, and nothing else."""

from dataclasses import replace
from datetime import date, time, timedelta

import pytest

from auditor import audit
from auditor.book import Heard, HeldFrom, Over, Profile, Refusal, Send, Wish
from tests.auditor.books import (
    LAW,
    LOS_ANGELES,
    MAIL,
    NEW_YORK,
    PHONE,
    WORDS,
    at,
    chain,
    clean_book,
    contact,
    debit,
    linked,
    milestone,
    sent,
)


def test_a_clean_book_has_no_violations():
    report = audit(clean_book())

    assert report.violations == ()
    assert str(report) == "8 sends, 28 rules, 0 violations"


def one(book):
    return book.people[0]


def profile(book, **more):
    one(book).profiles = [replace(one(book).profiles[0], **more)]


# Each plants one fault, and returns the key of the send that the auditor has to name.


def before_hours(book):
    sent(book, contact("bad", "2026-06-09 07:59:59"))


def at_closing(book):
    sent(book, contact("bad", "2026-06-09 21:00"))


def morning_of_the_clock_change(book):
    sent(book, contact("bad", "2026-11-01 07:30", "letter"))


def too_early_in_the_other_zone(book):
    profile(book, zones=(NEW_YORK,))
    one(book).profiles = [
        *one(book).profiles,
        Profile((LOS_ANGELES, NEW_YORK), "US", known_from=at("2026-06-08 12:00")),
    ]
    sent(book, contact("bad", "2026-06-09 10:59"))


def on_a_holiday(book):
    sent(book, contact("bad", "2026-07-03 12:00"))


def in_a_year_nobody_looked_at(book):
    sent(book, contact("bad", "2027-01-05 12:00", "letter"))


def at_an_unwished_time(book):
    profile(book, wishes=(Wish(opens=time(12)),), known_from=at("2026-06-08 00:00"))
    one(book).profiles = [Profile((NEW_YORK,), "US"), *one(book).profiles]
    sent(book, contact("bad", "2026-06-09 11:00"))


def one_call_too_many_about_the_debt(book):
    for number in (3, 4):
        sent(book, contact(f"more {number}", f"2026-06-0{number} 14:00", "voice", account="b"))
    sent(book, contact("third", "2026-06-05 09:00", "voice"))
    sent(book, contact("bad", "2026-06-08 20:00", "voice"))


def one_mail_too_many_for_the_person(book):
    sent(book, contact("second", "2026-06-08 09:00", "email", account="b"))
    sent(book, contact("bad", "2026-06-11 20:00", "email"))


def one_too_many_to_the_number(book):
    sent(book, contact("other", "2026-06-20 09:00", "whatsapp", address="+12125550199"))
    sent(book, contact("bad", "2026-07-05 20:00", "whatsapp"))


def one_too_many_in_the_month(book):
    sent(book, contact("bad", "2026-06-30 10:00", "chat"))


def too_soon_after_they_talked(book):
    inbound = contact("they called", "2026-06-10 09:15", "voice", inbound=True)
    inbound.status = "conversation"
    sent(book, inbound)
    sent(book, contact("bad", "2026-06-16 20:00", "voice"))


def too_soon_after_the_notice(book):
    one(book).milestones = [
        *one(book).milestones,
        milestone("written notice sent", "2026-06-08 10:00"),
    ]
    sent(book, contact("bad", "2026-06-13 10:00", "visit"))


def after_a_stop_to_the_number(book):
    one(book).optouts = [Refusal(at("2026-06-08 12:00"), None, "sms", PHONE)]
    sent(book, contact("bad", "2026-06-08 12:01"))


def after_a_refusal_of_the_medium(book):
    one(book).optouts = [Refusal(at("2026-06-08 12:00"), at("2026-06-20 12:00"), "sms")]
    sent(book, contact("bad", "2026-06-20 11:00"))


def after_a_refusal_of_everything(book):
    one(book).optouts = [Refusal(at("2026-06-30 12:00"))]
    sent(book, contact("bad", "2026-07-01 12:00", "letter"))


def by_machine_after_a_stop_by_text(book):
    one(book).optouts = [Refusal(at("2026-06-08 12:00"), None, "sms")]
    sent(book, contact("bad", "2026-06-20 12:00", "voice", dial="automatic"))


def under_a_hold_with_dates(book):
    one(book).holds = [
        HeldFrom(
            "breathing space",
            at("2026-06-07 12:00"),
            starts=date(2026, 6, 9),
            ends=date(2026, 6, 15),
        )
    ]
    sent(book, contact("before", "2026-06-08 12:00"))
    sent(book, contact("bad", "2026-06-15 20:30"))
    sent(book, contact("after", "2026-06-16 08:00"))


def for_a_part_that_is_held(book):
    one(book).holds = [HeldFrom("dispute", at("2026-06-07 12:00"), account="a", part=20_000)]
    sent(book, contact("less", "2026-06-08 12:00", demanded=70_000))
    sent(book, contact("bad", "2026-06-09 12:00", demanded=70_001))


def after_a_cease(book):
    one(book).holds = [HeldFrom("cease and desist", at("2026-07-01 12:00"), account="a")]
    sent(book, contact("notice", "2026-07-02 10:00", purpose="remedy notice"))
    sent(book, contact("bad", "2026-07-04 10:00", purpose="remedy notice"))


def at_work(book):
    sent(book, contact("bad", "2026-06-09 12:00", "voice", place="work"))


def by_a_visit(book):
    sent(book, contact("bad", "2026-06-09 12:00", "visit", place="home"))


def by_an_unwished_way(book):
    profile(book, wishes=(Wish(only=frozenset({"email"})),), known_from=at("2026-07-01 00:00"))
    one(book).profiles = [Profile((NEW_YORK,), "US"), *one(book).profiles]
    sent(book, contact("bad", "2026-07-02 11:00"))


def to_a_dead_address(book):
    one(book).dead = [Refusal(at("2026-06-07 12:00"), None, "sms", PHONE)]
    sent(book, contact("bad", "2026-06-09 11:00"))


def without_a_consent(book):
    given = replace(one(book).milestones[0], until=at("2026-06-05 00:00"))
    one(book).milestones = [given, *one(book).milestones[1:]]
    sent(book, contact("bad", "2026-06-09 11:00"))


def with_a_check_that_is_too_old(book):
    sent(book, contact("on the last day", "2026-07-19 11:00"))
    sent(book, contact("bad", "2026-07-20 11:00"))


def without_a_way_to_opt_out(book):
    sent(book, contact("bad", "2026-06-09 11:00", text="From a debt collector."))


def without_saying_who_writes(book):
    sent(book, contact("bad", "2026-06-09 11:00", text="Reply STOP to opt out."))


def with_a_way_to_pay_in_a_breathing_space(book):
    one(book).holds = [HeldFrom("breathing space", at("2026-07-01 12:00"))]
    link = f"{WORDS} https://pay.example.test/1"
    sent(book, contact("bad", "2026-07-02 11:00", purpose="reply", text=link))


def with_no_decision(book):
    sent(book, contact("bad", "2026-06-09 11:00", allowed=False))


def refused_and_sent_all_the_same(book):
    sent(book, contact("bad", "2026-06-09 11:00", status="refused"))


def twice(book):
    sent(book, contact("bad", "2026-06-09 11:00"))
    book.sends = [*book.sends, replace(book.sends[-1], id="again")]


def to_another_address(book):
    sent(book, contact("bad", "2026-06-09 11:00"))
    book.sends = [*book.sends[:-1], replace(book.sends[-1], to="+12125550177")]


def after_it_was_paid(book):
    book.over = {"a": [Over(at("2026-07-01 12:00"), "paid")]}
    sent(book, contact("bad", "2026-07-01 12:01"))


def after_its_journey_closed(book):
    book.over = {"a": [Over(at("2026-07-01 12:00"), "closed", own_time=True)]}
    sent(book, contact("bad", "2026-07-01 12:01"))


def with_no_contact_on_record(book):
    extra = Send("bad", "email", MAIL, WORDS, at("2026-06-09 11:00"))
    book.sends = [*book.sends, extra]


def altered(book, **changes):
    """The chain of a book, with its fourth decision changed."""
    rows = chain(*one(book).contacts)
    book.chain = linked(*rows[:3], replace(rows[3], **changes), *rows[4:])
    return "call 2"


def by_an_altered_decision(book):
    body = chain(*one(book).contacts)[3].body
    return altered(book, body=body.replace("allow", "alloW"), verdict="alloW")


def by_a_decision_that_cannot_be_read(book):
    return altered(book, body="{")


def by_a_decision_that_was_taken_out(book):
    book.chain = [*book.chain[:3], *book.chain[4:]]
    return "call 3"


def by_a_decision_whose_row_says_something_else(book):
    return altered(book, verdict="deny")


def of_another_law(book, name):
    """The same book, of which one decision goes by another law."""
    one(book).contacts = [*one(book).contacts, contact("bad", "2026-06-09 11:00")]
    book.sends = None
    book.laws |= {"law_0": LAW, "law_2": LAW}
    book.law_changes = [
        (None, "law_0"),
        (at("2026-05-01 12:00"), "law_1"),
        (at("2026-12-01 12:00"), "law_2"),
    ]
    rows = chain(*one(book).contacts)
    *before, stray = linked(*rows)
    book.chain = [*before, replace(stray, law=name)]


def by_a_law_that_had_been_replaced(book):
    of_another_law(book, "law_0")


def by_a_law_that_was_put_in_force_later(book):
    of_another_law(book, "law_2")


def by_a_law_that_was_never_in_force(book):
    of_another_law(book, "law_3")


def a_debit_in_a_bankruptcy(book):
    one(book).holds = [HeldFrom("bankruptcy", at("2026-06-08 12:00"), account="a")]
    sent(book, debit("before", "2026-06-08 11:00"))
    sent(book, debit("bad", "2026-06-08 12:01"))


def a_debit_too_many(book):
    sent(book, debit("succeeded", "2026-06-08 10:00", status="paid"))
    sent(book, debit("first", "2026-06-08 11:00"))
    sent(book, debit("second", "2026-06-10 11:00"))
    sent(book, debit("of another debt", "2026-06-10 12:00", account="b"))
    sent(book, debit("bad", "2026-07-07 23:59"))


def a_debit_that_nobody_authorised(book):
    card = milestone("credit card charged", "2026-06-08 11:00", until=at("2026-06-08 11:01"))
    one(book).milestones = [*one(book).milestones[:2], card]
    sent(book, debit("of a credit card", "2026-06-08 11:00"))
    sent(book, debit("bad", "2026-06-09 11:00"))


def a_debit_of_a_part_that_is_held(book):
    one(book).holds = [HeldFrom("dispute", at("2026-06-07 12:00"), account="a", part=20_000)]
    sent(book, debit("less", "2026-06-08 12:00", demanded=70_000))
    sent(book, debit("bad", "2026-06-09 12:00", demanded=70_001))


def a_debit_with_no_decision(book):
    sent(book, debit("bad", "2026-06-09 11:00", allowed=False))


def a_debit_of_more_than_is_owed(book):
    sent(book, debit("all", "2026-06-08 11:00", demanded=90_000))
    sent(book, debit("bad", "2026-06-09 11:00", demanded=90_001))


def a_debit_after_it_was_paid(book):
    book.over = {"a": [Over(at("2026-07-01 12:00"), "paid")]}
    sent(book, debit("bad", "2026-07-01 12:01"))


def says(book, words, **more):
    sent(book, contact("bad", "2026-06-09 11:00", text=f"{WORDS}\n{words}", **more))


def with_words_that_deny_a_way_to_opt_out(book):
    text = "From a debt collector. We will not STOP."
    sent(book, contact("bad", "2026-06-09 11:00", text=text))


def with_words_that_deny_who_writes(book):
    text = "This is not from a debt collector. Reply STOP to opt out."
    sent(book, contact("bad", "2026-06-09 11:00", text=text))


def with_a_threat(book):
    says(book, "We shall garnish your wages.")


def with_a_threat_in_arabic(book):
    says(book, "سنتخذ الإجراءات القانونية بحقكم.")


def that_names_more_than_is_owed(book):
    sent(book, contact("part", "2026-06-08 11:00", text=f"{WORDS}\nPay 900.00 USD"))
    says(book, "Pay now 900.01.")


def that_names_more_than_the_decision_knew(book):
    says(book, "عليكم 1,234.500 د.ك.", currency="KWD", balance=1_234_499, owed=9_000_000)


def that_names_a_part_that_is_held(book):
    one(book).holds = [HeldFrom("dispute", at("2026-06-07 12:00"), account="a", part=20_000)]
    says(book, "Pay now $900.00.", demanded=70_000)


def heard(book, key, words, *refusals, channel="sms"):
    said = Heard(key, "a", channel, words, at("2026-07-08 12:00"), refusals)
    book.heard = [*book.heard, said]


def after_a_stop_that_nobody_heard(book):
    heard(book, "noted", "Stop!", Refusal(at("2026-07-08 12:00"), None, "sms", PHONE))
    heard(book, "stood", "unsubscribe", Refusal(at("2026-01-01 12:00")), channel="email")
    heard(book, "taken back", "STOP", Refusal(at("2026-07-08 12:00"), at("2026-07-08 12:01")))
    heard(book, "something else", "stop by tomorrow")
    too_late = Refusal(at("2026-07-08 12:02"), None, "sms", PHONE)
    heard(book, "bad", "\u200f\u0625\u064a\u0642\u0627\u0641", too_late)


PLANTED = (
    (before_hours, "HOURS"),
    (at_closing, "HOURS"),
    (morning_of_the_clock_change, "HOURS"),
    (too_early_in_the_other_zone, "HOURS"),
    (on_a_holiday, "HOLIDAY"),
    (in_a_year_nobody_looked_at, "HOLIDAY"),
    (at_an_unwished_time, "WISHES"),
    (one_call_too_many_about_the_debt, "CALLS"),
    (one_mail_too_many_for_the_person, "MAILS"),
    (one_too_many_to_the_number, "NUMBER"),
    (one_too_many_in_the_month, "MONTH"),
    (too_soon_after_they_talked, "TALKED"),
    (too_soon_after_the_notice, "WAIT"),
    (after_a_stop_to_the_number, "REFUSED"),
    (after_a_refusal_of_the_medium, "REFUSED"),
    (after_a_refusal_of_everything, "REFUSED"),
    (by_machine_after_a_stop_by_text, "MACHINE"),
    (under_a_hold_with_dates, "SPACE"),
    (for_a_part_that_is_held, "PART"),
    (after_a_cease, "CEASE"),
    (at_work, "WORK"),
    (by_a_visit, "NO-VISIT"),
    (by_an_unwished_way, "WAY"),
    (to_a_dead_address, "DEAD"),
    (without_a_consent, "CONSENT"),
    (with_a_check_that_is_too_old, "CHECK"),
    (without_a_way_to_opt_out, "STOP-WORDS"),
    (without_saying_who_writes, "WHO"),
    (with_a_way_to_pay_in_a_breathing_space, "NO-LINK"),
    (with_no_decision, "AUDIT-UNDECIDED"),
    (refused_and_sent_all_the_same, "AUDIT-UNDECIDED"),
    (twice, "AUDIT-TWICE"),
    (to_another_address, "AUDIT-ADDRESS"),
    (after_it_was_paid, "AUDIT-OVER"),
    (after_its_journey_closed, "AUDIT-OVER"),
    (with_no_contact_on_record, "AUDIT-UNRECORDED"),
    (by_an_altered_decision, "AUDIT-CHAIN"),
    (by_a_decision_that_cannot_be_read, "AUDIT-CHAIN"),
    (by_a_decision_that_was_taken_out, "AUDIT-CHAIN"),
    (by_a_decision_whose_row_says_something_else, "AUDIT-CHAIN"),
    (by_a_law_that_had_been_replaced, "AUDIT-LAW"),
    (by_a_law_that_was_put_in_force_later, "AUDIT-LAW"),
    (by_a_law_that_was_never_in_force, "AUDIT-LAW"),
    (a_debit_in_a_bankruptcy, "NO-DEBIT"),
    (a_debit_too_many, "TRIES"),
    (a_debit_that_nobody_authorised, "WRITTEN"),
    (a_debit_of_a_part_that_is_held, "PART"),
    (a_debit_with_no_decision, "AUDIT-UNDECIDED"),
    (a_debit_of_more_than_is_owed, "AUDIT-AMOUNT"),
    (a_debit_after_it_was_paid, "AUDIT-OVER"),
    (with_words_that_deny_a_way_to_opt_out, "STOP-WORDS"),
    (with_words_that_deny_who_writes, "WHO"),
    (with_a_threat, "NO-THREAT"),
    (with_a_threat_in_arabic, "NO-THREAT"),
    (that_names_more_than_is_owed, "AUDIT-AMOUNT"),
    (that_names_more_than_the_decision_knew, "AUDIT-AMOUNT"),
    (that_names_a_part_that_is_held, "PART"),
    (after_a_stop_that_nobody_heard, "AUDIT-UNHEARD"),
)


@pytest.mark.parametrize(
    ("plant", "rule"), PLANTED, ids=[f"{plant.__name__}" for plant, _ in PLANTED]
)
def test_a_planted_violation_is_named_with_its_send_and_nothing_else_is(plant, rule):
    book = clean_book()

    key = plant(book) or "bad"

    found = [(each.rule, each.sends[0]) for each in audit(book).violations]
    assert found == [(rule, key)]


def test_who_decided_by_a_law_that_was_not_in_force_is_judged_by_the_one_that_was():
    book = clean_book()
    of_another_law(book, "law_0")
    bad = one(book).contacts[-1]
    bad.law, bad.at = "law_0", at("2026-06-09 03:00")
    book.laws["law_0"] = '{"packs": [], "calendars": []}'

    assert [each.rule for each in audit(book).violations] == ["HOURS", "AUDIT-LAW"]


def test_a_wait_that_was_slept_through_under_a_law_since_replaced_is_no_fault():
    book = clean_book()
    of_another_law(book, "law_0")
    *before, stray = book.chain
    book.chain = [*before, replace(stray, slept=True)]

    assert audit(book).violations == ()


def test_a_decision_that_waited_for_the_person_may_find_a_law_that_is_younger_than_itself():
    book = clean_book()
    since, half_a_minute = at("2026-06-01 08:00"), timedelta(seconds=30)
    book.laws["law_0"] = LAW
    book.law_changes = [(None, "law_0"), (since + half_a_minute, "law_1")]

    assert audit(book).violations == ()


def test_calls_that_nobody_asked_the_gate_about_are_counted_and_held_against_the_law():
    book = clean_book()
    sent(book, contact("bad", "2026-06-12 07:00", "voice", unasked=True))
    sent(book, debit("taken", "2026-06-12 09:00"))

    report = audit(book)

    assert [each.rule for each in report.violations] == ["HOURS"]
    told = "9 sends, 1 debits, 1 calls without a permit, 31 rules, 1 violations"
    assert str(report) == told
