"""Nobody pays twice: lost answers, forgotten keys, dead workers, and two payments at one moment.

Charges are made as a worker makes them, against the running stack: its sandbox's Stripe, its record
and the webhooks that its API hears meanwhile.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier

import httpx
import pytest
from temporalio.exceptions import ApplicationError

from activities.charges import Charges
from activities.contacts import Clocks, Patience
from domain.accounts import Placement
from domain.money import Money
from domain.orders import Charge, ChargeStatus
from domain.plans import Instalment, PaymentPlan
from providers.stripe import Stripe
from storage import accounts, ledger, payments, plans
from tests.bank import Bank
from workflows.names import workflow_id

pytestmark = [pytest.mark.stack, pytest.mark.anyio]

NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
OWED = Money(minor=20_000, currency="USD")
RACES, AT_ONCE = 30, 5
PATIENCE = 60
LONG = 5
"""Seconds for which Stripe holds back an answer: longer than we listen for it."""


@pytest.fixture
def bank(house):
    """The stack's own sandbox, and the real SDK."""
    environment = house.stack.environment
    told = {
        "api_key": environment["STRIPE_API_KEY"],
        "webhook_secret": environment["STRIPE_WEBHOOK_SECRET"],
    }
    base = house.stack.addresses.sandbox_url
    with httpx.Client(base_url=f"{base}/control", trust_env=False, timeout=60) as control:
        yield Bank(base, control, told)


class Desk:
    """A worker's charges, on accounts that no workflow follows."""

    def __init__(self, house, bank, stripe=None):
        self.house, self.bank, self.database = house, bank, house.database
        clocks = Clocks(wall=lambda: datetime.now(UTC), fast_forward=True)  # noqa: TID251
        patience = Patience(in_all=timedelta(hours=1))
        self.charges = Charges(
            self.database, stripe=stripe or bank.stripe, clocks=clocks, patience=patience
        )

    def places(self, card):
        raw = self.house.placement(consumer={"stored_card": card.model_dump()})
        placed = Placement.model_validate({"creditor": "acme"} | raw)
        target = workflow_id(placed.creditor, placed.reference)
        with self.database.transaction() as session:
            accounts.write(session, placed, workflow_id=target, at=NOON)
        return placed

    def order(self, placed, number=1, *, instalment=None, amount=OWED):
        return Charge(
            key=f"account/acme/{placed.reference}#{number}",
            account_id=placed.account_id,
            at=NOON,
            amount=amount,
            instalment=instalment,
        )

    def page(self, placed):
        """A page on which the consumer can pay all of it, as the portal opens one."""
        page = self.bank.page(placed.account_id, OWED)
        with self.database.transaction() as session:
            payments.opened_checkout(
                session, page, placed.account_id, purpose="full", contact_key=None
            )
        return page

    def balance(self, placed):
        with self.database.transaction() as session:
            return ledger.balance(session, placed.account_id)


def at_once(*acts):
    """What each act gives, all begun in the same moment."""
    start = Barrier(len(acts))

    def act(each):
        start.wait()
        return each()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [each.result() for each in [pool.submit(act, each) for each in acts]]


class OtherKeys(Stripe):
    """A client that asks under other idempotency keys than the one before it."""

    def create_intent(self, *, key, **asked):
        return super().create_intent(key=f"other:{key}", **asked)

    def confirm_intent(self, intent_id, key):
        return super().confirm_intent(intent_id, f"other:{key}")


@pytest.mark.parametrize("keys", ["kept", "expired", "changed"])
@pytest.mark.parametrize("operation", ["create_payment", "confirm_payment"])
async def test_a_charge_whose_answer_was_lost_is_made_once(house, bank, operation, keys):
    desk = Desk(house, bank)
    placed = desk.places(bank.saved("pm_card_visa"))
    bank.fault(operation=operation, drop=True, when="after")
    with pytest.raises(ApplicationError):
        desk.charges.charge(desk.order(placed))

    if keys == "expired":
        bank.forget_keys()
    again = Desk(house, bank, OtherKeys(bank.settings)) if keys == "changed" else desk
    charged = again.charges.charge(desk.order(placed))
    await house.settle()

    assert (charged.status, charged.balance) == (ChargeStatus.PAID, 0)
    assert bank.taken(placed.account_id) == [OWED.minor]
    assert desk.balance(placed) == 0


async def test_a_worker_killed_between_intent_and_confirmation_takes_the_money_once(house, bank):
    account = await house.place()
    await account.is_on_plan()
    await house.fault(provider="stripe", operation="confirm_payment", delay_seconds=LONG)
    ahead = asyncio.create_task(house.forward(account, days=4))

    async def confirmation_is_under_way():
        return await house.faults_left() == 0

    await house.eventually(confirmation_is_under_way)
    nothing_yet = bank.taken(account.id)
    bank.forget_keys()
    await house.kill_worker()
    await asyncio.wait_for(ahead, PATIENCE)

    assert nothing_yet == []
    assert bank.taken(account.id) == [5_000]
    assert account.movements() == [("placement", 20_000), ("payment", -5_000)]


async def test_two_charges_for_one_instalment_at_once_take_it_once(house, bank):
    desk, card = Desk(house, bank), bank.saved("pm_card_visa")
    for _ in range(10):
        placed = desk.places(card)
        parts = [Instalment(number=1, due=date(2026, 11, 23), minor=5_000)]
        parts.append(Instalment(number=2, due=date(2026, 12, 23), minor=15_000))
        plan = PaymentPlan(
            plan_id=f"{placed.account_id}-p1", currency="USD", instalments=tuple(parts)
        )
        with desk.database.transaction() as session:
            plans.accept(session, placed.account_id, plan, at=NOON)
        due = Money(minor=5_000, currency="USD")
        orders = [desk.order(placed, number, instalment=1, amount=due) for number in (1, 2)]

        charged = at_once(*(lambda each=each: desk.charges.charge(each) for each in orders))

        assert bank.taken(placed.account_id) == [5_000]
        assert [each.status for each in charged].count(ChargeStatus.PAID) == 1
        assert desk.balance(placed) == 15_000


async def test_a_payment_on_a_page_and_a_charge_at_one_moment_take_what_is_owed_once(house, bank):
    desk, card = Desk(house, bank), bank.saved("pm_card_visa")

    def race(_):
        placed = desk.places(card)
        page, order = desk.page(placed), desk.order(placed)
        return placed, *at_once(lambda: bank.pays(page), lambda: desk.charges.charge(order).status)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        ends = await asyncio.to_thread(lambda: list(pool.map(race, range(RACES))))
    await house.settle()

    outcomes = {(paid, charged) for _, paid, charged in ends}
    ours = {placed.account_id for placed, _, _ in ends}
    taken = sorted(each for each in bank.charged() if each[0] in ours)
    assert taken == sorted((account_id, OWED.minor) for account_id in ours)
    assert outcomes <= {
        ("complete", ChargeStatus.NOT_DUE),
        ("refused", ChargeStatus.PAID),
    }
    assert [desk.balance(placed) for placed, _, _ in ends] == [0] * RACES
