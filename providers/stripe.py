"""Payments through Stripe. Card data never comes near us.

Charging is in two steps: an intent is made, its id is saved, and then it is confirmed. Stripe
forgets idempotency keys after a day, and a confirmed intent can never be confirmed again: between
the two, nobody is charged twice. Calls block; use them from threads.
"""

import json
from typing import TYPE_CHECKING

import stripe

from domain.money import Money
from providers.charges import (
    ACCOUNT,
    EXTRA,
    LINK,
    PLAN,
    CardSetup,
    Charge,
    Checkout,
    Declined,
    Intent,
    PageEnd,
    Settled,
    StripeEvent,
    Unconfirmed,
    read_declined,
    read_event,
    read_intent,
    read_page_end,
    read_setup,
)
from providers.means import Means, read_means
from providers.outcomes import ProviderDown, ProviderRefused, Unknown
from providers.refunds import REFUND, Refund, read_refund
from providers.settings import StripeSettings, hush
from providers.stripe_amounts import to_stripe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stripe.params.checkout import SessionCreateParams

STRIPE = "Stripe"
REPLAYABLE_SECONDS = 300
ALREADY_CONFIRMED = "payment_intent_unexpected_state"
NOT_OPEN = "resource_invalid_state"


class ForgedSignature(Exception):  # noqa: N818 - an answer about a webhook, not a mishap
    """A webhook that Stripe did not sign, or signed longer than five minutes ago."""


class UnreadableEvent(ValueError):  # noqa: N818 - as above
    """A webhook that Stripe did sign but that is not an event as we know them."""


class Stripe:
    """A client for one Stripe account, or for a sandbox in its place."""

    def __init__(self, settings: StripeSettings) -> None:
        hush()
        self._secret = settings.webhook_secret.get_secret_value()
        # No retries in the SDK: Temporal retries, with the same keys, and can be seen doing it.
        self._client = stripe.StripeClient(
            settings.api_key.get_secret_value(),
            http_client=stripe.RequestsClient(timeout=settings.timeout_seconds),
            max_network_retries=0,
            base_addresses={"api": settings.base_url} if settings.base_url else None,
        )

    def open_checkout(
        self,
        *,
        amount: Money,
        account_id: str,
        link_code: str,
        title: str,
        success_url: str,
        cancel_url: str,
        key: str,
        extra: str | None = None,
    ) -> Checkout:
        """A page to pay `amount` on; `title` says there what is paid.

        `extra` says what a payment beside the plan does to it, for whoever hears of it.
        `key` is the idempotency key. ProviderDown, ProviderRefused, or AmountError.
        """
        metadata = {ACCOUNT: account_id, LINK: link_code}
        if extra is not None:
            metadata[EXTRA] = extra
        price = {
            "currency": amount.currency.lower(),
            "unit_amount": to_stripe(amount),
            "product_data": {"name": title},
        }
        return self._open(
            {
                "mode": "payment",
                "line_items": [{"price_data": price, "quantity": 1}],  # type: ignore[typeddict-item]
                "metadata": metadata,
                "payment_intent_data": {"metadata": metadata},
                "success_url": success_url,
                "cancel_url": cancel_url,
            },
            key,
        )

    def open_card_checkout(
        self,
        *,
        account_id: str,
        link_code: str,
        plan_id: str | None,
        success_url: str,
        cancel_url: str,
        key: str,
        customer: str | None = None,
    ) -> Checkout:
        """A page to store a card on, for a plan or to renew one; a customer is made if none is.

        `key` is the idempotency key. ProviderDown or ProviderRefused.
        """
        metadata = {ACCOUNT: account_id, LINK: link_code} | ({PLAN: plan_id} if plan_id else {})
        params: SessionCreateParams = {
            "mode": "setup",
            "allowed_payment_method_types": ["card"],
            "metadata": metadata,
            "setup_intent_data": {"metadata": metadata},
            "success_url": success_url,
            "cancel_url": cancel_url,
        }
        if customer:
            params["customer"] = customer
        else:
            params["customer_creation"] = "always"
        return self._open(params, key)

    def create_intent(
        self,
        *,
        amount: Money,
        customer: str,
        payment_method: str,
        key: str,
        metadata: "Mapping[str, str]",
    ) -> str:
        """Prepare a charge without making it; save the id that is returned, then confirm it.

        `key` is the idempotency key, a new one for each business attempt. ProviderDown,
        ProviderRefused (`resource_missing` if the card is gone), or AmountError.
        """
        try:
            made = self._client.v1.payment_intents.create(
                {
                    "amount": to_stripe(amount),
                    "currency": amount.currency.lower(),
                    "customer": customer,
                    "payment_method": payment_method,
                    "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
                    "metadata": dict(metadata),
                },
                {"idempotency_key": key},
            )
        except stripe.StripeError as error:
            raise _trouble(error) from None
        return made.id

    def confirm_intent(self, intent_id: str, key: str) -> Charge:
        """Take the money, the consumer not being present. Safe to repeat with the same key.

        After Unknown, ask `retrieve_intent`. ProviderRefused if the call itself was wrong.
        """
        try:
            confirmed = self._client.v1.payment_intents.confirm(
                intent_id, {"off_session": True}, {"idempotency_key": key}
            )
        except stripe.CardError as error:
            return _decline_in(error)
        except stripe.StripeError as error:
            if error.code == ALREADY_CONFIRMED:
                return self._as_it_stands(intent_id)
            trouble = _trouble(error)
            if isinstance(trouble, ProviderRefused):
                raise trouble from None
            return Unknown(reason=str(trouble))
        return _charge(read_intent(confirmed.to_dict()))

    def retrieve_intent(self, intent_id: str) -> Intent:
        """How a payment stands now. ProviderDown or ProviderRefused."""
        try:
            found = self._client.v1.payment_intents.retrieve(
                intent_id, {"expand": ["latest_charge"]}
            )
        except stripe.StripeError as error:
            raise _trouble(error) from None
        return read_intent(found.to_dict())

    def cancel_intent(self, intent_id: str) -> Settled:
        """Give an intent up: a confirmation that is still on its way finds it closed.

        How it stands then: what was taken before stays taken. ProviderDown or ProviderRefused.
        """
        try:
            found = self._client.v1.payment_intents.cancel(intent_id)
        except stripe.StripeError as error:
            if error.code == ALREADY_CONFIRMED:
                return self.retrieve_intent(intent_id).settled
            raise _trouble(error) from None
        return read_intent(found.to_dict()).settled

    def retrieve_method(self, payment_method: str) -> Means:
        """What a stored means of payment is. ProviderDown or ProviderRefused."""
        try:
            found = self._client.v1.payment_methods.retrieve(payment_method)
        except stripe.StripeError as error:
            raise _trouble(error) from None
        return read_means(found.to_dict())

    def close_page(self, session_id: str) -> PageEnd:
        """Let nobody pay on a page any more, and say whether somebody did.

        ProviderDown or ProviderRefused.
        """
        try:
            found = self._client.v1.checkout.sessions.expire(session_id)
        except stripe.StripeError as error:
            if error.code != NOT_OPEN:
                raise _trouble(error) from None
            found = self._session(session_id)
        return read_page_end(found.to_dict())

    def _session(self, session_id: str) -> stripe.checkout.Session:
        try:
            return self._client.v1.checkout.sessions.retrieve(
                session_id, {"expand": ["payment_intent.latest_charge"]}
            )
        except stripe.StripeError as error:
            raise _trouble(error) from None

    def retrieve_setup(self, session_id: str) -> CardSetup:
        """The card and customer that a setup page came to. ProviderDown or ProviderRefused."""
        try:
            found = self._client.v1.checkout.sessions.retrieve(
                session_id,
                {"expand": ["setup_intent.payment_method", "setup_intent.mandate"]},
            )
        except stripe.StripeError as error:
            raise _trouble(error) from None
        return read_setup(found.to_dict())

    def refund(self, *, intent_id: str, amount: Money, key: str) -> Refund:
        """Give back a part of a payment, or all of it, once per key while Stripe knows the key.

        Look at `refunds_of` before: Stripe forgets keys after a day. ProviderDown, ProviderRefused
        (`charge_already_refunded`, `charge_disputed` …), or AmountError.
        """
        try:
            made = self._client.v1.refunds.create(
                {
                    "payment_intent": intent_id,
                    "amount": to_stripe(amount),
                    "metadata": {REFUND: key},
                },
                {"idempotency_key": f"refund:{key}"},
            )
        except stripe.StripeError as error:
            raise _trouble(error) from None
        return read_refund(made.to_dict())

    def refunds_of(self, intent_id: str) -> list[Refund]:
        """Every refund of a payment, whoever asked for it. ProviderDown or ProviderRefused."""
        try:
            found = self._client.v1.refunds.list({"payment_intent": intent_id, "limit": 100})
            return [read_refund(each.to_dict()) for each in found.auto_paging_iter()]
        except stripe.StripeError as error:
            raise _trouble(error) from None

    def read_event(self, raw: bytes, signature: str | None) -> StripeEvent:
        """The event in a webhook's raw body, once its Stripe-Signature header is found genuine.

        ForgedSignature if it is not: answer 400. UnreadableEvent if it is, and still no event.
        """
        try:
            text = raw.decode()
            stripe.WebhookSignature.verify_header(
                text, signature, self._secret, tolerance=REPLAYABLE_SECONDS
            )
        except (stripe.SignatureVerificationError, ValueError):
            raise ForgedSignature("the Stripe-Signature header does not fit the body") from None
        try:
            return read_event(json.loads(text))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            name = type(error).__name__
            raise UnreadableEvent(f"a signed webhook cannot be read ({name})") from None

    def _open(self, params: "SessionCreateParams", key: str) -> Checkout:
        try:
            opened = self._client.v1.checkout.sessions.create(params, {"idempotency_key": key})
        except stripe.StripeError as error:
            raise _trouble(error) from None
        if not opened.url:
            raise ProviderRefused(STRIPE, f"session_{opened.status}")
        return Checkout(session_id=opened.id, url=opened.url)

    def _as_it_stands(self, intent_id: str) -> Charge:
        try:
            return _charge(self.retrieve_intent(intent_id))
        except ProviderDown as error:
            return Unknown(reason=str(error))


def _charge(intent: Intent) -> Charge:
    if isinstance(intent.settled, Unconfirmed):
        return Unknown(reason=f"{STRIPE} has not confirmed the intent")
    return intent.settled


def _decline_in(error: stripe.CardError) -> Declined:
    body = error.json_body
    told = body.get("error") if isinstance(body, dict) else None
    return read_declined(told if isinstance(told, dict) else {"code": error.code})


def _trouble(error: stripe.StripeError) -> ProviderDown | ProviderRefused:
    """What to raise. Stripe's own message is left out: it may repeat what was sent."""
    refusals = (stripe.CardError, stripe.InvalidRequestError, stripe.IdempotencyError)
    # A 409, the same key at work elsewhere right now, is none of these: its answer is on its way.
    if isinstance(error, refusals):
        return ProviderRefused(STRIPE, error.code or type(error).__name__)
    return ProviderDown(
        f"{STRIPE} gave no answer to build on ({type(error).__name__}, {error.http_status})"
    )
