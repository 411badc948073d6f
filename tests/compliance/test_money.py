"""What the law says of money, place by place; and that the strictest that binds wins."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from compliance import Packs, PersonFacts, load_packs
from compliance.facts import Sector
from compliance.laws import read_law, write_law
from compliance.money import Addition, Allocation, MoneyLaw, money_law
from domain.accounts import Hold
from domain.ledger import OWED, Book

COSTS_FIRST = (Book.COSTS, Book.INTEREST, Book.PRINCIPAL)
TODAY = date(2026, 11, 22)
PACKS = load_packs()
SAID = {"says": "so", "cite": "a law", "force": "statute", "verified": "V"}


def person(country, region=None, sector=None, actor=None):
    regions = (f"{country}-{region}",) if region else ()
    return PersonFacts(country=country, regions=regions, zones=("UTC",), sector=sector, actor=actor)


def law(country, *holds, packs=PACKS, **who):
    facts = person(country, **who)
    rules = [rule for pack in packs.binding(facts, [TODAY]) for rule in pack.money]
    return money_law(rules, facts, holds)


@pytest.mark.parametrize(
    ("country", "sector", "order", "rule"),
    [
        ("DE", Sector.NON_BANK, COSTS_FIRST, "DE-M1"),
        ("DE", Sector.BANK, (Book.COSTS, Book.PRINCIPAL, Book.INTEREST), "DE-M2"),
        ("DE", None, (Book.COSTS, Book.PRINCIPAL, Book.INTEREST), "DE-M2"),
        ("ES", None, COSTS_FIRST, "ES-M1"),
        ("NL", None, COSTS_FIRST, "NL-M1"),
        ("GR", None, COSTS_FIRST, "GR-M1"),
    ],
)
def test_a_payment_pays_first_what_the_law_of_the_place_names(country, sector, order, rule):
    found = law(country, sector=sector)
    assert (found.order, rule in found.rules) == (order, True)


@pytest.mark.parametrize("country", ["US", "FR", "PT"])
def test_where_no_law_limits_it_the_contract_does(country):
    found = law(country)
    assert (found.order, found.costs) == (None, True)
    assert found.interest(Decimal("7.5")) == Decimal("7.5")


@pytest.mark.parametrize("country", ["SA", "AE", "BH", "KW", "OM", "QA"])
def test_in_the_gulf_nothing_grows_because_it_is_late(country):
    assert law(country).interest(Decimal(30)) == 0
    assert law(country).costs


@pytest.mark.parametrize("region", ["ENG", "WLS"])
def test_breathing_space_stops_interest_and_fees_in_england_and_wales(region):
    free, held = law("GB", region=region), law("GB", Hold.BREATHING_SPACE, region=region)
    assert (free.interest(Decimal(8)), free.costs) == (8, True)
    assert (held.interest(Decimal(8)), held.costs) == (0, False)
    assert held.rules == ("UK-M1", "UK-M2")
    assert law("GB", Hold.BREATHING_SPACE, region="SCT").interest(Decimal(8)) == 8


def test_in_the_netherlands_no_costs_are_added_without_the_letter_of_fourteen_days():
    assert not law("NL").costs


def interest(**changes):
    return Addition.model_validate(
        SAID | {"id": "i", "kind": "interest", "allowed": True} | changes
    )


def allocation(*order):
    return Allocation.model_validate(SAID | {"id": "a", "kind": "allocation", "order": order})


def test_the_lowest_limit_binds_and_an_overlay_that_allows_loosens_nothing():
    rules = [
        interest(id="high", most_basis_points=1200),
        interest(id="low", most_basis_points=550),
        interest(id="free"),
    ]
    found = money_law(rules, person("US"), [])
    assert (found.most_interest, found.rules) == (Decimal("5.5"), ("low",))
    assert found.interest(Decimal(3)) == 3
    none = money_law([*rules, interest(id="none", allowed=False)], person("US"), [])
    assert (none.most_interest, none.rules) == (Decimal(0), ("none",))


@settings(max_examples=60)
@given(st.lists(st.permutations(OWED), min_size=1), st.lists(st.integers(0, 5000)))
def test_more_rules_never_cost_the_consumer_more(orders, limits):
    rules = [allocation(*order) for order in orders]
    rules += [interest(most_basis_points=limit) for limit in limits]
    all_of_them, most = money_law(rules, person("US"), []), Decimal(50)
    for rule in rules:
        alone = money_law([rule], person("US"), [])
        assert all_of_them.interest(most) <= alone.interest(most)
        if alone.order and all_of_them.order:
            assert all_of_them.order.index(Book.PRINCIPAL) <= alone.order.index(Book.PRINCIPAL)


@pytest.mark.parametrize(
    "order", [(Book.COSTS, Book.PRINCIPAL), (*COSTS_FIRST, Book.COSTS), (Book.PLACED,) * 3]
)
def test_an_order_names_costs_interest_and_principal_once_each(order):
    with pytest.raises(ValidationError, match="expected each of"):
        allocation(*order)


@pytest.mark.parametrize("wrong", [{"allowed": False}, {"kind": "costs"}])
def test_a_rate_limits_only_interest_that_is_allowed(wrong):
    with pytest.raises(ValidationError, match="limits interest that is allowed"):
        interest(most_basis_points=100, **wrong)


def test_a_law_keeps_its_rules_of_money_and_one_without_them_is_read_as_before():
    kept = read_law(write_law(PACKS))
    assert law("DE", packs=kept) == law("DE")
    bare = Packs(
        [pack.model_copy(update={"money": ()}) for pack in PACKS], PACKS.calendars.values()
    )
    assert '"money"' not in write_law(bare)
    assert law("DE", packs=read_law(write_law(bare))) == MoneyLaw()


def test_in_quebec_an_agency_adds_no_costs():
    assert not law("CA", region="QC", actor="agency").costs
    assert law("CA", region="QC", actor="creditor").costs
    assert law("CA", region="ON", actor="agency").costs


def test_every_rule_of_money_has_an_id_of_its_own():
    ids = [rule.id for pack in PACKS for rule in pack.money]
    assert len(ids) == len(set(ids)) == 12
