"""Headless Chromium as a consumer has it: a small phone, and no script."""

import shutil

import pytest
from playwright.sync_api import ViewportSize

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
"""Switches without which it looks for hosts that a test has no business with."""

SMALL: ViewportSize = {"width": 360, "height": 740}


def chromium() -> str:
    """Where the browser is; without one the test is skipped, and says what to install."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip("Chromium is absent: apt-get install chromium")
    return found
