"""What our own books must show, whatever the law: every send decided, once, before the end."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from auditor.book import Book, Contact, Link, Over, Send
from auditor.case import NOTHING_LEFT
from auditor.violations import HouseRule, Violation

UNRECORDED = HouseRule("AUDIT-UNRECORDED", "nothing leaves that the record does not have")
UNDECIDED = HouseRule("AUDIT-UNDECIDED", "nothing leaves that the gate has not allowed")
TWICE = HouseRule("AUDIT-TWICE", "a contact is sent once")
ADDRESS = HouseRule("AUDIT-ADDRESS", "a message goes where it was meant to go")
OVER = HouseRule("AUDIT-OVER", "nothing is asked for once an account is over")
CHAIN = HouseRule("AUDIT-CHAIN", "decisions are never changed")
HOUSE_RULES = frozenset(each.id for each in (UNRECORDED, UNDECIDED, TWICE, ADDRESS, OVER, CHAIN))

ASKING = frozenset({"demand", "debit"})
"""Purposes for which nothing may leave once an account is over."""


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
            yield _of(each, UNDECIDED, f"{each.channel} left")


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
