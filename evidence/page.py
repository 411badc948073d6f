"""The same evidence as a page for people: the account's story, decision by decision."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from compliance import Allow
from domain.ledger import OWED
from domain.money import Money
from evidence.checking import check
from evidence.content import decisions_of, entries_of
from evidence.deciding import Decided
from evidence.faults import File, read_file
from evidence.lines import HEADER, Body
from evidence.telling import asked_in_words, facts_in_words, moment, verdict_in_words

templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
templates.globals |= {
    "verdict_in_words": verdict_in_words,
    "asked_in_words": asked_in_words,
    "facts_in_words": facts_in_words,
    "moment": moment,
}


SHOWN = "account exported_at release laws currency due_on journey closure recalled_at"
NOTHING: Body = dict.fromkeys(SHOWN.split())
"""What the page shows of header and account, for a file in which they cannot be read."""


@dataclass(frozen=True)
class Entry:
    """One thing that happened, where it stands in the file."""

    line: int
    body: Body
    title: str = ""
    detail: str = ""
    words: str = ""
    decided: Decided | None = None
    contact: "Entry | None" = None
    """What came of an Allow."""

    @property
    def recorded_at(self) -> str:
        """When it was recorded, to be sorted by."""
        return str(self.body.get("recorded_at") or "")

    @property
    def when(self) -> str:
        """The account's time, or the wall's where that alone is known."""
        written = str(self.body.get("at") or self.recorded_at)
        try:
            return moment(datetime.fromisoformat(written))
        except ValueError:
            return written


def page(data: bytes) -> str:
    """A file of evidence as one page of HTML that needs nothing else, with what a check found."""
    file = read_file(data)
    accounts = [body for _, body in file.of("account")]
    account = NOTHING | (accounts[0] if accounts else {})
    currency = str(account.get("currency") or "")
    headers = [body for _, body in file.of(HEADER)]
    return templates.get_template("story.html").render(
        report=check(data),
        header=NOTHING | (headers[0] if headers else {}),
        account=account,
        currency=currency,
        entries=_story(file, currency),
    )


def _story(file: File, currency: str) -> list[Entry]:
    """Everything in the order in which it was recorded; a contact stands with its decision."""
    contacts = {str(body.get("key")): (at, body) for at, body in file.of("contact")}
    entries = [*_decisions(file, contacts), *_told(file, currency)]
    return sorted(entries, key=lambda each: (each.recorded_at, each.line))


def _decisions(file: File, contacts: dict[str, tuple[int, Body]]) -> Iterator[Entry]:
    """Decisions, the last Allow of a contact with the contact; then the contacts without one."""
    decisions = decisions_of(file)
    last = {each.contact: at for at, each in decisions.items() if isinstance(each.verdict, Allow)}
    for at, decided in decisions.items():
        found = contacts.get(decided.contact) if last.get(decided.contact) == at else None
        yield Entry(at, file.lines[at].body, decided=decided, contact=found and _contact(*found))
    for key, (at, body) in contacts.items():
        if key not in last:
            yield _contact(at, body)


def _contact(at: int, body: Body) -> Entry:
    who = "from the person" if body.get("inbound") else "to the person"
    title = f"{body.get('channel')} {body.get('message')} {who}: {body.get('status')}"
    provider = f"the provider calls it {body['provider_id']}" if body.get("provider_id") else ""
    return Entry(at, body, title, provider, _words(body.get("words")))


def _words(words: object) -> str:
    """The words of a message as text: its HTML says the same."""
    if isinstance(words, dict):
        return "\n\n".join(str(words[name]) for name in ("subject", "text") if words.get(name))
    return str(words or "")


def _told(file: File, currency: str) -> Iterator[Entry]:
    """What was heard, booked and noted between decisions."""
    for at, line in file.lines.items():
        body = line.body
        match line.kind:
            case "hold":
                yield from _stood(at, body, f"Hold: {body.get('hold')}", str(body.get("reason")))
            case "opt-out":
                medium = body.get("channel") or "every channel"
                whose = f"The {body.get('of')}: {body.get('fact')}, {medium}"
                yield from _stood(at, body, whose, f"source {body.get('source')}")
            case "milestone":
                channels = ", ".join(map(str, body.get("channels") or ()))
                yield Entry(at, body, f"On record: {body.get('kind')}", channels)
            case "reply":
                title = f"{body.get('channel')} from the person, understood as"
                yield Entry(
                    at, body, f"{title}: {body.get('understood')}", words=_words(body.get("words"))
                )
            case "movement":
                yield Entry(at, body, f"Money: {body.get('cause')}", _moved(body, currency))
            case "journal" if not _said_elsewhere(body):
                yield Entry(at, body, f"Noted: {body.get('what')}", _detail(body.get("detail")))


def _stood(at: int, body: Body, title: str, detail: str) -> Iterator[Entry]:
    """Something that stands from one moment to another."""
    yield Entry(at, body, title, detail)
    if body.get("lifted_at"):
        yield Entry(at, {"recorded_at": body["lifted_at"]}, f"{title}: lifted")


def _moved(body: Body, currency: str) -> str:
    owed = sum(minor for book, minor in entries_of(body) if book in OWED)
    return f"{Money(minor=owed, currency=currency)} on what is owed" if currency else str(owed)


def _said_elsewhere(body: Body) -> bool:
    """Whether another line of the file says the same as this line of the journal."""
    detail = body.get("detail")
    about_contact = isinstance(detail, dict) and "contact" in detail
    return about_contact or str(body.get("what")).startswith("hold ")


def _detail(detail: object) -> str:
    if not isinstance(detail, dict):
        return ""
    return ", ".join(f"{name} {value}" for name, value in sorted(detail.items()) if value)
