"""What `tahsil bulk` makes of what it is asked."""

import pytest
from typer.testing import CliRunner

from cli.bulk import Asked, _checked, _given, _promise, _put_on_record
from cli.main import app
from domain.accounts import Hold
from domain.bulk import BulkVerb, Where
from storage import accounts, bulk
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


def test_the_same_command_is_a_new_instruction_and_goes_on_with_another_only_by_its_id(database):
    """Whatever was said then may be undone since: a second incident is a second pause."""
    made = placement()
    record(database, made)
    first, before = _given(database, asked())
    assert before is None
    _put_on_record(database, first)
    second, before = _given(database, asked())
    assert second.id != first.id
    assert before == first.id
    assert _given(database, asked("recall"))[1] is None
    again, before = _given(database, asked(instruction_id=first.id))
    assert (again, before) == (first, None)
    with database.transaction() as session:
        bulk.take_part(session, made.account_id, first.instruction)
    assert _given(database, asked())[1] is None


def test_what_was_undone_since_is_not_promised_any_more(database):
    made = placement(), placement()
    for each in made:
        record(database, each)
    given, _ = _given(database, asked())
    _put_on_record(database, given)
    assert _promise(database, given.id, 2) == "from now on nothing leaves for these 2 accounts"
    with database.transaction() as session:
        accounts.lift_hold(session, made[0].account_id, Hold.PAUSE)
    assert _promise(database, given.id, 2).endswith("1 accounts; for 1 others it was undone since")


@pytest.mark.parametrize("name", ["bulk", "doctor", "account"])
def test_the_commands_explain_themselves(name):
    told = CliRunner().invoke(app, [name, "--help"])
    assert told.exit_code == 0
    assert "--" in told.output
