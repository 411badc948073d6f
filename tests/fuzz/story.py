"""One person's months: facts that come and go, contacts that the gate is asked for, replies.

The story keeps two books of the same events: the facts that the gate is asked with, in its own
types, and the book that the auditor reads, in the auditor's. They share no object.
"""

import random
from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from heapq import heappop, heappush
from typing import Any

from auditor import book
from compliance import Allow, ContactRequest, Content, PastContact, PersonFacts, Wait, decide
from domain.accounts import Hold
from domain.contacts import Channel, ContactStatus, Dial, Place, Purpose, Recipient
from domain.people import WEEK, Milestone, MilestoneKind, StandingHold, Wish
from domain.time import zone
from tests.fuzz import texts
from tests.fuzz.laws import LAWS
from tests.fuzz.people import ARABIC, NAMES, Kind, a_kind, beginning, somewhere

DAYS = 150
ALIKE = 60
"""So many people in a row are of one kind: what the gate works out for a kind it keeps."""
ACCOUNTS = ("a", "b", "c")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
UNREACHED = frozenset({Channel.VISIT, Channel.LETTER, Channel.CHAT})
PHONED = (Channel.SMS, Channel.VOICE, Channel.WHATSAPP)

FREQUENT = (Channel.SMS, Channel.EMAIL, Channel.VOICE)
PURPOSES = (*(Purpose.DEMAND,) * 8, *(Purpose.REPLY,) * 3, *(Purpose.NOTICE,) * 2, *Purpose)
CALLS = (
    *(ContactStatus.NO_ANSWER,) * 12,
    ContactStatus.BUSY,
    ContactStatus.NOT_IN_SERVICE,
    ContactStatus.NO_ANSWER,
    ContactStatus.NO_MESSAGE,
    ContactStatus.MAILBOX_FULL,
    ContactStatus.VOICEMAIL,
    ContactStatus.WRONG_PARTY,
    ContactStatus.DROPPED,
    ContactStatus.CONVERSATION,
)
MESSAGES = (*(ContactStatus.DELIVERED,) * 6, ContactStatus.UNDELIVERED, ContactStatus.UNKNOWN)
LATER = (ContactStatus.BUSY, ContactStatus.UNDELIVERED, ContactStatus.REJECTED)
GIVEN = (
    *(MilestoneKind.CONSENT,) * 5,
    *(MilestoneKind.NOTICE_SENT,) * 3,
    MilestoneKind.NUMBER_CHECKED,
    MilestoneKind.NUMBER_CHECKED,
    *MilestoneKind,
)


class Story:
    """A person with a seed of their own: the same number tells the same story."""

    def __init__(self, seed: int, number: int) -> None:
        """Set the scene."""
        self.name = f"p{number}"
        self.dice = random.Random(f"{seed}/{number}")
        self.verdicts = Counter[str]()
        self.stood_in_the_way = set[str]()
        self.now = beginning(self.dice)
        self.ends = self.now + DAYS * DAY
        self.changes_law = self.now + self.dice.randrange(DAYS) * DAY
        self.laws = self.dice.choices(list(LAWS), k=2)
        self.waiting: list[tuple[datetime, int, ContactRequest]] = []
        self.asked = 0
        self._set_scene(a_kind(random.Random(f"{seed}/kind/{number // ALIKE}")))

    def _set_scene(self, kind: Kind) -> None:
        dice, place = self.dice, somewhere(self.dice, kind.country, kind.regions)
        self.creditor = kind.creditor
        self.profile: dict[str, Any] = {
            "country": place.country,
            "regions": place.regions,
            "zones": place.zones,
            "residence_zones": place.residence,
            "language": "ar" if place.country in ARABIC and dice.random() < 0.7 else "en",
            "actor": kind.actor,
            "sector": kind.sector,
            "wishes": (),
            "unreachable": (),
        }
        self.addresses: dict[Channel, str] = {}
        self._known: PersonFacts | None = None
        self._events = (
            *(self._give,) * 5,
            *(self._hold, self._lift, self._opt_out, self._wish, self._unwish, self._unwish) * 2,
            self._move,
            self._revoke,
            self._lose_address,
        )
        self.optouts: dict[tuple[Channel | None, str | None], datetime] = {}
        self.holds: list[tuple[str, StandingHold, datetime]] = []
        self.milestones: list[tuple[Milestone, datetime]] = []
        self.contacts: list[PastContact] = []
        self.favourite = dice.choice(FREQUENT), dice.choice(ACCOUNTS)
        self.owed = {account: dice.randrange(5_000, 90_000) for account in ACCOUNTS}
        self.audited = book.Person(self.name, self.creditor, NAMES[self.creditor])
        self.audited_contacts: list[book.Contact] = []
        self.audited_optouts: list[book.Refusal] = []
        self.audited_holds: list[book.HeldFrom] = []
        self.audited_profiles: list[book.Profile] = []
        self._new_addresses()
        self._note_profile()

    # the course of events

    def play(self) -> "Story":
        """Live until the end; what was sent and known is in the book afterwards."""
        while self.now < self.ends:
            if self.waiting and self.waiting[0][0] <= self.now:
                self._wake()
            else:
                self._next()
        self._close_books()
        return self

    def _next(self) -> None:
        """Let some time pass, but not past a wait that ends; then something happens."""
        self.now += self._pause()
        hour = self.now.astimezone(zone(self.profile["zones"][0])).hour
        if not 8 <= hour < 20 and self.dice.random() < 0.8:
            self.now += timedelta(hours=(9 - hour) % 24, seconds=self.dice.randint(0, 30_000))
        if self.waiting and self.waiting[0][0] <= self.now:
            self.now = self.waiting[0][0]
            return
        roll = self.dice.random()
        if roll < 0.72:
            self._ask(self._request(), first=True)
        elif roll < 0.9:
            self._they_write()
        else:
            self._something()
            self._known = None

    def _something(self) -> None:
        """A fact comes or goes; what stands in the way seldom stands for long."""
        if self.profile["unreachable"]:
            self._lose_address()
        elif len(self.holds) > 1 and self.dice.random() < 0.7:
            self._lift()
        elif len(self.optouts) > 1 or (self.optouts and self.dice.random() < 0.5):
            self._opt_in()
        else:
            self.dice.choice(self._events)()

    def _pause(self) -> timedelta:
        """Minutes, hours, or days; often up to the edge of an hour that rules speak of."""
        roll = self.dice.random()
        if roll < 0.25:
            return timedelta(seconds=self.dice.randint(1, 900))
        if roll < 0.9:
            return timedelta(seconds=self.dice.randint(60, 5 * 3600))
        if roll < 0.97:
            edge = self.now.replace(minute=0, second=0, microsecond=0)
            edge += timedelta(hours=self.dice.randint(1, 30), minutes=self.dice.choice((0, 30)))
            return edge - self.now + timedelta(seconds=self.dice.choice((-1, 0, 1)))
        return timedelta(seconds=self.dice.randint(3600, 6 * 86400))

    def _wake(self) -> None:
        _, _, request = heappop(self.waiting)
        self._ask(request, first=False)

    # asking the gate

    def _request(self) -> ContactRequest:
        dice = self.dice
        channel = dice.choice(FREQUENT if dice.random() < 0.85 else tuple(Channel))
        channel = self.favourite[0] if dice.random() < 0.5 else channel
        latest = self.contacts[-1] if self.contacts else None
        purpose = dice.choice(PURPOSES)
        if latest is not None and latest.inbound and dice.random() < 0.8:
            channel, purpose = latest.channel, Purpose.REPLY
        plain = dice.random() < 0.8
        machine = channel is Channel.VOICE and not plain
        dial = dice.choice(tuple(Dial)) if machine else Dial.MANUAL
        third = not plain and (purpose is Purpose.LOCATION or dice.random() < 0.1)
        account = self.favourite[1] if dice.random() < 0.6 else dice.choice(ACCOUNTS)
        return ContactRequest(
            account_id=f"{self.name}-{account}",
            channel=channel,
            purpose=purpose,
            place=Place.MOBILE if plain else dice.choice(tuple(Place)),
            recipient=dice.choice(tuple(Recipient)) if third else Recipient.CONSUMER,
            dial=dial,
            content=Content(
                said=texts.said(dice, purpose, dial),
                demanded=dice.randrange(1, self.owed[account] + 1) if dice.random() < 0.8 else None,
                owed=self.owed[account],
            ),
        )

    def _ask(self, request: ContactRequest, *, first: bool) -> None:
        law = self.laws[self.now >= self.changes_law]
        verdict = decide(request, self._facts(request.account_id), LAWS[law].packs, self.now)
        self.verdicts[verdict.kind] += 1
        self.stood_in_the_way.update(reason.rule for reason in verdict.reasons)
        if isinstance(verdict, Allow):
            self._sent(request, law)
        elif isinstance(verdict, Wait) and (first or self.dice.random() < 0.5):
            self._follow(request, verdict.until)

    def _follow(self, request: ContactRequest, until: datetime) -> None:
        roll = self.dice.random()
        if roll > 0.6 or len(self.waiting) > 6:
            return  # given up
        late = timedelta(seconds=self.dice.randint(1, 20 * 3600)) if roll < 0.2 else timedelta()
        self.asked += 1
        heappush(self.waiting, (until + late, self.asked, request))

    def _facts(self, account_id: str) -> PersonFacts:
        if self._known is None:
            closed = {
                channel
                for channel in Channel
                if (channel, None) in self.optouts
                or (None, None) in self.optouts
                or (channel, self.addresses.get(channel, "-")) in self.optouts
            }
            self._known = PersonFacts(
                **self.profile,
                creditor=self.creditor,
                addresses=self.addresses,
                opted_out=tuple(closed),
                milestones=tuple(each for each, _ in self.milestones),
            )
        holds = tuple(hold for account, hold, _ in self.holds if account == account_id)
        return self._known.model_copy(update={"holds": holds, "contacts": tuple(self.contacts)})

    # contacts

    def _sent(self, request: ContactRequest, law: str) -> None:
        dice, content = self.dice, request.content
        assert content is not None
        status = dice.choice(CALLS if request.channel is Channel.VOICE else MESSAGES)
        debts: tuple[str, ...] = ()
        if status is ContactStatus.CONVERSATION and dice.random() < 0.3:
            debts = (f"{self.name}-{dice.choice(ACCOUNTS)}",)
        solicited = dice.random() < 0.1
        self._note_contact(
            request.account_id,
            request.channel,
            status=status,
            purpose=request.purpose,
            place=request.place,
            dial=request.dial,
            debts=debts,
            solicited=solicited,
        )
        audited = self.audited_contacts[-1]
        audited.recipient = str(request.recipient)
        audited.law = law
        audited.text = texts.written(content.said, NAMES[self.creditor], self.profile["language"])
        audited.demanded, audited.owed = content.demanded, content.owed
        self._outcomes_change()

    def _note_contact(self, account: str, channel: Channel, **more: Any) -> None:
        key = f"{self.name}-{len(self.audited_contacts):06d}"
        address = self.addresses.get(channel, "")
        self.contacts.append(
            PastContact(
                key=key, account_id=account, channel=channel, at=self.now, address=address, **more
            )
        )
        self.audited_contacts.append(
            book.Contact(
                key=key,
                account=account,
                channel=str(channel),
                at=self.now,
                wall=self.now,
                address=address,
                status=str(more.get("status", "sent")),
                purpose=str(more.get("purpose", "demand")),
                place=str(more.get("place", "unknown")),
                dial=str(more.get("dial", "manual")),
                inbound=more.get("inbound", False),
                debts=more.get("debts", ()),
                solicited=more.get("solicited", False),
            )
        )

    def _outcomes_change(self) -> None:
        """Now and then it turns out later that a contact was not what it seemed."""
        if self.dice.random() > 0.04:
            return
        number = self.dice.randrange(len(self.contacts))
        known = self.contacts[number]
        calls = known.channel is Channel.VOICE
        if not known.inbound and known.status is not ContactStatus.CONVERSATION:
            status = ContactStatus.BUSY if calls else self.dice.choice(LATER[1:])
            if status is ContactStatus.REJECTED:
                del self.contacts[number]
                self._strike(known.key)
            else:
                self.contacts[number] = replace(known, status=status)
                self._audited(known.key).status = str(status)

    def _audited(self, key: str) -> book.Contact:
        return self.audited_contacts[int(key.rsplit("-", 1)[1])]

    def _strike(self, key: str) -> None:
        self._audited(key).status = "rejected"

    def _they_write(self) -> None:
        self._tick()
        channel = self.dice.choice(FREQUENT)
        status = ContactStatus.CONVERSATION if channel is Channel.VOICE else ContactStatus.SENT
        account, other = self.dice.choice(ACCOUNTS), self.dice.choice(ACCOUNTS)
        debts = (f"{self.name}-{other}",) if self.dice.random() < 0.3 else ()
        self._note_contact(
            f"{self.name}-{account}", channel, status=status, debts=debts, inbound=True
        )

    # facts

    def _tick(self) -> None:
        """Facts change at odd moments of their own."""
        self.now = self.now.replace(microsecond=0) + timedelta(seconds=1, microseconds=7)

    def _note_profile(self) -> None:
        known = self.profile
        self.audited_profiles.append(
            book.Profile(
                zones=known["zones"],
                country=known["country"],
                regions=known["regions"],
                residence_zones=known["residence_zones"],
                language=known["language"],
                actor=known["actor"] and str(known["actor"]),
                sector=known["sector"] and str(known["sector"]),
                wishes=tuple(map(_wish, known["wishes"])),
                unreachable=frozenset(map(str, known["unreachable"])),
                known_from=self.now,
            )
        )

    def _new_addresses(self) -> None:
        mark = self.dice.randrange(10**6)
        self.addresses = dict.fromkeys(PHONED, f"+{mark}")
        self.addresses[Channel.EMAIL] = f"{mark}@example.test"

    def _move(self) -> None:
        self._tick()
        place = somewhere(self.dice, self.profile["country"])
        self.profile |= {
            "regions": place.regions,
            "zones": place.zones,
            "residence_zones": place.residence,
        }
        if self.dice.random() < 0.4:
            self._new_addresses()
        self._note_profile()

    def _lose_address(self) -> None:
        self._tick()
        lost = (self.dice.choice(FREQUENT),)
        self.profile["unreachable"] = () if self.profile["unreachable"] else lost
        self._note_profile()

    def _wish(self) -> None:
        self._tick()
        dice = self.dice
        opens = dice.choice((None, None, "09:30", "12:00", "17:30"))
        wish = Wish.model_validate(
            {
                "days": dice.choice((WEEK, WEEK[:5], WEEK[5:])),
                "opens": opens,
                "closes": dice.choice((None, "18:00", "20:15")),
                "never": dice.choice(((), (), dice.sample(WEEK, 1))),
                "only": dice.choice(((), (), (), dice.sample(FREQUENT, 2))),
                "not_at": dice.choice(((), (Place.WORK,))),
                "until": dice.choice((None, self.now.date() + dice.randint(0, 30) * DAY)),
            }
        )
        self.profile["wishes"] = (*self.profile["wishes"], wish)[-2:]
        self._note_profile()

    def _unwish(self) -> None:
        if self.profile["wishes"]:
            self._tick()
            self.profile["wishes"] = ()
            self._note_profile()

    def _opt_out(self) -> None:
        self._tick()
        channel = self.dice.choice(FREQUENT) if self.dice.random() < 0.9 else None
        address = self.addresses.get(channel) if channel and self.dice.random() < 0.6 else None
        self.optouts.setdefault((channel, address), self.now)

    def _opt_in(self) -> None:
        if self.optouts:
            self._tick()
            channel, address = self.dice.choice(list(self.optouts))
            self._note_optout(channel, address, self.now)

    def _note_optout(
        self, channel: Channel | None, address: str | None, until: datetime | None
    ) -> None:
        since = self.optouts.pop((channel, address))
        named = str(channel) if channel else None
        self.audited_optouts.append(book.Refusal(since, until, named, address))

    def _hold(self) -> None:
        self._tick()
        dice, today = self.dice, self.now.date()
        starts: date | None = dice.choice((None, today + dice.randint(-3, 10) * DAY))
        ends: date | None = dice.choice((None, (starts or today) + dice.randint(0, 40) * DAY))
        kind = dice.choice(tuple(Hold))
        part = dice.randrange(1, 9_000) if kind is Hold.DISPUTE and dice.random() < 0.5 else None
        hold = StandingHold(hold=kind, starts=starts, ends=ends, part=part)
        for account in dice.choice((ACCOUNTS, (dice.choice(ACCOUNTS),))):
            self.holds.append((f"{self.name}-{account}", hold, self.now))

    def _lift(self) -> None:
        if self.holds:
            self._tick()
            self._note_hold(self.holds.pop(self.dice.randrange(len(self.holds))), self.now)

    def _note_hold(self, held: tuple[str, StandingHold, datetime], until: datetime | None) -> None:
        account, hold, since = held
        self.audited_holds.append(
            book.HeldFrom(str(hold.hold), since, until, account, hold.starts, hold.ends, hold.part)
        )

    def _give(self) -> None:
        self._tick()
        dice = self.dice
        back = dice.choice((timedelta(), timedelta(), DAY * dice.randint(0, 90)))
        ahead = DAY * dice.randint(0, 40)
        kind = dice.choice(GIVEN)
        at = self.now + ahead if kind is MilestoneKind.VALIDATION_ENDS else self.now - back
        account = dice.choice((None, f"{self.name}-{dice.choice(ACCOUNTS)}"))
        given = Milestone(
            kind=kind,
            at=at,
            account_id=account,
            channels=dice.choice(((), (), tuple(dice.sample(FREQUENT, 2)))),
            direct=dice.random() < 0.7,
            until=dice.choice((None, None, self.now + DAY * dice.randint(1, 40))),
        )
        self.milestones.append((given, self.now))

    def _revoke(self) -> None:
        if self.milestones:
            self._tick()
            number = self.dice.randrange(len(self.milestones))
            given, since = self.milestones[number]
            until = self.now if given.until is None else min(self.now, given.until)
            self.milestones[number] = given.model_copy(update={"until": until}), since

    # the auditor's book

    def _close_books(self) -> None:
        for channel, address in list(self.optouts):
            self._note_optout(channel, address, None)
        for held in self.holds:
            self._note_hold(held, None)
        told = self.audited
        told.profiles, told.optouts = self.audited_profiles, self.audited_optouts
        told.holds, told.contacts = self.audited_holds, self.audited_contacts
        told.milestones = [
            book.Milestone(
                kind=str(each.kind),
                at=each.at,
                known_from=since,
                account=each.account_id,
                channels=frozenset(map(str, each.channels)),
                direct=each.direct,
                until=each.until,
            )
            for each, since in self.milestones
        ]


def _wish(wish: Wish) -> book.Wish:
    return book.Wish(
        days=frozenset(map(str, wish.days)),
        opens=wish.opens,
        closes=wish.closes,
        never=frozenset(map(str, wish.never)),
        only=frozenset(map(str, wish.only)),
        not_at=frozenset(map(str, wish.not_at)),
        until=wish.until,
    )
