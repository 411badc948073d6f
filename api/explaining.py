"""Why an account is, or is not, contacted: the record's facts put to the law in force."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from api.problems import Invalid, ProblemBody, field_error
from api.schemas import ChannelAnswer, ExplanationView, FactsUsed, Rule, RuleAnswer
from api.services import CreditorId, Served
from api.views import owned
from compliance.explaining import Explanation, Finding, explain
from compliance.facts import ContactRequest, PastContact, PersonFacts
from compliance.laws import UnknownLawError, read_law, shipped_id, shipped_text
from compliance.packs import Packs
from compliance.sentences import sentence
from compliance.verdicts import Deny
from domain.contacts import Channel, Purpose
from domain.time import local_instant, zone
from storage import contacts, laws, ledger, people
from storage.tables import Account

A_MOMENT = "a moment such as 2026-11-30T14:00, 2026-11-30T14:00+01:00 or 2026-11-30, from 2000 on"
YEARS = range(2000, 2101)
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
    creditor: CreditorId,
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
            present = present_of(session, account, services.wall())
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


def present_of(session: Session, account: Account, wall: datetime) -> datetime:
    """The present as the record knows it: an account that was run ahead of the wall has its own."""
    latest = contacts.latest_at(session, account.person_id)
    return max(wall, latest) if latest else wall


def zone_of(session: Session, account: Account, at: datetime) -> str:
    """The zone in which times are told: that of the stated address, if it is known."""
    return home_zone(people.facts(session, account.id, at))


def home_zone(facts: PersonFacts) -> str:
    """The first of the zones where the person is, or may be."""
    return (facts.residence_zones or facts.zones)[0]


def law_in_force(session: Session) -> str:
    """The id of the law that the record goes by. Nothing is written."""
    return laws.latest(session) or shipped_id()


def packs_of(session: Session, law: str) -> Packs:
    """The packs of a law; UnknownLawError if neither the record nor this release has it."""
    text = laws.text_of(session, law)
    if text is None and law == shipped_id():
        text = shipped_text()
    if text is None:
        raise UnknownLawError(
            f"no law {law!r} on record: expected an id such as law_0123456789abcd"
        )
    return _read(text)


@lru_cache(maxsize=4)
def _read(text: str) -> Packs:
    return read_law(text)


def explained(session: Session, account: Account, question: Question) -> ExplanationView:
    """Put the question to the law in force, with the record's facts."""
    law, at = law_in_force(session), question.at
    packs, facts = packs_of(session, law), people.facts(session, account.id, at)
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
    over = why_over(session, account)
    return ExplanationView(
        account_id=account.id,
        at=at,
        zone=home_zone(facts),
        law=law,
        purpose=question.purpose,
        over=over,
        channels=[_channel(channel, each, over) for channel, each in told.items()],
        detail=question.detail,
        rules=_answers(told[question.detail].findings, packs),
        facts=_facts(facts, at),
    )


def why_over(session: Session, account: Account) -> str | None:
    """Why nothing may leave about this account any more, if so."""
    if account.closure is not None:
        return f"the journey is over: {account.closure}"
    if account.recalled_at is not None:
        return "the creditor recalled the account"
    return None if ledger.balance(session, account.id) > 0 else "nothing is owed any more"


def _channel(channel: Channel, told: Explanation, over: str | None) -> ChannelAnswer:
    if over is not None:
        last_look = Rule(rule="LAST-LOOK", says=over, cite="house policy: pay-stop")
        return ChannelAnswer(
            channel=channel,
            verdict="deny",
            next_lawful=None,
            recheck_at=None,
            decided_by=last_look,
        )
    first = told.verdict.reasons[0] if told.verdict.reasons else None
    return ChannelAnswer(
        channel=channel,
        verdict=told.verdict.kind,
        next_lawful=told.next_lawful,
        recheck_at=told.verdict.recheck_at if isinstance(told.verdict, Deny) else None,
        decided_by=Rule(rule=first.rule, says=first.says, cite=first.cite) if first else None,
    )


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
        country=facts.country,
        regions=facts.regions,
        zones=facts.zones,
        holds=facts.holds,
        opted_out=facts.opted_out,
        unreachable=facts.unreachable,
        wishes=facts.wishes,
        milestones=facts.milestones,
        contacts_since=at - people.LOOK_BACK,
        contacts=_by_channel(each for each in facts.contacts if not each.inbound),
        inbound=_by_channel(each for each in facts.contacts if each.inbound),
    )


def _by_channel(made: Iterable[PastContact]) -> dict[Channel, int]:
    return dict(sorted(Counter(each.channel for each in made).items()))
