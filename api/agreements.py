"""What all endpoints of agreements share: whose present it is, and what cannot be agreed."""

import hashlib
from datetime import date, datetime
from http import HTTPStatus

from sqlalchemy.orm import Session

from api.problems import Closed, Invalid, Problem, field_error
from api.recording import cause_of
from domain.money import Money
from storage import contacts, receipts
from storage.tables import Account

ID_LENGTH = 24


class NothingToAgree(Problem):
    """Nothing is owed on the account."""

    status, slug, title = HTTPStatus.CONFLICT, "nothing-owed", "Nothing is owed on this account"

    def __init__(self) -> None:
        super().__init__("It is paid, so there is nothing to agree on.")


def open_account(account: Account) -> None:
    """Refuse an account whose journey is over: nobody there would hear of it."""
    if account.closure is not None or account.recalled_at is not None:
        raise Closed(account.closure or "recalled")


def in_currency_of(account: Account, amount: Money) -> None:
    """Refuse an amount in another currency than the account's."""
    if amount.currency != account.currency:
        wrong = "is not the account's currency"
        raise Invalid([field_error("/amount/currency", wrong, account.currency)])


def now_of(session: Session, account: Account, wall: datetime) -> datetime:
    """The account's present."""
    return contacts.present(session, account.person_id, wall)


def today_of(session: Session, account: Account, wall: datetime) -> date:
    """The date of the account's present where the consumer is."""
    return receipts.local(session, account, now_of(session, account, wall))


def id_of(kind: str, account_id: str, key: str | None) -> str:
    """An id that a repetition of the request finds again; fit for an address."""
    cause = cause_of(account_id, key)
    return f"{kind}_{hashlib.sha256(cause.encode()).hexdigest()[:ID_LENGTH]}"
