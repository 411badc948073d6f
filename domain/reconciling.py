"""Reconciling: the ledger held against the provider's own books, payment by payment.

A payment is all that the provider booked under one payment intent: the charge, and whatever came of
it since. Each part of it (what was paid, refunded, taken back, won back) is compared by itself.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict

from domain.ledger import Cause


class LineKind(StrEnum):
    """What a line of the provider's books is."""

    CHARGE = "charge"
    CHARGE_FAILED = "charge failed"
    """A bank debit that was booked when it was asked for, and did not come."""
    REFUND = "refund"
    REFUND_FAILED = "refund failed"
    WITHDRAWN = "withdrawn by a dispute"
    REINSTATED = "reinstated after a dispute"
    FEE = "fee"
    PAYOUT = "payout"
    OTHER = "other"


class Part(StrEnum):
    """What of a payment is compared."""

    PAYMENT = "payment"
    REFUND = "refund"
    CHARGEBACK = "chargeback"
    CHARGEBACK_WON = "chargeback won"


OF_LINES = {
    LineKind.CHARGE: Part.PAYMENT,
    LineKind.CHARGE_FAILED: Part.PAYMENT,
    LineKind.REFUND: Part.REFUND,
    LineKind.REFUND_FAILED: Part.REFUND,
    LineKind.WITHDRAWN: Part.CHARGEBACK,
    LineKind.REINSTATED: Part.CHARGEBACK_WON,
}
"""Lines of other kinds are not a consumer's money."""

OF_CAUSES = {
    Cause.PAYMENT: Part.PAYMENT,
    Cause.REFUND: Part.REFUND,
    Cause.CHARGEBACK: Part.CHARGEBACK,
    Cause.CHARGEBACK_WON: Part.CHARGEBACK_WON,
}

SETTLING = timedelta(hours=1)
"""The provider tells of what it did in seconds, and tells again if we did not listen."""
BANK_SETTLING = timedelta(days=7)
"""Of a bank debit it takes 4 business days to know whether it came, and holidays are none."""


class Why(StrEnum):
    """The cause of a difference."""

    NOT_HEARD = "webhook not heard"
    REFUND_NOT_BOOKED = "refund not booked"
    DISPUTE_NOT_BOOKED = "dispute not booked"
    NOT_AT_PROVIDER = "not at Stripe"
    BOOKED_TWICE = "booked twice"
    WRONG_ACCOUNT = "wrong account"
    CURRENCY = "currency differs"
    AMOUNT = "amount differs"
    NOT_OURS = "not ours"
    TIMING = "timing"

    @property
    def alarms(self) -> bool:
        """Whether somebody has to look at it."""
        return self is not Why.TIMING


@dataclass(frozen=True, slots=True)
class Told:
    """A cause in words, and what to do next."""

    what: str
    then: str


_HEAR = "run `tahsil reconcile --hear`: it fetches the event from Stripe and applies it"
TOLD = {
    Why.NOT_HEARD: Told("Stripe took a payment that the ledger does not have", _HEAR),
    Why.REFUND_NOT_BOOKED: Told("Stripe gave money back, and the ledger does not say so", _HEAR),
    Why.DISPUTE_NOT_BOOKED: Told("a bank moved money, and the ledger does not say so", _HEAR),
    Why.NOT_AT_PROVIDER: Told(
        "the ledger has money that Stripe does not have",
        "look the id up at Stripe: was it a test, another Stripe account, or a debit that failed? "
        "If it never came, book it back",
    ),
    Why.BOOKED_TWICE: Told(
        "the ledger has it twice, Stripe has it once", "book the second movement back"
    ),
    Why.WRONG_ACCOUNT: Told(
        "it was paid for another account than it is booked on",
        "book it back there, and on the account that Stripe's metadata names",
    ),
    Why.CURRENCY: Told(
        "Stripe took another currency than the ledger says",
        "book the movement back, and find out how a page in that currency was opened",
    ),
    Why.AMOUNT: Told(
        "Stripe moved another amount than the ledger says",
        "compare the payment at Stripe with the account's journal, and book the rest",
    ),
    Why.NOT_OURS: Told(
        "Stripe took a payment that names no account of ours",
        "refund it, and have it paid by a link of the account that it was meant for; business that "
        "is not collecting belongs in a Stripe account of its own",
    ),
    Why.TIMING: Told(
        "too young to say: its event, or the bank's answer, may be on its way",
        "nothing; it is compared again the next night",
    ),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the provider's books, in minor units that we gained (or lost, below zero)."""

    id: str
    kind: LineKind
    minor: int
    currency: str
    account_id: str | None
    """Of an account on record; refunds and disputes do not say."""
    at: datetime
    by_bank: bool = False

    def is_young(self, now: datetime) -> bool:
        """Whether its event may be on its way."""
        return now - self.at < (BANK_SETTLING if self.by_bank else SETTLING)


@dataclass(frozen=True, slots=True)
class Movement:
    """One movement in the ledger, in minor units collected (or given back, below zero)."""

    key: str
    part: Part
    minor: int
    currency: str
    account_id: str
    at: datetime

    def is_young(self, now: datetime) -> bool:
        """Whether the provider may not list it yet."""
        return now - self.at < SETTLING


@dataclass(frozen=True, slots=True)
class Payment:
    """All that is known of one payment, in both books."""

    name: str
    lines: Sequence[Line]
    movements: Sequence[Movement]

    @property
    def account_id(self) -> str | None:
        """The account that it was made for, as the provider was told."""
        return next((each.account_id for each in self.lines if each.account_id), None)


@dataclass(frozen=True, slots=True)
class Difference:
    """Something in which the books differ, and its one cause."""

    why: Why
    currency: str
    at_provider: int | None
    in_ledger: int | None
    """Minor units in each book; None: nothing there."""
    line: str | None = None
    key: str | None = None
    account_id: str | None = None

    @property
    def can_be_heard(self) -> bool:
        """Whether the provider's own event, heard now, would mend it."""
        return self.line is not None and self.why in {*_NOT_BOOKED.values(), Why.TIMING}


def differences(payment: Payment, now: datetime) -> list[Difference]:
    """In what the books differ about one payment; `now` is the wall's."""
    lines = [each for each in payment.lines if each.kind in OF_LINES]
    if payment.account_id is None and not payment.movements:
        return _not_ours(lines)
    found: list[Difference] = []
    for part in Part:
        found += _Comparison(
            payment.account_id,
            _uncancelled([each for each in lines if OF_LINES[each.kind] is part]),
            _uncancelled([each for each in payment.movements if each.part is part]),
            now,
        ).differences(part)
    return found


def _not_ours(lines: Sequence[Line]) -> list[Difference]:
    """One that came and went again is nobody's loss."""
    total = sum(each.minor for each in lines)
    if not total:
        return []
    return [Difference(Why.NOT_OURS, lines[0].currency, total, None, line=lines[0].id)]


Booked = TypeVar("Booked", Line, Movement)


def _uncancelled(booked: Iterable[Booked]) -> list[Booked]:
    """Without those that were taken back: a failed debit, a refund that did not arrive."""
    left: list[Booked] = []
    for each in sorted(booked, key=lambda each: each.at):
        opposite = next((one for one in left if _same(one, each, sign=-1)), None)
        if opposite is None:
            left.append(each)
        else:
            left.remove(opposite)
    return left


def _same(one: Line | Movement, other: Line | Movement, *, sign: int = 1) -> bool:
    return one.minor == sign * other.minor and one.currency == other.currency


class _Comparison:
    """One part of a payment, in both books."""

    def __init__(
        self, owner: str | None, lines: list[Line], movements: list[Movement], now: datetime
    ) -> None:
        self._owner, self._now = owner, now
        # What stands on the right account is matched first: what is left over is what is wrong.
        self._movements = sorted(movements, key=lambda each: each.account_id != owner)
        self._lines = lines
        self._pairs: list[tuple[Line, Movement]] = []
        for line in list(lines):
            same = next((each for each in self._movements if _same(line, each)), None)
            if same is not None:
                self._pairs.append((line, same))
                self._lines.remove(line)
                self._movements.remove(same)

    def differences(self, part: Part) -> Iterator[Difference]:
        """What is wrong with it."""
        for line, movement in self._pairs:
            yield from self._misplaced(line, movement)
        if self._lines and self._movements:
            yield from self._unlike()
        for line in () if self._movements else self._lines:
            yield self._missing(part, line)
        for movement in () if self._lines else self._movements:
            yield self._unfounded(movement)

    def _misplaced(self, line: Line, movement: Movement) -> Iterator[Difference]:
        if self._owner is not None and movement.account_id != self._owner:
            yield Difference(
                Why.WRONG_ACCOUNT,
                line.currency,
                line.minor,
                movement.minor,
                line=line.id,
                key=movement.key,
                account_id=movement.account_id,
            )

    def _unlike(self) -> Iterator[Difference]:
        """Several lines may be booked as one movement: what counts is the sum."""
        at_provider, in_ledger = _sums(self._lines), _sums(self._movements)
        line, movement = self._lines[0], self._movements[0]
        if at_provider == in_ledger:
            yield from self._misplaced(line, movement)
            return
        why = Why.AMOUNT if at_provider.keys() == in_ledger.keys() else Why.CURRENCY
        yield Difference(
            why,
            line.currency,
            at_provider[line.currency],
            in_ledger[movement.currency],
            line=line.id,
            key=movement.key,
            account_id=movement.account_id,
        )

    def _missing(self, part: Part, line: Line) -> Difference:
        why = Why.TIMING if line.is_young(self._now) else _NOT_BOOKED[part]
        return Difference(
            why, line.currency, line.minor, None, line=line.id, account_id=self._owner
        )

    def _unfounded(self, movement: Movement) -> Difference:
        if any(_same(pair, movement) for _, pair in self._pairs):
            why = Why.BOOKED_TWICE
        else:
            why = Why.TIMING if movement.is_young(self._now) else Why.NOT_AT_PROVIDER
        return Difference(
            why,
            movement.currency,
            None,
            movement.minor,
            key=movement.key,
            account_id=movement.account_id,
        )


_NOT_BOOKED = {
    Part.PAYMENT: Why.NOT_HEARD,
    Part.REFUND: Why.REFUND_NOT_BOOKED,
    Part.CHARGEBACK: Why.DISPUTE_NOT_BOOKED,
    Part.CHARGEBACK_WON: Why.DISPUTE_NOT_BOOKED,
}


def _sums(booked: Iterable[Line] | Iterable[Movement]) -> Counter[str]:
    sums = Counter[str]()
    for each in booked:
        sums[each.currency] += each.minor
    return sums


class _Order(BaseModel):
    model_config = ConfigDict(frozen=True)


class Reconcile(_Order):
    """Compare the books in this time, by the wall; all of it if nothing is said."""

    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    hear: bool = False
    """Whether to fetch the events that were missed, and to compare again."""


class ReadBooks(_Order):
    """Read what is new in the provider's books up to then."""

    until: AwareDatetime


class Compare(_Order):
    """Compare what was read up to then, payment by payment."""

    since: AwareDatetime | None
    until: AwareDatetime
    read_until: AwareDatetime


class Compared(_Order):
    """What a comparison came to."""

    reconciliation_id: int
    payments: int
    causes: dict[str, int]
    alarms: int
    """Differences that somebody has to look at."""
    sums: dict[str, dict[str, int]]
    """Minor units by currency: at_stripe, in_ledger, fees."""
    heard: int = 0
    """Events that were missed, and were applied now."""
