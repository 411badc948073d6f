"""Plans measured by a creditor's contract: what is wrong with one, and when one is broken."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING

from domain.contracts import HardshipTerms, PlanTerms
from domain.money import Money
from domain.payable import least_charge, step
from domain.plan_changes import Change, Move, Pause, Resize, Skip
from domain.plans import Part, PaymentPlan


@dataclass(frozen=True)
class Fault:
    """Something that a plan or a change may not be: where, why, and what would be right."""

    field: str
    """Of the plan or the change: instalments, first, until …"""
    why: str
    """A sentence with the figures."""
    expected: str


def missed(plan: PaymentPlan, balance: int, today: date, grace: int = 0) -> tuple[Part, ...]:
    """The instalments that were not paid within so many days after they fell due."""
    latest = today - timedelta(days=grace)
    return tuple(part for part in plan.parts(balance) if part.open and part.instalment.due < latest)


def overdue(plan: PaymentPlan, balance: int, today: date, grace: int = 0) -> int:
    """Minor units that bring the plan up to date, once so many days have passed."""
    return sum(part.open for part in missed(plan, balance, today, grace))


def is_broken(plan: PaymentPlan, balance: int, today: date, terms: PlanTerms) -> bool:
    """Whether as many instalments are missed as break a plan."""
    return len(missed(plan, balance, today, terms.grace_days)) >= terms.breaks_after


def in_hardship(terms: PlanTerms, hardship: HardshipTerms) -> PlanTerms:
    """The terms for somebody in hardship: smaller instalments, for longer, from any day on."""
    return terms.model_copy(
        update={
            "least_instalments": hardship.least_instalments,
            "least_first": PlanTerms().least_first,
            "longest_days": hardship.longest_days,
            "most_parts": max(terms.most_parts, hardship.longest_days // 7),
            "first_within_days": max(terms.first_within_days, hardship.deferral_days),
        }
    )


def plan_faults(
    plan: PaymentPlan, total: int, *, today: date, terms: PlanTerms
) -> tuple[Fault, ...]:
    """What is wrong with a plan that is to be agreed today, and that has to pay `total`."""
    return (
        *_sum_faults(plan, total),
        *_first_faults(plan, today, terms),
        *_shape_faults(plan, since=today, terms=terms),
        *_amount_faults(plan, {each.number: each.minor for each in plan.instalments}, terms),
    )


def change_faults(
    before: PaymentPlan,
    after: PaymentPlan,
    balance: int,
    change: Change | None,
    *,
    today: date,
    since: date,
    terms: PlanTerms,
) -> tuple[Fault, ...]:
    """What is wrong with a change, today, of a plan that was agreed on the day `since`.

    None is a restart. What the plan was already does not stand against a change: only what the
    change makes worse does.
    """
    opened = {part.instalment.number: part.open for part in after.parts(balance) if part.open}
    known = {part.open for part in before.parts(balance)}
    asked = change.number if isinstance(change, Resize) else None
    new = {
        number: minor for number, minor in opened.items() if minor not in known or number == asked
    }
    longer = after.instalments[-1].due > before.instalments[-1].due
    more = len(after.instalments) > len(before.instalments)
    return (
        *_limit_faults(before, change, today, terms),
        *(_length_faults(after, since, terms) if longer else ()),
        *(_count_faults(after, terms) if more else ()),
        *_amount_faults(after, new, terms),
    )


def _sum_faults(plan: PaymentPlan, total: int) -> Iterator[Fault]:
    if plan.total != total:
        sums, owed = (_money(plan, minor) for minor in (plan.total, total))
        yield Fault("instalments", f"the instalments sum to {sums}", f"{owed}, which is owed")


def _first_faults(plan: PaymentPlan, today: date, terms: PlanTerms) -> Iterator[Fault]:
    first = plan.instalments[0]
    latest = today + timedelta(days=terms.first_within_days)
    if first.due < today:
        yield Fault("first", f"the first instalment falls on {first.due}", f"{today} or later")
    if first.due > latest:
        yield Fault("first", f"the first instalment falls on {first.due}", f"{latest} or earlier")
    if not terms.least_first:
        return
    least = int((plan.total * terms.least_first / 100).to_integral_value(ROUND_CEILING))
    if first.minor < least:
        wanted, given = _money(plan, least), _money(plan, first.minor)
        yield Fault(
            "instalments",
            f"the first payment {given.major} is under the creditor's minimum {wanted.major}",
            f"at least {wanted}, {terms.least_first.normalize():f} % of what is owed",
        )


def _shape_faults(plan: PaymentPlan, *, since: date, terms: PlanTerms) -> Iterator[Fault]:
    kind = plan.rhythm.kind if plan.rhythm else "custom"
    if kind not in terms.rhythms:
        yield Fault("rhythm", f"the creditor agrees to no {kind} plan", " or ".join(terms.rhythms))
    yield from _length_faults(plan, since, terms)
    yield from _count_faults(plan, terms)


def _length_faults(plan: PaymentPlan, since: date, terms: PlanTerms) -> Iterator[Fault]:
    last, latest = plan.instalments[-1].due, since + timedelta(days=terms.longest_days)
    if last > latest:
        yield Fault(
            "instalments",
            f"the last instalment falls on {last}",
            f"{latest} or earlier: the creditor agrees to {terms.longest_days} days",
        )


def _count_faults(plan: PaymentPlan, terms: PlanTerms) -> Iterator[Fault]:
    if len(plan.instalments) > terms.most_parts:
        yield Fault(
            "instalments",
            f"there are {len(plan.instalments)} instalments",
            f"at most {terms.most_parts}",
        )


def _amount_faults(plan: PaymentPlan, amounts: dict[int, int], terms: PlanTerms) -> Iterator[Fault]:
    """What is wrong with amounts by number of their instalment.

    The last may be under the creditor's minimum, and never under what a card can pay: the pages on
    which consumers pay by themselves take no less, either.
    """
    unit, last = step(plan.currency), plan.instalments[-1].number
    card = (least_charge(plan.currency), "the least that can be paid by card,")
    creditor = (terms.least(plan.currency), "the creditor's minimum")
    higher = max(creditor, card)
    for number, minor in amounts.items():
        least, whose = card if number == last else higher
        if minor < least:
            wanted = _money(plan, least)
            yield Fault(
                f"instalments/{number - 1}/minor",
                f"instalment {_money(plan, minor).major} is under {whose} {wanted.major}",
                f"at least {wanted}",
            )
        if number != last and minor % unit:
            yield Fault(
                f"instalments/{number - 1}/minor",
                f"instalment {_money(plan, minor).major} cannot be charged to a card",
                f"a multiple of {_money(plan, unit)}; only the last takes what is left",
            )


def _limit_faults(
    plan: PaymentPlan, change: Change | None, today: date, terms: PlanTerms
) -> Iterator[Fault]:
    match change:
        case Skip() if plan.skipped >= terms.most_skips:
            yield Fault(
                "number",
                f"{plan.skipped} instalments of this plan were skipped already",
                f"at most {terms.most_skips}",
            )
        case Move(number=number, to=to):
            due, days = plan.instalments[number - 1].due, terms.most_days_moved
            if (to - due).days > days:
                why = f"instalment {number} is moved back by {(to - due).days} days"
                yield Fault("to", why, f"at most {days} days, {due + timedelta(days)}")
        case Pause(until=until):
            latest = today + timedelta(days=terms.longest_pause_days)
            if until > latest:
                why = f"the plan is paused for {(until - today).days} days"
                yield Fault("until", why, f"at most {terms.longest_pause_days} days, {latest}")


def _money(plan: PaymentPlan, minor: int) -> Money:
    return Money(minor=minor, currency=plan.currency)
