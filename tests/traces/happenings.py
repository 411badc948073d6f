"""What happens at the sandbox to the money of one account, as the events that tell of it."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from domain.money import Money
from providers.charges import CardSetup
from providers.refunds import Refund
from providers.settings import StripeSettings
from providers.stripe import Stripe
from tests.providers.test_against_sandbox import serving

ACCOUNT, PLAN, LINK = "acc_of_the_trace", "plan_of_the_trace", "link_of_the_trace"
NOBODY = "http://127.0.0.1:9"
CARD, DECLINED = "4242424242424242", "4000000000009995"
IDS = re.compile(r"\b(?:pi|ch|py|re|pyr|du|cs_test|evt|pm|txn|seti|cus|mandate)_[0-9a-zA-Z]+\b")
"""What has to be another in every replay."""


@dataclass(frozen=True)
class Trace:
    """Eight events, as Stripe tells them, and what Stripe answers when it is asked about them."""

    name: str
    events: tuple[dict[str, Any], ...]
    refunds: tuple[Refund, ...] = ()
    setup: CardSetup | None = None
    charge: str | None = None
    """The payment intent of a charge of ours, of USD 50.00 for the first instalment.

    Without `setup` the plan was accepted before, and that instalment is due.
    """

    def as_of(self, number: int, account_id: str) -> "Trace":
        """The same about another account: no two replays share an id."""

        def renamed(text: str) -> str:
            named = IDS.sub(lambda found: f"{found[0]}n{number}", text)
            for placeholder in (PLAN, LINK):
                named = named.replace(placeholder, f"{placeholder}_{number}")
            return named.replace(ACCOUNT, account_id)

        return Trace(
            name=self.name,
            events=tuple(json.loads(renamed(json.dumps(event))) for event in self.events),
            refunds=tuple(
                Refund.model_validate_json(renamed(each.model_dump_json())) for each in self.refunds
            ),
            setup=self.setup
            and CardSetup.model_validate_json(renamed(self.setup.model_dump_json())),
            charge=self.charge and renamed(self.charge),
        )


class Shop:
    """A sandbox in which things happen."""

    def __init__(self, base: str, credentials: dict[str, Any]) -> None:
        self.stripe = Stripe(StripeSettings(base_url=base + "/stripe", **credentials))
        self._http = httpx.Client(base_url=base, trust_env=False, timeout=20)
        self._key = credentials["api_key"]

    def close(self) -> None:
        self._http.close()

    def control(self, path: str, **body: Any) -> Any:
        answer = self._http.post(f"/control{path}", json=body)
        answer.raise_for_status()
        return answer.json()

    def api(self, method: str, path: str, **form: Any) -> Any:
        headers = {"Authorization": f"Bearer {self._key}"}
        answer = self._http.request(method, f"/stripe/v1{path}", data=form, headers=headers)
        answer.raise_for_status()
        return answer.json()

    def paid_page(self, minor: int, *cards: str, extra: str | None = None) -> str:
        """A page on which these cards are tried; the payment's id."""
        page = self.stripe.open_checkout(
            amount=Money(minor=minor, currency="USD"),
            account_id=ACCOUNT,
            link_code=LINK,
            title="What is owed",
            success_url=NOBODY,
            cancel_url=NOBODY,
            key=f"page {minor} {cards}",
            extra=extra,
        )
        for card in cards:
            told = self.control(f"/checkout/{page.session_id}/pay", card=card)
        return str(told["payment_intent"])

    def stored_card(self, key: str = "card") -> CardSetup:
        page = self.stripe.open_card_checkout(
            account_id=ACCOUNT,
            link_code=LINK,
            plan_id=PLAN,
            success_url=NOBODY,
            cancel_url=NOBODY,
            key=key,
        )
        self.control(f"/checkout/{page.session_id}/pay", card=CARD)
        return self.stripe.retrieve_setup(page.session_id)

    def debit(self, customer: str, key: str = "debit") -> str:
        """A debit of the customer's bank account, which takes days; the payment's id."""
        method = self.api(
            "POST", "/payment_methods/pm_usBankAccount_success/attach", customer=customer
        )
        made = self.stripe.create_intent(
            amount=Money(minor=5_000, currency="USD"),
            customer=customer,
            payment_method=method["id"],
            key=key,
            metadata={"account_id": ACCOUNT, "charge": "c1"},
        )
        self.stripe.confirm_intent(made, f"confirm {key}")
        return made

    def told(self, *wanted: tuple[str, str]) -> tuple[dict[str, Any], ...]:
        """Events by type and by a payment, page or refund that they tell of, oldest first."""
        found = self._events()
        picked = [
            next(
                each
                for each in found
                if each["type"] == kind and about in json.dumps(each["data"]["object"])
            )
            for kind, about in wanted
        ]
        return tuple(picked)

    def _events(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        more: dict[str, Any] = {"has_more": True}
        while more["has_more"]:
            after = f"&starting_after={found[-1]['id']}" if found else ""
            more = self.api("GET", f"/events?limit=100{after}")
            found += more["data"]
        return found[::-1]


@contextmanager
def shop(folder: Path) -> Iterator[Shop]:
    """A sandbox of its own."""
    with serving(folder, NOBODY) as base:
        told = json.loads((folder / "credentials.json").read_text())["stripe"]
        opened = Shop(base, told)
        yield opened
        opened.close()


def usd(minor: int) -> Money:
    return Money(minor=minor, currency="USD")


def traces(folder: Path) -> list[Trace]:
    """Every trace, played anew at a sandbox."""
    with shop(folder) as at:
        return [_plan_and_late_return(at), _refunds(at), _dispute_won(at), _extra(at)]


def _plan_and_late_return(at: Shop) -> Trace:
    """A plan is accepted, a debit clears, the rest is paid, a part refunded, the debit returned."""
    setup = at.stored_card()
    assert setup.card is not None
    debit = at.debit(setup.card.customer)
    at.control(f"/payments/{debit}/settle")
    paid = at.paid_page(15_000, CARD)
    refund = at.stripe.refund(intent_id=paid, amount=usd(1_000), key="r")
    at.control(f"/payments/{debit}/return")
    return Trace(
        name="a plan, and a debit that is returned late",
        setup=setup,
        charge=debit,
        refunds=(refund,),
        events=at.told(
            ("checkout.session.completed", setup.session_id),
            ("payment_intent.processing", debit),
            ("payment_intent.succeeded", debit),
            ("payment_intent.succeeded", paid),
            ("checkout.session.completed", paid),
            ("refund.created", refund.refund_id),
            ("charge.dispute.created", debit),
            ("charge.dispute.closed", debit),
        ),
    )


def _refunds(at: Shop) -> Trace:
    """Paid in full; two partial refunds, the second of which fails; then a third."""
    paid = at.paid_page(20_000, CARD)
    first = at.stripe.refund(intent_id=paid, amount=usd(2_500), key="r1")
    second = at.stripe.refund(intent_id=paid, amount=usd(4_000), key="r2")
    at.control(f"/refunds/{second.refund_id}/fail")
    third = at.stripe.refund(intent_id=paid, amount=usd(1_500), key="r3")
    return Trace(
        name="partial refunds, one of which fails",
        refunds=(first, second.model_copy(update={"status": "failed"}), third),
        events=at.told(
            ("payment_intent.succeeded", paid),
            ("checkout.session.completed", paid),
            ("refund.created", first.refund_id),
            ("charge.refunded", paid),
            ("refund.created", second.refund_id),
            ("refund.updated", second.refund_id),
            ("refund.failed", second.refund_id),
            ("refund.created", third.refund_id),
        ),
    )


def _dispute_won(at: Shop) -> Trace:
    """A first card fails, a second pays; the payment is disputed, and won in part."""
    paid = at.paid_page(20_001, DECLINED, CARD)
    dispute = at.control(f"/charges/{paid}/dispute")["id"]
    at.control(f"/disputes/{dispute}/withdraw", amount=15_000)
    return Trace(
        name="failed before it succeeded; disputed, and won in part",
        events=at.told(
            ("payment_intent.payment_failed", paid),
            ("payment_intent.succeeded", paid),
            ("checkout.session.completed", paid),
            ("charge.dispute.created", dispute),
            ("charge.dispute.funds_withdrawn", dispute),
            ("charge.dispute.updated", dispute),
            ("charge.dispute.funds_reinstated", dispute),
            ("charge.dispute.closed", dispute),
        ),
    )


def _extra(at: Shop) -> Trace:
    """An extra payment on a plan of which an instalment is just being debited; a part goes back."""
    setup = at.stored_card("another card")
    assert setup.card is not None
    debit = at.debit(setup.card.customer, "beside")
    paid = at.paid_page(6_000, CARD, extra="keep")
    at.control(f"/payments/{debit}/settle")
    refund = at.stripe.refund(intent_id=paid, amount=usd(1_000), key="of an extra")
    return Trace(
        name="an extra payment beside a debit of ours",
        charge=debit,
        refunds=(refund,),
        events=at.told(
            ("charge.pending", debit),
            ("payment_intent.processing", debit),
            ("charge.succeeded", debit),
            ("payment_intent.succeeded", debit),
            ("payment_intent.succeeded", paid),
            ("checkout.session.completed", paid),
            ("refund.created", refund.refund_id),
            ("charge.refunded", paid),
        ),
    )
