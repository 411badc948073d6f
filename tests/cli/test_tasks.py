"""The worklist on the command line."""

import asyncio
import json
from types import SimpleNamespace

import pytest
from rich.console import Console

from cli import tasks as commands
from cli.tasks import Asked
from domain.accounts import Closure
from storage import accounts
from storage.tables import Account
from tests.api.record import NOW, placement, record


@pytest.fixture
def addresses(database_url, door, monkeypatch):
    """A record, and a door in place of Temporal's."""

    async def connect(_):
        return None

    monkeypatch.setattr(commands, "connect", connect)
    monkeypatch.setattr(commands, "TemporalDoor", lambda _: door)
    return SimpleNamespace(database_url=database_url)


@pytest.fixture
def account(database):
    """One with two tasks, that nobody has seen to."""
    made = placement()
    record(database, made)
    with database.transaction() as session:
        for key in ("t#1", "t#2"):
            accounts.hand_over(session, key, made.account_id, f"[why] {key}", at=NOW)
    return made


def printed(what, *given, **more):
    console = Console(width=160)
    with console.capture() as captured:
        done = what(*given, console, **more)
        if done is not None:
            asyncio.run(done)
    return captured.get()


def shown(addresses, *, as_json=False, **asked):
    return printed(commands.show_tasks, addresses, Asked(**asked), as_json=as_json)


def test_what_waits_is_shown_and_then_done(addresses, account, door, database):
    name = f"acme/{account.reference}"
    table = shown(addresses, creditor="acme", account=name)
    assert "[why] t#1" in table
    assert f"{name} " in table
    assert "USD 200.00" in table
    first = shown(addresses, limit=1)
    assert "t#2" not in first
    assert "These are the first 1: --limit shows more." in first
    [one, _] = json.loads(shown(addresses, as_json=True))["tasks"]
    assert (one["id"], one["done_at"]) == ("t#1", None)

    assert printed(commands.see_to, addresses, name, ["t#2"], "kim") == "done: [why] t#2\n"
    assert printed(commands.see_to, addresses, name, ["t#1"], "kim") == "done: [why] t#1\n"

    assert [event.task for event in door.heard()] == ["t#2", "t#1"]
    assert shown(addresses) == "no task waits\n"
    assert "kim" in shown(addresses, done=True)
    with database.transaction() as session:
        session.get_one(Account, account.account_id).closure = Closure.PAID_IN_FULL
    assert "(paid in full)" in shown(addresses, done=True)


def test_where_nothing_was_asked_nothing_is_shown(addresses):
    assert shown(addresses) == "no task waits\n"
    assert shown(addresses, done=True) == "no task is done\n"


def test_what_is_not_there_is_named(addresses, account):
    with pytest.raises(LookupError, match="no creditor 'nobody': expected one that is registered"):
        shown(addresses, creditor="nobody")
    with pytest.raises(LookupError, match="no account 'acme/none'"):
        shown(addresses, account="acme/none")
    with pytest.raises(LookupError, match=f"{account.account_id} has no task 't#3'"):
        printed(commands.see_to, addresses, account.account_id, ["t#3"], None)
