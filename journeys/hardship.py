"""Hardship: they cannot pay at present, and nobody presses them.

First they are left in peace. Then they are asked once what they can spare, and offered a plan of
that; or more time. At the end a person of ours decides, and only a person sends the account back to
where it came from. Nothing that is sent on this journey demands anything.
"""

from domain.contacts import email, sms
from domain.events import (
    CardStored,
    HardshipDeclared,
    InstalmentFailed,
    MeansStated,
    PlanEnded,
    PlanRequested,
)
from domain.time import days
from engine import Journey, Next, OpenAccount, Stage, aside, stage
from journeys.listening import LISTENING
from journeys.plans import TIME_TO_ASK, on_plan, resting_plan

TIME_TO_TELL = days(14)
TIME_TO_DECIDE = days(14)
TIME_TO_BREATHE = days(7)
FIRST_INSTALMENT_IN = days(30)
MONTH = days(30)

QUESTIONS = (email("hardship_means"), sms("hardship_means"))
OFFERS = (email("hardship_plan"), sms("hardship_plan"))
NOTICES = (sms("hardship_missed"), email("hardship_missed"))


@stage
async def breathing_space(account: OpenAccount) -> Next:
    """Leave them in peace first, for as long as the creditor agreed to."""
    return plan_offer if account.means else await left_in_peace(account, means_question)


@stage
async def means_question(account: OpenAccount) -> Next:
    """Ask once what comes in and what life costs: what they can spare follows from it."""
    for question in QUESTIONS:
        contact = await account.contact(question)
        if await account.answer(to=contact, within=TIME_TO_TELL):
            break
    return deferral


@stage(on=(MeansStated, PlanRequested))
async def plan_offer(account: OpenAccount) -> Next:
    """Offer a plan of what they can spare each month; where that is too little, more time."""
    if account.keeps_plan and account.interrupted == on_plan:
        await account.hand_over("asks about instalments while the plan is kept", first=True)
        return account.back()
    if account.means is None:
        return means_question
    for offer in OFFERS:
        if account.offer_affordable_plan(first_in=FIRST_INSTALMENT_IN) is None:
            break
        contact = await account.contact(offer)
        if await account.answer(to=contact, within=TIME_TO_DECIDE):
            break
    return deferral


@stage
async def deferral(account: OpenAccount) -> Next:
    """More time, as often as the creditor agreed to; after that a person decides what is right."""
    if account.visits(deferral) > account.contract.hardship.most_deferrals:
        return decision
    return await left_in_peace(account, deferral)


@stage
async def decision(account: OpenAccount) -> Next:
    """A person of ours decides what is right, reminded every month; until then all is quiet."""
    before = account.came_from or "none"
    await account.hand_over(f"hardship: decide what is right; the journey before: {before}")
    await account.quiet(until=account.entered + MONTH, because="a person of ours decides")
    return decision


@stage
async def broken_plan(account: OpenAccount) -> Next:
    """Say kindly that an instalment was missed; nothing more is charged, and a person decides."""
    missed = account.overdue
    if missed is None:
        return on_plan if account.plan else deferral
    for notice in NOTICES:
        contact = await account.contact(notice, about=missed)
        if await account.answer(to=contact, within=TIME_TO_BREATHE, paying=missed):
            break
    if account.covered(missed):
        return on_plan
    account.note_missed(missed)
    return decision if account.plan_is_broken else on_plan


@aside(on=InstalmentFailed)
async def failed_later(account: OpenAccount) -> Next | None:
    """A charge failed after all: they hear of it while the plan is under way, and else nothing."""
    return broken_plan if account.interrupted == on_plan else None


@aside(on=CardStored)
async def renewed_card(account: OpenAccount) -> Next | None:
    """A new card: a plan that missed an instalment goes on, with notice; all else as before."""
    return on_plan if account.interrupted == broken_plan else None


@aside(on=PlanEnded)
async def given_up(account: OpenAccount) -> Next | None:
    """The plan was given up: a person asks, unless they are left in peace or decided on anyway."""
    return ended_plan if account.interrupted in (on_plan, broken_plan) else None


@stage
async def ended_plan(account: OpenAccount) -> Next:
    """A person asks what would suit them, before another plan is offered."""
    await account.hand_over("the plan was given up: ask what would suit them")
    await account.quiet(until=account.entered + TIME_TO_ASK, because="a person of ours asks first")
    return plan_offer


@aside(on=HardshipDeclared)
async def in_hardship(account: OpenAccount) -> Next | None:
    """They tell of hardship again: a person looks, and a plan is left alone for a while."""
    await account.hand_over("tells of hardship again: see whether they need more")
    return breathing_space if account.interrupted in (on_plan, broken_plan) else None


async def left_in_peace(account: OpenAccount, then: Stage) -> Next:
    """Quiet for as long as was agreed, a month at a time."""
    over = account.entered + days(account.contract.hardship.deferral_days)
    await account.quiet(until=min(over, account.now + MONTH), because="of hardship")
    return then if account.now >= over else account.stay()


HARDSHIP = Journey(
    "hardship",
    version=1,
    stages=(
        *(breathing_space, means_question, plan_offer, deferral, decision),
        *(on_plan, resting_plan, broken_plan, failed_later, ended_plan, given_up, renewed_card),
        *(*LISTENING, in_hardship),
    ),
)
