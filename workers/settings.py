"""What a process is told by its environment. Read here and in the API only, and passed down."""

from datetime import time
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Addresses and limits; environment variables carry the prefix TAHSIL_."""

    model_config = SettingsConfigDict(env_prefix="TAHSIL_", frozen=True)

    database_url: str = Field(repr=False)  # it holds a password
    temporal_address: str = "127.0.0.1:7233"
    temporal_namespace: str = "default"
    temporal_ui_url: str = "http://127.0.0.1:8233"
    public_url: str
    """The API's own base URL, as consumers and providers reach it."""
    sandbox_url: str | None = None
    fast_forward: bool = False
    """Whether accounts may run ahead of the wall's clock: never where people are contacted."""
    twilio_lag: float = Field(default=30.0, ge=0)
    """Seconds before Twilio's list of messages is trusted to be complete."""
    sendgrid_lag: float = Field(default=300.0, ge=0)
    """Seconds before SendGrid's Email Activity is trusted to be complete."""
    provider_patience: float = Field(default=1800.0, gt=0)
    """Seconds for which a provider may be down before the journey goes on without the message."""
    sweep_every: float = Field(default=30.0, gt=0)
    """Seconds between two looks for events that were stored and not applied."""
    reconcile_at: time = time(3, 15)
    """When, in UTC, Stripe's books are held against the ledger every night."""
    ready_file: Path | None = None
    """Written once the worker polls."""
