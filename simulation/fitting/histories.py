"""A creditor's own history of accounts as CSV, one line for each event, and what follows from it.

Columns: `account`, `day` (0 when it was placed) and `event`; and, where they are known, `person`
(whose account it is), `days_late` (on the line `placed`), `channel` (of a contact), `share` (of the
balance that was paid; all of it if empty) and `hour` (0 to 23, where the consumer is). Lines may
stand in any order. No names, no addresses: any codes will do.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import expm1, log1p
from typing import NamedTuple, TypedDict

from domain.contacts import Channel
from simulation.deeds import Deed
from simulation.fitting.tables import Row, whole
from simulation.fitting.trials import (
    DIGITS,
    LEAST,
    FitError,
    Found,
    Split,
    Trials,
    judged,
    judged_each,
    place_of,
    share,
    shares,
    weights,
)
from simulation.frailty import MONTH
from simulation.parameters import (
    HOURS,
    Chance,
    Channels,
    Curve,
    Entry,
    HeldOut,
    Label,
    Lateness,
    Replies,
    Weights,
)

NEEDED = frozenset({"account", "day", "event"})
PLACED, CONTACT, PAYMENT, END = "placed", "contact", "payment", "end"
ACCEPTED, BY_HAND = "accepted", "accepted_by_hand"
UNDELIVERED = "undelivered"

REPLIES: Mapping[str, Deed] = {
    "asks_plan": Deed.ASKS_PLAN,
    "claims_paid": Deed.CLAIMS_PAID,
    "disputes": Deed.DISPUTES,
    "asks_call": Deed.ASKS_CALL,
    "writes": Deed.WRITES,
    "promises": Deed.PROMISES,
    "hardship": Deed.HARDSHIP,
    "opts_out": Deed.OPTS_OUT,
    "stops": Deed.STOPS,
}

RATES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "takes_plan": ((ACCEPTED, BY_HAND), ("offered",)),
    "by_hand": ((BY_HAND,), (ACCEPTED, BY_HAND)),
    "pays_reminded": (("instalment_paid",), ("instalment_paid", "instalment_missed")),
    "declines": (("charge_declined",), ("charge_paid", "charge_declined")),
    "keeps_promise": (("promise_kept",), ("promises",)),
    "takes_back": (("returned",), (PAYMENT,)),
    "complains": (("complains",), (CONTACT,)),
}
"""Parameters that are one share: these events, of those."""

EVENTS = frozenset(
    {PLACED, CONTACT, PAYMENT, END, UNDELIVERED, *REPLIES}
    | {each for some, of in RATES.values() for each in (*some, *of)}
)
BY_THEMSELVES = EVENTS - {PLACED, CONTACT, END, UNDELIVERED, "offered"}
"""What consumers do, at an hour of their own."""

WINDOW = 7
"""Days in which a payment is counted to the contact before it."""
FROM_DAYS = (0, 30, 60, 90, 120)
NUMBERS = 12
LEAST_PAID = 20
"""Payments without which nothing is fitted to them."""


class _Event(NamedTuple):
    day: int
    name: str
    channel: str
    share: float
    hour: int | None


@dataclass
class _Account:
    person: str
    late: int | None = None
    events: list[_Event] = field(default_factory=list)


def histories(rows: Iterable[Row], split: Split, name: str) -> Found:
    """All that a history of accounts says of the parameters."""
    history = _History(_read(rows, name), split, name)
    found = Found()
    for parameter, (some, of) in RATES.items():
        _put(found, parameter, history.rate(some, of))
    _put(found, "replies", history.replies())
    _put(found, "undelivered", history.undelivered())
    _put(found, "acts_at", history.hours())
    for parameter, entry in _payments(history).items():
        _put(found, parameter, entry)
    if not found.entries:
        raise FitError(f"{name}: too few rows: nothing has {LEAST} trials")
    return found


def _put(found: Found, name: str, entry: Entry | str) -> None:
    if isinstance(entry, str):
        found.kept[name] = entry
    else:
        found.entries[name] = entry


# reading


def _read(rows: Iterable[Row], name: str) -> list[_Account]:
    accounts: dict[str, _Account] = {}
    for row in rows:
        _take(accounts, row)
    if not accounts:
        raise FitError(f"{name}: no rows below the columns")
    for account_id, account in accounts.items():
        if account.late is None:
            raise FitError(f"{name}: account {account_id!r} has no event placed")
        account.events.sort()
    return list(accounts.values())


def _take(accounts: dict[str, _Account], row: Row) -> None:
    account_id, event = row.values["account"], row.values["event"]
    if not account_id:
        raise FitError(f"{row.place}: account is empty")
    if event not in EVENTS:
        known = ", ".join(sorted(EVENTS))
        raise FitError(f"{row.place}: event is {event!r}, expected one of {known}")
    person = row.values.get("person") or account_id
    account = accounts.setdefault(account_id, _Account(person))
    if account.person != person:
        raise FitError(f"{row.place}: person is {person!r}, and was another one before")
    day = whole(row, "day", 0)
    if event == PLACED:
        if account.late is not None:
            raise FitError(f"{row.place}: account {account_id!r} is placed twice")
        if "days_late" not in row.values:
            raise FitError(f"{row.file}: line 1: no column days_late: each account has one")
        account.late = whole(row, "days_late", 0) - day
        return
    account.events.append(_Event(day, event, _channel(row), _paid(row), _hour(row)))


def _channel(row: Row) -> str:
    text = row.values.get("channel", "")
    if text and text not in set(Channel):
        known = ", ".join(Channel)
        raise FitError(f"{row.place}: channel is {text!r}, expected one of {known}")
    return text


def _paid(row: Row) -> float:
    text = row.values.get("share") or "1"
    try:
        share = float(text)
    except ValueError:
        share = 0
    if not 0 < share <= 1:
        raise FitError(f"{row.place}: share is {text!r}, expected more than 0 and at most 1")
    return share


def _hour(row: Row) -> int | None:
    return whole(row, "hour", 0, HOURS - 1) if row.values.get("hour") else None


# shares of events


class _Measured(TypedDict):
    """What every entry says of where it comes from."""

    label: Label
    source: str
    n: int
    held_out: HeldOut | None


class _History:
    """Accounts with their events, and who of them is held out."""

    def __init__(self, accounts: Sequence[_Account], split: Split, name: str) -> None:
        self.accounts = accounts
        self.name = name
        self.held = [split.holds_out(f"person/{account.person}") for account in accounts]

    def rate(self, some: Collection[str], of: Collection[str]) -> Entry | str:
        """How many events of some kinds there are for each of other kinds."""
        trials = self._counted([some], of)
        for held in (False, True):
            times, got = trials.all(held=held)
            if got > times:
                raise FitError(
                    f"{self.name}: {got:.0f} x {' or '.join(some)}, of only"
                    f" {times:.0f} x {' or '.join(of)}"
                )
        if not trials.enough():
            return few(trials, " or ".join(of))
        values = shares(trials, 1)
        source = f"{' or '.join(some)}, of {' or '.join(of)}"
        return Chance(value=values[0], **self.measured(trials, values, source))

    def replies(self) -> Entry | str:
        """What comes back on a contact, by kind: those that never occur have (almost) no chance."""
        kinds = [(name,) for name in REPLIES]
        trials = self._counted(kinds, (CONTACT,))
        if not trials.enough() or not trials.all()[1]:
            return few(trials, "contact with replies")
        values = shares(trials, len(kinds))
        if sum(values) > 1:
            raise FitError(f"{self.name}: more replies than contacts")
        said = dict(zip(REPLIES.values(), values, strict=True))
        return Replies(values=said, **self.measured(trials, values, "replies, of contacts"))

    def undelivered(self) -> Entry | str:
        """On how many accounts something came back, by channel."""
        trials, channels = Trials(), tuple(Channel)
        for account, held in zip(self.accounts, self.held, strict=True):
            tried = {event.channel for event in account.events if event.name == CONTACT}
            back = {event.channel for event in account.events if event.name == UNDELIVERED}
            for channel in (tried | back) - {""}:
                trials.add(channels.index(Channel(channel)), channel in back, held=held)
        if not trials.enough() or not trials.all()[1]:
            return few(trials, "contact by channel with undelivered")
        seen = [place for place in range(len(channels)) if trials.of(place)[0] >= LEAST]
        alone = {place: share(*trials.of(place)) for place in seen}
        every = [alone.get(place, share(*trials.all())) for place in range(len(channels))]
        return Channels(
            values={channels[place]: value for place, value in alone.items()},
            **self.measured(trials, every, "accounts with something undelivered, by channel"),
        )

    def hours(self) -> Entry | str:
        """At which hours people act."""
        trials = Trials()
        for account, held in zip(self.accounts, self.held, strict=True):
            acts = [
                event.hour
                for event in account.events
                if event.hour is not None and event.name in BY_THEMSELVES
            ]
            for hour in range(HOURS):
                trials.add(hour, acts.count(hour), held=held, times=len(acts))
        if not trials.enough():
            return few(trials, "act with its hour")
        values = weights([trials.of(hour)[1] + 0.5 for hour in range(HOURS)])
        return Weights(values=values, **self.measured(trials, values, "acts by hour"))

    def measured(self, trials: Trials, values: Sequence[float], what: str) -> _Measured:
        """Where an entry comes from, and how it does on accounts held out."""
        return _Measured(
            label=Label.MEASURED,
            source=f"{self.name}: {what}",
            n=round(trials.all()[0]),
            held_out=judged(trials, values),
        )

    def _counted(self, kinds: Sequence[Collection[str]], of: Collection[str]) -> Trials:
        trials = Trials()
        for account, held in zip(self.accounts, self.held, strict=True):
            seen = Counter(event.name for event in account.events)
            times = sum(seen[name] for name in of)
            for place, names in enumerate(kinds):
                trials.add(place, sum(seen[name] for name in names), held=held, times=times)
        return trials


def few(trials: Trials, what: str) -> str:
    """Why nothing is fitted."""
    times = trials.all()[0] + trials.all(held=True)[0]
    return f"too few: {times:.0f} x {what}" if times else f"no {what}"


# payments


class _Tried(NamedTuple):
    """A contact, and what came of it."""

    number: int
    """It was the person's n-th."""
    place: int
    """By lateness."""
    days: int
    """In which a payment counts to it."""
    paid: bool
    held: bool


class _Paying:
    """Up to the first payment of each account: contacts with what came of them, and calm days."""

    def __init__(self, history: _History) -> None:
        self.tried: list[_Tried] = []
        self.calm = Trials()
        """Days that no contact accounts for, by lateness."""
        last = max((each.day for one in history.accounts for each in one.events), default=0)
        numbers = _contact_numbers(history.accounts)
        for index, account in enumerate(history.accounts):
            self._follow(account, numbers[index], last, held=history.held[index])

    def _follow(
        self, account: _Account, contacts: Sequence[tuple[int, int]], last: int, *, held: bool
    ) -> None:
        stop, paid = _first(account, last)
        late, free = account.late or 0, 0
        for place, (day, number) in enumerate(contacts):
            if day > stop:
                break
            following = contacts[place + 1][0] if place + 1 < len(contacts) else last + WINDOW
            limit = min(following, day + WINDOW)
            self._days(late, free, day, held=held)
            free = day + WINDOW
            if limit == day or (limit > stop and not paid):
                continue
            comes = paid and stop < limit
            lateness = place_of(late + day, FROM_DAYS)
            days = min(limit, stop + 1) - day
            self.tried.append(_Tried(number, lateness, days, comes, held))
        self._days(late, free, stop + 1, held=held, paid=paid)

    def _days(self, late: int, begin: int, until: int, *, held: bool, paid: bool = False) -> None:
        """Count the calm days from one up to another; on the last they paid, or not."""
        for place, first in enumerate(FROM_DAYS):
            over = FROM_DAYS[place + 1] if place + 1 < len(FROM_DAYS) else until + late
            days = min(until, over - late) - max(begin, first - late)
            if days > 0:
                pays = paid and place == place_of(late + until - 1, FROM_DAYS)
                self.calm.add(place, pays, held=held, times=days)


def _first(account: _Account, last: int) -> tuple[int, bool]:
    """The day of the first payment, or the last on which it was watched for one; and which."""
    for event in account.events:
        if event.name in {PAYMENT, ACCEPTED, BY_HAND, END}:
            return event.day, event.name == PAYMENT
    return last, False


def _contact_numbers(accounts: Sequence[_Account]) -> list[list[tuple[int, int]]]:
    """The contacts of each account: on which day, and their number among the person's."""
    of_person: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for index, account in enumerate(accounts):
        of_person[account.person] += [
            (event.day, index) for event in account.events if event.name == CONTACT
        ]
    numbered: list[list[tuple[int, int]]] = [[] for _ in accounts]
    for contacts in of_person.values():
        for number, (day, index) in enumerate(sorted(contacts), start=1):
            numbered[index].append((day, number))
    return numbered


def _payments(history: _History) -> dict[str, Entry | str]:
    """Payments by lateness and by contacts, and how much is paid."""
    paying = _Paying(history)
    daily = _daily(paying.calm)
    return {
        "pays_in_month": _in_month(history, paying.calm, daily),
        "alone": _alone(history, paying.calm, daily),
        "pays_on_contact": _on_contact(history, paying.tried, daily),
        **_parts(history),
    }


def _daily(calm: Trials) -> tuple[float, ...] | None:
    """The chance of a payment on a calm day, by lateness; None with too few."""
    if not calm.enough() or calm.all()[1] < LEAST_PAID:
        return None
    return shares(calm, len(FROM_DAYS), least=LEAST * MONTH)


def _in_month(history: _History, calm: Trials, daily: tuple[float, ...] | None) -> Entry | str:
    if daily is None:
        return few_payments(calm)
    source = f"payments on days more than {WINDOW} after a contact; n in days"
    return Lateness(
        from_days=FROM_DAYS,
        values=tuple(round(_monthly(each), DIGITS) for each in daily),
        label=Label.MEASURED,
        source=f"{history.name}: {source}",
        n=round(calm.all()[0]),
        held_out=judged(calm, daily, shown=_monthly),
    )


def _alone(history: _History, calm: Trials, daily: tuple[float, ...] | None) -> Entry | str:
    if daily is None:
        return few_payments(calm)
    source = f"{history.name}: no contact had led to the payments of pays_in_month"
    return Chance(value=1, label=Label.MEASURED, source=source, n=round(calm.all()[0]))


def _monthly(daily: float) -> float:
    return -expm1(MONTH * log1p(-daily))


def few_payments(calm: Trials) -> str:
    """Why nothing is fitted to the payments that came without a contact."""
    times, got = (sum(calm.all(held=held)[place] for held in (False, True)) for place in (0, 1))
    return f"too few: {got:.0f} payments on {times:.0f} days more than {WINDOW} after a contact"


def _on_contact(
    history: _History, tried: Sequence[_Tried], daily: tuple[float, ...] | None
) -> Entry | str:
    """What contacts add to the payments that would have come without them, by their number."""
    hazards = [-log1p(-each) for each in daily or (0.0,) * len(FROM_DAYS)]
    relative = [each / hazards[0] if hazards[0] else 1.0 for each in hazards]
    trials = Trials()
    for each in tried:
        own = -expm1(-each.days * hazards[each.place])
        times = relative[each.place] * (1 - own)
        place = min(each.number, NUMBERS) - 1
        trials.add(place, each.paid - own, held=each.held, times=times)
    if not trials.enough() or trials.all()[1] < LEAST_PAID:
        return f"too few: {trials.all()[1]:.0f} payments upon {len(tried)} contacts"
    values = shares(trials, NUMBERS, falling=True)

    def expected(each: _Tried) -> float:
        upon = -log1p(-values[min(each.number, NUMBERS) - 1]) * relative[each.place]
        return -expm1(-each.days * hazards[each.place] - upon)

    fitted = [each for each in tried if not each.held]
    seen = [
        (min(each.number, NUMBERS) - 1, expected(each), each.paid) for each in tried if each.held
    ]
    return Curve(
        values=values,
        label=Label.MEASURED,
        source=f"{history.name}: payments within {WINDOW} days of a contact, beyond those expected",
        n=len(fitted),
        held_out=judged_each(seen, NUMBERS, share(len(fitted), sum(each.paid for each in fitted))),
    )


def _parts(history: _History) -> dict[str, Entry | str]:
    """Who pays a part, by lateness, and how large it is."""
    part, size = Trials(), Trials()
    for account, held in zip(history.accounts, history.held, strict=True):
        for event in account.events:
            if event.name != PAYMENT:
                continue
            place = place_of((account.late or 0) + event.day, FROM_DAYS)
            part.add(place, event.share < 1, held=held)
            if event.share < 1:
                size.add(place, event.share, held=held)
    found: dict[str, Entry | str] = {}
    for name, trials, what in (("pays_part", part, "payment"), ("part", size, "payment of a part")):
        if not trials.enough():
            found[name] = few(trials, what)
            continue
        values = shares(trials, len(FROM_DAYS))
        measured = history.measured(trials, values, what)
        found[name] = Lateness(from_days=FROM_DAYS, values=values, **measured)
    return found
