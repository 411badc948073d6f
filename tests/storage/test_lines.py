"""Lines: several statements in one round trip, committed whole or not at all, and quick again."""

from contextlib import closing, nullcontext, suppress

import pytest
from psycopg import OperationalError
from psycopg.errors import UniqueViolation

from storage import Database, lines
from storage.lines import Line, ask
from storage.session import driver

pytestmark = pytest.mark.stack

NAMED = "insert into creditors (id, name) values ($1, $2)"
FOUND = "select name from creditors where id = $1"
SAID = "select $1::text"


class GaveUpError(Exception):
    """What a block raises that does not go through."""


def found(database, creditor):
    with database.quick() as line:
        [name] = line.ask((FOUND, (creditor,)))
    return name and name.decode()


def test_each_statement_gives_its_first_value_in_order(database):
    with database.quick() as line:
        given = line.ask((SAID, ("a",)), (FOUND, ("nobody",)), (NAMED, ("c", "C")), (SAID, ("b",)))

    assert given == [b"a", None, None, b"b"]


@pytest.mark.parametrize(
    ("value", "written"),
    [(None, None), (12, b"12"), (True, b"t"), (['a"b', "c,d"], b'{"a\\"b","c,d"}')],
)
def test_values_are_written_as_the_driver_writes_them(database, value, written):
    with database.quick() as line:
        assert line.ask((SAID, (value,))) == [written]


def test_what_is_larger_than_the_wire_takes_at_once_arrives_whole(database):
    large = "x" * 4_000_000
    with database.quick() as line:
        assert line.ask((SAID, (large,)), (SAID, (large,))) == [large.encode()] * 2


def test_the_last_statements_commit_and_others_at_the_end_of_the_block(database):
    with database.quick() as line:
        line.ask((NAMED, ("first", "First")))
        assert found(database, "first") is None
        line.ask((NAMED, ("last", "Last")), last=True)
        assert (found(database, "first"), found(database, "last")) == ("First", "Last")
        line.ask((NAMED, ("more", "More")))
    assert found(database, "more") == "More"


def test_a_statement_that_fails_is_named_and_nothing_of_its_transaction_stands(database):
    names = ((NAMED, (each, "A name")) for each in ("before", "acme", "after"))
    with pytest.raises(UniqueViolation, match="pk_creditors"), database.quick() as line:
        line.ask(*names, last=True)

    assert [found(database, each) for each in ("before", "after")] == [None, None]
    assert found(database, "acme") == "Acme Bank"


def test_a_statement_that_cannot_be_prepared_is_refused_and_the_next_line_works(database):
    with pytest.raises(Exception, match="no_such_table"), database.quick() as line:
        line.ask(("select name from no_such_table", ()))

    assert found(database, "acme") == "Acme Bank"


def test_a_line_is_used_again_and_prepares_a_statement_once(database):
    prepared = "select count(*) from pg_prepared_statements where statement = $1"
    counted = []
    for _ in range(2):
        with database.quick() as line:
            counted.append((line, *line.ask((FOUND, ("acme",)), (prepared, (FOUND,)))))

    assert counted == [(line, b"Acme Bank", b"1")] * 2


def cut(database, line):
    """End a line's connection from the server's side, as a restart of it does."""
    with database.transaction() as session:
        session.connection().exec_driver_sql(
            f"select pg_terminate_backend({line.info.backend_pid}, 5000)"
        )


def test_a_line_that_was_cut_in_use_says_so_and_is_not_used_again(database):
    def use(line):
        line.ask((FOUND, ("acme",)))
        cut(database, line)
        line.ask((FOUND, ("acme",)))

    with pytest.raises(OperationalError), database.quick() as line:
        use(line)
    assert line.closed
    assert found(database, "acme") == "Acme Bank"


def test_a_line_that_was_cut_while_nobody_used_it_is_replaced(database, monkeypatch):
    with database.quick() as line:
        line.ask((FOUND, ("acme",)))
    cut(database, line)
    monkeypatch.setattr(lines, "FRESH", 0.0)

    assert found(database, "acme") == "Acme Bank"
    assert line.closed


def test_a_session_is_asked_the_same_and_commits_by_itself(database):
    with database.transaction() as session:
        connection = driver(session)
        assert not isinstance(connection, Line)
        given = ask(connection, (NAMED, ("in", "In")), (FOUND, ("in",)), last=True)
        assert given == [None, b"In"]
        assert found(database, "in") is None
    assert found(database, "in") == "In"


@pytest.mark.parametrize("whole", [True, False])
def test_what_a_session_undoes_leaves_its_connection_as_quick_as_before(database_url, whole):
    with closing(Database(database_url, pool_size=1)) as alone:
        with alone.transaction() as session:
            lines.run(driver(session), SAID, ("the driver prepares something, too",))
            part = nullcontext() if whole else session.begin_nested()
            with suppress(GaveUpError), part:
                ask(driver(session), (NAMED, ("gone", "Gone")))
                raise GaveUpError
            if whole:
                session.rollback()
        with alone.transaction() as session:
            assert ask(driver(session), (FOUND, ("gone",)), (SAID, ("b",))) == [None, b"b"]
