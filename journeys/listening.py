"""Stages that journeys share: what consumers say is answered, then the journey goes on."""

from datetime import timedelta

from domain.events import (
    CallRequested,
    HardshipDeclared,
    MeansStated,
    MessageReceived,
    PaymentClaimed,
    PaymentReversed,
    PromiseToPay,
)
from domain.time import days
from engine import Next, OpenAccount, aside, stage, switch

GRACE = days(3)
TIME_TO_CHECK = days(7)
TIME_TO_READ = days(3)
LONGEST_UNSEEN = days(30)


@aside(on=PromiseToPay)
async def promised(account: OpenAccount) -> None:
    """Stay quiet until the promise falls due. After a broken one, a few days of peace are all."""
    until = account.now + GRACE
    if account.promise and account.visits(promised) <= account.promises_kept + 1:
        until = account.morning_of(account.promise.due) + GRACE
    await account.promise_kept(by=until)


@aside(on=PaymentClaimed)
async def claimed_payment(account: OpenAccount) -> None:
    """They say that it is paid: a person checks with the creditor, and we keep quiet meanwhile."""
    task = "says that it is paid: check with the creditor"
    await looked_at(account, task, TIME_TO_CHECK, "it may be paid already")


@aside(on=PaymentReversed)
async def reversed_payment(account: OpenAccount) -> None:
    """A payment went back: a person looks why before anybody hears of it from us."""
    task = "a payment went back: find out why, and what was meant by it"
    await looked_at(account, task, TIME_TO_CHECK, "a payment went back")


@aside(on=(MessageReceived, CallRequested))
async def needs_a_person(account: OpenAccount) -> None:
    """They wrote in their own words, or want a call: a person answers before anything else does."""
    task = "wrote, or wants a call: read it and answer"
    await looked_at(account, task, TIME_TO_READ, "a person of ours answers first")


async def looked_at(account: OpenAccount, task: str, at_least: timedelta, because: str) -> None:
    """Keep quiet until a person of ours has done it, and for some days at least."""
    await account.hand_over(task, in_peace=LONGEST_UNSEEN)
    await account.quiet(until=account.entered + at_least, because=because)


@stage(on=(HardshipDeclared, MeansStated))
async def in_hardship(account: OpenAccount) -> Next:  # noqa: ARG001 -- whatever the account
    """They cannot pay at present: from now on the account takes the gentlest journey there is."""
    return switch("hardship")


LISTENING = (promised, claimed_payment, reversed_payment, needs_a_person)
"""For every journey. All but the one for hardship have `in_hardship`, too."""
