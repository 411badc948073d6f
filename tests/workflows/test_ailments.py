"""What is judged to be ill, and what is only asleep."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from compliance.calendars import Calendar
from journeys import JOURNEYS
from storage.examining import OpenAccount
from workflows import ailments
from workflows.ailments import (
    Ailment,
    Backlog,
    Clock,
    Doing,
    Limits,
    Queue,
    Run,
    ScheduleSeen,
)

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LIMITS = Limits()
LONG_AGO = NOW - timedelta(days=20)


def account(**changes):
    known: dict[str, Any] = {
        "id": "acc_1",
        "workflow_id": "account/acme/A1",
        "journey": "standard",
        "stage": "reminders",
        "at": LONG_AGO,
        "present": NOW,
        "contacted_at": NOW - timedelta(days=2),
        "held": False,
        "agreed": False,
        "asked": False,
        "doing_since": None,
        "ended": False,
        "recorded_at": LONG_AGO,
        "last_line_at": NOW - timedelta(days=2),
    }
    return OpenAccount(**known | changes)


def of(run, *, held=False):
    return list(ailments.run_ails(run, NOW, LIMITS, held=held))


def test_a_run_that_sleeps_on_a_timer_or_does_something_is_well():
    assert of(Run("acc_1", timers=1)) == []
    assert of(Run("acc_1", doing=(Doing("reach_out", 2, "ProviderTrouble", NOW),))) == []
    assert of(Run("acc_1", task_attempt=1, task_since=NOW - timedelta(seconds=5))) == []


def test_an_activity_that_fails_again_and_again_is_named_with_its_failure_and_since_when():
    [found] = of(Run("acc_1", doing=(Doing("charge", 9, "KeyError", LONG_AGO),)))
    assert (found.ailment, found.since) == (Ailment.ACTIVITY_FAILS, LONG_AGO)
    assert found.says == "charge fails: attempt 9, KeyError"
    assert "tahsil account skip" in found.next_step


def test_only_a_contact_or_a_charge_is_said_to_be_skippable():
    """Whatever else fails writes the record, or brings news: it has to be mended."""

    def steps(*names):
        doing = tuple(Doing(name, 9, "KeyError", LONG_AGO) for name in names)
        return ["skip" in each.next_step for each in of(Run("acc_1", doing=doing))]

    assert steps("reach_out", "charge", "record_holds", "take_part") == [True, True, False, False]


@pytest.mark.parametrize(
    ("cause", "step"),
    [
        ("NON_DETERMINISTIC_ERROR", "tahsil replay --open"),
        ("NON_DETERMINISTIC_ERROR", "tahsil deploy --rescue: "),
        ("WORKFLOW_WORKER_UNHANDLED_FAILURE", "worker's log"),
    ],
)
def test_a_workflow_task_that_fails_leads_to_the_step_that_its_cause_asks_for(cause, step):
    [found] = of(Run("acc_1", task_attempt=2, task_failure=cause, task_since=NOW))
    assert found.ailment is Ailment.TASK_FAILS
    assert cause in found.says
    assert step in found.next_step


def test_a_task_that_nobody_takes_asks_for_a_worker_of_its_build():
    [found] = of(Run("acc_1", task_attempt=1, task_since=LONG_AGO, build="b7"))
    assert (found.ailment, found.since) == (Ailment.NO_WORKER, LONG_AGO)
    assert "build b7" in found.says
    assert "tahsil deploy BUILD --rescue" in found.next_step


def test_where_workers_have_no_versions_no_build_is_asked_for():
    [found] = of(Run("acc_1", task_attempt=1, task_since=LONG_AGO))
    assert found.next_step == "start workers: python -m workers, or tahsil up"


def test_nothing_pending_is_an_ailment_unless_a_hold_stands():
    [found] = of(Run("acc_1", timers=0))
    assert found.ailment is Ailment.NOTHING_PENDING
    assert of(Run("acc_1", timers=0), held=True) == []
    assert of(Run("acc_1", timers=None)) == []


@pytest.mark.parametrize(
    ("changes", "is_quiet"),
    [
        ({}, False),
        ({"contacted_at": LONG_AGO}, True),
        ({"contacted_at": None}, True),
        ({"contacted_at": None, "at": NOW - timedelta(days=3)}, False),
        ({"contacted_at": LONG_AGO, "held": True}, False),
        ({"contacted_at": LONG_AGO, "agreed": True}, False),
        ({"contacted_at": LONG_AGO, "asked": True}, False),
        ({"contacted_at": LONG_AGO, "present": LONG_AGO + timedelta(days=1)}, False),
    ],
)
def test_silence_of_fourteen_days_is_found_unless_a_hold_or_an_agreement_explains_it(
    changes, is_quiet
):
    assert ailments.is_quiet(account(**changes), LIMITS) is is_quiet


def test_what_is_paid_or_recalled_and_goes_on_is_found_after_a_moment():
    some = [account(ended=True), account(ended=True, last_line_at=NOW), account()]
    [found] = ailments.unheard(some, NOW, LIMITS)
    assert (found.ailment, found.subject) == (Ailment.UNHEARD, "acc_1")
    assert "last contacted" in ailments.quiet(account()).says


def test_record_and_temporal_are_compared_both_ways():
    [lost] = ailments.not_running({"account/acme/A1"}, {"account/acme/A1": "acc_1"})
    [spare] = ailments.not_open({"account/acme/A2"})
    assert (lost.ailment, lost.subject) == (Ailment.NOT_RUNNING, "acc_1")
    assert (spare.ailment, spare.subject) == (Ailment.NOT_OPEN, "account/acme/A2")


def test_news_that_was_not_applied_is_counted_by_where_it_came_from():
    [found] = ailments.inbox_ails([Backlog("stripe", "charge.failed", 3, LONG_AGO)])
    assert (found.subject, found.since) == ("stripe charge.failed", LONG_AGO)
    assert found.says.startswith("3 events")


@pytest.mark.parametrize(
    ("off", "says"), [(0, None), (5, None), (8, "3 s ahead of"), (-3, "3 s behind")]
)
def test_a_clock_is_wrong_only_if_no_moment_between_two_looks_explains_it(off, says):
    """The looks were five seconds apart."""
    at, after = NOW + timedelta(seconds=off), NOW + timedelta(seconds=5)
    found = list(ailments.clocks_ail([Clock("worker", at, NOW, after)], LIMITS))
    assert [says in each.says for each in found] == ([True] if says else [])


def test_a_queue_is_ill_without_workers_or_with_work_that_waits():
    def say(**seen):
        known: dict[str, Any] = {"kind": "activity", "waiting": 0, "age": timedelta(), "pollers": 1}
        return [each.says for each in ailments.queues_ail([Queue(**known | seen)], LIMITS)]

    assert say() == []
    assert say(pollers=0, waiting=4) == ["no worker asks for activity tasks; 4 wait"]
    assert say(waiting=1000)[0].startswith("1000 activity tasks wait")
    assert say(waiting=1, age=timedelta(minutes=5))[0].endswith("for 300 s")
    assert say(waiting=1, age=timedelta(days=2, seconds=1))[0].endswith("for 172801 s")


def test_schedules_are_missing_paused_or_failing():
    seen = [
        *(ScheduleSeen("a"), ScheduleSeen("b", found=False)),
        *(ScheduleSeen("c", paused=True), ScheduleSeen("d", failed=2)),
    ]
    says = [(each.subject, each.says) for each in ailments.schedules_ail(seen)]
    assert says == [
        ("b", "there is none"),
        ("c", "it is paused"),
        ("d", "2 runs of the last day failed"),
    ]


def test_journeys_and_stages_that_the_code_has_not_are_found_with_how_many_are_there():
    counts = [("standard", None, 2), ("standard", "reminders", 5), ("standard", "odd", 3)]
    counts.append(("bygone", "odd", 1))
    found = list(ailments.journeys_ail(counts, JOURNEYS))
    assert [each.subject for each in found] == ["standard.odd", "bygone.odd"]
    assert found[0].says.startswith("3 open accounts")


def test_another_law_than_the_one_that_ships_and_calendars_that_end_are_found():
    ends = Calendar(id="US", source="x", first_year=2020, last_year=2026, days={})
    assert list(ailments.law_ails("law_1", "law_1", [ends], LONG_AGO, LIMITS)) == []
    late = datetime(2026, 12, 20, tzinfo=UTC)
    found = list(ailments.law_ails("law_1", "law_2", [ends], late, LIMITS))
    assert [each.subject for each in found] == ["law_1", "calendars"]
    assert found[1].says.endswith("US")


def test_what_the_api_lacks_is_named():
    [found] = ailments.api_ails({"record": "ok", "keys": "no master key"})
    assert (found.ailment, found.subject, found.says) == (Ailment.API, "keys", "no master key")
