"""Means of payment as Stripe has them: what is kept of one, beside the id to charge it by."""

from collections.abc import Mapping
from typing import Any

from providers.outcomes import Fact

CARD = "card"
ACTIVE = "active"


class Means(Fact):
    """A stored means of payment."""

    payment_method: str
    customer: str | None
    """Whose it is; None: it was taken from them, and cannot be charged."""
    kind: str
    """As Stripe names it: card, us_bank_account."""
    fingerprint: str | None = None
    """The same for the same card or bank account under every payment method."""
    network: str | None = None
    """Of a card: visa, mastercard …"""
    funding: str | None = None
    """Of a card: credit, debit, prepaid or unknown."""


def read_means(method: Mapping[str, Any]) -> Means:
    """A means of payment from Stripe's object."""
    kind = str(method["type"])
    told = method.get(kind) or {}
    customer = method.get("customer")
    return Means(
        payment_method=str(method["id"]),
        customer=customer.get("id") if isinstance(customer, Mapping) else customer,
        kind=kind,
        fingerprint=told.get("fingerprint"),
        network=told.get("brand") if kind == CARD else None,
        funding=told.get("funding") if kind == CARD else None,
    )
