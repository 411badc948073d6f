"""A simulated account's story, as people read it: one line for each thing, and why it is so."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from domain.accounts import Closure
from domain.money import Money
from domain.time import local_date, zone
from simulation.deeds import Deed
from simulation.happenings import Happening, What

SAYS = {
    What.PLACED: "placed: {money} owed",
    What.STAGE: "stage {detail}",
    What.WAITED: "{detail} waits{until}",
    What.PAUSED: "waits{until}",
    What.REFUSED: "{detail} refused",
    What.CONTACT: "{detail} {status}",
    What.DID: "{detail}",
    What.PAID: "paid {money}",
    What.REVERSED: "{money} went back",
    What.CHARGE: "charge of {money}: {status}",
    What.HANDED: "handed over: {detail}",
    What.SWITCHED: "journey {detail}",
    What.CLOSED: "closed: {detail}",
}
"""What is told of each kind of happening."""

FOLLOWS = {
    What.PLACED: "the journey begins here",
    What.WAITED: "{detail} could not be sent before",
    What.PAUSED: "the time is over: {why}",
    What.REFUSED: "{detail} was refused",
    What.DID: "answers what was heard: {detail}",
    What.PAID: "a payment came",
    What.REVERSED: "a payment went back",
    What.CHARGE: "the charge: {status}",
    What.SWITCHED: "the first stage of that journey",
}
"""Why the stage that comes next begins, by what happened last."""

WHY = {
    What.CONTACT: "no rule stands in the way",
    What.CHARGE: "the journey has it charged now",
}
WHY_CLOSED = {
    Closure.PAID_IN_FULL: "nothing is owed any more: that ends every journey at once",
    Closure.SETTLED: "as much as was agreed has been paid, and the rest is forgiven",
    Closure.RECALLED: "the creditor took the account back: that ends every journey at once",
    Closure.CEASED: "they want no contact any more: that ends every journey at once",
    Closure.REFERRED: "a person of ours takes over",
}
DEEDS = frozenset(each.value for each in Deed)


@dataclass(frozen=True)
class Line:
    """One line of the story."""

    at: datetime
    """Aware, UTC."""
    day: int
    """Days since the account was placed, by the consumer's calendar."""
    local: datetime
    """The time where the consumer is."""
    says: str
    why: str = ""
    happening: Happening | None = None
    """What it tells of, for programs."""


class Story:
    """Tells what happened to one account."""

    def __init__(self, *, zone_name: str, start: datetime, currency: str) -> None:
        """`zone_name` is where the consumer's times are told; `start` is when it was placed."""
        self._zone = zone_name
        self._began = local_date(start, zone_name)
        self._currency = currency
        self._cause = ""

    def lines(self, happened: Iterable[Happening]) -> Iterator[Line]:
        """The lines of what happened, in the order in which it did."""
        for each in happened:
            told = self.line(each.at, self._told(SAYS[each.what], each))
            yield replace(told, why=self._why(each), happening=each)
            if each.what in FOLLOWS:
                self._cause = self._told(FOLLOWS[each.what], each)

    def line(self, at: datetime, says: str) -> Line:
        """A line of that moment."""
        local = at.astimezone(zone(self._zone))
        return Line(at, (local.date() - self._began).days, local, says)

    def _why(self, each: Happening) -> str:
        match each.what:
            case What.CLOSED:
                return WHY_CLOSED[Closure(each.detail)]
            case What.STAGE:
                return self._cause
            case What.WAITED | What.REFUSED:
                return f"{each.rule}: {each.why.removeprefix(f'to send {each.detail}: ')}"
            case What.PAUSED:
                return each.why
        return WHY.get(each.what, "")

    def _told(self, sentence: str, each: Happening) -> str:
        deed = each.what is What.DID and each.detail in DEEDS
        return sentence.format(
            detail=f"the consumer {each.detail}" if deed else each.detail,
            status=each.status,
            why=each.why,
            money=Money(minor=each.minor, currency=self._currency),
            until="" if each.until is None else f" until {self._clock(each.until)}",
        )

    def _clock(self, at: datetime) -> str:
        return f"{at.astimezone(zone(self._zone)):%a %d %b %Y %H:%M}"
