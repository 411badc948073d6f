"""Changes of a plan: each makes a later revision of it, and the sum stays what is owed.

A change concerns what is still to be paid. What payments cover stays where it is; and because what
is paid follows from the balance, `opening` moves with whatever a change takes out or puts in.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import chain, dropwhile, islice
from typing import Annotated, Literal, assert_never

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from domain.money import Money
from domain.payable import is_too_small, least_charge
from domain.plans import PaymentPlan, following, numbered
from domain.rhythms import Rhythm
from domain.schedules import MOST_PARTS, Closed, amounts_of, dates, equal_amounts, never_closed

Extra = Literal["keep", "respread"]
"""What an extra payment does: the end gets shorter, or every coming instalment gets smaller."""

FURTHEST = timedelta(days=50 * 366)
"""No date of a plan is further away than that."""


def _above_zero(money: Money) -> Money:
    if money.minor <= 0:
        raise ValueError("minor must be above zero")
    return money


Positive = Annotated[Money, AfterValidator(_above_zero)]
Number = Annotated[int, Field(ge=1)]


class _Change(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Move(_Change):
    """One instalment falls due on another day."""

    kind: Literal["move"] = "move"
    number: Number
    to: date


class Resize(_Change):
    """One instalment gets another amount; the difference is spread over the later ones, or not."""

    kind: Literal["resize"] = "resize"
    number: Number
    amount: Positive
    """Still to be paid with it."""
    rest: Literal["respread", "end"] = "respread"
    """Where the difference goes: to all later instalments alike, or to the end of the plan."""


class Skip(_Change):
    """One instalment is put to the end of the plan."""

    kind: Literal["skip"] = "skip"
    number: Number


class Pause(_Change):
    """Nothing falls due before a day; everything later shifts with it."""

    kind: Literal["pause"] = "pause"
    until: date


class Respread(_Change):
    """All that is left is spread anew: over the same dates, so many parts, or by this amount."""

    kind: Literal["respread"] = "respread"
    parts: Annotated[int, Field(ge=1, le=MOST_PARTS)] | None = None
    amount: Positive | None = None
    """Of each instalment; in place of `parts`."""


Change = Annotated[Move | Resize | Skip | Pause | Respread, Field(discriminator="kind")]
"""What a consumer may change of a plan that is kept. A broken one is restarted."""


class ImpossibleChange(ValueError):  # noqa: N818 -- a property of the wish, not a mishap
    """A change that makes no sense for this plan, whatever a creditor agreed."""

    def __init__(self, field: str, why: str, expected: str) -> None:
        super().__init__(f"{why}; expected {expected}")
        self.field = field
        """The field of the change that cannot be."""
        self.why = why
        self.expected = expected


@dataclass(frozen=True)
class _Slot:
    """Something still to be paid: when, and how many minor units."""

    number: int
    due: date
    minor: int


def changed(
    plan: PaymentPlan,
    balance: int,
    change: Change,
    *,
    today: date,
    closed: Closed = never_closed,
) -> PaymentPlan:
    """The plan after a change, for what is owed now; ImpossibleChange if it makes no sense."""
    slots = _still_open(plan, balance)
    match change:
        case Move():
            after = _moved(plan, slots, change, today)
        case Resize():
            after = _with_amount(plan, slots, change, today, closed)
        case Skip():
            after = _skipped(plan, slots, change, today, closed)
        case Pause():
            after = _paused(plan, slots, change, today, closed)
        case Respread():
            after = _respread(plan, slots, change, today, closed)
        case _:
            assert_never(change)
    skipped = plan.skipped + isinstance(change, Skip)
    return _rebuilt(plan, balance, after).model_copy(update={"skipped": skipped})


def restarted(
    plan: PaymentPlan,
    balance: int,
    first: date,
    *,
    today: date,
    rhythm: Rhythm | None = None,
    closed: Closed = never_closed,
) -> PaymentPlan:
    """A plan that broke, with all that is open of it from a new first date on.

    It keeps its rhythm unless another is given; one on dates of its own keeps their distances.
    """
    slots = _still_open(plan, balance)
    if first < today:
        raise ImpossibleChange("first", "it cannot begin in the past", f"{today} or later")
    _within_reach("first", first, today)
    if (going := rhythm or plan.rhythm) is None:
        return _rebuilt(plan, balance, _shifted(slots, first))
    named = going.anchored(first)
    after = _dated(slots, dates(named, first, closed))
    return _rebuilt(plan, balance, after).model_copy(update={"rhythm": named})


def extra_payment(
    plan: PaymentPlan, balance: int, minor: int, *, how: Extra, today: date
) -> PaymentPlan | None:
    """The plan after a payment that is booked already; None if nothing of it was extra.

    What is due by today is paid of it first. Only what is more than that is extra: the next
    instalment stays due, and the end gets shorter or every coming instalment smaller.
    """
    before = balance + minor
    due = sum(each.minor for each in _slots(plan, before) if each.due <= today)
    extra = minor - due
    if extra <= 0 or balance <= 0 or plan.left(balance) <= 0:
        return None
    slots = _slots(plan, balance + extra)
    if how == "keep":
        after = _payable_to_the_end(plan, _cut(slots, extra))
    else:
        total = sum(each.minor for each in slots) - extra
        most = max(1, total // max(1, least_charge(plan.currency)))  # fewer than no card could pay
        amounts = equal_amounts(_money(plan, total), min(len(slots), most))
        after = _paying(slots, amounts)
    return _rebuilt(plan, balance, after, counted=balance + extra)


def owing_more(plan: PaymentPlan, balance: int, minor: int) -> PaymentPlan:
    """The plan after costs or interest were added to what is owed: its last instalment grows.

    One that pays a settlement asks for no more than was agreed.
    """
    if plan.settlement_id is not None and plan.opening is not None:
        moved = {"revision": plan.revision + 1, "opening": plan.opening + minor}
        return plan.model_copy(update=moved)
    slots = _slots(plan, balance - minor)
    if not slots:
        raise ImpossibleChange("plan", "nothing of it is open", "a plan that is not paid")
    last = slots[-1]
    after = [*slots[:-1], replace(last, minor=last.minor + minor)]
    return _rebuilt(plan, balance, after, counted=balance - minor)


def foreseen(plan: PaymentPlan, balance: int, minor: int) -> PaymentPlan:
    """The plan as it will be once this interest, which `balance` has in it, is booked."""
    if minor <= 0 or plan.left(balance - minor) <= 0:
        return plan
    return owing_more(plan, balance, minor).model_copy(update={"revision": plan.revision})


def _money(plan: PaymentPlan, minor: int) -> Money:
    return Money(minor=minor, currency=plan.currency)


# the open part of a plan, and a plan of it again


def _slots(plan: PaymentPlan, balance: int) -> list[_Slot]:
    return [
        _Slot(part.instalment.number, part.instalment.due, part.open)
        for part in plan.parts(balance)
        if part.open
    ]


def _still_open(plan: PaymentPlan, balance: int) -> list[_Slot]:
    slots = _slots(plan, balance)
    if not slots:
        raise ImpossibleChange("plan", "nothing of it is open", "a plan that is not paid")
    return slots


def _rebuilt(
    plan: PaymentPlan, balance: int, slots: Sequence[_Slot], *, counted: int | None = None
) -> PaymentPlan:
    """The next revision: what is covered, and after it these; `opening` is set to fit.

    `counted` is the balance by which the covered part is told, where it is another one.
    """
    parts = plan.parts(balance if counted is None else counted)
    covered = [each.instalment for each in parts if not each.open]
    begun = next((each.paid for each in parts if each.open), 0)
    latest = covered[-1].due if covered else date.min
    first, *others = sorted(slots, key=lambda each: each.due)
    rest = [(each.due, each.minor) for each in (replace(first, minor=first.minor + begun), *others)]
    paid = sum(each.minor for each in covered) + begun
    return plan.model_copy(
        update={
            "revision": plan.revision + 1,
            "opening": balance + paid,
            "instalments": numbered(
                chain(
                    ((each.due, each.minor) for each in covered),
                    ((max(due, latest), minor) for due, minor in rest),
                )
            ),
        }
    )


def _shifted(slots: Sequence[_Slot], first: date) -> list[_Slot]:
    """The slots from another first date on, at the distances that they have."""
    shift = first - slots[0].due
    return [replace(each, due=each.due + shift) for each in slots]


def _dated(slots: Sequence[_Slot], days: Iterable[date]) -> list[_Slot]:
    return [replace(slot, due=day) for slot, day in zip(slots, days, strict=False)]


def _paying(slots: Sequence[_Slot], amounts: Sequence[int]) -> list[_Slot]:
    """The slots with other amounts; where there are fewer amounts, the last slots fall away."""
    return [replace(slot, minor=minor) for slot, minor in zip(slots, amounts, strict=False)]


def _cut(slots: Sequence[_Slot], minor: int) -> list[_Slot]:
    """Take minor units away from the end."""
    kept = list(slots)
    while minor:
        last = kept.pop()
        if last.minor > minor:
            kept.append(replace(last, minor=last.minor - minor))
        minor -= min(minor, last.minor)
    return kept


def _payable_to_the_end(plan: PaymentPlan, slots: Sequence[_Slot]) -> list[_Slot]:
    """The slots; a last one so small that no card pays it is paid with the one before it."""
    *others, last = slots
    if not others or not is_too_small(_money(plan, last.minor)):
        return [*slots]
    *sooner, before = others
    return [*sooner, replace(before, minor=before.minor + last.minor)]


def _find(slots: Sequence[_Slot], number: int) -> int:
    """Where the instalment of that number stands among what is open."""
    for index, slot in enumerate(slots):
        if slot.number == number:
            return index
    numbers = ", ".join(str(each.number) for each in slots)
    raise ImpossibleChange(
        "number", f"instalment {number} is not open", f"one of the open instalments: {numbers}"
    )


# the changes


def _in_currency(plan: PaymentPlan, amount: Money) -> int:
    if amount.currency != plan.currency:
        why = f"the plan is not in {amount.currency}"
        raise ImpossibleChange("amount/currency", why, plan.currency)
    return amount.minor


def _within_reach(field: str, day: date, today: date) -> None:
    if day > today + FURTHEST:
        raise ImpossibleChange(field, f"{day} is too far away", f"{today + FURTHEST} or earlier")


def _moved(plan: PaymentPlan, slots: Sequence[_Slot], change: Move, today: date) -> list[_Slot]:
    index = _find(slots, change.number)
    covered = plan.instalments[slots[0].number - 2].due if slots[0].number > 1 else today
    earliest = max(today, covered)
    _within_reach("to", change.to, today)
    if change.to < earliest:
        raise ImpossibleChange("to", f"{change.to} is too early", f"{earliest} or later")
    return [*slots[:index], replace(slots[index], due=change.to), *slots[index + 1 :]]


def _with_amount(
    plan: PaymentPlan, slots: Sequence[_Slot], change: Resize, today: date, closed: Closed
) -> list[_Slot]:
    """The instalment with its amount, and the difference where it was asked to go."""
    index, wanted = _find(slots, change.number), _in_currency(plan, change.amount)
    kept, later = list(slots[:index]), list(slots[index + 1 :])
    rest = sum(each.minor for each in slots[index:]) - wanted
    if rest < 0:
        most = _money(plan, rest + wanted)
        raise ImpossibleChange(
            "amount/minor", f"{change.amount} is more than is left", f"at most {most}"
        )
    kept.append(replace(slots[index], minor=wanted))
    if rest == 0:
        return kept
    if not later:
        day = next(following(plan, max(slots[-1].due, today), closed))
        return [*kept, _Slot(0, day, rest)]
    if change.rest == "respread":
        return kept + _paying(later, equal_amounts(_money(plan, rest), len(later)))
    difference = slots[index].minor - wanted
    if difference < 0:
        return kept + _cut(later, -difference)
    return [*kept, *later[:-1], replace(later[-1], minor=later[-1].minor + difference)]


def _skipped(
    plan: PaymentPlan, slots: Sequence[_Slot], change: Skip, today: date, closed: Closed
) -> list[_Slot]:
    index = _find(slots, change.number)
    slot = slots[index]
    if slot.due < today:
        raise ImpossibleChange(
            "number",
            f"instalment {slot.number} was due on {slot.due}",
            "one that is not overdue: an overdue one is paid, or the plan is restarted",
        )
    day = next(following(plan, slots[-1].due, closed))
    return [*slots[:index], *slots[index + 1 :], replace(slot, due=day)]


def _paused(
    plan: PaymentPlan, slots: Sequence[_Slot], change: Pause, today: date, closed: Closed
) -> list[_Slot]:
    overdue = [each for each in slots if each.due < today]
    coming = slots[len(overdue) :]
    if not coming or change.until <= coming[0].due:
        due = coming[0].due if coming else today
        raise ImpossibleChange(
            "until", f"nothing falls due before {change.until}", f"a day after {due}"
        )
    _within_reach("until", change.until, today)
    if plan.rhythm is None:
        return overdue + _shifted(coming, change.until)
    days = dates(plan.rhythm, coming[0].due, closed)
    return overdue + _dated(coming, dropwhile(lambda day: day < change.until, days))


def _respread(
    plan: PaymentPlan, slots: Sequence[_Slot], change: Respread, today: date, closed: Closed
) -> list[_Slot]:
    """All that is left, what is overdue as well, on the coming dates and as many more as needed."""
    if change.parts and change.amount:
        raise ImpossibleChange("amount", "it is given beside parts", "one of the two, or neither")
    total = _money(plan, sum(each.minor for each in slots))
    coming = [each.due for each in slots if each.due >= today]
    amounts = (
        amounts_of(total, _in_currency(plan, change.amount))
        if change.amount
        else equal_amounts(total, change.parts or max(1, len(coming)))
    )
    latest = coming[-1] if coming else today
    days = chain(coming, following(plan, latest, closed))
    return [
        _Slot(0, day, minor) for day, minor in zip(islice(days, len(amounts)), amounts, strict=True)
    ]
