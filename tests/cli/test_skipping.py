"""Why there is nothing to skip."""

from cli.skipping import _why_not
from workflows.ailments import Doing, Run


def test_an_account_at_rest_says_what_it_waits_for():
    assert _why_not(Run("acc_1", timers=1), "for Monday") == (
        "nothing is under way; it waits for Monday"
    )
    assert _why_not(None, "for Monday").startswith("nothing is under way")


def test_what_may_not_be_left_undone_is_named_with_what_to_do():
    said = _why_not(
        Run("acc_1", doing=(Doing("record_holds", 9, "KeyError", None),)), "for nothing"
    )
    assert said.startswith("record_holds (attempt 9) is under way, and only a contact or a charge")
    assert "waits" not in said
