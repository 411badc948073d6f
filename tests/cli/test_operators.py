"""Operators on the command line: added, shown, replaced, revoked, and what they did."""

from types import SimpleNamespace

import pytest
from rich.console import Console

from api.roles import Right, known
from cli import operators as commands
from storage import migrate, operators
from storage.operators import Act


@pytest.fixture
def addresses(database, database_url):
    return SimpleNamespace(database_url=database_url)


def printed(what, *given):
    console = Console(width=160)
    with console.capture() as captured:
        what(*given, console)
    return captured.get()


def test_an_operator_comes_and_goes(addresses, database):
    key = commands.add(addresses, "ops-1", ["operator", "auditor"], ["acme"])
    caller = known(database, key)
    assert caller is not None
    assert caller.name == "ops-1"
    assert Right.MONEY in caller.rights
    with database.transaction() as session:
        operators.note(session, Act("ops-1", "money", "POST /x", account_id="acc_1", reason="why"))

    new = commands.rotate(addresses, "ops-1")
    assert (known(database, key), known(database, new)) == (None, caller)
    listed = printed(commands.show, addresses)
    assert "auditor, operator" in listed
    assert key not in listed
    commands.revoke(addresses, "ops-1")
    assert known(database, new) is None
    told = printed(commands.show_acts, addresses, "ops-1", "acc_1", 10)
    assert told.rstrip().endswith("ops-1: POST /x acc_1 -> no answer (why)")


@pytest.mark.parametrize(
    ("name", "roles", "creditors", "error"),
    [
        ("Ops One", ["operator"], [], "expected small letters"),
        ("ops", ["boss"], [], "no role 'boss': there are admin, operator, analyst"),
        ("ops", ["admin"], ["nobody"], "no creditor 'nobody'"),
        ("taken", ["admin"], [], "'taken' is there already, or was"),
    ],
)
def test_what_is_wrong_with_an_operator_is_told(addresses, name, roles, creditors, error):
    commands.add(addresses, "taken", ["analyst"], [])

    with pytest.raises((ValueError, LookupError), match=error):
        commands.add(addresses, name, roles, creditors)


def test_nobody_can_be_revoked_twice(addresses):
    with pytest.raises(LookupError, match="no operator 'nobody' who is let in"):
        commands.revoke(addresses, "nobody")


def test_a_program_of_ours_stays_revoked(database):
    key = operators.new_key()
    for _ in range(2):
        with database.transaction() as session:
            operators.keep(session, "temporal-ui", key, ["codec"])
            owner = operators.owner_of(session, key)
            assert owner is not None
            assert owner.name == "temporal-ui"
    with database.transaction() as session:
        operators.revoke(session, "temporal-ui")
        operators.keep(session, "temporal-ui", key, ["codec"])
        assert operators.owner_of(session, key) is None


def test_the_migrations_make_the_uis_key_known_and_nothing_that_is_no_key(
    database, database_url, monkeypatch
):
    monkeypatch.setenv("TAHSIL_DATABASE_URL", database_url)
    key = operators.new_key()
    monkeypatch.setenv("TAHSIL_CODEC_KEY", key)
    migrate.main()
    monkeypatch.setenv("TAHSIL_CODEC_KEY", "secret")

    with pytest.raises(SystemExit, match="expected tahsil_op_ and random letters"):
        migrate.main()

    caller = known(database, key)
    assert caller is not None
    assert (caller.name, caller.rights) == ("temporal-ui", frozenset({Right.DECRYPT}))
