"""Tries at charging a card: counted over all accounts and people, and what follows a decline."""

from datetime import datetime, time

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from compliance.facts import PastContact
from domain.contacts import Channel, Purpose
from domain.orders import ChargeStatus, DeclineKind
from domain.retries import Debit, DeclineCodes, Try, decline_kind, next_try, retry_at
from domain.rhythms import Payday
from domain.schedules import dates
from domain.time import local_date, local_instant, zone
from storage import accruing, contracts, people, plans
from storage.payments import LATE, claim_of
from storage.tables import Account, ChargeRow


def lock_card(session: Session, card: str) -> None:
    """Hold a card until the transaction ends: whoever counts its tries and adds one does so first.

    Taken after the person's lock, never before it.
    """
    key = func.hashtextextended(f"card:{card}", 0)
    session.execute(select(func.pg_advisory_xact_lock(key)))


def room(session: Session, row: ChargeRow, at: datetime) -> datetime | None:
    """The first instant from `at` on at which this charge may be tried; None: never.

    The caller holds the card.
    """
    terms = contracts.of_account(session, row.account_id).retries
    return next_try(_debit(row), _others(session, row), terms, at)


def last_word(session: Session, row: ChargeRow) -> DeclineCodes:
    """The decline for which this charge is not tried any more; without codes if there is none."""
    debit = _debit(row)
    said = [
        each
        for each in _others(session, row)
        if each.codes and (each.kind is DeclineKind.NEVER or each.debit.same(debit))
    ]
    latest = max(said, key=lambda each: (each.kind is DeclineKind.NEVER, each.at), default=None)
    return (latest and latest.codes) or DeclineCodes()


def decline(session: Session, row: ChargeRow, codes: DeclineCodes, *, late: bool = False) -> None:
    """Write that a charge was declined, and when it may be tried again.

    A card that must not be tried again as it stands is forgotten. `late` says that it had been
    taken for one under way. The caller holds the person.
    """
    row.status = ChargeStatus.DECLINED
    row.decline_code = codes.decline_code or codes.code
    row.codes = codes.model_dump(mode="json") | ({LATE: True} if late else {})
    if decline_kind(codes) in (DeclineKind.NEVER, DeclineKind.FIX):
        person = people.person_of(session, row.account_id)
        people.forget_card(session, person.id, row.payment_method)
    row.again_at = _retry(session, row)
    session.flush()


def fail(
    session: Session, row: ChargeRow, codes: DeclineCodes, *, at: datetime, late: bool = False
) -> None:
    """Write that a bank or network declined a charge, and book the costs of it, if any.

    `at` is when, in the account's time. A bank that wants to see the person costs nothing. Costs
    are booked once for what the charge is for: that we try again is not the consumer's doing.
    """
    decline(session, row, codes, late=late)
    if decline_kind(codes) is not DeclineKind.PERSON:
        account = session.get_one(Account, row.account_id)
        accruing.costs_of_failure(session, account, claim_of(session, row), at)


def kind_of(row: ChargeRow) -> DeclineKind | None:
    """What the decline of a charge asks for; None if it was not declined."""
    codes = _codes(row)
    return decline_kind(codes) if codes else None


def debits(session: Session, account_id: str, *, but: str) -> tuple[PastContact, ...]:
    """Tries of this account that did not succeed, as rules about debits count them.

    A debit goes by no channel; rules count those of every channel.
    """
    return tuple(
        PastContact(
            key=row.key,
            account_id=account_id,
            channel=Channel.LETTER,
            at=row.tried_at,
            purpose=Purpose.DEBIT,
        )
        for row in session.scalars(
            select(ChargeRow)
            .where(ChargeRow.account_id == account_id, ChargeRow.key != but)
            .where(ChargeRow.tried_at.is_not(None), ChargeRow.status != ChargeStatus.PAID)
        )
        if row.tried_at is not None
    )


def _retry(session: Session, row: ChargeRow) -> datetime | None:
    if row.tried_at is None:
        return None
    terms = contracts.of_account(session, row.account_id).retries
    tries = [*_others(session, row), Try(_debit(row), row.tried_at, _codes(row))]
    payday = _payday(session, row, row.tried_at)
    return retry_at(_debit(row), tries, terms, row.tried_at, payday=payday)


def _payday(session: Session, row: ChargeRow, at: datetime) -> datetime | None:
    """The next date of a plan that follows paydays, at the same time of day."""
    plan = plans.current(session, row.account_id)
    if plan is None or not isinstance(plan.rhythm, Payday):
        return None
    name = people.person_of(session, row.account_id).zones[0]
    today, clock = local_date(at, name), _clock(at, name)
    coming = (day for day in dates(plan.rhythm, plan.instalments[0].due) if day > today)
    return local_instant(next(coming), clock, name)


def _clock(at: datetime, zone_name: str) -> time:
    return at.astimezone(zone(zone_name)).time()


def _others(session: Session, row: ChargeRow) -> list[Try]:
    """All tries on the card that did not succeed, but this one. Whatever is unknown counts."""
    rows = session.scalars(
        select(ChargeRow)
        .where(ChargeRow.card == row.card, ChargeRow.key != row.key)
        .where(ChargeRow.tried_at.is_not(None), ChargeRow.status != ChargeStatus.PAID)
    )
    return [Try(_debit(each), each.tried_at, _codes(each)) for each in rows if each.tried_at]


def _debit(row: ChargeRow) -> Debit:
    return Debit(
        account_id=row.account_id,
        instalment=row.instalment,
        minor=row.minor,
        method=row.payment_method or "",
        network=row.network,
    )


def _codes(row: ChargeRow) -> DeclineCodes | None:
    if row.status != ChargeStatus.DECLINED or row.codes is None:
        return None
    return DeclineCodes.model_validate(row.codes)
