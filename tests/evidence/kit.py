"""A small account told in memory: a law of three rules, decisions by the real gate, a file."""

from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic_core import to_jsonable_python

from compliance import Allow, ContactRequest, Deny, PastContact, PersonFacts, Reason, decide
from compliance.laws import law_id, read_law, write_law
from compliance.packs import Pack, Packs
from domain.contacts import Channel, sms
from evidence import Export, Record, export
from storage import chain

ACCOUNT, PERSON = "acc_0123456789abcdef0123", "per_0123456789abcdef0123"
NOON = datetime(2026, 11, 3, 17, tzinfo=UTC)
"""12:00 in New York."""
DAY = timedelta(days=1)
LATER = datetime(2026, 12, 1, 9, tzinfo=UTC)

PACK = Pack.model_validate(
    {
        "id": "tiny",
        "title": "A law of three rules",
        "version": "2026.1",
        "effective_from": "2020-01-01",
        "rules": [
            {
                "id": "T-HOURS",
                "kind": "window",
                "spans": {"all": ["08:00-21:00"]},
                "says": "it is too early or too late",
                "cite": "Act 1 § 1",
                "force": "statute",
                "verified": "P",
            },
            {
                "id": "T-CAP",
                "kind": "cap",
                "max": 2,
                "days": 7,
                "says": "two in seven days are enough",
                "cite": "Act 1 § 2",
                "force": "statute",
                "verified": "P",
            },
            {
                "id": "T-STOP",
                "kind": "optout",
                "says": "the person opted out",
                "cite": "Act 1 § 3",
                "force": "statute",
                "verified": "P",
            },
        ],
    }
)
LAW = write_law(Packs([PACK]))
PACKS = read_law(LAW)


def at(moment: datetime) -> str:
    """An instant as lines have it."""
    return moment.isoformat()


def key(number: int) -> str:
    """The key of the account's n-th contact."""
    return f"account/acme/A1#{number}"


class Story:
    """An account to which things happen one after the other."""

    def __init__(self) -> None:
        self.decisions: list[dict[str, Any]] = []
        self.contacts: list[dict[str, Any]] = []
        self.past: list[PastContact] = []
        self.account: dict[str, Any] = {
            "account": ACCOUNT,
            "person": PERSON,
            "creditor": "acme",
            "currency": "USD",
            "due_on": "2026-10-01",
            "journey": "standard",
            "stage": "reminders",
            "closure": None,
            "closed_at": None,
            "recalled_at": None,
            "at": at(NOON),
            "recorded_at": at(NOON),
        }
        self.law = LAW

    def facts(self, **more: Any) -> PersonFacts:
        """The person, in New York, with the contacts so far."""
        usual = {"country": "US", "zones": ("America/New_York",), "contacts": tuple(self.past)}
        return PersonFacts.model_validate(usual | more)

    def ask(self, number: int, when: datetime, **facts: Any) -> Any:
        """Put a text message to the gate and write the verdict down; send it if it is allowed."""
        known = self.facts(**facts)
        verdict = decide(self.request, known, PACKS, when)
        self.rule(number, when, verdict, facts=known, balance=20_000, version=1)
        if isinstance(verdict, Allow):
            self.send(number, when)
        return verdict

    request = ContactRequest(account_id=ACCOUNT, channel=Channel.SMS)

    def sleep(self, number: int, when: datetime) -> None:
        """A wait that the account slept through: nothing but the verdict is on record."""
        verdict = decide(self.request, self.facts(), PACKS, when)
        self.rule(number, when, verdict, facts=None, balance=None, version=None)

    def refuse(self, number: int, when: datetime, *, balance: int, rule: str = "LAST-LOOK") -> None:
        """A refusal of the record itself."""
        reason = Reason(rule=rule, pack="record", says="nothing is owed", cite="house policy")
        facts = self.facts()
        self.rule(number, when, Deny(reasons=(reason,)), facts=facts, balance=balance, version=1)

    def rule(
        self,
        number: int,
        when: datetime,
        verdict: Any,
        *,
        facts: PersonFacts | None,
        balance: int | None,
        version: int | None,
    ) -> None:
        """Write a verdict as the next link of the chain."""
        seq = len(self.decisions) + 1
        previous = self.decisions[-1]["hash"] if self.decisions else chain.FIRST
        body = chain.body_of(
            {
                "contact": key(number),
                "account": ACCOUNT,
                "person": PERSON,
                "seq": seq,
                "at": at(when),
                "law": law_id(self.law),
                "request": self.request.model_dump(mode="json"),
                "message": to_jsonable_python(sms("nudge")),
                "verdict": verdict.model_dump(mode="json"),
                "zones": list(facts.zones) if facts else None,
                "facts": facts.model_dump(mode="json") if facts else None,
                "balance": balance,
                "version": version,
            }
        )
        self.decisions.append(
            {
                "seq": seq,
                "account": ACCOUNT,
                "person": PERSON,
                "contact": key(number),
                "channel": "sms",
                "verdict": verdict.kind,
                "rules": [reason.rule for reason in verdict.reasons],
                "until": at(verdict.until) if verdict.kind == "wait" else None,
                "law": law_id(self.law),
                "body": body,
                "previous": previous,
                "hash": chain.link(previous, body),
                "at": at(when),
                "recorded_at": at(when),
            }
        )

    def send(self, number: int, when: datetime, **more: Any) -> None:
        """A contact that left."""
        contact = {
            "key": key(number),
            "channel": "sms",
            "message": "nudge",
            "purpose": "demand",
            "status": "delivered",
            "inbound": False,
            "provider_id": f"SM{number}",
            "words": {"subject": None, "text": "Hallo <b>Zoë</b>, [link]", "html": None},
            "at": at(when),
            "recorded_at": at(when),
        }
        self.contacts.append(contact | more)
        self.past.append(
            PastContact(key=key(number), account_id=ACCOUNT, channel=Channel.SMS, at=when)
        )

    def record(self, **more: list[dict[str, Any]]) -> Record:
        """All of it, as bodies."""
        bodies = {
            "account": [self.account],
            "law": [{"id": law_id(self.law), "text": self.law, "in_force": [IN_FORCE]}],
            "decision": self.decisions,
            "contact": self.contacts,
            "movement": [OPENING],
        } | more
        listed = tuple((kind, body) for kind, each in bodies.items() for body in each)
        return Record(ACCOUNT, words=True, addresses=False, bodies=listed)

    def export(self, **more: list[dict[str, Any]]) -> Export:
        """The file."""
        return export(self.record(**more), exported_at=LATER, release="9.9.9")


IN_FORCE: dict[str, Any] = {"why": "a test", "recorded_at": at(NOON), "until": None}
"""Since when the law is in force."""

OPENING: dict[str, Any] = {
    "key": f"placed:{ACCOUNT}",
    "version": 1,
    "cause": "placement",
    "currency": "USD",
    "provider_ref": None,
    "entries": [
        {"book": "principal owed", "minor": 20_000},
        {"book": "placed by the creditor", "minor": -20_000},
    ],
    "recorded_at": at(NOON),
}


def usual() -> Story:
    """Sent, slept, sent, put off by the cap, refused after an opt-out."""
    story = Story()
    story.ask(1, NOON)
    story.sleep(2, NOON + 10 * DAY / 24)
    story.ask(2, NOON + DAY)
    story.ask(3, NOON + 2 * DAY)
    story.ask(3, NOON + 7 * DAY, opted_out=("sms",))
    return story
