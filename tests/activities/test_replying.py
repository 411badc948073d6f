from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import select, update

from activities.replying import FROM_FORMER, OF_NOBODY, take_reply
from compliance import ContactRequest, decide, load_packs
from domain.accounts import Closure
from domain.contacts import Channel, Place, Purpose
from domain.events import (
    CallRequested,
    HardshipDeclared,
    HoldPlaced,
    MessageReceived,
    OptedIn,
    OptedOut,
    PaymentClaimed,
    ProfileChanged,
)
from domain.people import Milestone, MilestoneKind, Weekday, Wish
from domain.replies import Understood
from storage import accounts, inbox, people
from storage.looking import facts
from storage.tables import InboxRow, JournalRow, Person, PromiseRow, Reply, Task
from tests.api.record import NOW, contact, placement, record

pytestmark = pytest.mark.stack

LAW = load_packs()


@pytest.fixture
def placed(database):
    """An account of a person in New York, who was texted two days ago."""
    one = placement()
    record(database, one)
    contact(database, one, at=NOW - timedelta(days=2))
    return one


def another_of(placed, database):
    one = placement(consumer=placed.consumer.model_dump(mode="json", exclude_none=True))
    record(database, one)
    return one


def write(database, placed, words, *, key="r1", channel=Channel.SMS, at=NOW, keyword=None):
    """The person writes; what workflows are told of it."""
    where = placed.consumer.phone if channel is Channel.SMS else placed.consumer.email
    with database.transaction() as session:
        row = inbox.store(session, "twilio-message", key, "topic", {})
        session.execute(update(InboxRow).where(InboxRow.id == row.id).values(recorded_at=at))
        session.refresh(row)
        return take_reply(session, row, channel, where, words, keyword=keyword)


def known(database, placed, at=NOW):
    with database.transaction() as session:
        return facts(session, placed.account_id, at)


def rows(database, table):
    with database.transaction() as session:
        return list(session.scalars(select(table)))


def kinds(told):
    return [type(each.event) for each in told]


def test_a_wish_binds_every_open_account_and_each_of_them_hears_of_it(database, placed):
    other = another_of(placed, database)
    told = write(database, placed, "Please don\u2019t call me before noon or on Sundays")
    assert known(database, other).wishes == (Wish(opens=time(12), never=(Weekday.SUN,)),)
    assert [each.event.profile.wishes for each in told] == [known(database, other).wishes] * 2
    assert {each.workflow_id for each in told} == {
        f"account/acme/{each.reference}" for each in (placed, other)
    }


def test_a_second_wish_is_added_to_the_first(database, placed):
    write(database, placed, "not before noon")
    write(database, placed, "not on Sundays", key="r2")
    assert known(database, placed).wishes == (Wish(opens=time(12), never=(Weekday.SUN,)),)


def test_a_wish_never_to_be_contacted_at_work_is_kept_and_a_person_looks_at_the_numbers(
    database, placed
):
    told = write(database, placed, "never at work")
    assert known(database, placed).wishes == (Wish(not_at=(Place.WORK,)),)
    assert kinds(told) == [ProfileChanged]
    (task,) = rows(database, Task)
    assert "no contact at work" in task.reason


def test_a_wish_with_other_words_is_kept_and_read_by_a_person(database, placed):
    told = write(database, placed, "not before noon, my son was born this week")
    assert kinds(told) == [ProfileChanged, MessageReceived]


def test_somebody_who_wants_a_call_in_the_evening_gets_both(database, placed):
    told = write(database, placed, "call me after 6pm")
    assert kinds(told) == [ProfileChanged, CallRequested]


def test_media_are_refused_at_every_address_and_the_address_that_wrote_for_all_who_share_it(
    database, placed
):
    family = placement(consumer={"phone": placed.consumer.phone})
    record(database, family)
    told = write(database, placed, "stop texting and emailing me")
    assert known(database, placed).opted_out == ("email", "sms")
    assert known(database, family).opted_out == ("sms",)
    heard = {(each.workflow_id, each.event.channel) for each in told}
    assert heard == {
        (f"account/acme/{placed.reference}", "sms"),
        (f"account/acme/{placed.reference}", "email"),
        (f"account/acme/{family.reference}", "sms"),
    }


def test_calls_refused_by_text_are_refused_for_the_number(database, placed):
    family = placement(consumer={"phone": placed.consumer.phone})
    record(database, family)
    write(database, placed, "stop calling me")
    assert known(database, family).opted_out == ("voice",)


def test_a_mail_that_refuses_calls_binds_the_person_who_wrote_it(database, placed):
    told = write(database, placed, "don't call me", channel=Channel.EMAIL)
    assert known(database, placed).opted_out == ("voice",)
    assert kinds(told) == [OptedOut]


def test_stop_refuses_the_address_alone_and_start_lifts_that_and_the_medium(database, placed):
    write(database, placed, "STOP", keyword=Understood.STOP)
    assert known(database, placed).opted_out == ("sms",)
    write(database, placed, "stop texting me", key="r2")
    told = write(database, placed, "START", key="r3")
    assert known(database, placed).opted_out == ()
    assert kinds(told) == [OptedIn]


@pytest.mark.parametrize("words", ["STOP and I already paid", "I already paid. توقف"])
def test_a_stop_with_a_claim_to_have_paid_is_obeyed_and_the_claim_is_heard(database, placed, words):
    told = write(database, placed, words)
    assert known(database, placed).opted_out == ("sms",)
    assert kinds(told) == [OptedOut, PaymentClaimed]
    assert rows(database, Reply)[0].understood == "stop, paid"


def test_a_stop_with_a_dispute_closes_the_number_and_stops_the_clock(database, placed):
    told = write(database, placed, "Stop. I dispute this debt")
    assert known(database, placed).opted_out == ("sms",)
    assert kinds(told) == [OptedOut, HoldPlaced]


def test_a_word_to_stop_something_else_leaves_the_number_open_and_is_read(database, placed):
    told = write(database, placed, "stop the plan")
    assert known(database, placed).opted_out == ()
    assert kinds(told) == [MessageReceived]


def test_a_start_that_could_not_be_told_is_told_when_it_is_applied_again(database, placed):
    write(database, placed, "STOP")
    first = write(database, placed, "START", key="r2")
    again = write(database, placed, "START", key="r2")
    assert kinds(first) == kinds(again) == [OptedIn]


def test_a_start_that_is_applied_late_lifts_no_stop_that_came_after_it(database, placed):
    write(database, placed, "STOP", at=NOW - timedelta(hours=2))
    write(database, placed, "STOP", key="r3", at=NOW)
    write(database, placed, "stop texting me", key="r4", at=NOW)
    write(database, placed, "START", key="r2", at=NOW - timedelta(hours=1))
    assert known(database, placed).opted_out == ("sms",)
    with database.transaction() as session:
        person = session.get_one(Person, placed.person_id)
        assert people.refuses(session, person, Channel.SMS)


def test_a_start_whose_telling_failed_lifts_no_later_stop_when_it_is_applied_again(
    database, placed
):
    write(database, placed, "STOP", at=NOW - timedelta(hours=2))
    start = {"key": "r2", "at": NOW - timedelta(hours=1)}
    write(database, placed, "START", **start)
    assert known(database, placed).opted_out == ()
    write(database, placed, "STOP", key="r3")
    assert write(database, placed, "START", **start) == []
    assert known(database, placed).opted_out == ("sms",)


def test_a_start_from_a_shared_number_lifts_nobodys_refusal_of_the_medium(database, placed):
    family = placement(consumer={"phone": placed.consumer.phone})
    record(database, family)
    write(database, placed, "no more texts please, stop texting me", channel=Channel.EMAIL)
    write(database, placed, "STOP", key="r2")
    told = write(database, placed, "START", key="r3")
    assert known(database, placed).opted_out == ("sms",)
    assert known(database, family).opted_out == ()
    assert [each.workflow_id for each in told] == [f"account/acme/{family.reference}"]


def test_a_yes_to_a_medium_that_was_refused_at_another_address_is_a_start(database, placed):
    with database.transaction() as session:
        people.opt_out(session, placed.person_id, Channel.SMS, source="api", at=NOW)
    write(database, placed, "yes")
    assert known(database, placed).opted_out == ()


def test_what_is_applied_again_is_written_once_and_told_again(database, placed):
    first = write(database, placed, "this is not my debt. stop calling me, not before noon")
    again = write(database, placed, "this is not my debt. stop calling me, not before noon")
    assert kinds(first) == kinds(again)
    assert len(known(database, placed).wishes) == 1
    disputes = [each for each in rows(database, JournalRow) if each.what == "disputed"]
    assert len(disputes) == len(rows(database, Reply)) == 1


@pytest.mark.parametrize(
    ("ends", "how"),
    [
        (NOW + timedelta(days=1), "in writing, within the validation period"),
        (NOW - timedelta(days=1), "in writing, after the validation period"),
        (None, "in writing, within the validation period"),
    ],
)
def test_a_dispute_in_writing_stops_the_clock_and_is_noted_as_in_time_or_late(
    database, placed, ends, how
):
    if ends is not None:
        period = Milestone(
            kind=MilestoneKind.VALIDATION_ENDS, at=ends, account_id=placed.account_id
        )
        with database.transaction() as session:
            people.note_milestone(session, placed.person_id, period, key="n", source="test")
    told = write(database, placed, "I dispute this debt")
    assert kinds(told) == [HoldPlaced]
    (line,) = [each for each in rows(database, JournalRow) if each.what == "disputed"]
    assert line.detail["how"] == how


def test_a_reply_is_a_contact_that_the_person_began_and_one_answer_to_it_is_free_at_night(
    database, placed
):
    night = datetime(2026, 11, 22, 3, 30, tzinfo=UTC)

    def answer(channel, at):
        asked = ContactRequest(account_id=placed.account_id, channel=channel, purpose=Purpose.REPLY)
        return decide(asked, known(database, placed, at), LAW, at).kind

    assert answer(Channel.SMS, night) == "wait"
    write(database, placed, "what is this about?", at=night)
    (reply,) = rows(database, Reply)
    assert (reply.account_id, reply.at) == (placed.account_id, night)
    at = night + timedelta(minutes=1)
    assert [each.inbound for each in known(database, placed, at).contacts] == [False, True]
    assert answer(Channel.SMS, at) == "allow"
    assert answer(Channel.VOICE, at) == "wait"


def test_a_reply_to_an_account_that_runs_ahead_has_the_accounts_time(database, placed):
    ahead = NOW + timedelta(days=20)
    contact(database, placed, "c#2", at=ahead)
    write(database, placed, "not before noon")
    assert rows(database, Reply)[0].at == ahead


def test_a_wish_after_the_end_is_kept_for_the_next_account_and_needs_nobody(database, placed):
    with database.transaction() as session:
        accounts.close(session, placed.account_id, Closure.PAID_IN_FULL, at=NOW)
    assert write(database, placed, "not before noon, stop calling me") == []
    assert rows(database, Task) == []
    person = known(database, another_of(placed, database))
    assert (person.wishes, person.opted_out) == ((Wish(opens=time(12)),), ("voice",))


def test_words_from_an_address_that_nobody_has_are_kept_and_the_address_left_alone(database):
    stranger = placement()
    assert write(database, stranger, "stop texting me, not before noon") == []
    (reply,) = rows(database, Reply)
    assert (reply.person_id, reply.account_id, reply.understood) == (None, None, "medium, wish")
    record(database, stranger)
    assert known(database, stranger).opted_out == ("sms",)


@pytest.mark.parametrize(
    ("words", "aside"),
    [
        ("STOP", None),
        ("HELP", OF_NOBODY),
        ("who are you?", OF_NOBODY),
        ("not before noon", OF_NOBODY),
        ("I am bankrupt", OF_NOBODY),
    ],
)
def test_what_nobody_on_record_wrote_is_set_aside_for_a_person_to_read(database, words, aside):
    write(database, placement(), words)
    (row,) = rows(database, InboxRow)
    assert (row.failure, row.applied_at is not None) == (aside, aside is not None)


@pytest.mark.parametrize(
    ("country", "phone", "heard"),
    [("US", "+14045550188", HoldPlaced), ("GB", "+442079460123", MessageReceived)],
)
def test_a_refusal_to_pay_ends_all_contact_where_the_law_says_so_and_else_a_person_reads_it(
    database, country, phone, heard
):
    one = placement(consumer={"country": country, "phone": phone})
    record(database, one)
    contact(database, one, at=NOW - timedelta(days=2))
    assert kinds(write(database, one, "I refuse to pay this debt")) == [heard]


# whoever writes from where they are no more


@pytest.fixture
def moved(database, placed):
    """They were texted and mailed; then the creditor placed them again, reached elsewhere."""
    contact(database, placed, "c#mail", channel=Channel.EMAIL, at=NOW - timedelta(days=1))
    consumer = placed.consumer.model_dump(mode="json", exclude_none=True)
    now = {"phone": "+12125550198", "email": "elsewhere@example.com"}
    record(database, placement(consumer=consumer | now))
    return placed


def test_a_stop_with_reasons_from_a_former_number_stops_the_person_and_every_account(
    database, moved
):
    told = write(database, moved, "STOP. I am bankrupt, contact my lawyer")
    assert known(database, moved).opted_out == ("sms",)
    assert {each.hold for each in known(database, moved).holds} == {"bankruptcy", "attorney"}
    assert kinds(told).count(HoldPlaced) == 4
    (reply,) = rows(database, Reply)
    assert (reply.person_id, reply.account_id) == (moved.person_id, moved.account_id)
    reasons = {task.reason for task in rows(database, Task)}
    assert reasons == {FROM_FORMER, "wrote of bankruptcy, attorney: read it"}


@pytest.mark.parametrize(
    ("words", "keyword", "channel"),
    [
        ("STOP", Understood.STOP, Channel.SMS),
        ("stop texting me", None, Channel.SMS),
        ("unsubscribe", None, Channel.EMAIL),
    ],
)
def test_a_stop_from_a_former_address_refuses_the_medium_and_a_person_reads_it(
    database, moved, words, keyword, channel
):
    told = write(database, moved, words, keyword=keyword, channel=channel)
    assert known(database, moved).opted_out == (channel,)
    assert MessageReceived in kinds(told)
    assert [task.reason for task in rows(database, Task)] == [FROM_FORMER]


def test_a_wrong_number_of_somebody_who_has_it_now_refuses_nothing_for_the_person(database, moved):
    told = write(database, moved, "Wrong number, stop texting me here")
    assert known(database, moved).opted_out == ()
    assert kinds(told) == [MessageReceived]
    assert [task.reason for task in rows(database, Task)] == [FROM_FORMER]


def test_a_promise_or_a_claim_from_a_former_number_is_taken_from_nobody_but_a_person(
    database, moved
):
    told = write(database, moved, "I will pay on 2026-12-01")
    told += write(database, moved, "I have already paid", key="r2")
    assert {*kinds(told)} == {MessageReceived}
    assert rows(database, PromiseRow) == []


def test_a_start_from_a_former_number_lifts_nothing_that_the_person_refused(database, moved):
    write(database, moved, "STOP")
    write(database, moved, "START", key="r2")
    assert known(database, moved).opted_out == ("sms",)


def test_a_number_that_is_somebody_elses_now_is_theirs(database, moved):
    family = placement(consumer={"phone": moved.consumer.phone})
    record(database, family)
    write(database, moved, "I am bankrupt")
    assert known(database, moved).holds == ()
    assert [each.hold for each in known(database, family).holds] == ["bankruptcy"]


def test_of_several_who_had_a_number_it_is_whoever_was_reached_there_last(database, moved):
    consumer = {"phone": moved.consumer.phone, "reference": "later", "country": "US"}
    later = placement(consumer=consumer)
    record(database, later)
    contact(database, later, "c#later", at=NOW - timedelta(hours=1))
    record(database, placement(consumer=consumer | {"phone": "+12125550197"}))
    write(database, moved, "not my debt")
    assert [reply.person_id for reply in rows(database, Reply)] == [later.person_id]


def test_hardship_stops_every_account_while_a_person_reads_and_then_has_its_own_journey(
    database, placed
):
    another_of(placed, database)

    told = write(database, placed, "I lost my job and cannot pay")

    assert kinds(told) == [HoldPlaced, HardshipDeclared] * 2
    assert {each.event.ends for each in told if each.event.kind == "hold_placed"} == {
        (NOW + timedelta(days=3)).date()
    }
    assert [task.reason for task in rows(database, Task)] == ["wrote of hardship: read it"]
