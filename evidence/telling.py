"""Decisions and what came of them, in words that somebody outside of the house understands."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from compliance import Allow, PersonFacts, Wait
from domain.money import Money
from domain.people import WEEK, Milestone, StandingHold, Wish
from domain.time import zone
from evidence.deciding import Decided

CLOCK = "%a %d %b %Y, %H:%M"


def verdict_in_words(decided: Decided) -> str:
    """What the gate answered, in a few words."""
    match decided.verdict:
        case Allow():
            return "Allowed"
        case Wait(until=until):
            return f"Wait until {moment(until)}"
    return "Refused"


def asked_in_words(decided: Decided) -> str:
    """What the gate was asked."""
    return f"{decided.message} ({decided.request.purpose})"


def facts_in_words(decided: Decided, currency: str | None) -> Iterator[tuple[str, str]]:
    """The facts that a decision rested on: what kind of fact, and what stood of it."""
    facts = decided.facts
    if facts is None:
        yield "Facts", "slept through by the account: the facts that it carried are not on record"
        return
    yield "Where", ", ".join((facts.country, *facts.regions))
    yield "Local time", "; ".join(local(decided.at, name) for name in facts.zones)
    if decided.balance is not None and currency:
        yield "Owed", str(Money(minor=decided.balance, currency=currency))
    said = {
        "Holds": map(_hold, facts.holds),
        "Opted out of": facts.opted_out,
        "No address for": facts.unreachable,
        "Wishes": map(_wish, facts.wishes),
        "Dates on record": map(_milestone, facts.milestones),
        "Contacts known": _contacts(facts),
    }
    listed = {name: "; ".join(each) for name, each in said.items()}
    yield from ((name, text) for name, text in listed.items() if text)
    if empty := [name for name, text in listed.items() if not text]:
        yield "None on record", "; ".join(empty).lower()


def moment(at: datetime) -> str:
    """An instant, in UTC."""
    return f"{at.astimezone(zone('UTC')):{CLOCK}} UTC"


def local(at: datetime, zone_name: str) -> str:
    """An instant on the wall of a zone."""
    return f"{at.astimezone(zone(zone_name)):{CLOCK}} in {zone_name}"


def _hold(held: StandingHold) -> str:
    spans = [f"from {held.starts}" if held.starts else "", f"to {held.ends}" if held.ends else ""]
    part = f"for {held.part} minor units" if held.part else ""
    return " ".join(filter(None, [str(held.hold), *spans, part]))


def _wish(wish: Wish) -> str:
    said = [
        f"not before {wish.opens:%H:%M}" if wish.opens else "",
        f"not from {wish.closes:%H:%M} on" if wish.closes else "",
        f"on {', '.join(wish.days)}" if wish.days != WEEK else "",
        f"never on {', '.join(wish.never)}" if wish.never else "",
        f"only by {', '.join(wish.only)}" if wish.only else "",
        f"not at {', '.join(wish.not_at)}" if wish.not_at else "",
        f"until {wish.until}" if wish.until else "",
    ]
    return " ".join(filter(None, said)) or "nothing in particular"


def _milestone(milestone: Milestone) -> str:
    about = f" for {', '.join(milestone.channels)}" if milestone.channels else ""
    ended = f", until {moment(milestone.until)}" if milestone.until else ""
    return f"{milestone.kind}{about} on {milestone.at:%d %b %Y}{ended}"


def _contacts(facts: PersonFacts) -> Iterator[str]:
    """How many contacts of the person the decision counted with, over all of their accounts."""
    if not facts.contacts:
        return
    ours = Counter(each.channel for each in facts.contacts if not each.inbound)
    yield from (f"{number} by {channel}" for channel, number in sorted(ours.items()))
    if theirs := sum(each.inbound for each in facts.contacts):
        yield f"{theirs} begun by the person"
    yield f"the latest {moment(facts.contacts[-1].at)}"
