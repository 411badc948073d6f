"""A small law, and a book in which everything is right, for others to plant faults in."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from auditor.book import Book, Contact, Link, Milestone, Person, Profile, Send
from auditor.decisions import Row, link_of, read_text

NEW_YORK = "America/New_York"
LOS_ANGELES = "America/Los_Angeles"


def at(text: str, zone_name: str = NEW_YORK) -> datetime:
    """A wall-clock time, in New York unless another zone is named."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone_name)).astimezone(UTC)


def rule(name: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "kind": kind, "cite": f"s. {name}", "says": "", "force": "policy"} | more


def span(opens: str, closes: str) -> dict[str, str]:
    return {"opens": f"{opens}:00", "closes": f"{closes}:00"}


RULES = (
    rule("HOURS", "window", spans={"all": [span("08:00", "21:00")]}, unless_answering=True),
    rule(
        "HOLIDAY",
        "window",
        spans={"all": [span("00:00", "00:00")], "holiday": []},
        holidays=["XX"],
    ),
    rule("WISHES", "window", wishes=True),
    rule(
        "CALLS",
        "cap",
        max=3,
        days=7,
        channels=["voice"],
        counts={"channels": ["voice"], "count": "connected", "scope": "account"},
    ),
    rule("MAILS", "cap", max=2, days=7, channels=["email"], counts={"channels": ["email"]}),
    rule(
        "NUMBER",
        "cap",
        max=1,
        days=30,
        channels=["whatsapp"],
        counts={"channels": ["whatsapp"], "scope": "address"},
    ),
    rule(
        "MONTH",
        "cap",
        max=1,
        calendar="month",
        channels=["chat"],
        counts={"channels": ["chat"], "scope": "channel"},
    ),
    rule(
        "TALKED",
        "cooldown",
        after={"channels": ["voice"], "count": "conversation", "inbound": True, "scope": "account"},
        days=7,
        channels=["voice"],
    ),
    rule(
        "WAIT",
        "cooldown",
        after="written notice sent",
        days=5,
        first_day="next day",
        channels=["visit"],
    ),
    rule("CEASE", "hold", holds=["cease and desist"], once=["remedy notice"]),
    rule("SPACE", "hold", holds=["breathing space"], purposes=["demand"]),
    rule("PART", "content", purposes=["demand", "debit"], undisputed=True),
    rule("NO-DEBIT", "hold", holds=["bankruptcy"], purposes=["debit"]),
    rule(
        "TRIES",
        "cap",
        max=2,
        days=30,
        purposes=["debit"],
        counts={"channels": ["letter"], "purposes": ["debit"], "scope": "account"},
    ),
    rule(
        "WRITTEN",
        "require",
        purposes=["debit"],
        unless=[{"milestone": "credit card charged"}],
        all=[{"milestone": "written authorisation"}],
    ),
    rule("REFUSED", "optout"),
    rule("MACHINE", "optout", channels=["voice"], dials=["automatic"], reaches={"sms": ["voice"]}),
    rule("CONSENT", "require", channels=["sms"], any=[{"milestone": "consent", "direct": True}]),
    rule(
        "CHECK",
        "require",
        channels=["sms"],
        all=[{"milestone": "reassigned number checked", "within_days": 60}],
    ),
    rule("WORK", "place_channel", places=["work"]),
    rule("NO-VISIT", "place_channel", channels=["visit"], places=["home"]),
    rule("WAY", "place_channel", wishes=True),
    rule("DEAD", "place_channel", unreachable=True),
    rule("STOP-WORDS", "content", channels=["sms", "email"], must_have=["opt-out"]),
    rule("WHO", "content", channels=["sms", "email"], must_have=["from a debt collector"]),
    rule("NO-THREAT", "content", channels=["sms", "email"], must_not=["legal threat"]),
    rule(
        "NO-LINK",
        "content",
        purposes=["reply"],
        when=[{"hold": "breathing space"}],
        must_not=["payment link"],
    ),
)


def law(*rules: dict[str, Any], **pack: Any) -> dict[str, Any]:
    """A pack as laws are written."""
    return {
        "id": "pack",
        "version": "1",
        "title": "",
        "effective_from": "2026-01-01",
        "rules": list(rules),
    } | pack


LAW = json.dumps(
    {
        "packs": [law(*RULES)],
        "calendars": [
            {
                "id": "XX",
                "source": "",
                "first_year": 2026,
                "last_year": 2026,
                "days": {"2026-07-03": "a holiday"},
            }
        ],
    }
)
WORDS = "Hello from a debt collector.\nReply STOP to opt out."
PHONE, MAIL = "+12125550100", "one@example.test"


def contact(key: str, when: str, channel: str = "sms", **more: Any) -> Contact:
    """Something that we sent, as it should be."""
    zone_name = more.pop("zone_name", NEW_YORK)
    moment = at(when, zone_name)
    usual = {
        "account": "a",
        "address": MAIL if channel == "email" else PHONE,
        "text": None if channel == "voice" else WORDS,
        "currency": "USD",
        "demanded": 90_000,
        "owed": 90_000,
    }
    return Contact(key=key, channel=channel, at=moment, wall=moment, **(usual | more))


def debit(key: str, when: str, **more: Any) -> Contact:
    """A try at taking money, as it should be."""
    usual = {"purpose": "debit", "status": "unknown", "address": "", "text": None}
    return contact(key, when, "letter", **(usual | {"demanded": 30_000} | more))


def milestone(kind: str, when: str, **more: Any) -> Milestone:
    return Milestone(kind, at(when), at(when), **more)


def person(**more: Any) -> Person:
    """Somebody in New York who agreed to texts, and whom we contacted as we may."""
    usual: dict[str, Any] = {
        "profiles": [Profile(zones=(NEW_YORK,), country="US")],
        "milestones": [
            milestone("consent", "2026-05-20 12:00", channels=frozenset({"sms"})),
            milestone("reassigned number checked", "2026-05-20 12:00"),
            milestone("written authorisation", "2026-05-20 12:00"),
        ],
        "contacts": [
            contact("sms 1", "2026-06-01 08:00"),
            contact("mail 1", "2026-06-01 20:59"),
            contact("call 1", "2026-06-02 10:00", "voice", status="no answer"),
            contact("call 2", "2026-06-03 10:00", "voice", status="busy"),
            contact("call 3", "2026-06-04 10:00", "voice", status="voicemail"),
            contact("mail 2", "2026-06-05 10:00", "email"),
            contact("text 1", "2026-06-06 10:00", "whatsapp"),
            contact("chat 1", "2026-06-01 10:00", "chat"),
        ],
    }
    return Person("one", "alpha", "Alpha Bank", **(usual | more))


def chain(*contacts: Contact) -> list[Row]:
    """The decisions that allowed them, tied together."""
    rows, before = list[Row](), ""
    for seq, each in enumerate(contacts, 1):
        body = json.dumps(
            {
                "account": "a",
                "seq": seq,
                "contact": each.key,
                "verdict": {"kind": "allow"},
                "law": "law_1",
            }
        )
        told = hashlib.sha256((before + body).encode()).hexdigest()
        rows.append(Row("a", seq, each.key, "allow", "law_1", body, before, told, each.wall))
        before = told
    return rows


def linked(*rows: Row) -> list[Link]:
    """The links that rows are."""
    return [link_of(row, read_text(row.body)) for row in rows]


def clean_book() -> Book:
    """A book in which everything is right."""
    one = person()
    return Book(
        laws={"law_1": LAW},
        law_changes=[(None, "law_1")],
        people=[one],
        sends=[
            Send(f"provider {each.key}", each.channel, each.address, each.text, each.at, each.key)
            for each in one.contacts
            if each.text is not None
        ],
        chain=linked(*chain(*one.contacts)),
    )


def sent(book: Book, extra: Contact) -> None:
    """Add a contact, which the provider got like the others."""
    book.people[0].contacts = [*book.people[0].contacts, extra]
    if extra.text is not None:
        got = Send(
            f"provider {extra.key}", extra.channel, extra.address, extra.text, extra.at, extra.key
        )
        book.sends = [*(book.sends or ()), got]
