"""How findings are printed, and who is looked into first."""

import asyncio
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console
from rich.progress import Progress
from sqlalchemy import func, update

from cli import doctoring
from cli.doctoring import Seen, _Doctor, _look_at_record, _suspicion, as_data, show
from storage import creditors
from storage.tables import Account
from tests.api.record import placement, record
from tests.workflows.test_ailments import LONG_AGO, account
from workers.clock import wall
from workflows import names
from workflows.ailments import Ailment, Finding, Limits


def finding(number=1, ailment=Ailment.QUIET, since=None):
    return Finding(ailment, f"acc_{number}", "silent", "look at it", since)


def printed(seen):
    file = io.StringIO()
    show(seen, Console(file=file, width=120))
    return " ".join(file.getvalue().split())


def test_a_healthy_house_is_said_to_be_so_with_how_far_was_looked():
    said = printed(Seen([], open=3, looked_into=3))
    assert said == "0 findings; 3 of 3 open accounts were looked into one by one"
    assert printed(Seen([], open=9, looked_into=3)).endswith(": --all does all")


def test_findings_of_a_kind_stand_together_with_the_first_moment_and_one_next_step():
    since = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    seen = Seen([finding(number, since=since) for number in range(5)], open=5, looked_into=5)
    said = printed(seen)
    assert said.count("look at it") == 1
    assert "acc_2: silent" in said
    assert "acc_3" not in said
    assert "and 2 more" in said
    assert "2026-11-20 09:30" in said
    assert [each["subject"] for each in as_data(seen)["findings"]][-1] == "acc_4"


@pytest.mark.parametrize(
    "ill",
    [
        {"doing_since": LONG_AGO},
        {"ended": True},
        {"stage": None},
        {"contacted_at": None},
        {"workflow_id": "reported"},
    ],
)
def test_who_is_suspicious_is_looked_into_before_who_is_not(ill):
    def rank(each):
        return _suspicion(each, {"reported"}, Limits())

    assert rank(account(**ill)) < rank(account())


class Server:
    """Temporal with these workflows, which began long ago; it counts the ids that it gives."""

    A_PAGE = 2
    AT_ONCE = 1

    def __init__(self, workflow_ids):
        self.running_ids = sorted(workflow_ids)
        self.reported_ids = []
        self.given = 0
        self.described = []

    def _of(self, creditor):
        start = names.workflow_id(creditor, "") if creditor else ""
        return [each for each in self.running_ids if each.startswith(start)]

    async def number_running(self, _, creditor=None):
        return len(self._of(creditor))

    async def running(self, _, creditor=None):
        ids = self._of(creditor)
        for at in range(0, len(ids), self.A_PAGE):
            self.given += len(ids[at : at + self.A_PAGE])
            yield ids[at : at + self.A_PAGE]

    async def running_among(self, _, workflow_ids):
        assert len(workflow_ids) <= self.A_PAGE
        return set(workflow_ids) & set(self.running_ids)

    async def running_since(self, _, workflow_id):
        return wall() - timedelta(hours=1) if workflow_id in self.running_ids else None

    async def reported(self, _, most):
        return self.reported_ids[:most]

    async def run_of(self, _, workflow_id, *__, **___):
        self.described.append(workflow_id)

    async def each(self, ids, ask):
        for one in ids:
            await ask(one)


@pytest.fixture
def examined(database, monkeypatch):
    """What is found of the accounts on record where these workflows run, and the server."""

    def look(running, *, most=doctoring.MOST, everything=False, reported=()):
        server, seen, bars = Server(running), Seen([]), Progress()
        client: Any = None  # only handed on
        server.reported_ids = list(reported)
        monkeypatch.setattr(doctoring, "temporal", server)
        monkeypatch.setattr(doctoring, "MOST", most)
        suspects = _look_at_record(database, seen, Limits())
        seen.findings.clear()
        doctor = _Doctor(client, database, seen, Limits(), bars)

        async def work():
            await doctor.compare(everything=everything)
            await doctor.accounts(suspects, everything=everything)

        asyncio.run(work())
        found = {each.ailment: each.subject for each in seen.findings}
        return found, seen, server

    return look


@pytest.fixture
def book(database):
    """Five accounts of one creditor and one of another, placed an hour ago: their workflows."""
    with database.transaction() as session:
        creditors.register(session, "other", "Other Bank")
    made = [placement(reference=f"A{number}") for number in range(5)]
    made.append(placement(creditor="other", reference="B0"))
    workflows = [record(database, each) for each in made]
    with database.transaction() as session:
        session.execute(update(Account).values(recorded_at=func.now() - timedelta(hours=1)))
    return dict(zip(workflows, (each.account_id for each in made), strict=True))


@pytest.mark.usefixtures("book")
def test_no_more_accounts_are_read_of_the_record_than_are_looked_into(database, monkeypatch):
    monkeypatch.setattr(doctoring, "MOST", 2)
    seen = Seen([])
    assert len(_look_at_record(database, seen, Limits())) == 2
    assert seen.open == 6


def test_where_the_numbers_agree_no_ids_are_read(examined, book):
    found, seen, server = examined(book, most=2)
    assert (found, server.given) == ({}, 0)
    assert (seen.looked_into, len(server.described)) == (2, 2)


def test_a_creditor_whose_numbers_differ_is_compared_page_by_page_and_no_other_is(examined, book):
    lost, *rest = book
    found, _, server = examined(rest)
    assert found == {Ailment.NOT_RUNNING: book[lost]}
    assert server.given == 4
    found, _, server = examined([*book, "account/other/stray"])
    assert found == {Ailment.NOT_OPEN: "account/other/stray"}
    assert server.given == 2


def test_one_missing_beside_one_too_many_is_found_by_looking_into_everything(examined, book):
    lost, *rest = book
    running = [*rest, "account/acme/stray"]
    assert examined(running)[0] == {}
    found, seen, server = examined(running, everything=True, most=4)
    assert found == {Ailment.NOT_RUNNING: book[lost], Ailment.NOT_OPEN: "account/acme/stray"}
    assert sorted(server.described) == sorted(book)
    assert seen.looked_into == 6


def test_whom_temporal_itself_names_is_looked_into_before_anybody_else(examined, book):
    last = list(book)[-1]
    assert examined(book, most=1)[2].described != [last]
    assert examined(book, most=1, reported=[last])[2].described == [last]
