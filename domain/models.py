"""Copies of models, made without a second look at what is in them."""

from typing import TypeVar

from pydantic import BaseModel

Made = TypeVar("Made", bound=BaseModel)

_new = object.__new__
_set = object.__setattr__  # as pydantic itself sets what no model may set


def changed(model: Made, **fields: object) -> Made:
    """A copy with other values in some fields, unchecked: as `model_copy`, in half of the time."""
    copy = _new(type(model))
    _set(copy, "__dict__", model.__dict__ | fields)
    _set(copy, "__pydantic_fields_set__", {*model.__pydantic_fields_set__, *fields})
    _set(copy, "__pydantic_extra__", None)
    _set(copy, "__pydantic_private__", None)
    return copy
