"""`tahsil simulate`: one account's story, and what is wrong with the files it is told by."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

import journeys.standard
from cli.main import app
from cli.stories import KINDS

PAGE = (Path(__file__).parents[2] / "docs" / "simulate.md").read_text("utf-8")
FILES = {
    name: text
    for text, name in re.findall(r"^```yaml\n(# (.+?)\n.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
}
START = "2026-03-10T07:30"
ENDLESS = '''
from engine import Journey, stage

@stage
async def again(account):
    """Begin again."""
    return again

ROUND = Journey("round", 1, (again,))
'''


def run(*words, width=100):
    return CliRunner().invoke(app, ["simulate", *map(str, words)], env={"COLUMNS": str(width)})


@pytest.fixture
def account(tmp_path):
    file = tmp_path / "account.yaml"
    file.write_text(FILES["account.yaml"], "utf-8")
    return file


@pytest.fixture
def events(tmp_path):
    """Writes entries to a file."""

    def write(*entries):
        file = tmp_path / "events.yaml"
        file.write_text(yaml.safe_dump(list(entries)), "utf-8")
        return file

    return write


def story(account, file=None, *, journey="standard", start=START, days=5, **options):
    """What is printed for programs: each line as the time there, and what it says."""
    words = [journey, "--account", account, "--start", start, "--days", days, "--json"]
    words += ["--events", file] if file else []
    for name, value in options.items():
        words += [f"--{name}", value]
    result = run(*words)
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def says(told):
    return [f"{line['day']} {line['says']}" for line in told["lines"]]


def one_line(result):
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    return line.removeprefix("tahsil: ")


def refused(account, file):
    asked = ("--events", file, "--start", START, "--days", 5)
    return one_line(run("standard", "--account", account, *asked))


# the page


def test_the_story_of_the_page_is_the_one_that_is_told(account, tmp_path):
    file = tmp_path / "events.yaml"
    file.write_text(FILES["events.yaml"], "utf-8")
    (shown,) = re.findall(r"^```text\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)

    result = run(
        *("standard", "--account", account, "--events", file, "--start", START, "--days", 30)
    )

    assert result.exit_code == 0, result.stderr
    assert [line.rstrip() for line in result.stdout.splitlines()] == shown.splitlines()


def test_the_table_of_the_page_has_every_event():
    assert re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE) == list(KINDS)


EXAMPLES: dict[str, Any] = {}
exec(re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)[0], EXAMPLES)


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name.startswith("test_")])
def test_the_tests_of_the_page_pass(name):
    EXAMPLES[name]()


# the story


def test_json_and_yaml_say_the_same(account, tmp_path):
    file = tmp_path / "account.json"
    file.write_text(json.dumps(yaml.load(account.read_text("utf-8"), yaml.BaseLoader)), "utf-8")
    told = json.loads(file.read_text("utf-8"))
    told["balance"]["minor"] = int(told["balance"]["minor"])
    file.write_text(json.dumps(told, indent="\t"), "utf-8")

    assert story(file) == story(account)


def test_the_journey_that_is_named_is_played_whichever_the_account_asks_for(account):
    told = story(account, journey="invoice", days=1)

    assert told["journey"] == "invoice"
    assert told["lines"][0]["detail"] == "invoice"


def test_a_journey_in_a_file_is_played_before_it_ships(account, tmp_path):
    shipped = Path(journeys.standard.__file__).read_text("utf-8")
    file = tmp_path / "bolder.py"
    file.write_text(shipped.replace('(sms("nudge"), days(3))', '(sms("nudge"), days(2))'), "utf-8")

    assert "2 email nudge sent" in says(story(account, journey=f"{file}:STANDARD"))


def test_lines_for_programs_carry_rule_time_and_place(account):
    told = story(account, days=1)
    waited = next(line for line in told["lines"] if line["what"] == "waited")

    assert told["zone"] == "America/New_York"
    assert waited["rule"] == "US-T1"
    assert waited["local"] == "2026-03-10T07:30:00-04:00"
    assert waited["until"] == "2026-03-10T12:00:00+00:00"
    assert "12 CFR 1006.6(b)(1)(i)" in waited["why"]


def test_the_last_line_says_in_which_stage_it_stays(account):
    assert says(story(account, days=2))[-1] == "2 still in reminders"


def test_without_a_start_it_is_placed_today_at_nine_where_they_are(account, tmp_path):
    today = tmp_path / "today.yaml"
    due = FILES["account.yaml"].replace("2026-02-27", "2026-10-01")
    today.write_text(due, "utf-8")

    result = run("standard", "--account", today, "--days", 1, "--json")

    told = json.loads(result.stdout)
    assert told["lines"][0]["local"][11:16] == "09:00"


def test_a_modelled_consumer_may_act_and_the_same_seed_is_the_same_person(account):
    first, again = (story(account, behaviour=11, days=90) for _ in range(2))
    others = [story(account, behaviour=seed, days=90) for seed in range(4)]

    assert first == again
    assert any(other["lines"] != first["lines"] for other in others)


def test_a_plan_is_accepted_and_collected_until_the_card_fails(account, events):
    file = events(
        {"day": 1, "event": "asks_plan"},
        {"day": 2, "event": "accepts_offer"},
        {"day": 30, "event": "card_fails"},
        {"day": 45, "event": "stores_card"},
    )

    told = says(story(account, file, days=46))

    assert "8 charge of USD 50.00: paid" in told
    assert "30 from now on the card has no funds" in told
    assert "39 charge of USD 50.00: declined" in told
    assert "45 charge of USD 50.00: paid" in told


def test_part_of_it_is_paid_in_whole_units_of_the_currency(account, events):
    told = says(story(account, events({"day": 1, "event": "pays", "amount": "50.5"}), days=2))

    assert "1 paid USD 50.50" in told


def test_a_payment_that_goes_back_opens_the_account_again(account, events):
    file = events({"day": 1, "event": "pays"}, {"day": 3, "event": "reversal"})

    told = says(story(account, file, days=5))

    assert "1 closed: paid in full" in told
    assert "3 USD 200.00 went back" in told
    assert told[-1] != "1 closed: paid in full"


@pytest.mark.parametrize(
    ("entry", "line"),
    [
        ({"event": "opts_out", "channel": "sms"}, "2 the consumer opts out of sms"),
        ({"event": "opts_in", "channel": "sms"}, "2 the consumer allows sms again"),
        ({"event": "recall"}, "2 closed: recalled"),
        ({"event": "stops"}, "2 closed: ceased"),
        ({"event": "hold", "hold": "pause", "days": 3}, "2 hold placed: pause"),
        ({"event": "switch", "journey": "hardship"}, "2 journey hardship"),
        ({"event": "returned"}, "2 the message sent last was returned"),
        ({"event": "hardship"}, "2 the consumer cannot pay at present"),
        ({"event": "states_means", "amount": "20"}, "2 the consumer says what they can afford"),
        ({"event": "promises", "days": 4}, "2 the consumer promises to pay"),
        ({"event": "claims_paid"}, "2 the consumer says that it is paid"),
        ({"event": "writes"}, "2 the consumer writes in their own words"),
        ({"event": "asks_call"}, "2 the consumer asks for a call"),
        ({"event": "complains"}, "2 the consumer complains"),
        ({"event": "disputes", "days": 2}, "2 the consumer disputes the debt"),
        ({"event": "pays_due"}, "2 paid USD 200.00"),
    ],
    ids=lambda given: given["event"] if isinstance(given, dict) else "",
)
def test_each_event_has_its_line(account, events, entry, line):
    assert line in says(story(account, events({"day": 2} | entry), days=3))


def test_a_hold_that_stands_is_lifted(account, events):
    held = {"day": 1, "event": "hold", "hold": "pause"}
    file = events(held, {"day": 2, "event": "lift", "hold": "pause"})

    assert "2 hold lifted: pause" in says(story(account, file, days=3))


def test_a_hold_of_some_days_ends_by_itself(account, events):
    file = events({"day": 1, "event": "hold", "hold": "breathing space", "days": 5})

    told = says(story(account, file, days=14))

    assert "1 waits until Mon 16 Mar 2026 00:00" in told
    assert not any("sent" in line for line in told if line.startswith(("2 ", "3 ", "4 ", "5 ")))


# what is wrong with the account


def test_what_the_api_refuses_is_refused_in_its_words(tmp_path):
    file = tmp_path / "account.json"
    wrong = yaml.safe_load(FILES["account.yaml"])
    wrong["consumer"]["phone"], wrong["due_on"] = "555", "soon"
    file.write_text(json.dumps(wrong), "utf-8")

    assert one_line(run("standard", "--account", file)) == (
        "account.json: due_on: is not valid; expected a date such as 2026-03-31; consumer.phone:"
        " is not valid; expected an international number such as +12125550123"
    )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("20000", "0"), "balance.minor: is not above zero; expected what is owed, in minor units"),
        (("20000", "-5"), "balance.minor: is not above zero; expected what is owed"),
        (("20000", "200.00"), "balance.minor: is not an integer; expected an integer of minor un"),
        (("due_on:", "due:"), "due_on: is missing; expected a date such as 2026-03-31; due: is no"),
        (("2026-02-27", "27.02.2026"), "due_on: is not valid; expected a date such as 2026-03-31"),
        (("USD", "XYX"), "balance.currency: is not valid; expected an ISO 4217 currency code"),
        (("+1404", "404"), "consumer.phone: is not text; expected an international number such"),
        (("reference: INV", "journey: none\nreference: INV"), "journey: is no journey of ours; "),
    ],
)
def test_a_natural_mistake_in_the_account_is_told_in_one_line(account, tmp_path, change, says):
    file = tmp_path / "mistaken.yaml"
    file.write_text(account.read_text("utf-8").replace(*change), "utf-8")

    assert one_line(run("standard", "--account", file)).startswith(f"mistaken.yaml: {says}")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "x.yaml: expected the fields of one account, such as reference: INV-2026-0042"),
        (b"- reference: A1", "x.yaml: expected the fields of one account, such as reference"),
        (b"reference,journey\nA1,standard\n", "x.yaml: expected the fields of one account"),
        ("name: Jö".encode("latin-1"), "x.yaml: is no text in UTF-8: save it as that"),
        (b"reference: {{ x }}\n", "x.yaml:1: neither JSON nor YAML: found unhashable key"),
        (b"due_on: 1\ndue_on: 2\n", "x.yaml:2: neither JSON nor YAML: due_on stands there twice"),
        (b"a: 1\n---\na: 2\n", "x.yaml:2: neither JSON nor YAML: but found another document"),
    ],
)
def test_a_file_that_is_no_account_is_told_what_it_should_hold(tmp_path, content, says):
    file = tmp_path / "x.yaml"
    file.write_bytes(content)

    assert one_line(run("standard", "--account", file)).startswith(says)


def test_a_file_that_is_not_there_or_a_folder_is_named_in_one_line(account, tmp_path):
    gone = tmp_path / "gone.yaml"

    for words in (("--account", gone), ("--account", account, "--events", gone)):
        told = one_line(run("standard", *words, "--start", START))
        assert told == f"{gone}: cannot be read: No such file or directory"
    assert one_line(run("standard", "--account", tmp_path)) == (
        f"{tmp_path}: cannot be read: Is a directory"
    )


def test_a_file_that_is_no_yaml_is_told_with_its_line(tmp_path):
    file = tmp_path / "account.yaml"
    file.write_text("reference: A1\nbalance: {minor: 1", "utf-8")

    line = one_line(run("standard", "--account", file))

    assert line.startswith("account.yaml:2: neither JSON nor YAML: ")


def test_a_file_that_is_no_json_is_told_with_its_line(tmp_path):
    file = tmp_path / "account.json"
    file.write_text('{\n"reference": }', "utf-8")

    assert one_line(run("standard", "--account", file)).startswith("account.json:2: not JSON: ")


def test_a_journey_that_there_is_not_is_told_with_those_there_are(account):
    line = one_line(run("stadard", "--account", account))

    assert line.startswith("no journey is called 'stadard'; there are hardship, invoice, ")


def test_a_journey_that_goes_round_for_ever_is_told_in_one_line(account, tmp_path):
    file = tmp_path / "endless.py"
    file.write_text(ENDLESS, "utf-8")

    line = one_line(run(file, "--account", account, "--start", START))

    assert line.startswith("journey round: 2026-03-10 11:30 UTC: stage again goes round without")


@pytest.mark.parametrize("start", ["yesterday", "2026-13-01", "9999-01-01"])
def test_an_impossible_start_is_named(account, start):
    line = one_line(run("standard", "--account", account, "--start", start))

    assert line.startswith(f"--start '{start}': expected ")


# what is wrong with the events


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("pays", "expected fields such as {day: 3, event: pays}"),
        ({"day": 1}, "event: expected the name of an event"),
        (
            {"day": 1, "event": "payz"},
            "'payz' is no event; did you mean pays? It is one of pays, p",
        ),
        ({"day": 1, "event": "Dispute"}, "'Dispute' is no event; did you mean disputes? It is one"),
        ({"day": 1, "event": "zzz"}, "'zzz' is no event; expected one of pays, pays_due, "),
        ({"event": "pays"}, "expected one of day, such as 3, and at, such as 2026-03-12T18:30"),
        ({"day": 1, "at": START, "event": "pays"}, "expected one of day, such as 3, and at, such"),
        ({"day": -1, "event": "pays"}, "day: expected a day, counted from 0"),
        ({"day": 1, "time": "25:00", "event": "pays"}, "time: expected the time on that day"),
        ({"at": START, "time": "10:00", "event": "pays"}, "time belongs to day; at has its own"),
        ({"at": "2026-02-30T10:00", "event": "pays"}, "at: expected "),
        ({"day": 1, "event": "pays", "amont": "5"}, "'amont' is no field; expected event, day, "),
        (
            {"day": 1, "event": "pays", "amount": "5.005"},
            "amount: expected one in USD with at most 2",
        ),
        ({"day": 1, "event": "pays", "amount": "much"}, "amount: expected an amount such as 50.00"),
        ({"day": 1, "event": "pays", "amount": "NaN"}, "amount: expected one in USD"),
        ({"day": 1, "event": "pays", "amount": 0}, "amount: expected more than 0, and at most the"),
        ({"day": 1, "event": "pays", "amount": -5}, "amount: expected more than 0, and at most"),
        (
            {"day": 1, "event": "pays", "amount": "200.01"},
            "amount: expected more than 0, and at most the USD 200.00 owed",
        ),
        ({"day": 1, "event": "states_means", "amount": -1}, "amount: expected 0 or more"),
        (
            {"day": 1, "event": "pays", "amount": 5, "00": None},
            "a comma stands in a value: write amounts with a point, such as 50.00",
        ),
        ({"day": 1, "event": "pays", "amount": 1, "500.00": None}, "a comma stands in a value"),
        (
            {"day": 1, "event": "states_means", "amount": "1e30"},
            "amount: expected 0 or more, and at most USD 10000000000.00",
        ),
        ({"day": 1, "event": "pays", "amount": "1e999999"}, "amount: expected "),
        ({"day": 1, "event": "resolves"}, "resolves: no dispute stands then"),
        ({"day": 1, "event": "lift", "hold": "pause"}, "lift: no such hold stands then"),
        ({"day": 1, "event": "promises"}, "promises needs days: expected a number of days"),
        ({"day": 1, "event": "stops", "channel": "sms"}, "stops takes no channel"),
        ({"day": 1, "event": "opts_out", "channel": "fax"}, "channel: expected one of sms, email"),
        ({"day": 1, "event": "hold", "hold": "tight"}, "hold: expected one of pause, dispute"),
        ({"day": 1, "event": "switch", "journey": "none"}, "journey: expected one of hardship"),
        ({"day": 6, "event": "pays"}, "pays on 2026-03-16T07:30: expected a time from 2026-03-10"),
        (
            {"at": "2026-03-09", "event": "pays"},
            "pays on 2026-03-09T00:00: expected a time from 2026-03-10T07:30 to 2026-03-15T07:30,",
        ),
        ({"day": 1, "event": "accepts_offer"}, "accepts_offer: no plan is offered then"),
        ({"day": 1, "event": "settles"}, "settles: no offer to settle is open then"),
        ({"day": 1, "event": "reversal"}, "reversal: nothing has been paid by then"),
        ({"day": 0, "event": "returned"}, "returned: nothing has been sent by then"),
    ],
)
def test_an_entry_that_cannot_be_is_named_with_what_was_expected(account, events, entry, says):
    line = refused(account, events({"day": 0, "event": "complains"}, entry))

    assert line.startswith(f"events.yaml, entry 2: {says}")


@pytest.mark.parametrize("late", ["asks_plan", "recall", "pays"])
def test_what_comes_after_the_end_is_named(account, events, late):
    line = refused(account, events({"day": 1, "event": "pays"}, {"day": 2, "event": late}))

    assert line == "events.yaml, entry 2: the account is closed by then: paid in full"


def test_a_file_without_a_list_is_told_what_it_should_hold(account, tmp_path):
    file = tmp_path / "events.yaml"
    file.write_text("day: 1\nevent: pays\n", "utf-8")

    assert refused(account, file) == (
        "events.yaml: expected a list such as [{day: 3, event: pays}]"
    )
