"""Journeys and stages refuse what could not be meant, and say what is missing."""

import pytest
from pydantic import TypeAdapter

from domain.accounts import Closure
from domain.contacts import Channel, ContactStatus
from domain.events import (
    BalanceChanged,
    CardStored,
    ContactSettled,
    Event,
    MessageReceived,
    PlanRequested,
    Undelivered,
)
from domain.time import days
from engine import Journey, aside, close, stage, switch
from engine.progress import REMEMBERED, Progress
from journeys import journey_called
from simulation.diary import A_TUESDAY, newly_placed


@stage
async def begins(account):
    """Begin."""
    return close(Closure.REFERRED)


def another(name, on):
    async def attempt(account):
        """Answer."""
        return close(Closure.REFERRED)

    attempt.__name__ = name
    return stage(on=on)(attempt)


def test_a_stage_is_called_as_its_function_and_says_what_its_docstring_says():
    assert begins.name == "begins"
    assert begins.says == "Begin."
    assert begins.on == ()


@pytest.mark.parametrize("make", [stage, stage(on=CardStored), aside(on=CardStored)])
def test_a_stage_without_a_docstring_is_refused(make):
    async def silent(account): ...

    with pytest.raises(TypeError, match="stage silent needs a docstring"):
        make(silent)


async def takes_two(account, contact):
    """Two."""


async def takes_many(*accounts):
    """Many."""


def waits_for_nothing(account):
    """Not async."""


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (takes_two, r"takes account, contact; expected the account alone: async def takes_two\("),
        (takes_many, r"stage takes_many takes \*accounts; expected the account alone"),
        (waits_for_nothing, "waits_for_nothing is no async function: write async def waits_for"),
        (CardStored, r"made of an async function, found .*CardStored.*write @stage\(on=Plan"),
        ("begins", "a stage is made of an async function, found 'begins'"),
    ],
)
def test_a_stage_is_an_async_function_of_the_account(made, says):
    with pytest.raises(TypeError, match=says):
        stage(made)


@pytest.mark.parametrize("on", ["CardStored", [CardStored], BalanceChanged, (CardStored, None)])
def test_a_stage_answers_kinds_of_responses_alone(on):
    for make in (stage, aside):
        with pytest.raises(TypeError, match=r"^on=.*expected a kind of response from domain/eve"):
            make(on=on)


def test_an_aside_says_what_it_answers():
    with pytest.raises(TypeError, match=r"@aside: expected the responses that it answers: @aside"):
        aside(begins.attempt)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"@aside: expected the responses that it answers: @aside"):
        aside()


def test_an_end_and_another_journey_are_what_they_are():
    with pytest.raises(TypeError, match=r"close\('ceased'\): expected one of Closure.PAID_IN_FULL"):
        close("ceased")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"switch\(begins\): expected a name in quotes, such as"):
        switch(begins)  # type: ignore[arg-type]


def test_a_journey_has_stages():
    with pytest.raises(ValueError, match="journey empty has no stages; expected stages="):
        Journey("empty", version=1, stages=())


@pytest.mark.parametrize(
    ("stages", "says"),
    [
        (begins, r"stages is a Stage; expected a tuple: \(one,\) or \(one, other\)"),
        ([begins], "stages is a list; expected a tuple"),
        ((begins, begins.attempt), "begins is a function and no stage: write @stage above it"),
        ((begins, (begins,)), r"a group of stages stands among them: write a star before it, \*LI"),
        ((begins, "ends"), "'ends' is no stage: name the function below @stage, without quotes"),
    ],
)
def test_stages_of_a_journey_that_are_none(stages, says):
    with pytest.raises(TypeError, match=f"journey odd: {says}"):
        Journey("odd", version=1, stages=stages)


@pytest.mark.parametrize("name", ["", "My Journey", "my_journey", "a" * 41, None])
def test_a_journey_has_a_name_by_which_accounts_can_be_placed(name):
    with pytest.raises(
        ValueError, match=r"cannot be the name of a journey: expected small letters"
    ):
        Journey(name, version=1, stages=(begins,))
    with pytest.raises(
        ValueError, match=r"cannot be the name of a journey: expected small letters"
    ):
        Journey("fine", version=1, stages=(begins,), formerly=(name,))


@pytest.mark.parametrize("version", [0, "1", True, 1.5])
def test_a_journey_has_a_whole_number_for_its_version(version):
    with pytest.raises(
        ValueError, match=r"journey odd: version=.*; expected a whole number from 1"
    ):
        Journey("odd", version=version, stages=(begins,))


def test_a_journey_does_not_begin_with_what_goes_back():
    async def remarks(account):
        """Remark."""

    with pytest.raises(ValueError, match="odd begins at remarks, which goes back to the stage"):
        Journey("odd", version=1, stages=(aside(on=CardStored)(remarks), begins))


def test_a_journey_refuses_two_stages_of_one_name():
    with pytest.raises(ValueError, match=r"journey twice has stages of one name: \['begins'\]"):
        Journey("twice", version=1, stages=(begins, begins))


def test_a_journey_refuses_a_response_that_two_stages_answer():
    first, second = another("first", CardStored), another("second", (CardStored, PlanRequested))

    with pytest.raises(ValueError, match=r"\['CardStored'\] may be answered by one stage only"):
        Journey("contested", version=1, stages=(begins, first, second))


def test_a_journey_finds_its_stages_by_name_and_by_response():
    answers = another("answers", (CardStored, PlanRequested))
    journey = Journey("found", version=1, stages=(begins, answers))

    assert journey.first is begins
    assert journey.stage("answers") is answers
    assert journey.answers(PlanRequested(event_id="1")) is answers
    assert journey.answers(MessageReceived(event_id="1")) is None


def test_an_unknown_stage_is_an_error_that_names_those_there_are():
    with pytest.raises(LookupError, match="journey one has no stage 'ends'; it has begins"):
        Journey("one", version=1, stages=(begins,)).stage("ends")


def test_an_unknown_journey_is_an_error_that_names_those_there_are():
    assert journey_called("standard").name == "standard"
    with pytest.raises(LookupError, match=r"called 'special'; there are .*standard"):
        journey_called("special")


def test_an_event_told_twice_counts_once():
    account = newly_placed()
    for _ in range(2):
        account.hear(MessageReceived(event_id="1"))

    assert len(account.responses) == 1


def test_an_event_is_recognised_for_as_long_as_it_may_be_told_again():
    account = newly_placed()
    for number in range(REMEMBERED):
        account.hear(MessageReceived(event_id=str(number)))
    account.hear(MessageReceived(event_id="0"))
    assert len(account.responses) == REMEMBERED

    account.hear(MessageReceived(event_id="new"))
    assert len(account.heard) == REMEMBERED


@pytest.mark.parametrize("order", [(2, 3), (3, 2)])
def test_an_older_balance_never_overwrites_a_newer_one(order):
    account = newly_placed()
    balances = {2: 150_00, 3: 90_00}
    for version in order:
        event = BalanceChanged(event_id=str(version), version=version, balance=balances[version])
        account.hear(event)

    assert (account.version, account.balance) == (3, 90_00)


def test_days_past_due_count_from_the_due_day_and_are_negative_before_it():
    account = newly_placed()

    assert account.days_past_due(A_TUESDAY) == 0
    assert account.days_past_due(A_TUESDAY + days(3)) == 3
    assert account.days_past_due(A_TUESDAY - days(2)) == -2


def test_a_message_that_arrived_is_no_news_and_one_that_did_not_is():
    account = newly_placed()
    for status in (ContactStatus.DELIVERED, ContactStatus.UNDELIVERED):
        account.hear(ContactSettled(event_id=status, key="k", channel=Channel.SMS, status=status))

    assert account.responses == [Undelivered(event_id="undelivered", key="k")]


def test_an_account_on_its_way_survives_being_written_down():
    account = newly_placed()
    account.hear(MessageReceived(event_id="1"))

    written = TypeAdapter(Progress)

    assert written.validate_json(written.dump_json(account)) == account


def test_an_event_of_no_kind_is_a_defect_and_not_passed_over():
    with pytest.raises(AssertionError, match="Expected code to be unreachable"):
        newly_placed().hear(Event(event_id="1"))  # type: ignore[arg-type]
