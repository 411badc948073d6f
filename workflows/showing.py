"""What people see of an account in Temporal's UI: how it stands, what was, and what comes next.

No name, address or word of a consumer is in it. Everything here is encrypted on its way but the
search attributes, which hold neither amounts nor anything that says who somebody is.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from compliance import Allow, Packs, Wait, decide
from compliance.facts import plain_request
from domain.contacts import Channel, Contact, Purpose
from domain.money import Money
from domain.time import midnight
from engine.journeys import Journey
from engine.progress import Progress
from engine.stages import Stage
from workflows.messages import Happening, NextStep

COUNTED_AS = {Channel.SMS: "texts", Channel.EMAIL: "e-mails", Channel.VOICE: "calls"}
"""The channels on which journeys reach people, and what rules count on them."""
WEEK = timedelta(days=7)


def first_lawful(progress: Progress, packs: Packs, at: datetime) -> datetime | None:
    """The first moment from `at` on at which a demand may reach the person on some channel.

    Nothing is sent before; it may well be later, as the stage has it. None while a hold stands, or
    as long as somebody has to see to something, or change it, first.
    """
    if progress.unseen or progress.person.standing(at):
        return None
    at = max(at, progress.peace or at)
    lawful = list[datetime]()
    for channel in COUNTED_AS:
        request = plain_request(progress.account_id, channel, Purpose.DEMAND)
        verdict = decide(request, progress.person, packs, at)
        if isinstance(verdict, Allow):
            return at
        if isinstance(verdict, Wait):
            lawful.append(verdict.until)
    return min(lawful, default=None)


def counters(progress: Progress, packs: Packs, at: datetime) -> list[str]:
    """How much is used of every cap on the channels that were used, such as `calls 3 of 7`."""
    used = {each.channel for each in progress.person.contacts}
    return [
        f"{word} {count} ({rule})"
        for channel, word in COUNTED_AS.items()
        if channel in used
        for rule, count in decide(
            plain_request(progress.account_id, channel, Purpose.DEMAND),
            progress.person,
            packs,
            at,
        ).counters.items()
    ]


def details(
    progress: Progress,
    journey: Journey,
    stage: Stage,
    step: NextStep,
    *,
    packs: Packs | None,
    at: datetime,
) -> str:
    """Markdown: money, stage, what happens next and why, and what is used of the caps.

    Without `packs` the caps are left out: they are of no use while something is being done.
    """
    when = f"at {step.until:%Y-%m-%d %H:%M} UTC" if step.until else "now"
    made = ", ".join(f"{n} {channel}" for channel, n in progress.made.items()) or "none"
    past = progress.person.contacts
    recent = [each for each in past if each.at > at - WEEK and not each.inbound]
    calls = [each for each in recent if each.channel is Channel.VOICE]
    lines = [
        f"**Balance** {progress.money}",
        f"**Stage** {stage.name} of journey {journey.name}",
        f"**Next** {when}: {step.why}",
        f"**Holds** {holds(progress) or 'none'}",
        f"**Opted out of** {', '.join(progress.person.opted_out) or 'nothing'}",
        f"**Contacts made** {made}",
        f"**To this person in 7 days** {len(recent)} contacts, {len(calls)} of them calls",
    ]
    if packs is not None and (counted := counters(progress, packs, at)):
        lines.append(f"**Used of what rules allow** {', '.join(counted)}")
    return "\n".join(f"- {line}" for line in lines)


def holds(progress: Progress) -> str:
    """The names of the holds on the account."""
    return ", ".join(dict.fromkeys(each.hold for each in progress.person.holds))


def timeline(progress: Progress, step: NextStep, at: datetime) -> list[Happening]:
    """What has happened on this journey and what comes next, in its order."""
    was = sorted(_behind(progress), key=lambda each: each.at or at)
    to_come = sorted(_ahead(progress, step, at), key=lambda each: each.at or at)
    return [*was, *to_come]


def _behind(progress: Progress) -> Iterator[Happening]:
    for name, entered in progress.entered.items():
        yield Happening(at=entered, what=f"entered {name}")
    for contact in _contacts(progress):
        why = f" ({'; '.join(contact.reasons)})" if contact.reasons else ""
        yield Happening(at=contact.at, what=f"{contact.message}: {contact.status}{why}")


def _contacts(progress: Progress) -> list[Contact]:
    """Those of the last visit of each stage, and the last with each message."""
    sent = [each for stage in progress.sent_in.values() for each in stage.values()]
    known = [*sent, *progress.latest.values()]
    return list({contact.key: contact for contact in known}.values())


def _ahead(progress: Progress, step: NextStep, at: datetime) -> Iterator[Happening]:
    yield Happening(at=step.until, what=step.why, ahead=True)
    zone = progress.person.zones[0]

    def on(day: date, what: str) -> Iterator[Happening]:
        if (morning := midnight(day, zone)) > at:
            yield Happening(at=morning, what=what, ahead=True)

    if progress.plan is not None:
        for part in progress.plan.still_open(progress.balance):
            money = Money(minor=part.minor, currency=progress.currency)
            yield from on(part.due, f"instalment {part.number} is due: {money}")
    if progress.promise is not None:
        yield from on(progress.promise.due, "a promise to pay is due")
    if progress.settlement is not None:
        yield from on(progress.settlement.expires, "the offer to settle expires")
    for hold in progress.person.holds:
        if hold.ends is not None:
            yield from on(hold.ends + timedelta(days=1), f"the hold ends: {hold.hold}")
