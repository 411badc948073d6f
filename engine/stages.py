"""A stage makes one attempt and returns the stage that follows, or the end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from domain.accounts import Closure
    from domain.events import Response
    from engine.accounts import OpenAccount


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
    return Closed(closure)


def switch(journey: str) -> Switched:
    """Take another journey from its first stage on, by its name."""
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
    names = _names(formerly)

    def named(function: Attempt) -> Stage:
        says = _docstring(function)
        return Stage(function.__name__, function, _several(on), says, formerly=names)

    return named if attempt is None else named(attempt)


def aside(
    *, on: type[Response] | tuple[type[Response], ...], formerly: tuple[str, ...] = ()
) -> Callable[[Remark], Stage]:
    """Make a stage that answers a response and then goes back to the stage it broke into.

    One that returns a stage goes there instead.
    """
    names = _names(formerly)

    def named(function: Remark) -> Stage:
        async def answered(account: OpenAccount) -> Next:
            return await function(account) or account.back()

        return Stage(
            function.__name__,
            answered,
            _several(on),
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
    return on if isinstance(on, tuple) else (on,)


def _docstring(function: Callable[..., object]) -> str:
    says = (function.__doc__ or "").strip()
    if not says:
        raise TypeError(f"stage {function.__name__} needs a docstring that says what it is for")
    return says
