"""A missed recurring payment: usually the card ran out, not the will to pay.

The retry of the card and the messages are one story: the card is tried first, and nobody hears of
a payment that has just gone through.
"""

from domain.accounts import Closure
from domain.contacts import email, sms
from domain.events import CardStored
from domain.time import days
from engine import Journey, Next, OpenAccount, close, stage
from journeys.listening import LISTENING
from journeys.plans import PLANS

NOTICES = (
    (email("payment_missed"), days(3)),
    (sms("payment_missed"), days(4)),
    (email("last_notice"), days(7)),
)


@stage
async def retries(account: OpenAccount) -> Next:
    """Try the card, then say that it failed and how to renew it; three rounds in two weeks."""
    for notice, patience in NOTICES:
        if account.has_sent(notice):
            continue
        await account.collect()
        contact = await account.contact(notice)
        if contact.made:
            await account.response(within=patience)
    return last_try


@stage
async def last_try(account: OpenAccount) -> Next:
    """Try the card once more; after that a person of ours takes over."""
    await account.collect()
    await account.hand_over("the subscription's payment could not be recovered")
    return close(Closure.REFERRED)


@stage(on=CardStored)
async def new_card(account: OpenAccount) -> Next:
    """The card was renewed: collect at once. If it fails too, the rounds go on."""
    await account.collect()
    return retries


SUBSCRIPTION = Journey(
    "subscription",
    version=1,
    stages=(retries, last_try, new_card, *PLANS, *LISTENING),
)
