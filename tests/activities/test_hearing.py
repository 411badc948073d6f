import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, update
from sqlalchemy import text as sql

from activities.hearing import hear
from activities.sendgrid_events import own_words
from domain.accounts import Closure, Hold
from domain.contacts import Channel
from domain.contracts import Contract, CostTerms, InterestTerms
from domain.events import (
    BalanceChanged,
    CardStored,
    ContactSettled,
    HoldPlaced,
    InstalmentFailed,
    MessageReceived,
    OptedIn,
    OptedOut,
    PaymentReversed,
    PlanAccepted,
    PlanRequested,
    PromiseToPay,
    Response,
)
from domain.orders import Charge, ChargeStatus
from domain.plans import monthly
from domain.time import add_months, days
from providers.charges import PageEnd
from storage import accounts, contracts, inbox, payments, people, plans
from storage.session import lock_person
from storage.tables import ChargeRow, ContactRow, InboxRow, MilestoneRow, Person, Reply, Task
from tests.api.record import (
    NOW,
    FakeStripe,
    books,
    contact,
    placement,
    record,
    status_of,
    stripe_event,
    usd,
)
from workflows.reopening import leg_of

pytestmark = pytest.mark.stack


def store(database, provider, event_id, payload):
    with database.transaction() as session:
        row = inbox.store(session, provider, event_id, "topic", payload)
        # Stored on the day on which the tests play.
        session.execute(update(InboxRow).where(InboxRow.id == row.id).values(recorded_at=NOW))
        return row.id


def take(database, door, provider, event_id, payload, stripe=None):  # noqa: PLR0917
    """Store an event and hear it; gives why it was set aside, if it was."""
    row = store(database, provider, event_id, payload)
    return asyncio.run(hear(database, door, stripe or FakeStripe(), row))


def text(database, door, sender, words, event_id="SM1", **more):
    payload = {"MessageSid": event_id, "From": sender, "Body": words} | more
    return take(database, door, "twilio-message", event_id, payload)


def mail(database, door, sender, words, event_id="mail1"):
    return take(database, door, "sendgrid-mail", event_id, {"from": sender, "text": words})


def rows(database, kind):
    with database.transaction() as session:
        return list(session.scalars(select(kind)))


def noted(database, channel, where, fact):
    with database.transaction() as session:
        return people.is_noted(session, channel, where, fact)


class TestTexts:
    def test_stop_opts_out_everybody_who_shares_the_number(self, database, door):
        phone = "+12125559001"
        family = [placement(consumer={"phone": phone}) for _ in range(3)]
        targets = {record(database, each) for each in family}
        record(database, placement())
        text(database, door, phone, "STOP", OptOutType="STOP")
        assert {target for target, _ in door.told} == targets
        assert all(
            event == OptedOut(event_id=event.event_id, channel="sms") for event in door.heard()
        )
        assert noted(database, Channel.SMS, phone, people.OPTED_OUT)

    def test_start_lifts_the_wish_and_yes_means_it_only_after_a_stop(self, database, door):
        placed = placement()
        record(database, placed)
        phone = placed.consumer.phone
        text(database, door, phone, "yes", "SM1")
        text(database, door, phone, "stop", "SM2")
        text(database, door, phone, "yes", "SM3")
        kinds = [type(event) for event in door.heard()]
        assert kinds == [MessageReceived, OptedOut, OptedIn]
        assert not noted(database, Channel.SMS, phone, people.OPTED_OUT)

    def test_words_go_to_the_account_contacted_last(self, database, door):
        first, second = placement(), placement()
        second = second.model_copy(update={"consumer": first.consumer})
        record(database, first)
        target = record(database, second)
        contact(database, first, "a#1")
        contact(database, second, "b#1")
        text(database, door, first.consumer.phone, "plan")
        assert door.told == [(target, PlanRequested(event_id="twilio-message:SM1"))]

    def test_a_promise_is_read_by_the_accounts_own_present(self, database, door):
        placed = placement()
        record(database, placed)
        ahead = add_months(NOW.date(), 3)
        contact(database, placed, at=NOW.replace(year=ahead.year, month=ahead.month))
        text(database, door, placed.consumer.phone, "will pay on 1 March", "SM1")
        [promise] = door.heard()
        assert isinstance(promise, PromiseToPay)
        assert promise.due.isoformat() == "2027-03-01"

    def test_a_dispute_stops_one_account_and_death_stops_them_all(self, database, door):
        first = placement()
        second = placement().model_copy(update={"consumer": first.consumer})
        targets = [record(database, each) for each in (first, second)]
        contact(database, first)
        text(database, door, first.consumer.phone, "this is not my debt", "SM1")
        assert [target for target, _ in door.told] == targets[:1]
        text(database, door, first.consumer.phone, "he died", "SM2")
        assert {target for target, _ in door.told[1:]} == set(targets)
        with database.transaction() as session:
            standing = people.standing_holds(session, first.account_id)
        assert set(standing) == {Hold.DISPUTE, Hold.DECEASED}
        assert {task.account_id for task in rows(database, Task)} == {first.account_id}

    def test_words_are_kept_and_told_once_however_often_they_come(self, database, door):
        placed = placement()
        target = record(database, placed)
        for _ in range(3):
            text(database, door, placed.consumer.phone, "call my lawyer")
        [reply] = rows(database, Reply)
        assert (reply.words, reply.understood) == ("call my lawyer", "attorney")
        assert door.told == [
            (target, HoldPlaced(event_id="twilio-message:SM1:attorney", hold=Hold.ATTORNEY))
        ]

    def test_a_strangers_words_are_kept_and_nobody_is_told(self, database, door):
        text(database, door, "+12125559999", "who is this?")
        [reply] = rows(database, Reply)
        assert reply.person_id is None
        assert door.told == []

    def test_a_strangers_stop_binds_whoever_gets_the_number_later(self, database, door):
        text(database, door, "+12125559998", "stop")
        assert noted(database, Channel.SMS, "+12125559998", people.OPTED_OUT)

    def test_a_wish_for_no_contact_stops_all_debts_and_the_channel(self, database, door):
        first = placement()
        second = placement().model_copy(update={"consumer": first.consumer})
        targets = {record(database, each) for each in (first, second)}
        contact(database, first)
        text(database, door, first.consumer.phone, "do not contact me again")
        ceased = {target for target, told in door.told if getattr(told, "hold", 0) == Hold.CEASE}
        assert ceased == targets
        assert noted(database, Channel.SMS, first.consumer.phone, people.OPTED_OUT)
        [task] = rows(database, Task)
        assert task.reason == "wrote of cease and desist: read it"

    @pytest.mark.parametrize(
        ("words", "tasks"), [("I sold the car, what now?", 1), ("not my debt", 1), ("stop", 0)]
    )
    def test_words_after_the_end_go_to_a_person(self, database, door, words, tasks):
        older, newer = placement(), placement()
        newer = newer.model_copy(update={"consumer": older.consumer})
        for each in (older, newer):
            record(database, each)
            with database.transaction() as session:
                accounts.close(session, each.account_id, Closure.REFERRED, at=NOW)
        contact(database, older)
        text(database, door, older.consumer.phone, words)
        assert door.told == []
        assert [task.account_id for task in rows(database, Task)] == [older.account_id] * tasks

    @pytest.mark.parametrize("words", ["help", "مساعدة"])
    def test_help_that_no_provider_gave_is_asked_of_a_person(self, database, door, words):
        placed = placement()
        target = record(database, placed)
        mail(database, door, placed.consumer.email, words)
        assert door.told == [(target, MessageReceived(event_id="sendgrid-mail:mail1"))]
        text(database, door, placed.consumer.phone, "HELP", OptOutType="HELP")
        assert len(door.told) == 1


class TestFates:
    def test_an_undelivered_text_settles_the_contact_once(self, database, door):
        placed = placement()
        target = record(database, placed)
        contact(database, placed)
        for status in ("sent", "undelivered", "sent"):
            take(
                database,
                door,
                "twilio-status",
                f"SM1:{status}",
                {
                    "contact": "c#1",
                    "MessageSid": "SM1",
                    "MessageStatus": status,
                    "ErrorCode": "30003",
                },
            )
        [(told, event)] = door.told
        assert told == target
        assert isinstance(event, ContactSettled)
        assert status_of(database) == "undelivered"
        assert not noted(database, Channel.SMS, placed.consumer.phone, people.DEAD)

    @pytest.mark.parametrize(
        ("code", "fact"), [("30005", people.DEAD), ("21610", people.OPTED_OUT)]
    )
    def test_some_errors_tell_of_the_number(self, database, door, code, fact):
        placed = placement()
        record(database, placed)
        contact(database, placed)
        payload = {
            "contact": "c#1",
            "MessageSid": "S",
            "MessageStatus": "failed",
            "ErrorCode": code,
        }
        take(database, door, "twilio-status", "S:failed", payload)
        assert noted(database, Channel.SMS, placed.consumer.phone, fact)

    @pytest.mark.parametrize(
        ("event", "status", "fact"),
        [
            ({"event": "delivered"}, "delivered", None),
            ({"event": "bounce", "type": "bounce", "status": "5.1.1"}, "undelivered", people.DEAD),
            ({"event": "bounce", "type": "blocked", "status": "4.7.0"}, "undelivered", None),
            ({"event": "dropped", "reason": "Bounced Address"}, "undelivered", people.DEAD),
            (
                {"event": "dropped", "reason": "Unsubscribed Address"},
                "undelivered",
                people.OPTED_OUT,
            ),
            ({"event": "spamreport"}, "sent", people.OPTED_OUT),
            ({"event": "open"}, "sent", None),
        ],
    )
    def test_what_an_e_mail_came_to(self, database, door, event, status, fact):
        placed = placement()
        record(database, placed)
        contact(database, placed, channel="email")
        event = event | {"contact": "c#1", "sg_event_id": "e1", "sg_message_id": "m1.filter"}
        assert take(database, door, "sendgrid-event", "e1", event) is None
        assert status_of(database) == status
        for each in (people.DEAD, people.OPTED_OUT):
            assert noted(database, Channel.EMAIL, placed.consumer.email, each) == (each == fact)

    @pytest.mark.parametrize(
        ("provider", "event"),
        [
            ("twilio-status", {"MessageSid": "S", "MessageStatus": "failed", "ErrorCode": "21610"}),
            ("sendgrid-event", {"event": "dropped", "reason": "Unsubscribed Address"}),
        ],
    )
    def test_news_of_a_contact_waits_for_the_person_before_it_touches_the_row(
        self, database, door, provider, event
    ):
        placed = placement()
        record(database, placed)
        contact(database, placed, channel="sms" if provider == "twilio-status" else "email")
        with ThreadPoolExecutor(1) as elsewhere:
            with database.transaction() as session:  # as whoever sends: person, call, row
                lock_person(session, placed.person_id)
                news = event | {"contact": "c#1"}
                taking = elsewhere.submit(take, database, door, provider, "e1", news)
                while not session.scalar(sql("SELECT count(*) FROM pg_locks WHERE NOT granted")):
                    assert not taking.done()
                session.execute(sql("SET LOCAL lock_timeout = '500ms'"))
                session.execute(update(ContactRow).values(status="sent", provider_id="S"))
            assert taking.result() is None
        assert status_of(database) == "undelivered"

    def test_an_event_of_no_contact_of_ours_is_set_aside(self, database, door):
        why = take(database, door, "sendgrid-event", "e1", {"event": "delivered", "contact": "x"})
        assert "no contact of ours" in why
        [row] = rows(database, InboxRow)
        assert row.applied_at is not None
        assert row.failure == why


class TestMails:
    def test_an_answer_is_read_without_what_it_quotes(self, database, door):
        placed = placement()
        target = record(database, placed)
        words = "I can't afford this.\n\nOn Mon, Acme <a@b.c> wrote:\n> reply STOP to stop\n> plan"
        mail(database, door, f"Jo <{placed.consumer.email.upper()}>", words)
        [(told, event), (_, declared)] = door.told
        assert (told, event.hold) == (target, Hold.HARDSHIP)
        assert declared.kind == "hardship_declared"
        [reply] = rows(database, Reply)
        assert reply.words == "I can't afford this."

    def test_unsubscribing_by_mail_binds_the_address_as_the_record_writes_it(self, database, door):
        placed = placement()
        record(database, placed)
        mail(database, door, placed.consumer.email.title(), "Unsubscribe")
        assert noted(database, Channel.EMAIL, placed.consumer.email, people.OPTED_OUT)
        assert not noted(database, Channel.SMS, placed.consumer.phone, people.OPTED_OUT)

    def test_own_words_end_where_another_mail_or_a_signature_begins(self):
        assert own_words("Plan\n-- \nJo Doe") == "Plan"
        assert own_words("Plan\r\n-----Original Message-----\r\nFrom: x\r\nSTOP") == "Plan"
        assert own_words("> quoted\n\nbelow it") == "below it"


def intent(placed, minor, intent_id="pi_1", **more):
    return {
        "id": intent_id,
        "object": "payment_intent",
        "status": "succeeded",
        "amount": minor,
        "amount_received": minor,
        "currency": "usd",
        "metadata": {"account_id": placed.account_id},
    } | more


def page(placed, minor, session="cs_1", intent_id="pi_1", **more):
    return {
        "id": session,
        "object": "checkout.session",
        "mode": "payment",
        "payment_status": "paid",
        "status": "complete",
        "amount_total": minor,
        "currency": "usd",
        "payment_intent": intent_id,
        "metadata": {"account_id": placed.account_id},
    } | more


def refund(minor, refund_id="re_1", status="succeeded"):
    return {
        "id": refund_id,
        "object": "refund",
        "amount": minor,
        "currency": "usd",
        "payment_intent": "pi_1",
        "status": status,
        "metadata": {},
    }


def disputed(minor):
    return {
        "id": "dp_1",
        "object": "dispute",
        "amount": minor,
        "currency": "usd",
        "payment_intent": "pi_1",
        "charge": "ch_1",
        "metadata": {},
    }


def stripe_take(database, door, event, stripe=None):
    return take(database, door, "stripe", event["id"], event, stripe)


def opened(database, placed, *sessions):
    """Pages on which the account can be paid."""
    with database.transaction() as session:
        for each in sessions:
            payments.opened_checkout(
                session, each, placed.account_id, purpose="full", contact_key=None
            )


class TestPages:
    def test_once_one_page_is_paid_the_others_are_closed(self, database, door):
        placed, stripe = placement(), FakeStripe()
        record(database, placed)
        opened(database, placed, "cs_1", "cs_2", "cs_3")
        paid = stripe_event("checkout.session.completed", page(placed, 8_000))
        stripe_take(database, door, paid, stripe)
        stripe_take(database, door, paid, stripe)
        assert (books(database, placed)[0], sorted(stripe.expired)) == (12_000, ["cs_2", "cs_3"])

    def test_two_pages_that_are_both_paid_are_booked_at_once_and_a_person_gives_one_back(
        self, database, door
    ):
        placed, stripe = placement(), FakeStripe()
        target = record(database, placed)
        opened(database, placed, "cs_1", "cs_2")
        stripe.ends["cs_2"] = PageEnd(
            state="paid", intent_id="pi_2", amount=usd(20_000), paid_at=NOW, metadata={}
        )
        paid = stripe_event("checkout.session.completed", page(placed, 20_000))
        stripe_take(database, door, paid, stripe)
        late = page(placed, 20_000, "cs_2", "pi_2")
        stripe_take(database, door, stripe_event("checkout.session.completed", late), stripe)
        assert books(database, placed)[0] == -20_000
        assert [each.balance for each in door.heard(target)] == [0, -20_000, -20_000]
        assert [task.reason for task in rows(database, Task)] == [
            "paid USD 200.00 more than was owed: refund it"
        ]

    def test_while_stripe_is_down_a_payment_is_booked_and_pages_stay_open(self, database, door):
        placed, stripe = placement(), FakeStripe()
        record(database, placed)
        opened(database, placed, "cs_1", "cs_2")
        stripe.down = True
        paid = stripe_event("checkout.session.completed", page(placed, 8_000))
        assert stripe_take(database, door, paid, stripe) is None
        assert books(database, placed)[0] == 12_000
        with database.transaction() as session:
            left = payments.open_pages(session, placed.account_id)
            assert [each.session_id for each in left] == ["cs_2"]


class TestMoney:
    def test_a_page_that_is_not_paid_yet_books_nothing(self, database, door):
        placed = placement()
        record(database, placed)
        waiting = page(placed, 8_000, payment_status="unpaid")
        stripe_take(database, door, stripe_event("checkout.session.completed", waiting))
        assert books(database, placed)[0] == 20_000
        cleared = stripe_event("checkout.session.async_payment_succeeded", page(placed, 8_000))
        stripe_take(database, door, cleared)
        assert books(database, placed)[0] == 12_000

    def test_a_chargeback_that_comes_before_its_payment_waits_for_it(self, database, door):
        placed = placement()
        record(database, placed)
        taken = stripe_event("charge.dispute.funds_withdrawn", disputed(8_000))
        with pytest.raises(Exception, match="yet"):
            stripe_take(database, door, taken)
        stripe_take(database, door, stripe_event("payment_intent.succeeded", intent(placed, 8_000)))
        stripe_take(database, door, taken)
        assert books(database, placed)[0] == 20_000
        won = stripe_event("charge.dispute.funds_reinstated", disputed(8_000))
        stripe_take(database, door, won)
        assert books(database, placed)[0] == 12_000
        told = [getattr(each, "cause", each.kind) for each in door.heard()]
        assert told == ["payment", "reversal", "payment_reversed", "payment"]

    def test_an_event_that_nothing_explains_is_given_up_in_the_end(self, database, door):
        taken = stripe_event("charge.dispute.funds_withdrawn", disputed(8_000))
        row = store(database, "stripe", "old", taken)
        with database.transaction() as session:
            old = NOW.replace(year=2020)
            session.execute(update(InboxRow).where(InboxRow.id == row).values(recorded_at=old))
        why = asyncio.run(hear(database, door, FakeStripe(), row))
        assert why is not None
        assert "yet" in why

    def test_paying_twice_asks_a_person_to_give_the_rest_back(self, database, door):
        placed = placement()
        record(database, placed)
        for number in (1, 2):
            event = stripe_event("payment_intent.succeeded", intent(placed, 20_000, f"pi_{number}"))
            stripe_take(database, door, event)
        [task] = rows(database, Task)
        assert "USD 200.00 more than was owed" in task.reason

    @pytest.mark.parametrize(
        "change", [{"currency": "eur"}, {"metadata": {"account_id": "acc_of_another_house"}}]
    )
    def test_money_that_cannot_be_ours_is_set_aside(self, database, door, change):
        placed = placement()
        record(database, placed)
        event = stripe_event("payment_intent.succeeded", intent(placed, 8_000, **change))
        assert stripe_take(database, door, event)
        assert books(database, placed)[0] == 20_000

    @pytest.mark.parametrize(
        ("kind", "change"),
        [
            ("payment_intent.succeeded", {}),
            ("checkout.session.completed", {"object": "checkout.session", "mode": "setup"}),
            (
                "checkout.session.completed",
                {"object": "checkout.session", "mode": "payment", "payment_status": "paid"},
            ),
        ],
    )
    def test_payments_of_other_businesses_are_set_aside_at_once(self, database, door, kind, change):
        foreign = intent(placement(), 8_000) | {"metadata": {"order": "7"}} | change
        why = stripe_take(database, door, stripe_event(kind, foreign))
        assert why == "not a payment of ours"

    @pytest.mark.parametrize("kind", ["refund.created", "charge.dispute.funds_withdrawn"])
    def test_money_that_goes_back_after_another_end_is_looked_at(self, database, door, kind):
        placed = self.ended(database, door, Closure.REFERRED)
        back = disputed(5_000) if "dispute" in kind else refund(5_000)
        for _ in range(2):
            stripe_take(database, door, stripe_event(kind, back))
        reasons = [task.reason for task in rows(database, Task)]
        assert reasons.count("money went back after the account was closed: look at it") == 1
        assert self.account(database, placed).closure == "referred"
        assert door.reopened == []

    def test_an_account_that_was_run_ahead_goes_on_no_earlier_than_it_ended(self, database, door):
        ahead = NOW + days(40)
        self.ended(database, door, Closure.PAID_IN_FULL, at=ahead)
        stripe_take(database, door, stripe_event("charge.dispute.funds_withdrawn", disputed(5_000)))
        [(reopened, news)] = door.reopened
        assert (reopened.at, leg_of(reopened, news).not_before) == (ahead, ahead)

    def ended(self, database, door, closure, at=NOW):
        """An account that was paid, and closed in this way."""
        placed = placement()
        record(database, placed)
        came = stripe_event("payment_intent.succeeded", intent(placed, 20_000))
        stripe_take(database, door, came)
        with database.transaction() as session:
            accounts.close(session, placed.account_id, closure, at=at)
        return placed

    def account(self, database, placed):
        with database.transaction() as session:
            return accounts.by_id(session, placed.account_id)

    @pytest.mark.parametrize("closure", [Closure.PAID_IN_FULL, Closure.SETTLED])
    def test_a_chargeback_opens_a_paid_account_again(self, database, door, closure):
        placed = self.ended(database, door, closure)
        taken = stripe_event("charge.dispute.funds_withdrawn", disputed(5_000))
        for _ in range(2):
            stripe_take(database, door, taken)
        account = self.account(database, placed)
        assert (account.closure, account.closed_at, account.reopened) == (None, None, 1)
        [(reopened, news)] = door.reopened
        assert isinstance(news, PaymentReversed)
        assert (reopened.recorded.balance, reopened.step) == (5_000, 0)
        assert door.heard()[-1] == news

    def test_what_nobody_had_read_before_the_end_is_read_before_it_goes_on(self, database, door):
        placed = self.ended(database, door, Closure.PAID_IN_FULL)
        with database.transaction() as session:
            accounts.hand_over(session, "unread", placed.account_id, "read it", at=NOW)
        stripe_take(database, door, stripe_event("charge.dispute.funds_withdrawn", disputed(5_000)))
        [(reopened, news)] = door.reopened

        progress = leg_of(reopened, news).progress

        assert progress is not None
        assert progress.unseen == {"unread": reopened.at + timedelta(days=30)}

    def test_a_crash_before_the_journey_begins_again_is_made_good_by_the_sweeper(
        self, database, door
    ):
        placed = self.ended(database, door, Closure.PAID_IN_FULL)
        door.failure = ConnectionError("Temporal is away")
        taken = stripe_event("charge.dispute.funds_withdrawn", disputed(5_000))
        with pytest.raises(ConnectionError):
            stripe_take(database, door, taken)
        assert self.account(database, placed).reopened == 1
        door.failure = None
        asyncio.run(hear(database, door, FakeStripe(), "reopened:stripe:dispute:dp_1"))
        [(reopened, news)] = door.reopened
        assert reopened.workflow_id == f"account/acme/{placed.reference}"
        assert news == PaymentReversed(event_id="reversed:stripe:dispute:dp_1")

    def test_one_that_ended_again_is_not_begun_again(self, database, door):
        placed = self.ended(database, door, Closure.PAID_IN_FULL)
        stripe_take(database, door, stripe_event("charge.dispute.funds_withdrawn", disputed(5_000)))
        with database.transaction() as session:
            accounts.close(session, placed.account_id, Closure.REFERRED, at=NOW)
        door.reopened.clear()
        asyncio.run(hear(database, door, FakeStripe(), "reopened:stripe:dispute:dp_1"))
        assert door.reopened == []

    def test_a_rest_that_no_card_can_pay_is_let_go_until_more_is_owed(self, database, door):
        placed = placement()
        record(database, placed)
        came = stripe_event("payment_intent.succeeded", intent(placed, 19_970))
        stripe_take(database, door, came)
        assert books(database, placed)[0] == 0
        stripe_take(database, door, stripe_event("refund.created", refund(1_000)))
        assert books(database, placed)[0] == 1_030

    def test_a_refund_that_fails_is_ours_again_and_a_person_gives_it_back(self, database, door):
        placed = self.ended(database, door, Closure.REFERRED)
        for kind, status in [("refund.created", "pending"), ("refund.failed", "failed")]:
            stripe_take(database, door, stripe_event(kind, refund(5_000, status=status)))
        assert books(database, placed)[0] == 0
        assert any("did not reach the consumer" in task.reason for task in rows(database, Task))

    def test_a_late_return_of_a_debit_comes_as_a_dispute_that_is_lost(self, database, door):
        placed = self.ended(database, door, Closure.PAID_IN_FULL)
        lost = disputed(20_000) | {"status": "lost"}
        stripe_take(database, door, stripe_event("charge.dispute.created", lost))
        assert books(database, placed)[0] == 20_000
        assert self.account(database, placed).closure is None

    def test_a_question_of_a_bank_moves_no_money(self, database, door):
        placed = self.ended(database, door, Closure.REFERRED)
        asked = disputed(20_000) | {"status": "warning_needs_response"}
        stripe_take(database, door, stripe_event("charge.dispute.created", asked))
        assert books(database, placed)[0] == 0
        assert [task.reason for task in rows(database, Task)] == [
            "the consumer's bank disputes a payment: answer it at Stripe"
        ]

    def test_a_shape_nobody_knows_is_set_aside(self, database, door):
        assert take(database, door, "stripe", "evt_1", {"id": "evt_1"})
        assert take(database, door, "carrier-pigeon", "1", {})

    def test_a_crash_before_telling_is_made_good_by_the_next_try(self, database, door):
        placed = placement()
        record(database, placed)
        event = stripe_event("payment_intent.succeeded", intent(placed, 8_000))
        door.failure = ConnectionError("Temporal is away")
        with pytest.raises(ConnectionError):
            stripe_take(database, door, event)
        assert books(database, placed)[0] == 12_000
        door.failure = None
        stripe_take(database, door, event)
        [told] = door.heard()
        assert isinstance(told, BalanceChanged)
        assert (told.balance, told.version) == (12_000, 2)


def charge(database, placed, status=ChargeStatus.PROCESSING):
    order = Charge(key="c1", account_id=placed.account_id, at=NOW, amount=usd(5_000), instalment=2)
    with database.transaction() as session:
        row = payments.begin_charge(session, order)
        row.status, row.intent_id = status, "pi_1"


class TestCharges:
    def test_a_debit_that_fails_after_days_breaks_the_instalment(self, database, door):
        placed = placement()
        record(database, placed)
        charge(database, placed)
        error = {"code": "card_declined", "decline_code": "insufficient_funds"}
        failed = intent(placed, 5_000, status="requires_payment_method", last_payment_error=error)
        for number in (1, 2):
            event = stripe_event("payment_intent.payment_failed", failed, f"evt_{number}")
            stripe_take(database, door, event)
        assert {event.event_id for event in door.heard()} == {"failed:c1"}
        assert isinstance(door.heard()[0], InstalmentFailed)
        [row] = rows(database, ChargeRow)
        assert (row.status, row.decline_code) == ("declined", "insufficient_funds")

    def test_one_that_is_heard_of_first_may_be_tried_again_and_costs_what_the_contract_says(
        self, database, door
    ):
        with database.transaction() as session:
            costs = CostTerms(per_failed_payment=(usd(500),))
            contracts.agree(session, "acme", Contract(costs=costs))
        placed = placement()
        record(database, placed)
        charge(database, placed, payments.CREATED)
        with database.transaction() as session:
            row = payments.charge_by_key(session, "c1")
            row.tried_at, row.card = NOW, "card"
        error = {"code": "card_declined", "decline_code": "insufficient_funds"}
        failed = intent(placed, 5_000, status="requires_payment_method", last_payment_error=error)
        for number in (1, 2):
            event = stripe_event("payment_intent.payment_failed", failed, f"evt_{number}")
            stripe_take(database, door, event)
        [row] = rows(database, ChargeRow)
        assert (row.status, row.again_at) == ("declined", NOW + days(2))
        assert {type(each) for each in door.heard()} == {BalanceChanged}
        assert {each.balance for each in door.heard()} == {20_500}
        assert books(database, placed)[0] == 20_500

    def test_one_that_was_given_up_costs_nothing(self, database, door):
        with database.transaction() as session:
            costs = CostTerms(per_failed_payment=(usd(500),))
            contracts.agree(session, "acme", Contract(costs=costs))
        placed = placement()
        record(database, placed)
        charge(database, placed)
        stripe_take(
            database,
            door,
            stripe_event("payment_intent.canceled", intent(placed, 5_000, status="canceled")),
        )
        assert books(database, placed)[0] == 20_000
        assert [type(each) for each in door.heard()] == [InstalmentFailed]

    def test_a_decline_that_was_told_at_once_is_no_news(self, database, door):
        placed = placement()
        record(database, placed)
        charge(database, placed, ChargeStatus.DECLINED)
        failed = intent(placed, 5_000, status="requires_payment_method")
        stripe_take(database, door, stripe_event("payment_intent.payment_failed", failed))
        assert door.told == []

    def test_a_debit_that_clears_is_paid(self, database, door):
        placed = placement()
        record(database, placed)
        charge(database, placed)
        cleared = intent(placed, 5_000, metadata={})
        stripe_take(database, door, stripe_event("payment_intent.succeeded", cleared))
        [row] = rows(database, ChargeRow)
        assert row.status == "paid"
        assert books(database, placed)[0] == 15_000


def responses(door):
    return [each for each in door.heard() if isinstance(each, Response)]


class TestCards:
    def setup_page(self, placed, **metadata):
        return page(
            placed,
            None,
            mode="setup",
            payment_status="no_payment_required",
            payment_intent=None,
            metadata={"account_id": placed.account_id} | metadata,
        )

    def test_a_card_for_a_plan_accepts_the_plan(self, database, door):
        placed = placement()
        record(database, placed)
        plan = monthly("plan-1", placed.balance, parts=4, first=NOW.date())
        contact(database, placed, offer=plan)
        with database.transaction() as session:
            payments.opened_checkout(
                session, "cs_1", placed.account_id, purpose="plan", contact_key=None, plan=plan
            )
        event = stripe_event("checkout.session.completed", self.setup_page(placed))
        for _ in range(2):
            stripe_take(database, door, event)
        [accepted] = responses(door)
        assert accepted == PlanAccepted(event_id="accepted:plan-1:cs_1", plan=plan)
        with database.transaction() as session:
            assert plans.current(session, placed.account_id) == plan
        [person] = rows(database, Person)
        assert (person.stripe_customer, person.payment_method) == ("cus_1", "pm_1")
        [authorised] = rows(database, MilestoneRow)
        assert (authorised.key, authorised.kind) == ("authorised:cs_1", "written authorisation")
        assert authorised.account_id == placed.account_id

    def test_interest_since_the_offer_is_added_before_the_plan_begins_and_paid_at_its_end(
        self, database, door
    ):
        with database.transaction() as session:
            terms = InterestTerms(percent_a_year=Decimal("36.5"))
            contracts.agree(session, "acme", Contract(interest=terms))
        placed = placement()
        record(database, placed)
        later = NOW + days(10)
        plan = monthly("plan-1", placed.balance, parts=4, first=later.date())
        link = contact(database, placed, offer=plan, at=later)
        done = self.setup_page(placed, pay_link=link, plan_id="plan-1")
        for _ in range(2):
            stripe_take(database, door, stripe_event("checkout.session.completed", done))
        with database.transaction() as session:
            after = plans.current(session, placed.account_id)
        assert books(database, placed)[0] == 20_200
        assert after
        assert [each.minor for each in after.instalments] == [5_000, 5_000, 5_000, 5_200]
        told = [each for each in door.heard() if isinstance(each, BalanceChanged)]
        assert [(each.balance, each.plan) for each in told] == [(20_200, after)]

    def test_a_page_lost_in_a_crash_is_found_by_its_link(self, database, door):
        placed = placement()
        record(database, placed)
        plan = monthly("plan-1", placed.balance, parts=4, first=NOW.date())
        link = contact(database, placed, offer=plan)
        done = self.setup_page(placed, pay_link=link, plan_id="plan-1")
        stripe_take(database, door, stripe_event("checkout.session.completed", done))
        assert [type(each) for each in responses(door)] == [PlanAccepted]

    def test_a_plan_is_accepted_on_one_page_and_another_page_is_a_card(self, database, door):
        placed = placement()
        record(database, placed)
        plan = monthly("plan-1", placed.balance, parts=4, first=NOW.date())
        contact(database, placed, offer=plan)
        pages = []
        for session_id in ("cs_1", "cs_2"):
            with database.transaction() as session:
                payments.opened_checkout(
                    session,
                    session_id,
                    placed.account_id,
                    purpose="plan",
                    contact_key=None,
                    plan=plan,
                )
            done = self.setup_page(placed) | {"id": session_id}
            pages.append(stripe_event("checkout.session.completed", done))
        for event in pages:
            stripe_take(database, door, event)
        assert [type(each) for each in responses(door)] == [PlanAccepted, CardStored]

    def test_accepting_is_told_again_after_a_crash(self, database, door):
        placed = placement()
        record(database, placed)
        plan = monthly("plan-1", placed.balance, parts=4, first=NOW.date())
        link = contact(database, placed, offer=plan)
        done = self.setup_page(placed, pay_link=link, plan_id="plan-1")
        event = stripe_event("checkout.session.completed", done)
        door.failure = ConnectionError("Temporal is away")
        with pytest.raises(ConnectionError):
            stripe_take(database, door, event)
        door.failure = None
        stripe_take(database, door, event)
        assert [type(each) for each in responses(door)] == [PlanAccepted]

    def test_a_card_for_an_offer_that_was_overtaken_is_only_a_card(self, database, door):
        placed = placement()
        record(database, placed)
        offers = [
            monthly(f"plan-{number}", placed.balance, parts=4, first=NOW.date())
            for number in (1, 2)
        ]
        links = [contact(database, placed, f"c#{plan.plan_id}", offer=plan) for plan in offers]
        done = self.setup_page(placed, pay_link=links[0], plan_id="plan-1")
        stripe_take(database, door, stripe_event("checkout.session.completed", done))
        assert [type(each) for each in responses(door)] == [CardStored]
        with database.transaction() as session:
            assert plans.current(session, placed.account_id) is None

    def test_another_card_is_told_as_such(self, database, door):
        placed = placement()
        record(database, placed)
        event = stripe_event("checkout.session.completed", self.setup_page(placed))
        stripe_take(database, door, event)
        assert [type(each) for each in responses(door)] == [CardStored]

    def test_while_stripe_is_down_the_event_waits(self, database, door):
        placed = placement()
        record(database, placed)
        event = stripe_event("checkout.session.completed", self.setup_page(placed))
        stripe = FakeStripe()
        stripe.down = True
        with pytest.raises(Exception, match="no answer"):
            stripe_take(database, door, event, stripe)
        stripe.down = False
        stripe_take(database, door, event, stripe)
        assert [type(each) for each in responses(door)] == [CardStored]

    def test_a_closed_account_keeps_the_card_and_hears_nothing(self, database, door):
        placed = placement()
        record(database, placed)
        with database.transaction() as session:
            accounts.close(session, placed.account_id, Closure.REFERRED, at=NOW)
        event = stripe_event("checkout.session.completed", self.setup_page(placed))
        stripe_take(database, door, event)
        assert door.told == []
