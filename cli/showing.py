"""The demo and the check, as people see them."""

from contextlib import closing
from pathlib import Path

from rich.console import Console
from rich.table import Table

from cli.acting import connect
from cli.book import Line, ask_workflows, compare, provider_log, table_of
from cli.demo import Demo, Size
from domain.ledger import OWED, Book, Cause
from domain.money import Money
from stack import Addresses, running_stack
from storage import Database, counts

LOOKS = 5
"""An account that moves between two books differs for an instant; a real difference stays."""


async def demonstrate(data: Path, size: Size, console: Console, *, stay: bool) -> bool:
    """Run the demo on a stack of its own; whether all books agree afterwards."""
    async with running_stack(data, report=console.print) as stack:
        client = await connect(stack.addresses)
        demo = Demo(stack.addresses, stack.environment, client, size)
        did = await demo.run(console)
        await compared(stack.addresses)  # what is still under way comes to rest
        console.print(results(demo.database))
        answered = ", ".join(f"{n}x {what}" for what, n in did.consumers.most_common())
        console.print(f"consumers: {answered}", highlight=False)
        arranged = ", ".join(f"{n}x {what}" for what, n in did.desk.most_common())
        console.print(f"the desk: {arranged}", highlight=False)
        demo.database.close()
        agrees = await check_books(stack.addresses, console)
        _print_addresses(stack.addresses, console)
        if stay:
            console.print("The stack stays up; Ctrl-C stops it. Its data is kept.")
            await stack.lasting()
    return agrees


async def check_books(addresses: Addresses, console: Console) -> bool:
    """Print the figures of the three books side by side; whether they agree."""
    lines = await compared(addresses)
    console.print(table_of(lines))
    return all(line.agrees for line in lines)


async def compared(addresses: Addresses) -> list[Line]:
    """The figures of the three books. What moves while it is counted is counted again."""
    client = await connect(addresses)
    with closing(Database(addresses.database_url)) as database:
        for _ in range(LOOKS):
            log = await provider_log(addresses.sandbox_url)
            lines = compare(database, await ask_workflows(client), log)
            if all(line.agrees for line in lines):
                break
    return lines


def results(database: Database) -> Table:
    """What became of the portfolio, every figure from Postgres."""
    table = Table("", "", title="What became of the portfolio", show_header=False)
    with database.transaction() as session:
        states, holds = counts.accounts_by_state(session), counts.holds(session)
        stages, opted_out = counts.open_by_stage(session), counts.opted_out(session)
        collected = counts.book_sums(session, Book.COLLECTED)
        owed = counts.book_sums(session, *OWED)
        moved = counts.movements_by_cause(session)
        table.add_row("paid in full", str(states.get("paid in full", 0)))
        table.add_row("settled for less", str(states.get("settled", 0)))
        table.add_row("on plan now", str(stages.get("on_plan", 0)))
        table.add_row("plans accepted", str(counts.plans(session)))
        for rhythm, number in sorted(counts.plans_by_rhythm(session).items()):
            table.add_row(f"  of them {rhythm}", str(number))
        table.add_row("plans broken", str(counts.broken(session)))
        table.add_row("broken and recovered", str(counts.recovered(session)))
        for cause in (Cause.REFUND, Cause.CHARGEBACK, Cause.WRITE_OFF):
            table.add_row(f"{cause}s", str(moved.get(cause, 0)))
        table.add_row("referred to a person", str(states.get("referred", 0)))
        tasks = counts.tasks(session)
        table.add_row("tasks for people of ours", str(sum(tasks.values())))
        for became, number in sorted(tasks.items()):
            table.add_row(f"  of them {became}", str(number))
        table.add_row("still open", str(states.get("open", 0)))
        table.add_row("disputed", str(holds.get("dispute", 0)))
        table.add_section()
        for channel, number in sorted(counts.messages_by_channel(session).items()):
            table.add_row(f"messages by {channel}", str(number))
        for channel, number in sorted(opted_out.items()):
            table.add_row(f"opted out of {channel}", str(number))
        table.add_section()
        for rule, number in sorted(counts.verdicts_by_rule(session, "deny").items()):
            table.add_row(f"refused by {rule}", str(number))
        for rule, number in sorted(counts.verdicts_by_rule(session, "wait").items()):
            table.add_row(f"put off by {rule}", str(number))
        table.add_section()
        for currency, minor in collected.items():
            table.add_row("collected", str(Money(minor=minor, currency=currency)))
        for currency, minor in owed.items():
            table.add_row("still owed", str(Money(minor=minor, currency=currency)))
        table.add_row("sum of the ledger", str(counts.ledger_sum(session)))
    return table


def _print_addresses(addresses: Addresses, console: Console) -> None:
    console.print(f"Temporal UI  {addresses.temporal_ui_url}", highlight=False)
    console.print(f"API          {addresses.api_url}/docs", highlight=False)
    console.print(f"Outbox       {addresses.sandbox_url}/outbox", highlight=False)
