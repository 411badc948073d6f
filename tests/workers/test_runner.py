"""Workflows run without a sandbox, so what they are made of is looked at here."""

import ast
from pathlib import Path

import pytest

from workers.runner import WORKFLOWS

ROOT = Path(__file__).parents[2]
CLOCKS_AND_DICE = {"time", "random", "secrets", "uuid", "os", "socket", "threading", "subprocess"}
"""What gives another answer when a workflow is replayed; of pure floors a contract forbids it."""


def imported(module):
    """What a module imports by name, wherever in it."""
    tree = ast.parse((ROOT / f"{module.replace('.', '/')}.py").read_text("utf-8"))
    for each in ast.walk(tree):
        if isinstance(each, ast.Import):
            yield from (name.name for name in each.names)
        elif isinstance(each, ast.ImportFrom) and each.module:
            yield each.module
            yield from (f"{each.module}.{name.name}" for name in each.names)


def made_of(module):
    """A workflow's module, and those of its floor that it is made of."""
    found, waiting = set(), [module]
    while waiting:
        name = waiting.pop()
        if name not in found and (ROOT / f"{name.replace('.', '/')}.py").exists():
            found.add(name)
            waiting += [each for each in imported(name) if each.startswith("workflows.")]
    return found


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda each: each.__name__)
def test_a_workflow_is_made_of_nothing_that_has_a_clock_or_dice(workflow):
    parts = made_of(workflow.__module__)
    assert workflow.__module__ in parts
    used = {(part, name.split(".")[0]) for part in parts for name in imported(part)}
    assert {each for each in used if each[1] in CLOCKS_AND_DICE} == set()
