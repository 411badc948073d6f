import json

import pytest
from sqlalchemy import text

from domain.accounts import Closure, Hold
from domain.plans import monthly
from storage import accounts, plans
from storage.people import standing_holds
from tests.api.record import NOW, account_json, usd
from workflows.door import NotYet

pytestmark = pytest.mark.stack

PROBLEM = "application/problem+json"


def placed(api, **changes):
    answer = api.post("/v1/accounts", json=account_json(**changes))
    assert answer.status_code == 201, answer.text
    return answer.json()


def problem(answer, status, slug):
    """The problem's body, once it is known to be that problem."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM), answer.text
    body = answer.json()
    assert body["type"] == f"urn:tahsil:problem:{slug}"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    return body


def holds(database, account_id):
    with database.transaction() as session:
        return standing_holds(session, account_id)


class TestPlacing:
    def test_an_account_is_placed_and_read_back(self, api):
        account = placed(api, reference="INV-1")
        assert account["reference"] == "INV-1"
        assert account["balance"] == {"minor": 20_000, "currency": "USD"}
        assert api.get(f"/v1/accounts/{account['id']}").json()["next"]["why"] == "until they answer"
        listed = api.get("/v1/accounts", params={"reference": "INV-1"}).json()
        assert [each["id"] for each in listed["accounts"]] == [account["id"]]
        assert api.get("/v1/accounts", params={"reference": "X"}).json() == {"accounts": []}

    def test_answers_never_carry_the_consumers_data(self, api, logged):
        account = placed(api)
        for path in ("", "/timeline"):
            assert "Secret" not in api.get(f"/v1/accounts/{account['id']}{path}").text
        assert "secret" not in logged().lower()

    def test_the_same_again_finds_the_first(self, api):
        body = account_json()
        first = api.post("/v1/accounts", json=body)
        again = api.post("/v1/accounts", json=body)
        assert (first.status_code, again.status_code) == (201, 200)
        assert first.json()["id"] == again.json()["id"]

    def test_other_data_is_a_conflict_that_says_what_differs_but_no_personal_data(self, api):
        body = account_json()
        assert api.post("/v1/accounts", json=body).status_code == 201
        consumer = body["consumer"] | {"name": "Somebody Else", "phone": "+12125550199"}
        other = body | {"balance": {"minor": 1, "currency": "USD"}, "consumer": consumer}
        answer = api.post("/v1/accounts", json=other)
        assert problem(answer, 409, "placed-differently")["differences"] == [
            {"field": "balance.minor", "given": 1, "recorded": 20_000},
            {"field": "consumer.name"},
            {"field": "consumer.phone"},
        ]
        assert "Else" not in answer.text
        assert "0199" not in answer.text

    def test_a_workflow_that_knows_other_data_is_a_conflict_too(self, api, door, database):
        body = account_json()
        api.post("/v1/accounts", json=body)
        with database.transaction() as session:
            session.execute(text("TRUNCATE accounts, people CASCADE"))
        answer = api.post("/v1/accounts", json=body | {"due_on": "2026-09-01"})
        problem(answer, 409, "placed-differently")

    def test_creditors_do_not_share_references_and_cannot_see_each_other(self, api, other):
        body = account_json()
        mine = api.post("/v1/accounts", json=body).json()
        theirs = other.post("/v1/accounts", json=body).json()
        assert mine["id"] != theirs["id"]
        for method, path in [
            ("GET", ""),
            ("GET", "/timeline"),
            ("POST", "/pause"),
            ("POST", "/resume"),
            ("POST", "/dispute"),
            ("POST", "/recall"),
        ]:
            problem(other(method, f"/v1/accounts/{mine['id']}{path}"), 404, "not-found")
        payment = {"reference": "P", "amount": {"minor": 1, "currency": "USD"}}
        answer = other.post(f"/v1/accounts/{mine['id']}/payments", json=payment)
        problem(answer, 404, "not-found")

    def test_while_temporal_is_away_placing_is_not_now(self, api, door):
        door.failure = NotYet("Temporal did not answer in time")
        answer = api.post("/v1/accounts", json=account_json())
        problem(answer, 503, "not-now")
        assert answer.headers["retry-after"] == "5"


class TestIdempotencyKeys:
    def test_the_same_key_and_body_get_the_same_answer(self, api):
        body, headers = account_json(), {"Idempotency-Key": "k1"}
        answers = [api.post("/v1/accounts", json=body, headers=headers) for _ in range(2)]
        assert [each.status_code for each in answers] == [201, 201]
        assert answers[0].json() == answers[1].json()

    def test_a_refusal_is_kept_too(self, api):
        body, headers = account_json(journey="unheard-of"), {"Idempotency-Key": "k1"}
        answers = [api.post("/v1/accounts", json=body, headers=headers) for _ in range(2)]
        assert problem(answers[0], 422, "invalid") == problem(answers[1], 422, "invalid")

    def test_the_same_key_with_another_body_is_refused(self, api):
        headers = {"Idempotency-Key": "k1"}
        api.post("/v1/accounts", json=account_json(), headers=headers)
        answer = api.post("/v1/accounts", json=account_json(), headers=headers)
        problem(answer, 422, "idempotency-key-reused")

    def test_keys_of_different_creditors_do_not_meet(self, api, other):
        headers = {"Idempotency-Key": "k1"}
        for caller in (api, other):
            answer = caller.post("/v1/accounts", json=account_json(), headers=headers)
            assert answer.status_code == 201

    def test_trouble_is_not_kept(self, api, door):
        body, headers = account_json(), {"Idempotency-Key": "k1"}
        door.failure = NotYet("away")
        problem(api.post("/v1/accounts", json=body, headers=headers), 503, "not-now")
        door.failure = None
        assert api.post("/v1/accounts", json=body, headers=headers).status_code == 201

    def test_a_key_that_is_none_is_refused(self, api):
        headers = {"Idempotency-Key": "two words"}
        problem(api.post("/v1/accounts", json=account_json(), headers=headers), 422, "invalid")


WRONG = {
    "unknown currency": ({"balance": {"minor": 1, "currency": "USX"}}, "/balance/currency"),
    "negative": ({"balance": {"minor": -1, "currency": "USD"}}, ""),
    "nothing owed": ({"balance": {"minor": 0, "currency": "USD"}}, ""),
    "huge": ({"balance": {"minor": 10**12 + 1, "currency": "USD"}}, "/balance/minor"),
    "fraction": ({"balance": {"minor": 12.5, "currency": "USD"}}, "/balance/minor"),
    "text for a number": ({"balance": {"minor": "12", "currency": "USD"}}, "/balance/minor"),
    "impossible phone": ({"consumer": {"phone": "+1212555"}}, "/consumer/phone"),
    "national phone": ({"consumer": {"phone": "2125550123"}}, "/consumer/phone"),
    "no e-mail": ({"consumer": {"email": "jo at example"}}, "/consumer/email"),
    "unknown time zone": ({"consumer": {"time_zone": "Mars/Olympus"}}, "/consumer/time_zone"),
    "unknown country": ({"consumer": {"country": "XX"}}, "/consumer/country"),
    "unknown locale": ({"consumer": {"locale": "fr"}}, "/consumer/locale"),
    "unreachable": ({"consumer": {"phone": None, "email": None}}, "/consumer"),
    "control characters": ({"consumer": {"name": "Jo\x00Doe"}}, "/consumer/name"),
    "half a character": ({"consumer": {"name": "Jo\ud800"}}, "/consumer/name"),
    "far future": ({"due_on": "2031-01-01"}, "/due_on"),
    "far past": ({"due_on": "1980-01-01"}, "/due_on"),
    "no date": ({"due_on": "31.12.2026"}, "/due_on"),
    "unknown journey": ({"journey": "vengeance"}, "/journey"),
    "bad reference": ({"reference": "a/b c"}, "/reference"),
    "extra field": ({"interest": 12}, "/interest"),
    "odd field": ({"a/b~c\x00": 12}, "/a~1b~0c"),
}


class TestBadInput:
    @pytest.mark.parametrize(("changes", "pointer"), WRONG.values(), ids=WRONG.keys())
    def test_a_wrong_field_is_named_with_what_was_expected(self, api, logged, changes, pointer):
        body = json.dumps(account_json(**changes))
        headers = {"content-type": "application/json"}
        answer = api.post("/v1/accounts", content=body, headers=headers)
        found = problem(answer, 422, "invalid")["errors"]
        assert pointer in [each["pointer"] for each in found]
        assert all(each["detail"] and each["expected"] for each in found)
        for secret in (
            "Secret",
            "secret",
            "+12122",
            "+1212555",
            "2125550123",
            "jo at",
            "Mars",
            "USX",
        ):
            assert secret not in answer.text.replace("+12125550123", "")
            assert secret not in logged()

    def test_a_value_in_the_wrong_field_is_not_repeated(self, api):
        body = account_json(consumer={"time_zone": "Jo Secret", "country": "Jo Secret"})
        body["balance"] = {"minor": 1, "currency": "Jo Secret"}
        answer = api.post("/v1/accounts", json=body)
        problem(answer, 422, "invalid")
        assert "Secret" not in answer.text

    def test_an_unknown_journey_is_answered_with_those_there_are(self, api):
        answer = api.post("/v1/accounts", json=account_json(journey="vengeance"))
        [found] = problem(answer, 422, "invalid")["errors"]
        assert "standard" in found["expected"]
        assert "subscription" in found["expected"]

    @pytest.mark.parametrize("body", ["{", '{"reference": "A1",}', "", "[1", "nonsense"])
    def test_a_body_that_is_not_json_says_where(self, api, body):
        headers = {"content-type": "application/json"}
        answer = api.post("/v1/accounts", content=body, headers=headers)
        if body:
            assert "at character" in problem(answer, 400, "malformed")["detail"]
        else:
            problem(answer, 422, "invalid")

    @pytest.mark.parametrize(
        "body", [b"\xff\xfe{}", b"[" * 100_000, b'{"reference": ' + b"9" * 5000 + b"}"]
    )
    def test_a_hostile_body_is_refused(self, api, body):
        headers = {"content-type": "application/json"}
        answer = api.post("/v1/accounts", content=body, headers=headers)
        assert answer.status_code in {400, 422}
        assert answer.headers["content-type"] == PROBLEM

    def test_a_list_is_no_account(self, api):
        problem(api.post("/v1/accounts", json=[]), 422, "invalid")

    def test_other_media_types_are_refused(self, api):
        headers = {"content-type": "application/xml"}
        answer = api.post("/v1/accounts", content="<a/>", headers=headers)
        problem(answer, 415, "wrong-media-type")

    def test_ten_megabytes_are_refused_whether_announced_or_not(self, api):
        body = b'{"reference": "' + b"a" * 10_000_001 + b'"}'
        headers = {"content-type": "application/json"}
        problem(api.post("/v1/accounts", content=body, headers=headers), 413, "too-large")

        async def unannounced():
            for start in range(0, len(body), 100_000):
                yield body[start : start + 100_000]

        answer = api.post("/v1/accounts", content=unannounced(), headers=headers)
        problem(answer, 413, "too-large")

    @pytest.mark.parametrize("key", [None, "tahsil_wrong", "", "ü"])
    def test_without_a_key_nothing_is_done(self, api, key):
        api.key = None
        headers = {} if key is None else {"authorization": f"Bearer {key}".encode()}
        answer = api.post("/v1/accounts", json=account_json(), headers=headers)
        problem(answer, 401, "no-key")
        assert answer.headers["www-authenticate"] == "Bearer"

    def test_unknown_addresses_and_methods_are_problems_too(self, api):
        problem(api.get("/v1/nothing"), 404, "not-found")
        answer = api("DELETE", "/v1/accounts/acc_1")
        problem(answer, 405, "method-not-allowed")
        assert "GET" in answer.headers["allow"]
        problem(api.get("/v1/accounts/acc_1"), 404, "not-found")
        problem(api.get("/v1/accounts"), 422, "invalid")

    def test_what_nobody_foresaw_is_answered_without_its_words(self, api, door, logged):
        door.failure = ExceptionGroup("Jo Secret", [RuntimeError("Jo Secret, +12125550000")])
        answer = api.post("/v1/accounts", json=account_json())
        error_id = problem(answer, 500, "internal")["error_id"]
        assert "Secret" not in answer.text
        assert "Jo Secret" not in logged()
        assert error_id in logged()
        assert "ExceptionGroup(RuntimeError)" in logged()


class TestInstructions:
    @pytest.mark.parametrize(
        ("verb", "body", "hold"),
        [
            ("pause", {}, Hold.PAUSE),
            ("pause", {"hold": "hardship", "reason": "letter"}, Hold.HARDSHIP),
            ("dispute", {"reason": "letter"}, Hold.DISPUTE),
        ],
    )
    def test_a_hold_is_on_record_and_told(self, api, door, verb, body, hold):
        account = placed(api)
        answer = api.post(f"/v1/accounts/{account['id']}/{verb}", json=body)
        assert answer.status_code == 200, answer.text
        assert answer.json()["holds"] == [hold]
        [(target, told, instruction)] = door.orders
        assert target.endswith(account["reference"])
        assert (told, instruction.hold, instruction.recorded) == (verb, hold, True)
        resumed = api.post(f"/v1/accounts/{account['id']}/resume", json={"hold": hold})
        assert resumed.json()["holds"] == []

    def test_a_pause_for_hardship_is_told_to_that_account_alone_which_declares_it(self, api, door):
        account = placed(api)
        placed(api)
        path = f"/v1/accounts/{account['id']}/pause"
        headers = {"Idempotency-Key": "k1"}
        door.failure = NotYet("away")
        problem(api.post(path, json={"hold": "hardship"}, headers=headers), 503, "not-now")
        door.failure = None
        api.post(path, json={"hold": "hardship"}, headers=headers)
        [(target, verb, instruction)] = door.orders
        assert target.endswith(account["reference"])
        assert (verb, instruction.hold) == ("pause", Hold.HARDSHIP)
        assert door.told == []

    def test_instructions_need_no_body(self, api):
        account = placed(api)
        assert api.post(f"/v1/accounts/{account['id']}/pause").json()["holds"] == ["pause"]

    def test_an_instruction_keeps_its_key_so_that_twice_is_once(self, api, door, database):
        account = placed(api)
        for _ in range(2):
            headers = {"Idempotency-Key": "stop-1"}
            answer = api.post(f"/v1/accounts/{account['id']}/pause", headers=headers)
            assert answer.json()["holds"] == ["pause"]
        [(_, _, told)] = door.orders
        assert told.instruction_id == "api:pause:pause:stop-1"
        assert holds(database, account["id"]) == (Hold.PAUSE,)

    def test_a_late_repetition_is_answered_as_before_and_changes_nothing(self, api, door, database):
        account = placed(api)
        path = f"/v1/accounts/{account['id']}"
        first = api.post(f"{path}/pause", headers={"Idempotency-Key": "k1"})
        api.post(f"{path}/resume", headers={"Idempotency-Key": "k2"})
        late = api.post(f"{path}/pause", headers={"Idempotency-Key": "k1"})
        assert late.json() == first.json()
        assert holds(database, account["id"]) == ()
        assert [verb for _, verb, _ in door.orders] == ["pause", "resume"]

    def test_one_key_is_one_instruction_on_one_account(self, api, door, database):
        account, neighbour = placed(api), placed(api)
        headers = {"Idempotency-Key": "k1"}
        path = f"/v1/accounts/{account['id']}"
        api.post(f"{path}/pause", headers=headers)
        for other, body in (
            (f"{path}/resume", None),
            (f"{path}/pause", {"hold": "hardship"}),
            (f"/v1/accounts/{neighbour['id']}/pause", None),
        ):
            answer = api.post(other, json=body, headers=headers)
            problem(answer, 422, "idempotency-key-reused")
        assert len(door.orders) == 1
        assert holds(database, account["id"]) == (Hold.PAUSE,)

    def test_what_the_workflow_has_not_heard_is_told_again_with_the_same_key(self, api, door):
        account = placed(api)
        path, headers = f"/v1/accounts/{account['id']}/pause", {"Idempotency-Key": "k1"}
        door.failure = NotYet("away")
        problem(api.post(path, headers=headers), 503, "not-now")
        door.failure = None
        assert api.post(path, headers=headers).status_code == 200
        assert [each.instruction_id for _, _, each in door.orders] == ["api:pause:pause:k1"]

    def test_a_hold_stands_even_while_temporal_is_away(self, api, door, database):
        account = placed(api)
        door.failure = NotYet("Temporal did not answer in time")
        answer = api.post(f"/v1/accounts/{account['id']}/pause")
        assert "on record" in problem(answer, 503, "not-now")["detail"]
        assert holds(database, account["id"]) == (Hold.PAUSE,)

    def test_a_recall_is_recorded(self, api, door):
        account = placed(api)
        answer = api.post(f"/v1/accounts/{account['id']}/recall")
        assert answer.json()["recalled_at"] is not None
        assert [verb for _, verb, _ in door.orders] == ["recall"]

    def test_nothing_happens_to_a_closed_account(self, api, database):
        account = placed(api)
        with database.transaction() as session:
            accounts.close(session, account["id"], Closure.PAID_IN_FULL, at=NOW)
        for verb in ("pause", "resume", "dispute", "recall"):
            answer = api.post(f"/v1/accounts/{account['id']}/{verb}")
            assert problem(answer, 409, "account-closed")["closure"] == "paid in full"
        payment = {"reference": "P1", "amount": {"minor": 1, "currency": "USD"}}
        answer = api.post(f"/v1/accounts/{account['id']}/payments", json=payment)
        problem(answer, 409, "account-closed")
        assert api.get(f"/v1/accounts/{account['id']}").json()["next"] is None

    @pytest.mark.parametrize(
        ("verb", "closure", "status"),
        [
            ("recall", Closure.RECALLED, 200),
            ("recall", Closure.PAID_IN_FULL, 409),
            ("pause", Closure.PAID_IN_FULL, 409),
        ],
    )
    def test_a_workflow_that_ended_by_what_the_record_says_is_no_failure(
        self, api, door, verb, closure, status
    ):
        account = placed(api)
        door.ends_on(f"account/acme/{account['reference']}", closure)
        answer = api.post(f"/v1/accounts/{account['id']}/{verb}")
        assert (answer.status_code, answer.json()["closure"]) == (status, closure)

    def test_an_open_account_without_a_workflow_is_for_operations(self, api, door):
        account = placed(api)
        door.closed.add(f"account/acme/{account['reference']}")
        answer = api.post(f"/v1/accounts/{account['id']}/recall")
        assert "no workflow carries" in problem(answer, 503, "not-now")["detail"]

    @pytest.mark.parametrize("body", [{"hold": "detention"}, {"reason": "x" * 201}, {"more": 1}])
    def test_a_wrong_instruction_is_refused(self, api, body):
        account = placed(api)
        answer = api.post(f"/v1/accounts/{account['id']}/pause", json=body)
        problem(answer, 422, "invalid")


class TestDirectPayments:
    def pay(self, api, account, minor, reference="P1", currency="USD"):
        body = {"reference": reference, "amount": {"minor": minor, "currency": currency}}
        return api.post(f"/v1/accounts/{account['id']}/payments", json=body)

    def test_a_payment_books_once_and_is_told(self, api, door):
        account = placed(api)
        for _ in range(2):
            answer = self.pay(api, account, 5_000)
            assert answer.json()["balance"]["minor"] == 15_000
        assert {(event.balance, event.version) for event in door.heard()} == {(15_000, 2)}
        assert len({event.event_id for event in door.heard()}) == 1

    @pytest.mark.parametrize(
        ("closure", "status"),
        [("referred", 200), ("ceased", 200), ("paid in full", 409), ("recalled", 409)],
    )
    def test_after_the_end_a_payment_of_what_is_still_owed_is_booked(
        self, api, door, database, closure, status
    ):
        account = placed(api)
        with database.transaction() as session:
            accounts.close(session, account["id"], Closure(closure), at=NOW)
        for _ in range(2):
            answer = self.pay(api, account, 5_000)
            assert answer.status_code == status
        if status == 200:
            assert answer.json()["balance"]["minor"] == 15_000
        assert door.told == []

    def test_the_same_reference_with_another_amount_is_a_conflict(self, api):
        account = placed(api)
        self.pay(api, account, 5_000)
        problem(self.pay(api, account, 6_000), 409, "paid-differently")

    def test_more_than_is_owed_is_refused(self, api):
        account = placed(api)
        [error] = problem(self.pay(api, account, 20_001), 422, "invalid")["errors"]
        assert error["expected"] == "at most 20000 (USD 200.00)"

    @pytest.mark.parametrize(("minor", "currency"), [(0, "USD"), (-1, "USD"), (1, "EUR")])
    def test_what_is_no_payment_of_this_account_is_refused(self, api, minor, currency):
        account = placed(api)
        problem(self.pay(api, account, minor, currency=currency), 422, "invalid")


class TestTimeline:
    def test_the_story_is_read_page_by_page(self, api):
        account = placed(api)
        for number in range(4):
            path = f"/v1/accounts/{account['id']}/payments"
            amount = {"minor": 100, "currency": "USD"}
            api.post(path, json={"reference": f"P{number}", "amount": amount})
        seen, after = [], "0.0"
        while after is not None:
            page = api.get(
                f"/v1/accounts/{account['id']}/timeline", params={"after": after, "limit": 2}
            ).json()
            seen += [line["what"] for line in page["lines"]]
            after = page["next"]
        assert seen == ["placed", *["direct payment"] * 4]

    def test_a_wrong_cursor_is_refused(self, api):
        account = placed(api)
        answer = api.get(f"/v1/accounts/{account['id']}/timeline", params={"after": "x"})
        problem(answer, 422, "invalid")

    def test_an_accepted_plan_shows(self, api, database):
        account = placed(api)
        plan = monthly("p", usd(20_000), parts=4, first=NOW.date())
        with database.transaction() as session:
            plans.accept(session, account["id"], plan)
        shown = api.get(f"/v1/accounts/{account['id']}").json()["plan"]
        assert [each["minor"] for each in shown["instalments"]] == [5_000] * 4


class TestPages:
    def test_the_index_leads_on(self, public):
        page = public.get("/")
        assert "http://sandbox.test" in page.text
        assert "http://temporal.test" in page.text
        assert public.get("/healthz").text == "ok"

    def test_the_documentation_needs_no_internet(self, public):
        page = public.get("/docs").text
        assert "//cdn" not in page
        schema = public.get("/openapi.json").json()
        assert "/v1/placements" in schema["paths"]
        assert not any(path.startswith(("/webhooks", "/p/")) for path in schema["paths"])
        examples = schema["components"]["schemas"]["NewAccount"]["examples"]
        assert examples[0]["reference"] == "INV-2026-0042"
