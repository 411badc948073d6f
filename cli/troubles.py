"""What may go wrong for reasons outside the program, told in one line."""

import httpx
import psycopg
from sqlalchemy.exc import SQLAlchemyError
from temporalio.service import RPCError

from stack import StackError

OURS = (KeyError, IndexError, UnicodeError, NotImplementedError, RecursionError)
"""Kinds of the errors below that nobody raises on purpose."""


def told(error: BaseException) -> str | None:
    """The trouble in one line; None if it is a defect of ours, whose traceback is wanted."""
    if isinstance(error, BaseExceptionGroup):
        return told(error.exceptions[0])
    says = _says(error)
    return " ".join(says.split()) if says else None


def _says(error: BaseException) -> str | None:
    match error:
        case httpx.HTTPStatusError():
            return f"{error.request.url} answered {error.response.status_code}"
        case httpx.RequestError():
            return f"{error.request.url} does not answer: is every part of the stack running?"
        case RPCError():
            return f"Temporal answered {error.status.name}: {error.message}"
        case SQLAlchemyError() | psycopg.Error():
            return f"PostgreSQL does not answer as it should: {type(error).__name__}"
        case StackError() | ValueError() | LookupError() | RuntimeError() | OSError():
            return None if isinstance(error, OURS) else str(error)
    return None
