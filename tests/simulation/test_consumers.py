"""What the demo adds to the model: everything its people write is understood as it is meant."""

from datetime import date, timedelta

import pytest

from domain.replies import Understood, understand
from simulation.consumers import ASKS, RINGS_WITHIN, WORDS, Back, Consumers, written
from simulation.deeds import Act, Deed
from simulation.parameters import REPLIES
from simulation.portfolio import FAILS, WORKS

TODAY = date(2026, 3, 10)
MEANT = {
    Deed.ASKS_PLAN: Understood.PLAN,
    Deed.CLAIMS_PAID: Understood.PAID,
    Deed.ASKS_CALL: Understood.CALL,
    Deed.OPTS_OUT: Understood.STOP,
    Deed.STOPS: Understood.CEASE,
    Deed.DISPUTES: Understood.DISPUTE,
    Deed.HARDSHIP: Understood.HARDSHIP,
    Deed.WRITES: Understood.MESSAGE,
    Deed.PROMISES: Understood.PROMISE,
}


@pytest.mark.parametrize("deed", sorted(REPLIES))
def test_what_people_write_is_understood_as_they_mean_it(deed):
    said = written(Act(timedelta(), deed, within=timedelta(days=9)), TODAY)

    assert understand(said or "", TODAY).meanings == (MEANT[deed],)


def test_a_written_promise_names_its_day():
    said = written(Act(timedelta(), Deed.PROMISES, within=timedelta(days=9)), TODAY)

    assert understand(said or "", TODAY).due == date(2026, 3, 19)


def test_what_is_pressed_or_paid_is_not_written():
    assert {deed for deed in Deed if written(Act(timedelta(), deed), TODAY)} == {
        *WORDS,
        Deed.PROMISES,
    }


def test_people_ring_up_within_the_first_days_as_often_as_said_and_the_same_again():
    first, second = Consumers(7), Consumers(7)
    rings = [first.rings(f"acc_{n}") for n in range(2000)]
    asked = [each for each in rings if each]

    assert rings == [second.rings(f"acc_{n}") for n in range(2000)]
    assert len(asked) / 2000 == pytest.approx(sum(chance for chance, _ in ASKS), abs=0.03)
    assert {day for day, _ in asked} == set(range(1, 1 + RINGS_WITHIN))
    assert {what for _, what in asked} == {what for _, what in ASKS}


def test_cards_given_and_ways_to_take_a_payment_back_are_of_both_kinds():
    people = Consumers(7)

    assert {people.card(f"acc_{n}") for n in range(50)} == {WORKS, FAILS}
    assert {people.wants_back(f"pay_{n}") for n in range(50)} == set(Back)
