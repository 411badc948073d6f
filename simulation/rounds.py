"""Rounds in which no time passes: a journey that goes round for ever at one moment.

What is known of the account holds until something is done: two conditions that exclude each other
are never on one round. Ways back to a stage that a response broke into are not followed: each of
them begins with a response.
"""

from collections.abc import Iterator
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
Round = tuple[StageChart, Step, tuple[str, ...]]


def endless_rounds(chart: Chart) -> Iterator[Round]:
    """Rounds without a pause: the stage, the step, and the names of the stages on the round."""
    for stage in chart.stages:
        for step in _loops(stage.flow):
            yield stage, step, (stage.name, stage.name)
    told = set[frozenset[str]]()
    for stage in chart.stages:
        names = _round_from(chart, stage)
        if names and frozenset(names) not in told:
            told.add(frozenset(names))
            yield stage, Step(None, stage.file, stage.line), names


def _pauses(step: Step) -> bool:
    """Whether time passes there, whatever became of messages: one that was refused takes none."""
    match step.deed:
        case Waits(verb, span) if verb in PAUSES:
            return span.since != "now" or span.plus > timedelta()
        case Assumes(verb=verb, holds=True):
            return verb in SAYS_SO
        case _:
            return False


def _loops(flow: Flow) -> Iterator[Step]:
    """Heads of loops inside the code of a stage."""
    reached = flow.reached()
    for number in reached:
        step = flow.steps[number]
        if (
            step.deed is None
            and step.line
            and not step.ends_by_itself
            and _comes_back(flow, number)
        ):
            yield step


def _comes_back(flow: Flow, first: int) -> bool:
    seen, ahead = set[int](), [*flow.steps[first].then]
    while ahead:
        number = ahead.pop()
        if number == first:
            return True
        step = flow.steps[number]
        if number not in seen and not _pauses(step) and not step.ends_by_itself:
            seen.add(number)
            ahead += step.then
    return False


def _round_from(chart: Chart, first: StageChart) -> tuple[str, ...]:
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
        if _pauses(step) or _contradicts(step, known):
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
