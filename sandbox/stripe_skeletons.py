"""Empty objects of Stripe's, read from the pinned SDK, so that they carry its version's fields."""

from copy import deepcopy
from types import NoneType
from typing import Any, ClassVar, Literal, get_args, get_origin

from stripe import StripeObject

from sandbox.world import Json

# Stripe leaves these out unless the call expands them.
SHOWN_WHEN_EXPANDED = {"refunds", "line_items", "sources", "subscriptions", "tax", "tax_ids"}
ABSENT = {"deleted", "cash_balance", "invoice_credit_balance"}
ZEROES: dict[object, Any] = {bool: False, int: 0, float: 0.0, str: "", Any: None}
_known: dict[type[StripeObject], Json] = {}


def skeleton(resource: type[StripeObject]) -> Json:
    """Return an object with every field of a resource and nothing in it."""
    # Reading the annotations takes longer than the rest of a call: once for each resource.
    if resource not in _known:
        _known[resource] = _read(resource)
    return deepcopy(_known[resource])


def _read(resource: type[StripeObject]) -> Json:
    hidden = SHOWN_WHEN_EXPANDED | ABSENT
    hints: dict[str, Any] = resource.__annotations__
    return {
        name: _blank(hint)
        for name, hint in hints.items()
        if name not in hidden and get_origin(hint) is not ClassVar
    }


def _blank(hint: Any) -> Any:  # noqa: ANN401 - a type annotation, and a value of that type
    choices = get_args(hint)
    if NoneType in choices:
        return None
    kind = get_origin(hint) or hint
    if kind is Literal:
        return choices[0]
    if not isinstance(kind, type):
        return _blank(choices[0]) if choices else ZEROES.get(kind)
    if issubclass(kind, StripeObject):
        return {} if choices else skeleton(kind)
    return [] if kind is list else ZEROES.get(kind)
