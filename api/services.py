"""What the endpoints work with, made once when the process starts."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Protocol

from fastapi import Depends, Request
from fastapi.security import HTTPBearer
from temporalio.converter import PayloadCodec

from activities.doors import Door
from activities.hearing import CardLookup
from domain.money import Money
from providers.charges import Checkout, StripeEvent
from providers.sendgrid import SendGrid
from providers.twilio import Twilio
from storage import Database
from workers.health import Checks
from workers.settings import Settings
from workflows.door import Verb
from workflows.messages import AccountState, Instruction


class WorkflowDoor(Door, Protocol):
    """All that the API asks of accounts' workflows."""

    async def instruct(self, target: str, verb: Verb, instruction: Instruction) -> AccountState:
        """Give an instruction whose facts are on record."""

    async def state(self, target: str) -> AccountState | None:
        """The account as its workflow sees it; None while nobody can say."""

    async def begin_bulk(self, instruction_id: str) -> None:
        """See to it that the accounts of an instruction for many are told."""

    async def place_file(self, placement_id: str) -> None:
        """See to it that the rows of a file are placed."""


class Cashier(CardLookup, Protocol):
    """All that the API asks of Stripe."""

    def open_checkout(
        self,
        *,
        amount: Money,
        account_id: str,
        link_code: str,
        title: str,
        success_url: str,
        cancel_url: str,
        key: str,
        extra: str | None = None,
    ) -> Checkout:
        """A page to pay on. `extra` says what a payment beside the plan does to it."""

    def open_card_checkout(
        self,
        *,
        account_id: str,
        link_code: str,
        plan_id: str | None,
        success_url: str,
        cancel_url: str,
        key: str,
        customer: str | None = None,
    ) -> Checkout:
        """A page to store a card on."""

    def read_event(self, raw: bytes, signature: str | None) -> StripeEvent:
        """The event in a webhook's body, if it is genuine."""


def wall() -> datetime:
    """The present instant (aware, UTC)."""
    return datetime.now(UTC)  # noqa: TID251 -- the one place where the API reads a clock


@dataclass(frozen=True)
class Services:
    """The record, the workflows, the providers and the clock."""

    settings: Settings
    database: Database
    door: WorkflowDoor
    twilio: Twilio
    sendgrid: SendGrid
    stripe: Cashier
    codec: PayloadCodec | None = None
    """Opens and closes payloads of Temporal; None: not in this process."""
    needed: Checks = field(default_factory=dict)
    """What has to answer before anything can be done here (`/readyz`)."""
    wall: Callable[[], datetime] = wall


def services_of(request: Request) -> Services:
    """The services of the running application."""
    services: Services = request.app.state.services
    return services


Served = Annotated[Services, Depends(services_of)]

bearer = HTTPBearer(auto_error=False, description="A creditor's API key, or an operator's.")
