"""Stripe's way of saying no."""

from http import HTTPStatus

from sandbox.door import Answer, Refusal
from sandbox.world import Json

# A mistake in the parameters is not kept under the idempotency key: the same key may be
# used again with the mistake mended, as with Stripe.
NOT_KEPT = "Sandbox-Not-Kept"


def error_body(kind: str, message: str, **more: object) -> Json:
    """Return an error in Stripe's shape."""
    code = more.get("code")
    doc = {"doc_url": f"https://stripe.com/docs/error-codes/{code}"} if code else {}
    return {"error": {"type": kind, "message": message, **doc, **more}}


def failure(status: int, about: str) -> Json:
    """Word a failure that no single operation caused."""
    if status == HTTPStatus.CONFLICT:
        message = (
            "There is currently another in-progress request using this Idempotent Key:"
            f" {about}. Try again later."
        )
        return error_body("idempotency_error", message, code="idempotency_key_in_use")
    if status == HTTPStatus.UNAUTHORIZED:
        return error_body("invalid_request_error", f"Invalid API Key provided: {about}")
    if status == HTTPStatus.NOT_FOUND:
        return error_body("invalid_request_error", f"Unrecognized request URL: {about}")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return error_body("invalid_request_error", "Too many requests", code="rate_limit")
    return error_body("api_error", f"An unknown error occurred: {about}")


def invalid(message: str, param: str, code: str = "parameter_invalid") -> Refusal:
    """Refuse a request for one of its parameters."""
    body = error_body("invalid_request_error", message, param=param, code=code)
    return Refusal(Answer(HTTPStatus.BAD_REQUEST, body, {NOT_KEPT: "true"}))


def missing(kind: str, name: str, param: str = "id") -> Refusal:
    """Refuse a request about something that is not there."""
    message = f"No such {kind}: '{name}'"
    body = error_body("invalid_request_error", message, param=param, code="resource_missing")
    return Refusal(Answer(HTTPStatus.NOT_FOUND, body))


def unexpected_state(message: str, code: str, **more: object) -> Refusal:
    """Refuse a request that comes at the wrong moment of an object's life."""
    body = error_body("invalid_request_error", message, code=code, **more)
    return Refusal(Answer(HTTPStatus.BAD_REQUEST, body))
