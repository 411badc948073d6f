"""Stripe's payment intents: created, confirmed, canceled, and never confirmed twice."""

from http import HTTPStatus

import stripe
from stripe.params import (
    PaymentIntentCancelParams,
    PaymentIntentConfirmParams,
    PaymentIntentCreateParams,
)

from sandbox import clock
from sandbox.door import Answer, Call
from sandbox.stripe_attempts import Attempt
from sandbox.stripe_books import Books, new_id
from sandbox.stripe_cards import Decline
from sandbox.stripe_charges import IN_BACKGROUND, capture, settle
from sandbox.stripe_errors import invalid, unexpected_state
from sandbox.stripe_forms import metadata, refuse_unknown, tree, true
from sandbox.stripe_instruments import PLAYED
from sandbox.stripe_methods import declined, resolve, types_allowed
from sandbox.stripe_money import checked_amount, checked_currency
from sandbox.world import Json

OPEN = {"requires_payment_method", "requires_confirmation", "requires_action"}


def create_payment(call: Call) -> Answer:
    """Open a payment, and confirm it at once if asked."""
    params = tree(call.form)
    refuse_unknown(params, PaymentIntentCreateParams)
    _refuse_unplayed(params)
    books = Books.of(call)
    currency = checked_currency(params)
    intent = open_payment(books, checked_amount(params, currency), currency, params)
    if not true(params, "confirm"):
        if true(params, "off_session"):
            message = "off_session can only be set when confirm is true."
            raise invalid(message, "off_session")
        return Answer(HTTPStatus.OK, books.expanded(intent, params.get("expand", [])))
    return _confirmed(books, intent, params)


def open_payment(books: Books, amount: int, currency: str, params: Json) -> Json:
    """Keep a new payment intent and tell of it."""
    customer = params.get("customer")
    if customer:
        books.get("customer", customer, "customer")
    method = resolve(books, params["payment_method"]) if params.get("payment_method") else None
    intent = books.new(
        stripe.PaymentIntent,
        "pi",
        amount=amount,
        allowed_payment_method_types=params.get("allowed_payment_method_types"),
        automatic_payment_methods={
            "allow_redirects": params.get("automatic_payment_methods", {}).get(
                "allow_redirects", "always"
            ),
            "enabled": True,
        },
        capture_method=params.get("capture_method", IN_BACKGROUND),
        currency=currency,
        customer=customer,
        description=params.get("description"),
        metadata=metadata(params),
        payment_method=method["id"] if method else None,
        payment_method_types=types_allowed(params, PLAYED),
        receipt_email=params.get("receipt_email"),
        setup_future_usage=params.get("setup_future_usage"),
        status="requires_confirmation" if method else "requires_payment_method",
    )
    intent["client_secret"] = new_id(intent["id"] + "_secret")
    books.put(intent)
    books.tell("payment_intent.created", intent)
    return intent


def confirm_payment(call: Call) -> Answer:
    """Charge an open payment."""
    params = tree(call.form)
    refuse_unknown(params, PaymentIntentConfirmParams)
    _refuse_unplayed(params)
    books = Books.of(call)
    intent = books.get("payment_intent", call.names["id"], "intent")
    if intent["status"] not in OPEN:
        _refuse_state(intent, "confirm")
    for name in ("setup_future_usage", "receipt_email", "capture_method"):
        intent[name] = params.get(name, intent[name])
    if params.get("payment_method"):
        intent["payment_method"] = resolve(books, params["payment_method"])["id"]
    return _confirmed(books, intent, params)


def _confirmed(books: Books, intent: Json, params: Json) -> Answer:
    if not intent["payment_method"]:
        message = (
            "You cannot confirm this PaymentIntent because it's missing a payment method. Update"
            " it with a payment method, or give one when you confirm it."
        )
        raise unexpected_state(message, "payment_intent_unexpected_state", payment_intent=intent)
    method = books.get("payment_method", intent["payment_method"])
    _refuse_unfit(method, intent)
    verdict = settle(books, Attempt(intent, method, off_session=true(params, "off_session")))
    if isinstance(verdict, Decline):
        charge = intent["latest_charge"]
        return declined(verdict, charge=charge, payment_intent=intent, payment_method=method)
    charge = intent["latest_charge"]
    answer = Answer(HTTPStatus.OK, books.expanded(intent, params.get("expand", [])))
    capture(books, charge)
    return answer


def cancel_payment(call: Call) -> Answer:
    """Give an open payment up."""
    params = tree(call.form)
    refuse_unknown(params, PaymentIntentCancelParams)
    books = Books.of(call)
    intent = books.get("payment_intent", call.names["id"], "intent")
    if intent["status"] not in OPEN:
        _refuse_state(intent, "cancel")
    intent["status"] = "canceled"
    intent["canceled_at"] = int(clock.seconds())
    intent["cancellation_reason"] = params.get("cancellation_reason")
    books.put(intent)
    books.tell("payment_intent.canceled", intent)
    return Answer(HTTPStatus.OK, books.expanded(intent, params.get("expand", [])))


def _refuse_state(intent: Json, verb: str) -> None:
    message = f"You cannot {verb} this PaymentIntent because it has a status of {intent['status']}."
    raise unexpected_state(message, "payment_intent_unexpected_state", payment_intent=intent)


def _refuse_unfit(method: Json, intent: Json) -> None:
    if method["customer"] not in {None, intent["customer"]}:
        message = (
            f"The payment method {method['id']} belongs to another customer"
            f" than this PaymentIntent ({intent['customer']})."
        )
        raise invalid(message, "payment_method", "payment_method_customer_mismatch")
    if method["type"] not in intent["payment_method_types"]:
        allowed = ", ".join(intent["payment_method_types"])
        message = (
            f"The PaymentMethod provided ({method['type']}) is not allowed for this"
            f" PaymentIntent, which allows: {allowed}."
        )
        raise invalid(message, "payment_method", "payment_intent_invalid_parameter")


def _refuse_unplayed(params: Json) -> None:
    if params.get("capture_method") == "manual":
        raise invalid("The sandbox does not hold charges for manual capture.", "capture_method")
