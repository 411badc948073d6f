from datetime import date

import pytest

from domain.accounts import Hold
from domain.replies import Understood, understand

TODAY = date(2026, 11, 21)

PLAIN = {
    "STOP": Understood.STOP,
    " Stop. ": Understood.STOP,
    "stop please": Understood.STOP,
    "Opt out": Understood.STOP,
    "إيقاف": Understood.STOP,
    "الغاء": Understood.STOP,
    "قف": Understood.STOP,
    "START": Understood.START,
    "unstop": Understood.START,
    "help": Understood.HELP,
    "PLAN": Understood.PLAN,
    "خطة سداد": Understood.PLAN,
    "can I pay in installments?": Understood.PLAN,
    "Instalments please": Understood.PLAN,
    "PAID": Understood.PAID,
    "مدفوع": Understood.PAID,
    "I have already paid this": Understood.PAID,
    "CALL ME": Understood.CALL,
    "اتصل بي": Understood.CALL,
    "not my debt": Understood.DISPUTE,
    "I don\u2019t owe this": Understood.DISPUTE,
    "ليس ديني": Understood.DISPUTE,
    "talk to my lawyer": Understood.ATTORNEY,
    "تحدثوا مع المحامي": Understood.ATTORNEY,
    "I am bankrupt": Understood.BANKRUPTCY,
    "he passed away": Understood.DECEASED,
    "توفي والدي": Understood.DECEASED,
    "I lost my job": Understood.HARDSHIP,
    "لا أستطيع الدفع": Understood.HARDSHIP,
    "who are you?": Understood.MESSAGE,
    "": Understood.MESSAGE,
}


@pytest.mark.parametrize(("words", "meaning"), PLAIN.items())
def test_plain_words_are_understood_in_both_languages(words, meaning):
    assert understand(words, TODAY).meanings == (meaning,)


@pytest.mark.parametrize(
    "words",
    [
        "Stop texting me",
        "don't e-mail me",
        "do not contact me by text",
        "stop contacting me at work",
        "stop contact by phone",
        "don't contact my mother",
        "لا تتصل بي",
    ],
)
def test_a_sentence_that_asks_to_stop_stops_and_is_read_by_a_person(words):
    assert understand(words, TODAY).meanings == (Understood.STOP, Understood.MESSAGE)


@pytest.mark.parametrize(
    "words",
    [
        "Stop contacting me",
        "do not contact me",
        "Please don\u2019t contact me again!",
        "never contact me again",
        "leave me alone",
        "This is a cease and desist letter",
        "CEASE ALL COMMUNICATION",
        "cease all further contact with me",
        "stop all contact",
        "no further communication, please",
        "ما أبغى أي تواصل منكم",
        "لا أريد أي اتصال",
        "اتركوني وشأني",
    ],
)
def test_a_wish_for_no_communication_at_all_ceases_it(words):
    said = understand(words, TODAY)
    assert (said.meanings, said.holds) == ((Understood.CEASE,), (Hold.CEASE,))


@pytest.mark.parametrize(
    "words",
    [
        "stop texting me and leave me alone",
        "do not contact me. Stop calling.",
        "لا تتصلوا بي مرة أخرى",
        "أوقفوا كل الاتصالات",
    ],
)
def test_a_message_that_asks_for_both_counts_as_both(words):
    assert understand(words, TODAY).meanings == (Understood.STOP, Understood.CEASE)


@pytest.mark.parametrize(
    "words",
    [
        "you never contact me back",
        "I got no communication from you",
        "I have not paid",
        "my phone died",
        "the bus stop is closed",
        "can you cancel my order",
        "if I have paid already, tell me",
    ],
)
def test_words_that_only_look_familiar_go_to_a_person(words):
    assert understand(words, TODAY).meanings == (Understood.MESSAGE,)


def test_every_reason_to_stop_counts():
    said = understand("This is not my debt, ask my lawyer, and stop calling", TODAY)
    assert said.holds == (Hold.ATTORNEY, Hold.DISPUTE)
    assert Understood.STOP in said.meanings


@pytest.mark.parametrize(
    ("words", "due"),
    [
        ("PAY ON 2026-12-01", date(2026, 12, 1)),
        ("I will pay on 1 December", date(2026, 12, 1)),
        ("i'll pay on December 5th, 2026", date(2026, 12, 5)),
        ("I promise 25 Nov", date(2026, 11, 25)),
        ("will pay 2 jan", date(2027, 1, 2)),
        ("سأدفع في \u0661 ديسمبر", date(2026, 12, 1)),
        ("I will pay today, 21 November", TODAY),
    ],
)
def test_a_promise_is_taken_when_its_date_can_be_read_in_one_way(words, due):
    said = understand(words, TODAY)
    assert (said.meanings, said.due) == ((Understood.PROMISE,), due)


@pytest.mark.parametrize(
    "words",
    [
        "will pay on 12/01",
        "pay on 2026-13-01",
        "pay on 2026-11-20",
        "pay on 2027-06-01",
        "I will pay on 1 December or 5 December",
        "I will not pay on 1 December",
        "pay on 30 February",
        "will pay soon",
        "see you on 1 December",
    ],
)
def test_a_date_that_is_unsure_past_or_far_away_goes_to_a_person(words):
    said = understand(words, TODAY)
    assert (said.meanings, said.due) == ((Understood.MESSAGE,), None)


def test_an_understanding_reads_as_a_line_for_the_record():
    assert str(understand("stop texting me", TODAY)) == "stop, message"
