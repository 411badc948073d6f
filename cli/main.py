"""`tahsil`: run the stack, place accounts, look at them, move them in time; ask for the law."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from cli import journeys
from cli.servers import find_servers
from compliance.facts import Actor, Sector
from domain.bulk import BulkVerb
from domain.contacts import Channel, Purpose
from stack import DEFAULT

app = typer.Typer(
    help="Debt-collection journeys as code.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)
packs = typer.Typer(help="The law as data: read it, plan a change, apply it.", no_args_is_help=True)
app.add_typer(packs, name="packs")
app.add_typer(journeys.app, name="journeys")
person = typer.Typer(help="What a person may ask for: their data, or erasure.")
app.add_typer(person, name="person", no_args_is_help=True)
keys = typer.Typer(help="What encrypts people's data, and how to replace it.")
app.add_typer(keys, name="keys", no_args_is_help=True)
operator = typer.Typer(help="Who of the house uses the API, as what, and what they did.")
app.add_typer(operator, name="operator", no_args_is_help=True)
worklist = typer.Typer(help="What waits for a person of ours, longest first; `done` ends it.")
app.add_typer(worklist, name="tasks", invoke_without_command=True)
console = Console()
errors = Console(stderr=True)

Kept = Annotated[Path, typer.Option(help="Where the stack keeps its data.")]
Data = Annotated[
    Path | None,
    typer.Option(
        help="Where the stack keeps its data: .tahsil, or else the servers of the environment."
    ),
]
Files = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="FILE…", exists=True, dir_okay=False, help="Packs, overlays and calendars as YAML."
    ),
]
Shipped = Annotated[
    bool, typer.Option("--shipped", help="Begin with the packs that ship, not those in force.")
]
By = Annotated[str | None, typer.Option(help="Who says so; your login if left out.")]
KEY = "TAHSIL_API_KEY"


@contextmanager
def plain_errors(code: int = 2) -> Iterator[None]:
    """Say what went wrong in one line, and exit with 2 unless told otherwise."""
    try:
        yield
    except Exception as error:
        from cli.troubles import told

        line = told(error)
        if line is None:
            raise
        errors.print(f"[bold red]tahsil:[/] {escape(line)}", highlight=False, soft_wrap=True)
        raise typer.Exit(code) from error


@app.command()
def up(data: Kept = DEFAULT, workers: Annotated[int, typer.Option(min=1)] = 1) -> None:
    """Run Temporal, PostgreSQL, sandbox, API and workers until Ctrl-C; the data is kept."""
    from stack import up as keep_up

    with plain_errors():
        keep_up(data, workers=workers, report=console.print)


@app.command()
def backup(
    folder: Annotated[Path, typer.Argument(file_okay=False, help="A new or empty directory.")],
    data: Kept = DEFAULT,
) -> None:
    """Back up the running stack as of one moment, but for its keys; it goes on working."""
    from cli.backing_up import make_backup

    with plain_errors():
        make_backup(data, folder, console)


@app.command()
def restore(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The backup.")],
    data: Kept = DEFAULT,
) -> None:
    """Fill an empty data directory from a backup; the master keys have to be there already."""
    from cli.backing_up import restore_backup

    with plain_errors():
        asyncio.run(restore_backup(folder, data, console))


@app.command()
def demo(
    data: Kept = Path(".tahsil/demo"),
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
    actor: Annotated[Actor, typer.Option(help="Who collects: rules differ.")] = Actor.AGENCY,
    sector: Annotated[
        Sector | None, typer.Option(help="Unknown: the rules of every sector bind.")
    ] = None,
    data: Data = None,
) -> None:
    """Register a creditor, or what is new about them, and print a new API key, this once."""
    from cli.acting import new_creditor

    with plain_errors():
        key = new_creditor(find_servers(data), slug, name, actor, sector)
        console.print(key, highlight=False)


@app.command()
def contract(
    slug: Annotated[str, typer.Argument(help="The creditor's slug.")],
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The terms as YAML.")],
    data: Data = None,
) -> None:
    """Put a creditor's contract in force: it binds the accounts that are placed from now on."""
    from cli.contracts import agree

    with plain_errors():
        number = agree(find_servers(data), slug, file)
        console.print(f"contract {number} of {slug} binds new accounts", highlight=False)


@app.command()
def place(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="JSON Lines or CSV.")],
    data: Data = None,
    key: Annotated[str | None, typer.Option(envvar=KEY, help="A creditor's API key.")] = None,
) -> None:
    """Place the accounts of a file; every row that is refused is listed with its errors."""
    from cli.acting import place_file

    with plain_errors():
        refused = asyncio.run(place_file(find_servers(data), file, _key(key), console))
    raise typer.Exit(1 if refused else 0)


@app.command()
def transfers(
    file: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, help="CSV: id, amount, currency, booked_on, text."
        ),
    ],
    data: Data = None,
    key: Annotated[str | None, typer.Option(envvar=KEY, help="A creditor's API key.")] = None,
) -> None:
    """Book bank transfers by the references in their texts; exit 1 if any could not be booked."""
    from cli.transfers import send

    with plain_errors():
        booked = asyncio.run(send(find_servers(data), file, _key(key), console))
    raise typer.Exit(0 if booked else 1)


@app.command()
def account(
    words: Annotated[
        list[str],
        typer.Argument(metavar="ID | skip ID", help="acc_… or CREDITOR/REFERENCE."),
    ],
    reason: Annotated[str | None, typer.Option(help="To skip: why; it goes on record.")] = None,
    by: By = None,
    data: Data = None,
) -> None:
    """Show an account: balance, stage, what happens next and why, and its story so far.

    `skip ID` gives up a contact or charge that fails again and again, and goes on without it.
    """
    from cli.acting import show_account
    from cli.skipping import skip_step

    with plain_errors():
        match words:
            case ["skip", name]:
                if not reason:
                    raise ValueError("expected --reason, which goes on record")
                asyncio.run(skip_step(find_servers(data), name, reason, by, console))
            case [name]:
                asyncio.run(show_account(find_servers(data), name, console))
            case _:
                raise ValueError("expected `tahsil account ID` or `tahsil account skip ID`")


@app.command()
def bulk(
    verb: Annotated[BulkVerb, typer.Argument(help="What every account is told.")],
    where: Annotated[
        str, typer.Option(help="creditor=acme and journey=standard and stage=reminders …")
    ],
    reason: Annotated[str, typer.Option(help="Why; it goes on record.")] = "",
    to: Annotated[str | None, typer.Option(metavar="JOURNEY", help="For switch.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say which accounts.")] = False,
    instruction: Annotated[
        str | None, typer.Option("--id", metavar="bulk_…", help="Go on with this very one.")
    ] = None,
    by: By = None,
    data: Data = None,
) -> None:
    """Tell many accounts one thing; exit 1 unless all of them have done it. `--id` goes on with it.

    Once it says so, nothing leaves any more for accounts that are paused or recalled.
    """
    from cli.bulk import Asked, instruct_many, show_found

    with plain_errors():
        addresses = find_servers(data)
        asked = Asked(verb, where, reason, by, to, instruction)
        if dry_run:
            asyncio.run(show_found(addresses, asked, console))
            return
        if not reason:
            raise ValueError("expected --reason, which goes on record")
        done = asyncio.run(instruct_many(addresses, asked, console))
    raise typer.Exit(0 if done else 1)


@app.command()
def doctor(
    everything: Annotated[
        bool, typer.Option("--all", help="Look into every open account, however many.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    data: Data = None,
) -> None:
    """Find what is stuck or ill, and say the next step for each; exit 1 if anything is."""
    from cli.doctoring import examine

    with plain_errors():
        addresses = find_servers(data)
        healthy = asyncio.run(
            examine(addresses, console, errors, everything=everything, as_json=as_json)
        )
    raise typer.Exit(0 if healthy else 1)


@app.command()
def explain(
    account_id: Annotated[str, typer.Argument(metavar="ID", help="acc_… or CREDITOR/REFERENCE.")],
    channel: Annotated[Channel | None, typer.Option(help="One channel; all if left out.")] = None,
    purpose: Annotated[Purpose | None, typer.Option(help="A demand unless you say.")] = None,
    at: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="2026-11-30T14:00, where the consumer is; or a date."),
    ] = None,
    decisions: Annotated[bool, typer.Option("--decisions", help="List past ones.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    data: Data = None,
) -> None:
    """Say why an account may, or may not, be contacted: each rule, its source, what would help."""
    from cli.explaining import Asked, explain_account, show_decisions

    with plain_errors():
        addresses = find_servers(data)
        if decisions:
            show_decisions(addresses, account_id, console)
            return
        asked = Asked(channel, purpose, at)
        asyncio.run(explain_account(addresses, account_id, asked, console, as_json=as_json))


@app.command()
def simulate(
    journey: Annotated[str, typer.Argument(help="A journey that ships, or a file: path.py:NAME.")],
    account: Annotated[
        Path, typer.Option(metavar="FILE", help="One account as the API takes it, or YAML.")
    ],
    events: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="What happens to it: see docs/simulate.md."),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="2026-11-30T14:00, where the consumer is; today at 9 if left out."
        ),
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=3650, help="How long it is played.")] = 180,
    behaviour: Annotated[
        int | None, typer.Option(metavar="SEED", help="Let a modelled consumer act, too.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Play a journey for one account without any server: what happens when, and why."""
    from cli.simulating import Asked, show
    from cli.simulating import simulate as play

    with plain_errors():
        show(
            play(journey, account, Asked(events, start, days, behaviour)), console, as_json=as_json
        )


@app.command()
def backtest(
    journey: Annotated[str, typer.Argument(help="A journey by its name, or a copy: path.py:NAME.")],
    portfolio: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Accounts as `tahsil place` takes them.")
    ] = None,
    generate: Annotated[
        int | None, typer.Option(min=1, metavar="NUMBER", help="So many fictional accounts.")
    ] = None,
    against: Annotated[
        str | None, typer.Option(metavar="OTHER", help="The journey to hold it against.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=3650, help="How long it is played.")] = 180,
    sweep: Annotated[
        list[str] | None,
        typer.Option(metavar="KNOB=A,B", help="Try these values, such as GRACE=2d,3d; repeat it."),
    ] = None,
    start: Annotated[
        str | None, typer.Option(metavar="DATE", help="All are placed then; today if left out.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed meets the same people.")] = 7,
    parameters: Annotated[
        Path | None, typer.Option(metavar="FILE", help="How people behave, by `tahsil fit`.")
    ] = None,
    costs: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What contacts and people's time cost.")
    ] = None,
    contract: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The creditor's terms as YAML.")
    ] = None,
    actor: Annotated[Actor, typer.Option(help="Who collects: rules differ.")] = Actor.AGENCY,
    sector: Annotated[Sector | None, typer.Option(help="Unknown: every sector's rules.")] = None,
    processes: Annotated[int, typer.Option(min=1, help="The figures are the same.")] = 1,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Write a page to read.")
    ] = None,
    csv: Annotated[Path | None, typer.Option(metavar="FILE.csv", help="Write all figures.")] = None,
    fail_if: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LIMIT", help="Exit 1 if crossed, such as complaints>0.5%; repeat it."
        ),
    ] = None,
) -> None:
    """Try a journey on a whole portfolio before anyone is contacted; compare it with another."""
    from cli.backtesting import Asked, day
    from cli.backtesting import backtest as play
    from workers.clock import wall

    with plain_errors():
        asked = Asked(
            *(journey, portfolio, generate, against, days, sweep or (), seed),
            start=day(start) if start else wall().date(),
            parameters=parameters,
            costs=costs,
            contract=contract,
            actor=actor,
            sector=sector,
            processes=processes,
            report=report,
            csv=csv,
            thresholds=fail_if or (),
        )
        holds = play(asked, console, errors)
    raise typer.Exit(0 if holds else 1)


@packs.command("show")
def packs_show(
    pack: Annotated[
        str | None, typer.Argument(metavar="PACK[@DATE]", help="us-nyc or us-nyc@2026-08-31.")
    ] = None,
    law: Annotated[str | None, typer.Option(help="A law on record, such as law_….")] = None,
    data: Data = None,
) -> None:
    """List the packs in force, or show one: every rule, its source, and how sure we are of it."""
    from cli.lawful import show_packs

    with plain_errors():
        show_packs(data, pack, law, console)


@packs.command("plan")
def packs_plan(
    files: Files = None,
    shipped: Shipped = False,
    everything: Annotated[bool, typer.Option("--all", help="List unmoved contacts, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    data: Data = None,
) -> None:
    """Show what files would change in the law, and which parked contacts they would move."""
    from cli.applying import show_plan

    with plain_errors():
        asyncio.run(
            show_plan(
                find_servers(data),
                _files(files, shipped=shipped),
                (console, errors if as_json else console),
                shipped=shipped,
                as_json=as_json,
                everything=everything,
            )
        )


@packs.command("apply")
def packs_apply(
    files: Files = None,
    shipped: Shipped = False,
    loosens: Annotated[
        bool, typer.Option("--loosens", help="Even if rules go, or bind less than before.")
    ] = False,
    data: Data = None,
) -> None:
    """Put files in force, and tell every open account, so that its timer is set anew at once."""
    from cli.applying import apply

    with plain_errors():
        named = _files(files, shipped=shipped)
        applied = apply(find_servers(data), named, console, shipped=shipped, loosens=loosens)
        told = asyncio.run(applied)
    raise typer.Exit(0 if told else 1)


@packs.command("holidays")
def packs_holidays() -> None:
    """Write the calendars of holidays anew, for people to review before they count."""
    from cli.holidays import write_calendars

    with plain_errors():
        write_calendars(report=console.print)


@app.command()
def audit(
    sends: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="A live provider's own list, not the sandbox's."
        ),
    ] = None,
    data: Data = None,
) -> None:
    """Hold all that was really sent against the law, by separate code; exit 1 for a violation."""
    from cli.auditing import audit_record

    with plain_errors():
        clean = audit_record(find_servers(data), console, sends=sends)
    raise typer.Exit(0 if clean else 1)


@app.command()
def evidence(
    words: Annotated[
        list[str],
        typer.Argument(metavar="ID | verify FILE", help="acc_… or CREDITOR/REFERENCE; or a file."),
    ],
    folder: Annotated[Path, typer.Option(help="Where the files are written.")] = Path(),
    known: Annotated[
        str | None, typer.Option(metavar="HASH", help="Of a seal that was written down earlier.")
    ] = None,
    with_words: Annotated[bool, typer.Option("--words/--no-words", help="What was said.")] = True,
    with_addresses: Annotated[
        bool, typer.Option("--addresses", help="Numbers and mailboxes, too.")
    ] = False,
    data: Data = None,
) -> None:
    """Write an account's proof, or check one: exit 1 if it has a fault."""
    from cli.proving import verify_file, write_evidence

    with plain_errors():
        match words:
            case ["verify", file]:
                sound = verify_file(Path(file), console, known=known)
            case [name] if name != "verify":
                sound = write_evidence(
                    find_servers(data),
                    name,
                    folder,
                    console,
                    words=with_words,
                    with_addresses=with_addresses,
                )
            case _:
                raise ValueError("expected `tahsil evidence ID` or `tahsil evidence verify FILE`")
    raise typer.Exit(0 if sound else 1)


@app.command()
def ff(
    words: Annotated[
        list[str],
        typer.Argument(metavar="[ID] SPAN", help="acc_… or CREDITOR/REFERENCE; 30d, 12h or 45m."),
    ],
    everybody: Annotated[bool, typer.Option("--all", help="Every open account.")] = False,
    data: Data = None,
) -> None:
    """Fast-forward an account, with every open account of the same person; or, with --all, all."""
    from cli.acting import forward

    with plain_errors():
        *names, by = words
        if len(names) != (0 if everybody else 1):
            raise ValueError("expected `tahsil ff ID SPAN` or `tahsil ff --all SPAN`")
        name = None if everybody else names[0]
        asyncio.run(forward(find_servers(data), name, by, console))


@app.command()
def check(data: Data = None) -> None:
    """Compare Postgres, Temporal and the providers' log; exit 1 if any figure differs."""
    from cli.showing import check_books

    with plain_errors():
        agrees = asyncio.run(check_books(find_servers(data), console))
    raise typer.Exit(0 if agrees else 1)


Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="In UTC.")]


@app.command()
def reconcile(
    since: Day = None,
    until: Day = None,
    hear: Annotated[
        bool, typer.Option("--hear", help="Fetch the events that were missed, and apply them.")
    ] = False,
    data: Data = None,
) -> None:
    """Hold the ledger against Stripe's balance, payment by payment; exit 1 if anything differs."""
    from cli.reconciling import reconcile as compare_books
    from cli.reconciling import window

    with plain_errors():
        job = window(since, until, hear=hear)
        agrees = asyncio.run(compare_books(find_servers(data), job, console))
    raise typer.Exit(0 if agrees else 1)


@app.command()
def statement(
    creditor: Annotated[str, typer.Argument(help="The creditor's slug.")],
    currency: Annotated[str | None, typer.Option(help="All of them if left out.")] = None,
    until: Day = None,
    csv: Annotated[Path | None, typer.Option(help="Write every line there.")] = None,
    pdf: Annotated[Path | None, typer.Option(help="Write it there, to be sent.")] = None,
    data: Data = None,
) -> None:
    """Close a creditor's remittance statement: collected, commission, and what is paid out."""
    from cli.statements import Asked, state

    with plain_errors():
        state(find_servers(data), Asked(creditor, currency, until, csv, pdf), console)


Who = Annotated[
    str, typer.Argument(metavar="CREDITOR/REFERENCE", help="The creditor's own of the consumer.")
]


@person.command("export")
def person_export(
    name: Who,
    file: Annotated[
        Path, typer.Option("--output", "-o", dir_okay=False, help="Readable by you alone.")
    ],
    data: Data = None,
) -> None:
    """Write everything that is on record about a person, as JSON: it is for them alone."""
    from cli.persons import export_person

    with plain_errors():
        export_person(find_servers(data), name, file, console)


@person.command("erase")
def person_erase(
    name: Who,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    data: Data = None,
) -> None:
    """Erase a person, but for what a rule wants kept, and say why it does: then it exits with 1."""
    from cli.persons import erase_person

    with plain_errors():
        complete = erase_person(find_servers(data), name, console, dry_run=dry_run)
    raise typer.Exit(0 if complete else 1)


@keys.command("new")
def keys_new() -> None:
    """Print a new master key. Put it before the others, then rotate; keep a copy apart."""
    from storage.master_keys import new_master_key

    console.print(new_master_key(), highlight=False)


@keys.command("show")
def keys_show(data: Data = None) -> None:
    """Count the keys, by whose they are and by what wraps them."""
    from cli.keys import show_keys

    with plain_errors():
        show_keys(find_servers(data), console)


@keys.command("rotate")
def keys_rotate(
    creditor: Annotated[str | None, typer.Option(help="Give this creditor a new key, too.")] = None,
    data: Data = None,
) -> None:
    """Wrap every key with the first master key; histories stay as they are, and readable."""
    from cli.keys import rotate

    with plain_errors():
        rotate(find_servers(data), creditor, console)


@operator.command("add")
def operator_add(
    name: Annotated[str, typer.Argument(help="Small letters, digits, dashes.")],
    role: Annotated[
        list[str], typer.Option(help="admin, operator, analyst, auditor or codec; may come twice.")
    ],
    creditor: Annotated[
        list[str] | None, typer.Option(help="Acts for this one alone; every one if left out.")
    ] = None,
    data: Data = None,
) -> None:
    """Add somebody of the house, or a program, and print their API key, this once."""
    from cli.operators import add

    with plain_errors():
        key = add(find_servers(data), name, role, creditor or [])
        console.print(key, highlight=False)


@operator.command("list")
def operator_list(data: Data = None) -> None:
    """Show everybody of the house who uses the API, those revoked too."""
    from cli.operators import show

    with plain_errors():
        show(find_servers(data), console)


@operator.command("rotate")
def operator_rotate(name: str, data: Data = None) -> None:
    """Print a new key in place of the old one, which is useless from now on."""
    from cli.operators import rotate

    with plain_errors():
        console.print(rotate(find_servers(data), name), highlight=False)


@operator.command("revoke")
def operator_revoke(name: str, data: Data = None) -> None:
    """Let somebody in no more; what they did stays on record."""
    from cli.operators import revoke

    with plain_errors():
        revoke(find_servers(data), name)


@operator.command("acts")
def operator_acts(
    name: Annotated[str | None, typer.Argument(help="The operator; else all.")] = None,
    account_id: Annotated[str | None, typer.Option("--account", metavar="ID")] = None,
    limit: Annotated[int, typer.Option(min=1)] = 50,
    data: Data = None,
) -> None:
    """Show what operators asked of the API, the latest first: for whom, why, what came of it."""
    from cli.operators import show_acts

    with plain_errors():
        show_acts(find_servers(data), name, account_id, limit, console)


@worklist.callback()
def tasks(
    context: typer.Context,
    creditor: Annotated[str | None, typer.Option(help="The slug; every one if left out.")] = None,
    account_id: Annotated[
        str | None, typer.Option("--account", metavar="ID", help="acc_… or CREDITOR/REFERENCE.")
    ] = None,
    done: Annotated[bool, typer.Option("--done", help="Those that are done.")] = False,
    limit: Annotated[int, typer.Option(min=1)] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    data: Data = None,
) -> None:
    """Show what waits for a person of ours, longest waiting first; `done` says that it is done."""
    if context.invoked_subcommand is not None:
        return
    from cli.tasks import Asked, show_tasks

    with plain_errors():
        asked = Asked(creditor, account_id, done, limit)
        show_tasks(find_servers(data), asked, console, as_json=as_json)


@worklist.command("done")
def tasks_done(
    account_id: Annotated[str, typer.Argument(metavar="ID", help="acc_… or CREDITOR/REFERENCE.")],
    ids: Annotated[
        list[str], typer.Argument(metavar="TASK…", help="What you looked at, by its id.")
    ],
    by: By = None,
    data: Data = None,
) -> None:
    """Say that what an account was handed over for is done; a journey that waits for it goes on."""
    from cli.tasks import see_to

    with plain_errors():
        asyncio.run(see_to(find_servers(data), account_id, ids, by, console))


@app.command()
def recovery(
    creditor: Annotated[str | None, typer.Argument(help="The creditor's slug; else all.")] = None,
    data: Data = None,
) -> None:
    """Show what became of plans that broke: who engaged, and the restart / settle split."""
    from cli.recovery import show_recovery

    with plain_errors():
        show_recovery(find_servers(data), creditor, console)


@app.command("fit")
def fit_behaviour(
    data: Annotated[
        list[Path],
        typer.Argument(metavar="DATA…", help="CSV: your own history of accounts, or a public set."),
    ],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="FILE", help="Write them there, as YAML.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Another seed holds out other rows.")] = 7,
) -> None:
    """Fit how simulated people behave to data; say how well it does on rows held out."""
    from cli.fitting import fit_files

    with plain_errors():
        fit_files(data, out, seed, console)


@app.command()
def deploy(
    build: Annotated[
        str | None,
        typer.Argument(help="What its workers were started as, TAHSIL_BUILD; else the current."),
    ] = None,
    rescue: Annotated[
        bool,
        typer.Option("--rescue", help="Begin stages again: no worker has them, or no code fits."),
    ] = False,
    wait: Annotated[float, typer.Option(min=0, help="Seconds for worker and accounts.")] = 60,
    data: Data = None,
) -> None:
    """Make a build of the workers current, and move accounts to it; exit 1 while some are left."""
    from cli.deploying import Deployment
    from cli.deploying import deploy as deploy_build

    with plain_errors():
        asked = Deployment(build, rescue=rescue, patience=wait)
        complete = asyncio.run(deploy_build(find_servers(data), asked, console))
    raise typer.Exit(0 if complete else 1)


@app.command()
def plan(
    against: Annotated[
        str | None, typer.Option(metavar="GIT_REF", help="Journeys of a commit, such as main.")
    ] = None,
    deployed: Annotated[
        bool, typer.Option("--deployed", help="The build that is current: so unless you say.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show changed words.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    data: Data = None,
) -> None:
    """Show what the journeys here change; exit 0: nothing, 2: safe to deploy, 1: strands accounts.

    Counts the accounts in each stage that changes. Trouble exits with 1, too.
    """
    import json

    from cli import planning_changes

    with plain_errors(1):
        if against and deployed:
            raise ValueError("expected --against GIT_REF or --deployed, and not both")
        made = asyncio.run(planning_changes.plan_for(data, against))
        if as_json:
            console.print_json(json.dumps(planning_changes.as_data(made), ensure_ascii=False))
        else:
            planning_changes.show(made, console, verbose=verbose)
    raise typer.Exit(made.exit_code)


@app.command()
def migrate(
    move: Annotated[str, typer.Argument(metavar="JOURNEY:STAGE=[JOURNEY:]STAGE")],
    where: Annotated[str | None, typer.Option(metavar="creditor=SLUG", help="Only theirs.")] = None,
    reason: Annotated[str | None, typer.Option(help="Why; no names of consumers.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count them.")] = False,
    by: By = None,
    data: Data = None,
) -> None:
    """Move accounts that are in a stage to another; exit 1 while some are left. Run it again then.

    What was said in the stage is not said again, and the pause that they are in is kept.
    """
    from cli import migrating

    with plain_errors():
        asked = migrating.Asked(move, where, reason, by)
        addresses = find_servers(data)
        if dry_run:
            asyncio.run(migrating.show_concerned(addresses, asked, console))
            return
        done = asyncio.run(migrating.migrate(addresses, asked, console))
    raise typer.Exit(0 if done else 1)


@app.command()
def replay(
    open_ones: Annotated[
        bool, typer.Option("--open", help="The present run of accounts that are open.")
    ] = False,
    sample: Annotated[int, typer.Option(min=1, help="So many for each stage and build.")] = 5,
    everything: Annotated[bool, typer.Option("--all", help="Every one of them.")] = False,
    data: Data = None,
) -> None:
    """Play open accounts again on the code that is here; exit 1 if any would go another way."""
    from cli.replaying import replay_open

    with plain_errors():
        if not open_ones:
            raise ValueError("nothing to replay: say --open")
        number = None if everything else sample
        can_go_on = asyncio.run(replay_open(find_servers(data), number, console))
    raise typer.Exit(0 if can_go_on else 1)


def _files(given: list[Path] | None, *, shipped: bool) -> list[Path]:
    if not given and not shipped:
        raise ValueError("no files: give packs, overlays or calendars as YAML, or --shipped")
    return given or []


def _key(given: str | None) -> str:
    if not given:
        raise ValueError(f"no API key: set {KEY}, or make one with `tahsil creditor SLUG NAME`")
    return given


if __name__ == "__main__":
    app()
