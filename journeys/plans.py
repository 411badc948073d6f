"""Plans, from the offer to the last instalment, and the recovery of a broken one.

A stage group that journeys share. When an instalment fails, the consumer first hears that it
failed and why, and has time to catch up. Then comes one call, inside the law, that says how the
plan can go on. Whoever then restarts it, pays it all, asks for another plan or for a person, is
answered at once; to silence there is one fresh offer before a person takes over.
"""

from datetime import datetime, timedelta

from domain.accounts import Closure
from domain.contacts import Contact, Message, email, sms, voice
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
TIME_TO_RESTART = days(30)
LONG = days(45)

FAILED = (sms("instalment_failed"), email("instalment_failed"))
MISSED = (sms("instalment_missed"), email("instalment_missed"))
REFUSED = (ChargeStatus.DECLINED, ChargeStatus.NO_CARD)
UNANSWERED = "no answer to the offer of a plan"
UNSENT = "no offer of a plan could be sent: see how to reach them"
NO_END = "a charge has come to no end: look it up at Stripe"
NOT_MADE = "a charge cannot be made: find out why"
UNDER_WAY = (ChargeStatus.PROCESSING, ChargeStatus.UNAVAILABLE, ChargeStatus.NOT_DUE)


@stage(on=PlanRequested)
async def plan_offer(account: OpenAccount) -> Next:
    """Offer a plan they can afford, by text and by e-mail; silence goes to a person of ours."""
    if account.keeps_plan:
        await account.hand_over("asks about instalments while the plan is kept", first=True)
        return on_plan if account.interrupted == plan_offer else account.back()
    return await offered(account, PARTS, "plan_offer")


@stage(on=(PlanAccepted, PlanChanged))
async def on_plan(account: OpenAccount) -> Next:
    """See one instalment through, then come back for the next."""
    if account.plan is None or account.plan_is_paid:
        return await wound_up(account)
    if account.charges_rest:
        return resting_plan
    instalment = account.instalment
    due = account.morning_of(instalment.due) + CHARGE_AT
    if account.now < due - LONG:
        await account.quiet(until=due - LONG + NOTICE, because="the next instalment is far away")
        return account.stay()
    if not account.charge_is_under_way:
        due = await reminded(account, instalment, due)
    paid = await account.paid(instalment, by=due)
    if not (paid or account.charge_is_under_way) and account.slipped(reminder(account)):
        return account.stay()
    return await collected(account, instalment, since=due)


@stage
async def resting_plan(account: OpenAccount) -> Next:
    """Rest, with arrears from before or a payment that went back, until somebody restarts it."""
    missed = account.overdue
    if missed is None and not account.charges_rest:
        return on_plan
    await account.hand_over("the plan rests: agree with them how it goes on, and restart it")
    over = account.entered + TIME_TO_RESTART
    if missed is None or not await account.paid(missed, by=over):
        await account.quiet(until=over, because="a person of ours restarts the plan")
    return resting_plan


@stage(on=InstalmentFailed)
async def broken_plan(account: OpenAccount) -> Next:
    """Say that the payment failed and why, by e-mail if no text arrives; leave time to catch up."""
    missed = account.overdue
    if missed is None or account.plan is None:
        return on_plan if account.plan else account.back()
    for notice in FAILED if account.plan.autopay else MISSED:
        contact = await account.contact(notice, about=missed)
        if await had_time(account, missed, contact, time_to_catch_up(account)):
            break
    else:
        return await unreached(account, missed)
    if account.covered(missed):
        return on_plan
    account.note_missed(missed)
    return recovery_call if account.plan_is_broken else on_plan


async def unreached(account: OpenAccount, missed: Instalment) -> Next:
    """Nobody is called about what no word has told them before: a person takes over."""
    if account.covered(missed):
        return on_plan
    account.note_missed(missed)
    if not account.plan_is_broken:
        return on_plan
    return await referred(account, "no word of the missed instalment reached them")


@stage
async def recovery_call(account: OpenAccount) -> Next:
    """One call inside the law: why it failed, how the plan can go on, and who can help."""
    missed = account.overdue
    if missed is not None:
        call = await account.contact(voice("broken_plan"), about=missed)
        await had_time(account, missed, call, TIME_TO_TALK)
    return second_chance if account.overdue else on_plan


@stage
async def second_chance(account: OpenAccount) -> Next:
    """One fresh plan with smaller instalments, once; after that a person of ours takes over."""
    if account.visits(second_chance) == 1:
        return await offered(account, FRESH_PARTS, "fresh_offer")
    return await referred(account, "the plan broke twice")


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
    return await collected(account, missed, since=account.now)


async def reminded(account: OpenAccount, instalment: Instalment, due: datetime) -> datetime:
    """Say in time what falls due, unless it is paid before; then, from when it is due."""
    if await account.paid(instalment, by=due - NOTICE):
        return due
    notice = await account.contact(reminder(account), about=instalment, ahead=NOTICE)
    return max(due, notice.at + NOTICE)


def reminder(account: OpenAccount) -> Message:
    """The word before an instalment: it is charged, or they pay it themselves."""
    is_charged = account.plan is not None and account.plan.autopay
    return sms("instalment_due") if is_charged else sms("instalment_reminder")


async def collected(account: OpenAccount, instalment: Instalment, *, since: datetime) -> Next:
    """Collect within the grace, as often as the schedule of retries has it; or wait to be paid.

    Only a card that was refused, or money that did not come, breaks the plan.
    """
    grace = since + days(account.contract.plans.grace_days)
    if account.plan and not account.plan.autopay:
        return on_plan if await account.paid(instalment, by=grace) else broken_plan
    await tried(account, instalment)
    while await account.next_try(by=grace, paying=instalment):
        await tried(account, instalment)
    if account.covered(instalment):
        return on_plan
    charged = account.charged
    if charged is not None and charged.status in REFUSED:
        return broken_plan
    again_at = charged.again_at if charged else None
    await account.paid(instalment, by=again_at or account.now + TIME_TO_CLEAR)
    return account.stay()


async def tried(account: OpenAccount, instalment: Instalment) -> None:
    """Collect once; nobody hears of a failure while it is under way, or while the trouble is ours.

    A person looks it up once it takes long.
    """
    while (await account.collect(instalment)).status in UNDER_WAY:
        if await account.paid(instalment, by=account.now + TIME_TO_CLEAR):
            return
        await account.hand_over(NO_END if account.charge_is_under_way else NOT_MADE)
        if await account.paid(instalment, by=account.now + TIME_TO_CLEAR):
            return


async def had_time(
    account: OpenAccount, missed: Instalment, contact: Contact, span: timedelta
) -> bool:
    """Leave time to pay what was missed, trying the card as its schedule has it.

    Whether they had it: a message that did not arrive has given them none.
    """
    while await account.next_try(by=contact.at + span, told=contact, paying=missed):
        await tried(account, missed)
    return await account.answer(to=contact, within=span, paying=missed)


def time_to_catch_up(account: OpenAccount) -> timedelta:
    """Never less than the grace in which an instalment does not count as missed."""
    return max(TIME_TO_CATCH_UP, days(account.contract.plans.grace_days))


async def offered(account: OpenAccount, parts: int, name: str) -> Next:
    """Put a plan to the consumer twice; without an answer the account goes to a person."""
    made = False
    for offer in (sms(name), email(name)):
        if account.offer_plan(parts=parts, first_in=FIRST_INSTALMENT_IN) is None:
            return await referred(account, "no plan keeps to the creditor's terms: see what helps")
        contact = await account.contact(offer)
        made = made or contact.made
        await account.answer(to=contact, within=TIME_TO_DECIDE)
    return await referred(account, UNANSWERED if made else UNSENT)


async def referred(account: OpenAccount, reason: str) -> Next:
    """A person of ours takes over."""
    await account.hand_over(reason)
    return close(Closure.REFERRED)


async def wound_up(account: OpenAccount) -> Next:
    """All instalments are paid. A settlement forgives the rest now; any other is for a person."""
    await account.quiet(until=account.now + TIME_TO_CLEAR, because="the plan is paid")
    await account.hand_over("the plan is paid, and something is still owed: see what it is")
    return close(Closure.REFERRED)


PLANS = (
    *(plan_offer, on_plan, resting_plan, broken_plan, recovery_call, second_chance, ended_plan),
)
