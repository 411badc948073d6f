"""Stripe's customers."""

from http import HTTPStatus

import stripe
from stripe.params import CustomerCreateParams, CustomerModifyParams

from sandbox.door import Answer, Call
from sandbox.stripe_books import Books, new_id
from sandbox.stripe_forms import metadata, refuse_unknown, tree
from sandbox.stripe_methods import resolve
from sandbox.world import Json

SETTABLE = ("email", "name", "phone", "description", "address", "shipping", "preferred_locales")


def create_customer(call: Call) -> Answer:
    """Add a customer."""
    params = tree(call.form)
    refuse_unknown(params, CustomerCreateParams)
    return Answer(HTTPStatus.OK, open_customer(Books.of(call), params))


def open_customer(books: Books, params: Json) -> Json:
    """Keep a new customer and tell of it."""
    invoices = {"custom_fields": None, "default_payment_method": None, "footer": None}
    customer = books.new(
        stripe.Customer,
        "cus",
        balance=0,
        delinquent=False,
        invoice_prefix=new_id("x")[2:10].upper(),
        invoice_settings={**invoices, "rendering_options": None},
        metadata=metadata(params),
        next_invoice_sequence=1,
        preferred_locales=[],
        tax_exempt="none",
    )
    _change(books, customer, params)
    books.tell("customer.created", customer)
    return customer


def update_customer(call: Call) -> Answer:
    """Change a customer."""
    params = tree(call.form)
    refuse_unknown(params, CustomerModifyParams)
    books = Books.of(call)
    customer = books.get("customer", call.names["id"])
    before = {name: customer[name] for name in params if name in customer}
    # Stripe keeps the keys a change does not name, and drops those given as "".
    for name, value in (params.get("metadata") or {}).items():
        customer["metadata"][name] = value
    customer["metadata"] = metadata(customer)
    _change(books, customer, params)
    books.tell("customer.updated", customer, **before)
    return Answer(HTTPStatus.OK, customer)


def _change(books: Books, customer: Json, params: Json) -> None:
    for name in SETTABLE:
        if name in params:
            customer[name] = params[name] or None
    default = params.get("invoice_settings", {}).get("default_payment_method")
    if default:
        method = resolve(books, default, "invoice_settings[default_payment_method]")
        customer["invoice_settings"]["default_payment_method"] = method["id"]
    books.put(customer)
