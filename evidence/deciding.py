"""Asking the gate again: a decision's own facts, law and time must give the verdict on record."""

from dataclasses import dataclass
from datetime import UTC
from functools import lru_cache

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from compliance import AnyVerdict, ContactRequest, Deny, Packs, PersonFacts, Wait, decide
from compliance.last_look import BY_THE_RECORD, LAST_LOOK
from compliance.laws import read_law
from compliance.verdicts import Verdict
from domain.contacts import Channel, Message


class Decided(BaseModel):
    """The body of a decision, read back."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    contact: str
    account: str
    person: str
    seq: int
    at: AwareDatetime
    law: str
    request: ContactRequest
    message: Message
    verdict: AnyVerdict
    zones: tuple[str, ...] | None = None
    facts: PersonFacts | None = None
    """None: the account slept through it, and the facts it carried then are not on record."""
    balance: int | None = None
    version: int | None = None
    """Ledger movements that the balance is the sum of."""

    @property
    def channel(self) -> Channel:
        """The channel that was asked about."""
        return self.request.channel

    @property
    def says(self) -> str:
        """The verdict in one word."""
        return self.verdict.kind

    @property
    def rules(self) -> list[str]:
        """The rules that decided, the first one first."""
        return [reason.rule for reason in self.verdict.reasons]

    @property
    def until(self) -> AwareDatetime | None:
        """When a wait is over."""
        return self.verdict.until if isinstance(self.verdict, Wait) else None


@dataclass(frozen=True)
class Standing:
    """What the file says of the account itself."""

    over: bool = False
    """It is closed, or the creditor recalled it."""


class NotRerunError(Exception):
    """The gate cannot be asked again about this decision; says why."""


@lru_cache(maxsize=16)
def law_of(text: str) -> Packs:
    """The packs of a law; ValueError for a text that is no law."""
    return read_law(text)


def disagreements(decided: Decided, law: Packs | None, standing: Standing) -> list[str]:
    """In what the gate answers otherwise today; NotRerunError if it cannot be asked again."""
    if any(reason.pack == BY_THE_RECORD for reason in decided.verdict.reasons):
        return _last_look(decided, standing)
    if decided.facts is None:
        raise NotRerunError("slept through: the facts that the account carried are not on record")
    if law is None:
        raise NotRerunError(f"its law {decided.law} cannot be read from this file")
    try:
        found = decide(decided.request, decided.facts.without(decided.contact), law, decided.at)
    except (ValueError, LookupError, ArithmeticError) as error:
        return [f"the gate cannot judge its facts by its law: {type(error).__name__}"]
    return _differences(decided.verdict, found)


def _last_look(decided: Decided, standing: Standing) -> list[str]:
    """What the record refused by itself, measured by what the file says of balance and account."""
    if not isinstance(decided.verdict, Deny):
        return [f"the record's own refusals are final, and this says {decided.says}"]
    if decided.verdict.decided_by != LAST_LOOK:
        raise NotRerunError(f"decided by the record itself: {decided.verdict.decided_by}")
    owed = decided.balance is None or decided.balance > 0
    if not owed or standing.over:
        return []
    return ["the last look refused it, though something was owed on an account still open"]


def _differences(recorded: Verdict, found: Verdict) -> list[str]:
    ours, theirs = _judged(recorded), _judged(found)
    return [
        f"{name}: on record {ours[name] or 'nothing'}, by its law {theirs[name] or 'nothing'}"
        for name in ours
        if ours[name] != theirs[name]
    ]


def _judged(verdict: Verdict) -> dict[str, str]:
    """What must be the same. For how long an Allow may be used is no matter of law."""
    return {
        "verdict": getattr(verdict, "kind", ""),
        "until": verdict.until.astimezone(UTC).isoformat() if isinstance(verdict, Wait) else "",
        "rules": ", ".join(reason.rule for reason in verdict.reasons),
        "reasons": "; ".join(f"{each.pack} {each}" for each in verdict.reasons),
        "packs": ", ".join(verdict.packs),
        "counters": ", ".join(f"{rule} {used}" for rule, used in sorted(verdict.counters.items())),
    }


def field_of(error: ValidationError) -> str:
    """The first field that a validation error is about."""
    return ".".join(map(str, error.errors()[0]["loc"])) or "body"
