"""Responses, contacts and charges, as a stage lives through them."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from compliance import Allow, Deny, Packs, PastContact, PersonFacts, Reason, Wait
from compliance.orders import Reached, ReachOut
from domain.accounts import Closure, Hold
from domain.contacts import Channel, ContactStatus, email, sms, voice
from domain.contracts import Authority
from domain.events import (
    CallRequested,
    CardStored,
    ContactSettled,
    HoldLifted,
    HoldPlaced,
    JourneySwitched,
    LawChanged,
    MessageReceived,
    OptedIn,
    OptedOut,
    PlanAccepted,
    PlanChanged,
    PlanEnded,
    PlanRequested,
    PromiseToPay,
    SettlementEnded,
    SettlementOffered,
    Undelivered,
)
from domain.orders import Charge, ChargeStatus
from domain.people import StandingHold
from domain.plans import monthly
from domain.settlements import Settlement
from domain.time import days, hours
from engine import Journey, aside, close, stage
from engine.accounts import merged
from engine.progress import is_kept
from simulation.diary import A_TUESDAY, Diary, accepts_offer, newly_placed, pays, play

NO_RULES = Packs(())

NIGHT = A_TUESDAY + hours(14)
"""23:00 in New York."""


@stage
async def nudges(account):
    """Two nudges, each sent once."""
    for nudge in (sms("first"), email("second")):
        contact = await account.contact(nudge)
        await account.answer(to=contact, within=days(5))
    return close(Closure.REFERRED)


@stage(on=PlanRequested)
async def plans(account):
    """Where plan requests lead."""
    await account.hand_over("wants a plan")
    return close(Closure.REFERRED)


@aside(on=(MessageReceived, CallRequested))
async def reads(account):
    """A person reads, in peace."""
    await account.hand_over("read it")
    await account.quiet(until=account.now + days(3), because="a person reads")


@aside(on=PromiseToPay)
async def trusts(account):
    """Wait for the promised day."""
    await account.quiet(until=account.morning_of(account.promise.due), because="of a promise")


NUDGING = Journey("nudging", version=1, stages=(nudges, plans, reads, trusts))


def opted_out(channel=Channel.SMS):
    return OptedOut(event_id=f"no {channel}", channel=channel)


# responses


def test_a_response_that_a_stage_claims_enters_that_stage():
    assert play(NUDGING, {2: PlanRequested(event_id="1")}, show_stages=True) == [
        "day   0  09:00  entered nudges",
        "day   0  09:00  sms first",
        "day   2  09:00  entered plans",
        "day   2  09:00  handed over: wants a plan",
        "day   2  09:00  closed: referred",
    ]


def test_after_an_aside_the_interrupted_stage_goes_on_and_sends_nothing_twice():
    account = newly_placed()

    assert play(NUDGING, {2: MessageReceived(event_id="1")}, account=account) == [
        "day   0  09:00  sms first",
        "day   2  09:00  handed over: read it",
        "day   5  09:00  email second",
        "day  10  09:00  closed: referred",
    ]
    assert account.visits == {"nudges": 1, "reads": 1}
    assert set(account.latest) == {"sms first", "email second"}
    assert account.made == {Channel.SMS: 1, Channel.EMAIL: 1}


def test_an_aside_within_an_aside_comes_back_to_the_stage_and_peace_is_never_shortened():
    promise = PromiseToPay(event_id="1", due=date(2026, 3, 20))
    account = newly_placed()

    diary = play(NUDGING, {2: promise, 3: CallRequested(event_id="2")}, account=account)

    assert diary == [
        "day   0  09:00  sms first",
        "day   3  09:00  handed over: read it",
        "day  10  08:00  email second",
        "day  15  08:00  closed: referred",
    ]
    assert account.interrupted == "nudges"


def test_several_responses_at_once_are_answered_in_their_order():
    story = {2: (CallRequested(event_id="1"), PlanRequested(event_id="2"))}

    diary = play(NUDGING, story, show_stages=True)

    assert [line[16:] for line in diary[2:]] == [
        "entered reads",
        "handed over: read it",
        "entered plans",
        "handed over: wants a plan",
        "closed: referred",
    ]


def test_a_response_that_no_stage_claims_goes_to_whoever_waits_for_one():
    @stage
    async def listens(account):
        """Listen to anything."""
        heard = await account.response(within=days(9))
        await account.hand_over(f"heard {heard.kind if heard else 'nothing'}")
        return close(Closure.REFERRED)

    journey = Journey("listening", version=1, stages=(listens,))

    answered = play(journey, {4: CardStored(event_id="1")})

    assert answered[0] == "day   4  09:00  handed over: heard card_stored"
    assert play(journey)[0] == "day   9  09:00  handed over: heard nothing"


# contacts


def test_a_contact_waits_for_the_lawful_hour():
    assert play(NUDGING, start=NIGHT)[0] == "day   1  08:00  sms first"


def test_an_opt_out_during_the_night_is_heeded():
    assert play(NUDGING, {hours(1): opted_out()}, start=NIGHT)[:2] == [
        "day   1  00:00  sms first refused: the person asked us not to use this medium",
        "day   1  08:00  email second",
    ]


def test_a_hold_during_the_night_is_sat_out_and_the_gate_is_asked_again():
    story = {
        hours(1): HoldPlaced(event_id="1", hold=Hold.DISPUTE),
        days(6): HoldLifted(event_id="2", hold=Hold.DISPUTE),
    }

    diary = play(NUDGING, story, start=NIGHT)

    assert diary[0] == "day   7  08:00  sms first"


def test_an_opt_out_that_is_taken_back_in_time_does_not_lose_the_message():
    story = {hours(0): opted_out(), hours(1): OptedIn(event_id="2", channel=Channel.SMS)}

    @stage
    async def later(account):
        """Contact after a day."""
        await account.quiet(until=account.now + days(1), because="of the test")
        contact = await account.contact(sms("late"))
        await account.hand_over(f"{contact.status}: {contact.reasons}")
        return close(Closure.REFERRED)

    diary = play(Journey("later", version=1, stages=(later,)), story)

    assert diary[:2] == ["day   1  09:00  sms late", "day   1  09:00  handed over: sent: ()"]


def test_a_refusal_is_an_outcome_with_its_reasons():
    @stage
    async def asks(account):
        """Contact, and tell what came of it."""
        contact = await account.contact(sms("late"))
        await account.hand_over(f"{contact.status}: {contact.reasons[0]}")
        return close(Closure.REFERRED)

    account = newly_placed()
    account.hear(opted_out())

    assert play(Journey("asks", version=1, stages=(asks,)), account=account)[1] == (
        "day   0  09:00  handed over: refused: the person asked us not to use this medium "
        "(12 CFR 1006.14(h)(1))"
    )


def test_news_of_an_earlier_message_does_not_answer_the_next_one():
    story = {
        5: Undelivered(event_id="1", key="diary#1"),
        7: ContactSettled(
            event_id="2", key="diary#2", channel=Channel.EMAIL, status=ContactStatus.DELIVERED
        ),
    }

    assert play(NUDGING, story)[-2:] == [
        "day   7  09:00  email second delivered",
        "day  10  09:00  closed: referred",
    ]


class Record(Diary):
    """A diary whose record knows more than the account does."""

    def __init__(self, *answers, during=None, start=A_TUESDAY):
        super().__init__(newly_placed(), {}, packs=NO_RULES, contacts={}, start=start)
        self.answers = list(answers)
        self.during = during

    async def reach_out(self, order):
        if self.during:
            self.account.hear(self.during)
        if not self.answers:
            return await super().reach_out(order)
        self.orders.append(order)
        return self.answers.pop(0)(self)


def said(record, verdict, facts):
    """The record's answer, nothing having been sent."""
    account = record.account
    return Reached(
        verdict=verdict,
        status=None,
        facts=facts,
        law=account.law,
        version=account.version,
        balance=account.balance,
    )


REASON = Reason(rule="R", pack="p", says="too often", cite="law")


def test_a_late_wait_from_the_record_is_slept_through_and_not_told_to_it_again():
    def not_yet(record):
        later = Wait(until=A_TUESDAY + days(2), reasons=(REASON,))
        contacts = (PastContact(key="x", account_id="b", channel=Channel.SMS, at=A_TUESDAY),)
        facts = record.account.person.model_copy(update={"contacts": contacts})
        return said(record, later, facts)

    record = Record(not_yet)
    record.play(NUDGING)

    first, second = (each for each in record.orders[:2] if isinstance(each, ReachOut))
    assert (first.at, second.at) == (A_TUESDAY, A_TUESDAY + days(2))
    assert first.waits == ()
    assert second.waits == ()
    assert record.account.person.contacts[0].key == "x"


def test_a_late_refusal_from_the_record_is_the_outcome():
    def no(record):
        return said(record, Deny(reasons=(REASON,)), record.account.person)

    record = Record(no)
    record.play(NUDGING)

    assert "sms first" not in record.account.latest


def test_the_detail_of_a_rejection_reaches_the_stage():
    @stage
    async def asks(account):
        """Contact, and tell what came of it."""
        contact = await account.contact(sms("late"))
        await account.hand_over(f"{contact.made} {contact.reasons}")
        return close(Closure.REFERRED)

    def rejected(record):
        return Reached(
            verdict=Allow(),
            status=ContactStatus.REJECTED,
            facts=record.account.person,
            law="",
            version=record.account.version,
            balance=record.account.balance,
            detail="not a mobile number",
        )

    diary = Record(rejected).play(Journey("asks", version=1, stages=(asks,)))

    assert diary[0] == "day   0  09:00  handed over: False ('not a mobile number',)"


def test_an_opt_out_while_a_contact_is_under_way_is_not_lost():
    def older_facts(record):
        facts = record.account.person.model_copy(update={"opted_out": ()})
        return replace(said(record, Allow(), facts), status=ContactStatus.SENT)

    record = Record(older_facts, during=opted_out(Channel.EMAIL))
    record.play(NUDGING)

    assert record.account.person.opted_out == (Channel.EMAIL,)


def facts(**changes):
    return PersonFacts(country="US", zones=("America/New_York",), **changes)


def test_news_is_laid_over_the_record_and_the_rest_is_the_records():
    pause, dispute = (StandingHold(hold=each) for each in (Hold.PAUSE, Hold.DISPUTE))
    before = facts(opted_out=(Channel.SMS,), holds=(pause,))
    now = facts(opted_out=(Channel.EMAIL,), holds=())
    record = facts(
        opted_out=(Channel.SMS, Channel.VOICE),
        holds=(pause, dispute),
        unreachable=(Channel.LETTER,),
    )

    assert merged(before, now, record) == facts(
        opted_out=(Channel.EMAIL, Channel.VOICE),
        holds=(dispute,),
        unreachable=(Channel.LETTER,),
    )


# charges and plans


def plan_journey(attempt):
    @stage
    async def offers(account):
        """Offer a plan."""
        account.offer_plan(parts=4, first_in=days(7))
        await account.contact(sms("offer"))
        await account.response(within=days(5))
        return close(Closure.REFERRED)

    return Journey("plans", version=1, stages=(offers, stage(on=PlanAccepted)(attempt)))


def test_a_charge_takes_what_is_due_and_no_more_than_is_still_owed_of_it():
    async def charges(account):
        """Charge the first part twice, then all."""
        first = account.instalment
        await account.collect(first)
        again = await account.collect(first)
        assert again.status is ChargeStatus.PAID
        assert account.covered(first)
        await account.collect()
        return close(Closure.REFERRED)

    account = newly_placed()
    story = {days(1): accepts_offer, hours(23): pays(10_00)}
    diary = Diary(account, story, packs=NO_RULES, contacts={})

    assert diary.play(plan_journey(charges))[1:] == [
        "day   1  09:00  charge 40.00 paid",
        "day   1  09:00  charge 150.00 paid",
        "day   1  09:00  closed: paid in full",
    ]
    parts = [order.instalment for order in diary.orders if isinstance(order, Charge)]
    assert parts == [1, None]


def test_waiting_for_a_payment_ends_when_it_comes():
    async def hopes(account):
        """Wait for the first part."""
        kept = await account.paid(account.instalment, by=account.now + days(9))
        await account.hand_over(f"kept: {kept}, offer: {account.plan.plan_id}")
        return close(Closure.REFERRED)

    journey = plan_journey(hopes)

    assert play(journey, {1: accepts_offer, 4: pays(50_00)})[1] == (
        "day   4  09:00  handed over: kept: True, offer: acc_1-p1"
    )
    assert play(journey, {1: accepts_offer, 4: pays(40_00)})[1].startswith("day  10  09:00")


def test_without_a_plan_every_instalment_is_covered_and_none_is_open():
    @stage
    async def asks(account):
        """Ask for an instalment that is not there."""
        assert account.plan is None
        assert account.covered(None)
        return account.instalment

    with pytest.raises(LookupError, match="asks: no plan with an open instalment"):
        play(Journey("asks", version=1, stages=(asks,)))


def test_a_debt_too_small_for_the_parts_is_paid_in_fewer_that_a_card_can_pay():
    account = newly_placed(balance=1_60)

    @stage
    async def offers(account):
        """Offer a plan."""
        plan = account.offer_plan(parts=4, first_in=days(7))
        await account.hand_over(f"{len(plan.instalments)} from {plan.instalments[0].due}")
        return close(Closure.REFERRED)

    diary = play(Journey("offers", version=1, stages=(offers,)), account=account)

    assert diary[0] == "day   0  09:00  handed over: 3 from 2026-03-17"


def test_a_morning_is_the_latest_where_zones_differ():
    account = newly_placed(zones=("America/New_York", "America/Los_Angeles"))

    @stage
    async def sleeps(account):
        """Sleep until a morning."""
        await account.quiet(until=account.morning_of(date(2026, 3, 12)), because="of the test")
        return close(Closure.REFERRED)

    diary = Diary(account, {}, packs=NO_RULES, contacts={})
    diary.play(Journey("sleeps", version=1, stages=(sleeps,)))

    assert diary.now() == datetime(2026, 3, 12, 7, tzinfo=UTC)


def test_where_nothing_was_interrupted_the_first_stage_is_where_to_go():
    account = newly_placed()

    @stage
    async def asks(account):
        """Ask where to go back to."""
        await account.hand_over(f"back to {account.interrupted.name}, visit {account.visits(asks)}")
        return close(Closure.REFERRED)

    diary = play(Journey("asks", version=1, stages=(asks,)), account=account)

    assert diary[0] == "day   0  09:00  handed over: back to asks, visit 1"


# plans, promises and settlements, as a stage sees them


def offer_to_settle(name="s1", *, expires=date(2026, 3, 20)):
    return Settlement(
        settlement_id=name,
        minor=120_00,
        balance=200_00,
        currency="USD",
        expires=expires,
        by=Authority.AGENT,
    )


@stage
async def looks(account):
    """Say each day whether an offer to settle stands."""
    offer = account.settlement
    await account.hand_over(f"{offer.amount} by {offer.expires}" if offer else "none stands")
    await account.quiet(until=account.now + days(4), because="of the test")
    return looks


def seen(story, last_day):
    lines = play(Journey("looking", version=1, stages=(looks,)), story, last_day=last_day)
    return [line.split("over: ")[1] for line in lines if "over: " in line]


def test_an_offer_to_settle_stands_to_the_end_of_its_last_day():
    offered = SettlementOffered(event_id="1", settlement=offer_to_settle())

    assert seen({1: offered}, last_day=12) == [
        "none stands",
        *["USD 120.00 by 2026-03-20"] * 2,
        "none stands",
    ]


def test_an_offer_that_is_withdrawn_stands_no_more_and_an_older_one_withdrawn_changes_nothing():
    story = {
        1: SettlementOffered(event_id="1", settlement=offer_to_settle()),
        5: SettlementEnded(event_id="2", settlement_id="another"),
        9: SettlementEnded(event_id="3", settlement_id="s1"),
    }

    assert seen(story, last_day=13) == [
        "none stands",
        *["USD 120.00 by 2026-03-20"] * 2,
        "none stands",
    ]


def test_an_older_revision_of_a_plan_and_news_of_another_plan_are_no_news():
    account = newly_placed()
    plan = monthly("p", account.money, parts=4, first=date(2026, 4, 1))
    second = plan.model_copy(update={"revision": 2})
    account.hear(PlanAccepted(event_id="1", plan=plan))
    account.hear(PlanChanged(event_id="2", plan=second))
    account.responses.clear()

    account.hear(PlanChanged(event_id="3", plan=plan))
    account.hear(PlanChanged(event_id="4", plan=second.model_copy(update={"plan_id": "q"})))
    account.hear(PlanEnded(event_id="5", plan_id="q"))

    assert account.plan == second
    assert account.responses == []
    account.hear(PlanEnded(event_id="6", plan_id="p"))
    assert account.plan is None
    assert [each.kind for each in account.responses] == ["plan_ended"]


def test_news_of_a_plan_may_come_in_any_order_and_one_given_up_stays_given_up():
    plan = monthly("p", newly_placed().money, parts=4, first=date(2026, 4, 1))
    second = plan.model_copy(update={"revision": 2})
    accepted = PlanAccepted(event_id="1", plan=plan)
    changed = PlanChanged(event_id="2", plan=second)
    ended = PlanEnded(event_id="3", plan_id="p")

    kept, given_up = newly_placed(), newly_placed()
    kept.hear(changed)
    kept.hear(accepted)
    given_up.hear(ended)
    given_up.hear(accepted)
    given_up.hear(changed)

    assert kept.plan == second
    assert given_up.plan is None


def test_a_law_that_was_put_in_force_earlier_is_old_news():
    account = newly_placed()
    for law, number in (("new", 2), ("old", 1)):
        account.hear(LawChanged(event_id=law, law=law, number=number))

    assert (account.law, account.law_number) == ("new", 2)


@pytest.mark.parametrize(
    ("minor", "balance", "left", "kept"),
    [
        (None, 200_00, 0, True),
        (None, 200_00, 1, False),
        (50_00, 200_00, 150_00, True),
        (50_00, 200_00, 150_01, False),
        (None, None, 0, False),
    ],
)
def test_a_promise_is_kept_once_as_much_as_was_promised_has_come(minor, balance, left, kept):
    promise = PromiseToPay(event_id="1", due=date(2026, 3, 20), minor=minor, balance=balance)

    assert is_kept(promise, left) is kept
    assert is_kept(None, 0) is False


def test_what_a_stage_hands_over_is_not_repeated_when_it_was_broken_into_and_goes_on():
    @stage
    async def gives(account):
        """Hand over, and wait."""
        await account.hand_over("look at it")
        await account.quiet(until=account.entered + days(9), because="of the test")
        return close(Closure.REFERRED)

    journey = Journey("giving", version=1, stages=(gives, reads))

    assert play(journey, {2: MessageReceived(event_id="1")}) == [
        "day   0  09:00  handed over: look at it",
        "day   2  09:00  handed over: read it",
        "day   9  09:00  closed: referred",
    ]


def test_no_stage_but_an_aside_keeps_quiet_for_what_it_hands_over():
    @stage
    async def asks(account):
        """Hand over."""
        await account.hand_over("look", in_peace=days(3))
        return close(Closure.REFERRED)

    with pytest.raises(TypeError, match="asks: expected an @aside, to keep quiet `in_peace`"):
        play(Journey("asking", version=1, stages=(asks,)))


def test_a_stage_that_stays_is_the_same_visit():
    account = newly_placed()

    @stage
    async def waits(account):
        """Wait nine days in parts of three."""
        await account.contact(sms("first"))
        await account.quiet(until=account.now + days(3), because="of the test")
        over = account.now >= account.entered + days(9)
        return close(Closure.REFERRED) if over else account.stay()

    journey = Journey("staying", version=1, stages=(waits,))

    assert play(journey, account=account, show_stages=True) == [
        "day   0  09:00  entered waits",
        "day   0  09:00  sms first",
        *(f"day {day:3d}  09:00  entered waits" for day in (3, 6)),
        "day   9  09:00  closed: referred",
    ]
    assert account.visits == {"waits": 1}


def test_a_journey_plays_a_shared_stage_in_its_own_way():
    def say(words):
        async def broken(account):
            """Say something."""
            await account.hand_over(words)
            return close(Closure.REFERRED)

        return stage(broken)

    shared, own = say("shared"), say("own")

    @stage
    async def begins(account):
        """Name the shared stage."""
        return shared

    assert play(Journey("own", version=1, stages=(begins, own)))[0].endswith("over: own")


def test_a_call_has_a_key_by_which_its_outcome_can_be_reported():
    @stage
    async def calls(account):
        """Call once."""
        await account.contact(voice("late"))
        return close(Closure.REFERRED)

    diary = Diary(newly_placed(), {}, packs=NO_RULES, contacts={})
    diary.play(Journey("calling", version=1, stages=(calls,)))

    assert [order.key for order in diary.orders] == ["acc_1/call/listed-1"]


def test_leaving_for_another_journey_forgets_the_stages_and_keeps_what_was_agreed():
    account = newly_placed()
    account.visits, account.missed = {"reminders": 3}, 1
    plan = monthly("p", account.money, parts=4, first=date(2026, 4, 1))
    account.hear(PlanAccepted(event_id="1", plan=plan))
    account.hear(JourneySwitched(event_id="2", journey="standard"))

    account.take_up(came_from="hardship")

    assert (account.visits, account.came_from, account.switched_to) == ({}, "hardship", None)
    assert account.plan == plan


def test_being_sent_on_the_journey_that_it_takes_changes_nothing():
    stays = JourneySwitched(event_id="1", journey="nudging")

    assert play(NUDGING, {2: stays}) == play(NUDGING)
