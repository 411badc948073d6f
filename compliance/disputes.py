"""Disputes: whether one came in the period in which the law lets a debt be disputed.

Every dispute stops the clock here, late or spoken ones too. Which it was still matters, because
only one in writing and in time obliges us to send verification before we go on.
"""

from datetime import date
from enum import StrEnum


class Dispute(StrEnum):
    """What kind of dispute it is, as the journal says it."""

    WITHIN = "in writing, within the validation period"
    LATE = "in writing, after the validation period"
    SPOKEN = "spoken"


def within(ends: date | None, received: date) -> bool:
    """Whether what was received on that day came in the period; its last day belongs to it.

    Without an end on record no notice has been sent, so that the period cannot be over.
    """
    return ends is None or received <= ends


def kind_of(ends: date | None, received: date, *, written: bool) -> Dispute:
    """Which dispute it is; dates are by the person's own calendar."""
    if not written:
        return Dispute.SPOKEN
    return Dispute.WITHIN if within(ends, received) else Dispute.LATE
