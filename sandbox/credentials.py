"""The secrets both sides share, made on the first start and kept beside the data."""

import base64
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

PUBLIC_FILE = "credentials.json"
KEY_FILE = "sendgrid-signing-key.pem"


@dataclass(frozen=True)
class Credentials:
    """What a client needs to call the sandbox, and what it needs to believe a webhook."""

    twilio_account: str
    twilio_token: str
    messaging_service: str
    from_number: str
    sendgrid_key: str
    sendgrid_signing_key: ec.EllipticCurvePrivateKey
    stripe_key: str
    stripe_webhook_secret: str


def load_credentials(data: Path) -> Credentials:
    """Read the credentials of this data directory, inventing them if it is new."""
    data.mkdir(parents=True, exist_ok=True)
    if not (data / PUBLIC_FILE).exists():
        _invent(data)
    told: dict[str, Any] = json.loads((data / PUBLIC_FILE).read_text())
    key = serialization.load_pem_private_key((data / KEY_FILE).read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        message = f"{data / KEY_FILE} is not an elliptic-curve key; delete it and {PUBLIC_FILE}"
        raise TypeError(message)
    return Credentials(
        twilio_account=told["twilio"]["account_sid"],
        twilio_token=told["twilio"]["auth_token"],
        messaging_service=told["twilio"]["messaging_service_sid"],
        from_number=told["twilio"]["from_number"],
        sendgrid_key=told["sendgrid"]["api_key"],
        sendgrid_signing_key=key,
        stripe_key=told["stripe"]["api_key"],
        stripe_webhook_secret=told["stripe"]["webhook_secret"],
    )


def _invent(data: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    told = {
        "twilio": {
            "account_sid": "AC" + secrets.token_hex(16),
            "auth_token": secrets.token_hex(16),
            "messaging_service_sid": "MG" + secrets.token_hex(16),
            "from_number": "+15005550006",
        },
        "sendgrid": {
            "api_key": f"SG.{secrets.token_urlsafe(16)}.{secrets.token_urlsafe(32)}",
            "webhook_public_key": _public_half(key),
        },
        "stripe": {
            "api_key": "sk_test_" + secrets.token_urlsafe(36),
            "webhook_secret": "whsec_" + secrets.token_urlsafe(24),
        },
    }
    _write_private(data / KEY_FILE, _private_half(key))
    # Written last: its presence says that the pair is complete.
    _write_private(data / PUBLIC_FILE, json.dumps(told, indent=2).encode())


def _public_half(key: ec.EllipticCurvePrivateKey) -> str:
    der = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return base64.b64encode(der).decode()


def _private_half(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _write_private(path: Path, content: bytes) -> None:
    draft = path.with_suffix(path.suffix + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    draft.replace(path)
