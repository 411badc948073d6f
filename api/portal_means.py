"""The page on which consumers tell what they earn and need: what they can spare follows from it.

It shows nothing that was told before: the link to it is a key that may be forwarded.
"""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, Response

from activities.news import Told
from activities.reopening import tell
from api.agreements import id_of
from api.means import note_means
from api.pay_links import Linked, example_of, figure_in
from api.planning import present
from api.portal import html, linked_to, notice, over, unknown
from api.problems import Problem
from api.services import Served, Services
from api.wording import WORDINGS, Wording
from domain.affordability import MOST_A_MONTH, MOST_DEPENDANTS, Group, Means, Sum
from domain.contacts import Channel
from domain.rhythms import Monthly
from providers.spoken import Voice
from storage.session import lock_account
from storage.tables import Account

router = APIRouter(prefix="/p", include_in_schema=False, default_response_class=HTMLResponse)

PORTAL = "portal"
INCOME, DEBTS, DEPENDANTS = "income", "debts", "dependants"
ESSENTIALS = {group.name.lower(): group for group in Group}
"""The groups of what a household needs, by the names of their fields."""
AMOUNTS = (INCOME, *ESSENTIALS, DEBTS)
LONGEST = 20
ONCE = re.compile("[0-9a-f]{32}")
"""What names one filled-in form, so that it counts once however often it is sent."""


@dataclass(frozen=True)
class Field:
    """A field of the form as it is shown."""

    name: str
    label: str
    value: str = ""
    mode: str = "decimal"
    """Which keys a phone offers."""
    required: bool = False
    wrong: str | None = None
    """What would be right, where it is not."""


@router.get("/{link}/means")
async def ask(link: str, services: Served) -> Response:
    """Ask what comes in and what life costs."""
    linked = await linked_to(services, link)
    if linked is None:
        return unknown()
    return over(linked) if linked.state != "open" else _form(linked, {}, {}, uuid.uuid4().hex)


@router.post("/{link}/means")
async def take(link: str, request: Request, services: Served) -> Response:
    """Note what they told, and thank them: what follows comes as a message."""
    linked = await linked_to(services, link)
    if linked is None:
        return unknown()
    if linked.state != "open":
        return over(linked)
    async with request.form(max_files=0, max_fields=2 * len(AMOUNTS)) as form:
        told = {name: text[:LONGEST] for name, text in form.items() if isinstance(text, str)}
        once = str(form.get("once"))
    named = once if ONCE.fullmatch(once) else uuid.uuid4().hex
    means = _means(linked, told)
    if not isinstance(means, Means):
        return _form(linked, told, means, named)
    news = await run_in_threadpool(_note, services, linked, means, named)
    if news is None:  # it was paid or taken back in this very moment
        return await ask(link, services)
    await tell(services.database, services.door, news)
    words = WORDINGS[linked.language]
    return notice(linked, words.means_done_title, words.means_done, back=True)


def _note(services: Services, linked: Linked, means: Means, once: str) -> list[Told] | None:
    """Write it down once; None if nothing is to be agreed any more."""
    with services.database.transaction() as session:
        lock_account(session, linked.account_id)
        account = session.get_one(Account, linked.account_id, populate_existing=True)
        named = id_of("m", account.id, f"{PORTAL}:{once}")
        now = present(session, account, services.wall())
        try:
            _, news = note_means(session, now, means, named, source=PORTAL, rhythm=Monthly())
        except Problem:
            return None
        return news


def _means(linked: Linked, told: Mapping[str, str]) -> Means | dict[str, str]:
    """What they told; or what would be right in each field that is wrong."""
    words, currency = WORDINGS[linked.language], linked.owed.currency
    figures = {name: _figure(told, name, currency) for name in AMOUNTS}
    others = _number(told.get(DEPENDANTS, ""))
    wrong = {name for name, minor in figures.items() if minor is None}
    if others is None:
        wrong.add(DEPENDANTS)
    if wrong:
        return _told_wrong(words, wrong, currency)
    given = {name: Sum(minor=minor) for name, minor in figures.items() if minor}
    try:
        return Means(
            currency=currency,
            income=(given.get(INCOME, Sum(minor=0)),),
            essentials={group: given[name] for name, group in ESSENTIALS.items() if name in given},
            debts=tuple(given[name] for name in (DEBTS,) if name in given),
            dependants=others or 0,
        )
    except ValidationError as error:
        found = {str(each["loc"][0]) for each in error.errors(include_input=False)}
        named = {
            each for name in found for each in (ESSENTIALS if name == "essentials" else [name])
        }
        return _told_wrong(words, named & {*given}, currency)


def _told_wrong(words: Wording, names: set[str], currency: str) -> dict[str, str]:
    amount = words.means_wrong_amount.format(example=example_of(currency))
    number = words.means_wrong_number.format(most=MOST_DEPENDANTS)
    return {name: number if name == DEPENDANTS else amount for name in names}


def _figure(told: Mapping[str, str], name: str, currency: str) -> int | None:
    """Minor units; what is left out is nothing, but for what comes in."""
    text = told.get(name, "").strip()
    return 0 if not text and name != INCOME else _within(figure_in(text, currency))


def _within(minor: int | None) -> int | None:
    return minor if minor is not None and minor <= MOST_A_MONTH else None


def _number(text: str) -> int | None:
    text = text.strip() or "0"
    number = int(text) if text.isdecimal() else MOST_DEPENDANTS + 1
    return number if number <= MOST_DEPENDANTS else None


def _form(
    linked: Linked, told: Mapping[str, str], wrong: Mapping[str, str], once: str
) -> HTMLResponse:
    words = WORDINGS[linked.language]
    voice = Voice(linked.language, linked.country, Channel.EMAIL)
    shown = [
        replace(each, value=told.get(each.name, ""), wrong=wrong.get(each.name))
        for each in _fields(words)
    ]
    return html(
        "means.html",
        linked.language,
        status=HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK,
        link=linked.link,
        currency=voice.name(linked.owed.currency),
        fields=shown,
        once=once,
        is_wrong=bool(wrong),
    )


def _fields(words: Wording) -> list[Field]:
    return [
        Field(INCOME, words.means_income, required=True),
        *(Field(name, words.means_groups[group]) for name, group in ESSENTIALS.items()),
        Field(DEBTS, words.means_debts),
        Field(DEPENDANTS, words.means_dependants, mode="numeric"),
    ]
