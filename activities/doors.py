"""What hands need of accounts' workflows: to tell them news, and to place an account."""

from typing import Protocol

from domain.accounts import Placement
from domain.events import AnyEvent
from storage.reopening import Reopened


class DifferentPlacement(Exception):  # noqa: N818 -- an answer, not a mishap
    """The account is placed already, with other data."""


class AccountClosed(Exception):  # noqa: N818 -- an answer, not a mishap
    """The account's workflow is over."""


class Door(Protocol):
    """The way in to accounts' workflows; `workflows.door` has the one that leads to Temporal."""

    async def tell(self, workflow_id: str, event: AnyEvent) -> None:
        """Hand an event to a workflow; one that is over, or never was, needs no news."""

    async def begin(self, placement: Placement) -> None:
        """Place an account and return once it is on record; again is harmless.

        DifferentPlacement or AccountClosed if it is placed already.
        """

    async def reopen(self, reopened: Reopened, news: AnyEvent) -> None:
        """Begin the journey of an account again that was over, with this news; again is harmless.

        Where its workflow runs already nothing happens: the news has to be told beside it.
        """

    async def begin_bulk(self, instruction_id: str) -> None:
        """See to it that the accounts of an instruction for many are told; again is harmless."""
