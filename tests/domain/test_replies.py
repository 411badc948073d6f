# ruff: noqa: RUF001 -- Arabic letters and digits are meant

from datetime import date, time
from time import process_time
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.accounts import Hold
from domain.contacts import Channel
from domain.people import WEEK, Weekday, Wish
from domain.replies import Understood, understand

TODAY = date(2026, 11, 21)
"""A Saturday."""

PLAIN = {
    "STOP": Understood.STOP,
    " Stop. ": Understood.STOP,
    "stop please": Understood.STOP,
    "Opt out": Understood.STOP,
    "إيقاف": Understood.STOP,
    "الغاء": Understood.STOP,
    "قف": Understood.STOP,
    "أوقف": Understood.STOP,
    "توقفوا": Understood.STOP,
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
        "don't contact my mother",
        "don't call my mother",
        "I revoke my consent",
        "I want to opt out",
        "opt me out",
        "wrong number",
        "cancel these messages",
        "stop all messages",
        "please remove me from your list",
        "delete my number",
        "لا ترسلوا لي",
        "الغاء الاشتراك",
        "احذفوا رقمي",
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
    ("words", "meanings"),
    [
        ("stop messaging me. leave me alone", (Understood.STOP, Understood.CEASE)),
        ("take me off your list and leave me alone", (Understood.STOP, Understood.CEASE)),
        ("stop texting me and leave me alone", (Understood.MEDIUM, Understood.CEASE)),
        ("do not contact me. Stop calling.", (Understood.MEDIUM, Understood.CEASE)),
        ("لا تتصلوا بي مرة أخرى", (Understood.STOP, Understood.MEDIUM, Understood.CEASE)),
        ("أوقفوا كل الاتصالات", (Understood.STOP, Understood.CEASE)),
    ],
)
def test_a_message_that_asks_for_both_counts_as_both(words, meanings):
    assert understand(words, TODAY).meanings == meanings


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
    assert said.media == (Channel.VOICE,)


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
    assert str(understand("remove me from your list", TODAY)) == "stop, message"


WISHED = {
    "not before noon": "wish; from 12:00",
    "Please don't call before noon": "wish; from 12:00",
    "only after 5pm": "wish; from 17:00",
    "after 5pm please": "wish; from 17:00",
    "don't call me in the morning": "wish; from 12:00",
    "not on Sundays": "wish; never sun",
    "No calls on Sundays or Saturdays": "wish; never sat sun",
    "don't contact me before 9 or after 8pm": "wish; from 09:00; to 20:00",
    "never text me at night": "wish; to 17:00",
    "Call me after 5pm": "wish, call; from 17:00",
    "please only call after 6": "wish; from 18:00",
    "call me only on weekdays": "wish; never sat sun",
    "only between 9 and 12": "wish; from 09:00; to 12:00",
    "do not call me between 9 and 5": "wish, message; from 17:00",
    "don't call me before 10am on weekends": "wish; from 10:00; on sat sun",
    "no calls in the afternoon": "wish, message; to 12:00",
    "mornings are bad": "wish; from 12:00",
    "I can't talk before noon": "wish; from 12:00",
    "don't call me today": "wish; never; until 2026-11-21",
    "don't call me on Friday": "wish, message; never fri",
    "لا تتصلوا قبل الظهر": "wish; from 12:00",
    "بعد الساعة ٥": "wish; from 17:00",
    "لا تتصلوا بي قبل الساعة العاشرة صباحًا": "wish; from 10:00",
    "لا تتصلوا يوم الجمعة": "wish; never fri",
    "لا تتصلوا بي أيام الجمعة والسبت": "wish; never fri sat",
    "اتصلوا بي بعد الساعة 5 مساءً فقط": "wish; from 17:00",
    "لا تتصلوا بي في المساء": "wish; to 17:00",
    "بعد الظهر فقط": "wish; from 12:00",
    "only e-mail": "wish; only email",
    "e-mail me instead": "wish; only email",
    "text only": "wish; only sms",
    "Email only please": "wish; only email",
    "please contact me by email only": "wish; only email",
    "I prefer email": "wish; only email",
    "only contact me in writing": "wish; only email letter",
    "Please e-mail me instead of calling": "wish; only email",
    "بالبريد فقط": "wish; only email letter",
    "البريد الإلكتروني فقط": "wish; only email",
    "راسلوني عبر الواتساب فقط": "wish; only whatsapp",
    "never at work": "wish; not at work",
    "don't call my work": "wish; not at work",
    "don't call me at the office": "wish; not at work",
    "stop contacting me at work": "wish; not at work",
    "My employer doesn't allow personal calls": "wish; not at work",
    "لا تتصلوا بي في العمل": "wish; not at work",
    "stop texting and emailing me": "medium; not by sms email",
    "stop texting me": "medium; not by sms",
    "stop calling": "medium; not by voice",
    "don't call me": "medium; not by voice",
    "don't e-mail me": "medium; not by email",
    "do not contact me by text": "medium; not by sms",
    "stop contact by phone": "medium; not by voice",
    "no more texts": "medium; not by sms",
    "no calls please": "medium; not by voice",
    "I no longer wish to receive emails": "medium; not by email",
    "stop all emails and texts": "medium; not by sms email",
    "unsubscribe me from your texts": "medium; not by sms",
    "لا تتصل بي": "stop, medium, message; not by voice",
    "أوقفوا الرسائل النصية": "medium; not by sms",
    "لا أريد مكالمات": "medium; not by voice",
    "لا ترسلوا لي رسائل نصية": "medium; not by sms",
    "stop. not before noon either": "stop, wish; from 12:00",
    "I'll pay on 1 December, don't call me before noon": "wish, promise; from 12:00",
    "not before noon, I work nights": "wish, message; from 12:00",
    "this is not my debt. stop calling me": "medium, dispute; not by voice",
    "stop texting me and leave me alone": "medium, cease; not by sms",
    "Please do not contact me on weekends": "wish; never sat sun",
    "not before 10 and not on Sundays": "wish; from 10:00; never sun",
    "No texts after 8pm please": "wish; to 20:00",
    "don't text or call me before 9am": "wish; from 09:00",
    "Kindly contact me only after 17:30": "wish; from 17:30",
    "please only contact me between 10am and 2pm": "wish; from 10:00; to 14:00",
    "i can't answer the phone at work": "wish; not at work",
    "I'm not allowed to take calls at work": "wish; not at work",
    "evenings only": "wish; from 18:00",
    "weekdays only": "wish; never sat sun",
    "only in the evening please": "wish; from 18:00",
    "Do not email me at my office address": "wish; not at work",
    "don't call me before noon on Sundays": "wish; from 12:00; on sun",
    "do not disturb me before 11": "wish; from 11:00",
    "best time to call is after 6pm": "wish; from 18:00",
    "stop texting me before 9am": "wish; from 09:00",
    "text me after 5pm": "wish; from 17:00",
    "call me between 3 and 5": "wish, call; from 15:00; to 17:00",
    "not today please": "wish; never; until 2026-11-21",
    "don't call my home": "wish; not at home",
    "whatsapp only": "wish; only whatsapp",
    "just email me": "wish; only email",
    "I would prefer to be contacted by letter": "wish; only letter",
    "contact me by email": "wish; only email",
    "use email instead": "wish; only email",
    "call me instead": "wish, call; only voice",
    "letters only": "wish; only letter",
    "only text me": "wish; only sms",
    "please write to me only by post": "wish; only letter",
    "text or email only": "wish; only sms email",
    "please don't call, email me instead": "medium, wish; only email; not by voice",
    "don't call me, only text": "medium, wish; only sms; not by voice",
    "لا تتصلوا بي قبل الساعة 9 صباحا وبعد الساعة 8 مساء": "wish; from 09:00; to 20:00",
    "لا ترسلوا رسائل في الليل": "wish; to 17:00",
    "لا تراسلوني بعد الساعة التاسعة مساءً": "wish; to 21:00",
    "لا تزعجوني في الصباح": "wish; from 12:00",
    "الرجاء عدم الاتصال قبل الظهر": "wish; from 12:00",
    "الرجاء عدم الاتصال بي في العمل": "wish; not at work",
    "تواصلوا معي بعد الساعة السادسة": "wish; from 18:00",
    "كلموني بعد الخامسة فقط": "wish; from 17:00",
    "فقط بعد الساعة ٦ مساءً": "wish; from 18:00",
    "بين الساعة ٤ و ٧ فقط": "wish; from 16:00; to 19:00",
    "أفضل البريد الإلكتروني": "wish; only email",
    "الرجاء التواصل عبر البريد الإلكتروني فقط": "wish; only email",
    "رسائل نصية فقط": "wish; only sms",
    "واتساب فقط": "wish; only whatsapp",
    "تواصلوا معي عبر الإيميل": "wish; only email",
    "لا تتصلوا على رقم العمل": "wish; not at work",
    "لا تتواصلوا معي في المكتب": "wish; not at work",
    "لا تتصلوا بي يوم الأحد": "wish; never sun",
    "لا تراسلوني في عطلة نهاية الأسبوع": "wish; never fri sat sun",
    "ليس قبل الساعة ١٠": "wish; from 10:00",
    "stop sending me texts": "medium; not by sms",
    "stop sending me emails and letters": "medium; not by email letter",
    "I don't want any more texts": "medium; not by sms",
    "don't send me emails": "medium; not by email",
    "stop calling and texting me": "medium; not by sms voice",
    "please stop all calls": "medium; not by voice",
    "stop whatsapping me": "medium; not by whatsapp",
    "unsubscribe me from emails": "medium; not by email",
    "no more visits": "medium; not by visit",
    "quit texting me": "medium; not by sms",
    "end texts": "medium; not by sms",
    "cancel texts": "medium; not by sms",
    "don't text this number": "medium; not by sms",
    "stop emailing this address": "medium; not by email",
    "I revoke my consent to text messages": "medium; not by sms",
    "do not contact me by phone or text": "medium; not by sms voice",
    "never call me": "medium; not by voice",
    "do not ring me again": "medium; not by voice",
    "أوقفوا المكالمات": "medium; not by voice",
    "لا أريد رسائل نصية": "medium; not by sms",
    "أوقفوا الإيميلات والرسائل النصية": "medium; not by sms email",
    "لا تتواصلوا معي عبر الواتساب": "medium; not by whatsapp",
    "لا ترسلوا إيميلات": "medium; not by email",
    "الرجاء عدم الاتصال هاتفيا": "medium; not by voice",
}
"""What people write about how they want to be contacted, and all that is understood of it."""

FRESH = {
    "Please call only in the afternoons": "wish; from 12:00; to 17:00",
    "do not ring before 9 o'clock": "wish; from 09:00",
    "no phone calls after 7 pm thank you": "wish; to 19:00",
    "I sleep during the day, please don't call before 4pm": "wish, message; from 16:00",
    "you may contact me between 6pm and 8pm only": "wish; from 18:00; to 20:00",
    "don't bother me on Saturdays or Sundays": "wish; never sat sun",
    "no messages on Friday please": "wish, message; never fri",
    "Pls don't contact me while I'm at work": "wish; not at work",
    "do not phone my workplace": "wish; not at work",
    "please stop calling my office": "wish; not at work",
    "my job doesn't permit calls": "wish; not at work",
    "contact me via whatsapp only": "wish; only whatsapp",
    "I'd rather you emailed me": "message",
    "Could you please email me instead?": "wish; only email",
    "send letters only": "wish; only letter",
    "text messages only, please": "wish; only sms",
    "please stop texting": "medium; not by sms",
    "Stop all calls and texts immediately": "medium; not by sms voice",
    "I do not wish to be called": "medium; not by voice",
    "take me off your text list": "medium, message; not by sms",
    "please don't send any more emails to this address": "medium; not by email",
    "cease calling me": "medium; not by voice",
    "never text me again": "medium; not by sms",
    "i dont want calls": "medium; not by voice",
    "dont call me": "medium; not by voice",
    "no sms": "medium; not by sms",
    "لا تتصلوا بي بعد الثامنة مساء": "wish; to 20:00",
    "أرجو عدم الاتصال بي أيام الجمعة": "wish; never fri",
    "اتصلوا بي بعد العصر": "call",
    "أرسلوا لي رسائل نصية فقط": "wish; only sms",
    "تواصلوا عبر الإيميل فقط لو سمحتم": "wish; only email",
    "لا تتصلوا بمكتبي": "stop, medium, message; not by voice",
    "توقفوا عن الاتصال بي": "stop, medium, message; not by voice",
    "لا اريد اي مكالمات": "medium; not by voice",
    "من فضلكم لا ترسلوا رسائل بعد الساعة ٩ ليلا": "wish; to 21:00",
    "ما أقدر أرد في الدوام": "message",
    "weekends only please": "wish; never mon tue wed thu fri",
    "not before 8:30am": "wish; from 08:30",
    "after 18:00 only": "wish; from 18:00",
    "Nights are not convenient": "wish; to 17:00",
}
"""Sentences that were written after the patterns: see the test for how many were read in full."""

TRAPS = {
    "busy": "message",
    "can't talk now": "message",
    "I can't talk right now, busy": "message",
    "don't call me now": "message",
    "you called me before noon": "message",
    "I paid after 5pm": "message",
    "the text said only email": "message",
    "I am not at work": "message",
    "I will pay not before 1 December": "message",
    "you never call me before noon": "message",
    "did you not call on Sunday?": "message",
    "I only have email": "message",
    "can you cancel my order": "message",
    "I am never home before noon": "message",
    "I am busy, call me later": "call",
    "I'm driving": "message",
    "I work from 9 to 5": "message",
    "I will call you after 5pm": "message",
    "the bill came after 5pm": "message",
    "only 5 dollars left": "message",
    "I paid before noon on Sunday": "message",
    "my office is closed": "message",
    "I lost my work": "message",
    "can I pay after 5 December": "message",
    "not before 15 days": "message",
    "your text arrived at night": "message",
    "I got your email only today": "message",
    "I only use email for work": "message",
    "you text me at night": "message",
    "is the office open on Sundays?": "message",
    "are you open after 5pm?": "message",
    "email me the invoice": "message",
    "please send me an email": "message",
    "text me the link": "message",
    "do you only accept email?": "message",
    "they call me at work": "message",
    "I never text and drive": "message",
    "متى تفتحون بعد الظهر؟": "message",
    "دفعت بعد الظهر": "message",
    "سأدفع بعد الساعة ٥": "message",
    "أنا في العمل": "message",
    "مشغول الآن": "message",
    "وصلني البريد": "message",
    "why do you call me at work?": "message",
    "I don't work on Sundays": "message",
    "not until Monday": "message",
    "I'll pay after work": "message",
    "I cannot pay before Friday": "hardship",
}
"""Words of hours, places and media that wish for nothing lasting."""


def told(said):
    """An understanding as one line."""
    parts, wish = [str(said)], said.wish
    if wish is not None:
        parts += [f"from {wish.opens:%H:%M}"] if wish.opens else []
        parts += [f"to {wish.closes:%H:%M}"] if wish.closes else []
        parts += [f"on {' '.join(wish.days)}"] if wish.days != WEEK else []
        parts += [f"never {' '.join(wish.never)}"] if wish.never not in {(), WEEK} else []
        parts += ["never"] if wish.never == WEEK else []
        parts += [f"only {' '.join(wish.only)}"] if wish.only else []
        parts += [f"not at {' '.join(wish.not_at)}"] if wish.not_at else []
        parts += [f"until {wish.until}"] if wish.until else []
    parts += [f"not by {' '.join(said.media)}"] if said.media else []
    return "; ".join(parts)


@pytest.mark.parametrize(("words", "expected"), WISHED.items())
def test_a_wish_is_understood_in_both_languages_and_the_rest_goes_to_a_person(words, expected):
    assert told(understand(words, TODAY)) == expected


@pytest.mark.parametrize(("words", "expected"), FRESH.items())
def test_of_40_sentences_not_seen_before_26_were_read_in_full_and_none_was_lost(words, expected):
    """Of the other 14 a person read 13, and one stopped too much.

    Since then the patterns have been widened by them: of the 40, 32 need no reader now.
    """
    assert told(understand(words, TODAY)) == expected


@pytest.mark.parametrize(("words", "expected"), TRAPS.items())
def test_words_of_hours_places_and_media_that_wish_for_nothing_lasting_are_no_wish(words, expected):
    assert told(understand(words, TODAY)) == expected


BESIDE = {
    "STOP and I already paid": "stop, paid",
    "STOP I already paid": "stop, paid",
    "STOP already paid": "stop, paid",
    "Stop, paid": "stop, paid",
    "STOP. I already paid": "stop, paid",
    "STOP!!! I have already paid": "stop, paid",
    '"STOP". I already paid': "stop, paid",
    "STOP \U0001f6d1 I already paid": "stop, paid",
    "STOP\nI already paid": "stop, paid",
    "I already paid\nSTOP": "stop, paid",
    "I already paid. Stop.": "stop, paid",
    "I already paid, please stop": "stop, paid",
    "I already paid please stop": "stop, paid",
    "I already paid so stop": "stop, paid",
    "I said stop. I already paid": "stop, paid",
    "yes stop, I already paid": "stop, paid",
    "Stop, I paid this last week": "stop, message",
    "STOP - I'll pay friday": "stop, message",
    "Please stop. I will pay 50 on Friday": "stop, message",
    "STOP - I will pay on 1 December": "stop, promise",
    "stop please i want a payment plan": "stop, plan",
    "stop please. CALL ME": "stop, call",
    "STOP call me instead": "stop, wish, call; only voice",
    "STOP, only email": "stop, wish; only email",
    "Stop. Not before noon either": "stop, wish; from 12:00",
    "stop and stop calling me": "stop, medium; not by voice",
    "Stop. I dispute this debt": "stop, dispute",
    "stop this is not my debt": "stop, dispute",
    "stop or I will call my lawyer": "stop, attorney",
    "stop because I am bankrupt": "stop, bankruptcy",
    "STOP\u2014I can't pay": "stop, hardship",
    "Stop & leave me alone": "stop, cease",
    "stop you are harassing me": "stop, message",
    "stop wrong number": "stop, message",
    "STOP\nJohn Smith": "stop, message",
    "stop. start": "stop, message",
    "stop. help": "stop, message",
    "Hi\nstop\nthanks": "stop",
    "yes stop": "stop",
    "ok, stop please": "stop",
    "STOP STOP STOP": "stop",
    "stop/end": "stop",
    "STOP CANCEL END QUIT": "stop",
    "STOPALL. I already paid": "stop, paid",
    "Unsubscribe. I already paid": "stop, paid",
    "opt out, I already paid": "stop, paid",
    "Opt-out: I already paid": "stop, paid",
    "CANCEL, I already paid": "stop, paid",
    "cancel and I already paid": "stop, paid",
    "I already paid. Cancel": "stop, paid",
    "Quit. I already paid": "stop, paid",
    "quit I already paid": "stop, paid",
    "END! this is not my debt": "stop, dispute",
    "Revoke. I already paid": "stop, paid",
    "توقف لقد دفعت": "stop, message",
    "توقف ودفعت": "stop, paid",
    "توقف، دفعت": "stop, paid",
    "دفعت. توقف": "stop, paid",
    "دفعت\nإيقاف": "stop, paid",
    "إيقاف. مدفوع": "stop, paid",
    "إلغاء، ليس ديني": "stop, dispute",
    "الغاء. خطة سداد": "stop, plan",
    "أوقف من فضلك دفعت": "stop, paid",
    "أوقفوا، لا أستطيع الدفع": "stop, hardship",
    "قف. ليس ديني": "stop, dispute",
    "قف و لا تتصلوا بي": "stop, medium, message; not by voice",
    "توقفوا، سأدفع في 1 ديسمبر": "stop, promise",
    "لو سمحت، توقف. دفعت": "stop, paid",
    "من فضلك توقف الآن": "stop",
    "الرجاء التوقف": "stop",
    "أوقف الرسائل": "stop, message",
    "توقف عن مراسلتي": "stop, message",
}
"""A word that opts out at the start, or alone in a sentence, and all else that is said."""

OTHERWISE = {
    "stop calling my work": "wish; not at work",
    "stop calling my work. I already paid": "wish, paid; not at work",
    "stop texting me": "medium; not by sms",
    "stop the plan": "message",
    "stop my payments": "message",
    "stop charging my card": "message",
    "stop payment on the check": "message",
    "stop me from losing my house": "message",
    "stop and start the plan again": "message",
    "stop for now": "message",
    "stop by my office": "message",
    "can I stop by your office": "message",
    "I will stop by your office on 1 December": "message",
    "I already paid at the bus stop": "message",
    "the bus stop, it is closed": "message",
    "start/stop dates": "message",
    "I want to pause, stop, or change my plan": "message",
    "I will pay you, and stop": "message",
    "please don't stop the plan": "message",
    "please don't stop. I will pay on 1 December": "message",
    "never stop": "message",
    "stop?": "message",
    "Stop? I already paid": "message",
    "do I text STOP? I already paid": "message",
    "I have already paid stop": "message",
    "If I have paid, stop": "message",
    "when the plan is over, stop": "message",
    "will you stop if I pay on 1 December": "message",
    "end of the month I will pay": "message",
    "end of the month I will pay on 30 November": "promise",
    "In the end, I already paid": "paid",
    "End: 5 December": "message",
    "the end": "message",
    "end my plan. I already paid": "message",
    "cancel my plan": "message",
    "cancel my plan, I already paid": "message",
    "cancel or move my payment": "message",
    "cancel, or move, my payment": "message",
    "cancel order 5": "message",
    "I quit my job": "message",
    "quit my job, want a payment plan": "plan",
    "I quit. I cannot pay": "hardship",
    "توقف راتبي": "message",
    "توقف العمل، لا أستطيع الدفع": "hardship",
    "توقف عن الدفع": "message",
    "إلغاء الخطة": "message",
    "إلغاء الطلب، دفعت": "message",
    "إيقاف الخطة": "message",
    "أوقف الخطة": "message",
    "لا توقف الخطة": "message",
    "إلغاء؟ دفعت": "message",
    "هل إلغاء الخطة ممكن؟": "message",
}
"""The same words where they say something else, or may: whatever is unsure a person reads."""


@pytest.mark.parametrize(("words", "expected"), BESIDE.items())
def test_a_word_that_opts_out_counts_beside_whatever_else_is_said(words, expected):
    assert told(understand(words, TODAY)) == expected


@pytest.mark.parametrize(("words", "expected"), OTHERWISE.items())
def test_the_same_word_in_another_sense_opts_nobody_out(words, expected):
    assert told(understand(words, TODAY)) == expected


@pytest.mark.parametrize(
    "word",
    [
        *("stop", "stopall", "unsubscribe", "opt out", "optout", "opt-out"),
        *("cancel", "end", "quit", "revoke"),
        *("أوقف", "توقف", "قف", "إيقاف", "ايقاف", "إلغاء", "الغاء"),
    ],
)
@pytest.mark.parametrize("said", ["{}. I already paid", "{}, I already paid", "{}\nI already paid"])
def test_every_such_word_opts_out_and_the_claim_to_have_paid_is_heard(word, said):
    for written in (word, word.upper()):
        assert told(understand(said.format(written), TODAY)) == "stop, paid"


def test_a_line_that_a_mail_program_broke_is_one_with_the_next():
    wrapped = "I pay every month, and the interest on what I owe you does not ever\nstop"
    assert told(understand(wrapped, TODAY)) == "message"


def test_a_promise_beside_a_word_that_opts_out_keeps_its_date():
    assert understand("STOP. I will pay on 1 December", TODAY).due == date(2026, 12, 1)


def test_what_is_not_sure_is_kept_at_its_strictest_and_read_by_a_person():
    said = understand("don't call me before 9 on weekdays and before noon on Sundays", TODAY)
    assert said.wish == Wish(
        days=(*WEEK[:5], Weekday.SUN), opens=time(12), only=(), not_at=(), until=None
    )
    assert said.needs_reader


def test_a_wish_for_today_alone_does_not_make_a_lasting_one_pass():
    said = understand("don't call me today and not on Sundays", TODAY)
    assert (said.wish, said.needs_reader) == (Wish(never=(Weekday.SUN,)), True)


def test_a_wish_for_hours_that_leave_nothing_open_is_read_by_a_person():
    said = understand("don't call me before 5pm or after 9am", TODAY)
    assert (said.wish, said.needs_reader) == (Wish(opens=time(17), closes=time(9)), True)


# whatever a keyboard puts between the letters

UNSEEN = (
    "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u2060\u2066\u2068\u2069\u061c\ufeff\u00ad"
)
DRAWN = "\ufe0e\ufe0f\u034f\u064b\u064e\u0651\u0652\u0670\u0640\U000e0101"
STOPPING = (
    *("STOP", "unsubscribe", "please stop", "stop texting me", "do not contact me"),
    *("إيقاف", "أوقفوا الرسائل", "لا تتصلوا بي مرة أخرى", "أرفض الدفع"),
)


@given(
    words=st.sampled_from(STOPPING),
    strewn=st.lists(st.tuples(st.integers(0, 25), st.sampled_from(UNSEEN + DRAWN)), max_size=6),
)
def test_characters_that_nobody_sees_change_nothing_wherever_they_stand(words, strewn):
    written = words
    for place, unseen in strewn:
        written = written[:place] + unseen + written[place:]
    assert understand(written, TODAY) == understand(words, TODAY)


WIDE = {ord(each): ord(each) + 0xFEE0 for each in "STOPstop"}


@given(
    letters=st.tuples(
        *(st.sampled_from([*each, *each.translate(WIDE)]) for each in ("Ss", "Tt", "Oo", "Pp"))
    ),
    between=st.lists(st.text(st.sampled_from(UNSEEN + DRAWN), max_size=3), min_size=5, max_size=5),
    ended=st.sampled_from(["", "!", ".", " please", "\n\nJo", ". I already paid"]),
)
def test_stop_in_any_case_and_width_is_an_opt_out(letters, between, ended):
    first, *rest = between
    word = first + "".join(map("".join, zip(letters, rest, strict=True)))
    assert Understood.STOP in understand(word + ended, TODAY).meanings


@given(
    between=st.lists(st.text(st.sampled_from(UNSEEN + DRAWN), max_size=3), min_size=5, max_size=5),
    form=st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]),
    ended=st.sampled_from(["", "!", "،", " من فضلكم", ". دفعت"]),
)
def test_the_arabic_word_to_stop_is_an_opt_out_in_any_form(between, form, ended):
    word = "".join(map("".join, zip(between, "إيقاف", strict=True)))
    assert Understood.STOP in understand(normalize(form, word) + ended, TODAY).meanings


PIECES = st.sampled_from(
    [
        *("not ", "my ", "lawyer ", "I ", "dispute ", "stop", "before ", "5", "/", ". ", "\n"),
        *("لا ", "محامي ", "أوقف", "بين ", "و", "٥", "?", "pay on ", "31 feb", "9999-12-31 "),
        "between 25 and 1 ",
    ]
)


@given(st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=20).map("".join)))
def test_whatever_is_written_is_understood_as_something(words):
    said = understand(words, TODAY)
    assert said.meanings
    assert (said.due is not None) == (Understood.PROMISE in said.meanings)


@pytest.mark.parametrize(
    "part", ["my lawyer friend ", "not to ", "no ", "can't pay online ", "لا أريد ", "أنا محامي "]
)
def test_no_message_takes_longer_than_its_length_does(part):
    begun = process_time()
    assert understand(part * (20_000 // len(part)), TODAY).meanings
    assert process_time() - begun < 2


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
@pytest.mark.parametrize("words", STOPPING)
def test_a_letter_may_be_written_in_parts(words, form):
    assert understand(normalize(form, words), TODAY) == understand(words, TODAY)


@pytest.mark.parametrize(
    "words",
    [
        *("ＳＴＯＰ", "S T O P", "s.t.o.p.", "S-T-O-P", "STOPP", "ARRÊT", "arret", "ALTO!"),
        *("إ\u06ccقاف", "\ufe87\ufef3\ufed8\ufe8e\ufed1", "كفى", "ک\u0641ى", "opt\u2011out"),
    ],
)
def test_a_word_to_stop_is_heard_in_other_spellings(words):
    assert understand(words, TODAY).meanings == (Understood.STOP,)


@pytest.mark.parametrize("apostrophe", "'\u2019\u2018\u02bc\u00b4`\uff07")
def test_any_apostrophe_will_do(apostrophe):
    said = understand(f"don{apostrophe}t contact me again", TODAY)
    assert said.meanings == (Understood.CEASE,)


@pytest.mark.parametrize("words", ["a l t o clef", "i o u", "alto saxophone", "arret maladie"])
def test_letters_that_spell_another_word_stop_nothing(words):
    assert understand(words, TODAY).meanings == (Understood.MESSAGE,)


# reasons to stop, and what only looks like one


@pytest.mark.parametrize(
    "words",
    [
        "I refuse to pay this debt.",
        "I won't pay",
        "i wont pay you",
        "I am not going to pay this",
        "We're not paying.",
        "Not paying this bill",
        "I have no intention of paying",
        "لن أدفع",
        "لن أسدد لكم شيئا",
        "أرفض الدفع",
        "أرفض دفع هذا المبلغ",
        "ما راح أدفع",
    ],
)
def test_a_refusal_to_pay_in_writing_ceases_contact(words):
    assert understand(words, TODAY).meanings == (Understood.REFUSAL,)


@pytest.mark.parametrize(
    "words",
    [
        "I won't pay this, my husband will",
        "I'm not paying you, I'm paying the bank directly",
        "Rest assured there's no risk that I will not pay",
        "I won't pay it again",
        "So this month I'm not paying anything, great",
        "I'm not paying this because I already paid it",
        "my ex said I'm not paying",
        "Thanks, then I won't pay it",
        "I'm not paying. Just kidding!",
        "I will never pay you a cent, do your worst",
        "لا أرفض الدفع",
        "لم أقل لن أدفع",
        "هل تظنون أنني لن أدفع",
        "لن أدفع، زوجي سيدفع",
        "I won't pay until Friday",
        "I refuse to pay more than 50",
        "I won't pay twice",
        "I won't pay this week",
        "I won't pay the late fee",
        "I refuse to pay by phone",
        "I won't pay today but I will on Friday",
        "if you don't fix it I won't pay",
        "I won't pay unless you send a receipt",
        "I refuse to pay all of it. Take half",
        "I won't pay, I'd rather settle for half",
        "What happens if I refuse to pay?",
        "Can I refuse to pay?",
        "I'm not saying I won't pay",
        "I never said I won't pay",
        "my boss won't pay me",
        "I won't be able to pay by card",
        "لن أدفع حتى الجمعة",
        "لن أدفع أكثر من 50",
        "لن أدفع الآن",
        "إذا لم تردوا لن أدفع",
        "أرفض الدفع نقدا",
    ],
)
def test_a_refusal_for_now_in_part_or_under_a_condition_is_read_by_a_person(words):
    assert understand(words, TODAY).meanings == (Understood.MESSAGE,)


REASONS = {
    "Please verify this debt": Hold.DISPUTE,
    "validate the alleged debt": Hold.DISPUTE,
    "I request validation": Hold.DISPUTE,
    "please send debt validation": Hold.DISPUTE,
    "send me proof of the debt": Hold.DISPUTE,
    "prove that I owe this": Hold.DISPUTE,
    "who is the original creditor?": Hold.DISPUTE,
    "tell me the name of the original creditor": Hold.DISPUTE,
    "my identity was stolen": Hold.DISPUTE,
    "this is identity theft": Hold.DISPUTE,
    "it is statute barred": Hold.DISPUTE,
    "the debt is time-barred": Hold.DISPUTE,
    "أثبتوا هذا الدين": Hold.DISPUTE,
    "من هو الدائن الأصلي؟": Hold.DISPUTE,
    "سرقت هويتي": Hold.DISPUTE,
    "سقط الدين بالتقادم": Hold.DISPUTE,
    "I'm in a breathing space": Hold.BREATHING_SPACE,
    "StepChange is helping me": Hold.ADVISER,
    "I have a debt adviser": Hold.ADVISER,
    "I am on a debt management plan": Hold.ADVISER,
    "عندي مستشار ديون": Hold.ADVISER,
    "I am insolvent": Hold.BANKRUPTCY,
    "I have entered into an IVA": Hold.BANKRUPTCY,
    "a debt relief order was made": Hold.BANKRUPTCY,
    "أنا معسر": Hold.BANKRUPTCY,
}


@pytest.mark.parametrize(("words", "hold"), REASONS.items())
def test_a_challenge_a_protection_or_an_adviser_stops_the_clock(words, hold):
    assert understand(words, TODAY).holds == (hold,)


@pytest.mark.parametrize(
    "words",
    [
        "I need a verification code",
        "I need verification of my payment",
        "Can you send me the verification again",
        "I need your help with the verification page",
        "thanks for the debt advice",
        "I want to set up a debt management plan with you",
        "I am not bankrupt",
        "We're not insolvent",
        "لست مفلسا",
        "I got your validation notice",
        "I want to verify my account",
        "I will verify the debt with my bank",
        "I have verified the debt",
        "The original creditor was Visa",
        "here is proof of payment",
        "I can prove I sent it",
        "my card was stolen",
        "I don't have a debt adviser",
        "do you offer debt advice?",
        "a step change in my life",
        "is IVA included",
        "معي إثبات السداد",
        "بعد توفير المبلغ",
    ],
)
def test_words_that_only_look_like_a_reason_go_to_a_person(words):
    assert understand(words, TODAY).meanings == (Understood.MESSAGE,)
