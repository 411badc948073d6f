"""Stripe's refunds: most succeed at once, some are pending first, and some come back.

Not seen on Stripe's wire, so uncertain: that a refund which failed no longer counts as refunded
on its charge, and that `charge.refund.updated` comes beside `refund.updated`.
"""

from http import HTTPStatus
from typing import Literal

import stripe
from stripe.params import RefundCreateParams

from sandbox import outcomes
from sandbox.door import Answer, Call
from sandbox.stripe_books import Books
from sandbox.stripe_cards import Card
from sandbox.stripe_disputes import is_taken_back
from sandbox.stripe_entries import Move, enter
from sandbox.stripe_errors import invalid, unexpected_state
from sandbox.stripe_forms import integer, metadata, refuse_unknown, tree
from sandbox.stripe_instruments import CARD
from sandbox.stripe_methods import instrument_of
from sandbox.world import Json

REASONS = ("duplicate", "fraudulent", "requested_by_customer")
FailureReason = Literal[
    "lost_or_stolen_card",
    "expired_or_canceled_card",
    "charge_for_pending_refund_disputed",
    "insufficient_funds",
    "declined",
    "merchant_request",
    "unknown",
]


def create_refund(call: Call) -> Answer:
    """Give back a charge, whole or in part."""
    params = tree(call.form)
    refuse_unknown(params, RefundCreateParams)
    books = Books.of(call)
    charge = _charge(books, params)
    refund = _open(books, charge, params)
    before = charge["amount_refunded"]
    _count(books, charge, refund["amount"])
    books.tell("refund.created", refund)
    books.tell("charge.refunded", charge, amount_refunded=before)
    _plan(books, charge, refund)
    return Answer(HTTPStatus.OK, books.expanded(refund, params.get("expand", [])))


def arrive(books: Books, refund_id: str) -> Json:
    """Let a pending refund reach the person."""
    refund = books.get("refund", refund_id, "refund")
    if refund["status"] != "pending":
        message = f"The refund {refund_id} is {refund['status']}, not pending."
        raise unexpected_state(message, "resource_invalid_state")
    refund |= {"status": "succeeded", "pending_reason": None}
    books.put(refund)
    _tell_change(books, refund, status="pending")
    return refund


def come_back(books: Books, refund_id: str, reason: FailureReason = "unknown") -> Json:
    """Let a refund fail: the money is in our balance again."""
    refund = books.get("refund", refund_id, "refund")
    if refund["status"] not in {"pending", "succeeded"}:
        message = f"The refund {refund_id} is {refund['status']} already."
        raise unexpected_state(message, "resource_invalid_state")
    move = Move("refund_failure", "refund_failure", refund["amount"])
    before = refund["status"]
    refund |= {
        "status": "failed",
        "failure_reason": reason,
        "failure_balance_transaction": enter(books, refund, move)["id"],
        "pending_reason": None,
    }
    books.put(refund)
    _count(books, books.get("charge", refund["charge"]), -refund["amount"])
    _tell_change(books, refund, status=before)
    books.tell("refund.failed", refund)
    return refund


def _open(books: Books, charge: Json, params: Json) -> Json:
    by_card = charge["payment_method_details"]["type"] == CARD
    waits = not by_card or _afterwards(books, charge) == "refund_waits"
    refund = books.new(
        stripe.Refund,
        "re" if by_card else "pyr",
        amount=_amount(charge, params),
        charge=charge["id"],
        currency=charge["currency"],
        destination_details=_destination(by_card=by_card),
        metadata=metadata(params),
        payment_intent=charge["payment_intent"],
        payment_method=charge["payment_method"],
        pending_reason="processing" if waits else None,
        reason=_reason(params),
        status="pending" if waits else "succeeded",
    )
    kind = "refund" if by_card else "payment_refund"
    move = Move(kind, "refund", -refund["amount"], description=f"REFUND FOR {charge['id']}")
    refund["balance_transaction"] = enter(books, refund, move)["id"]
    return books.put(refund)


def _destination(*, by_card: bool) -> Json:
    if not by_card:
        told = {"reference": None, "reference_status": None}
        return {"type": "us_bank_transfer", "us_bank_transfer": told}
    kind = {"reference_type": "acquirer_reference_number", "type": "refund"}
    return {"type": "card", "card": {"reference": None, "reference_status": "pending", **kind}}


def _plan(books: Books, charge: Json, refund: Json) -> None:
    if refund["status"] == "pending":
        outcomes.plan(books.world.store, "refund_arrives", refund["id"])
    elif _afterwards(books, charge) == "refund_fails":
        outcomes.plan(books.world.store, "refund_fails", refund["id"])


def _afterwards(books: Books, charge: Json) -> str | None:
    instrument = instrument_of(books, books.get("payment_method", charge["payment_method"]))
    return instrument.afterwards if isinstance(instrument, Card) else None


def _count(books: Books, charge: Json, amount: int) -> None:
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    books.put(charge)


def _tell_change(books: Books, refund: Json, **before: object) -> None:
    books.tell("refund.updated", refund, **before)
    books.tell("charge.refund.updated", refund, **before)


def _reason(params: Json) -> str | None:
    reason = params.get("reason")
    if reason is not None and reason not in REASONS:
        raise invalid(f"Invalid reason: must be one of {', '.join(REASONS)}", "reason")
    return reason


def _charge(books: Books, params: Json) -> Json:
    charge = _named(books, params)
    if not charge["paid"]:
        raise invalid(f"The charge {charge['id']} took no money: nothing to refund.", "charge")
    if is_taken_back(books, charge):
        message = f"Charge {charge['id']} has been charged back; cannot issue a refund."
        raise unexpected_state(message, "charge_disputed")
    return charge


def _named(books: Books, params: Json) -> Json:
    if params.get("charge"):
        return books.get("charge", params["charge"], "charge")
    if not params.get("payment_intent"):
        message = "One of the following params should be provided: payment_intent or charge."
        raise invalid(message, "charge", "parameter_missing")
    intent = books.get("payment_intent", params["payment_intent"], "payment_intent")
    if not intent["latest_charge"]:
        message = f"The PaymentIntent {intent['id']} does not have a successful charge."
        raise invalid(message, "payment_intent")
    return books.get("charge", intent["latest_charge"])


def _amount(charge: Json, params: Json) -> int:
    left = int(charge["amount"] - charge["amount_refunded"])
    if not left:
        message = f"Charge {charge['id']} has already been refunded."
        raise unexpected_state(message, "charge_already_refunded")
    amount = integer(params, "amount") if "amount" in params else left
    if amount < 1:
        message = "This value must be greater than or equal to 1."
        raise invalid(message, "amount", "parameter_invalid_integer")
    if amount > left:
        message = f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
        raise invalid(message, "amount")
    return amount
