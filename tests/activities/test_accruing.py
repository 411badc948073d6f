"""Interest and costs come into a debt where the account's own path leads by."""

from datetime import timedelta
from decimal import Decimal

import pytest

from activities.paying import received
from activities.records import Records
from compliance.orders import EnterStage
from domain.contracts import Contract, CostTerms, InterestTerms
from domain.events import BalanceChanged
from domain.ledger import Book
from domain.orders import RecordPlacement
from storage import accounts, contracts, ledger
from tests.api.record import NOW, placement, usd
from workflows.names import workflow_id

pytestmark = pytest.mark.stack

TERMS = Contract(
    interest=InterestTerms(percent_a_year=Decimal("36.5")),
    costs=CostTerms(at_placement=(usd(1500),)),
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
