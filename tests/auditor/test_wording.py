"""What the auditor reads in words: amounts, threats, and disclosures that are denied."""

from datetime import date
from itertools import product

import pytest

from auditor.amounts import largest
from auditor.hearing import is_stop
from auditor.wording import lacks, tells
from compliance import ContactRequest, PersonFacts, load_packs
from compliance.disclosing import disclosures, words_of
from domain.contacts import Channel, Message, Purpose
from domain.money import Money
from domain.plans import monthly
from domain.settlements import Settlement
from providers.messages import Messages, Words
from tests.providers.test_messages import AT, CALLED, EVERY, LINK

PACKS = load_packs()
MESSAGES = Messages(packs=PACKS)
BALANCES = [
    Money(minor=123_456_789, currency="USD"),
    Money(minor=45_001, currency="EUR"),
    Money(minor=1_234_567, currency="JPY"),
    Money(minor=12_345_678, currency="KWD"),
]
COUNTRIES = ("US", "GB", "DE", "CH", "FR", "IN", "SA", "KW", "EG", "MA")
PEOPLE = [
    PersonFacts(country=country, zones=("UTC",), regions=("US-NY",) if country == "US" else ())
    for country in COUNTRIES
]


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("Pay 900.00 USD now", "USD", 90_000),
        ("$1,234.56 is due", "USD", 123_456),
        ("US$900", "USD", 90_000),
        ("Pay now 900.00.", "USD", 90_000),
        ("1.234,56 € sind offen", "EUR", 123_456),
        ("CHF 1’234.50", "CHF", 123_450),  # noqa: RUF001 -- as the Swiss write thousands
        ("₹12,34,567.89", "INR", 123_456_789),
        ("1,250 JPY", "JPY", 1_250),
        ("KWD 1,234.500", "KWD", 1_234_500),
        ("1.250 KWD", "KWD", 1_250),
        ("عليكم مبلغ 1,234.50 ر.س.", "SAR", 123_450),
        ("ادفعوا الآن \u0661\u0662\u0663\u066b\u0664\u0665 ريال", "SAR", 12_345),
        ("3. \u2068250.00\u00a0USD\u2069 on 12 May; 2. 150.00 USD", "USD", 25_000),
        ("Call +12025550100 by 31.12.2026, or pay by 31.12", "USD", None),
        ("Pay in 4 instalments", "JPY", None),
        ("Balance 200 USD 2026-11-30", "USD", 20_000),
        ("Balance 200 USD 2026", "USD", 20_000),
        ("عليكم 200 درهم 2026", "AED", 20_000),
        ("200 USD 4045550123", "USD", 20_000),
        ("On 2026-11-30 USD 900.00 is due", "USD", 90_000),
        ("In May 2026 $900 is due", "USD", 90_000),
        ("Pay by May 12 USD 900.00", "USD", 90_000),
        ("Pay by 12 USD 900", "USD", 90_000),
        ("by 12USD 900 or call", "USD", 90_000),
        ("On the 12 USD 1,250 is due", "USD", 125_000),
        ("Due by 31.12 USD 900", "USD", 90_000),
        ("Due by 31/12 US$ 900", "USD", 90_000),
        ("Due 31.12.2026 USD 900", "USD", 90_000),
        ("Due 31/12/2026 USD 900", "USD", 90_000),
        ("by March 12 USD 900", "USD", 90_000),
        ("by 12 March USD 900", "USD", 90_000),
        ("by 12 Dec. 2026 USD 900", "USD", 90_000),
        ("سددوا قبل 12 درهم 900", "AED", 90_000),
        ("by 12", "USD", None),
        ("by 12 March", "USD", None),
        ("Pay by 31.12.2026", "USD", None),
        ("by 12 USD", "USD", 1_200),
        ("by 45 USD 900", "USD", 4_500),
        ("by 12 USD 2026", "USD", 1_200),
        ("by 12 USD 4045550123", "USD", 1_200),
        ("lowered by 12 USD 900", "USD", 1_200),
        ("down by 12 USD 900", "USD", 1_200),
        ("Market 12 USD 900", "USD", 1_200),
        ("900 US dollars", "USD", 90_000),
        ("200 Egyptian pounds 2026", "EGP", 20_000),
    ],
)
def test_the_largest_amount_in_a_text_is_read_in_minor_units(text, currency, minor):
    assert largest(text, currency) == minor


def test_a_text_that_nobody_can_read_names_no_amount():
    assert largest(None, "USD") is None
    assert largest("900.00 USD", None) is None


@pytest.mark.parametrize(
    ("says", "text"),
    [
        ("opt-out", "We will not STOP."),
        ("opt-out", "You cannot opt out."),
        ("opt-out", "There is no way to unsubscribe."),
        ("opt-out", "لا يمكنكم الإيقاف."),
        ("opt-out", "Stop by our office."),
        ("opt-out", "You can no longer opt out."),
        ("from a debt collector", "This is not from a debt collector."),
        ("from a debt collector", "No debt collector would wait this long."),
        ("from a debt collector", "ليست من جهة تحصيل ديون."),
        ("recording", "This call is never recorded."),
        ("how to dispute", "You can't dispute it."),
    ],
)
def test_what_is_denied_is_not_said(says, text):
    assert lacks(says, text, phrases={}, name="", language="en")


@pytest.mark.parametrize(
    ("says", "text"),
    [
        ("opt-out", "If you do not want this, reply stop."),
        ("opt-out", "To stop e-mails to this address, reply STOP."),
        ("opt-out", "To receive no more texts reply STOP"),
        ("opt-out", "For no further messages text STOP"),
        ("opt-out", "لا نريد إزعاجكم؛ للإيقاف أرسل STOP."),
        ("from a debt collector", "It is no prank: this is from a debt collector."),
    ],
)
def test_a_denial_of_something_else_takes_nothing_back(says, text):
    assert not lacks(says, text, phrases={}, name="", language="en")


@pytest.mark.parametrize(
    ("says", "text"),
    [
        ("demand", "Settle your balance by Friday."),
        ("demand", "Pay the 900 now."),
        ("demand", "ادفع الآن."),
        ("legal threat", "We garnish your wages."),
        ("legal threat", "Court proceedings begin on Monday."),
        ("legal threat", "If you do not pay legal proceedings follow."),
        ("legal threat", "سنتخذ الإجراءات القانونية."),
        ("legal threat", "سنحيل الأمر إلى المحكمة."),
    ],
)
def test_demands_and_threats_are_seen(says, text):
    assert tells(says, text)


@pytest.mark.parametrize(
    ("says", "text"),
    [
        ("demand", "You need not pay anything now."),
        ("demand", "ليس عليكم أن تدفعوا شيئًا الآن."),
        ("legal threat", "We will not take legal action."),
        ("legal threat", "We agree to take no further legal action."),
        ("legal threat", "لن نتخذ إجراءات قانونية."),
    ],
)
def test_a_promise_not_to_is_no_threat_and_no_demand(says, text):
    assert not tells(says, text)


@pytest.mark.parametrize(
    "words",
    [
        "STOP",
        " stop! ",
        "\u200fSTOP\u200e",
        "\u2067STOP\u2069",
        "\ufeffSTOP\u200b",
        "STOP\ufe0f",
        "ＳＴＯＰ",  # noqa: RUF001 -- full width
        "Unsubscribe.",
        "opt-out",
        "إيقاف",
        "\u0627\u0655\u064a\u0642\u0627\u0641",
        "إِيقاف",
        "ایقاف",
        "إيقـــاف",
    ],
)
def test_a_word_that_ends_everything_is_seen_however_it_is_written(words):
    assert is_stop(words)


@pytest.mark.parametrize("words", ["", "stop?", "stop by tomorrow", "I will not stop", "START"])
def test_what_has_to_be_understood_is_left_to_those_who_read(words):
    assert not is_stop(words)


def words(balance):
    """All that a message may tell, about a plan, an offer to settle and a charge that failed."""
    plan = monthly("p1", balance, parts=4, first=date(2026, 12, 1))
    offer = Settlement(
        settlement_id="s1",
        minor=balance.minor // 2,
        balance=balance.minor,
        currency=balance.currency,
        expires=date(2026, 12, 31),
        by="agent",
        zones=("UTC",),
    )
    return Words(
        consumer_name="Layla Haddad",
        creditor_name="Gulf Telecom 24",
        balance=balance,
        due_on=date(2026, 9, 3),
        link=LINK,
        plan=plan,
        instalment=plan.instalments[1],
        left=balance,
        decline_reason="insufficient_funds",
        settlement=offer,
    )


def faults(message: Message, locale: str, balance: Money, person: PersonFacts):
    """What the auditor would say of a message that ships, with all that the law puts into it."""
    asked = ContactRequest(account_id="a", channel=message.channel, purpose=message.purpose)
    bound = disclosures(asked, person, PACKS, AT)
    said = MESSAGES.render(message, locale, words(balance), bound, country=person.country)
    for each in bound:
        if lacks(each.says, said.text, phrases={}, name="Gulf Telecom 24", language=locale):
            yield f"{message} lacks {each.says}: {words_of(each, locale)}"
    forbidden = {"legal threat", "marketing"}
    forbidden |= set() if message.purpose is Purpose.DEMAND else {"demand"}
    yield from (f"{message} says {each}" for each in forbidden if tells(each, said.text))
    named = largest(said.text, balance.currency)
    if named is not None and named > balance.minor:
        yield f"{message} in {locale} for {person.country} names {named} of {balance}"


@pytest.mark.parametrize("locale", ["en", "ar"])
@pytest.mark.parametrize("balance", BALANCES, ids=str)
def test_no_message_that_ships_raises_a_false_alarm(locale, balance):
    every = product([*EVERY, *CALLED], PEOPLE[::3])

    found = [each for message, person in every for each in faults(message, locale, balance, person)]

    assert found == []


@pytest.mark.parametrize("locale", ["en", "ar"])
@pytest.mark.parametrize("balance", BALANCES, ids=str)
def test_in_every_place_the_amount_of_a_message_that_ships_is_read_as_it_was_meant(locale, balance):
    nudge = next(each for each in EVERY if (each.name, each.channel) == ("nudge", Channel.EMAIL))

    for person in PEOPLE:
        said = MESSAGES.render(nudge, locale, words(balance), (), country=person.country)
        assert largest(said.text, balance.currency) == balance.minor, person.country
