"""What SendGrid tells: how an e-mail fared, and what a consumer answered."""

import re
from email.utils import parseaddr

from sqlalchemy.orm import Session

from activities.news import Told, Unreadable, lock_reached, opt_out
from activities.replying import take_reply
from activities.twilio_events import undelivered
from domain.contacts import Channel, ContactStatus
from providers.sendgrid import message_id
from storage import contacts, people
from storage.tables import ContactRow, InboxRow

UNWANTED = frozenset({"unsubscribe", "group_unsubscribe", "spamreport"})
STATUSES = {
    "processed": ContactStatus.SENT,
    "delivered": ContactStatus.DELIVERED,
    "bounce": ContactStatus.UNDELIVERED,
    "dropped": ContactStatus.UNDELIVERED,
}
NO_NEWS = frozenset({"deferred", "open", "click", "group_resubscribe"})
"""Kept and left alone. An opened mail proves nothing: machines open mails too."""
DROPPED_FOR_WISH = ("unsubscribed", "spam reporting")
"""Beginnings of the reasons for which SendGrid drops a mail to somebody who does not want it."""
DROPPED_FOR_ADDRESS = ("bounced", "invalid address")
LONGEST = 20_000
"""Characters of a mail that are kept: more is a thread quoted many times over."""

QUOTED = (
    re.compile(r"^>"),
    re.compile(r"^On .{4,200} wrote:$", re.IGNORECASE),
    re.compile(r"^(في|بتاريخ) .{4,200}(كتب|كتبت).{0,200}:$"),
)
"""Lines that are ours: people answer above, below and between them."""
REST_IS_QUOTED = (
    re.compile(r"^-{2,} ?(original message|forwarded message)", re.IGNORECASE),
    re.compile(r"^_{10,}$"),
    re.compile(r"^(From|من): .+", re.IGNORECASE),
)
SIGNATURE = re.compile(r"^--$|^Sent from my ", re.IGNORECASE)


def take_event(session: Session, row: InboxRow) -> list[Told]:
    """Write how an e-mail fared, and what its recipient wishes."""
    kind = row.payload.get("event")
    contact = contacts.by_key(session, str(row.payload.get("contact") or ""))
    if kind in NO_NEWS:
        return []
    if contact is None:
        raise Unreadable("an event of a message that is no contact of ours")
    lock_reached(session, contact)
    if kind in UNWANTED:
        return opt_out(session, row, Channel.EMAIL, contact.address)
    status = STATUSES.get(str(kind))
    if status is None:
        raise Unreadable("event is none that we know of")
    return _reported(session, row, contact, status)


def _reported(
    session: Session, row: InboxRow, contact: ContactRow, status: ContactStatus
) -> list[Told]:
    contacts.report(
        session,
        contact.key,
        status,
        provider_id=message_id(str(row.payload.get("sg_message_id") or "")) or None,
        error_code=_code(row) if status is ContactStatus.UNDELIVERED else None,
    )
    reason = str(row.payload.get("reason") or "").lower()
    dropped = row.payload.get("event") == "dropped"
    if dropped and reason.startswith(DROPPED_FOR_WISH):
        news = opt_out(session, row, Channel.EMAIL, contact.address)
        return news + undelivered(session, contact, status)
    if _is_dead(row, reason):
        people.note_address(
            session, Channel.EMAIL, contact.address, people.DEAD, source=row.id, at=row.recorded_at
        )
    return undelivered(session, contact, status)


def _code(row: InboxRow) -> str:
    """A short code of why: never the reason's own words, which repeat the address."""
    return str(row.payload.get("status") or row.payload.get("type") or row.payload.get("event"))


def _is_dead(row: InboxRow, reason: str) -> bool:
    """Whether nothing can ever be delivered there. `blocked` passes; a hard bounce does not."""
    match row.payload.get("event"):
        case "bounce":
            return row.payload.get("type") != "blocked"
        case "dropped":
            return reason.startswith(DROPPED_FOR_ADDRESS)
        case _:
            return False


def take_mail(session: Session, row: InboxRow) -> list[Told]:
    """Take in what a consumer wrote by e-mail: what is kept is their own words, not our quote."""
    sender = parseaddr(str(row.payload.get("from") or ""))[1]
    if "@" not in sender:
        raise Unreadable("a mail without a sender")
    text = own_words(str(row.payload.get("text") or row.payload.get("subject") or ""))
    return take_reply(session, row, Channel.EMAIL, sender, text)


def own_words(text: str) -> str:
    """What the sender wrote: without what they quote, and without the signature."""
    own = []
    for line in text[:LONGEST].splitlines():
        bare = line.strip()
        if SIGNATURE.match(bare) or _matches(bare, REST_IS_QUOTED):
            break
        if not _matches(bare, QUOTED):
            own.append(line.rstrip())
    return "\n".join(own).strip()


def _matches(line: str, patterns: tuple[re.Pattern[str], ...]) -> bool:
    return any(pattern.match(line) for pattern in patterns)
