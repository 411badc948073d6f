import pytest

from sandbox import clock, outcomes
from sandbox.store import Store
from sandbox.webhooks import standing


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "sandbox.sqlite3")
    yield store
    store.close()


def brought(store: Store) -> list[str]:
    seen: list[str] = []
    while outcomes.bring_one(store, clock.seconds(), lambda _, subject: seen.append(subject)):
        pass
    return seen


def test_an_outcome_that_is_due_counts_as_pending_until_it_came(store):
    outcomes.set_delay(store, "bank_debit", 0)
    outcomes.plan(store, "bank_debit", "py_1")
    assert standing(store)["pending"] == 1
    assert brought(store) == ["py_1"]
    assert standing(store)["pending"] == 0


def test_an_outcome_of_later_does_not_count_and_does_not_come(store):
    outcomes.set_delay(store, "bank_debit", 60)
    outcomes.plan(store, "bank_debit", "py_1")
    assert standing(store)["pending"] == 0
    assert brought(store) == []
    due = outcomes.next_due(store, clock.seconds())
    assert due is not None
    assert 50 < due - clock.seconds() <= 60


def test_without_a_delay_nothing_is_planned(store):
    outcomes.set_delay(store, "dispute", None)
    outcomes.plan(store, "dispute", "ch_1")
    assert outcomes.hasten(store) == 0


def test_outcomes_come_in_the_order_of_their_time(store):
    for subject, seconds in (("second", 5), ("third", 9), ("first", 1)):
        outcomes.set_delay(store, "bank_debit", seconds)
        outcomes.plan(store, "bank_debit", subject)
    seen: list[str] = []
    far = clock.seconds() + 60
    while outcomes.bring_one(store, far, lambda _, subject: seen.append(subject)):
        pass
    assert seen == ["first", "second", "third"]


def test_an_outcome_that_breaks_down_is_still_planned(store):
    outcomes.plan(store, "dispute", "ch_1")

    def break_down(*_: object) -> None:
        raise RuntimeError("in the middle of it")

    with pytest.raises(RuntimeError):
        outcomes.bring_one(store, clock.seconds(), break_down)
    assert brought(store) == ["ch_1"]


def test_a_reset_forgets_what_was_planned_and_set(sandbox):
    sandbox.control.put("/delays", json={"bank_debit": 3600})
    sandbox.charge(sandbox.save("pm_usBankAccount_success"))
    sandbox.control.post("/reset").raise_for_status()
    assert sandbox.control.get("/delays").json()["bank_debit"] is None
    assert sandbox.act("/outcomes/hasten") == {"hastened": 0}
    assert sandbox.log()["balance"] == {}


def test_a_delay_of_nothing_we_know_is_refused(sandbox):
    for wrong in ({"weather": 1}, {"dispute": -1}):
        assert sandbox.control.put("/delays", json=wrong).status_code == 422
