"""Messages: every template in both languages, what the law adds, and how mistakes are told."""

import re
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from compliance import ContactRequest, PastContact, PersonFacts, Said, load_packs
from compliance.disclosing import disclosures, said, words_of
from compliance.packs import Pack, Packs
from domain.contacts import Channel, Message, Purpose, email, sms, voice
from domain.contracts import Authority
from domain.money import Money
from domain.people import Milestone, MilestoneKind
from domain.plans import monthly
from domain.settlements import Settlement
from providers.messages import FOLDER, MessageError, Messages, Words
from sandbox.segments import segments

AT = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
LINK = "https://pay.tahsil.example/p/Ab3dE6gH9k"
PACKS = load_packs()
MESSAGES = Messages(packs=PACKS)
PLAN = monthly("p1", Money(minor=45_001, currency="USD"), parts=4, first=date(2026, 12, 1))
WORDS = Words(
    consumer_name="Layla Haddad",
    creditor_name="Gulf Telecom",
    balance=Money(minor=45_001, currency="USD"),
    due_on=date(2026, 9, 3),
    link=LINK,
    plan=PLAN,
    instalment=PLAN.instalments[1],
    left=Money(minor=45_001, currency="USD"),
    decline_reason="insufficient_funds",
)
SOURCES = " ".join(file.read_text() for file in FOLDER.parent.glob("*.py"))
SENT = {
    Message(channel=Channel(c), name=n) for c, n in re.findall(r'(sms|email)\("(\w+)"', SOURCES)
}
CALLED = [voice(name) for name in re.findall(r'voice\("(\w+)"', SOURCES)]
OFFERED = re.findall(r'offered\(account, \w+, "(\w+)"\)', SOURCES)
EVERY = sorted(SENT | {make(name) for name in OFFERED for make in (sms, email)}, key=str)
TEXTS = [message for message in EVERY if message.channel is Channel.SMS]
MAILS = [message for message in EVERY if message.channel is Channel.EMAIL]
ABOUT_AN_INSTALMENT = {
    *("instalment_due", "instalment_reminder", "instalment_failed", "instalment_missed"),
    "hardship_missed",
}
ABOUT_A_PLAN = {"plan_offer", "fresh_offer", "hardship_plan"}
ABOUT_NO_AMOUNT = {"hardship_means"}
ZONES = {"US": "America/New_York", "SA": "Asia/Riyadh", "NZ": "Pacific/Auckland"}


def someone(country: str = "US", **known) -> PersonFacts:
    return PersonFacts(country=country, zones=(ZONES.get(country, "UTC"),), **known)


def bound_by(message: Message, facts: PersonFacts, at: datetime = AT, packs: Packs = PACKS):
    request = ContactRequest(account_id="acc_1", channel=message.channel, purpose=message.purpose)
    return disclosures(request, facts, packs, at)


def render(message: Message, locale: str = "en", words: Words = WORDS, country: str = "US"):
    bound = bound_by(message, someone(country))
    return MESSAGES.render(message, locale, words, bound, country=country)


def contacted() -> PersonFacts:
    past = PastContact(key="k", account_id="acc_1", channel=Channel.SMS, at=AT - timedelta(days=9))
    return someone(contacts=(past,))


def without_marks(text: str) -> str:
    return re.sub("[\u200e\u200f\u2068\u2069]", "", text).replace("\u00a0", " ")


def amount_in(message: Message) -> str:
    if message.name in ABOUT_NO_AMOUNT:
        return ""
    if message.name in ABOUT_AN_INSTALMENT or message.name in ABOUT_A_PLAN:
        return "112.50"
    return "450.01"


def test_every_message_that_a_journey_sends_has_words():
    every = [*EVERY, *CALLED]
    assert len(every) == 32
    MESSAGES.check(every)
    assert {f"{each.name}.{each.channel}" for each in every} == set(MESSAGES.names())


@pytest.mark.parametrize("locale", ["en", "ar"])
@pytest.mark.parametrize("message", CALLED, ids=str)
def test_a_call_has_words_that_say_who_calls_why_and_what_can_be_done(message, locale):
    script = render(message, locale)

    assert "Layla Haddad" in script.text
    assert "Gulf Telecom" in script.text
    assert "112.50" in without_marks(script.text)
    assert "450.01" in without_marks(script.text)
    assert LINK not in script.text
    assert script.subject is None
    assert script.html is None


@pytest.mark.parametrize("locale", ["en", "ar"])
@pytest.mark.parametrize(
    "message",
    [sms("nudge"), sms("last_nudge"), email("nudge"), email("invoice_firm"), voice("broken_plan")],
    ids=str,
)
def test_an_offer_to_settle_is_told_while_it_is_open_and_only_then(message, locale):
    offer = Settlement(
        settlement_id="s",
        minor=30_007,
        balance=45_001,
        currency="USD",
        expires=date(2026, 12, 24),
        by=Authority.AGENT,
    )
    open_now = WORDS.model_copy(update={"settlement": offer})

    assert "300.07" in without_marks(render(message, locale, open_now).text)
    assert "300.07" not in without_marks(render(message, locale).text)


@pytest.mark.parametrize("locale", ["en", "ar"])
@pytest.mark.parametrize("channel", [sms, email])
def test_the_question_what_somebody_can_spare_demands_nothing(channel, locale):
    asked = render(channel("hardship_means"), locale)

    assert asked.demanded is None
    assert Said.DEMAND not in asked.says
    assert "450.01" not in without_marks(asked.text)


@pytest.mark.parametrize("locale", ["en", "ar"])
@pytest.mark.parametrize("message", EVERY, ids=str)
def test_every_message_says_who_is_owed_how_much_and_where_to_go(message, locale):
    said = without_marks(render(message, locale).text)

    assert "Layla Haddad" in said
    assert "Gulf Telecom" in said
    assert amount_in(message) in said
    assert LINK + "\n" in said
    assert not re.search(r"[{}]|None|undefined", said)


@pytest.mark.parametrize("locale", ["en", "ar"])
@pytest.mark.parametrize("message", EVERY, ids=str)
def test_packs_add_their_disclosures_where_they_apply_and_only_there(message, locale):
    bound = bound_by(message, someone("US"))
    ours = [words_of(each, locale) for each in bound if each.says is not Said.OPT_OUT]

    assert {each.says for each in bound} == {Said.OPT_OUT, Said.COLLECTOR_FIRST}
    for each in bound:
        assert words_of(each, locale) in render(message, locale).text
    for words in ours:
        assert words not in render(message, locale, country="SA").text


def test_the_first_communication_about_a_debt_says_more_and_later_ones_less():
    first, later = (
        {each.says for each in bound_by(sms("nudge"), facts)} for facts in (someone(), contacted())
    )

    assert first == {Said.OPT_OUT, Said.COLLECTOR_FIRST}
    assert later == {Said.OPT_OUT, Said.COLLECTOR}


def test_a_validation_notice_or_a_contact_about_this_very_debt_makes_the_next_one_later():
    sent = Milestone(kind=MilestoneKind.VALIDATION_SENT, at=AT, account_id="acc_1")
    other = replace(contacted().contacts[0], account_id="acc_2")
    inbound = replace(contacted().contacts[0], inbound=True)

    noticed = bound_by(sms("nudge"), someone(milestones=(sent,)))
    assert Said.COLLECTOR_FIRST not in {each.says for each in noticed}
    for past in (other, inbound):
        bound = bound_by(sms("nudge"), someone(contacts=(past,)))
        assert Said.COLLECTOR_FIRST in {each.says for each in bound}


@pytest.mark.parametrize("message", [sms("nudge"), email("nudge")], ids=str)
def test_what_was_put_in_is_found_in_every_form_of_the_message(message):
    facts, rendered = someone(), render(message)
    bound = bound_by(message, facts)

    found = said(rendered.forms, bound, rendered.language, facts)
    assert found == {Said.OPT_OUT, Said.COLLECTOR, Said.COLLECTOR_FIRST, Said.LANGUAGE}
    gone = [form.replace("debt collector", "friend") for form in rendered.forms]
    for at in range(len(gone)):
        forms = [*rendered.forms[:at], gone[at], *rendered.forms[at + 1 :]]
        assert said(forms, bound, "en", facts) == {Said.OPT_OUT, Said.LANGUAGE}


def test_english_for_an_arabic_reader_is_not_their_language():
    facts = someone(language="ar")
    assert Said.LANGUAGE not in said(("Hello",), (), "en", facts)
    assert Said.LANGUAGE in said(("مرحبا",), (), "ar", facts)


@pytest.mark.parametrize("locale", ["en", "ar"])
def test_what_a_template_uses_is_what_it_says(locale):
    nudge = render(sms("nudge"), locale)
    assert nudge.says == (Said.DEMAND, Said.IDENTITY, Said.PAYMENT_LINK)
    assert nudge.demanded == 45_001
    assert render(sms("instalment_due"), locale).demanded == PLAN.instalments[1].minor
    assert render(email("plan_offer"), locale).demanded == PLAN.total
    assert nudge.language == locale


def test_a_template_declares_on_its_first_line_what_else_it_says(folder):
    file = folder / "nudge.sms.en.txt"
    source = file.read_text()
    file.write_text("{# says: legal threat, marketing #}" + source)
    messages = Messages(folder, PACKS)
    rendered = messages.render(sms("nudge"), "en", WORDS, country="US")
    assert {Said.LEGAL_THREAT, Said.MARKETING} < {*rendered.says}
    assert rendered.text.startswith("Hello")
    file.write_text("{# says: nonsense #}" + source)
    with pytest.raises(MessageError, match=r"nudge\.sms\.en\.txt: line 1: .*expected some of"):
        Messages(folder, PACKS)


@pytest.mark.parametrize("message", EVERY, ids=str)
def test_every_message_offers_a_way_to_a_person(message):
    assert "CALL ME" in render(message).text
    assert "اتصل بي" in render(message, "ar").text


@pytest.mark.parametrize("message", TEXTS, ids=str)
def test_an_english_text_fits_two_segments_and_the_first_about_a_debt_three(message):
    later = bound_by(message, contacted())
    text = MESSAGES.render(message, "en", WORDS, later, country="US").text

    assert segments(text) <= 2
    assert segments(render(message).text) <= 3
    assert render(message).subject is None
    assert render(message).html is None


@pytest.mark.parametrize("name", ["nudge", "last_nudge", "notice_of_arrears"])
def test_the_shortest_texts_take_one_segment_before_the_disclosure(name):
    words = WORDS.model_copy(update={"link": "https://pay.tahsil.example/p/Ab3dE6"})

    assert segments(MESSAGES.render(sms(name), "en", words, country="US").text) == 1


@pytest.mark.parametrize("message", TEXTS, ids=str)
def test_an_arabic_text_holds_no_invisible_marks_and_fits_five_segments(message):
    later = bound_by(message, contacted())
    text = MESSAGES.render(message, "ar", WORDS, later, country="US").text

    assert text == without_marks(text)
    assert segments(text) <= 5
    assert segments(render(message, "ar").text) <= 7


@pytest.mark.parametrize("locale", ["en", "ar"])
@pytest.mark.parametrize("message", MAILS, ids=str)
def test_a_subject_gives_nothing_away_to_others(message, locale):
    subject = render(message, locale).subject

    assert subject
    assert not re.search(
        r"\d|Gulf|Layla|debt|owe|due|paid|pay|arrears|notice", subject, re.IGNORECASE
    )
    assert not re.search("دين|سداد|مبلغ|قسط|تحصيل|متأخر", subject)


@pytest.mark.parametrize("message", MAILS, ids=str)
def test_arabic_mail_runs_from_right_to_left_and_english_does_not(message):
    assert '<html lang="ar" dir="rtl">' in render(message, "ar").html
    assert '<html lang="en" dir="ltr">' in render(message).html


@pytest.mark.parametrize("locale", ["en", "ar"])
@pytest.mark.parametrize("message", MAILS, ids=str)
def test_the_two_forms_of_a_mail_say_the_same(message, locale):
    mail = render(message, locale)
    words_of_text = set(without_marks(mail.text.replace(LINK, "")).replace(":\n", "\n").split())
    shown = re.sub(r"<[^>]+>", " ", mail.html.split("<body")[1].replace("<bdi>", ""))
    shown = shown.replace("&#39;", "'")

    assert mail.html.count(f'href="{LINK}"') == 1
    assert "\n\n" not in mail.text.split("\n\n")
    for word in words_of_text:
        assert word.strip(".,;:،؛") in without_marks(shown)


@pytest.mark.parametrize("message", EVERY, ids=str)
def test_no_message_threatens_or_hurries(message):
    said = render(message).text.lower()

    assert not re.search(
        r"immediate|urgent|final|legal|court|lawsuit|must|fail to|consequence", said
    )


def test_names_are_escaped_in_html_and_cannot_break_the_words_around_them():
    sly = 'Eve <b>\r\n\r\n"x"\u202e & Co\x00'
    mail = render(email("nudge"), words=WORDS.model_copy(update={"consumer_name": sly}))

    assert "Eve &lt;b&gt; &#34;x&#34; &amp; Co" in mail.html
    assert 'Hello Eve <b> "x" & Co,\n\n' in mail.text


@pytest.mark.parametrize("link", ["javascript:alert(1)", 'https://a.example/"x', "https://a b"])
def test_a_link_is_a_web_address_and_nothing_else(link):
    with pytest.raises(ValueError, match="link"):
        Words.model_validate(WORDS.model_dump() | {"link": link})


def test_a_link_is_escaped_in_html():
    words = WORDS.model_copy(update={"link": "https://a.example/?a=1&lang=ar"})

    assert 'href="https://a.example/?a=1&amp;lang=ar"' in render(email("nudge"), words=words).html


def test_a_plan_is_told_instalment_by_instalment():
    text = render(email("plan_offer")).text

    assert "1. $112.50 on December 1, 2026\n" in text
    assert "4. $112.51 on March 1, 2026" not in text
    assert "4. $112.51 on March 1, 2027\n" in text


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("insufficient_funds", ": there was not enough money available"),
        ("stolen_card", ": this card can no longer be used"),
        ("never_heard_of", ": the bank did not accept it"),
        (None, " did not go through."),
    ],
)
def test_a_decline_is_told_in_humane_words(code, words):
    given = WORDS.model_copy(update={"decline_reason": code})
    text = render(sms("instalment_failed"), words=given).text

    assert words in text
    assert "stolen" not in text
    assert "_" not in text.replace(LINK, "")


@pytest.mark.parametrize(
    ("amount", "locale", "country", "said"),
    [
        (Money(minor=123_450, currency="USD"), "en", "US", "$1,234.50"),
        (Money(minor=123_450, currency="USD"), "en", "GB", "US$1,234.50"),
        (Money(minor=123_450, currency="SAR"), "en", "SA", "SAR 1,234.50"),
        (Money(minor=5_124, currency="KWD"), "en", "KW", "KWD 5.124"),
        (Money(minor=5_124, currency="IQD"), "en", "IQ", "IQD 5.124"),
        (Money(minor=1_500, currency="JPY"), "en", "JP", "JP¥1,500"),
        (Money(minor=150_050, currency="INR"), "en", "IN", "INR 1,500.50"),
        (Money(minor=123_450, currency="SAR"), "ar", "SA", "1,234.50 ر.س."),
        (Money(minor=123_450, currency="EGP"), "ar", "EG", "1,234.50 ج.م."),
        (Money(minor=5_124, currency="KWD"), "ar", "KW", "5.124 د.ك."),
        (Money(minor=123_450, currency="USD"), "ar", "US", "1,234.50 USD"),
    ],
)
def test_amounts_are_exact_with_latin_digits_and_cheap_to_text(amount, locale, country, said):
    given = WORDS.model_copy(update={"balance": amount})

    assert said in render(sms("nudge"), locale, given, country).text


def test_arabic_mail_sets_latin_names_and_amounts_apart():
    html = render(email("nudge"), "ar").html

    assert "<bdi>Gulf Telecom</bdi>" in html
    assert "<bdi>450.01\u00a0USD</bdi>" in html
    assert "<bdi>3 سبتمبر 2026</bdi>" in html


@pytest.mark.parametrize(
    ("locale", "start"),
    [("ar-SA", "تحية"), ("ar_EG", "تحية"), ("en-GB", "Hello"), ("fr", "Hello"), ("", "Hello")],
)
def test_a_language_that_we_lack_is_answered_in_english(locale, start):
    assert render(sms("nudge"), locale).text.startswith(start)


def new_words(pack_id: str, **changes) -> Pack:
    return Pack.model_validate(
        {
            "id": pack_id,
            "title": pack_id,
            "version": "1",
            "effective_from": "2026-11-21",
            "effective_to": "2026-11-23",
            "disclosures": [
                {
                    "says": "identity",
                    "cite": "a law",
                    "channels": ["sms"],
                    "words": {"en": "New words.", "ar": "كلمات."},
                }
                | changes
            ],
        }
    )


def test_a_disclosure_binds_while_its_pack_is_in_force_where_the_person_is():
    packs = Packs([new_words("p"), new_words("q")])
    messages = Messages(packs=packs)

    def text(hour: int, day: int) -> str:
        at = datetime(2026, 11, day, hour, tzinfo=UTC)
        bound = bound_by(sms("nudge"), someone("NZ"), at, packs)
        return messages.render(sms("nudge"), "en", WORDS, bound, country="NZ").text

    assert "New words." not in text(10, 20)
    assert text(11, 20).count("New words.") == 1
    assert "New words." in text(10, 22)
    assert "New words." not in text(11, 22)


def test_a_disclosure_speaks_only_when_its_facts_stand_and_for_its_purposes():
    late = {"when": [{"milestone": "time-barred"}], "purposes": ["demand"]}
    packs, at = Packs([new_words("p", **late)]), datetime(2026, 11, 22, tzinfo=UTC)
    barred = Milestone(kind=MilestoneKind.TIME_BARRED, at=at - timedelta(days=1))

    assert bound_by(sms("nudge"), someone("NZ"), at, packs) == ()
    assert len(bound_by(sms("nudge"), someone("US", milestones=(barred,)), at, packs)) == 1
    notice = Message(channel=Channel.SMS, name="nudge", purpose=Purpose.NOTICE)
    assert bound_by(notice, someone("US", milestones=(barred,)), at, packs) == ()


def test_a_language_that_a_disclosure_lacks_gets_its_english_words():
    [disclosure] = new_words("p").disclosures
    assert words_of(disclosure, "ar") == "كلمات."
    assert words_of(disclosure, "fr") == "New words."


def test_a_word_that_is_not_given_is_named_with_the_file():
    with pytest.raises(MessageError, match=r"plan_offer\.sms\.en\.txt: 'plan' is undefined"):
        render(sms("plan_offer"), words=WORDS.model_copy(update={"plan": None}))


@pytest.mark.parametrize("message", [sms("no_such"), Message(channel=Channel.VOICE, name="nudge")])
def test_a_message_without_words_is_named(message):
    with pytest.raises(MessageError, match=f"{message.name}.{message.channel}.en.txt is missing"):
        render(message)
    with pytest.raises(MessageError, match="is missing"):
        MESSAGES.check([message])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FOLDER, tmp_path / "messages"))


@pytest.mark.parametrize(
    ("file", "content", "complaint"),
    [
        ("nudge.sms.en.txt", "{{ blance }}", r"nudge\.sms\.en\.txt: 'blance' is not a word"),
        ("nudge.sms.en.txt", "{% if %}", r"nudge\.sms\.en\.txt: line 1: "),
        ("nudge.sms.en.txt", "{{ plan.total }}", r"nudge\.sms\.en\.txt: .*'total'"),
        ("nudge.sms.en.txt", '{% include "_no.txt" %}', r"nudge\.sms\.en\.txt: _no\.txt is miss"),
        ("nudge.email.ar.txt", "no subject", r"nudge\.email\.ar\.txt: an e-mail starts with"),
        ("nudge.email.en.txt", "Subject: s\nbody", r"nudge\.email\.en\.txt: an e-mail starts"),
        ("nudge.sms.ar.txt", None, r"nudge\.sms\.ar\.txt is missing: translate nudge\.sms"),
        ("nudge.sms.fr.txt", "Bonjour", r"nudge\.sms\.fr\.txt: expected <name>"),
        ("nudge.txt", "Hello", r"nudge\.txt: expected <name>"),
        ("_choices.email.en.txt", "{{ nme }}", r"_choices\.email\.en\.txt: 'nme' is not a word"),
        ("_layout.email.html", None, r"_layout\.email\.html: .*is missing"),
        ("_layout.email.html", "{{ nothing }}", r"_layout\.email\.html: 'nothing' is undefined"),
        ("_declines.ar.yaml", None, r"_declines\.ar\.yaml is missing"),
        ("_declines.ar.yaml", "x: y", r"_declines\.ar\.yaml: 'unknown' is missing"),
        ("_declines.ar.yaml", "unknown: y", r"_declines\.ar\.yaml: '\w+' stands in one language"),
    ],
)
def test_a_broken_folder_is_refused_at_the_start(folder, file, content, complaint):
    if content is None:
        (folder / file).unlink()
    else:
        (folder / file).write_text(content, "utf-8")

    with pytest.raises(MessageError, match=complaint):
        Messages(folder, PACKS)


def test_an_empty_folder_is_refused(tmp_path):
    for locale in ("en", "ar"):
        (tmp_path / f"_declines.{locale}.yaml").write_text("unknown: no")

    with pytest.raises(MessageError, match="no templates"):
        Messages(tmp_path, PACKS)


def test_a_pack_that_lacks_a_language_is_refused_at_the_start():
    packs = Packs([new_words("p", words={"en": "Words."})])

    with pytest.raises(MessageError, match=r"pack p: disclosure 'identity' has no words in ar"):
        Messages(packs=packs)
    Messages(packs=Packs([new_words("p", words={"en": "Words."}, channels=["letter"])]))


def test_one_language_is_enough_if_it_is_all_we_ask_for(folder):
    for file in folder.glob("*.ar.*"):
        file.unlink()

    messages = Messages(folder, PACKS, locales=("en",))

    assert messages.render(sms("nudge"), "ar", WORDS, country="US").text.startswith("Hello")


@pytest.mark.parametrize("stem", ["instalment_failed.email", "instalment_missed.email"])
def test_a_word_on_a_plan_that_settles_says_what_is_left_of_the_plan_and_not_the_whole_debt(stem):
    name, channel = stem.split(".")
    words = WORDS.model_copy(update={"left": Money(minor=12_300, currency="USD")})

    message = Message(channel=Channel(channel), name=name)
    text = MESSAGES.render(message, "en", words, country="US").text

    assert "123.00" in text
    assert "450.01" not in text
