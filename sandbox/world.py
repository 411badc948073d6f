"""What every part of the sandbox needs at hand: the memory, the secrets, the app's address."""

from dataclasses import dataclass
from typing import Any, TypeAlias

from sandbox.credentials import Credentials
from sandbox.store import Store

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class World:
    """One running sandbox."""

    store: Store
    credentials: Credentials
    app_url: str

    def hook(self, path: str) -> str:
        """Return the full address of one of the app's webhooks."""
        return self.app_url.rstrip("/") + path
