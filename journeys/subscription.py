"""A missed recurring payment: usually the card ran out, not the will to pay.

The retry of the card and the messages are one story. The card is tried first, and then whenever its
schedule of retries says; nobody hears of a payment that has just gone through, or that was not
tried yet. A card that was declined for good is not tried again: the messages say how to renew it.
"""

from domain.accounts import Closure
from domain.contacts import email, sms
from domain.events import CardStored
from domain.orders import ChargeStatus
from domain.time import days
from engine import Journey, Next, OpenAccount, close, stage
from journeys.listening import LISTENING, in_hardship
from journeys.plans import NO_END, NOT_MADE, PLANS, caught_up, resting_plan

NOTICES = (
    (email("payment_missed"), email("nudge"), days(3)),
    (sms("payment_missed"), sms("nudge"), days(4)),
    (email("last_notice"), email("last_notice"), days(7)),
)
"""What is said of a card that failed, of one that could not be tried yet, and how long to wait."""
TIME_FOR_BANKS = days(10)
TIME_TO_CLEAR = days(30)
A_DAY = days(1)


@stage
async def retries(account: OpenAccount) -> Next:
    """Try the card, then say that it failed and how to renew it; three rounds in two weeks."""
    if account.plan:
        return resting_plan
    for failed, untried, patience in NOTICES:
        contact = account.earlier(failed) or account.earlier(untried)
        if contact is None:
            await tried(account)
            if not await may_be_told(account):
                return last_try
            contact = await account.contact(untried if is_untried(account) else failed)
        while await account.next_try(by=contact.at + patience, told=contact):
            await tried(account)
        await account.answer(to=contact, within=patience)
    return last_try


@stage
async def last_try(account: OpenAccount) -> Next:
    """Try the card once more; after that a person of ours takes over."""
    await tried(account)
    await account.hand_over("the subscription's payment could not be recovered")
    return close(Closure.REFERRED)


@stage(on=CardStored)
async def new_card(account: OpenAccount) -> Next:
    """A new card: it is tried at once; what a plan missed is collected with it, and no more."""
    if account.plan or account.interrupted in PLANS:
        return await caught_up(account)
    await tried(account)
    return retries


async def tried(account: OpenAccount) -> None:
    """Try the card if it may be tried; nobody hears of a failure before there was one.

    A person looks up what is under way for long, or what we cannot do.
    """
    is_new = account.charged is None
    if account.may_try:
        await account.collect()
    while (charged := account.charged) is not None:
        match charged.status:
            case ChargeStatus.PROCESSING:
                await under_way(account)
                await account.hand_over(NO_END)
                await under_way(account)
            case ChargeStatus.UNAVAILABLE | ChargeStatus.NOT_DUE:
                await account.quiet(until=account.now + A_DAY, because="it could not be charged")
                await account.hand_over(NOT_MADE)
            case ChargeStatus.NOT_YET if is_new or is_untried(account):
                if not await account.next_try(by=account.now + TIME_FOR_BANKS):
                    return
            case _:
                return
        await account.collect()


async def may_be_told(account: OpenAccount) -> bool:
    """Whether anything may be said of it at all: whoever has heard before is not asked about."""
    notices = [notice for failed, untried, _ in NOTICES for notice in (failed, untried)]
    if any(account.earlier(notice) for notice in notices):
        return True
    return await account.may_contact(*notices, within=TIME_TO_CLEAR)


def is_untried(account: OpenAccount) -> bool:
    """Whether the card has to wait, and nobody was told of a failure before."""
    waits = account.charged is not None and account.charged.status is ChargeStatus.NOT_YET
    return waits and not any(account.earlier(failed) for failed, _, _ in NOTICES)


async def under_way(account: OpenAccount) -> None:
    """Leave the bank its time: a debit takes days."""
    await account.quiet(until=account.now + TIME_FOR_BANKS, because="a payment is under way")


SUBSCRIPTION = Journey(
    "subscription",
    version=1,
    stages=(retries, last_try, new_card, *PLANS, *LISTENING, in_hardship),
)
