"""The hosted checkout page: a form of test cards, without JavaScript."""

from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request
from pydantic import BaseModel
from starlette.responses import RedirectResponse, Response

from sandbox.here import TheCourier, TheWorld
from sandbox.pages import TEMPLATES
from sandbox.stripe_books import Books
from sandbox.stripe_checkout import plan_id
from sandbox.stripe_instruments import BANK, BY_NUMBER, INSTRUMENTS, find_instrument, type_of
from sandbox.stripe_pay import Paid, Visitor, current_session, pay

router = APIRouter(prefix="/stripe/pay", include_in_schema=False)
FIRST_CARD = "4242424242424242"
# The five that tell most of the story come first; the others are folded away.
USUAL = tuple(
    BY_NUMBER[number]
    for number in (
        FIRST_CARD,
        "4000000000000341",
        "4000000000009995",
        "4000000000000002",
        "4000002500003155",
    )
)


class Filled(BaseModel):
    """The form as the person filled it in."""

    card: str = FIRST_CARD
    email: str = ""
    bank: Literal["unasked", "approved", "refused"] = "unasked"


@router.get("/{session_id}")
async def show(request: Request, world: TheWorld, session_id: str) -> Response:
    """Show what is to be paid and the cards to pay it with."""
    with world.store.transaction():
        session = current_session(Books(world), session_id)
    return _page(request, Books(world), Paid("refused", session), FIRST_CARD)


@router.post("/{session_id}")
async def submit(
    request: Request,
    world: TheWorld,
    courier: TheCourier,
    session_id: str,
    filled: Annotated[Filled, Form()],
) -> Response:
    """Take a card; on success send the person where the session says."""
    books = Books(world)
    chosen = find_instrument(filled.card)
    if chosen is None:
        session = current_session(books, session_id)
        unknown = Paid("declined", session, "That is not one of the test cards or bank accounts.")
        return _page(request, books, unknown, FIRST_CARD)
    paid = pay(books, session_id, Visitor(chosen, filled.email or None, filled.bank))
    courier.wake()
    if paid.redirect_url is not None:
        return RedirectResponse(paid.redirect_url, HTTPStatus.SEE_OTHER)
    return _page(request, books, paid, chosen.number)


def _page(request: Request, books: Books, paid: Paid, card: str) -> Response:
    template = "authenticate.html" if paid.status == "authenticate" else "pay.html"
    types = paid.session["payment_method_types"]
    offered = [each for each in INSTRUMENTS if type_of(each) in types]
    context = {
        "session": paid.session,
        "items": books.get("sandbox.plan", plan_id(paid.session))["items"],
        "message": paid.message,
        "cards": offered,
        "usual": [each for each in USUAL if each in offered] or offered[:1],
        "chosen": BY_NUMBER[card] if BY_NUMBER[card] in offered else offered[0],
        "takes_banks": BANK in types,
    }
    status = HTTPStatus.PAYMENT_REQUIRED if paid.status == "declined" else HTTPStatus.OK
    return TEMPLATES.TemplateResponse(request, template, context, status)
