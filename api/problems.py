"""Everything that can be wrong with a request, one class a situation (RFC 9457).

A problem names the thing, says what was expected and what to do. It never repeats a value that was
given: a column that slipped would put a name or a number into an error, and from there into a log.
"""

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, ClassVar

from pydantic import BaseModel, Field
from pydantic_core import ErrorDetails
from starlette.responses import JSONResponse

MEDIA_TYPE = "application/problem+json"


class FieldError(BaseModel):
    """What is wrong with one field. Values that were given are never repeated."""

    pointer: str = Field(examples=["/consumer/phone"])
    """Where, as a JSON pointer; of a CSV row `/` and the column."""
    detail: str = Field(examples=["is not valid"])
    expected: str = Field(examples=["an international number such as +12125550123"])


class ProblemBody(BaseModel):
    """An error as it is answered."""

    type: str = Field(examples=["urn:tahsil:problem:invalid"])
    title: str
    status: int
    detail: str
    errors: list[FieldError] | None = None


class Problem(Exception):  # noqa: N818 -- the RFC's word
    """A request that cannot be done."""

    status: ClassVar[HTTPStatus]
    slug: ClassVar[str]
    title: ClassVar[str]
    headers: ClassVar[Mapping[str, str]] = {}

    def __init__(self, detail: str, **members: Any) -> None:  # noqa: ANN401 -- any JSON
        super().__init__(detail)
        self.detail = detail
        self.members = members

    @property
    def body(self) -> dict[str, Any]:
        """The problem as JSON."""
        return {
            "type": f"urn:tahsil:problem:{self.slug}",
            "title": self.title,
            "status": int(self.status),
            "detail": self.detail,
            **self.members,
        }

    def response(self) -> JSONResponse:
        """The problem as an answer."""
        return JSONResponse(self.body, self.status, dict(self.headers), media_type=MEDIA_TYPE)


class Malformed(Problem):
    """The body cannot be read at all."""

    status, slug, title = HTTPStatus.BAD_REQUEST, "malformed", "The request cannot be read"


class NoKey(Problem):
    """Nobody knows who asks."""

    status, slug, title = HTTPStatus.UNAUTHORIZED, "no-key", "An API key is needed"
    headers = {"WWW-Authenticate": "Bearer"}  # noqa: RUF012 -- as declared above

    def __init__(self) -> None:
        super().__init__("Send `Authorization: Bearer <key>` with a key that is not revoked.")


class Forged(Problem):
    """A webhook that the provider did not sign."""

    status, slug, title = HTTPStatus.FORBIDDEN, "forged", "The signature does not fit"

    def __init__(self, provider: str) -> None:
        super().__init__(
            f"{provider} did not sign this request, or signed it for another address or too long "
            "ago. Nothing was stored."
        )


class NotFound(Problem):
    """There is no such thing, or it is another creditor's."""

    status, slug, title = HTTPStatus.NOT_FOUND, "not-found", "Not found"

    def __init__(self, what: str = "resource") -> None:
        super().__init__(f"There is no such {what} for this key. See /docs for what there is.")


class MethodNotAllowed(Problem):
    """The address exists, the method does not."""

    status, slug = HTTPStatus.METHOD_NOT_ALLOWED, "method-not-allowed"
    title = "This method is not allowed here"


class PlacedDifferently(Problem):
    """The account was placed before, with other data."""

    status, slug = HTTPStatus.CONFLICT, "placed-differently"
    title = "This account is placed already, with other data"


class Closed(Problem):
    """The account is closed, and this would make no sense any more."""

    status, slug, title = HTTPStatus.CONFLICT, "account-closed", "The account is closed"

    def __init__(self, closure: str | None) -> None:
        super().__init__(
            "Nothing happens to a closed account any more. Place a new account under another "
            "reference if more is owed.",
            closure=closure,
        )


class PaidDifferently(Problem):
    """A payment of that reference was reported before, with another amount."""

    status, slug = HTTPStatus.CONFLICT, "paid-differently"
    title = "This payment is recorded already, with another amount"


class NotReversible(Problem):
    """A payment that nobody reported, or that was taken back before."""

    status, slug = HTTPStatus.CONFLICT, "not-reversible"
    title = "There is no such payment to be taken back"

    def __init__(self, *, known: bool) -> None:
        super().__init__(
            "It was reversed before. Report the payment under another reference if it came again."
            if known
            else "You have not reported a payment of that reference on this account."
        )


class TooLarge(Problem):
    """The body is larger than we read."""

    status, slug = HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large"
    title = "The request is too large"


class WrongMediaType(Problem):
    """The body is of a kind that is not read here."""

    status, slug = HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "wrong-media-type"
    title = "The body is of a kind that is not read here"

    def __init__(self, *expected: str) -> None:
        super().__init__(f"Send the body uncompressed as Content-Type {' or '.join(expected)}.")


class Invalid(Problem):
    """Fields are wrong, each with what was expected."""

    status, slug = HTTPStatus.UNPROCESSABLE_ENTITY, "invalid"
    title = "Some fields are not valid"

    def __init__(self, errors: Sequence[Mapping[str, str]]) -> None:
        number = len(errors)
        plural = "field is" if number == 1 else "fields are"
        super().__init__(f"{number} {plural} not valid: see errors.", errors=list(errors))


class KeyReused(Problem):
    """An Idempotency-Key that came with another body before."""

    status, slug = HTTPStatus.UNPROCESSABLE_ENTITY, "idempotency-key-reused"
    title = "This Idempotency-Key came with another body before"

    def __init__(self) -> None:
        super().__init__(
            "Use a new Idempotency-Key for a new request; the old one answers as ever."
        )


class NotNow(Problem):
    """Something that we depend on does not answer."""

    status, slug = HTTPStatus.SERVICE_UNAVAILABLE, "not-now"
    title = "Not possible at the moment"
    headers = {"Retry-After": "5"}  # noqa: RUF012 -- as declared above


class Internal(Problem):
    """A mistake of ours."""

    status, slug = HTTPStatus.INTERNAL_SERVER_ERROR, "internal"
    title = "Something went wrong on our side"

    def __init__(self, error_id: str) -> None:
        super().__init__(
            "Nothing is wrong with the request. Send it again, and quote error_id if it fails.",
            error_id=error_id,
        )


STATIC = frozenset({"", "/consumer"})
"""Places whose own messages are whole sentences that hold no value: what is wrong, and mostly
`: expected` and what was."""

EXPECTED = {
    "/reference": "1 to 64 letters, digits, dots, dashes and underscores; no personal data",
    "/journey": "the name of a journey",
    "/balance": "an object with minor and currency",
    "/balance/minor": "an integer of minor units (cents, halalas, fils) from 1 to 10^12",
    "/balance/currency": "an ISO 4217 currency code such as USD, SAR or KWD",
    "/amount": "an object with currency, and minor above zero",
    "/amount/minor": "an integer of minor units (cents, halalas, fils) from 1 to 10^12",
    "/amount/currency": "an ISO 4217 currency code such as USD, SAR or KWD",
    "/income": "1 to 50 sums, of at most 5·10^11 minor units a month in all",
    "/essentials": "sums by what they are for, of at most 5·10^11 minor units a month in all",
    "/debts": "at most 50 sums, of at most 5·10^11 minor units a month in all",
    "/due_on": "a date such as 2026-03-31",
    "/reason": "text of at most 200 characters",
    "/consumer": "an object with reference, name, country and a phone or an email",
    "/consumer/reference": "1 to 64 letters, digits, dots, dashes and underscores",
    "/consumer/name": "1 to 200 characters on one line",
    "/consumer/country": "an ISO 3166 country code such as US, SA or GB",
    "/consumer/locale": "en or ar",
    "/consumer/time_zone": "an IANA time zone such as America/Chicago or Asia/Riyadh",
    "/consumer/phone": "an international number such as +12125550123",
    "/consumer/email": "an address such as jo@example.com",
}
DETAILS = {
    "missing": "is missing",
    "extra_forbidden": "is not a field of ours",
    "int_type": "is not an integer",
    "less_than_equal": "is too large",
    "greater_than_equal": "is too small",
    "greater_than": "is too small",
    "string_too_long": "is too long",
    "string_too_short": "is too short",
    "string_type": "is not text",
}


def field_errors(found: Iterable[ErrorDetails], body: object = None) -> list[dict[str, str]]:
    """Pydantic's errors in a body as ours, without the values that caused them."""
    return [_field_error(each, body) for each in found]


def _field_error(found: ErrorDetails, body: object) -> dict[str, str]:
    pointer = "".join(f"/{_step(part)}" for part in _places(found["loc"], body))
    kind = found["type"]
    if kind == "value_error" and pointer in STATIC:
        sentence = str(found.get("ctx", {}).get("error", "")) or "is not valid"
        wrong, _, expected = sentence.partition(": expected ")
        return field_error(pointer, wrong, expected or EXPECTED.get(pointer, "see /docs"))
    unknown = kind == "extra_forbidden"
    expected = "only the fields in /docs" if unknown else EXPECTED.get(pointer, _plainly(found))
    return field_error(pointer, DETAILS.get(kind, "is not valid"), expected)


def _places(loc: Sequence[str | int], body: object) -> list[str | int]:
    """Where in the body an error is: pydantic names the kind of a union there, too."""
    if loc[:1] != ("body",):
        return list(loc)
    places, here = list[str | int](), body
    for number, part in enumerate(loc[1:], start=2):
        if _holds(here, part):
            here = here[part]  # type: ignore[index]
        elif number < len(loc) and here is not None:
            continue
        else:
            here = None
        places.append(part)
    return places


def _holds(body: object, part: str | int) -> bool:
    if isinstance(body, list):
        return isinstance(part, int) and part < len(body)
    return isinstance(body, dict) and part in body


def _step(part: str | int) -> str:
    """A name in a pointer. It may be anything that was sent, so it is cut and cleaned."""
    shown = "".join(letter for letter in str(part)[:80] if letter.isprintable())
    return shown.replace("~", "~0").replace("/", "~1")


def _plainly(found: ErrorDetails) -> str:
    """Pydantic's own words, unless they may come from a value."""
    return "see /docs" if found["type"] == "value_error" else found["msg"]


def field_error(pointer: str, detail: str, expected: str) -> dict[str, str]:
    """One entry of a problem's errors."""
    return {"pointer": pointer, "detail": detail, "expected": expected}
