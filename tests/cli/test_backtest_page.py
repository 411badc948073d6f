"""The report in a real browser: on a phone, light and dark, and figure by figure as in the CSV."""

import csv as tables

import pytest
from playwright.sync_api import sync_playwright

from cli.backtest_result import difference, shown
from simulation.measures import METRICS
from tests.browser import QUIET, SMALL, chromium

from .test_backtest import files, portfolio

__all__ = ["files", "portfolio"]

FIGURES = """
cells => cells.map(cell => [
    cell.dataset.variant, cell.dataset.metric, cell.dataset.of, cell.dataset.kind || "",
    cell.value, cell.textContent,
])
"""


@pytest.fixture(scope="module")
def browser():
    path = chromium()
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, headless=True, args=QUIET)
        yield running
        running.close()


@pytest.fixture(scope="module")
def page(browser, files, tmp_path_factory):
    file = tmp_path_factory.mktemp("page") / "page.html"
    file.write_text(files[1], "utf-8")
    opened = browser.new_page(viewport=SMALL, java_script_enabled=True)
    asked = []
    opened.on("request", lambda request: asked.append(request.url))
    opened.goto(file.as_uri())
    assert asked == [file.as_uri()]
    return opened


@pytest.mark.browser
def test_the_page_fits_a_phone_unfolded_and_folded(page):
    for unfold in (False, True):
        page.eval_on_selector_all(
            "details", f"all => all.forEach(each => each.open = {str(unfold).lower()})"
        )
        assert page.evaluate("document.documentElement.scrollWidth") == 360


@pytest.mark.browser
def test_a_phone_sees_the_answer_first_and_paper_has_all_of_it(page):
    fold = "all => all.forEach(each => each.open = false)"
    page.eval_on_selector_all("details", fold)
    told = page.locator(".lead details").first
    assert told.bounding_box()["y"] < SMALL["height"]
    assert told.inner_text().startswith("Worse: ")
    seen = "all => all.filter(each => each.checkVisibility()).length"
    high = "document.documentElement.scrollHeight"
    few, short = page.eval_on_selector_all("data", seen), page.evaluate(high)
    assert page.locator("svg.plot").first.is_visible()

    page.emulate_media(media="print")

    assert page.eval_on_selector_all("data", seen) == page.locator("data").count() > 5 * few
    assert page.evaluate(high) > 3 * short
    page.emulate_media(media="screen")


@pytest.mark.browser
def test_every_figure_of_the_page_is_that_of_the_csv_and_none_is_missing(page, files):
    told = {
        (each["variant"], each["metric"], each["of"]): each
        for each in tables.DictReader(files[2].splitlines())
    }
    seen = set()
    for variant, metric, of, kind, value, text in page.eval_on_selector_all("data", FIGURES):
        row = told[variant, metric, of]
        assert value == row["difference" if kind else "value"]
        number = float(value) if value else None
        assert text == (difference if kind else shown)(METRICS[metric], number)
        seen.add((variant, metric, of))

    assert seen == set(told)


@pytest.mark.browser
@pytest.mark.parametrize(("scheme", "is_dark"), [("light", False), ("dark", True)])
def test_words_and_plots_can_be_read_by_day_and_by_night(page, scheme, is_dark):
    page.emulate_media(color_scheme=scheme)
    paper, ink, plotted = page.evaluate(
        """() => [
            getComputedStyle(document.body).backgroundColor,
            getComputedStyle(document.body).color,
            getComputedStyle(document.querySelector("svg.plot text")).fill,
        ]"""
    )

    assert (brightness(paper) < 128) is is_dark
    assert abs(brightness(paper) - brightness(ink)) > 150
    assert abs(brightness(paper) - brightness(plotted)) > 90


def brightness(colour):
    """From 0 to 255, of `rgb(…)`."""
    return sum(map(int, colour.strip("rgb()").split(","))) / 3
