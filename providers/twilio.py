"""Text messages through Twilio.

Twilio has no idempotency for messages, so an outcome that is unknown has to be looked up by
address and text. Calls block; use them from threads. One client serves many threads.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from requests import RequestException
from twilio.base.exceptions import (
    TwilioException,
    TwilioRestException,
    TwilioServiceException,
)
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator, get_signature_algorithm
from twilio.rest import Client

from providers.outcomes import (
    Accepted,
    Found,
    Missing,
    Outcome,
    Rejected,
    Search,
    Unknown,
    of_silence,
    of_status,
)
from providers.settings import TwilioSettings, hush

if TYPE_CHECKING:
    from twilio.http.response import Response

TWILIO = "Twilio"
OPTED_OUT = frozenset({21610})
BAD_ADDRESS = frozenset({21211, 21614, 21635})
"""Not a number, not a mobile number, a landline."""
ALGORITHMS = frozenset({"HMAC_SHA1", "HMAC_SHA256"})
OURS = "outbound-api"
LOOK_BACK = 50
"""Messages to one number that a search reads; one person gets far fewer in the time we ask for."""
CLOCKS_DIFFER = timedelta(minutes=2)


class Twilio:
    """A client for one Twilio account, or for a sandbox in its place."""

    def __init__(self, settings: TwilioSettings) -> None:
        hush()
        self._service = settings.messaging_service_sid
        self._validator = RequestValidator(settings.auth_token.get_secret_value())
        self._client = Client(
            settings.account_sid,
            settings.auth_token.get_secret_value(),
            http_client=_http(settings),
        )

    def send_sms(self, to: str, body: str, status_callback: str) -> Outcome:
        """Send a text once. `status_callback` is where Twilio reports what becomes of it."""
        try:
            sent = self._client.messages.create(
                to=to,
                body=body,
                messaging_service_sid=self._service,
                status_callback=status_callback,
            )
        except (TwilioRestException, TwilioServiceException) as error:
            return _refusal(error.status, error.code)
        except (RequestException, TwilioException, OSError, ValueError, KeyError) as error:
            return of_silence(TWILIO, error)
        if not sent.sid:
            return Unknown(reason=f"{TWILIO} accepted it without giving an id")
        return Accepted(provider_id=sent.sid)

    def find_sms(self, to: str, body: str, since: datetime) -> Search:
        """Look for a text that may have been sent at or after `since`, by the wall clock.

        The list is not filtered by the date of sending: that is empty while a message is queued.
        """
        try:
            listed = self._client.messages.list(to=to, limit=LOOK_BACK, page_size=LOOK_BACK)
        except (RequestException, TwilioException, OSError, ValueError, KeyError) as error:
            return Unknown(reason=f"{TWILIO} could not be asked ({type(error).__name__})")
        for each in listed:
            recent = each.date_created is None or each.date_created >= since - CLOCKS_DIFFER
            if recent and (each.body or "").strip() == body.strip() and each.sid:
                return Found(provider_id=each.sid)
        return Missing()

    def sent_sms(self, to: str, since: datetime, until: datetime) -> list[str] | Unknown:
        """The ids of texts that we sent to a number between two wall-clock instants, oldest first.

        What was sent on its own by Twilio is not among them.
        """
        try:
            listed = self._client.messages.list(to=to, limit=LOOK_BACK, page_size=LOOK_BACK)
        except (RequestException, TwilioException, OSError, ValueError, KeyError) as error:
            return Unknown(reason=f"{TWILIO} could not be asked ({type(error).__name__})")
        early, late = since - CLOCKS_DIFFER, until + CLOCKS_DIFFER
        ours = [
            each
            for each in listed
            if each.sid and each.date_created and early <= each.date_created <= late
            if each.direction == OURS
        ]
        return [each.sid for each in reversed(ours)]

    def is_genuine(
        self,
        url: str,
        params: Mapping[str, str] | str,
        signature: str | None,
        settings_header: str | None = None,
    ) -> bool:
        """Whether Twilio sent this webhook. Never raises.

        `url` is the public address as Twilio calls it, with its query: build it from the configured
        public base, not from the Host header. `params` is the whole form with its blank fields, or
        the raw body of a JSON webhook. The headers are X-Twilio-Signature and
        X-Twilio-Webhooks-Signature-Settings.
        """
        algorithm = get_signature_algorithm(settings_header)
        if not signature or algorithm.upper() not in ALGORITHMS:
            return False
        try:
            return bool(self._validator.validate(url, params, signature, algorithm))
        except ValueError:  # an address that cannot be parsed was not called by Twilio
            return False


def _refusal(status: int, code: int | None) -> Outcome:
    """Twilio's own message is left out: it repeats the number."""
    known = code or status
    if known not in OPTED_OUT | BAD_ADDRESS and (shared := of_status(TWILIO, status)):
        return shared
    return Rejected(
        code=str(known),
        reason=f"{TWILIO} refused it: https://www.twilio.com/docs/api/errors/{known}",
        opted_out=known in OPTED_OUT,
        bad_address=known in BAD_ADDRESS,
    )


def _http(settings: TwilioSettings) -> TwilioHttpClient:
    if settings.base_url is None:
        return TwilioHttpClient(timeout=settings.timeout_seconds)
    return _Elsewhere(settings.base_url, settings.timeout_seconds)


class _Elsewhere(TwilioHttpClient):  # type: ignore[misc]  # the SDK has no types
    """Sends what is meant for `https://api.twilio.com/…` to `<base>/api/…`."""

    def __init__(self, base: str, timeout: float) -> None:
        super().__init__(timeout=timeout)
        self._base = base

    def request(self, method: str, url: str, *args: object, **kwargs: object) -> "Response":
        meant = urlsplit(url)
        product = (meant.hostname or "").split(".")[0]
        query = f"?{meant.query}" if meant.query else ""
        there = f"{self._base}/{product}{meant.path}{query}"
        return super().request(method, there, *args, **kwargs)
