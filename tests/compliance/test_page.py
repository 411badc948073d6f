"""docs/rules.md says what is so: its examples are taken from the page and run."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest
import yaml

from compliance import Allow, Deny, PackError, PersonFacts, Wait, decide, load_packs
from compliance.facts import Actor
from compliance.loading import load_calendar, load_pack
from compliance.merging import changes, merged
from compliance.overlays import RULES
from compliance.rules import AnyRule, Cap
from compliance.sentences import MARKS, sentence
from domain.time import zone
from tests.compliance.scenarios_kit import asking
from tests.compliance.test_overlays import COMMON

PAGE = (Path(__file__).parents[2] / "docs" / "rules.md").read_text("utf-8")
LISBON = "Europe/Lisbon"
OWING = PersonFacts(country="PT", zones=(LISBON,), actor=Actor.CREDITOR)
FILES = re.findall(r"^```yaml\n(# (.+?)\n.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
BLOCKS = {name: text for text, name in FILES}
ANSWERS = re.findall(r"^\| (\d{4}-\d\d-\d\d \d\d:\d\d) \| (.+?) \|$", PAGE, re.MULTILINE)
EXAMPLES = re.findall(r"^\| `(\{kind: .+?\})` \| (.+?) \|$", PAGE, re.MULTILINE)


@pytest.fixture
def file(tmp_path):
    """Writes a file of the page to the disk, under the name that it has there."""

    def write(name):
        path = tmp_path / name
        path.write_text(BLOCKS[name], "utf-8")
        return path

    return write


@pytest.fixture
def portugal(file):
    return merged(load_packs(), [load_pack(file("pt.yaml"))], [load_calendar(file("PT.yaml"))])


def test_the_excerpt_is_the_rule_that_ships():
    ((name, text),) = ((name, each) for name, each in BLOCKS.items() if name.startswith("excerpt"))
    shown = RULES.validate_python(yaml.safe_load(text))
    (pack,) = (pack for pack in load_packs() if pack.id == name.removeprefix("excerpt: "))

    assert shown in pack.rules


def test_every_line_of_the_excerpt_is_explained():
    (text,) = (each for name, each in BLOCKS.items() if name.startswith("excerpt"))
    rows = re.findall(r"^\| (`.+?`) \|", PAGE, re.MULTILINE)
    explained = {name for row in rows for name in re.findall(r"`(\w+)`", row)}

    assert yaml.safe_load(text).keys() <= explained


def test_every_mark_is_explained():
    assert re.findall(r"^\| \*\*(\w)\*\* \|", PAGE, re.MULTILINE) == list(MARKS)


def test_the_table_has_every_kind_and_says_what_the_rules_do():
    made = [(RULES.validate_python(COMMON | yaml.safe_load(text)), said) for text, said in EXAMPLES]
    union, _ = get_args(AnyRule)

    assert [type(rule) for rule, _ in made] == list(get_args(union))
    for rule, said in made:
        assert sentence(rule) == said


def test_the_overlay_of_the_page_tightens_and_looser_it_would_be_refused(file):
    overlay = load_pack(file("overlay.yaml"))
    packs = merged(load_packs(), [overlay])
    (made,) = next(pack for pack in packs if pack.id == overlay.id).rules
    (wanted,) = overlay.tightens
    loose = wanted.model_copy(update={"change": {"max": 8}})

    assert isinstance(made, Cap)
    assert made.max == 3
    with pytest.raises(PackError, match=r"max 8 would loosen US-F1, which says 7"):
        merged(load_packs(), [overlay.model_copy(update={"tightens": (loose,)})])


def test_the_country_has_answers_on_the_page():
    assert len(ANSWERS) == 6


@pytest.mark.parametrize(("when", "said"), ANSWERS)
def test_the_gate_answers_as_the_page_says(portugal, when, said):
    asked = datetime.fromisoformat(when).replace(tzinfo=zone(LISBON))

    verdict = decide(asking(), OWING, portugal, asked.astimezone(UTC))

    assert _in_words(verdict) == said


def test_the_other_packs_stay_beside_the_country(portugal):
    asked = datetime(2026, 11, 30, 11, tzinfo=UTC)

    verdict = decide(asking(), OWING, portugal, asked)
    bought = decide(asking(), OWING.model_copy(update={"actor": Actor.BUYER}), portugal, asked)

    assert isinstance(verdict, Allow)
    assert {"pt@2026.11.1", "house@2026.11.2", "base@2026.11.2"} < set(verdict.packs)
    assert bought.decided_by == "EU-6"


def test_the_change_of_the_page_is_told_as_the_page_says(portugal, file):
    (told,) = re.findall(r"^```text\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)

    after = merged(portugal, [load_pack(file("pt-2027.yaml"))])

    assert changes(portugal, after) == told.splitlines()


def test_the_error_of_the_page_is_the_one_that_is_told(file):
    (told,) = re.findall(r"^    (pt\.yaml:\d+: .+)$", PAGE, re.MULTILINE)
    wrong = file("pt.yaml")
    wrong.write_text(wrong.read_text("utf-8").replace("mon-fri:", "workdays:"), "utf-8")

    with pytest.raises(PackError) as refused:
        load_pack(wrong)

    assert str(refused.value) == told


def _in_words(verdict):
    match verdict:
        case Allow():
            return "allow"
        case Wait(until=until):
            return f"wait until {until.astimezone(zone(LISBON)):%Y-%m-%d %H:%M}"
        case Deny():
            return "deny"
