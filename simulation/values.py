"""What an expression in a stage can come to, as far as reading its code tells.

Much is known before any account is there: which message, how many days, which stage. What only an
account can tell is kept as the words that ask for it, so that the same question has the same words.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from engine import Stage
from simulation.charts import Call, Ends, Span


@dataclass(frozen=True, slots=True)
class Known:
    """This very object."""

    value: Any


@dataclass(frozen=True, slots=True)
class Open:
    """What only the account can tell, as it is asked for."""

    text: str
    before: Span | None = None
    """Whether it is earlier than that is what is asked, if it is."""
    verb: str = ""
    """The verb of the account that answers, if one does."""


@dataclass(frozen=True, slots=True)
class TheAccount:
    """The account itself."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The contact that was made by a step."""

    step: int


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant: so long after another, as that is asked for."""

    since: str
    plus: timedelta
    step: int | None = None
    """The contact from which it counts, if it counts from one."""


@dataclass(frozen=True, slots=True)
class AtLeast:
    """A span that is no shorter than this."""

    span: timedelta


@dataclass(frozen=True, slots=True)
class Row:
    """Several things in order, not all of which are known."""

    of: tuple["Value", ...]


@dataclass(frozen=True, slots=True)
class Either:
    """One of these."""

    of: tuple["Value", ...]


@dataclass(frozen=True, slots=True)
class Later:
    """What a call comes to once it is awaited; before that it has done nothing."""

    of: "Value"
    call: Call


Value = Known | Open | TheAccount | Sent | Moment | AtLeast | Row | Either | Later

ACCOUNT = "account"
NOTHING = Known(None)


def one_of(values: Iterable[Value]) -> Value:
    """Any of the values, each told once."""
    told: list[Value] = []
    for each in values:
        for value in each.of if isinstance(each, Either) else (each,):
            if not any(_same(value, other) for other in told):
                told.append(value)
    return told[0] if len(told) == 1 else Either(tuple(told))


def _same(one: Value, other: Value) -> bool:
    if isinstance(one, Known) and isinstance(other, Known):
        return type(one.value) is type(other.value) and bool(one.value == other.value)
    return one == other


def alternatives(value: Value) -> Sequence[Value]:
    """All that it can be, as if it had been awaited."""
    value = settled(value)
    return [settled(each) for each in value.of] if isinstance(value, Either) else (value,)


def settled(value: Value) -> Value:
    """The value, as if it had been awaited: whether it was is looked for elsewhere."""
    while isinstance(value, Later):
        value = value.of
    return value


def text_of(value: Value) -> str:
    """The value as it is asked for, or as it is written."""
    match settled(value):
        case Known(Stage() as stage):
            return stage.name
        case Known(known):
            return repr(known)
        case Open(text):
            return text
        case Moment(since, plus):
            return f"{since} + {plus}"
        case TheAccount():
            return ACCOUNT
        case other:
            return str(other)


def truth(value: Value) -> bool | None:
    """Whether it counts as true; None if only the account can tell."""
    match settled(value):
        case Known(known):
            return bool(known)
        case TheAccount() | Sent() | Moment():
            return True
        case Either(several):
            said = {truth(each) for each in several}
            return said.pop() if len(said) == 1 else None
        case _:
            return None


def attribute(value: Value, name: str) -> Value:
    """An attribute of a value."""
    value = settled(value)
    match value:
        case Known(known):
            found = getattr(known, name, _MISSING)
            return Open(f"{text_of(value)}.{name}") if found is _MISSING else Known(found)
        case Sent(step) if name == "at":
            return Moment("sent", timedelta(), step)
        case TheAccount() if name == "now":
            return Moment("now", timedelta())
        case TheAccount() if name == "entered":
            return Moment("entered", timedelta())
        case Either(several):
            return one_of(attribute(each, name) for each in several)
        case _:
            return Open(f"{text_of(value)}.{name}")


_MISSING = object()


def shifted(left: Value, right: Value, sign: int) -> Value | None:
    """A moment moved by a span; None if that is not what these two are."""
    if not (isinstance(right, Known) and isinstance(right.value, timedelta)):
        return None
    match left:
        case Moment(since, plus, step):
            return Moment(since, plus + sign * right.value, step)
        case Either(several):
            moved = [shifted(each, right, sign) for each in several]
            return one_of(each for each in moved if each is not None) if all(moved) else None
        case _:
            return None


def longest(values: Sequence[Value]) -> Value | None:
    """The longest of several spans, of which some are not known; None if these are no spans."""
    known = [each.value for each in values if isinstance(each, Known)]
    spans = [each for each in known if isinstance(each, timedelta)]
    spans += [each.span for each in values if isinstance(each, AtLeast)]
    return AtLeast(max(spans)) if spans and len(spans) >= len(known) else None


def span_after(moment: Moment) -> Span:
    """A moment as a span after another that only the account knows; the day of the debt is due."""
    is_due = moment.since == f"{ACCOUNT}.morning_of({ACCOUNT}.due_on)"
    return Span(since="due" if is_due else moment.since, plus=moment.plus)


def earlier(left: Value, right: Value) -> Span | None:
    """The span before whose end it is now, if `left` is before `right`; None for others."""
    match left, right:
        case Moment("now", plus), Moment() if not plus:
            return span_after(right)
        case _:
            return None


def span_of(value: Value) -> tuple[Span, Ends]:
    """How long a wait for so long, or until then, takes; and from which contacts it counts."""
    spans, after = [], set[int]()
    for each in alternatives(value):
        match each:
            case Known(timedelta() as span):
                spans.append(Span(span, "now", span))
            case AtLeast(span):
                spans.append(Span(span))
            case Moment("now" | "entered" as since, plus):
                spans.append(Span(max(plus, timedelta()), since, plus))
            case Moment("sent", plus, int(step)):
                after.add(step)
                spans.append(Span(max(plus, timedelta()), "sent", plus))
            case Moment():
                spans.append(span_after(each))
            case _:
                spans.append(Span())
    return min(spans, key=lambda each: each.least), frozenset(after)
