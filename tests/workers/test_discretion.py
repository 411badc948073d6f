import asyncio
from typing import Any

import psycopg
import pytest
from sqlalchemy.exc import IntegrityError
from temporalio.exceptions import ApplicationError
from temporalio.worker import ActivityInboundInterceptor

from workers.discretion import Discretion

NO_INPUT: Any = None
DETAIL = "DETAIL: Key (phone)=(+12125550123) of Jo Secret exists"


class Activity(ActivityInboundInterceptor):
    """The activity at the end of the chain."""

    def __init__(self, error):
        self.error = error

    async def execute_activity(self, input):  # noqa: A002 -- the SDK's name
        if self.error is not None:
            raise self.error
        return "done"


def carried_out(error=None):
    chain = Discretion().intercept_activity(Activity(error))
    return asyncio.run(chain.execute_activity(NO_INPUT))


def wrapped(error):
    outer = RuntimeError("something else")
    outer.__cause__ = error
    return outer


REFUSAL = IntegrityError("INSERT ...", {}, psycopg.errors.UniqueViolation(DETAIL))


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (REFUSAL, "IntegrityError"),
        (wrapped(REFUSAL), "IntegrityError"),
        (ExceptionGroup("two", [REFUSAL]), "IntegrityError"),
        (psycopg.errors.UniqueViolation(DETAIL), "UniqueViolation"),
    ],
)
def test_an_error_of_the_record_tells_its_kind_and_no_value(error, kind):
    with pytest.raises(ApplicationError) as raised:
        carried_out(error)
    told = raised.value
    assert (told.type, told.non_retryable) == (kind, False)
    assert told.message == f"the record could not be written: {kind}"
    assert told.__cause__ is None
    assert told.__context__ is None


def test_everything_else_passes():
    assert carried_out() == "done"
    with pytest.raises(LookupError, match="no account"):
        carried_out(LookupError("no account acc_1"))
