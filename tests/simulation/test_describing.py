"""Journeys in plain words: the same in English and in Arabic, and nothing left out."""

from functools import cache

import pytest

from domain.accounts import Closure, Hold
from domain.contacts import Channel, sms
from domain.events import CardStored, Response
from domain.time import days, hours
from engine import Journey, aside, close, stage, switch
from journeys import JOURNEYS
from simulation.charts import Lead, Span, Waits, Way
from simulation.describing import LANGUAGES, Teller, described, sentences_of, vocabulary
from simulation.reading import read
from simulation.walking import IN_PEACE, WAITS

PATIENCE = days(2)


@cache
def shipped(name):
    return read(JOURNEYS[name])


@stage
async def begins(account):
    """Say it once."""
    contact = await account.contact(sms("nudge"))
    if await account.answer(to=contact, within=PATIENCE):
        return begins
    await account.hand_over("look at it")
    return close(Closure.REFERRED)


@aside(on=CardStored)
async def remarks(account):
    """Try the card."""
    account.offer_plan(parts=len("of"), first_in=PATIENCE)
    await account.collect()
    return asks if account.plan else None


@stage
async def asks(account):
    """Ask."""
    return switch("hardship")


CHART = read(Journey("told", version=3, stages=(begins, remarks, asks)))


def test_a_journey_is_told_stage_by_stage():
    assert described(CHART).startswith("""\
## told, version 3

Journeys in plain words: the same in English and in Arabic, and nothing left out.

Accounts begin at `begins`.

### `begins`

Say it once.

- Sends: text message `nudge`.
- Waits: 2 days to answer.
- Asks a person of ours: “look at it”.
- Then: again; the end, referred to a person.

### `remarks`

Try the card.

Entered when they store a card.

- Works out a plan and puts it to them.
- Charges the stored card.
- Then: `asks`; what was interrupted goes on.

### `asks`

Ask.

- Then: the journey `hardship`.

### In every stage

- The journey ends at once: paid in full; recalled by the creditor; ceased, at their wish.
""")


def test_it_is_told_in_arabic_with_the_names_that_everybody_uses():
    told = described(CHART, "ar")

    assert "- ترسل: رسالة نصية `nudge`." in told
    assert "- تنتظر: مهلة للرد مدتها يومان." in told
    assert "- ثم: `asks`؛ متابعة ما قُطع." in told


def test_a_language_without_words_is_an_error_that_names_those_there_are():
    with pytest.raises(LookupError, match="not described in 'fr'; there is en, ar"):
        described(CHART, "fr")


@pytest.mark.parametrize("name", JOURNEYS)
def test_every_sentence_of_a_journey_stands_in_every_language(name):
    for language in LANGUAGES[1:]:
        words = vocabulary(language).sentences
        assert [each for each in sentences_of(shipped(name)) if each not in words] == []


def test_no_language_keeps_sentences_that_no_journey_says():
    said = {each for name in JOURNEYS for each in sentences_of(shipped(name))}

    for language in LANGUAGES[1:]:
        assert vocabulary(language).sentences.keys() - said == set()


def test_every_language_has_the_same_words():
    english, *others = map(vocabulary, LANGUAGES)

    for other in others:
        for part in ("channels", "responses", "closures", "pauses", "lines"):
            assert getattr(english, part).keys() == getattr(other, part).keys(), part
        assert len(english.everywhere) == len(other.everywhere)
    assert english.channels.keys() == {*Channel}
    assert english.closures.keys() == {*Closure}
    assert english.responses.keys() == {kind.__name__ for kind in Response.__subclasses__()}
    assert {each.partition(".")[0] for each in english.pauses} == {*WAITS, IN_PEACE}


def test_every_hold_is_named_among_the_safeguards():
    (holds,) = [line for line in vocabulary("en").everywhere if "hold stands" in line]

    words = {"deceased": "death", "restriction of processing": "restriction of data"}
    for hold in set(Hold) - {Hold.CEASE}:
        assert words.get(hold, hold) in holds


@pytest.mark.parametrize(
    ("span", "told"),
    [
        (Span(days(1), "now", days(1)), "1 day of quiet"),
        (Span(since="sent", plus=hours(5)), "5 hours of quiet"),
        (Span(since="entered", plus=days(30)), "quiet until 30 days after it began"),
        (Span(since="due", plus=-days(7)), "quiet until 7 days before the debt falls due"),
        (Span(since="due"), "quiet until the debt falls due"),
        (Span(since="due", plus=days(2)), "quiet until 2 days after the debt fell due"),
        (Span(days(3)), "at least 3 days of quiet"),
        (Span(), "quiet, for as long as the account has it"),
    ],
)
def test_a_pause_says_how_long_and_from_when(span, told):
    assert Teller(CHART, "en").pause(Waits("quiet", span)) == told


def test_spans_are_counted_as_each_language_counts():
    spans = [Teller(CHART, "ar").span(days(number)) for number in (1, 2, 3, 11, 100)]

    assert spans == ["يوم واحد", "يومان", "3 أيام", "11 يومًا", "100 يوم"]


def test_what_is_not_known_of_a_way_is_told_as_it_stands():
    assert Teller(CHART, "en").lead(Lead(Way.UNKNOWN, "what")) == "`what`"
