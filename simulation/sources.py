"""The code of functions, as it stands in their files."""

import ast
import inspect
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any

HOME = Path(__file__).parent.parent


@dataclass(frozen=True, eq=False)
class Source:
    """A function's code, and what the names in it stand for."""

    name: str
    module: str
    file: str
    """Below the root of the project if it is inside, else as it was given."""
    line: int
    node: ast.FunctionDef | ast.AsyncFunctionDef
    names: Mapping[str, Any]
    own: frozenset[str]
    """Names that it gives values to itself, its parameters included."""

    @property
    def body(self) -> Sequence[ast.stmt]:
        """Its statements."""
        return self.node.body


@cache
def source_of(function: FunctionType) -> Source | None:
    """A function's source; None if its file cannot be read, or it has no name."""
    try:
        lines, first = inspect.getsourcelines(function)
    except (OSError, TypeError):
        return None
    tree = ast.parse(textwrap.dedent("".join(lines)))
    node = tree.body[0]
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return None
    ast.increment_lineno(tree, first - 1)
    around, code = inspect.getclosurevars(function).nonlocals, function.__code__
    return Source(
        function.__name__,
        str(function.__module__),
        shown(Path(code.co_filename)),
        node.lineno,
        node,
        {**function.__globals__, **around},
        frozenset((*code.co_varnames, *code.co_cellvars, *code.co_freevars)),
    )


def shown(file: Path) -> str:
    """A file's name as it is told: below the project's root, if it is there."""
    return str(file.relative_to(HOME)) if file.is_relative_to(HOME) else str(file)


def written_by_author(function: FunctionType) -> FunctionType:
    """The function itself, or the one of a journey that the engine wrapped."""
    if str(function.__module__).partition(".")[0] != "engine":
        return function
    inside = inspect.getclosurevars(function).nonlocals.values()
    return next((each for each in inside if isinstance(each, FunctionType)), function)
