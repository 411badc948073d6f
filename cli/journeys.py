"""`tahsil journeys`: list, describe, lint and draw journeys, without a server."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="The journeys: what they do, whether they are sound, how they look.",
    no_args_is_help=True,
)

Named = Annotated[
    list[str] | None,
    typer.Argument(metavar="[JOURNEY|FILE.py]…", help="All that ship, if none is named."),
]
One = Annotated[str, typer.Argument(metavar="JOURNEY|FILE.py", help="standard, or a file.")]


@app.command("list")
def list_them() -> None:
    """List the journeys that ship: version, stages, and what each is for."""
    from cli.charting import show_list
    from cli.main import console, plain_errors

    with plain_errors():
        show_list(console)


@app.command("show")
def show(
    journey: One,
    lang: Annotated[str, typer.Option(help="en or ar.")] = "en",
) -> None:
    """Describe a journey in plain words: what each stage sends, awaits, and leads to."""
    from cli import charting
    from cli.main import console, plain_errors

    with plain_errors():
        charting.show(journey, lang, console)


@app.command("lint")
def lint(
    journeys: Named = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail, too.")] = False,
    messages: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="Templates, if not those that ship."),
    ] = None,
) -> None:
    """Find what is wrong before it runs; exit 1 for errors. docs/journeys/README.md: the codes."""
    from cli.charting import check
    from cli.main import console, plain_errors

    with plain_errors():
        sound = check(journeys or [], messages, console, strict=strict)
    raise typer.Exit(0 if sound else 1)


@app.command("diagram")
def diagram(
    journeys: Named = None,
    kind: Annotated[
        str | None, typer.Option("--format", metavar="mermaid|svg", help="mermaid unless you say.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", dir_okay=False, help="Write it there.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Are the pages in docs/journeys fresh? Exit 1 if not.")
    ] = False,
    write: Annotated[bool, typer.Option("--write", help="Write those pages anew.")] = False,
) -> None:
    """Draw a journey from its code; or check, or write, all that is kept in docs/journeys."""
    from cli import charting
    from cli.main import console, errors, plain_errors

    with plain_errors():
        if write:
            charting.keep(journeys or [])
            return
        if not check:
            charting.diagram(charting.only(journeys or []), kind, out, console)
            return
        old = charting.stale(journeys or [])
    for each in old:
        errors.print(
            f"docs/journeys/{each} is stale: run `tahsil journeys diagram --write`",
            highlight=False,
            soft_wrap=True,
        )
    raise typer.Exit(1 if old else 0)


@app.command("names")
def names(
    write: Annotated[
        bool, typer.Option("--write", help="Put new names on journeys/names.txt.")
    ] = False,
) -> None:
    """Check that every stage that was ever released is answered to; exit 1 if one is not."""
    from cli import naming
    from cli.main import console, errors, plain_errors

    with plain_errors():
        for name in naming.write() if write else ():
            console.print(f"{name} is on the list from now on", highlight=False)
        new = naming.unlisted()
        wrong = naming.unanswered()
    for each in new:
        wrong.append(f"{each} is not on the list: run `tahsil journeys names --write`")
    for line in wrong:
        errors.print(line, highlight=False, markup=False, soft_wrap=True)
    raise typer.Exit(1 if wrong else 0)
