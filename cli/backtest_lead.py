"""What came of a backtest in a few sentences: all that is clearly worse, then all that is better.

Every figure that has a better way and an interval of its difference is judged here; what is worse
is never left out, and harm to people stands before money.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from cli.backtest_result import Result, shown, unit, verdict
from cli.backtest_words import cell
from simulation.comparing import NOTHING, Estimate
from simulation.measures import ALL, ANSWERED, METRICS, UNANSWERED, Name
from simulation.tallies import BUCKETS

TOLD: dict[Name, tuple[str, str]] = {
    # harm to people first
    ("complaints", ""): ("more", "accounts complained about"),
    ("stopped", ""): ("more", "people who stop all contact"),
    ("opted-out", ""): ("more", "people who opt out"),
    ("disputes", ""): ("more", "accounts disputed"),
    ("refused", ALL): ("more", "contacts an account that the law refuses"),
    ("most-in-7-days", ""): ("more", "contacts in a person's fullest 7 days"),
    ("contacts", ALL): ("more", "contacts an account"),
    ("plans-broken", ""): ("more", "plans broken"),
    **{("rolled", each): ("more", "accounts rolled on") for each in BUCKETS},
    # then money
    ("collected", ""): ("much", "collected"),
    ("net", ""): ("much", "left after cost"),
    ("cured", ""): ("more", "accounts cured"),
    **{("brought-back", each): ("more", "accounts brought back") for each in BUCKETS},
    ("plans", ""): ("more", "plans begun"),
    ("plans-kept", ""): ("more", "plans kept"),
    ("plans-recovered", ""): ("more", "broken plans recovered"),
    # then work
    ("self-service", ""): ("more", "accounts that need nobody of ours"),
    ("tasks", ALL): ("more", "tasks an account"),
    ("calls", ANSWERED): ("more", "calls an account"),
    ("calls", UNANSWERED): ("more", "calls an account"),
    ("work", ""): ("more", "minutes of work an account"),
    ("cost", ALL): ("much", "cost an account"),
    ("cost-of-collecting", ""): ("much", "cost of what is collected"),
}
"""What is told of a difference, if it is clear, and in which order: what is counted there."""

LEFT_OUT = frozenset({"collected-by-day", "tasks-per-day", "peak-in-7-days", "agents"})
"""Metrics that a sentence does not judge: the first two are told by others, as a whole or for each
account, and of the last two no interval of the difference is known."""

WORDS = {"more": ("more", "fewer"), "much": ("more", "less")}


class Kind(StrEnum):
    """What a sentence tells."""

    LEVEL = "level"
    """How the variant does that the others are held against."""
    WORSE = "worse"
    BETTER = "better"
    SAME = "same"


class Said(NamedTuple):
    """A sentence, whole and in parts."""

    kind: Kind
    opens: str
    """How it begins: `Worse`."""
    says: str
    """How it goes on, where it has no parts."""
    parts: tuple[tuple[str, str], ...] = ()
    """What there is more or less of, and how much."""

    @property
    def text(self) -> str:
        """All of it."""
        parts = "; ".join(f"{what}, {much}" for what, much in self.parts)
        between = " " if self.kind is Kind.LEVEL else ": "
        return f"{self.opens}{between}{parts or self.says}."

    @property
    def brief(self) -> str:
        """The same without how much."""
        return ", ".join(what for what, _ in self.parts) or self.says


def lead(result: Result) -> Iterator[tuple[str, list[Said]]]:
    """What came of it in words: a few sentences for each variant, with its name."""
    yield result.variants[0], [_level(result)]
    for number, variant in enumerate(result.variants[1:], start=1):
        yield variant, list(_differences(result, number))


def _level(result: Result) -> Said:
    currency = result.measure.currency

    def told(name: Name) -> str:
        found = cell(METRICS[name[0]], result.figure(0, name), currency)
        figure = f"{found.text} {found.unit}".rstrip()
        return f"{figure} ({found.interval})" if found.interval else figure

    says = (
        f"{told(('collected', ''))} of what was placed within {result.measure.days} days"
        f" and brings {told(('cured', ''))} of accounts to an end paid or settled, with"
        f" {told(('contacts', ALL))} contacts an account."
        f" {told(('complaints', ''))} of accounts are complained about;"
        f" {told(('self-service', ''))} of those paid, settled or on a plan needed nobody of ours"
    )
    return Said(Kind.LEVEL, "Collects", says)


def _differences(result: Result, number: int) -> Iterator[Said]:
    """What is clearly worse, what is clearly better, and what cannot be told apart."""
    table, currency = result.tables[number], result.measure.currency
    clear: dict[str, dict[str, list[str]]] = {Kind.WORSE: {}, Kind.BETTER: {}}
    unclear, seen = dict[str, str](), set[str]()
    for name in TOLD:
        change, metric = table[name].difference if name in table else NOTHING, METRICS[name[0]]
        if change.value is None:
            continue
        judged = verdict(metric, change)
        if judged in clear:
            clear[judged].setdefault(_what(name, change), []).append(_much(name, change, currency))
            seen.add(metric.name)
        else:
            unclear[metric.name] = metric.title.lower()
    can_show = f"that {result.accounts:,} accounts can show"
    for kind, told in clear.items() if seen else ():
        parts = tuple((what, ", ".join(much)) for what, much in told.items())
        yield Said(Kind(kind), kind.title(), f"nothing {can_show}", parts)
    if alike := [title for metric_name, title in unclear.items() if metric_name not in seen]:
        yield Said(Kind.SAME, f"No difference {can_show}", ", ".join(alike))


def _what(name: Name, change: Estimate) -> str:
    """What there is more or less of."""
    how, what = TOLD[name]
    more, less = WORDS[how]
    return f"{more if (change.value or 0.0) > 0 else less} {what}"


def _much(name: Name, change: Estimate, currency: str) -> str:
    """How much, whichever way, and of what where there are several."""
    metric, of = METRICS[name[0]], name[1]
    value, ends = abs(change.value or 0.0), (change.low or 0.0, change.high or 0.0)
    low, high = (shown(metric, each, like=value) for each in sorted(map(abs, ends)))
    figure = f"{shown(metric, value)} {unit(metric, currency, of_difference=True)}".rstrip()
    at = f"from {of} days " if of in BUCKETS else "" if of in {"", ALL} else f"{of} "
    return f"{at}{figure} ({low} to {high})"
