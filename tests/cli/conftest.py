"""What the tests of the commands share."""

from functools import cache

import pytest
from typer.main import get_command


@pytest.fixture(scope="session", autouse=True)
def _commands_built_once():
    """Typer works all commands out anew for every call of one: 30 ms, hundreds of times."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("typer.testing._get_command", cache(get_command))
        yield
