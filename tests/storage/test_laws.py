"""Laws in the record: kept under their hash, put in force one after the other."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from compliance import load_packs
from compliance.laws import LAWS, law_id, shipped_id, shipped_text, write_law
from storage import laws
from storage.tables import LawChange, LawRow
from tests.api.record import until_somebody_waits

pytestmark = pytest.mark.stack

OTHER = write_law(load_packs().without("house"))


def changes(session):
    return session.scalars(select(LawChange.law_id).order_by(LawChange.seq)).all()


def test_the_law_that_ships_is_in_force_until_another_is_put_in_force(database):
    with database.transaction() as session:
        assert laws.latest(session) is None
        assert laws.current(session) == laws.current(session) == shipped_id()
        assert laws.text_of(session, shipped_id()) == shipped_text()
        assert laws.put(session, OTHER, "a test") == law_id(OTHER) == laws.current(session)
        assert changes(session) == [shipped_id(), law_id(OTHER)]


def test_applying_the_law_in_force_again_changes_nothing_and_an_earlier_one_comes_back(database):
    with database.transaction() as session:
        for text in (OTHER, OTHER, shipped_text(), OTHER):
            laws.put(session, text, "a test")
        assert changes(session) == [law_id(OTHER), shipped_id(), law_id(OTHER)]
        assert len(session.scalars(select(LawRow)).all()) == 2


def test_a_law_that_is_applied_before_the_first_account_is_not_put_aside_by_it(database):
    with ThreadPoolExecutor(1) as beside, database.transaction() as applying:
        laws.hold(applying)

        def first_account():
            with database.transaction() as session:
                return laws.current(session)

        asked = beside.submit(first_account)
        until_somebody_waits(applying)
        applied = laws.put(applying, OTHER, "a test")
        applying.commit()
        assert asked.result(timeout=30) == applied
    with database.transaction() as session:
        assert changes(session) == [applied]


def test_a_text_that_is_no_law_is_not_kept(database):
    with database.transaction() as session:
        with pytest.raises(ValueError, match="packs"):
            laws.put(session, "{}", "a test")
        assert session.scalars(select(LawRow)).all() == []


def test_a_process_fetches_a_law_that_it_has_not_seen_without_waiting_for_the_pool(database):
    with database.transaction() as session:
        law = laws.put(session, OTHER, "a test")
        assert laws.fetcher(database)(law) is None  # not committed yet: and yet it did not wait
    fetch = laws.fetcher(database)
    assert fetch(law) == OTHER
    assert fetch("law_none") is None
    assert "house" not in {pack.id for pack in LAWS.called(law)}
