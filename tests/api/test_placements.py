import asyncio
import json

import pytest
from sqlalchemy import select

from activities.placing import place_rows
from api.upload import COLUMNS, LONGEST_LINE
from journeys import present_name
from storage import accounts, placements
from storage.tables import PlacementRow
from tests.api.record import account_json
from tests.api.test_accounts import problem
from workflows.door import NotYet

pytestmark = pytest.mark.stack

NDJSON = {"content-type": "application/x-ndjson"}
CSV = {"content-type": "text/csv; charset=utf-8"}
HEAD = ",".join(COLUMNS)
GOOD = "R{0},standard,1000,USD,2026-10-01,C{0},Jo Secret,US,en,,+1212666{0:04d},"


def send(api, content, headers, **more):
    if isinstance(content, str):
        content = content.encode()
    return api.post("/v1/placements", content=content, headers=headers | more)


def accepted(answer):
    assert answer.status_code == 202, answer.text
    body = answer.json()
    assert answer.headers["location"] == f"/v1/placements/{body['id']}"
    return body


def ndjson(*rows):
    return "\n".join(json.dumps(row) if isinstance(row, dict) else row for row in rows)


def rows(api, placement, **query):
    answer = api.get(f"/v1/placements/{placement['id']}/rows", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["rows"]


def place(database, door, placement, **more):
    asyncio.run(place_rows(database, door, placement["id"], present_name=present_name, **more))


class TestFiles:
    def test_an_ndjson_file_is_kept_judged_and_handed_on(self, api, door):
        bad = account_json(consumer={"phone": "+1"})
        body = accepted(send(api, ndjson(account_json(), "", bad, "{", "7"), NDJSON))
        assert door.files == [body["id"]]
        assert body["status"] == "placing"
        assert (body["rows"], body["outcomes"]["waiting"], body["outcomes"]["refused"]) == (4, 1, 3)
        refused = rows(api, body, outcome="refused")
        assert [each["row"] for each in refused] == [3, 4, 5]
        assert refused[0]["errors"][0]["pointer"] == "/consumer/phone"
        assert refused[0]["reference"] == bad["reference"]
        assert "character 1" in refused[1]["errors"][0]["expected"]

    def test_a_csv_file_may_have_its_columns_in_any_order(self, api, database, door):
        columns = list(reversed(COLUMNS))
        values = dict(zip(COLUMNS, GOOD.format(1).split(","), strict=True))
        file = "\ufeff" + ",".join(columns) + "\r\n" + ",".join(values[each] for each in columns)
        body = accepted(send(api, file, CSV))
        assert body["outcomes"]["waiting"] == 1
        place(database, door, body)
        [placed] = door.placed.values()
        assert (placed.reference, placed.consumer.name) == ("R1", "Jo Secret")

    def test_bad_csv_rows_name_the_column_and_spoil_no_other(self, api, logged):
        file = "\n".join(
            [
                HEAD,
                GOOD.format(1),
                "R2,standard,12.50,USD,2026-10-01,C2,Jo Secret,US,en,,+12126660002,",
                "R3,standard,1000,USX,2026-10-01,C3,Jo Secret,US,en,,+12126660003,",
                "R4,standard,1000,USD,2026-10-01,C4,Jo Secret,US,en,,12345,",
                "R5,standard,1000,USD,2036-10-01,C5,Jo Secret,US,en,Nowhere,+12126660005,",
                'R6,standard,1000,USD,2026-10-01,C6,"Jo Secret,US,en,,+12126660006,',
                "R7,standard,1000",
                "Jo Secret,standard,-5,USD,,C8,,US,en,,+12126660008,jo@",
                GOOD.format(9),
            ]
        )
        body = accepted(send(api, file, CSV))
        found = {each["row"]: each for each in rows(api, body)}
        assert [found[line]["outcome"] for line in (2, 10)] == ["waiting", "waiting"]
        pointers = {
            line: [each["pointer"] for each in found[line]["errors"]] for line in range(3, 10)
        }
        assert pointers == {
            3: ["/balance_minor"],
            4: ["/currency"],
            5: ["/phone"],
            6: ["/time_zone"],
            7: [""],
            8: [""],
            9: ["/reference", "/due_on", "/name", "/email"],
        }
        assert found[9]["reference"] is None
        shown = json.dumps(found) + logged()
        for secret in ("Secret", "1212666", "12345", "Nowhere", "jo@", "USX"):
            assert secret not in shown.replace("jo@example.com", "")

    def test_columns_that_are_wrong_are_named(self, api, door):
        file = HEAD.replace("phone", "telephone").replace("name", "e,name", 1) + "\n1,2,3"
        answer = send(api, file, CSV)
        pointers = [each["pointer"] for each in problem(answer, 422, "invalid")["errors"]]
        assert "/telephone" in pointers
        assert "/phone" in pointers
        assert door.files == []

    @pytest.mark.parametrize(
        ("content", "headers"),
        [("", NDJSON), ("\n\n", NDJSON), ("", CSV), (HEAD, CSV), ('"', CSV), (b"\xff", CSV)],
    )
    def test_a_file_without_rows_is_refused(self, api, content, headers):
        problem(send(api, content, headers), 422, "invalid")

    @pytest.mark.parametrize(
        "headers",
        [{}, {"content-type": "application/json"}, NDJSON | {"content-encoding": "gzip"}],
    )
    def test_other_kinds_of_files_are_refused(self, api, headers):
        problem(send(api, "{}", headers), 415, "wrong-media-type")

    def test_an_overlong_line_is_refused_alone(self, api):
        long = ndjson(account_json(consumer={"name": "x" * LONGEST_LINE}))
        longer = "y" * (5 * LONGEST_LINE)
        body = accepted(send(api, ndjson(account_json(), long, longer, account_json()), NDJSON))
        assert [each["outcome"] for each in rows(api, body)] == [
            "waiting",
            "refused",
            "refused",
            "waiting",
        ]

    def test_lines_that_are_not_text_are_refused_alone(self, api):
        content = b"\xff\xfe\n" + json.dumps(account_json()).encode() + b"\n\x00\n" + b"[" * 5000
        body = accepted(send(api, content, NDJSON))
        assert [each["outcome"] for each in rows(api, body)] == [
            "refused",
            "waiting",
            "refused",
            "refused",
        ]

    def test_a_file_arrives_in_any_pieces(self, api):
        raw = (HEAD + "\n" + "\n".join(GOOD.format(n) for n in range(50))).encode()

        async def pieces():
            for start in range(0, len(raw), 7):
                yield raw[start : start + 7]

        body = accepted(api.post("/v1/placements", content=pieces(), headers=CSV))
        assert body["outcomes"]["waiting"] == 50

    def test_repetitions_within_a_file_are_reported_with_the_first_line(self, api):
        first, second = account_json(), account_json()
        many = [account_json() for _ in range(600)]
        body = accepted(send(api, ndjson(first, second, first, *many, second), NDJSON))
        repeated = rows(api, body, outcome="repeated")
        assert [each["row"] for each in repeated] == [3, 604]
        assert "line 2 of this file" in repeated[1]["errors"][0]["detail"]


class TestResuming:
    def test_an_interrupted_upload_goes_on_where_it_stopped(self, api, database):
        accounts_sent = [account_json() for _ in range(1200)]
        raw = ndjson(*accounts_sent).encode()

        async def interrupted():
            yield raw[: len(raw) // 2]
            raise ConnectionError

        named = NDJSON | {"Placement-Id": "nov"}
        answer = api.post("/v1/placements", content=interrupted(), headers=named)
        assert not answer.is_success
        with database.transaction() as session:
            kept = len(session.scalars(select(PlacementRow)).all())
        assert 0 < kept < 1200
        for _ in range(2):
            body = accepted(send(api, raw, NDJSON, **{"Placement-Id": "nov"}))
            assert body["outcomes"]["waiting"] == 1200

    def test_an_id_of_another_creditor_is_not_found(self, api, other):
        body = accepted(send(api, ndjson(account_json()), NDJSON))
        for path in ("", "/rows"):
            problem(other.get(f"/v1/placements/{body['id']}{path}"), 404, "not-found")
        answer = send(other, ndjson(account_json()), NDJSON, **{"Placement-Id": body["id"]})
        problem(answer, 404, "not-found")

    def test_names_of_creditors_do_not_meet(self, api, other):
        ids = {
            accepted(send(caller, ndjson(account_json()), NDJSON, **{"Placement-Id": "nov"}))["id"]
            for caller in (api, other)
        }
        assert len(ids) == 2

    def test_while_temporal_is_away_the_file_is_kept(self, api, door, database):
        door.failure = NotYet("Temporal did not answer in time")
        file, name = ndjson(account_json()), {"Placement-Id": "nov"}
        problem(send(api, file, NDJSON, **name), 503, "not-now")
        door.failure = None
        assert accepted(send(api, file, NDJSON, **name))["outcomes"]["waiting"] == 1


class TestPlacing:
    def test_rows_come_to_their_outcomes_and_lose_the_consumers_data(self, api, database, door):
        known = account_json()
        api.post("/v1/accounts", json=known)
        changed = account_json()
        api.post("/v1/accounts", json=changed)
        changed = changed | {"due_on": "2026-09-09"}
        body = accepted(send(api, ndjson(account_json(), known, changed), NDJSON))
        place(database, door, body)
        outcomes = {each["row"]: each for each in rows(api, body)}
        assert [outcomes[n]["outcome"] for n in (1, 2, 3)] == [
            "placed",
            "already placed",
            "conflict",
        ]
        assert "due_on" in outcomes[3]["errors"][0]["detail"]
        assert outcomes[1]["account_id"]
        assert outcomes[3]["account_id"] is None
        view = api.get(f"/v1/placements/{body['id']}").json()
        assert view["status"] == "finished"
        assert view["finished_at"]
        with database.transaction() as session:
            assert {row.placement for row in session.scalars(select(PlacementRow))} == {None}

    def test_never_more_than_so_many_at_once(self, api, database, door):
        body = accepted(send(api, ndjson(*(account_json() for _ in range(30))), NDJSON))
        under_way, most, begin = 0, 0, door.begin

        async def counted(placement):
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0)
            await begin(placement)
            under_way -= 1

        door.begin = counted
        heard: list[int] = []
        place(database, door, body, in_flight=4, progress=heard.append)
        assert 1 < most <= 4
        assert heard == list(range(1, 31))
        assert len(door.placed) == 30

    def test_a_crash_in_between_places_nothing_twice(self, api, database, door):
        body = accepted(send(api, ndjson(*(account_json() for _ in range(20))), NDJSON))
        begin, begun = door.begin, list[str]()

        async def failing(placement):
            if len(begun) == 7:
                raise ConnectionError
            begun.append(placement.reference)
            await begin(placement)

        door.begin = failing
        with pytest.raises(ExceptionGroup):
            place(database, door, body)
        door.begin = begin
        place(database, door, body)
        counts = api.get(f"/v1/placements/{body['id']}").json()["outcomes"]
        assert counts["waiting"] == 0
        assert counts["placed"] + counts["already placed"] == 20
        with database.transaction() as session:
            placed = [
                accounts.by_reference(session, "acme", reference)
                for reference in (row.reference for row in session.scalars(select(PlacementRow)))
            ]
        assert all(placed)

    def test_rows_are_read_page_by_page(self, api):
        body = accepted(send(api, ndjson(*(account_json() for _ in range(5))), NDJSON))
        path = f"/v1/placements/{body['id']}/rows"
        page = api.get(path, params={"limit": 3}).json()
        assert ([each["row"] for each in page["rows"]], page["next"]) == ([1, 2, 3], 3)
        page = api.get(path, params={"limit": 3, "after": 3}).json()
        assert ([each["row"] for each in page["rows"]], page["next"]) == ([4, 5], None)
        problem(api.get(path, params={"outcome": "lost"}), 422, "invalid")

    def test_a_finished_file_stays_finished(self, database, api, door):
        file, name = ndjson(account_json()), {"Placement-Id": "nov"}
        body = accepted(send(api, file, NDJSON, **name))
        place(database, door, body)
        again = accepted(send(api, file, NDJSON, **name))
        assert again["status"] == "finished"
        with database.transaction() as session:
            assert placements.counts(session, body["id"])["placed"] == 1
