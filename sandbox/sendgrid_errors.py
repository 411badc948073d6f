"""SendGrid's way of saying no."""

from http import HTTPStatus

from sandbox.door import Answer, Refusal
from sandbox.world import Json

BY_STATUS: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: "The provided authorization grant is invalid, expired, or revoked",
    HTTPStatus.NOT_FOUND: "not found",
    HTTPStatus.TOO_MANY_REQUESTS: "too many requests",
}


def error_body(message: str, field: str | None = None) -> Json:
    """Return an error in SendGrid's shape."""
    return {"errors": [{"message": message, "field": field, "help": None}]}


def failure(status: int, about: str) -> Json:
    """Word a failure that no single field caused."""
    return error_body(f"{BY_STATUS.get(status, 'internal server error')}: {about}")


def refuse(message: str, field: str | None) -> Refusal:
    """Refuse a request for one of its fields."""
    return Refusal(Answer(HTTPStatus.BAD_REQUEST, error_body(message, field)))


def not_found(what: str) -> Refusal:
    """Refuse a request for something that is not there."""
    return Refusal(Answer(HTTPStatus.NOT_FOUND, error_body(f"{what} was not found")))
