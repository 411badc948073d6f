"""What a confirmed payment comes to: a charge that succeeds or fails, and the money moved."""

from dataclasses import dataclass
from typing import Literal

import stripe

from sandbox import clock
from sandbox.stripe_books import Books
from sandbox.stripe_cards import AUTHENTICATE, Card, Decline
from sandbox.stripe_errors import error_body
from sandbox.stripe_methods import card_of, save
from sandbox.world import Json

FEE_PER_TEN_THOUSAND, FIXED_FEE = 290, 30
TWO_DAYS = 2 * 24 * 60 * 60


@dataclass(frozen=True)
class Attempt:
    """One try at charging a payment method."""

    intent: Json
    method: Json
    off_session: bool
    authenticated: bool = False


Verdict = Decline | Literal["authenticate"] | None


def settle(books: Books, attempt: Attempt) -> Verdict:
    """Charge the card of an attempt; return what stood in the way, if anything did."""
    verdict = _verdict(books, attempt)
    attempt.intent["payment_method"] = attempt.method["id"]
    if verdict == "authenticate":
        _ask(books, attempt)
    elif verdict is None:
        _succeed(books, attempt)
    else:
        _fail(books, attempt, verdict)
    return verdict


def _verdict(books: Books, attempt: Attempt) -> Verdict:
    card, unsaved = card_of(attempt.method), attempt.method["customer"] is None
    asks = card.authentication == "always" or (card.authentication == "at_first" and unsaved)
    if asks and not attempt.authenticated:
        return AUTHENTICATE if attempt.off_session else "authenticate"
    return None if _outlived(books, card, attempt.method) else card.decline


def _outlived(books: Books, card: Card, method: Json) -> bool:
    """Say whether a card that fails only at first has failed often enough."""
    if card.declines_first is None:
        return False
    failed = books.world.store.count(
        "SELECT count(*) FROM objects WHERE kind = 'charge'"
        " AND json_extract(body, '$.payment_method') = ?"
        " AND json_extract(body, '$.status') = 'failed'",
        method["id"],
    )
    return failed >= card.declines_first


def _ask(books: Books, attempt: Attempt) -> None:
    attempt.intent["status"] = "requires_action"
    attempt.intent["next_action"] = {"type": "use_stripe_sdk", "use_stripe_sdk": {}}
    books.put(attempt.intent)
    books.tell("payment_intent.requires_action", attempt.intent)


def _succeed(books: Books, attempt: Attempt) -> None:
    intent, amount = attempt.intent, attempt.intent["amount"]
    charge = _charge(books, attempt, None)
    fee = amount * FEE_PER_TEN_THOUSAND // 10_000 + FIXED_FEE
    charge["balance_transaction"] = enter(books, charge, "charge", amount, fee)["id"]
    books.put(charge)
    intent.update(
        status="succeeded",
        amount_received=amount,
        latest_charge=charge["id"],
        last_payment_error=None,
        next_action=None,
    )
    books.put(intent)
    if intent["setup_future_usage"] and intent["customer"]:
        save(books, attempt.method, intent["customer"])
    books.tell("charge.succeeded", charge)
    books.tell("payment_intent.succeeded", intent)


def _fail(books: Books, attempt: Attempt, decline: Decline) -> None:
    charge = _charge(books, attempt, decline)
    error = error_body("card_error", decline.message, **decline.fields(), charge=charge["id"])
    attempt.intent.update(
        status="requires_payment_method",
        payment_method=None,
        latest_charge=charge["id"],
        last_payment_error=error["error"] | {"payment_method": attempt.method},
        next_action=None,
    )
    books.put(attempt.intent)
    books.tell("charge.failed", charge)
    books.tell("payment_intent.payment_failed", attempt.intent)


def _charge(books: Books, attempt: Attempt, decline: Decline | None) -> Json:
    intent, method, paid = attempt.intent, attempt.method, decline is None
    return books.new(
        stripe.Charge,
        "ch",
        amount=intent["amount"],
        amount_captured=intent["amount"] if paid else 0,
        billing_details=method["billing_details"],
        calculated_statement_descriptor="TAHSIL SANDBOX",
        captured=paid,
        currency=intent["currency"],
        customer=intent["customer"],
        description=intent["description"],
        failure_code=decline.code if decline else None,
        failure_message=decline.message if decline else None,
        metadata=intent["metadata"],
        outcome=_outcome(decline),
        paid=paid,
        payment_intent=intent["id"],
        payment_method=method["id"],
        payment_method_details={"type": "card", "card": method["card"]},
        receipt_email=intent["receipt_email"],
        status="succeeded" if paid else "failed",
    )


def _outcome(decline: Decline | None) -> Json:
    if decline is None:
        told = {"network_status": "approved_by_network", "type": "authorized", "reason": None}
        return told | {"risk_level": "normal", "seller_message": "Payment complete."}
    return {
        "network_status": "declined_by_network",
        "type": "issuer_declined",
        "reason": decline.decline_code,
        "risk_level": "normal",
        "seller_message": decline.message,
        "advice_code": decline.advice_code,
        "network_decline_code": decline.network_code,
        "network_advice_code": decline.network_advice_code,
    }


def enter(books: Books, source: Json, kind: str, amount: int, fee: int) -> Json:
    """Enter a movement of money in the balance; a refund's amount is negative."""
    described = {"amount": fee, "application": None, "currency": source["currency"]}
    details = [described | {"description": "Stripe processing fees", "type": "stripe_fee"}]
    return books.new(
        stripe.BalanceTransaction,
        "txn",
        amount=amount,
        available_on=int(clock.seconds()) + TWO_DAYS,
        currency=source["currency"],
        fee=fee,
        fee_details=details if fee else [],
        net=amount - fee,
        reporting_category=kind,
        source=source["id"],
        status="pending",
        type=kind,
        balance_type="payments",
    )
