"""Facts of a person: which holds stand, what leaves a contact out, and how contacts are written."""

from datetime import UTC, date, datetime

import pytest
from pydantic import ValidationError

from compliance import PastContact, PersonFacts
from compliance.last_look import LAST_LOOK, why_over
from domain.accounts import Closure, Hold
from domain.contacts import Channel, ContactStatus
from domain.people import StandingHold

NOON = datetime(2026, 11, 17, 17, 0, tzinfo=UTC)
SPACE = StandingHold(hold=Hold.BREATHING_SPACE, starts=date(2026, 11, 17), ends=date(2026, 11, 20))
PART = StandingHold(hold=Hold.DISPUTE, part=5_000)


def person(**facts):
    return PersonFacts(country="US", zones=("America/New_York",), **facts)


def contact(key, **more):
    return PastContact(key=key, account_id="a", channel=Channel.SMS, at=NOON, **more)


def test_a_hold_on_a_part_leaves_the_rest_of_the_debt_standing():
    held = person(holds=(PART, SPACE))
    assert held.standing(NOON) == (SPACE,)
    assert held.held_part(NOON) == 5_000


def test_a_hold_stands_on_its_own_days_alone():
    held = person(holds=(SPACE,))
    assert held.standing(datetime(2026, 11, 16, 17, 0, tzinfo=UTC)) == ()
    assert held.standing(datetime(2026, 11, 21, 17, 0, tzinfo=UTC)) == ()
    assert held.held_part(NOON) == 0


def test_facts_without_a_contact_keep_the_others():
    facts = person(contacts=(contact("one"), contact("other")))
    assert [each.key for each in facts.without("one").contacts] == ["other"]
    assert facts.without("neither") is facts


def test_of_a_contact_only_what_is_unusual_is_written_down():
    facts = person(contacts=(contact("k", status=ContactStatus.BUSY, debts=("b",)),))
    assert facts.model_dump(mode="json")["contacts"] == [
        {
            "key": "k",
            "account_id": "a",
            "channel": "sms",
            "at": "2026-11-17T17:00:00Z",
            "status": "busy",
            "debts": ["b"],
        }
    ]
    assert PersonFacts.model_validate_json(facts.model_dump_json()) == facts


def test_a_contact_of_no_certain_moment_is_not_read():
    written = person(contacts=(contact("k"),)).model_dump_json().replace("17:00:00Z", "17:00:00")
    with pytest.raises(ValidationError, match="timezone"):
        PersonFacts.model_validate_json(written)


@pytest.mark.parametrize(
    ("closure", "recalled", "balance", "says"),
    [
        (Closure.CEASED, True, 0, "the journey is over: ceased"),
        (None, True, 0, "the creditor recalled the account"),
        (None, False, 0, "nothing is owed any more"),
    ],
)
def test_the_last_look_says_why_an_account_is_over(closure, recalled, balance, says):
    over = why_over(closure=closure, recalled=recalled, balance=balance)
    assert over is not None
    assert (over.rule, over.says) == (LAST_LOOK, says)


def test_the_last_look_lets_an_open_account_go_on():
    assert why_over(closure=None, recalled=False, balance=1) is None
