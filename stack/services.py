"""What the supervisor asks of every part it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stack.processes import Command


class Service:
    """One part of the stack: a program to start, a way to see that it is ready, a line to say so.

    `name` is unique, `part` is shared by services of one kind, and `needs` are the parts that must
    be ready before this one starts, the first time and after a crash.
    """

    one_shot = False
    """A one-shot runs to its end and must exit with 0; it is never restarted."""
    patience = 60.0
    """Seconds from start to ready."""

    def __init__(self, part: str, needs: Sequence[str] = (), name: str = "") -> None:
        self.part = part
        self.name = name or part
        self.needs = tuple(needs)

    async def prepare(self) -> None:
        """Makes, once, what has to exist before the first start."""

    def command(self) -> Command:
        """The program to run; asked at every start."""
        raise NotImplementedError

    async def ready(self) -> bool:
        """Whether the part does its work; asked again and again until it does."""
        return True

    def summary(self) -> str:
        """Where the part is to be found, for the status line. No secrets."""
        return ""

    def may_try_again(self, output: str, *, first_start: bool) -> bool:  # noqa: ARG002 - for those who override it
        """Whether a start that ended with this `output` met a trouble that passes by itself."""
        return False
