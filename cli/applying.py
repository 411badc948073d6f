"""A change of law: what it would move, and how every open account comes to hear of it."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from temporalio.service import RPCError

from api.explaining import law_in_force
from api.services import wall
from cli.acting import connect, open_ones
from cli.demo import progress_bars
from cli.explaining import utc
from cli.records import open_record
from compliance.calendars import Calendar
from compliance.evaluator import decide
from compliance.facts import PersonFacts, plain_request
from compliance.laws import LAWS, law_id, read_law, write_law
from compliance.loading import LOADER, load_calendar, load_pack, load_packs
from compliance.loosening import loosened
from compliance.merging import changes, merged
from compliance.packs import Pack, Packs
from compliance.timing import NEVER
from compliance.verdicts import Allow, AnyVerdict, Deny, Wait
from domain.contacts import Message
from domain.events import LawChanged
from journeys import journey_called
from simulation.reading import UnreadableError, read
from stack import Addresses
from storage import Database, laws, people
from workflows.door import TemporalDoor
from workflows.messages import AccountState

A_DAY = timedelta(days=1)
AT_ONCE = 12
"""Questions, or news, to workflows under way at a time."""

Effect = Literal["refused", "later", "earlier", "unchanged"]
EFFECTS: tuple[Effect, ...] = ("refused", "later", "earlier", "unchanged")


@dataclass(frozen=True)
class Change:
    """A law to come, beside the one in force."""

    before: str
    after: str
    text: str
    packs: Packs
    lines: list[str]
    loosens: list[str] = field(default_factory=list)
    """What it gives up: rules that go, or bind less."""

    @property
    def nothing(self) -> bool:
        """Whether it is the law in force already."""
        return self.before == self.after


@dataclass(frozen=True)
class Move:
    """What a change of law does to one contact that waits for the law."""

    account: str
    channel: str
    message: str
    was_until: datetime | None
    """Its first lawful moment; None if it is refused until something changes."""
    was_rule: str | None
    verdict: Literal["allow", "wait", "deny"]
    until: datetime | None
    """When it may be made; None if it is refused."""
    rule: str | None

    @property
    def effect(self) -> Effect:
        """Which way it moves."""
        if self.until == self.was_until:
            return "unchanged"
        if self.until is None:
            return "refused"
        return "earlier" if self.was_until is None or self.until < self.was_until else "later"


@dataclass(frozen=True)
class Plan:
    """A change of law, and all that it moves."""

    change: Change
    open: int
    silent: int
    """Open accounts whose workflow did not answer."""
    moves: list[Move]

    @property
    def counts(self) -> dict[str, int]:
        """How many contacts move each way."""
        counted = Counter(move.effect for move in self.moves)
        return {effect: counted[effect] for effect in EFFECTS}


def proposed(before: str, packs: Packs, files: Sequence[Path], *, shipped: bool) -> Change:
    """The law that files would make of the one in force, or of the packs that ship.

    PackError, in one line, for a file that is wrong or would loosen.
    """
    calendars = [file for file in files if _is_calendar(file)]
    new = [load_pack(file) for file in files if file not in calendars]
    dates = {each.id: each for each in map(load_calendar, calendars)}
    base = load_packs() if shipped else packs
    text = write_law(merged(base, new, (_missing(new, base) | dates).values()))
    after = read_law(text)
    since = wall().date() - A_DAY  # somewhere it is still yesterday
    return Change(
        before, law_id(text), text, after, changes(packs, after), loosened(packs, after, since)
    )


def _missing(new: Iterable[Pack], base: Packs) -> dict[str, Calendar]:
    """Calendars that new packs read and the law lacks, from those that ship."""
    named = frozenset[str]().union(*(pack.calendars for pack in new))
    return {
        name: calendar
        for name, calendar in load_packs().calendars.items()
        if name not in base.calendars and (name in named or ("region" in named and "-" in name))
    }


def _is_calendar(file: Path) -> bool:
    """Whether a file holds holidays. What cannot be read is taken for a pack, which says why."""
    try:
        read = yaml.load(file.read_text("utf-8"), LOADER)  # noqa: S506 -- a safe loader
    except (yaml.YAMLError, OSError, UnicodeDecodeError):
        return False
    return isinstance(read, dict) and "days" in read and "rules" not in read


async def show_plan(
    addresses: Addresses,
    files: Sequence[Path],
    consoles: tuple[Console, Console],
    *,
    shipped: bool,
    as_json: bool,
    everything: bool,
) -> None:
    """Print what files would change, and move, if they were applied. Nothing is changed.

    The answer goes to the first console, the progress to the second.
    """
    console, beside = consoles
    with open_record(addresses, AT_ONCE) as database:
        change = await asyncio.to_thread(_change, database, files, shipped=shipped)
        plan = await _planned(addresses, database, change, beside)
    if as_json:
        console.print_json(
            json.dumps(as_data(plan), ensure_ascii=False, default=datetime.isoformat)
        )
    else:
        print_plan(plan, console, everything=everything)


async def apply(
    addresses: Addresses,
    files: Sequence[Path],
    console: Console,
    *,
    shipped: bool,
    loosens: bool = False,
) -> bool:
    """Put the law in force that files make, and tell every open account; whether all were told.

    Told again, an account takes no harm: whoever was interrupted does the same once more.
    ValueError, and nothing is changed, if it gives something up and nobody said that it `loosens`.
    """
    with open_record(addresses, AT_ONCE) as database:
        change = await asyncio.to_thread(_change, database, files, shipped=shipped)
        if change.nothing:
            console.print(f"law {change.before} is in force already: everybody is told again")
        else:
            plan = await _planned(addresses, database, change, console)
            print_plan(plan, console, everything=False)
            refuse_to_loosen(change, allowed=loosens)
        why = ", ".join(["packs that ship"] * shipped + [file.name for file in files])
        event = await asyncio.to_thread(put_in_force, database, change, f"packs apply: {why}")
        return await _tell(addresses, database, event, console)


def refuse_to_loosen(change: Change, *, allowed: bool) -> None:
    """ValueError that names what a change gives up, unless that is allowed."""
    if change.loosens and not allowed:
        raise ValueError(
            f"nothing is applied: it would give up {'; '.join(change.loosens)}."
            " Say --loosens if that is meant"
        )


def _change(database: Database, files: Sequence[Path], *, shipped: bool) -> Change:
    with database.transaction() as session:
        before = law_in_force(session)
    return proposed(before, LAWS.called(before), files, shipped=shipped)


def put_in_force(database: Database, change: Change, why: str) -> LawChanged:
    """Keep the law and put it in force. The change's number makes the event the same each time."""
    with database.transaction() as session:
        laws.hold(session)  # two that apply at once: the second has to see the first one's law
        current = law_in_force(session)
        if current != change.before:
            raise RuntimeError(
                f"law {current} was put in force meanwhile, and {change.before} was expected:"
                " plan again"
            )
        law = laws.put(session, change.text, why)
        number = laws.number(session) or 0
        return LawChanged(event_id=f"law:{number}:{law}", law=law, number=number)


async def _planned(
    addresses: Addresses, database: Database, change: Change, console: Console
) -> Plan:
    """Ask every open account what it waits for, and the law to come what it says to that."""
    door = TemporalDoor(await connect(addresses))
    open_now = await asyncio.to_thread(open_ones, database, None)
    moves, silent = list[Move](), list[str]()

    async def ask(workflow: str) -> None:
        state = await door.state(workflow)
        if state is None:
            silent.append(workflow)
            return
        awaited(state.journey, state.stage)  # kept from here on: Python parses in one thread alone
        move = await asyncio.to_thread(_move, database, state, change)
        moves.extend([move] if move else [])

    await _each(open_now, ask, console, "accounts asked")
    moves.sort(key=lambda move: (EFFECTS.index(move.effect), move.account))
    return Plan(change, len(open_now), len(silent), moves)


def _move(database: Database, state: AccountState, change: Change) -> Move | None:
    with database.transaction() as session:
        facts = people.facts(session, state.account_id, state.at)
    return moved(state, facts, change)


def moved(state: AccountState, facts: PersonFacts, change: Change) -> Move | None:
    """What a law does to the contact that an account waits to make; None if it waits for none.

    One waits for its first lawful moment, or in a stage that asks whether it `may_contact` at all.
    """
    parked = state.parked
    messages = (parked.message,) if parked else awaited(state.journey, state.stage)
    if not messages or state.closure is not None:
        return None
    if parked:
        was_until, was_rule = parked.until, next(iter(parked.rules), None)
    else:
        _, was = _first(state, messages, facts, LAWS.called(change.before))
        if not isinstance(was, Deny) or facts.standing(state.at):
            return None  # it waits for an answer, or for a hold to end
        was_until, was_rule = None, was.decided_by
    message, verdict = _first(state, messages, facts, change.packs)
    return Move(
        account=state.account_id,
        channel=message.channel.value,
        message=message.name,
        was_until=was_until,
        was_rule=was_rule,
        verdict=verdict.kind,
        until=_until(verdict, state.at),
        rule=verdict.decided_by,
    )


@cache
def awaited(journey: str, stage: str | None) -> tuple[Message, ...]:
    """The messages of a stage that waits until one may be sent at all; none of another stage."""
    try:
        found = journey_called(journey)
        present = found.stage(stage or "").name
        (chart,) = (each for each in read(found).stages if each.name == present)
    except (LookupError, UnreadableError):  # of another build, or not to be read
        return ()
    return chart.sends if any(each.verb == "may_contact" for each in chart.waits) else ()


def _first(
    state: AccountState, messages: Sequence[Message], facts: PersonFacts, packs: Packs
) -> tuple[Message, AnyVerdict]:
    """The message that may leave first, and what a law says to it."""

    def asked(message: Message) -> AnyVerdict:
        request = plain_request(state.account_id, message.channel, message.purpose)
        return decide(request, facts, packs, state.at)

    said = [(each, asked(each)) for each in messages]
    return min(said, key=lambda each: _until(each[1], state.at) or NEVER)


def _until(verdict: AnyVerdict, at: datetime) -> datetime | None:
    match verdict:
        case Allow():
            return at
        case Wait(until=until):
            return until
        case Deny():
            return None


async def _tell(
    addresses: Addresses, database: Database, event: LawChanged, console: Console
) -> bool:
    door = TemporalDoor(await connect(addresses))
    open_now = await asyncio.to_thread(open_ones, database, None)
    missed = list[str]()

    async def tell(workflow: str) -> None:
        try:
            await door.tell(workflow, event)
        except RPCError:
            missed.append(workflow)

    await _each(open_now, tell, console, "accounts told")
    console.print(f"law {event.law} is in force; {len(open_now) - len(missed)} accounts told")
    if missed:
        console.print(f"{len(missed)} accounts could not be told: run the same again")
    return not missed


async def _each(
    workflows: Sequence[str],
    act: Callable[[str], Awaitable[None]],
    console: Console,
    what: str,
) -> None:
    """Do it for each workflow, some at a time, with a bar that shows how far it has come."""
    waiting = iter(workflows)
    with progress_bars(console) as progress:
        bar = progress.add_task(what, total=len(workflows))

        async def work() -> None:
            for workflow in waiting:
                await act(workflow)
                progress.advance(bar)

        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(work())


def print_plan(plan: Plan, console: Console, *, everything: bool) -> None:
    """The change, what it moves, and the sums."""
    change = plan.change
    console.print(f"law {change.before} -> {change.after}", highlight=False)
    for line in change.lines or ["nothing changes"]:
        console.print(escape(line), highlight=False, soft_wrap=True)
    for line in change.loosens:
        console.print(f"[red]gives up[/] {escape(line)}", highlight=False, soft_wrap=True)
    listed = [move for move in plan.moves if everything or move.effect != "unchanged"]
    if listed:
        console.print(moves_table(listed))
    console.print(summary(plan), highlight=False)
    if plan.silent:
        console.print(f"{plan.silent} accounts did not answer: is a worker running?")


def moves_table(moves: Iterable[Move]) -> Table:
    """Every contact that moves: from when to when, and by which rule."""
    table = Table("account", "contact", "waits until (UTC)", "becomes", "decided by")
    for move in moves:
        becomes = "refused" if move.until is None else f"{move.effect}, {utc(move.until)}"
        table.add_row(
            move.account,
            f"{move.channel} {move.message}",
            utc(move.was_until) if move.was_until else "refused",
            becomes,
            escape(f"{move.was_rule or 'nothing'} -> {move.rule or 'nothing'}"),
        )
    return table


def summary(plan: Plan) -> str:
    """How many accounts wait, and which way they move."""
    counts = ", ".join(f"{number} {effect}" for effect, number in plan.counts.items())
    return f"{plan.open} open accounts, {len(plan.moves)} wait to make a contact: {counts}"


def as_data(plan: Plan) -> dict[str, Any]:
    """The plan for programs."""
    return {
        "law": {"before": plan.change.before, "after": plan.change.after},
        "changes": [line.strip() for line in plan.change.lines],
        "loosens": plan.change.loosens,
        "open": plan.open,
        "silent": plan.silent,
        "parked": len(plan.moves),
        "counts": plan.counts,
        "contacts": [asdict(move) | {"effect": move.effect} for move in plan.moves],
    }
