"""Transactions on the bare connection: committed whole, or not at all, and quick again after."""

from contextlib import closing

import pytest

from storage import Database, lines
from storage.session import driver, run

pytestmark = pytest.mark.stack

NAMED = "insert into creditors (id, name) values (%s, %s)"
FOUND = "select name from creditors where id = %s"


BY_ID = "explain select * from accounts where id = $1"


class GaveUpError(Exception):
    """What a block raises that does not go through."""


def found(database, creditor):
    with database.quick() as connection:
        return run(connection, FOUND, (creditor,)).fetchone()


def test_what_a_block_wrote_is_there_once_it_ends(database):
    with database.quick() as connection:
        run(connection, NAMED, ("quick", "Quick Bank"))

    assert found(database, "quick") == ("Quick Bank",)


def test_what_is_quick_is_found_by_its_key_however_small_the_table_was(database):
    with database.quick() as line:
        [plan] = line.ask((BY_ID, ("acc_1",)))

    assert plan.startswith(b"Index Scan")


def test_a_block_that_raises_leaves_nothing_and_the_statements_run_again(database):
    def write(creditor, *, through):
        with database.quick() as connection:
            run(connection, NAMED, (creditor, "Quick Bank"))
            if not through:
                raise GaveUpError

    write("first", through=True)
    with pytest.raises(GaveUpError):
        write("second", through=False)
    write("third", through=True)

    assert [found(database, each) for each in ("first", "second", "third")] == [
        ("Quick Bank",),
        None,
        ("Quick Bank",),
    ]


def test_a_quick_statement_stands_in_the_transaction_of_its_session(database):
    def write():
        with database.transaction() as session:
            run(driver(session), NAMED, ("inside", "Quick Bank"))
            raise GaveUpError

    with pytest.raises(GaveUpError):
        write()

    assert found(database, "inside") is None


def test_a_quick_statement_runs_on_a_connection_apart(database):
    with database.apart() as session:
        assert run(driver(session), FOUND, ("nobody",)).fetchone() is None


def test_a_connection_that_was_cut_while_nobody_used_it_is_replaced(
    database, database_url, monkeypatch
):
    with closing(Database(database_url, pool_size=1)) as other:
        with other.transaction() as session:
            process = driver(session).info.backend_pid
        with database.quick() as line:
            line.ask(("select pg_terminate_backend($1, 5000)", (process,)))
        monkeypatch.setattr(lines, "FRESH", 0.0)

        with other.transaction() as session:
            assert run(driver(session), FOUND, ("acme",)).fetchone() == ("Acme Bank",)
            assert driver(session).info.backend_pid != process
