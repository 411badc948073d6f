import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from api.app import build
from api.pay_links import written
from domain.accounts import Closure
from domain.contracts import Authority, Contract, SettlementTerms
from domain.ledger import paid
from domain.money import Money
from domain.plans import monthly
from domain.transfers import as_written, reference_of
from providers.charges import PageEnd
from storage import accounts, contracts, creditors, ledger, plans, settlements
from storage.tables import Account, Checkout
from tests.api.conftest import Caller
from tests.api.record import NOW, books, contact, placement, record, services, usd

pytestmark = pytest.mark.stack


TERMS = SettlementTerms(floor=Decimal(60), least={Authority.AGENT: Decimal(60)})
END_OF_LAST_DAY = datetime(2026, 12, 6, 4, 59, tzinfo=UTC)
"""5 December in New York."""


def linked(database, *, plan=None, **changes):
    """A placed account, and the link in a message about it."""
    placed = placement(**changes)
    record(database, placed)
    return placed, contact(database, placed, offer=plan)


def offer(parts=4):
    return monthly("plan-1", usd(20_000), parts=parts, first=date(2026, 12, 1))


def pay(database, placed, minor, key="pi_x"):
    with database.transaction() as session:
        ledger.book(session, placed.account_id, paid(f"stripe:{key}", usd(minor)))


def buttons(page):
    return re.findall(r'action="/p/[^/]+/([a-z-]+)"', page.text)


def session_of(answer):
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].rsplit("/", 1)[-1]


class TestThePage:
    def test_it_shows_creditor_and_amount_and_nothing_of_the_consumer(self, public, database):
        placed, link = linked(database, reference="INV-PRIVATE")
        page = public.get(f"/p/{link}")
        assert page.status_code == 200
        assert "Acme" in page.text
        assert "US$200.00" in page.text or "$200.00" in page.text
        for secret in ("Secret", placed.consumer.phone, placed.consumer.email, placed.reference):
            assert secret not in page.text
        assert buttons(page) == ["pay"]
        assert "<script" not in page.text
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["cache-control"] == "no-store"

    def test_it_says_what_to_write_on_a_bank_transfer(self, public, database):
        placed, link = linked(database)
        assert as_written(reference_of(placed.account_id)) in public.get(f"/p/{link}").text

    def test_it_speaks_arabic_from_right_to_left(self, public, database):
        _, link = linked(database, plan=offer(), consumer={"locale": "ar", "country": "SA"})
        page = public.get(f"/p/{link}").text
        assert '<html lang="ar" dir="rtl">' in page
        assert "المبلغ المتبقي" in page
        assert "أوافق على هذه الخطة" in page

    def test_an_offered_plan_is_shown_part_by_part(self, public, database):
        _, link = linked(database, plan=offer())
        page = public.get(f"/p/{link}")
        assert buttons(page) == ["pay", "accept-plan"]
        assert page.text.count("<tr><td>") == 4
        assert "1 December 2026" in page.text or "December 1, 2026" in page.text

    def test_a_plan_for_another_balance_is_no_offer_any_more(self, public, database):
        placed, link = linked(database, plan=offer())
        pay(database, placed, 1_000)
        assert buttons(public.get(f"/p/{link}")) == ["pay"]
        answer = public.post(f"/p/{link}/accept-plan")
        assert (answer.status_code, answer.headers["location"]) == (303, f"/p/{link}")

    def test_a_later_offer_overtakes_an_earlier_one(self, public, database):
        placed, link = linked(database, plan=offer())
        later = monthly("plan-2", usd(20_000), parts=6, first=date(2026, 12, 1))
        newer = contact(database, placed, "c#2", offer=later)
        assert buttons(public.get(f"/p/{link}")) == ["pay"]
        assert buttons(public.get(f"/p/{newer}")) == ["pay", "accept-plan"]

    def test_a_plan_accepted_since_closes_the_offer(self, public, database):
        placed, link = linked(database, plan=offer())
        with database.transaction() as session:
            other = monthly("plan-2", usd(20_000), parts=6, first=date(2026, 12, 1))
            plans.accept(session, placed.account_id, other)
        assert "accept-plan" not in buttons(public.get(f"/p/{link}"))

    def test_a_fresh_offer_is_open_after_a_plan_that_broke(self, public, database):
        placed, _ = linked(database)
        with database.transaction() as session:
            plans.accept(session, placed.account_id, offer())
        fresh = monthly("plan-2", usd(20_000), parts=6, first=date(2026, 12, 1))
        link = contact(database, placed, "c#2", offer=fresh)
        assert "accept-plan" in buttons(public.get(f"/p/{link}"))

    @pytest.mark.parametrize(("days", "is_open"), [(2, True), (1, False), (-3, False)])
    def test_an_offer_ends_two_days_before_its_first_instalment(
        self, public, database, days, is_open
    ):
        first = NOW.date() + timedelta(days=days)
        _, link = linked(database, plan=monthly("plan-1", usd(20_000), parts=4, first=first))
        assert ("accept-plan" in buttons(public.get(f"/p/{link}"))) == is_open

    def test_on_a_plan_there_are_a_new_card_and_what_is_overdue(self, public, database):
        plan = monthly("plan-1", usd(20_000), parts=4, first=NOW.date() - timedelta(days=40))
        placed, link = linked(database, plan=plan)
        with database.transaction() as session:
            plans.accept(session, placed.account_id, plan)
        page = public.get(f"/p/{link}")
        assert buttons(page) == ["pay-due", "pay", "pay-extra", "card"]
        assert "100.00" in page.text
        pay(database, placed, 10_000)
        assert buttons(public.get(f"/p/{link}")) == ["pay", "pay-extra", "card"]

    def test_a_subscription_takes_another_card(self, public, database):
        _, link = linked(database, journey="subscription")
        assert buttons(public.get(f"/p/{link}")) == ["pay", "card"]

    @pytest.mark.parametrize(("minor", "currency"), [(4, "KWD"), (49, "USD")])
    def test_what_stripe_cannot_charge_is_said(self, public, database, minor, currency):
        _, link = linked(database, balance={"minor": minor, "currency": currency})
        page = public.get(f"/p/{link}")
        assert buttons(page) == []
        assert "cannot be paid online" in page.text

    def test_names_cannot_break_the_page(self, public, database):
        with database.transaction() as session:
            creditors.register(session, "acme", "<script>alert(1)</script>")
        _, link = linked(database)
        assert "<script" not in public.get(f"/p/{link}").text


class TestOver:
    def test_a_paid_account_says_thanks(self, public, database):
        placed, link = linked(database)
        pay(database, placed, 20_000)
        page = public.get(f"/p/{link}")
        assert page.status_code == 200
        assert "Nothing is left to pay" in page.text
        for button in ("pay", "pay-due", "accept-plan", "card"):
            assert "Nothing is left to pay" in public.post(f"/p/{link}/{button}").text

    @pytest.mark.parametrize("end", ["closed", "recalled"])
    def test_an_account_that_is_gone_cannot_be_paid_here(self, public, database, end):
        placed, link = linked(database)
        with database.transaction() as session:
            if end == "closed":
                accounts.close(session, placed.account_id, Closure.REFERRED, at=NOW)
            else:
                accounts.recall(session, placed.account_id)
        assert buttons(public.get(f"/p/{link}")) == []
        assert "Please turn to Acme" in public.post(f"/p/{link}/pay").text

    @pytest.mark.parametrize("path", ["", "/done"])
    def test_an_unknown_link_is_a_page_of_its_own(self, public, path):
        answer = public.get(f"/p/nowhere{path}")
        assert answer.status_code == 404
        assert "This link is not known" in answer.text
        assert public.post("/p/nowhere/pay").status_code == 404
        assert public.post("/p/nowhere/card").status_code == 404

    def test_thanks_come_after_stripes_page(self, public, database):
        _, link = linked(database)
        assert "Thank you" in public.get(f"/p/{link}/done").text


class TestButtons:
    def opened(self, public):
        return public.app_services.stripe.opened

    def test_paying_opens_one_page_for_the_whole_amount(self, public, database):
        placed, link = linked(database)
        sessions = {session_of(public.post(f"/p/{link}/pay")) for _ in range(2)}
        [session] = sessions
        asked = self.opened(public)[session]
        assert asked["amount"] == usd(20_000)
        assert (asked["account_id"], asked["link_code"]) == (placed.account_id, link)
        assert asked["success_url"] == f"https://tahsil.test/p/{link}/done"
        assert "Secret" not in str(asked)
        with database.transaction() as session_:
            page = session_.get_one(Checkout, session)
        assert (page.purpose, page.account_id) == ("full", placed.account_id)

    def test_after_a_payment_another_page_is_opened(self, public, database):
        placed, link = linked(database)
        first = session_of(public.post(f"/p/{link}/pay"))
        pay(database, placed, 5_000)
        second = session_of(public.post(f"/p/{link}/pay"))
        assert first != second
        assert self.opened(public)[second]["amount"] == usd(15_000)

    def test_a_page_for_something_else_closes_the_one_before(self, public, database):
        plan = monthly("plan-1", usd(20_000), parts=4, first=NOW.date())
        placed, link = linked(database, plan=plan)
        with database.transaction() as session:
            plans.accept(session, placed.account_id, plan)
        stripe = public.app_services.stripe
        full = session_of(public.post(f"/p/{link}/pay"))
        due = session_of(public.post(f"/p/{link}/pay-due"))
        assert stripe.expired == [full]
        again = session_of(public.post(f"/p/{link}/pay"))
        assert (again != full, stripe.expired) == (True, [full, due])

    def test_what_was_just_paid_on_another_page_is_booked_and_told_and_no_page_opens(
        self, public, database, door
    ):
        placed, link = linked(database)
        newer = contact(database, placed, "c#2")
        stripe = public.app_services.stripe
        first = session_of(public.post(f"/p/{link}/pay"))
        stripe.ends[first] = PageEnd(
            state="paid", intent_id="pi_1", amount=usd(5_000), paid_at=NOW, metadata={}
        )
        answer = public.post(f"/p/{newer}/pay")
        assert (answer.status_code, answer.headers["location"]) == (303, f"/p/{newer}")
        assert books(database, placed) == (15_000, ["placed:" + placed.account_id, "stripe:pi_1"])
        assert [each.balance for each in door.heard()] == [15_000]
        opened = [each for each in stripe.opened if each != first]
        assert stripe.expired == [first, *opened]

    def test_accepting_a_plan_stores_a_card_for_it(self, public, database):
        _, link = linked(database, plan=offer())
        session = session_of(public.post(f"/p/{link}/accept-plan"))
        assert self.opened(public)[session]["plan_id"] == "plan-1"
        with database.transaction() as record_:
            page = record_.get_one(Checkout, session)
        assert (page.purpose, page.plan["plan_id"]) == ("plan", "plan-1")

    def test_catching_up_pays_what_is_due(self, public, database):
        plan = monthly("plan-1", usd(20_000), parts=4, first=NOW.date())
        placed, link = linked(database, plan=plan)
        with database.transaction() as session:
            plans.accept(session, placed.account_id, plan)
        session = session_of(public.post(f"/p/{link}/pay-due"))
        assert self.opened(public)[session]["amount"] == usd(5_000)

    def test_nothing_due_leads_back_to_the_page(self, public, database):
        _, link = linked(database)
        answer = public.post(f"/p/{link}/pay-due")
        assert (answer.status_code, answer.headers["location"]) == (303, f"/p/{link}")

    def test_another_card_belongs_to_no_plan(self, public, database):
        _, link = linked(database, journey="subscription")
        session = session_of(public.post(f"/p/{link}/card"))
        assert self.opened(public)[session]["plan_id"] is None

    def test_a_card_is_not_taken_where_it_would_not_help(self, public, database):
        _, link = linked(database)
        answer = public.post(f"/p/{link}/card")
        assert (answer.status_code, answer.headers["location"]) == (303, f"/p/{link}")
        assert self.opened(public) == {}

    @pytest.mark.parametrize("button", ["pay", "accept-plan"])
    def test_while_stripe_is_down_the_page_asks_for_patience(self, public, database, button):
        _, link = linked(database, plan=offer())
        public.app_services.stripe.down = True
        answer = public.post(f"/p/{link}/{button}")
        assert answer.status_code == 503
        assert "Nothing was charged" in answer.text


class TestSettling:
    def settling(self, database, *, paid=0, minor=120_00, **changes):
        """An account of 200.00 that may be settled for 120.00 until 5 December."""
        with database.transaction() as session:
            contracts.agree(session, "acme", Contract(settlement=TERMS))
        placed, link = linked(database, **changes)
        with database.transaction() as session:
            account = session.get_one(Account, placed.account_id)
            amount = Money(minor=minor, currency=account.currency)
            settlements.offer(
                session,
                account,
                amount,
                settlement_id="s1",
                by=Authority.AGENT,
                source="tests",
                at=NOW,
            )
        if paid:
            pay(database, placed, paid)
        return placed, link

    def test_an_offer_says_what_to_pay_by_when_and_what_is_forgiven(self, public, database):
        _, link = self.settling(database)
        page = public.get(f"/p/{link}")

        assert buttons(page) == ["settle", "pay"]
        assert "Pay $120.00 by December 5, 2026 and the rest, $80.00, is forgiven." in page.text

    def test_it_is_offered_in_arabic_too(self, public, database):
        _, link = self.settling(database, consumer={"locale": "ar", "country": "SA"})
        page = public.get(f"/p/{link}")

        assert "تسوية بمبلغ أقل" in page.text
        assert "5 ديسمبر 2026" in page.text
        assert "120.00" in page.text

    def test_what_was_paid_since_need_not_be_paid_again(self, public, database):
        _, link = self.settling(database, paid=50_00)
        session = session_of(public.post(f"/p/{link}/settle"))

        assert public.app_services.stripe.opened[session]["amount"] == usd(70_00)
        assert "Pay $70.00 by" in public.get(f"/p/{link}").text

    def test_an_amount_is_asked_that_a_card_can_pay(self, public, database):
        dinars = {"minor": 20_000, "currency": "KWD"}
        _, link = self.settling(database, minor=12_345, balance=dinars)
        session = session_of(public.post(f"/p/{link}/settle"))

        assert public.app_services.stripe.opened[session]["amount"].minor == 12_350

    def test_an_offer_that_ran_out_or_was_taken_back_is_gone(self, public, database):
        placed, link = self.settling(database)
        with database.transaction() as session:
            account = session.get_one(Account, placed.account_id)
            settlements.withdraw(session, account, "s1", at=NOW)

        assert buttons(public.get(f"/p/{link}")) == ["pay"]
        answer = public.post(f"/p/{link}/settle")
        assert (answer.status_code, answer.headers["location"]) == (303, f"/p/{link}")

    def test_a_day_after_the_last_the_offer_is_gone(self, database, door):
        _, link = self.settling(database)
        last, over = (
            Caller(build(replace(services(database, door), wall=lambda at=at: at)), None)
            for at in (END_OF_LAST_DAY, END_OF_LAST_DAY + timedelta(minutes=1))
        )

        assert buttons(last.get(f"/p/{link}")) == ["settle", "pay"]
        assert buttons(over.get(f"/p/{link}")) == ["pay"]


class TestPlansPaidByHand:
    def on_plan(self, database, *, autopay=True, **changes):
        first = NOW.date() + timedelta(days=10)
        plan = monthly("plan-1", usd(20_000), parts=4, first=first)
        placed, link = linked(database, **changes)
        with database.transaction() as session:
            changed = plan.model_copy(update={"autopay": autopay})
            plans.accept(session, placed.account_id, changed)
        return placed, link

    def extra(self, public, link, amount, how="keep"):
        return public.post(f"/p/{link}/pay-extra", data={"amount": amount, "extra": how})

    def test_the_next_instalment_is_there_to_be_paid_before_its_day(self, public, database):
        _, link = self.on_plan(database, autopay=False)
        page = public.get(f"/p/{link}")

        assert buttons(page) == ["pay-due", "pay", "pay-extra", "card"]
        assert "It is due on December 1, 2026." in page.text
        session = session_of(public.post(f"/p/{link}/pay-due"))
        assert public.app_services.stripe.opened[session]["amount"] == usd(5_000)

    def test_one_that_is_charged_is_not(self, public, database):
        _, link = self.on_plan(database)

        assert buttons(public.get(f"/p/{link}")) == ["pay", "pay-extra", "card"]

    @pytest.mark.parametrize("how", ["keep", "respread"])
    def test_an_extra_payment_carries_what_it_does_to_the_plan(self, public, database, how):
        _, link = self.on_plan(database)
        sessions = {session_of(self.extra(public, link, "25.5", how)) for _ in range(2)}

        [session] = sessions
        asked = public.app_services.stripe.opened[session]
        assert (asked["amount"], asked["extra"]) == (usd(25_50), how)

    def test_the_same_amount_with_another_wish_is_another_page(self, public, database):
        _, link = self.on_plan(database)
        one, other = (self.extra(public, link, "25", how) for how in ("keep", "respread"))

        assert session_of(one) != session_of(other)

    @pytest.mark.parametrize(
        "amount", ["", "0", "0.49", "-5", "1,234", "12.345", "200.01", "a lot", "9" * 30]
    )
    def test_what_is_no_amount_is_asked_for_again(self, public, database, amount):
        _, link = self.on_plan(database)
        page = self.extra(public, link, amount)

        assert page.status_code == 422
        assert "Please write an amount up to $200.00, such as 25.00." in page.text
        assert public.app_services.stripe.opened == {}

    @pytest.mark.parametrize(
        ("text", "currency", "minor"),
        [
            (" 25,50 ", "USD", 25_50),
            ("\u0662\u0665\u066b\u0665", "SAR", 25_50),
            ("1 250", "JPY", 1_250),
            ("2.12", "KWD", 2_120),
            ("2.125", "KWD", None),
            ("1.5", "JPY", None),
        ],
    )
    def test_amounts_are_read_as_people_write_them(self, text, currency, minor):
        found = written(text, Money(minor=5_000, currency=currency))

        assert (found.minor if found else None) == minor

    def test_without_a_plan_there_is_nothing_extra(self, public, database):
        _, link = linked(database)
        answer = self.extra(public, link, "25")

        assert (answer.status_code, answer.headers["location"]) == (303, f"/p/{link}")
        assert self.extra(public, "nowhere", "25").status_code == 404
