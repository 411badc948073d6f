"""A creditor reads their statements: as JSON, as CSV that sums to it, and on paper."""

import csv
import io
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from api import statements as api_statements
from domain.contracts import CommissionTerms, Contract
from domain.ledger import Cause
from storage import contracts, ledger, statements
from tests.api.record import placement, record, usd

pytestmark = pytest.mark.stack

TERMS = CommissionTerms(collected=Decimal(20), direct=Decimal(5))


@pytest.fixture
def stated(database):
    """The first statement: two payments, one of them to the creditor, and a refund."""
    with database.transaction() as session:
        contracts.agree(session, "acme", Contract(commission=TERMS))
    placed = placement(reference="INV-7")
    record(database, placed)
    with database.transaction() as session:
        ledger.pay(session, placed.account_id, "stripe:pi_1", usd(10_000))
        cause = Cause.DIRECT_PAYMENT
        ledger.pay(session, placed.account_id, "direct:1", usd(4000), cause=cause)
        ledger.give_back(session, placed.account_id, "stripe:re_1", usd(2550))
    with database.transaction() as session:
        until = session.scalar(select(func.now())) + timedelta(seconds=1)
        return statements.close(session, "acme", "USD", until)


def test_statements_are_listed_with_their_sums(api, stated):
    (shown,) = api.get("/v1/statements").json()["statements"]
    assert shown == api.get(f"/v1/statements/{stated.id}").json()
    assert {name: shown[name] for name in shown if name not in {"id", "until"}} == {
        "number": 1,
        "currency": "USD",
        "collected": 7450,
        "paid_to_you": 4000,
        "commission": 1690,
        "remitted": 5760,
        "stripe_fees": 0,
    }
    assert api.get("/v1/statements?currency=JPY").json() == {"statements": []}


def test_the_csv_has_every_line_and_sums_to_the_statement(api, stated):
    answer = api.get(f"/v1/statements/{stated.id}?format=csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].endswith('"statement-USD-1.csv"')
    assert [(row["account"], row["movement"], row["collected"]) for row in rows] == [
        ("INV-7", "payment", "100.00"),
        ("INV-7", "direct payment", "0.00"),
        ("INV-7", "refund", "-25.50"),
    ]
    sums = {
        name: sum(Decimal(row[name]) for row in rows)
        for name in ("collected", "paid_to_you", "commission", "remitted")
    }
    assert sums == {
        "collected": Decimal("74.50"),
        "paid_to_you": Decimal(40),
        "commission": Decimal("16.90"),
        "remitted": Decimal("57.60"),
    }


def test_the_paper_is_a_pdf_and_the_same_each_time(api, stated, monkeypatch):
    monkeypatch.setattr(api_statements, "PRINTED", 2)
    first, second = (api.get(f"/v1/statements/{stated.id}?format=pdf") for _ in range(2))
    assert first.headers["content-type"] == "application/pdf"
    assert first.content.startswith(b"%PDF-")
    assert first.content == second.content


def test_another_creditor_does_not_see_it(api, other, stated):
    assert other.get("/v1/statements").json() == {"statements": []}
    assert other.get(f"/v1/statements/{stated.id}?format=pdf").status_code == 404
    assert api.get("/v1/statements/sta_0").status_code == 404


@pytest.mark.parametrize("query", ["format=xml", "format="])
def test_a_format_that_is_not_there_is_refused(api, stated, query):
    answer = api.get(f"/v1/statements/{stated.id}?{query}")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/query/format")
