"""What our own books must show, whatever the law: every send decided, once, before the end."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from auditor.amounts import largest
from auditor.book import Book, Contact, Link, Over, Send
from auditor.case import DEBIT, NOTHING_LEFT
from auditor.hearing import UNHEARD
from auditor.violations import HouseRule, Violation

UNRECORDED = HouseRule("AUDIT-UNRECORDED", "nothing leaves that the record does not have")
UNDECIDED = HouseRule("AUDIT-UNDECIDED", "nothing leaves that the gate has not allowed")
TWICE = HouseRule("AUDIT-TWICE", "a contact is sent once")
ADDRESS = HouseRule("AUDIT-ADDRESS", "a message goes where it was meant to go")
OVER = HouseRule("AUDIT-OVER", "nothing is asked for once an account is over")
CHAIN = HouseRule("AUDIT-CHAIN", "decisions are never changed")
LAW = HouseRule("AUDIT-LAW", "decisions go by the law in force")
AMOUNT = HouseRule("AUDIT-AMOUNT", "nothing asks for more than is owed")
HOUSE_RULES = frozenset(
    each.id for each in (UNRECORDED, UNDECIDED, TWICE, ADDRESS, OVER, CHAIN, LAW, AMOUNT, UNHEARD)
)

ASKING = frozenset({"demand", DEBIT})
"""Purposes for which nothing may leave once an account is over."""

AN_ATTEMPT = timedelta(seconds=90)
"""How long an attempt may last, and so a transaction: written down a second time, as nothing of
theirs is taken on trust here. It carries the time of its beginning, and may then wait for the
person: the law that it finds may be younger. One that begins while a law is being put in force
finds the one before."""


def joined(book: Book) -> tuple[dict[str, Contact], Iterator[Violation]]:
    """Contacts by key, with the provider's own words for them; and what does not match."""
    contacts = {each.key: each for person in book.people for each in person.contacts}
    known = [(send, contacts.get(send.key or "")) for send in book.sends or ()]
    for send, contact in known:
        if contact is not None:
            contact.text = send.text
            contact.at = send.at if book.by_provider else contact.at
    return contacts, _mismatches(known)


def _mismatches(known: list[tuple[Send, Contact | None]]) -> Iterator[Violation]:
    seen = Counter[str]()
    for send, contact in known:
        if contact is None:
            yield UNRECORDED.broken((send.id,), f"{send.channel}, of no contact", at=send.at)
            continue
        seen[contact.key] += 1
        if seen[contact.key] > 1:
            yield _of(contact, TWICE, f"sent {seen[contact.key]} times")
        if contact.address and send.to and send.to.casefold() != contact.address.casefold():
            yield _of(contact, ADDRESS, "sent to another address")


def _of(contact: Contact, rule: HouseRule, by: str) -> Violation:
    return rule.broken((contact.key,), by, account=contact.account, at=contact.at)


def undecided(book: Book, contacts: dict[str, Contact]) -> Iterator[Violation]:
    """Contacts that left although no decision allowed them."""
    got = {send.key for send in book.sends or ()}
    for each in contacts.values():
        left = each.status not in NOTHING_LEFT or each.key in got
        if left and not each.inbound and (not each.allowed or each.status == "refused"):
            by = "money was taken" if each.purpose == DEBIT else f"{each.channel} left"
            yield _of(each, UNDECIDED, by)


def too_much(contacts: dict[str, Contact]) -> Iterator[Violation]:
    """Messages that name a larger amount than was owed, and debits that took one."""
    for each in contacts.values():
        owed = each.owed if each.balance is None else each.balance
        if each.inbound or owed is None or each.status in NOTHING_LEFT:
            continue
        named = each.demanded if each.purpose == DEBIT else largest(each.text, each.currency)
        if named is not None and named > owed:
            yield _of(each, AMOUNT, f"{named - owed} minor units more than the {owed} owed")


Span = tuple[datetime | None, datetime | None]
"""Since when and until when a law was in force; None: from the beginning, and it still is."""


def by_another_law(book: Book, contacts: dict[str, Contact]) -> Iterator[Violation]:
    """Decisions by a law that was not in force when they were written down.

    A wait that an account slept through is written down later: its law may have been replaced.
    """
    spans = _in_force(book)
    if not spans:
        return
    for each in book.chain:
        at = each.recorded_at
        if at is not None and not _was_in_force(spans.get(each.law, ()), at, slept=each.slept):
            by = f"decision {each.seq} goes by {each.law}, which was not in force"
            yield LAW.broken((each.contact,), by, account=each.account, at=at)
    chained = {each.contact for each in book.chain}
    for contact in contacts.values():
        if contact.law is not None and contact.law not in spans and contact.key not in chained:
            yield _of(contact, LAW, f"{contact.law} was never in force")


def _in_force(book: Book) -> dict[str, list[Span]]:
    spans: dict[str, list[Span]] = {}
    ends = [since for since, _ in book.law_changes[1:]]
    for (since, law), until in zip(book.law_changes, [*ends, None], strict=False):
        spans.setdefault(law, []).append((since, until))
    return spans


def _was_in_force(spans: Iterable[Span], at: datetime, *, slept: bool) -> bool:
    return any(
        (since is None or since <= at + AN_ATTEMPT)
        and (until is None or slept or at <= until + AN_ATTEMPT)
        for since, until in spans
    )


def after_the_end(book: Book, contacts: dict[str, Contact]) -> Iterator[Violation]:
    """Demands and debits on accounts that were over."""
    contacts_of: dict[str, list[Contact]] = {}
    for each in contacts.values():
        if not each.inbound and each.purpose in ASKING and each.status not in NOTHING_LEFT:
            contacts_of.setdefault(each.account, []).append(each)
    for key, ends in book.over.items():
        for each in contacts_of.get(key, ()):
            late = [(_lateness(each, over, book), over) for over in ends]
            longest, over = max(late, key=lambda pair: pair[0])
            if longest >= timedelta(0):
                yield _of(each, OVER, f"{longest} after it was {over.why}")


def _lateness(contact: Contact, over: Over, book: Book) -> timedelta:
    """How long after the end it was made; below zero: before, or in the same moment."""
    if over.own_time:
        return contact.at - over.since
    late = contact.wall - over.since
    return late if late >= book.overlap else timedelta(-1)


def broken_links(book: Book) -> Iterator[Violation]:
    """Decisions that were altered, put in or taken out."""
    before: Link | None = None
    for each in sorted(book.chain, key=lambda link: (link.account, link.seq)):
        if before is None or before.account != each.account:
            seq, previous = 1, ""
        else:
            seq, previous = before.seq + 1, before.hash
        before = each
        fault = _fault(each, seq, previous)
        if fault:
            by = f"decision {each.seq}: {fault}"
            yield CHAIN.broken((each.contact,), by, account=each.account)


def _fault(link: Link, seq: int, previous: str) -> str | None:
    if link.seq != seq:
        return f"number {seq} is missing"
    if link.previous != previous:
        return "it does not follow the one before"
    if link.told != link.hash:
        return "its text is not what was signed"
    return link.contradiction
