"""What the documents tell people to type is there, and what they point to is, too."""

import re
import shlex
from pathlib import Path

import pytest
import typer

from cli.main import app

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "benchmarks").glob("*.md")),
    *sorted((ROOT / "tests" / "histories").glob("*.md")),
]
OURS = typer.main.get_command(app)
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")
INLINE = re.compile(r"`(tahsil [^`]+)`")
TYPED = re.compile(
    r"^\s*(?:\$ )?(?:docker compose (?:run --rm|exec \w+) )?(tahsil .+)$", re.MULTILINE
)
BLOCK = re.compile(r"^```\w*\n(.*?)^```|((?:^    .*\n)+)", re.MULTILINE | re.DOTALL)


def name_of(file):
    return str(file.relative_to(ROOT))


def commands_in(text):
    """Every command of ours that is written down: in a block, or within a sentence."""
    prose = BLOCK.sub("", text)
    blocks = "\n".join(found[0] or found[1] for found in BLOCK.findall(text))
    blocks = re.sub(r"\\\n\s*", "", blocks)
    return [*INLINE.findall(" ".join(prose.split())), *TYPED.findall(blocks)]


def words_of(command):
    """The words of a command up to where another begins, or a remark."""
    cut = re.split(r"\s+(?:\||&&?|;|→)\s+|\s\(|\s+#", command)[0]
    return shlex.split(cut.replace("…", ""))[1:]


def wrong_in(command):
    """What there is not of a command; None if it is all there."""
    found, words = OURS, words_of(command)
    while (commands := getattr(found, "commands", None)) and words and words[0][0] not in "-[":
        several = words.pop(0).split("|")
        if missing := [each for each in several if each not in commands]:
            return ", ".join(missing)
        found = commands[several[0]]
    known = {each for param in found.params for each in (*param.opts, *param.secondary_opts)}
    asked = {word.strip("[],.").partition("=")[0] for word in words if word.startswith(("-", "[-"))}
    return ", ".join(sorted(asked - known - {"--help"})) or None


@pytest.mark.parametrize("file", DOCUMENTS, ids=name_of)
def test_every_command_is_there_with_its_options(file):
    wrong = {each: wrong_in(each) for each in commands_in(file.read_text("utf-8"))}

    assert {each: why for each, why in wrong.items() if why} == {}


@pytest.mark.parametrize("file", DOCUMENTS, ids=name_of)
def test_every_link_leads_to_a_file(file):
    links = LINK.findall(file.read_text("utf-8"))

    assert [each for each in links if not (file.parent / each).exists()] == []


@pytest.mark.parametrize(
    ("command", "wrong"),
    [
        ("tahsil packs plan --shipped # what a release brings", None),
        ("tahsil deploy 2026-11-22 --rescue && make test", None),
        ("tahsil dctor", "dctor"),
        ("tahsil doctor --al", "--al"),
    ],
)
def test_a_command_that_is_not_there_is_found(command, wrong):
    assert wrong_in(command) == wrong
    assert commands_in(f"Say `{command}`.\n\n    {command}\n") == [command, command]
