"""Plans by the API: within the contract, once per request, and told to the workflow."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from temporalio.service import RPCError, RPCStatusCode

from api.plan_schemas import NewPlan
from domain.contracts import Authority, Contract, PlanTerms, SettlementTerms
from domain.events import PlanAccepted, PlanChanged, PlanEnded, ProfileChanged
from domain.ledger import Cause, added
from domain.people import MilestoneKind
from domain.plans import monthly, schedule
from domain.rhythms import Weekly
from storage import accounts, contracts, ledger, people, plans, settlements
from storage.tables import Account, Plan, SettlementRow
from tests.api.record import NOW, placement, record, usd

TODAY = date(2026, 11, 21)
TERMS = PlanTerms(least_instalments=(usd(30_00),), longest_days=200, most_skips=1)
CARD = {"stored_card": {"customer": "cus_1", "payment_method": "pm_1"}}
FOUR = {"first": "2026-12-01", "parts": 4}


@pytest.fixture
def placed(api, database, door):
    """An account of 200.00, under a contract with instalments of 30.00 at least."""
    return owing(database)


def owing(database, terms=TERMS, **given):
    floor = SettlementTerms(floor=Decimal(50), least={Authority.AGENT: Decimal(50)})
    with database.transaction() as session:
        contracts.agree(session, "acme", Contract(plans=terms, settlement=floor))
    one = placement(**given)
    record(database, one)
    return one


def path(placed, below=""):
    return f"/v1/accounts/{placed.account_id}/plan{below}"


def agreed(api, placed, **wish):
    answer = api.post(path(placed), json=FOUR | wish)
    assert answer.status_code == 201, answer.text
    return answer.json()


def changed(api, placed, kind, **change):
    return api.post(path(placed, "/changes"), json={"kind": kind} | change)


def pay(database, placed, minor):
    with database.transaction() as session:
        ledger.pay(session, placed.account_id, f"pay:{minor}", usd(minor), at=NOW)


def overdue(database, placed, days=40):
    """A plan of which something was missed, accepted so many days before its first date."""
    plan = monthly("old", usd(200_00), parts=4, first=TODAY - timedelta(days=days))
    with database.transaction() as session:
        plans.accept(session, placed.account_id, plan, at=NOW - timedelta(days=days + 7))
    return plan


def money(minor, currency="USD"):
    return {"minor": minor, "currency": currency}


def faults(answer):
    assert answer.status_code == 422, answer.text
    return [(each["pointer"], each["detail"], each["expected"]) for each in answer.json()["errors"]]


def refused(answer, slug):
    assert answer.status_code == 409, answer.text
    assert answer.json()["type"] == f"urn:tahsil:problem:{slug}"


def dates(view):
    return [each["due"][5:] for each in view["instalments"]]


def amounts(view):
    return [each["amount"]["minor"] for each in view["instalments"]]


class TestQuotes:
    def test_a_quote_shows_the_plan_and_writes_nothing(self, api, placed, database, door):
        answer = api.post(path(placed, "/quotes"), json=FOUR)
        told = answer.json()
        assert answer.status_code == 200, answer.text
        assert told["agreeable"]
        assert (dates(told), amounts(told)) == (
            ["12-01", "01-01", "02-01", "03-01"],
            [50_00] * 4,
        )
        assert told["rhythm"] == {"kind": "monthly", "day": 1}
        assert api.get(path(placed)).status_code == 404
        assert door.heard() == []

    def test_every_fault_is_listed_with_its_figures(self, api, placed):
        told = api.post(
            path(placed, "/quotes"),
            json={"first": "2027-03-01", "amount": money(25_00), "rhythm": {"kind": "monthly"}},
        ).json()
        assert not told["agreeable"]
        assert [(each["pointer"], each["detail"]) for each in told["faults"]] == [
            ("/first", "the first instalment falls on 2027-03-01"),
            ("/amount", "the last instalment falls on 2027-10-01"),
            ("/amount", "instalment 25.00 is under the creditor's minimum 30.00"),
        ]

    def test_an_instalment_under_the_minimum(self, api, placed):
        wish = {"first": "2026-12-01", "amount": money(25_00)}
        told = api.post(path(placed, "/quotes"), json=wish).json()
        detail = "instalment 25.00 is under the creditor's minimum 30.00"
        found = {"pointer": "/amount", "detail": detail, "expected": "at least USD 30.00"}
        assert (
            found
            in api.post(path(placed, "/quotes"), json=wish | {"rhythm": {"kind": "weekly"}}).json()[
                "faults"
            ]
        )
        assert told["faults"]

    def test_where_the_weekend_is_friday_and_saturday_paydays_move_before_it(self, api, database):
        riyadh = owing(
            database,
            PlanTerms(),
            consumer={"country": "SA", "phone": "+966512345678"},
            balance=money(100_00, "SAR"),
        )
        # 27 November 2026 is a Friday: who is paid on that day is paid on the Thursday before
        wish = {
            "rhythm": {"kind": "payday", "paid": {"kind": "monthly", "day": 27}, "days_after": 0},
            "first": "2026-11-22",
            "parts": 1,
        }
        told = api.post(path(riyadh, "/quotes"), json=wish).json()
        assert dates(told) == ["11-26"]


class TestAgreeing:
    def test_a_plan_is_written_and_told_to_the_workflow(self, api, placed, database, door):
        told = agreed(api, placed)
        assert (told["state"], told["autopay"], told["revision"]) == ("kept", False, 1)
        assert told["payoff"] == money(200_00)
        assert told["next"]["due"] == "2026-12-01"
        (event,) = door.heard()
        assert isinstance(event, PlanAccepted)
        with database.transaction() as session:
            assert plans.current(session, placed.account_id) == event.plan
        assert api.get(path(placed)).json() == told

    def test_what_is_paid_shows_and_the_next_instalment_is_the_first_open_one(
        self, api, placed, database
    ):
        agreed(api, placed)
        pay(database, placed, 70_00)
        told = api.get(path(placed)).json()
        shown = [
            (each["paid"]["minor"], each["open"]["minor"], each["state"])
            for each in told["instalments"]
        ]
        assert shown == [
            (50_00, 0, "paid"),
            (20_00, 30_00, "open"),
            (0, 50_00, "open"),
            (0, 50_00, "open"),
        ]
        assert (told["next"]["number"], told["payoff"]) == (2, money(130_00))

    def test_instalments_of_ones_own(self, api, placed):
        own = [
            {"due": "2026-11-30", "amount": money(60_00)},
            {"due": "2026-12-24", "amount": money(140_00)},
        ]
        answer = api.post(path(placed), json={"instalments": own})
        assert answer.status_code == 201, answer.text
        assert (dates(answer.json()), answer.json()["rhythm"]) == (["11-30", "12-24"], None)

    WRONG = (
        (
            {"instalments": [{"due": "2026-12-01", "amount": money(20_00)}] * 2},
            [
                ("/instalments", "the instalments sum to USD 40.00"),
                (
                    "/instalments/0/amount/minor",
                    "instalment 20.00 is under the creditor's minimum 30.00",
                ),
            ],
        ),
        (
            {"instalments": [{"due": "2026-11-01", "amount": money(200_00)}]},
            [("/instalments/0/due", "the first instalment falls on 2026-11-01")],
        ),
        (
            {"instalments": [{"due": "2026-12-01", "amount": money(200_00, "EUR")}]},
            [("/instalments/0/amount/currency", "is not the account's currency")],
        ),
        (
            {"first": "2026-12-01", "amount": money(1, "EUR")},
            [("/amount/currency", "is not the account's currency")],
        ),
        (FOUR | {"first": "9999-12-31"}, [("/first", "is too far away")]),
        (FOUR | {"amount": money(1)}, [("", "instalments are said in one way")]),
        ({"parts": 2}, [("", "first is missing")]),
        (
            FOUR | {"rhythm": {"kind": "payday", "paid": {"kind": "monthly", "day": 32}}},
            [("/rhythm/paid/day", "is too large")],
        ),
        (FOUR | {"settlement_id": "s_none"}, [("/settlement_id", "is not open")]),
        (FOUR | {"parts": 7}, [("/parts", "instalment 28.57 is under the creditor's")]),
    )

    def test_what_cannot_be_agreed_is_told_with_its_place(self, api, placed, door):
        for wish, wrong in self.WRONG:
            found = faults(api.post(path(placed), json=wish))
            assert [pointer for pointer, _, _ in found] == [pointer for pointer, _ in wrong]
            for (_, detail, expected), (_, start) in zip(found, wrong, strict=True):
                assert detail.startswith(start)
                assert expected
        assert door.heard() == []

    def test_an_amount_so_small_that_it_never_ends(self, api, placed):
        wish = {"first": "2026-12-01", "amount": money(1)}
        [(pointer, detail, _)] = faults(api.post(path(placed), json=wish))
        assert pointer == "/amount/minor"
        assert "takes more than 600 of them" in detail

    @pytest.mark.parametrize(
        "wish",
        [
            {"instalments": [], "first": "2026-12-01"},
            {
                "first": "2026-12-01",
                "instalments": [{"due": "2026-12-01", "amount": money(200_00)}],
            },
            {
                "instalments": [
                    {"due": "2026-12-02", "amount": money(100_00)},
                    {"due": "2026-12-01", "amount": money(100_00)},
                ]
            },
        ],
    )
    def test_what_makes_no_sense_is_refused(self, wish):
        with pytest.raises(ValueError, match="instalments"):
            NewPlan.model_validate(wish)

    @pytest.mark.parametrize("autopay", [{}, {"autopay": False}])
    def test_what_no_card_could_pay_is_refused_however_it_is_paid(self, api, database, autopay):
        penny = owing(database, PlanTerms(), consumer=CARD)
        own = [
            {"due": "2026-12-01", "amount": money(199_60)},
            {"due": "2026-12-24", "amount": money(40)},
        ]
        assert faults(api.post(path(penny), json={"instalments": own} | autopay)) == [
            (
                "/instalments/1/amount/minor",
                "instalment 0.40 is under the least that can be paid by card, 0.50",
                "at least USD 0.50",
            )
        ]

    def test_a_kept_plan_stands_and_a_broken_one_is_replaced(self, api, placed, database):
        overdue(database, placed)
        told = agreed(api, placed)
        assert [each["plan_id"] for each in told["history"]] == ["old", told["id"]]
        refused(api.post(path(placed), json=FOUR), "plan-stands")

    def test_an_instalment_too_small_that_takes_too_long_is_told_as_both(self, api, placed):
        wish = {"first": "2026-12-01", "amount": money(25_00)}
        assert [each[:2] for each in faults(api.post(path(placed), json=wish))] == [
            ("/amount", "the last instalment falls on 2027-07-01"),
            ("/amount", "instalment 25.00 is under the creditor's minimum 30.00"),
        ]

    def test_a_plan_needs_something_that_is_owed_and_an_open_account(self, api, placed, database):
        pay(database, placed, 200_00)
        refused(api.post(path(placed), json=FOUR), "nothing-owed")
        gone = owing(database)
        with database.transaction() as session:
            accounts.recall(session, gone.account_id)
        refused(api.post(path(gone), json=FOUR), "account-closed")

    def test_the_same_request_agrees_one_plan_though_telling_failed(
        self, api, placed, database, door
    ):
        headers = {"idempotency-key": "k1"}
        door.failure = RPCError("away", RPCStatusCode.UNAVAILABLE, b"")
        assert api.post(path(placed), json=FOUR, headers=headers).status_code == 503
        door.failure = None
        again = [api.post(path(placed), json=FOUR, headers=headers) for _ in range(2)]
        assert [each.status_code for each in again] == [201, 201]
        assert again[0].json() == again[1].json()
        assert len(door.heard()) == 1
        with database.transaction() as session:
            assert len(plans.history(session, placed.account_id)) == 1


class TestAutopay:
    def test_a_stored_card_is_charged_unless_the_consumer_pays_by_themselves(self, api, database):
        assert agreed(api, owing(database, consumer=CARD))["autopay"]
        assert not agreed(api, owing(database, consumer=CARD), autopay=False)["autopay"]

    def test_without_a_card_nothing_can_be_charged(self, api, placed):
        refused(api.post(path(placed), json=FOUR | {"autopay": True}), "no-means-of-payment")

    def test_a_written_authorisation_is_noted_and_told(self, api, database, door):
        placed = owing(database, consumer=CARD)
        agreed(api, placed, authorised_in_writing=True)
        profile, accepted = door.heard()
        assert isinstance(profile, ProfileChanged)
        assert isinstance(accepted, PlanAccepted)
        with database.transaction() as session:
            milestones = people.profile(session, placed.person_id).milestones
        kind = MilestoneKind.AUTHORISATION
        [noted] = [each for each in milestones if each.kind is kind and each.direct]
        assert noted.account_id == placed.account_id

    def test_an_authorisation_is_about_charges(self, api, placed):
        wish = FOUR | {"authorised_in_writing": True}
        [(pointer, detail, _)] = faults(api.post(path(placed), json=wish))
        assert (pointer, detail) == (
            "/authorised_in_writing",
            "is about charges, and nothing is charged",
        )


class TestSettlements:
    @pytest.fixture
    def offer(self, placed, database):
        with database.transaction() as session:
            return settlements.offer(
                session,
                session.get_one(Account, placed.account_id),
                usd(120_00),
                settlement_id="s_1",
                by=Authority.AGENT,
                source="tests",
                at=NOW,
            )

    def test_a_plan_may_pay_a_settlement_in_time(self, api, placed, offer, database):
        wish = {"rhythm": {"kind": "weekly"}, "first": "2026-11-24", "parts": 2}
        told = agreed(api, placed, **wish, settlement_id=offer.settlement_id)
        assert amounts(told) == [60_00, 60_00]
        assert (told["total"], told["settlement_id"]) == (money(120_00), "s_1")
        pay(database, placed, 70_00)
        assert api.get(path(placed)).json()["payoff"] == money(50_00)

    def test_one_that_ends_after_the_offer_is_refused(self, api, placed, offer):
        wish = FOUR | {"settlement_id": offer.settlement_id}
        [(pointer, detail, expected)] = faults(api.post(path(placed), json=wish))
        assert pointer == "/parts"
        assert "the offer to settle is over by then" in detail
        assert expected == "2026-12-05 or earlier"

    def test_no_change_takes_it_beyond_the_offer(self, api, placed, offer):
        wish = {"rhythm": {"kind": "weekly"}, "first": "2026-11-24", "parts": 2}
        agreed(api, placed, **wish, settlement_id=offer.settlement_id)
        [(pointer, detail, _)] = faults(changed(api, placed, "skip", number=2))
        assert pointer == "/number"
        assert detail.startswith("the last instalment falls on 2026-12-08, and the offer")
        assert changed(api, placed, "move", number=2, to="2026-12-04").status_code == 200

    def test_it_asks_for_what_is_missing_whatever_was_added_since_the_offer(
        self, api, placed, offer, database
    ):
        with database.transaction() as session:
            more = added("interest:1", Cause.INTEREST, usd(5_00))
            ledger.book(session, placed.account_id, more, at=NOW)
        pay(database, placed, 20_00)
        wish = {"rhythm": {"kind": "weekly"}, "first": "2026-11-24", "parts": 2}
        told = agreed(api, placed, **wish, settlement_id=offer.settlement_id)
        assert (told["total"], told["payoff"]) == (money(100_00), money(100_00))

    def test_no_restart_brings_an_offer_back_that_is_over(self, api, placed, offer, database):
        missed = schedule("old", usd(120_00), Weekly(), TODAY - timedelta(days=30), parts=2)
        paying = {"settlement_id": offer.settlement_id, "opening": 200_00}
        with database.transaction() as session:
            session.get_one(SettlementRow, "s_1").expires = TODAY - timedelta(days=20)
            plan = missed.model_copy(update=paying)
            plans.accept(session, placed.account_id, plan, at=NOW - timedelta(days=40))
        [(pointer, detail, _)] = faults(
            api.post(path(placed, "/restart"), json={"first": "2026-12-01"})
        )
        assert pointer == "/first"
        assert detail.startswith("the last instalment falls on 2026-12-10, and the offer")


class TestChanges:
    KINDS = (
        (
            "move",
            {"number": 1, "to": "2026-12-15"},
            ["12-15", "01-01", "02-01", "03-01"],
            [50_00] * 4,
        ),
        (
            "resize",
            {"number": 1, "amount": money(80_00)},
            ["12-01", "01-01", "02-01", "03-01"],
            [80_00, 40_00, 40_00, 40_00],
        ),
        ("skip", {"number": 2}, ["12-01", "02-01", "03-01", "04-01"], [50_00] * 4),
        (
            "pause",
            {"until": "2026-12-20"},
            ["01-01", "02-01", "03-01", "04-01"],
            [50_00] * 4,
        ),
        ("respread", {"parts": 2}, ["12-01", "01-01"], [100_00, 100_00]),
        ("respread", {"amount": money(90_00)}, ["12-01", "01-01", "02-01"], [90_00, 90_00, 20_00]),
    )

    def test_a_change_is_the_next_revision_and_is_told(self, api, database, door):
        for kind, change, due, minor in self.KINDS:
            placed = owing(database)
            agreed(api, placed)
            answer = changed(api, placed, kind, **change)
            assert answer.status_code == 200, answer.text
            told = answer.json()
            assert dates(told) == due
            assert [each["open"]["minor"] for each in told["instalments"]] == minor
            assert [each["why"] for each in told["history"]] == ["accepted", kind]
            event = door.heard()[-1]
            assert isinstance(event, PlanChanged)
            assert event.plan.revision == told["revision"] == 2

    REFUSED: tuple[tuple[str, dict[str, Any], str, str], ...] = (
        ("move", {"number": 1, "to": "2026-11-20"}, "/to", "2026-11-20 is too early"),
        (
            "move",
            {"number": 1, "to": "2027-02-01"},
            "/to",
            "instalment 1 is moved back by 62 days",
        ),
        ("move", {"number": 9, "to": "2026-12-02"}, "/number", "instalment 9 is not open"),
        (
            "resize",
            {"number": 1, "amount": money(20_00)},
            "/amount",
            "instalment 20.00 is under the creditor's minimum 30.00",
        ),
        (
            "resize",
            {"number": 4, "amount": money(49_70)},
            "/amount",
            "instalment 0.30 is under the least that can be paid by card, 0.50",
        ),
        ("resize", {"number": 1, "amount": money(0)}, "/amount", "is not valid"),
        ("pause", {"until": "2027-03-01"}, "/until", "the plan is paused for 100 days"),
        ("respread", {"parts": 9}, "/parts", "the last instalment falls on 2027-08-01"),
        (
            "respread",
            {"amount": money(1)},
            "/amount/minor",
            "USD 200.00 in instalments of USD 0.01",
        ),
        ("pause", {}, "/until", "is missing"),
        ("stop", {}, "", "is not valid"),
    )

    def test_a_change_that_cannot_be_is_refused_with_its_place(self, api, placed):
        before = agreed(api, placed)
        for kind, change, pointer, detail in self.REFUSED:
            found = faults(changed(api, placed, kind, **change))
            assert found[0][0] == pointer
            assert found[0][1].startswith(detail)
        assert api.get(path(placed)).json() == before

    def test_both_faults_of_one_field_are_told(self, api, placed):
        agreed(api, placed)
        found = faults(changed(api, placed, "respread", amount=money(25_00)))
        assert [each[:2] for each in found] == [
            ("/amount", "the last instalment falls on 2027-07-01"),
            ("/amount", "instalment 25.00 is under the creditor's minimum 30.00"),
        ]

    def test_one_skip_too_many(self, api, placed):
        agreed(api, placed)
        assert changed(api, placed, "skip", number=1).status_code == 200
        [(pointer, detail, _)] = faults(changed(api, placed, "skip", number=1))
        assert (pointer, detail) == (
            "/number",
            "1 instalments of this plan were skipped already",
        )

    def test_the_same_request_changes_once_though_telling_failed(self, api, placed, database, door):
        agreed(api, placed)
        ask = {"json": {"kind": "skip", "number": 1}, "headers": {"idempotency-key": "k2"}}
        door.failure = RPCError("away", RPCStatusCode.UNAVAILABLE, b"")
        assert api.post(path(placed, "/changes"), **ask).status_code == 503
        door.failure = None
        told = api.post(path(placed, "/changes"), **ask).json()
        assert (told["revision"], told["skipped"]) == (2, 1)
        assert api.post(path(placed, "/changes"), **ask).json() == told
        with database.transaction() as session:
            assert session.query(Plan).count() == 2

    def test_a_plan_that_is_paid_or_broken_or_not_there_is_not_changed(self, api, placed, database):
        assert changed(api, placed, "skip", number=1).status_code == 404
        overdue(database, placed)
        refused(changed(api, placed, "skip", number=3), "plan-broken")
        pay(database, placed, 200_00)
        refused(changed(api, placed, "skip", number=3), "nothing-owed")


class TestRestarting:
    def test_a_broken_plan_goes_on_from_a_new_date(self, api, placed, database, door):
        overdue(database, placed)
        assert api.get(path(placed)).json()["state"] == "broken"
        assert api.get(path(placed)).json()["catch_up"] == money(100_00)
        ask = {"first": "2026-12-07", "rhythm": {"kind": "weekly"}}
        told = api.post(path(placed, "/restart"), json=ask).json()
        assert dates(told) == ["12-07", "12-14", "12-21", "12-28"]
        assert (told["state"], told["history"][-1]["why"]) == ("kept", "restarted")
        assert isinstance(door.heard()[-1], PlanChanged)

    def test_a_kept_plan_is_not_restarted(self, api, placed):
        agreed(api, placed)
        answer = api.post(path(placed, "/restart"), json={"first": "2026-12-07"})
        refused(answer, "plan-kept")

    def test_a_restart_is_measured_by_the_contract(self, api, placed, database):
        overdue(database, placed)
        for first, detail in (
            ("2026-11-20", "it cannot begin in the past"),
            ("2027-02-01", "the last instalment falls on 2027-05-12"),
        ):
            [(pointer, found, _)] = faults(
                api.post(path(placed, "/restart"), json={"first": first})
            )
            assert (pointer, found) == ("/first", detail)


class TestGivingUp:
    def test_a_plan_is_ended_and_told_and_all_of_the_rest_is_owed(self, api, placed, door):
        told = agreed(api, placed)
        door.failure = RPCError("away", RPCStatusCode.UNAVAILABLE, b"")
        lost = api("DELETE", path(placed), headers={"idempotency-key": "k3"})
        assert lost.status_code == 503
        door.failure = None
        answer = api("DELETE", path(placed), headers={"idempotency-key": "k3"})
        assert (answer.status_code, answer.json()["plan"]) == (200, None)
        again = api("DELETE", path(placed), headers={"idempotency-key": "k3"})
        assert again.json() == answer.json()
        event = door.heard()[-1]
        assert isinstance(event, PlanEnded)
        assert event.plan_id == told["id"]
        assert api.get(path(placed)).status_code == 404
        assert agreed(api, placed)["history"][1]["why"] == "ended: given up"

    def test_there_has_to_be_one(self, api, placed):
        assert api("DELETE", path(placed)).status_code == 404


def test_nobody_sees_another_creditors_plans(other, placed):
    assert other.get(path(placed)).status_code == 404
    assert other.post(path(placed), json=FOUR).status_code == 404
    assert other.post(path(placed, "/quotes"), json=FOUR).status_code == 404


def test_a_creditor_reads_its_contract(api, other, placed):
    told = api.get("/v1/contract").json()
    assert told["plans"]["least_instalments"] == [money(30_00)]
    assert Contract.model_validate(told).plans == TERMS
    assert other.get("/v1/contract").json()["plans"]["least_instalments"] == []
