"""An invoice to a small business: most are paid late because they lie in a pile, not from ill will.

Friendly word before the day and on it, a firmer one when it has passed, then a plan; the relation
between the two businesses is worth more than any one invoice.
"""

from domain.accounts import Closure
from domain.contacts import email, sms
from domain.time import days
from engine import Journey, Next, OpenAccount, close, stage
from journeys.listening import LISTENING, in_hardship
from journeys.plans import PLANS, plan_offer, renewed_card, resting_plan

AHEAD = ((email("invoice_ahead"), days(7)), (sms("invoice_soon"), days(2)))
FRIENDLY = ((email("invoice_friendly"), days(5)), (sms("invoice_friendly"), days(6)))
FIRM = (email("invoice_firm"), sms("invoice_firm"))
A_DAY = days(1)
A_FEW_DAYS = days(3)
LONG = days(45)
TIME_TO_ANSWER = days(10)
TIME_TO_CLEAR = days(30)


@stage
async def upcoming(account: OpenAccount) -> Next:
    """Two reminders before the day; an invoice that comes to us later skips what has passed."""
    if account.plan:
        return resting_plan
    day = account.morning_of(account.due_on)
    if account.now < day - LONG:
        await account.quiet(until=day - LONG + A_DAY, because="the invoice is not due for long")
        return account.stay()
    for reminder, ahead in AHEAD:
        if account.now < day - ahead + A_DAY:
            await account.quiet(until=day - ahead, because="the invoice is not due yet")
            await account.contact(reminder)
    return due_today


@stage
async def due_today(account: OpenAccount) -> Next:
    """Say on the day itself that it is the day, and leave a few more for the money to arrive."""
    day = account.morning_of(account.due_on)
    if account.now < day + A_DAY:
        await account.quiet(until=day, because="the invoice is not due yet")
        contact = await account.contact(email("invoice_due"))
        await account.answer(to=contact, within=A_FEW_DAYS)
    return friendly


@stage
async def friendly(account: OpenAccount) -> Next:
    """Ask twice whether it was overlooked: usually it was."""
    reminders = [reminder for reminder, _ in FRIENDLY]
    if not await account.may_contact(*reminders, within=TIME_TO_CLEAR):
        return close(Closure.REFERRED)
    for reminder, patience in FRIENDLY:
        contact = await account.contact(reminder)
        await account.answer(to=contact, within=patience)
    return firm


@stage
async def firm(account: OpenAccount) -> Next:
    """Say plainly that it is overdue, by text if e-mail cannot reach them; then offer a plan."""
    for notice in FIRM:
        contact = await account.contact(notice)
        if await account.answer(to=contact, within=TIME_TO_ANSWER):
            break
    return plan_offer


INVOICE = Journey(
    "invoice",
    version=1,
    stages=(
        *(upcoming, due_today, friendly, firm),
        *(*PLANS, renewed_card),
        *(*LISTENING, in_hardship),
    ),
)
