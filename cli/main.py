"""`tahsil`: run the stack, place accounts, look at them, move them in time, check the books."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from stack import DEFAULT, read_addresses

app = typer.Typer(
    help="Debt-collection journeys as code.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)
console = Console()
errors = Console(stderr=True)

Data = Annotated[Path, typer.Option(help="Where the stack keeps its data.")]
KEY = "TAHSIL_API_KEY"


@contextmanager
def plain_errors() -> Iterator[None]:
    """Say what went wrong in one line, and exit with 2."""
    try:
        yield
    except Exception as error:
        from cli.troubles import told

        line = told(error)
        if line is None:
            raise
        errors.print(f"[bold red]tahsil:[/] {escape(line)}", highlight=False, soft_wrap=True)
        raise typer.Exit(2) from error


@app.command()
def up(data: Data = DEFAULT, workers: Annotated[int, typer.Option(min=1)] = 1) -> None:
    """Run Temporal, PostgreSQL, sandbox, API and workers until Ctrl-C; the data is kept."""
    from stack import up as keep_up

    with plain_errors():
        keep_up(data, workers=workers, report=console.print)


@app.command()
def demo(
    data: Data = Path(".tahsil/demo"),
    seed: Annotated[int, typer.Option(help="The same seed makes the same people.")] = 7,
    accounts: Annotated[int, typer.Option(min=1)] = 120,
    people: Annotated[int, typer.Option(min=1)] = 90,
    days: Annotated[int, typer.Option(min=1, help="Days to work the accounts.")] = 45,
    stay: Annotated[bool, typer.Option("--stay", help="Keep the stack up afterwards.")] = False,
) -> None:
    """Place a generated portfolio and work it, with simulated consumers who answer."""
    from cli.demo import Size
    from cli.showing import demonstrate

    size = Size(seed=seed, accounts=accounts, people=people, days=days)
    with plain_errors():
        agrees = asyncio.run(demonstrate(data, size, console, stay=stay))
    raise typer.Exit(0 if agrees else 1)


@app.command()
def creditor(
    slug: Annotated[str, typer.Argument(help="Small letters, digits, dashes: acme-bank.")],
    name: Annotated[str, typer.Argument(help="The name that consumers know.")],
    data: Data = DEFAULT,
) -> None:
    """Register a creditor and print a new API key, this once."""
    from cli.acting import new_creditor

    with plain_errors():
        console.print(new_creditor(read_addresses(data), slug, name), highlight=False)


@app.command()
def place(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="JSON Lines or CSV.")],
    data: Data = DEFAULT,
    key: Annotated[str | None, typer.Option(envvar=KEY, help="A creditor's API key.")] = None,
) -> None:
    """Place the accounts of a file; every row that is refused is listed with its errors."""
    from cli.acting import place_file

    with plain_errors():
        refused = asyncio.run(place_file(read_addresses(data), file, _key(key), console))
    raise typer.Exit(1 if refused else 0)


@app.command()
def account(
    account_id: Annotated[str, typer.Argument(metavar="ID", help="acc_… or CREDITOR/REFERENCE.")],
    data: Data = DEFAULT,
) -> None:
    """Show an account: balance, stage, what happens next and why, and its story so far."""
    from cli.acting import show_account

    with plain_errors():
        asyncio.run(show_account(read_addresses(data), account_id, console))


@app.command()
def ff(
    words: Annotated[
        list[str],
        typer.Argument(metavar="[ID] SPAN", help="acc_… or CREDITOR/REFERENCE; 30d, 12h or 45m."),
    ],
    everybody: Annotated[bool, typer.Option("--all", help="Every open account.")] = False,
    data: Data = DEFAULT,
) -> None:
    """Fast-forward an account, with every open account of the same person; or, with --all, all."""
    from cli.acting import forward

    with plain_errors():
        *names, by = words
        if len(names) != (0 if everybody else 1):
            raise ValueError("expected `tahsil ff ID SPAN` or `tahsil ff --all SPAN`")
        name = None if everybody else names[0]
        asyncio.run(forward(read_addresses(data), name, by, console))


@app.command()
def check(data: Data = DEFAULT) -> None:
    """Compare Postgres, Temporal and the providers' log; exit 1 if any figure differs."""
    from cli.showing import check_books

    with plain_errors():
        agrees = asyncio.run(check_books(read_addresses(data), console))
    raise typer.Exit(0 if agrees else 1)


def _key(given: str | None) -> str:
    if not given:
        raise ValueError(f"no API key: set {KEY}, or make one with `tahsil creditor SLUG NAME`")
    return given


if __name__ == "__main__":
    app()
