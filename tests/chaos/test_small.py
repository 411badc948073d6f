"""Some days of a few accounts while everything is killed once: `make chaos` in small."""

import io

import pytest
from rich.console import Console

from tests.chaos.run import Asked
from tests.chaos.schedule import Fault, Kill
from tests.chaos.story import live_through
from tests.stack.programs import open_directory, quick_disk

pytestmark = [pytest.mark.stack, pytest.mark.anyio]

LOST = {"drop": True, "when": "after"}
PLAN = [
    [Kill("temporal", 0.3), Kill("api", 0.6)],
    [Fault({"provider": "twilio", "operation": "create_message", **LOST}), Kill("workers", 0.2)],
    [
        Kill("sandbox", 0.3),
        Kill("postgres", 0.6),
        Fault({"provider": "twilio", "webhook": "duplicate"}),
    ],
]


async def test_all_books_agree_after_everything_was_killed_once():
    said = io.StringIO()
    with open_directory(quick_disk()) as folder:
        asked = Asked(seed=1, accounts=8, days=len(PLAN))
        found = await live_through(folder / "data", asked, PLAN, Console(file=said))

    assert found == [], said.getvalue()
