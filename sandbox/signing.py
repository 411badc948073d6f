"""Signatures on webhooks, made the way each provider makes them."""

import base64
from urllib.parse import parse_qsl

import stripe
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from twilio.request_validator import RequestValidator

from sandbox import clock
from sandbox.credentials import Credentials


def signed_headers(
    credentials: Credentials, provider: str, url: str, body: bytes
) -> dict[str, str]:
    """Return the headers that prove to the app who is calling, fresh for each attempt."""
    if provider == "twilio":
        return _twilio(credentials, url, body)
    if provider == "sendgrid":
        return _sendgrid(credentials, body)
    return _stripe(credentials, body)


def _twilio(credentials: Credentials, url: str, body: bytes) -> dict[str, str]:
    fields = dict(parse_qsl(body.decode(), keep_blank_values=True))
    signature = RequestValidator(credentials.twilio_token).compute_signature(url, fields)
    return {"X-Twilio-Signature": str(signature)}


def _sendgrid(credentials: Credentials, body: bytes) -> dict[str, str]:
    at = str(int(clock.seconds()))
    signature = credentials.sendgrid_signing_key.sign(at.encode() + body, ec.ECDSA(hashes.SHA256()))
    return {
        "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
        "X-Twilio-Email-Event-Webhook-Timestamp": at,
    }


def _stripe(credentials: Credentials, body: bytes) -> dict[str, str]:
    header = stripe.WebhookSignature.generate_signature_header(
        body.decode(), credentials.stripe_webhook_secret, int(clock.seconds())
    )
    return {"Stripe-Signature": str(header)}
