"""Pictures of journeys: what is in them, and that those in the docs are fresh."""

import re
from functools import cache
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from domain.accounts import Closure
from domain.contacts import email, sms
from domain.events import CardStored, PlanRequested
from domain.time import days
from engine import Journey, aside, close, stage, switch
from journeys import JOURNEYS
from simulation.drawing import mermaid, page, pictured
from simulation.reading import read
from simulation.svg import svg

DOCS = Path(__file__).parents[2] / "docs" / "journeys"
SVG = "{http://www.w3.org/2000/svg}"
PATIENCE = days(2)


@cache
def shipped(name):
    return read(JOURNEYS[name])


@stage
async def begins(account):
    """Begin."""
    await account.contact(sms("nudge"))
    await account.contact(email("nudge"))
    await account.contact(sms("last_nudge"))
    return ends if account.balance else begins


@stage(on=PlanRequested)
async def ends(account):
    """End."""
    return close(Closure.REFERRED) if account.balance else switch("hardship")


@aside(on=CardStored)
async def remarks(account):
    """Remark & go <back>."""
    await account.quiet(until=account.now + PATIENCE, because="of a test")


CHART = read(Journey("drawn", version=1, stages=(begins, ends, remarks)))


def test_mermaid_has_a_box_for_each_stage_and_an_arrow_for_each_way():
    assert mermaid(CHART) == (
        "flowchart TD\n"
        '    stage_begins(["<b>begins</b><br><small>text, e-mail</small>'
        '<br><small>again</small>"])\n'
        '    stage_ends["<i>when they ask to pay in parts</i><br><b>ends</b>'
        "<br><small>the end, referred to a person</small>"
        '<br><small>the journey hardship</small>"]\n'
        "    stage_begins --> stage_ends\n"
    )


def test_stages_that_only_answer_stand_below_the_picture():
    assert pictured(CHART).answers == ("remarks",)
    assert "then what was interrupted goes on: `remarks`." in page(CHART)
    below = [text.text for text in drawn(CHART).findall(f"{SVG}text")]
    assert "Answer, and then go back: remarks." in " ".join(below)


def drawn(chart):
    return ET.fromstring(svg(chart))


@pytest.mark.parametrize("name", JOURNEYS)
def test_everything_in_a_picture_stands_inside_it(name):
    root = drawn(shipped(name))
    width, height = map(float, root.get("viewBox").split()[2:])
    left, top = map(float, re.findall(r"[-\d.]+", root.find(f"{SVG}g").get("transform")))

    for box in root.iter(f"{SVG}rect"):
        if box.get("class") != "ground":
            x, y = float(box.get("x")) + left, float(box.get("y")) + top
            assert 0 <= x <= x + float(box.get("width")) <= width
            assert 0 <= y <= y + float(box.get("height")) <= height
    for way in root.iter(f"{SVG}path"):
        if way.get("class") == "way":
            points = [tuple(map(float, each.split())) for each in way.get("d")[1:].split("L")]
            assert all(0 <= x + left <= width and 0 <= y + top <= height for x, y in points)


@pytest.mark.parametrize("name", JOURNEYS)
def test_no_box_covers_another_or_an_arrow_of_others(name):
    chart = shipped(name)
    root, picture = drawn(chart), pictured(chart)
    boxes = [
        tuple(float(box.get(each)) for each in ("x", "y", "width", "height"))
        for box in root.iter(f"{SVG}rect")
        if box.get("class") != "ground"
    ]
    ways = [way.get("d") for way in root.iter(f"{SVG}path") if way.get("class") == "way"]

    assert len(boxes) == len(picture.boxes)
    assert len(ways) == len(picture.arrows)
    for at, (x, y, wide, high) in enumerate(boxes):
        for left, top, _, _ in boxes[at + 1 :]:
            assert top >= y + high or left >= x + wide
        for way in ways:
            points = [tuple(map(float, each.split())) for each in way[1:].split("L")]
            assert not any(x < px < x + wide and y < py < y + high for px, py in points)


def test_a_picture_is_told_to_whoever_does_not_see_it():
    root = drawn(CHART)

    assert root.get("role") == "img"
    named = {root.find(f"{SVG}{tag}").get("id") for tag in ("title", "desc")}
    assert named == {*root.get("aria-labelledby").split()}
    assert root.find(f"{SVG}title").text == "The journey drawn"
    assert root.find(f"{SVG}desc").text.endswith(
        "Ways: begins to ends; ends to the end, referred to a person; ends to the journey hardship."
    )


def test_a_picture_needs_nothing_from_elsewhere_and_keeps_to_the_reader_s_colours():
    text = svg(CHART)

    assert "prefers-color-scheme:dark" in text
    assert not re.search(r"<script|href=|url\((?!#)|@import|@font-face", text)


@pytest.mark.parametrize("name", JOURNEYS)
def test_the_pages_in_the_docs_are_fresh(name):
    chart = shipped(name)
    stale = "run `tahsil journeys diagram --write`"

    assert (DOCS / f"{name}.md").read_text("utf-8") == page(chart), stale
    assert (DOCS / f"{name}.svg").read_text("utf-8") == svg(chart), stale


def test_no_page_is_left_of_a_journey_that_is_gone():
    names = {file.stem for file in DOCS.iterdir()} - {"README"}

    assert names == {*JOURNEYS}
