"""Whether what the sandbox sends is what the pinned SDK says Stripe sends."""

from types import NoneType, UnionType
from typing import Any, ForwardRef, Literal, Union, get_args, get_origin

import pytest
import stripe
from stripe import StripeObject

from sandbox.stripe_skeletons import ABSENT, SHOWN_WHEN_EXPANDED

RESOURCES = (
    stripe.BalanceTransaction,
    stripe.Charge,
    stripe.Customer,
    stripe.Dispute,
    stripe.Mandate,
    stripe.PaymentIntent,
    stripe.PaymentMethod,
    stripe.Refund,
    stripe.SetupIntent,
    stripe.checkout.Session,
)
BY_NAME: dict[str, Any] = {resource.OBJECT_NAME: resource for resource in RESOURCES}
SCALARS: dict[Any, tuple[type, ...]] = {
    int: (int,),
    float: (int, float),
    str: (str,),
    bool: (bool,),
}


def misfits(value: Any, hint: Any, path: str) -> list[str]:
    """Name every place where a value is not of the SDK's type."""
    choices = get_args(hint)
    match get_origin(hint):
        case origin if origin in {Union, UnionType}:
            return min((misfits(value, choice, path) for choice in choices), key=len)
        case origin if origin is list and isinstance(value, list):
            return [each for item in value for each in misfits(item, choices[0], f"{path}[]")]
        case origin if origin is Literal and value in choices:
            return []
        case None if is_plain(value, hint):
            return []
    resource = resource_of(value, hint)
    if resource is None:
        return [f"{path}: {value!r} is no {getattr(hint, '__name__', hint)}"]
    return fields_of(value, resource, path)


def is_plain(value: Any, hint: Any) -> bool:
    """Whether a value is the scalar, the null or the free-form object that a type asks for."""
    if hint in SCALARS:
        return isinstance(value, SCALARS[hint]) and (hint is bool) == isinstance(value, bool)
    return hint is Any or (hint is NoneType and value is None)


def resource_of(value: Any, hint: Any) -> Any:
    """The resource whose fields an object should have, if it can be one at all."""
    if not isinstance(value, dict):
        return None
    if isinstance(hint, ForwardRef):
        return BY_NAME.get(value.get("object", ""))
    if get_args(hint):
        return Free
    return hint if isinstance(hint, type) and issubclass(hint, StripeObject) else None


class Free(StripeObject):
    """Metadata, whose names are ours."""


def typed(resource: Any) -> dict[str, Any]:
    """The fields of a resource with their types, those of the class itself left out."""
    hints = resource.__annotations__
    return {name: hint for name, hint in hints.items() if name != "OBJECT_NAME"}


def fields_of(value: dict[str, Any], resource: Any, path: str) -> list[str]:
    if resource is Free:
        return []
    hints = typed(resource)
    found = [f"{path}.{name} is not Stripe's" for name in value if name not in hints]
    for name, told in value.items():
        if name in hints:
            found += misfits(told, hints[name], f"{path}.{name}")
    return found


def lacks(value: dict[str, Any], resource: Any) -> set[str]:
    """Name the fields that Stripe always sends and the object has not."""
    hints = typed(resource)
    always = set(hints)
    if resource is stripe.PaymentMethod:
        # Of the many types of payment method, Stripe sends the fields of the method's own.
        optional = {name for name, hint in hints.items() if NoneType in get_args(hint)}
        always -= optional - {"customer", "metadata"}
    return always - set(value) - SHOWN_WHEN_EXPANDED - ABSENT


@pytest.fixture
def kept(sandbox):
    """One or more objects of every kind, in every state that matters."""
    session = sandbox.checkout(
        customer_creation="always",
        allowed_payment_method_types=["card", "us_bank_account"],
        payment_intent_data={"setup_future_usage": "off_session"},
    )
    sandbox.pay(session.id, card="pm_usBankAccount_success")
    setup = sandbox.stripe.v1.checkout.sessions.create(
        params={
            "mode": "setup",
            "customer_creation": "always",
            "success_url": sandbox.app.url,
            "allowed_payment_method_types": ["us_bank_account"],
        }
    )
    sandbox.pay(setup.id, card="pm_usBankAccount_debitNotAuthorized")
    page = sandbox.stripe.v1.checkout.sessions.retrieve(
        setup.id, params={"expand": ["setup_intent.payment_method", "setup_intent.mandate"]}
    )
    sandbox.act(f"/payments/{sandbox.charge(page.setup_intent.payment_method).id}/return")
    for token in ("pm_card_mastercard", "pm_card_createDispute", "pm_card_chargeCustomerFail"):
        method = sandbox.save(token)
        try:
            payment = sandbox.charge(method)
        except stripe.CardError:
            continue
        if token == "pm_card_mastercard":
            sandbox.stripe.v1.refunds.create(params={"payment_intent": payment.id, "amount": 100})
    sandbox.charge(sandbox.save("pm_usBankAccount_success"))
    sandbox.settle()
    return [event.data.object.to_dict() for event in sandbox.told()]


def test_every_object_that_is_told_of_has_stripes_fields_with_stripes_types(sandbox, kept):
    entries = sandbox.stripe.v1.balance_transactions.list(params={"limit": 100}).data
    things = kept + [entry.to_dict() for entry in entries]
    seen = {thing["object"] for thing in things}
    assert seen == set(BY_NAME)
    found = [
        each
        for thing in things
        for each in fields_of(thing, BY_NAME[thing["object"]], thing["object"])
    ]
    assert sorted(set(found)) == []


def test_no_object_lacks_a_field_that_stripe_always_sends(kept):
    missing = {(t["object"], name) for t in kept for name in lacks(t, BY_NAME[t["object"]])}
    assert missing == set()


def test_the_check_itself_sees_a_wrong_field():
    charge = {"object": "charge", "paid": 1, "amount": "5", "colour": "red", "refunded": False}
    assert fields_of(charge, stripe.Charge, "charge") == [
        "charge.colour is not Stripe's",
        "charge.paid: 1 is no bool",
        "charge.amount: '5' is no int",
    ]
    assert "livemode" in lacks(charge, stripe.Charge)
    assert "failure_code" in lacks(charge, stripe.Charge)
