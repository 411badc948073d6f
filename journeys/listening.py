"""Asides that every journey shares: what consumers say is answered, then the journey goes on."""

from domain.events import CallRequested, MessageReceived, PaymentClaimed, PromiseToPay
from domain.time import days
from engine import OpenAccount, aside

GRACE = days(3)
TIME_TO_CHECK = days(7)
TIME_TO_READ = days(3)


@aside(on=PromiseToPay)
async def promised(account: OpenAccount) -> None:
    """Stay quiet until a first promise falls due. A later one only brings a few days of peace."""
    until = account.now + GRACE
    if account.promise and account.visits(promised) == 1:
        until = account.morning_of(account.promise.due) + GRACE
    await account.quiet(until=until, because="of a promise to pay")


@aside(on=PaymentClaimed)
async def claimed_payment(account: OpenAccount) -> None:
    """They say that it is paid: a person checks with the creditor, and we keep quiet meanwhile."""
    await account.hand_over("says that it is paid: check with the creditor")
    await account.quiet(until=account.now + TIME_TO_CHECK, because="it may be paid already")


@aside(on=(MessageReceived, CallRequested))
async def needs_a_person(account: OpenAccount) -> None:
    """They wrote in their own words, or want a call: a person answers before anything else does."""
    await account.hand_over("wrote, or wants a call: read it and answer")
    await account.quiet(until=account.now + TIME_TO_READ, because="a person of ours answers first")


LISTENING = (promised, claimed_payment, needs_a_person)
