"""Consumers' pages: rendered here, without JavaScript; money is taken by Stripe's own page."""

from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Literal

import structlog
from fastapi import APIRouter, Form
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from activities.lookups import Pages, close_pages
from activities.news import Told
from activities.reopening import tell
from api.pay_links import Linked, behind, page_of, written
from api.services import Served, Services
from api.wording import ENGLISH, WORDINGS
from domain.contacts import Channel
from domain.money import Money
from domain.plans import PaymentPlan
from providers.charges import Checkout
from providers.outcomes import ProviderDown, ProviderRefused
from providers.spoken import Voice
from storage import ledger, payments
from storage.session import lock_account

log = structlog.get_logger()

Purpose = Literal["full", "instalment", "settlement", "extra", "plan", "card"]
Extra = Literal["keep", "respread"]

HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
    "frame-ancestors 'none'",
}

templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)

router = APIRouter(prefix="/p", include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/{link}")
async def show(link: str, services: Served) -> Response:
    """What is owed and how it can be paid."""
    linked = await linked_to(services, link)
    if linked is None:
        return unknown()
    if linked.state != "open":
        return over(linked)
    return html("pay.html", linked.language, page=page_of(linked), link=link, wrong=None)


@router.get("/{link}/done")
async def done(link: str, services: Served) -> Response:
    """Thanks, after Stripe's page."""
    linked = await linked_to(services, link)
    if linked is None:
        return unknown()
    words = WORDINGS[linked.language]
    return notice(linked, words.done_title, words.done, back=True)


@router.post("/{link}/pay")
async def pay(link: str, services: Served) -> Response:
    """Pay all that is owed."""
    linked = await linked_to(services, link)
    return await _paying(services, linked, linked.full if linked else None, "full")


@router.post("/{link}/pay-due")
async def pay_due(link: str, services: Served) -> Response:
    """Pay what a broken plan misses."""
    linked = await linked_to(services, link)
    return await _paying(services, linked, linked.due if linked else None, "instalment")


@router.post("/{link}/settle")
async def settle(link: str, services: Served) -> Response:
    """Pay what is offered in settlement."""
    linked = await linked_to(services, link)
    return await _paying(services, linked, linked.settling if linked else None, "settlement")


@router.post("/{link}/pay-extra")
async def pay_extra(
    link: str,
    services: Served,
    amount: Annotated[str, Form(max_length=40)] = "",
    extra: Annotated[Extra, Form()] = "keep",
) -> Response:
    """Pay more than the plan asks for: its end comes sooner, or each part gets smaller."""
    linked = await linked_to(services, link)
    if linked is None or linked.full is None or not linked.takes_extra:
        return await _paying(services, linked, None, "extra")
    asked = written(amount, linked.full)
    if asked is None:
        page = page_of(linked)
        return html(
            "pay.html",
            linked.language,
            status=HTTPStatus.UNPROCESSABLE_ENTITY,
            page=page,
            link=link,
            wrong=page.extra,
        )
    return await _paying(services, linked, asked, "extra", extra)


@router.post("/{link}/accept-plan")
async def accept_plan(link: str, services: Served) -> Response:
    """Accept the plan that the message offered, by storing a card for it."""
    linked = await linked_to(services, link)
    if linked is not None and linked.state == "open" and linked.offer is None:
        # It was accepted or overtaken meanwhile: the page shows what there is now.
        return RedirectResponse(f"/p/{link}", HTTPStatus.SEE_OTHER, HEADERS)
    return await _storing(services, linked, linked.offer if linked else None)


@router.post("/{link}/card")
async def another_card(link: str, services: Served) -> Response:
    """Store another card, for what is charged from now on."""
    linked = await linked_to(services, link)
    if linked is not None and linked.state == "open" and not linked.takes_card:
        return RedirectResponse(f"/p/{link}", HTTPStatus.SEE_OTHER, HEADERS)
    return await _storing(services, linked, None)


async def linked_to(services: Services, link: str) -> Linked | None:
    """What is behind a link; None if it is no link of ours."""

    def read() -> Linked | None:
        with services.database.transaction() as session:
            return behind(session, link, services.wall())

    return await run_in_threadpool(read)


async def _paying(
    services: Services,
    linked: Linked | None,
    amount: Money | None,
    purpose: Purpose,
    extra: Extra | None = None,
) -> Response:
    if linked is None:
        return unknown()
    if linked.state != "open":
        return over(linked)
    if amount is None:
        return RedirectResponse(f"/p/{linked.link}", HTTPStatus.SEE_OTHER, HEADERS)
    answer, news = await run_in_threadpool(_open_payment, services, linked, amount, purpose, extra)
    await tell(services.database, services.door, news)
    return answer


async def _storing(services: Services, linked: Linked | None, plan: PaymentPlan | None) -> Response:
    if linked is None:
        return unknown()
    if linked.state != "open":
        return over(linked)
    return await run_in_threadpool(_open_card, services, linked, plan)


def _open_payment(
    services: Services, linked: Linked, amount: Money, purpose: Purpose, extra: Extra | None
) -> tuple[Response, list[Told]]:
    """Open a page at Stripe on which this amount is paid, and close the account's others.

    Under the person's lock: whoever charges a stored card closes the pages there are, and none may
    be opened in between for what is being taken.
    """
    here = _here(services, linked)
    back = RedirectResponse(f"/p/{linked.link}", HTTPStatus.SEE_OTHER, HEADERS)
    with services.database.transaction() as session:
        lock_account(session, linked.account_id)
        if ledger.version(session, linked.account_id) != linked.version:
            return back, []
        closed = payments.closed_pages(session, linked.account_id)
        try:
            opened = services.stripe.open_checkout(
                amount=amount,
                account_id=linked.account_id,
                link_code=linked.link,
                title=linked.creditor,
                success_url=f"{here}/done",
                cancel_url=here,
                # A second click finds the first page; one after a payment, or after the page was
                # closed, opens another.
                key=f"{linked.link}:{extra or purpose}:{linked.version}:{amount.minor}:{closed}",
                extra=extra,
            )
            answer = _sent_on(session, linked, opened, purpose, None)
            others = _close(session, services, linked, but=opened.session_id)
            if ledger.version(session, linked.account_id) != linked.version:
                _close(session, services, linked)  # it asks for more than is owed now
                answer = back
        except (ProviderDown, ProviderRefused) as error:
            return _no_page(linked, error), []
        return answer, list(others.news)


def _close(
    session: Session, services: Services, linked: Linked, *, but: str | None = None
) -> Pages:
    return close_pages(session, services.stripe, linked.account_id, services.wall(), but=but)


def _open_card(services: Services, linked: Linked, plan: PaymentPlan | None) -> Response:
    here = _here(services, linked)
    # A card may be changed again on the same day, when nothing has moved in the ledger.
    about = plan.plan_id if plan else f"{services.wall():%Y%m%d%H}"
    try:
        opened = services.stripe.open_card_checkout(
            account_id=linked.account_id,
            link_code=linked.link,
            plan_id=plan.plan_id if plan else None,
            success_url=f"{here}/done",
            cancel_url=here,
            key=f"{linked.link}:card:{linked.version}:{about}",
            customer=linked.customer,
        )
    except (ProviderDown, ProviderRefused) as error:
        return _no_page(linked, error)
    with services.database.transaction() as session:
        return _sent_on(session, linked, opened, "plan" if plan else "card", plan)


def _here(services: Services, linked: Linked) -> str:
    return f"{services.settings.public_url.rstrip('/')}/p/{linked.link}"


def _sent_on(
    session: Session,
    linked: Linked,
    opened: Checkout,
    purpose: Purpose,
    plan: PaymentPlan | None,
) -> Response:
    """Remember Stripe's page, and send the browser there."""
    payments.opened_checkout(
        session,
        opened.session_id,
        linked.account_id,
        purpose=purpose,
        contact_key=linked.contact_key,
        plan=plan,
    )
    return RedirectResponse(opened.url, HTTPStatus.SEE_OTHER, HEADERS)


def _no_page(linked: Linked, error: Exception) -> Response:
    words = WORDINGS[linked.language]
    log.warning("checkout.failed", account=linked.account_id, error=type(error).__name__)
    if isinstance(error, ProviderDown):
        status = HTTPStatus.SERVICE_UNAVAILABLE
        return notice(linked, words.later_title, words.later, back=True, status=status)
    heading, sentence = (
        text.format(creditor=linked.creditor) for text in (words.offline_title, words.offline)
    )
    return notice(linked, heading, sentence, back=True, status=HTTPStatus.CONFLICT)


def over(linked: Linked) -> Response:
    """Nothing can be paid here any more."""
    words = WORDINGS[linked.language]
    if linked.state == "paid":
        return notice(linked, words.paid_title, words.paid, back=False)
    voice = Voice(linked.language, linked.country, Channel.EMAIL)
    sentence = words.closed.format(creditor=voice.name(linked.creditor))
    return notice(linked, words.closed_title, sentence, back=False)


def notice(
    linked: Linked, heading: str, sentence: str, *, back: bool, status: int = HTTPStatus.OK
) -> HTMLResponse:
    """A page that says one thing."""
    told = {"heading": heading, "sentence": sentence, "back": back, "link": linked.link}
    return html("notice.html", linked.language, status=status, **told)


def unknown() -> HTMLResponse:
    """A page for a link that is not ours. Nobody's language is known here."""
    return html(
        "notice.html",
        "en",
        status=HTTPStatus.NOT_FOUND,
        heading=ENGLISH.unknown_title,
        sentence=ENGLISH.unknown,
        back=False,
    )


def html(
    template: str, language: str, *, status: int = HTTPStatus.OK, **told: object
) -> HTMLResponse:
    """A page in one language."""
    words = WORDINGS[language]
    page = templates.get_template(template).render(language=language, words=words, **told)
    return HTMLResponse(page, status, HEADERS)
