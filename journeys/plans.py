"""Plans, from the offer to the last instalment, and the recovery of a broken one.

A stage group that journeys share. When an instalment fails, the consumer first hears that it
failed and why, and has time to catch up. Then comes one call, inside the law, that says how the
plan can go on. Whoever then restarts it, pays it all, asks for another plan or for a person, is
answered at once; to silence there is one fresh offer before a person takes over.
"""

from datetime import datetime, timedelta

from domain.accounts import Closure
from domain.contacts import Contact, email, sms, voice
from domain.events import (
    CardStored,
    InstalmentFailed,
    PlanAccepted,
    PlanChanged,
    PlanEnded,
    PlanRequested,
)
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
TIME_TO_TALK = days(4)
TIME_TO_ASK = days(3)
LONG = days(45)

FAILED = (sms("instalment_failed"), email("instalment_failed"))
MISSED = (sms("instalment_missed"), email("instalment_missed"))
UNDER_WAY = (ChargeStatus.PROCESSING, ChargeStatus.UNAVAILABLE, ChargeStatus.NOT_DUE)


@stage(on=PlanRequested)
async def plan_offer(account: OpenAccount) -> Next:
    """Offer a plan they can afford, by text and by e-mail; silence goes to a person of ours."""
    if account.keeps_plan:
        await account.hand_over("asks about instalments while the plan is kept")
        return account.back()
    return await offered(account, PARTS, "plan_offer")


@stage(on=(PlanAccepted, PlanChanged))
async def on_plan(account: OpenAccount) -> Next:
    """See one instalment through, then come back for the next."""
    if account.plan is None or account.plan_is_paid:
        return await wound_up(account)
    instalment = account.instalment
    due = account.morning_of(instalment.due) + CHARGE_AT
    if account.now < due - LONG:
        await account.quiet(until=due - LONG + NOTICE, because="the next instalment is far away")
        return account.stay()
    due = await reminded(account, instalment, due)
    paid = await account.paid(instalment, by=due)
    paid = paid or await collected(account, instalment, since=due)
    return on_plan if paid else broken_plan


@stage(on=InstalmentFailed)
async def broken_plan(account: OpenAccount) -> Next:
    """Say that the payment failed and why, by e-mail if no text arrives; leave time to catch up."""
    missed = account.overdue
    if missed is None or account.plan is None:
        return on_plan if account.plan else account.back()
    for notice in FAILED if account.plan.autopay else MISSED:
        contact = await account.contact(notice)
        if await had_time(account, missed, contact, time_to_catch_up(account)):
            break
    if account.covered(missed):
        return on_plan
    account.note_missed(missed)
    return recovery_call if account.plan_is_broken else on_plan


@stage
async def recovery_call(account: OpenAccount) -> Next:
    """One call inside the law: why it failed, how the plan can go on, and who can help."""
    missed = account.overdue
    if missed is not None:
        call = await account.contact(voice("broken_plan"))
        await had_time(account, missed, call, TIME_TO_TALK)
    return second_chance if account.overdue else on_plan


@stage
async def second_chance(account: OpenAccount) -> Next:
    """One fresh plan with smaller instalments, once; after that a person of ours takes over."""
    if account.visits(second_chance) == 1:
        return await offered(account, FRESH_PARTS, "fresh_offer")
    await account.hand_over("the plan broke twice")
    return close(Closure.REFERRED)


@stage(on=PlanEnded)
async def ended_plan(account: OpenAccount) -> Next:
    """The plan was given up: a person asks what would suit them, before another is offered."""
    await account.hand_over("the plan was given up: ask what would suit them")
    await account.quiet(until=account.entered + TIME_TO_ASK, because="a person of ours asks first")
    return plan_offer


@stage(on=CardStored)
async def renewed_card(account: OpenAccount) -> Next:
    """A new card: what a broken plan missed is collected at once, and the plan goes on."""
    return await caught_up(account)


async def caught_up(account: OpenAccount) -> Next:
    """With a new card, collect what is overdue of a plan, and of nothing else."""
    missed = account.overdue
    if missed is None or account.plan is None:
        return on_plan if account.plan else account.back()
    return on_plan if await collected(account, missed, since=account.now) else broken_plan


async def reminded(account: OpenAccount, instalment: Instalment, due: datetime) -> datetime:
    """Say in time what falls due, unless it is paid before; then, from when it is due."""
    if await account.paid(instalment, by=due - NOTICE):
        return due
    is_charged = account.plan is not None and account.plan.autopay
    reminder = sms("instalment_due") if is_charged else sms("instalment_reminder")
    notice = await account.contact(reminder, about=instalment)
    return max(due, notice.at + NOTICE)


async def collected(account: OpenAccount, instalment: Instalment, *, since: datetime) -> bool:
    """Collect within the grace, as often as the schedule of retries has it; or wait to be paid."""
    grace = since + days(account.contract.plans.grace_days)
    if account.plan and not account.plan.autopay:
        return await account.paid(instalment, by=grace)
    await tried(account, instalment)
    while await account.next_try(by=grace):
        await tried(account, instalment)
    return account.covered(instalment)


async def tried(account: OpenAccount, instalment: Instalment) -> None:
    """Collect once; what is under way has time to clear before anyone hears of a failure."""
    charged = await account.collect(instalment)
    if charged.status not in UNDER_WAY:
        return
    if not await account.paid(instalment, by=account.now + TIME_TO_CLEAR):
        await account.hand_over("a charge has come to no end: look it up at Stripe")
        await account.paid(instalment, by=account.now + TIME_TO_CLEAR)


async def had_time(
    account: OpenAccount, missed: Instalment, contact: Contact, span: timedelta
) -> bool:
    """Leave time to pay what was missed, trying the card as its schedule has it.

    Whether they had it: a message that did not arrive has given them none.
    """
    while await account.next_try(by=contact.at + span, told=contact):
        await tried(account, missed)
    return await account.answer(to=contact, within=span, paying=missed)


def time_to_catch_up(account: OpenAccount) -> timedelta:
    """Never less than the grace in which an instalment does not count as missed."""
    return max(TIME_TO_CATCH_UP, days(account.contract.plans.grace_days))


async def offered(account: OpenAccount, parts: int, name: str) -> Next:
    """Put a plan to the consumer twice; without an answer the account goes to a person."""
    for offer in (sms(name), email(name)):
        account.offer_plan(parts=parts, first_in=FIRST_INSTALMENT_IN)
        contact = await account.contact(offer)
        await account.answer(to=contact, within=TIME_TO_DECIDE)
    await account.hand_over("no answer to the offer of a plan")
    return close(Closure.REFERRED)


async def wound_up(account: OpenAccount) -> Next:
    """All instalments are paid. A settlement forgives the rest now; any other is for a person."""
    await account.quiet(until=account.now + TIME_TO_CLEAR, because="the plan is paid")
    await account.hand_over("the plan is paid, and something is still owed: see what it is")
    return close(Closure.REFERRED)


PLANS = (plan_offer, on_plan, broken_plan, recovery_call, second_chance, ended_plan)
