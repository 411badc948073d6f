"""The queue of webhooks: written with the effect that causes them, delivered afterwards.

Deliveries on one line (one message, one payment) start in order; a retry does not hold up
those behind it, so late and doubled webhooks happen here as they do in life.
"""

import asyncio
import json
import logging
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from sandbox import clock, messages, outcomes
from sandbox.faults import Fault, take_webhook_fault
from sandbox.poster import Poster
from sandbox.signing import signed_headers
from sandbox.store import Store
from sandbox.world import Json, World

RETRIES = (0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300)
AT_ONCE = 16
ANSWER_WITHIN = 15.0
REORDERED_BY = 0.4
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"

log = logging.getLogger("sandbox.webhooks")


@dataclass(frozen=True)
class Effect:
    """What becomes true of a message at the moment its webhook first leaves."""

    message_id: str
    status: str
    error_code: int | None = None


@dataclass(frozen=True)
class Delivery:
    """One webhook to be sent; without a url only its effects happen."""

    provider: str
    topic: str
    url: str
    body: bytes
    content_type: str = JSON
    line: str | None = None
    effects: Sequence[Effect] = ()
    delay_seconds: float = 0


def enqueue(store: Store, delivery: Delivery) -> None:
    """Write a webhook down for delivery, bent by a fault if one is set for it."""
    fault = take_webhook_fault(store, delivery.provider, delivery.topic) if delivery.url else None
    _write(store, delivery, fault)
    if fault is not None and fault.webhook == "duplicate":
        _write(store, delivery, None)


def _write(store: Store, delivery: Delivery, fault: Fault | None) -> None:
    bent = fault.webhook if fault else None
    reordered = bent == "reorder"
    wait = (fault.delay_seconds or 0) if fault and bent == "delay" else 0
    store.run(
        "INSERT INTO deliveries (provider, topic, url, body, content_type, line, effects,"
        " lose_first, due) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        delivery.provider,
        delivery.topic,
        delivery.url,
        delivery.body,
        delivery.content_type,
        None if reordered else delivery.line,
        json.dumps([(e.message_id, e.status, e.error_code) for e in delivery.effects]),
        bent == "lose_first",
        clock.seconds() + delivery.delay_seconds + wait + (REORDERED_BY if reordered else 0),
    )


def standing(store: Store) -> Json:
    """Return how many webhooks wait, arrived, and were given up."""
    by_state = store.tally("SELECT state, count(*) FROM deliveries WHERE url != '' GROUP BY state")
    waiting = store.count("SELECT count(*) FROM deliveries WHERE state = 'pending'")
    return {
        # An outcome that is due brings webhooks of its own in a moment.
        "pending": waiting + outcomes.waiting(store),
        "delivered": by_state.get("delivered", 0),
        "failed": by_state.get("failed", 0),
    }


def retry_failed(store: Store) -> int:
    """Queue every webhook that was given up once more, for an app that came back."""
    failed = store.count("SELECT count(*) FROM deliveries WHERE state = 'failed'")
    store.run(
        "UPDATE deliveries SET state = 'pending', attempts = 1, due = ? WHERE state = 'failed'",
        clock.seconds(),
    )
    return failed


class Courier:
    """Carries the queue to the app while the sandbox runs."""

    def __init__(self, world: World, bring_outcomes: Callable[[float], int]) -> None:
        self._world = world
        self._bring_outcomes = bring_outcomes
        self._wake = asyncio.Event()
        self._changed = asyncio.Condition()
        self._under_way: dict[int, asyncio.Task[None]] = {}

    def wake(self) -> None:
        """Look at the queue now: something was written to it."""
        self._wake.set()

    async def run(self) -> None:
        """Deliver until cancelled; what is under way then is sent again after the restart."""
        poster = Poster(AT_ONCE, ANSWER_WITHIN)
        try:
            while True:
                self._wake.clear()
                # One moment for both: what falls due between them would wait for nobody.
                now = clock.seconds()
                if self._bring_outcomes(now):
                    # There may be more of it than comes at once.
                    self.wake()
                self._start_due(poster, now)
                await self._tell_change()
                await self._pause(now)
        finally:
            await self.abandon()
            poster.close()

    async def settled(self, timeout_seconds: float) -> bool:
        """Wait until nothing is queued or under way; say whether that came in time."""
        try:
            async with asyncio.timeout(timeout_seconds), self._changed:
                await self._changed.wait_for(self._idle)
        except TimeoutError:
            return self._idle()
        return True

    def _idle(self) -> bool:
        return not self._under_way and not standing(self._world.store)["pending"]

    def _start_due(self, poster: Poster, now: float) -> None:
        for row in self._due(now):
            task = asyncio.create_task(self._carry(poster, row))
            self._under_way[row["seq"]] = task
            # Not by the task itself: one that is cancelled before it began runs no line of it.
            task.add_done_callback(partial(self._put_down, row["seq"]))

    def _put_down(self, seq: int, _task: asyncio.Task[None]) -> None:
        del self._under_way[seq]
        self.wake()

    def _due(self, now: float) -> list[sqlite3.Row]:
        free = AT_ONCE - len(self._under_way)
        rows = self._world.store.rows(
            "SELECT * FROM deliveries d INDEXED BY deliveries_waiting"
            " WHERE state = 'pending' AND due <= ?"
            " AND (line IS NULL OR attempts > 0 OR NOT EXISTS (SELECT 1 FROM deliveries e"
            " WHERE e.line = d.line AND e.seq < d.seq AND e.state = 'pending'"
            " AND e.attempts = 0)) ORDER BY seq LIMIT ?",
            now,
            AT_ONCE + free,
        )
        return [row for row in rows if row["seq"] not in self._under_way][:free]

    async def _pause(self, now: float) -> None:
        row = self._world.store.row(
            "SELECT min(due) FROM deliveries WHERE state = 'pending' AND due > ?", now
        )
        moments = [row[0] if row is not None else None, outcomes.next_due(self._world.store, now)]
        due = min((moment for moment in moments if moment is not None), default=None)
        try:
            async with asyncio.timeout(None if due is None else max(due - clock.seconds(), 0)):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _carry(self, poster: Poster, row: sqlite3.Row) -> None:
        self._apply(row)
        self._record(row, await self._attempt(poster, row))

    async def _tell_change(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def _apply(self, row: sqlite3.Row) -> None:
        if row["attempts"]:
            return
        with self._world.store.transaction():
            for effect in json.loads(row["effects"]):
                messages.set_status(self._world.store, *effect)

    async def _attempt(self, poster: Poster, row: sqlite3.Row) -> str:
        if not row["url"]:
            return "200"
        if row["lose_first"] and not row["attempts"]:
            return "lost on the way (fault)"
        signed = signed_headers(self._world.credentials, row["provider"], row["url"], row["body"])
        headers = signed | {"Content-Type": row["content_type"]}
        if row["provider"] == "twilio":
            headers["I-Twilio-Idempotency-Token"] = f"sandbox-{row['seq']}"
        return await poster.post(row["url"], row["body"], headers)

    def _record(self, row: sqlite3.Row, answer: str) -> None:
        attempts = row["attempts"] + 1
        state, due = "pending", clock.seconds()
        if answer.startswith("2"):
            state = "delivered"
        elif attempts > len(RETRIES):
            state = "failed"
            log.warning("%s %s given up: %s", row["provider"], row["topic"], answer)
        else:
            due += RETRIES[attempts - 1]
        self._world.store.run(
            "UPDATE deliveries SET state = ?, due = ?, attempts = ?, last_answer = ? WHERE seq = ?",
            state,
            due,
            attempts,
            answer,
            row["seq"],
        )

    async def abandon(self) -> None:
        """Break off what is under way."""
        under_way = list(self._under_way.values())
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
