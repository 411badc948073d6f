"""Payment references: found in whatever a payer wrote, and never taken for another's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import iso11649

from domain.transfers import LETTERS, REASONS, Outcome, as_written, reference_of, references_in

REFERENCE = reference_of("acc_1")


def test_a_reference_is_one_of_iso_11649_and_always_the_same():
    assert iso11649.is_valid(REFERENCE)
    assert reference_of("acc_1") == REFERENCE
    assert reference_of("acc_2") != REFERENCE
    assert as_written(REFERENCE) == " ".join(REFERENCE[at : at + 4] for at in (0, 4, 8, 12))


@pytest.mark.parametrize(
    "said",
    [
        REFERENCE,
        as_written(REFERENCE),
        as_written(REFERENCE).lower(),
        "-".join(as_written(REFERENCE).split()),
        f"Rent 2026-11 {as_written(REFERENCE)} 42 thanks",
        f"RF{REFERENCE}2026",
        f"\u200e{REFERENCE}\u00a0.",
        REFERENCE.replace("0", "O").replace("1", "l"),
        "".join(chr(ord(each) + 0xFEE0) for each in REFERENCE),  # full width
    ],
)
def test_it_is_found_in_any_case_spaced_and_among_other_words(said):
    assert references_in(said) == {REFERENCE}


def test_arabic_digits_are_digits():
    said = "".join(chr(0x660 + int(each)) if each.isdecimal() else each for each in REFERENCE)

    assert references_in(f"سداد {said}") == {REFERENCE}


def test_two_references_are_two():
    other = reference_of("acc_2")

    assert references_in(f"{REFERENCE} {as_written(other)}") == {REFERENCE, other}


@given(st.text(max_size=12), st.text(alphabet=" .-/", max_size=3), st.text(max_size=12))
def test_whatever_stands_around_it_it_is_found(before, between, after):
    said = f"{before} {between.join(REFERENCE)} {after}"

    assert REFERENCE in references_in(said)


@given(st.integers(2, 15), st.sampled_from(LETTERS))
def test_a_figure_for_a_figure_or_a_letter_for_a_letter_is_no_reference_of_ours(place, letter):
    if letter.isdigit() != REFERENCE[place].isdigit():
        letter = REFERENCE[place]  # those slips are caught nearly always, and not always
    slipped = REFERENCE[:place] + letter + REFERENCE[place + 1 :]

    assert references_in(slipped) == ({REFERENCE} if slipped == REFERENCE else set())


@given(st.text(max_size=80))
def test_any_text_can_be_read(said):
    assert all(iso11649.is_valid(found) for found in references_in(said))


def test_every_outcome_has_a_reason():
    assert set(REASONS) == set(Outcome)
