"""Stripe's operations, as the door serves them."""

import base64
import secrets
from http import HTTPStatus

from starlette.requests import Request

from sandbox.door import Answer, Call, Perform, Provider
from sandbox.stripe_books import Books
from sandbox.stripe_checkout import (
    create_session,
    expire_session,
    retrieve_session,
    session_items,
)
from sandbox.stripe_customers import create_customer, update_customer
from sandbox.stripe_disputes import close_dispute, update_dispute
from sandbox.stripe_errors import failure
from sandbox.stripe_forms import tree
from sandbox.stripe_keys import operation
from sandbox.stripe_lists import listing
from sandbox.stripe_methods import (
    attach_method,
    detach_method,
    methods_of_customer,
    retrieve_method,
)
from sandbox.stripe_payments import cancel_payment, confirm_payment, create_payment
from sandbox.stripe_refunds import create_refund
from sandbox.world import World


def _showing(kind: str) -> Perform:
    def retrieve(call: Call) -> Answer:
        books = Books.of(call)
        thing = books.get(kind, call.names["id"])
        return Answer(HTTPStatus.OK, books.expanded(thing, tree(call.query).get("expand", [])))

    return retrieve


def admits(world: World, request: Request) -> bool:
    """Say whether the key of a request is the sandbox's, as a bearer or as a user name."""
    key = world.credentials.stripe_key
    told = request.headers.get("authorization", "").encode()
    basic = b"Basic " + base64.b64encode(f"{key}:".encode())
    bearer = f"Bearer {key}".encode()
    return secrets.compare_digest(told, bearer) or secrets.compare_digest(told, basic)


PAYMENTS = listing("payment_intent", "/payment_intents", ["customer"])
CHARGES = listing("charge", "/charges", ["customer", "payment_intent"])
REFUNDS = listing("refund", "/refunds", ["charge", "payment_intent"])
DISPUTES = listing("dispute", "/disputes", ["charge", "payment_intent"])
SESSIONS = listing(
    "checkout.session", "/checkout/sessions", ["customer", "payment_intent", "status"]
)
ENTRIES = listing("balance_transaction", "/balance_transactions", ["source", "type", "currency"])

PROVIDER = Provider(
    name="stripe",
    operations=[
        operation("create_customer", "POST", "/customers", create_customer),
        operation(
            "list_customers", "GET", "/customers", listing("customer", "/customers", ["email"])
        ),
        operation("retrieve_customer", "GET", "/customers/{id}", _showing("customer")),
        operation("update_customer", "POST", "/customers/{id}", update_customer),
        operation(
            "list_methods_of_customer",
            "GET",
            "/customers/{id}/payment_methods",
            methods_of_customer,
        ),
        operation(
            "list_methods",
            "GET",
            "/payment_methods",
            listing("payment_method", "/payment_methods", ["customer", "type"]),
        ),
        operation("retrieve_method", "GET", "/payment_methods/{id}", retrieve_method),
        operation("attach_method", "POST", "/payment_methods/{id}/attach", attach_method),
        operation("detach_method", "POST", "/payment_methods/{id}/detach", detach_method),
        operation("retrieve_setup", "GET", "/setup_intents/{id}", _showing("setup_intent")),
        operation("create_payment", "POST", "/payment_intents", create_payment),
        operation("list_payments", "GET", "/payment_intents", PAYMENTS),
        operation("retrieve_payment", "GET", "/payment_intents/{id}", _showing("payment_intent")),
        operation("confirm_payment", "POST", "/payment_intents/{id}/confirm", confirm_payment),
        operation("cancel_payment", "POST", "/payment_intents/{id}/cancel", cancel_payment),
        operation("list_charges", "GET", "/charges", CHARGES),
        operation("retrieve_charge", "GET", "/charges/{id}", _showing("charge")),
        operation("create_refund", "POST", "/refunds", create_refund),
        operation("list_refunds", "GET", "/refunds", REFUNDS),
        operation("retrieve_refund", "GET", "/refunds/{id}", _showing("refund")),
        operation("list_disputes", "GET", "/disputes", DISPUTES),
        operation("retrieve_dispute", "GET", "/disputes/{id}", _showing("dispute")),
        operation("update_dispute", "POST", "/disputes/{id}", update_dispute),
        operation("close_dispute", "POST", "/disputes/{id}/close", close_dispute),
        operation("retrieve_mandate", "GET", "/mandates/{id}", _showing("mandate")),
        operation("create_session", "POST", "/checkout/sessions", create_session),
        operation("list_sessions", "GET", "/checkout/sessions", SESSIONS),
        operation("retrieve_session", "GET", "/checkout/sessions/{id}", retrieve_session),
        operation("session_items", "GET", "/checkout/sessions/{id}/line_items", session_items),
        operation("expire_session", "POST", "/checkout/sessions/{id}/expire", expire_session),
        operation("list_events", "GET", "/events", listing("event", "/events", ["type"])),
        operation("retrieve_event", "GET", "/events/{id}", _showing("event")),
        operation("list_entries", "GET", "/balance_transactions", ENTRIES),
        operation(
            "retrieve_entry", "GET", "/balance_transactions/{id}", _showing("balance_transaction")
        ),
    ],
    admits=admits,
    failure=failure,
)
