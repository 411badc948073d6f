"""Bank transfers: the reference that a consumer writes on one, and how it is found again.

A reference is one of ISO 11649: RF, two check digits, and here twelve letters and digits that say
nothing of whoever owes. The check digits catch every figure that is taken for another figure, every
letter for another letter, and nearly every other slip.
"""

import re
import unicodedata
from enum import StrEnum
from hashlib import sha256

from stdnum import iso11649
from stdnum.iso7064 import mod_97_10

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without I, L, O and U, which are taken for others."""
MISREAD = str.maketrans({"I": "1", "L": "1", "O": "0"})
LENGTH = 12
"""Among ten million accounts, the odds that two have one reference are 1 to 20,000."""
REFERENCE = re.compile(rf"(?=(RF\d\d[{LETTERS}]{{{LENGTH}}}))")
"""Found wherever it begins, so that figures and words before or after it do no harm."""


class Outcome(StrEnum):
    """What became of a line of a bank statement."""

    BOOKED = "booked"
    OVERPAID = "overpaid"
    """Booked, and more than was owed: a person of ours sees to it that the rest is given back."""
    UNMATCHED = "unmatched"
    AMBIGUOUS = "ambiguous"
    """It names more than one account."""
    WRONG_CURRENCY = "wrong currency"
    RECALLED = "recalled"
    OUTGOING = "outgoing"
    DIFFERENT = "different"
    """A line of this id was booked before, with another amount, currency or day."""


REASONS = {
    Outcome.BOOKED: "it is booked on the account that it names",
    Outcome.OVERPAID: "it is booked, and is more than was owed: give the rest back",
    Outcome.UNMATCHED: "no reference of an account is in it: find the payer, and send it again "
    "with the reference in its text",
    Outcome.AMBIGUOUS: "it names several accounts: send it again with one reference in its text",
    Outcome.WRONG_CURRENCY: "the account is in another currency: nothing is booked",
    Outcome.RECALLED: "the account was recalled: it is yours again, and nothing is booked",
    Outcome.OUTGOING: "no money came in with it: nothing is booked",
    Outcome.DIFFERENT: "a line of this id is booked already, with another amount, currency or day: "
    "give another line another id",
}
"""Why, in words, and what to do."""

BOOKED = frozenset({Outcome.BOOKED, Outcome.OVERPAID})


def reference_of(account_id: str) -> str:
    """The payment reference of an account; the same whenever it is asked for."""
    number = int.from_bytes(sha256(account_id.encode()).digest())
    body = "".join(LETTERS[number >> 5 * place & 31] for place in range(LENGTH))
    return f"RF{mod_97_10.calc_check_digits(f'{body}RF')}{body}"


def as_written(reference: str) -> str:
    """In groups of four, as people write it down."""
    return iso11649.format(reference)


def references_in(said: str) -> frozenset[str]:
    """Every reference of ours in what a payer wrote: in any case, spaced, among other words."""
    plain = unicodedata.normalize("NFKC", said).upper()
    letters = "".join(
        str(unicodedata.decimal(letter, letter)) for letter in plain if letter.isalnum()
    )
    candidates = REFERENCE.findall(letters.translate(MISREAD))
    return frozenset(found for found in candidates if iso11649.is_valid(found))
