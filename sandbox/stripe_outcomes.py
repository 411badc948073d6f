"""What comes at Stripe by itself, once its time has come."""

import contextlib

from sandbox import outcomes
from sandbox.door import Refusal
from sandbox.outcomes import Kind
from sandbox.stripe_books import Books
from sandbox.stripe_debits import conclude, return_debit
from sandbox.stripe_disputes import Claim, open_dispute
from sandbox.stripe_refunds import arrive, come_back
from sandbox.world import World

AT_ONCE = 50


def bring_due(world: World, now: float) -> int:
    """Let what is due happen, some of it at a time; return how much that was."""
    books = Books(world)

    def act(kind: Kind, subject: str) -> None:
        # The control API may have been there first: then there is nothing left to happen.
        with contextlib.suppress(Refusal), world.store.savepoint():
            _act(books, kind, subject)

    return sum(outcomes.bring_one(world.store, now, act) for _ in range(AT_ONCE))


def _act(books: Books, kind: Kind, subject: str) -> None:
    match kind:
        case "bank_debit":
            conclude(books, subject)
        case "late_return":
            return_debit(books, subject)
        case "dispute":
            open_dispute(books, books.get("charge", subject), Claim())
        case "refund_fails":
            come_back(books, subject)
        case "refund_arrives":
            arrive(books, subject)
