"""Whether money may be taken from somebody who is not present: by the record, and by the law."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from compliance import Allow, AnyVerdict, ContactRequest, PersonFacts, Wait, decide
from compliance.laws import LAWS
from domain.accounts import Hold
from domain.contacts import Channel, Message, Purpose
from domain.money import Money
from domain.orders import Charge, ChargeStatus
from domain.people import Milestone, MilestoneKind
from domain.plans import PaymentPlan
from domain.time import local_date
from storage import accounts, contacts, laws, ledger, payments, people, plans, tries
from storage.session import driver
from storage.tables import ChargeRow

DEBIT = Message(channel=Channel.LETTER, name="charge", purpose=Purpose.DEBIT)
"""What a charge is called among decisions. A debit goes by no channel; the gate wants one named."""


@dataclass(frozen=True)
class Refusal:
    """Why a charge is not made, and what becomes of it."""

    status: str
    why: str
    again_at: datetime | None = None


CREDIT = "credit"
"""The funding of a card that is none of the person's accounts, in Stripe's word."""
UNDER_WAY = Refusal(payments.UNDER_WAY, "another payment for the same is under way")


def refused(
    session: Session, order: Charge, row: ChargeRow, at: datetime, *, allows: bool = False
) -> Refusal | None:
    """Why this charge must not be made at `at`, if so; the caller holds the person.

    What the gate says is written among the account's decisions: an Allow by the look that `allows`
    it, before any money moves, and by no other.
    """
    if (over := _over(session, order)) is not None:
        return over
    facts = people.facts(session, order.account_id, at)
    if facts.standing(at):
        return _held({each.hold for each in facts.standing(at)})
    person = people.person_of(session, order.account_id)
    if person.stripe_customer is None or person.payment_method is None:
        return Refusal(ChargeStatus.NO_CARD, "no means of payment is stored")
    facts = of_debit(session, facts, row.account_id, at, method=row.payment_method, but=row.key)
    verdict = _ruled(session, row, facts, at, allows=allows)
    match verdict:
        case Allow():
            return None
        case Wait(until=until):
            return Refusal(ChargeStatus.NOT_YET, _because(verdict), until)
    return Refusal(ChargeStatus.NO_CARD, _because(verdict))


def _held(holds: set[Hold]) -> Refusal:
    if holds == {Hold.PAYMENT}:
        return UNDER_WAY
    return Refusal(ChargeStatus.NOT_DUE, f"on hold: {', '.join(sorted(holds))}")


def collectable(session: Session, order: Charge, row: ChargeRow, at: datetime) -> Money:
    """As much of the order as is due at `at` by ledger and plan, and is not held.

    Less than was announced needs no notice, so a part that has been paid meanwhile is left out, and
    so is what other charges may still take; more than was ordered is never taken.
    """
    balance = ledger.balance(session, order.account_id)
    facts = people.facts(session, order.account_id, at)
    due = _due(plans.current(session, order.account_id), order, facts, at, balance)
    left = min(due, balance - facts.held_part(at)) - payments.under_way(session, row)
    minor = max(0, min(order.amount.minor, left))
    return Money(minor=minor, currency=order.amount.currency)


def _due(
    plan: PaymentPlan | None, order: Charge, facts: PersonFacts, at: datetime, balance: int
) -> int:
    """Minor units that are due of what the order is for."""
    if plan is None:
        return balance if order.instalment is None else 0
    if order.instalment is None:  # a plan came between: nothing but its instalments is due
        return balance if plan.left(balance) == 0 else 0
    found = next((each for each in plan.instalments if each.number == order.instalment), None)
    today = max(local_date(at, name) for name in facts.zones)
    if found is None or not plan.autopay or found.due > today:
        return 0
    return plan.outstanding(found, balance)


def _over(session: Session, order: Charge) -> Refusal | None:
    account = accounts.by_id(session, order.account_id)
    if account is None or account.closure is not None or account.recalled_at is not None:
        return Refusal(ChargeStatus.NOT_DUE, "the account is over")
    return None


def of_debit(
    session: Session,
    facts: PersonFacts,
    account_id: str,
    at: datetime,
    *,
    method: str | None = None,
    but: str = "",
) -> PersonFacts:
    """The facts with what laws on debits ask: what was tried, `but` this, and what is charged.

    They speak of accounts, which no credit card is. What is charged is the stored means of payment;
    if a `method` is given that is another one, nothing is known of it.
    """
    tried = tries.debits(session, account_id, but=but)
    known = sorted((*facts.contacts, *tried), key=lambda each: each.at)
    facts = facts.model_copy(update={"contacts": tuple(known)})
    person = people.person_of(session, account_id)
    if person.funding != CREDIT or method not in {None, person.payment_method}:
        return facts
    card = Milestone(kind=MilestoneKind.CREDIT_CARD, at=at, account_id=account_id)
    return facts.model_copy(update={"milestones": (*facts.milestones, card)})


def _ruled(
    session: Session, row: ChargeRow, facts: PersonFacts, at: datetime, *, allows: bool
) -> AnyVerdict:
    """The gate's answer."""
    law = laws.current(session)
    request = ContactRequest(
        account_id=row.account_id, channel=DEBIT.channel, purpose=DEBIT.purpose
    )
    verdict = decide(request, facts, LAWS.called(law), at)
    if allows or not isinstance(verdict, Allow):
        ruling = contacts.Ruling(
            key=row.key,
            at=at,
            law=law,
            request=request,
            message=DEBIT,
            verdict=verdict,
            facts=facts.model_dump(mode="json"),
            balance=ledger.balance(session, row.account_id),
            version=ledger.version(session, row.account_id),
        )
        contacts.decide(driver(session), contacts.head_of(session, row.account_id), [ruling])
    return verdict


def _because(verdict: AnyVerdict) -> str:
    return "; ".join(str(reason) for reason in verdict.reasons)
