"""Why an account is, or is not, contacted: the record's facts put to the law in force."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from activities import debits
from api.problems import Invalid, ProblemBody, field_error
from api.roles import ToExplain
from api.schemas import ChannelAnswer, ExplanationView, FactsUsed, Rule, RuleAnswer
from api.services import Served
from api.views import owned
from compliance.explaining import Explanation, Finding, explain
from compliance.facts import ContactRequest, PastContact, PersonFacts
from compliance.last_look import why_over
from compliance.laws import LAWS, shipped_id
from compliance.packs import Packs
from compliance.sentences import sentence
from compliance.verdicts import Deny, Reason
from domain.accounts import Closure
from domain.contacts import Channel, Purpose
from domain.time import local_instant, zone
from storage import accounts, contacts, laws, ledger, people
from storage.tables import Account

A_MOMENT = "a moment such as 2026-11-30T14:00, 2026-11-30T14:00+01:00 or 2026-11-30, from 2000 on"
YEARS = range(2000, 2101)
GIVEN_UP = {Closure.REFERRED, Closure.CEASED}
MOST_DECISIONS = 10_000
"""Of an account: more than any journey asks for in years."""
DOCUMENTED: dict[int | str, dict[str, Any]] = {
    status: {
        "model": ProblemBody,
        "description": HTTPStatus(status).phrase,
        "content": {"application/problem+json": {}},
    }
    for status in (401, 404, 422, 503)
}

router = APIRouter(prefix="/v1/accounts", tags=["accounts"], responses=DOCUMENTED)


@dataclass(frozen=True)
class Question:
    """What is asked of the gate."""

    at: datetime
    channel: Channel | None = None
    """None: every channel, with the details of `likely`."""
    purpose: Purpose = Purpose.DEMAND
    likely: Channel = Channel.SMS

    @property
    def detail(self) -> Channel:
        """The channel of which every rule is told."""
        return self.channel or self.likely


@router.get("/{account_id}/explain")
async def explain_account(
    account_id: str,
    creditor: ToExplain,
    services: Served,
    *,
    channel: Annotated[Channel | None, Query(description="All of them if left out.")] = None,
    purpose: Annotated[Purpose, Query(description="Rules differ by it.")] = Purpose.DEMAND,
    at: Annotated[
        str | None,
        Query(
            max_length=40,
            description=(
                "An ISO 8601 moment; without a zone it is the consumer's, and a date alone is the "
                "midnight with which it begins. Left out: the present."
            ),
            examples=["2026-11-30T14:00"],
        ),
    ] = None,
) -> ExplanationView:
    """Why a contact would, or would not, be made: every rule asked, and what would have to change.

    The facts are those of today, also for a moment of another day.
    """

    def answer() -> ExplanationView:
        with services.database.transaction() as session:
            account = owned(session, creditor, account_id)
            present = contacts.present(session, account.person_id, services.wall())
            when = present if at is None else _asked_for(at, zone_of(session, account, present))
            return explained(session, account, Question(when, channel, purpose))

    return await run_in_threadpool(answer)


def _asked_for(text: str, zone_name: str) -> datetime:
    try:
        return moment(text, zone_name)
    except ValueError as error:
        raise Invalid([field_error("/query/at", "is not a moment", A_MOMENT)]) from error


def moment(text: str, zone_name: str) -> datetime:
    """An ISO 8601 moment; without a zone it is by the wall clock there. ValueError for nonsense.

    A date alone is the midnight with which it begins, so that the next lawful moment is the first
    of that day.
    """
    spelled = re.sub(r"(?<=T)(\S+) (?=\d\d:?\d\d$)", r"\1+", text)  # "+" in an address is a space
    try:
        read = datetime.fromisoformat(spelled)
        if read.year in YEARS:
            if read.tzinfo is not None:
                return read.astimezone(zone("UTC"))
            return local_instant(read.date(), read.time(), zone_name)
    except ValueError as error:
        raise ValueError(f"expected {A_MOMENT}") from error
    raise ValueError(f"expected {A_MOMENT}")


def zone_of(session: Session, account: Account, at: datetime) -> str:
    """The zone in which times are told: that of the stated address, if it is known."""
    return home_zone(people.facts(session, account.id, at))


def home_zone(facts: PersonFacts) -> str:
    """The first of the zones where the person is, or may be."""
    return (facts.residence_zones or facts.zones)[0]


def law_in_force(session: Session) -> str:
    """The id of the law that the record goes by. Nothing is written."""
    return laws.latest(session) or shipped_id()


def explained(session: Session, account: Account, question: Question) -> ExplanationView:
    """Put the question to the law in force, with the record's facts."""
    law, at = law_in_force(session), question.at
    packs, facts = LAWS.called(law), people.facts(session, account.id, at)
    if question.purpose is Purpose.DEBIT:
        facts = debits.of_debit(session, facts, account.id, at)
    known = tuple(each for each in facts.contacts if each.at <= at)
    facts = facts.model_copy(update={"contacts": known})
    told = {
        channel: explain(
            ContactRequest(account_id=account.id, channel=channel, purpose=question.purpose),
            facts,
            packs,
            at,
        )
        for channel in ([question.channel] if question.channel else Channel)
    }
    over = why_over(
        closure=account.closure,
        recalled=account.recalled_at is not None,
        balance=ledger.balance(session, account.id),
    )
    return ExplanationView(
        account_id=account.id,
        at=at,
        zone=home_zone(facts),
        law=law,
        purpose=question.purpose,
        over=over.says if over else None,
        refused_at_last=_refused_at_last(session, account),
        handed_over=(
            accounts.handed_over(session, account.id) if account.closure in GIVEN_UP else []
        ),
        channels=[_channel(channel, each, over) for channel, each in told.items()],
        detail=question.detail,
        rules=_answers(told[question.detail].findings, packs),
        facts=_facts(facts, at),
    )


def _refused_at_last(session: Session, account: Account) -> list[Rule]:
    """The rules by which an account that ended unpaid was left without any way to be reached."""
    if account.closure not in GIVEN_UP:
        return []
    found = dict[str, Rule]()
    for decision in reversed(contacts.decisions(session, account.id, limit=MOST_DECISIONS)):
        if decision.verdict != Deny().kind:
            break
        reasons = map(Reason.model_validate, json.loads(decision.body)["verdict"]["reasons"])
        for first in list(reasons)[:1]:
            found.setdefault(first.rule, _rule(first))
    return list(found.values())


def _channel(channel: Channel, told: Explanation, over: Reason | None) -> ChannelAnswer:
    if over is not None:
        return ChannelAnswer(
            channel=channel,
            verdict="deny",
            next_lawful=None,
            recheck_at=None,
            decided_by=_rule(over),
        )
    first = told.verdict.reasons[0] if told.verdict.reasons else None
    return ChannelAnswer(
        channel=channel,
        verdict=told.verdict.kind,
        next_lawful=told.next_lawful,
        recheck_at=told.verdict.recheck_at if isinstance(told.verdict, Deny) else None,
        decided_by=_rule(first) if first else None,
    )


def _rule(reason: Reason) -> Rule:
    return Rule(rule=reason.rule, says=reason.says, cite=reason.cite)


def _answers(findings: Sequence[Finding], packs: Packs) -> list[RuleAnswer]:
    rules = {(pack.name, rule.id): rule for pack in packs for rule in pack.rules}
    return [
        RuleAnswer(
            rule=each.rule,
            pack=each.pack,
            answer=each.answer,
            says=each.says,
            does=sentence(rules[each.pack, each.rule]),
            cite=each.cite,
            force=each.force,
            certainty=each.verified,
            until=each.until,
            counter=each.counter,
            lifts=each.lifts,
        )
        for each in findings
    ]


def _facts(facts: PersonFacts, at: datetime) -> FactsUsed:
    return FactsUsed(
        actor=facts.actor,
        sector=facts.sector,
        country=facts.country,
        regions=facts.regions,
        zones=facts.zones,
        holds=facts.holds,
        opted_out=facts.opted_out,
        unreachable=facts.unreachable,
        wishes=facts.wishes,
        milestones=facts.milestones,
        contacts_since=at - people.LOOK_BACK,
        contacts=_by_channel(
            each
            for each in facts.contacts
            if not each.inbound and each.purpose is not Purpose.DEBIT  # goes by no channel
        ),
        inbound=_by_channel(each for each in facts.contacts if each.inbound),
    )


def _by_channel(made: Iterable[PastContact]) -> dict[Channel, int]:
    return dict(sorted(Counter(each.channel for each in made).items()))
