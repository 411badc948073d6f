import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select

from activities.replying import OF_NOBODY
from domain.events import MessageReceived, OptedOut
from storage.tables import InboxRow, Reply
from tests.api.record import (
    NOW,
    STRANGE,
    books,
    contact,
    placement,
    record,
    sendgrid_signed,
    status_of,
    stripe_event,
    stripe_signed,
    twilio_signed,
)
from tests.api.test_accounts import problem

pytestmark = pytest.mark.stack

TEXT = {"MessageSid": "SM1", "From": "+12125550001", "Body": "hello there", "ToCity": ""}
FORM = "multipart/form-data; boundary=line"


def inbox(database):
    with database.transaction() as session:
        return list(session.scalars(select(InboxRow).order_by(InboxRow.id)))


def multipart(**fields):
    parts = [
        b'--line\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
        % (name.encode(), value if isinstance(value, bytes) else value.encode())
        for name, value in fields.items()
    ]
    return b"".join(parts) + b"--line--\r\n"


def paid(placed, minor=8_000):
    intent = {
        "id": "pi_1",
        "object": "payment_intent",
        "status": "succeeded",
        "amount": minor,
        "amount_received": minor,
        "currency": "usd",
        "metadata": {"account_id": placed.account_id},
    }
    return stripe_event("payment_intent.succeeded", intent)


class TestForgeries:
    @pytest.mark.parametrize(
        ("path", "request_"),
        [
            ("/webhooks/twilio/messages", {"data": TEXT}),
            (
                "/webhooks/twilio/messages",
                twilio_signed("/webhooks/twilio/messages", TEXT, token="x"),
            ),
            ("/webhooks/twilio/messages", twilio_signed("/webhooks/twilio/status", TEXT)),
            (
                "/webhooks/twilio/status?contact=b",
                twilio_signed("/webhooks/twilio/status?contact=a", TEXT),
            ),
            ("/webhooks/sendgrid/events", {"content": b"[]"}),
            (
                "/webhooks/sendgrid/events",
                sendgrid_signed(b"[]", key=ec.generate_private_key(ec.SECP256R1())),
            ),
            ("/webhooks/sendgrid/events", sendgrid_signed(b"[]", at=NOW.replace(hour=1))),
            ("/webhooks/sendgrid/events", sendgrid_signed(b"[]") | {"content": b"[ ]"}),
            ("/webhooks/sendgrid/inbound", {"data": {"from": "a@b.c", "text": "x"}}),
            ("/webhooks/stripe", {"content": b"{}"}),
            ("/webhooks/stripe", {"content": b"\xff", "headers": {"stripe-signature": "t=1,v1=a"}}),
            ("/webhooks/stripe", stripe_signed({"id": "evt_1"}, secret="whsec_other")),
        ],
    )
    def test_a_forged_webhook_is_refused_and_leaves_no_trace(
        self, public, database, path, request_
    ):
        problem(public.post(path, **request_), 403, "forged")
        assert inbox(database) == []

    @pytest.mark.parametrize("signature", ["", "not base64 !", "AAAA"])
    def test_a_broken_signature_is_a_forgery_and_no_mistake_of_ours(self, public, signature):
        signed = sendgrid_signed(b"[]")
        signed["headers"]["x-twilio-email-event-webhook-signature"] = signature
        problem(public.post("/webhooks/sendgrid/events", **signed), 403, "forged")


class TestTwilio:
    def test_a_status_finds_its_contact_by_the_address_it_was_sent_to(self, public, database):
        placed = placement()
        record(database, placed)
        contact(database, placed, "account/acme/A1#3")
        path = "/webhooks/twilio/status?contact=account%2Facme%2FA1%233"
        signed = twilio_signed(path, {"MessageSid": "SM1", "MessageStatus": "delivered"})
        assert public.post(path, **signed).status_code == 204
        assert status_of(database, "account/acme/A1#3") == "delivered"

    def test_a_text_is_answered_with_silence(self, public, database, door, logged):
        placed = placement()
        target = record(database, placed)
        form = TEXT | {"From": placed.consumer.phone}
        for _ in range(2):
            answer = public.post(
                "/webhooks/twilio/messages", **twilio_signed("/webhooks/twilio/messages", form)
            )
            assert (answer.status_code, answer.headers["content-type"]) == (
                200,
                "text/xml; charset=utf-8",
            )
        assert door.told == [(target, MessageReceived(event_id="twilio-message:SM1"))]
        assert "hello there" not in logged()
        assert placed.consumer.phone not in logged()

    def test_characters_that_postgres_cannot_keep_are_replaced(self, public, database):
        form = TEXT | {"Body": "a\x00b"}
        signed = twilio_signed("/webhooks/twilio/messages", form)
        assert public.post("/webhooks/twilio/messages", **signed).status_code == 200
        with database.transaction() as session:
            assert session.scalars(select(Reply.words)).one() == "a\ufffdb"


class TestSendGrid:
    def event(self, kind, number, **more):
        return {"event": kind, "sg_event_id": f"e{number}", "contact": "c#1"} | more

    def test_a_batch_is_taken_as_a_whole_whatever_is_in_it(self, public, database, door):
        placed = placement()
        record(database, placed)
        contact(database, placed, channel="email")
        batch = [
            self.event("processed", 1),
            self.event("delivered", 2),
            self.event("unsubscribe", 3),
            self.event("open", 4),
            self.event("abducted", 5),
            {"event": "delivered", "contact": "nobody's"},
            "nonsense",
        ]
        raw = json.dumps(batch).encode() + b"\r\n"
        for _ in range(2):
            answer = public.post("/webhooks/sendgrid/events", **sendgrid_signed(raw))
            assert answer.status_code == 204
        assert status_of(database) == "delivered"
        rows = inbox(database)
        assert len(rows) == 7
        assert all(row.applied_at for row in rows)
        assert sum(row.failure is not None for row in rows) == 3
        assert [type(event) for event in door.heard()] == [OptedOut]

    def test_a_body_that_is_signed_and_no_json_is_let_go(self, public, logged):
        answer = public.post("/webhooks/sendgrid/events", **sendgrid_signed(b"{"))
        assert answer.status_code == 204
        assert "webhook.unreadable" in logged()

    def mail(self, public, **fields):
        signed = sendgrid_signed(multipart(**fields), content_type=FORM)
        return public.post("/webhooks/sendgrid/inbound", **signed)

    def test_an_answer_by_mail_is_taken_once(self, public, database, door, logged):
        placed = placement()
        target = record(database, placed)
        fields = {
            "headers": "From: x\nMessage-ID: <1@x>\n",
            "from": f"Jo <{placed.consumer.email}>",
            "text": "I want instalments\n\n> STOP",
        }
        for _ in range(2):
            assert self.mail(public, **fields).status_code == 204
        [(told, event)] = door.told
        assert (told, event.kind) == (target, "plan_requested")
        assert placed.consumer.email not in logged()

    def test_a_mail_in_another_character_set_is_read(self, public, database):
        placed = placement()
        record(database, placed)
        self.mail(
            public,
            **{
                "from": placed.consumer.email,
                "text": "ليس ديني".encode("windows-1256"),
                "charsets": '{"text": "windows-1256"}',
            },
        )
        with database.transaction() as session:
            reply = session.scalars(select(Reply)).one()
        assert (reply.words, reply.understood) == ("ليس ديني", "dispute")

    def test_a_mail_of_html_alone_is_read(self, public, database):
        placed = placement()
        record(database, placed)
        html = "<style>p{}</style><p>I have <b>already paid</b></p>"
        self.mail(public, **{"from": placed.consumer.email, "html": html})
        with database.transaction() as session:
            assert session.scalars(select(Reply.understood)).one() == "paid"

    def test_a_stop_in_a_mail_of_html_alone_is_heard_and_our_own_quoted_words_are_not(
        self, public, database
    ):
        placed = placement()
        record(database, placed)
        quoted = "<blockquote>I dispute this. Call me. Reply STOP</blockquote>"
        html = f"<div>STOP</div><div>Jo Smith</div><div>Sent from my iPhone</div>{quoted}"
        self.mail(public, **{"from": placed.consumer.email, "html": html})
        with database.transaction() as session:
            reply = session.scalars(select(Reply)).one()
        assert (reply.words, reply.understood) == ("STOP\nJo Smith", "stop, message")

    def test_what_nobody_on_record_wrote_is_set_aside_with_the_reason(self, public, database):
        mail = {"from": "stranger@example.com", "text": "who are you?"}
        assert self.mail(public, **mail).status_code == 204
        (row,) = inbox(database)
        assert (row.failure, row.applied_at is not None) == (OF_NOBODY, True)

    def test_a_mail_from_nobody_is_set_aside(self, public, database):
        assert self.mail(public, text="hello").status_code == 204
        assert inbox(database)[0].failure == "a mail without a sender"


class TestStripe:
    def test_a_payment_is_booked_before_it_is_answered(self, public, database, door):
        placed = placement()
        record(database, placed)
        answer = public.post("/webhooks/stripe", **stripe_signed(paid(placed)))
        assert answer.status_code == 204
        assert books(database, placed)[0] == 12_000
        assert [event.balance for event in door.heard()] == [12_000]
        assert inbox(database)[0].applied_at is not None

    def test_what_cannot_be_told_is_answered_with_an_error_and_stays(
        self, public, database, door, logged
    ):
        placed = placement()
        record(database, placed)
        door.failure = ConnectionError(f"{placed.consumer.phone}")
        answer = public.post("/webhooks/stripe", **stripe_signed(paid(placed)))
        problem(answer, 503, "not-now")
        assert inbox(database)[0].applied_at is None
        assert placed.consumer.phone not in logged()
        door.failure = None
        answer = public.post("/webhooks/stripe", **stripe_signed(paid(placed)))
        assert answer.status_code == 204
        assert books(database, placed)[0] == 12_000

    @pytest.mark.parametrize(
        ("down", "status", "failure"),
        [
            (False, 204, "not a payment of ours"),
            (True, 503, "nothing on record belongs to this payment yet"),
        ],
    )
    def test_a_refund_waits_for_its_payment_unless_stripe_says_that_it_is_nobodys(
        self, public, database, down, status, failure
    ):
        public.app_services.stripe.down = down
        refund = {"id": "re_1", "object": "refund", "payment_intent": STRANGE}
        event = stripe_event("refund.created", refund | {"amount": 500, "currency": "usd"})
        answer = public.post("/webhooks/stripe", **stripe_signed(event))

        assert (answer.status_code, inbox(database)[0].failure) == (status, failure)

    @pytest.mark.parametrize("body", ['{"id": "evt_1"}', "[]", "{", '{"id": {}, "x": NaN}'])
    def test_what_is_signed_and_no_event_is_set_aside(self, public, database, body):
        assert public.post("/webhooks/stripe", **stripe_signed(body)).status_code == 204
        [row] = inbox(database)
        assert row.applied_at is not None
        assert row.failure

    def test_other_events_are_kept_and_left_alone(self, public, database, door):
        event = stripe_event("customer.created", {"id": "cus_1", "object": "customer"})
        assert public.post("/webhooks/stripe", **stripe_signed(event)).status_code == 204
        assert inbox(database)[0].failure is None
        assert door.told == []
