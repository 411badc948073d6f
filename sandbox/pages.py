"""The sandbox's templates."""

from decimal import Decimal
from pathlib import Path

from fastapi.templating import Jinja2Templates
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from sandbox import clock
from sandbox.messages import LINK
from sandbox.stripe_money import THREE_DECIMALS, ZERO_DECIMALS


def money(amount: int | None, currency: str | None) -> str:
    """Write an amount in the smallest unit the way a person reads it."""
    if amount is None or currency is None:
        return ""
    decimals = 0 if currency in ZERO_DECIMALS else 3 if currency in THREE_DECIMALS else 2
    return f"{Decimal(amount).scaleb(-decimals):,.{decimals}f} {currency.upper()}"


def linked(text: str) -> Markup:
    """Write a text with its addresses clickable and everything else escaped."""
    parts: list[Markup] = []
    at = 0
    for match in LINK.finditer(text):
        address = match.group().rstrip(".,;:!?)»”")
        parts += [
            escape(text[at : match.start()]),
            Markup('<a href="{0}" rel="noreferrer">{0}</a>').format(address),
        ]
        at = match.start() + len(address)
    return Markup().join([*parts, escape(text[at:])])


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"linked": linked, "when": clock.spoken}
    environment.globals |= {"money": money}
    return environment


TEMPLATES = Jinja2Templates(env=_environment())
