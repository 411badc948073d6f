"""Reach out: last look, intent, call and outcome, in one activity.

The intent commits before the provider is called, and the call happens under the person's lock,
after a last look. So two accounts cannot take one slot, two attempts cannot call at once, and no
message leaves after a payment, a stop or a dispute has been acknowledged: whoever acknowledges
those holds the same lock first. An attempt that finds an intent without an outcome asks the
provider before it sends; what stays unknown is counted as a contact, and never sent again.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection
from sqlalchemy.orm import Session
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.channels import Carriers, Envelope
from compliance import (
    Allow,
    AnyVerdict,
    ContactRequest,
    Content,
    Deny,
    Packs,
    PersonFacts,
    Reason,
    decide,
)
from compliance.disclosing import disclosures, said
from compliance.last_look import BY_THE_RECORD
from compliance.laws import LAWS
from compliance.orders import Reached, ReachOut
from compliance.rules import Disclosure
from domain.contacts import Channel, ContactStatus
from domain.money import Money
from domain.plans import Instalment, PaymentPlan
from domain.settlements import Settlement
from providers.messages import MessageError, Messages, Rendered, Words
from providers.outcomes import Accepted, Found, Missing, NotSent, Outcome, Rejected, Unknown
from storage import Database, contacts, laws, looking, people
from storage.looking import Look
from storage.session import driver
from storage.tables import ContactRow

LINK_BYTES = 9
"""72 random bits in a link: unguessable, and short enough for a text message."""


@dataclass(frozen=True)
class Patience:
    """How long to wait for a provider, in wall-clock time."""

    in_all: timedelta
    """After this the journey goes on without the message."""


@dataclass(frozen=True)
class Clocks:
    """The wall's time, and whether the accounts' time may run ahead of it."""

    wall: Callable[[], datetime]
    fast_forward: bool

    def lawful_at(self, at: datetime) -> datetime:
        """The instant to judge by: where people are contacted, the wall's and no other."""
        return at if self.fast_forward else self.wall()


class Contacts:
    """The activity `reach_out`, with all it needs."""

    def __init__(
        self,
        database: Database,
        *,
        carriers: Carriers,
        messages: Messages,
        clocks: Clocks,
        patience: Patience,
        public_url: str,
    ) -> None:
        """Join the record, the channels and the words. The law is whichever is in force there."""
        self._database = database
        self._carriers = carriers
        self._messages = messages
        self._clocks = clocks
        self._patience = patience
        self._public_url = public_url.rstrip("/")
        self._silent = tuple(channel for channel in Channel if channel not in carriers)

    @activity.defn(no_thread_cancel_exception=True)  # what an attempt learns, it writes down
    def reach_out(self, order: ReachOut) -> Reached:
        """Contact the person if the record allows it; say what came of it."""
        answer = self._prepare(order)
        if isinstance(answer, datetime):
            with self._database.transaction() as session:
                answer = self._call(session, order, lease=answer)
        if isinstance(answer, ApplicationError):
            raise answer
        return answer

    # the first transaction: decide and intend, or find out what an earlier attempt came to

    def _prepare(self, order: ReachOut) -> datetime | Reached | ApplicationError:
        """Take the lease for one call, and give it; or answer without a call."""
        order = self._timed(order)
        with self._database.quick() as connection:
            look = self._look(connection, order)
            if look.status is None and look.law:
                return self._intend(connection, order, look, last=True)
        with self._database.transaction() as session:
            return self._resume(session, order)

    def _timed(self, order: ReachOut) -> ReachOut:
        """The order at the one instant by which a transaction looks, judges and writes."""
        return replace(order, at=self._clocks.lawful_at(order.at))

    def _look(self, connection: Connection[Any], order: ReachOut) -> Look:
        """Hold the person, and read all that is decided and written by."""
        return looking.look(
            connection,
            order.account_id,
            order.at,
            key=order.key,
            told={slept.key for slept in order.waits},
            silent=self._silent,
            spoken=self._messages.speaks_of_plans(order.message),
        )

    def _look_by_law(self, session: Session, order: ReachOut) -> Look:
        """As `_look`; if no law has been put in force yet, the one that ships is."""
        session.flush()
        look = self._look(driver(session), order)
        if look.law:
            return look
        laws.current(session)
        return self._look(driver(session), order)

    def _resume(self, session: Session, order: ReachOut) -> datetime | Reached | ApplicationError:
        """Go on from what an earlier attempt, or nobody yet, has written."""
        look = self._look_by_law(session, order)
        if look.status is None:
            return self._intend(driver(session), order, look)
        row = _on_record(session, order)
        if look.status is ContactStatus.REFUSED:
            return self._intend(driver(session), order, look, again=row)
        if look.status is not ContactStatus.INTENDED:
            return _reached(look, Allow(), look.status)
        if row.tried_at is not None:
            known = self._reconcile(session, order, row, row.tried_at)
            if known is not None:
                return known
        row.tried_at = self._clocks.wall()
        return row.tried_at

    def _intend(
        self,
        connection: Connection[Any],
        order: ReachOut,
        look: Look,
        *,
        again: ContactRow | None = None,
        last: bool = False,
    ) -> datetime | Reached:
        """Write the verdict and, if it is Allow, the intent; else answer with the refusal.

        If it is the `last` thing in its transaction, that commits with it.
        """
        link = (again.link if again else None) or secrets.token_urlsafe(LINK_BYTES)
        request, verdict, words = self._judge(order, look, link)
        rulings = contacts.untold(order.account_id, order.waits, look.told)
        rulings.append(_ruling(order, look, request, verdict))
        if words is None or not isinstance(verdict, Allow):
            contacts.decide(connection, _head(look), rulings, last=last)
            return _reached(look, verdict, None)
        address, lease = _address(order, look), self._clocks.wall()
        if again is None:
            intent = contacts.Intent(order, address, link, words.model_dump_json(), lease)
            contacts.decide(connection, _head(look), rulings, intent, last=last)
            return lease
        contacts.decide(connection, _head(look), rulings)
        written = words.model_dump(mode="json")
        contacts.intend_again(again, order, address=address, words=written, tried_at=lease)
        return lease

    def _judge(
        self, order: ReachOut, look: Look, link: str
    ) -> tuple[ContactRequest, AnyVerdict, Rendered | None]:
        """The gate's answer to the wish to write and, if it allows that, to what was written.

        What is written can only be refused for more, so if it is allowed, the wish is, too: then
        the gate is asked once.
        """
        at, packs, facts = order.at, LAWS.called(look.law), look.facts.without(order.key)
        bound = disclosures(order.request, facts, packs, at)
        try:
            words = self._render(order, look, link, bound)
        except MessageError as error:
            verdict = _last_look(order.request, look, facts, packs, at)
            if isinstance(verdict, Allow):
                verdict = Deny(reasons=(_unsayable(error),), packs=verdict.packs)
            return order.request, verdict, None
        request = _written(order.request, words, bound, look)
        verdict = _last_look(request, look, facts, packs, at)
        if isinstance(verdict, Allow):
            return request, verdict, words
        unwritten = _last_look(order.request, look, facts, packs, at)
        if isinstance(unwritten, Allow):
            return request, verdict, None
        return order.request, unwritten, None

    def _render(
        self, order: ReachOut, look: Look, link: str, bound: Sequence[Disclosure]
    ) -> Rendered:
        plan = look.plan
        words = Words(
            consumer_name=look.name,
            creditor_name=look.creditor_name,
            balance=Money(minor=_asked_for(look, order.at), currency=look.currency),
            due_on=look.due_on,
            link=f"{self._public_url}/p/{link}",
            plan=order.offer or plan,
            instalment=_announced(plan, order, look.balance) if plan else None,
            left=_left(plan, look, order.at) if plan else None,
            decline_reason=look.decline,
            settlement=_open_offer(look, order.at),
        )
        facts = look.facts
        return self._messages.render(
            order.message, facts.language, words, bound, country=facts.country
        )

    def _reconcile(
        self, session: Session, order: ReachOut, row: ContactRow, tried_at: datetime
    ) -> Reached | ApplicationError | None:
        """Find out whether an earlier attempt sent it; None if it certainly did not.

        The provider's list may lag behind its latest call, so that is what the wait counts from.
        """
        carrier = self._carriers[order.message.channel]
        age = self._clocks.wall() - tried_at
        if age < carrier.lag:
            return _later("the provider is asked later", carrier.lag - age)
        found = carrier.find(_envelope(row), row.recorded_at)
        match found:
            case Found(provider_id=provider_id):
                self._conclude(session, order, ContactStatus.SENT, provider_id=provider_id)
                return self._came_to(session, order, ContactStatus.SENT)
            case Missing():
                return None
        return self._give_up_or_retry(session, order, row, found)

    # the second transaction: call and conclude

    def _call(
        self, session: Session, order: ReachOut, *, lease: datetime
    ) -> Reached | ApplicationError:
        """Look a last time, call, and write what came of it."""
        order = self._timed(order)
        look = self._look_by_law(session, order)
        row = _on_record(session, order)
        if row.status != ContactStatus.INTENDED:
            return _reached(look, Allow(), ContactStatus(row.status))
        if row.tried_at != lease:
            return _later("another attempt is under way", None)
        words = Rendered.model_validate(row.words)
        request, verdict = self._judge_again(order, look, words)
        if not isinstance(verdict, Allow):
            contacts.decide(driver(session), _head(look), [_ruling(order, look, request, verdict)])
            self._conclude(session, order, ContactStatus.REFUSED)
            return self._came_to(session, order, None, verdict)
        outcome = self._carriers[order.message.channel].send(_envelope(row, words))
        return self._settle(session, order, row, outcome)

    def _judge_again(
        self, order: ReachOut, look: Look, words: Rendered
    ) -> tuple[ContactRequest, AnyVerdict]:
        """The last look: the gate's answer to the words as they stand, by the record as it is."""
        at, packs, facts = order.at, LAWS.called(look.law), look.facts.without(order.key)
        bound = disclosures(order.request, facts, packs, at)
        request = _written(order.request, words, bound, look)
        return request, _last_look(request, look, facts, packs, at)

    def _settle(
        self, session: Session, order: ReachOut, row: ContactRow, outcome: Outcome
    ) -> Reached | ApplicationError:
        match outcome:
            case Accepted(provider_id=provider_id):
                self._conclude(session, order, ContactStatus.SENT, provider_id=provider_id)
                return self._came_to(session, order, ContactStatus.SENT)
            case Rejected():
                self._learn(session, row, outcome, order.at)
                self._conclude(session, order, ContactStatus.REJECTED, code=outcome.code)
                rejected = ContactStatus.REJECTED
                return self._came_to(session, order, rejected, detail=outcome.reason)
            case NotSent():
                row.tried_at = None
            case Unknown():
                row.tried_at = self._clocks.wall()  # until now it may have taken effect
        return self._give_up_or_retry(session, order, row, outcome)

    def _give_up_or_retry(
        self, session: Session, order: ReachOut, row: ContactRow, trouble: NotSent | Unknown
    ) -> Reached | ApplicationError:
        if self._clocks.wall() - row.recorded_at < self._patience.in_all:
            return _later(trouble.reason, None)
        known = isinstance(trouble, NotSent)
        status = ContactStatus.UNAVAILABLE if known else ContactStatus.UNKNOWN
        self._conclude(session, order, status)
        return self._came_to(session, order, status, detail=trouble.reason)

    def _learn(self, session: Session, row: ContactRow, said: Rejected, at: datetime) -> None:
        """Keep what a refusal says of the address: opted out at the provider, or no such number."""
        fact = people.OPTED_OUT if said.opted_out else people.DEAD if said.bad_address else None
        if fact is not None:
            people.note_address(
                session, Channel(row.channel), row.address, fact, source=f"code {said.code}", at=at
            )

    def _conclude(
        self,
        session: Session,
        order: ReachOut,
        status: ContactStatus,
        *,
        provider_id: str | None = None,
        code: str | None = None,
    ) -> None:
        contacts.conclude(
            session, order.key, status, at=order.at, provider_id=provider_id, error_code=code
        )

    def _came_to(
        self,
        session: Session,
        order: ReachOut,
        status: ContactStatus | None,
        verdict: AnyVerdict | None = None,
        *,
        detail: str = "",
    ) -> Reached:
        """What came of it, by the record as it stands now."""
        look = self._look_by_law(session, order)
        return _reached(look, verdict or Allow(), status, detail)


def _asked_for(look: Look, at: datetime) -> int:
    """Minor units to ask for: what is owed without the parts that are held, such as disputed ones.

    If nothing else is owed, all of it: the gate refuses that message, and says why.
    """
    rest = look.balance - look.facts.held_part(at)
    return rest if rest > 0 else look.balance


def _left(plan: PaymentPlan, look: Look, at: datetime) -> Money:
    """What is still to be paid with the plan, without the parts of the debt that are held."""
    left = min(plan.left(look.balance), _asked_for(look, at))
    return Money(minor=left, currency=look.currency)


def _announced(plan: PaymentPlan, order: ReachOut, balance: int) -> Instalment | None:
    """The instalment that a message is about, with all that is then collected with it, and when."""
    about = next((each for each in plan.instalments if each.number == order.instalment), None)
    if about is not None and (minor := plan.outstanding(about, balance)):
        return replace(about, minor=minor, due=order.day or about.due)
    following = plan.next_due(balance)
    if following is None:
        return None
    return replace(following, minor=plan.outstanding(following, balance))


def _open_offer(look: Look, at: datetime) -> Settlement | None:
    """The offer to settle that can be met at that moment, where the consumer is."""
    offer = look.settlement
    return offer if offer and not offer.is_over(at, now_in=look.facts.zones) else None


def _on_record(session: Session, order: ReachOut) -> ContactRow:
    row = contacts.by_key(session, order.key)
    if row is None:
        raise LookupError(f"{order.key}: the intent is gone")
    return row


def _reached(
    look: Look,
    verdict: AnyVerdict,
    status: ContactStatus | None,
    detail: str = "",
) -> Reached:
    return Reached(
        verdict=verdict,
        status=status,
        facts=look.facts,
        law=look.law,
        law_number=look.law_number,
        version=look.version,
        balance=look.balance,
        recalled=look.recalled,
        detail=detail,
    )


def _last_look(
    request: ContactRequest, look: Look, facts: PersonFacts, packs: Packs, at: datetime
) -> AnyVerdict:
    """The gate's answer, unless the record itself says that it is over."""
    if look.over is not None:
        return Deny(reasons=(look.over,))
    return decide(request, facts, packs, at)


def _written(
    request: ContactRequest, words: Rendered, bound: Sequence[Disclosure], look: Look
) -> ContactRequest:
    """The request with what the written message is seen to contain."""
    found = said(words.forms, bound, words.language, look.facts)
    content = Content(said=found.union(words.says), demanded=words.demanded, owed=look.balance)
    return request.model_copy(update={"content": content})


def _ruling(
    order: ReachOut, look: Look, request: ContactRequest, verdict: AnyVerdict
) -> contacts.Ruling:
    return contacts.Ruling(
        key=order.key,
        at=order.at,
        law=look.law,
        request=request,
        message=order.message,
        verdict=verdict,
        facts=look.plain,
        balance=look.balance,
        version=look.version,
    )


def _head(look: Look) -> contacts.Head:
    return contacts.Head(look.account_id, look.person_id, look.seq, look.hash)


def _address(order: ReachOut, look: Look) -> str:
    address = look.address(order.message.channel)
    if address is None:
        raise LookupError(f"{order.key}: allowed without an address")
    return address


def _unsayable(error: MessageError) -> Reason:
    says = f"the message cannot be written now: {error}"
    return Reason(rule="NO-WORDS", pack=BY_THE_RECORD, says=says, cite="house policy")


def _envelope(row: ContactRow, words: Rendered | None = None) -> Envelope:
    """The message as it was written down, so that every attempt sends the same words."""
    words = words or Rendered.model_validate(row.words)
    return Envelope(key=row.key, to=row.address, words=words)


def _later(reason: str, delay: timedelta | None) -> ApplicationError:
    return ApplicationError(reason, type="ProviderTrouble", next_retry_delay=delay)
