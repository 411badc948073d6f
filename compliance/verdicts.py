"""What the gate answers: allow, wait until, or deny; always with the rule and its citation."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field


class Reason(BaseModel):
    """One rule's part in a verdict, fit to be read by a person."""

    model_config = ConfigDict(frozen=True)

    rule: str
    pack: str
    says: str
    cite: str
    lifts: str = ""
    """What would have to change for the rule to let the contact through."""

    def __str__(self) -> str:
        return f"{self.says} ({self.cite})"


class Verdict(BaseModel):
    """The gate's answer at one instant. `reasons` is never empty unless the answer is Allow."""

    model_config = ConfigDict(frozen=True)

    reasons: tuple[Reason, ...] = ()
    """Every rule that refused or delayed; the one that decided comes first."""
    packs: tuple[str, ...] = ()
    """The packs that were asked, by id and version."""
    counters: dict[str, str] = Field(default_factory=dict)
    """For each cap that was asked: how much of it is used, such as "3 of 7"."""

    @property
    def decided_by(self) -> str | None:
        """The rule that decided; None if nothing stood in the way."""
        return self.reasons[0].rule if self.reasons else None


class Allow(Verdict):
    """The contact may be made at this very instant; `expires` tells how long it may still begin."""

    kind: Literal["allow"] = "allow"
    expires: AwareDatetime | None = None


class Wait(Verdict):
    """Not now. `until` is the first lawful instant on today's facts; it authorises nothing."""

    kind: Literal["wait"] = "wait"
    until: AwareDatetime


class Deny(Verdict):
    """Not at all while the facts stand. What was planned is stale when they change: plan anew."""

    kind: Literal["deny"] = "deny"
    recheck_at: AwareDatetime | None = None
    """When the facts change by themselves, such as at the end of a breathing space."""


AnyVerdict = Annotated[Allow | Wait | Deny, Field(discriminator="kind")]
