"""What `tahsil bulk` makes of what it is asked."""

import pytest
from typer.testing import CliRunner

from cli.bulk import Asked, _checked, _given, _put_on_record
from cli.main import app
from domain.bulk import BulkVerb, Where
from storage import bulk
from tests.api.record import placement, record


def asked(verb="pause", where="creditor=acme", **more):
    return Asked(BulkVerb(verb), where, "the printer burns", **more)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (asked("switch"), "expected --to JOURNEY"),
        (asked(journey="standard"), "with nothing else"),
        (asked("switch", journey="nowhere"), "there are hardship"),
        (asked(where="name=Alex"), "expected conditions such as"),
    ],
)
def test_what_cannot_be_is_refused_with_what_was_expected(wrong, says):
    with pytest.raises(ValueError, match=says):
        _checked(wrong)
    assert _checked(asked("switch", journey="invoice")) == Where(creditor="acme")


def test_the_same_command_goes_on_until_all_have_answered_and_is_then_a_new_one(database):
    made = placement()
    record(database, made)
    first = _given(database, asked())
    _put_on_record(database, first)
    assert _given(database, asked()).id == first.id
    assert _given(database, asked("recall")).id != first.id
    assert _given(database, asked(instruction_id="bulk_mine")).id == "bulk_mine"
    with database.transaction() as session:
        bulk.take_part(session, made.account_id, first.instruction)
    assert _given(database, asked()).id != first.id


@pytest.mark.parametrize("name", ["bulk", "doctor", "account"])
def test_the_commands_explain_themselves(name):
    told = CliRunner().invoke(app, [name, "--help"])
    assert told.exit_code == 0
    assert "--" in told.output
