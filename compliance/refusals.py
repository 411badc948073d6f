"""Rules that refuse: holds, opt-outs, requirements, places and contents. Each says why, or None."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from compliance.asked import Asked
from compliance.rules import Condition, ContentRule, HoldRule, OptOut, PlaceChannel, Require
from domain.contacts import NOTHING_LEFT, Place
from domain.time import midnight

AGAIN = "once they allow it again"


def hold_refuses(rule: HoldRule, asked: Asked) -> str | None:
    """What has to change before the hold lets contact through; None if it does not refuse."""
    standing = asked.holds(rule.holds)
    if not standing or (asked.request.purpose in rule.once and not _used(asked)):
        return None
    if all(each.ends is not None for each in standing):
        return f"after {max(each.ends for each in standing if each.ends):%Y-%m-%d}"
    return f"once the hold is lifted: {', '.join(sorted({each.hold for each in standing}))}"


def hold_ends(rule: HoldRule, asked: Asked) -> datetime | None:
    """When the holds end by themselves; None if somebody has to lift them."""
    ends = [each.ends for each in asked.holds(rule.holds)]
    last = [day for day in ends if day is not None]
    if len(last) < len(ends) or not last:
        return None
    return max(midnight(max(last) + timedelta(days=1), name) for name in asked.zones)


def _used(asked: Asked) -> bool:
    """Whether a contact for this purpose was made about this debt already."""
    return any(
        each.purpose is asked.request.purpose
        and each.about(asked.request.account_id)
        and each.status not in NOTHING_LEFT
        and not each.inbound
        for each in asked.contacts
    )


def optout_refuses(rule: OptOut, asked: Asked) -> str | None:
    """Refuses a channel that the person closed, or one that its opt-out closes with it."""
    wanted = asked.request.channel
    for closed in asked.facts.opted_out:
        if closed is wanted if not rule.reaches else wanted in rule.reaches.get(closed, ()):
            return AGAIN
    return None


def requirement_refuses(rule: Require, asked: Asked) -> str | None:
    """Refuses while something is missing, and names it."""
    missing = [each for each in rule.all if not asked.meets(each)]
    if rule.any and not any(map(asked.meets, rule.any)):
        return _unmet((*missing, *rule.any), " or " if not missing else ", ")
    return _unmet(missing, ", ") if missing else None


def _unmet(conditions: Iterable[Condition], joint: str) -> str:
    return "unmet: " + joint.join(map(described, conditions))


def described(condition: Condition) -> str:
    """A condition in words."""
    if condition.hold is not None:
        return f"hold {condition.hold}"
    words = [str(condition.milestone)]
    words += [f"for {condition.channel}"] if condition.channel else []
    words += ["(each of them)"] if condition.every else []
    words += ["directly to us"] if condition.direct else []
    words += [f"<= {condition.within_days} days ago"] if condition.within_days else []
    older = condition.older_than_days
    words += [f"> {older} days ago"] if older is not None else []
    return " ".join(words)


def place_refuses(rule: PlaceChannel, asked: Asked) -> str | None:
    """Refuses what it binds; or what the person wished not to get; or what reaches nobody."""
    request, facts = asked.request, asked.facts
    if rule.unreachable:
        return "once we hold a working address" if request.channel in facts.unreachable else None
    if not rule.wishes:
        return "never in this way" if request.place in rule.places else _elsewhere(rule.places)
    for wish in facts.wishes:
        if wish.until is not None and asked.is_over(wish.until):
            continue
        if request.place in wish.not_at or (wish.only and request.channel not in wish.only):
            return "once they wish otherwise"
        if wish.not_at and request.may_be_anywhere:
            return _elsewhere(wish.not_at)
    return None


def _elsewhere(places: Collection[Place]) -> str:
    """What lets a call through of which nobody has said where it rings."""
    return f"once it is said to ring elsewhere: not at {' or '.join(sorted(places))}"


def content_refuses(rule: ContentRule, asked: Asked) -> str | None:
    """Refuses a written message for what it says or leaves out; one not written yet passes."""
    content = asked.request.content
    if content is None:
        return None
    faults = [f"say {each}" for each in sorted(rule.must_have - content.said)]
    faults += [f"do not say {each}" for each in sorted(rule.must_not & content.said)]
    if rule.undisputed and content.demanded is not None and content.owed is not None:
        held = asked.facts.held_part(asked.at)
        if content.demanded > content.owed - held and held:
            rest = max(0, content.owed - held)
            faults.append(f"ask for no more than {rest} minor units")
    return "fix: " + "; ".join(faults) if faults else None
