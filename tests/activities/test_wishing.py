"""What a person wishes is written first and then told to every open account of theirs."""

from datetime import date

import pytest

from activities import wishing
from activities.news import tell_profile
from domain.accounts import Closure, Hold
from domain.contacts import Channel
from domain.events import HoldPlaced, OptedIn, OptedOut, ProfileChanged
from domain.people import StandingHold, Wish
from storage import accounts, inbox, people
from tests.activities.test_hearing import mail, text
from tests.api.record import NOW, contact, placement, record

pytestmark = pytest.mark.stack

ONLY_MAIL = Wish(only=(Channel.EMAIL,))


@pytest.fixture
def family(database):
    """Two open accounts of one person, and a closed one."""
    first = placement()
    who = first.consumer.model_dump(mode="json")
    made = [first, placement(consumer=who), placement(consumer=who)]
    targets = [record(database, each) for each in made]
    with database.transaction() as session:
        accounts.close(session, made[2].account_id, Closure.REFERRED, at=NOW)
    return first, targets[:2]


def do(database, act):
    with database.transaction() as session:
        return act(session)


def test_wishes_are_told_to_every_open_account_as_the_profile(database, family):
    first, targets = family
    told = do(database, lambda session: wishing.set_wishes(session, first.person_id, [ONLY_MAIL]))

    assert [each.workflow_id for each in told] == targets
    assert {each.event.profile.wishes for each in told} == {(ONLY_MAIL,)}
    assert {each.event.profile.revision for each in told} == {1}


def test_telling_again_is_the_same_news(database, family):
    first, _ = family

    def wish(session):
        return wishing.set_wishes(session, first.person_id, [ONLY_MAIL])

    once, again = do(database, wish), do(database, wish)
    assert once == again == do(database, lambda session: tell_profile(session, first.person_id))
    assert isinstance(once[0].event, ProfileChanged)


def test_refusing_a_medium_and_allowing_it_again_is_told(database, family):
    first, targets = family

    def refuse(session):
        person = first.person_id
        return wishing.opt_out(session, person, Channel.VOICE, source="call-1", at=NOW)

    told = do(database, refuse)
    assert [each.workflow_id for each in told] == targets
    assert {each.event for each in told} == {
        OptedOut(event_id="call-1:no voice", channel=Channel.VOICE)
    }
    back = do(
        database,
        lambda session: wishing.opt_in(session, first.person_id, Channel.VOICE, source="call-2"),
    )
    assert {type(each.event) for each in back} == {OptedIn}


def test_refusing_everything_is_told_channel_by_channel(database, family):
    first, targets = family
    told = do(
        database,
        lambda session: wishing.opt_out(session, first.person_id, None, source="s", at=NOW),
    )

    assert len(told) == len(Channel) * len(targets)


def test_allowing_a_medium_does_not_open_an_address_that_was_opted_out(database, door, family):
    first, _ = family
    text(database, door, first.consumer.phone, "STOP")
    do(
        database,
        lambda session: wishing.opt_out(session, first.person_id, Channel.SMS, source="s", at=NOW),
    )
    told = do(
        database,
        lambda session: wishing.opt_in(session, first.person_id, Channel.SMS, source="s2"),
    )

    assert told == []


def test_start_opens_the_address_and_no_medium_that_another_who_shares_it_refused(
    database, door, family
):
    first, targets = family
    writer = placement(consumer={"phone": first.consumer.phone})
    sharing = record(database, writer)
    contact(database, writer)
    text(database, door, first.consumer.phone, "STOP", "SM1")
    do(
        database,
        lambda session: wishing.opt_out(session, first.person_id, Channel.SMS, source="s", at=NOW),
    )
    text(database, door, first.consumer.phone, "START", "SM2")

    assert {target for target, event in door.told if isinstance(event, OptedIn)} == {sharing}
    assert {target for target, event in door.told if isinstance(event, OptedOut)} == {
        sharing,
        *targets,
    }


def test_a_hardship_stops_every_account_on_its_days(database, family):
    first, targets = family
    space = StandingHold(hold=Hold.HARDSHIP, starts=date(2026, 12, 1), ends=date(2027, 1, 29))

    def place(session):
        account = accounts.by_id(session, first.account_id)
        assert account is not None
        return wishing.place_hold(session, account, space, key="notice-1")

    told = do(database, place)
    assert [each.workflow_id for each in told] == targets
    assert {each.event for each in told} == {
        HoldPlaced(event_id="notice-1:hardship", **space.model_dump())
    }
    assert do(database, place) == told
    known = do(database, lambda session: people.facts(session, first.account_id, NOW))
    assert known.holds == (space,)


def test_a_breathing_space_stops_the_account_that_its_notice_names(database, family):
    first, targets = family

    def place(session):
        account = accounts.by_id(session, first.account_id)
        assert account is not None
        space = StandingHold(hold=Hold.BREATHING_SPACE)
        return wishing.place_hold(session, account, space, key="notice-1")

    assert [each.workflow_id for each in do(database, place)] == targets[:1]


def test_a_partial_dispute_stops_one_account(database, family):
    first, targets = family
    part = StandingHold(hold=Hold.DISPUTE, part=700)

    def place(session):
        account = accounts.by_id(session, first.account_id)
        assert account is not None
        return wishing.place_hold(session, account, part, key="d1")

    [told] = do(database, place)
    assert (told.workflow_id, told.event.part) == (targets[0], 700)


def test_what_a_person_writes_is_a_contact_that_they_began(database, door, family):
    first, _ = family
    text(database, door, first.consumer.phone, "hello?", "SM1")
    mail(database, door, first.consumer.email, "anybody there", "mail1")
    known = do(database, lambda session: people.facts(session, first.account_id, NOW))

    assert [(each.channel, each.inbound) for each in known.contacts] == [
        (Channel.EMAIL, True),
        (Channel.SMS, True),
    ]
    assert {each.account_id for each in known.contacts} == {first.account_id}
    assert do(database, lambda session: inbox.by_key(session, "twilio-message:SM1")) is not None
