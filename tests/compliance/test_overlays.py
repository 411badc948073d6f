"""Overlays: a tenant's pack makes rules stricter, of every kind and field; none is loosened."""

from datetime import date
from typing import Any

import pytest

from compliance import Allow, Deny, Pack, PackError, Packs, Wait, decide
from compliance.calendars import Calendar
from compliance.overlays import CHECKS, RULES, tightened
from tests.compliance.scenarios_kit import asking, at, past, person

CALENDAR = Calendar(id="US", source="by hand", first_year=2026, last_year=2026, days={})
COMMON: dict[str, Any] = {
    "id": "L-1",
    "says": "so it is",
    "cite": "law",
    "force": "statute",
    "verified": "V",
}
CONSENT: dict[str, Any] = {"milestone": "consent"}
DUE: dict[str, Any] = {"milestone": "due", "older_than_days": 30}
DIRECT: dict[str, Any] = {"milestone": "consent", "direct": True}

WINDOW: dict[str, Any] = {
    "kind": "window",
    "spans": {"all": ["08:00-12:00", "14:00-21:00"], "sun": "closed"},
    "channels": ["sms", "voice"],
    "purposes": ["demand", "reply"],
    "places": ["home", "mobile"],
    "recipients": ["consumer", "spouse"],
    "dials": ["manual", "automatic"],
    "when": [DUE],
    "unless": [CONSENT],
    "unless_answering": True,
}
CAP: dict[str, Any] = {
    "kind": "cap",
    "max": 3,
    "days": 7,
    "consent_days": 7,
    "counts": {
        "count": "contact made",
        "channels": ["sms"],
        "scope": "account",
        "solicited": False,
    },
}
MONTHLY: dict[str, Any] = {"kind": "cap", "max": 3, "calendar": "month"}
COOLDOWN: dict[str, Any] = {"kind": "cooldown", "after": {"count": "conversation"}, "days": 7}
HOLD: dict[str, Any] = {"kind": "hold", "holds": ["dispute"], "once": ["remedy notice", "notice"]}
OPTOUT: dict[str, Any] = {"kind": "optout", "reaches": {"sms": ["voice"]}}
REQUIRE: dict[str, Any] = {"kind": "require", "any": [CONSENT, DUE], "all": [DIRECT]}
PLACE: dict[str, Any] = {"kind": "place_channel", "wishes": True}
CONTENT: dict[str, Any] = {"kind": "content", "must_have": ["opt-out"], "must_not": ["demand"]}


def packs_with(rule, change):
    law = Pack.model_validate(
        {
            "id": "law",
            "title": "The law",
            "version": "1",
            "effective_from": date(2026, 1, 1),
            "rules": [COMMON | rule],
        }
    )
    overlay = Pack.model_validate(
        {
            "id": "tenant",
            "title": "Our own",
            "version": "1",
            "effective_from": date(2026, 1, 1),
            "tightens": [{"rule": "L-1", "change": change, "cite": "our policy 7"}],
        }
    )
    return Packs([law, overlay], [CALENDAR])


def made(rule, change):
    _, overlay = tightened(packs_with(rule, change))
    (only,) = overlay.rules
    return only


TIGHTER: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (WINDOW, {"spans": {"all": ["09:00-11:00"], "sun": "closed"}}),
    (WINDOW, {"spans": {"mon-fri": ["08:00-12:00"]}}),
    (WINDOW, {"channels": ["sms", "voice", "email"]}),
    (WINDOW, {"purposes": ["demand", "reply", "notice"]}),
    (WINDOW, {"places": ["home", "mobile", "work"]}),
    (WINDOW, {"recipients": ["consumer", "spouse", "guarantor"]}),
    (WINDOW, {"dials": ["manual", "automatic", "ringless"]}),
    (WINDOW, {"when": []}),
    (WINDOW, {"unless": []}),
    (WINDOW, {"unless_answering": False}),
    (WINDOW, {"holidays": ["US"]}),
    (CAP, {"max": 2}),
    (CAP, {"max": 0}),
    (CAP, {"days": 14}),
    (CAP, {"consent_days": 3}),
    (CAP, {"consent_days": None}),
    (CAP, {"counts": CAP["counts"] | {"count": "placed"}}),
    (CAP, {"counts": CAP["counts"] | {"channels": ["sms", "email"]}}),
    (CAP, {"counts": CAP["counts"] | {"scope": "person"}}),
    (CAP, {"counts": CAP["counts"] | {"solicited": True}}),
    (CAP, {"counts": CAP["counts"] | {"inbound": True}}),
    (MONTHLY, {"max": 1}),
    (COOLDOWN, {"days": 8}),
    (COOLDOWN, {"first_day": "next day"}),
    (HOLD, {"holds": ["dispute", "hardship"]}),
    (HOLD, {"once": ["notice"]}),
    (HOLD, {"once": []}),
    (OPTOUT, {"reaches": {"sms": ["voice", "chat"]}}),
    (OPTOUT, {"reaches": {"sms": ["voice"], "email": ["sms"]}}),
    (REQUIRE, {"any": [DUE]}),
    (REQUIRE, {"all": [DIRECT, DUE]}),
    (PLACE, {"wishes": False}),
    (PLACE | {"wishes": False, "unreachable": True}, {"unreachable": False}),
    (CONTENT, {"must_have": ["opt-out", "identity"]}),
    (CONTENT, {"must_not": ["demand", "marketing"]}),
    (CONTENT, {"undisputed": True}),
]
LOOSER: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (WINDOW, {"spans": {"all": ["07:00-12:00"], "sun": "closed"}}),
    (WINDOW, {"spans": {"all": ["11:00-15:00"], "sun": "closed"}}),
    (WINDOW, {"spans": {"all": ["09:00-11:00"]}}),
    (WINDOW, {"spans": {"mon": ["14:00-24:00"]}}),
    (WINDOW, {"channels": ["sms"]}),
    (WINDOW, {"purposes": ["demand"]}),
    (WINDOW, {"places": ["home"]}),
    (WINDOW, {"recipients": ["spouse"]}),
    (WINDOW, {"dials": ["manual"]}),
    (WINDOW, {"when": [DUE, CONSENT]}),
    (WINDOW, {"unless": [CONSENT, DUE]}),
    (WINDOW | {"unless_answering": False}, {"unless_answering": True}),
    (WINDOW | {"holidays": ["US"]}, {"holidays": []}),
    (WINDOW, {"zones": "residence"}),
    (CAP, {"max": 4}),
    (CAP, {"days": 6}),
    (CAP, {"consent_days": 8}),
    (CAP | {"consent_days": None}, {"consent_days": 7}),
    (CAP, {"counts": CAP["counts"] | {"count": "conversation"}}),
    (CAP, {"counts": CAP["counts"] | {"channels": ["email"]}}),
    (CAP, {"counts": CAP["counts"] | {"scope": "address"}}),
    (CAP | {"counts": {}}, {"counts": {"scope": "account"}}),
    (CAP | {"counts": {}}, {"counts": {"solicited": False}}),
    (CAP, {"days": None, "calendar": "month"}),
    (MONTHLY, {"calendar": "week"}),
    (COOLDOWN, {"days": 6}),
    (COOLDOWN, {"after": "due"}),
    (COOLDOWN | {"first_day": "next day"}, {"first_day": "that day"}),
    (HOLD, {"holds": ["hardship"]}),
    (HOLD | {"once": []}, {"once": ["notice"]}),
    (OPTOUT, {"reaches": {"sms": ["chat"]}}),
    (REQUIRE, {"any": [CONSENT, DUE, DIRECT]}),
    (REQUIRE, {"any": []}),
    (REQUIRE, {"all": []}),
    (PLACE | {"wishes": False}, {"wishes": True}),
    (PLACE | {"wishes": False}, {"unreachable": True}),
    (CONTENT, {"must_have": ["identity"]}),
    (CONTENT, {"must_not": []}),
    (CONTENT | {"undisputed": True}, {"undisputed": False}),
]


def named(cases):
    return [
        pytest.param(rule, change, id=f"{rule['kind']} {n}: {' '.join(change)}")
        for n, (rule, change) in enumerate(cases)
    ]


@pytest.mark.parametrize(("rule", "change"), named(TIGHTER))
def test_a_stricter_field_makes_a_rule_of_the_overlay(rule, change):
    stricter = made(rule, change)
    (field,) = change

    assert stricter.id == "L-1/tenant"
    assert (stricter.cite, stricter.force, stricter.verified) == ("our policy 7", "policy", "P")
    assert getattr(stricter, field) == getattr(RULES.validate_python(COMMON | rule | change), field)


@pytest.mark.parametrize(("rule", "change"), named(LOOSER))
def test_a_looser_field_is_refused_with_the_rule_and_what_it_says(rule, change):
    with pytest.raises(PackError) as refused:
        made(rule, change)

    said = str(refused.value)
    assert said.startswith("tenant@1: ")
    assert any(f"{field} " in said for field in change)
    assert "would loosen L-1, which says " in said
    assert said.endswith("an overlay can only tighten")


def test_a_change_inside_a_condition_cannot_be_compared_and_says_what_to_do():
    asked = {"kind": "require", "any": [{"milestone": "consent", "within_days": 60}]}
    fresh = [{"milestone": "consent", "direct": True, "within_days": 30}]

    with pytest.raises(PackError) as refused:
        made(asked, {"any": fresh})

    assert str(refused.value) == (
        "tenant@1: any consent directly to us <= 30 days ago cannot be compared with that of L-1,"
        " which says consent <= 60 days ago: write it as a rule of your own, and both will run"
    )


def test_every_field_that_a_rule_can_be_changed_in_is_checked():
    tried = {
        (RULES.validate_python(COMMON | rule).kind, field)
        for rule, change in [*TIGHTER, *LOOSER]
        for field in change
    }
    kinds = {
        type(RULES.validate_python(COMMON | rule)): rule["kind"] for rule, _ in [*TIGHTER, *LOOSER]
    }
    common = set.intersection(*(set(checks) for checks in CHECKS.values()))
    own = {
        (kinds[model], field)
        for model, checks in CHECKS.items()
        for field in checks
        if field not in common
    }

    assert common <= {field for kind, field in tried if kind == "window"}
    assert own - tried == {("window", "wishes")}


@pytest.mark.parametrize(
    ("rule", "change", "expected"),
    [
        (CAP, {"maximum": 2}, "maximum: Extra inputs are not permitted"),
        (CAP, {"max": "few"}, "max: Input should be a valid integer"),
        (WINDOW, {"wishes": True}, "expected spans, or wishes: true, and not both"),
    ],
)
def test_a_change_that_makes_no_rule_says_what_was_expected(rule, change, expected):
    with pytest.raises(PackError) as refused:
        made(rule, change)

    assert str(refused.value).startswith("tenant@1: tightens L-1: ")
    assert expected in str(refused.value)


def test_a_rule_that_no_pack_has_cannot_be_made_stricter():
    law, overlay = packs_with(CAP, {"max": 2})
    other = law.model_copy(update={"rules": ()})

    with pytest.raises(PackError, match="tenant@1: tightens L-1: no pack has a rule of that id"):
        tightened(Packs([other, overlay]))


def test_the_rule_that_is_made_stricter_stays_and_both_run():
    packs = tightened(packs_with(CAP | {"counts": {}}, {"max": 1}))
    once = past("sms", "2026-06-02 09:30")
    twice = past("sms", "2026-06-02 09:30", "2026-06-02 10:30", "2026-06-02 11:30")

    first = decide(asking(), person(), packs, at("2026-06-02 09:00"))
    second = decide(asking(), person(contacts=once), packs, at("2026-06-02 12:00"))
    fourth = decide(asking(), person(contacts=twice), packs, at("2026-06-02 12:00"))

    assert isinstance(first, Allow)
    assert isinstance(second, Wait)
    assert [reason.rule for reason in second.reasons] == ["L-1/tenant"]
    assert isinstance(fourth, Wait)
    assert fourth.counters == {"L-1": "3 of 3", "L-1/tenant": "3 of 1"}


def test_an_overlay_may_have_rules_of_its_own_and_bind_one_creditor():
    law, overlay = packs_with(CAP, {"max": 2})
    own = {"kind": "place_channel", "channels": ["voice"], "id": "T-1"}
    whole = Pack.model_validate(
        overlay.model_dump(exclude_defaults=True)
        | {"rules": [COMMON | own], "applies_to": {"creditors": ["acme"]}}
    )
    packs = tightened(Packs([law, whole]))

    ours = decide(asking("voice"), person(creditor="acme"), packs, at("2026-06-02 12:00"))
    theirs = decide(asking("voice"), person(creditor="other"), packs, at("2026-06-02 12:00"))

    assert isinstance(ours, Deny)
    assert ours.decided_by == "T-1"
    assert isinstance(theirs, Allow)
