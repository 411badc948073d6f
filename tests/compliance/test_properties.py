"""What must be true of every verdict, whatever the facts."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import available_timezones

from hypothesis import given, settings
from hypothesis import strategies as st

from compliance import (
    Allow,
    ContactRequest,
    Deny,
    PastContact,
    PersonFacts,
    Wait,
    decide,
    load_packs,
)
from domain.contacts import Channel, Purpose
from domain.time import local_date, zone

PACKS = load_packs()
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
instants = st.datetimes(
    datetime(2026, 1, 1),  # noqa: DTZ001
    datetime(2028, 12, 31),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@st.composite
def situations(draw):
    at = draw(instants)
    zones = draw(st.lists(st.sampled_from(ZONES), min_size=1, max_size=3, unique=True))
    back = st.integers(0, 9 * 24 * 60).map(lambda minutes: at - timedelta(minutes=minutes))
    past = draw(
        st.lists(st.tuples(back, st.sampled_from(Channel), st.sampled_from("ab")), max_size=9)
    )
    facts = PersonFacts(
        country=draw(st.sampled_from(("US", "GB"))),
        zones=tuple(zones),
        opted_out=tuple(draw(st.sets(st.sampled_from(Channel), max_size=1))),
        contacts=tuple(
            PastContact(key=str(n), account_id=account, channel=channel, at=when)
            for n, (when, channel, account) in enumerate(past)
        ),
    )
    request = ContactRequest(
        account_id="a",
        channel=draw(st.sampled_from(Channel)),
        purpose=draw(st.sampled_from(Purpose)),
    )
    return request, facts, at


def daytime(at, name):
    return time(8) <= at.astimezone(zone(name)).time() < time(21)


@settings(max_examples=40)
@given(situations())
def test_a_wait_ends_later_and_at_a_moment_that_is_allowed(situation):
    request, facts, at = situation
    verdict = decide(request, facts, PACKS, at)

    if isinstance(verdict, Wait):
        assert verdict.until > at
        assert verdict.reasons
        assert isinstance(decide(request, facts, PACKS, verdict.until), Allow)


@settings(max_examples=40)
@given(situations())
def test_an_allowance_is_for_daytime_in_every_zone_and_asking_again_changes_nothing(situation):
    request, facts, at = situation
    verdict = decide(request, facts, PACKS, at)

    assert decide(request, facts, PACKS, at) == verdict
    if isinstance(verdict, Allow) and request.purpose is Purpose.DEMAND:
        assert request.channel is Channel.LETTER or all(daytime(at, name) for name in facts.zones)
        assert request.channel not in facts.opted_out


@settings(max_examples=40)
@given(situations())
def test_a_wait_is_for_the_first_moment_and_nothing_before_it_is_allowed(situation):
    request, facts, at = situation
    verdict = decide(request, facts, PACKS, at)

    if isinstance(verdict, Wait):
        for part in (0.25, 0.5, 0.75, 0.999):
            between = at + (verdict.until - at) * part
            assert not isinstance(decide(request, facts, PACKS, between), Allow)


@settings(max_examples=40)
@given(situations(), st.randoms(use_true_random=False))
def test_the_order_in_which_contacts_are_known_does_not_matter(situation, dice):
    request, facts, at = situation
    shuffled = [*facts.contacts]
    dice.shuffle(shuffled)
    mixed = facts.model_copy(
        update={"contacts": tuple(shuffled), "zones": tuple(reversed(facts.zones))}
    )

    first, second = (decide(request, each, PACKS, at) for each in (facts, mixed))

    assert type(first) is type(second)
    assert getattr(first, "until", None) == getattr(second, "until", None)


def greedily(channel, facts, at, *, attempts, packs):
    """Contact at every first lawful moment; return the moments."""
    made = []
    for n in range(attempts):
        request = ContactRequest(account_id="a", channel=channel)
        verdict = decide(request, facts, packs, at)
        assert not isinstance(verdict, Deny)
        at = verdict.until if isinstance(verdict, Wait) else at
        made.append(at)
        contact = PastContact(key=str(n), account_id="a", channel=channel, at=at)
        facts = facts.model_copy(update={"contacts": (*facts.contacts, contact)})
    return made


@settings(max_examples=15)
@given(
    at=instants,
    zones=st.lists(st.sampled_from(ZONES[:5]), min_size=1, max_size=2, unique=True),
    channel=st.sampled_from(SPOKEN),
)
def test_however_eager_never_two_contacts_on_one_day_in_any_zone(at, zones, channel):
    facts = PersonFacts(country="US", zones=tuple(zones))

    made = greedily(channel, facts, at, attempts=6, packs=PACKS)

    for name in zones:
        dates = [local_date(each, name) for each in made]
        assert len(dates) == len(set(dates))


@settings(max_examples=15)
@given(at=instants, zone_name=st.sampled_from(ZONES))
def test_however_eager_never_more_than_seven_calls_in_seven_days(at, zone_name):
    only_law = [pack for pack in PACKS if pack.id == "us-federal"]
    facts = PersonFacts(country="US", zones=(zone_name,))

    made = greedily(Channel.VOICE, facts, at, attempts=16, packs=only_law)

    dates = [local_date(each, zone_name) for each in made]
    for day in dates:
        assert sum(timedelta(0) <= day - other < timedelta(7) for other in dates) <= 7
    assert made[7].astimezone(zone(zone_name)).time() == time(8)


def test_on_every_day_of_a_clock_change_every_zone_opens_at_eight_and_closes_at_nine():
    request = ContactRequest(account_id="a", channel=Channel.SMS)
    for name in sorted(available_timezones()):
        facts = PersonFacts(country="GB", zones=(name,))
        for day in (date(2026, 3, 29), date(2026, 11, 1)):
            night = datetime.combine(day, time(3, 30), zone(name)).astimezone(UTC)
            verdict = decide(request, facts, PACKS, night)
            assert isinstance(verdict, Wait)
            assert verdict.until.astimezone(zone(name)).time() == time(8), name
            closing = datetime.combine(day, time(21), zone(name)).astimezone(UTC)
            just_before = closing - timedelta(microseconds=1)
            assert isinstance(decide(request, facts, PACKS, just_before), Allow)
            assert not isinstance(decide(request, facts, PACKS, closing), Allow)
