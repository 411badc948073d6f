"""What `tahsil backtest` does: try a journey on a whole portfolio, before anyone is contacted."""

import re
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TypeVar

from pydantic import BaseModel
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from cli.backtest_result import Result, Rule, as_csv
from cli.backtest_terminal import print_result
from cli.journey_files import Tried, find_journey
from cli.places import can_write
from cli.portfolio_faults import PortfolioError
from cli.portfolios import PLAYED, Portfolio, Terms, generated, read_portfolio
from cli.thresholds import Threshold, read_thresholds
from compliance import PackError, Packs, load_packs
from compliance.facts import Actor, Sector
from compliance.laws import law_id, write_law
from compliance.loading import read_yaml
from domain.contacts import Channel
from domain.contracts import Contract
from domain.money import figure
from journeys import JOURNEYS
from simulation.behaviour import Model
from simulation.comparing import compare
from simulation.costs import SHIPPED as COSTS
from simulation.costs import Costs
from simulation.knobs import grid
from simulation.lives import EndlessJourneyError
from simulation.measures import Measure
from simulation.parameters import SHIPPED as PARAMETERS
from simulation.parameters import Parameters
from simulation.running import Variant, run
from simulation.tallies import Tallies

PLACED_AT = time(9, tzinfo=UTC)
"""All accounts are placed at this hour of the first day."""

AS_WRITTEN = "as written"

_Model = TypeVar("_Model", bound=BaseModel)

NO_FIELDS = re.compile(r"(?<=the whole file: )input should be a valid dictionary.*")


@dataclass(frozen=True)
class Asked:
    """What a person asks for."""

    journey: str
    portfolio: Path | None
    generate: int | None
    against: str | None
    days: int
    sweeps: Sequence[str]
    seed: int
    start: date
    parameters: Path | None
    costs: Path | None
    contract: Path | None
    actor: Actor
    sector: Sector | None
    processes: int
    report: Path | None
    csv: Path | None
    thresholds: Sequence[str]

    def command(self) -> str:
        """The command that gives the same figures, without what does not change them."""
        options: list[tuple[str, object]] = [
            ("--portfolio", self.portfolio),
            ("--generate", self.generate),
            ("--against", self.against),
            *(("--sweep", each) for each in self.sweeps),
            ("--days", self.days),
            ("--start", self.start),
            ("--seed", self.seed),
            ("--parameters", self.parameters),
            ("--costs", self.costs),
            ("--contract", self.contract),
            ("--actor", self.actor.value),
            ("--sector", self.sector.value if self.sector else None),
        ]
        given = [str(part) for name, each in options if each is not None for part in (name, each)]
        return shlex.join(["tahsil", "backtest", self.journey, *given])


def day(text: str) -> date:
    """A date as people write it; ValueError if there is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"--start {text}: expected a date such as 2026-11-30") from None


@dataclass(frozen=True)
class _Plan:
    """Everything that is needed, read and found good before anything is played."""

    variants: Sequence[Variant]
    sources: Sequence[str]
    thresholds: Sequence[Threshold]
    watched: int
    """The first variant that thresholds are held against: those before are another journey."""
    portfolio: Portfolio
    parameters: Parameters
    costs: Costs
    packs: Packs


def backtest(asked: Asked, console: Console, progress: Console) -> bool:
    """Play, tell and write down; False if a threshold is crossed."""
    _can_write(asked)
    with _bars(progress) as bars:
        plan = _planned(asked, bars)
        tallies = _played(asked, plan, bars)
    result = _result(asked, plan, tallies)
    print_result(result, console)
    if asked.csv is not None:
        _write(asked.csv, as_csv(result))
    if asked.report is not None:
        from cli.backtest_page import page  # it draws: nobody else waits for that library

        _write(asked.report, page(result))
    return _holds(plan, result, console)


def _can_write(asked: Asked) -> None:
    given = (asked.portfolio, asked.parameters, asked.costs, asked.contract)
    taken = [each for each in given if each is not None]
    for option, file in (("--report", asked.report), ("--csv", asked.csv)):
        if file is not None:
            can_write(option, file, taken)
            taken.append(file)


@contextmanager
def _bars(console: Console) -> Iterator[Progress]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    quiet = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=quiet) as bars:
        yield bars


def _planned(asked: Asked, bars: Progress) -> _Plan:
    tried = find_journey(asked.journey)
    other = find_journey(asked.against) if asked.against is not None else None
    if other is not None and other.journey is tried.journey:
        raise ValueError(
            f"--against {asked.against}: that is {asked.journey} itself; give another journey, an"
            " edited copy as path.py:NAME, or --sweep"
        )
    variants = _variants(tried, other, asked.sweeps)
    return _Plan(
        variants=variants,
        sources=[f"{each.label}: {each.source}" for each in (tried, other) if each is not None],
        thresholds=read_thresholds(asked.thresholds, compares=len(variants) > 1),
        watched=0 if other is None else 1,
        parameters=_given("--parameters", asked.parameters or PARAMETERS, Parameters),
        costs=_given("--costs", asked.costs or COSTS, Costs),
        packs=load_packs(),
        portfolio=_portfolio(asked, bars),
    )


def _variants(tried: Tried, other: Tried | None, sweeps: Sequence[str]) -> list[Variant]:
    """All that is played, what others are held against first."""
    swept = grid(tried.journey, sweeps)
    label = tried.label
    if other is not None and other.label == label:
        label = f"{label} (tried)"
    written = f"{label}, {AS_WRITTEN}" if swept else label
    found = [Variant(written, {**JOURNEYS, PLAYED: tried.journey})]
    if other is not None:
        found.insert(0, Variant(other.label, {**JOURNEYS, PLAYED: other.journey}))
    for settings in swept:
        name = " ".join((label, *(each.label for each in settings)))
        knobs = tuple(knob for each in settings for knob in each.knobs)
        found.append(Variant(name, {**JOURNEYS, PLAYED: tried.journey}, knobs))
    return found


def _portfolio(asked: Asked, bars: Progress) -> Portfolio:
    if (asked.portfolio is None) is (asked.generate is None):
        raise ValueError("which portfolio? Give one of --portfolio FILE and --generate NUMBER")
    contract = Contract()
    if asked.contract is not None:
        contract = _given("--contract", asked.contract, Contract)
    terms = Terms(asked.start, asked.actor, asked.sector, contract)
    if asked.generate is not None:
        return generated(asked.generate, asked.seed, terms)
    if asked.portfolio is None:
        raise ValueError("which portfolio? Give --portfolio FILE")
    _there("--portfolio", asked.portfolio)
    task = bars.add_task("reading", total=asked.portfolio.stat().st_size)
    try:
        return read_portfolio(asked.portfolio, terms, lambda more: bars.advance(task, more))
    except PortfolioError as error:
        for each in error.faults:
            bars.console.print(escape(each), highlight=False, soft_wrap=True)
        raise
    finally:
        bars.remove_task(task)


EXPECTED = {
    "--parameters": "what `tahsil fit DATA -o FILE` writes",
    "--costs": "a copy of simulation/costs.yaml with figures of your own",
    "--contract": "a creditor's terms as `tahsil contract` takes them",
}
"""What the files hold that somebody may give."""


def _given(option: str, file: Path, model: type[_Model]) -> _Model:
    """A file of figures; ValueError names the option, file, line and what was expected."""
    _there(option, file)
    try:
        return read_yaml(file, model)
    except PackError as error:
        says = NO_FIELDS.sub("it holds no fields by name", str(error))
        raise ValueError(f"{option} {says}; expected {EXPECTED[option]}") from error


def _there(option: str, file: Path) -> None:
    if file.is_dir():
        raise ValueError(f"{option} {file}: that is a folder; give a file")
    if not file.exists():
        raise ValueError(f"{option} {file}: there is no such file")


def _played(asked: Asked, plan: _Plan, bars: Progress) -> Tallies:
    start = datetime.combine(asked.start, PLACED_AT)
    people, several = len(plan.portfolio), len(plan.variants)
    task = bars.add_task(f"people, {several} lives each" if several > 1 else "people", total=people)
    try:
        return run(
            plan.portfolio,
            plan.variants,
            behaviour=Model(asked.seed, plan.parameters),
            packs=plan.packs,
            start=start,
            days=asked.days,
            new_tally=lambda: Tallies(several, start=start, days=asked.days),
            processes=asked.processes,
            on_progress=lambda more: bars.advance(task, more),
        )
    except EndlessJourneyError as error:
        raise ValueError(str(error)) from error


def _result(asked: Asked, plan: _Plan, tallies: Tallies) -> Result:
    portfolio = plan.portfolio
    measure = Measure(
        start=datetime.combine(asked.start, PLACED_AT),
        days=asked.days,
        currency=portfolio.currency,
        people=len(portfolio),
        costs=plan.costs,
    )
    names = [each.name for each in plan.variants]
    return Result(
        title=_title(asked, names),
        variants=names,
        tables=compare(tallies, measure),
        measure=measure,
        accounts=portfolio.accounts,
        placed=f"{portfolio.currency} {Decimal(figure(portfolio.placed, portfolio.currency)):,}",
        rules=_rules(plan.packs),
        made=list(_made(asked, plan, measure)),
        assumptions=list(_assumptions(plan)),
    )


def _title(asked: Asked, names: Sequence[str]) -> str:
    if asked.against is not None:
        return f"{names[1].removesuffix(f', {AS_WRITTEN}')} against {names[0]}"
    swept = ", ".join(each.partition("=")[0] for each in asked.sweeps)
    return f"{asked.journey}, {swept} swept" if swept else names[0]


def _rules(packs: Packs) -> dict[str, Rule]:
    return {rule.id: Rule(rule.says, rule.cite, pack.name) for pack in packs for rule in pack.rules}


def _made(asked: Asked, plan: _Plan, measure: Measure) -> Iterator[tuple[str, str]]:
    yield "Command", asked.command()
    yield "Journeys", "; ".join(plan.sources)
    portfolio = plan.portfolio
    digest = f", SHA-256 {portfolio.digest[:16]}…" if portfolio.digest else " from the seed"
    placed = (
        f"{portfolio.name}{digest}: {portfolio.accounts:,} accounts of {len(portfolio):,} people;"
        " every account plays the journey under test, whichever its row names"
    )
    yield "Portfolio", placed
    yield "Law", f"{law_id(write_law(plan.packs))}: the packs that ship, all that bind together"
    yield "Who collects", " and ".join(filter(None, (asked.actor.value, asked.sector)))
    figures = "that ship" if asked.parameters is None else f"of {asked.parameters.name}"
    yield "Consumers", f"a model of behaviour, seed {asked.seed}, with the parameters {figures}"
    if not measure.knows_costs:
        priced, owed = measure.costs.currency, measure.currency
        yield "Cost", f"left out: prices are in {priced}, debts in {owed}; give --costs with yours"
    yield "Release", f"tahsil {version('tahsil')}"


def _assumptions(plan: _Plan) -> Iterator[tuple[str, str, str, str]]:
    for what, told, why in plan.costs.listed():
        yield what, told, "assumed", why
    for name, entry in plan.parameters.entries().items():
        values = getattr(entry, "values", None)
        told = ", ".join(_values(values)) if values is not None else f"{entry.value:g}"  # type: ignore[union-attr]
        counted = f", n = {entry.n:,}" if entry.n else ""
        yield name.replace("_", " "), told, f"{entry.label.value}{counted}", entry.source


def _values(values: object) -> Iterator[str]:
    if isinstance(values, dict):
        yield from (f"{name} {value:g}" for name, value in values.items())
    elif isinstance(values, tuple):
        yield from (f"{value:g}" for value in values)


def _holds(plan: _Plan, result: Result, console: Console) -> bool:
    """Whether no threshold is crossed; each that is, is told."""
    holds, known = True, {*(channel.value for channel in Channel), *result.rules}
    for each in plan.thresholds:
        for number in range(plan.watched, len(result.variants)):
            if each.of_change and number == 0:
                continue
            found = each.crossed_by(result.tables[number], known)
            if found is not None:
                holds = False
                console.print(
                    f"[bold red]crossed:[/] {escape(each.text)}:"
                    f" {escape(result.variants[number])} has {each.told(found)}",
                    highlight=False,
                )
    return holds


def _write(file: Path, text: str) -> None:
    """Write a file whole or not at all."""
    folder = file.resolve().parent
    with NamedTemporaryFile("w", dir=folder, encoding="utf-8", newline="", delete=False) as made:
        made.write(text)
    Path(made.name).chmod(0o644)
    Path(made.name).replace(file)
