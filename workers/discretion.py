"""Discretion: what the database says of a row it refused stays out of Temporal and of logs.

PostgreSQL's DETAIL repeats the values of the row, a name or a number among them. Temporal keeps the
error of an activity in its history and shows it in its UI, so only the kind of error goes there.
"""

from typing import Any

import psycopg
from sqlalchemy.exc import SQLAlchemyError
from temporalio.exceptions import ApplicationError
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
)


class Discretion(Interceptor):
    """Keeps the record's errors to their names, for every activity."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 -- the SDK's name
        """Stand before the activity."""
        return _Discreet(next)


class _Discreet(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002, ANN401 -- the SDK's
        """Carry it out; an error of the record is told by its kind alone, and tried again."""
        try:
            return await super().execute_activity(input)
        except Exception as error:
            kind = of_the_record(error)
            if kind is None:
                raise
        raise ApplicationError(f"the record could not be written: {kind}", type=kind)


def of_the_record(error: BaseException) -> str | None:
    """The name of the database's error, if this is one or carries one; else None."""
    waiting: list[BaseException | None] = [error]
    seen: set[int] = set()
    while waiting:
        found = waiting.pop()
        if found is None or id(found) in seen:
            continue
        seen.add(id(found))
        if isinstance(found, SQLAlchemyError | psycopg.Error):
            return type(found).__name__
        waiting.append(found.__cause__)
        if not found.__suppress_context__:
            waiting.append(found.__context__)
        if isinstance(found, BaseExceptionGroup):
            waiting += found.exceptions
    return None
