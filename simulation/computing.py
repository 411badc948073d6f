"""What code comes to when all that it needs is known: sums, comparisons, pure functions."""

import ast
import inspect
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from itertools import count
from typing import Any

from simulation.charts import Span
from simulation.values import (
    Either,
    Known,
    Open,
    Row,
    Value,
    alternatives,
    earlier,
    longest,
    one_of,
    text_of,
)

FRESH = count()
"""Numbers that make texts of one value only."""

PURE = frozenset({"datetime", "domain", "compliance", "engine"})
"""Where functions may be called while reading: they have no effect (see the import floors)."""

OUTSIDE = (
    *("_io.", "asyncio.", "httpx.", "io.", "os.", "posix.", "random.", "requests.", "secrets."),
    *("socket.", "subprocess.", "threading.", "time.", "urllib.request.", "uuid."),
)
"""Modules of which no stage may ask anything: it would be answered otherwise in a replay."""

CLOCKS = frozenset({"now", "today", "utcnow"})

HARMLESS = frozenset(
    {abs, all, any, bool, dict, divmod, enumerate, float, frozenset, int, isinstance, len, list}
    | {max, min, range, reversed, round, set, sorted, str, sum, tuple, zip}
)
"""Functions of the language that may be called likewise."""

SUMS: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.BitOr: operator.or_,
    ast.BitAnd: operator.and_,
}
COMPARES: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda one, other: one in other,
    ast.NotIn: lambda one, other: one not in other,
}


def elements_of(value: Value) -> list[Value] | None:
    """What a loop over a value goes through; None if only the account can tell."""
    match value:
        case Row(several):
            return [*several]
        case Known(known) if isinstance(known, Iterable) and not isinstance(known, str):
            return [Known(each) for each in known]
        case _:
            return None


def row(values: Sequence[Value]) -> Value:
    """Several things in order."""
    known = [each.value for each in values if isinstance(each, Known)]
    return Known(tuple(known)) if len(known) == len(values) else Row(tuple(values))


def compared(operators: Sequence[ast.cmpop], sides: Sequence[Value]) -> Span | None:
    """Before when it is now, if that is what is asked."""
    match operators:
        case [ast.Lt() | ast.LtE()]:
            return earlier(sides[0], sides[1])
        case [ast.Gt() | ast.GtE()]:
            return earlier(sides[1], sides[0])
        case _:
            return None


def is_pure(function: Callable[..., Any]) -> bool:
    """Whether a function may be called while reading."""
    floor = str(getattr(function, "__module__", None)).partition(".")[0]
    if floor == "builtins":
        return function in HARMLESS
    return floor in PURE and not inspect.iscoroutinefunction(function)


def is_outside(function: object) -> bool:
    """Whether a function asks a clock, dice, or the world outside."""
    owner = getattr(function, "__self__", None)
    if isinstance(function, type):
        return False
    if isinstance(owner, type) and issubclass(owner, date):
        return getattr(function, "__name__", "") in CLOCKS
    modules = (getattr(function, "__module__", None), type(owner).__module__)
    return any(f"{each}.".startswith(OUTSIDE) for each in modules)


def name_of(callee: Value) -> str:
    """The name of what is called."""
    if isinstance(callee, Known):
        return str(getattr(callee.value, "__name__", callee.value))
    return text_of(callee)


def result(
    function: Callable[..., Any], given: Sequence[Value], named: Mapping[str, Value]
) -> Value:
    """What a function without effects gives; for each of its arguments, if there are several."""
    everything = [*given, *named.values()]
    if any(isinstance(each, Either) for each in given):
        return _result_of_each(function, given, named)
    if all(isinstance(each, Known) for each in everything):
        args = [each.value for each in given if isinstance(each, Known)]
        words = {name: each.value for name, each in named.items() if isinstance(each, Known)}
        return computed(lambda: function(*args, **words))
    longer = longest(everything) if function is max else None
    said = ", ".join(text_of(each) for each in everything)
    return longer or Open(f"{name_of(Known(function))}({said})")


def _result_of_each(
    function: Callable[..., Any], given: Sequence[Value], named: Mapping[str, Value]
) -> Value:
    at = next(at for at, each in enumerate(given) if isinstance(each, Either))
    return one_of(
        result(function, [*given[:at], each, *given[at + 1 :]], named)
        for each in alternatives(given[at])
    )


def computed(work: Callable[[], Any]) -> Value:
    """What a computation on known things gives; open if it fails, as it then will on its day."""
    try:
        return Known(work())
    except (TypeError, ValueError, LookupError, ArithmeticError, AttributeError) as error:
        return Open(f"{type(error).__name__}#{next(FRESH)}: {error}")


def compares(operators: Sequence[ast.cmpop], sides: Sequence[Any]) -> bool:
    """Whether each comparison holds, from side to side."""
    pairs = zip(operators, sides, sides[1:], strict=False)
    return all(COMPARES[type(sign)](one, other) for sign, one, other in pairs)
