"""A stage, or a journey, that was renamed still answers to the names that were stored."""

import pytest

from domain.accounts import Closure
from domain.contacts import email, sms
from domain.events import JourneySwitched, MessageReceived, PlanRequested
from domain.time import days
from engine import Journey, aside, close, stage
from engine.journeys import by_name
from simulation.diary import A_TUESDAY, newly_placed, play

FIRST, SECOND = sms("first"), email("second")


@stage(formerly=("nudges", "pokes"))
async def reminders(account):
    """Two reminders, each sent once."""
    for reminder in (FIRST, SECOND):
        contact = await account.contact(reminder)
        await account.answer(to=contact, within=days(5))
    return close(Closure.REFERRED)


@stage(on=PlanRequested, formerly=("plans",))
async def agreement(account):
    """Where plan requests lead."""
    return close(Closure.PAID_IN_FULL if account.visits(agreement) > 1 else Closure.REFERRED)


@aside(on=MessageReceived, formerly=("reads",))
async def reading(account):
    """A person reads, in peace."""
    await account.quiet(until=account.now + days(3), because="a person reads")


RENAMED = Journey(
    "gentle", version=2, stages=(reminders, agreement, reading), formerly=("nudging", "poking")
)


def goes_on(account):
    """An account that an older release left in a stage, broken into, under its former name."""
    account.visits = {"nudges": 1}
    account.entered = {"nudges": A_TUESDAY - days(1)}
    account.handed_in = {"nudges": ["asks"]}
    account.interrupted = "nudges"
    account.returning = True
    return account


def test_a_stage_answers_to_every_name_it_had():
    assert [RENAMED.stage(name) for name in ("reminders", "nudges", "pokes")] == [reminders] * 3
    assert RENAMED.stage("plans") is agreement
    assert RENAMED.stage("reads") is reading
    assert reminders.names == ("reminders", "nudges", "pokes")


def test_a_name_of_no_stage_is_still_refused():
    assert RENAMED.find("retries") is None
    with pytest.raises(LookupError, match="no stage 'retries'; it has reminders, agreement, rea"):
        RENAMED.stage("retries")


@pytest.mark.parametrize("taken", ["reminders", "pokes", "plans"])
def test_a_former_name_that_means_another_stage_too_is_refused(taken):
    async def more(account):
        """More."""
        return close(Closure.REFERRED)

    clashing = stage(formerly=(taken,))(more)

    with pytest.raises(ValueError, match=rf"gentle has stages of one name: \['{taken}'\]"):
        Journey("gentle", version=3, stages=(*RENAMED.stages, clashing))


def test_a_forgotten_comma_is_told():
    with pytest.raises(TypeError, match=r'formerly=\'nudges\': expected .* \("nudges",\)'):
        stage(formerly="nudges")  # type: ignore[call-overload] # the comma is forgotten


def test_a_renamed_stage_that_goes_on_repeats_nothing_that_it_did_under_its_former_name():
    account = goes_on(newly_placed())
    account.sent_in = {"nudges": {}}
    play(RENAMED, account=account, last_day=1)
    account.sent_in["nudges"] = account.sent_in.pop("reminders")
    account.visits["nudges"] = account.visits.pop("reminders")
    account.interrupted, account.returning = "nudges", True

    assert play(RENAMED, account=account, last_day=8) == [
        "day   5  09:00  email second",
        "day   8  09:00  still in reminders",
    ]
    assert account.visits == {"reminders": 1}
    assert account.entered == {"reminders": A_TUESDAY - days(1)}
    assert account.handed_in == {"reminders": ["asks"]}


def test_an_aside_comes_back_to_a_stage_that_was_renamed_meanwhile():
    account = goes_on(newly_placed())
    account.hear(MessageReceived(event_id="1"))

    diary = play(RENAMED, account=account, show_stages=True)

    assert [line.split("entered ")[1] for line in diary if "entered" in line] == [
        "reminders",
        "reading",
        "reminders",
    ]


def test_visits_of_two_stages_that_became_one_count_together():
    account = newly_placed()
    account.visits, account.entered = {"plans": 1, "agreement": 1}, {"plans": A_TUESDAY}
    account.sent_in = {"agreement": {}}

    account.call_by(RENAMED.renamed)

    assert account.visits == {"agreement": 2}
    assert account.entered == {"agreement": A_TUESDAY}
    assert account.sent_in == {"agreement": {}}


def test_a_journey_is_found_by_the_names_it_had():
    other = Journey("other", version=1, stages=(reminders,))

    assert by_name((RENAMED, other)) == {
        **dict.fromkeys(("gentle", "nudging", "poking"), RENAMED),
        "other": other,
    }
    with pytest.raises(ValueError, match=r"journeys of one name: \['poking'\]"):
        by_name((RENAMED, Journey("poking", version=1, stages=(reminders,))))


def test_being_sent_on_the_journey_that_it_takes_by_a_former_name_changes_nothing():
    stays = JourneySwitched(event_id="1", journey="poking")

    assert play(RENAMED, {2: stays}) == play(RENAMED)
