"""Models made without a second look at what is in them, and values that cost little."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, ParamSpec, TypeVar, dataclass_transform

from pydantic import BaseModel

Made = TypeVar("Made", bound=BaseModel)
Kind = TypeVar("Kind")
Fields = ParamSpec("Fields")

_new: Callable[[Any], Any] = object.__new__
_set = object.__setattr__  # as pydantic itself sets what no model may set
_value: Callable[[type], type] = dataclass(slots=True, kw_only=True, unsafe_hash=True)


@dataclass_transform(kw_only_default=True, frozen_default=True)
def value(kind: type[Kind]) -> type[Kind]:
    """Make a class a value that is never changed, by the word of the type checker alone.

    For what is made or looked at many times in an account's life: to make one takes a third of the
    time of a model, to look at a field a quarter. What comes from outside is checked as a model is,
    wherever one is a part of a model or of a payload.
    """
    return _value(kind)


def made(kind: Callable[Fields, Made], /, *_: Fields.args, **fields: Fields.kwargs) -> Made:
    """A model of values that are right by the way they were made, unchecked.

    As `model_construct`, for a part of its time: of models without aliases, private fields and
    defaults made on demand. Every field that has no default has to be given, by name: the type
    checker looks at the names as where the model itself is called.
    """
    model: Made = _new(kind)
    _set(model, "__dict__", _defaults(kind) | fields)
    _set(model, "__pydantic_fields_set__", {*fields})
    _set(model, "__pydantic_extra__", None)
    _set(model, "__pydantic_private__", None)
    return model


@cache
def _defaults(kind: Any) -> dict[str, object]:  # noqa: ANN401 -- a model; for the checker, its call
    """What the fields of a model are if nothing is said, in their order."""
    return {name: field.default for name, field in kind.model_fields.items()}


def changed(model: Made, **fields: object) -> Made:
    """A copy with other values in some fields, unchecked: as `model_copy`, in half of the time.

    A test holds the names against the model's fields (tests/domain/test_models.py).
    """
    copy: Made = _new(type(model))
    _set(copy, "__dict__", model.__dict__ | fields)
    known = model.__pydantic_fields_set__
    _set(copy, "__pydantic_fields_set__", known if known >= fields.keys() else {*known, *fields})
    _set(copy, "__pydantic_extra__", None)
    _set(copy, "__pydantic_private__", None)
    return copy
