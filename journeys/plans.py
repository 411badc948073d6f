"""Plans, from the offer to the last instalment, and the recovery of a broken one.

A stage group that journeys share. When an instalment fails, the consumer first hears that it
failed and why, has time to catch up, and then gets one fresh offer before a person takes over.
"""

from domain.accounts import Closure
from domain.contacts import email, sms
from domain.events import CardStored, InstalmentFailed, PlanAccepted, PlanRequested
from domain.orders import ChargeStatus
from domain.plans import Instalment
from domain.time import days, hours
from engine import Next, OpenAccount, close, stage

PARTS = 4
FRESH_PARTS = 6
FIRST_INSTALMENT_IN = days(7)
TIME_TO_DECIDE = days(7)
NOTICE = days(2)
CHARGE_AT = hours(9)
TIME_TO_CLEAR = days(5)
TIME_TO_CATCH_UP = days(3)


@stage(on=PlanRequested)
async def plan_offer(account: OpenAccount) -> Next:
    """Offer a plan they can afford, by text and by e-mail; silence goes to a person of ours."""
    if account.keeps_plan:
        await account.hand_over("asks about instalments while the plan is kept")
        return account.back()
    return await offered(account, PARTS, "plan_offer")


@stage(on=PlanAccepted)
async def on_plan(account: OpenAccount) -> Next:
    """See one instalment through, then come back for the next."""
    instalment = account.instalment
    due = account.morning_of(instalment.due) + CHARGE_AT
    await account.quiet(until=due - NOTICE, because="the plan is kept")
    notice = await account.contact(sms("instalment_due"))
    due = max(due, notice.at + NOTICE)
    await account.quiet(until=due, because="the instalment is not due yet")
    return on_plan if await collected(account, instalment) else broken_plan


@stage(on=InstalmentFailed)
async def broken_plan(account: OpenAccount) -> Next:
    """Say that the payment failed and why; leave time to catch up, then make one fresh offer."""
    if account.plan is None:
        return account.back()
    missed = account.instalment
    if account.now < account.morning_of(missed.due):
        return on_plan
    for notice in (sms("instalment_failed"), email("instalment_failed")):
        contact = await account.contact(notice)
        if contact.made and await account.paid(missed, by=account.now + TIME_TO_CATCH_UP):
            return on_plan
    return second_chance


@stage
async def second_chance(account: OpenAccount) -> Next:
    """One fresh plan with smaller instalments, once; after that a person of ours takes over."""
    if account.visits(second_chance) == 1:
        return await offered(account, FRESH_PARTS, "fresh_offer")
    await account.hand_over("the plan broke twice")
    return close(Closure.REFERRED)


@stage(on=CardStored)
async def renewed_card(account: OpenAccount) -> Next:
    """A new card: what a broken plan missed is collected at once, and the plan goes on."""
    return await caught_up(account)


async def caught_up(account: OpenAccount) -> Next:
    """With a new card, collect what is overdue of a plan, and of nothing else."""
    if account.plan is None:
        return account.back()
    missed = account.instalment
    if account.now < account.morning_of(missed.due):
        return on_plan
    return on_plan if await collected(account, missed) else broken_plan


async def collected(account: OpenAccount, instalment: Instalment) -> bool:
    """Collect; unless it was refused, leave it time to clear before anyone hears of a failure."""
    charged = await account.collect(instalment)
    if charged.status in (ChargeStatus.DECLINED, ChargeStatus.NO_CARD):
        return False
    if await account.paid(instalment, by=account.now + TIME_TO_CLEAR):
        return True
    await account.hand_over("a charge has come to no end: look it up at Stripe")
    return await account.paid(instalment, by=account.now + TIME_TO_CLEAR)


async def offered(account: OpenAccount, parts: int, name: str) -> Next:
    """Put a plan to the consumer twice; without an answer the account goes to a person."""
    for offer in (sms(name), email(name)):
        account.offer_plan(parts=parts, first_in=FIRST_INSTALMENT_IN)
        contact = await account.contact(offer)
        await account.answer(to=contact, within=TIME_TO_DECIDE)
    await account.hand_over("no answer to the offer of a plan")
    return close(Closure.REFERRED)


PLANS = (plan_offer, on_plan, broken_plan, second_chance)
