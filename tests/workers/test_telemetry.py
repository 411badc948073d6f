"""What a process tells those who watch it: figures, and traces that say nothing of a person."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import httpx
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from api.app import build
from api.services import Services
from providers.outcomes import ProviderDown
from providers.sendgrid import SendGrid
from providers.settings import SendGridSettings, StripeSettings, TwilioSettings, from_environment
from providers.stripe import Stripe
from providers.twilio import Twilio
from stack.ports import next_free
from tests.house import Account
from workers.__main__ import build_worker
from workers.settings import Settings
from workers.telemetry import interceptors, provided, runtime, traced
from workflows import door, names
from workflows.door import TemporalDoor, turn_of
from workflows.payloads import sealed

PHONE = "+14045550123"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def spans(monkeypatch):
    """The spans that left this process so far, once it is asked."""
    exporter = InMemorySpanExporter()
    provider = provided(exporter, "tahsil-test")
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)

    def left():
        provider.force_flush()
        return exporter.get_finished_spans()

    yield left
    provider.shutdown()


class Provider:
    """A client of a provider, as we have them."""

    lag = 5

    def send(self, to):
        raise ProviderDown(f"nobody reaches {to}")

    def find(self, to):
        return len(to)


def test_calls_to_a_provider_are_spans_and_only_the_kind_of_an_error_is_told(spans):
    client = traced(Provider(), "twilio")

    assert (client.lag, client.find(PHONE)) == (5, 12)
    with pytest.raises(ProviderDown):
        client.send(PHONE)

    found, sent = spans()
    assert (found.name, found.status.status_code) == ("twilio.find", StatusCode.UNSET)
    assert (sent.name, sent.status.status_code) == ("twilio.send", StatusCode.ERROR)
    assert dict(sent.attributes) == {"provider": "twilio", "error.type": "ProviderDown"}


def test_attributes_and_words_that_may_hold_a_value_do_not_leave(spans):
    tracer = trace.get_tracer("somebody's")
    asked = {"url.path": f"/p/{PHONE}", "http.route": "/p/{link}", "client.address": PHONE}

    def called():
        with tracer.start_as_current_span("GET /p/{link}", attributes=asked):
            raise ValueError(PHONE)

    with pytest.raises(ValueError, match="404"):
        called()

    [left] = spans()
    assert dict(left.attributes) == {"http.route": "/p/{link}"}
    assert [dict(each.attributes) for each in left.events] == [{"exception.type": "ValueError"}]
    assert PHONE not in left.to_json()


def test_without_a_collector_nothing_stands_between():
    client = Provider()

    assert traced(client, "twilio") is client
    assert interceptors() == []


ORDER: list[str] = []


@activity.defn
def take_turn(creditor: str) -> None:
    """Note whose turn it was."""
    ORDER.append(creditor)


@workflow.defn(name="queued")
class Queued:
    @workflow.run
    async def run(self, creditor: str) -> None:
        """Wait for a turn."""
        await workflow.execute_activity(take_turn, creditor, start_to_close_timeout=door.PATIENCE)


@pytest.mark.anyio
@pytest.mark.stack
async def test_a_creditor_with_few_accounts_does_not_wait_for_one_with_many(house):
    async def queue(creditor, number):
        return await house.client.start_workflow(
            "queued",
            creditor,
            id=f"queued/{creditor}/{number}",
            task_queue="turns",
            priority=turn_of(creditor),
        )

    ORDER.clear()
    waiting = [await queue("many", number) for number in range(24)]
    waiting += [await queue("few", number) for number in range(4)]
    async with Worker(
        house.client,
        task_queue="turns",
        workflows=[Queued],
        activities=[take_turn],
        activity_executor=ThreadPoolExecutor(1),
        max_concurrent_activities=1,
        max_concurrent_workflow_tasks=2,
        workflow_runner=UnsandboxedWorkflowRunner(),
    ):
        await asyncio.gather(*(each.result() for each in waiting))

    few = [place for place, creditor in enumerate(ORDER) if creditor == "few"]
    assert len(ORDER) == 28
    assert median(few) < 22, f"without turns they come last, at 24 to 27: {few}"


@pytest.fixture
async def watched(house, spans, monkeypatch):
    """The API and a worker in this process, on a queue of their own, both watched."""
    for name, value in house.stack.environment.items():
        monkeypatch.setenv(name, value)
    for module in (names, door):
        monkeypatch.setattr(module, "TASK_QUEUE", "watched")
    settings = Settings()
    ring = settings.keyring()
    port = next_free(19464)
    figures = runtime(f"127.0.0.1:{port}")
    client = await Client.connect(
        settings.temporal_address,
        data_converter=sealed(ring),
        interceptors=interceptors(),
        runtime=figures,
    )
    services = Services(
        settings=settings,
        database=house.database,
        door=TemporalDoor(client),
        twilio=Twilio(from_environment(TwilioSettings)),
        sendgrid=SendGrid(from_environment(SendGridSettings)),
        stripe=traced(Stripe(from_environment(StripeSettings)), "stripe"),
    )
    transport = httpx.ASGITransport(build(services))
    key = house.api.headers["authorization"]
    async with (
        build_worker(client, settings, house.database, figures.metric_meter),
        httpx.AsyncClient(
            transport=transport, base_url="http://api.test", headers={"authorization": key}
        ) as api,
    ):
        yield api, f"http://127.0.0.1:{port}/metrics"
    ring.close()


@pytest.mark.anyio
@pytest.mark.stack
async def test_a_request_its_workflow_its_activities_and_their_calls_are_one_trace(
    house, watched, spans
):
    api, figures = watched
    placement = house.placement()

    placed = await api.post("/v1/accounts", json=placement)
    account = Account(house, placement, placed.json())
    await house.forward(account, hours=24)

    assert len(await account.texts()) == 1
    told = spans()
    [request] = [each for each in told if each.name == "POST /v1/accounts"]
    ours = [each for each in told if each.context.trace_id == request.context.trace_id]
    assert {
        "StartUpdateWithStartWorkflow:account",
        "RunWorkflow:account",
        "StartActivity:record_placement",
        "RunActivity:reach_out",
        "twilio.send",
    } <= {each.name for each in ours}
    [sent] = [each for each in ours if each.name == "twilio.send"]
    by_id = {each.context.span_id: each for each in ours}
    assert by_id[sent.parent.span_id].name == "RunActivity:reach_out"
    said = " ".join(each.to_json() for each in told)
    link = await account.link()
    for secret in (account.phone, account.email, "Morgan", "20000", link):
        assert secret not in said
    async with httpx.AsyncClient() as http:
        page = (await http.get(figures)).text
    board = (ROOT / "grafana" / "tahsil.json").read_text("utf-8")
    untold = {each for each in re.findall(r"temporal_\w+", board) if each not in page}
    assert untold <= WHEN_IT_GOES_WRONG
    assert re.search(r'tahsil_contacts_total\{channel="sms",rule="",.*verdict="allow"\} 1', page)
    assert not any(each in page for each in (account.phone, account.id, "acme"))
    new = await api.post(f"/v1/accounts/{account.id}/journey", json={"journey": "invoice"})
    assert new.status_code == 202, new.text
    await house.eventually(lambda: runs_in(account, "invoice"))
    described = await account.handle.describe()
    info = described.raw_description.workflow_execution_info
    assert info.execution.run_id != info.first_run_id
    assert info.priority.fairness_key == "acme"
    # other tests look at every account of the stack, and this queue has a worker no more
    assert (await api.post(f"/v1/accounts/{account.id}/recall")).status_code == 200
    assert (await account.ends()).closure == "recalled"


async def runs_in(account, journey):
    return (await account.state()).journey == journey


WHEN_IT_GOES_WRONG = {
    "temporal_activity_execution_failed_total",
    "temporal_workflow_task_execution_failed_total",
    "temporal_request_failure_total",
    "temporal_sticky_cache_miss_total",
}
"""What the SDK tells only once there is something to tell."""
