"""How simulated people behave: a small model per person. docs/behaviour.md has it on one page.

Each person is ready to pay, and short of money, to their own degree: two numbers, drawn once, so
that what they do about one debt goes with what they do about another. Everything else is drawn anew
for each account and contact, by name, never in order: two journeys meet the same people.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from functools import cache
from itertools import accumulate
from math import exp, log
from typing import Generic, NamedTuple, TypeVar

from domain.contacts import Channel, Contact, ContactStatus
from domain.orders import Charged, ChargeStatus, DeclineKind
from domain.payable import least_charge, step
from domain.retries import Debit, DeclineCodes, Try, retry_at
from domain.time import zone
from simulation.deeds import Act, Debt, Deed
from simulation.dice import Dice
from simulation.frailty import Lateness, exposure
from simulation.parameters import Parameters, shipped

HARDSHIP = "hardship"
"""The journey on which nothing is demanded, and on which people are asked what they can afford."""

MOST_ALONE = 3
"""Payments that somebody makes by themselves on one account."""
LONG = 366
"""Days after which nobody acts by themselves any more."""
PEOPLE_KEPT = 1_000
"""People whose draws are kept: those whose accounts are played at one time, with room."""

ANOTHER_CARD = frozenset({DeclineKind.NEVER, DeclineKind.FIX})
"""Declines after which only another card can help."""

CODES = {
    DeclineKind.NEVER: DeclineCodes(code="card_declined", decline_code="stolen_card"),
    DeclineKind.FIX: DeclineCodes(code="expired_card"),
    DeclineKind.PERSON: DeclineCodes(code="authentication_required"),
    DeclineKind.LATER: DeclineCodes(code="card_declined", decline_code="insufficient_funds"),
}
"""What a bank says of each kind of trouble, in Stripe's words."""

BY_VOICE = {ContactStatus.CONVERSATION: 1.0}
"""How far a call reaches somebody, by what became of it; a voicemail as the parameters say."""

A_SECOND = timedelta(seconds=1)
A_DAY = timedelta(days=1)
SECONDS = 3600

_Kind = TypeVar("_Kind")


class Person(NamedTuple):
    """What a person is like, whichever of their accounts it is about."""

    willingness: float
    """How ready they are to pay, 1 on average."""
    strain: float
    """How short of money they are, 1 on average."""
    prefers: Channel
    dead: frozenset[Channel]
    """Channels on which nothing reaches them."""


class _Met(NamedTuple):
    """A contact that reached somebody, and the dice for what they do."""

    debt: Debt
    channel: Channel
    at: datetime
    who: Person
    moved: float
    """How ready it makes them to pay."""
    number: int
    late: int
    """Days past due."""
    dice: list[float]


class _Shares(Generic[_Kind]):
    """Kinds with their shares: which one a number in (0, 1) falls on."""

    def __init__(self, shares: Mapping[_Kind, float]) -> None:
        self._kinds = tuple(shares)
        self._reached = tuple(accumulate(shares.values()))

    def drawn(self, number: float) -> _Kind | None:
        """The kind whose share the number falls on; None for what is left to one."""
        place = bisect_right(self._reached, number)
        return self._kinds[place] if place < len(self._kinds) else None

    def one(self, number: float) -> _Kind:
        """The same for shares that sum to one."""
        return self._kinds[min(bisect_right(self._reached, number), len(self._kinds) - 1)]


class Model:
    """The behaviour of everybody in a portfolio (see `simulation.deeds.Behaviour`)."""

    def __init__(self, seed: int, parameters: Parameters | None = None) -> None:
        """The same seed and parameters make the same people; the parameters that ship, if none."""
        self.parameters = figures = parameters or shipped()
        self._dice = Dice(seed)
        self._people: dict[str, Person] = {}
        self._ready = ready = int(figures.willingness.value)
        self._short = int(figures.strain.value)
        self._lateness = Lateness(
            figures.pays_in_month.from_days, figures.pays_in_month.values, ready
        )
        self._pays = _by_number(figures.pays_on_contact.values, ready)
        self._takes_plan = exposure(1 - figures.takes_plan.value, ready)
        self._settles = exposure(1 - figures.settles.value, ready)
        self._fails = {
            name: exposure(1 - chance, self._short)
            for name, chance in (
                ("declines", figures.declines.value),
                ("promise", 1 - figures.keeps_promise.value),
                ("instalment", 1 - figures.pays_reminded.value),
            )
        }
        self._complaints = (
            figures.complains.value,
            figures.patience.value,
            figures.impatience.value,
            figures.after_stop.value,
        )
        self._prefers = _Shares(figures.prefers.values)
        self._moves = _moves(figures)
        dead = figures.undelivered.values
        self._dead = tuple((channel, dead.get(channel, 0.0)) for channel in Channel)
        self._zones: dict[str, tzinfo] = {}
        self._replies = _Shares(figures.replies.values)
        self._trouble = _Shares(figures.card_trouble.values)
        self._spoilt = _Shares(figures.spoilt.values)
        self._days = _Shares(dict(enumerate(figures.acts_on_day.values)))
        self._hours = (0.0, *accumulate(figures.acts_at.values))
        self._reached = BY_VOICE | {ContactStatus.VOICEMAIL: figures.voicemail.value}

    # what the world asks

    def at_placement(self, debt: Debt, at: datetime) -> Sequence[Act]:
        """What they pay by themselves: on time what is not due yet, and else by its lateness."""
        late = (at.date() - debt.due_on).days
        if late < 0:
            on_time, by_hour, *_ = self._dice.throw(f"{debt.account}/on time")
            if on_time < self.parameters.pays_on_time.value:
                when = self._when(at, self._local(debt, at), -late, by_hour)
                return (Act(when, Deed.PAYS_ALL),)
        return tuple(self._alone(debt, at, late))

    def on_contact(self, debt: Debt, contact: Contact, number: int) -> Sequence[Act]:
        """What they do after a contact; nothing if it did not reach them."""
        who = self.person(debt.person)
        moved = self._force(who, contact) * who.willingness
        if not moved:
            return ()
        dice = self._dice.throw(f"{debt.account}/contact/{number}")
        late = (contact.at.date() - debt.due_on).days
        met = _Met(debt, contact.message.channel, contact.at, who, moved, number, late, dice)
        acts = self._answer(met)
        if dice[7] < self._complains(met):
            return (*acts, self._act(met, Deed.COMPLAINS))
        return acts

    def on_payment(self, debt: Debt, minor: int, number: int) -> Sequence[Act]:
        """Whether they take it back, one to eight weeks later."""
        dice = self._dice.throw(f"{debt.account}/payment/{number}")
        if minor <= 0 or dice[0] >= self.parameters.takes_back.value:
            return ()
        return (Act(A_DAY * (7 + 49 * dice[1]), Deed.TAKES_BACK, minor),)

    def is_delivered(self, debt: Debt, contact_key: str, channel: str) -> bool:
        """Not to a dead address: it is dead for all that is sent there."""
        del contact_key
        return channel not in self.person(debt.person).dead

    def answers_call(self, debt: Debt, contact_key: str) -> bool:
        """Never, if they block our calls; else by chance."""
        blocks = self._dice.throw(f"{debt.person}/calls")[0] < self.parameters.blocks_calls.value
        answers = self._dice.throw(f"{debt.account}/call/{contact_key}")[0]
        return not blocks and answers < self.parameters.answers.value

    def charge(self, debt: Debt, number: int, at: datetime) -> Charged:
        """What the bank says: of a card that an account came with, it is what brought it here."""
        trouble = self._bank_says(debt, number)
        if trouble is None:
            return Charged(status=ChargeStatus.PAID, version=0, balance=debt.balance)
        codes = CODES[trouble]
        return Charged(
            status=ChargeStatus.DECLINED,
            version=0,
            balance=debt.balance,
            decline_code=codes.decline_code or codes.code,
            decline=trouble,
            again_at=again_at(debt, codes, at),
        )

    def keeps_word(self, debt: Debt, promise: str) -> bool:
        """Whether they keep this promise: the shorter of money they are, the less."""
        word = self._dice.throw(f"{debt.account}/promise/{promise}")[0]
        return word < exp(-self.person(debt.person).strain * self._fails["promise"])

    def person(self, reference: str) -> Person:
        """What this person is like."""
        known = self._people.get(reference)
        if known is None:
            if len(self._people) >= PEOPLE_KEPT:
                self._people.clear()
            known = self._people[reference] = self._drawn(reference)
        return known

    # who they are

    def _drawn(self, reference: str) -> Person:
        nature = self._dice.throw(f"{reference}/nature")
        *lines, prefers = self._dice.throw(f"{reference}/channels")
        return Person(
            willingness=_gamma(nature[:4], self._ready),
            strain=_gamma(nature[4:], self._short),
            prefers=self._prefers.one(prefers),
            dead=frozenset(
                channel
                for (channel, share), number in zip(self._dead, lines, strict=True)
                if number < share
            ),
        )

    def _force(self, who: Person, contact: Contact) -> float:
        """How much a contact moves them; 0 if it does not reach them."""
        channel = contact.message.channel
        if channel is Channel.VOICE:
            reached = self._reached.get(contact.status, 0.0)
        else:
            reached = 0.0 if channel in who.dead or not contact.made else 1.0
        preferred, other = self._moves[channel]
        return reached * (preferred if channel is who.prefers else other)

    # what they answer

    def _answer(self, met: _Met) -> tuple[Act, ...]:
        debt, deed = met.debt, self._agrees(met)
        if deed is not None:
            return (self._act(met, deed),)
        if debt.has_plan:
            return () if debt.overdue is None else self._reply(met)
        if debt.journey == HARDSHIP:
            return () if debt.has_offer else self._states_means(met)
        if met.dice[1] < self._chance(met):
            return (self._payment(met),)
        return self._reply(met)

    def _agrees(self, met: _Met) -> Deed | None:
        """What they agree to of what has been offered to them, or was agreed before."""
        debt, number = met.debt, met.dice[0]
        if debt.has_plan:
            return self._on_plan(met)
        if debt.has_settlement and number < 1 - exp(-met.moved * self._settles):
            return Deed.SETTLES
        if debt.has_offer and number < 1 - exp(-met.moved * self._takes_plan):
            by_hand = met.dice[2] < self.parameters.by_hand.value
            return Deed.ACCEPTS_BY_HAND if by_hand else Deed.ACCEPTS_PLAN
        return None

    def _chance(self, met: _Met) -> float:
        """The chance that this person pays upon this contact."""
        base = self._pays[min(met.number, len(self._pays)) - 1]
        return 1 - exp(-met.moved * base * self._lateness.relative(met.late))

    def _payment(self, met: _Met) -> Act:
        """They pay: all of it or a part, or give the card that is missing."""
        if met.debt.declined in ANOTHER_CARD:
            return self._act(met, Deed.STORES_CARD)
        deed, minor = self._money(met.debt, met.late, met.dice[2])
        return self._act(met, deed, minor=minor)

    def _money(self, debt: Debt, late: int, number: float) -> tuple[Deed, int]:
        """How much somebody pays who pays at all, and the minor units of a part."""
        figures = self.parameters
        if number >= self._lateness.at(figures.pays_part.values, late):
            return Deed.PAYS_ALL, 0
        share = self._lateness.at(figures.part.values, late)
        least, unit = _coins(debt.currency)
        part = int(debt.balance * share)
        part -= part % unit
        return (Deed.PAYS_PART, part) if 0 < least <= part else (Deed.PAYS_ALL, 0)

    def _on_plan(self, met: _Met) -> Deed | None:
        """Instalments paid by hand are paid when reminded; a broken plan is caught up, or not."""
        debt, figures = met.debt, self.parameters
        if debt.overdue is None:
            asked = debt.instalment is not None and not debt.autopay
            pays = met.dice[0] < exp(-met.who.strain * self._fails["instalment"])
            return Deed.PAYS_DUE if asked and pays else None
        broke = self._dice.throw(f"{debt.account}/broken/{debt.overdue.number}")
        engages, by_phone, restarts = broke[:3]
        waits = by_phone < figures.by_phone.value
        if engages >= figures.engages.value or (waits and met.channel is not Channel.VOICE):
            return None
        if restarts >= figures.restarts.value:
            return Deed.PAYS_ALL
        stuck = debt.autopay and debt.declined in ANOTHER_CARD
        return Deed.STORES_CARD if stuck else Deed.PAYS_DUE

    def _states_means(self, met: _Met) -> tuple[Act, ...]:
        figures, dice = self.parameters, met.dice
        if dice[1] >= figures.states_means.value:
            return ()
        months = 1 + int(dice[6] * figures.affords_within.value)
        monthly = 0 if dice[2] < figures.affords_nothing.value else met.debt.balance // months
        return (self._act(met, Deed.STATES_MEANS, minor=monthly),)

    def _reply(self, met: _Met) -> tuple[Act, ...]:
        deed, figures = self._replies.drawn(met.dice[3]), self.parameters
        match deed:
            case None:
                return ()
            case Deed.DISPUTES:
                within = A_DAY * (1 + int(met.dice[6] * figures.dispute_days.value))
                return (self._act(met, deed, within=within),)
            case Deed.PROMISES:
                return self._promise(met)
        return (self._act(met, deed),)

    def _promise(self, met: _Met) -> tuple[Act, ...]:
        """They name a day, and pay half a day before it is over; or they do not."""
        within = A_DAY * (1 + int(met.dice[6] * self.parameters.promise_days.value))
        promise = self._act(met, Deed.PROMISES, within=within)
        if not self.keeps_word(met.debt, str(met.number)):
            return (promise,)
        return (promise, Act(promise.after + within - A_DAY / 2, Deed.PAYS_ALL))

    def _complains(self, met: _Met) -> float:
        """The chance of a complaint: no word about a plan that is kept is one too many."""
        chance, patience, impatience, after_stop = self._complaints
        debt, beyond = met.debt, met.number - patience
        if beyond > 0 and (debt.overdue is not None or not debt.has_plan):
            chance *= impatience**beyond
        return chance * after_stop if debt.asked_to_stop else chance

    def _act(
        self, met: _Met, deed: Deed, *, minor: int = 0, within: timedelta = timedelta()
    ) -> Act:
        day, local = self._days.one(met.dice[4]), self._local(met.debt, met.at)
        return Act(self._when(met.at, local, day, met.dice[5]), deed, minor, within)

    # what they do by themselves

    def _alone(self, debt: Debt, at: datetime, late: int) -> Iterable[Act]:
        """Payments without any contact: each a part, until one pays it all."""
        share = self.parameters.alone.value
        if not share:
            return
        begin, local = max(0, late), self._local(debt, at)
        reached = self._lateness.cumulated(begin)
        pace = self.person(debt.person).willingness * share / (1 + reached / self._ready)
        for turn in range(MOST_ALONE):
            dice = self._dice.throw(f"{debt.account}/alone/{turn}")
            reached -= log(dice[0]) / pace
            day = self._lateness.day_of(reached)
            if day - begin > LONG:
                return
            deed, minor = self._money(debt, int(day), dice[2])
            yield Act(self._when(at, local, int(day) - late, dice[5]), deed, minor)
            if deed is Deed.PAYS_ALL:
                return

    # cards

    def _bank_says(self, debt: Debt, number: int) -> DeclineKind | None:
        """What is the matter with the card at this charge, if anything."""
        figures, card = self.parameters, f"{debt.account}/card/{debt.cards}"
        own, this = self._dice.throw(card), self._dice.throw(f"{card}/{number}")
        if debt.cards == 0 and not debt.has_plan:
            kind = self._trouble.one(own[0])
            passes = kind is DeclineKind.LATER and this[0] < figures.passes_later.value
            return None if passes else kind
        if own[0] < 1 - (1 - figures.spoils.value) ** number:
            return self._spoilt.one(own[1])
        strain = self.person(debt.person).strain
        return DeclineKind.LATER if this[0] > exp(-strain * self._fails["declines"]) else None

    # when

    def _local(self, debt: Debt, at: datetime) -> datetime:
        """The same instant by their clock."""
        named = self._zones.get(debt.zone)
        if named is None:
            named = self._zones[debt.zone] = zone(debt.zone)
        return at.astimezone(named)

    def _when(self, at: datetime, local: datetime, ahead: int, by_hour: float) -> timedelta:
        """How long after `at` they act, so many days ahead, at an hour that is theirs."""
        passed = self._passed(local) if ahead <= 0 else 0.0
        if passed > 1 - 1e-9:
            ahead, passed = 1, 0.0
        seconds = int(self._hour(passed + by_hour * (1 - passed)) * SECONDS)
        minutes, second = divmod(seconds, 60)
        hour, minute = divmod(minutes, 60)
        then = local.replace(hour=hour, minute=minute, second=second, microsecond=0, fold=0)
        return max(A_SECOND, then + A_DAY * max(0, ahead) - at)

    def _passed(self, local: datetime) -> float:
        """How much of a day's acts is over by now."""
        begun, ended = self._hours[local.hour], self._hours[local.hour + 1]
        return begun + (ended - begun) * (local.minute * 60 + local.second) / SECONDS

    def _hour(self, share: float) -> float:
        """The hour by which this share of a day's acts is over."""
        hour = min(bisect_right(self._hours, share), len(self._hours) - 1) - 1
        begun, ended = self._hours[hour], self._hours[hour + 1]
        return hour + min((share - begun) / (ended - begun), 1 - 1e-6) if ended > begun else hour


def again_at(debt: Debt, codes: DeclineCodes, at: datetime) -> datetime | None:
    """When a declined charge may be tried again, as the record has it; None: not any more.

    Tries of other accounts on the same card are not looked at: here each account has its own.
    """
    due = debt.overdue or debt.instalment
    debit = Debit(
        debt.account, due.number if due else None, debt.balance, f"{debt.account}/{debt.cards}"
    )
    tries = [Try(debit, when, codes) for when in (*debt.tried, at)]
    return retry_at(debit, tries, debt.retries, at)


@cache
def _coins(currency: str) -> tuple[int, int]:
    """The least that a card can pay, and in which steps; (0, 1) if no card pays this currency."""
    least = least_charge(currency)
    return (least, step(currency)) if least else (0, 1)


def _gamma(numbers: Sequence[float], shape: int) -> float:
    """A draw with mean 1 from a gamma distribution with a whole shape: a mean of exponentials."""
    return -sum(log(each) for each in numbers[:shape]) / shape


def _by_number(chances: Sequence[float], shape: int) -> tuple[float, ...]:
    """What each contact adds to the cumulated hazard, so that these are the chances seen.

    Whoever is ready to pay has paid before; the chance seen at a later contact is that of those
    who are left.
    """
    left, before, added = 1.0, 0.0, list[float]()
    for chance in chances:
        left *= 1 - min(chance, 1 - 1e-9)
        reached = exposure(left, shape)
        added.append(reached - before)
        before = reached
    return tuple(added)


def _moves(figures: Parameters) -> dict[Channel, tuple[float, float]]:
    """How much a contact moves those who prefer its channel, and the others: 1 on average."""
    off = figures.off_preference.value
    shares = {channel: figures.prefers.values.get(channel, 0.0) for channel in Channel}
    means = {channel: share + (1 - share) * off for channel, share in shares.items()}
    return {channel: (1 / (mean or 1), off / (mean or 1)) for channel, mean in means.items()}
