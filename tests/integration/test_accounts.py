"""An account's life on the real server, database and SDKs."""

import asyncio

import httpx
import pytest
from temporalio.client import WorkflowUpdateFailedError

from api.services import wall
from domain.accounts import Closure
from domain.contacts import Channel
from domain.events import CallRequested
from storage import ledger
from workflows.messages import Heard

pytestmark = [pytest.mark.stack, pytest.mark.anyio]


async def test_a_payment_during_a_wait_closes_the_account_at_once(house):
    account = await house.place()
    await house.forward(account, hours=15)  # whatever the hour is, a lawful one has come

    await account.pays()
    closed = await account.handle.result()

    assert closed.closure is Closure.PAID_IN_FULL
    assert closed.balance.minor == 0
    assert account.record().closure == "paid in full"
    assert len(await account.messages()) == 1


async def test_an_opt_out_during_a_wait_ends_texts_and_leaves_e_mail(house):
    account = await house.place()
    await house.forward(account, hours=15)
    before = await account.messages(account.phone)

    await account.says("STOP")
    state = await account.state()
    await house.forward(account, days=13)

    assert Channel.SMS in state.opted_out
    texts = [
        each for each in await account.messages(account.phone) if each["direction"] != "inbound"
    ]
    assert texts == before
    assert await account.messages(account.email)


async def test_two_accounts_of_one_person_share_one_contact_a_day(house):
    first = await house.place()
    second = await house.place(consumer=first.placement["consumer"])

    await house.forward(first, second, days=2)

    days = first.days_of_contacts()
    assert days
    assert len(days) == len(set(days))
    put_off = [*first.decisions("wait"), *second.decisions("wait")]
    assert any("HOUSE-DAY" in decision.rules for decision in put_off)


async def test_twenty_accounts_of_one_person_race_for_one_slot_a_day_and_one_wins(house):
    consumer = house.placement()["consumer"]
    placed = await asyncio.gather(*(house.place(consumer=consumer) for _ in range(20)))

    await house.forward(*placed, days=2)

    days = placed[0].days_of_contacts()
    assert days
    assert len(days) == len(set(days))
    assert len(await placed[0].messages()) == len(days)


async def test_a_plan_is_offered_accepted_collected_and_paid_off(house):
    account = await house.place()
    await house.forward(account, hours=15)

    await account.says("PLAN")
    await house.forward(account, days=1)
    await account.pays(button="accept-plan")
    await account.reaches("on_plan")
    await house.forward(account, days=105)

    closed = await account.handle.result()
    assert closed.closure is Closure.PAID_IN_FULL
    paid = [detail["amount"] for what, detail in account.story() if what == "charge paid"]
    assert paid == ["USD 50.00"] * 4


async def test_a_failed_instalment_breaks_the_plan_and_a_payment_mends_it(house):
    account = await house.place()
    await house.forward(account, hours=15)
    await account.says("PLAN")
    await house.forward(account, days=1)
    await account.pays(card="4000000000000341", button="accept-plan")
    await account.reaches("on_plan")

    await house.forward(account, days=10)  # with the days of grace, in which the card is retried
    await account.reaches("broken_plan")
    await account.pays(button="pay-due")

    state = await account.reaches("on_plan")
    assert state.balance.minor == 15_000


async def test_an_event_told_while_the_stage_changes_is_never_lost(house):
    account = await house.place()
    await house.forward(account, hours=15)
    events = [CallRequested(event_id=f"race-{number}") for number in range(40)]

    await asyncio.gather(
        account.says("PLAN"),
        *(account.handle.signal("hear", Heard(event=event)) for event in events),
    )
    await house.forward(account, days=150)

    handed_over = [1 for what, _ in account.story() if what == "handed over"]
    assert len(handed_over) >= 40


async def test_a_pause_stops_the_clock_and_resuming_lets_it_go_on(house):
    account = await house.place()
    await house.forward(account, hours=15)
    before = await account.messages()

    paused = await house.api.post(f"/v1/accounts/{account.id}/pause", json={"reason": "a test"})
    await house.forward(account, days=20)

    assert paused.is_success, paused.text
    assert await account.messages() == before
    resumed = await house.api.post(f"/v1/accounts/{account.id}/resume", json={})
    assert resumed.is_success, resumed.text
    await house.forward(account, days=4)
    assert len(await account.messages()) == len(before) + 1


async def test_a_person_sends_an_account_on_another_journey_that_there_is(house):
    account = await house.place()

    order = {"instruction_id": "ui-1", "journey": "special"}

    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await account.handle.execute_update("switch_journey", order)
    assert "no journey is called 'special'; there are hardship," in str(refused.value.cause)

    answer = await house.api.post(
        f"/v1/accounts/{account.id}/journey", json={"journey": "hardship"}
    )
    assert answer.status_code == httpx.codes.ACCEPTED, answer.text
    state = await account.reaches("breathing_space")
    assert state.journey == "hardship"


async def test_nothing_is_sent_before_a_person_has_seen_to_what_somebody_wrote(house):
    account = await house.place()
    await house.forward(account, hours=15)
    sent = len(await account.messages())
    await account.says("What is this about?")
    await account.reaches("needs_a_person")
    await house.forward(account, days=8)
    assert (await account.state()).stage == "needs_a_person"
    assert len(await account.messages()) == sent

    waiting = await house.api.get("/v1/tasks", params={"account_id": account.id})
    ids = [each["id"] for each in waiting.raise_for_status().json()["tasks"]]
    for _ in range(2):
        seen = await house.api.post(f"/v1/accounts/{account.id}/tasks/done", json={"tasks": ids})
        assert [each["done_by"] for each in seen.raise_for_status().json()["tasks"]] == ["acme"]

    await account.reaches("reminders")
    await house.forward(account, days=1)
    assert len(await account.messages()) > sent
    assert [detail["by"] for what, detail in account.story() if what == "seen to"] == ["creditor"]


async def test_a_recall_ends_the_journey_and_empties_the_ledger(house):
    account = await house.place()

    recalled = await house.api.post(f"/v1/accounts/{account.id}/recall", json={"reason": "sold"})
    closed = await account.handle.result()

    assert recalled.is_success, recalled.text
    assert closed.closure is Closure.RECALLED
    with house.database.transaction() as session:
        assert ledger.balance(session, account.id) == 0


async def test_a_pause_in_temporals_ui_reaches_the_record_and_its_journey(house):
    account = await house.place()
    await house.forward(account, hours=15)

    await account.handle.execute_update("pause", {"instruction_id": "ui-1", "hold": "hardship"})

    async def recorded():
        return [detail for what, detail in account.story() if what == "hold placed"]

    async def in_hardship():
        return (await account.state()).journey == "hardship"

    assert await house.eventually(recorded) == [{"hold": "hardship"}]
    await account.handle.execute_update("resume", {"instruction_id": "ui-2", "hold": "hardship"})
    assert await house.eventually(in_hardship)


async def test_temporal_finds_accounts_by_stage_and_tells_what_happens_next(house):
    account = await house.place()
    await house.forward(account, hours=15)

    async def found():
        query = f'Stage="reminders" AND WorkflowId="{account.workflow_id}"'
        return [each.id async for each in house.client.list_workflows(query)]

    assert await house.eventually(found) == [account.workflow_id]
    details = await account.handle.query("__temporal_workflow_metadata")
    text = details["currentDetails"] if isinstance(details, dict) else details.current_details
    assert "**Balance** USD 200.00" in text
    assert "**Next**" in text
    assert account.phone not in text


async def test_an_account_waits_for_what_the_law_asks_for_before_any_contact(house):
    """ON-1 and ON-1-WAIT: a written notice, and six days after it."""
    ontario = {"country": "CA", "region": "CA-ON", "time_zone": "America/Toronto"}
    account = await house.place(consumer=ontario | {"phone": "+14165550188"})
    await house.forward(account, days=2)
    assert (await account.state()).stage == "reminders"
    asked = [detail["reason"] for what, detail in account.story() if what == "handed over"]
    assert [each.split(",")[0] for each in asked] == [
        "nothing may be sent to them: ON-1: a written notice comes before any other contact"
    ]

    sent = {"key": "n1", "kind": "written notice sent", "at": wall().isoformat()}
    noted = await house.api.post(f"/v1/accounts/{account.id}/milestones", json=sent)
    noted.raise_for_status()
    await house.forward(account, days=2)
    assert await account.messages() == []
    await house.forward(account, days=4)
    assert await account.messages()
