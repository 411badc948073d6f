"""Stripe's books against ours, and what a creditor is paid out, on a running stack."""

import asyncio
from contextlib import closing

import pytest
import stripe as stripe_sdk
from sqlalchemy import select
from temporalio.client import ScheduleState
from typer.testing import CliRunner

from cli.acting import connect
from cli.main import app
from storage import Database
from storage.tables import StripeLine
from workers.schedules import keep, schedules
from workers.settings import Settings
from workflows import names

pytestmark = [pytest.mark.stack, pytest.mark.anyio]


@pytest.fixture(scope="module")
def tahsil(stack, stack_data):
    """Runs a command on the stack; gives its exit code and what it printed, on one line."""

    def run(*words):
        given = [*map(str, words), "--data", str(stack_data)]
        result = CliRunner().invoke(app, given, env={"COLUMNS": "250"})
        return result.exit_code, " ".join((result.stdout + result.stderr).split())

    return run


@pytest.fixture(scope="module")
def stripe(stack):
    environment = stack.environment
    return stripe_sdk.StripeClient(
        environment["STRIPE_API_KEY"], base_addresses={"api": environment["STRIPE_BASE_URL"]}
    ).v1


@pytest.fixture
async def placed(house):
    return await house.place()


def paid(stripe, **metadata):
    """A card is charged at Stripe, by whomever."""
    return stripe.payment_intents.create(
        {
            "amount": 7700,
            "currency": "usd",
            "payment_method": "pm_card_visa",
            "confirm": True,
            "off_session": True,
            "metadata": metadata,
        }
    )


def line_of(stack, payment):
    with closing(Database(stack.addresses.database_url)) as database, database.transaction() as s:
        found = select(StripeLine.id).where(StripeLine.payment == payment, StripeLine.minor > 0)
        return s.scalar(found)


async def test_a_payment_that_was_heard_agrees_and_one_of_nobody_is_named_until_it_is_refunded(
    stack, tahsil, stripe, house, placed
):
    def run(*words):
        return asyncio.to_thread(tahsil, *words)

    ours = await asyncio.to_thread(paid, stripe, account_id=placed.id)
    await house.settle()
    strange = await asyncio.to_thread(paid, stripe)

    code, told = await run("reconcile")
    assert code == 1
    assert f"not ours │ - │ USD 77.00 │ - │ {line_of(stack, strange.id)}" in told
    assert "not ours: Stripe took a payment that names no account of ours; refund it" in told
    assert line_of(stack, ours.id) not in told

    await asyncio.to_thread(stripe.refunds.create, {"payment_intent": strange.id})
    code, told = await run("reconcile", "--hear")
    assert line_of(stack, strange.id) not in told
    assert "payments compared:" in told
    assert (await placed.state()).balance.minor == 20_000 - 7700


async def test_a_statement_is_written_to_files_and_the_last_one_again(
    tahsil, house, placed, tmp_path
):
    def run(*words):
        return asyncio.to_thread(tahsil, "statement", "acme", *words)

    await placed.told_paid(2500, "BANK-1")
    written = tmp_path / "lines.csv", tmp_path / "page.pdf"
    asked = "--currency", "USD", "--csv", written[0], "--pdf", written[1]

    code, told = await run()
    assert (code, told.startswith("new statement ")) == (0, True)
    code, told = await run(*asked)
    assert (code, told.startswith("nothing new since statement ")) == (0, True)
    assert f"{placed.placement['reference']},direct payment,USD,0.00,25.00" in written[0].read_text(
        "utf-8"
    )
    assert written[1].read_bytes().startswith(b"%PDF-")


def test_a_time_in_which_nothing_happened_agrees(stack, tahsil):
    code, told = tahsil("reconcile", "--since", "2001-01-01", "--until", "2001-12-31")
    assert (code, told) == (0, told)
    assert told.endswith("0 payments compared: no differences")


def test_days_in_the_wrong_order_and_strangers_are_told(tahsil):
    assert tahsil("reconcile", "--since", "2026-02-02", "--until", "2026-02-01") == (
        2,
        "tahsil: --since is after --until: expected the earlier day first",
    )
    assert tahsil("statement", "nobody") == (
        2,
        "tahsil: no creditor 'nobody': register them first",
    )
    assert tahsil("statement", "acme", "--currency", "XXY")[0] == 2


async def test_the_books_are_compared_every_night_as_the_settings_say(stack):
    client = await connect(stack.addresses)
    handle = client.get_schedule_handle(names.RECONCILER)
    before = (await handle.describe()).schedule
    (daily,) = before.spec.calendars
    assert (daily.hour[0].start, daily.minute[0].start) == (3, 15)

    await handle.pause(note="a person's own wish")
    wanted = schedules(Settings(database_url="x", public_url="x", reconcile_at="04:30"))
    await keep(client, names.RECONCILER, wanted[names.RECONCILER])

    after = (await handle.describe()).schedule
    (daily,) = after.spec.calendars
    assert (daily.hour[0].start, daily.minute[0].start) == (4, 30)
    assert after.state == ScheduleState(note="a person's own wish", paused=True)
    await handle.unpause()
