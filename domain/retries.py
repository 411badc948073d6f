"""Whether and when a declined charge may be tried again: what banks, networks and contracts allow.

Networks count tries by card, whoever is charged and however much, and fine whoever tries too often.
So a try is counted here before it is made, and the limits are constants, not settings:

- Visa, and every network of which nothing else is known: 15 in 30 days. Visa's rules of April 2026
  allow 20 (as two processors quote them); Stripe's page on card declines says 15, which is safe by
  both. Never again after a response of category 1.
- Mastercard: 10 in 24 hours and 35 in 30 days (Transaction Processing Excellence), never again
  after its advice 03 or 21, and not before the time that its advice 24 to 30 names.
- Bank debits in the US: a debit that came back for want of funds is presented again at most twice,
  in the 180 days after it was first presented (Nacha's rule on reinitiated entries; from memory).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict

from domain.contracts import RetryTerms
from domain.orders import DeclineKind


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NEVER = _words("""
    account_closed bank_account_closed bank_account_invalid_details bank_account_restricted
    bank_account_unusable bank_ownership_changed card_not_supported currency_not_supported
    debit_not_authorized do_not_try_again fraudulent highest_risk_level incorrect_number
    invalid_account invalid_account_number invalid_number lost_card merchant_blacklist no_account
    not_permitted payment_method_customer_decline payment_method_invalid_parameter
    payment_method_not_available payment_method_unactivated payment_method_unexpected_state
    payment_method_unsupported_type pickup_card resource_missing restricted_card
    revocation_of_all_authorizations revocation_of_authorization security_violation
    service_not_allowed stolen_card stop_payment_order transaction_not_allowed
    """)
"""Only another card or bank account can help: this one is refused for good, or is not there."""

_NEVER_BY_NETWORK = _words("""
    04 07 12 14 15 41 43 46 57 R0 R1 R3
    R02 R03 R04 R05 R07 R08 R10 R11 R14 R15 R16 R20 R29
    """)
"""Visa's category 1, and returns of US bank debits (Nacha) that no second debit can mend."""

_NEVER_ADVICE = "do_not_try_again"
_NEVER_BY_MASTERCARD = frozenset({"03", "21"})
"""Do not try again; the cardholder ended recurring payments."""

_PERSON = _words("""
    amount_not_chargeable amount_too_large amount_too_small authentication_not_handled
    authentication_required incorrect_pin invalid_pin mobile_device_authentication_required
    offline_pin_required online_or_offline_pin_required
    payment_intent_authentication_failure pin_try_exceeded requires_action
    """)
"""Nobody but the person can go on: before their bank, or by paying another amount."""

_FIX = _words("""
    expired_card incorrect_address incorrect_cvc incorrect_zip invalid_cvc invalid_expiry_month
    invalid_expiry_year new_account_information_available
    """)
_FIX_ADVICE = "confirm_card_data"
_FIX_BY_MASTERCARD = "01"
"""New account information is available."""

_NO_FUNDS = "insufficient_funds"
_NO_FUNDS_BY_NETWORK = frozenset({"51", "R01", "R09"})

A_DAY = timedelta(days=1)

_WAITS = {
    "24": timedelta(hours=1),
    "25": A_DAY,
    "26": timedelta(days=2),
    "27": timedelta(days=4),
    "28": timedelta(days=6),
    "29": timedelta(days=8),
    "30": timedelta(days=10),
}
"""How long Mastercard's advice has it wait."""

MASTERCARD, ACH = "mastercard", "ach"

Limit = tuple[timedelta, int]
"""So many tries in any span of that length."""

LIMITS: dict[str, tuple[Limit, ...]] = {
    MASTERCARD: ((A_DAY, 10), (timedelta(days=30), 35)),
    ACH: (),
}
"""By network, over all tries on one card that did not succeed."""
OTHER_LIMITS: tuple[Limit, ...] = ((timedelta(days=30), 15),)

PRESENTED = 3
"""A bank debit without funds: presented once, and again twice."""
PRESENTABLE = timedelta(days=180)


class DeclineCodes(BaseModel):
    """Why a charge was declined, in the five words that Stripe passes on."""

    model_config = ConfigDict(frozen=True)

    code: str | None = None
    decline_code: str | None = None
    advice_code: str | None = None
    network_decline_code: str | None = None
    network_advice_code: str | None = None

    @property
    def without_funds(self) -> bool:
        """Whether it was money that was missing."""
        return (
            _NO_FUNDS in {self.code, self.decline_code}
            or self.network_decline_code in _NO_FUNDS_BY_NETWORK
        )

    @property
    def wait(self) -> timedelta:
        """How long the network has it wait."""
        return _WAITS.get(self.network_advice_code or "", timedelta())


def decline_kind(codes: DeclineCodes) -> DeclineKind:
    """What a decline asks for; codes that nobody knows may pass another day.

    The hardest word of bank, network and Stripe decides.
    """
    said = {codes.code, codes.decline_code}
    if (
        not _NEVER.isdisjoint(said)
        or codes.advice_code == _NEVER_ADVICE
        or codes.network_decline_code in _NEVER_BY_NETWORK
        or codes.network_advice_code in _NEVER_BY_MASTERCARD
    ):
        return DeclineKind.NEVER
    if not _PERSON.isdisjoint(said):
        return DeclineKind.PERSON
    if (
        not _FIX.isdisjoint(said)
        or codes.advice_code == _FIX_ADVICE
        or codes.network_advice_code == _FIX_BY_MASTERCARD
    ):
        return DeclineKind.FIX
    return DeclineKind.LATER


@dataclass(frozen=True)
class Debit:
    """What is collected, and from what: one instalment, or the balance, of one account."""

    account_id: str
    instalment: int | None
    minor: int
    method: str
    """The payment method; one card that was stored twice is two."""
    network: str | None = None

    def same(self, other: "Debit") -> bool:
        """Whether it is the same claim on the consumer, at whatever amount."""
        return (self.account_id, self.instalment) == (other.account_id, other.instalment)


@dataclass(frozen=True)
class Try:
    """A try on a card that did not succeed, or of which nothing is known yet."""

    debit: Debit
    at: datetime
    """The account's time of asking the network."""
    codes: DeclineCodes | None = None
    """None: it was not declined, as far as is known."""

    @property
    def kind(self) -> DeclineKind | None:
        """What its decline asks for."""
        return decline_kind(self.codes) if self.codes else None

    @property
    def without_funds(self) -> bool:
        """Whether it was money that was missing."""
        return self.codes is not None and self.codes.without_funds

    @property
    def free_from(self) -> datetime:
        """From when on the network lets it be tried again."""
        return self.at + (self.codes.wait if self.codes else timedelta())


def next_try(
    debit: Debit, tries: Sequence[Try], terms: RetryTerms, at: datetime
) -> datetime | None:
    """The first instant from `at` on at which it may be tried (again); None: never, or not so.

    `tries` are all that did not succeed on the same card, over all accounts and people.
    """
    if any(_ends_it(each, debit) for each in tries) or _presented_out(debit, tries, at):
        return None
    own = [each for each in tries if each.debit.same(debit)]
    card = [_free(tries, limit) for limit in LIMITS.get(debit.network or "", OTHER_LIMITS)]
    ours = [_free(own, limit) for limit in ((A_DAY, 1), (_span(terms), terms.tries))]
    free = [each for each in (*card, *ours) if each is not None]
    return max([at, *free, *(each.free_from for each in own)])


def retry_at(
    debit: Debit,
    tries: Sequence[Try],
    terms: RetryTerms,
    at: datetime,
    *,
    payday: datetime | None = None,
) -> datetime | None:
    """When to try a declined debit again, `tries` including the one of `at`; None: not any more.

    The contract's tries are spread evenly over its days. If funds were missing and money is
    expected at `payday`, within those days, that is when it is tried.
    """
    run = sorted(_lately(debit, tries, terms, at), key=lambda each: each.at)
    if not run or len(run) >= terms.tries:
        return None
    last, end = run[-1], run[0].at + _span(terms)
    wanted = last.at + max(A_DAY, _span(terms) // (terms.tries - 1))
    if last.without_funds and payday is not None and last.at < payday <= end:
        wanted = max(last.at + A_DAY, payday)
    found = next_try(debit, tries, terms, wanted)
    return found if found is not None and found <= end else None


def _span(terms: RetryTerms) -> timedelta:
    return timedelta(days=terms.within_days)


def _lately(debit: Debit, tries: Sequence[Try], terms: RetryTerms, at: datetime) -> Iterator[Try]:
    return (each for each in tries if each.debit.same(debit) and each.at >= at - _span(terms))


def _ends_it(tried: Try, debit: Debit) -> bool:
    """Whether an earlier try says that this one must not be made at all."""
    match tried.kind:
        case DeclineKind.NEVER:
            return True
        case DeclineKind.FIX:
            return tried.debit.method == debit.method
        case DeclineKind.PERSON:
            return tried.debit.method == debit.method and tried.debit.same(debit)
    return False


def _presented_out(debit: Debit, tries: Sequence[Try], at: datetime) -> bool:
    """Whether a bank debit of that amount has come back for want of funds too often."""
    if debit.network != ACH:
        return False
    came_back = [
        each
        for each in tries
        if each.without_funds
        and each.debit.same(debit)
        and each.debit.minor == debit.minor
        and each.at > at - PRESENTABLE
    ]
    return len(came_back) >= PRESENTED


def _free(tries: Sequence[Try], limit: Limit) -> datetime | None:
    """When there is room for one more; None: there is."""
    span, most = limit
    if len(tries) < most:
        return None
    return sorted(each.at for each in tries)[-most] + span
