"""`tahsil tasks`: what waits for a person of ours, and that it is done."""

import getpass
import json
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlalchemy.orm import Session

from activities.news import Told
from activities.reopening import tell
from api.recording import locked
from api.tasks import TaskView, done_told
from cli.acting import connect, find
from cli.records import open_record
from stack import Addresses
from storage import Database, contacts, tasks
from storage.tables import Account, Creditor, Task
from storage.tasks import Doer
from workers.clock import wall
from workflows.door import TemporalDoor


@dataclass(frozen=True)
class Asked:
    """Which tasks are shown."""

    creditor: str | None = None
    account: str | None = None
    done: bool = False
    limit: int = 50


def show_tasks(addresses: Addresses, asked: Asked, console: Console, *, as_json: bool) -> None:
    """Print the worklist, longest waiting first.

    LookupError if the creditor, or the account, is not there.
    """
    with open_record(addresses) as database:
        account = find(database, asked.account).id if asked.account else None
        with database.transaction() as session:
            if asked.creditor is not None:
                _known(session, asked.creditor)
            found = tasks.worklist(
                session,
                creditor_id=asked.creditor,
                account_id=account,
                done=asked.done,
                limit=asked.limit + 1,
            )
    shown = found[: asked.limit]
    if as_json:
        views = [TaskView.of(each).model_dump(mode="json") for each in shown]
        console.print_json(json.dumps({"tasks": views}, ensure_ascii=False))
        return
    rows = [(each.account.creditor_id, TaskView.of(each)) for each in shown]
    console.print(_table(rows, done=asked.done) if rows else _nothing(asked), highlight=False)
    if len(found) > asked.limit:
        console.print(f"These are the first {asked.limit}: --limit shows more.", highlight=False)


def _known(session: Session, slug: str) -> None:
    if session.get(Creditor, slug) is None:
        raise LookupError(f"no creditor {slug!r}: expected one that is registered")


def _nothing(asked: Asked) -> str:
    return "no task is done" if asked.done else "no task waits"


def _table(rows: Sequence[tuple[str, TaskView]], *, done: bool) -> Table:
    last = ("done (UTC)", "by") if done else ("task",)
    table = Table("since (UTC)", "account", "journey", "owed", "what is asked", *last)
    for creditor, task in rows:
        ended = f" ({task.closure})" if task.closure else ""
        seen = (f"{task.done_at:%Y-%m-%d %H:%M}", task.done_by or "") if task.done_at else ()
        cells = (
            f"{task.at:%Y-%m-%d %H:%M}",
            f"{creditor}/{task.reference}{ended}",
            task.journey,
            str(task.owed),
            task.reason,
            *(seen or (task.id,)),
        )
        table.add_row(*map(escape, cells))
    return table


async def see_to(
    addresses: Addresses, name: str, ids: Sequence[str], by: str | None, console: Console
) -> None:
    """Say that these tasks of an account are done; its journey hears.

    LookupError if the account, or a task of it, is not there.
    """
    doer = Doer(by or getpass.getuser(), of_house=True)
    with closing(Database(addresses.database_url)) as database:
        account = find(database, name)
        door = TemporalDoor(await connect(addresses))
        done, news = _write(database, account, ids, doer)
        await tell(database, door, news)
    for task in done:
        console.print(f"done: {task.reason}", highlight=False, markup=False, soft_wrap=True)


def _write(
    database: Database, account: Account, ids: Sequence[str], doer: Doer
) -> tuple[Sequence[Task], list[Told]]:
    with database.transaction() as session:
        held = locked(session, account.creditor_id, account.id)
        at = contacts.present(session, held.person_id, wall())
        done = tasks.see_to(session, held, ids, by=doer, at=at)
        return done, done_told(held, done)
