"""What can go wrong with a stack, each as a sentence that says what to do.

StackError
├── NoStackRunning     nothing to talk to under this directory, or at all
├── NoSandbox          what was asked for is done with the providers' sandbox alone
├── AlreadyRunning     another process keeps a stack in this directory
├── PartFailed         a part was given up; its log says why
├── IncompleteKeys     some, but not all, of a provider's live keys are set
└── UnknownPart        a name that is not one of ours
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class StackError(Exception):
    """Anything that keeps the embedded stack from starting or running."""


class NoStackRunning(StackError):  # noqa: N818 - reads as what happened
    """No process keeps a stack under `data`; None: no servers are named in any way."""

    def __init__(self, data: Path | None = None) -> None:
        self.data = data
        looked = f"looked in {data}" if data else "looked in .tahsil, and for TAHSIL_DATABASE_URL"
        super().__init__(
            f"no stack is running here: start it with `tahsil up` ({looked})"
            + ("" if data else NAME_THEM)
        )


NAME_THEM = (
    ", or name its directory with --data, or servers of your own with the variables of workers"
    " and API: TAHSIL_DATABASE_URL, TAHSIL_TEMPORAL_ADDRESS, TAHSIL_PUBLIC_URL, TAHSIL_MASTER_KEYS"
)


class NoSandbox(StackError):  # noqa: N818 - reads as what happened
    """There is no sandbox, because the providers are real."""

    def __init__(self) -> None:
        super().__init__(
            "there is no sandbox of providers here (TAHSIL_SANDBOX_URL is not set): "
            "`tahsil check` and `tahsil ff` are for the embedded stack; `tahsil audit --sends FILE`"
            " takes a live provider's own list, and `tahsil reconcile` asks Stripe."
        )


class AlreadyRunning(StackError):  # noqa: N818 - reads as what happened
    """Another process keeps a stack under `data`; `holder` says what is known of it."""

    def __init__(self, data: Path, holder: str) -> None:
        self.data = data
        super().__init__(
            f"a stack is already running in {data}: {holder}. "
            "Use that one, stop it first, or start this one with another data directory."
        )


class PartFailed(StackError):  # noqa: N818 - reads as what happened
    """The supervisor gave `part` up: `what` happened, and `log` holds the rest."""

    def __init__(self, part: str, what: str, log: Path, last_words: str = "") -> None:
        self.part = part
        self.log = log
        told = "".join(f"\n    {line}" for line in last_words.splitlines()[-12:])
        super().__init__(f"{part} {what}; see {log}{':' if told else '.'}{told}")


class IncompleteKeys(StackError):  # noqa: N818 - reads as what happened
    """A provider can be live or in the sandbox, nothing between."""

    def __init__(self, provider: str, missing: Iterable[str]) -> None:
        self.provider = provider
        self.missing = tuple(missing)
        super().__init__(
            f"{provider} has some of its keys in the environment, not {', '.join(self.missing)}: "
            f"set these too to go live, or unset every key of {provider} to use the sandbox."
        )


class UnknownPart(StackError):  # noqa: N818 - reads as what happened
    """A name that is not a part of this stack."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(f'this stack has no part "{name}": expected one of {", ".join(known)}.')
