"""The facts that the gate asks of the record: who, where, what was wished, and what was tried."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from compliance.facts import Actor, Sector
from domain.accounts import Hold
from domain.contacts import Channel, ContactStatus, Dial, Place, Purpose
from domain.people import Milestone, MilestoneKind, StandingHold, Weekday, Wish
from storage import accounts, contacts, journal, looking, people
from storage.session import driver
from storage.tables import Creditor, Person
from tests.api.record import NOW, contact, placement, record

pytestmark = pytest.mark.stack

NOON = time(12)
WISH = Wish(opens=NOON, never=(Weekday.SUN,), only=(Channel.EMAIL,), not_at=(Place.WORK,))


@pytest.fixture
def made(database):
    """Somebody of Massachusetts with a stated zone."""
    placed = placement(consumer={"region": "US-MA", "time_zone": "America/Chicago"})
    record(database, placed)
    return placed


def facts(database, placed, *, at=NOW):
    with database.transaction() as session:
        return people.facts(session, placed.account_id, at)


def sibling(database, placed):
    """Another account of the same person."""
    other = placement(consumer=placed.consumer.model_dump(mode="json"))
    record(database, other)
    return other


def test_a_person_is_known_by_where_they_are_and_by_what_never_names_them(database, made):
    known = facts(database, made)

    assert (known.country, known.regions, known.language) == ("US", ("US-MA",), "en")
    assert known.zones == ("America/Chicago", "America/New_York")
    assert known.residence_zones == ("America/Chicago",)
    assert known.creditor == "acme"
    assert known.addresses == {
        Channel.SMS: "phone",
        Channel.VOICE: "phone",
        Channel.EMAIL: "email",
    }
    for secret in ("Jo Secret", made.consumer.phone[-7:], made.consumer.email):
        assert secret not in known.model_dump_json()


def test_who_collects_for_whom_is_known_once_it_is_on_record(database, made):
    for actor, sector in ((None, None), (Actor.BUYER, Sector.BANK)):
        with database.transaction() as session:
            session.execute(update(Creditor).values(actor=actor, sector=sector))
        known = facts(database, made)
        assert (known.actor, known.sector) == (actor, sector)


def test_an_account_that_is_not_there_is_named(database):
    with database.transaction() as session:
        with pytest.raises(LookupError, match="no account acc_none"):
            people.facts(session, "acc_none", NOW)
        with pytest.raises(LookupError, match="no account acc_none"):
            looking.look(driver(session), "acc_none", NOW)
        with pytest.raises(LookupError, match="no person per_none"):
            people.profile(session, "per_none")


def test_wishes_change_the_revision_once(database, made):
    with database.transaction() as session:
        assert people.set_wishes(session, made.person_id, [WISH])
        assert not people.set_wishes(session, made.person_id, [WISH])
    known = facts(database, made)
    assert (known.wishes, known.revision) == ((WISH,), 1)


def test_milestones_are_those_of_the_person_and_of_the_debt(database, made):
    at = NOW - timedelta(days=3)
    consent = Milestone(kind=MilestoneKind.CONSENT, at=at, channels=(Channel.VOICE,), until=NOW)
    sent = Milestone(kind=MilestoneKind.VALIDATION_SENT, at=NOW, account_id=made.account_id)
    with database.transaction() as session:
        for key, each in (("m1", consent), ("m2", sent), ("m1", sent)):
            people.note_milestone(session, made.person_id, each, key=key, source="a test")
    known = facts(database, made)

    assert known.revision == 2
    assert {consent, sent} < {*known.milestones}
    due, assigned = (
        next(each for each in known.milestones if each.kind is kind)
        for kind in (MilestoneKind.DUE, MilestoneKind.ASSIGNED)
    )
    assert due.at.date() == made.due_on
    assert (assigned.at, due.account_id) == (NOW, made.account_id)
    assert len(known.milestones) == 4


def test_a_milestone_can_be_ended_and_only_sooner(database, made):
    consent = Milestone(kind=MilestoneKind.CONSENT, at=NOW)
    with database.transaction() as session:
        people.note_milestone(session, made.person_id, consent, key="m1", source="a test")
        assert people.end_milestone(session, "m1", at=NOW)
        assert not people.end_milestone(session, "m1", at=NOW + timedelta(days=1))
    ended = facts(database, made).milestones[-1]
    assert (ended.kind, ended.until) == (MilestoneKind.CONSENT, NOW)


def test_the_profile_is_what_the_facts_say_with_the_dates_of_every_open_account(database, made):
    other = sibling(database, made)
    with database.transaction() as session:
        people.set_wishes(session, made.person_id, [WISH])
        profile = people.profile(session, made.person_id)
        known = people.facts(session, made.account_id, NOW)
    dated = {each.account_id for each in profile.milestones}

    assert dated == {made.account_id, other.account_id}
    shared = profile.model_dump(exclude={"milestones"})
    assert shared == {name: getattr(known, name) for name in shared} | {
        "wishes": tuple(wish.model_dump() for wish in known.wishes)
    }


def test_an_address_that_opted_out_or_is_dead_closes_its_channel_alone(database, made):
    phone, mail = made.consumer.phone, made.consumer.email
    with database.transaction() as session:
        noted = ((Channel.SMS, phone, people.OPTED_OUT), (Channel.EMAIL, mail, people.DEAD))
        for channel, where, fact in noted:
            people.note_address(session, channel, where, fact, source="a test", at=NOW)
    known = facts(database, made)
    assert known.opted_out == (Channel.SMS,)
    assert Channel.EMAIL in known.unreachable
    assert not {Channel.SMS, Channel.VOICE} & {*known.unreachable}
    with database.transaction() as session:
        people.lift_address(session, Channel.SMS, phone, people.OPTED_OUT)
    assert facts(database, made).opted_out == ()


def test_a_person_refuses_a_medium_or_all_and_allows_one_again(database, made):
    def say(verb, channel):
        more = {} if verb is people.opt_in else {"source": "a test", "at": NOW}
        with database.transaction() as session:
            changed = verb(session, made.person_id, channel, **more)
        return changed, facts(database, made).opted_out

    assert say(people.opt_out, Channel.VOICE) == (True, (Channel.VOICE,))
    assert say(people.opt_out, Channel.VOICE) == (False, (Channel.VOICE,))
    assert say(people.opt_out, None) == (True, tuple(sorted(Channel)))
    left = tuple(sorted({*Channel} - {Channel.VOICE}))
    assert say(people.opt_in, Channel.VOICE) == (True, left)
    assert say(people.opt_in, Channel.VOICE) == (False, left)
    assert say(people.opt_in, None) == (True, ())


def test_holds_come_with_their_days_and_parts(database, made):
    starts, ends = date(2026, 12, 1), date(2027, 1, 30)
    with database.transaction() as session:
        place = accounts.place_hold
        for fresh in (True, False):
            assert fresh is place(
                session,
                made.account_id,
                Hold.HARDSHIP,
                reason="a test",
                starts=starts,
                ends=ends,
            )
        assert place(session, made.account_id, Hold.DISPUTE, reason="a test", part=500)
        assert place(session, made.account_id, Hold.DISPUTE, reason="a test")
        assert people.standing_holds(session, made.account_id) == (
            Hold.DISPUTE,
            Hold.HARDSHIP,
        )
    assert set(facts(database, made).holds) == {
        StandingHold(hold=Hold.HARDSHIP, starts=starts, ends=ends),
        StandingHold(hold=Hold.DISPUTE, part=500),
        StandingHold(hold=Hold.DISPUTE),
    }
    other = sibling(database, made)
    with database.transaction() as session:
        row = accounts.by_id(session, other.account_id)
        assert row is not None
        accounts.inherit_holds(session, row)
        accounts.lift_hold(session, made.account_id, Hold.DISPUTE)
    space = StandingHold(hold=Hold.HARDSHIP, starts=starts, ends=ends)
    assert facts(database, other).holds == facts(database, made).holds == (space,)


def test_contacts_are_those_of_all_accounts_and_what_the_person_wrote(database, made):
    other = sibling(database, made)
    contact(database, made, "a#1", at=NOW - timedelta(days=2))
    contact(database, other, "b#1", channel="email", at=NOW - timedelta(days=3))
    contact(database, made, "a#0", at=NOW - timedelta(days=41))
    with database.transaction() as session:
        people.save_reply(
            session,
            "r1",
            person_id=made.person_id,
            channel=Channel.SMS,
            words="plan",
            understood="plan",
            account_id=made.account_id,
            at=NOW - timedelta(days=1),
        )
    known = facts(database, made).contacts

    assert [each.key for each in known] == ["b#1", "a#1", "r1"]
    assert [each.inbound for each in known] == [False, False, True]
    assert known[2].account_id == made.account_id
    assert known[1].address == "phone"
    assert known[0].address == "email"


def test_a_contact_for_a_rare_purpose_is_known_for_ever_and_one_that_demands_is_not(database, made):
    long_ago = NOW - timedelta(days=400)
    call(database, made, ContactStatus.VOICEMAIL, purpose=Purpose.NOTICE, at=long_ago)
    call(database, made, ContactStatus.VOICEMAIL, key="call-2", at=long_ago)
    call(database, made, ContactStatus.REFUSED, key="call-3", purpose=Purpose.NOTICE, at=long_ago)
    [known] = facts(database, made).contacts

    assert (known.key, known.purpose, known.at) == ("call-1", Purpose.NOTICE, long_ago)


def test_a_contact_is_about_an_account_of_the_person_it_names(database, made):
    other = placement()
    record(database, other)
    with pytest.raises(IntegrityError, match="fk_contacts_account_id"):
        contact(database, made.model_copy(update={"consumer": other.consumer}))


@pytest.mark.parametrize("status", sorted(ContactStatus))
def test_what_never_left_is_no_contact_and_everything_else_is(database, made, status):
    nothing = {ContactStatus.REJECTED, ContactStatus.REFUSED, ContactStatus.UNAVAILABLE}
    call(database, made, status)

    assert [each.status for each in facts(database, made).contacts] == (
        [] if status in nothing else [status]
    )


def call(database, made, status, **more):
    said = {"key": "call-1", "account_id": made.account_id, "at": NOW} | more
    with database.transaction() as session:
        return contacts.note_call(session, contacts.Call(status=status, **said))


def test_a_later_outcome_corrects_a_call_and_the_same_one_changes_nothing(database, made):
    assert call(database, made, ContactStatus.INTENDED, dial=Dial.AUTOMATIC, place=Place.WORK)
    assert call(database, made, ContactStatus.BUSY, dial=Dial.AUTOMATIC, place=Place.WORK)
    assert not call(database, made, ContactStatus.BUSY, dial=Dial.AUTOMATIC, place=Place.WORK)
    [made_call] = facts(database, made).contacts
    assert (made_call.status, made_call.dial) == (ContactStatus.BUSY, Dial.AUTOMATIC)
    assert made_call.place is Place.WORK
    assert made_call.address == "phone"
    with database.transaction() as session:
        noted = [line.what for line in journal.lines(session, made.account_id)]
    assert noted == ["placed", "call: intended", "call: busy"]


def test_a_call_from_the_person_about_two_debts_is_a_contact_about_both(database, made):
    other = sibling(database, made)
    talk = {"inbound": True, "debts": (other.account_id,), "solicited": True}
    call(database, made, ContactStatus.CONVERSATION, **talk)
    [talked] = facts(database, other).contacts

    assert talked.inbound
    assert talked.solicited
    assert talked.about(made.account_id)
    assert talked.about(other.account_id)


def test_the_key_of_a_call_about_another_account_changes_nothing(database, made):
    other = sibling(database, made)
    call(database, made, ContactStatus.BUSY)

    assert not call(database, other, ContactStatus.CONVERSATION)
    assert [each.status for each in facts(database, made).contacts] == [ContactStatus.BUSY]


def test_a_providers_report_of_a_call_corrects_its_count_once(database, made):
    call(database, made, ContactStatus.INTENDED)
    with database.transaction() as session:
        told = {"provider_id": "CA1"}
        assert contacts.report(session, "call-1", ContactStatus.BUSY, **told)
        assert not contacts.report(session, "call-1", ContactStatus.CONVERSATION, **told)
    assert [each.status for each in facts(database, made).contacts] == [ContactStatus.BUSY]


def test_the_creditors_news_of_a_person_make_a_revision_and_repetition_does_not(database, made):
    def place(**consumer):
        said = made.consumer.model_dump(mode="json") | {"time_zone": None} | consumer
        record(database, placement(consumer=said))
        return facts(database, made).revision

    moved = place(region="US-NY")
    assert (moved, place(region="US-NY")) == (1, 1)
    assert place(region="US-NY", name="Another Name") == 1
    with database.transaction() as session:
        assert session.get_one(Person, made.person_id).regions == ["US-NY"]


def test_instants_are_utc_wherever_the_server_stands(database, made):
    assert all(each.at.utcoffset() == timedelta() for each in facts(database, made).milestones)
    assert NOW.tzinfo is UTC
    assert isinstance(NOW, datetime)
