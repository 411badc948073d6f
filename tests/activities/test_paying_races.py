import pytest

from tests.races import race

pytestmark = pytest.mark.stack

ROUNDS = 60


def test_no_reminder_leaves_after_a_payment_was_acknowledged(database):
    found = race(database, ROUNDS)
    assert (found.run, found.late) == (ROUNDS, [])
