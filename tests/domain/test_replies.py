"""What consumers write, and what it is taken to mean."""

from datetime import date

import pytest

from domain.accounts import Hold
from domain.replies import promised_date, understand

TODAY = date(2026, 3, 10)


def meaning(words):
    return str(understand(words, TODAY))


@pytest.mark.parametrize(
    "words", ["STOP", "stop.", "Please stop", "Stop all", "opt out", "UNSUBSCRIBE!", "إيقاف", "قِف"]
)
def test_a_bare_word_stops_and_needs_no_reader(words):
    assert meaning(words) == "stop"
    assert not understand(words, TODAY).needs_reader


@pytest.mark.parametrize(
    "words",
    [
        "Stop texting me, I mean it",
        "stop sending me these messages",
        "STOP STOP",
        "just stop it",
        "do not call me at work",
        "don’t contact me again",  # noqa: RUF001
        "Leave me alone",
        "remove me from your list",
        "no more texts",
        "لا تتصل بي",
    ],
)
def test_a_wish_to_be_left_alone_is_heeded_and_read(words):
    assert meaning(words) == "stop, message"
    assert understand(words, TODAY).needs_reader


@pytest.mark.parametrize(
    ("words", "hold"),
    [
        ("My husband passed away in May", Hold.DECEASED),
        ("he died", Hold.DECEASED),
        ("I filed for chapter 13", Hold.BANKRUPTCY),
        ("talk to my lawyer", Hold.ATTORNEY),
        ("I dispute this", Hold.DISPUTE),
        ("I never owed... I don't owe this", Hold.DISPUTE),
        ("I lost my job", Hold.HARDSHIP),
        ("I can't pay", Hold.HARDSHIP),
        ("لا أستطيع الدفع", Hold.HARDSHIP),
        ("هذا ليس ديني", Hold.DISPUTE),
    ],
)
def test_a_reason_to_stop_the_clock_is_found_anywhere_in_the_text(words, hold):
    understood = understand(words, TODAY)

    assert understood.holds == (hold,)


def test_several_reasons_all_count():
    understood = understand("I lost my job, stop calling me, my attorney will write", TODAY)

    assert understood.holds == (Hold.ATTORNEY, Hold.HARDSHIP)
    assert str(understood) == "stop, attorney, hardship"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("yes", "start"),
        ("HELP", "help"),
        ("plan", "plan"),
        ("Can I pay in installments?", "plan"),
        ("خطة سداد", "plan"),
        ("paid", "paid"),
        ("I've already paid", "paid"),
        ("دفعت", "paid"),
        ("call me tomorrow", "call"),
        ("اتصل بي", "call"),
        ("my phone died", "message"),
        ("I have no plan to pay", "message"),
        ("if I had already paid you", "message"),
        ("", "message"),
        ("who is this?", "message"),
    ],
)
def test_an_answer_is_taken_at_its_plain_word_and_all_else_is_read_by_a_person(words, expected):
    assert meaning(words) == expected


@pytest.mark.parametrize(
    ("words", "due"),
    [
        ("I will pay on 2026-03-20", date(2026, 3, 20)),
        ("will pay on the 1st of April", date(2026, 4, 1)),
        ("I'll pay on March 20th", date(2026, 3, 20)),
        ("I promise, 20 March 2026, really 20 March", date(2026, 3, 20)),
        ("سأدفع ٢٠ مارس", date(2026, 3, 20)),
        ("I will pay on March 10", TODAY),
    ],
)
def test_a_promise_names_one_date(words, due):
    understood = understand(words, TODAY)

    assert (str(understood), understood.due) == ("promise", due)


@pytest.mark.parametrize(
    "words",
    [
        "I will pay on March 20 or April 2",
        "maybe I will pay on March 20",
        "I will pay on February 31",
        "I will pay on 2026-13-01",
        "I will pay on June 1",
        "I will pay on March 9",
        "I will pay on March 9, 2026",
        "I will pay on Friday",
        "March 20 is my birthday",
    ],
)
def test_what_can_be_read_in_two_ways_or_is_too_far_away_is_no_promise(words):
    assert meaning(words) == "message"


def test_at_the_end_of_the_year_a_date_may_be_in_the_next():
    assert promised_date("i will pay on jan 5", date(2026, 12, 20)) == date(2027, 1, 5)
