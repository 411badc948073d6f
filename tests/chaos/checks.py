"""What must be true once it is quiet again: every book against every other."""

import asyncio
import json
import sqlite3
import time
from collections import Counter, defaultdict
from contextlib import closing
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import func, select
from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.worker import Replayer

from auditor import audit
from auditor.provider import read_sandbox
from auditor.record import read_book
from cli import book as books
from cli.reconciling import reconcile, window
from cli.showing import compared
from compliance.laws import LAWS
from domain.contacts import ContactStatus
from domain.ledger import Book, Cause
from evidence import check, export, read_record
from providers.charges import ACCOUNT
from storage import bulk, counts, laws, ledger, reconciling
from storage.people import OPTED_OUT
from storage.tables import (
    Account,
    AddressFact,
    ContactRow,
    HoldRow,
    InboxRow,
    LedgerEntry,
    LedgerTransaction,
    Reconciliation,
    Reply,
)
from workers.clock import wall
from workers.runner import WORKFLOWS, runner

QUIET_WITHIN = 90.0
"""Seconds after the last trouble in which everything has to come to rest."""
AT_ONCE = 8
TASK_FAILED = EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
LEFT = frozenset(status.value for status in counts.LEFT)
NEVER_LEFT = frozenset({"rejected", "unavailable", "refused"})
ACCOUNTS = 'WorkflowType="account"'


class Checks:
    """The checks of one run; each gives what it found, as sentences."""

    def __init__(self, chaos, data, console):
        self.stack, self.client = chaos.stack, chaos.client
        self.addresses, self.database = chaos.stack.addresses, chaos.database
        self.sandbox, self.asks = chaos.sandbox, chaos.asks
        self.data, self.console, self.tell = data, console, chaos.tell
        self.stuck = chaos.stuck

    async def findings(self):
        """Everything that is wrong."""
        LAWS.fetch_from(laws.fetcher(self.database))
        found = self.stuck + await self.quiet()
        for look in (
            self.messages,
            self.money,
            self.webhooks,
            self.words,
            self.excuses,
            self.audited,
            self.evidence,
        ):
            found += await asyncio.to_thread(list, look())
        for ask in (self.states, self.figures, self.reconciled, self.histories):
            found += await ask()
        return found

    # nothing is stuck

    async def quiet(self):
        """Wait for rest; what is still under way is stuck."""
        began, told = time.monotonic(), set[str]()
        while busy := await self._busy():
            if time.monotonic() > began + QUIET_WITHIN:
                return [f"stuck: {each}" for each in busy]
            for each in set(busy) - told:
                self.tell(f"waits for {each}")
            told |= set(busy)
            await asyncio.sleep(0.5)
        self.tell("everything has come to rest")
        return []

    async def _busy(self):
        answer = await self.sandbox.post("/control/settle", params={"timeout": 10})
        webhooks = answer.json()
        busy = [] if webhooks["settled"] else [f"{webhooks['pending']} webhooks"]
        with self.database.transaction() as session:
            left = select(InboxRow.id, InboxRow.failure).where(InboxRow.applied_at.is_(None))
            busy += [f"event {row.id}: {row.failure}" for row in session.execute(left)]
        return busy + list(self.untold()) + await self._at_work()

    def untold(self):
        """Instructions for many of which not all have heard."""
        with self.database.transaction() as session:
            for each in bulk.left_behind(session, older_than=timedelta()):
                left = bulk.progress(session, each).left
                yield f"instruction {each}: {left} accounts have not heard of it"

    async def _at_work(self):
        """Account workflows that have something to do that is not waiting."""
        busy, places = list[str](), asyncio.Semaphore(AT_ONCE)

        async def look(name):
            async with places:
                told = (await self.client.get_workflow_handle(name).describe()).raw_description
            busy.extend(
                f"{name}: {each.activity_type.name}, attempt {each.attempt}"
                for each in told.pending_activities
            )
            if told.HasField("pending_workflow_task"):
                busy.append(f"{name}: workflow task, attempt {told.pending_workflow_task.attempt}")

        async with asyncio.TaskGroup() as group:
            async for each in self.client.list_workflows(
                f'{ACCOUNTS} AND ExecutionStatus="Running"'
            ):
                group.create_task(look(each.id))
        return busy

    # what left, and what was charged

    def messages(self):
        """Each contact that left is one message, and nothing else is any."""
        sent = self._outbox()
        with self.database.transaction() as session:
            rows = session.scalars(
                select(ContactRow).where(ContactRow.channel.in_(("sms", "email")))
            ).all()
        known = {row.key: row for row in rows if not row.inbound}
        for key, messages in sent.items():
            if len(messages) > 1:
                yield f"sent {len(messages)} times: {key}"
            if key not in known:
                yield f"sent, and not on record: {key}"
        same = Counter((each["recipient"], each["text"]) for all_ in sent.values() for each in all_)
        yield from (f"the same words {n} times to one address" for n in same.values() if n > 1)
        for key, row in known.items():
            number = len(sent.get(key, ()))
            if row.status in LEFT and not number:
                yield f"{row.status} on record, and never sent: {key}"
            if row.status in NEVER_LEFT and number:
                yield f"{row.status} on record, and sent: {key}"
            if row.status == ContactStatus.INTENDED:
                yield f"intended, and nobody knows what became of it: {key}"
        self.tell(f"messages: {dict(Counter(row.status for row in known.values()))}")

    def _outbox(self):
        sent = defaultdict(list)
        for row in self._sandbox("SELECT * FROM messages WHERE direction != 'inbound' AND NOT own"):
            back = parse_qs(urlsplit(row["callback_url"]).query).get("contact", [None])
            sent[json.loads(row["args"]).get("contact") or back[0]].append(row)
        return sent

    def _sandbox(self, sql):
        """Rows of the sandbox's own file, read beside it."""
        file = self.data / "sandbox" / "sandbox.sqlite3"
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as opened:
            opened.row_factory = sqlite3.Row
            return opened.execute(sql).fetchall()

    def _objects(self, kind):
        rows = self._sandbox(f"SELECT body FROM objects WHERE kind = '{kind}'")
        return [json.loads(row["body"]) for row in rows]

    def money(self):
        """Every charge at Stripe is one payment of one account, and the other way round."""
        intents = {each["id"]: each for each in self._objects("payment_intent")}
        taken = defaultdict(list)
        for charge in self._objects("charge"):
            if charge["status"] == "succeeded":
                taken[charge["payment_intent"]].append(charge["amount"])
        booked = dict(self._booked())
        asked = Counter[str | None]()
        for intent, amounts in taken.items():
            told = intents[intent]["metadata"]
            asked[told.get("charge")] += 1
            if len(amounts) > 1:
                yield f"charged {len(amounts)} times: {intent}"
            if booked.get(intent) != (told.get(ACCOUNT), amounts[0]):
                yield f"{intent}: {amounts[0]} taken, {booked.get(intent)} booked"
        yield from (f"charge {key}: {n} payments" for key, n in asked.items() if key and n > 1)
        yield from (f"{each}: booked, and never taken" for each in booked if each not in taken)
        with self.database.transaction() as session:
            total = counts.ledger_sum(session)
        if total:
            yield f"the ledger's sum is {total}"
        self.tell(f"money: {len(taken)} payments through Stripe")

    def _booked(self):
        """Payments through Stripe: intent, account and amount."""
        with self.database.transaction() as session:
            rows = session.execute(
                select(
                    LedgerTransaction.key,
                    LedgerTransaction.account_id,
                    func.sum(LedgerEntry.minor),
                )
                .join(LedgerEntry, LedgerEntry.transaction_key == LedgerTransaction.key)
                .where(LedgerTransaction.cause == Cause.PAYMENT)
                .where(LedgerTransaction.key.startswith("stripe:"))
                .where(LedgerEntry.book == Book.COLLECTED)
                .group_by(LedgerTransaction.key, LedgerTransaction.account_id)
            )
            for key, account, minor in rows:
                yield key.removeprefix("stripe:"), (account, int(minor))

    def webhooks(self):
        """All of them were taken; none was set aside that says something of our accounts."""
        rows = self._sandbox(
            "SELECT provider, topic, state, last_answer, count(*) AS n FROM deliveries"
            " WHERE url != '' AND state != 'delivered' GROUP BY 1, 2, 3, 4"
        )
        for row in rows:
            what = f"{row['provider']} {row['topic']}, {row['last_answer']}"
            yield f"{row['n']} webhooks {row['state']}: {what}"
        with self.database.transaction() as session:
            aside = session.execute(
                select(InboxRow.topic, InboxRow.failure, func.count())
                .where(InboxRow.failure.is_not(None))
                .group_by(InboxRow.topic, InboxRow.failure)
            ).all()
        for topic, failure, number in aside:
            self.tell(f"set aside: {number} x {topic}: {failure}")

    def words(self):
        """What people wrote is on record, each once; who wrote STOP is opted out."""
        wrote = self._sandbox("SELECT id, contact FROM messages WHERE direction = 'inbound'")
        stopped = {row["number"] for row in self._sandbox("SELECT number FROM opted_out")}
        with self.database.transaction() as session:
            heard = session.scalar(select(func.count()).select_from(Reply)) or 0
            out = set(
                session.scalars(
                    select(AddressFact.address).where(
                        AddressFact.channel == "sms",
                        AddressFact.fact == OPTED_OUT,
                        AddressFact.lifted_at.is_(None),
                    )
                )
            )
        if heard != len(wrote):
            yield f"{len(wrote)} people wrote, {heard} replies are on record"
        if stopped - out:
            yield f"{len(stopped - out)} numbers are opted out at Twilio and not on record"

    def excuses(self):
        """The API says that it cannot now, and never breaks."""
        answers = sum((each.answers for each in self.asks), Counter[str]())
        self.tell(f"excuses: {dict(answers)}")
        for excuse, number in answers.items():
            if excuse.startswith("500"):
                yield f"{number} answers {excuse}: {'; '.join(self._failed())}"

    def _failed(self):
        """What the API wrote down of requests that it could not answer: kinds and places."""
        logs = sorted((self.data / "logs").glob("api.log*"))
        lines = (line for each in logs for line in each.read_text("utf-8").splitlines())
        return [line for line in lines if "request.failed" in line]

    # the law and the proof

    def audited(self):
        """The auditor names no violation."""
        got = read_sandbox(self.addresses.sandbox_url)
        record = read_book(self.addresses.database_url)
        record.sends = got
        report = audit(record)
        self.tell(str(report))
        for each in report.violations:
            yield f"{each.rule} broken by {', '.join(each.sends)} of {each.account}: {each.by}"

    def evidence(self):
        """Every account's proof is sound."""
        with self.database.transaction() as session:
            ids = session.scalars(select(Account.id)).all()
        for each in ids:
            proof = export(read_record(self.database, each), exported_at=wall())
            for fault in check(proof.data).faults:
                yield f"evidence of {each}: {fault}"

    # the record, the workflows and Stripe

    async def states(self):
        """Every account is where the record says it is, and its workflow says the same."""
        told = {}
        for name, execution in (await books._latest(self.client)).items():
            told[name] = await books._state(self.client, execution)
        found = []
        with self.database.transaction() as session:
            for row in session.scalars(select(Account)):
                state = told.pop(row.workflow_id, None)
                found += (
                    [f"{row.workflow_id}: {each}" for each in self._differs(session, row, state)]
                    if state
                    else [f"{row.workflow_id}: on record, and no workflow"]
                )
        return found + [f"{name}: a workflow, and not on record" for name in told]

    def _differs(self, session, row, state):
        closure = state.closure.value if state.closure else None
        if row.closure != closure:
            yield f"{row.closure} on record, {closure} in its workflow"
        if closure is not None:
            return
        if (row.journey, row.stage) != (state.journey, state.stage):
            yield f"in {row.journey}.{row.stage} on record, {state.journey}.{state.stage} in fact"
        owed = ledger.balance(session, row.id), ledger.version(session, row.id)
        if owed != (state.balance.minor, state.version):
            yield f"owes {owed} on record, {state.balance.minor, state.version} in its workflow"
        holds = session.scalars(
            select(HoldRow.hold).where(HoldRow.account_id == row.id, HoldRow.lifted_at.is_(None))
        )
        if set(holds) != {each.value for each in state.holds}:
            yield "held for other reasons on record than in its workflow"

    async def figures(self):
        """`tahsil check` agrees."""
        lines = await compared(self.addresses)
        return [
            f"{line.name}: {line.record} on record, {line.temporal} in Temporal,"
            f" {line.providers} at the providers"
            for line in lines
            if not line.agrees
        ]

    async def reconciled(self):
        """`tahsil reconcile` agrees, about what is too young for it to say, too."""
        await reconcile(self.addresses, window(None, None, hear=False), self.console)
        with self.database.transaction() as session:
            last = session.scalars(select(func.max(Reconciliation.id))).one()
            found = reconciling.found_in(session, last) if last else []
        return [f"{each.why}: {each.line or each.key} of {each.account_id}" for each in found]

    async def histories(self):
        """No workflow failed, no workflow task did, and every run goes the same way again."""
        runs = [each async for each in self.client.list_workflows(ACCOUNTS)]
        found = [f"{each.id}: its run is {each.status.name}" for each in runs if _ended_badly(each)]
        histories = await self._fetched(runs)
        failed = Counter([why for each in histories async for why in self._failures(each)])
        replayer = Replayer(
            workflows=WORKFLOWS,
            workflow_runner=runner(),
            data_converter=self.client.data_converter,
        )
        again = await replayer.replay_workflows(_each(histories), raise_on_replay_failure=False)
        for run, failure in again.replay_failures.items():
            found.append(f"run {run} does not replay: {failure}")
        self.tell(f"histories: {len(runs)} runs played again")
        return found + [f"{n} workflow tasks failed: {why}" for why, n in failed.items()]

    async def _failures(self, history):
        """Why workflow tasks of a run failed, unless they were only put off."""
        for event in history.events:
            if event.event_type == TASK_FAILED:
                told = event.workflow_task_failed_event_attributes
                error = await self.client.data_converter.decode_failure(told.failure)
                if not _passes(told.cause, str(error)):
                    yield str(error)[:200]

    async def _fetched(self, runs):
        places = asyncio.Semaphore(AT_ONCE)

        async def fetch(run):
            async with places:
                handle = self.client.get_workflow_handle(run.id, run_id=run.run_id)
                return await handle.fetch_history()

        return await asyncio.gather(*map(fetch, runs))


async def _each(histories):
    for history in histories:
        yield history


def _ended_badly(run):
    fine = ("RUNNING", "COMPLETED", "CONTINUED_AS_NEW")
    return run.status.name not in fine


def _passes(cause, why):
    """Whether a workflow task was only put off: by news that came with its end, or by the record.

    Without the record the keys are away, and nothing can be encrypted: the next try finds it.
    """
    unhandled = WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND
    return cause == unhandled or ("coding" in why and "connection" in why)
