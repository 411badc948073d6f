"""What a consumer wrote: kept word for word, understood where it is certain, and acted upon."""

from sqlalchemy.orm import Session

from activities.news import (
    Told,
    hold,
    known_people,
    opt_in,
    opt_out,
    opted_out,
    today_of,
)
from domain.accounts import PERSONAL_HOLDS, Hold
from domain.contacts import Channel
from domain.events import (
    AnyEvent,
    CallRequested,
    MessageReceived,
    PaymentClaimed,
    PlanRequested,
    PromiseToPay,
)
from domain.replies import Understanding, Understood, understand
from storage import accounts, contacts, people
from storage.session import lock_person
from storage.tables import Account, InboxRow, Person

ANSWERED = frozenset({Understood.STOP, Understood.START, Understood.HELP})
"""Keywords that, alone, are done with once they are obeyed."""


def take_reply(
    session: Session,
    row: InboxRow,
    channel: Channel,
    where: str,
    words: str,
    *,
    keyword: Understood | None = None,
) -> list[Told]:
    """Keep a message from this address and do what it asks.

    `keyword` is what the provider took it for, and has answered already.
    """
    person = _writer(session, channel, where)
    said = _understood(session, row, person, words, keyword)
    if (
        Understood.START in said.meanings
        and keyword is None
        and not opted_out(session, channel, where)
    ):
        # "Yes" from somebody who never opted out answers something else: a person reads it.
        said = Understanding(meanings=(Understood.MESSAGE,))
    if said.meanings == (Understood.HELP,) and keyword is None:
        # No provider has answered it: a person does.
        said = Understanding(meanings=(Understood.HELP, Understood.MESSAGE))
    people.save_reply(
        session,
        row.id,
        person_id=person.id if person else None,
        channel=channel,
        words=words,
        understood=str(said),
    )
    return _wishes(session, row, channel, where, said) + _about_debts(session, row, person, said)


def _writer(session: Session, channel: Channel, where: str) -> Person | None:
    """Who writes: of all who share the address, the person whom we contacted last."""
    sharing = {person.id: person for person in known_people(session, channel, where)}
    latest = contacts.latest_person(session, sharing)
    return sharing[latest] if latest is not None else None


def _understood(
    session: Session, row: InboxRow, person: Person | None, words: str, keyword: Understood | None
) -> Understanding:
    if keyword is not None:
        return Understanding(meanings=(keyword,))
    today = today_of(session, row, person) if person else row.recorded_at.date()
    return understand(words, today)


def _wishes(
    session: Session, row: InboxRow, channel: Channel, where: str, said: Understanding
) -> list[Told]:
    # Whoever wants no contact at all does not want this one either, debts or none.
    if {Understood.STOP, Understood.CEASE} & {*said.meanings}:
        return opt_out(session, row, channel, where)
    if Understood.START in said.meanings:
        return opt_in(session, row, channel, where)
    return []


def _about_debts(
    session: Session, row: InboxRow, person: Person | None, said: Understanding
) -> list[Told]:
    if person is None:
        return []
    lock_person(session, person.id)
    account = contacts.latest_account(session, person.id)
    if account is None:
        _ask_after_the_end(session, row, person, said)
        return []
    news = [
        hold(session, row, concerned, reason)
        for reason in said.holds
        for concerned in _concerned(session, account, reason)
    ]
    if said.holds:
        reasons = ", ".join(said.holds)
        accounts.hand_over(
            session, row.id, account.id, f"wrote of {reasons}: read it", at=row.recorded_at
        )
    answer = _response(row.id, said)
    return news + ([Told(account.workflow_id, answer)] if answer else [])


def _ask_after_the_end(
    session: Session, row: InboxRow, person: Person, said: Understanding
) -> None:
    """No workflow hears a person whose accounts are all closed: a person of ours does."""
    if {*said.meanings} <= ANSWERED:
        return
    latest = people.latest_account(session, person.id)
    if latest is not None:
        reason = f"wrote after the account was closed ({said}): read it"
        accounts.hand_over(session, row.id, latest.id, reason, at=row.recorded_at)


def _concerned(session: Session, account: Account, reason: Hold) -> list[Account]:
    if reason in PERSONAL_HOLDS:  # a dispute concerns the debt it was said about
        return accounts.open_of_person(session, account.person_id)
    return [account]


def _response(event_id: str, said: Understanding) -> AnyEvent | None:
    """The news that a journey may answer, if the message holds any."""
    match said.meanings[-1]:
        case Understood.PLAN:
            return PlanRequested(event_id=event_id)
        case Understood.PAID:
            return PaymentClaimed(event_id=event_id)
        case Understood.CALL:
            return CallRequested(event_id=event_id)
        case Understood.PROMISE if said.due is not None:
            return PromiseToPay(event_id=event_id, due=said.due)
        case Understood.MESSAGE:
            return MessageReceived(event_id=event_id)
        case _:
            return None
