"""The embedded stack: Temporal, PostgreSQL, the provider sandbox, API and workers on loopback."""

from stack.addresses import Addresses, read_addresses
from stack.errors import (
    AlreadyRunning,
    IncompleteKeys,
    NoStackRunning,
    PartFailed,
    StackError,
    UnknownPart,
)
from stack.parts import ALL
from stack.places import DEFAULT
from stack.running import Stack, running_stack, up
from stack.supervisor import BackOff
from stack.threads import SyncStack, stack_in_thread

__all__ = [
    "ALL",
    "DEFAULT",
    "Addresses",
    "AlreadyRunning",
    "BackOff",
    "IncompleteKeys",
    "NoStackRunning",
    "PartFailed",
    "Stack",
    "StackError",
    "SyncStack",
    "UnknownPart",
    "read_addresses",
    "running_stack",
    "stack_in_thread",
    "up",
]
