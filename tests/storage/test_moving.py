"""Moves on a real record: who is concerned, who is left, and what is written of it."""

import pytest

from domain.accounts import Closure
from storage import accounts, creditors, journal, moving, releases
from storage.moving import Concerned, Move
from storage.tables import InstructedAccount, Instruction
from tests.api.record import NOW, placement, record

pytestmark = pytest.mark.stack

ASIDES = ("promised", "claimed_payment")
MOVE = Move(("standard",), ("reminders", "nudges"), "standard", "plan_offer", ASIDES)
WHY = {"reason": "fewer reminders", "by": "kim"}


@pytest.fixture
def book(database):
    """Four in `reminders`, by one name or the other, two of whom are answered; one elsewhere."""
    paths = {
        "first": ("reminders",),
        "renamed": ("nudges",),
        "answered": ("reminders", "promised"),
        "answered twice": ("reminders", "promised", "claimed_payment"),
        "elsewhere": ("reminders", "escalation", "promised"),
    }
    placed = {}
    for name, path in paths.items():
        made = placement()
        record(database, made)
        placed[name] = made.account_id
        for stage in path:
            enters(database, made.account_id, stage)
    return placed


def enters(database, account_id, stage):
    with database.transaction() as session:
        accounts.enter_stage(session, account_id, journey="standard", stage=stage, at=NOW)


def give(database, move=MOVE):
    with database.transaction() as session:
        return moving.give(session, move, **WHY)


def left(database, given, move=MOVE, **page):
    with database.transaction() as session:
        moving.settle(session, given, move)
        return moving.left(session, given, move, **page)


def test_accounts_in_the_stage_and_those_that_come_back_to_it_are_concerned(database, book):
    with database.transaction() as session:
        assert moving.concerned(session, MOVE) == [Concerned("acme", 2, 2)]


def test_only_a_creditors_accounts_if_so_asked(database, book):
    with database.transaction() as session:
        creditors.register(session, "other", "Other")
        whose = [
            moving.concerned(session, Move(**(vars(MOVE) | {"creditor": each})))
            for each in ("acme", "other")
        ]
    assert whose == [[Concerned("acme", 2, 2)], []]


def test_those_that_are_over_or_taken_back_are_left_alone(database, book):
    with database.transaction() as session:
        accounts.close(session, book["first"], Closure.REFERRED, at=NOW)
        accounts.recall(session, book["renamed"])

        assert moving.concerned(session, MOVE) == [Concerned("acme", 0, 2)]


def test_what_was_said_is_on_record_for_every_account_and_why_and_by_whom_once(database, book):
    given = give(database)

    with database.transaction() as session:
        told = session.get_one(Instruction, given)
        lines = [line for line in journal.lines(session, book["answered"]) if "told" in line.what]
        elsewhere = [line.what for line in journal.lines(session, book["elsewhere"])]
    assert (told.verb, told.reason, told.given_by) == ("move", "fewer reminders", "kim")
    assert [(line.what, line.detail) for line in lines] == [
        (
            "told to move",
            {"instruction": given, "move": "standard:reminders=standard:plan_offer"},
        )
    ]
    assert "told to move" not in elsewhere


def test_the_same_again_goes_on_and_says_nothing_twice(database, book):
    given = give(database)

    assert give(database) == given
    with database.transaction() as session:
        lines = [line.what for line in journal.lines(session, book["first"])]
    assert lines.count("told to move") == 1


def test_whoever_comes_to_the_stage_meanwhile_is_moved_too(database, book):
    given = give(database)
    enters(database, book["elsewhere"], "reminders")

    assert give(database) == given
    assert book["elsewhere"] in {each.account_id for each in left(database, given)}


def test_those_who_are_left_are_told_by_the_names_under_which_they_entered(database, book):
    found = {each.account_id: each.stage for each in left(database, give(database))}

    assert found == {
        book["first"]: "reminders",
        book["renamed"]: "nudges",
        book["answered"]: "reminders",
        book["answered twice"]: "reminders",
    }


def test_pages_come_in_order_and_leave_nobody_out(database, book):
    given = give(database)
    whole = left(database, given)

    paged = [*left(database, given, limit=3)]
    paged += left(database, given, limit=3, after=paged[-1].account_id)

    assert paged == whole
    assert len(whole) == 4


def test_whoever_is_found_elsewhere_has_moved_and_a_finished_move_is_not_gone_on_with(
    database, book
):
    given = give(database)
    for name in ("first", "renamed", "answered", "answered twice"):
        enters(database, book[name], "plan_offer")

    assert left(database, given) == []
    with database.transaction() as session:
        assert moving.still(session, given, MOVE) == (0, 0)
        assert all(each.told_at for each in session.query(InstructedAccount))
    assert give(database) != given


def test_a_later_visit_is_another_one(database, book):
    given = give(database)
    (before,) = [each for each in left(database, given) if each.account_id == book["first"]]
    enters(database, book["first"], "escalation")
    enters(database, book["first"], "reminders")

    (after,) = [each for each in left(database, given) if each.account_id == book["first"]]

    assert after.visit > before.visit
    with database.transaction() as session:
        assert moving.still(session, given, MOVE) == (2, 2)


def test_accounts_are_counted_by_stage_and_by_where_they_come_back_to(database, book):
    with database.transaction() as session:
        accounts.close(session, book["first"], Closure.REFERRED, at=NOW)

        assert releases.parked(session) == {
            ("standard", "nudges"): 1,
            ("standard", "promised"): 2,
            ("standard", "claimed_payment"): 1,
        }
        assert releases.coming_back(session, ["standard"], ASIDES) == {
            ("standard", "reminders"): 2,
            ("standard", "escalation"): 1,
        }
        assert releases.coming_back(session, ["invoice"], ASIDES) == {}


def test_what_a_build_does_is_written_once_and_again_when_its_code_is_another(database):
    with database.transaction() as session:
        wrote = [
            releases.record(session, build, digest, {"is": digest})
            for build, digest in (("b1", "x"), ("b1", "x"), ("b2", "y"), ("b1", "z"), ("b1", "x"))
        ]
        assert wrote == [True, False, True, True, True]
        known = {build: releases.deployed(session, build) for build in (None, "b2", "b3")}
        outlines = {build: found and found.outline for build, found in known.items()}
        assert outlines == {None: {"is": "x"}, "b2": {"is": "y"}, "b3": None}
