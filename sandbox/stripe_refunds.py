"""Stripe's refunds."""

from http import HTTPStatus

import stripe
from stripe.params import RefundCreateParams

from sandbox.door import Answer, Call
from sandbox.stripe_books import Books
from sandbox.stripe_charges import enter
from sandbox.stripe_errors import invalid, unexpected_state
from sandbox.stripe_forms import integer, metadata, refuse_unknown, tree
from sandbox.world import Json


def create_refund(call: Call) -> Answer:
    """Give back a charge, whole or in part."""
    params = tree(call.form)
    refuse_unknown(params, RefundCreateParams)
    books = Books.of(call)
    charge = _charge(books, params)
    refund = books.new(
        stripe.Refund,
        "re",
        amount=_amount(charge, params),
        charge=charge["id"],
        currency=charge["currency"],
        metadata=metadata(params),
        payment_intent=charge["payment_intent"],
        reason=params.get("reason"),
        status="succeeded",
    )
    entry = enter(books, refund, "refund", -refund["amount"], 0)
    refund["balance_transaction"] = entry["id"]
    books.put(refund)
    before = charge["amount_refunded"]
    charge["amount_refunded"] += refund["amount"]
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    books.put(charge)
    books.tell("refund.created", refund)
    books.tell("charge.refunded", charge, amount_refunded=before)
    return Answer(HTTPStatus.OK, refund)


def _charge(books: Books, params: Json) -> Json:
    if params.get("charge"):
        charge = books.get("charge", params["charge"], "charge")
    elif params.get("payment_intent"):
        intent = books.get("payment_intent", params["payment_intent"], "payment_intent")
        if not intent["latest_charge"]:
            message = f"The PaymentIntent {intent['id']} does not have a successful charge."
            raise invalid(message, "payment_intent")
        charge = books.get("charge", intent["latest_charge"])
    else:
        message = "One of the following params should be provided: payment_intent or charge."
        raise invalid(message, "charge", "parameter_missing")
    if not charge["paid"]:
        raise invalid(f"The charge {charge['id']} failed; nothing can be refunded.", "charge")
    return charge


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
