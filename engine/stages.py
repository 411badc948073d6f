"""A stage makes one attempt and returns the stage that follows, or the end."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, overload

from domain.accounts import Closure
from domain.events import Response

if TYPE_CHECKING:
    from engine.accounts import OpenAccount

WRITTEN = "async def {}(account: OpenAccount) -> Next"
"""How the function of a stage begins."""


@dataclass(frozen=True)
class Closed:
    """The end of a journey, and why."""

    closure: Closure


@dataclass(frozen=True)
class Switched:
    """The account takes another journey, from its first stage unless one is named."""

    journey: str
    stage: str | None = None
    """Of that journey; or of this one, where only newer code knows it."""


@dataclass(frozen=True)
class Stage:
    """One named attempt. The name is stored for ever; `on` names the responses that enter it."""

    name: str
    attempt: Attempt
    on: tuple[type[Response], ...]
    says: str
    is_aside: bool = False
    formerly: tuple[str, ...] = ()
    """Names that it had before, or that stages had whose accounts it takes over."""

    @property
    def names(self) -> tuple[str, ...]:
        """All that it answers to, the present name first."""
        return (self.name, *self.formerly)


Next = Stage | Closed | Switched
"""What a stage returns: the stage that follows, another journey, or the end."""

Attempt = Callable[["OpenAccount"], Awaitable[Next]]
Remark = Callable[["OpenAccount"], Awaitable[Next | None]]


def close(closure: Closure) -> Closed:
    """End the journey for this reason."""
    if not isinstance(closure, Closure):
        known = ", ".join(f"Closure.{each.name}" for each in Closure)
        raise TypeError(f"close({closure!r}): expected one of {known}")
    return Closed(closure)


def switch(journey: str) -> Switched:
    """Take another journey from its first stage on, by its name."""
    if not isinstance(journey, str):
        name = getattr(journey, "name", repr(journey))
        raise TypeError(f'switch({name}): expected a name in quotes, such as switch("hardship")')
    return Switched(journey)


@overload
def stage(attempt: Attempt) -> Stage: ...
@overload
def stage(
    *, on: type[Response] | tuple[type[Response], ...] = (), formerly: tuple[str, ...] = ()
) -> Callable[[Attempt], Stage]: ...
def stage(
    attempt: Attempt | None = None,
    *,
    on: type[Response] | tuple[type[Response], ...] = (),
    formerly: tuple[str, ...] = (),
) -> Stage | Callable[[Attempt], Stage]:
    """Make a stage of an `async` function; its docstring says what it is for.

    With `on`, the stage answers those responses: the account enters it from any other stage, at
    the pause in which the response is heard. With `formerly`, accounts find it by those names, too.
    """
    names, heard = _names(formerly), _several(on)

    def named(function: Attempt) -> Stage:
        _check(function)
        return Stage(function.__name__, function, heard, _docstring(function), formerly=names)

    return named if attempt is None else named(attempt)


def aside(
    bare: None = None,
    /,
    *,
    on: type[Response] | tuple[type[Response], ...] = (),
    formerly: tuple[str, ...] = (),
) -> Callable[[Remark], Stage]:
    """Make a stage that answers a response and then goes back to the stage it broke into.

    One that returns a stage goes there instead.
    """
    names, heard = _names(formerly), _several(on)
    if bare is not None or not heard:
        raise TypeError("@aside: expected the responses that it answers: @aside(on=PromiseToPay)")

    def named(function: Remark) -> Stage:
        _check(function)

        async def answered(account: OpenAccount) -> Next:
            return await function(account) or account.back()

        return Stage(
            function.__name__,
            answered,
            heard,
            _docstring(function),
            is_aside=True,
            formerly=names,
        )

    return named


def _names(formerly: tuple[str, ...]) -> tuple[str, ...]:
    if isinstance(formerly, str):  # a comma was forgotten: each letter would be a name
        raise TypeError(f'formerly={formerly!r}: expected a tuple, such as ("{formerly}",)')
    return formerly


def _several(on: type[Response] | tuple[type[Response], ...]) -> tuple[type[Response], ...]:
    several = on if isinstance(on, tuple) else (on,)
    for each in several:
        if not (isinstance(each, type) and issubclass(each, Response)):
            raise TypeError(
                f"on={each!r}: expected a kind of response from domain/events.py, without quotes,"
                " such as PromiseToPay, or a tuple of them"
            )
    return several


def _check(function: Callable[..., object]) -> None:
    """Refuse what could not be played as a stage; TypeError says how one is written."""
    if not inspect.isfunction(function):
        raise TypeError(
            f"a stage is made of an async function, found {function!r}; for what a stage answers"
            " write @stage(on=PlanRequested)"
        )
    name = function.__name__
    if not inspect.iscoroutinefunction(function):
        raise TypeError(f"stage {name} is no async function: write {WRITTEN.format(name)}")
    taken = inspect.signature(function).parameters.values()
    if [each.kind for each in taken] != [inspect.Parameter.POSITIONAL_OR_KEYWORD]:
        given = ", ".join(str(each) for each in taken) or "nothing"
        raise TypeError(
            f"stage {name} takes {given}; expected the account alone: {WRITTEN.format(name)}"
        )


def _docstring(function: Callable[..., object]) -> str:
    says = (function.__doc__ or "").strip()
    if not says:
        raise TypeError(f"stage {function.__name__} needs a docstring that says what it is for")
    return says
