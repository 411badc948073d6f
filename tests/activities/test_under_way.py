"""What is collected while other money for the same account is under way, missed or lost."""

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, update

from activities import lookups
from compliance import ContactRequest, decide
from compliance.laws import LAWS, shipped_id
from domain.accounts import Hold
from domain.contacts import Channel
from domain.contracts import Authority, Contract, SettlementTerms
from domain.orders import ChargeStatus
from domain.time import days
from providers.charges import Declined, Intent, PageEnd, Paid, Processing
from providers.outcomes import ProviderDown, ProviderRefused
from storage import contracts, payments, people, settlements
from storage.tables import Account, ChargeRow, Checkout, LedgerTransaction, Task
from tests.activities.test_charges import TODAY, Desk, Till
from tests.activities.test_hearing import page, stripe_take
from tests.api.record import NOW, FakeStripe, books, stripe_event, usd

pytestmark = pytest.mark.stack

PAID, PROCESSING = ChargeStatus.PAID, ChargeStatus.PROCESSING
UNDER_WAY = "pm_usBankAccount_processing"


@pytest.fixture
def desk(database, bank):
    return Desk(database, bank)


class PageAt(Till):
    """Stripe with a page of which a test says how it ended."""

    def __init__(self, bank, end, settled=None):
        super().__init__(bank)
        self.end, self.settled = end, settled or Processing(intent_id="pi_page")

    def close_page(self, session_id):
        return self.end

    def retrieve_intent(self, intent_id):
        if intent_id == "pi_page":
            return Intent(intent_id=intent_id, amount=usd(1), metadata={}, settled=self.settled)
        return self.bank.stripe.retrieve_intent(intent_id)

    def cancel_intent(self, intent_id):
        return self.bank.stripe.cancel_intent(intent_id)


def opened(desk, placed, purpose="full", age=2):
    """A page that was opened so many days ago."""
    with desk.database.transaction() as session:
        payments.opened_checkout(
            session, "cs_1", placed.account_id, purpose=purpose, contact_key=None
        )
        then = wall_now() - days(age)
        session.execute(update(Checkout).values(recorded_at=then))


def asked(desk, placed, later=0):
    """The gate's answer to a text message that asks for money, so many days later."""
    request = ContactRequest(account_id=placed.account_id, channel=Channel.SMS)
    with desk.database.transaction() as session:
        at = NOW + days(later)
        facts = people.facts(session, placed.account_id, at)
        return decide(request, facts, LAWS.called(shipped_id()), at)


def wall_now():
    return datetime.now(UTC)  # noqa: TID251 - Postgres compares it with its own


class TestMissed:
    def test_a_missed_instalment_is_collected_with_the_next(self, desk, bank):
        placed = desk.places(bank.card())
        plan = desk.agrees(placed, (TODAY - days(30), 5_000), (TODAY, 15_000))
        second = plan.instalments[1]

        charged = desk.charge(placed, plan.outstanding(second, 20_000), instalment=2)

        assert (charged.status, charged.balance) == (PAID, 0)
        assert bank.taken() == [20_000]

    def test_a_rest_that_no_card_can_pay_is_collected_with_the_next(self, desk, bank):
        placed = desk.places(bank.card(), balance={"minor": 20_000, "currency": "KWD"})
        plan = desk.agrees(placed, (TODAY - days(30), 5_007), (TODAY, 14_993))

        first = desk.charge(placed, 5_007, instalment=1)
        second = desk.charge(placed, plan.outstanding(plan.instalments[1], 15_000), instalment=2)

        assert plan.outstanding(plan.instalments[0], first.balance) == 0
        assert (second.status, second.balance, bank.taken()) == (PAID, 0, [15_000, 5_000])


class TestDebits:
    def test_a_new_plan_does_not_collect_what_a_debit_takes_already(self, desk, bank):
        placed = desk.places(bank.saved(UNDER_WAY))
        desk.agrees(placed, (TODAY, 20_000))
        desk.charge(placed, 20_000, instalment=1)
        desk.agrees(placed, (TODAY, 1_000), (TODAY, 19_000), revision=2)

        charged = desk.charge(placed, 19_000, instalment=2, at=NOW + days(2))

        assert charged.status == PROCESSING
        assert bank.calls("create_payment") == 1

    def test_what_no_debit_takes_is_collected_meanwhile(self, desk, bank):
        placed = desk.places(bank.saved(UNDER_WAY))
        desk.agrees(placed, (TODAY, 5_000), (TODAY, 15_000))
        desk.charge(placed, 5_000, instalment=1)

        desk.charge(placed, 20_000, instalment=2)

        assert [row.minor for row in desk.rows(placed)] == [5_000, 15_000]


class TestPages:
    PROCESSING = PageEnd(state="processing", intent_id="pi_page")

    def test_a_debit_from_a_page_is_waited_for_however_old_the_page(self, desk, bank):
        placed = desk.places(bank.card())
        opened(desk, placed, age=0)
        charges = desk.charges(PageAt(bank, self.PROCESSING))
        first = charges.charge(desk.order(placed, 20_000))
        with desk.database.transaction() as session:
            session.execute(update(Checkout).values(recorded_at=wall_now() - days(3)))
        second = charges.charge(desk.order(placed, 20_000, at=NOW + days(3)))

        assert (first.status, second.status, bank.taken()) == (PROCESSING, PROCESSING, [])

    @pytest.mark.parametrize("kind", ["async_payment_failed", "async_payment_succeeded"])
    def test_a_page_tells_that_its_money_is_to_come_and_what_became_of_it(
        self, desk, bank, door, kind
    ):
        placed = desk.places(bank.card())
        opened(desk, placed)
        waiting = page(placed, 8_000, payment_status="unpaid")
        stripe_take(desk.database, door, stripe_event("checkout.session.completed", waiting))
        charges = desk.charges(PageAt(bank, self.PROCESSING))
        waits = charges.charge(desk.order(placed, 20_000))
        status = "paid" if kind == "async_payment_succeeded" else "unpaid"
        ended = page(placed, 8_000, payment_status=status)
        stripe_take(desk.database, door, stripe_event(f"checkout.session.{kind}", ended))
        late = stripe_event("checkout.session.completed", waiting, "evt_late")
        stripe_take(desk.database, door, late)
        after = charges.charge(desk.order(placed, 20_000))

        assert (waits.status, after.status, after.balance) == (PROCESSING, PAID, 0)
        assert bank.taken() == [12_000 if status == "paid" else 20_000]

    @pytest.mark.parametrize("kind", ["async_payment_succeeded", "async_payment_failed"])
    def test_nobody_is_asked_for_what_a_bank_is_about_to_send(self, desk, bank, door, kind):
        placed = desk.places(bank.card())
        opened(desk, placed)
        waiting = page(placed, 20_000, payment_status="unpaid")
        begun = stripe_event("checkout.session.completed", waiting)
        for _ in range(2):
            stripe_take(desk.database, door, begun)
        [placed_hold] = {each.event_id: each for each in door.heard()}.values()
        charged = desk.charge(placed, 20_000)
        held = asked(desk, placed)
        late = asked(desk, placed, later=15)
        status = "paid" if kind == "async_payment_succeeded" else "unpaid"
        ended = page(placed, 20_000, payment_status=status)
        stripe_take(desk.database, door, stripe_event(f"checkout.session.{kind}", ended))
        again = stripe_event("checkout.session.completed", waiting, "evt_late")
        stripe_take(desk.database, door, again)

        assert (placed_hold.kind, placed_hold.hold) == ("hold_placed", Hold.PAYMENT)
        assert (charged.status, bank.taken()) == (PROCESSING, [])
        assert (held.decided_by, held.kind, late.kind) == ("BASE-PAYMENT", "deny", "allow")
        lifted = door.heard()[-1]
        assert (lifted.kind, lifted.hold) == ("hold_lifted", Hold.PAYMENT)
        assert asked(desk, placed).kind == "allow"

    def test_of_two_debits_the_second_is_still_waited_for(self, desk, bank, door):
        placed = desk.places(bank.card())
        for named in ("cs_1", "cs_2"):
            with desk.database.transaction() as session:
                payments.opened_checkout(
                    session, named, placed.account_id, purpose="full", contact_key=None
                )
            waiting = page(placed, 8_000, named, payment_status="unpaid")
            stripe_take(
                desk.database, door, stripe_event("checkout.session.completed", waiting, named)
            )
        failed = page(placed, 8_000, "cs_1", payment_status="unpaid")
        stripe_take(
            desk.database, door, stripe_event("checkout.session.async_payment_failed", failed)
        )

        assert asked(desk, placed).decided_by == "BASE-PAYMENT"

    def test_a_page_whose_debit_failed_is_not_waited_for_though_nobody_told(self, desk, bank):
        placed = desk.places(bank.card())
        opened(desk, placed, age=0)
        failed = Declined(code="debit_not_authorized")
        charged = desk.charges(PageAt(bank, self.PROCESSING, failed)).charge(
            desk.order(placed, 20_000)
        )
        assert (charged.status, bank.taken()) == (PAID, [20_000])

    def test_a_page_says_when_it_was_paid(self, bank):
        session_id = bank.page("acc_1", usd(5_000))
        bank.pays(session_id)
        [charge] = bank.sdk.charges.list().data
        end = bank.stripe.close_page(session_id)
        assert (end.state, end.intent_id) == ("paid", charge.payment_intent)
        assert end.paid_at == datetime.fromtimestamp(charge.created, UTC)

    @pytest.fixture
    def settling(self, desk):
        """An account that could be settled until yesterday, and the page for it."""
        with desk.database.transaction() as session:
            terms = SettlementTerms(floor=50, least={Authority.AGENT: 50})
            contracts.agree(session, "acme", Contract(settlement=terms))
        placed, wall = desk.places(), wall_now()
        with desk.database.transaction() as session:
            account = session.get_one(Account, placed.account_id)
            settlements.offer(
                session,
                account,
                usd(12_000),
                settlement_id="s",
                by=Authority.AGENT,
                source="test",
                at=wall - days(4),
                expires=(wall - days(1)).date(),
            )
        opened(desk, placed, "settlement", age=0)
        return placed

    @pytest.mark.parametrize("order", ["ask first", "hear first", "hear alone"])
    def test_a_debit_counts_from_when_it_was_given_however_we_learn_that_it_came(
        self, desk, bank, door, settling, order
    ):
        given = wall_now().replace(microsecond=0) - days(3)
        stripe = FakeStripe()
        stripe.given["pi_page"] = given

        def ask():
            end = PageEnd(
                state="paid", intent_id="pi_page", amount=usd(12_000), paid_at=given, metadata={}
            )
            desk.charges(PageAt(bank, end)).charge(desk.order(settling, 20_000))

        def hear():
            intent = {
                "id": "pi_page",
                "object": "payment_intent",
                "status": "succeeded",
                "amount_received": 12_000,
                "currency": "usd",
                "metadata": {"account_id": settling.account_id},
            }
            cleared = page(settling, 12_000, intent_id="pi_page")
            for event in (
                stripe_event("payment_intent.succeeded", intent),
                stripe_event("checkout.session.async_payment_succeeded", cleared),
            ):
                stripe_take(desk.database, door, event, stripe)

        for learn in {"ask first": (ask, hear), "hear first": (hear, ask)}.get(order, (hear,)):
            learn()

        with desk.database.transaction() as session:
            booked = session.get_one(LedgerTransaction, "stripe:pi_page")
        assert (booked.at, books(desk.database, settling)[0], bank.taken()) == (given, 0, [])

    def test_a_payment_counts_from_its_event_while_stripe_cannot_be_asked(
        self, desk, door, settling
    ):
        stripe = FakeStripe()
        stripe.down = True
        paid = page(settling, 12_000, intent_id="pi_page")
        stripe_take(desk.database, door, stripe_event("checkout.session.completed", paid), stripe)
        with desk.database.transaction() as session:
            booked = session.get_one(LedgerTransaction, "stripe:pi_page")
        assert booked.at == NOW


class TestSweeping:
    class Silent(FakeStripe):
        """Stripe that refuses to tell of one payment, and tells of every other that it was made."""

        def __init__(self, trouble):
            super().__init__()
            self.trouble = trouble

        def retrieve_intent(self, intent_id):
            if intent_id == "pi_0":
                raise self.trouble
            return Intent(
                intent_id=intent_id,
                amount=usd(5_000),
                metadata={},
                settled=Paid(intent_id=intent_id),
            )

    def lost(self, desk):
        """Two charges of unknown fate; the first is the older."""
        for number in range(2):
            placed = desk.places()
            with desk.database.transaction() as session:
                row = payments.begin_charge(session, desk.order(placed))
                row.status, row.intent_id = ChargeStatus.UNAVAILABLE, f"pi_{number}"
                row.recorded_at = NOW - days(40 - number)

    def sweep(self, desk, door, trouble):
        done = [
            asyncio.run(lookups.sweep(desk.database, door, self.Silent(trouble))) for _ in range(2)
        ]
        with desk.database.transaction() as session:
            query = select(ChargeRow.status).order_by(ChargeRow.recorded_at)
            return done, list(session.scalars(query)), list(session.scalars(select(Task.reason)))

    def test_one_that_stripe_refuses_to_tell_of_goes_to_a_person_once(self, desk, door):
        self.lost(desk)
        done, statuses, tasks = self.sweep(desk, door, ProviderRefused("Stripe", "permission"))
        assert (done, statuses) == ([1, 0], [ChargeStatus.UNAVAILABLE, PAID])
        assert tasks == [lookups.REFUSED]

    def test_when_stripe_is_down_the_others_wait(self, desk, door):
        self.lost(desk)
        done, statuses, tasks = self.sweep(desk, door, ProviderDown("no answer"))
        assert (done, set(statuses), tasks) == ([0, 0], {ChargeStatus.UNAVAILABLE}, [])
