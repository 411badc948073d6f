"""What people do becomes what accounts hear: the same news that the record would tell of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.accounts import Hold
from domain.contacts import Channel
from domain.events import (
    CallRequested,
    CardStored,
    HardshipDeclared,
    HoldLifted,
    HoldPlaced,
    MeansStated,
    MessageReceived,
    OptedOut,
    PaymentClaimed,
    PlanAccepted,
    PlanRequested,
    PromiseToPay,
)
from domain.replies import FURTHEST_PROMISE
from domain.time import days, local_date
from simulation.deeds import Act, Deed
from simulation.happenings import What

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.contacts import Contact
    from simulation.households import Household
    from simulation.lives import Life

TIME_TO_READ = days(3)
"""For a person of ours, before a journey answers to hardship: so long the hold stands."""

WRITTEN = frozenset(
    {
        Deed.ASKS_PLAN,
        Deed.PROMISES,
        Deed.CLAIMS_PAID,
        Deed.DISPUTES,
        Deed.HARDSHIP,
        Deed.WRITES,
        Deed.ASKS_CALL,
    }
)
"""What they do by answering a message: it counts as a contact that they began. A stop does not."""

SPOKEN = frozenset({Channel.VOICE, Channel.LETTER, Channel.VISIT})
"""Channels on which nobody writes back."""


class Doing:
    """Something that a person does about an account, at the moment at which they do it."""

    def __init__(self, home: Household, life: Life, act: Act, cause: Contact | None) -> None:
        """`cause` is the contact that they answer, if it is one."""
        self.home, self.life, self.act = home, life, act
        self.cause = cause
        self.progress = life.progress

    @property
    def key(self) -> str:
        """What tells it from all else that the person does."""
        return f"{self.act.deed} {self.life.account.account_id} {self.home.now.isoformat()}"

    def did(self, status: str = "") -> None:
        """Tell of it, and note what was written."""
        act = self.act
        self.home.told(self.life, What.DID, act.deed.value, status=status, minor=act.minor)
        channel = self.cause.message.channel if self.cause else None
        if channel is not None and channel not in SPOKEN and act.deed in WRITTEN:
            self.home.written(self.life, channel, self.key)

    def handed(self, reason: str) -> None:
        """A person of ours reads what was written."""
        self.home.told(self.life, What.HANDED, reason)


def do(home: Household, life: Life, act: Act, cause: Contact | None) -> None:
    """Do it, if it can still be done. Of an account that is over only payments go back."""
    if life.closure is not None and act.deed is not Deed.TAKES_BACK:
        return
    DEEDS[act.deed](Doing(home, life, act, cause))


def _pays_all(doing: Doing) -> None:
    doing.did()
    doing.life.pay(doing.progress.balance)


def _pays_due(doing: Doing) -> None:
    debt, plan, owed = doing.life.debt(), doing.progress.plan, doing.progress.balance
    due = debt.overdue or debt.instalment
    doing.did()
    doing.life.pay(plan.outstanding(due, owed) if plan and due else owed)


def _pays_part(doing: Doing) -> None:
    doing.did()
    doing.life.pay(doing.act.minor)


def _accepts(doing: Doing) -> None:
    offer = doing.progress.offer
    if offer is None:
        return
    autopay = doing.act.deed is Deed.ACCEPTS_PLAN
    doing.did()
    if autopay:
        doing.life.give_card()
    else:
        offer = offer.model_copy(update={"autopay": False})
    doing.home.hear(doing.life, PlanAccepted(event_id=f"accepted {offer.plan_id}", plan=offer))


def _asks_plan(doing: Doing) -> None:
    doing.did()
    doing.home.hear(doing.life, PlanRequested(event_id=doing.key))


def _promises(doing: Doing) -> None:
    home, progress = doing.home, doing.progress
    due = local_date(home.now + min(doing.act.within, FURTHEST_PROMISE), progress.person.zones[0])
    owed = progress.balance
    doing.did()
    promise = PromiseToPay(event_id=doing.key, due=due, minor=owed, balance=owed)
    home.hear(doing.life, promise)


def _settles(doing: Doing) -> None:
    offer = doing.life.settlement
    if offer is None:
        return
    doing.did()
    doing.life.pay(offer.minor - (offer.balance - doing.progress.balance))


def _stores_card(doing: Doing) -> None:
    doing.did()
    doing.life.give_card()
    doing.home.hear(doing.life, CardStored(event_id=doing.key))


def _claims_paid(doing: Doing) -> None:
    doing.did()
    doing.home.hear(doing.life, PaymentClaimed(event_id=doing.key))


def _disputes(doing: Doing) -> None:
    home, life = doing.home, doing.life
    doing.did()
    doing.handed("wrote of dispute: read it")
    lifted = HoldLifted(event_id=f"{doing.key} resolved", hold=Hold.DISPUTE)
    home.later(life, doing.act.within, lifted)
    home.hear(life, HoldPlaced(event_id=doing.key, hold=Hold.DISPUTE))


def _hardship(doing: Doing) -> None:
    home, zone = doing.home, doing.progress.person.zones[0]
    doing.did()
    doing.handed("wrote of hardship: read it")
    ends = local_date(home.now + TIME_TO_READ, zone)
    home.hear_everywhere(HoldPlaced(event_id=doing.key, hold=Hold.HARDSHIP, ends=ends))
    home.hear_everywhere(HardshipDeclared(event_id=f"{doing.key}:declared"))


def _states_means(doing: Doing) -> None:
    doing.did()
    doing.home.hear(doing.life, MeansStated(event_id=doing.key, monthly=doing.act.minor))


def _opts_out(doing: Doing) -> None:
    channel = doing.cause.message.channel if doing.cause else doing.home.channel_used()
    doing.did(status=channel.value)
    doing.home.hear_everywhere(OptedOut(event_id=doing.key, channel=channel))


def _stops(doing: Doing) -> None:
    doing.did()
    doing.handed("wrote of cease and desist: read it")
    doing.home.hear_everywhere(HoldPlaced(event_id=doing.key, hold=Hold.CEASE))


def _writes(doing: Doing) -> None:
    doing.did()
    doing.home.hear(doing.life, MessageReceived(event_id=doing.key))


def _asks_call(doing: Doing) -> None:
    doing.did()
    doing.home.hear(doing.life, CallRequested(event_id=doing.key))


def _complains(doing: Doing) -> None:
    doing.did()
    doing.handed("complains: read it and answer")


def _takes_back(doing: Doing) -> None:
    if not doing.life.payments:
        return
    doing.did()
    doing.life.take_back()


DEEDS: dict[Deed, Callable[[Doing], None]] = {
    Deed.PAYS_ALL: _pays_all,
    Deed.PAYS_DUE: _pays_due,
    Deed.PAYS_PART: _pays_part,
    Deed.ACCEPTS_PLAN: _accepts,
    Deed.ACCEPTS_BY_HAND: _accepts,
    Deed.ASKS_PLAN: _asks_plan,
    Deed.PROMISES: _promises,
    Deed.SETTLES: _settles,
    Deed.STORES_CARD: _stores_card,
    Deed.CLAIMS_PAID: _claims_paid,
    Deed.DISPUTES: _disputes,
    Deed.HARDSHIP: _hardship,
    Deed.STATES_MEANS: _states_means,
    Deed.OPTS_OUT: _opts_out,
    Deed.STOPS: _stops,
    Deed.WRITES: _writes,
    Deed.ASKS_CALL: _asks_call,
    Deed.COMPLAINS: _complains,
    Deed.TAKES_BACK: _takes_back,
}
