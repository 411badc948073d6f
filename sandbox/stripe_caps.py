"""The card networks' caps on tries, counted per card over all customers and amounts.

What is counted are tries that the bank declined: the networks' rules are about trying again.
The figures are those of Stripe's own page for Visa (15 in 30 days), which other sources put at
20, and of Mastercard's rules (10 in 24 hours, 35 in 30 days); other networks are held to Visa's.
One try more is refused as Stripe's page on excessive retries shows it: `card_declined` with
`generic_decline`, and a charge whose outcome is `blocked` for `previously_declined_do_not_retry`
without having been sent to the network. Stripe does so only where it expects nothing of the try;
the sandbox always does.
"""

from datetime import datetime

from sandbox import clock
from sandbox.stripe_books import Books
from sandbox.stripe_cards import Card, Decline
from sandbox.stripe_errors import invalid
from sandbox.world import Json

AT = "at"
"""The metadata of a payment that says when it is tried, by the caller's own clock."""

A_DAY = 24 * 60 * 60
WINDOWS = {"mastercard": ((A_DAY, 10), (30 * A_DAY, 35))}
OTHERS = ((30 * A_DAY, 15),)
"""Pairs of a window in seconds and how many declined tries a card may have in it."""

BLOCKED = Decline("card_declined", "generic_decline", None, None, "Your card was declined.")
BLOCKED_OUTCOME: Json = {
    "network_status": "not_sent_to_network",
    "reason": "previously_declined_do_not_retry",
    "risk_level": "normal",
    "seller_message": "Stripe blocked this payment.",
    "type": "blocked",
}


def tried_at(intent: Json) -> float:
    """Return when a payment is tried: as its metadata says, else by the sandbox's clock.

    A demo that skips time presses months into minutes; the windows have to be counted by its
    clock. The metadata is of the sandbox's making; Stripe reads none.
    """
    told = intent["metadata"].get(AT)
    if told is None:
        return clock.seconds()
    try:
        moment = datetime.fromisoformat(told)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        message = f"metadata[{AT}] is {told!r}; expected an ISO 8601 instant with its offset"
        raise invalid(message, f"metadata[{AT}]")
    return moment.timestamp()


def is_spent(books: Books, card: Card, fingerprint: str, at: float) -> bool:
    """Say whether a card has had all the tries its network allows."""
    return any(
        _declined_tries(books, fingerprint, at - window, at) >= most
        for window, most in WINDOWS.get(card.brand, OTHERS)
    )


def note_decline(books: Books, charge: Json, at: float) -> None:
    """Remember a try that was declined, or one that was over the cap."""
    card = charge["payment_method_details"]["card"]
    books.world.store.run(
        "INSERT INTO card_tries (fingerprint, at, charge, breach) VALUES (?, ?, ?, ?)",
        card["fingerprint"],
        at,
        charge["id"],
        charge["outcome"]["type"] == BLOCKED_OUTCOME["type"],
    )


def _declined_tries(books: Books, fingerprint: str, after: float, until: float) -> int:
    return books.world.store.count(
        "SELECT count(*) FROM card_tries WHERE fingerprint = ? AND NOT breach"
        " AND at > ? AND at <= ?",
        fingerprint,
        after,
        until,
    )
