"""What a consumer wrote: kept word for word, understood where it is certain, and acted upon."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from activities import wishing
from activities.news import (
    Told,
    hold,
    hold_told,
    known_people,
    locked_people,
    opt_in,
    opt_out,
    opted_out,
    spellings,
)
from compliance.disputes import Dispute, kind_of
from domain.accounts import PERSONAL_HOLDS, Hold
from domain.contacts import Channel
from domain.events import (
    AnyEvent,
    CallRequested,
    HardshipDeclared,
    MessageReceived,
    PaymentClaimed,
    PlanRequested,
    PromiseToPay,
)
from domain.people import MilestoneKind, StandingHold, Wish
from domain.promises import NoPromise
from domain.replies import HOLDS, Understanding, Understood, is_wrong_number, understand
from domain.time import local_date
from domain.wishing import added
from storage import accounts, contacts, inbox, journal, people, promises, receipts
from storage.looking import profile
from storage.session import lock_person
from storage.tables import Account, InboxRow, Person, Reply

ANSWERED = frozenset(
    {Understood.STOP, Understood.MEDIUM, Understood.WISH, Understood.START, Understood.HELP}
)
"""Meanings that are done with once they are obeyed."""

FROM_FORMER = (
    "wrote from a number or mailbox that is no longer on record: read it, and see which is theirs"
)
OF_NOBODY = "nobody on record writes from there: read the reply of this id"

TIME_TO_READ = timedelta(days=3)
"""For a person of ours, before a journey answers to hardship."""

AT_PHONE = frozenset({Channel.SMS, Channel.VOICE, Channel.WHATSAPP})
"""Channels that reach one and the same number."""


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
    writer = _writer(session, channel, where)
    person = writer.person
    said = _heard(session, row, channel, where, writer, words=words, keyword=keyword)
    before = session.get(Reply, row.id)  # there if it was applied, and telling of it failed
    news = _about_addresses(session, row, channel, where, person, said=said)
    if person is None:
        _keep(session, row, channel, words, said)
        if not {*said.meanings} <= ANSWERED - {Understood.WISH}:
            inbox.set_aside(session, row.id, OF_NOBODY)
        return news
    lock_person(session, person.id)
    account = contacts.latest_account(session, person.id)
    if before is None and account is not None and Hold.DISPUTE in said.holds:
        note_dispute(
            session, account, contacts.present(session, person.id, row.recorded_at), written=True
        )
    if writer.former and account is not None:
        accounts.hand_over(session, f"{row.id}:former", account.id, FROM_FORMER, at=row.recorded_at)
    _keep(session, row, channel, words, said, person=person, account=account)
    news += _about_person(session, row, person, said)
    return news + _about_debts(session, row, person, account, said)


@dataclass(frozen=True)
class Writer:
    """Who writes, as far as the record knows."""

    person: Person | None
    former: bool = False
    """They were reached there before, and are on record with another number or mailbox now."""


def _heard(
    session: Session,
    row: InboxRow,
    channel: Channel,
    where: str,
    writer: Writer,
    *,
    words: str,
    keyword: Understood | None,
) -> Understanding:
    """What counts of what was written, by whom and from where it was."""
    said = _understood(session, row, writer.person, words, keyword)
    before = session.get(Reply, row.id)
    if (
        Understood.START in said.meanings
        and keyword is None
        and not _refused(session, channel, where, writer.person)
        and (before is None or Understood.START not in before.understood.split(", "))
    ):
        # "Yes" from somebody who never opted out answers something else: a person reads it.
        said = Understanding(meanings=(Understood.MESSAGE,))
    if said.meanings == (Understood.HELP,) and keyword is None:
        # No provider has answered it: a person does.
        said = Understanding(meanings=(Understood.HELP, Understood.MESSAGE))
    said = _refused_at_law(said, writer.person)
    return _from_former(said, channel, words) if writer.former else said


def _refused_at_law(said: Understanding, person: Person | None) -> Understanding:
    """A refusal to pay ends all contact in the US alone: 15 U.S.C. 1692c(c).

    Elsewhere it is an answer, and a person reads it.
    """
    refusal = Understood.REFUSAL
    if refusal not in said.meanings or (person is not None and person.country == "US"):
        return said
    others = tuple(each for each in said.meanings if each is not refusal)
    read = () if any(each in HOLDS for each in others) else (Understood.MESSAGE,)
    return said.model_copy(update={"meanings": (*others, *read)})


def _from_former(said: Understanding, channel: Channel, words: str) -> Understanding:
    """What counts from a number or mailbox that is not on record any more.

    Every refusal and every reason to stop. A STOP would close an address that nothing is sent to,
    so it is taken for the medium; and what promises or claims something, a person reads. So is all
    that somebody says who has the number now: of it, only the STOP is theirs to say.
    """
    if is_wrong_number(words):
        return Understanding(meanings=(Understood.STOP, Understood.MESSAGE))
    stops = Understood.STOP in said.meanings and channel not in said.media
    meanings = [each for each in said.meanings if each in ANSWERED or each in HOLDS]
    if stops and Understood.MEDIUM not in meanings:
        meanings.insert(meanings.index(Understood.STOP) + 1, Understood.MEDIUM)
    if not said.holds:
        meanings.append(Understood.MESSAGE)
    media = (*said.media, channel) if stops else said.media
    return Understanding(meanings=tuple(meanings), wish=said.wish, media=media)


def _keep(
    session: Session,
    row: InboxRow,
    channel: Channel,
    words: str,
    said: Understanding,
    *,
    person: Person | None = None,
    account: Account | None = None,
) -> None:
    """Keep it word for word. It is a contact that the person began, about that account."""
    people.save_reply(
        session,
        row.id,
        person_id=person.id if person else None,
        channel=channel,
        words=words,
        understood=str(said),
        account_id=account.id if account else None,
        at=contacts.present(session, person.id, row.recorded_at) if person else row.recorded_at,
    )


def _writer(session: Session, channel: Channel, where: str) -> Writer:
    """Who writes: of all who share the address, the person whom we contacted last.

    If nobody has it any more, whoever was reached there last.
    """
    sharing = {person.id: person for person in known_people(session, channel, where)}
    latest = contacts.latest_person(session, sharing)
    if latest is not None:
        return Writer(sharing[latest])
    reached = contacts.last_reached(session, channel, spellings(channel, where))
    return Writer(reached, former=reached is not None)


def _understood(
    session: Session, row: InboxRow, person: Person | None, words: str, keyword: Understood | None
) -> Understanding:
    if keyword is not None:
        return Understanding(meanings=(keyword,))
    today = contacts.today(session, person, row.recorded_at) if person else row.recorded_at.date()
    return understand(words, today)


def _refused(session: Session, channel: Channel, where: str, person: Person | None) -> bool:
    """Whether something stands that a "yes" may take back."""
    if opted_out(session, channel, where):
        return True
    if person is None or not _alone(session, channel, where):
        return False
    return people.refuses(session, person, channel)


def _alone(session: Session, channel: Channel, where: str) -> bool:
    """Whether nobody shares the address: then it is certain who writes from it."""
    return len(known_people(session, channel, where)) == 1


def _about_addresses(
    session: Session,
    row: InboxRow,
    channel: Channel,
    where: str,
    person: Person | None,
    *,
    said: Understanding,
) -> list[Told]:
    """Refusals bind the address, whoever of those who share it has written.

    A START takes back what the writer said of the medium, too, if nobody else can have written it.
    """
    # Whoever wants no contact at all does not want this one either, debts or none.
    if {Understood.STOP, Understood.CEASE} & {*said.meanings}:
        return opt_out(session, row, channel, where)
    if Understood.START in said.meanings:
        locked_people(session, channel, where)
        if person is not None and _alone(session, channel, where):
            people.opt_in(session, person.id, channel, said=row.recorded_at)
        return opt_in(session, row, channel, where)
    return [
        news
        for medium in said.media
        if medium is channel or {medium, channel} <= AT_PHONE
        for news in opt_out(session, row, medium, where)
    ]


def _about_person(
    session: Session, row: InboxRow, person: Person, said: Understanding
) -> list[Told]:
    """Media that the person refuses at any address, and all that they wish."""
    at = contacts.present(session, person.id, row.recorded_at)
    news = [
        told
        for medium in said.media
        for told in wishing.opt_out(session, person.id, medium, source=row.id, at=at)
    ]
    if said.wish is None:
        return news
    session.refresh(person)
    standing = [Wish.model_validate(each) for each in person.wishes]
    wished = added(standing, said.wish, contacts.today(session, person, row.recorded_at))
    return news + wishing.set_wishes(session, person.id, wished)


def _about_debts(
    session: Session,
    row: InboxRow,
    person: Person,
    account: Account | None,
    said: Understanding,
) -> list[Told]:
    if account is None:
        _ask_after_the_end(session, row, person, said)
        return []
    news = [
        told
        for reason in said.holds
        for concerned in _concerned(session, account, reason)
        for told in _stopped(session, row, concerned, reason)
    ]
    if said.holds:
        reasons = ", ".join(said.holds)
        accounts.hand_over(
            session, row.id, account.id, f"wrote of {reasons}: read it", at=row.recorded_at
        )
    if said.wish is not None and said.wish.not_at:
        places = " or ".join(said.wish.not_at)
        reason = f"wants no contact at {places}: see whether an address on record is there"
        accounts.hand_over(session, f"{row.id}:place", account.id, reason, at=row.recorded_at)
    answer = _promise(session, row, account, said) or _response(row.id, said)
    return news + ([Told(account.workflow_id, answer)] if answer else [])


def note_dispute(session: Session, account: Account, received: datetime, *, written: bool) -> None:
    """Write to the journal which kind of dispute it is; the caller holds the person's lock."""
    known = profile(session, account.person_id)
    ends = [
        each.at
        for each in known.milestones
        if each.kind is MilestoneKind.VALIDATION_ENDS and each.account_id in {None, account.id}
    ]
    last = max(ends, default=None)
    kinds = {
        kind_of(
            local_date(last, place) if last else None, local_date(received, place), written=written
        )
        for place in known.zones
    }
    # Where the person may be in several places, it came in time if it did in one of them.
    kind = Dispute.WITHIN if Dispute.WITHIN in kinds else kinds.pop()
    journal.note(session, account.id, "disputed", at=received, how=kind)


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


def _stopped(session: Session, row: InboxRow, account: Account, reason: Hold) -> list[Told]:
    """Stop the clock until a person lifts the hold. Hardship has a journey of its own.

    It begins when a person of ours has had time to read what was written; the hold stands so long.
    """
    if reason is not Hold.HARDSHIP:
        return [hold(session, row, account, reason)]
    at = contacts.present(session, account.person_id, row.recorded_at)
    ends = receipts.local(session, account, at + TIME_TO_READ)
    declared = HardshipDeclared(event_id=f"{row.id}:hardship declared")
    placed = hold_told(session, account, StandingHold(hold=reason, ends=ends), key=row.id)
    return [placed, Told(account.workflow_id, declared)]


def _concerned(session: Session, account: Account, reason: Hold) -> list[Account]:
    if reason in PERSONAL_HOLDS:  # a dispute concerns the debt it was said about
        return accounts.open_of_person(session, account.person_id)
    return [account]


def _promise(
    session: Session, row: InboxRow, account: Account, said: Understanding
) -> AnyEvent | None:
    """A promise of all that is owed, on record; one that cannot be taken is read by a person."""
    if said.meanings[-1] is not Understood.PROMISE or said.due is None:
        return None
    at = contacts.present(session, account.person_id, row.recorded_at)
    try:
        made = promises.record(
            session, account, promise_id=row.id, due=said.due, source="reply", at=at
        )
    except NoPromise:
        return MessageReceived(event_id=row.id)
    if made is None:
        return None  # nothing is owed any more
    return PromiseToPay(event_id=row.id, due=made.due, minor=made.minor, balance=made.balance)


def _response(event_id: str, said: Understanding) -> AnyEvent | None:
    """The news that a journey may answer, if the message holds any."""
    match said.meanings[-1]:
        case Understood.PLAN:
            return PlanRequested(event_id=event_id)
        case Understood.PAID:
            return PaymentClaimed(event_id=event_id)
        case Understood.CALL:
            return CallRequested(event_id=event_id)
        case Understood.MESSAGE:
            return MessageReceived(event_id=event_id)
        case _:
            return None
