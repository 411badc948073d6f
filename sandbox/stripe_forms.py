"""Stripe's form encoding: `a[b]=1&c[0][d]=2` read as the tree it stands for."""

import re
from collections.abc import Iterable
from typing import Any

from sandbox.stripe_errors import invalid
from sandbox.world import Json

STEP = re.compile(r"[^\[\]]+")
# What every SDK call may carry beside an operation's own parameters.
ALWAYS_KNOWN = {"expand", "metadata"}


def tree(pairs: Iterable[tuple[str, str]]) -> Json:
    """Read form fields as nested objects and lists."""
    root: Json = {}
    for name, value in pairs:
        steps = STEP.findall(name) + ([""] if name.endswith("[]") else [])
        at = root
        for step in steps[:-1]:
            at = at.setdefault(step, {})
        at[steps[-1] or str(len(at))] = value
    lists: Json = _with_lists(root)
    return lists


def _with_lists(node: Any) -> Any:  # noqa: ANN401 - a node of a tree of unknown shape
    if not isinstance(node, dict):
        return node
    children = {name: _with_lists(child) for name, child in node.items()}
    if children and all(name.isdigit() for name in children):
        return [children[name] for name in sorted(children, key=int)]
    return children


def refuse_unknown(params: Json, known: type) -> None:
    """Refuse a parameter that the pinned SDK does not know for this operation."""
    for name in params:
        if name not in known.__annotations__ and name not in ALWAYS_KNOWN:
            raise invalid(f"Received unknown parameter: {name}", name, "parameter_unknown")


def integer(params: Json, name: str) -> int:
    """Read a required whole number."""
    if name not in params:
        raise invalid(f"Missing required param: {name}.", name, "parameter_missing")
    try:
        return int(params[name])
    except (TypeError, ValueError) as error:
        message = f"Invalid integer: {params[name]}"
        raise invalid(message, name, "parameter_invalid_integer") from error


def required(params: Json, name: str) -> str:
    """Read a required text."""
    if not params.get(name):
        raise invalid(f"Missing required param: {name}.", name, "parameter_missing")
    return str(params[name])


def true(params: Json, name: str) -> bool:
    """Read a yes or no; what is not said is no."""
    return params.get(name) == "true"


def metadata(params: Json) -> dict[str, str]:
    """Read the metadata, an empty value meaning that the key is removed."""
    given = params.get("metadata") or {}
    return {name: str(value) for name, value in given.items() if value != ""}
