"""Each provider live or in the sandbox, by the keys in the environment."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stack.errors import IncompleteKeys, StackError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True)
class Provider:
    """A provider, the variables it needs to be live, and what the sandbox gives for each."""

    name: str
    keys: Mapping[str, str]
    """From a variable to the name of the sandbox's credential that replaces it."""
    extra: Mapping[str, str] = field(default_factory=dict)
    """The same for what is not required of a live provider."""
    fixed: Mapping[str, str] = field(default_factory=dict)
    """Variables a live provider requires whose sandbox value is no credential."""

    def is_live(self, environ: Mapping[str, str]) -> bool:
        """Whether the real provider is meant; IncompleteKeys if only half of it is there."""
        required = [*self.keys, *self.fixed]
        missing = [name for name in required if not environ.get(name)]
        if missing and len(missing) < len(required):
            raise IncompleteKeys(self.name, missing)
        return not missing

    def sandboxed(self, credentials: Mapping[str, str], sandbox_url: str) -> dict[str, str]:
        """The variables that send this provider's client to the sandbox."""
        taken = {**self.keys, **self.extra}
        return {
            **{variable: credentials[name] for variable, name in taken.items()},
            **self.fixed,
            f"{self.name.upper()}_BASE_URL": f"{sandbox_url}/{self.name}",
        }


PROVIDERS = (
    Provider(
        "twilio",
        keys={
            "TWILIO_ACCOUNT_SID": "account_sid",
            "TWILIO_AUTH_TOKEN": "auth_token",
            "TWILIO_MESSAGING_SERVICE_SID": "messaging_service_sid",
        },
        extra={"TWILIO_FROM_NUMBER": "from_number"},
    ),
    Provider(
        "sendgrid",
        keys={
            "SENDGRID_API_KEY": "api_key",
            "SENDGRID_WEBHOOK_PUBLIC_KEY": "webhook_public_key",
        },
        fixed={"SENDGRID_FROM": "collections@sandbox.example"},
    ),
    Provider(
        "stripe",
        keys={"STRIPE_API_KEY": "api_key", "STRIPE_WEBHOOK_SECRET": "webhook_secret"},
    ),
)


def modes(environ: Mapping[str, str]) -> dict[str, str]:
    """For each provider "live" or "sandbox"; IncompleteKeys if it is neither."""
    return {p.name: "live" if p.is_live(environ) else "sandbox" for p in PROVIDERS}


def provider_environment(
    environ: Mapping[str, str], credentials_file: Path, sandbox_url: str
) -> dict[str, str]:
    """The variables of every provider that is not live; those of live ones stay as they are."""
    sandboxed = [provider for provider in PROVIDERS if not provider.is_live(environ)]
    if not sandboxed:
        return {}
    credentials = _read(credentials_file)
    variables: dict[str, str] = {}
    for provider in sandboxed:
        try:
            variables |= provider.sandboxed(credentials[provider.name], sandbox_url)
        except KeyError as error:
            raise StackError(
                f"{credentials_file} has no {error} for {provider.name}: "
                "stop the stack and delete the file, and the sandbox writes it anew."
            ) from error
    return variables


def _read(file: Path) -> Mapping[str, Mapping[str, str]]:
    try:
        credentials: Mapping[str, Mapping[str, str]] = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise StackError(
            f"cannot read the sandbox's credentials in {file}: {error}. "
            "Expected JSON that the sandbox writes when it starts: look at its log."
        ) from error
    return credentials
