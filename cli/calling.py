"""How the commands call the API and the sandbox."""

from collections.abc import Mapping

import httpx

IDLE = httpx.Limits(keepalive_expiry=1)
"""Seconds before an idle connection is let go. The servers close theirs after five: one that is
taken up again in that very moment breaks with the request on it."""


def caller(
    base_url: str, *, timeout: float, headers: Mapping[str, str] | None = None
) -> httpx.AsyncClient:
    """A client for that base address; `timeout` is in seconds."""
    return httpx.AsyncClient(base_url=base_url, timeout=timeout, headers=headers, limits=IDLE)
