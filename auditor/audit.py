"""The audit itself: every contact against every rule that bound it when it was made."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from auditor.book import Book, Contact, Person, Profile
from auditor.books import (
    HOUSE_RULES,
    after_the_end,
    broken_links,
    by_another_law,
    joined,
    too_much,
    undecided,
)
from auditor.breaches import KINDS, Breach
from auditor.case import DEBIT, NOTHING_LEFT, Case, Story
from auditor.hearing import unheard
from auditor.law import Law, Rule
from auditor.violations import Violation

_LONG_AGO = datetime(1900, 1, 1, tzinfo=UTC)


class AuditError(ValueError):
    """A book that cannot be judged; says what it lacks."""


@dataclass(frozen=True)
class Report:
    """What an audit found."""

    sends: int
    """Contacts that we began and that left, with messages that no contact explains."""
    rules: int
    """How many different rules were held against some contact."""
    violations: tuple[Violation, ...]
    debits: int = 0
    """Attempts to take money from somebody who was not present."""
    unasked: int = 0
    """Calls among the sends about which nobody asked the gate."""

    def __str__(self) -> str:
        told = [f"{self.sends:,} sends"]
        told += [f"{self.debits:,} debits"] if self.debits else []
        told += [f"{self.unasked:,} calls without a permit"] if self.unasked else []
        told += [f"{self.rules} rules", f"{len(self.violations):,} violations"]
        return ", ".join(told)


def audit(book: Book) -> Report:
    """Hold everything that was sent against the law of its time, and against our own books."""
    contacts, mismatches = joined(book)
    found = [*mismatches, *undecided(book, contacts), *after_the_end(book, contacts)]
    found += [*broken_links(book), *too_much(contacts), *unheard(book)]
    strays = list(by_another_law(book, contacts))
    found += strays
    scan = _Scan(book, {key for each in strays for key in each.sends})
    for person in book.people:
        found += scan.judged(person)
    unknown = sum(send.key not in contacts for send in book.sends or ())
    found.sort(key=lambda each: (each.at or _LONG_AGO, each.rule, each.sends))
    return Report(
        sends=scan.sends + unknown,
        rules=len(scan.asked | HOUSE_RULES),
        violations=tuple(found),
        debits=scan.debits,
        unasked=scan.unasked,
    )


class _Scan:
    """The walk over all people; laws are read once.

    Of `strays` some decision went by a law that was not in force: they are judged by the one that
    was.
    """

    def __init__(self, book: Book, strays: set[str]) -> None:
        self._book = book
        self._strays = strays
        self._laws: dict[str, Law] = {}
        self._changes = [at or _LONG_AGO for at, _ in book.law_changes]
        self._got = {send.key for send in book.sends or ()}
        self.sends = self.debits = self.unasked = 0

    @property
    def asked(self) -> set[str]:
        """Rules that were held against some contact."""
        return set().union(*(law.spoken for law in self._laws.values()))

    def judged(self, person: Person) -> Iterator[Violation]:
        """Every violation among a person's contacts."""
        for each in person.contacts:
            if each.status in NOTHING_LEFT and each.key in self._got:
                each.status = "unknown"  # the provider has it, whatever the record says
        story = Story(person, self._book.overlap)
        for index, contact in enumerate(story.contacts):
            if not contact.inbound:
                self._count(contact)
                yield from self._held_against_rules(story, index, contact)

    def _count(self, contact: Contact) -> None:
        if contact.purpose == DEBIT:
            self.debits += 1
        else:
            self.sends += 1
            self.unasked += contact.unasked

    def _held_against_rules(
        self, story: Story, index: int, contact: Contact
    ) -> Iterator[Violation]:
        profile = story.profile(contact.wall)
        if profile is None:
            raise AuditError(f"contact {contact.key}: nothing is known of the person at its time")
        case = Case(story, index, profile, self._law(contact))
        for rule in self._rules(case, profile, contact):
            if (rule.when or rule.unless or rule.unless_answering) and not case.speaks(rule):
                continue
            breach = KINDS[rule.kind](rule, case)
            if breach is not None:
                yield _violation(rule, contact, breach)

    def _rules(self, case: Case, profile: Profile, contact: Contact) -> tuple[Rule, ...]:
        asked = (
            contact.channel,
            contact.purpose,
            contact.place,
            contact.recipient,
            contact.dial,
        )
        return case.law.binding(profile, case.story.person.creditor, asked, case.today)

    def _law(self, contact: Contact) -> Law:
        name = contact.law
        if name is None or contact.key in self._strays:
            number = bisect_right(self._changes, contact.wall)
            if not number:
                raise AuditError(f"contact {contact.key}: no law was in force at its time")
            name = self._book.law_changes[number - 1][1]
        found = self._laws.get(name)
        if found is None:
            if name not in self._book.laws:
                raise AuditError(f"contact {contact.key}: the record has no law {name}")
            found = self._laws[name] = Law(self._book.laws[name])
        return found


def _violation(rule: Rule, contact: Contact, breach: Breach) -> Violation:
    return Violation(
        rule=rule.id,
        pack=rule.pack,
        cite=rule.cite,
        says=rule.says,
        account=contact.account,
        sends=(contact.key, *breach.others),
        at=contact.at,
        by=breach.by,
    )
