"""`tahsil replay --open`, on whatever is open: tests/integration/test_builds.py breaks it."""

import pytest

from tests.cli.test_commands import tahsil

__all__ = ["tahsil"]
pytestmark = pytest.mark.stack


def test_it_has_to_be_said_what_is_replayed(tahsil):
    assert "say --open" in tahsil("replay", exit_code=2)


def test_accounts_that_are_open_go_on_with_the_code_that_opened_them(tahsil):
    told = tahsil("replay", "--open", "--sample", "1")

    assert "open accounts can go on" in told
