"""The model of people's behaviour: chances as its figures say, and the same people every time."""

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from math import sqrt
from zoneinfo import ZoneInfo

import pytest

from domain.contacts import Channel, Contact, ContactStatus, Message, email, sms, voice
from domain.contracts import RetryTerms
from domain.orders import ChargeStatus, DeclineKind
from domain.plans import Instalment
from simulation.behaviour import PEOPLE_KEPT, Model
from simulation.deeds import Debt, Deed
from simulation.frailty import Lateness, exposure, share_left
from simulation.parameters import Replies, shipped

NOON = datetime(2026, 3, 10, 16, tzinfo=UTC)
"""Tuesday, noon in New York."""
DUE = date(2026, 3, 1)
MANY = 1200
SHAPE = int(shipped().willingness.value)
PAYS = {Deed.PAYS_ALL, Deed.PAYS_PART}


def figures(**changes):
    """The shipped parameters with other values; nobody prefers a channel and nothing is said."""
    plain = {
        "off_preference": 1.0,
        "undelivered": {},
        "replies": {},
        "complains": 0.0,
        "alone": 0.0,
        **changes,
    }
    return shipped().changed(plain, "a test")


A_DEBT = Debt(
    account="",
    person="",
    balance=200_00,
    opening=200_00,
    currency="USD",
    due_on=DUE,
    journey="standard",
    has_plan=False,
    autopay=False,
    overdue=None,
    instalment=None,
    zone="America/New_York",
)


def debt(number, *, person=None, **facts):
    who = f"per_{number if person is None else person}"
    return A_DEBT._replace(account=f"acc_{number}", person=who, **facts)


def contact(message=None, *, status=ContactStatus.SENT, at=NOON):
    return Contact(key="acc#1", message=message or sms("nudge"), status=status, at=at)


def deeds(acts):
    return [act.deed for act in acts]


def near(seen, expected, times):
    """Within four and a half standard errors: a false alarm once in 150,000."""
    return abs(seen - expected) <= 4.5 * sqrt(expected * (1 - expected) / times)


def share(found):
    told = list(found)
    return sum(told) / len(told), len(told)


# who they are


def test_the_same_seed_makes_the_same_people_and_another_makes_others():
    def answers(seed):
        model = Model(seed)
        return [model.on_contact(debt(n), contact(), 1) for n in range(300)]

    assert answers(7) == answers(7)
    assert answers(7) != answers(8)


def test_people_answer_the_same_in_whatever_order_they_are_asked():
    asked = [(n, k) for n in range(PEOPLE_KEPT + 50) for k in (1, 2)]
    shuffled = random.Random(1).sample(asked, len(asked))
    first, second = Model(7), Model(7)

    told = {each: first.on_contact(debt(each[0]), contact(), each[1]) for each in asked}
    again = {each: second.on_contact(debt(each[0]), contact(), each[1]) for each in shuffled}

    assert again == told
    assert sum(map(bool, told.values())) > 100


def test_accounts_of_one_person_go_together_as_much_as_people_differ():
    """Both pay with 1 - 2 S(c) + S(2c): what a shared gamma frailty gives."""
    model = Model(7, figures())
    both = [
        all(model.on_contact(debt(2 * n + k, person=n), contact(), 1) for k in (0, 1))
        for n in range(3 * MANY)
    ]
    hazard = exposure(1 - shipped().pays_on_contact.values[0], SHAPE)

    seen, times = share(both)
    expected = 1 - 2 * share_left(hazard, SHAPE) + share_left(2 * hazard, SHAPE)

    assert near(seen, expected, times)
    assert expected > 1.3 * shipped().pays_on_contact.values[0] ** 2


# paying


def test_of_those_who_had_n_contacts_as_many_pay_as_was_measured():
    model = Model(7, figures(pays_on_contact=(0.3, 0.2, 0.1, 0.05)))
    left = list(range(MANY))

    for number, expected in enumerate((0.3, 0.2, 0.1, 0.05, 0.05), start=1):
        paid = {n for n in left if model.on_contact(debt(n), contact(), number)}
        if number < 5:  # beyond the last figure it holds for each by themselves, not for all
            assert near(len(paid) / len(left), expected, len(left))
        left = [n for n in left if n not in paid]
    assert len(left) < 0.5 * MANY


def test_a_contact_does_less_where_lateness_makes_payments_rarer():
    model = Model(7, figures(pays_on_contact=(0.3,), pays_in_month=(0.4, 0.2, 0.1)))
    late = date(2025, 10, 1)

    seen, times = share(
        bool(model.on_contact(debt(n, due_on=late), contact(), 1)) for n in range(MANY)
    )

    ratio = Lateness((0, 90, 120), (0.4, 0.2, 0.1), SHAPE).relative(160)
    assert near(seen, 1 - share_left(exposure(0.7, SHAPE) * ratio, SHAPE), times)
    assert seen < 0.15


@pytest.mark.parametrize("late", [0, 45, 85, 200])
def test_as_many_pay_by_themselves_in_a_month_as_was_measured_however_late_they_begin(late):
    model = Model(7, figures(alone=1.0))
    month = timedelta(days=30)
    lateness = Lateness(shipped().pays_in_month.from_days, shipped().pays_in_month.values, SHAPE)
    placed = datetime(2026, 3, 10, 5, tzinfo=UTC)

    def pays(n):
        acts = model.at_placement(debt(n, due_on=(placed - timedelta(days=late)).date()), placed)
        return any(act.after <= month for act in acts)

    seen, times = share(pays(n) for n in range(MANY))
    left = [share_left(lateness.cumulated(day), SHAPE) for day in (late, late + 30)]

    assert near(seen, 1 - left[1] / left[0], times)


def test_without_contact_nobody_pays_where_the_figures_say_so():
    model = Model(7, figures(alone=0.0))

    assert not any(model.at_placement(debt(n), NOON) for n in range(300))


def test_what_is_not_due_yet_is_paid_by_its_day_as_often_as_was_measured():
    model = Model(7, figures())
    due = date(2026, 3, 20)

    acts = [model.at_placement(debt(n, due_on=due), NOON) for n in range(MANY)]

    assert near(sum(map(bool, acts)) / MANY, shipped().pays_on_time.value, MANY)
    days = {
        (NOON + each[0].after).astimezone(ZoneInfo("America/New_York")).date()
        for each in acts
        if each
    }
    assert days == {due}


def test_a_part_is_what_a_card_can_pay_and_less_than_the_balance():
    model = Model(7, figures(pays_on_contact=(0.9,), pays_part=(1.0, 1.0, 1.0)))
    owed = {"currency": "KWD", "balance": 20_005, "opening": 20_005}

    parts = [
        act.minor for n in range(300) for act in model.on_contact(debt(n, **owed), contact(), 1)
    ]

    assert len(parts) > 200
    assert set(parts) == {10_000}


def test_a_part_too_small_for_a_card_is_paid_in_full():
    model = Model(7, figures(pays_on_contact=(0.9,), pays_part=(1.0, 1.0, 1.0)))

    paid = [act for n in range(200) for act in model.on_contact(debt(n, balance=70), contact(), 1)]

    assert set(deeds(paid)) == {Deed.PAYS_ALL}


def test_payments_are_taken_back_as_often_as_the_figures_say():
    model = Model(7, figures(takes_back=0.2))

    acts = [model.on_payment(debt(n), 50_00, 1) for n in range(MANY)]

    assert near(sum(map(bool, acts)) / MANY, 0.2, MANY)
    assert {(act.deed, act.minor) for each in acts for act in each} == {(Deed.TAKES_BACK, 50_00)}


# reaching them


def test_a_contact_moves_those_more_who_prefer_its_channel_and_the_average_stays():
    model = Model(7, figures(pays_on_contact=(0.05,), off_preference=0.3))
    paid = [bool(model.on_contact(debt(n), contact(), 1)) for n in range(2 * MANY)]
    likes = [model.person(f"per_{n}").prefers is Channel.SMS for n in range(2 * MANY)]
    fond = [paid[n] for n in range(2 * MANY) if likes[n]]
    other = [paid[n] for n in range(2 * MANY) if not likes[n]]

    assert near(sum(paid) / (2 * MANY), 0.05, 2 * MANY)
    assert sum(fond) / len(fond) > 2 * sum(other) / len(other)


def test_a_dead_address_is_dead_for_all_that_is_sent_there():
    model = Model(7, figures(undelivered={Channel.SMS: 0.2}, pays_on_contact=(0.9,)))

    arrives = [
        {model.is_delivered(debt(2 * n + k, person=n), f"key {k}", "sms") for k in (0, 1)}
        for n in range(MANY)
    ]
    dead = [n for n in range(MANY) if arrives[n] == {False}]

    assert all(len(each) == 1 for each in arrives)
    assert near(len(dead) / MANY, 0.2, MANY)
    assert all(model.is_delivered(debt(n), "key", "email") for n in range(300))
    assert not any(model.on_contact(debt(n), contact(), 1) for n in dead)


def test_whoever_blocks_calls_never_answers_and_the_others_do_by_chance():
    model = Model(7)
    answered = [[model.answers_call(debt(n), f"call {k}") for k in range(20)] for n in range(MANY)]
    open_to = [each for each in answered if any(each)]

    blocks, answers = shipped().blocks_calls.value, shipped().answers.value

    assert near(1 - len(open_to) / MANY, blocks, MANY)
    assert near(sum(map(sum, open_to)) / (20 * len(open_to)), answers, 20 * len(open_to))


@pytest.mark.parametrize("status", [ContactStatus.NO_ANSWER, ContactStatus.BUSY])
def test_a_call_that_reaches_nobody_moves_nobody(status):
    model = Model(7, figures(pays_on_contact=(0.9,)))
    call = contact(voice("recovery"), status=status)

    assert not any(model.on_contact(debt(n), call, 1) for n in range(300))


def test_a_voicemail_moves_less_than_a_talk():
    model = Model(7, figures(pays_on_contact=(0.3,)))

    def paid(status):
        return sum(
            bool(model.on_contact(debt(n), contact(voice("recovery"), status=status), 1))
            for n in range(1000)
        )

    assert 0 < paid(ContactStatus.VOICEMAIL) < 0.6 * paid(ContactStatus.CONVERSATION)


# when they act


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Asia/Riyadh"])
def test_people_act_at_hours_of_their_own_clock(zone):
    model = Model(7, figures(pays_on_contact=(0.9,), acts_on_day=(0.0, 1.0)))

    acts = [act for n in range(MANY) for act in model.on_contact(debt(n, zone=zone), contact(), 1)]
    hours = Counter((NOON + act.after).astimezone(ZoneInfo(zone)).hour for act in acts)

    for hour, expected in enumerate(shipped().acts_at.values):
        assert near(hours[hour] / len(acts), expected, len(acts))


def test_on_the_same_day_people_act_after_the_contact():
    model = Model(7, figures(pays_on_contact=(0.9,), acts_on_day=(1.0,)))
    late = datetime(2026, 3, 11, 3, 30, tzinfo=UTC)  # 23:30 in New York
    for at in (NOON, late):
        acts = [act for n in range(500) for act in model.on_contact(debt(n), contact(at=at), 1)]
        until_midnight = datetime(2026, 3, 11, 4, tzinfo=UTC) - at
        assert all(timedelta(0) < act.after < until_midnight for act in acts)


def test_who_acts_on_the_day_itself_at_no_hour_that_is_left_acts_the_next_day():
    only_at_noon = tuple(float(hour == 12) for hour in range(24))
    model = Model(7, figures(pays_on_contact=(0.9,), acts_on_day=(1.0,), acts_at=only_at_noon))
    evening = datetime(2026, 3, 10, 23, tzinfo=UTC)

    acts = [act for n in range(300) for act in model.on_contact(debt(n), contact(at=evening), 1)]
    told = {
        (evening + act.after).astimezone(ZoneInfo("America/New_York")).strftime("%d %H")
        for act in acts
    }

    assert told == {"11 12"}


# what they say


def test_replies_come_as_often_as_the_figures_say():
    said = shipped().replies.values
    model = Model(7, figures(pays_on_contact=(0.0,), replies=said))

    seen = Counter(
        act.deed for n in range(2 * MANY) for act in model.on_contact(debt(n), contact(), 1)[:1]
    )

    assert set(seen) == set(said)
    assert all(near(seen[deed] / (2 * MANY), said[deed], 2 * MANY) for deed in said)


def test_a_dispute_is_resolved_within_the_days_that_the_figures_give():
    model = Model(7, figures(pays_on_contact=(0.0,), replies={Deed.DISPUTES: 1.0}))

    spans = [model.on_contact(debt(n), contact(), 1)[0].within.days for n in range(500)]

    assert (min(spans), max(spans)) == (1, shipped().dispute_days.value)


def test_a_promise_is_kept_within_its_days_as_often_as_the_figures_say():
    model = Model(7, figures(pays_on_contact=(0.0,), replies={Deed.PROMISES: 1.0}))

    said = [model.on_contact(debt(n), contact(), 1) for n in range(MANY)]
    kept = [each for each in said if len(each) > 1]

    assert near(len(kept) / MANY, shipped().keeps_promise.value, MANY)
    assert {each[1].deed for each in kept} == {Deed.PAYS_ALL}
    assert all(first.after < pays.after < first.after + first.within for first, pays in kept)


def test_complaints_grow_with_contacts_and_with_contacts_after_a_stop():
    model = Model(
        7, figures(pays_on_contact=(0.0,), complains=0.02, patience=3, impatience=1.5, after_stop=4)
    )

    def complain(number, **facts):
        told = (deeds(model.on_contact(debt(n, **facts), contact(), number)) for n in range(MANY))
        return sum(Deed.COMPLAINS in each for each in told) / MANY

    assert near(complain(3), 0.02, MANY)
    assert near(complain(6), 0.02 * 1.5**3, MANY)
    assert near(complain(2, asked_to_stop=True), 0.08, MANY)
    assert near(complain(6, has_plan=True, autopay=True, instalment=NEXT), 0.02, MANY)


# offers and plans


def test_offers_are_accepted_as_often_as_the_figures_say_by_card_or_by_hand():
    model = Model(7, figures(pays_on_contact=(0.0,), takes_plan=0.4, by_hand=0.25, settles=0.3))

    taken = Counter(
        act.deed
        for n in range(MANY)
        for act in model.on_contact(debt(n, has_offer=True), contact(), 1)
    )
    settled = [model.on_contact(debt(n, has_settlement=True), contact(), 1) for n in range(MANY)]

    assert near(taken.total() / MANY, 0.4, MANY)
    assert near(taken[Deed.ACCEPTS_BY_HAND] / taken.total(), 0.25, taken.total())
    assert near(sum(map(bool, settled)) / MANY, 0.3, MANY)
    assert {act.deed for each in settled for act in each} == {Deed.SETTLES}


MISSED = Instalment(number=1, due=date(2026, 3, 9), minor=50_00)
NEXT = Instalment(number=2, due=date(2026, 3, 12), minor=50_00)


def test_an_instalment_paid_by_hand_is_paid_when_reminded_and_a_charged_one_is_left_to_the_card():
    model = Model(7, figures())
    plan = {"has_plan": True, "instalment": NEXT}

    by_hand = [model.on_contact(debt(n, **plan), contact(), 1) for n in range(MANY)]
    charged = [model.on_contact(debt(n, **plan, autopay=True), contact(), 1) for n in range(300)]

    assert near(sum(map(bool, by_hand)) / MANY, shipped().pays_reminded.value, MANY)
    assert {act.deed for each in by_hand for act in each} == {Deed.PAYS_DUE}
    assert not any(charged)


def test_after_a_broken_plan_some_engage_and_restart_and_some_wait_for_the_call():
    model = Model(7, figures())
    broken = {"has_plan": True, "autopay": True, "overdue": MISSED}
    talk = contact(voice("broken_plan"), status=ContactStatus.CONVERSATION)

    upon_word = [deeds(model.on_contact(debt(n, **broken), contact(), 1)) for n in range(MANY)]
    upon_call = [deeds(model.on_contact(debt(n, **broken), talk, 2)) for n in range(MANY)]
    told = shipped()
    engaged = Counter(deed for each in upon_call for deed in each)

    assert near(engaged.total() / MANY, told.engages.value, MANY)
    assert near(engaged[Deed.PAYS_DUE] / engaged.total(), told.restarts.value, engaged.total())
    assert engaged.total() == engaged[Deed.PAYS_DUE] + engaged[Deed.PAYS_ALL]
    by_word = sum(map(bool, upon_word))
    assert near(by_word / engaged.total(), 1 - told.by_phone.value, engaged.total())
    assert all(call == word for word, call in zip(upon_word, upon_call, strict=True) if word)


def test_a_plan_whose_card_is_lost_goes_on_with_another_card():
    model = Model(7, figures(engages=1.0, by_phone=0.0, restarts=1.0))
    stuck = {"has_plan": True, "autopay": True, "overdue": MISSED, "declined": DeclineKind.NEVER}

    assert {tuple(deeds(model.on_contact(debt(n, **stuck), contact(), 1))) for n in range(50)} == {
        (Deed.STORES_CARD,)
    }


def test_who_would_pay_a_subscription_gives_the_card_that_is_missing():
    model = Model(7, figures(pays_on_contact=(0.9,)))
    facts = {"journey": "subscription", "declined": DeclineKind.FIX}

    acts = [
        deeds(model.on_contact(debt(n, **facts), contact(email("payment_missed")), 1))
        for n in range(100)
    ]

    assert {deed for each in acts for deed in each} == {Deed.STORES_CARD}


def test_in_hardship_nobody_just_pays_and_some_say_what_they_can_afford():
    model = Model(7, figures(pays_on_contact=(0.9,), replies={Deed.WRITES: 1.0}))

    acts = [model.on_contact(debt(n, journey="hardship"), contact(), 1) for n in range(MANY)]
    means = [act.minor for each in acts for act in each]

    assert {act.deed for each in acts for act in each} == {Deed.STATES_MEANS}
    assert near(len(means) / MANY, shipped().states_means.value, MANY)
    assert near(means.count(0) / len(means), shipped().affords_nothing.value, len(means))
    assert max(means) <= 200_00


# cards


def test_a_card_that_an_account_came_with_has_the_trouble_that_brought_it_here():
    model = Model(7, figures(passes_later=0.0))

    said = Counter(model.charge(debt(n), 1, NOON).decline for n in range(MANY))
    again = [model.charge(debt(n), 2, NOON).decline for n in range(200)]

    for kind, expected in shipped().card_trouble.values.items():
        assert near(said[kind] / MANY, expected, MANY)
    assert again == [model.charge(debt(n), 1, NOON).decline for n in range(200)]


def test_trouble_that_passes_does_so_as_often_as_the_figures_say():
    model = Model(7, figures(card_trouble={DeclineKind.LATER: 1.0}, passes_later=0.25))

    seen, times = share(
        model.charge(debt(n), 1, NOON).status is ChargeStatus.PAID for n in range(MANY)
    )

    assert near(seen, 0.25, times)


def test_a_card_that_was_given_is_declined_now_and_then_and_once_spoilt_stays_so():
    model = Model(7, figures(declines=0.1, spoils=0.05))
    plan = {"has_plan": True, "autopay": True, "instalment": NEXT, "cards": 1}
    other = shipped().spoilt.values
    said = [[model.charge(debt(n, **plan), k, NOON).decline for k in (1, 8)] for n in range(MANY)]

    spoilt = [pair for pair in said if pair[0] in other]
    now_and_then = sum(pair[0] is DeclineKind.LATER for pair in said)

    assert near(len(spoilt) / MANY, 0.05, MANY)
    assert all(first == later for first, later in spoilt)
    assert near(sum(pair[1] in other for pair in said) / MANY, 1 - 0.95**8, MANY)
    assert near(now_and_then / MANY, 0.1 * 0.95, MANY)


def test_a_declined_charge_is_tried_again_by_the_contracts_schedule_until_its_tries_are_over():
    model = Model(7, figures(card_trouble={DeclineKind.LATER: 1.0}, passes_later=0.0))
    terms = RetryTerms(tries=3, within_days=14)
    second, third = NOON + timedelta(days=7), NOON + timedelta(days=14)

    assert model.charge(debt(1, retries=terms), 1, NOON).again_at == second
    told = model.charge(debt(1, retries=terms, tried=(NOON,)), 2, second)
    assert told.again_at == third
    last = model.charge(debt(1, retries=terms, tried=(NOON, second)), 3, third)
    assert (last.decline, last.again_at) == (DeclineKind.LATER, None)


@pytest.mark.parametrize("kind", [DeclineKind.NEVER, DeclineKind.FIX, DeclineKind.PERSON])
def test_a_card_that_cannot_be_charged_is_not_tried_again(kind):
    told = Model(7, figures(card_trouble={kind: 1.0})).charge(debt(1), 1, NOON)

    assert (told.decline, told.again_at) == (kind, None)


# the figures


def test_every_figure_says_where_it_comes_from_and_a_measured_one_on_how_many_rows():
    for name, entry in shipped().entries().items():
        assert entry.source, name
        assert (entry.label == "measured") == (entry.n is not None), name


def test_every_channel_and_message_can_be_asked_about():
    model = Model(7)
    for channel in Channel:
        model.on_contact(debt(1), contact(Message(channel=channel, name="nudge")), 1)
        assert isinstance(model.is_delivered(debt(1), "key", channel.value), bool)


def test_replies_that_are_no_replies_are_refused():
    with pytest.raises(ValueError, match="no reply: pays in full"):
        Replies(values={Deed.PAYS_ALL: 0.1}, label="assumed", source="a test")
