"""Pack files: an error names the file, the line, the place in it and what was expected."""

import itertools
import re

import pytest
from pydantic import ValidationError

from compliance import PackError, Packs, load_packs
from compliance.loading import CALENDARS, HERE, load_calendar, load_pack
from compliance.rules import Cap, Disclosure, Window
from domain.people import Weekday

GOOD = """\
id: here
title: "Here: the law of this place"
version: 2026.1.1
effective_from: 2026-01-01
applies_to: {countries: [US]}
rules:
  - id: H1
    kind: window
    spans: {all: ["08:00-21:00"]}
    channels: [sms]
    says: by day
    cite: law
    force: statute
    verified: V
"""
CALENDAR = """\
id: XX
source: by hand
first_year: 2026
last_year: 2026
days: {2026-01-01: New Year}
"""


@pytest.fixture
def broken(tmp_path):
    def load(old, new):
        file = tmp_path / "here.yaml"
        assert old in GOOD
        file.write_text(GOOD.replace(old, new, 1), "utf-8")
        with pytest.raises(PackError) as refused:
            load_pack(file)
        return str(refused.value)

    return load


def test_the_packs_that_ship_load_and_every_rule_has_a_source():
    packs = load_packs()
    items = [each for pack in packs for each in (*pack.rules, *pack.periods, *pack.retention)]

    assert {"base", "house", "us-federal", "us-nyc", "gb", "sa"} <= {pack.id for pack in packs}
    assert len(items) > 100
    assert all(each.cite and each.says for each in items)
    assert all(each.source for each in items if each.verified in {"V", "S"})


def test_the_mark_of_a_rule_is_that_of_its_weakest_part():
    weaker = {"V": r"\bM-|memory|\bS\b", "S": r"\bM-|memory"}
    items = [
        each
        for pack in load_packs()
        for each in (*pack.rules, *pack.periods, *pack.retention, *pack.money)
    ]

    assert [
        each.id
        for each in items
        if each.verified in weaker and re.search(weaker[each.verified], each.source)
    ] == []


def test_the_file_of_a_pack_is_called_after_it():
    for file in HERE.glob("*.yaml"):
        assert file.stem.split(".")[0] == load_pack(file).id


def test_ids_of_rules_are_unique_over_all_packs_that_ship():
    ids = [
        each.id for pack in load_packs() for each in (*pack.rules, *pack.periods, *pack.retention)
    ]

    assert len(ids) == len(set(ids))


def test_two_versions_of_a_pack_that_ship_are_never_in_force_on_one_day():
    packs = sorted(load_packs(), key=lambda pack: (pack.id, pack.effective_from))

    for former, latter in itertools.pairwise(packs):
        if former.id == latter.id:
            assert former.effective_to is not None
            assert former.effective_to <= latter.effective_from


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("version", "versoin", "here.yaml:1: version: field required"),
        ("rules:", "owner: me\nrules:", "here.yaml:6: owner: extra inputs are not permitted"),
        ("2026-01-01", "soon", "here.yaml:4: effective_from: input should be a valid date"),
        (
            "rules:",
            "effective_to: 2025-12-31\nrules:",
            "here.yaml:1: the whole file: effective_to must be after effective_from",
        ),
        ("[US]", "[USA]", "here.yaml:5: applies_to.countries.0: 'USA' is not an ISO 3166 country"),
        ("kind: window", "kind: widow", "here.yaml:7: rules.0: input tag 'widow' found using"),
        ("    kind: window\n", "", "here.yaml:7: rules.0: unable to extract tag using"),
        ("cite: law", "cit: law", "here.yaml:7: rules.0.cite: field required"),
        ("verified: V", "verified: maybe", "here.yaml:14: rules.0.verified: input should be 'V',"),
        ("[sms]", "[text]", "here.yaml:10: rules.0.channels.0: input should be 'sms',"),
        (
            '["08:00-21:00"]',
            '["8 to 21"]',
            "here.yaml:9: rules.0.spans.all.0: '8 to 21': expected a span such as ",
        ),
        (
            '["08:00-21:00"]',
            "[21:00]",
            'here.yaml:9: rules.0.spans.all.0: expected a wall-clock time in quotes, such as "21:',
        ),
        (
            "08:00-21:00",
            "21:00-08:00",
            "here.yaml:9: rules.0.spans.all.0: opens must be before closes, on one day",
        ),
        (
            "{all:",
            "{workdays:",
            "here.yaml:7: rules.0.window: 'workdays' names no days: expected all, mon …",
        ),
        (
            'spans: {all: ["08:00-21:00"]}',
            "spans: {}",
            "here.yaml:7: rules.0.window: expected spans, or wishes: true, and not both",
        ),
        (
            "08:00-21:00",
            "08:00Z-21:00Z",
            "here.yaml:9: rules.0.spans.all.0: expected times of the wall clock, without a zone",
        ),
        (
            "kind: window",
            "kind: window\n    zones: Amercia/Edmonton",
            "here.yaml:7: rules.0.window: zones: 'Amercia/Edmonton' is not an IANA time zone",
        ),
        ("rules:", "rules: [", "here.yaml:7: not YAML: "),
        ("    says: by day", "   - says: by day", "here.yaml:11: not YAML: "),
        (GOOD, "", "here.yaml:1: the whole file: input should be a valid"),
        (GOOD, "- one\n- two\n", "here.yaml:1: the whole file: input should be a valid"),
    ],
)
def test_an_error_says_where_it_is_and_what_was_expected(broken, old, new, expected):
    assert broken(old, new).startswith(expected)


@pytest.mark.parametrize(
    ("kind", "lines", "expected"),
    [
        ("cap", "max: 3", "expected exactly one of days and calendar"),
        ("cap", "max: 3\n    days: 7\n    calendar: week", "expected exactly one of days and"),
        ("cap", "max: -1\n    days: 7", "rules.0.max: input should be greater than or equal to 0"),
        ("cooldown", "after: soon\n    days: 7", "rules.0.after"),
        ("cooldown", "after: due\n    days: 0", "rules.0.days: input should be greater than or"),
        ("hold", "holds: []", "rules.0.holds: "),
        ("require", "any: []", "expected conditions under any or all"),
        ("require", "any: [{direct: true}]", "expected exactly one of milestone and hold"),
        ("content", "must_have: []", "expected must_have, must_not or undisputed"),
        ("optout", "reaches: {sms: [fax]}", "rules.0.reaches.sms.0: input should be"),
        ("place_channel", "places: [moon]", "rules.0.places.0: input should be 'unknown',"),
    ],
)
def test_every_kind_of_rule_says_what_it_expects(broken, kind, lines, expected):
    told = broken('kind: window\n    spans: {all: ["08:00-21:00"]}', f"kind: {kind}\n    {lines}")

    assert expected in told
    assert told.startswith("here.yaml:")


def test_an_error_never_says_a_whole_file(broken):
    assert "\n" not in broken(GOOD, "x" * 5000)


def test_a_calendar_that_nobody_has_is_named_with_those_there_are(tmp_path):
    (tmp_path / "here.yaml").write_text(
        GOOD.replace("channels: [sms]", "holidays: [YY]"),
        "utf-8",
    )
    file = tmp_path / "XX.yaml"
    file.write_text(CALENDAR, "utf-8")

    with pytest.raises(PackError, match=r"here@2026\.1\.1: no calendar 'YY': expected one of XX"):
        Packs([load_pack(tmp_path / "here.yaml")], [load_calendar(file)])


def test_a_calendar_that_is_wrong_says_where(tmp_path):
    file = tmp_path / "XX.yaml"
    file.write_text(CALENDAR.replace("2026-01-01: New", "someday: New"), "utf-8")

    with pytest.raises(PackError, match=r"^XX\.yaml:5: days\.someday"):
        load_calendar(file)


def test_every_calendar_that_ships_is_called_after_its_file_and_holds_its_years_alone():
    files = sorted(CALENDARS.glob("*.yaml"))

    assert files
    for file in files:
        calendar = load_calendar(file)
        assert calendar.id == file.stem
        assert all(map(calendar.knows, calendar.days))


def test_a_folder_without_packs_is_an_error_and_not_freedom(tmp_path):
    with pytest.raises(PackError, match=r"no packs in .*: expected at least one \.yaml file"):
        load_packs(tmp_path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(PackError, match=r"^gone\.yaml: cannot be read: "):
        load_pack(tmp_path / "gone.yaml")


def test_packs_load_in_the_order_of_their_file_names(tmp_path):
    for name in ("b", "a"):
        (tmp_path / f"{name}.yaml").write_text(GOOD.replace("here", name), "utf-8")

    assert [pack.name for pack in load_packs(tmp_path)] == ["a@2026.1.1", "b@2026.1.1"]


def test_one_version_stands_in_one_file_only(tmp_path):
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text(GOOD, "utf-8")

    with pytest.raises(PackError, match=r"here@2026\.1\.1: two packs of that id and version"):
        load_packs(tmp_path)


@pytest.mark.parametrize("order", [("mon-sun", "fri"), ("fri", "mon-sun")])
def test_of_the_lines_that_name_a_day_the_narrowest_counts_wherever_it_stands(order):
    spans = {"mon-sun": "08:00-21:00", "fri": "14:00-16:00"}
    window = a_window({days: [spans[days]] for days in order})

    assert [span.opens.hour for span in window.week[Weekday.FRI]] == [14]
    assert [span.opens.hour for span in window.week[Weekday.SAT]] == [8]


def test_lines_that_share_days_without_one_being_part_of_the_other_are_refused():
    with pytest.raises(ValidationError, match="'mon-wed' and 'tue-thu' share days"):
        a_window({"mon-wed": ["08:00-21:00"], "tue-thu": ["09:00-17:00"]})


def a_window(spans):
    about = {"id": "W", "says": "by day", "cite": "law", "force": "statute", "verified": "V"}
    return Window.model_validate(about | {"kind": "window", "spans": spans})


def test_a_window_that_reaches_further_back_than_contacts_are_known_is_refused():
    about = {"id": "C", "says": "seldom", "cite": "law", "force": "statute", "verified": "V"}
    cap = about | {"kind": "cap", "max": 9, "days": 90}
    good = next(iter(load_packs()))

    with pytest.raises(PackError, match=r"C: days: 90 is more than 38"):
        Packs([good.model_copy(update={"rules": (Cap.model_validate(cap),)})])
    seldom = cap | {"counts": {"purposes": ["location"]}}
    Packs([good.model_copy(update={"rules": (Cap.model_validate(seldom),)})])


def test_a_pack_never_puts_its_words_in_the_place_of_anothers():
    words = {"says": "identity", "instead_of": "opt-out", "cite": "x", "channels": ["sms"]}
    sly = Disclosure.model_validate(words | {"words": {"en": "Hi from Acme."}})
    good = next(iter(load_packs()))

    with pytest.raises(PackError, match="would take the place of 'opt-out'"):
        Packs([good.model_copy(update={"disclosures": (sly,)})])


def test_a_pack_that_says_what_another_says_may_not_replace_it_either():
    words = {"cite": "x", "channels": ["sms"], "words": {"en": "Hi from Acme."}}
    own = [words | {"says": "opt-out"}, words | {"says": "identity", "instead_of": "opt-out"}]
    packs = list(load_packs())
    sly = packs[0].model_copy(
        update={"id": "tenant", "disclosures": tuple(map(Disclosure.model_validate, own))}
    )

    with pytest.raises(PackError, match="not this pack's alone"):
        Packs([*packs, sly], load_packs().calendars.values())
