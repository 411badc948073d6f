"""The wall's clock, read at the edge and passed down."""

from datetime import UTC, datetime


def wall() -> datetime:
    """The present instant (aware, UTC)."""
    return datetime.now(UTC)  # noqa: TID251 -- the one place where a worker reads a clock
