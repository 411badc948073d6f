"""Stripe's disputes: money taken back through a bank, and given back if the dispute is won.

Not seen on Stripe's wire, so uncertain: that a dispute won in part is `won` with a smaller
reinstatement (its `amount` stays what was disputed; its balance transactions say what moved),
and that a refunded part of a charge is not disputed.
"""

from dataclasses import dataclass
from http import HTTPStatus

import stripe
from stripe.params import DisputeModifyParams

from sandbox import clock
from sandbox.door import Answer, Call
from sandbox.stripe_books import Books
from sandbox.stripe_entries import DISPUTE_FEE, DISPUTED, Move, enter
from sandbox.stripe_errors import invalid, unexpected_state
from sandbox.stripe_forms import metadata, refuse_unknown, tree, true
from sandbox.stripe_instruments import CARD
from sandbox.world import Json

A_WEEK = 7 * 24 * 60 * 60
NETWORK_CODES = {"visa": "10.4", "mastercard": "4837", "amex": "F29"}
UNDECIDED = {"needs_response", "under_review"}


@dataclass(frozen=True)
class Claim:
    """What is claimed back: why, how much (all that is left if None), and whether for good."""

    reason: str = "fraudulent"
    amount: int | None = None
    network_code: str | None = None
    lost: bool = False


def open_dispute(books: Books, charge: Json, claim: Claim) -> Json:
    """Take a charge back from us; return the dispute. One is refused while another stands."""
    amount = _claimable(books, charge, claim)
    dispute = books.new(
        stripe.Dispute,
        "du",
        amount=amount,
        charge=charge["id"],
        currency=charge["currency"],
        network_reason_code=claim.network_code or _network_code(charge),
        payment_intent=charge["payment_intent"],
        payment_method_details=_details(charge),
        reason=claim.reason,
        status="lost" if claim.lost else "needs_response",
    )
    if not claim.lost:
        dispute["evidence_details"]["due_by"] = int(clock.seconds()) + A_WEEK
    charge["disputed"] = True
    books.put(charge)
    words = f"Chargeback withdrawal for {charge['id']}"
    _move(books, dispute, Move("adjustment", "dispute", -amount, DISPUTE_FEE, DISPUTED, words))
    books.tell("charge.dispute.created", dispute)
    books.tell("charge.dispute.funds_withdrawn", dispute)
    if claim.lost:
        books.tell("charge.dispute.closed", dispute)
    return dispute


def is_taken_back(books: Books, charge: Json) -> bool:
    """Say whether a charge is under a dispute that is open or lost."""
    return any(each["status"] != "won" for each in books.find("dispute", "charge", charge["id"]))


def win(books: Books, dispute_id: str, amount: int | None = None) -> Json:
    """Decide a dispute for us; `amount` is what comes back when it is not all of it."""
    dispute = _undecided(books, dispute_id)
    returned = dispute["amount"] if amount is None else amount
    if not 0 < returned <= dispute["amount"]:
        message = f"{returned} cannot come back of a dispute about {dispute['amount']}."
        raise invalid(message, "amount")
    before, dispute["status"] = dispute["status"], "won"
    words = f"Chargeback reversal for {dispute['charge']}"
    _move(books, dispute, Move("adjustment", "dispute_reversal", returned, description=words))
    books.tell("charge.dispute.updated", dispute, status=before)
    books.tell("charge.dispute.funds_reinstated", dispute)
    books.tell("charge.dispute.closed", dispute)
    return dispute


def lose(books: Books, dispute_id: str) -> Json:
    """Decide a dispute against us: the money stays away."""
    dispute = _undecided(books, dispute_id)
    dispute["status"] = "lost"
    books.put(dispute)
    books.tell("charge.dispute.closed", dispute)
    return dispute


def update_dispute(call: Call) -> Answer:
    """Take evidence for a dispute; with `submit`, it is under review."""
    params = tree(call.form)
    refuse_unknown(params, DisputeModifyParams)
    books = Books.of(call)
    dispute = _undecided(books, call.names["id"])
    before = dispute["status"]
    evidence = params.get("evidence", {})
    dispute["evidence"] |= evidence
    dispute["metadata"] |= metadata(params)
    details = dispute["evidence_details"]
    details["has_evidence"] = details["has_evidence"] or bool(evidence)
    # Stripe submits unless it is told to wait.
    if evidence and ("submit" not in params or true(params, "submit")):
        dispute["status"] = "under_review"
        details["submission_count"] += 1
    books.put(dispute)
    books.tell("charge.dispute.updated", dispute, status=before)
    return Answer(HTTPStatus.OK, books.expanded(dispute, params.get("expand", [])))


def close_dispute(call: Call) -> Answer:
    """Give a dispute up: it is lost."""
    return Answer(HTTPStatus.OK, lose(Books.of(call), call.names["id"]))


def _undecided(books: Books, dispute_id: str) -> Json:
    dispute = books.get("dispute", dispute_id, "dispute")
    if dispute["status"] not in UNDECIDED:
        message = f"The dispute {dispute_id} is {dispute['status']} already."
        raise unexpected_state(message, "resource_invalid_state")
    return dispute


def _claimable(books: Books, charge: Json, claim: Claim) -> int:
    left = int(charge["amount"] - charge["amount_refunded"])
    if charge["status"] != "succeeded" or not left:
        message = f"Charge {charge['id']} took no money that could be disputed."
        raise unexpected_state(message, "resource_invalid_state")
    if is_taken_back(books, charge):
        raise unexpected_state(f"Charge {charge['id']} is disputed already.", "charge_disputed")
    amount = left if claim.amount is None else claim.amount
    if not 0 < amount <= left:
        message = f"{amount} cannot be disputed of a charge with {left} left."
        raise invalid(message, "amount")
    return amount


def _move(books: Books, dispute: Json, move: Move) -> None:
    dispute["balance_transactions"].append(enter(books, dispute, move))
    books.put(dispute)


def _network_code(charge: Json) -> str | None:
    card = charge["payment_method_details"].get(CARD)
    return NETWORK_CODES.get(card["brand"]) if card else None


def _details(charge: Json) -> Json | None:
    """Return what a dispute tells of the card; of a bank account it tells nothing."""
    card = charge["payment_method_details"].get(CARD)
    if card is None:
        return None
    told = {"brand": card["brand"], "case_type": "chargeback", "network": card["network"]}
    return {"type": CARD, CARD: told | {"network_reason_code": _network_code(charge)}}
