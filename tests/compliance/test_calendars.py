"""Holidays are data that people review; what ships is what the locked library gives."""

from datetime import date

import pytest

from cli.holidays import RECIPES, YEARS, as_yaml, load_recipes, made, write_calendars
from compliance import PackError
from compliance.calendars import Calendar
from compliance.loading import CALENDARS, load_calendar

SHIPPED = {file.stem: load_calendar(file) for file in sorted(CALENDARS.glob("*.yaml"))}


def test_the_calendars_that_ship_are_what_the_locked_library_and_the_corrections_give(tmp_path):
    write_calendars(tmp_path, YEARS, lambda line: None)

    written = {file.name: file.read_text("utf-8") for file in tmp_path.glob("*.yaml")}
    assert written == {
        file.name: file.read_text("utf-8")
        for file in CALENDARS.glob("*.yaml")
        if "source: by hand" not in file.read_text("utf-8")
    }


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_a_calendar_is_named_like_its_file_and_has_holidays_in_each_of_its_years(name):
    calendar = SHIPPED[name]

    assert calendar.id == name
    assert (calendar.first_year, calendar.last_year) == (2024, 2032)
    assert {day.year for day in calendar.days} == set(YEARS)
    assert calendar.source


def test_juneteenth_is_a_federal_holiday_and_a_saturday_is_kept_on_the_friday_before():
    federal = SHIPPED["US-federal"].days

    assert federal[date(2026, 6, 19)] == "Juneteenth National Independence Day"
    assert {date(2026, 7, 3), date(2026, 7, 4)} <= federal.keys()
    assert date(2032, 12, 31) in federal, "1 January 2033 is a Saturday"


def test_quebec_keeps_the_nine_days_of_its_collection_law_and_no_others():
    quebec = SHIPPED["CA-QC"].days

    assert sorted(day for day in quebec if day.year == 2026) == [
        date(2026, 1, 1),
        date(2026, 4, 3),
        date(2026, 4, 6),
        date(2026, 5, 18),
        date(2026, 6, 24),
        date(2026, 7, 1),
        date(2026, 9, 7),
        date(2026, 10, 12),
        date(2026, 12, 25),
    ]
    assert all(sum(day.year == year for day in quebec) == 9 for year in YEARS)


def test_in_quebec_canada_day_moves_from_a_sunday_and_not_from_a_saturday():
    july = [day for day in SHIPPED["CA-QC"].days if day.month == 7 and day.year in {2028, 2029}]

    assert july == [date(2028, 7, 1), date(2029, 7, 2)]


def test_what_every_state_of_australia_keeps_is_a_national_holiday_and_a_state_holiday_is_none():
    states = [calendar for name, calendar in SHIPPED.items() if name.startswith("AU-")]
    kept_by_all = frozenset.intersection(*(calendar.dates for calendar in states))

    assert len(states) == 8
    assert kept_by_all <= SHIPPED["AU"].dates
    assert date(2026, 6, 8) in SHIPPED["AU-NSW"].days
    assert date(2026, 6, 8) not in SHIPPED["AU"].days


@pytest.mark.parametrize("name", ["AE", "BH", "EG", "KW", "QA", "SA"])
def test_days_that_the_moon_decides_are_marked_as_estimated(name):
    assert "estimated, to be confirmed every year" in SHIPPED[name].source
    assert any("Eid al-Fitr" in holiday for holiday in SHIPPED[name].days.values())


def test_a_calendar_made_by_hand_is_never_written_over(tmp_path):
    by_hand = "id: SA\nsource: by hand, from the announcement\n"
    (tmp_path / "SA.yaml").write_text(by_hand, "utf-8")
    said: list[str] = []

    write_calendars(tmp_path, range(2026, 2027), said.append)

    assert (tmp_path / "SA.yaml").read_text("utf-8") == by_hand
    assert "SA.yaml: made by hand, left as it is" in said
    assert "IE.yaml: written" in said


def test_writing_again_changes_nothing_and_says_nothing(tmp_path):
    write_calendars(tmp_path, range(2026, 2027), lambda line: None)
    said: list[str] = []

    write_calendars(tmp_path, range(2026, 2027), said.append)

    assert said == []


def test_what_people_add_and_take_out_is_kept():
    recipe = next(each for each in load_recipes() if each.id == "IE").model_copy(
        update={"also": {date(2026, 7, 6): "By decree"}, "drop": (date(2026, 12, 26),)}
    )

    days = made(recipe, range(2026, 2027)).days

    assert days[date(2026, 7, 6)] == "By decree"
    assert date(2026, 12, 26) not in days
    assert list(days) == sorted(days)


def test_a_calendar_reads_back_as_it_was_written(tmp_path):
    calendar = Calendar(
        id="XX-1",
        source="by hand",
        first_year=2026,
        last_year=2026,
        days={date(2026, 1, 1): "Día: 'one'", date(2026, 3, 20): "عيد الفطر"},
    )
    (tmp_path / "XX-1.yaml").write_text(as_yaml(calendar), "utf-8")

    assert load_calendar(tmp_path / "XX-1.yaml") == calendar


def test_a_region_that_yaml_reads_as_a_truth_value_is_refused_with_its_place(tmp_path):
    file = tmp_path / "library.yaml"
    file.write_text("- id: CA-ON\n  country: CA\n  subdivision: ON\n", "utf-8")

    with pytest.raises(PackError, match=r"library\.yaml: subdivision: .*string"):
        load_recipes(file)

    assert load_recipes(RECIPES)
