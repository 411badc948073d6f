"""What an account carries from leg to leg, as tests of its workflow want it."""

from datetime import date
from typing import Any

from compliance.facts import PersonFacts
from engine.progress import Progress


def carried(**facts: Any) -> Progress:
    """An account of 300 dollars in New York, with these facts of its person."""
    return Progress(
        account_id="acc_1",
        currency="USD",
        balance=300_00,
        version=1,
        due_on=date(2026, 10, 1),
        person=PersonFacts(country="US", zones=("America/New_York",), **facts),
        law="l",
    )
