"""Why an account is, or is not, contacted, as people read it."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from api.explaining import Question, explained, home_zone, moment
from api.schemas import DecisionLine, ExplanationView, FactsUsed, RuleAnswer
from api.services import wall
from api.views import timeline
from cli.acting import connect, find
from cli.records import open_record
from compliance.sentences import LEGEND, MARKS
from domain.contacts import Channel, Purpose
from domain.time import zone
from stack import Addresses
from storage import Database, contacts, people
from storage.tables import Account
from workflows.door import TemporalDoor
from workflows.messages import AccountState

VERDICTS = {"allow": "[green]yes[/]", "wait": "[yellow]not yet[/]", "deny": "[red]no[/]"}
SHORT = 12
"""Letters of a hash that are shown."""


@dataclass(frozen=True)
class Asked:
    """What a person types: everything but the account may be left out."""

    channel: Channel | None = None
    purpose: Purpose | None = None
    at: str | None = None


async def explain_account(
    addresses: Addresses, name: str, asked: Asked, console: Console, *, as_json: bool
) -> None:
    """Print why the account would, or would not, be contacted at that moment."""
    with open_record(addresses) as database:
        account = find(database, name)
        state = await _state(addresses, account)
        view = await asyncio.to_thread(_ask, database, account, state, asked)
    if as_json:
        console.print_json(view.model_dump_json())
        return
    for part in parts_of(view, f"{account.creditor_id}/{account.reference}", asked.channel):
        console.print(part, highlight=False)


async def _state(addresses: Addresses, account: Account) -> AccountState | None:
    """What the account's workflow says of itself; nothing of one that is closed."""
    if account.closure is not None:
        return None
    return await TemporalDoor(await connect(addresses)).state(account.workflow_id)


def _ask(
    database: Database, account: Account, state: AccountState | None, asked: Asked
) -> ExplanationView:
    with database.transaction() as session:
        present = state.at if state else contacts.present(session, account.person_id, wall())
        at, parked = present, state.parked if state else None
        if asked.at is not None:
            at = _moment(asked.at, home_zone(people.facts(session, account.id, present)))
        usual = parked.message.purpose if parked else Purpose.DEMAND
        question = Question(
            at=at,
            channel=asked.channel,
            purpose=asked.purpose or usual,
            likely=parked.message.channel if parked else Channel.SMS,
        )
        return explained(session, account, question)


def _moment(text: str, zone_name: str) -> datetime:
    try:
        return moment(text, zone_name)
    except ValueError as error:
        raise ValueError(
            f"--at {text!r}: {error}; without a zone it is {zone_name}, and a date alone is its"
            " midnight"
        ) from error


def show_decisions(addresses: Addresses, name: str, console: Console) -> None:
    """Print every decision that was made about the account, oldest first."""
    with open_record(addresses) as database:
        account = find(database, name)
        with database.transaction() as session:
            zone_name = home_zone(people.facts(session, account.id, wall()))
            lines = list(_decisions(session, account))
    console.print(decisions_table(lines, zone_name))


def _decisions(session: Any, account: Account) -> Iterator[DecisionLine]:  # noqa: ANN401
    after: str | None = "0.0"
    while after is not None:
        page = timeline(session, account, after, limit=500)
        yield from (line for line in page.lines if isinstance(line, DecisionLine))
        after = page.next


def decisions_table(lines: Iterable[DecisionLine], zone_name: str) -> Table:
    """Decisions with the rule that decided each, and the hash that ties it to the one before."""
    table = Table("", zone_name, "message", "verdict", "until", "decided by", "hash")
    for line in lines:
        first = line.reasons[0] if line.reasons else None
        table.add_row(
            str(line.seq),
            local(line.at, zone_name),
            escape(f"{line.channel} {line.message}"),
            line.verdict,
            local(line.until, zone_name) if line.until else "",
            escape(f"{first.rule}: {first.says} ({first.cite})") if first else "",
            line.hash[:SHORT],
        )
    return table


def parts_of(
    view: ExplanationView, account: str, channel: Channel | None
) -> Iterator[RenderableType]:
    """The explanation as it is printed: the answer, the rules in the way, the others, the facts."""
    yield _head(view, account)
    if channel is None:
        yield _channels(view)
    yield f"\n[bold]{view.detail}[/], rule by rule  ({LEGEND})"
    barring = [each for each in view.rules if each.answer in {"refuses", "delays"}]
    for each in barring:
        yield Padding(_in_the_way(each, view.zone), (0, 0, 1, 2))
    if not barring:
        yield "  no rule stands in the way"
    yield _others(each for each in view.rules if each not in barring)
    yield "\n[bold]the facts[/], as they stand now; no decision of the past is told here"
    yield Padding(_facts(view.facts, view.zone), (0, 0, 0, 2))


def _head(view: ExplanationView, account: str) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_row("account", escape(f"{account}  ({view.account_id})"))
    table.add_row("asked", f"{view.purpose}, {both(view.at, view.zone)}")
    table.add_row("law", view.law)
    if view.over is not None:
        table.add_row("[red]no[/]", f"nothing leaves whatever the rules say: {escape(view.over)}")
        for rule in view.refused_at_last:
            why = f"{rule.rule}: {rule.says} ({rule.cite})"
            table.add_row("refused at last", escape(why))
        for asked in view.handed_over:
            table.add_row("we were asked", escape(asked))
    elif len(view.channels) == 1:
        (only,) = view.channels
        table.add_row("verdict", f"{VERDICTS[only.verdict]}, by {only.channel}")
        if only.next_lawful is not None:
            table.add_row("next lawful", both(only.next_lawful, view.zone))
        if only.recheck_at is not None:
            table.add_row("ends by itself", both(only.recheck_at, view.zone))
        if only.decided_by is not None:
            rule = only.decided_by
            table.add_row("decided by", escape(f"{rule.rule}: {rule.says} ({rule.cite})"))
    return table


def _channels(view: ExplanationView) -> Table:
    table = Table("channel", "may it?", f"next lawful moment, {view.zone}", "UTC", "decided by")
    for each in view.channels:
        rule, lawful = each.decided_by, each.next_lawful
        table.add_row(
            each.channel.value,
            VERDICTS[each.verdict],
            local(lawful, view.zone) if lawful else "not before something changes",
            utc(lawful) if lawful else "",
            escape(f"{rule.rule}: {rule.says} ({rule.cite})") if rule else "",
        )
    return table


def _in_the_way(answer: RuleAnswer, zone_name: str) -> Table:
    table = Table.grid(padding=(0, 2))
    colour = "red" if answer.answer == "refuses" else "yellow"
    table.add_row(
        f"[{colour}]{answer.answer}[/]", f"[bold]{escape(answer.rule)}[/] of {escape(answer.pack)}"
    )
    table.add_row("because", escape(answer.says))
    table.add_row("source", escape(f"{answer.cite}  ({_standing(answer)})"))
    table.add_row("the rule", escape(answer.does))
    if answer.counter is not None:
        table.add_row("used", answer.counter)
    if answer.until is not None:
        table.add_row("free", both(answer.until, zone_name))
    if answer.lifts:
        table.add_row("would change it", escape(answer.lifts))
    elif answer.until is not None:
        table.add_row("would change it", "time alone")
    return table


def _standing(answer: RuleAnswer) -> str:
    return f"{answer.force}; {answer.certainty} {MARKS[answer.certainty]}"


def _others(answers: Iterable[RuleAnswer]) -> Table:
    table = Table("rule", "pack", "answer", "it says", "source", "", "used")
    for each in answers:
        table.add_row(
            escape(each.rule),
            escape(each.pack),
            each.answer,
            escape(each.says),
            escape(f"{each.cite}; {each.force}"),
            each.certainty,
            each.counter or "",
        )
    return table


def _facts(facts: FactsUsed, zone_name: str) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_row("collected by", _or_unknown(facts.actor))
    table.add_row("owed to", _or_unknown(facts.sector))
    table.add_row("where", escape(", ".join((facts.country, *facts.regions))))
    table.add_row("zones", ", ".join(facts.zones))
    table.add_row("holds", "; ".join(map(_in_words, facts.holds)) or "none")
    table.add_row("opted out of", ", ".join(facts.opted_out) or "nothing")
    table.add_row("no address for", ", ".join(facts.unreachable) or "no channel")
    table.add_row("wishes", escape("; ".join(map(_in_words, facts.wishes))) or "none")
    for each in facts.milestones:
        on = f"{each.at.astimezone(zone(zone_name)):%a %d %b %Y}"
        where = f" for {', '.join(each.channels)}" if each.channels else ""
        table.add_row("on record", f"{each.kind}{where}, {on}")
    since = f"since {facts.contacts_since:%d %b}"
    table.add_row("contacts", f"{_counted(facts.contacts)} {since}, over all debts")
    table.add_row("from them", f"{_counted(facts.inbound)} {since}")
    return table


def _or_unknown(fact: str | None) -> str:
    return "not known: rules for anybody bind" if fact is None else str(fact)


def _in_words(fact: Any) -> str:  # noqa: ANN401 -- holds and wishes alike
    """A fact of several fields: those that say something."""
    said = fact.model_dump(mode="json", exclude_defaults=True)
    return ", ".join(
        f"{name} {' '.join(value) if isinstance(value, list) else value}"
        for name, value in said.items()
    )


def _counted(counts: dict[Channel, int]) -> str:
    return ", ".join(f"{number} {channel}" for channel, number in counts.items()) or "none"


def local(at: datetime, zone_name: str) -> str:
    """A moment by the clock on a wall there."""
    return f"{at.astimezone(zone(zone_name)):%a %d %b %Y %H:%M}"


def utc(at: datetime) -> str:
    """A moment as UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"


def both(at: datetime, zone_name: str) -> str:
    """A moment by the clock there, with the zone, and as UTC."""
    return f"{local(at, zone_name)} {zone_name}  ({utc(at)} UTC)"
