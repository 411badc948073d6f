"""Keys and addresses of the providers, from the environment; and their SDKs kept quiet."""

import logging
from typing import Annotated, TypeVar

from pydantic import Field, SecretStr, StringConstraints, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

TIMEOUT = 20.0
"""Seconds to wait for a provider. Twilio's and SendGrid's SDKs would wait for ever."""

BaseUrl = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+(/[^\s/]+)*$")]
"""Where a sandbox stands in for a provider; without a slash at the end."""


class SettingsError(ValueError):
    """The environment lacks a setting, or has one that cannot be; names the variable."""


class ProviderSettings(BaseSettings):
    """What all providers' settings share. An empty variable counts as missing."""

    model_config = SettingsConfigDict(
        frozen=True,
        env_ignore_empty=True,
        extra="ignore",
        hide_input_in_errors=True,
        populate_by_name=True,
    )

    timeout_seconds: float = Field(default=TIMEOUT, gt=0, le=120)


class TwilioSettings(ProviderSettings):
    """Twilio: the account, and the messaging service whose numbers send."""

    model_config = SettingsConfigDict(env_prefix="TWILIO_")

    account_sid: str = Field(min_length=1)
    auth_token: SecretStr = Field(min_length=1)
    messaging_service_sid: str = Field(min_length=1)
    base_url: BaseUrl | None = None


class SendGridSettings(ProviderSettings):
    """SendGrid: the key, the sender, and the public key that its webhooks are signed for."""

    model_config = SettingsConfigDict(env_prefix="SENDGRID_")

    api_key: SecretStr = Field(min_length=1)
    webhook_public_key: str = Field(min_length=1)
    sender: str = Field(
        validation_alias="SENDGRID_FROM", pattern=r"^[^@<>]*<?[^@\s<>]+@[^@\s<>]+>?$"
    )
    """An address, or a name and an address: `Acme Accounts <accounts@example.com>`."""
    base_url: BaseUrl | None = None


class StripeSettings(ProviderSettings):
    """Stripe: the secret key, and the secret that its webhooks are signed with."""

    model_config = SettingsConfigDict(env_prefix="STRIPE_")

    api_key: SecretStr = Field(min_length=1)
    webhook_secret: SecretStr = Field(min_length=1)
    base_url: BaseUrl | None = None


Kind = TypeVar("Kind", bound=ProviderSettings)


def from_environment(kind: type[Kind]) -> Kind:
    """The settings of one provider; SettingsError names every variable that has to be set."""
    try:
        return kind()
    except ValidationError as error:
        prefix = kind.model_config["env_prefix"]
        fields = {str(each["loc"][0]).upper() for each in error.errors() if each["loc"]}
        wrong = sorted(prefix + name.removeprefix(prefix) for name in fields)
        raise SettingsError(f"set {', '.join(wrong)}: missing, empty or not of the form") from None


TALKATIVE = (
    "twilio.http_client",
    "python_http_client.client",
    "stripe",
    "urllib3.connectionpool",
)
"""Loggers that below a warning print addresses, message texts and even keys."""


def hush() -> None:
    """Keep the SDKs' loggers from writing personal data, however chatty the root logger is."""
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
