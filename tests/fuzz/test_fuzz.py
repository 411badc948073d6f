"""A small fuzz run: the gate is asked for months, and the auditor checks what it allowed."""

import pytest

from auditor import Book, audit
from auditor.wording import lacks, tells
from compliance import Packs, Said
from tests.fuzz import laws, texts
from tests.fuzz.batches import batches, play
from tests.fuzz.story import ALIKE, Story

SEED = 2026
OF_MANY_KINDS = range(0, 11 * ALIKE, ALIKE)


def test_thousands_of_random_sends_break_no_rule():
    played = play(SEED, OF_MANY_KINDS)

    assert played.violations == []
    assert played.sends > 1_000
    assert min(played.verdicts[kind] for kind in ("allow", "wait", "deny")) > 200


def test_the_same_seed_tells_the_same_story():
    first, again = Story(SEED, 3).play(), Story(SEED, 3).play()

    assert first.audited == again.audited
    assert Story(SEED, 4).play().audited != first.audited


def test_batches_come_in_order_from_several_processes():
    running = batches(SEED, jobs=1, size=1)
    both = [next(running), next(running)]
    running.close()

    assert [each.verdicts for each in both] == [
        play(SEED, range(number, number + 1)).verdicts for number in range(2)
    ]


@pytest.mark.parametrize(
    "lost",
    [
        {"US-T1", "HOUSE-HOURS"},
        {"US-F2"},
        {"US-C5", "BASE-OPTOUT"},
        {"US-C1", "BASE-CEASE"},
        {"BASE-WISH-HOURS"},
    ],
    ids=sorted,
)
def test_what_a_gate_lets_through_that_has_lost_a_rule_is_found(monkeypatch, lost):
    full = {name: law.text for name, law in laws.LAWS.items()}
    for name, law in laws.LAWS.items():
        monkeypatch.setitem(laws.LAWS, name, laws.Played(without(law.packs, lost), law.text))

    stories = [Story(SEED, 2 * ALIKE + number).play() for number in range(3)]  # in New York
    report = audit(Book(full, people=[story.audited for story in stories]))

    found = {each.rule for each in report.violations}
    assert found
    assert found <= lost


def without(packs, lost):
    kept = [
        pack.model_copy(update={"rules": tuple(rule for rule in pack.rules if rule.id not in lost)})
        for pack in packs
    ]
    return Packs(kept, packs.calendars.values())


def test_the_auditor_reads_in_the_words_what_the_gate_was_told():
    for each in Said:
        text = texts.written(frozenset({each, Said.LANGUAGE}), "Alpha Bank", "en")
        assert not lacks(each, text, phrases={}, name="Alpha Bank", language="en")
        others = texts.written(frozenset(Said) - {each}, "Alpha Bank", "en")
        if each in {Said.DEMAND, Said.PAYMENT_LINK, Said.LEGAL_THREAT, Said.MARKETING}:
            assert tells(each, text)
            assert not tells(each, others)
