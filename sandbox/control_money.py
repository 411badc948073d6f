"""The control API's part about money: what banks and people do at Stripe, on command."""

from http import HTTPStatus
from typing import Annotated, Literal, cast

from fastapi import APIRouter, Body, HTTPException
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from sandbox import outcomes
from sandbox.here import TheCourier, TheWorld
from sandbox.outcomes import Kind
from sandbox.stripe_books import Books
from sandbox.stripe_debits import return_debit, settle_debit
from sandbox.stripe_disputes import Claim, lose, open_dispute, win
from sandbox.stripe_keys import expire_keys
from sandbox.stripe_refunds import FailureReason, arrive, come_back
from sandbox.world import Json

router = APIRouter(prefix="/control")


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ReturnedDebit(_Body):
    """Why a bank gives a debit back; without a code, what the test account is made for."""

    code: (
        Literal["insufficient_funds", "account_closed", "no_account", "debit_not_authorized"] | None
    ) = None


class OpenedDispute(_Body):
    """What a person claims back through the bank; without an amount, all of it."""

    reason: Literal[
        "credit_not_processed",
        "duplicate",
        "fraudulent",
        "general",
        "product_not_received",
        "product_unacceptable",
        "subscription_canceled",
        "unrecognized",
    ] = "fraudulent"
    amount: int | None = Field(default=None, gt=0)


class WithdrawnDispute(_Body):
    """How much of a dispute the person gives up; that much comes back."""

    amount: int = Field(gt=0)


class FailedRefund(_Body):
    """Why a refund comes back."""

    reason: FailureReason = "unknown"


class ForgottenKey(_Body):
    """The idempotency key to forget; all of them without one."""

    key: str | None = None


Delays = dict[Kind, Annotated[float, Field(ge=0)] | None]
"""In seconds of the wall's clock; null waits for the control API."""


@router.post("/payments/{intent_id}/settle")
async def settle_payment(world: TheWorld, courier: TheCourier, intent_id: str) -> Response:
    """Let the money of a bank debit in processing arrive."""
    with world.store.transaction():
        return _done(courier, settle_debit(Books(world), intent_id))


@router.post("/payments/{intent_id}/return")
async def return_payment(
    world: TheWorld,
    courier: TheCourier,
    intent_id: str,
    returned: Annotated[ReturnedDebit, Body(default_factory=ReturnedDebit)],
) -> Response:
    """Let a bank give a debit back: a failure in processing, a lost dispute afterwards."""
    with world.store.transaction():
        return _done(courier, return_debit(Books(world), intent_id, returned.code))


@router.post("/charges/{charge_id}/dispute")
async def dispute_charge(
    world: TheWorld,
    courier: TheCourier,
    charge_id: str,
    opened: Annotated[OpenedDispute, Body(default_factory=OpenedDispute)],
) -> Response:
    """Dispute a charge, named by its own id or by that of its payment."""
    books = Books(world)
    with world.store.transaction():
        charge = _charge(books, charge_id)
        dispute = open_dispute(books, charge, Claim(opened.reason, opened.amount))
        return _done(courier, dispute)


@router.post("/disputes/{dispute_id}/win")
async def win_dispute(world: TheWorld, courier: TheCourier, dispute_id: str) -> Response:
    """Decide a dispute for us: all of the money comes back, the fee does not."""
    with world.store.transaction():
        return _done(courier, win(Books(world), dispute_id))


@router.post("/disputes/{dispute_id}/withdraw")
async def withdraw_dispute(
    world: TheWorld, courier: TheCourier, dispute_id: str, withdrawn: WithdrawnDispute
) -> Response:
    """Let a person give up part of a dispute: it ends, and that part comes back."""
    with world.store.transaction():
        return _done(courier, win(Books(world), dispute_id, withdrawn.amount))


@router.post("/disputes/{dispute_id}/lose")
async def lose_dispute(world: TheWorld, courier: TheCourier, dispute_id: str) -> Response:
    """Decide a dispute against us."""
    with world.store.transaction():
        return _done(courier, lose(Books(world), dispute_id))


@router.post("/refunds/{refund_id}/succeed")
async def complete_refund(world: TheWorld, courier: TheCourier, refund_id: str) -> Response:
    """Let a pending refund reach the person."""
    with world.store.transaction():
        return _done(courier, arrive(Books(world), refund_id))


@router.post("/refunds/{refund_id}/fail")
async def fail_refund(
    world: TheWorld,
    courier: TheCourier,
    refund_id: str,
    failed: Annotated[FailedRefund, Body(default_factory=FailedRefund)],
) -> Response:
    """Let a refund come back to our balance."""
    with world.store.transaction():
        return _done(courier, come_back(Books(world), refund_id, failed.reason))


@router.get("/delays")
async def list_delays(world: TheWorld) -> Response:
    """List how long what comes by itself takes, in seconds; null never comes by itself."""
    return JSONResponse(outcomes.delays(world.store))


@router.put("/delays")
async def set_delays(world: TheWorld, delays: Delays) -> Response:
    """Set how long some of it takes; the rest stays."""
    with world.store.transaction():
        for kind, seconds in delays.items():
            outcomes.set_delay(world.store, kind, seconds)
    return JSONResponse(outcomes.delays(world.store))


@router.post("/outcomes/hasten")
async def hasten_outcomes(world: TheWorld, courier: TheCourier) -> Response:
    """Let all that is planned come now; `POST /control/settle` waits for it."""
    hastened = outcomes.hasten(world.store)
    courier.wake()
    return JSONResponse({"hastened": hastened})


@router.post("/stripe/keys/expire")
async def forget_keys(
    world: TheWorld, forgotten: Annotated[ForgottenKey, Body(default_factory=ForgottenKey)]
) -> Response:
    """Forget idempotency keys, as Stripe may after 24 hours: calls under them run again."""
    return JSONResponse({"expired": expire_keys(world.store, forgotten.key)})


def _charge(books: Books, name: str) -> Json:
    if not name.startswith("pi_"):
        return books.get("charge", name, "charge")
    intent = books.get("payment_intent", name, "payment_intent")
    if intent["latest_charge"] is None:
        raise HTTPException(HTTPStatus.CONFLICT, f"the payment {name} has no charge to dispute")
    return books.get("charge", cast("str", intent["latest_charge"]))


def _done(courier: TheCourier, thing: Json) -> Response:
    courier.wake()
    return JSONResponse(thing)
