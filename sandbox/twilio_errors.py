"""Twilio's way of saying no."""

from http import HTTPStatus

from sandbox.door import Answer, Refusal
from sandbox.world import Json

# The codes Twilio answers for a whole class of failures rather than for one mistake.
BY_STATUS: dict[int, tuple[int, str]] = {
    HTTPStatus.UNAUTHORIZED: (20003, "Authenticate"),
    HTTPStatus.NOT_FOUND: (20404, "The requested resource was not found"),
    HTTPStatus.TOO_MANY_REQUESTS: (20429, "Too Many Requests"),
    HTTPStatus.SERVICE_UNAVAILABLE: (20503, "Service Unavailable"),
}


def error_body(status: int, code: int, message: str) -> Json:
    """Return an error in Twilio's shape."""
    return {
        "code": code,
        "message": message,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": int(status),
    }


def failure(status: int, about: str) -> Json:
    """Word a failure that no single operation caused."""
    code, message = BY_STATUS.get(status, (20500, "Internal Server Error"))
    return error_body(status, code, f"{message}: {about}")


def refuse(code: int, message: str) -> Refusal:
    """Refuse a request for a mistake in it."""
    return Refusal(Answer(HTTPStatus.BAD_REQUEST, error_body(400, code, message)))


def not_found(path: str) -> Refusal:
    """Refuse a request for something that is not there."""
    message = f"The requested resource {path} was not found"
    return Refusal(Answer(HTTPStatus.NOT_FOUND, error_body(404, 20404, message)))
