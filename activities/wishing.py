"""What a person wishes, and what is known of them: written first, then told to their accounts.

Every function takes the person's lock, writes, and gives the news for every open account of theirs.
A second time it writes nothing, and gives the same news again: telling may have failed before. Keys
and sources are ids of what was heard, never words or addresses.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from activities.news import Told, hold_told, tell_people, tell_profile
from domain.accounts import PERSONAL_HOLDS
from domain.contacts import Channel
from domain.events import OptedIn, OptedOut
from domain.people import StandingHold, Wish
from storage import accounts, people
from storage.session import lock_person
from storage.tables import Account, Person


def set_wishes(session: Session, person_id: str, wishes: Sequence[Wish]) -> list[Told]:
    """Keep how the person wants to be contacted, in place of what they wished before."""
    lock_person(session, person_id)
    people.set_wishes(session, person_id, wishes)
    return tell_profile(session, person_id)


def opt_out(
    session: Session, person_id: str, channel: Channel | None, *, source: str, at: datetime
) -> list[Told]:
    """The person refuses a medium, whatever the address; with None every medium."""
    lock_person(session, person_id)
    people.opt_out(session, person_id, channel, source=source, at=at)
    return [
        told
        for each in _meant(channel)
        for told in _tell(
            session, person_id, OptedOut(event_id=f"{source}:no {each}", channel=each)
        )
    ]


def opt_in(session: Session, person_id: str, channel: Channel | None, *, source: str) -> list[Told]:
    """The person allows a medium again; an address that was opted out stays so."""
    lock_person(session, person_id)
    people.opt_in(session, person_id, channel)
    person = session.get_one(Person, person_id)
    return [
        told
        for each in _meant(channel)
        if not people.refuses(session, person, each)
        for told in _tell(
            session, person_id, OptedIn(event_id=f"{source}:yes {each}", channel=each)
        )
    ]


def place_hold(session: Session, account: Account, placed: StandingHold, *, key: str) -> list[Told]:
    """Stop the clock of an account; a hold that concerns the person stops all their accounts."""
    lock_person(session, account.person_id)
    personal = placed.hold in PERSONAL_HOLDS and placed.part is None
    concerned = accounts.open_of_person(session, account.person_id) if personal else [account]
    return [hold_told(session, each, placed, key=key) for each in concerned]


def _meant(channel: Channel | None) -> tuple[Channel, ...]:
    return tuple(Channel) if channel is None else (channel,)


def _tell(session: Session, person_id: str, event: OptedOut | OptedIn) -> list[Told]:
    return tell_people(session, [session.get_one(Person, person_id)], event)
