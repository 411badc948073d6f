"""A person at a small phone with JavaScript switched off."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.browser import QUIET, SMALL, chromium

from .conftest import MAILBOX, PHONE


@pytest.fixture
def phone():
    """A page of a 360 px wide browser that runs no script."""
    path = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=QUIET)
        context = browser.new_context(java_script_enabled=False, viewport=SMALL)
        yield context.new_page()
        browser.close()


def keep_picture(page: Page, name: str) -> None:
    """Leave a picture for a person to look at, where one is asked for."""
    folder = os.environ.get("SANDBOX_PICTURES")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def fits(page: Page) -> bool:
    """Whether the page can be read without scrolling sideways; measured by its own layout."""
    box = page.locator("main").bounding_box()
    assert box is not None
    return box["x"] >= 0 and box["x"] + box["width"] <= 360


@pytest.mark.browser
def test_a_person_reads_answers_and_pays_on_a_small_phone_without_javascript(sandbox, phone):
    session = sandbox.checkout(customer_email="sam@example.com")
    sandbox.text(f"Hi Sam, you owe $50.00. Pay here: {session.url} Reply STOP to opt out.")
    sandbox.text("مرحبا سامي، يمكنك الدفع على أقساط شهرية.")
    sandbox.settle()

    phone.goto(sandbox.base + "/outbox")
    assert fits(phone)
    keep_picture(phone, "outbox")
    phone.get_by_role("link", name=PHONE).click()
    phone.get_by_label("Message").fill("Can I pay in two instalments?")
    phone.get_by_role("button", name="Send").click()
    assert phone.get_by_text("Can I pay in two instalments?").is_visible()
    assert fits(phone)
    keep_picture(phone, "thread")
    assert sandbox.settle()["failed"] == 0
    heard = sandbox.app.at("/webhooks/twilio/messages")
    assert heard[0].form["Body"] == "Can I pay in two instalments?"

    phone.get_by_role("link", name=session.url).click()
    phone.get_by_text("Insufficient funds", exact=False).first.click()
    phone.get_by_role("button", name="Pay").click()
    assert "insufficient funds" in phone.get_by_role("alert").inner_text()
    assert fits(phone)
    keep_picture(phone, "pay")
    phone.get_by_text("Works", exact=False).first.click()
    phone.get_by_role("button", name="Pay").click()
    phone.get_by_role("heading", name="Thank you").wait_for()
    assert sandbox.log()["charges"]["succeeded"] == {"count": 1, "amount": {"usd": 5000}}


@pytest.mark.browser
def test_a_person_reads_a_mail_and_sets_faults_on_a_small_phone(sandbox, phone):
    html = '<h1>Your account</h1><p>Dear Sam, <a href="https://pay.example/x">pay here</a>.</p>'
    plain = {"type": "text/plain", "value": "Dear Sam, pay at https://pay.example/x."}
    sandbox.mail(content=[plain, {"type": "text/html", "value": html}])
    sandbox.settle()
    phone.goto(f"{sandbox.base}/outbox/{MAILBOX}")
    frame = phone.frame_locator("iframe")
    assert frame.get_by_text("Dear Sam").is_visible()
    assert fits(phone)
    keep_picture(phone, "mail")
    phone.goto(sandbox.base + "/outbox/faults")
    phone.get_by_label("What goes wrong").select_option("drop-after")
    phone.get_by_role("button", name="Switch on").click()
    assert phone.get_by_text("connection lost after execution").is_visible()
    assert fits(phone)
    keep_picture(phone, "faults")
