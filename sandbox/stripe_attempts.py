"""A try at charging a payment method, and what it leaves behind whichever way it ends."""

from dataclasses import dataclass
from typing import Literal

import stripe

from sandbox.stripe_books import Books
from sandbox.stripe_caps import BLOCKED, BLOCKED_OUTCOME
from sandbox.stripe_cards import Decline
from sandbox.stripe_errors import error_body
from sandbox.stripe_instruments import CARD
from sandbox.stripe_methods import charged_details, save
from sandbox.world import Json

Status = Literal["succeeded", "pending", "failed"]
Verdict = Decline | Literal["authenticate", "processing"] | None
"""What stood in the way of the money: a decline, the bank's question, time, or nothing."""


@dataclass(frozen=True)
class Attempt:
    """One try at charging a payment method."""

    intent: Json
    method: Json
    off_session: bool
    authenticated: bool = False


def open_charge(
    books: Books, attempt: Attempt, decline: Decline | None = None, mandate: str | None = None
) -> Json:
    """Keep the charge of an attempt: failed if declined, pending for a bank debit."""
    intent, method = attempt.intent, attempt.method
    by_card = method["type"] == CARD
    status: Status = "failed" if decline else "succeeded" if by_card else "pending"
    return books.new(
        stripe.Charge,
        "ch" if by_card else "py",
        amount=intent["amount"],
        amount_captured=0 if decline else intent["amount"],
        billing_details=method["billing_details"],
        calculated_statement_descriptor="TAHSIL SANDBOX",
        captured=decline is None,
        currency=intent["currency"],
        customer=intent["customer"],
        description=intent["description"],
        failure_code=decline.code if decline else None,
        failure_message=decline.message if decline else None,
        fraud_details={},
        metadata=intent["metadata"],
        outcome=outcome(decline),
        paid=status == "succeeded",
        payment_intent=intent["id"],
        payment_method=method["id"],
        payment_method_details=charged_details(method, intent["amount"], mandate),
        receipt_email=intent["receipt_email"],
        status=status,
    )


def outcome(decline: Decline | None) -> Json:
    """Return what Stripe tells of how the network took a charge."""
    codes = ("advice_code", "network_advice_code", "network_decline_code")
    empty = dict.fromkeys(codes)
    if decline is BLOCKED:
        return empty | BLOCKED_OUTCOME
    if decline is None:
        told = {"network_status": "approved_by_network", "type": "authorized", "reason": None}
        return empty | told | {"risk_level": "normal", "seller_message": "Payment complete."}
    return {
        "network_status": "declined_by_network",
        "type": "issuer_declined",
        "reason": decline.decline_code or decline.code,
        "risk_level": "normal",
        "seller_message": decline.message,
        "advice_code": decline.advice_code,
        "network_decline_code": decline.network_code,
        "network_advice_code": decline.network_advice_code,
    }


def succeed(books: Books, attempt: Attempt, charge: Json) -> None:
    """Mark a payment as paid by a charge, and tell of both."""
    intent = attempt.intent
    intent.update(
        status="succeeded",
        amount_received=intent["amount"],
        latest_charge=charge["id"],
        last_payment_error=None,
        next_action=None,
    )
    books.put(intent)
    if intent["setup_future_usage"] and intent["customer"]:
        save(books, attempt.method, intent["customer"])
    books.tell("charge.succeeded", charge)
    books.tell("payment_intent.succeeded", intent)


def fail(books: Books, attempt: Attempt, charge: Json, decline: Decline) -> None:
    """Send a payment back to wait for another method, and tell of it and its charge."""
    about = {"charge": charge["id"], "payment_method": attempt.method}
    error = error_body(decline.kind, decline.message, **decline.fields(), **about)["error"]
    attempt.intent.update(
        status="requires_payment_method",
        payment_method=None,
        latest_charge=charge["id"],
        last_payment_error=error,
        next_action=None,
    )
    books.put(attempt.intent)
    books.tell("charge.failed", charge)
    books.tell("payment_intent.payment_failed", attempt.intent)
