"""One generic evaluator: all packs that apply run together and the strictest wins.

Pure: the same request, facts, packs and instant give the same verdict. Days are calendar days in
the consumer's zones, windows are half-open wall-clock spans, and every candidate zone must agree.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time, timedelta

from compliance.facts import ContactRequest, PastContact, PersonFacts
from compliance.packs import AnyRule, Cap, HoldRule, OptOut, Pack, Reachable, Window
from compliance.verdicts import Allow, Deny, Reason, Wait
from domain.time import local_date, local_instant

HORIZON = timedelta(days=35)
"""How far ahead the gate looks for a lawful instant before it gives up and says so."""

Bound = tuple[Pack, AnyRule]


def decide(
    request: ContactRequest, facts: PersonFacts, packs: Sequence[Pack], at: datetime
) -> Allow | Wait | Deny:
    """Say whether this contact may be made at `at` (aware), else when, else why never.

    The packs in force are chosen at the candidate instant, so that a wait which crosses a change
    of rules is judged by the rules of its own day.
    """
    candidate, reasons = at, dict[str, Reason]()
    while True:
        bound = _binding(request, facts, packs, candidate)
        names = tuple(dict.fromkeys(pack.name for pack, _ in bound))
        refusals = tuple(_reason(*each) for each in bound if _forbids(each[1], request, facts))
        if refusals:
            return Deny(reasons=refusals, packs=names)
        moved = candidate
        for pack, rule in bound:
            lawful = _next_lawful(rule, request, facts, moved)
            if lawful > moved:
                moved, reasons[rule.id] = lawful, _reason(pack, rule)
        moved = _not_past_a_change(packs, facts, candidate, moved)
        if moved - at > HORIZON:
            return Deny(reasons=tuple(reasons.values()), packs=names)
        if moved == candidate:
            break
        candidate = moved
    if candidate == at:
        return Allow(packs=names)
    return Wait(until=candidate, reasons=tuple(reasons.values()), packs=names)


def _not_past_a_change(
    packs: Iterable[Pack], facts: PersonFacts, candidate: datetime, moved: datetime
) -> datetime:
    """`moved`, or the first change of rules after `candidate`: from there on others decide."""
    if moved == candidate:
        return moved
    days = {day for pack in packs for day in (pack.effective_from, pack.effective_to) if day}
    changes = (local_instant(day, time(0), name) for day in days for name in facts.zones)
    return min([moved, *(change for change in changes if candidate < change)])


def _binding(
    request: ContactRequest, facts: PersonFacts, packs: Iterable[Pack], at: datetime
) -> list[Bound]:
    """The rules that speak to this request at that instant."""
    return [
        (pack, rule)
        for pack in packs
        if any(pack.applies(facts.country, local_date(at, name)) for name in facts.zones)
        for rule in pack.rules
        if request.channel in rule.channels and request.purpose in rule.purposes
    ]


def _reason(pack: Pack, rule: AnyRule) -> Reason:
    return Reason(rule=rule.id, pack=pack.name, says=rule.says, cite=rule.cite)


def _forbids(rule: AnyRule, request: ContactRequest, facts: PersonFacts) -> bool:
    match rule:
        case OptOut():
            return request.channel in facts.opted_out
        case HoldRule(holds=holds):
            return any(hold in holds for hold in facts.holds)
        case Reachable():
            return request.channel in facts.unreachable
        case _:
            return False


def _next_lawful(
    rule: AnyRule, request: ContactRequest, facts: PersonFacts, at: datetime
) -> datetime:
    match rule:
        case Window(opens=opens, closes=closes):
            return _inside(opens, closes, facts.zones, at)
        case Cap():
            return _under_cap(rule, request, facts, at)
        case _:
            return at


def _inside(opens: time, closes: time, zones: Sequence[str], at: datetime) -> datetime:
    """The first instant from `at` on that lies inside the window in every zone."""
    limit = at + HORIZON + timedelta(days=1)
    while at <= limit:
        pushed = max(_opening(opens, closes, name, at) for name in zones)
        if pushed == at:
            return at
        at = pushed
    return at


def _opening(opens: time, closes: time, zone_name: str, at: datetime) -> datetime:
    today = local_date(at, zone_name)
    start, end = (local_instant(today, clock, zone_name) for clock in (opens, closes))
    if at < start:
        return start
    return at if at < end else local_instant(today + timedelta(days=1), opens, zone_name)


def _under_cap(rule: Cap, request: ContactRequest, facts: PersonFacts, at: datetime) -> datetime:
    """The first instant from `at` on at which one more contact keeps under the cap everywhere.

    A contact blocks from its own date for `days` calendar days; midnight ends the block, and the
    window rules then push to opening (12 CFR 1006.14(b)(2) counts the day of the event as day 1).
    """
    near = timedelta(days=rule.days + 1)  # dates cost more than instants: look at few of them
    counted = [
        contact
        for contact in facts.contacts
        if abs(contact.at - at) <= near
        and contact.channel in rule.counts
        and (rule.scope == "person" or contact.account_id == request.account_id)
    ]
    return max(_free_in_zone(rule, counted, name, at) for name in facts.zones)


def _free_in_zone(
    rule: Cap, counted: Sequence[PastContact], zone_name: str, at: datetime
) -> datetime:
    today = local_date(at, zone_name)
    dates = sorted(local_date(contact.at, zone_name) for contact in counted)
    inside = [day for day in dates if abs((day - today).days) < rule.days]
    if len(inside) < rule.max:
        return at
    if rule.max == 0:
        return at + HORIZON + timedelta(days=1)
    frees = inside[-rule.max] + timedelta(days=rule.days)
    return max(at, local_instant(frees, time(0), zone_name)).astimezone(UTC)
