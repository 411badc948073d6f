import httpx
import pytest
from stripe import InvalidRequestError

from .conftest import plain


@pytest.fixture
def browser(sandbox):
    with httpx.Client(trust_env=False, timeout=10) as client:
        yield client


def test_a_person_pays_and_is_sent_on(sandbox, browser):
    session = sandbox.checkout(
        client_reference_id="17",
        customer_email="sam@example.com",
        metadata={"account": "17"},
        payment_intent_data={"metadata": {"instalment": "1"}},
    )
    assert (session.status, session.payment_status, session.payment_intent) == (
        "open",
        "unpaid",
        None,
    )
    page = browser.get(session.url)
    assert "50.00 USD" in plain(page.text)
    done = browser.post(session.url, data={"card": "4242424242424242"})
    assert done.status_code == 303
    assert done.headers["location"] == f"{sandbox.app.url}/thanks?session={session.id}"
    sandbox.settle()
    events = [sandbox.stripe_event(heard) for heard in sandbox.app.heard]
    assert {event.type for event in events} == {
        "payment_intent.created",
        "charge.succeeded",
        "charge.updated",
        "payment_intent.succeeded",
        "checkout.session.completed",
    }
    told = next(each for each in events if each.type == "checkout.session.completed").data.object
    assert (told.payment_status, told.client_reference_id) == ("paid", "17")
    assert told.metadata["account"] == "17"
    assert told.customer_details.email == "sam@example.com"
    payment = sandbox.stripe.v1.payment_intents.retrieve(told.payment_intent)
    assert payment.metadata["instalment"] == "1"


def test_a_declined_person_is_told_and_may_try_again(sandbox, browser):
    session = sandbox.checkout()
    refused = browser.post(session.url, data={"card": "4000000000009995"})
    assert refused.status_code == 402
    assert "insufficient funds" in plain(refused.text)
    assert browser.post(session.url, data={"card": "4242424242424242"}).status_code == 303
    log = sandbox.log()["charges"]
    assert (log["failed"]["count"], log["succeeded"]["count"]) == (1, 1)
    assert len(sandbox.stripe.v1.payment_intents.list().data) == 1


def test_a_paid_session_is_not_paid_twice(sandbox, browser):
    session = sandbox.checkout()
    assert sandbox.pay(session.id)["status"] == "complete"
    assert sandbox.pay(session.id)["status"] == "refused"
    again = browser.post(session.url, data={"card": "4242424242424242"})
    assert "complete" in plain(again.text)
    assert sandbox.log()["charges"]["succeeded"]["count"] == 1


def test_a_card_kept_at_checkout_is_charged_later(sandbox):
    stripe = sandbox.stripe.v1
    session = sandbox.checkout(
        customer_creation="always",
        customer_email="sam@example.com",
        payment_intent_data={"setup_future_usage": "off_session"},
    )
    sandbox.pay(session.id)
    paid = stripe.checkout.sessions.retrieve(session.id, params={"expand": ["line_items"]})
    assert paid.line_items.data[0].description == "Account 17"
    (card,) = stripe.customers.payment_methods.list(paid.customer).data
    told = {"customer": paid.customer, "payment_method": card.id, "off_session": True}
    later = stripe.payment_intents.create(
        params={"amount": 900, "currency": "usd", "confirm": True, **told}
    )
    assert later.status == "succeeded"
    sandbox.settle()
    assert "payment_method.attached" in sandbox.app.stripe_types()


def test_a_card_is_saved_without_a_payment(sandbox):
    stripe = sandbox.stripe.v1
    customer = stripe.customers.create(params={"email": "sam@example.com"})
    session = stripe.checkout.sessions.create(
        params={
            "mode": "setup",
            "currency": "usd",
            "customer": customer.id,
            "success_url": sandbox.app.url + "/saved",
            "setup_intent_data": {"metadata": {"account": "17"}},
        }
    )
    assert sandbox.pay(session.id, card="4000000000000002")["status"] == "declined"
    told = sandbox.pay(session.id, card="4000000000000341")
    assert told["status"] == "complete"
    setup = stripe.setup_intents.retrieve(told["setup_intent"])
    assert (setup.status, setup.customer, setup.metadata["account"]) == (
        "succeeded",
        customer.id,
        "17",
    )
    assert stripe.payment_methods.retrieve(setup.payment_method).customer == customer.id
    sandbox.settle()
    # Stripe promises no order, and two objects of ours have none either.
    told_of = sandbox.app.stripe_types()
    assert told_of.count("setup_intent.succeeded") == 1
    assert told_of.count("checkout.session.completed") == 1


def test_a_bank_that_asks_is_answered_by_the_person(sandbox, browser):
    session = sandbox.checkout()
    asked = browser.post(session.url, data={"card": "4000002500003155"})
    assert "Is this you?" in plain(asked.text)
    refused = browser.post(session.url, data={"card": "4000002500003155", "bank": "refused"})
    assert "did not confirm" in plain(refused.text)
    done = browser.post(session.url, data={"card": "4000002500003155", "bank": "approved"})
    assert done.status_code == 303


def test_a_page_that_takes_bank_accounts_offers_them(sandbox, browser):
    session = sandbox.checkout(allowed_payment_method_types=["us_bank_account"])
    page = plain(browser.get(session.url).text)
    assert "Bank account: insufficient funds" in page
    assert "Works (Mastercard)" not in page
    done = browser.post(session.url, data={"card": "000123456789"})
    assert done.status_code == 303
    assert sandbox.log()["charges"]["pending"]["count"] == 1
    cards_only = browser.get(sandbox.checkout().url)
    assert "Bank account" not in plain(cards_only.text)


def test_an_expired_session_takes_no_money(sandbox):
    session = sandbox.checkout()
    assert sandbox.stripe.v1.checkout.sessions.expire(session.id).status == "expired"
    assert sandbox.pay(session.id)["status"] == "refused"
    with pytest.raises(InvalidRequestError):
        sandbox.stripe.v1.checkout.sessions.expire(session.id)
    sandbox.settle()
    assert sandbox.app.stripe_types() == ["checkout.session.expired"]
    assert sandbox.log()["checkout"]["by_status"] == {"expired": 1}


@pytest.mark.parametrize(
    "mistake",
    [
        {"mode": "subscription"},
        {"line_items": []},
        {"success_url": "nowhere"},
        {"customer": "cus_nobody"},
        {"expires_at": 1},
        {"sucess_url": "https://example.com"},
    ],
)
def test_a_mistake_opens_no_session(sandbox, mistake):
    with pytest.raises(InvalidRequestError):
        sandbox.checkout(**mistake)
    assert sandbox.log()["checkout"]["by_status"] == {}


def test_an_amount_of_nothing_opens_no_session(sandbox):
    with pytest.raises(InvalidRequestError):
        sandbox.checkout(amount=0)


def test_a_card_nobody_knows_is_refused(sandbox, browser):
    session = sandbox.checkout()
    assert "not one of the test cards" in plain(browser.post(session.url, data={"card": "1"}).text)
    answer = sandbox.control.post(f"/checkout/{session.id}/pay", json={"card": "1"})
    assert answer.status_code == 422
    assert browser.get(sandbox.base + "/stripe/pay/cs_test_nothing").status_code == 404
