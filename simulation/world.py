"""The simulated world: a person with all their accounts, under the real journeys and the real law.

The journeys, the engine and the gate are those that run in production. Time is virtual, ledger and
record are kept in memory, and what people do comes from a model of their behaviour. One person is
lived to the end before the next: their accounts share contacts, wishes and limits with each other,
and nothing with anybody else's.

What is simplified, on purpose: interest and costs are not accrued; a call is made in the moment in
which it is listed; messages are not written, so that rules about their words are not asked.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from compliance import Packs
from engine import Journey
from journeys import journey_called
from simulation.deeds import Behaviour
from simulation.happenings import Happening
from simulation.households import Household
from simulation.lives import Told
from simulation.people import Account, Person

__all__ = ["Account", "Person", "Told", "live"]


def live(
    person: Person,
    *,
    journeys: Mapping[str, Journey],
    behaviour: Behaviour,
    packs: Packs,
    start: datetime,
    days: int,
    tell: Callable[[Happening], None],
    reasons: bool = False,
    story: Mapping[str, Sequence[tuple[datetime, Told]]] | None = None,
) -> None:
    """Live a person's whole horizon: all their accounts, placed at `start` (aware), for `days`.

    `journeys` maps the name that an account asks for to the journey that it plays; the names that
    it lacks are those that ship. `tell` hears of everything in the order of time; with `reasons`,
    why, too. `story` is what accounts hear beside what people do, by account id: an event, or what
    makes one of the account as it stands then.
    """
    home = Household(
        person,
        journey_called=lambda name: journeys.get(name) or journey_called(name),
        behaviour=behaviour,
        packs=packs,
        start=start,
        last=start + timedelta(days=days),
        tell=tell,
        reasons=reasons,
    )
    for account_id, told in (story or {}).items():
        home.foretell(account_id, told)
    home.live()
