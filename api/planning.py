"""A plan drawn as somebody wishes it, measured by the contract, and shown as it stands."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from api.agreements import NothingToAgree, in_currency_of, now_of
from api.closed_days import closed_days
from api.explaining import law_in_force
from api.plan_schemas import InstalmentView, PlanState, PlanView, PlanWish, Revision
from api.problems import Invalid, field_error
from compliance.laws import LAWS
from domain.contracts import PlanTerms
from domain.money import Money
from domain.plan_changes import FURTHEST, foreseen
from domain.plan_terms import Fault, in_hardship, is_broken, overdue, plan_faults
from domain.plans import Part, PaymentPlan, numbered, schedule
from domain.rhythms import Monthly
from domain.schedules import Closed, TooManyParts
from domain.settlements import Settlement
from storage import accruing, contracts, ledger, plans, settlements
from storage.receipts import local
from storage.tables import Account, Person

Faults = list[dict[str, str]]


@dataclass(frozen=True)
class Present:
    """An account at its present: all that a plan depends on."""

    account: Account
    at: datetime
    today: date
    """Where the consumer is."""
    balance: int
    """With interest up to today, booked or not."""
    coming: int
    """Minor units of it that are not booked yet."""
    terms: PlanTerms
    closed: Closed

    def money(self, minor: int) -> Money:
        """An amount in the account's currency."""
        return Money(minor=minor, currency=self.account.currency)


def present(session: Session, account: Account, wall: datetime) -> Present:
    """The account as the record has it now."""
    at, contract = now_of(session, account, wall), contracts.of_account(session, account.id)
    coming = accruing.coming(session, account, at)
    person = session.get_one(Person, account.person_id)
    eased = account.journey == accruing.HARDSHIP
    return Present(
        account=account,
        at=at,
        today=local(session, account, at),
        balance=ledger.balance(session, account.id) + coming,
        coming=coming,
        terms=in_hardship(contract.plans, contract.hardship) if eased else contract.plans,
        closed=closed_days(person.country, person.regions, LAWS.called(law_in_force(session))),
    )


# a plan as it is wished


def drawn(
    session: Session, now: Present, wish: PlanWish, plan_id: str
) -> tuple[PaymentPlan, Faults]:
    """The plan as it is wished, and what speaks against it; Invalid if there can be no such."""
    if now.balance <= 0:
        raise NothingToAgree
    offer = _offer(session, now, wish.settlement_id)
    total = settlements.missing(session, now.account, offer) if offer else now.balance
    plan = _custom(now, wish, plan_id) if wish.instalments else _regular(now, wish, plan_id, total)
    if offer:
        paying = {"settlement_id": offer.settlement_id, "opening": now.balance}
        plan = plan.model_copy(update=paying)
    faults = plan_faults(plan, total, today=now.today, terms=now.terms)
    return plan, pointed([*faults, *late_faults(plan, offer)], wish)


def _offer(session: Session, now: Present, settlement_id: str | None) -> Settlement | None:
    if settlement_id is None:
        return None
    offer = settlements.standing(session, now.account, now.at)
    if offer is None or offer.settlement_id != settlement_id:
        expected = "the id of the account's open offer to settle"
        raise Invalid([field_error("/settlement_id", "is not open", expected)])
    return offer


def late_faults(plan: PaymentPlan, offer: Settlement | None) -> Iterator[Fault]:
    """What is wrong with a plan that would pay a settlement after its last day."""
    last = plan.instalments[-1].due
    if offer is not None and last > offer.expires:
        why = f"the last instalment falls on {last}, and the offer to settle is over by then"
        yield Fault("instalments", why, f"{offer.expires} or earlier")


def _custom(now: Present, wish: PlanWish, plan_id: str) -> PaymentPlan:
    parts = wish.instalments or []
    wrong = [
        field_error(
            f"/instalments/{index}/amount/currency",
            "is not the account's currency",
            now.account.currency,
        )
        for index, each in enumerate(parts)
        if each.amount.currency != now.account.currency
    ]
    if wrong:
        raise Invalid(wrong)
    _within_reach("/instalments", now, (each.due for each in parts))
    return PaymentPlan(
        plan_id=plan_id,
        currency=now.account.currency,
        instalments=numbered((each.due, each.amount.minor) for each in parts),
    )


def _regular(now: Present, wish: PlanWish, plan_id: str, total: int) -> PaymentPlan:
    first = wish.first or now.today
    _within_reach("/first", now, [first])
    if wish.amount:
        in_currency_of(now.account, wish.amount)
    try:
        return schedule(
            plan_id,
            now.money(total),
            wish.rhythm or Monthly(),
            first,
            parts=wish.parts,
            each=wish.amount.minor if wish.amount else None,
            closed=now.closed,
        )
    except TooManyParts as error:
        raise Invalid([field_error("/amount/minor", str(error), "a larger amount")]) from error


def _within_reach(pointer: str, now: Present, days: Iterable[date]) -> None:
    earliest, latest = now.today - FURTHEST, now.today + FURTHEST
    if not all(earliest <= day <= latest for day in days):
        expected = f"a date from {now.today} on, before {latest}"
        raise Invalid([field_error(pointer, "is too far away", expected)])


def pointed(faults: Iterable[Fault], wish: PlanWish) -> Faults:
    """Faults as fields of the wish, each told once: equal instalments have the same fault."""
    told = dict[tuple[str, str], dict[str, str]]()
    for fault in faults:
        pointer = _pointer(fault.field, wish)
        told.setdefault((pointer, fault.why), field_error(pointer, fault.why, fault.expected))
    return list(told.values())


def _pointer(field: str, wish: PlanWish) -> str:
    named, *place = field.split("/")
    if wish.instalments is not None:
        if named == "first":
            return "/instalments/0/due"
        return "/".join(["", named, *place[:-1], *(["amount", place[-1]] if place else [])])
    if named == "instalments":
        return "/amount" if wish.amount else "/parts"
    return f"/{named}"


# a plan as it stands


def plan_view(session: Session, plan: PaymentPlan, now: Present) -> PlanView:
    """The plan, instalment by instalment, and how it came to be so."""
    plan = foreseen(plan, now.balance, now.coming)
    shown = instalments(plan, now)
    return PlanView(
        id=plan.plan_id,
        revision=plan.revision,
        state=_state(plan, now),
        rhythm=plan.rhythm,
        autopay=plan.autopay,
        settlement_id=plan.settlement_id,
        total=now.money(plan.total),
        payoff=now.money(plan.left(now.balance)),
        catch_up=now.money(overdue(plan, now.balance, now.today)),
        next=next((each for each in shown if each.state != "paid"), None),
        instalments=shown,
        skipped=plan.skipped,
        history=[
            Revision(
                plan_id=row.id,
                revision=row.revision,
                why=row.why,
                at=row.at,
                recorded_at=row.recorded_at,
            )
            for row in plans.history(session, now.account.id)
        ],
    )


def _state(plan: PaymentPlan, now: Present) -> PlanState:
    if not plan.left(now.balance):
        return "paid"
    if is_broken(plan, now.balance, now.today, now.terms):
        return "broken"
    return "overdue" if overdue(plan, now.balance, now.today) else "kept"


def instalments(plan: PaymentPlan, now: Present) -> list[InstalmentView]:
    """Every instalment, and how far payments cover it."""
    return [_instalment(part, now) for part in plan.parts(now.balance)]


def _instalment(part: Part, now: Present) -> InstalmentView:
    late = part.instalment.due < now.today
    return InstalmentView(
        number=part.instalment.number,
        due=part.instalment.due,
        amount=now.money(part.instalment.minor),
        paid=now.money(part.paid),
        open=now.money(part.open),
        state=("overdue" if late else "open") if part.open else "paid",
    )
