"""Models made unchecked are the same as those that were checked."""

from datetime import UTC, date, datetime

import pytest
from pydantic import BaseModel

from domain.models import made
from domain.money import Money
from domain.people import Milestone, MilestoneKind
from domain.plans import PaymentPlan, monthly, schedule
from domain.rhythms import Monthly, Payday, Weekly

FIRST = date(2026, 1, 31)
FIVE_DINARS = Money(minor=5_005, currency="KWD")


def the_same(left: BaseModel, right: BaseModel) -> bool:
    """Whether two models are equal, and written alike in whatever way they are written."""
    return (left, hash(left), left.model_fields_set) == (
        right,
        hash(right),
        right.model_fields_set,
    ) and all(
        left.model_dump_json(exclude_unset=unset) == right.model_dump_json(exclude_unset=unset)
        for unset in (False, True)
    )


def test_what_was_made_is_the_same_as_what_was_checked() -> None:
    at = datetime(2026, 1, 31, 12, tzinfo=UTC)
    unchecked = made(Milestone, at=at, kind=MilestoneKind.DUE, account_id="a")
    assert the_same(unchecked, Milestone(kind=MilestoneKind.DUE, at=at, account_id="a"))


def test_what_was_made_without_a_field_that_it_needs_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="PydanticUndefined"):
        made(Milestone, account_id="a").model_dump_json()


@pytest.mark.parametrize(
    "plan",
    [
        monthly("p", Money(minor=10_000, currency="USD"), parts=3, first=FIRST),
        monthly("p", Money(minor=1, currency="USD"), parts=12, first=FIRST),
        schedule("p", FIVE_DINARS, Weekly(every=2), FIRST, each=1_000, opening=9_000),
        schedule("p", FIVE_DINARS, Monthly(), FIRST, each=4_999, autopay=False),
        schedule("p", FIVE_DINARS, Payday(paid=Monthly(day=31)), FIRST, parts=7),
    ],
    ids=lambda plan: f"{plan.currency} in {len(plan.instalments)} parts",
)
def test_a_schedule_is_a_plan_that_needs_no_second_look(plan: PaymentPlan) -> None:
    assert PaymentPlan.model_validate(plan.model_dump()) == plan
    checked = PaymentPlan(**{name: getattr(plan, name) for name in plan.model_fields_set})
    assert the_same(plan, checked)
