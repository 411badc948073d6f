"""The law on the command line: what packs say, and what files would change."""

import io
import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console
from typer.testing import CliRunner

from cli.applying import (
    Change,
    Move,
    Plan,
    as_data,
    awaited,
    moved,
    moves_table,
    print_plan,
    proposed,
    put_in_force,
    refuse_to_loosen,
    summary,
)
from cli.lawful import named
from cli.main import app
from compliance import PackError, Packs, PersonFacts, load_packs
from compliance.laws import law_id, shipped_id, write_law
from domain.accounts import Hold
from domain.contacts import Channel, Message
from domain.money import Money
from domain.people import StandingHold
from engine.progress import Parked
from storage import laws
from tests.api.record import until_somebody_waits
from workflows.messages import AccountState

AT = datetime(2026, 11, 24, 14, tzinfo=UTC)
OWN = """\
id: own
title: Our own
version: "{version}"
effective_from: 2026-01-01
applies_to: {{countries: [SG]}}
rules:
  - id: OWN-1
    kind: cap
    max: {most}
    days: 7
    says: seldom
    cite: policy
    force: policy
    verified: P
"""
OVERLAY = """\
id: stricter
title: Stricter
version: "1"
effective_from: 2026-01-01
tightens: [{rule: US-F1, change: {max: %s}, cite: policy}]
"""
CALENDAR = """\
id: SG
source: by hand
first_year: 2026
last_year: 2026
days: {2026-08-09: National Day}
"""


@pytest.fixture
def tahsil(tmp_path):
    """Runs a command where no stack runs, on a screen that is wide enough."""

    def run(*words, exit_code=0):
        result = CliRunner().invoke(
            app, [*words, "--data", str(tmp_path / "none")], env={"COLUMNS": "250"}
        )
        assert result.exit_code == exit_code, result.output
        return " ".join((result.stdout + result.stderr).split())

    return run


@pytest.fixture
def file(tmp_path):
    def write(name, text):
        path = tmp_path / name
        path.write_text(text, "utf-8")
        return path

    return write


def own(version="1", most=3):
    return OWN.format(version=version, most=most)


def test_every_pack_is_listed_with_its_dates_and_whom_it_binds(tahsil):
    told = tahsil("packs", "show")

    assert f"law {shipped_id()}, as it ships with this release" in told
    assert all(pack.id in told for pack in load_packs())
    assert "│ us-nyc │ New York City: 6 RCNY 5-77 before its amendment │ 2020.06.1" in told
    assert "│ 2020-06-27 │ 2026-09-01 │ USNYC │ 1M │" in told
    assert "P our policy, not law" in told


def test_on_a_narrow_screen_every_pack_is_listed_by_an_id_that_can_be_typed(tmp_path):
    words = ["packs", "show", "--data", str(tmp_path / "none")]
    listed = CliRunner().invoke(app, words, env={"COLUMNS": "80"}).stdout

    assert [each.id for each in load_packs() if each.id not in listed] == []


def test_a_calendar_says_which_library_it_was_written_from(tahsil):
    told = tahsil("packs", "show", "us-federal")

    assert re.search(r"2032; days by version [\d.]+ of the Python library `holidays`", told)


def test_a_pack_is_shown_rule_by_rule_with_source_and_mark(tahsil):
    told = tahsil("packs", "show", "us-federal")

    assert "V law read, S secondary source, M from memory, P our policy, not law" in told
    assert "Call to anybody but attorney: at most 7 in 7 consecutive days" in told
    assert "12 CFR 1006.14(b)(2)(i)(A), (b)(3)" in told
    assert "presumption, M" in told
    assert "read: law.lawstack.com" in told
    assert "en: This is from a debt collector." in told
    assert "Validation period ends 30 days after receipt" in told
    assert "Evidence: kept 3 years after the last activity." in told
    assert "US-federal: known from 2024 to 2032" in told
    assert "notes Regulation F binds agencies and buyers" in told


@pytest.mark.parametrize(
    ("name", "versions"),
    [
        ("us-nyc", ["2020.06.1", "2026.09.1"]),
        ("us-nyc@2026-08-31", ["2020.06.1"]),
        ("us-nyc@2026-09-01", ["2026.09.1"]),
        ("us-nyc@2026.09.1", ["2026.09.1"]),
    ],
)
def test_a_version_is_named_by_a_day_on_which_it_is_in_force_or_by_itself(name, versions):
    assert [pack.version for pack in named(load_packs(), name)] == versions


def test_every_pack_that_ships_can_be_shown(tahsil):
    for name in sorted({pack.id for pack in load_packs()}):
        assert name in tahsil("packs", "show", name)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("us-nx", "no pack 'us-nx': did you mean us-"),
        ("ramadan", "sa-ramadan-2026"),
        ("qqqqq", "no pack 'qqqqq': none comes near it; `tahsil packs show` lists all"),
        ("us-nyc@2019-01-01", "expected a date or a version of us-nyc@2020.06.1 (2020-06-27 to"),
        ("us-nyc@soon", "us-nyc@2026.09.1 (2026-09-01 to no end)"),
    ],
)
def test_an_unknown_pack_is_told_with_those_that_come_near(tahsil, name, told):
    assert told in tahsil("packs", "show", name, exit_code=2)


def test_the_law_that_ships_is_shown_by_its_id_and_another_needs_the_record(tahsil):
    assert shipped_id() in tahsil("packs", "show", "--law", shipped_id())
    assert "tahsil up" in tahsil("packs", "show", "--law", "law_0", exit_code=2)


@pytest.mark.parametrize("verb", ["plan", "apply"])
def test_a_change_needs_files_and_a_running_stack(tahsil, file, verb):
    path = str(file("own.yaml", own()))

    assert "tahsil up" in tahsil("packs", verb, path, exit_code=2)
    assert "gone.yaml" in tahsil("packs", verb, "gone.yaml", exit_code=2)


def test_files_are_joined_to_the_law_in_force(file):
    packs = load_packs()

    change = proposed("law_before", packs, [file("own.yaml", own())], shipped=False)

    assert change.before == "law_before"
    assert change.after == law_id(change.text)
    assert change.lines[0].startswith("own@1 added: Our own; in force from 2026-01-01")
    assert not change.nothing


def test_the_law_in_force_named_again_is_no_change(file):
    first = proposed(shipped_id(), load_packs(), [file("own.yaml", own())], shipped=False)

    again = proposed(first.after, first.packs, [file("own.yaml", own())], shipped=False)

    assert again.nothing
    assert again.lines == []


def test_the_packs_that_ship_take_the_place_of_all_and_say_what_is_dropped(file):
    first = proposed(shipped_id(), load_packs(), [file("own.yaml", own())], shipped=False)

    change = proposed(first.after, first.packs, [], shipped=True)

    assert change.after == shipped_id()
    assert change.lines == ["own@1 removed, with its rules: OWN-1"]


def test_calendars_are_told_from_packs_by_what_is_in_them(file):
    window = 'kind: window\n    spans: {all: ["08:00-20:00"]}\n    holidays: [SG]'
    text = own().replace("kind: cap\n    max: 3\n    days: 7", window)
    files = [file("own.yaml", text), file("whatever.yaml", CALENDAR)]

    change = proposed(shipped_id(), load_packs(), files, shipped=False)

    assert "calendar SG added: 1 day, knows 2026 to 2026" in change.lines
    assert "SG" in change.packs.calendars
    assert '"id":"SG"' in write_law(change.packs)


@pytest.mark.stack
def test_of_two_laws_that_are_applied_at_once_the_second_has_to_be_planned_again(database):
    text, packs = write_law(load_packs().without("house")), load_packs()
    change = Change(shipped_id(), law_id(text), text, packs, [])
    with ThreadPoolExecutor(1) as beside:
        with database.transaction() as session:
            first = laws.put(session, write_law(packs.without("us-ma")), "the first")
            second = beside.submit(put_in_force, database, change, "the second")
            until_somebody_waits(session)
        with pytest.raises(RuntimeError, match="plan again"):
            second.result(timeout=30)
    with database.transaction() as session:
        assert laws.latest(session) == first


def test_a_calendar_that_ships_is_taken_along_when_the_law_in_force_lacks_it(file):
    window = 'kind: window\n    spans: {all: ["08:00-20:00"]}\n    holidays: [IE]'
    text = own().replace("kind: cap\n    max: 3\n    days: 7", window)
    base = load_packs()
    bare = Packs([pack for pack in base if pack.id == "house"])

    change = proposed("law_before", bare, [file("own.yaml", text)], shipped=False)

    assert list(change.packs.calendars) == ["IE"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (own().replace("kind: cap", "kind: cup"), "bad.yaml:7: rules.0: input tag 'cup'"),
        (OVERLAY % 8, "stricter@1: max 8 would loosen US-F1, which says 7"),
        ("days: [", "bad.yaml:2: not YAML"),
        (CALENDAR.replace("2026\nlast", "soon\nlast"), "bad.yaml:3: first_year: "),
    ],
)
def test_what_is_wrong_with_a_file_is_told_in_one_line(file, text, told):
    with pytest.raises(PackError) as refused:
        proposed(shipped_id(), load_packs(), [file("bad.yaml", text)], shipped=False)

    assert str(refused.value).startswith(told)
    assert "\n" not in str(refused.value)


def test_the_same_version_with_other_content_is_refused(file):
    first = proposed(shipped_id(), load_packs(), [file("own.yaml", own())], shipped=False)

    with pytest.raises(PackError, match="own@1: this version is in force already"):
        proposed(first.after, first.packs, [file("own.yaml", own(most=2))], shipped=False)


def move(account, until, **changes):
    usual = {
        "account": account,
        "channel": "sms",
        "message": "nudge",
        "was_until": AT,
        "was_rule": "OLD-1",
        "verdict": "deny" if until is None else "wait",
        "until": until,
        "rule": "NEW-1",
    }
    return Move(**usual | changes)


@pytest.fixture
def plan(file):
    change = proposed(shipped_id(), load_packs(), [file("own.yaml", own())], shipped=False)
    moves = [
        move("acc_refused", None),
        move("acc_later", AT + timedelta(days=2)),
        move("acc_earlier", AT - timedelta(hours=1), verdict="allow", rule=None),
        move("acc_same", AT),
    ]
    return Plan(change, open=9, silent=1, moves=moves)


def test_a_contact_moves_one_of_four_ways(plan):
    assert [each.effect for each in plan.moves] == ["refused", "later", "earlier", "unchanged"]
    assert summary(plan) == (
        "9 open accounts, 4 wait to make a contact: 1 refused, 1 later, 1 earlier, 1 unchanged"
    )


ONTARIAN = PersonFacts(country="CA", regions=("CA-ON",), zones=("America/Toronto",))


def asked(*, stage="reminders", without=(), **state):
    """What a change of law does to an account in Ontario, where a written notice comes first."""
    packs = load_packs()
    for name in without:
        packs = packs.without(name)
    change = Change(shipped_id(), "law_after", "", packs, [])
    facts = ONTARIAN.model_copy(update={"holds": state.pop("holds", ())})
    known = {"account_id": "acc_1", "journey": "standard", "version": 1, "at": AT}
    owed = Money(minor=100, currency="CAD")
    return moved(AccountState(**known | {"stage": stage, "balance": owed} | state), facts, change)


def test_an_account_that_may_not_be_contacted_at_all_is_planned_for_as_one_that_waits():
    unmoved, freed = asked(), asked(without=["ca-on"])

    assert unmoved is not None
    assert (unmoved.was_until, unmoved.was_rule) == (None, "ON-1")
    assert (unmoved.until, unmoved.rule, unmoved.effect) == (None, "ON-1", "unchanged")
    assert freed is not None
    assert (freed.message, freed.effect) == ("nudge", "earlier")
    assert freed.until is not None
    assert freed.rule != "ON-1"
    planned = Plan(Change("law_1", "law_2", "", load_packs(), []), 1, 0, [freed])
    told = " ".join(printed(planned, everything=False).split())
    assert f"acc_1 │ {freed.channel} nudge │ refused │ earlier, " in told


@pytest.mark.parametrize(
    "state",
    [
        {"stage": "escalation"},
        {"stage": None},
        {"stage": "gone"},
        {"journey": "gone"},
        {"closure": "referred"},
        {"holds": (StandingHold(hold=Hold.DISPUTE),)},
    ],
)
def test_an_account_that_waits_for_something_else_than_the_law_is_not_in_a_plan(state):
    assert asked(without=["ca-on"], **state) is None


def test_an_account_that_waits_for_its_first_lawful_moment_is_in_it_whatever_its_stage():
    parked = Parked(
        message=Message(channel=Channel.EMAIL, name="notice_of_arrears"),
        since=AT,
        until=AT,
        rules=("OWN-1",),
    )

    found = asked(stage="escalation", parked=parked)

    assert found is not None
    assert (found.channel, found.was_until, found.was_rule) == ("email", AT, "OWN-1")
    assert (found.effect, found.rule) == ("refused", "ON-1")


def test_stages_that_ask_whether_they_may_contact_are_found_by_reading_them():
    assert len(awaited("standard", "reminders")) == 3
    assert len(awaited("invoice", "friendly")) == 2
    assert awaited("invoice", "firm") == ()


def printed(plan, **how):
    screen = io.StringIO()
    print_plan(plan, Console(file=screen, width=200), **how)
    return screen.getvalue()


def test_a_plan_lists_what_moves_from_when_to_when_and_by_which_rule(plan):
    told = " ".join(printed(plan, everything=False).split())

    assert f"law {plan.change.before} -> {plan.change.after}" in told
    assert "OWN-1 added: Contact: at most 3 in 7 consecutive days" in told
    assert "acc_refused │ sms nudge │ 2026-11-24 14:00 │ refused │ OLD-1 -> NEW-1" in told
    assert "acc_later │ sms nudge │ 2026-11-24 14:00 │ later, 2026-11-26 14:00" in told
    assert "earlier, 2026-11-24 13:00 │ OLD-1 -> nothing" in told
    assert "acc_same" not in told
    assert "1 accounts did not answer: is a worker running?" in told
    assert "acc_same" in printed(plan, everything=True)


def test_a_plan_can_be_read_by_programs(plan):
    told = json.loads(json.dumps(as_data(plan), default=datetime.isoformat))

    assert told["law"] == {"before": shipped_id(), "after": plan.change.after}
    assert told["counts"] == {"refused": 1, "later": 1, "earlier": 1, "unchanged": 1}
    assert (told["open"], told["silent"], told["parked"]) == (9, 1, 4)
    assert told["contacts"][1]["until"] == "2026-11-26T14:00:00+00:00"
    assert told["contacts"][0]["effect"] == "refused"


def test_what_is_given_up_is_named_in_the_plan_and_not_applied_unless_that_is_meant(file):
    base = load_packs()
    law = proposed(shipped_id(), base, [file("own.yaml", own(most=3))], shipped=False).packs

    looser = proposed("law_1", law, [file("own.yaml", own(version="2", most=4))], shipped=False)
    stricter = proposed("law_1", law, [file("own.yaml", own(version="2", most=2))], shipped=False)
    dropped = proposed("law_1", law, [], shipped=True)

    assert [line.partition(", from")[0] for line in looser.loosens] == ["OWN-1: max 3 -> 4"]
    assert [line.partition(", from")[0] for line in dropped.loosens] == ["OWN-1 of own goes"]
    assert "gives up OWN-1: max 3 -> 4, from " in printed(Plan(looser, 0, 0, []), everything=False)
    with pytest.raises(ValueError, match=r"nothing is applied: .*OWN-1: max 3 -> 4.*--loosens"):
        refuse_to_loosen(looser, allowed=False)
    refuse_to_loosen(looser, allowed=True)
    refuse_to_loosen(stricter, allowed=False)


@pytest.fixture(scope="module")
def on_stack(stack, stack_data):
    """Runs a command on the running stack; what it prints to the screen, and beside it."""

    def run(*words):
        result = CliRunner().invoke(
            app, [*map(str, words), "--data", str(stack_data)], env={"COLUMNS": "250"}
        )
        assert result.exit_code == 0, result.output
        return result.stdout

    yield run
    run("packs", "apply", "--shipped", "--loosens")


@pytest.mark.stack
def test_a_plan_and_its_application_on_the_stack(on_stack, file):
    path = file("own.yaml", own())

    planned = json.loads(on_stack("packs", "plan", path, "--json"))
    applied = " ".join(on_stack("packs", "apply", path).split())
    again = json.loads(on_stack("packs", "plan", path, "--json"))

    assert planned["changes"][0].startswith("own@1 added: Our own")
    assert f"law {planned['law']['after']} is in force" in applied
    assert again["law"] == {"before": planned["law"]["after"], "after": planned["law"]["after"]}
    assert again["changes"] == []
    assert "OWN-1" in on_stack("packs", "show", "own")
    assert "OWN-1" in on_stack("packs", "show", "own", "--law", planned["law"]["after"])


def test_the_table_of_moves_has_a_row_for_each(plan):
    assert moves_table(plan.moves).row_count == 4
