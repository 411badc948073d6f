"""The standard journey for consumer credit: remind, escalate, offer a plan, see it through.

Each stage makes one attempt and returns the stage that follows. No stage mentions payment in full,
disputes, hardship or cease and desist: those are safeguards, and the engine applies them to every
journey at every pause. No stage mentions hours or limits: those are the law, and the gate keeps it.
"""

from domain.accounts import Closure
from domain.contacts import email, sms
from domain.time import days
from engine import Journey, Next, OpenAccount, close, stage
from journeys.listening import LISTENING, in_hardship
from journeys.plans import PLANS, plan_offer, renewed_card, resting_plan

NUDGES = (
    (sms("nudge"), days(3)),
    (email("nudge"), days(4)),
    (sms("last_nudge"), days(5)),
)
TIME_TO_ANSWER = days(10)
TIME_TO_CLEAR = days(30)


@stage
async def reminders(account: OpenAccount) -> Next:
    """Three friendly nudges in twelve days. Most accounts are paid here."""
    if account.plan:
        return resting_plan
    nudges = [nudge for nudge, _ in NUDGES]
    if not await account.may_contact(*nudges, within=TIME_TO_CLEAR):
        return close(Closure.REFERRED)
    for nudge, patience in NUDGES:
        contact = await account.contact(nudge)
        await account.answer(to=contact, within=patience)
    return escalation


@stage
async def escalation(account: OpenAccount) -> Next:
    """A formal notice, by text if e-mail cannot reach them, and time to answer it."""
    for notice in (email("notice_of_arrears"), sms("notice_of_arrears")):
        contact = await account.contact(notice)
        if await account.answer(to=contact, within=TIME_TO_ANSWER):
            break
    return plan_offer


STANDARD = Journey(
    "standard",
    version=1,
    stages=(reminders, escalation, *PLANS, renewed_card, *LISTENING, in_hardship),
)
