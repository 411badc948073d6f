"""The only place of the sandbox that looks at the wall clock."""

from datetime import UTC, datetime
from email.utils import format_datetime


def now() -> datetime:
    """Return the present moment, in UTC."""
    # The sandbox plays companies outside the house: their clock is the wall's.
    return datetime.now(UTC)  # noqa: TID251


def seconds() -> float:
    """Return the present moment as seconds of the epoch, the form the store keeps."""
    return now().timestamp()


def rfc2822(moment: float | None) -> str | None:
    """Write a moment as Twilio writes its dates."""
    return None if moment is None else format_datetime(datetime.fromtimestamp(moment, UTC))


def spoken(moment: float) -> str:
    """Write a moment for a person."""
    return f"{datetime.fromtimestamp(moment, UTC):%-d %b %Y, %H:%M:%S} UTC"


def iso(moment: float) -> str:
    """Write a moment as SendGrid's activity feed and the control API write theirs."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
