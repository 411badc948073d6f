"""What became of a call to a provider, as far as can be known.

The four outcomes of a send decide what may happen next: an accepted or rejected one is over, one
that was not sent may be tried again, and an unknown one must be looked up before anything else.
Reasons are for people of ours; they never hold an address, a name or the words of a message.
"""

from http import HTTPStatus
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Fact(BaseModel):
    """What all outcomes share: they do not change."""

    model_config = ConfigDict(frozen=True)


class Accepted(Fact):
    """The provider took it and calls it by this id."""

    kind: Literal["accepted"] = "accepted"
    provider_id: str


class Rejected(Fact):
    """The provider refused it for what it is: trying again would be refused again."""

    kind: Literal["rejected"] = "rejected"
    code: str
    reason: str
    opted_out: bool = False
    """The provider knows that this person does not want to be reached on this channel."""
    bad_address: bool = False
    """Nothing can ever be delivered to this address."""


class NotSent(Fact):
    """Nothing left: it is safe to try again."""

    kind: Literal["not_sent"] = "not_sent"
    reason: str


class Unknown(Fact):
    """It may have left. Look it up before anything else, and never send it again blindly."""

    kind: Literal["unknown"] = "unknown"
    reason: str


Outcome = Annotated[Accepted | Rejected | NotSent | Unknown, Field(discriminator="kind")]
"""What became of a message that was sent."""


class Found(Fact):
    """The provider has it, under this id."""

    kind: Literal["found"] = "found"
    provider_id: str


class Missing(Fact):
    """The provider answered and does not list it."""

    kind: Literal["missing"] = "missing"


Search = Annotated[Found | Missing | Unknown, Field(discriminator="kind")]
"""What a provider knows of a message whose fate is unknown."""


class ProviderDown(Exception):  # noqa: N818 - a state of the world, not a mishap of ours
    """No usable answer came. With the same idempotency key the call is safe to repeat."""


class ProviderRefused(Exception):  # noqa: N818 - an answer, not a mishap
    """The provider refused the call; repeating it does not help. `code` is the provider's own."""

    def __init__(self, provider: str, code: str) -> None:
        super().__init__(f"{provider} refused the call with code {code}; see its list of codes")
        self.provider = provider
        self.code = code


OURS_TO_MEND = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,  # a wrong or revoked key: right again once it is replaced
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.SERVICE_UNAVAILABLE,  # refused at the door, before any work is done
    }
)
"""Statuses after which nothing has left, and the same call may succeed later."""


def of_status(provider: str, status: int) -> NotSent | Unknown | None:
    """What a failing HTTP status means; None where it is for the provider's own codes to say."""
    reason = f"{provider} answered {status}"
    if status in OURS_TO_MEND or HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return NotSent(reason=reason)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        return Unknown(reason=reason)
    return None


def of_silence(provider: str, error: BaseException) -> NotSent | Unknown:
    """What it means that no answer came: only a call that never connected surely had no effect."""
    if never_connected(error):
        return NotSent(reason=f"{provider} could not be reached ({type(error).__name__})")
    return Unknown(reason=f"no usable answer from {provider} ({type(error).__name__})")


NEVER_CONNECTED = frozenset(
    {
        "ConnectionRefusedError",
        "gaierror",
        "SSLCertVerificationError",
        "NewConnectionError",
        "NameResolutionError",
        "ConnectTimeoutError",
    }
)
"""Names of errors raised before the first byte of a request leaves, in sockets and in urllib3."""


def never_connected(error: BaseException) -> bool:
    """Whether a connection was not even made, however deep the SDK has wrapped the fact."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        cause = waiting.pop()
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        if type(cause).__name__ in NEVER_CONNECTED:
            return True
        seen.add(id(cause))
        waiting += [cause.__cause__, getattr(cause, "reason", None), *cause.args]
    return False
