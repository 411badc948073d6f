"""What a message says of a plan, by the record as it stands when it leaves."""

from dataclasses import replace
from datetime import date

import pytest

from activities.contacts import Clocks, Contacts, Patience
from compliance.laws import LAWS, shipped_id
from domain.accounts import Hold
from domain.contacts import Channel, email, sms
from domain.ledger import paid
from domain.plans import monthly
from domain.time import hours
from providers.messages import Messages
from storage import accounts, ledger, plans
from tests.activities.test_reaching import NOON, Post, order, placed
from tests.api.record import usd

pytestmark = pytest.mark.stack

DUE, FAILED = sms("instalment_due"), email("instalment_failed")


@pytest.fixture
def tell(database):
    """Send a message about an instalment of a plan of four times 50.00, and give its words."""
    made = placed(database, consumer={"region": "US-GA", "phone": "+14045550123"})
    with database.transaction() as session:
        plan = monthly("p1", usd(200_00), parts=4, first=date(2026, 11, 2))
        plans.accept(session, made.account_id, plan)
    post = Post()
    hands = Contacts(
        database,
        carriers={Channel.SMS: post, Channel.EMAIL: post},
        messages=Messages(packs=LAWS.called(shipped_id())),
        clocks=Clocks(wall=lambda: NOON, fast_forward=True),
        patience=Patience(in_all=hours(1)),
        public_url="https://tahsil.test",
    )

    def telling(message, *, paying=0, held=0, **about):
        with database.transaction() as session:
            if paying:
                ledger.book(session, made.account_id, paid("p", usd(paying)))
            if held:
                accounts.place_hold(
                    session, made.account_id, Hold.DISPUTE, reason="a letter", part=held
                )
        reached = hands.reach_out(replace(order(made, message=message), **about))
        assert reached.status == "sent", reached
        return post.sent[0].words.text

    return telling


def test_an_instalment_is_told_with_all_that_is_collected_with_it_and_on_which_day(tell):
    words = tell(DUE, paying=20_00, instalment=2, day=date(2026, 12, 15))
    assert "your instalment of $80.00" in words
    assert "Dec 15, 2026" in words


def test_without_a_day_of_its_own_it_is_told_with_the_plans(tell):
    words = tell(DUE, instalment=2)
    assert "your instalment of $100.00" in words
    assert "Dec 2, 2026" in words


@pytest.mark.parametrize("about", [{"instalment": 1}, {}])
@pytest.mark.parametrize(("paying", "still"), [(50_00, "$50.00"), (70_00, "$30.00")])
def test_one_that_is_covered_gives_way_to_what_is_left_of_the_next(tell, about, paying, still):
    words = tell(DUE, paying=paying, **about)
    assert f"your instalment of {still}" in words
    assert "Dec 2, 2026" in words


@pytest.mark.parametrize(
    ("paying", "held", "left"),
    [(0, 0, "$200.00"), (30_00, 0, "$170.00"), (30_00, 60_00, "$110.00")],
)
def test_what_is_left_of_a_plan_is_told_without_what_is_paid_or_held(tell, paying, held, left):
    assert left in tell(FAILED, paying=paying, held=held, instalment=1)
