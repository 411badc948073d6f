"""Pack files: an error names the file, the place in it and what was expected."""

import pytest

from compliance import PackError, load_packs
from compliance.packs import HERE, load_pack

GOOD = """\
id: here
version: "1"
effective_from: 2026-01-01
rules:
  - id: H1
    kind: window
    opens: "08:00"
    closes: "21:00"
    says: by day
    cite: law
    force: statute
    verified: V
"""


@pytest.fixture
def broken(tmp_path):
    def load(old, new):
        file = tmp_path / "here.yaml"
        file.write_text(GOOD.replace(old, new), "utf-8")
        with pytest.raises(PackError) as refused:
            load_pack(file)
        return str(refused.value)

    return load


def test_the_packs_that_ship_load_and_every_rule_has_a_source():
    packs = load_packs()

    assert [pack.id for pack in packs] == ["house", "us-federal"]
    assert all(rule.cite and rule.says for pack in packs for rule in pack.rules)


def test_ids_of_rules_are_unique_over_all_packs_that_ship():
    ids = [rule.id for pack in load_packs() for rule in pack.rules]

    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("version", "versoin", "here.yaml: version: Field required"),
        ("2026-01-01", "soon", "here.yaml: effective_from: "),
        ("kind: window", "kind: widow", "here.yaml: rules.0: Input tag 'widow'"),
        ('"08:00"', "8 o'clock", "here.yaml: rules.0.window.opens: Value error, Invalid isoformat"),
        (
            '"21:00"',
            "21:00",
            'closes: Value error, expected a wall-clock time in quotes, such as "',
        ),
        ('"21:00"', '"07:00"', "rules.0.window: Value error, opens must be before closes"),
        ("verified: V", "verified: maybe", "here.yaml: rules.0.window.verified: Input should be"),
        ("cite: law", "cit: law", "here.yaml: rules.0.window.cite: Field required"),
        ("rules:", "countries: [USA]\nrules:", "here.yaml: countries.0: Value error, 'USA' is not"),
        ("rules:", "rules: [", "here.yaml: not YAML: "),
        (GOOD, "", "here.yaml: the whole file: Input should be"),
    ],
)
def test_an_error_says_where_it_is_and_what_was_expected(broken, old, new, expected):
    assert expected in broken(old, new)


def test_yaml_errors_name_the_line(broken):
    assert "line 9" in broken("    says: by day", "   - says: by day")


def test_a_folder_without_packs_is_an_error_and_not_freedom(tmp_path):
    with pytest.raises(PackError, match=r"no packs in .*: expected at least one \.yaml file"):
        load_packs(tmp_path)


def test_packs_load_in_the_order_of_their_file_names(tmp_path):
    for name in ("b", "a"):
        (tmp_path / f"{name}.yaml").write_text(GOOD.replace("here", name), "utf-8")

    assert [pack.name for pack in load_packs(tmp_path)] == ["a@1", "b@1"]
    assert HERE.is_dir()
