"""What Twilio tells: how a text message fared, and what a consumer texted."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from activities.news import Told, Unreadable, lock_reached, opt_out
from activities.replying import take_reply
from domain.contacts import Channel, ContactStatus
from domain.events import ContactSettled
from domain.replies import Understood
from storage import contacts, people
from storage.tables import Account, ContactRow, InboxRow

STATUSES = {
    **dict.fromkeys(("accepted", "scheduled", "queued", "sending", "sent"), ContactStatus.SENT),
    **dict.fromkeys(("delivered", "read"), ContactStatus.DELIVERED),
    **dict.fromkeys(("undelivered", "failed", "canceled"), ContactStatus.UNDELIVERED),
}
DEAD_CODES = frozenset({"21211", "21614", "21635", "30005", "30006"})
"""Not a number, not a mobile number, a landline, unknown, a landline again."""
OPTED_OUT_CODE = "21610"
KEYWORDS = {"STOP": Understood.STOP, "START": Understood.START, "HELP": Understood.HELP}


def take_status(session: Session, row: InboxRow) -> list[Told]:
    """Write how a text message fared. `contact` came back from the address of the callback."""
    contact = contacts.by_key(session, _text(row.payload, "contact"))
    if contact is None:
        raise Unreadable("a status of a message that is no contact of ours")
    status = STATUSES.get(_text(row.payload, "MessageStatus"))
    if status is None:
        raise Unreadable("MessageStatus is none that we know of")
    lock_reached(session, contact)
    code = row.payload.get("ErrorCode") or None
    contacts.report(
        session,
        contact.key,
        status,
        provider_id=_text(row.payload, "MessageSid"),
        error_code=code,
    )
    return _of_the_number(session, row, contact, code) + undelivered(session, contact, status)


def _of_the_number(
    session: Session, row: InboxRow, contact: ContactRow, code: str | None
) -> list[Told]:
    """Keep what the error says of the number itself."""
    if code == OPTED_OUT_CODE:
        return opt_out(session, row, Channel.SMS, contact.address)
    if code in DEAD_CODES:
        people.note_address(
            session, Channel.SMS, contact.address, people.DEAD, source=row.id, at=row.recorded_at
        )
    return []


def undelivered(session: Session, contact: ContactRow, status: ContactStatus) -> list[Told]:
    """News for the account if its message did not arrive, and no later report says otherwise."""
    session.refresh(contact)
    if not status == contact.status == ContactStatus.UNDELIVERED:
        return []
    return [
        Told(
            session.get_one(Account, contact.account_id).workflow_id,
            ContactSettled(
                event_id=f"undelivered:{contact.key}",
                key=contact.key,
                channel=Channel(contact.channel),
                status=ContactStatus.UNDELIVERED,
            ),
        )
    ]


def take_text(session: Session, row: InboxRow) -> list[Told]:
    """Take in what a consumer texted. A keyword that Twilio names has been answered by Twilio."""
    kind = row.payload.get("OptOutType")
    return take_reply(
        session,
        row,
        Channel.SMS,
        _text(row.payload, "From"),
        row.payload.get("Body") or "",
        keyword=KEYWORDS.get(kind) if kind else None,
    )


def _text(payload: Mapping[str, object], name: str) -> str:
    value = payload.get(name)
    if not isinstance(value, str) or not value:
        raise Unreadable(f"{name} is missing")
    return value
