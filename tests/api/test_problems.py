"""What is said of a body that is wrong: where, what is wrong, and what was expected."""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, get_args

import pytest
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter, ValidationError

import api
from api.agreement_schemas import NewSettlement
from api.bulk import NewBulk
from api.person_schemas import OptOutRequest
from api.plan_schemas import NewPlan, PlanWish
from api.problems import field_errors
from api.schemas import EXAMPLE, Amount, NewAccount
from domain.accounts import Consumer
from domain.money import LARGEST

USD: dict[str, object] = {"minor": 10_000, "currency": "USD"}
PERSON: dict[str, object] = {"reference": "C-1", "name": "Jo", "country": "US"}
DATED: dict[str, object] = {"due": "2026-12-01", "amount": USD}
OF_A_PERSON = "an object with reference, name, country and a phone or an email"
SWITCH: dict[str, object] = {"verb": "switch", "reason": "as agreed"}

ONE_WAY = ("instalments are said in one way", "parts, amount or instalments")
WRONG: list[tuple[type[BaseModel], dict[str, object], str, str]] = [
    (
        NewAccount,
        EXAMPLE | {"balance": USD | {"minor": 0}},
        "balance.minor is not above zero",
        "what the consumer owes",
    ),
    (NewSettlement, {}, "amount and percent go alone", "one of the two"),
    (
        NewSettlement,
        {"amount": USD, "percent": 50},
        "amount and percent go alone",
        "one of the two",
    ),
    (NewBulk, SWITCH, "verb and journey do not fit", "a journey with `switch` alone"),
    (
        NewBulk,
        SWITCH | {"verb": "pause", "journey": "standard"},
        "verb and journey do not fit",
        "a journey with `switch` alone",
    ),
    (PlanWish, {}, *ONE_WAY),
    (NewPlan, {"parts": 2, "amount": USD}, *ONE_WAY),
    (
        PlanWish,
        {"instalments": [DATED], "first": "2026-12-01"},
        "instalments have dates of their own",
        "no rhythm and no first",
    ),
    (
        PlanWish,
        {"parts": 2},
        "first is missing",
        "the day from which on instalments fall due",
    ),
    (
        PlanWish,
        {"instalments": [DATED | {"amount": USD | {"minor": LARGEST}}] * 2},
        "instalments sum to too much",
        f"at most {LARGEST} minor units",
    ),
    (
        PlanWish,
        {"instalments": [DATED, DATED | {"due": "2026-11-01"}]},
        "instalments are out of order",
        "the earliest first",
    ),
    (Consumer, PERSON, "a consumer needs a phone or an email: give at least one", OF_A_PERSON),
    (
        Consumer,
        PERSON | {"email": "jo@example.com", "country": "GB"},
        "no time zone follows from the phone: give time_zone",
        OF_A_PERSON,
    ),
    (
        Consumer,
        PERSON | {"phone": "+14045550123", "region": "GB-SCT"},
        "region is not in US",
        "one such as US-NY in US",
    ),
    (
        Consumer,
        PERSON | {"phone": "+14045550123", "locality": "GBLON"},
        "locality is not in US",
        "one such as USNYC in US",
    ),
    (
        Consumer,
        PERSON | {"phone": "+14045550123", "locality": "USNYC"},
        "locality needs its region, too: rules of the region bind there",
        OF_A_PERSON,
    ),
]
NEVER_REFUSES = {(OptOutRequest, "_all_of_all")}


def faults(schema: Any, given: object) -> list[dict[str, str]]:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(schema).validate_python(given)
    return field_errors(refused.value.errors())


@pytest.mark.parametrize(("schema", "given", "wrong", "expected"), WRONG)
def test_of_a_body_that_is_wrong_as_a_whole_it_is_told_what_was_expected(
    schema, given, wrong, expected
):
    field, pointer = ("consumer", "/consumer") if schema is Consumer else ("", "")
    body = EXAMPLE | {field: given} if field else given

    found = faults(NewAccount if field else schema, body)

    assert found == [{"pointer": pointer, "detail": wrong, "expected": expected}]


def test_every_validator_of_a_whole_body_is_among_those_that_are_tried():
    tried = {schema for schema, *_ in WRONG}
    asked = {(schema, name) for schema in _bodies() for name in _validators(schema)}

    assert {schema for schema, _ in asked - NEVER_REFUSES} == tried
    assert asked >= NEVER_REFUSES


def test_an_amount_that_is_nothing_is_told_as_one_wherever_it_stands():
    (found,) = faults(list[Amount], [USD | {"minor": 0}])

    assert found == {"pointer": "/0", "detail": "is too small", "expected": "an amount above zero"}


def _validators(schema: type[BaseModel]) -> list[str]:
    return list(schema.__pydantic_decorators__.model_validators)


def _bodies() -> set[type[BaseModel]]:
    """Every model that a request's body may hold."""
    found = set[type[BaseModel]]()
    for module in iter_modules(api.__path__):
        if module.name != "__main__":
            router = getattr(import_module(f"api.{module.name}"), "router", None)
            for route in getattr(router, "routes", ()):
                if isinstance(route, APIRoute) and route.body_field is not None:
                    found.update(_models(route.body_field.field_info.annotation))
    return found


def _models(kind: Any) -> Iterator[type[BaseModel]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
        for field in kind.model_fields.values():
            yield from _models(field.annotation)
    for part in get_args(kind):
        yield from _models(part)
