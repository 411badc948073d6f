"""Two worlds for the same people: the simulator, and the real stack carried through the same time.

What people do is made up once, by the simulator, and then done again in the real world at the same
moments, through the doors that the public uses.
"""

import asyncio
import itertools
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from functools import partial
from http import HTTPStatus
from urllib.parse import urlencode

import stripe
from sqlalchemy import select
from twilio.request_validator import RequestValidator

from api.schemas import NewAccount
from api.services import wall
from cli.paying import press
from domain.accounts import Placement
from domain.contacts import COUNTED, Channel
from domain.orders import Charged, ChargeStatus, DeclineKind
from domain.people import WEEK, Wish
from domain.retries import Debit, DeclineCodes, Try, retry_at
from simulation.deeds import Act, Deed
from simulation.dice import Dice
from simulation.happenings import Happening, What
from simulation.lives import SEEN_TO_AFTER
from simulation.placing import person_placed
from simulation.portfolio import FAILS, WORKS
from simulation.world import Person, live
from storage import creditors, people
from storage.lines import ask
from storage.session import driver
from storage.tables import Account, ChargeRow, ContactRow
from workflows.fast_forward import fast_forward, time_of
from workflows.messages import AccountState
from workflows.names import workflow_id

CREDITOR = "truth"
EVENING = time(18, tzinfo=UTC)
"""When people act: daytime in all of America, so that what they set off may happen at once."""
NEVER = datetime.max.replace(tzinfo=UTC)
A_DAY, A_MINUTE = timedelta(days=1), timedelta(minutes=1)
A_TURN = timedelta(minutes=10)
"""An account that wakes has so long for what it does then: the server skips on, to the next timer,
if the time to which it carries a workflow passes while an activity is under way."""
A_WHILE = timedelta(minutes=30)
"""An account that has arrived goes on at the wall's pace: it stops well before another's turn."""
DISPUTED, PROMISED = timedelta(days=6), timedelta(days=4)
NOT_HONOURED = DeclineCodes(code="card_declined", decline_code="generic_decline")

PLACES = (
    *(("US", "+1404556{:04}", None), ("US", "+1312556{:04}", None), ("US", "+1303556{:04}", None)),
    *(("US", "+1213556{:04}", None), ("US", "+1470556{:04}", None), ("US", "+1512556{:04}", None)),
    *(("SA", "+9665055{:05}", "Asia/Riyadh"), ("GB", "+4477009{:05}", "Europe/London")),
)
"""Where people are, each with their hours and rules; in turn."""


def draw(seed, *names):
    """A number between 0 and 1 that hangs on seed and names alone."""
    return Dice(seed).throw("/".join(map(str, names)))[0]


# who they are


def placements(seed, *, accounts, people, since=0):
    """As the API takes them; the first ones owe the accounts that there are beyond one each."""
    owners = [*range(people), *(number // 2 for number in range(accounts - people))]
    return [_placement(seed, since + number, since + owner) for number, owner in enumerate(owners)]


def _placement(seed, number, owner):
    country, phone, time_zone = PLACES[owner % len(PLACES)]
    return {
        "reference": f"T{number:03}",
        "journey": "subscription" if draw(seed, "journey", number) < 0.15 else "standard",
        "balance": {"minor": 60_00 + int(draw(seed, "owed", number) * 600_00), "currency": "USD"},
        "due_on": "2026-10-01",
        "consumer": {
            "reference": f"P{owner:03}",
            "name": "Alex Morgan",
            "country": country,
            "time_zone": time_zone,
            "phone": phone.format(owner),
            "email": f"truth{owner}@example.com",
        },
    }


def in_peace_until(today):
    """A wish that nobody writes to them before the Monday after next: all begin at one moment."""
    return Wish(never=WEEK, until=today + timedelta(days=13 - today.weekday()))


def card_of(seed, person):
    """The number of the card that a person has."""
    return FAILS if draw(seed, "card", person) < 0.4 else WORKS


# what they do


@dataclass(frozen=True)
class Townsfolk:
    """They act in the evening after a message, if at all, and in the same way in both worlds."""

    seed: int

    def at_placement(self, debt, at):
        return ()

    def on_contact(self, debt, contact, number):
        evening = datetime.combine(contact.at.astimezone(UTC).date(), EVENING)
        is_fresh = contact.at < evening
        after = (evening if is_fresh else evening + A_DAY) - contact.at
        drawn = draw(self.seed, debt.account, contact.message.name, number)
        written = is_fresh and contact.message.channel is Channel.SMS
        deed, minor = self._deed(debt, drawn, is_fresh=is_fresh, written=written)
        within = {Deed.DISPUTES: DISPUTED, Deed.PROMISES: PROMISED}.get(deed, timedelta())
        acts = [Act(after, deed, minor=minor, within=within)] if deed else []
        if deed is Deed.PROMISES and draw(self.seed, debt.account, "keeps") < 0.5:
            acts.append(Act(after + PROMISED - A_DAY, Deed.PAYS_ALL))
        return acts

    def _deed(self, debt, drawn, *, is_fresh, written):
        shares = [(Deed.PAYS_ALL, 0.1), (Deed.PAYS_PART, 0.06)]
        if debt.has_offer and is_fresh:
            shares += [(Deed.ACCEPTS_PLAN, 0.4)]
        if written:
            shares += [
                *((Deed.ASKS_PLAN, 0.1), (Deed.PROMISES, 0.08), (Deed.CLAIMS_PAID, 0.04)),
                *((Deed.DISPUTES, 0.05), (Deed.HARDSHIP, 0.04), (Deed.STOPS, 0.03)),
                *((Deed.WRITES, 0.05), (Deed.ASKS_CALL, 0.03), (Deed.OPTS_OUT, 0.05)),
            ]
        reached = 0.0
        for deed, share in shares:
            reached += share
            if drawn < reached:
                return deed, debt.balance // 3 if deed is Deed.PAYS_PART else 0
        return None, 0

    def on_payment(self, debt, minor, number):
        return ()

    def is_delivered(self, debt, contact_key, channel):
        return True

    def answers_call(self, debt, contact_key):
        return False

    def charge(self, debt, number, at):
        if card_of(self.seed, debt.person) == WORKS:
            return Charged(status=ChargeStatus.PAID, version=0, balance=0)
        debit = Debit(debt.account, None, 0, "card")
        tries = [Try(debit, each, NOT_HONOURED) for each in (*debt.tried, at)]
        return Charged(
            status=ChargeStatus.DECLINED,
            version=0,
            balance=0,
            decline=DeclineKind.LATER,
            again_at=retry_at(debit, tries, debt.retries, at),
        )


# what is compared

COMPARED = (What.CONTACT, What.CHARGE, What.CLOSED)


@dataclass(frozen=True, order=True)
class Line:
    """Something that happened to an account in a world: a contact, a charge, or the end."""

    reference: str
    kind: What
    at: datetime
    what: str

    def __str__(self):
        return f"{self.reference} {self.kind} {self.at:%Y-%m-%d %H:%M:%S} {self.what}"

    def is_same(self, real):
        """Whether the real world had it, too, less than a minute later: it is never early."""
        late = real.at - self.at
        return self.what == real.what and timedelta() <= late < A_MINUTE


def differences(expected, told):
    """The first thing of each kind that only one of the worlds has, account by account."""
    found = []
    for kind in sorted({(each.reference, each.kind) for each in (*expected, *told)}):
        here, there = _of_kind(expected, kind), _of_kind(told, kind)
        pairs = itertools.zip_longest(here, there)
        first = next((pair for pair in pairs if None in pair or not pair[0].is_same(pair[1])), None)
        if first is not None:
            found.append(f"simulated {first[0]}, really {first[1]}")
    return found


def _of_kind(lines, kind):
    return sorted(each for each in lines if (each.reference, each.kind) == kind)


@dataclass(frozen=True)
class Household:
    """A person with their accounts, as they are placed."""

    person: Person
    placements: tuple[Placement, ...]

    def reference(self, account_id):
        return next(each.reference for each in self.placements if each.account_id == account_id)


def households(rows, wish):
    """People with their accounts, in the order in which they are placed."""
    grouped: dict[str, list[Placement]] = {}
    for row in rows:
        placement = NewAccount.model_validate(row).of(CREDITOR)
        grouped.setdefault(placement.person_id, []).append(placement)
    found = []
    for placed in grouped.values():
        person = person_placed(placed)
        facts = person.facts.model_copy(update={"wishes": (wish,)})
        found.append(Household(replace(person, facts=facts), tuple(placed)))
    return found


def simulated(seed, home, *, packs, start, days):
    """The simulator's world: all that happened to a household."""
    happened: list[Happening] = []
    live(
        home.person,
        journeys={},
        behaviour=Townsfolk(seed),
        packs=packs,
        start=start,
        days=days,
        tell=happened.append,
    )
    return happened


def lines(home, happened):
    """What is compared of what happened in the simulator."""
    return [
        Line(home.reference(each.account), each.what, each.at, each.detail or each.status)
        for each in happened
        if each.what in COMPARED
    ]


# the real world


class RealWorld:
    """The same households on the real stack."""

    def __init__(self, house, seed, key):
        self.house, self.seed = house, seed
        self.headers = {"authorization": f"Bearer {key}"}
        self.numbers = itertools.count(1)

    async def place(self, home, rows, wish):
        """Place a household; before, it is on record that they want to be left in peace."""
        with self.house.database.transaction() as session:
            ask(driver(session), people.recording(home.placements[-1]))
            people.set_wishes(session, home.person.reference, [wish])
        for placement in home.placements:
            placed = partial(self._is_placed, rows[placement.reference])
            await self.house.eventually(placed, within=60)

    async def _is_placed(self, row):
        answer = await self.house.api.post("/v1/accounts", json=row, headers=self.headers)
        assert answer.is_success or answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE, (
            answer.text
        )
        return answer.is_success

    async def _post(self, path, body):
        answer = await self.house.api.post(path, json=body, headers=self.headers)
        assert answer.is_success, answer.text
        return answer.json()

    # time

    async def live(self, home, happened, *, start, days):
        """Carry a household to the end, doing on the way what its people did in the other world."""
        last = start + timedelta(days=days)
        plan = self._plan(happened, last)
        for at, together in itertools.groupby(plan, key=lambda each: each[0]):
            await self._carry(home, at)
            for _, work in together:
                await work(home)
        await self._carry(home, last)

    async def _carry(self, home, to):
        """Carry all open accounts to an instant: of several, whoever wakes first goes first.

        In one minute they go in the order in which they were placed, as in the simulator.
        """
        order = self._open(home)
        wakes = {each: await self._wakes(each) for each in order} if len(order) > 1 else {}
        while waiting := [each for each in order if wakes.get(each, to) < to]:
            first, *others = sorted(waiting, key=wakes.__getitem__)
            limit = min([to, *(wakes[each] for each in others)]) - A_WHILE
            await self._forward(first, max(limit, wakes[first] + A_TURN))
            wakes[first] = await self._wakes(first)
        for target in self._open(home):
            await self._forward(target, to)

    async def _wakes(self, target):
        """The minute in which an account goes on by itself, once it waits."""
        state = await self.house.eventually(partial(self._at_rest, target), within=60)
        if state.closure is not None or state.next.until is None:
            return NEVER
        return state.next.until.replace(second=0, microsecond=0)

    async def _at_rest(self, target):
        """The account's state, once it only waits: for a time to come, or for a hold to end."""
        handle = self.house.client.get_workflow_handle(target)
        state = await handle.query("state", result_type=AccountState)
        if state.closure is not None or state.next.why.startswith("on hold"):
            return state
        until = state.next.until
        return state if until is not None and until > await self._now(target) else None

    def _open(self, home):
        ids = [each.account_id for each in home.placements]
        with self.house.database.transaction() as session:
            query = select(Account.id).where(Account.id.in_(ids), Account.closure.is_(None))
            still_open = set(session.scalars(query))
        return [
            workflow_id(CREDITOR, each.reference)
            for each in home.placements
            if each.account_id in still_open
        ]

    async def _forward(self, target, to):
        now = await self._now(target)
        if to > now:
            await fast_forward(self.house.client, [target], to - now)

    async def _now(self, target):
        now = await time_of(self.house.client, target)
        return now.replace(tzinfo=UTC) if now else wall()

    # what people do

    def _plan(self, happened, last):
        """Deeds with their instants, disputes that are resolved, and tasks that are seen to."""
        plan = []
        for order, (did, after) in enumerate(itertools.pairwise([*happened, None])):
            if did.what is What.HANDED and did.at + SEEN_TO_AFTER <= last:
                plan.append((did.at + SEEN_TO_AFTER, order, self._seen_to(did.account)))
            if did.what is not What.DID:
                continue
            plan.append((did.at, order, self._work(did, after)))
            if did.detail == Deed.DISPUTES and did.at + DISPUTED <= last:
                plan.append((did.at + DISPUTED, order, self._resolved(did.account)))
        return [(at, work) for at, _, work in sorted(plan, key=lambda each: each[:2])]

    def _work(self, did, after):
        deed = Deed(did.detail)
        if after is not None and after.what is What.PAID:
            return self._paid(did.account, after.minor)
        if deed is Deed.ACCEPTS_PLAN:
            return self._accepted(did.account)
        return self._written(SAYS[deed](did.at))

    def _paid(self, account_id, minor):
        async def work(home):
            amount = {"minor": minor, "currency": "USD"}
            body = {"amount": amount, "reference": f"D{next(self.numbers)}"}
            await self._post(f"/v1/accounts/{account_id}/payments", body)

        return work

    def _resolved(self, account_id):
        async def work(home):
            if workflow_id(CREDITOR, home.reference(account_id)) in self._open(home):
                await self._post(f"/v1/accounts/{account_id}/resume", {"hold": "dispute"})

        return work

    def _seen_to(self, account_id):
        async def work(home):
            url, asked = "/v1/tasks", {"account_id": account_id}
            answer = await self.house.api.get(url, params=asked, headers=self.headers)
            ids = [each["id"] for each in answer.raise_for_status().json()["tasks"]]
            if ids:
                await self._post(f"/v1/accounts/{account_id}/tasks/done", {"tasks": ids})

        return work

    def _accepted(self, account_id):
        async def work(home):
            link = self._link(account_id)
            card = card_of(self.seed, home.person.reference)
            assert await press(self.house.api, self.house.sandbox, link, "accept-plan", card=card)
            target = workflow_id(CREDITOR, home.reference(account_id))

            async def is_known():
                handle = self.house.client.get_workflow_handle(target)
                return (await handle.query("state", result_type=AccountState)).stage == "on_plan"

            await self.house.eventually(is_known)

        return work

    def _link(self, account_id):
        query = select(ContactRow).where(ContactRow.account_id == account_id)
        with self.house.database.transaction() as session:
            found = session.scalars(query.where(ContactRow.offer.is_not(None))).all()
            return max(found, key=lambda each: each.at).link

    def _written(self, words):
        async def work(home):
            url = f"{self.house.stack.addresses.api_url}/webhooks/twilio/messages"
            said = {
                "MessageSid": f"SM{home.person.reference}{next(self.numbers)}",
                "From": home.placements[0].consumer.phone,
                "Body": words,
            }
            said |= {"OptOutType": "STOP"} if words == "STOP" else {}
            token = self.house.stack.environment["TWILIO_AUTH_TOKEN"]
            signature = RequestValidator(token).compute_signature(url, said)
            headers = {
                "content-type": "application/x-www-form-urlencoded",
                "x-twilio-signature": signature,
            }
            answer = await self.house.api.post(url, content=urlencode(said), headers=headers)
            assert answer.is_success, answer.text

        return work

    # what happened

    def lines(self, home):
        """What the record has of it."""
        with self.house.database.transaction() as session:
            return [line for each in home.placements for line in _lines(session, each)]


def _lines(session, placement):
    def rows(table):
        return session.scalars(select(table).where(table.account_id == placement.account_id))

    reference = placement.reference
    for row in rows(ContactRow):
        if row.status in COUNTED and not row.inbound:
            yield Line(reference, What.CONTACT, row.at, f"{row.channel} {row.message}")
    for row in rows(ChargeRow):
        yield Line(reference, What.CHARGE, row.at, row.status)
    account = session.get_one(Account, placement.account_id)
    if account.closed_at is not None:
        yield Line(reference, What.CLOSED, account.closed_at, account.closure)


def _promised(at):
    return f"I will pay on {at.date() + PROMISED}"


SAYS = {
    Deed.ASKS_PLAN: lambda at: "PLAN",
    Deed.PROMISES: _promised,
    Deed.CLAIMS_PAID: lambda at: "I already paid",
    Deed.DISPUTES: lambda at: "This is not my debt",
    Deed.HARDSHIP: lambda at: "I cannot pay",
    Deed.STOPS: lambda at: "Stop contacting me",
    Deed.WRITES: lambda at: "What is this about?",
    Deed.ASKS_CALL: lambda at: "Please call me",
    Deed.OPTS_OUT: lambda at: "STOP",
}
"""What people text us, by what they mean."""


async def with_cards(house, seed, rows):
    """The rows by reference, where a subscription comes with a card that its holder has stored."""
    cards = {}
    for row in rows:
        consumer = row["consumer"]
        holder = consumer["reference"]
        if row["journey"] == "subscription" and holder not in cards:
            number = card_of(seed, NewAccount.model_validate(row).of(CREDITOR).person_id)
            cards[holder] = await _stored_card(house, number, holder)
    for row in rows:
        row["consumer"]["stored_card"] = cards.get(row["consumer"]["reference"])
    return {row["reference"]: row for row in rows}


async def _stored_card(house, number, holder):
    """A card that its holder has stored on a page of Stripe's, as a creditor tells us of it."""
    environment = house.stack.environment
    sdk = stripe.StripeClient(
        environment["STRIPE_API_KEY"],
        base_addresses={"api": environment["STRIPE_BASE_URL"]},
    ).v1.checkout.sessions

    def opened():
        return sdk.create(
            {
                "mode": "setup",
                "currency": "usd",
                "customer_creation": "always",
                "success_url": house.stack.addresses.api_url,
            }
        )

    page = await asyncio.to_thread(opened)
    body = {"card": number, "holder": holder}
    paid = await house.sandbox.post(f"/control/checkout/{page.id}/pay", json=body)
    assert paid.is_success, paid.text
    done = await asyncio.to_thread(sdk.retrieve, page.id, {"expand": ["setup_intent"]})
    method = getattr(done.setup_intent, "payment_method", None)
    return {"customer": str(done.customer), "payment_method": str(method)}


def new_key(house):
    """A key of the creditor whose accounts these are."""
    with house.database.transaction() as session:
        creditors.register(session, CREDITOR, "Truth Bank")
        return creditors.issue_key(session, CREDITOR, "tests")
