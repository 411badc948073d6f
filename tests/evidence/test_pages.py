"""The page for people: the whole story, readable by itself, and safe whatever the words say."""

import re

from evidence import check, page
from tests.evidence.kit import DAY, NOON, OPENING, Story, key, usual


def told(story, **more):
    return page(story.export(**more).data)


def visible(html):
    """The page's text without tags and styles, blanks run together."""
    text = re.sub(r"<style>.*?</style>|<[^>]+>", " ", html, flags=re.DOTALL)
    return " ".join(text.split())


def test_the_page_says_what_was_checked_and_shows_head_and_seal():
    data = usual().export().data
    report, text = check(data), visible(page(data))
    assert "Nothing in the file contradicts itself or the law that it carries." in text
    assert "12 lines with their hashes and order; 5 decisions of the gate, of which 4" in text
    assert report.head in text
    assert report.seal in text


def test_every_decision_is_told_with_its_rule_citation_facts_and_counters_in_order():
    text = visible(told(usual()))
    in_order = [
        "Allowed",
        "Wait until Wed 04 Nov 2026, 13:00 UTC Because it is too early or too late",
        "Wait until Tue 10 Nov 2026, 13:00 UTC Because two in seven days are enough. Act 1 § 2",
        "rule T-CAP of tiny@2026.1",
        "Thu 05 Nov 2026, 12:00 in America/New_York",
        "2 by sms; the latest Wed 04 Nov 2026, 17:00 UTC",
        "T-CAP: 2 of 2",
        "Refused Because the person opted out. Act 1 § 3",
    ]
    places = [text.index(each) for each in in_order]
    assert places == sorted(places)


def test_a_contact_stands_with_the_decision_that_allowed_it_and_has_its_words():
    text = visible(told(usual()))
    first = text[text.index("decision 1,") : text.index("decision 2,")]
    assert "sms nudge to the person: delivered" in first
    assert "SM1" in first


def test_a_contact_without_an_allow_is_told_by_itself():
    story = Story()
    story.send(1, NOON)
    assert "sms nudge to the person: delivered" in visible(told(story))


def test_words_are_shown_and_never_run():
    html = told(usual())
    assert "Hallo &lt;b&gt;Zoë&lt;/b&gt;" in html
    assert "<script" not in html


def test_the_page_needs_nothing_from_elsewhere():
    html = told(usual())
    assert not re.search(r"(src|href)=|@import|url\(", html)
    assert 'name="viewport"' in html
    assert "prefers-color-scheme: dark" in html
    assert "@media print" in html


def test_what_was_heard_booked_and_noted_stands_between_the_decisions():
    times = {"at": None, "recorded_at": "2026-11-04T09:00:00+00:00"}
    text = visible(
        told(
            usual(),
            **{
                "hold": [
                    {"hold": "dispute", "reason": "not mine"}
                    | {"lifted_at": "2026-11-05T09:00:00+00:00"}
                    | times
                ],
                "opt-out": [
                    {"of": "person", "channel": None, "fact": "opted out", "source": "in_1"} | times
                ],
                "milestone": [{"kind": "consent", "channels": ["sms"]} | times],
                "reply": [
                    {"id": "in_1", "channel": "sms", "understood": "stop", "words": "STOP"} | times
                ],
                "journal": [
                    {"what": "stage", "detail": {"stage": "reminders"}} | times,
                    {"what": "hold placed", "detail": {"hold": "dispute"}} | times,
                    {"what": "sms sent", "detail": {"contact": key(1)}} | times,
                ],
            },
        )
    )
    for said in (
        "Hold: dispute not mine",
        "Hold: dispute: lifted",
        "The person: opted out, every channel source in_1",
        "On record: consent sms",
        "sms from the person, understood as: stop STOP",
        "Money: placement USD 200.00 on what is owed",
        "Noted: stage stage reminders",
    ):
        assert said in text
    assert "Noted: hold placed" not in text
    assert "Noted: sms sent" not in text


def test_facts_are_told_in_words():
    story = Story()
    story.ask(
        1,
        NOON,
        regions=("US-NY",),
        unreachable=("email",),
        holds=({"hold": "dispute", "ends": "2026-12-01", "part": 500},),
        wishes=(
            {"opens": "09:00", "closes": "18:00", "days": ["mon", "tue"], "never": ["sun"]},
            {"only": ["sms"], "not_at": ["work"], "until": "2027-01-01"},
            {},
        ),
        milestones=(
            {"kind": "consent", "at": NOON - DAY, "channels": ["sms"], "until": NOON + 60 * DAY},
        ),
        contacts=(
            {"key": "x", "account_id": "acc_x", "channel": "sms", "at": NOON - DAY}
            | {"inbound": True},
        ),
    )
    text = visible(told(story))
    for said in (
        "US, US-NY",
        "USD 200.00",
        "dispute to 2026-12-01 for 500 minor units",
        "not before 09:00 not from 18:00 on on mon, tue never on sun",
        "only by sms not at work until 2027-01-01",
        "nothing in particular",
        "consent for sms on 02 Nov 2026, until Sat 02 Jan 2027, 17:00 UTC",
        "1 begun by the person",
        "None on record opted out of",
    ):
        assert said in text


def test_a_damaged_file_is_told_as_one():
    data = usual().export().data.replace(b"T-CAP", b"T-CUP", 1)
    text = visible(page(data))
    assert "this file does not prove what it says" in text
    assert "line 3: its body or hash was changed" in text


def test_a_file_that_is_no_evidence_still_gives_a_page():
    assert "this file does not prove what it says" in visible(page(b"hello\n"))


def test_an_account_without_decisions_gives_a_page():
    assert "Money: placement" in visible(told(Story()))
    assert "Nothing is on record yet." in visible(told(Story(), movement=[]))


def test_money_in_a_file_without_a_currency_is_told_in_minor_units():
    story = Story()
    story.account["currency"] = None
    assert "Money: placement 20000" in visible(told(story, movement=[OPENING]))
