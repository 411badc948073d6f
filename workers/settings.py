"""What a process is told by its environment. Read here and in the API only, and passed down."""

from datetime import time
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from storage.master_keys import MasterKeys
from workers.versions import BUILD, code_build
from workflows.payloads import KeyRing

ADDRESS = r"^.+:\d+$"


class Settings(BaseSettings):
    """Addresses and limits; environment variables carry the prefix TAHSIL_."""

    model_config = SettingsConfigDict(env_prefix="TAHSIL_", frozen=True, hide_input_in_errors=True)

    database_url: str = Field(repr=False)  # it holds a password
    master_keys: SecretStr | None = None
    """Wrap the keys that payloads are encrypted with (`storage.master_keys`)."""
    master_key_file: Path | None = None
    """Holds them where they are not in the environment."""
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
    build: str = Field(default_factory=code_build, pattern=BUILD)
    """What the running code calls itself: a release's name, or else a hash of what decides."""
    one_build: bool = False
    """Whether there is one build at a time, which goes on with whatever is open: no versions."""
    restored: str | None = None
    """Two instants with a slash between: what the record says is of the first, when a backup was
    made, and it was restored at the second. What left in between is not known to it."""
    metrics_address: str | None = Field(default=None, pattern=ADDRESS)
    """HOST:PORT where Prometheus is told figures; not where consumers' links lead."""
    health_address: str | None = Field(default=None, pattern=ADDRESS)
    """HOST:PORT where a worker says whether it can work; the API does so where it serves."""
    otlp_endpoint: str | None = Field(default=None, validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT")
    """Where traces are sent; the variable is OpenTelemetry's own, and so are its others."""
    ready_file: Path | None = None
    """Written once the worker polls."""

    def keyring(self) -> KeyRing:
        """The keys of this process. MasterKeyError if it was given no master key."""
        given = self.master_keys.get_secret_value() if self.master_keys else None
        return KeyRing(self.database_url, MasterKeys.read(given, self.master_key_file))
