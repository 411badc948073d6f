"""Debits of bank accounts (ACH): asked for today, settled or returned days later.

The balance shows a debit as soon as it is asked for, and takes it back by a
`payment_failure_refund` if it fails; a return after it has succeeded is a dispute that is lost
already, beside a payment that stays `succeeded`. Not seen on Stripe's wire, so uncertain: that
the fee of a failed debit is given back, the error type of a return, and its network codes.
"""

from sandbox import outcomes
from sandbox.stripe_attempts import Attempt, Verdict, fail, open_charge, outcome, succeed
from sandbox.stripe_banks import RETURNS, USUAL_LATE_RETURN, BankAccount, Return
from sandbox.stripe_books import Books
from sandbox.stripe_cards import Decline
from sandbox.stripe_disputes import Claim, open_dispute
from sandbox.stripe_entries import Move, bank_fee, enter
from sandbox.stripe_errors import invalid, unexpected_state
from sandbox.stripe_instruments import BANK
from sandbox.stripe_mandates import end_mandates, mandate_for
from sandbox.stripe_methods import block, instrument_of, is_blocked
from sandbox.world import Json

CURRENCY = "usd"
BAD_REQUEST = "invalid_request_error"
UNUSABLE = Decline(
    "bank_account_unusable",
    None,
    None,
    None,
    "The bank account provided can not be used. Ask the customer for another payment method.",
    BAD_REQUEST,
)
"""What Stripe answers (402, with a failed charge) for an account that is blocked."""


def start_debit(books: Books, attempt: Attempt, account: BankAccount) -> Verdict:
    """Ask a bank for the money; it is `processing` until the bank has answered."""
    if attempt.intent["currency"] != CURRENCY:
        message = (
            f"The currency provided ({attempt.intent['currency']}) is invalid. Payments with"
            f" {BANK} support the following currencies: {CURRENCY}."
        )
        raise invalid(message, "currency")
    mandate = mandate_for(books, attempt.method)
    if is_blocked(attempt.method) or mandate["status"] == "inactive":
        charge = open_charge(books, attempt, UNUSABLE, mandate["id"])
        fail(books, attempt, charge, UNUSABLE)
        return UNUSABLE
    _ask_bank(books, attempt, mandate)
    if account.settles:
        outcomes.plan(books.world.store, "bank_debit", attempt.intent["latest_charge"])
    return "processing"


def _ask_bank(books: Books, attempt: Attempt, mandate: Json) -> None:
    intent, charge = attempt.intent, open_charge(books, attempt, None, mandate["id"])
    amount = charge["amount"]
    move = Move("payment", "charge", amount, bank_fee(amount), description=intent["description"])
    charge["balance_transaction"] = enter(books, charge, move)["id"]
    books.put(charge)
    intent.update(
        status="processing",
        latest_charge=charge["id"],
        last_payment_error=None,
        next_action=None,
    )
    books.put(intent)
    books.tell("charge.pending", charge)
    books.tell("payment_intent.processing", intent)


def conclude(books: Books, charge_id: str) -> None:
    """Let a debit come to what its test account is made for, if the bank has not answered yet."""
    charge = books.get("charge", charge_id)
    if charge["status"] != "pending":
        return
    account = instrument_of(books, books.get("payment_method", charge["payment_method"]))
    if isinstance(account, BankAccount) and account.fails:
        return_debit(books, charge["payment_intent"], account.fails)
    else:
        settle_debit(books, charge["payment_intent"])


def settle_debit(books: Books, intent_id: str) -> Json:
    """Let the money of a debit arrive, whatever its test account is made for."""
    attempt, charge = _under_way(books, intent_id)
    charge |= {"status": "succeeded", "paid": True}
    books.put(charge)
    succeed(books, attempt, charge)
    _tell_session(books, attempt.intent, "succeeded")
    account = instrument_of(books, attempt.method)
    if isinstance(account, BankAccount) and account.disputed:
        outcomes.plan(books.world.store, "late_return", attempt.intent["id"])
    return attempt.intent


def return_debit(books: Books, intent_id: str, code: str | None = None) -> Json:
    """Let a bank give a debit back: while it is processing, or late, after it has succeeded.

    `code` is one of RETURNS; without it, what the test account is made for. Return the payment.
    """
    intent = books.get("payment_intent", intent_id, "payment_intent")
    if intent["status"] == "succeeded":
        return _return_late(books, intent, RETURNS[code or USUAL_LATE_RETURN])
    attempt, charge = _under_way(books, intent_id)
    account = instrument_of(books, attempt.method)
    usual = account.fails if isinstance(account, BankAccount) else None
    returned = RETURNS[code or usual or "insufficient_funds"]
    _take_back(books, attempt, charge, returned)
    _tell_session(books, intent, "failed")
    _heed(books, attempt.method, returned)
    return attempt.intent


def _under_way(books: Books, intent_id: str) -> tuple[Attempt, Json]:
    intent = books.get("payment_intent", intent_id, "payment_intent")
    if intent["status"] != "processing":
        message = f"The payment {intent_id} is {intent['status']}, not processing."
        raise unexpected_state(message, "payment_intent_unexpected_state")
    method = books.get("payment_method", intent["payment_method"])
    return Attempt(intent, method, off_session=True), books.get("charge", intent["latest_charge"])


def _take_back(books: Books, attempt: Attempt, charge: Json, returned: Return) -> None:
    decline = Decline(
        returned.code, None, None, returned.network_code, returned.message, BAD_REQUEST
    )
    fee = bank_fee(charge["amount"])
    move = Move("payment_failure_refund", "charge_failure", -charge["amount"], -fee)
    charge |= {
        "status": "failed",
        "paid": False,
        "failure_balance_transaction": enter(books, charge, move)["id"],
        "failure_code": returned.code,
        "failure_message": returned.message,
        "outcome": outcome(decline),
    }
    books.put(charge)
    fail(books, attempt, charge, decline)


def _return_late(books: Books, intent: Json, returned: Return) -> Json:
    charge = books.get("charge", intent["latest_charge"])
    method = books.get("payment_method", charge["payment_method"])
    if method["type"] != BANK:
        message = f"The payment {intent['id']} was made by card: only a bank debit is returned."
        raise invalid(message, "payment_intent")
    claim = Claim(returned.reason, network_code=returned.network_code, lost=True)
    open_dispute(books, charge, claim)
    _heed(books, method, returned)
    return intent


def _heed(books: Books, method: Json, returned: Return) -> None:
    """Do what a return means for further debits of the same account."""
    if returned.blocks:
        block(books, method, returned)
        end_mandates(books, method)


def _tell_session(books: Books, intent: Json, how: str) -> None:
    """Tell of the checkout page, if there was one, where the debit was asked for."""
    for session in books.find("checkout.session", "payment_intent", intent["id"]):
        if session["status"] != "complete":
            continue
        if how == "succeeded":
            session["payment_status"] = "paid"
            books.put(session)
        books.tell(f"checkout.session.async_payment_{how}", session)
