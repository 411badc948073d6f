import threading

import pytest
from psycopg import OperationalError
from sqlalchemy import func, select, update

from storage.keys import (
    CREDITOR,
    HOUSE,
    KEPT,
    PERSON,
    ErasedError,
    Keys,
    UnknownKeyError,
    UnreadableError,
    counted,
    erase,
)
from storage.lines import Line
from storage.master_keys import MasterKeyError, MasterKeys
from storage.tables import DataKey
from tests.api.record import placement, record

OLD, NEW = bytes(32), bytes([1]) * 32
FLOW, OTHER = "account/acme/A1", "account/acme/A2"


class Clock:
    seconds = 0.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def keys(database, clock):
    return Keys(database, MasterKeys([OLD]), clock)


def another_process(database, *masters):
    return Keys(database, MasterKeys(masters or [OLD]))


def by_kind(database):
    with database.transaction() as session:
        rows = session.execute(select(DataKey.kind, func.count()).group_by(DataKey.kind))
        return {row[0]: row[1] for row in rows}


def erase_person(database, person):
    with database.transaction() as session:
        return erase(session, person)


def test_accounts_of_one_person_share_a_key_and_other_processes_find_it(database, keys):
    first = keys.belongs(FLOW, "acme", "per_1")
    second = keys.belongs(OTHER, "acme", "per_1")
    sealed = first.seal(b"Alex")

    elsewhere = another_process(database)

    assert first.id == second.id == elsewhere.for_workflow(OTHER).id
    assert elsewhere.called(first.id).unseal(sealed) == b"Alex"
    assert by_kind(database) == {CREDITOR: 1, PERSON: 1}


def test_two_people_have_two_keys_under_the_one_of_their_creditor(database, keys):
    first, second = keys.belongs(FLOW, "acme", "per_1"), keys.belongs(OTHER, "acme", "per_2")

    assert first.id != second.id
    assert by_kind(database) == {CREDITOR: 1, PERSON: 2}


def test_an_account_that_was_placed_before_there_were_keys_gets_its_persons(database, keys):
    placed = placement()
    record(database, placed)
    flow = f"account/acme/{placed.reference}"

    assert keys.for_workflow(flow).id == keys.belongs(FLOW, "acme", placed.person_id).id


def test_what_is_nobodys_has_the_houses_key_until_somebody_owns_it(database, keys):
    house = keys.for_workflow(None)

    assert keys.for_workflow("sweep-inbox").id == keys.for_workflow(FLOW).id == house.id
    assert keys.belongs(FLOW, "acme", "per_1").id == keys.for_workflow(FLOW).id != house.id
    assert by_kind(database)[HOUSE] == 1


def test_many_who_make_a_persons_key_at_once_make_one(database):
    made, start = [], threading.Barrier(6)

    def place(number):
        mine = another_process(database)
        start.wait()
        made.append(mine.belongs(f"account/acme/R{number}", "acme", "per_1").id)

    threads = [threading.Thread(target=place, args=[number]) for number in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(20)

    assert len(made) == 6
    assert len(set(made)) == 1


def test_a_key_that_was_not_written_for_good_is_never_used(database, keys, monkeypatch):
    def lost(self):
        self.rollback()
        raise OperationalError("the server was killed")

    monkeypatch.setattr(Line, "commit", lost)
    for ask in (
        lambda: keys.belongs(FLOW, "acme", "per_1"),
        lambda: keys.for_workflow(None),
    ):
        with pytest.raises(OperationalError):
            ask()
    assert keys.known(FLOW) is None
    monkeypatch.undo()

    again = keys.belongs(FLOW, "acme", "per_1")

    assert another_process(database).called(again.id).unseal(again.seal(b"Alex")) == b"Alex"
    assert by_kind(database) == {CREDITOR: 1, PERSON: 1}


def test_an_erased_key_opens_nothing_any_more_and_says_so(database, keys):
    key = keys.belongs(FLOW, "acme", "per_1")

    assert erase_person(database, "per_1") == 1
    assert erase_person(database, "per_1") == 0
    with pytest.raises(ErasedError, match=f"the key {key.id} was erased"):
        another_process(database).called(key.id)


def test_a_process_that_knows_a_key_forgets_it_in_five_minutes(database, keys, clock):
    key = keys.belongs(FLOW, "acme", "per_1")
    erase_person(database, "per_1")
    clock.seconds = KEPT - 1
    assert keys.called(key.id).id == key.id

    clock.seconds = KEPT
    with pytest.raises(ErasedError):
        keys.called(key.id)


def test_who_is_erased_and_comes_back_gets_another_key(database, keys):
    before = keys.belongs(FLOW, "acme", "per_1")
    erase_person(database, "per_1")

    after = another_process(database).for_workflow(FLOW)

    assert after.id != before.id


def test_erasing_one_person_leaves_the_others_readable(database, keys):
    theirs = keys.belongs(OTHER, "acme", "per_2")
    keys.belongs(FLOW, "acme", "per_1")
    erase_person(database, "per_1")

    assert another_process(database).called(theirs.id).id == theirs.id


def test_a_key_of_another_database_is_unknown(keys):
    with pytest.raises(UnknownKeyError, match="no key key_far is on record"):
        keys.called("key_far")


def test_a_new_master_key_takes_over_and_the_old_one_can_go(database, keys):
    house, alex = keys.for_workflow(None), keys.belongs(FLOW, "acme", "per_1")
    sealed = alex.seal(b"Alex")

    assert another_process(database, NEW, OLD).rewrap() == 2

    only_new = another_process(database, NEW)
    assert only_new.called(alex.id).unseal(sealed) == b"Alex"
    assert only_new.for_workflow(None).id == house.id
    with pytest.raises(MasterKeyError, match="was not given"):
        another_process(database, OLD).check()
    assert another_process(database, NEW, OLD).rewrap() == 0


def test_a_creditors_new_key_wraps_its_people_and_histories_stay_readable(database, keys):
    alex = keys.belongs(FLOW, "acme", "per_1")
    sealed = alex.seal(b"Alex")
    keys.belongs("account/birch/B1", "birch", "per_9")

    keys.replace("acme")
    assert keys.rewrap() == 1
    assert keys.rewrap() == 0

    with database.transaction() as session:
        old = session.scalar(select(DataKey).where(DataKey.retired_at.is_not(None)))
        session.delete(old)
    elsewhere = another_process(database)
    assert elsewhere.called(alex.id).unseal(sealed) == b"Alex"
    assert elsewhere.for_workflow(FLOW).id == alex.id


def test_a_creditor_without_accounts_has_no_key_to_replace(keys):
    with pytest.raises(LookupError, match="the creditor birch has no key"):
        keys.replace("birch")


def test_a_wrapped_key_that_was_changed_or_swapped_opens_nothing(database, keys):
    first, second = keys.belongs(FLOW, "acme", "per_1"), keys.belongs(OTHER, "acme", "per_2")
    with database.transaction() as session:
        theirs = session.get_one(DataKey, second.id).wrapped
        session.execute(update(DataKey).where(DataKey.id == first.id).values(wrapped=theirs))

    with pytest.raises(UnreadableError, match=f"key {first.id} was changed on record"):
        another_process(database).called(first.id)


def test_keys_are_counted_by_what_wraps_them(database, keys):
    keys.belongs(FLOW, "acme", "per_1")
    keys.belongs(OTHER, "acme", "per_2")
    erase_person(database, "per_2")
    keys.check()

    master = MasterKeys([OLD]).current
    with database.transaction() as session:
        assert counted(session) == [
            (CREDITOR, master, 1),
            (HOUSE, master, 1),
            (PERSON, "its creditor's key", 1),
            (PERSON, "nothing: erased", 1),
        ]
