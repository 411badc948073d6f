"""What must be true of every verdict, whatever the facts. Counted by hand, not by the gate."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import given, settings
from hypothesis import strategies as st

from compliance import (
    Allow,
    ContactRequest,
    Content,
    Deny,
    Pack,
    Packs,
    PastContact,
    PersonFacts,
    Said,
    Wait,
    decide,
    load_packs,
)
from domain.accounts import Hold
from domain.contacts import Channel, ContactStatus, Dial, Place, Purpose
from domain.people import WEEK, Milestone, MilestoneKind, StandingHold, Wish

PACKS = load_packs()
HOUSE = Packs([pack for pack in PACKS if pack.id in {"base", "house"}])
REG_F = Packs(
    [pack for pack in PACKS if pack.id in {"base", "us-federal"}], PACKS.calendars.values()
)
SPOKEN = (Channel.SMS, Channel.EMAIL, Channel.VOICE, Channel.CHAT)
ZONES = (
    "America/New_York",
    "America/Los_Angeles",
    "America/St_Johns",
    "America/Havana",
    "Pacific/Honolulu",
    "Europe/London",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Asia/Riyadh",
    "Asia/Kathmandu",
    "Asia/Beirut",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
)
PLACES = (
    ("US", ()),
    ("US", ("US-MA",)),
    ("US", ("US-NY", "USNYC")),
    ("US", ("US-WA",)),
    ("US", ("US-DC",)),
    ("GB", ("GB-ENG",)),
    ("AU", ("AU-NSW",)),
    ("CA", ("CA-ON",)),
    ("CA", ("CA-QC",)),
    ("SA", ()),
    ("AE", ()),
    ("GR", ()),
    ("IE", ()),
    ("IN", ()),
)
EVERYTHING = frozenset(Said) - {Said.DEMAND, Said.PAYMENT_LINK, Said.LEGAL_THREAT, Said.MARKETING}
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
BRIEF = settings(max_examples=40, deadline=None)

instants = st.datetimes(
    datetime(2026, 1, 1),  # noqa: DTZ001
    datetime(2027, 11, 30),  # noqa: DTZ001
    timezones=st.just(UTC),
)
NO_HOLDS: st.SearchStrategy[tuple[StandingHold, ...]] = st.just(())
zones = st.lists(st.sampled_from(ZONES), min_size=1, max_size=3, unique=True).map(tuple)
wishes = st.builds(
    Wish,
    days=st.sampled_from((WEEK, WEEK[:5], WEEK[5:])),
    opens=st.sampled_from((None, time(9, 30), time(12))),
    closes=st.sampled_from((None, time(18), time(20, 15))),
    never=st.sampled_from(((), WEEK[6:])),
)


@dataclass(frozen=True)
class Situation:
    """A question to the gate."""

    request: ContactRequest
    facts: PersonFacts
    at: datetime

    def asked(self, packs=PACKS, at=None):
        return decide(self.request, self.facts, packs, at or self.at)


@st.composite
def situations(draw, holds=NO_HOLDS):
    at = draw(instants)
    back = st.integers(0, 35 * 24 * 60).map(lambda minutes: at - minutes * MINUTE)
    past = draw(
        st.lists(
            st.builds(
                PastContact,
                key=st.just("k"),
                account_id=st.sampled_from("ab"),
                channel=st.sampled_from(Channel),
                at=back,
                status=st.sampled_from((ContactStatus.SENT, *ContactStatus)),
                purpose=st.sampled_from((Purpose.DEMAND, *Purpose)),
                inbound=st.booleans(),
                solicited=st.booleans(),
            ),
            max_size=9,
        )
    )
    milestones = draw(
        st.lists(
            st.builds(
                Milestone,
                kind=st.sampled_from(MilestoneKind),
                at=back,
                direct=st.booleans(),
                account_id=st.sampled_from((None, "a", "b")),
            ),
            max_size=4,
        )
    )
    country, regions = draw(st.sampled_from(PLACES))
    facts = PersonFacts(
        country=country,
        regions=regions,
        zones=draw(zones),
        wishes=tuple(draw(st.lists(wishes, max_size=2))),
        opted_out=tuple(draw(st.sets(st.sampled_from(Channel), max_size=1))),
        milestones=tuple(milestones),
        holds=draw(holds),
        contacts=tuple(past),
    )
    request = ContactRequest(
        account_id="a",
        channel=draw(st.sampled_from((*SPOKEN, *Channel))),
        purpose=draw(st.sampled_from((Purpose.DEMAND, *Purpose))),
        place=draw(st.sampled_from((Place.MOBILE, *Place))),
        dial=draw(st.sampled_from((Dial.MANUAL, *Dial))),
        content=Content(said=EVERYTHING),
    )
    return Situation(request, facts, at)


# Waits


@BRIEF
@given(situations())
def test_a_wait_ends_later_and_at_a_moment_that_is_allowed(situation):
    verdict = situation.asked()

    if isinstance(verdict, Wait):
        assert verdict.until > situation.at
        assert verdict.reasons
        assert isinstance(situation.asked(at=verdict.until), Allow)


@BRIEF
@given(situations(), st.data())
def test_a_wait_is_for_the_first_moment_and_nothing_before_it_is_allowed(situation, data):
    verdict = situation.asked()

    if isinstance(verdict, Wait):
        whole = int((verdict.until - situation.at).total_seconds())
        somewhere = data.draw(st.lists(st.integers(0, max(whole - 1, 0)), max_size=4))
        before = [
            verdict.until - timedelta(microseconds=1),
            max(situation.at, verdict.until - timedelta(seconds=1)),
            max(situation.at, verdict.until - MINUTE),
            *(situation.at + timedelta(seconds=seconds) for seconds in somewhere),
        ]
        for moment in before:
            assert not isinstance(situation.asked(at=moment), Allow)


@BRIEF
@given(situations())
def test_asking_again_changes_nothing(situation):
    assert situation.asked() == situation.asked()


# Order


@BRIEF
@given(situations(), st.randoms(use_true_random=False))
def test_the_order_in_which_facts_are_known_does_not_matter(situation, dice):
    def mixed(items):
        listed = list(items)
        dice.shuffle(listed)
        return tuple(listed)

    facts = situation.facts
    known = dict(facts) | {
        name: mixed(getattr(facts, name)) for name in ("contacts", "milestones", "wishes", "zones")
    }
    other = Situation(situation.request, PersonFacts(**known), situation.at)

    first, second = situation.asked(), other.asked()

    assert type(first) is type(second)
    assert getattr(first, "until", None) == getattr(second, "until", None)
    assert {each.rule for each in first.reasons} == {each.rule for each in second.reasons}


# Overlays


def strictness(verdict):
    """How late a verdict lets a contact be made: never is the latest."""
    match verdict:
        case Allow():
            return datetime.min.replace(tzinfo=UTC)
        case Wait():
            return verdict.until
        case Deny():
            return datetime.max.replace(tzinfo=UTC)


ADDED = [
    Pack.model_validate(
        {"id": "added", "title": "", "version": "1", "effective_from": date(2020, 1, 1)}
        | {
            "rules": [
                {"id": "A", "says": "", "cite": "", "force": "policy", "verified": "P"} | rule
            ]
        }
    )
    for rule in (
        {"kind": "window", "spans": {"weekdays": ["10:00-16:30"]}},
        {"kind": "cap", "max": 2, "days": 10, "counts": {"scope": "account"}},
        {"kind": "cap", "max": 1, "calendar": "month"},
        {"kind": "cooldown", "after": {"count": "placed", "inbound": True}, "days": 2},
        {"kind": "hold", "holds": ["dispute"]},
        {"kind": "require", "any": [{"milestone": "consent"}]},
        {"kind": "place_channel", "channels": ["sms"]},
    )
]


@BRIEF
@given(situations(), st.sampled_from(ADDED))
def test_a_pack_that_is_added_never_makes_a_verdict_looser(situation, added):
    before = situation.asked()
    after = situation.asked(Packs([*PACKS, added], PACKS.calendars.values()))

    assert strictness(after) >= strictness(before)


@BRIEF
@given(situations(), st.sampled_from([pack.id for pack in PACKS]))
def test_a_pack_that_is_taken_away_never_makes_a_verdict_stricter(situation, taken):
    assert strictness(situation.asked(PACKS.without(taken))) <= strictness(situation.asked())


# Holds


holds = st.builds(
    StandingHold,
    hold=st.sampled_from(sorted(Hold)),
    starts=st.none(),
    ends=st.none(),
    part=st.none(),
)


@BRIEF
@given(situations(st.lists(holds, min_size=1, max_size=2).map(tuple)))
def test_nothing_is_demanded_under_any_hold(situation):
    request = situation.request.model_copy(update={"purpose": Purpose.DEMAND})

    verdict = decide(request, situation.facts, PACKS, situation.at)

    assert isinstance(verdict, Deny)


@BRIEF
@given(
    situations(),
    st.sampled_from(sorted(Hold)),
    st.integers(-5, 5),
    st.integers(0, 10),
)
def test_a_hold_with_dates_refuses_on_each_of_its_days_wherever_the_person_may_be(
    situation, hold, begins, lasts
):
    today = situation.at.date()
    standing = StandingHold(
        hold=hold, starts=today + begins * DAY, ends=today + (begins + lasts) * DAY
    )
    facts = situation.facts.model_copy(update={"holds": (standing,)})
    request = situation.request.model_copy(update={"purpose": Purpose.DEMAND})

    verdict = decide(request, facts, PACKS, situation.at)

    local = [situation.at.astimezone(ZoneInfo(name)).date() for name in facts.zones]
    if max(local) >= standing.starts and min(local) <= standing.ends:
        assert isinstance(verdict, Deny)


# Caps and windows, whatever the schedule


@dataclass
class Greedy:
    """Somebody who asks again and again, and contacts whenever the gate allows it."""

    packs: Packs
    facts: PersonFacts
    made: list[datetime]

    def asks(self, at, channel=Channel.SMS, account="a"):
        """Ask at some moment, and at the end of a wait; gives the moment after it."""
        request = ContactRequest(
            account_id=account, channel=channel, content=Content(said=EVERYTHING)
        )
        verdict = decide(request, self.facts, self.packs, at)
        if isinstance(verdict, Wait):
            at = verdict.until
            verdict = decide(request, self.facts, self.packs, at)
        assert isinstance(verdict, Allow)
        self.made.append(at)
        contact = PastContact(
            key=str(len(self.made)),
            account_id=account,
            channel=channel,
            at=at,
            status=ContactStatus.NO_ANSWER if channel is Channel.VOICE else ContactStatus.SENT,
        )
        self.facts = self.facts.model_copy(update={"contacts": (*self.facts.contacts, contact)})
        return at


def dates(made, name):
    return [each.astimezone(ZoneInfo(name)).date() for each in made]


pauses = st.lists(
    st.integers(0, 3 * 24 * 60).map(lambda minutes: minutes * MINUTE), min_size=6, max_size=12
)


@settings(max_examples=15, deadline=None)
@given(instants, zones, pauses, st.sampled_from(SPOKEN))
def test_however_eager_never_two_demands_on_one_day_and_never_at_night_in_any_zone(
    at, where, pauses, channel
):
    greedy = Greedy(HOUSE, PersonFacts(country="IN", zones=where[:2]), [])

    for pause in pauses:
        if hopeless(at, where[:2]):
            break
        at = greedy.asks(at, channel) + pause

    for name in where[:2]:
        days = dates(greedy.made, name)
        assert len(days) == len(set(days))
        for each in greedy.made:
            assert time(8) <= each.astimezone(ZoneInfo(name)).time() < time(21)


def hopeless(at, where):
    """Whether there is no daytime that all zones share."""
    offsets = [at.astimezone(ZoneInfo(name)).utcoffset() for name in where]
    return max(offsets) - min(offsets) > timedelta(hours=9)


@settings(max_examples=15, deadline=None)
@given(instants, st.sampled_from(ZONES), pauses, st.randoms(use_true_random=False))
def test_however_eager_never_more_than_seven_calls_about_a_debt_in_seven_days(
    at, name, pauses, dice
):
    greedy = Greedy(REG_F, PersonFacts(country="US", zones=(name,)), [])
    debts = []

    for pause in [*pauses, *pauses]:
        debts.append(dice.choice("aab"))
        at = greedy.asks(at, Channel.VOICE, debts[-1]) + pause / 6

    for debt in "ab":
        made = [each for each, about in zip(greedy.made, debts, strict=True) if about == debt]
        days = dates(made, name)
        for day in days:
            assert sum(timedelta(0) <= day - other < 7 * DAY for other in days) <= 7


@settings(max_examples=20, deadline=None)
@given(
    st.dates(date(2026, 1, 10), date(2027, 11, 30)),
    st.sampled_from(ZONES),
    st.lists(st.integers(0, 9), max_size=9),
    st.integers(1, 9),
)
def test_requests_that_race_for_the_last_slots_never_pass_them(day, name, ago, racing):
    noon = datetime.combine(day, time(12), ZoneInfo(name))
    facts = PersonFacts(
        country="US",
        zones=(name,),
        contacts=tuple(a_call(noon - days * DAY, number) for number, days in enumerate(ago)),
    )
    request = ContactRequest(
        account_id="a", channel=Channel.VOICE, content=Content(said=EVERYTHING)
    )
    used = sum(days < 7 for days in ago)

    allowed = 0
    for number in range(racing):
        if isinstance(decide(request, facts, REG_F, noon), Allow):
            allowed += 1
            contacts = (*facts.contacts, a_call(noon, 100 + number))
            facts = facts.model_copy(update={"contacts": contacts})

    assert allowed == min(racing, max(0, 7 - used))


def a_call(at, number):
    return PastContact(
        key=str(number),
        account_id="a",
        channel=Channel.VOICE,
        at=at,
        status=ContactStatus.NO_ANSWER,
    )


@BRIEF
@given(situations(), st.integers(-26, 26))
def test_a_clock_that_is_set_wrong_never_leaves_the_window_of_the_moment_it_shows(situation, hours):
    at = situation.at + timedelta(hours=hours)
    request = ContactRequest(account_id="a", channel=Channel.SMS, content=Content(said=EVERYTHING))

    verdict = decide(request, situation.facts, PACKS, at)

    if isinstance(verdict, Allow):
        for name in situation.facts.zones:
            assert time(8) <= at.astimezone(ZoneInfo(name)).time() < time(21)
        assert Channel.SMS not in situation.facts.opted_out


def test_on_every_day_of_a_clock_change_every_zone_opens_at_eight_and_closes_at_nine():
    request = ContactRequest(account_id="a", channel=Channel.SMS)
    for name in sorted(available_timezones()):
        place = ZoneInfo(name)
        facts = PersonFacts(country="IN", zones=(name,))
        for day in (date(2026, 3, 8), date(2026, 3, 29), date(2026, 11, 1)):
            night = datetime.combine(day, time(3, 30), place).astimezone(UTC)
            opening = datetime.combine(day, time(8), place).astimezone(UTC)
            closing = datetime.combine(day, time(21), place).astimezone(UTC)
            verdict = decide(request, facts, HOUSE, night)
            assert isinstance(verdict, Wait), name
            assert verdict.until == opening, name
            before = timedelta(microseconds=1)
            assert not isinstance(decide(request, facts, HOUSE, opening - before), Allow), name
            assert isinstance(decide(request, facts, HOUSE, closing - before), Allow), name
            assert not isinstance(decide(request, facts, HOUSE, closing), Allow), name
