"""A person texts: the inbound webhook, and the keywords Advanced Opt-Out answers itself."""

import secrets
from urllib.parse import urlencode

from sandbox import clock, messages
from sandbox.messages import Message
from sandbox.personas import forget_persona, persona_of
from sandbox.segments import segments
from sandbox.twilio_resource import API_VERSION
from sandbox.webhooks import FORM, Delivery, enqueue
from sandbox.world import World

WEBHOOK = "/webhooks/twilio/messages"
KEYWORDS = {
    "STOP": {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "OPTOUT", "REVOKE"},
    "START": {"START", "UNSTOP", "YES"},
    "HELP": {"HELP", "INFO"},
}
CONFIRMATIONS = {
    "STOP": "You have been unsubscribed and will receive no further messages. Reply START to"
    " resubscribe.",
    "START": "You have been resubscribed and will receive messages again. Reply HELP for help,"
    " STOP to unsubscribe.",
    "HELP": "Reply STOP to unsubscribe. Message and data rates may apply.",
}


def receive(world: World, sender: str, body: str) -> str:
    """Take a person's text, tell the app of it, and return its id."""
    with world.store.transaction():
        message = Message(
            provider="twilio",
            id="SM" + secrets.token_hex(16),
            direction="inbound",
            sender=sender,
            recipient=world.credentials.from_number,
            status="received",
            text=body,
            service=world.credentials.messaging_service,
        )
        messages.write(world.store, message)
        keyword = opt_out_type(body)
        _tell(world, message, keyword)
        if keyword is not None:
            _obey(world, sender, keyword)
    return message.id


def opt_out_type(body: str) -> str | None:
    """Return what Twilio takes a text for; only the bare keyword counts, in any case."""
    word = body.strip().upper()
    return next((kind for kind, words in KEYWORDS.items() if word in words), None)


def _obey(world: World, number: str, keyword: str) -> None:
    listed = world.store.row("SELECT 1 FROM opted_out WHERE number = ?", number) is not None
    if keyword == "STOP" and not listed:
        world.store.run("INSERT INTO opted_out VALUES (?, ?)", number, clock.seconds())
    if keyword == "START":
        world.store.run("DELETE FROM opted_out WHERE number = ?", number)
        if persona_of(world.store, number).kind == "unsubscribed":
            forget_persona(world.store, number)
    # Twilio confirms a STOP once: a second one from the same number stays unanswered.
    if not (keyword == "STOP" and listed):
        _confirm(world, number, CONFIRMATIONS[keyword])


def _confirm(world: World, number: str, text: str) -> None:
    confirmation = Message(
        provider="twilio",
        id="SM" + secrets.token_hex(16),
        direction="outbound-reply",
        sender=world.credentials.from_number,
        recipient=number,
        status="delivered",
        text=text,
        service=world.credentials.messaging_service,
        own=True,
    )
    messages.write(world.store, confirmation)


def _tell(world: World, message: Message, keyword: str | None) -> None:
    fields = {
        "MessageSid": message.id,
        "SmsSid": message.id,
        "SmsMessageSid": message.id,
        "AccountSid": world.credentials.twilio_account,
        "MessagingServiceSid": world.credentials.messaging_service,
        "From": message.sender,
        "To": message.recipient,
        "Body": message.text,
        "NumMedia": "0",
        "NumSegments": str(segments(message.text)),
        "SmsStatus": "received",
        "ApiVersion": API_VERSION,
    }
    places = [
        side + part for side in ("From", "To") for part in ("Country", "State", "City", "Zip")
    ]
    # Twilio sends what it does not know as blanks, and signs them.
    fields |= dict.fromkeys(places, "") | {"FromCountry": "US", "ToCountry": "US"}
    if keyword is not None:
        fields["OptOutType"] = keyword
    delivery = Delivery(
        provider="twilio",
        topic="inbound",
        url=world.hook(WEBHOOK),
        body=urlencode(fields).encode(),
        content_type=FORM,
        line=message.sender,
    )
    enqueue(world.store, delivery)
