"""Interest and costs come into a debt where the account's own path leads by."""

from datetime import timedelta
from decimal import Decimal

import pytest

from activities.paying import received, went_back
from activities.records import Records
from compliance.orders import EnterStage
from domain.contracts import Authority, Contract, CostTerms, InterestTerms, SettlementTerms
from domain.events import BalanceChanged
from domain.ledger import Book, Cause
from domain.orders import RecordPlacement
from storage import accounts, accruing, contracts, ledger, settlements
from tests.api.record import NOW, placement, usd
from workflows.names import workflow_id

pytestmark = pytest.mark.stack

TERMS = Contract(
    interest=InterestTerms(percent_a_year=Decimal("36.5")),
    costs=CostTerms(at_placement=(usd(1500),)),
    settlement=SettlementTerms(floor=Decimal(50), least={Authority.AGENT: Decimal(50)}),
)
LATER = NOW + timedelta(days=10)


@pytest.fixture
def placed(database):
    """An account under a contract with interest, as its workflow places it."""
    with database.transaction() as session:
        contracts.agree(session, "acme", TERMS)
    made = placement()
    order = RecordPlacement(
        key="p",
        account_id=made.account_id,
        at=NOW,
        placement=made,
        workflow_id=workflow_id("acme", made.reference),
    )
    hands = Records(database)
    first, again = hands.record_placement(order), hands.record_placement(order)
    assert first.balance == again.balance == 21_500
    return made.account_id


def owed(database, account_id):
    with database.transaction() as session:
        return ledger.portions(session, account_id)


def test_a_new_stage_brings_the_interest_up_to_its_day_and_tells_the_balance(database, placed):
    order = EnterStage(key="s", account_id=placed, at=LATER, journey="standard", stage="reminders")
    hands = Records(database)
    entered = hands.enter_stage(order)

    assert (entered.version, entered.balance) == (3, 21_700)
    assert hands.enter_stage(order) == entered
    assert owed(database, placed) == {
        Book.PRINCIPAL: 20_000,
        Book.INTEREST: 200,
        Book.COSTS: 1500,
    }


def test_a_payment_finds_the_interest_up_to_its_day_and_pays_it_before_the_principal(
    database, placed
):
    for _ in range(2):
        with database.transaction() as session:
            account = accounts.by_id(session, placed)
            assert account
            told = received(session, account, "stripe:pi_1", usd(2000), at=LATER)

    assert [each.event.balance for each in told if isinstance(each.event, BalanceChanged)] == [
        19_700
    ]
    assert owed(database, placed) == {Book.PRINCIPAL: 19_700, Book.INTEREST: 0, Book.COSTS: 0}


@pytest.mark.parametrize(("more", "left"), [(0, 0), (10, 10)])
def test_no_interest_runs_while_the_principal_is_forgiven_on_an_account_that_runs_ahead(
    database, placed, more, left
):
    day = timedelta(days=1)
    with database.transaction() as session:
        account = accounts.by_id(session, placed)
        assert account
        by = Authority.AGENT
        settlements.offer(
            session, account, usd(12_000), settlement_id="s", by=by, source="tests", at=NOW
        )
        received(session, account, "p1", usd(12_000), at=NOW + 5 * day)
        if more:
            received(session, account, "p2", usd(more), at=NOW + 10 * day)
        back = Cause.CHARGEBACK
        went_back(session, account, "d", usd(12_000), cause=back, at=NOW + 20 * day)
        accruing.accrue(session, account, NOW + 30 * day)

    assert owed(database, placed) == {
        Book.PRINCIPAL: 20_000,
        Book.INTEREST: 300,  # of five days, and of the ten since it is owed again
        Book.COSTS: 1500 - left,
    }
