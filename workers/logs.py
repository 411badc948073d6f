"""Logs: one JSON object a line, of which nothing says who somebody is, or lets anybody in.

Numbers, mailboxes, links and keys are masked wherever they stand. Fields that hold what people are
called or have said are hidden whole. Of an error from elsewhere only its kind and its places are
told, because its message may hold a value: whoever may read it finds it in Temporal, encrypted.
Errors of ours hold no personal data, and are told in full.
"""

import logging
import re
import sys
import traceback
from collections.abc import Iterable, Mapping, MutableMapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import structlog

from providers.settings import hush

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor

HIDDEN = "[hidden]"
HIDE = frozenset(
    """
    name full_name first_name last_name phone email address recipient sender to from subject body
    text words consumer payload input password secret token cookie authorization api_key auth_token
    webhook_secret database_url master_key master_keys
    """.split()  # noqa: SIM905 -- a list of words reads better
)
"""Fields whose values never stand in a log, at whatever depth."""

MASKS = tuple(
    (re.compile(pattern), mask)
    for pattern, mask in (
        (r"(?s)input_value=.*?, input_type=", "input_value=[hidden], input_type="),  # pydantic
        (r"(?m)^(\s*DETAIL:).*$", r"\1 [hidden]"),  # PostgreSQL: the values of a row
        (r"(://)[^/\s:@]*:[^/\s@]*@", r"\1[credentials]@"),
        (r"(?i)\b(bearer|basic)\s+[\w.~+/=-]+", r"\1 [token]"),
        (r"\btahsil_[\w-]{16,}", "[token]"),
        (r"\b(?:[spr]k_(?:live|test)|whsec)_\w+|\bSG\.[\w-]+\.[\w-]+", "[token]"),
        (r"\b[a-z]+_\w+_secret_\w+|\beyJ[\w-]+\.[\w-]+\.[\w-]+", "[token]"),
        (r"(?<![\w+/])[A-Za-z0-9+/]{43}=(?![\w=])", "[key]"),
        (r"(/p/)[\w-]+", r"\1[link]"),
        (r"[\w.+%-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+", "[email]"),
        (r"(?:\+|%2B|\b00)[1-9][\d\s().-]{5,18}\d", "[phone]"),
        (r"(?<![\w-])\(?\d{3}\)?[\s.-]\d{3}[\s.-]\d{4}(?![\w-])", "[phone]"),
        (r"(?<![\w.-])\d{10,19}(?![\w-])", "[number]"),  # without its country, or a card's
    )
)

OURS = frozenset(
    """
    domain compliance engine journeys simulation storage providers activities workflows workers api
    evidence stack cli
    """.split()  # noqa: SIM905 -- a list of words reads better
)
PLACES = 6
"""Of an error's places, the innermost."""

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def scrubbed(text: str) -> str:
    """A text without numbers, mailboxes, links and keys."""
    for pattern, mask in MASKS:
        text = pattern.sub(mask, text)
    return text


def scrub(_: object, __: str, event: "EventDict") -> "EventDict":
    """Mask and hide, whatever is logged, at every depth."""
    return {scrubbed(str(name)): _clean(name, value) for name, value in event.items()}


def _clean(name: object, value: object) -> Any:  # noqa: ANN401 -- whatever is logged
    if str(name).lower() in HIDE:
        return HIDDEN
    match value:
        case None | bool() | int() | float():
            return value
        case Mapping():
            return {scrubbed(str(each)): _clean(each, value[each]) for each in value}
        case list() | tuple() | set() | frozenset():
            return [_clean("", each) for each in value]
        case bytes() | bytearray():
            return HIDDEN
        case _:
            return scrubbed(str(value))


def tell_errors(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Put what went wrong in place of the error itself: kinds, places, and our own words."""
    given = event.pop("exc_info", None)
    error = given if isinstance(given, BaseException) else _error_of(given)
    if error is not None:
        event["error_chain"] = [_told(each) for each in _chain(error)]
    return event


def _error_of(given: object) -> BaseException | None:
    if isinstance(given, tuple) and len(given) > 1:
        return given[1] if isinstance(given[1], BaseException) else None
    return sys.exc_info()[1] if given else None


def _chain(error: BaseException | None) -> Iterable[BaseException]:
    """The error and those that it came of, the last one first."""
    seen = set[int]()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _told(error: BaseException) -> dict[str, Any]:
    frames = traceback.extract_tb(error.__traceback__)[-PLACES:]
    where = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
    told = {"error": type(error).__name__, "where": where}
    ours = type(error).__module__.partition(".")[0] in OURS
    return told | ({"says": str(error)} if ours else {})


def processors() -> "list[Processor]":
    """What every line goes through before it is written."""
    return [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        tell_errors,
        scrub,
        structlog.processors.JSONRenderer(),
    ]


def formatter() -> logging.Formatter:
    """The same for lines of everybody else's."""
    *stamps, tell, clean, render = processors()
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*stamps, structlog.stdlib.add_logger_name],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            tell,
            clean,
            render,
        ],
    )


def log_as_json() -> None:
    """One JSON object a line, ours and everybody else's; SDKs say nothing below a warning."""
    structlog.configure(processors=processors())
    handler = logging.StreamHandler()
    handler.setFormatter(formatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    hush()
    sys.excepthook = last_words


def last_words(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Log what ends the process, with what it says: nobody can look it up elsewhere."""
    if issubclass(kind, KeyboardInterrupt):
        return
    log = structlog.get_logger()
    log.critical("process.ended", says=str(error), exc_info=(kind, error, trace))
