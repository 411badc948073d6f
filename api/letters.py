"""Letters about a settlement: the offer, and the confirmation that the debt is settled."""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api import portal
from api.accounts import DOCUMENTED
from api.agreements import now_of
from api.explaining import law_in_force
from api.paper import Paper
from api.problems import NotFound, Problem
from api.roles import ToContact
from api.services import Served, Services
from api.views import owned
from api.wording import WORDINGS
from compliance.disclosing import disclosures, words_of
from compliance.facts import ContactRequest
from compliance.laws import LAWS
from domain.contacts import Channel, Purpose
from domain.money import Money
from domain.settlements import SettlementState
from domain.transfers import as_written
from providers.spoken import Voice
from storage import accounts, creditors, ledger, people, receipts, settlements
from storage.settlements import Offered
from storage.tables import Account

router = APIRouter(
    prefix="/v1/accounts/{account_id}/settlements", tags=["agreements"], responses=DOCUMENTED
)

texts = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates" / "letters"),
    undefined=StrictUndefined,
    autoescape=False,  # noqa: S701 -- plain text: the page that shows it escapes it
    trim_blocks=True,
    lstrip_blocks=True,
)

OF_STATE = {
    SettlementState.OPEN: ("settlement", Purpose.DEMAND),
    SettlementState.MET: ("settled", Purpose.NOTICE),
}
"""Which letter an offer has, and what rules take it for."""

DISPOSITION = {"Content-Disposition": 'inline; filename="letter.pdf"', "Cache-Control": "no-store"}


class NoLetter(Problem):
    """An offer that is over, and was not met."""

    status, slug = HTTPStatus.CONFLICT, "no-letter"
    title = "There is no letter about this settlement"

    def __init__(self, state: SettlementState) -> None:
        super().__init__(
            f"It is {state}: letters are about offers that are open or met. Make a new offer.",
            state=state,
        )


@dataclass(frozen=True)
class Block:
    """A paragraph, or a table of labels and values."""

    text: str
    rows: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Letter:
    """A letter as it is read, in the consumer's language."""

    language: str
    at: datetime
    day: str
    title: str
    blocks: tuple[Block, ...]
    small: tuple[str, ...]
    """What the law wants said."""

    def html(self) -> Response:
        """As a page."""
        return portal.html("letter.html", self.language, letter=self)

    def pdf(self) -> Response:
        """As a file to print."""
        rtl = WORDINGS[self.language].direction == "rtl"
        paper = Paper(self.title, self.language, rtl=rtl, at=self.at)
        paper.small(self.day)
        paper.heading(self.title)
        for block in self.blocks:
            if block.rows:
                paper.rows(block.rows)
            else:
                paper.paragraph(block.text)
        for line in self.small:
            paper.small(line)
        return Response(paper.pdf(), media_type="application/pdf", headers=DISPOSITION)


@router.get(
    "/{settlement_id}/letter",
    response_class=Response,
    responses={
        HTTPStatus.OK: {
            "content": {"application/pdf": {}, "text/html": {}},
            "description": "The letter, in the consumer's language.",
        }
    },
)
async def letter(
    account_id: str,
    settlement_id: str,
    creditor: ToContact,
    services: Served,
    wanted: Annotated[Literal["pdf", "html"], Query(alias="format")] = "pdf",
) -> Response:
    """The letter to the consumer: of an open offer the offer, of a met one its confirmation.

    It holds the consumer's name. Whether it may be sent now, `explain?channel=letter` says.
    """

    def read() -> Response:
        with services.database.transaction() as session:
            account = owned(session, creditor, account_id)
            made = _letter(session, services, account, settlement_id)
        return made.pdf() if wanted == "pdf" else made.html()

    return await run_in_threadpool(read)


def _letter(session: Session, services: Services, account: Account, settlement_id: str) -> Letter:
    known = "\0" not in settlement_id  # Postgres cannot be asked about it
    now = now_of(session, account, services.wall())
    offered = settlements.of_id(session, account, settlement_id, now) if known else None
    if offered is None:
        raise NotFound("settlement")
    if offered.state not in OF_STATE:
        raise NoLetter(offered.state)
    name, purpose = OF_STATE[offered.state]
    at = offered.met_at or offered.at
    person = accounts.person_of(session, account)
    voice = Voice(person.locale, person.country, Channel.LETTER)
    template = texts.get_template(f"{name}.{person.locale}.txt")
    title, *blocks = template.render(_words(session, account, offered, voice)).split("\n\n")
    return Letter(
        language=person.locale,
        at=at,
        day=voice.date(receipts.local(session, account, at)),
        title=title.strip(),
        blocks=tuple(_block(each.strip()) for each in blocks),
        small=_disclosed(session, account, purpose, person.locale, now),
    )


def _words(
    session: Session, account: Account, offered: Offered, voice: Voice
) -> dict[str, str | None]:
    """All that the templates may say."""
    made, person = offered.settlement, accounts.person_of(session, account)
    paid = settlements.paid_for(session, account, made)
    reference = account.payment_reference
    return {
        "consumer": voice.name(person.name),
        "creditor": voice.name(creditors.name_of(session, account.creditor_id)),
        "reference": voice.name(account.reference),
        "balance": voice.money(Money(minor=made.balance, currency=made.currency)),
        "amount": voice.money(made.amount),
        "rest": voice.money(made.forgiven),
        "day": voice.date(made.expires),
        "payment_reference": voice.name(as_written(reference)) if reference else None,
        "paid": voice.money(Money(minor=paid, currency=made.currency)),
        "forgiven": voice.money(Money(minor=max(0, made.balance - paid), currency=made.currency)),
        "owed": voice.money(
            Money(minor=ledger.balance(session, account.id), currency=made.currency)
        ),
        "met_on": voice.date(receipts.local(session, account, offered.met_at or offered.at)),
    }


def _block(text: str) -> Block:
    """Lines that begin with a bar are a table: a label, a bar, a value."""
    if not text.startswith("|"):
        return Block(text)
    cells = [line.strip("| ").split("|") for line in text.splitlines()]
    return Block("", tuple((label.strip(), value.strip()) for label, value in cells))


def _disclosed(
    session: Session, account: Account, purpose: Purpose, language: str, at: datetime
) -> tuple[str, ...]:
    """What the packs in force put into such a letter."""
    request = ContactRequest(account_id=account.id, channel=Channel.LETTER, purpose=purpose)
    facts = people.facts(session, account.id, at)
    bound = disclosures(request, facts, LAWS.called(law_in_force(session)), at)
    return tuple(dict.fromkeys(words_of(each, language) for each in bound))
