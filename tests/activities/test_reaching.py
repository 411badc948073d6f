"""Reaching out on a real record: one slot for one, every verdict a link, every word checked."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest

from activities.contacts import Clocks, Contacts, Patience
from activities.records import Records
from compliance import Deny, Wait, load_packs
from compliance.facts import PersonFacts, Said
from compliance.laws import LAWS, shipped_id, write_law
from compliance.orders import Close, EnterStage, ReachOut, Slept
from compliance.packs import Pack, Packs
from compliance.verdicts import Reason
from domain.accounts import Closure, Hold
from domain.contacts import Channel, ContactStatus, sms
from domain.ledger import paid
from domain.people import StandingHold
from domain.plans import monthly
from providers.messages import Messages
from providers.outcomes import Accepted, Missing
from storage import Database, accounts, contacts, laws, ledger, plans
from storage.chain import FIRST, link
from storage.tables import SettlementRow
from tests.api.record import placement, record, usd

pytestmark = pytest.mark.stack

NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
"""A Monday's noon in New York."""


class Post:
    """A carrier that accepts everything, and remembers it."""

    lag = timedelta()

    def __init__(self):
        self.sent = []

    def send(self, envelope):
        self.sent.append(envelope)
        return Accepted(provider_id=f"SM{len(self.sent)}")

    def find(self, envelope, since):
        return Missing()


@pytest.fixture
def post():
    return Post()


@pytest.fixture
def hands(database, post):
    return hands_on(database, post)


def hands_on(database, post):
    return Contacts(
        database,
        carriers={Channel.SMS: post},
        messages=Messages(packs=LAWS.called(shipped_id())),
        clocks=Clocks(wall=lambda: NOON, fast_forward=True),
        patience=Patience(in_all=timedelta(minutes=5)),
        public_url="https://tahsil.test",
    )


def placed(database, **changes):
    """A New Yorker on record; the house's own rules and those of the US bind."""
    made = placement(**changes)
    record(database, made)
    return made


def order(made, number=1, *, at=NOON, waits=(), message=None):
    return ReachOut(
        key=f"account/acme/{made.reference}#{number}",
        account_id=made.account_id,
        at=at,
        message=message or sms("nudge"),
        waits=waits,
    )


def slept(number=1, *, at=NOON - timedelta(hours=9), days=0):
    rule = Reason(rule="HOUSE-HOURS", pack="house@1", says="too early", cite="house policy")
    return Slept(
        key=f"account/acme/x#{number}",
        at=at - timedelta(days=days),
        law=shipped_id(),
        message=sms("nudge"),
        verdict=Wait(until=NOON, reasons=(rule,)),
    )


def chain(database, made):
    """The account's decisions; fails unless each is tied to the one before."""
    with database.transaction() as session:
        rows = contacts.decisions(session, made.account_id)
    previous = FIRST
    for seq, row in enumerate(rows, start=1):
        assert (row.seq, row.previous) == (seq, previous)
        assert row.hash == link(row.previous, row.body)
        previous = row.hash
    return rows


class TestTheGate:
    def test_an_allowed_message_leaves_and_its_decision_holds_all_it_rested_on(
        self, database, hands, post
    ):
        made = placed(database)
        reached = hands.reach_out(order(made))

        assert (reached.status, reached.law) == (ContactStatus.SENT, shipped_id())
        [row], [sent] = chain(database, made), post.sent
        body = json.loads(row.body)
        assert body.keys() == {
            *("contact", "account", "person", "seq", "at", "law", "request", "message"),
            *("verdict", "zones", "facts", "balance", "version"),
        }
        assert (body["balance"], body["version"]) == (20_000, 1)
        assert body["zones"] == ["America/New_York"]
        assert body["verdict"]["kind"] == row.verdict == "allow"
        assert PersonFacts.model_validate(body["facts"]).regions == ("US-NY",)
        content = body["request"]["content"]
        assert set(content["said"]) > {Said.OPT_OUT, Said.COLLECTOR, Said.DEMAND}
        assert (content["demanded"], content["owed"]) == (20_000, 20_000)
        assert "Jo Secret" not in row.body
        assert "1212" not in row.body
        assert "an attempt to collect" in sent.words.text

    def test_what_comes_back_has_the_contact_that_was_made(self, database, hands):
        made = placed(database)
        reached = hands.reach_out(order(made))

        assert [each.key for each in reached.facts.contacts] == [order(made).key]
        again = hands.reach_out(order(made, 2))
        assert isinstance(again.verdict, Wait)
        assert again.status is None
        assert [row.verdict for row in chain(database, made)] == ["allow", "wait"]

    def test_the_same_order_again_sends_nothing_and_decides_nothing(self, database, hands, post):
        made = placed(database)
        first, again = hands.reach_out(order(made)), hands.reach_out(order(made))

        assert first.status == again.status == ContactStatus.SENT
        assert len(post.sent) == len(chain(database, made)) == 1

    def test_what_has_been_paid_is_not_asked_for(self, database, hands, post):
        made = placed(database)
        with database.transaction() as session:
            ledger.book(session, made.account_id, paid("p1", usd(20_000)))
        reached = hands.reach_out(order(made))

        assert reached.verdict.decided_by == "LAST-LOOK"
        assert (reached.balance, reached.version) == (0, 2)
        assert [row.rules for row in chain(database, made)] == [["LAST-LOOK"]]
        assert post.sent == []

    def test_what_changes_between_the_two_looks_refuses_and_frees_the_slot(
        self, database, hands, post
    ):
        made = placed(database)
        lease = hands._prepare(order(made))
        with database.transaction() as session:
            accounts.place_hold(session, made.account_id, Hold.DISPUTE, reason="a test")
        with database.transaction() as session:
            reached = hands._call(session, order(made), lease=lease)

        assert isinstance(reached.verdict, Deny)
        assert (reached.status, reached.facts.contacts, post.sent) == (None, (), [])
        assert [row.verdict for row in chain(database, made)] == ["allow", "deny"]
        with database.transaction() as session:
            accounts.lift_hold(session, made.account_id, Hold.DISPUTE)
        assert hands.reach_out(order(made)).status is ContactStatus.SENT

    def test_a_plan_is_read_for_a_message_that_speaks_of_one(self, database, hands):
        made = placed(database)
        reached = hands.reach_out(order(made, message=sms("instalment_due")))

        assert reached.verdict.decided_by == "NO-WORDS"
        assert [row.rules for row in chain(database, made)] == [["NO-WORDS"]]

    def test_the_notice_of_an_instalment_names_all_that_is_collected_with_it(
        self, database, hands, post
    ):
        made = placed(database)
        plan = monthly("p1", usd(20_000), parts=4, first=NOON.date() - timedelta(days=29))
        with database.transaction() as session:
            plans.accept(session, made.account_id, plan, at=NOON)
        asked = order(made, message=sms("instalment_due"))
        reached = hands.reach_out(replace(asked, instalment=2))

        assert reached.status is ContactStatus.SENT
        assert "$100.00" in post.sent[0].words.text


class TestContent:
    def law(self, database, *packs):
        with database.transaction() as session:
            laws.put(session, write_law(Packs([*load_packs(), *packs], CALENDARS)), "a test")

    def test_a_message_that_lacks_what_a_pack_demands_is_refused_and_recorded(
        self, database, hands, post
    ):
        rule = {
            "kind": "content",
            "id": "X-1",
            "must_have": ["time-bar notice"],
            "says": "the message does not say that the time to sue is over",
            "cite": "a law",
            "force": "statute",
            "verified": "P",
        }
        self.law(database, pack(rules=[rule]))
        made = placed(database)
        reached = hands.reach_out(order(made))

        assert reached.verdict.decided_by == "X-1"
        assert reached.verdict.reasons[0].lifts == "fix: say time-bar notice"
        [row] = chain(database, made)
        assert (row.rules, row.law, post.sent) == (["X-1"], reached.law, [])
        with database.transaction() as session:
            assert contacts.by_key(session, order(made).key) is None

    def test_a_disclosure_of_the_law_in_force_is_put_in_at_once(self, database, hands, post):
        says = {
            "says": "time-bar notice",
            "cite": "a law",
            "channels": ["sms"],
            "words": {"en": "Too late to sue."},
        }
        self.law(database, pack(disclosures=[says]))
        hands.reach_out(order(placed(database)))

        assert post.sent[0].words.text.endswith("Too late to sue.")

    def test_what_is_disputed_in_part_is_asked_for_without_that_part(self, database, hands, post):
        made = placed(database)
        with database.transaction() as session:
            accounts.place_hold(session, made.account_id, Hold.DISPUTE, reason="t", part=5_000)
        reached = hands.reach_out(order(made))

        assert "$150.00" in post.sent[0].words.text
        assert reached.facts.holds == (StandingHold(hold=Hold.DISPUTE, part=5_000),)

    def test_nothing_is_asked_for_where_every_part_is_disputed(self, database, hands, post):
        made = placed(database)
        with database.transaction() as session:
            for part in (5_000, 15_000):
                accounts.place_hold(session, made.account_id, Hold.DISPUTE, reason="t", part=part)
        reached = hands.reach_out(order(made))

        assert reached.verdict.reasons[0].lifts == "fix: ask for no more than 0 minor units"
        assert post.sent == []

    def test_a_refusal_to_wait_for_comes_before_one_for_the_words(self, database, hands):
        made = placed(database)
        with database.transaction() as session:
            accounts.place_hold(session, made.account_id, Hold.DISPUTE, reason="t", part=20_000)
        reached = hands.reach_out(order(made, at=NOON - timedelta(hours=9)))

        assert isinstance(reached.verdict, Wait)


CALENDARS = load_packs().calendars.values()


def pack(**parts):
    whole = {"id": "x", "title": "x", "version": "1", "effective_from": "2020-01-01"}
    return Pack.model_validate(whole | parts)


class TestTheChain:
    def test_waits_are_written_in_their_order_before_the_verdict(self, database, hands):
        made = placed(database)
        hands.reach_out(order(made, waits=(slept(days=1), slept())))

        rows = chain(database, made)
        assert [row.verdict for row in rows] == ["wait", "wait", "allow"]
        assert [row.at for row in rows] == [slept(days=1).at, slept().at, NOON]
        body = json.loads(rows[0].body)
        unknown = [body[name] for name in ("facts", "zones", "balance", "version")]
        assert unknown == [None] * 4
        assert rows[0].until == NOON

    def test_a_wait_that_is_told_twice_is_written_once(self, database, hands):
        made = placed(database)
        records, waits = Records(database), (slept(), slept(), slept(2))
        asked = {"key": "s", "account_id": made.account_id, "at": NOON, "waits": waits}
        for _ in range(2):
            records.enter_stage(EnterStage(journey="standard", stage="reminders", **asked))
            hands.reach_out(order(made, waits=waits))
            records.close_account(Close(closure=Closure.REFERRED, **asked))

        assert [row.verdict for row in chain(database, made)] == ["wait", "wait", "allow"]

    def test_every_account_has_a_chain_of_its_own(self, database, hands):
        first = placed(database)
        other = placed(database, consumer=first.consumer.model_dump(mode="json"))
        hands.reach_out(order(first))
        hands.reach_out(order(other))

        assert [row.seq for row in chain(database, first)] == [1]
        assert [row.seq for row in chain(database, other)] == [1]
        assert chain(database, other)[0].verdict == "wait"  # one contact of the person a day


class TestTheRace:
    def test_of_fifty_that_want_the_last_slot_exactly_one_gets_it(self, database_url, database):
        made = [placed(database)]
        who = made[0].consumer.model_dump(mode="json")
        made += [placed(database, consumer=who) for _ in range(4)]
        crowd, start = Database(database_url, pool_size=16), Barrier(50)
        hands = hands_on(crowd, Post())

        def want(number):
            wish = order(made[number % 5], number)
            start.wait()
            return hands._prepare(wish)

        with ThreadPoolExecutor(50) as pool:
            answers = list(pool.map(want, range(50)))
        crowd.close()
        assert sum(isinstance(answer, datetime) for answer in answers) == 1
        refused = [answer for answer in answers if not isinstance(answer, datetime)]
        assert all(isinstance(answer.verdict, Wait) for answer in refused)
        assert sum(len(chain(database, each)) for each in made) == 50

    def test_a_cap_of_several_is_filled_exactly(self, database_url, database):
        cap = {
            "kind": "cap",
            "id": "X-7",
            "max": 7,
            "days": 7,
            "says": "seven in seven days",
            "cite": "a law",
            "force": "statute",
            "verified": "P",
        }
        with database.transaction() as session:
            laws.put(session, write_law(Packs([pack(rules=[cap])])), "a test")
        made, start = placed(database), Barrier(50)
        crowd = Database(database_url, pool_size=16)
        hands = hands_on(crowd, Post())

        def want(number):
            start.wait()
            return hands._prepare(order(made, number))

        with ThreadPoolExecutor(50) as pool:
            answers = list(pool.map(want, range(50)))
        crowd.close()
        assert sum(isinstance(answer, datetime) for answer in answers) == 7
        counters = [
            answer.verdict.counters for answer in answers if not isinstance(answer, datetime)
        ]
        assert counters == [{"X-7": "7 of 7"}] * 43
        chain(database, made)


@pytest.mark.parametrize(("days", "told"), [(0, True), (-1, False)])
def test_an_offer_to_settle_is_told_until_its_last_day(database, hands, post, days, told):
    made = placed(database)
    with database.transaction() as session:
        session.add(
            SettlementRow(
                id="s1",
                account_id=made.account_id,
                minor=120_00,
                floor=100_00,
                balance=200_00,
                version=1,
                expires=NOON.date() + timedelta(days=days),
                zones=["America/Chicago"],
                by="agent",
                source="tests",
                at=NOON,
            )
        )

    assert hands.reach_out(order(made)).status is ContactStatus.SENT
    assert ("$120.00" in post.sent[0].words.text) is told
