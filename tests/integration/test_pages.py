"""The pages behind a message's link, in headless Chromium: 360 px, no script, both directions."""

from decimal import Decimal

import pytest
from playwright.async_api import async_playwright, expect

from domain.accounts import Closure
from domain.contracts import Authority, Contract, SettlementTerms
from storage import contracts, plans
from tests.browser import QUIET, SMALL, chromium

pytestmark = [pytest.mark.stack, pytest.mark.browser, pytest.mark.anyio]


@pytest.fixture
async def phone():
    path = chromium()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=QUIET)
        context = await browser.new_context(java_script_enabled=False, viewport=SMALL)
        yield await context.new_page()
        await browser.close()


async def fits(page):
    box = await page.locator("main").bounding_box()
    return box["x"] >= 0 and box["x"] + box["width"] <= SMALL["width"]


async def opened(house, phone, account):
    await phone.goto(f"{house.stack.addresses.api_url}/p/{await account.link()}")


async def test_a_person_pays_in_full_from_the_link_in_a_text(house, phone):
    account = await house.place()
    await house.forward(account, hours=15)

    await opened(house, phone, account)
    await expect(phone.get_by_text("$200.00").first).to_be_visible()
    assert await fits(phone)
    assert account.phone not in await phone.content()
    await phone.get_by_role("button", name="Pay $200.00").click()
    await phone.get_by_role("button").first.click()

    closed = await account.handle.result()
    assert closed.closure is Closure.PAID_IN_FULL
    await expect(phone.locator("main")).to_contain_text("Thank")


async def test_a_plan_is_read_and_accepted_in_arabic_from_right_to_left(house, phone):
    account = await house.place(consumer={"locale": "ar"})
    await house.forward(account, hours=15)
    await account.says("خطة")
    await house.forward(account, days=1)

    await opened(house, phone, account)

    assert await phone.locator("html").get_attribute("dir") == "rtl"
    assert await phone.locator("html").get_attribute("lang") == "ar"
    assert await fits(phone)
    rows = await phone.locator("tr, li").count()
    assert rows >= 4
    await phone.locator("a[href$='/means']").click()
    assert await phone.locator("html").get_attribute("dir") == "rtl"
    assert await phone.locator("input:visible").count() == 13
    assert await fits(phone)
    await phone.locator("a.button").click()
    await phone.locator("form[action$='accept-plan'] button").click()
    await phone.get_by_role("button").first.click()
    state = await account.reaches("on_plan")
    assert state.balance.minor == 20_000

    await opened(house, phone, account)
    assert await fits(phone)
    await phone.locator("input[name=amount]").fill("\u0661\u0662\u066b\u0665")
    await phone.locator("input[value=respread]").check()
    await phone.locator("form[action$='pay-extra'] button").click()
    await phone.get_by_role("button").first.click()

    async def got_smaller():
        state = await account.state()
        return state if state.balance.minor == 200_00 - 12_50 else None

    assert await house.eventually(got_smaller)
    with house.database.transaction() as session:
        plan = plans.current(session, account.id)
    assert plan is not None
    assert plan.revision > 1
    assert plan.instalments[0].minor < 50_00


async def test_a_person_settles_for_less_from_the_link_and_the_rest_is_forgiven(house, phone):
    terms = SettlementTerms(floor=Decimal(60), least={Authority.AGENT: Decimal(60)})
    with house.database.transaction() as session:
        contracts.agree(session, "acme", Contract(settlement=terms))
    account = await house.place()
    with house.database.transaction() as session:
        contracts.agree(session, "acme", Contract())  # for whoever is placed after this test
    answer = await house.api.post(f"/v1/accounts/{account.id}/settlements", json={"percent": 60})
    assert answer.status_code == 201, answer.text
    await house.forward(account, hours=15)

    await opened(house, phone, account)
    await expect(phone.locator("main")).to_contain_text("the rest, $80.00, is forgiven")
    assert await fits(phone)
    await phone.get_by_role("button", name="Pay $120.00 and settle").click()
    await phone.get_by_role("button").first.click()

    closed = await account.handle.result()
    assert (closed.closure, closed.balance.minor) == (Closure.SETTLED, 0)
