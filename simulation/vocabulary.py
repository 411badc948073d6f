"""What a stage may ask of an account and tell it, as the account's class has it."""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from difflib import get_close_matches
from types import UnionType
from typing import Any

from domain.contacts import Contact, Message
from domain.plans import Instalment
from engine import OpenAccount, Stage
from simulation.values import ACCOUNT, AtLeast, Known, Later, Moment, Open, Sent, Value

FOR_THE_ENGINE = frozenset({"played"})
"""What the engine alone calls."""

NAMES = frozenset(name for name in vars(OpenAccount) if name[0] != "_") - FOR_THE_ENGINE
"""Everything that a stage may ask for."""

VERBS: Mapping[str, Callable[..., Any]] = {
    name: member
    for name, member in vars(OpenAccount).items()
    if name in NAMES and inspect.isfunction(member)
}
"""What is called, with round brackets; everything else is there at once."""

AWAITED = frozenset(name for name, verb in VERBS.items() if inspect.iscoroutinefunction(verb))
"""Verbs that do nothing without an `await` before them."""

TAKES = {name: inspect.signature(verb) for name, verb in VERBS.items()}

GIVES: Mapping[str, Any] = {
    name: inspect.signature(member.fget).return_annotation
    for name, member in vars(OpenAccount).items()
    if name in NAMES and isinstance(member, property) and member.fget
}
"""The type of what is there at once."""

SUCH_AS = {
    timedelta: "a span of time such as days(3)",
    datetime: "a moment such as account.now + days(3)",
    Message: 'a message such as sms("nudge")',
    Stage: "a stage by its name, without quotes",
    Instalment: "an instalment such as account.instalment",
    Contact: "what `await account.contact(…)` came to",
}


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that was probably meant, if one is like it."""
    found = get_close_matches(name, sorted(known), n=1)
    return found[0] if found else None


def kinds_of(value: Value) -> tuple[type, ...]:
    """What a value of the account is when it is not None; empty if reading does not tell."""
    match value:
        case Sent():
            return (Contact,)
        case Open(verb=str(verb)) if verb in TAKES:
            given = TAKES[verb].return_annotation
        case Open(text) if text.startswith(f"{ACCOUNT}."):
            given = GIVES.get(text.removeprefix(f"{ACCOUNT}."))
        case _:
            return ()
    kinds = [each for each in _each(given) if each is not type(None)]
    return tuple(kinds) if all(isinstance(each, type) for each in kinds) else ()


def names_of(kind: type) -> set[str]:
    """All that something of this kind has, whichever of its kinds it is."""
    below: type
    names = {*dir(kind)}
    for each in kind.__mro__:
        names |= getattr(each, "__annotations__", {}).keys()
    for below in kind.__subclasses__():
        names |= names_of(below)
    return names


def written(verb: str) -> str:
    """How a verb is called; what may be left out stands in square brackets."""
    parts = []
    for each in [*TAKES[verb].parameters.values()][1:]:
        part = each.name if each.kind is each.POSITIONAL_OR_KEYWORD else f"{each.name}=…"
        parts.append(part if each.default is each.empty else f"[{part}]")
    return f"{ACCOUNT}.{verb}({', '.join(parts)})"


def misfit(verb: str, given: Sequence[Value], named: Mapping[str, Value]) -> tuple[str, str] | None:
    """What a verb is given and does not take, and what it takes; None if nothing is wrong."""
    try:
        bound = TAKES[verb].bind(None, *given, **named)
    except TypeError as error:
        return str(error), f"write {written(verb)}"
    for name, value in bound.arguments.items():
        expected = TAKES[verb].parameters[name].annotation
        if name != "self" and not _may_be(value, expected):
            told = value.of if isinstance(value, Later) else value
            says = repr(told.value) if isinstance(told, Known) else _kind(told).__name__
            return f"given {says} as {name}", f"give it {_such_as(expected)}"
    return None


def _may_be(value: Value, expected: Any) -> bool:  # noqa: ANN401 -- an annotation
    """Whether a value can be of that type, as far as reading tells what it is."""
    if isinstance(value, Later):
        return _may_be(value.of, expected)
    if isinstance(value, Known):
        return isinstance(value.value, expected)
    kind = _kind(value)
    return kind is object or any(issubclass(kind, each) for each in _each(expected))


def _kind(value: Value) -> type:
    """The type of what only the account can tell; object if that is not known either."""
    kinds: Mapping[type, type] = {
        Moment: datetime,
        Sent: Contact,
        AtLeast: timedelta,
    }
    return kinds.get(type(value), object)


def _each(expected: Any) -> tuple[type, ...]:  # noqa: ANN401 -- an annotation
    return expected.__args__ if isinstance(expected, UnionType) else (expected,)


def _such_as(expected: Any) -> str:  # noqa: ANN401 -- an annotation
    kinds = [each for each in _each(expected) if each is not type(None)]
    return " or ".join(SUCH_AS.get(each, each.__name__) for each in kinds)
