"""Refunds as Stripe tells of them."""

from collections.abc import Mapping
from typing import Any

from domain.money import Money
from providers.outcomes import Fact
from providers.stripe_amounts import from_stripe

REFUND = "refund_key"
"""Our own key of a refund that we asked for, in its metadata at Stripe."""
UNDONE = frozenset({"failed", "canceled"})
"""The money did not reach the consumer: it is ours again."""


class Refund(Fact):
    """Money that was given back, or is on its way."""

    refund_id: str
    intent_id: str | None
    amount: Money
    status: str
    key: str | None = None
    """Ours, if we asked for it."""

    @property
    def is_undone(self) -> bool:
        """Whether the money came back to us."""
        return self.status in UNDONE


def read_refund(refund: Mapping[str, Any]) -> Refund:
    """A refund from Stripe's object."""
    intent = refund.get("payment_intent")
    return Refund(
        refund_id=str(refund["id"]),
        intent_id=intent.get("id") if isinstance(intent, Mapping) else intent,
        amount=from_stripe(int(refund["amount"]), str(refund["currency"])),
        status=str(refund.get("status") or "pending"),
        key=(refund.get("metadata") or {}).get(REFUND),
    )
