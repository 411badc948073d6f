"""Reach out: last look, intent, call and outcome, in one activity.

The intent commits before the provider is called, and the call happens under the person's lock,
after a last look. So two accounts cannot take one slot, two attempts cannot call at once, and no
message leaves after a payment, a stop or a dispute has been acknowledged: whoever acknowledges
those holds the same lock first. An attempt that finds an intent without an outcome asks the
provider before it sends; what stays unknown is counted as a contact, and never sent again.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.channels import Carriers, Envelope
from compliance import Allow, AnyVerdict, ContactRequest, Deny, Pack, PersonFacts, Reason, decide
from compliance.orders import Reached, ReachOut
from domain.contacts import Channel, ContactStatus
from domain.money import Money
from providers.messages import MessageError, Messages, Rendered, Words
from providers.outcomes import Accepted, Found, Missing, NotSent, Outcome, Rejected, Unknown
from storage import Database, accounts, contacts, creditors, ledger, payments, people
from storage.session import lock_account
from storage.tables import ContactRow, Person

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
        packs: Sequence[Pack],
        carriers: Carriers,
        messages: Messages,
        clocks: Clocks,
        patience: Patience,
        public_url: str,
    ) -> None:
        """Join the record, the law, the channels and the words."""
        self._database = database
        self._packs = packs
        self._carriers = carriers
        self._messages = messages
        self._clocks = clocks
        self._patience = patience
        self._public_url = public_url.rstrip("/")

    @activity.defn(no_thread_cancel_exception=True)  # what an attempt learns, it writes down
    def reach_out(self, order: ReachOut) -> Reached:
        """Contact the person if the record allows it; say what came of it."""
        with self._database.transaction() as session:
            lock_account(session, order.account_id)
            answer = self._prepare(session, order)
        if isinstance(answer, datetime):
            with self._database.transaction() as session:
                lock_account(session, order.account_id)
                answer = self._call(session, order, lease=answer)
        if isinstance(answer, ApplicationError):
            raise answer
        return answer

    # the first transaction: decide and intend, or find out what an earlier attempt came to

    def _prepare(self, session: Session, order: ReachOut) -> datetime | Reached | ApplicationError:
        """Take the lease for one call, and give it; or answer without a call."""
        row = contacts.by_key(session, order.key)
        if row is None or row.status == ContactStatus.REFUSED:
            intended = self._intend(session, order, row)
            if isinstance(intended, Reached):
                return intended
            row = intended
        elif row.status != ContactStatus.INTENDED:
            return self._reached(session, order, Allow(), ContactStatus(row.status))
        elif row.tried_at is not None:
            known = self._reconcile(session, order, row, row.tried_at)
            if known is not None:
                return known
        row.tried_at = self._clocks.wall()
        return row.tried_at

    def _intend(
        self, session: Session, order: ReachOut, row: ContactRow | None
    ) -> Reached | ContactRow:
        """Write the verdict and, if it is Allow, the intent; else answer with the refusal."""
        verdict, facts = self._look(session, order)
        person = people.person_of(session, order.account_id)
        for slept in order.waits:
            contacts.decide(session, order, person, slept.verdict, at=slept.at)
        contacts.decide(session, order, person, verdict, at=order.at, facts=_proof(facts))
        if not isinstance(verdict, Allow):
            return self._reached(session, order, verdict, None)
        address = people.address(person, order.message.channel)
        if address is None:
            raise LookupError(f"{order.key}: allowed without an address")
        link = row.link if row else secrets.token_urlsafe(LINK_BYTES)
        try:
            words = self._render(session, order, link, person)
        except MessageError as error:
            return self._reached(session, order, Deny(reasons=(_unsayable(error),)), None)
        if row is None:
            row = contacts.intend(session, order, person, address=address, link=link)
        else:
            contacts.intend_again(row, order, address=address)
        row.words = words.model_dump(mode="json")
        return row

    def _look(self, session: Session, order: ReachOut) -> tuple[AnyVerdict, PersonFacts]:
        """Ask the gate, with the record's facts, at this account's time."""
        at, facts = self._clocks.lawful_at(order.at), self._facts(session, order)
        if (over := _why_over(session, order.account_id)) is not None:
            return Deny(reasons=(_over(over),)), facts
        others = tuple(each for each in facts.contacts if each.key != order.key)
        request = ContactRequest(
            account_id=order.account_id,
            channel=order.message.channel,
            purpose=order.message.purpose,
        )
        asked = facts.model_copy(update={"contacts": others})
        return decide(request, asked, self._packs, at), facts

    def _facts(self, session: Session, order: ReachOut) -> PersonFacts:
        """The record's facts; a channel that nothing carries reaches nobody."""
        facts = people.facts(session, order.account_id, self._clocks.lawful_at(order.at))
        silent = {channel for channel in Channel if channel not in self._carriers}
        return facts.model_copy(
            update={"unreachable": tuple(sorted({*facts.unreachable} | silent))}
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
                return self._reached(session, order, Allow(), ContactStatus.SENT)
            case Missing():
                return None
        return self._give_up_or_retry(session, order, row, found)

    # the second transaction: call and conclude

    def _call(
        self, session: Session, order: ReachOut, *, lease: datetime
    ) -> Reached | ApplicationError:
        """Look a last time, call, and write what came of it."""
        row = contacts.by_key(session, order.key)
        if row is None:
            raise LookupError(f"{order.key}: the intent is gone")
        if row.status != ContactStatus.INTENDED:
            return self._reached(session, order, Allow(), ContactStatus(row.status))
        if row.tried_at != lease:
            return _later("another attempt is under way", None)
        verdict, _ = self._look(session, order)
        if not isinstance(verdict, Allow):
            person = people.person_of(session, order.account_id)
            contacts.decide(session, order, person, verdict, at=order.at)
            self._conclude(session, order, ContactStatus.REFUSED)
            return self._reached(session, order, verdict, None)
        outcome = self._carriers[order.message.channel].send(_envelope(row))
        return self._settle(session, order, row, outcome)

    def _settle(
        self, session: Session, order: ReachOut, row: ContactRow, outcome: Outcome
    ) -> Reached | ApplicationError:
        match outcome:
            case Accepted(provider_id=provider_id):
                self._conclude(session, order, ContactStatus.SENT, provider_id=provider_id)
                return self._reached(session, order, Allow(), ContactStatus.SENT)
            case Rejected():
                self._learn(session, row, outcome, order.at)
                self._conclude(session, order, ContactStatus.REJECTED, code=outcome.code)
                return self._reached(
                    session, order, Allow(), ContactStatus.REJECTED, outcome.reason
                )
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
        return self._reached(session, order, Allow(), status, trouble.reason)

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

    def _reached(
        self,
        session: Session,
        order: ReachOut,
        verdict: AnyVerdict,
        status: ContactStatus | None,
        detail: str = "",
    ) -> Reached:
        session.flush()
        account = accounts.by_id(session, order.account_id)
        return Reached(
            verdict=verdict,
            status=status,
            facts=self._facts(session, order),
            version=ledger.version(session, order.account_id),
            balance=ledger.balance(session, order.account_id),
            recalled=account is not None and account.recalled_at is not None,
            detail=detail,
        )

    def _render(self, session: Session, order: ReachOut, link: str, person: Person) -> Rendered:
        account = accounts.by_id(session, order.account_id)
        if account is None:
            raise LookupError(f"no account {order.account_id} in the record")
        owed = ledger.balance(session, account.id)
        plan = payments.accepted_plan(session, account.id)
        words = Words(
            consumer_name=person.name,
            creditor_name=creditors.name_of(session, account.creditor_id),
            balance=Money(minor=owed, currency=account.currency),
            due_on=account.due_on,
            link=f"{self._public_url}/p/{link}",
            plan=order.offer or plan,
            instalment=plan.next_due(owed) if plan else None,
            decline_reason=payments.last_decline(session, account.id),
        )
        return self._messages.render(
            order.message, person.locale, words, country=person.country, at=order.at
        )


def _why_over(session: Session, account_id: str) -> str | None:
    """Why nothing may leave about this account any more, if so."""
    account = accounts.by_id(session, account_id)
    if account is None:
        raise LookupError(f"no account {account_id} in the record")
    if account.closure is not None:
        return f"the journey is over: {account.closure}"
    if account.recalled_at is not None:
        return "the creditor recalled the account"
    return None if ledger.balance(session, account.id) > 0 else "nothing is owed any more"


def _over(says: str) -> Reason:
    return Reason(rule="LAST-LOOK", pack="record", says=says, cite="house policy: pay-stop")


def _unsayable(error: MessageError) -> Reason:
    says = f"the message cannot be written now: {error}"
    return Reason(rule="NO-WORDS", pack="record", says=says, cite="house policy")


def _envelope(row: ContactRow) -> Envelope:
    """The message as it was written down, so that every attempt sends the same words."""
    return Envelope(key=row.key, to=row.address, words=Rendered.model_validate(row.words))


def _proof(facts: PersonFacts) -> dict[str, object]:
    """The facts of a decision, for its row."""
    return facts.model_dump(mode="json")


def _later(reason: str, delay: timedelta | None) -> ApplicationError:
    return ApplicationError(reason, type="ProviderTrouble", next_retry_delay=delay)
