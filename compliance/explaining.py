"""Why a contact is, or is not, allowed: every rule asked, and what would have to change."""

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from compliance.asked import Asked
from compliance.evaluator import REFUSALS, binding_of, decide
from compliance.facts import ContactRequest, PersonFacts
from compliance.packs import Packs
from compliance.rules import Certainty, Force
from compliance.verdicts import Allow, AnyVerdict, Wait


class Finding(BaseModel):
    """What one rule says to a request."""

    model_config = ConfigDict(frozen=True)

    rule: str
    pack: str
    says: str
    cite: str
    force: Force
    verified: Certainty
    answer: Literal["lets it through", "delays", "refuses", "does not apply"]
    until: AwareDatetime | None = None
    """The first instant that this rule alone would allow."""
    counter: str | None = None
    """How much of a cap is used, such as "3 of 7"."""
    lifts: str = ""
    """What would have to change."""


class Explanation(BaseModel):
    """The gate's answer to one request at one instant, rule by rule."""

    model_config = ConfigDict(frozen=True)

    request: ContactRequest
    at: AwareDatetime
    zones: tuple[str, ...]
    """Every zone in which the person may be."""
    verdict: AnyVerdict
    next_lawful: AwareDatetime | None
    """The first lawful moment on these facts; None if somebody or something has to change."""
    findings: tuple[Finding, ...]
    """Rules that stand in the way first."""


def explain(request: ContactRequest, facts: PersonFacts, packs: Packs, at: datetime) -> Explanation:
    """Say what the gate answers at `at`, and what every rule that was asked says to it."""
    verdict = decide(request, facts, packs, at)
    asked, counters = Asked(request, facts, at), dict[str, str]()
    binding = binding_of(asked, packs)
    findings = []
    for each in (*binding.refusing, *binding.delaying):
        finding = Finding(
            rule=each.rule.id,
            pack=each.pack.name,
            says=each.rule.says,
            cite=each.rule.cite,
            force=each.rule.force,
            verified=each.rule.verified,
            answer="lets it through",
        )
        if each.silent(asked):
            changes: dict[str, object] = {"answer": "does not apply"}
        elif type(each.rule) in REFUSALS:
            lifts = each.refuses(asked)
            changes = {} if lifts is None else _refusal(each.rule.lifts or lifts)
        else:
            free = each.allows_from(asked, counters)
            changes = {"counter": counters.get(each.rule.id)}
            changes |= {"answer": "delays", "until": free} if free > at else {}
        findings.append(finding.model_copy(update=changes))
    findings.sort(key=lambda each: ORDER.index(each.answer))
    return Explanation(
        request=request,
        at=at,
        zones=facts.zones,
        verdict=verdict,
        next_lawful=_next(verdict, at),
        findings=tuple(findings),
    )


ORDER = ("refuses", "delays", "lets it through", "does not apply")


def _refusal(lifts: str) -> dict[str, object]:
    return {"answer": "refuses", "lifts": lifts}


def _next(verdict: AnyVerdict, at: datetime) -> datetime | None:
    match verdict:
        case Allow():
            return at
        case Wait(until=until):
            return until
        case _:
            return None
