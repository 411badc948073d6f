"""What a confirmed payment comes to: a card is charged at once, a bank account is debited.

Since 2024 a charge by card is captured in the background unless `capture_method=automatic` is
asked for: neither the answer nor `charge.succeeded` names a balance transaction, `charge.updated`
does (Stripe's "Asynchronous capture"). Here it follows as soon as the answer is written.
"""

from sandbox import outcomes
from sandbox.stripe_attempts import Attempt, Verdict, fail, open_charge, succeed
from sandbox.stripe_books import Books
from sandbox.stripe_caps import BLOCKED, is_spent, note_decline, tried_at
from sandbox.stripe_cards import AUTHENTICATE, Card, Decline
from sandbox.stripe_debits import start_debit
from sandbox.stripe_entries import Move, card_fee, enter
from sandbox.stripe_instruments import CARD
from sandbox.stripe_methods import instrument_of
from sandbox.world import Json

IN_BACKGROUND = "automatic_async"


def settle(books: Books, attempt: Attempt) -> Verdict:
    """Try to take the money of an attempt; return what stood in the way, if anything did."""
    attempt.intent["payment_method"] = attempt.method["id"]
    instrument = instrument_of(books, attempt.method)
    if not isinstance(instrument, Card):
        return start_debit(books, attempt, instrument)
    at = tried_at(attempt.intent)
    verdict = _verdict(books, attempt, instrument, at)
    if isinstance(verdict, Decline):
        charge = open_charge(books, attempt, verdict)
        note_decline(books, charge, at)
        fail(books, attempt, charge, verdict)
    elif verdict == "authenticate":
        _ask(books, attempt)
    else:
        _take(books, attempt, instrument)
    return verdict


def _verdict(books: Books, attempt: Attempt, card: Card, at: float) -> Verdict:
    if is_spent(books, card, attempt.method[CARD]["fingerprint"], at):
        return BLOCKED
    unsaved = attempt.method["customer"] is None
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


def _take(books: Books, attempt: Attempt, card: Card) -> None:
    charge = open_charge(books, attempt)
    if attempt.intent["capture_method"] != IN_BACKGROUND:
        _enter(books, charge)
    succeed(books, attempt, charge)
    if card.afterwards == "dispute":
        outcomes.plan(books.world.store, "dispute", charge["id"])


def capture(books: Books, charge_id: str | None) -> None:
    """Enter a charge in the balance that was left to the background, and tell of it."""
    charge = books.get("charge", charge_id) if charge_id else None
    if charge and charge["status"] == "succeeded" and charge["balance_transaction"] is None:
        _enter(books, charge)
        books.tell("charge.updated", charge, balance_transaction=None)


def _enter(books: Books, charge: Json) -> None:
    amount = charge["amount"]
    move = Move("charge", "charge", amount, card_fee(amount), description=charge["description"])
    charge["balance_transaction"] = enter(books, charge, move)["id"]
    books.put(charge)
