"""Rounds in which no time passes: a journey that goes round for ever at one moment.

What is known of the account holds until something is done: two conditions that exclude each other
are never on one round. Ways back to a stage that a response broke into are not followed: each of
them begins with a response.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta

from simulation.charts import (
    Assumes,
    Chart,
    Does,
    Flow,
    Hands,
    Lead,
    StageChart,
    Step,
    Waits,
    Way,
)

PAUSES = frozenset({"response", "quiet", "paid", "promise_kept"})
"""Verbs that take time by themselves."""

SAYS_SO = frozenset({"answer", "next_try"})
"""Verbs that take time, or none: they answer which. None is left for what was not sent."""

Known = frozenset[tuple[str, bool]]


@dataclass(frozen=True)
class Round:
    """A round without a pause: where it begins, and the names of the stages on it."""

    stage: StageChart
    step: Step
    names: tuple[str, ...]
    has_wait: bool
    """Something on it waits, but takes no time if there is nothing to wait for."""


def endless_rounds(chart: Chart) -> Iterator[Round]:
    """All rounds without a pause."""
    for stage in chart.stages:
        always = {*_loops(stage.flow, PAUSES | SAYS_SO)}
        for number in _loops(stage.flow, PAUSES):
            step = stage.flow.steps[number]
            yield Round(stage, step, (stage.name, stage.name), has_wait=number not in always)
    told = set[frozenset[str]]()
    for stage in chart.stages:
        always_round = _round_from(chart, stage, PAUSES | SAYS_SO)
        names = always_round or _round_from(chart, stage, PAUSES)
        if names and frozenset(names) not in told:
            told.add(frozenset(names))
            step = Step(None, stage.file, stage.line)
            yield Round(stage, step, names, has_wait=not always_round)


def _pauses(step: Step, pauses: Collection[str]) -> bool:
    """Whether time passes there, whatever became of messages: one that was refused takes none."""
    match step.deed:
        case Waits(verb, span) if verb in pauses:
            return span.since != "now" or span.plus > timedelta()
        case Assumes(verb=verb, holds=True):
            return verb in SAYS_SO
        case _:
            return False


def _loops(flow: Flow, pauses: Collection[str]) -> Iterator[int]:
    """Heads of loops inside the code of a stage, by their numbers."""
    reached = flow.reached()
    for number in reached:
        step = flow.steps[number]
        if (
            step.deed is None
            and step.line
            and not step.ends_by_itself
            and _comes_back(flow, number, pauses)
        ):
            yield number


def _comes_back(flow: Flow, first: int, pauses: Collection[str]) -> bool:
    seen, ahead = set[int](), [*flow.steps[first].then]
    while ahead:
        number = ahead.pop()
        if number == first:
            return True
        step = flow.steps[number]
        if number not in seen and not _pauses(step, pauses) and not step.ends_by_itself:
            seen.add(number)
            ahead += step.then
    return False


def _round_from(chart: Chart, first: StageChart, pauses: Collection[str]) -> tuple[str, ...]:
    """The stages of a round from the beginning of a stage to it again; empty: there is none."""
    seen = set[tuple[str, int, Known]]()
    ahead: list[tuple[str, int, Known, tuple[str, ...]]] = [
        (first.name, 0, frozenset(), (first.name,))
    ]
    while ahead:
        name, number, known, names = ahead.pop()
        stage = chart.stage(name)
        if stage is None or (name, number, known) in seen:
            continue
        seen.add((name, number, known))
        step = stage.flow.steps[number]
        if _pauses(step, pauses) or _contradicts(step, known):
            continue
        known = _after(step, known)
        if isinstance(step.deed, Lead):
            following = _following(stage, step.deed)
            if following == first.name:
                return (*names, following)
            if following is not None:
                ahead.append((following, 0, known, (*names, following)))
        ahead += [(name, each, known, names) for each in step.then]
    return ()


def _following(stage: StageChart, lead: Lead) -> str | None:
    if lead.way is Way.STAYS:
        return stage.name
    return lead.name if lead.way is Way.TO else None


def _contradicts(step: Step, known: Known) -> bool:
    deed = step.deed
    return isinstance(deed, Assumes) and (deed.text, not deed.holds) in known


def _after(step: Step, known: Known) -> Known:
    match step.deed:
        case Assumes(text, holds):
            return known | {(text, holds)}
        case Does() | Hands():
            return frozenset()
        case _:
            return known
