"""Overlays: a tenant makes rules of other packs stricter. One that would loosen is refused."""
# ruff: noqa: ANN401 -- fields of every type are compared

from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any

from pydantic import TypeAdapter, ValidationError

from compliance.packs import Pack, PackError, Packs, Tightening
from compliance.rules import (
    AnyRule,
    Cap,
    Condition,
    ContentRule,
    Cooldown,
    Counting,
    HoldRule,
    OptOut,
    Part,
    PlaceChannel,
    Require,
    Rule,
    Window,
)
from compliance.sentences import shown
from compliance.timing import Hours
from domain.contacts import COUNTS, Purpose

A_WEEK = tuple(date(2026, 1, 5) + timedelta(days=number) for number in range(7))
"""From a Monday on: what a window says of each day of the week."""

RULES: TypeAdapter[AnyRule] = TypeAdapter(AnyRule)


def tightened(packs: Packs) -> Packs:
    """The packs with what their overlays make stricter as rules of the overlays.

    The rules that are made stricter stay: both run, and the strictest wins. PackError, naming the
    rule, for an overlay that would loosen it.
    """
    return Packs([_with_rules(pack, packs) for pack in packs], packs.calendars.values())


def _with_rules(overlay: Pack, packs: Packs) -> Pack:
    if not overlay.tightens:
        return overlay
    made = [
        _stricter(overlay, each, _rule_called(each.rule, overlay, packs))
        for each in overlay.tightens
    ]
    return overlay.model_copy(update={"rules": (*overlay.rules, *made)})


def _rule_called(rule_id: str, overlay: Pack, packs: Packs) -> AnyRule:
    for pack in packs:
        for rule in pack.rules:
            if rule.id == rule_id and pack.id != overlay.id:
                return rule
    raise PackError(f"{overlay.name}: tightens {rule_id}: no pack has a rule of that id")


def _stricter(overlay: Pack, wanted: Tightening, rule: AnyRule) -> AnyRule:
    given = rule.model_dump(mode="json", exclude_defaults=True) | wanted.change
    own = {
        "kind": rule.kind,
        "id": f"{rule.id}/{overlay.id}",
        "cite": wanted.cite,
        "force": "policy",
        "verified": "P",
    }
    try:
        made = RULES.validate_python(given | own)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"][1:])
        raise PackError(f"{overlay.name}: tightens {rule.id}: {place}: {first['msg']}") from error
    for name in gives_up(rule, made):
        raise PackError(f"{overlay.name}: {_fault(name, rule, made)}")
    return made


def gives_up(old: Part, new: Part) -> list[str]:
    """The fields in which one rule, or the like, may bind less than that which it replaces.

    Any change does where nobody has said which way is stricter.
    """
    if type(old) is not type(new):
        return ["kind"]
    checks = CHECKS.get(type(old)) or {
        name: _SPANS.get(name, _same) for name in type(old).model_fields if name not in _WORDS
    }
    given_up = [
        name
        for name, is_stricter in checks.items()
        if (was := getattr(old, name)) != (now := getattr(new, name)) and not is_stricter(was, now)
    ]
    if isinstance(old, Rule) and Purpose.REPLY not in old.purposes:
        return [name for name in given_up if name != "unless_answering"]  # it is about replies
    return given_up


def _fault(name: str, rule: AnyRule, made: AnyRule) -> str:
    """Why an overlay may not change this field so."""
    old, new = getattr(rule, name), getattr(made, name)
    if name in _CONDITIONS and not (set(old) <= set(new) or set(new) <= set(old)):
        return (
            f"{name} {shown(new)} cannot be compared with that of {rule.id}, which says"
            f" {shown(old)}: write it as a rule of your own, and both will run"
        )
    return (
        f"{name} {shown(new)} would loosen {rule.id}, which says {shown(old)}:"
        " an overlay can only tighten"
    )


Check = Callable[[Any, Any], bool]

_CONDITIONS = ("when", "unless", "any", "all")
_WORDS = ("id", "says", "cite", "force", "verified", "source")
"""What says nothing of whom a rule binds, and when."""


def _wider(old: frozenset[Any], new: frozenset[Any]) -> bool:
    return old <= new


def _narrower(old: Any, new: Any) -> bool:
    return set(new) <= set(old)


def _longer(old: Any, new: Any) -> bool:
    return old is not None and new is not None and new >= old


def _lower(old: Any, new: Any) -> bool:
    return old is not None and (new is None or new <= old)


def _same(old: Any, new: Any) -> bool:
    return bool(old == new)


def _only_off(old: Any, new: Any) -> bool:
    return bool(old) and not new


def _only_on(old: Any, new: Any) -> bool:
    return bool(new) and not old


def _inside_spans(old: Any, new: Any) -> bool:
    """Whether every instant of the new spans lies inside the old ones, on every day."""
    return all(
        all(
            any(first <= opens and _end(closes) <= _end(last) for first, last in before)
            for opens, closes in after
        )
        for before, after in zip(_week(old), _week(new), strict=True)
    )


def _week(spans: Any) -> list[Any]:
    window = Window.model_validate(
        {
            "id": "_",
            "says": "_",
            "cite": "_",
            "force": "policy",
            "verified": "P",
            "kind": "window",
            "spans": spans,
        }
    )
    hours = Hours(window, (), {})
    days = [hours.on(day, ()) for day in A_WEEK]
    holiday = tuple((span.opens, span.closes) for span in window.spans.get("holiday", ()))
    return [*days, holiday]


def _end(closes: time) -> tuple[bool, time]:
    """Midnight as the end of a day comes after every other time."""
    return (closes == time(0), closes)


def _only_on_next(old: str, _: str) -> bool:
    return old == "that day"


def _counts_more(old: Counting, new: Counting) -> bool:
    return (
        COUNTS[old.count] <= COUNTS[new.count]
        and all(getattr(old, name) <= getattr(new, name) for name in _COUNTED_SETS)
        and old.inbound <= new.inbound
        and old.solicited <= new.solicited
        and new.scope in {old.scope, "person"}
    )


_COUNTED_SETS = ("channels", "purposes", "places", "dials")


def _reaches_more(old: dict[Any, Any], new: dict[Any, Any]) -> bool:
    return all(closed <= new.get(channel, frozenset()) for channel, closed in old.items())


def _met_less(old: tuple[Condition, ...], new: tuple[Condition, ...]) -> bool:
    """Whether some of the new ones are met only where some of the old ones are."""
    wide = {*old, *(each.model_copy(update={"every": True}) for each in old)}
    return set(new) <= wide


def _fewer_ways(old: tuple[Condition, ...], new: tuple[Condition, ...]) -> bool:
    return bool(new) and _met_less(old, new) if old else True


def _more(old: tuple[Any, ...], new: tuple[Any, ...]) -> bool:
    return set(old) <= set(new)


_SPANS: dict[str, Check] = {"years": _longer, "receipt_days": _longer, "days": _longer}
"""Of periods and retention: what is stricter the longer it is."""

_COMMON: dict[str, Check] = {
    "channels": _wider,
    "purposes": _wider,
    "places": _wider,
    "recipients": _wider,
    "dials": _wider,
    "when": _narrower,
    "unless": _met_less,
    "unless_answering": _only_off,
}
CHECKS: dict[type, dict[str, Check]] = {
    Window: _COMMON | {"spans": _inside_spans, "wishes": _same, "zones": _same, "holidays": _more},
    Cap: _COMMON
    | {
        "max": _lower,
        "days": _longer,
        "calendar": _same,
        "counts": _counts_more,
        "consent_days": _lower,
    },
    Cooldown: _COMMON | {"days": _longer, "after": _same, "first_day": _only_on_next},
    HoldRule: _COMMON | {"holds": _wider, "once": _narrower},
    OptOut: _COMMON | {"reaches": _reaches_more},
    Require: _COMMON | {"any": _fewer_ways, "all": _more},
    PlaceChannel: _COMMON | {"wishes": _only_off, "unreachable": _only_off},
    ContentRule: _COMMON | {"must_have": _wider, "must_not": _wider, "undisputed": _only_on},
}
"""For each kind of rule: which change of which field makes it stricter."""
