"""What Temporal keeps of accounts is encrypted: every payload, and what failures say.

A payload is closed with the key of the person whose account it is about (`storage.keys`) and names
that key, so that whoever may ask for the key can open it, however old it is. Payloads that are not
encrypted are left as they are: those of before, and those that an operator types into Temporal's
UI.

Keys are looked up outside of workflows, by the worker and the client, in threads of their own.
"""

import asyncio
import copy
import dataclasses
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import ClassVar, Self, TypeVar

from cryptography.exceptions import InvalidTag
from psycopg import OperationalError
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.client import Client
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import (
    ActivitySerializationContext,
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    PayloadCodec,
    PayloadConverter,
    SerializationContext,
    WithSerializationContext,
    WorkflowSerializationContext,
)

from domain.accounts import Placement
from storage import Database
from storage.keys import Key, Keys, UnreadableError
from storage.master_keys import MasterKeys
from workflows.names import workflow_id

ENCODING, KEY_ID = "encoding", "key-id"
ENCRYPTED = b"binary/encrypted"
TRACE = 1_500
"""Characters of a stack trace that a failure tells: its last frames."""
THREADS = 2
"""That look for keys. Each holds a connection while it asks, and no other work waits for them."""

Found = TypeVar("Found")


class KeyRing:
    """The keys of this process, for an event loop: what is known is given at once."""

    def __init__(self, database_url: str, masters: MasterKeys) -> None:
        """Ask that record, on connections of its own; nothing connects until it is asked."""
        database = Database(database_url, pool_size=THREADS)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="keys")
        self.keys = Keys(database, masters)
        self.close = weakref.finalize(self, database.close)
        """Close the connections; it happens by itself when nobody uses the ring any more."""

    async def closing(self, workflow: str | None) -> Key:
        """The key for what is written of that workflow; None is nobody's."""
        known = self.keys.known(workflow)
        if known is not None:
            return known
        return await self._aside(lambda: self.keys.for_workflow(workflow))

    async def called(self, key_id: str) -> Key:
        """The key of that id. UnreadableError if it was erased, or never was."""
        known = self.keys.known(key_id)
        if known is not None:
            return known
        return await self._aside(lambda: self.keys.called(key_id))

    async def belongs(self, placement: Placement) -> None:
        """Say whose account a workflow is, before it starts."""
        named = workflow_id(placement.creditor, placement.reference)
        if self.keys.known(named) is None:
            who = placement.creditor, placement.person_id
            await self._aside(lambda: self.keys.belongs(named, *who))

    async def check(self) -> None:
        """MasterKeyError unless the master keys fit; while the record is away, nobody can say."""
        with suppress(OperationalError):
            await self._aside(self.keys.check)

    async def _aside(self, ask: Callable[[], Found]) -> Found:
        return await asyncio.get_running_loop().run_in_executor(self._threads, ask)


@dataclasses.dataclass(frozen=True)
class Sealed(PayloadCodec, WithSerializationContext):
    """Closes payloads with AES-256-GCM, each under a nonce of its own, and opens them."""

    ring: KeyRing
    workflow: str | None = None
    """Whose payloads these are; None: of no workflow in particular."""

    def with_context(self, context: SerializationContext) -> Self:
        """The same for the payloads of one workflow."""
        if isinstance(context, WorkflowSerializationContext | ActivitySerializationContext):
            return dataclasses.replace(self, workflow=context.workflow_id)
        return self

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Close each payload, its type and all."""
        key = await self.ring.closing(self.workflow)
        return [_closed(each, key) for each in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Open what is closed; UnreadableError if its key was erased or it was changed."""
        return [await self._opened(each) for each in payloads]

    async def _opened(self, payload: Payload) -> Payload:
        if payload.metadata.get(ENCODING) != ENCRYPTED:
            return payload
        key = await self.ring.called(payload.metadata[KEY_ID].decode("ascii", "replace"))
        try:
            return Payload.FromString(key.unseal(payload.data))
        except InvalidTag:
            raise UnreadableError(f"what the key {key.id} closed was changed since") from None


def _closed(payload: Payload, key: Key) -> Payload:
    metadata = {ENCODING: ENCRYPTED, KEY_ID: key.id.encode()}
    return Payload(metadata=metadata, data=key.seal(payload.SerializeToString()))


class Plain(PydanticPayloadConverter):
    """One for the whole process: it learns how to read each type once, and not for every workflow.

    Every workflow in a worker's cache would keep one of its own.
    """

    _made: ClassVar[Self | None] = None

    def __new__(cls) -> Self:
        """The one that there is."""
        if cls._made is None:
            made = super().__new__(cls)
            PydanticPayloadConverter.__init__(made)
            cls._made = made
        return cls._made

    def __init__(self) -> None:
        """It was made before."""


class Converter(DataConverter):
    """Makes payloads. Whose they are matters to the codec alone: the rest is made but once.

    The SDK asks for one of that workflow several times for each payload.
    """

    def with_context(self, context: SerializationContext) -> Self:
        """The same for the payloads of one workflow."""
        codec = self.payload_codec
        if not isinstance(codec, WithSerializationContext):
            return self
        twin = copy.copy(self)
        object.__setattr__(twin, "payload_codec", codec.with_context(context))  # it is frozen
        return twin


class Failures(DefaultFailureConverterWithEncodedAttributes):
    """Failures with the end of their stack trace: the server keeps 4 kB of an activity's.

    Of a longer one it keeps the beginning, and says that it was a failure of its own.
    """

    def to_failure(
        self, exception: BaseException, payload_converter: PayloadConverter, failure: Failure
    ) -> None:
        """Fill in the failure of an exception."""
        super().to_failure(exception, payload_converter, failure)
        said = payload_converter.from_payloads([failure.encoded_attributes])[0]
        if len(said["stack_trace"]) > TRACE:
            said["stack_trace"] = f"…{said['stack_trace'][-TRACE:]}"
            failure.encoded_attributes.CopyFrom(payload_converter.to_payloads([said])[0])


def sealed(ring: KeyRing) -> DataConverter:
    """How everybody of ours talks to Temporal: pydantic's JSON, encrypted, failures included."""
    return Converter(
        payload_converter_class=Plain,
        payload_codec=Sealed(ring),
        failure_converter_class=Failures,
    )


async def own(client: Client, placement: Placement) -> None:
    """Say whose account a workflow is before that client starts it."""
    codec = client.data_converter.payload_codec
    if isinstance(codec, Sealed):
        await codec.ring.belongs(placement)
