"""One person's world: their accounts, the contacts they share, and the order in which all happens.

What lies ahead is heard in the order of its instants, and at one instant before anything that only
waits for time to pass: what comes on the dot still counts. Accounts that wake at one instant wake
in the order in which they were placed.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from heapq import heappop, heappush
from operator import attrgetter
from typing import cast

from compliance import Packs, PastContact
from compliance.packs import COMMON, LONGEST
from domain.accounts import PERSONAL_HOLDS
from domain.contacts import Channel, Contact, ContactStatus
from domain.events import (
    AnyEvent,
    ContactSettled,
    Event,
    HoldLifted,
    HoldPlaced,
    OptedIn,
    OptedOut,
    ProfileChanged,
)
from engine import Journey
from simulation.deeds import Act, Behaviour
from simulation.doing import do
from simulation.happenings import Happening, What
from simulation.lives import Life, Told
from simulation.people import Person

LOOK_BACK = LONGEST + timedelta(days=2)
"""How far back contacts are kept, as the record does: longer than any window of a rule."""

_UNTIL = attrgetter("until")


class Household:
    """A person with all their accounts, from placement to the last instant of the horizon."""

    def __init__(
        self,
        person: Person,
        *,
        journey_called: Callable[[str], Journey],
        behaviour: Behaviour,
        packs: Packs,
        start: datetime,
        last: datetime,
        tell: Callable[[Happening], None],
        reasons: bool,
    ) -> None:
        """Place the person's accounts; `simulation.world.live` explains the arguments."""
        self.person = person
        self.journey_called = journey_called
        self.behaviour = behaviour
        self.packs = packs
        self.now = start
        self.contacts: tuple[PastContact, ...] = person.facts.contacts
        """Contacts of the person over all accounts, oldest first, as the record has them."""
        self.had = 0
        """Contacts that have reached the person so far, on any account."""
        self._tell = tell
        self.reasons = reasons
        self._last = last
        self._foreseen = 0
        self._ahead: list[tuple[datetime, int, Callable[[], None]]] = []
        self._lives = [Life(account, person.facts, self) for account in person.accounts]

    # what lies ahead

    def foretell(self, account_id: str, told: Sequence[tuple[datetime, Told]]) -> None:
        """Let an account hear these things at these instants."""
        life = next((each for each in self._lives if each.account.account_id == account_id), None)
        if life is None:
            raise LookupError(f"no account {account_id} of person {self.person.reference}")
        for at, news in told:
            self._foresee(at, partial(self.hear, life, news))

    def expect(self, life: Life, acts: Iterable[Act], cause: Contact | None = None) -> None:
        """Have the person do these things about an account, each after its while."""
        for act in acts:
            self._foresee(self.now + act.after, partial(do, self, life, act, cause))

    def later(self, life: Life, after: timedelta, event: AnyEvent) -> None:
        """Let an account hear an event after a while."""
        self._foresee(self.now + after, partial(self.hear, life, event))

    def _foresee(self, at: datetime, work: Callable[[], None]) -> None:
        self._foreseen += 1
        heappush(self._ahead, (at, self._foreseen, work))

    # what happens

    def live(self) -> None:
        """Let everything happen that lies ahead, up to the last instant of the horizon."""
        try:
            for life in self._lives:
                life.begin()
            while self._lives and self._goes_on():
                pass
        finally:
            for life in self._lives:
                life.rest()
            self._lives.clear()  # nothing points in a circle any more: it is freed at once
            self._ahead.clear()

    def _goes_on(self) -> bool:
        """Let the next thing happen; False if nothing does any more within the horizon."""
        lives, ahead = self._lives, self._ahead
        sleeper = min(lives, key=_UNTIL) if len(lives) > 1 else lives[0]
        moment, work = sleeper.until, sleeper.go_on
        is_told = ahead and ahead[0][0] <= moment
        if is_told:
            moment = ahead[0][0]
        if moment > self._last:
            return False
        if is_told:
            work = heappop(ahead)[2]
        self.now = max(self.now, moment)
        work()
        return True

    def hear(self, life: Life, told: Told) -> None:
        """Let an account hear something; news of the person reaches all of their accounts."""
        event = cast("AnyEvent", told if isinstance(told, Event) else told(life.progress))
        if isinstance(event, ContactSettled):
            self._settle(event)
        if concerns_person(event):
            self.hear_everywhere(event)
            return
        life.hear(event)
        life.go_on_if_ready()

    def hear_everywhere(self, event: AnyEvent) -> None:
        """Let all accounts of the person hear something."""
        for each in self._lives:
            each.hear(event)
        for each in self._lives:
            each.go_on_if_ready()

    def told(
        self,
        life: Life,
        what: What,
        detail: str = "",
        status: str = "",
        rule: str = "",
        *,
        why: str = "",
        minor: int = 0,
        until: datetime | None = None,
    ) -> None:
        """Tell of something that has happened to an account now."""
        account, why = life.account.account_id, why if self.reasons else ""
        self._tell(Happening(self.now, account, what, detail, status, rule, why, minor, until))

    # contacts, as the record has them

    def count(self, contact: PastContact) -> None:
        """Add a contact to those that use up slots; those that no rule looks at are dropped."""
        known, since = self.contacts, self.now - LOOK_BACK
        if known and known[0].at < since:
            known = tuple(each for each in known if each.at >= since or each.purpose not in COMMON)
        self.contacts = (*known, contact)

    def _settle(self, event: ContactSettled) -> None:
        self.contacts = tuple(
            replace(each, status=event.status) if each.key == event.key else each
            for each in self.contacts
        )

    def channel_used(self) -> Channel:
        """The channel of the contact made last; a text where nobody was contacted yet."""
        made = [each.channel for each in self.contacts if not each.inbound]
        return made[-1] if made else Channel.SMS

    def written(self, life: Life, channel: Channel, key: str) -> None:
        """Note what the person wrote as a contact that they began."""
        self.count(
            PastContact(
                key=key,
                account_id=life.account.account_id,
                channel=channel,
                at=self.now,
                status=ContactStatus.DELIVERED,
                inbound=True,
            )
        )


def concerns_person(event: Event) -> bool:
    """Whether news is of the person, and so for all of their accounts."""
    if isinstance(event, HoldPlaced | HoldLifted):
        return event.hold in PERSONAL_HOLDS
    return isinstance(event, OptedOut | OptedIn | ProfileChanged)
