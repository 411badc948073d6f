"""A worker: `python -m workers`. Start as many as the load asks for; they share one task queue."""

import asyncio
import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import structlog
from temporalio.client import Client
from temporalio.worker import Worker

from activities.channels import Calls, Carriers, Emails, Texts
from activities.charges import Charges
from activities.contacts import Clocks, Contacts, Patience
from activities.housekeeping import Housekeeping
from activities.reconciling import Reconciling
from activities.records import Records
from compliance.laws import LAWS, shipped_id
from domain.contacts import Channel
from providers.messages import Messages
from providers.sendgrid import SendGrid
from providers.settings import SendGridSettings, StripeSettings, TwilioSettings, from_environment
from providers.stripe import Stripe
from providers.stripe_books import StripeBooks
from providers.twilio import Twilio
from storage import Database, laws
from workers.clock import wall
from workers.discretion import Discretion
from workers.heartbeats import EVERY, Heartbeats
from workers.logs import log_as_json
from workers.runner import WORKFLOWS, runner
from workers.schedules import keep, schedules
from workers.settings import Settings
from workflows import names
from workflows.door import TemporalDoor
from workflows.payloads import sealed

log = structlog.get_logger()

THREADS, HOUSEKEEPING = 24, 8
"""Threads of activities, and those of the inbox and of files. Each may hold a connection."""
LAWYER = ThreadPoolExecutor(1, thread_name_prefix="law")
"""Reads a law that this worker has not seen, outside of the sandbox of the workflow that asks."""
STICKY = timedelta(seconds=2)
"""How long a workflow waits for the worker that had it cached before another takes it."""


def build_worker(client: Client, settings: Settings, database: Database) -> Worker:
    """A worker with every workflow and activity of ours."""
    stripe_settings = from_environment(StripeSettings)
    stripe = Stripe(stripe_settings)
    patience = Patience(in_all=timedelta(seconds=settings.provider_patience))
    LAWS.fetch_from(laws.fetcher(database), aside=lambda read: LAWYER.submit(read).result())
    clocks = Clocks(wall=wall, fast_forward=settings.fast_forward)
    contacts = Contacts(
        database,
        carriers=carriers(settings),
        messages=Messages(packs=LAWS.called(shipped_id())),
        clocks=clocks,
        patience=patience,
        public_url=settings.public_url,
    )
    charges = Charges(database, stripe=stripe, clocks=clocks, patience=patience)
    records = Records(database)
    door = TemporalDoor(client, fast_forward=settings.fast_forward)
    housekeeping = Housekeeping(database, door, stripe)
    reconciling = Reconciling(
        database, door, books=StripeBooks(stripe_settings), stripe=stripe, wall=wall
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
            housekeeping.sweep_inbox,
            housekeeping.place_file,
            reconciling.read_books,
            reconciling.compare_books,
            reconciling.hear_missing,
        ],
        activity_executor=ThreadPoolExecutor(THREADS, thread_name_prefix="activity"),
        max_concurrent_activities=THREADS,
        workflow_runner=runner(),
        sticky_queue_schedule_to_start_timeout=STICKY,
        interceptors=[Heartbeats(), Discretion()],
        max_heartbeat_throttle_interval=EVERY,
        graceful_shutdown_timeout=timedelta(seconds=5),
    )


def carriers(settings: Settings) -> Carriers:
    """The channels that are set up."""
    return {
        Channel.SMS: Texts(
            Twilio(from_environment(TwilioSettings)),
            lag=timedelta(seconds=settings.twilio_lag),
            public_url=settings.public_url,
        ),
        Channel.EMAIL: Emails(
            SendGrid(from_environment(SendGridSettings)),
            lag=timedelta(seconds=settings.sendgrid_lag),
        ),
        Channel.VOICE: Calls(),
    }


async def main() -> None:
    """Work until told to stop."""
    settings = Settings()
    ring = settings.keyring()
    await ring.check()
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(HOUSEKEEPING))
    database = Database(settings.database_url, pool_size=THREADS + HOUSEKEEPING)
    client = await Client.connect(
        settings.temporal_address,
        namespace=settings.temporal_namespace,
        data_converter=sealed(ring),
    )
    stop = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    for name, schedule in schedules(settings).items():
        await keep(client, name, schedule)
    async with build_worker(client, settings, database):
        log.info("worker.ready", task_queue=names.TASK_QUEUE)
        if settings.ready_file is not None:
            settings.ready_file.write_text("ready", "utf-8")
        await stop.wait()
    database.close()
    ring.close()
    log.info("worker.stopped")


if __name__ == "__main__":
    log_as_json()
    asyncio.run(main())
