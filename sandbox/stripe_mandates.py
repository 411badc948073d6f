"""Stripe's mandates: a person's leave to debit a bank account."""

import stripe

from sandbox import clock
from sandbox.stripe_books import Books
from sandbox.stripe_instruments import BANK
from sandbox.world import Json


def open_mandate(books: Books, method: Json, *, online: bool) -> Json:
    """Keep the leave a person gave, on a page or (`online` being False) told through the API."""
    return books.new(
        stripe.Mandate,
        "mandate",
        customer_acceptance={
            "accepted_at": int(clock.seconds()),
            "offline": None if online else {},
            "online": {"ip_address": "127.0.0.1", "user_agent": None} if online else None,
            "type": "online" if online else "offline",
        },
        multi_use={"amount": None, "currency": None},
        payment_method=method["id"],
        payment_method_details={"type": BANK, BANK: {"collection_method": None}},
        status="active",
        type="multi_use",
    )


def mandate_for(books: Books, method: Json) -> Json:
    """Return the newest mandate of a bank account, or one as if it had been given just now.

    Stripe refuses a debit without a mandate; a test that attaches a token and confirms need not
    send `mandate_data` here.
    """
    known = books.find("mandate", "payment_method", method["id"])
    return known[-1] if known else open_mandate(books, method, online=False)


def end_mandates(books: Books, method: Json) -> None:
    """Make the mandates of a bank account inactive, and tell of each."""
    for mandate in books.find("mandate", "payment_method", method["id"]):
        if mandate["status"] != "inactive":
            before = mandate["status"]
            mandate["status"] = "inactive"
            books.put(mandate)
            books.tell("mandate.updated", mandate, status=before)
