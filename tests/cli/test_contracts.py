"""A creditor's contract from a file: in force for new accounts, and its faults are told by line."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from cli.contracts import agree
from storage import contracts

EXAMPLE = Path(__file__).parents[2] / "examples" / "contract.yaml"


@pytest.fixture
def addresses(database, database_url):
    return SimpleNamespace(database_url=database_url)


def file_of(tmp_path, text):
    file = tmp_path / "contract.yaml"
    file.write_text(text, "utf-8")
    return file


def test_the_example_is_a_contract_that_can_be_agreed(addresses, database):
    number = agree(addresses, "acme", EXAMPLE)
    with database.transaction() as session:
        terms = contracts.current(session, "acme")
        assert contracts.current_id(session, "acme") == number
    assert terms.plans.least("SAR") == 100_00
    assert terms.settlement.floor == 40


def test_a_creditor_has_to_be_registered_first(addresses):
    with pytest.raises(ValueError, match="no creditor 'nobody': register one with"):
        agree(addresses, "nobody", EXAMPLE)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("plans:\n  grace_days: -1\n", "contract.yaml:2: plans.grace_days: input should be"),
        ("plans:\n  grace: 3\n", "contract.yaml:2: plans.grace: extra inputs are not permitted"),
        ("plans: [\n", "contract.yaml:2: not YAML"),
        (
            "settlement:\n  floor: 40\n  least: {agent: 30}\n",
            "contract.yaml:2: settlement: agent may not go below the floor: 30 is under 40",
        ),
    ],
)
def test_what_is_wrong_is_told_by_line_and_field(addresses, database, tmp_path, text, error):
    with pytest.raises(ValueError, match=error.replace(".", r"\.")):
        agree(addresses, "acme", file_of(tmp_path, text))
    with database.transaction() as session:
        assert contracts.current_id(session, "acme") is None
