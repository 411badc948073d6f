"""Events that somebody makes up for an account, in plain words, read from a file.

An error names the file, the entry and what was expected there. docs/simulate.md lists the kinds.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal, DecimalException
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.explaining import moment
from cli.papers import read_paper
from domain.accounts import Hold
from domain.contacts import Channel, Contact, ContactStatus
from domain.events import EVENTS, ContactSettled, Event
from domain.money import LARGEST, exponent, figure
from domain.orders import Charged, ChargeStatus, DeclineKind
from domain.retries import Debit, DeclineCodes, Try, retry_at
from domain.time import local_date, local_instant, zone
from engine import Progress
from journeys import JOURNEYS, present_name
from simulation.deeds import Act, Behaviour, Debt, Deed
from simulation.happenings import Happening, What
from simulation.world import Account, Told

NO_FUNDS = DeclineCodes(code="card_declined", decline_code="insufficient_funds")
FURTHEST = 36_500
"""Days: later than any last day."""


class Entry(BaseModel):
    """One entry, as it is written."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    event: str
    day: int | None = Field(default=None, ge=0, le=FURTHEST)
    time: str | None = Field(default=None, pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    at: str | None = None
    amount: str | int | None = None
    days: int | None = Field(default=None, ge=1, le=FURTHEST)
    channel: Channel | None = None
    hold: Hold | None = None
    journey: str | None = None


EXPECTED = {
    "event": "the name of an event, such as pays",
    "day": "a day, counted from 0 on which the account is placed",
    "time": "the time on that day where the consumer is, in quotes, such as '18:30'",
    "at": "a time where the consumer is, such as 2026-03-12T18:30",
    "amount": "an amount such as 50.00",
    "days": "a number of days, such as 10",
    "channel": f"one of {', '.join(Channel)}",
    "hold": f"one of {', '.join(Hold)}",
    "journey": f"one of {', '.join(sorted(JOURNEYS))}",
}
WHEN = frozenset({"event", "day", "time", "at"})


class Kind(NamedTuple):
    """What an event comes to, and what its entry says beside when it is."""

    deed: Deed | None = None
    """What the consumer does; None: it is news of another kind."""
    news: str | None = None
    """The kind of event that the account hears."""
    says: str = ""
    """What is told of it in the timeline, where it is no deed."""
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    """What it may say, but need not."""
    in_vain: str = "it changes nothing then"
    """Why it may come to nothing."""
    card: bool | None = None
    """Whether a stored card works from then on."""


NO_OFFER = "no plan is offered then"

KINDS = {
    "pays": Kind(Deed.PAYS_ALL, takes=("amount",)),
    "pays_due": Kind(Deed.PAYS_DUE),
    "asks_plan": Kind(Deed.ASKS_PLAN),
    "accepts_offer": Kind(Deed.ACCEPTS_PLAN, in_vain=NO_OFFER),
    "accepts_by_hand": Kind(Deed.ACCEPTS_BY_HAND, in_vain=NO_OFFER),
    "settles": Kind(Deed.SETTLES, in_vain="no offer to settle is open then"),
    "promises": Kind(Deed.PROMISES, needs=("days",)),
    "claims_paid": Kind(Deed.CLAIMS_PAID),
    "disputes": Kind(Deed.DISPUTES, takes=("days",)),
    "resolves": Kind(
        news="hold_lifted", says="the dispute is resolved", in_vain="no dispute stands then"
    ),
    "hardship": Kind(Deed.HARDSHIP),
    "states_means": Kind(Deed.STATES_MEANS, needs=("amount",)),
    "opts_out": Kind(
        news="opted_out", needs=("channel",), says="the consumer opts out of {channel}"
    ),
    "opts_in": Kind(
        news="opted_in", needs=("channel",), says="the consumer allows {channel} again"
    ),
    "stops": Kind(Deed.STOPS),
    "writes": Kind(Deed.WRITES),
    "asks_call": Kind(Deed.ASKS_CALL),
    "complains": Kind(Deed.COMPLAINS),
    "stores_card": Kind(Deed.STORES_CARD, card=True),
    "card_fails": Kind(card=False, says="from now on the card has no funds"),
    "reversal": Kind(Deed.TAKES_BACK, in_vain="nothing has been paid by then"),
    "returned": Kind(
        in_vain="nothing has been sent by then", says="the message sent last was returned"
    ),
    "recall": Kind(news="recalled", says="the creditor takes it back"),
    "hold": Kind(news="hold_placed", needs=("hold",), takes=("days",), says="hold placed: {hold}"),
    "lift": Kind(
        news="hold_lifted",
        needs=("hold",),
        says="hold lifted: {hold}",
        in_vain="no such hold stands then",
    ),
    "switch": Kind(
        news="journey_switched", needs=("journey",), says="the journey is to be {journey}"
    ),
}
"""Every event by its name in the file."""


@dataclass(frozen=True)
class Planned:
    """An entry with its instant."""

    file: Path
    number: int
    """Counted from 1."""
    entry: Entry
    at: datetime
    minor: int = 0

    @property
    def kind(self) -> Kind:
        """What it comes to."""
        return KINDS[self.entry.event]

    @property
    def deed(self) -> Deed | None:
        """What the consumer does; a payment of an amount is of a part."""
        is_part = self.kind.deed is Deed.PAYS_ALL and self.entry.amount is not None
        return Deed.PAYS_PART if is_part else self.kind.deed

    @property
    def within(self) -> timedelta:
        """How long a promise, or a dispute, takes; one that says nothing is never resolved."""
        return timedelta(days=self.entry.days or FURTHEST)

    @property
    def in_vain(self) -> str:
        """Why it came to nothing."""
        return f"{self.entry.event}: {self.kind.in_vain}"

    @property
    def is_of_card(self) -> bool:
        """Whether it says no more than whether a card works."""
        return self.deed is None and self.kind.card is not None

    @property
    def is_news(self) -> bool:
        """Whether the account hears it without a deed of the consumer's."""
        return self.deed is None and self.kind.card is None

    def is_told_by(self, happened: Happening, *, is_over: bool) -> bool:
        """Whether this is what has happened; once it is over, only money goes back."""
        named = self.deed.value if self.deed else self.words
        could = not is_over or self.deed is Deed.TAKES_BACK
        return could and (happened.at, happened.detail) == (self.at, named)

    @property
    def words(self) -> str:
        """What is told of it where it is no deed."""
        return self.kind.says.format_map(self.entry.model_dump())


@dataclass(frozen=True)
class Setting:
    """The account that the events are about, and the time that is simulated."""

    account: Account
    zone: str
    """Where the consumer's times are told."""
    start: datetime
    last: datetime


class StoryError(ValueError):
    """An entry that cannot be."""

    def __init__(self, file: Path, number: int, says: str) -> None:
        """Name the file and the entry."""
        super().__init__(f"{file.name}, entry {number}: {says}")


def read_story(file: Path, setting: Setting) -> list[Planned]:
    """The entries with their instants; ValueError for the first that cannot be."""
    entries = read_paper(file)
    if not isinstance(entries, list):
        raise ValueError(f"{file.name}: expected a list such as [{{day: 3, event: pays}}]")  # noqa: TRY004
    return [_planned(file, number, given, setting) for number, given in enumerate(entries, 1)]


def _planned(file: Path, number: int, given: object, setting: Setting) -> Planned:
    try:
        entry = _entry(given)
        at = _instant(entry, setting)
        minor = 0 if entry.amount is None else _minor(entry, entry.amount, setting.account)
    except ValueError as error:
        raise StoryError(file, number, str(error)) from None
    if not setting.start <= at <= setting.last:
        first, last = (local(each, setting.zone) for each in (setting.start, setting.last))
        wider = "an earlier --start" if at < setting.start else "more --days"
        span = f"expected a time from {first} to {last}, or {wider}"
        raise StoryError(file, number, f"{entry.event} on {local(at, setting.zone)}: {span}")
    return Planned(file, number, entry, at, minor)


def _entry(given: object) -> Entry:
    """An entry whose fields fit its kind; ValueError for the first that does not."""
    if not isinstance(given, dict):
        raise ValueError("expected fields such as {day: 3, event: pays}")  # noqa: TRY004
    try:
        entry = Entry.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ValueError(_fault(str(first["loc"][0]), first["type"])) from None
    if entry.event not in KINDS:
        close = get_close_matches(entry.event.lower(), KINDS, n=1)
        meant = f"did you mean {close[0]}? It is one of " if close else "expected one of "
        raise ValueError(f"{entry.event!r} is no event; {meant}{', '.join(KINDS)}")
    kind, said = KINDS[entry.event], frozenset(entry.model_dump(exclude_none=True))
    for name in kind.needs:
        if name not in said:
            raise ValueError(f"{entry.event} needs {name}: expected {EXPECTED[name]}")
    for name in sorted(said - {*kind.needs, *kind.takes} - WHEN):
        raise ValueError(f"{entry.event} takes no {name}")
    if entry.journey is not None and present_name(entry.journey) is None:
        raise ValueError(f"journey: expected {EXPECTED['journey']}")
    return entry


def _fault(name: str, kind: str) -> str:
    if kind == "extra_forbidden" and name.replace(".", "").isdigit():
        return "a comma stands in a value: write amounts with a point, such as 50.00"
    if kind == "extra_forbidden":
        return f"{name!r} is no field; expected {', '.join(EXPECTED)}"
    return f"{name}: expected {EXPECTED[name]}"


def _instant(entry: Entry, setting: Setting) -> datetime:
    """When it is: by day, at the hour of the start unless it says another, or at a moment."""
    if (entry.day is None) == (entry.at is None):
        raise ValueError("expected one of day, such as 3, and at, such as 2026-03-12T18:30")
    if entry.at is not None:
        if entry.time is not None:
            raise ValueError("time belongs to day; at has its own")
        try:
            return moment(entry.at, setting.zone)
        except ValueError as error:
            raise ValueError(f"at: {error}") from None
    began = setting.start.astimezone(zone(setting.zone))
    clock = time.fromisoformat(entry.time) if entry.time else began.time()
    return local_instant(began.date() + timedelta(days=entry.day or 0), clock, setting.zone)


def _minor(entry: Entry, amount: str | int, account: Account) -> int:
    """Minor units of an amount in whole units, such as 50.00; ValueError if it is none."""
    currency = account.currency
    decimals = exponent(currency)
    try:
        scaled = Decimal(amount).scaleb(decimals)
    except DecimalException:
        raise ValueError(f"amount: expected {EXPECTED['amount']}") from None
    if not scaled.is_finite() or scaled != scaled.to_integral_value():
        raise ValueError(f"amount: expected one in {currency} with at most {decimals} decimals")
    if entry.event == "pays" and not 0 < scaled <= account.balance:
        owed = figure(account.balance, currency)
        raise ValueError(f"amount: expected more than 0, and at most the {currency} {owed} owed")
    if not 0 <= scaled <= LARGEST:
        most = figure(LARGEST, currency)
        raise ValueError(f"amount: expected 0 or more, and at most {currency} {most}")
    return int(scaled)


def local(at: datetime, zone_name: str) -> str:
    """A moment by the clock there, as entries write it."""
    return f"{at.astimezone(zone(zone_name)):%Y-%m-%dT%H:%M}"


class Silent:
    """Somebody who does nothing: messages arrive, calls ring out, and a stored card pays."""

    def at_placement(self, debt: Debt, at: datetime) -> Sequence[Act]:  # noqa: ARG002
        """Nothing."""
        return ()

    def on_contact(self, debt: Debt, contact: Contact, number: int) -> Sequence[Act]:  # noqa: ARG002
        """Nothing."""
        return ()

    def on_payment(self, debt: Debt, minor: int, number: int) -> Sequence[Act]:  # noqa: ARG002
        """Nothing."""
        return ()

    def is_delivered(self, debt: Debt, contact_key: str, channel: str) -> bool:  # noqa: ARG002
        """Whatever is sent arrives."""
        return True

    def answers_call(self, debt: Debt, contact_key: str) -> bool:  # noqa: ARG002
        """Nobody picks up."""
        return False

    def charge(self, debt: Debt, number: int, at: datetime) -> Charged:  # noqa: ARG002
        """It is paid."""
        return Charged(status=ChargeStatus.PAID, version=0, balance=0)


class Script:
    """What was made up, as the simulator asks for it; the rest is as `beside` has it."""

    def __init__(
        self,
        planned: Sequence[Planned],
        setting: Setting,
        *,
        beside: Behaviour,
        tell: Callable[[Happening], None],
    ) -> None:
        """`tell` hears of news that are no deeds, when they are told."""
        self._planned, self._setting = planned, setting
        self._tell, self._beside = tell, beside

    def news(self) -> list[tuple[datetime, Told]]:
        """What the account hears that the consumer does not do."""
        return [(each.at, self._telling(each)) for each in self._planned if each.is_news]

    def _telling(self, planned: Planned) -> Told:
        def told(progress: Progress) -> Event:
            event = _event(planned, progress, self._setting)
            if event is None:
                raise StoryError(planned.file, planned.number, planned.in_vain)
            self._tell(Happening(planned.at, progress.account_id, What.DID, planned.words))
            return event

        return told

    def of_cards(self, account_id: str) -> list[Happening]:
        """What is told of cards alone: nobody hears of it before they are charged."""
        cards = (each for each in self._planned if each.is_of_card)
        return [Happening(each.at, account_id, What.DID, each.words) for each in cards]

    def check(self, happened: Iterable[Happening]) -> None:
        """StoryError for the first entry that could not come true, by what has happened."""
        left = {each.number: each for each in self._planned if not each.is_of_card}
        ends = list[Happening]()
        for each in happened:
            if each.what in {What.STAGE, What.CLOSED}:
                ends.append(each)
            elif each.what is What.DID:
                is_over = bool(ends) and ends[-1].what is What.CLOSED
                done = (one for one in left.values() if one.is_told_by(each, is_over=is_over))
                left.pop(next((one.number for one in done), 0), None)
        for planned in left.values():
            before = [each for each in ends if each.at <= planned.at]
            is_over = bool(before) and before[-1].what is What.CLOSED
            closed = f"the account is closed by then: {before[-1].detail}" if is_over else ""
            raise StoryError(planned.file, planned.number, closed or planned.in_vain)

    # the behaviour

    def at_placement(self, debt: Debt, at: datetime) -> Sequence[Act]:
        """Every deed, so long after the placement."""
        acts = [
            Act(each.at - at, each.deed, minor=each.minor, within=each.within)
            for each in self._planned
            if each.deed is not None
        ]
        return [*acts, *self._beside.at_placement(debt, at)]

    def on_contact(self, debt: Debt, contact: Contact, number: int) -> Sequence[Act]:
        """As they are."""
        return self._beside.on_contact(debt, contact, number)

    def on_payment(self, debt: Debt, minor: int, number: int) -> Sequence[Act]:
        """As they are."""
        return self._beside.on_payment(debt, minor, number)

    def is_delivered(self, debt: Debt, contact_key: str, channel: str) -> bool:
        """As they are."""
        return self._beside.is_delivered(debt, contact_key, channel)

    def answers_call(self, debt: Debt, contact_key: str) -> bool:
        """As they are."""
        return self._beside.answers_call(debt, contact_key)

    def charge(self, debt: Debt, number: int, at: datetime) -> Charged:
        """A card that fails has no funds: it is tried again as the contract has it."""
        said = [each.kind.card for each in self._planned if each.at <= at]
        known = [works for works in said if works is not None]
        if not known or known[-1]:
            return self._beside.charge(debt, number, at)
        debit = Debit(debt.account, None, 0, "card")
        tries = [Try(debit, each, NO_FUNDS) for each in (*debt.tried, at)]
        return Charged(
            status=ChargeStatus.DECLINED,
            version=0,
            balance=0,
            decline_code=NO_FUNDS.decline_code,
            decline=DeclineKind.LATER,
            again_at=retry_at(debit, tries, debt.retries, at),
        )


def _event(planned: Planned, progress: Progress, setting: Setting) -> Event | None:
    """The news itself; None if there is nothing that it could be about."""
    entry, key = planned.entry, f"entry {planned.number}"
    if planned.kind.news is None:
        return _returned(key, progress)
    hold = entry.hold or Hold.DISPUTE
    standing = {each.hold for each in progress.person.holds}
    if planned.kind.news == "hold_lifted" and hold not in standing:
        return None
    told: dict[str, Any] = {"kind": planned.kind.news, "event_id": key, "hold": hold}
    told |= entry.model_dump(include={"channel", "hold", "journey"}, exclude_none=True)
    if entry.days is not None:
        ends = planned.at + timedelta(days=entry.days - 1)
        told["ends"] = local_date(ends, setting.zone)
    return EVENTS.validate_python(told)


def _returned(key: str, progress: Progress) -> Event | None:
    """The message sent last did not arrive."""
    last = max(progress.latest.values(), key=lambda each: each.at, default=None)
    if last is None:
        return None
    status = ContactStatus.UNDELIVERED
    return ContactSettled(event_id=key, key=last.key, channel=last.message.channel, status=status)
