"""An account that was paid in full, and whose payment is taken back: the journey goes on."""

import httpx
import pytest
from sqlalchemy import select

from domain.accounts import Closure
from storage.tables import Task

pytestmark = [pytest.mark.stack, pytest.mark.anyio]


def tasks(account):
    """What a person of ours is asked to look at."""
    with account.house.database.transaction() as session:
        query = select(Task.reason).where(Task.account_id == account.id)
        return list(session.scalars(query))


async def reopened(account):
    """Wait until the account's workflow runs again; gives its state."""

    async def runs_again():
        state = await account.state()
        return state if state.closure is None and state.balance.minor else None

    return await account.house.eventually(runs_again)


async def test_a_chargeback_begins_the_journey_again_and_a_person_looks_first(house):
    account = await house.place()
    await house.forward(account, hours=15)
    paid = (await account.pays())["payment_intent"]
    ended = await account.ends()
    assert ended.closure is Closure.PAID_IN_FULL
    sent = len(await account.messages())

    answer = await house.sandbox.post(f"/control/charges/{paid}/dispute", json={})
    assert answer.is_success, answer.text
    await house.settle()
    state = await reopened(account)

    assert (state.balance.minor, account.record().closure) == (20_000, None)
    assert account.record().reopened == 1
    assert state.at >= ended.at  # it was run ahead of the wall, and goes on from there
    await house.eventually(lambda: looked_at(account))
    assert len(await account.messages()) == sent

    won = answer.json()["id"]
    assert (await house.sandbox.post(f"/control/disputes/{won}/win")).is_success
    closed = await account.ends()
    assert (closed.closure, closed.balance.minor) == (Closure.PAID_IN_FULL, 0)
    assert account.record().closure == "paid in full"


async def looked_at(account):
    return len(tasks(account)) > 1


async def test_a_payment_that_the_creditor_takes_back_begins_it_again_and_it_can_be_paid(house):
    account = await house.place()
    await account.told_paid(20_000, "BANK-1")
    assert (await account.ends()).closure is Closure.PAID_IN_FULL

    path = f"/v1/accounts/{account.id}/payments/BANK-1/reversal"
    answer = await house.api.post(path)
    assert answer.status_code == httpx.codes.OK, answer.text
    assert (await house.api.post(path)).status_code == httpx.codes.CONFLICT
    state = await reopened(account)
    assert state.balance.minor == 20_000

    await account.told_paid(20_000, "BANK-2")
    assert (await account.ends()).closure is Closure.PAID_IN_FULL
    assert account.movements() == [
        ("placement", 20_000),
        ("direct payment", -20_000),
        ("direct payment", 20_000),
        ("direct payment", -20_000),
    ]
