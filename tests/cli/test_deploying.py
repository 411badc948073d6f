"""`tahsil deploy`, as far as a stack with one build can show it: see tests/integration, too."""

import pytest

from tests.cli.test_commands import tahsil

__all__ = ["tahsil"]
pytestmark = pytest.mark.stack


def test_a_build_that_no_worker_runs_cannot_become_current(tahsil):
    assert "no worker of build 'nowhere' is known" in tahsil(
        "deploy", "nowhere", "--wait", 0, exit_code=2
    )
