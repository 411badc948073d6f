"""Read a journey's code into a chart, without playing it."""

import ast
import inspect
import sys
from pathlib import Path
from types import FunctionType, ModuleType

from domain.accounts import Closure
from engine import Closed, Journey, Stage, Switched
from engine.safeguards import SAFEGUARDS
from simulation.charts import Chart, Flow, Lead, StageChart, Way
from simulation.sources import Source, shown, source_of, written_by_author
from simulation.values import Known, Open, TheAccount, Value, alternatives, text_of
from simulation.walking import Walk


class UnreadableError(ValueError):
    """A stage whose code cannot be read."""


def read(journey: Journey) -> Chart:
    """The chart of a journey; UnreadableError if a stage has no code that can be read."""
    module = sys.modules.get(_author(journey.first).__module__)
    doc = inspect.getdoc(module) if module else None
    return Chart(
        name=journey.name,
        version=journey.version,
        purpose=(doc or "").partition("\n")[0],
        file=shown(Path(getattr(module, "__file__", "") or "")),
        line=_line(module, journey.name),
        stages=tuple(_stage(each) for each in journey.stages),
        safeguards=tuple(each.ends.closure.value for each in SAFEGUARDS),
    )


def _line(module: ModuleType | None, name: str) -> int:
    """Where a module puts the journey of that name together; 1 if it does not say."""
    try:
        tree = ast.parse(inspect.getsource(module) if module else "")
    except (OSError, SyntaxError):
        return 1
    for node in ast.walk(tree):
        match node:
            case ast.Call(ast.Name("Journey"), given, named):
                values = [*given[:1], *(each.value for each in named if each.arg == "name")]
                if any(isinstance(each, ast.Constant) and each.value == name for each in values):
                    return node.lineno
    return 1


def author_of(stage: Stage) -> Source:
    """The function that a stage was made of; UnreadableError if it cannot be read."""
    source = source_of(_author(stage))
    if source is None:
        raise UnreadableError(
            f"stage {stage.name}: its code cannot be read; make stages of functions in files"
        )
    return source


def _author(stage: Stage) -> FunctionType:
    if not isinstance(stage.attempt, FunctionType):
        raise UnreadableError(f"stage {stage.name}: expected a function, found {stage.attempt!r}")
    return written_by_author(stage.attempt)


def _stage(stage: Stage) -> StageChart:
    written = author_of(stage)
    flow = Flow()
    begun = source_of(stage.attempt) if isinstance(stage.attempt, FunctionType) else None
    walk = Walk(flow, begun or written)
    parameter = (begun or written).node.args.args[0].arg
    for value, path in walk.through({parameter: TheAccount()}, frozenset({0})):
        for each in alternatives(value):
            lead = _lead(each)
            flow.add(lead, path.ends, written.file, written.line)
            if lead.way is Way.UNKNOWN:
                flow.odd.append((lead.name, _meant(each)))
    return StageChart(
        name=stage.name,
        says=stage.says,
        on=tuple(each.__name__ for each in stage.on),
        is_aside=stage.is_aside,
        flow=flow,
        file=written.file,
        line=written.line,
    )


def _meant(value: Value) -> str:
    """What was probably meant by something that a stage returns, and that leads nowhere."""
    match value:
        case Known(Closure() as closure):
            return f"return close(Closure.{closure.name})"
        case Known(str() as text) if text.isidentifier():
            return f"return {text}, without quotes"
        case Open("account.stay" | "account.back" as verb):
            return f"return {verb}()"
        case _:
            return "return a stage, close(…) or switch(…) by its name"


def _lead(value: Value) -> Lead:
    match value:
        case Known(Stage() as stage):
            return Lead(Way.TO, stage.name)
        case Known(Closed() as closed):
            return Lead(Way.CLOSES, closed.closure.value)
        case Known(Switched() as switched):
            return Lead(Way.SWITCHES, switched.journey)
        case Known(Lead() as lead):
            return lead
        case Open("account.interrupted"):
            return Lead(Way.BACK)
        case _:
            return Lead(Way.UNKNOWN, text_of(value))
