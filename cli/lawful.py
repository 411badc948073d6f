"""The law as people read it: which packs there are, and what each one says."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import get_args

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.table import Table

from api.explaining import law_in_force
from cli.records import open_record
from cli.servers import find_servers
from compliance.laws import LAWS, shipped_id
from compliance.money import MoneyRule
from compliance.packs import Pack, Packs
from compliance.rules import AnyRule, Certainty, Disclosure, Period, Retention
from compliance.sentences import (
    LEGEND,
    bound,
    money_sentence,
    period_sentence,
    retention_sentence,
    sentence,
)
from domain.contacts import CONTACTING
from stack import NoStackRunning


def show_packs(data: Path | None, name: str | None, law: str | None, console: Console) -> None:
    """Print the packs of a law, or one of them rule by rule."""
    called, packs, where = law_to_show(data, law)
    chosen = named(packs, name) if name else []
    console.print(f"law {called}, {where}", highlight=False)
    if not chosen:
        console.print(list_of(packs))
        console.print(LEGEND, highlight=False)
    for pack in chosen:
        for part in parts_of(pack, packs):
            console.print(part, highlight=False)


def law_to_show(data: Path | None, law: str | None) -> tuple[str, Packs, str]:
    """The law of that id, or else the one in force on the running stack, or else that of the code.

    With it, what it is called and how it comes to be shown.
    """
    try:
        addresses = find_servers(data)
    except NoStackRunning:
        if law not in (None, shipped_id()):
            raise
        return shipped_id(), LAWS.called(shipped_id()), "as it ships with this release"
    with open_record(addresses) as database, database.transaction() as session:
        current = law_in_force(session)
        wanted = law or current
        where = "in force" if wanted == current else f"on record; in force is {current}"
        return wanted, LAWS.called(wanted), where


def named(packs: Packs, name: str) -> list[Pack]:
    """The versions of a pack: all of `us-nyc`, or that of `us-nyc@DATE` or `us-nyc@VERSION`.

    LookupError, with the names that come near, for one that is not there.
    """
    wanted, _, when = name.partition("@")
    versions = [pack for pack in packs if pack.id == wanted]
    if not versions:
        ids = sorted({pack.id for pack in packs})
        near = [each for each in ids if wanted and wanted in each]
        near = get_close_matches(wanted, ids, n=5) or near
        said = f"did you mean {', '.join(near)}?" if near else "none comes near it;"
        raise LookupError(f"no pack {wanted!r}: {said} `tahsil packs show` lists all")
    found = [pack for pack in versions if not when or pack.version == when or _on(pack, when)]
    if not found:
        known = ", ".join(f"{pack.name} ({_span(pack)})" for pack in versions)
        raise LookupError(f"no pack {name!r}: expected a date or a version of {known}")
    return found


def _on(pack: Pack, when: str) -> bool:
    try:
        return pack.in_force(date.fromisoformat(when))
    except ValueError:
        return False


def _span(pack: Pack) -> str:
    return f"{pack.effective_from} to {pack.effective_to or 'no end'}"


def list_of(packs: Packs) -> Table:
    """Every pack in one line."""
    table = Table()
    table.add_column("pack", no_wrap=True)  # it has to be typed
    for name in ("title", "version", "in force from", "to", "binds", "rules"):
        table.add_column(name)
    for pack in packs:
        table.add_row(
            pack.id,
            escape(pack.title),
            pack.version,
            str(pack.effective_from),
            str(pack.effective_to or ""),
            escape(bound(pack.applies_to)),
            by_certainty((*pack.rules, *pack.money)),
        )
    return table


def by_certainty(rules: Sequence[AnyRule | MoneyRule]) -> str:
    """How many rules there are of each certainty: "12V 1S"."""
    counts = Counter(rule.verified for rule in rules)
    return " ".join(f"{counts[mark]}{mark}" for mark in get_args(Certainty) if counts[mark])


def parts_of(pack: Pack, packs: Packs) -> Iterator[RenderableType]:
    """A pack as it is printed: what it is, its rules, and all that is not a rule."""
    yield f"\n[bold]{pack.name}[/]  {escape(pack.title)}"
    head = Table.grid(padding=(0, 2))
    head.add_row("in force", _span(pack))
    head.add_row("binds", escape(bound(pack.applies_to)))
    if pack.notes:
        head.add_row("notes", escape(" ".join(pack.notes.split())))
    for each in _calendars(pack, packs):
        head.add_row("calendar", escape(each))
    yield head
    yield f"certainty: {LEGEND}"
    if pack.rules:
        yield _rules(pack.rules)
    if pack.money:
        yield _money(pack.money)
    if pack.disclosures:
        yield _disclosures(pack.disclosures)
    if pack.periods or pack.retention:
        yield _spans(pack)


def _rules(rules: Sequence[AnyRule]) -> Table:
    table = Table("rule", "what it does", "where it stands", show_lines=True)
    for rule in rules:
        said = f"{escape(sentence(rule))}\n[dim]because:[/] {escape(rule.says)}"
        if rule.lifts:
            said += f"\n[dim]lifts:[/] {escape(rule.lifts)}"
        table.add_row(
            f"[bold]{escape(rule.id)}[/]\n{rule.kind}",
            said,
            _standing(rule),
        )
    return table


def _money(rules: Sequence[MoneyRule]) -> Table:
    table = Table("rule", "what it does", "where it stands", show_lines=True)
    for rule in rules:
        said = f"{escape(money_sentence(rule))}\n[dim]because:[/] {escape(rule.says)}"
        table.add_row(f"[bold]{escape(rule.id)}[/]\n{rule.kind}", said, _standing(rule))
    return table


def _standing(rule: AnyRule | MoneyRule | Period | Retention) -> str:
    """Citation, force, how sure we are, and where it was read."""
    read = f"\n[dim]read:[/] {escape(rule.source)}" if rule.source else ""
    return f"{escape(rule.cite)}\n{rule.force}, [bold]{rule.verified}[/]{read}"


def _disclosures(disclosures: Sequence[Disclosure]) -> Table:
    table = Table("message says", "on", "words", "where it stands", show_lines=True)
    for each in disclosures:
        first = "\nin the first message only" if each.first else ""
        place = f", in place of: {each.instead_of}" if each.instead_of else ""
        words = "\n".join(f"{language}: {escape(said)}" for language, said in each.words.items())
        purposes = (
            "" if each.purposes == CONTACTING else f"\nfor {', '.join(sorted(each.purposes))}"
        )
        table.add_row(
            f"{each.says}{first}{place}",
            f"{', '.join(sorted(each.channels))}{purposes}",
            words,
            escape(each.cite),
        )
    return table


def _spans(pack: Pack) -> Table:
    """Periods that begin with something sent, and how long records are kept."""
    table = Table("period", "what it does", "where it stands", show_lines=True)
    for period in pack.periods:
        table.add_row(escape(period.id), escape(period_sentence(period)), _standing(period))
    for kept in pack.retention:
        table.add_row(escape(kept.id), escape(retention_sentence(kept)), _standing(kept))
    return table


def _calendars(pack: Pack, packs: Packs) -> list[str]:
    """The calendars that the pack reads, and until when somebody has looked at them."""
    lines = []
    for name in sorted(pack.calendars):
        calendar = packs.calendars.get(name)
        if calendar is None:
            lines.append("region: that of the person's own region, where there is one")
        else:
            years = f"{calendar.first_year} to {calendar.last_year}"
            lines.append(f"{name}: known from {years}; {_whence(calendar.source)}")
    return lines


def _whence(source: str) -> str:
    """Who says which days are holidays; of a library, that it is one."""
    library = source.startswith("holidays ")
    return (
        f"days by version {source.removeprefix('holidays ')} of the Python library `holidays`"
        if library
        else source
    )
