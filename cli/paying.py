"""What simulated consumers do on our pages: press a button, and pay on the page it leads to."""

from http import HTTPStatus

import httpx


async def press(
    web: httpx.AsyncClient, sandbox: httpx.AsyncClient, link: str, button: str, *, card: str
) -> bool:
    """Press a button on the page behind a link and give a card on Stripe's; whether it came so far.

    A page of ours in place of Stripe's says that it was paid, closed or changed in the meantime.
    """
    page = await web.post(f"/p/{link}/{button}")
    if page.status_code != HTTPStatus.SEE_OTHER:
        return False
    there = httpx.URL(page.headers["location"])
    if there.path.startswith("/p/"):
        return False
    session_id = there.path.rsplit("/", 1)[-1]
    paid = await sandbox.post(f"/control/checkout/{session_id}/pay", json={"card": card})
    paid.raise_for_status()
    return True
