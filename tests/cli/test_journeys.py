"""Journeys on the command line: listed, told, linted and drawn, without a server."""

from dataclasses import replace

import pytest
from typer.testing import CliRunner

from cli import charting
from cli.main import app
from cli.wording import Wording
from compliance import load_packs
from domain.contacts import Purpose, email, sms, voice
from journeys import JOURNEYS
from providers.messages import FOLDER
from simulation.files import journeys_in
from simulation.linting import CODES
from simulation.reading import read

GOOD = '''\
"""A journey of a test."""

from domain.accounts import Closure
from domain.contacts import sms
from domain.time import days
from engine import Journey, Next, OpenAccount, close, stage

PATIENCE = days(5)


@stage
async def begins(account: OpenAccount) -> Next:
    """Begin."""
    await account.contact(sms("nudge"))
    await account.response(within=PATIENCE)
    return ends


@stage
async def ends(account: OpenAccount) -> Next:
    """End."""
    return close(Closure.REFERRED)


OWN = Journey("own", version=1, stages=(begins, ends))
'''


def tahsil(*words):
    return CliRunner().invoke(app, ["journeys", *map(str, words)], env={"COLUMNS": "200"})


def one_line(result):
    """The one line that the command wrote on stderr."""
    assert result.exit_code == 2
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    return line


@pytest.fixture(scope="module")
def law():
    """The packs that ship, as far as a few places are bound by them."""
    shipped = load_packs()
    bind = {"base", "house", "us-federal", "gb", "sa"}
    return shipped.without(*({pack.id for pack in shipped} - bind))


@pytest.fixture(scope="module")
def wording(law):
    return Wording(law)


@pytest.fixture(autouse=True)
def read_once(monkeypatch, law, wording):
    """Packs and templates are those that ship, and are read but once."""
    monkeypatch.setattr(charting, "load_packs", lambda: law)
    monkeypatch.setattr(charting, "Wording", lambda packs, folder: wording)


@pytest.fixture
def own(tmp_path):
    file = tmp_path / "own.py"
    file.write_text(GOOD)
    return file


def test_the_journeys_are_listed_with_what_they_are_for():
    listed = tahsil("list").stdout

    for journey in JOURNEYS.values():
        assert journey.name in listed
    assert "Hardship: they cannot pay at present, and nobody presses them." in listed


def test_a_journey_is_told_in_either_language():
    assert "### `escalation`" in tahsil("show", "standard").stdout
    assert "تبدأ الحسابات من المرحلة" in tahsil("show", "standard", "--lang", "ar").stdout


def test_a_journey_in_a_file_is_told_linted_and_drawn(own):
    assert "A journey of a test." in tahsil("show", own).stdout
    assert "stage_begins --> stage_ends" in tahsil("diagram", own).stdout
    linted = tahsil("lint", own, "--strict")
    assert linted.exit_code == 0
    assert linted.stdout.splitlines()[-1] == "0 errors, 0 warnings, 1 note"


def test_a_warning_fails_a_strict_lint_alone(own):
    own.write_text(GOOD.replace("within=PATIENCE", "within=days(5)"))

    loose, strict = tahsil("lint", own), tahsil("lint", own, "--strict")

    assert (loose.exit_code, strict.exit_code) == (0, 1)
    assert f"{own}:15: warning J402 begins: the number 5 stands in the code" in loose.stdout


def test_an_error_fails_a_lint_and_names_file_and_line(own):
    own.write_text(GOOD.replace('sms("nudge")', 'sms("nowhere")'))

    linted = tahsil("lint", own)

    assert linted.exit_code == 1
    assert f"{own}:14: error J301 sms nowhere has no words: nowhere.sms.en.txt" in linted.stdout
    assert "    write journeys/messages/nowhere.sms.ar.txt\n" in linted.stdout


def test_a_stage_without_a_docstring_is_an_error_although_the_file_cannot_be_run(own):
    own.write_text(GOOD.replace('    """Begin."""\n', ""))

    linted = tahsil("lint", own)

    assert linted.exit_code == 1
    assert f"{own}:12: error J401 stage begins does not say what it is for" in linted.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("show", "special"), "no journey is called 'special'; there are "),
        (("lint", "special"), "no journey is called 'special'"),
        (("show", "standard", "--lang", "fr"), "journeys are not described in 'fr'"),
        (("diagram",), "expected one journey to draw, such as standard; got 0"),
        (("diagram", "standard", "--format", "png"), "no format is called 'png'; there are merm"),
        (("show", "none.py"), "none.py: there is no such file"),
        (("lint", "none.py"), "none.py: there is no such file"),
    ],
)
def test_what_there_is_not_is_told_in_one_line(words, said):
    assert said in one_line(tahsil(*words))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1\n", "no journey in it; expected NAME = Journey("),
        ("from journeys import STANDARD\n", "no journey in it"),
        ("import nothing_of_that_name\n", ":1: it cannot be run: ModuleNotFoundError"),
        ("def f():\n    raise OSError('sad')\n\nf()\n", ":2: it cannot be run: OSError: sad"),
        ("def :\n", ":1: not Python: invalid syntax"),
        ("raise SystemExit(0)\n", ":1: it cannot be run: SystemExit: 0"),
    ],
)
def test_a_file_without_a_journey_is_told_in_one_line(tmp_path, text, said):
    file = tmp_path / "odd.py"
    file.write_text(text)

    assert f"{file}" in one_line(tahsil("show", file))
    assert said in one_line(tahsil("show", file))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("(begins, ends))", "())", ":25: journey own has no stages; expected stages=("),
        ("(begins, ends)", "begins", ":25: journey own: stages is a Stage; expected a tuple"),
        ("ends))", "'ends'))", ":25: journey own: 'ends' is no stage: name the function"),
        ("@stage\nasync def ends", "async def ends", ":24: journey own: ends is a function and no"),
        ("async def ends", "def ends", ":19: stage ends is no async function: write async def"),
        ("ends(account: OpenAccount)", "ends()", ":19: stage ends takes nothing; expected the"),
        ("version=1, ", "", ":25: it cannot be run: TypeError: Journey.__init__() missing 1 re"),
        ('"own"', '"my own"', ":25: 'my own' cannot be the name of a journey: expected small"),
        ("(begins, ends)", "(ends, ends)", ":25: journey own has stages of one name: ['ends']"),
        ("import days", "import dayz", "; did you mean days?"),
        ("return close(", "return close((", ": not Python: "),
    ],
)
@pytest.mark.parametrize("command", ["lint", "show"])
def test_a_journey_that_cannot_be_put_together_is_told_in_one_line(
    own, command, before, after, said
):
    own.write_text(GOOD.replace(before, after))

    line = one_line(tahsil(command, own))

    assert str(own) in line
    assert said in line


def test_a_forgotten_await_and_a_misspelt_name_fail_a_lint(own):
    own.write_text(
        GOOD.replace("await account.contact", "account.contact").replace(
            "account.response", "account.respons"
        )
    )

    linted = tahsil("lint", own)

    assert linted.exit_code == 1
    assert f"{own}:14: error J107 begins: account.contact(…) is not awaited" in linted.stdout
    assert "    write `await account.contact(…)`\n" in linted.stdout
    assert f"{own}:15: error J108 begins: there is no account.respons" in linted.stdout
    assert "    did you mean account.response?\n" in linted.stdout


def test_a_file_of_the_house_can_be_linted_by_its_name():
    (journey,) = journeys_in(charting.DOCS.parents[1] / "journeys" / "hardship.py")

    assert read(journey).file == "journeys/hardship.py"


# the words of messages


@pytest.mark.parametrize("name", JOURNEYS)
def test_the_gate_would_let_out_every_message_of_the_journeys_that_ship(name, wording):
    sent = {message for stage in read(JOURNEYS[name]).stages for message in stage.sends}

    assert {str(each): wording.faults(each) for each in sent if wording.faults(each)} == {}


def test_a_message_that_a_law_refuses_is_a_fault_with_the_rule(wording):
    reply = replace(sms("nudge"), purpose=Purpose.REPLY)

    faults = wording.faults(reply)

    assert {code for code, _, _ in faults} == {"J302"}
    assert "sms nudge in en: US refuses it" in faults[0][1]
    assert "a reply answers and asks for no payment (BASE-REPLY)" in faults[0][1]
    assert faults[0][2] == "fix: do not say demand"


def test_a_message_that_hints_at_a_court_is_refused_where_that_is_forbidden(tmp_path, wording):
    folder = copied(tmp_path)
    for file in folder.glob("nudge.sms.*"):
        file.write_text("{# says: marketing #}" + file.read_text("utf-8"))

    faults = Wording(wording.packs, folder).faults(sms("nudge"))

    assert {code for code, _, _ in faults} == {"J302"}
    assert all("do not say marketing" in do for _, _, do in faults)


def copied(tmp_path):
    folder = tmp_path / "messages"
    folder.mkdir()
    for file in FOLDER.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    return folder


def test_a_template_that_cannot_be_rendered_is_a_fault(tmp_path, wording):
    folder = copied(tmp_path)
    (folder / "nudge.sms.en.txt").write_text("{{ nobody }}")
    broken = Wording(wording.packs, folder)

    assert broken.faults(sms("nudge"))[0][1].startswith(
        "sms nudge: nudge.sms.en.txt: 'nobody' is not a word"
    )
    assert broken.puts_plan(sms("nudge")) is False


def test_a_message_puts_a_plan_if_it_cannot_be_said_without_one(wording):
    assert wording.puts_plan(email("plan_offer"))
    assert wording.puts_plan(sms("hardship_plan"))
    assert not wording.puts_plan(sms("nudge"))
    assert not wording.puts_plan(voice("broken_plan"))
    assert not wording.puts_plan(sms("nowhere"))


# the pages of the docs


def test_a_diagram_is_printed_or_written(tmp_path):
    out = tmp_path / "standard.svg"

    assert tahsil("diagram", "standard").stdout.startswith("flowchart TD\n")
    assert tahsil("diagram", "standard", "--format", "svg", "-o", out).exit_code == 0
    assert out.read_text("utf-8").startswith("<svg ")


def test_the_pages_of_the_docs_are_checked_and_written_anew(tmp_path, monkeypatch):
    assert tahsil("diagram", "--check").exit_code == 0
    monkeypatch.setattr(charting, "DOCS", tmp_path / "journeys")

    stale = tahsil("diagram", "--check", "standard")
    assert stale.exit_code == 1
    assert "docs/journeys/standard.md is stale: run `tahsil journeys diagram" in stale.stderr
    assert tahsil("diagram", "--write", "standard").exit_code == 0
    assert tahsil("diagram", "--check", "standard").exit_code == 0
    assert tahsil("diagram", "--check").exit_code == 1


def test_the_docs_explain_every_code():
    explained = (charting.DOCS / "README.md").read_text("utf-8")

    for code, (level, meaning) in CODES.items():
        assert f"| {code} | {level.name.lower()} | {meaning} |" in explained
