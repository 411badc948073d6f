"""One broken journey for each code, and none of it in the journeys that ship."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from compliance import Packs, load_packs
from domain.accounts import Closure
from domain.contacts import Channel, email, sms, voice
from domain.events import CardStored, PlanAccepted, PlanRequested, Response
from domain.time import days
from engine import Journey, Stage, aside, close, stage, switch
from journeys import JOURNEYS
from journeys.listening import LISTENING, in_hardship
from journeys.plans import PLANS, on_plan, plan_offer
from simulation.linting import CODES, Level, lint, undocumented
from simulation.pacing import WITHOUT_END, worst
from simulation.reading import read

NO_PACKS = Packs([])
PATIENCE = days(3)
LONG = days(30)
MOST = 3


class Words:
    """Templates as a test has them: all are there, and only `offer` puts a plan."""

    def __init__(self, faults=()):
        self._faults = dict(faults)

    def faults(self, message):
        return self._faults.get(str(message), ())

    def puts_plan(self, message):
        return message.name == "offer"


def journey(*stages, name="broken"):
    return read(Journey(name, version=1, stages=stages))


def found(*stages, words=None, packs=NO_PACKS):
    """Codes and sentences, without what is but good to know, and what no stage answers."""
    findings = lint(journey(*stages), words or Words(), packs, JOURNEYS)
    return [
        (each.code, each.says)
        for each in findings
        if each.level > Level.NOTE and each.code != "J106"
    ]


def codes(*stages, **more):
    return {code for code, _ in found(*stages, **more)}


@stage
async def ends(account):
    """End."""
    return close(Closure.REFERRED)


@stage(on=PlanAccepted)
async def agreed(account):
    """Agree."""
    return close(Closure.REFERRED)


# ways


def test_a_stage_that_nothing_leads_to():
    @stage
    async def lost(account):
        """Lost."""
        return ends

    assert found(ends, lost) == [("J101", "stage lost: nothing in broken leads here")]


def test_a_stage_that_only_something_heard_leads_to_needs_a_pause_to_hear_it():
    @stage
    async def waits(account):
        """Wait."""
        await account.quiet(until=account.now + PATIENCE, because="of a test")
        return ends

    assert codes(waits, ends, agreed) == set()
    assert codes(ends, agreed) == {"J101"}


def test_a_stage_without_a_way_out():
    @stage
    async def waits(account):
        """Wait for ever."""
        await account.quiet(until=account.now + PATIENCE, because="of a test")
        return waits

    assert found(waits) == [("J102", "stage waits: in broken no way leads from here to an end")]
    assert codes(waits, agreed) == set()


def test_an_aside_is_left_by_the_stages_to_which_it_goes_back():
    @aside(on=CardStored)
    async def remarks(account):
        """Remark."""

    @stage
    async def waits(account):
        """Wait."""
        await account.response(within=PATIENCE)
        return ends

    @stage
    async def for_ever(account):
        """Wait for ever."""
        await account.response(within=PATIENCE)
        return for_ever

    assert codes(waits, ends, remarks) == set()
    assert found(for_ever, remarks) == [
        ("J102", "stage remarks: in broken no way leads from here to an end"),
        ("J102", "stage for_ever: in broken no way leads from here to an end"),
    ]


def test_a_way_to_a_stage_or_a_journey_that_there_is_not():
    @stage
    async def begins(account):
        """Begin."""
        return agreed if account.plan else switch("hardshp")

    says = [says for code, says in found(begins) if code == "J103"]
    assert says == [
        "stage begins: it leads to agreed, which is no stage of broken",
        "stage begins: it switches to 'hardshp', which is no journey",
    ]


def test_a_stage_of_which_reading_does_not_tell_where_it_leads():
    @stage
    async def begins(account):
        """Begin."""
        return {"ends": ends}[account.came_from] if account.came_from else ends

    @stage
    async def forgets(account):
        """Forget."""
        return ends if account.plan else None

    assert codes(begins, ends) == {"J104"}
    assert ("J104", "stage forgets: on some way it returns nothing") in found(forgets, ends)


# rounds


def test_stages_that_go_round_without_a_pause():
    @stage
    async def here(account):
        """Here."""
        await account.collect()
        return there if account.balance else ends

    @stage
    async def there(account):
        """There."""
        await account.hand_over("look")
        return here

    assert found(here, there, ends) == [
        ("J105", "it goes round without time passing: here → there → here")
    ]


def test_a_loop_without_a_pause():
    @stage
    async def begins(account):
        """Begin."""
        while account.charge_is_under_way:
            await account.hand_over("still under way")
        return ends

    assert found(begins, ends) == [("J105", "it goes round without time passing: begins → begins")]


def test_staying_without_a_pause():
    @stage
    async def begins(account):
        """Begin."""
        await account.quiet(until=account.now, because="of a test")
        return account.stay() if account.balance else ends

    assert codes(begins, ends) == {"J105"}


def test_conditions_that_exclude_each_other_are_no_round():
    @stage
    async def here(account):
        """Here."""
        missed = account.overdue
        return there if missed else ends

    @stage
    async def there(account):
        """There."""
        return ends if account.overdue is not None else here

    assert codes(here, there, ends) == set()


def test_loops_that_take_time_or_come_to_an_end_are_no_rounds():
    @stage
    async def begins(account):
        """Begin."""
        for part in account.plan.instalments:
            await account.collect(part)
        while await account.next_try(by=account.now + PATIENCE):
            await account.collect()
        while not account.plan_is_paid:
            await account.paid(account.instalment, by=account.now + PATIENCE)
        return ends

    assert codes(begins, ends) == set()


def test_an_answer_to_what_was_not_sent_takes_no_time():
    @stage
    async def begins(account):
        """Begin."""
        contact = await account.contact(sms("nudge"))
        if await account.answer(to=contact, within=PATIENCE):
            return ends
        return begins

    assert codes(begins, ends) == {"J105"}


# what is said and offered


def test_something_consumers_say_that_no_stage_answers():
    findings = lint(journey(ends), Words(), NO_PACKS, JOURNEYS)
    unheard = [each.says for each in findings if each.code == "J106"]

    assert "no stage of broken answers HardshipDeclared" in unheard
    assert len(unheard) == len(Response.__subclasses__()) - len({"Undelivered", "PlanAccepted"})


def test_a_journey_that_asks_for_responses_itself_need_not_answer_each():
    @stage
    async def asks(account):
        """Ask."""
        await account.response(within=PATIENCE)
        return ends

    findings = lint(journey(asks, ends), Words(), NO_PACKS, JOURNEYS)
    assert "J106" not in {each.code for each in findings}


def test_an_offer_without_a_plan():
    @stage
    async def offers(account):
        """Offer."""
        if account.means:
            account.offer_affordable_plan(first_in=PATIENCE)
        contact = await account.contact(email("offer"))
        await account.answer(to=contact, within=PATIENCE)
        return ends

    assert found(offers, ends, agreed) == [
        ("J201", "offers may send email offer without a plan to put into it")
    ]


def test_a_plan_that_was_worked_out_before_on_every_way_may_be_offered():
    @stage
    async def offers(account):
        """Offer."""
        if account.offer_plan(parts=MOST, first_in=PATIENCE) is None:
            return ends
        contact = await account.contact(email("offer"))
        await account.answer(to=contact, within=PATIENCE)
        return ends

    @stage
    async def reminds(account):
        """Remind of an instalment: its plan was accepted before."""
        await account.contact(email("offer"), about=account.instalment)
        return ends

    assert codes(offers, ends, agreed) == set()
    assert codes(reminds, ends) == set()


def test_a_plan_is_offered_and_nobody_hears_that_it_is_accepted():
    @stage
    async def offers(account):
        """Offer."""
        account.offer_plan(parts=MOST, first_in=PATIENCE)
        await account.contact(email("offer"))
        return ends

    assert found(offers, ends) == [
        ("J202", "offers offers a plan, and no stage of broken answers PlanAccepted")
    ]


def test_what_is_wrong_with_a_message_is_told_where_it_is_sent():
    @stage
    async def sends(account):
        """Send."""
        await account.contact(sms("nudge"))
        return ends

    faults = {"sms nudge": (("J301", "sms nudge has no words", "write them"),)}
    assert found(sends, ends, words=Words(faults)) == [("J301", "sms nudge has no words")]


def test_a_contact_of_which_reading_does_not_tell_with_which_message():
    @stage
    async def sends(account):
        """Send."""
        await account.contact(account.favourite)
        return ends

    assert found(sends, ends) == [("J303", "sends: reading does not tell which message this is")]


# docstrings and knobs


def test_a_stage_without_a_docstring_is_found_without_running_its_file(tmp_path):
    file = tmp_path / "mute.py"
    file.write_text(
        "import engine\n"
        "@engine.stage\n"
        "async def silent(account): ...\n"
        "@aside(on=CardStored)\n"
        "async def mute(account): ...\n"
        "def helper(): ...\n"
        "raise SystemExit\n"
    )

    findings = undocumented(file)

    assert [(each.code, each.line) for each in findings] == [("J401", 3), ("J401", 5)]
    assert findings[0].says == "stage silent does not say what it is for"
    assert findings[0].file == str(file)


@pytest.mark.parametrize("text", ["def :", "\udcff"])
def test_a_file_that_is_no_python_is_told_in_one_line(tmp_path, text):
    file = tmp_path / "odd.py"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))

    with pytest.raises(ValueError, match=r"odd\.py:1: not Python"):
        undocumented(file)
    with pytest.raises(ValueError, match="there is no such file"):
        undocumented(tmp_path / "none.py")


def test_a_stage_that_was_made_without_words():
    made = Stage("made", ends.attempt, (), " ")

    assert ("J401", "stage made: it does not say what it is for") in found(made)


def test_a_knob_that_is_not_a_constant_of_its_module():
    @stage
    async def begins(account):
        """Begin."""
        await account.quiet(until=account.now + days(3), because="of a test")
        if account.visits(begins) > 5 or account.visits(begins) == 1:
            return ends
        return await helped(account)

    async def helped(account):
        return ends if account.covered(part=-account.balance, of=4) else close(Closure.CEASED)

    assert found(begins, ends) == [
        ("J402", "begins: the number 3 stands in the code"),
        ("J402", "begins: the number 5 stands in the code"),
        ("J402", "helped: the number 4 stands in the code"),
    ]


# how often


def twice_a_week(first, second):
    @stage
    async def begins(account):
        """Begin."""
        for message in (first, second):
            contact = await account.contact(message)
            await account.answer(to=contact, within=PATIENCE)
        return ends

    return journey(begins, ends)


def test_the_worst_week_counts_each_channel():
    chart = twice_a_week(sms("nudge"), email("nudge"))

    assert worst(chart, {Channel.SMS, Channel.EMAIL}).contacts == 2
    assert worst(chart, {Channel.SMS}).contacts == 1
    assert worst(chart, {Channel.VOICE}).contacts == 0
    assert worst(chart, {Channel.SMS, Channel.EMAIL}).trail == (
        "begins: sms nudge",
        "begins: email nudge",
    )
    assert worst(chart, {Channel.SMS, Channel.EMAIL}, PATIENCE).contacts == 1


def test_what_cannot_be_sent_takes_no_time_and_brings_the_next_message_nearer():
    @stage
    async def begins(account):
        """Begin."""
        for message in (sms("one"), email("two"), sms("three")):
            contact = await account.contact(message)
            await account.answer(to=contact, within=PATIENCE)
        return ends

    chart = journey(begins, ends)
    assert worst(chart, {Channel.SMS}, timedelta(days=4)).contacts == 2
    assert worst(chart, {Channel.SMS}, PATIENCE).contacts == 1


def test_the_pause_before_a_day_that_is_known_counts_as_far_as_the_code_makes_sure():
    @stage
    async def begins(account):
        """Begin."""
        day = account.morning_of(account.due_on)
        for message, ahead in ((email("soon"), days(9)), (sms("sooner"), days(2))):
            if account.now < day - ahead + days(1):
                await account.quiet(until=day - ahead, because="of a test")
                await account.contact(message)
        return ends

    chart = journey(begins, ends)
    assert worst(chart, {Channel.SMS, Channel.EMAIL}, days(6)).contacts == 1
    assert worst(chart, {Channel.SMS, Channel.EMAIL}, days(7)).contacts == 2


def test_a_visit_repeats_nothing_and_the_next_visit_does():
    @stage
    async def stays(account):
        """Stay."""
        await account.contact(sms("nudge"))
        await account.quiet(until=account.now + days(1), because="of a test")
        return account.stay() if account.balance else ends

    @stage
    async def returns(account):
        """Return."""
        await account.contact(sms("nudge"))
        await account.quiet(until=account.entered + days(1), because="of a test")
        return returns if account.balance else ends

    assert worst(journey(stays, ends), {Channel.SMS}).contacts == 1
    assert worst(journey(returns, ends), {Channel.SMS}).contacts == 7


def test_an_instalment_is_announced_once_a_week_at_most():
    @stage
    async def keeps(account):
        """Keep."""
        await account.contact(sms("due"), about=account.instalment, ahead=days(2))
        await account.paid(account.instalment, by=account.morning_of(account.instalment.due))
        return keeps if account.balance else ends

    assert worst(journey(keeps, ends), {Channel.SMS}).contacts == 1
    assert worst(journey(keeps, ends), {Channel.SMS}, days(15)).contacts == 3


def test_contacts_without_end_are_found_and_told():
    @stage
    async def presses(account):
        """Press."""
        await account.contact(sms("nudge"))
        await account.collect()
        return presses if account.balance else ends

    chart = journey(presses, ends)
    assert worst(chart, {Channel.SMS}).contacts == WITHOUT_END
    assert {"J105", "J502"} == codes(presses, ends)


def test_where_the_law_is_the_brake_is_told_with_the_tightest_cap_first():
    packs = load_packs()
    chart = twice_a_week(voice("one"), voice("two"))

    (note,) = [each for each in lint(chart, Words(), packs, JOURNEYS) if each.code == "J501"]

    assert note.says.startswith("broken: at the worst 2 contacts in a week (voice 2): begins:")
    assert note.do == "the journey itself keeps within every cap"
    three = twice_a_week(voice("one"), voice("one"))
    assert worst(three, {Channel.VOICE}).contacts == 1


def test_a_pace_above_a_cap_names_the_cap():
    @stage
    async def calls(account):
        """Call."""
        for call in (voice("one"), voice("two"), voice("three")):
            await account.contact(call)
        return ends

    findings = lint(journey(calls, ends), Words(), load_packs(), JOURNEYS)
    (note,) = [each for each in findings if each.code == "J501"]

    assert note.do.startswith("there the law is the brake, not the journey: ")
    assert "(2 in 7 days)" in note.do
    assert "other caps" in note.do


def test_a_journey_that_contacts_nobody_has_no_pace():
    assert "J501" not in {each.code for each in lint(journey(ends), Words(), NO_PACKS, JOURNEYS)}


# the journeys that ship


@pytest.mark.parametrize("name", JOURNEYS)
def test_the_journeys_that_ship_are_clean(name):
    words = SimpleNamespace(
        faults=lambda message: (),
        puts_plan=lambda message: message.name in {"plan_offer", "fresh_offer", "hardship_plan"},
    )

    findings = lint(read(JOURNEYS[name]), words, NO_PACKS, JOURNEYS)

    assert [each.code for each in findings] == ["J501"]
    assert findings[0].says.startswith(f"{name}: at the worst ")


def test_without_what_they_share_they_would_not_be():
    @stage
    async def begins(account):
        """Begin."""
        return plan_offer

    named = codes(begins, *(each for each in PLANS if each is not on_plan), *LISTENING, in_hardship)
    assert {"J103", "J202"} <= named


def test_every_code_says_how_bad_it_is_and_what_it_means():
    assert all(meaning[0].islower() for _, meaning in CODES.values())
    assert {level for level, _ in CODES.values()} == set(Level)
    assert PlanRequested in plan_offer.on
