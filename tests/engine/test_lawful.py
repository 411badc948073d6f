"""What an account knows of the law and of its person, and how news of either moves its timers."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from compliance import Pack, Packs
from domain.accounts import Closure, Hold
from domain.contacts import sms
from domain.events import Event, HoldLifted, HoldPlaced, LawChanged, ProfileChanged
from domain.people import Profile, Weekday, Wish
from domain.time import days, hours
from engine import Journey, close, stage
from engine.drive import attempt
from simulation.diary import A_TUESDAY, Diary, newly_placed, play

NEW_YORK = "America/New_York"
NIGHT = datetime(2026, 3, 10, 22, tzinfo=ZoneInfo(NEW_YORK))


@stage
async def asks(account):
    """One message, then ten days for an answer."""
    contact = await account.contact(sms("first"))
    await account.answer(to=contact, within=days(10))
    return close(Closure.REFERRED)


ASKING = Journey("asking", version=1, stages=(asks,))


def law(opens):
    window = {"kind": "window", "spans": {"all": [f"{opens}-21:00"]}}
    about = {"id": "W", "says": f"not before {opens}", "cite": "law"}
    sure = {"force": "statute", "verified": "V"}
    return Packs(
        [
            Pack.model_validate(
                {
                    "id": "here",
                    "title": "Here",
                    "version": opens,
                    "effective_from": date(2020, 1, 1),
                    "rules": [window | about | sure],
                }
            )
        ]
    )


LAWS = {"": law("09:00"), "earlier": law("06:00"), "later": law("11:00")}


def lived(story, *, start=NIGHT):
    """The diary of an account among several laws."""
    account = newly_placed()
    diary = ManyLaws(account, story, start=start, packs=LAWS[""], contacts={})
    return diary.play(ASKING), account, diary


class ManyLaws(Diary):
    """A diary of an account that may be told to go by another law."""

    def law(self, name):
        return LAWS[name]


@pytest.mark.parametrize(
    ("named", "hour"), [("earlier", "06:00"), ("later", "11:00"), ("", "09:00")]
)
def test_a_change_of_the_law_moves_a_timer_that_runs(named, hour):
    diary, account, _ = lived({hours(3): LawChanged(event_id="1", law=named, number=1)})

    assert diary[0] == f"day   1  {hour}  sms first"
    assert account.law == named


def test_a_change_of_the_law_that_is_heard_late_is_old_news():
    account = newly_placed()

    account.hear(LawChanged(event_id="2", law="later", number=2))
    account.hear(LawChanged(event_id="1", law="earlier", number=1))

    assert account.law == "later"


def test_every_verdict_slept_through_is_told_to_the_record_with_the_law_it_went_by():
    _, account, diary = lived({hours(3): LawChanged(event_id="1", law="later", number=1)})

    slept = diary.orders[0].waits
    assert [(each.law, each.verdict.until.hour) for each in slept] == [("", 13), ("later", 15)]
    assert {each.key for each in slept} == {"diary#1"}
    assert account.unrecorded == []


def test_a_verdict_whose_wait_came_to_nothing_is_kept_for_the_record():
    account = newly_placed()
    paid = {hours(2): HoldPlaced(event_id="1", hold=Hold.CEASE)}

    assert play(ASKING, paid, account=account, start=NIGHT)[-1].endswith("closed: ceased")

    assert [each.verdict.decided_by for each in account.unrecorded] == ["US-T1"]


def test_what_waits_is_shown_while_it_waits():
    account = newly_placed()
    seen = []

    class Looks(Diary):
        """Looks at the account whenever it waits."""

        async def wait(self, ready, until, why):
            seen.append((account.parked, why))
            await super().wait(ready, until, why)

    Looks(account, {}, start=NIGHT, packs=LAWS[""], contacts={}).play(ASKING)

    assert [each and (str(each.message), each.until.hour, each.rules) for each, _ in seen] == [
        ("sms first", 13, ("W",)),
        None,
    ]
    assert seen[0][1] == "to send sms first: not before 09:00 (law)"


def test_a_wish_that_is_heard_in_the_night_holds_in_the_morning():
    profile = Profile(revision=1, country="US", zones=(NEW_YORK,), wishes=(Wish(opens=time(12)),))

    diary = play(ASKING, {hours(1): ProfileChanged(event_id="1", profile=profile)}, start=NIGHT)

    assert diary[0] == "day   1  12:00  sms first"


def test_news_of_a_person_that_comes_late_changes_nothing():
    account = newly_placed()
    new = Profile(revision=2, country="US", zones=(NEW_YORK,), wishes=(Wish(opens=time(12)),))
    old = Profile(revision=1, country="US", zones=(NEW_YORK,), wishes=(Wish(opens=time(15)),))

    account.hear(ProfileChanged(event_id="2", profile=new))
    account.hear(ProfileChanged(event_id="1", profile=old))

    assert account.person.wishes == (Wish(opens=time(12)),)


# holds with days of their own


def breathing_space(starts, ends):
    hold = Hold.BREATHING_SPACE
    return HoldPlaced(event_id="notice", hold=hold, starts=starts, ends=ends)


def test_a_hold_that_begins_later_stops_the_clock_on_its_days_and_no_others():
    notice = breathing_space(date(2026, 3, 14), date(2026, 5, 12))  # sixty days

    assert play(ASKING, {1: notice}) == [
        "day   0  09:00  sms first",
        "day  70  09:00  closed: referred",
    ]


def test_a_hold_that_ends_by_itself_needs_nobody_to_lift_it():
    notice = breathing_space(None, date(2026, 3, 12))

    assert play(ASKING, {hours(1): notice}, start=NIGHT)[0] == "day   3  08:00  sms first"


def test_a_hold_of_a_part_leaves_the_clock_running():
    part = HoldPlaced(event_id="1", hold=Hold.DISPUTE, part=50_00)

    assert play(ASKING, {1: part})[-1] == "day  10  09:00  closed: referred"


def test_lifting_a_hold_lifts_all_of_its_kind():
    story: dict[int, tuple[Event, ...]] = {
        1: (breathing_space(None, None), breathing_space(date(2026, 3, 20), None)),
        3: (HoldLifted(event_id="done", hold=Hold.BREATHING_SPACE),),
    }

    assert play(ASKING, story)[-1] == "day  12  09:00  closed: referred"


def test_a_law_that_nobody_knows_is_an_error_and_no_contact():
    account = newly_placed()
    account.law = "unheard of"
    diary = Diary(account, {}, start=A_TUESDAY, packs=LAWS[""], contacts={})
    stage_run = attempt(ASKING, asks, account, diary, laws=LAWS.__getitem__, workflow_id="x")

    with pytest.raises(KeyError):
        stage_run.send(None)
    assert diary.orders == []


def test_a_hold_that_begins_in_the_night_interrupts_the_journey_and_does_not_end_it():
    notice = breathing_space(date(2026, 3, 11), date(2026, 5, 9))

    assert play(ASKING, {hours(1): notice}, start=NIGHT) == [
        "day  61  08:00  sms first",
        "day  71  08:00  closed: referred",
    ]


def test_a_wish_for_two_months_of_silence_is_waited_for():
    silence = Wish(never=tuple(Weekday), until=date(2026, 5, 10))
    profile = Profile(revision=1, country="US", zones=(NEW_YORK,), wishes=(silence,))

    diary = play(ASKING, {hours(1): ProfileChanged(event_id="1", profile=profile)}, start=NIGHT)

    assert diary[0] == "day  62  08:00  sms first"


@pytest.mark.parametrize(("part", "charged"), [(150_00, "50.00 paid"), (250_00, None)])
def test_nothing_is_charged_to_a_disputed_part(part, charged):
    @stage
    async def collects(account):
        """Charge all that is owed."""
        result = await account.collect()
        await account.hand_over(result.status)
        return close(Closure.REFERRED)

    account = newly_placed()
    account.hear(HoldPlaced(event_id="1", hold=Hold.DISPUTE, part=part))

    diary = play(Journey("collecting", version=1, stages=(collects,)), account=account)

    expected = [f"charge {charged}", "handed over: paid"] if charged else ["handed over: not due"]
    assert [line[16:] for line in diary[:-1]] == expected


@pytest.mark.parametrize(
    "days_or_part",
    [{"starts": date(2026, 6, 1)}, {"ends": date(2026, 3, 1)}, {"part": 50_00}],
)
def test_a_cease_for_some_days_or_of_a_part_ends_nothing(days_or_part):
    cease = HoldPlaced(event_id="1", hold=Hold.CEASE, **days_or_part)

    assert play(ASKING, {1: cease})[-1] == "day  10  09:00  closed: referred"


@pytest.mark.parametrize(
    ("returned", "named"), [("second", "'second'"), (None, "None"), (Closure.RECALLED, "Closure")]
)
def test_a_stage_that_returns_no_stage_is_named_with_what_it_returned(returned, named):
    @stage
    async def first(account):
        """Look at nothing, and name no stage."""
        return returned

    expected = rf"stage first returned .*{named}.*; expected a stage, close\(...\) or switch\(...\)"
    with pytest.raises(TypeError, match=expected):
        play(Journey("amiss", version=1, stages=(first,)), {}, account=newly_placed())
