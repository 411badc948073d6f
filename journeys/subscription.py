"""A missed recurring payment: usually the card ran out, not the will to pay.

The retry of the card and the messages are one story. The card is tried first, and then whenever its
schedule of retries says; nobody hears of a payment that has just gone through. A card that was
declined for good is not tried again: the messages say how to renew it.
"""

from domain.accounts import Closure
from domain.contacts import email, sms
from domain.events import CardStored
from domain.time import days
from engine import Journey, Next, OpenAccount, close, stage
from journeys.listening import LISTENING, in_hardship
from journeys.plans import NO_END, PLANS, caught_up, resting_plan

NOTICES = (
    (email("payment_missed"), days(3)),
    (sms("payment_missed"), days(4)),
    (email("last_notice"), days(7)),
)
TIME_FOR_BANKS = days(10)


@stage
async def retries(account: OpenAccount) -> Next:
    """Try the card, then say that it failed and how to renew it; three rounds in two weeks."""
    if account.plan:
        return resting_plan
    for notice, patience in NOTICES:
        contact = account.earlier(notice)
        if contact is None:
            await tried(account)
            contact = await account.contact(notice)
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
    """Try the card if it may be tried; nobody hears of a failure while a payment is under way.

    A person looks it up once it takes long.
    """
    if account.may_try:
        await account.collect()
    while account.charge_is_under_way:
        await under_way(account)
        await account.hand_over(NO_END)
        await under_way(account)
        await account.collect()


async def under_way(account: OpenAccount) -> None:
    """Leave the bank its time: a debit takes days."""
    await account.quiet(until=account.now + TIME_FOR_BANKS, because="a payment is under way")


SUBSCRIPTION = Journey(
    "subscription",
    version=1,
    stages=(retries, last_try, new_card, *PLANS, *LISTENING, in_hardship),
)
