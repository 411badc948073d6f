import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update
from temporalio.exceptions import ApplicationError

from activities import lookups
from activities.charges import Charges
from activities.contacts import Clocks, Patience
from domain.accounts import Hold
from domain.contracts import Contract, CostTerms, RetryTerms
from domain.events import BalanceChanged, InstalmentFailed
from domain.money import Money
from domain.orders import Charge, ChargeStatus, DeclineKind
from domain.people import Milestone, MilestoneKind
from domain.plans import Instalment, PaymentPlan
from domain.time import days, hours
from providers.charges import Unconfirmed
from providers.outcomes import ProviderDown, ProviderRefused
from storage import accounts, contacts, contracts, journal, payments, people, plans
from storage.tables import ChargeRow, Person
from tests.api.record import NOW, FakeStripe, books, placement, record, usd
from tests.bank import ASKS_THE_PERSON, DEBIT, FAILS, MASTERCARD_FAILS, NO_FUNDS, WORKS

pytestmark = pytest.mark.stack

DECLINED, PAID = ChargeStatus.DECLINED, ChargeStatus.PAID
NOT_YET, NOT_DUE, NO_CARD = ChargeStatus.NOT_YET, ChargeStatus.NOT_DUE, ChargeStatus.NO_CARD
PROCESSING, UNAVAILABLE = ChargeStatus.PROCESSING, ChargeStatus.UNAVAILABLE
TODAY = date(2026, 11, 21)


class Desk:
    """Charges at the sandbox's Stripe, by a record of which a test says what it holds."""

    def __init__(self, database, bank, patience=None):
        self.database, self.bank = database, bank
        self.patience = hours(1) if patience is None else patience
        self.number = 0

    def places(self, card=None, **changes):
        """Place an account with a card that its creditor has stored for it."""
        consumer = changes.pop("consumer", {}) | {"stored_card": card and card.model_dump()}
        placed = placement(consumer=consumer, **changes)
        record(self.database, placed)
        return placed

    def agrees(self, placed, *instalments, **changes):
        """A plan of the instalments that are given as due date and amount."""
        plan = PaymentPlan(
            plan_id=f"{placed.account_id}-p{changes.get('revision', 1)}",
            currency=placed.balance.currency,
            instalments=tuple(
                Instalment(number=number, due=due, minor=minor)
                for number, (due, minor) in enumerate(instalments, 1)
            ),
            **changes,
        )
        with self.database.transaction() as session:
            plans.accept(session, placed.account_id, plan, at=NOW)
        return plan

    def order(self, placed, minor=5_000, *, instalment=None, at=NOW, key=None):
        self.number += 1
        return Charge(
            key=key or f"{placed.account_id}#{self.number}",
            account_id=placed.account_id,
            at=at,
            amount=Money(minor=minor, currency=placed.balance.currency),
            instalment=instalment,
        )

    def charges(self, stripe=None):
        return Charges(
            self.database,
            stripe=stripe or self.bank.stripe,
            clocks=Clocks(wall=lambda: datetime.now(UTC), fast_forward=True),  # noqa: TID251
            patience=Patience(in_all=self.patience),
        )

    def charge(self, placed, minor=5_000, **changes):
        return self.charges().charge(self.order(placed, minor, **changes))

    def card_of(self, placed):
        with self.database.transaction() as session:
            person = session.get_one(Person, placed.person_id)
            return person.payment_method

    def rows(self, placed):
        with self.database.transaction() as session:
            query = select(ChargeRow).where(ChargeRow.account_id == placed.account_id)
            return list(session.scalars(query.order_by(ChargeRow.recorded_at)))

    def because(self, placed):
        """Why the journal says that charges were not made."""
        with self.database.transaction() as session:
            lines = journal.lines(session, placed.account_id)
            return [line.detail["why"] for line in lines if line.detail.get("why")]

    def decisions(self, placed):
        with self.database.transaction() as session:
            found = contacts.decisions(session, placed.account_id)
            return [(each.verdict, each.rules) for each in found]

    def notes(self, placed, kind, at):
        """Something happened on a day that matters to rules."""
        happened = Milestone(kind=kind, at=at, account_id=placed.account_id)
        with self.database.transaction() as session:
            people.note_milestone(
                session, placed.person_id, happened, key=f"{kind}:{at}", source="test"
            )

    def left_open(self, placed, status, **changes):
        """A charge that came to no end, as the record has it."""
        order = self.order(placed, **changes)
        with self.database.transaction() as session:
            person = session.get_one(Person, placed.person_id)
            intent = self.bank.stripe.create_intent(
                amount=order.amount,
                customer=person.stripe_customer,
                payment_method=person.payment_method,
                key=f"create:{order.key}",
                metadata={"account_id": placed.account_id},
            )
            row = payments.begin_charge(session, order)
            row.status, row.intent_id, row.tried_at = status, intent, NOW
            row.customer, row.payment_method = person.stripe_customer, person.payment_method
            row.card = "card"
        return order, intent

    def sweep(self, door):
        """Look up what is left open, a week later."""
        with self.database.transaction() as session:
            session.execute(update(ChargeRow).values(recorded_at=NOW - days(30)))
        return asyncio.run(lookups.sweep(self.database, door, self.bank.stripe))


@pytest.fixture
def desk(database, bank):
    return Desk(database, bank)


class TestCharging:
    def test_a_stored_card_is_charged_once_however_often_it_is_asked(self, desk, bank):
        placed = desk.places(bank.card())
        order = desk.order(placed)

        charged = [desk.charges().charge(order) for _ in range(3)]

        assert {(each.status, each.balance) for each in charged} == {(PAID, 15_000)}
        assert bank.taken(placed.account_id) == [5_000]
        assert books(desk.database, placed)[0] == 15_000

    def test_what_stripe_says_of_the_card_is_kept_and_asked_once(self, desk, bank):
        placed = desk.places(bank.card(FAILS))
        first, second = desk.charge(placed), desk.charge(placed, at=NOW + days(2))
        with desk.database.transaction() as session:
            person = session.get_one(Person, placed.person_id)
            kept = (person.method_kind, person.network, person.card, person.funding)
        rows = desk.rows(placed)

        assert (first.status, second.status) == (DECLINED, DECLINED)
        assert (kept[:2], kept[3]) == (("card", "visa"), "credit")
        assert {(row.card, row.network) for row in rows} == {(kept[2], "visa")}
        assert bank.calls("retrieve_method") == 1

    def test_a_new_card_is_not_taken_for_the_one_before(self, desk, bank):
        placed = desk.places(bank.card(FAILS))
        desk.charge(placed)
        card = bank.card(WORKS)
        with desk.database.transaction() as session:
            people.store_card(session, placed.person_id, **card.model_dump())
        assert desk.charge(placed).status == PAID
        assert len({row.card for row in desk.rows(placed)}) == 2

    def test_without_a_card_there_is_nothing_to_charge(self, desk, bank):
        charged = desk.charge(desk.places())
        assert (charged.status, charged.again_at) == (NO_CARD, None)
        assert bank.calls("create_payment") == 0

    def test_a_card_that_stripe_does_not_know_is_forgotten(self, desk, bank):
        gone = bank.card().model_copy(update={"payment_method": "pm_gone"})
        placed = desk.places(gone)
        charged = desk.charge(placed)
        assert (charged.status, charged.decline) == (DECLINED, DeclineKind.NEVER)
        assert (charged.decline_code, desk.card_of(placed)) == ("resource_missing", None)
        assert desk.charge(placed).status == NO_CARD


class TestAmounts:
    @pytest.mark.parametrize(
        ("currency", "taken"), [("KWD", 4_000), ("JPY", 4_009), ("USD", 4_009)]
    )
    def test_as_much_is_taken_as_stripe_can_take(self, desk, bank, currency, taken):
        placed = desk.places(bank.card(), balance={"minor": 5_000, "currency": currency})
        assert desk.charge(placed, 4_009).balance == 5_000 - taken
        assert bank.taken(placed.account_id) == [taken]

    @pytest.mark.parametrize(("currency", "minor"), [("KWD", 4), ("USD", 49), ("EUR", 1)])
    def test_what_stripe_cannot_take_asks_for_the_person_and_for_no_retry(
        self, desk, bank, currency, minor
    ):
        placed = desk.places(bank.card(), balance={"minor": minor, "currency": currency})
        charged = desk.charge(placed, minor)
        assert (charged.status, charged.decline) == (DECLINED, DeclineKind.PERSON)
        assert (charged.decline_code, charged.again_at) == ("amount_not_chargeable", None)
        assert desk.card_of(placed) is not None
        assert bank.calls("create_payment") == 0

    def test_an_instalment_that_is_partly_paid_is_charged_for_the_rest(self, desk, bank):
        placed = desk.places(bank.card())
        desk.agrees(placed, (TODAY, 5_000), (date(2026, 12, 21), 15_000))
        desk.charge(placed, 2_000, instalment=1)
        charged = desk.charge(placed, 5_000, instalment=1)
        assert (charged.status, charged.balance) == (PAID, 15_000)
        assert sorted(bank.taken(placed.account_id)) == [2_000, 3_000]

    def test_never_more_is_taken_than_was_announced(self, desk, bank):
        placed = desk.places(bank.card())
        desk.agrees(placed, (TODAY, 5_000), (TODAY, 15_000))
        assert desk.charge(placed, 20_000, instalment=1).balance == 15_000

    @pytest.mark.parametrize(
        ("due", "instalment", "autopay"),
        [
            pytest.param(date(2026, 11, 22), 1, True, id="moved to tomorrow"),
            pytest.param(TODAY, 2, True, id="no such instalment any more"),
            pytest.param(TODAY, 1, False, id="the consumer pays by themselves"),
            pytest.param(TODAY, None, True, id="the whole balance, although a plan was agreed"),
        ],
    )
    def test_what_the_plan_on_record_does_not_ask_for_is_not_taken(
        self, desk, bank, due, instalment, autopay
    ):
        placed = desk.places(bank.card())
        desk.agrees(placed, (due, 20_000), autopay=autopay)
        assert desk.charge(placed, 20_000, instalment=instalment).status == NOT_DUE
        assert bank.calls("create_payment") == 0

    def test_an_instalment_of_a_plan_that_was_given_up_is_not_taken(self, desk, bank):
        placed = desk.places(bank.card())
        plan = desk.agrees(placed, (TODAY, 20_000))
        with desk.database.transaction() as session:
            plans.end(session, placed.account_id, plan, why="restarted", at=NOW)
        assert desk.charge(placed, 20_000, instalment=1).status == NOT_DUE

    def test_a_held_part_is_left_out(self, desk, bank):
        placed = desk.places(bank.card())
        with desk.database.transaction() as session:
            accounts.place_hold(
                session, placed.account_id, Hold.DISPUTE, reason="fees", part=18_000
            )
        assert desk.charge(placed, 20_000).balance == 18_000


class TestTheLaw:
    def test_nobody_in_the_us_is_debited_without_their_authority(self, desk, bank):
        placed, card = desk.places(), bank.card(DEBIT)
        with desk.database.transaction() as session:
            people.store_card(session, placed.person_id, **card.model_dump())

        refused = desk.charge(placed)
        desk.notes(placed, MilestoneKind.AUTHORISATION, NOW)
        charged = desk.charge(placed)

        assert (refused.status, charged.status) == (NO_CARD, PAID)
        assert desk.because(placed) == [
            "the person has not authorised debits in writing (12 CFR 1005.10(b))"
        ]
        assert desk.decisions(placed) == [("deny", ["US-E5"]), ("allow", [])]

    def test_a_debit_that_differs_waits_until_its_notice_is_ten_days_old(self, desk, bank):
        placed = desk.places(bank.card(DEBIT))
        desk.notes(placed, MilestoneKind.DEBIT_NOTICE, NOW - days(2))
        waits = desk.charge(placed)
        assert waits.status == NOT_YET
        assert waits.again_at == datetime(2026, 11, 29, 5, tzinfo=UTC)
        assert desk.charge(placed, at=waits.again_at).status == PAID
        assert desk.decisions(placed) == [("wait", ["US-E6"]), ("allow", [])]

    @pytest.mark.parametrize(
        ("funding", "status"), [("credit", PAID), ("prepaid", NO_CARD), (None, NO_CARD)]
    )
    def test_laws_on_debits_do_not_speak_of_a_credit_card(self, desk, bank, funding, status):
        placed, card = desk.places(), bank.card()
        told = {"kind": "card", "fingerprint": "print", "network": "visa", "funding": funding}
        with desk.database.transaction() as session:
            people.store_card(session, placed.person_id, **card.model_dump(), **told)

        assert desk.charge(placed).status == status

    def test_in_the_uk_a_payment_is_tried_twice_and_not_again_a_month_later(self, desk, bank):
        british = {"country": "GB", "phone": "+442071838750"}
        placed = desk.places(bank.card(FAILS), consumer=british)
        twice = [desk.charge(placed, at=NOW + days(2 * each)) for each in range(2)]
        third = desk.charge(placed, at=NOW + days(33))
        assert [each.status for each in (*twice, third)] == [DECLINED, DECLINED, NO_CARD]
        assert desk.because(placed) == [
            "a continuous payment authority is not tried more than twice (FCA CONC 7.6.12R)"
        ]
        assert len(bank.sdk.charges.list().data) == 2

    def test_nothing_is_taken_while_a_hold_stands(self, desk, bank):
        placed = desk.places(bank.card())
        with desk.database.transaction() as session:
            accounts.place_hold(session, placed.account_id, Hold.HARDSHIP, reason="told us")
        assert desk.charge(placed).status == NOT_DUE
        assert desk.because(placed) == ["on hold: hardship"]

    def test_nothing_is_taken_on_an_account_that_is_over(self, desk, bank):
        placed = desk.places(bank.card())
        with desk.database.transaction() as session:
            accounts.recall(session, placed.account_id)
        assert desk.charge(placed).status == NOT_DUE
        assert bank.taken() == []


class TestDeclines:
    def test_what_may_pass_later_says_when(self, desk, bank):
        placed = desk.places(bank.card(NO_FUNDS))
        charged = desk.charge(placed)
        assert (charged.status, charged.decline) == (DECLINED, DeclineKind.LATER)
        assert (charged.decline_code, charged.again_at) == ("insufficient_funds", NOW + days(2))
        assert desk.rows(placed)[0].again_at == NOW + days(2)
        assert desk.card_of(placed) is not None

    def test_nobody_is_asked_before_the_time_has_come(self, desk, bank):
        placed = desk.places(bank.card(NO_FUNDS))
        desk.charge(placed)
        early = desk.charge(placed, at=NOW + hours(3))
        assert (early.status, early.again_at) == (NOT_YET, NOW + days(1))
        assert bank.calls("create_payment") == 1

    def test_the_contract_says_how_often(self, desk, bank):
        with desk.database.transaction() as session:
            contracts.agree(session, "acme", Contract(retries=RetryTerms(tries=2, within_days=3)))
        placed = desk.places(bank.card(NO_FUNDS))
        again = desk.charge(placed).again_at
        assert again == NOW + days(3)
        assert desk.charge(placed, at=again).again_at is None

    def test_a_bank_that_wants_the_person_is_not_asked_again_without_them(self, desk, bank):
        placed = desk.places(bank.card(ASKS_THE_PERSON))
        tries = [desk.charge(placed, at=NOW + days(each)) for each in range(3)]
        assert {(each.status, each.decline, each.again_at) for each in tries} == {
            (DECLINED, DeclineKind.PERSON, None)
        }
        assert len(bank.sdk.charges.list().data) == 1
        assert desk.card_of(placed) is not None

    @pytest.mark.parametrize("code", ["lost_card", "expired_card"])
    def test_a_dead_card_is_forgotten_and_never_tried_again(self, desk, bank, code):
        placed = desk.places(bank.card(FAILS))
        desk.charge(placed)
        with desk.database.transaction() as session:
            codes = {"code": "card_declined", "decline_code": code}
            session.execute(update(ChargeRow).values(codes=codes))
        charged = desk.charge(placed, at=NOW + days(2))
        assert (charged.status, charged.decline_code) == (DECLINED, code)
        assert charged.decline in {DeclineKind.NEVER, DeclineKind.FIX}
        assert desk.card_of(placed) is None
        assert len(bank.sdk.charges.list().data) == 1

    @pytest.mark.parametrize(("number", "most"), [(FAILS, 15), (MASTERCARD_FAILS, 10)])
    def test_a_runaway_loop_over_two_peoples_accounts_stops_at_the_cards_limit(
        self, desk, bank, number, most
    ):
        asked = desk.places(bank.card(number, "Jo"), balance={"minor": 900_000, "currency": "USD"})
        other = desk.places(bank.card(number, "Jo"), balance={"minor": 900_000, "currency": "USD"})
        for placed in (asked, other):
            desk.agrees(placed, *((TODAY, 10_000) for _ in range(20)))

        answers = [
            desk.charge(placed, 10_000, instalment=part, at=NOW + timedelta(minutes=part))
            for part in range(1, 15)
            for placed in (asked, other)
        ]

        statuses = [each.status for each in answers]
        assert statuses == [DECLINED] * most + [NOT_YET] * (28 - most)
        assert bank.log()["network_cap_breaches"] == 0
        assert bank.log()["charges"]["failed"]["count"] == most


class TestOtherPayments:
    @pytest.mark.parametrize("status", [payments.CREATED, UNAVAILABLE])
    def test_a_lost_charge_that_took_the_money_is_found_and_not_made_again(
        self, desk, bank, status
    ):
        placed = desk.places(bank.card())
        _, intent = desk.left_open(placed, status, minor=20_000)
        bank.stripe.confirm_intent(intent, "lost")
        charged = desk.charge(placed, 20_000)
        assert (charged.status, charged.balance) == (NOT_DUE, 0)
        assert bank.taken() == [20_000]
        assert [row.status for row in desk.rows(placed)] == [PAID, NOT_DUE]

    @pytest.mark.parametrize("status", [payments.CREATED, UNAVAILABLE])
    def test_a_lost_charge_that_took_nothing_can_take_nothing_any_more(self, desk, bank, status):
        placed = desk.places(bank.card())
        order, intent = desk.left_open(placed, status, minor=20_000)
        charged = desk.charge(placed, 20_000)
        late = bank.stripe.confirm_intent(intent, "late")
        assert (charged.status, late.code) == (PAID, "canceled")
        assert bank.taken() == [20_000]
        assert desk.charges().charge(order).status == UNAVAILABLE

    def test_a_debit_under_way_is_waited_for(self, desk, bank):
        placed = desk.places(bank.saved("pm_usBankAccount_processing"))
        first = desk.charge(placed, 20_000)
        second = desk.charge(placed, 20_000, at=NOW + days(1))
        bank.act("settle", desk.rows(placed)[0].intent_id)
        assert (first.status, second.status) == (PROCESSING, PROCESSING)
        assert desk.charge(placed, 20_000, at=NOW + days(5)).status == NOT_DUE
        assert bank.taken() == [20_000]
        assert bank.calls("create_payment") == 1

    def test_what_stripe_has_forgotten_stands_in_nobodys_way(self, desk, bank):
        placed = desk.places(bank.card())
        desk.left_open(placed, UNAVAILABLE, minor=20_000)
        self.notes(desk, placed, "cs_gone")
        with desk.database.transaction() as session:
            session.execute(update(ChargeRow).values(intent_id="pi_gone"))
        assert desk.charge(placed, 20_000).status == PAID

    def test_another_instalment_does_not_wait_for_it(self, desk, bank):
        placed = desk.places(bank.saved("pm_usBankAccount_processing"))
        desk.agrees(placed, (TODAY, 5_000), (TODAY, 15_000))
        charged = [
            desk.charge(placed, minor, instalment=part) for part, minor in ((1, 5_000), (2, 15_000))
        ]
        assert [each.status for each in charged] == [PROCESSING, PROCESSING]
        assert bank.calls("confirm_payment") == 2

    def test_a_bank_account_without_funds_is_debited_three_times_in_all(self, desk, bank, door):
        placed = desk.places(bank.saved("pm_usBankAccount_insufficientFunds"))
        for each in range(3):
            at = NOW + days(6 * each)
            assert desk.charge(placed, 20_000, at=at).status == PROCESSING
            bank.act("return", desk.rows(placed)[-1].intent_id)
            desk.sweep(door)
        last = desk.charge(placed, 20_000, at=NOW + days(20))
        assert (last.status, last.decline, last.again_at) == (DECLINED, DeclineKind.LATER, None)
        assert bank.calls("confirm_payment") == 3

    def test_a_page_on_which_somebody_may_pay_is_closed_before_the_charge(self, desk, bank):
        placed = desk.places(bank.card())
        page = self.page(desk, placed)
        assert desk.charge(placed, 20_000).status == PAID
        assert bank.pays(page) == "refused"
        assert bank.taken() == [20_000]

    def test_what_was_paid_on_a_page_is_booked_before_its_event_comes(self, desk, bank):
        placed = desk.places(bank.card())
        page = self.page(desk, placed, 15_000)
        bank.pays(page)
        charged = desk.charge(placed, 20_000)
        assert (charged.status, charged.balance) == (NOT_DUE, 5_000)
        assert desk.charge(placed, 5_000).balance == 0
        assert sorted(bank.taken()) == [5_000, 15_000]

    def test_money_from_a_page_that_is_under_way_is_waited_for(self, desk, bank):
        placed = desk.places(bank.card())
        account = {"card": "pm_usBankAccount_processing"}
        page = bank.sdk.checkout.sessions.create(
            {
                "mode": "payment",
                "allowed_payment_method_types": ["us_bank_account"],
                "line_items": [
                    {
                        "quantity": 1,
                        "price_data": {
                            "currency": "usd",
                            "unit_amount": 20_000,
                            "product_data": {"name": "Acme"},
                        },
                    }
                ],
                "success_url": f"{bank.base}/ok",
            }
        ).id
        self.notes(desk, placed, page)
        assert bank.pays(page, **account) == "complete"
        assert desk.charge(placed, 20_000).status == PROCESSING
        assert bank.taken() == []

    def page(self, desk, placed, minor=20_000):
        page = desk.bank.page(placed.account_id, Money(minor=minor, currency="USD"))
        self.notes(desk, placed, page)
        return page

    def notes(self, desk, placed, page):
        with desk.database.transaction() as session:
            payments.opened_checkout(
                session, page, placed.account_id, purpose="full", contact_key=None
            )

    # what nobody told of

    def test_the_sweeper_books_what_a_lost_charge_took_and_tells(self, desk, bank, door):
        placed = desk.places(bank.card())
        _, intent = desk.left_open(placed, UNAVAILABLE)
        bank.stripe.confirm_intent(intent, "lost")
        assert desk.sweep(door) == 1
        assert [type(each) for each in door.heard()] == [BalanceChanged]
        assert books(desk.database, placed)[0] == 15_000
        assert desk.sweep(door) == 0

    def test_the_sweeper_tells_of_a_charge_that_failed_after_all(self, desk, bank, door):
        placed = desk.places(bank.card(FAILS))
        desk.agrees(placed, (TODAY, 5_000), (TODAY, 15_000))
        order, intent = desk.left_open(placed, PROCESSING, instalment=1)
        bank.stripe.confirm_intent(intent, "lost")
        desk.sweep(door)
        failed = InstalmentFailed(event_id=f"failed:{order.key}", number=1)
        assert door.heard() == [failed]
        assert [row.status for row in desk.rows(placed)] == [DECLINED]

    def test_the_sweeper_gives_up_what_nobody_confirmed(self, desk, bank, door):
        placed = desk.places(bank.card())
        _, intent = desk.left_open(placed, payments.CREATED)
        assert desk.sweep(door) == 1
        assert bank.stripe.retrieve_intent(intent).settled.code == "canceled"
        assert [row.status for row in desk.rows(placed)] == [payments.GIVEN_UP]

    def test_the_sweeper_leaves_young_charges_to_those_who_make_them(self, desk, bank, door):
        placed = desk.places(bank.card())
        desk.left_open(placed, PROCESSING)
        desk.left_open(placed, UNAVAILABLE)
        assert asyncio.run(lookups.sweep(desk.database, door, bank.stripe)) == 0

    def test_the_sweeper_tries_again_when_stripe_is_there_again(self, desk, bank, door):
        placed = desk.places(bank.card())
        desk.left_open(placed, UNAVAILABLE)
        bank.fault(operation="retrieve_payment", status=500)
        assert [desk.sweep(door), desk.sweep(door)] == [0, 1]


class TestCosts:
    """What a contract adds for a payment that fails."""

    @pytest.fixture
    def costly(self, database):
        with database.transaction() as session:
            terms = Contract(costs=CostTerms(per_failed_payment=(usd(500),)))
            contracts.agree(session, "acme", terms)

    @pytest.mark.usefixtures("costly")
    def test_they_are_booked_once_and_go_to_the_end_of_the_plan(self, desk, bank):
        placed = desk.places(bank.card(FAILS))
        plan = desk.agrees(placed, (TODAY, 5_000), (TODAY + days(30), 15_000))
        order = desk.order(placed, instalment=1)
        charged = [desk.charges().charge(order) for _ in range(2)]
        assert [(each.status, each.balance) for each in charged] == [(DECLINED, 20_500)] * 2
        [after] = {each.plan for each in charged}
        assert [each.minor for each in after.instalments] == [5_000, 15_500]
        assert after.outstanding(after.instalments[0], 20_500) == 5_000
        assert after.revision == plan.revision + 1
        with desk.database.transaction() as session:
            assert plans.current(session, placed.account_id) == after

    @pytest.mark.usefixtures("costly")
    @pytest.mark.parametrize("instalment", [1, None])
    def test_however_often_we_try_it_costs_once(self, desk, bank, instalment):
        placed = desk.places(bank.card(FAILS))
        if instalment:
            desk.agrees(placed, (TODAY, 5_000), (TODAY + days(30), 15_000))
        again = [desk.charge(placed, instalment=instalment, at=NOW + days(n)) for n in (0, 3)]
        assert [(each.status, each.balance) for each in again] == [(DECLINED, 20_500)] * 2

    def test_without_such_a_contract_there_are_none(self, desk, bank):
        placed = desk.places(bank.card(FAILS))
        desk.agrees(placed, (TODAY, 5_000), (TODAY + days(30), 15_000))
        charged = desk.charge(placed, instalment=1)
        assert (charged.status, charged.balance, charged.plan) == (DECLINED, 20_000, None)

    @pytest.mark.usefixtures("costly")
    def test_where_the_law_has_none_there_are_none(self, desk, bank):
        placed = desk.places(bank.card(FAILS), consumer={"country": "NL", "phone": "+31612345678"})
        charged = desk.charge(placed)
        assert (charged.status, charged.balance) == (DECLINED, 20_000)

    @pytest.mark.usefixtures("costly")
    @pytest.mark.parametrize("minor", [5_000, 10])
    def test_what_no_bank_declined_costs_nothing(self, desk, bank, minor):
        placed = desk.places(bank.card(ASKS_THE_PERSON))
        charged = desk.charge(placed, minor)
        assert (charged.status, charged.balance) == (DECLINED, 20_000)

    @pytest.mark.usefixtures("costly")
    def test_those_of_a_charge_that_fails_late_are_told_with_it(self, desk, bank, door):
        placed = desk.places(bank.card(FAILS))
        desk.agrees(placed, (TODAY, 5_000), (TODAY + days(30), 15_000))
        order, intent = desk.left_open(placed, PROCESSING, instalment=1)
        bank.stripe.confirm_intent(intent, "lost")
        desk.sweep(door)
        balance, failed = door.heard()
        assert (balance.balance, balance.cause, balance.plan.total) == (
            20_500,
            "adjustment",
            20_500,
        )
        assert failed == InstalmentFailed(event_id=f"failed:{order.key}", number=1)


class Till(FakeStripe):
    """Stripe that refuses to prepare a charge for the reasons given, one after another."""

    def __init__(self, bank, *troubles):
        super().__init__()
        self.bank, self.troubles, self.asked = bank, list(troubles), []

    def retrieve_method(self, payment_method):
        return self.bank.stripe.retrieve_method(payment_method)

    def create_intent(self, *, key, customer, payment_method, **asked):
        self.asked.append((key, customer, payment_method))
        if self.troubles:
            raise self.troubles.pop(0)
        return self.bank.stripe.create_intent(
            key=key, customer=customer, payment_method=payment_method, **asked
        )

    def confirm_intent(self, intent_id, key):
        return self.bank.stripe.confirm_intent(intent_id, key)


class Killed(BaseException):
    """A worker ends between two lines."""


class Grave(Till):
    """Stripe that takes the money of a worker that is killed before it can write that down."""

    def confirm_intent(self, intent_id, key):
        super().confirm_intent(intent_id, key)
        raise Killed


def refused(code):
    return ProviderRefused("Stripe", code)


class TestTroubles:
    def test_a_card_that_cannot_be_used_any_more_is_forgotten(self, desk, bank):
        placed = desk.places(bank.card())
        stripe = Till(bank, refused("payment_method_unactivated"))
        charged = desk.charges(stripe).charge(desk.order(placed))
        assert charged.decline_code == "payment_method_unactivated"
        assert desk.card_of(placed) is None

    @pytest.mark.parametrize("code", ["IdempotencyError", "amount_too_small", "api_key_expired"])
    def test_a_refusal_that_is_not_about_the_card_keeps_it(self, desk, bank, code):
        placed = desk.places(bank.card())
        charged = desk.charges(Till(bank, refused(code))).charge(desk.order(placed))
        assert (charged.status, charged.decline_code) == (DECLINED, code)
        assert charged.again_at is None
        assert desk.card_of(placed) is not None
        assert desk.charge(placed, at=NOW + hours(1)).status == PAID  # no network was asked before

    @pytest.mark.parametrize("after", [None, "resource_missing"])
    def test_a_retry_asks_with_the_card_of_the_first_attempt(self, desk, bank, after):
        card, other = bank.card(), bank.card()
        placed = desk.places(card)
        stripe = Till(bank, ProviderDown("no answer"), *([refused(after)] if after else []))
        charges, order = desk.charges(stripe), desk.order(placed)
        with pytest.raises(ApplicationError):
            charges.charge(order)
        with desk.database.transaction() as session:
            people.store_card(session, placed.person_id, **other.model_dump())
        charged = charges.charge(order)
        asked = (f"create:{order.key}", card.customer, card.payment_method)
        assert stripe.asked == [asked] * 2
        assert desk.card_of(placed) == other.payment_method
        assert charged.status == (DECLINED if after else PAID)

    def test_that_it_was_allowed_is_on_record_before_the_money_moves(self, desk, bank, door):
        placed = desk.places(bank.card())
        with pytest.raises(Killed):
            desk.charges(Grave(bank)).charge(desk.order(placed))

        assert desk.decisions(placed) == [("allow", [])]
        desk.sweep(door)
        assert [row.status for row in desk.rows(placed)] == [PAID]
        assert bank.taken() == [5_000]

    @pytest.mark.parametrize("operation", ["retrieve_method", "create_payment", "confirm_payment"])
    def test_past_patience_the_journey_goes_on(self, database, bank, operation):
        desk = Desk(database, bank, patience=timedelta())
        placed = desk.places(bank.card())
        bank.fault(operation=operation, status=500, times=-1)
        assert desk.charge(placed).status == UNAVAILABLE
        bank.mend()
        assert bank.taken() == []

    def test_a_second_charge_waits_while_nobody_knows_what_became_of_the_first(
        self, database, bank
    ):
        desk = Desk(database, bank, patience=timedelta())
        placed = desk.places(bank.card())
        bank.fault(operation="confirm_payment", drop=True, when="after")
        bank.fault(operation="retrieve_payment", status=500, times=-1)
        lost, second = desk.charge(placed, 20_000), desk.charge(placed, 20_000)
        bank.mend()
        third = desk.charge(placed, 20_000)
        assert [each.status for each in (lost, second, third)] == [
            UNAVAILABLE,
            UNAVAILABLE,
            NOT_DUE,
        ]
        assert (third.balance, bank.taken()) == (0, [20_000])

    def test_an_unconfirmed_payment_is_no_end(self, desk, bank):
        placed = desk.places(bank.card())
        desk.charge(placed)
        row = desk.rows(placed)[0]
        with pytest.raises(ProviderDown), desk.database.transaction() as session:
            lookups.conclude(session, row, Unconfirmed(intent_id="pi_1"))
