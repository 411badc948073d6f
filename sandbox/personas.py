"""What becomes of messages to a phone number or an e-mail address."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from sandbox.store import Store
from sandbox.world import Json

Kind = Literal[
    "delivered", "undeliverable", "failed", "unsubscribed", "hard_bounce", "soft_bounce", "slow"
]


class Persona(BaseModel):
    """How one address behaves; an address nobody described takes delivery at once.

    `undeliverable`, `failed` and `code` speak of SMS, the bounces of e-mail; `unsubscribed`
    is an opted-out number or an unsubscribed address; `slow` waits `delay_seconds`.
    """

    model_config = ConfigDict(extra="forbid")

    address: str = Field(min_length=3, max_length=320)
    kind: Kind = "delivered"
    code: int = 30003
    delay_seconds: float = Field(default=5, ge=0, le=3600)


def normal(address: str) -> str:
    """Write an address the one way the sandbox files it under."""
    return address.strip().lower()


def set_persona(store: Store, persona: Persona) -> None:
    """Give an address its behaviour, replacing the one before."""
    store.run(
        "INSERT INTO personas VALUES (?, ?) ON CONFLICT DO UPDATE SET body = excluded.body",
        normal(persona.address),
        persona.model_dump_json(),
    )


def persona_of(store: Store, address: str) -> Persona:
    """Return how an address behaves."""
    row = store.row("SELECT body FROM personas WHERE address = ?", normal(address))
    return Persona(address=address) if row is None else Persona.model_validate_json(row["body"])


def list_personas(store: Store) -> list[Json]:
    """Return every address that was given a behaviour."""
    rows = store.rows("SELECT body FROM personas ORDER BY address")
    return [Persona.model_validate_json(row["body"]).model_dump() for row in rows]


def forget_persona(store: Store, address: str) -> None:
    """Let an address take delivery again."""
    store.run("DELETE FROM personas WHERE address = ?", normal(address))
