"""The test bank accounts: what a debit (ACH) of each one comes to, days after it was asked.

Stripe's documents confirm the tokens but `dispute` and `processing`; the numbers are remembered
from its testing page. A debit that comes back for anything but missing funds closes the account
to further debits: Stripe says so of its "blocked bank accounts".
"""

from collections.abc import Mapping
from dataclasses import dataclass

ROUTING_NUMBER = "110000000"
BANK_NAME = "STRIPE TEST BANK"


@dataclass(frozen=True)
class Return:
    """Why a bank gave a debit back.

    `code` is Stripe's error code, `network_code` Nacha's, `reason` that of a dispute when the
    return is late; `blocks` is why no further debit is tried, None when one may be.
    """

    code: str
    network_code: str
    message: str
    reason: str
    blocks: str | None


_RETURNS = (
    Return(
        "insufficient_funds",
        "R01",
        "The customer's account has insufficient funds to cover this payment.",
        "insufficient_funds",
        None,
    ),
    Return(
        "account_closed",
        "R02",
        "The customer's bank account has been closed.",
        "bank_cannot_process",
        "bank_account_closed",
    ),
    Return(
        "no_account",
        "R03",
        "The customer's bank account could not be located.",
        "incorrect_account_details",
        "bank_account_invalid_details",
    ),
    Return(
        "debit_not_authorized",
        "R10",
        "The customer has notified their bank that this payment was unauthorized.",
        "debit_not_authorized",
        "debit_not_authorized",
    ),
)
RETURNS: Mapping[str, Return] = {each.code: each for each in _RETURNS}
USUAL_LATE_RETURN = "debit_not_authorized"


@dataclass(frozen=True)
class BankAccount:
    """One test bank account.

    `fails` is the code a debit comes back with; `disputed` says that it comes back after it has
    succeeded, `settles` is False for an account whose debits stay in processing for ever.
    """

    number: str
    token: str
    label: str
    fails: str | None = None
    disputed: bool = False
    settles: bool = True


BANKS = (
    BankAccount("000123456789", "pm_usBankAccount_success", "Bank account: works"),
    BankAccount(
        "000111111113",
        "pm_usBankAccount_accountClosed",
        "Bank account: closed",
        fails="account_closed",
    ),
    BankAccount(
        "000111111116", "pm_usBankAccount_noAccount", "Bank account: unknown", fails="no_account"
    ),
    BankAccount(
        "000222222227",
        "pm_usBankAccount_insufficientFunds",
        "Bank account: insufficient funds",
        fails="insufficient_funds",
    ),
    BankAccount(
        "000333333335",
        "pm_usBankAccount_debitNotAuthorized",
        "Bank account: debit not authorized",
        fails="debit_not_authorized",
    ),
    BankAccount(
        "000555555559",
        "pm_usBankAccount_dispute",
        "Bank account: works, then comes back",
        disputed=True,
    ),
    BankAccount(
        "000000000009",
        "pm_usBankAccount_processing",
        "Bank account: stays in processing",
        settles=False,
    ),
)
