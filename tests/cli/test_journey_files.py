"""Journeys to try: shipped ones by name, edited copies by file."""

from pathlib import Path

import pytest

import journeys.standard
from cli.journey_files import find_journey, journeys_of
from journeys import JOURNEYS
from simulation.files import JourneyError
from simulation.knobs import grid


def test_a_file_given_by_a_relative_name_is_told_with_line_and_what_was_meant(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    Path("edited.py").write_text("PATIENCE = 3\n\nX = PATIENSE\n")

    with pytest.raises(JourneyError) as refused:
        find_journey("edited.py")

    assert str(refused.value).startswith("edited.py:3: it cannot be run: NameError")
    assert str(refused.value).endswith("did you mean PATIENCE?")


@pytest.fixture
def copy(tmp_path):
    """An edited copy of a journey that ships."""
    file = tmp_path / "edited.py"
    source = Path(journeys.standard.__file__).read_text()
    file.write_text(source.replace("TIME_TO_ANSWER = days(10)", "TIME_TO_ANSWER = days(4)"))
    return file


def test_a_journey_that_ships_is_found_by_its_name():
    found = find_journey("invoice")

    assert found.journey is JOURNEYS["invoice"]
    assert found.label == "invoice"


@pytest.mark.parametrize("name", ["", ":STANDARD", ":standard"])
def test_an_edited_copy_is_found_in_its_file(copy, name):
    found = find_journey(f"{copy}{name}")

    assert found.label == "edited.py:standard"
    assert found.journey is not JOURNEYS["standard"]
    assert found.source.startswith("edited.py, SHA-256 ")
    assert find_journey(f"{copy}{name}").journey is found.journey


def test_knobs_of_an_edited_copy_are_its_own(copy):
    ((setting,),) = grid(find_journey(str(copy)).journey, ["TIME_TO_ANSWER=10d"])

    assert [each.module.startswith("tried_edited_") for each in setting.knobs] == [True]


def test_the_one_of_a_file_with_several_is_named_by_its_constant_or_its_own_name(copy):
    assert [each.name for each in journeys_of(f"{copy}:STANDARD")] == ["standard"]
    assert [each.name for each in journeys_of(f"{copy}:standard")] == ["standard"]
    with pytest.raises(JourneyError, match=r"edited.py: no journey 'OTHER' in it; there are STA"):
        journeys_of(f"{copy}:OTHER")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("nope", "no journey is called 'nope'; there are "),
        ("standerd", "subscription: did you mean standard?"),
        ("my_journey", "or give a file: path.py, or path.py:NAME"),
        ("nope.py:X", "nope.py: there is no such file"),
    ],
)
def test_a_journey_that_is_not_there_is_told(text, says):
    with pytest.raises(JourneyError) as refused:
        find_journey(text)

    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("text", "name", "says"),
    [
        ("X = 1\n", "", ": which journey? Give path.py:NAME; there are none"),
        ("from journeys import HARDSHIP, INVOICE\n", "", "there are HARDSHIP, INVOICE"),
        ("from journeys import HARDSHIP\n", ":STANDARD", "no journey 'STANDARD' in it; there are"),
        ("X = 1\ndef broken(:\n", "", "edited.py:2: not Python: "),
        ("raise SystemExit(0)\n", "", "edited.py:1: it cannot be run: SystemExit: 0"),
        ("from domain.time import dayz\n", "", "did you mean days?"),
        ("import domane\n", "", "did you mean domain?"),
        ("PATIENCE = 3\n\nX = PATIENSE\n", "", "'PATIENSE' is not defined; did you mean PATIENCE?"),
        ("import datetime\nX = datetime.date.tody\n", "", "did you mean today?"),
        (
            "X = 1\n\nY = nowhere\n",
            "",
            "edited.py:3: it cannot be run: NameError: name 'nowhere' is not defined",
        ),
    ],
)
def test_a_file_that_is_no_journey_is_told(tmp_path, text, name, says):
    file = tmp_path / "edited.py"
    file.write_text(text)

    with pytest.raises(JourneyError) as refused:
        find_journey(f"{file}{name}")

    assert says in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1
