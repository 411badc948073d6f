"""Letters about a settlement, read back from the page and from the file."""

import io
import re
import unicodedata
from decimal import Decimal

import pytest
from pypdf import PdfReader

from domain.contracts import Authority, Contract, SettlementTerms
from storage import contracts, ledger, settlements
from storage.tables import Account
from tests.api.record import NOW, placement, record, usd

TERMS = SettlementTerms(floor=Decimal(60), least={Authority.AGENT: Decimal(60)})
MARKS = re.compile("[\u2066-\u2069]")


@pytest.fixture
def place(api, database, door):
    """Places an account of 200.00 that may be settled for 120.00; gives it, and the offer's id."""

    def made(**consumer):
        with database.transaction() as session:
            contracts.agree(session, "acme", Contract(settlement=TERMS))
        placed = placement(consumer=consumer)
        record(database, placed)
        answer = api.post(
            f"/v1/accounts/{placed.account_id}/settlements",
            json={"percent": 60, "expires_on": "2026-12-05"},
        )
        return placed, answer.json()["id"]

    return made


def read(api, placed, offer, shape):
    path = f"/v1/accounts/{placed.account_id}/settlements/{offer}/letter"
    return api.get(path, params={"format": shape})


def pages(answer):
    """The words of a PDF, without what only orders them; Arabic letters in their plain form."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    found = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)
    return " ".join(MARKS.sub("", unicodedata.normalize("NFKC", found)).split())


def settle(database, placed):
    with database.transaction() as session:
        account = session.get_one(Account, placed.account_id)
        ledger.pay(session, account.id, "p1", usd(130_00), at=NOW)
        settlements.complete(session, account, at=NOW)


def test_the_offer_says_who_what_until_when_and_what_is_forgiven(api, place):
    placed, offer = place()
    text = pages(read(api, placed, offer, "pdf"))

    assert "An offer to settle your account" in text
    assert "Dear Jo Secret," in text
    assert f"You owe Acme $200.00 on account {placed.reference}." in text
    assert "You pay $120.00" in text
    assert "At the latest on December 5, 2026" in text
    assert "You need not pay $80.00" in text
    assert text.startswith("November 21, 2026")
    assert "attempt to collect a debt" in text  # what the law of the place wants said


def test_once_it_is_met_the_letter_confirms_that_nothing_is_owed(api, place, database):
    placed, offer = place()
    settle(database, placed)
    text = pages(read(api, placed, offer, "pdf"))

    assert "Your account is settled" in text
    assert "was met on November 21, 2026" in text
    for row in ("You paid $130.00", "You need not pay $70.00", "Still owed $0.00"):
        assert row in text


def test_in_arabic_it_is_shaped_and_read_from_right_to_left(api, place):
    placed, offer = place(locale="ar", country="SA", name="نورة أحمد")
    answer = read(api, placed, offer, "pdf")
    text = pages(answer)
    pdf = PdfReader(io.BytesIO(answer.content))

    assert str(pdf.root_object["/Lang"]) == "ar"
    for words in ("عرض لتسوية حسابك", "نورة أحمد", placed.reference, "120.00", "80.00"):
        assert words in text


@pytest.mark.parametrize(
    ("locale", "direction", "title"),
    [("en", "ltr", "An offer to settle your account"), ("ar", "rtl", "عرض لتسوية حسابك")],
)
def test_the_page_says_what_the_file_says(api, place, locale, direction, title):
    placed, offer = place(locale=locale, name="Jo <b>Secret</b>")
    answer = read(api, placed, offer, "html")

    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-store"
    assert f'<html lang="{locale}" dir="{direction}">' in answer.text
    assert title in answer.text
    assert "Jo &lt;b&gt;Secret&lt;/b&gt;" in answer.text
    assert "120.00" in answer.text


def test_the_same_letter_is_the_same_file(api, place):
    placed, offer = place()

    assert read(api, placed, offer, "pdf").content == read(api, placed, offer, "pdf").content


def test_a_name_in_letters_that_the_face_lacks_is_written_as_well_as_it_can_be(api, place, logged):
    placed, offer = place(name="Gül Doğan 李")

    assert "Dear Gül Dogan" in pages(read(api, placed, offer, "pdf"))
    assert "Dogan" not in logged()
    assert "李" not in logged()


def test_there_is_no_letter_about_an_offer_that_is_over_unknown_or_anothers(api, other, place):
    placed, offer = place()
    assert read(other, placed, offer, "pdf").status_code == 404
    assert read(api, placed, "s_nobodys", "pdf").status_code == 404
    assert read(api, placed, "%00", "pdf").status_code == 404
    assert read(api, placed, offer, "doc").status_code == 422

    api("DELETE", f"/v1/accounts/{placed.account_id}/settlements/{offer}")
    answer = read(api, placed, offer, "pdf")
    assert (answer.status_code, answer.json()["state"]) == (409, "withdrawn")
