"""Rules that change while somebody waits: each day is judged by the rules of its own."""

from datetime import date

from compliance import Allow, Deny, Pack, Packs, decide
from tests.compliance.scenarios_kit import NEW_YORK, asking, at, past, person

LOS_ANGELES = "America/Los_Angeles"
COMMON = {"says": "not now", "cite": "law", "force": "statute", "verified": "M"}


def pack_of(name, *rules, begins, ends=None):
    return Pack.model_validate(
        {
            "id": name,
            "title": name,
            "version": "1",
            "effective_from": begins,
            "effective_to": ends,
            "rules": [{"id": f"{name}-{rule['kind']}", **COMMON, **rule} for rule in rules],
        }
    )


def capped(name, *, begins, ends=None, most, days):
    cap = {"kind": "cap", "max": most, "days": days, "counts": {"scope": "account"}}
    hours = {"kind": "window", "spans": {"all": ["08:00-21:00"]}}
    return pack_of(name, cap, hours, begins=begins, ends=ends)


OLD = capped("old", begins=date(2026, 1, 1), ends=date(2026, 9, 1), most=2, days=7)
NEW = capped("new", begins=date(2026, 9, 1), most=3, days=7)


def answer(when, *packs, **facts):
    return decide(asking(), person(**facts), Packs(packs), when)


def test_a_wait_ends_when_a_milder_rule_begins():
    sent = past("sms", "2026-08-27 10:00", "2026-08-29 10:00")

    verdict = answer(at("2026-08-31 10:00"), OLD, NEW, contacts=sent)

    assert verdict.until == at("2026-09-01 08:00")
    assert verdict.decided_by == "old-cap"
    assert isinstance(answer(verdict.until, OLD, NEW, contacts=sent), Allow)


def test_a_wait_is_longer_when_a_stricter_rule_begins_meanwhile():
    stricter = capped("stricter", begins=date(2026, 9, 1), most=1, days=7)
    sent = past("sms", "2026-08-27 10:00", "2026-08-31 10:00")

    verdict = answer(at("2026-08-31 22:00"), OLD, stricter, contacts=sent)

    assert verdict.until == at("2026-09-07 08:00")


def test_a_rule_that_refuses_from_tomorrow_on_makes_waiting_for_tomorrow_pointless():
    refusing = pack_of("new", {"kind": "optout"}, begins=date(2026, 9, 1))
    facts = {"opted_out": ["sms"]}

    assert isinstance(answer(at("2026-08-31 20:00"), OLD, refusing, **facts), Allow)
    assert isinstance(answer(at("2026-08-31 21:00"), OLD, refusing, **facts), Deny)


def test_where_midnight_has_struck_in_one_zone_the_new_rules_bind_already():
    night = capped("night", begins=date(2026, 9, 1), most=0, days=1)
    zones = (NEW_YORK, LOS_ANGELES)

    assert isinstance(answer(at("2026-08-31 20:59"), night, zones=zones), Allow)
    assert isinstance(answer(at("2026-09-01 00:00"), night, zones=zones), Deny)


def test_a_limit_of_none_at_all_is_a_refusal():
    never = capped("never", begins=date(2026, 1, 1), most=0, days=1)

    verdict = answer(at("2026-06-02 10:00"), never)

    assert isinstance(verdict, Deny)
    assert verdict.decided_by == "never-cap"


def test_what_stands_in_the_way_already_is_named_before_what_would_come_later():
    sent = past("sms", "2026-05-27 10:00", "2026-06-01 10:00")

    verdict = answer(at("2026-06-02 20:00"), OLD, contacts=sent)

    assert [reason.rule for reason in verdict.reasons] == ["old-cap", "old-window"]
    assert verdict.until == at("2026-06-03 08:00")


def test_a_pack_binds_in_its_countries_only_and_on_its_days_only():
    pack = OLD.model_copy(
        update={"applies_to": OLD.applies_to.model_copy(update={"countries": ("US",)})}
    )

    assert pack.in_force(date(2026, 1, 1))
    assert pack.in_force(date(2026, 8, 31))
    assert not pack.in_force(date(2025, 12, 31))
    assert not pack.in_force(date(2026, 9, 1))
    assert pack.applies_to.to(person(country="US"))
    assert not pack.applies_to.to(person(country="GB"))
    assert OLD.applies_to.to(person(country="GB"))
