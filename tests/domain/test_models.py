"""Models made unchecked are the same as those that were checked."""

import ast
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from importlib import import_module
from pathlib import Path

import pytest
from pydantic import BaseModel

from domain.models import made
from domain.money import Money
from domain.people import Milestone, MilestoneKind
from domain.plans import PaymentPlan, monthly, schedule
from domain.rhythms import Monthly, Payday, Weekly

PACKAGES = [each.parent for each in Path(__file__).parents[2].glob("*/__init__.py")]
Function = ast.FunctionDef | ast.AsyncFunctionDef
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
        made(Milestone, account_id="a").model_dump_json()  # type: ignore[call-arg]


def test_the_type_checker_refuses_a_name_that_is_no_field() -> None:
    """Were it to refuse it no more, it would refuse the comment."""
    at = datetime(2026, 1, 31, tzinfo=UTC)
    misspelt = made(Milestone, kind=MilestoneKind.DUE, at=at, account="a")  # type: ignore[call-arg]
    assert misspelt.account_id is None


def test_what_is_changed_are_fields_of_the_model() -> None:
    calls = [each for package in PACKAGES for file in package.rglob("*.py") for each in of(file)]

    assert len(calls) >= 6
    assert [where for where, model, names in calls if not names <= {*model.model_fields}] == []


def of(file: Path) -> Iterator[tuple[str, type[BaseModel], set[str]]]:
    """Calls of `changed` in a file: where, the model, and the names of what is changed."""
    text = file.read_text("utf-8")
    if not re.search(r"^from domain\.models import .*\bchanged\b", text, re.MULTILINE):
        return
    tree = ast.parse(text)
    for function in ast.walk(tree):
        if not isinstance(function, Function):
            continue
        for call in ast.walk(function):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "changed":
                names = {each.arg for each in call.keywords if each.arg is not None}
                yield f"{file.name}:{call.lineno}", model_of(call, function, tree), names


def model_of(call: ast.Call, function: Function, tree: ast.Module) -> type[BaseModel]:
    """What a parameter is declared to be; of something else, what the function returns."""
    parameters = {each.arg: each.annotation for each in function.args.args}
    declared = parameters.get(ast.unparse(call.args[0])) or function.returns
    found: list[type[BaseModel]] = [
        getattr(import_module(each.module or ""), name.name)
        for each in ast.walk(tree)
        if isinstance(each, ast.ImportFrom)
        for name in each.names
        if declared and name.name == ast.unparse(declared)
    ]
    (model,) = found
    assert issubclass(model, BaseModel)
    return model


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
