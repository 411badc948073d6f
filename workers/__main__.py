"""A worker: `python -m workers`. Start as many as the load asks for; they share one task queue."""

import asyncio
import signal
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import structlog
from temporalio.client import Client
from temporalio.common import MetricMeter
from temporalio.worker import Worker

from activities.bulk import Bulks
from activities.channels import (
    Calls,
    Carriers,
    Emails,
    EmailsAfterGap,
    Gap,
    Texts,
    TextsAfterGap,
)
from activities.charges import Charges
from activities.checkups import Checkups
from activities.contacts import Clocks, Contacts, Patience
from activities.housekeeping import Housekeeping
from activities.reconciling import Reconciling
from activities.records import Records
from activities.skipping import Skipping
from compliance.laws import LAWS, shipped_id
from domain.contacts import Channel
from journeys import present_name
from providers.messages import Messages
from providers.sendgrid import SendGrid
from providers.settings import SendGridSettings, StripeSettings, TwilioSettings, from_environment
from providers.stripe import Stripe
from providers.stripe_books import StripeBooks
from providers.twilio import Twilio
from storage import Database
from storage import contacts as known
from workers import health
from workers.clock import wall
from workers.discretion import Discretion
from workers.heartbeats import EVERY, Heartbeats
from workers.logs import log_as_json
from workers.releases import record_release
from workers.runner import WORKFLOWS, read_laws_from, runner
from workers.schedules import keep, schedules
from workers.settings import Settings
from workers.telemetry import Counting, end_traces, interceptors, runtime, send_traces, traced
from workers.versions import deployed_as, take_up
from workflows import names
from workflows.batches import TemporalCrowd
from workflows.door import TemporalDoor
from workflows.payloads import sealed

log = structlog.get_logger()

THREADS, HOUSEKEEPING = 24, 8
"""Threads of activities, and those of the inbox and of files. Each may hold a connection."""
STICKY = timedelta(seconds=2)
"""How long a workflow waits for the worker that had it cached before another takes it."""


def build_worker(
    client: Client, settings: Settings, database: Database, meter: MetricMeter
) -> Worker:
    """A worker with every workflow and activity of ours."""
    stripe_settings = from_environment(StripeSettings)
    stripe = traced(Stripe(stripe_settings), "stripe")
    patience = Patience(in_all=timedelta(seconds=settings.provider_patience))
    read_laws_from(database)
    clocks = Clocks(wall=wall, fast_forward=settings.fast_forward)
    contacts = Contacts(
        database,
        carriers=carriers(settings, database),
        messages=Messages(packs=LAWS.called(shipped_id())),
        clocks=clocks,
        patience=patience,
        public_url=settings.public_url,
    )
    charges = Charges(database, stripe=stripe, clocks=clocks, patience=patience)
    records, skipping = Records(database), Skipping(database)
    bulks = Bulks(database, TemporalCrowd(client))
    door = TemporalDoor(client, fast_forward=settings.fast_forward)
    housekeeping = Housekeeping(database, door, stripe, present_name)
    reconciling = Reconciling(
        database,
        door,
        books=StripeBooks(stripe_settings),
        stripe=stripe,
        wall=wall,
        restored_from=Gap.read(settings.restored).since if settings.restored else None,
    )
    return Worker(
        client,
        task_queue=names.TASK_QUEUE,
        workflows=WORKFLOWS,
        activities=[
            contacts.reach_out,
            charges.charge,
            records.record_placement,
            records.enter_stage,
            records.close_account,
            records.record_holds,
            records.hand_over,
            skipping.skip_contact,
            skipping.skip_charge,
            bulks.take_part,
            bulks.tell_all,
            Checkups(database, wall).read_clocks,
            housekeeping.sweep_inbox,
            housekeeping.place_file,
            reconciling.read_books,
            reconciling.compare_books,
            reconciling.hear_missing,
        ],
        activity_executor=ThreadPoolExecutor(THREADS, thread_name_prefix="activity"),
        max_concurrent_activities=THREADS,
        workflow_runner=runner(),
        build_id=settings.build if settings.one_build else None,
        deployment_config=None if settings.one_build else deployed_as(settings.build),
        sticky_queue_schedule_to_start_timeout=STICKY,
        interceptors=[Counting(meter), Heartbeats(), Discretion()],
        max_heartbeat_throttle_interval=EVERY,
        graceful_shutdown_timeout=timedelta(seconds=5),
    )


def carriers(settings: Settings, database: Database) -> Carriers:
    """The channels that are set up."""
    texts = Texts(
        Twilio(from_environment(TwilioSettings)),
        lag=timedelta(seconds=settings.twilio_lag),
        public_url=settings.public_url,
    )
    emails = Emails(
        SendGrid(from_environment(SendGridSettings)),
        lag=timedelta(seconds=settings.sendgrid_lag),
    )
    if settings.restored:
        gap, unknown = Gap.read(settings.restored), partial(_not_on_record, database)
        texts, emails = TextsAfterGap.over(texts, gap, unknown), EmailsAfterGap.over(emails)
    sms, email = traced(texts, "twilio"), traced(emails, "sendgrid")
    return {Channel.SMS: sms, Channel.EMAIL: email, Channel.VOICE: Calls()}


def _not_on_record(database: Database, provider_ids: Sequence[str]) -> list[str]:
    """Asked beside a transaction that holds a connection of the pool already."""
    with database.apart() as session:
        return known.not_on_record(session, provider_ids)


async def main() -> None:
    """Work until told to stop."""
    settings = Settings()
    send_traces(settings.otlp_endpoint, "tahsil-worker")
    figures = runtime(settings.metrics_address)
    ring = settings.keyring()
    await ring.check()
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(HOUSEKEEPING))
    database = Database(settings.database_url, pool_size=THREADS + HOUSEKEEPING)
    client = await Client.connect(
        settings.temporal_address,
        namespace=settings.temporal_namespace,
        data_converter=sealed(ring),
        interceptors=interceptors(),
        runtime=figures,
    )
    stop = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    for name, schedule in schedules(settings).items():
        await keep(client, name, schedule)
    if settings.health_address is not None:
        await health.serve(settings.health_address, health.checks(database, client, ring.keys))
    async with build_worker(client, settings, database, figures.metric_meter):
        if not settings.one_build:
            await take_up(client, settings.build)
        log.info("worker.ready", task_queue=names.TASK_QUEUE, build=settings.build)
        if settings.ready_file is not None:
            settings.ready_file.write_text("ready", "utf-8")
        await asyncio.to_thread(record_release, database, settings.build)
        await stop.wait()
    database.close()
    ring.close()
    end_traces()
    log.info("worker.stopped")


if __name__ == "__main__":
    log_as_json()
    asyncio.run(main())
