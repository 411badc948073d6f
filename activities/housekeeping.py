"""Work that belongs to no single account: sweeping the inbox, placing a file."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import structlog
from temporalio import activity

from activities import lookups
from activities.doors import Door
from activities.hearing import hear
from activities.news import TooEarly
from activities.placing import place_rows
from domain.orders import PlacementJob
from providers.stripe import Stripe
from storage import Database, bulk, inbox
from storage.tables import InboxRow

log = structlog.get_logger()

LEFT_BEHIND = timedelta(seconds=20)
"""Younger rows are still in the hands of the webhook that stored them."""


class Housekeeping:
    """Activities that look after the record as a whole."""

    def __init__(
        self,
        database: Database,
        door: Door,
        stripe: Stripe,
        present_name: Callable[[str], str | None],
    ) -> None:
        """Work on this record, and tell these workflows, of journeys that are called so now."""
        self._database = database
        self._door = door
        self._stripe = stripe
        self._present_name = present_name

    @activity.defn
    async def sweep_inbox(self) -> int:
        """Apply events that were stored and not applied; returns how many could be.

        Then look up the charges of which no event has told for too long, and see to instructions
        for many that whoever gave them could not hand over any more.
        """
        done, last = 0, None
        while page := await asyncio.to_thread(self._left_over, last):
            for row in page:
                done += await self._heard(row.id)
                activity.heartbeat(done)
            last = page[-1]
        done += await lookups.sweep(self._database, self._door, self._stripe)
        await self._tell_many()
        return done

    async def _tell_many(self) -> None:
        for each in await asyncio.to_thread(self._untold):
            await self._door.begin_bulk(each)
            activity.heartbeat()

    def _untold(self) -> list[str]:
        with self._database.transaction() as session:
            return bulk.left_behind(session, older_than=LEFT_BEHIND)

    async def _heard(self, row_id: str) -> bool:
        try:
            await hear(self._database, self._door, self._stripe, row_id)
        except Exception as error:  # noqa: BLE001 -- one event must not keep the others waiting
            kind = type(error).__name__
            log.warning("inbox.not_applied", row=row_id, error=kind)
            if not isinstance(error, TooEarly):  # what that one waits for is noted already
                await asyncio.to_thread(self._failed, row_id, kind)
            return False
        return True

    def _failed(self, row_id: str, kind: str) -> None:
        with self._database.transaction() as session:
            inbox.failed(session, row_id, kind)

    def _left_over(self, after: InboxRow | None) -> list[InboxRow]:
        with self._database.transaction() as session:
            return inbox.left_over(session, older_than=LEFT_BEHIND, after=after)

    @activity.defn
    async def place_file(self, job: PlacementJob) -> None:
        """Place the waiting rows of a file; a heartbeat tells how far it has come."""
        await place_rows(
            self._database,
            self._door,
            job.placement_id,
            present_name=self._present_name,
            progress=activity.heartbeat,
        )
