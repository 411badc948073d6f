"""What is wrong with a journey, found by reading it: before it runs, before anyone is contacted."""

import ast
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum
from pathlib import Path
from typing import Protocol

from compliance import Packs
from compliance.rules import Cap
from compliance.sentences import plural
from domain.contacts import Channel, Dial, Message, Place, Purpose, Recipient
from domain.events import PlanAccepted, Response, Undelivered
from simulation.charts import OFFERS, Chart, Does, Lead, Sends, StageChart, Step, Way
from simulation.computing import PURE
from simulation.files import NO_FILE
from simulation.pacing import exceeds, worst
from simulation.rounds import endless_rounds
from simulation.sources import Source, shown
from simulation.vocabulary import nearest


class Level(IntEnum):
    """How bad a finding is."""

    NOTE = 0
    """Good to know; nothing has to be done."""
    WARNING = 1
    ERROR = 2


CODES = {
    "J101": (Level.ERROR, "a stage that no way leads to"),
    "J102": (Level.ERROR, "a stage from which no way leads to an end or to another journey"),
    "J103": (Level.ERROR, "a way to a stage, or a journey, that there is not"),
    "J104": (Level.ERROR, "a stage of which reading does not tell where it leads"),
    "J105": (Level.ERROR, "a round in which no time passes"),
    "J106": (Level.WARNING, "something consumers say that no stage answers"),
    "J107": (Level.ERROR, "a call that is not awaited, so that nothing is done"),
    "J108": (Level.ERROR, "a name that there is not, or something that an account has not"),
    "J109": (Level.ERROR, "something of the account that is used as it cannot be"),
    "J110": (Level.ERROR, "a clock, dice or the world outside, asked in a stage"),
    "J111": (Level.ERROR, "a `try` that catches what the engine says, such as that all is paid"),
    "J201": (Level.ERROR, "a message that puts a plan to the consumer, and no plan worked out"),
    "J202": (Level.ERROR, "a plan is offered, and no stage answers when it is accepted"),
    "J301": (Level.ERROR, "a message without words in a language"),
    "J302": (Level.ERROR, "a message that the law would not let out"),
    "J303": (Level.WARNING, "a contact of which reading does not tell with which message"),
    "J401": (Level.ERROR, "a stage without a docstring"),
    "J402": (Level.WARNING, "a knob that is not a constant of its module"),
    "J501": (Level.NOTE, "how often somebody is contacted at the worst, and where the law brakes"),
    "J502": (Level.WARNING, "contacts without end in one week, but for the law"),
}
"""Every finding by its code: how bad it is, and what it means."""

COUNTED = re.compile(r"#\d+")
"""Numbers of what cannot be told apart otherwise."""

NO_ANSWER = frozenset({Undelivered.__name__})
"""Responses for which stages wait where they send, and which no stage needs to answer."""

WINDOWS = {"week": 7, "month": 30}
MOST_BRAKES = 4
"""So many caps are named, the tightest first; the others are counted."""

TAKES_TIME = "wait for a response, keep quiet for a while (account.quiet), or close"
LEAVES_IT = (
    "`answer` and `next_try` say False at once if there is nothing to wait for: go elsewhere then,"
    " or keep quiet for a while (account.quiet)"
)

STAGE_MAKERS = frozenset({"stage", "aside"})
FIRST_OR_NONE = (0, 1)
"""Numbers that compare with the first time or none: no knobs."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that is wrong: where, what, and what to do about it."""

    file: str
    line: int
    code: str
    says: str
    do: str

    @property
    def level(self) -> Level:
        """How bad it is."""
        return CODES[self.code][0]


class Words(Protocol):
    """What is known of messages, by whoever writes them."""

    def faults(self, message: Message) -> Sequence[tuple[str, str, str]]:
        """What is wrong with a message: code, what, and what to do."""

    def puts_plan(self, message: Message) -> bool:
        """Whether its words name the terms of a plan."""


def lint(chart: Chart, words: Words, packs: Packs, journeys: Collection[str]) -> list[Finding]:
    """All findings about a journey, by place. `journeys` are the names to which it may switch."""
    found = [
        *_slips(chart),
        *_ways(chart, journeys),
        *_rounds(chart),
        *_unheard(chart),
        *_offers(chart, words),
        *_messages(chart, words),
        *_knobs(chart),
        *_pace(chart, packs),
    ]
    return sorted(set(found))


def undocumented(file: Path) -> list[Finding]:
    """Stages of a file without a docstring, found without importing it. ValueError: no Python."""
    if not file.is_file():
        raise ValueError(f"{file}: {NO_FILE}")
    try:
        tree = ast.parse(file.read_bytes())
    except SyntaxError as error:
        raise ValueError(f"{file}:{error.lineno or 1}: not Python: {error.msg}") from error
    return [
        Finding(
            shown(file.resolve()),
            node.lineno,
            "J401",
            f"stage {node.name} does not say what it is for",
            "write a docstring of one or two sentences",
        )
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and any(map(_makes_stage, node.decorator_list))
        and not (ast.get_docstring(node) or "").strip()
    ]


def _makes_stage(decorator: ast.expr) -> bool:
    made_by = decorator.func if isinstance(decorator, ast.Call) else decorator
    name = made_by.attr if isinstance(made_by, ast.Attribute) else getattr(made_by, "id", "")
    return name in STAGE_MAKERS


# slips


def _slips(chart: Chart) -> Iterator[Finding]:
    """Mistakes that reading came across."""
    for stage in chart.stages:
        for slip in stage.flow.slips:
            yield Finding(slip.file, slip.line, slip.code, slip.says, slip.do)
        for call, awaited in stage.flow.calls.items():
            if not awaited:
                says = f"{call.function}: {call.what} is not awaited, so nothing is done"
                yield Finding(call.file, call.line, "J107", says, f"write `await {call.what}`")


# ways


def _ways(chart: Chart, journeys: Collection[str]) -> Iterator[Finding]:
    reached, leaving = _reached(chart), _leaving(chart)
    leads = [lead for each in chart.stages for lead in each.leads]
    is_known = all(_is_known(lead, chart) for lead in leads)
    for stage in chart.stages:
        if not stage.says.strip():
            yield _at(stage, "J401", "it does not say what it is for", "write a docstring")
        if is_known and stage.name not in reached:
            yield _at(
                stage,
                "J101",
                f"nothing in {chart.name} leads here",
                "return it from another stage, let it answer a response with on=, or take it out",
            )
        if stage.name not in leaving:
            yield _at(
                stage,
                "J102",
                f"in {chart.name} no way leads from here to an end",
                "return close(…), switch(…), or a stage from which one of them can be reached",
            )
        yield from _leads(chart, stage, journeys)


def _is_known(lead: Lead, chart: Chart) -> bool:
    is_there = lead.way is not Way.TO or chart.stage(lead.name) is not None
    return is_there and lead.way is not Way.UNKNOWN


def _leads(chart: Chart, stage: StageChart, journeys: Collection[str]) -> Iterator[Finding]:
    for lead in stage.leads:
        if lead.way is Way.TO and chart.stage(lead.name) is None:
            says = f"stage {stage.name}: it leads to {lead.name}, which is no stage of {chart.name}"
            shares = stage.file != chart.file  # where it is written, nothing is wrong
            file, line = (chart.file, chart.line) if shares else (stage.file, stage.line)
            add = f"add {lead.name} to the stages of {chart.name}"
            do = f"{add}, or take all that {stage.file} shares" if shares else add
            yield Finding(file, line, "J103", says, do)
        if lead.way is Way.SWITCHES and lead.name not in journeys:
            says = f"it switches to {lead.name!r}, which is no journey"
            meant = nearest(lead.name, journeys)
            do = f"did you mean {meant}?" if meant else f"name one of {', '.join(sorted(journeys))}"
            yield _at(stage, "J103", says, do)
    is_told = stage.flow.slips or not all(stage.flow.calls.values())
    for name, do in [] if is_told else stage.flow.odd:
        nothing = name == repr(None)
        told = COUNTED.sub("", name)
        says = "on some way it returns nothing" if nothing else f"it returns {told}"
        yield _at(stage, "J104", says, do)


def _reached(chart: Chart) -> set[str]:
    """Stages to which some way leads: by themselves, or by what is heard at a pause."""
    reached, ahead = set[str](), [chart.stages[0].name]
    while ahead:
        stage = chart.stage(ahead.pop())
        if stage is None or stage.name in reached:
            continue
        reached.add(stage.name)
        ahead += chart.follows(stage)
        if stage.pauses:
            ahead += [each.name for each in chart.hearing]
    return reached


def _leaving(chart: Chart) -> set[str]:
    """Stages from which some way leads to an end, or to another journey."""
    leaving = set[str]()
    while True:
        more = {stage.name for stage in chart.stages if _leaves(chart, stage, leaving)}
        if more == leaving:
            return leaving
        leaving = more


def _leaves(chart: Chart, stage: StageChart, leaving: Collection[str]) -> bool:
    ways = {lead.way for lead in stage.leads}
    if ways & {Way.CLOSES, Way.SWITCHES, Way.UNKNOWN}:
        return True
    ahead = set(chart.follows(stage))
    if stage.pauses:
        ahead |= {each.name for each in chart.hearing}
    if Way.BACK in ways:
        ahead |= {each.name for each in chart.stages if each.pauses and not each.is_aside}
    return bool(ahead & set(leaving))


def _rounds(chart: Chart) -> Iterator[Finding]:
    for found in endless_rounds(chart):
        step, stage = found.step, found.stage
        says = f"it goes round without time passing: {' → '.join(found.names)}"
        if found.has_wait:
            says += ", if nothing can be sent, or no card tried"
        do = LEAVES_IT if found.has_wait else TAKES_TIME
        yield Finding(step.file or stage.file, step.line or stage.line, "J105", says, do)


def _unheard(chart: Chart) -> Iterator[Finding]:
    heard = {name for stage in chart.stages for name in stage.on}
    asks = any(waits.verb == "response" for stage in chart.stages for waits in stage.waits)
    kinds = {kind.__name__ for kind in Response.__subclasses__()}
    unheard = sorted(kinds - heard - NO_ANSWER - {PlanAccepted.__name__})
    if unheard and not asks:
        says = f"no stage of {chart.name} answers {', '.join(unheard)}"
        do = "add stages that do, such as LISTENING of journeys/listening.py, PLANS of plans.py"
        yield Finding(chart.file, chart.line, "J106", says, do)


# offers and messages


def _offers(chart: Chart, words: Words) -> Iterator[Finding]:
    heard = {name for stage in chart.stages for name in stage.on}
    for stage in chart.stages:
        for step, deed in stage.flow.deeds():
            if not isinstance(deed, Does) or deed.verb not in OFFERS:
                continue
            if PlanAccepted.__name__ not in heard:
                says = f"{stage.name} offers a plan, and no stage of {chart.name} answers"
                do = "add a stage with on=PlanAccepted, such as on_plan of journeys/plans.py"
                yield Finding(step.file, step.line, "J202", f"{says} PlanAccepted", do)
        for step, message in _before_an_offer(stage):
            if words.puts_plan(message):
                says = f"{stage.name} may send {message} without a plan to put into it"
                do = "call account.offer_plan(…) before, on every way that leads here"
                yield Finding(step.file, step.line, "J201", says, do)


def _before_an_offer(stage: StageChart) -> Iterator[tuple[Step, Message]]:
    """Contacts that some way comes to before any plan was worked out, and not about one."""
    seen, ahead = set[int](), [0]
    while ahead:
        number = ahead.pop()
        if number in seen:
            continue
        seen.add(number)
        step = stage.flow.steps[number]
        match step.deed:
            case Does(verb) if verb in OFFERS:
                continue
            case Sends(Message() as message, about=False):
                yield step, message
        ahead += step.then


def _messages(chart: Chart, words: Words) -> Iterator[Finding]:
    slips = {slip for stage in chart.stages for slip in stage.flow.slips}
    for stage in chart.stages:
        for step, deed in stage.flow.deeds():
            if not isinstance(deed, Sends):
                continue
            if deed.message is None:
                if any((slip.file, slip.line) == (step.file, step.line) for slip in slips):
                    continue
                says = f"{stage.name}: reading does not tell which message this is"
                yield Finding(step.file, step.line, "J303", says, "name it in a module constant")
                continue
            for code, says, do in words.faults(deed.message):
                yield Finding(step.file, step.line, code, says, do)


# knobs


def _knobs(chart: Chart) -> Iterator[Finding]:
    sources = {source for stage in chart.stages for source in stage.flow.sources}
    for source in sources:
        if source.module.partition(".")[0] not in PURE:
            yield from _knobs_of(source)


def _knobs_of(source: Source) -> Iterator[Finding]:
    for statement in source.body:
        for node in ast.walk(statement):
            for number in _numbers(node):
                says = f"{source.name}: the number {ast.unparse(number)} stands in the code"
                do = "give it a name at the top of the file, so that a backtest can sweep it"
                yield Finding(source.file, number.lineno, "J402", says, do)


def _numbers(node: ast.AST) -> list[ast.Constant]:
    """Numbers that are given to a function, or with which something is compared."""
    if isinstance(node, ast.Call):
        given = [*node.args, *(keyword.value for keyword in node.keywords)]
        return [each for each in given if _is_number(each)]  # type: ignore[misc]
    if isinstance(node, ast.Compare):
        sides = [node.left, *node.comparators]
        return [
            each
            for each in sides
            if isinstance(each, ast.Constant)
            and _is_number(each)
            and each.value not in FIRST_OR_NONE
        ]
    return []


def _is_number(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, int | float)
        and not isinstance(node.value, bool)
    )


# how often


def _pace(chart: Chart, packs: Packs) -> Iterator[Finding]:
    channels = {message.channel for stage in chart.stages for message in stage.sends}
    if not channels:
        return
    week = worst(chart, channels)
    if not week.has_end:
        yield Finding(
            chart.file,
            chart.line,
            "J502",
            f"{chart.name}: as many contacts in a week as the law allows: {_trail(week.trail[:3])}",
            "wait after each contact, so that the journey itself keeps a measure",
        )
        return
    each = ", ".join(
        f"{channel} {worst(chart, {channel}).contacts}" for channel in sorted(channels)
    )
    says = f"{chart.name}: at the worst {plural(week.contacts, 'contact')} in a week ({each}):"
    yield Finding(
        chart.file,
        chart.line,
        "J501",
        f"{says} {_trail(week.trail)}",
        _braked([*_brakes(chart, channels, packs)]),
    )


def _braked(brakes: Sequence[str]) -> str:
    if not brakes:
        return "the journey itself keeps within every cap"
    others = len(brakes) - MOST_BRAKES
    more = f" and {plural(others, 'other cap')}" if others > 0 else ""
    return f"there the law is the brake, not the journey: {', '.join(brakes[:MOST_BRAKES])}{more}"


def _trail(trail: Sequence[str]) -> str:
    return " → ".join(trail)


def _brakes(chart: Chart, channels: set[Channel], packs: Packs) -> Iterator[str]:
    """Caps on ordinary demands to which the journey can come, the tightest first."""
    known: dict[tuple[frozenset[Channel], int, int], bool] = {}
    caps = [rule for pack in packs for rule in pack.rules if isinstance(rule, Cap) and _binds(rule)]
    for rule in sorted(caps, key=lambda each: (each.max / _days(each), each.id)):
        counted = frozenset(rule.channels & rule.counts.channels & channels)
        key = (counted, _days(rule), rule.max)
        if key not in known:
            window = timedelta(days=key[1])
            known[key] = bool(counted) and exceeds(chart, counted, window, rule.max) is not None
        if known[key]:
            per = f"a {rule.calendar}" if rule.calendar else f"in {plural(_days(rule), 'day')}"
            yield f"{rule.id} ({rule.max} {per})"


def _binds(rule: Cap) -> bool:
    return (
        not rule.when
        and Purpose.DEMAND in rule.purposes & rule.counts.purposes
        and Recipient.CONSUMER in rule.recipients
        and Place.UNKNOWN in rule.places & rule.counts.places
        and Dial.MANUAL in rule.dials & rule.counts.dials
    )


def _days(rule: Cap) -> int:
    return rule.days or WINDOWS[rule.calendar or "month"]


def _at(stage: StageChart, code: str, says: str, do: str) -> Finding:
    return Finding(stage.file, stage.line, code, f"stage {stage.name}: {says}", do)
