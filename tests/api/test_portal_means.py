"""The page on which consumers tell what they can spare: plain, forgiving, and silent about it."""

import re

import pytest
from sqlalchemy import select

from domain.accounts import Closure
from domain.contracts import Contract, HardshipTerms
from domain.events import MeansStated
from storage import accounts, contracts
from storage.tables import MeansRow
from tests.api.record import NOW, contact, placement, record

pytestmark = pytest.mark.stack

GIVEN = {"income": "2000", "housing": "900.50", "food": "400", "debts": "99.50", "dependants": "2"}
"""600.00 a month is left of it."""


@pytest.fixture
def linked(database):
    """Place an account and link to it in a message."""

    def place(**changes):
        with database.transaction() as session:
            contracts.agree(session, "acme", Contract(hardship=HardshipTerms()))
        placed = placement(**changes)
        record(database, placed)
        return placed, f"/p/{contact(database, placed)}/means"

    return place


def stated(database):
    with database.transaction() as session:
        return list(session.scalars(select(MeansRow)))


def marked(answer):
    """The fields that are marked as wrong, and what is said of each."""
    assert answer.status_code == 422, answer.text
    found = re.findall(r'id="wrong-([a-z]+)">([^<]+)<', answer.text)
    assert {name for name, _ in found} == set(
        re.findall(r'name="([a-z]+)"[^>]+aria-invalid="true"', answer.text)
    )
    return dict(found)


def test_the_page_of_the_account_leads_to_it_and_it_asks_for_a_month_without_a_script(
    public, linked
):
    _, path = linked()
    assert f'href="{path}"' in public.get(path.removesuffix("/means")).text
    page = public.get(path)
    assert page.status_code == 200
    assert "in one month, in USD" in page.text
    assert re.findall(r'inputmode="[a-z]+"', page.text) == [
        *['inputmode="decimal"'] * 12,
        'inputmode="numeric"',
    ]
    assert "<script" not in page.text
    assert page.headers["cache-control"] == "no-store"


def test_it_speaks_arabic_from_right_to_left_and_reads_arabic_figures(public, database, linked):
    _, path = linked(
        balance={"minor": 20_000, "currency": "KWD"},
        consumer={"locale": "ar", "country": "KW", "phone": "+96522200000"},
    )
    page = public.get(path).text
    assert '<html lang="ar" dir="rtl">' in page
    assert "كم يمكنك أن توفر" in page
    assert public.post(path, data={"income": "\u0661\u0662\u0660\u066b\u0665"}).status_code == 200
    [row] = stated(database)
    assert row.figures["income"] == [{"minor": 120_500, "every": "month"}]


def test_what_they_tell_is_kept_and_told_as_the_api_does_and_shown_to_nobody(
    public, database, linked, door
):
    placed, path = linked()
    answer = public.post(path, data=GIVEN)
    assert answer.status_code == 200, answer.text
    assert "no more than you can spare" in answer.text
    [row] = stated(database)
    assert (row.account_id, row.source, row.disposable) == (placed.account_id, "portal", 600_00)
    assert row.figures["dependants"] == 2
    assert {group: each["minor"] for group, each in row.figures["essentials"].items()} == {
        "housing": 900_50,
        "food and housekeeping": 400_00,
    }
    [event] = door.heard()
    assert isinstance(event, MeansStated)
    assert event.monthly == 300_00
    assert not [value for value in GIVEN.values() if f'value="{value}"' in public.get(path).text]


def test_one_form_counts_once_however_often_it_is_sent(public, database, linked, door):
    _, path = linked()
    [once] = re.findall(r'name="once" value="([0-9a-f]{32})"', public.get(path).text)
    for _ in range(2):
        assert public.post(path, data=GIVEN | {"once": once}).status_code == 200
    assert len(stated(database)) == 1
    assert len({event.event_id for event in door.heard()}) == 1
    public.post(path, data=GIVEN)
    assert len(stated(database)) == 2


def test_nothing_to_spare_is_an_answer_too(public, linked, door):
    _, path = linked()
    assert public.post(path, data={"income": "0"}).status_code == 200
    assert [event.monthly for event in door.heard()] == [0]


AMOUNT = "Please write an amount for one month, such as 25.00"


@pytest.mark.parametrize(
    ("told", "wrong"),
    [
        ({}, {"income": AMOUNT}),
        ({"income": "a lot", "housing": "1,200"}, {"income": AMOUNT, "housing": AMOUNT}),
        ({"income": "-5"}, {"income": AMOUNT}),
        ({"income": "9" * 12}, {"income": AMOUNT}),
        (
            {"income": "1", "housing": "4000000000", "food": "4000000000"},
            {"housing": AMOUNT, "food": AMOUNT},
        ),
        ({"income": "1", "dependants": "31"}, {"dependants": "Please write a number from 0 to 30"}),
        ({"income": "1", "dependants": "two"}, {"dependants": "Please write a number"}),
    ],
)
def test_what_is_no_amount_is_marked_and_nothing_is_lost_or_sent(
    public, database, linked, told, wrong
):
    _, path = linked()
    answer = public.post(path, data=told)
    found = marked(answer)
    assert found.keys() == wrong.keys()
    assert all(found[name].startswith(start) for name, start in wrong.items())
    assert all(f'value="{text}"' in answer.text for text in told.values())
    assert stated(database) == []


def test_an_account_that_is_over_asks_for_nothing_and_a_strange_link_is_not_known(
    public, database, linked
):
    placed, path = linked()
    with database.transaction() as session:
        accounts.close(session, placed.account_id, Closure.REFERRED, at=NOW)
    for answer in (public.get(path), public.post(path, data=GIVEN)):
        assert "Nothing to do here" in answer.text
    assert public.get("/p/no-such-link/means").status_code == 404
    assert public.post("/p/no-such-link/means", data=GIVEN).status_code == 404
    assert stated(database) == []


def test_the_api_and_the_page_come_to_the_same(api, public, linked, door):
    placed, path = linked()
    public.post(path, data=GIVEN)
    api.post(
        f"/v1/accounts/{placed.account_id}/means",
        json={
            "currency": "USD",
            "income": [{"minor": 200_000}],
            "essentials": {
                "housing": {"minor": 90_050},
                "food and housekeeping": {"minor": 40_000},
            },
            "debts": [{"minor": 9_950}],
        },
    )
    by_page, by_api = door.heard()
    assert by_page.monthly == by_api.monthly
