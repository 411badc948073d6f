"""What the gate answers: allow, wait until, or deny; always with the rule and its citation."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Reason(BaseModel):
    """One rule's part in a verdict, fit to be read by a person."""

    model_config = ConfigDict(frozen=True)

    rule: str
    pack: str
    says: str
    cite: str

    def __str__(self) -> str:
        return f"{self.says} ({self.cite})"


class Verdict(BaseModel):
    """The gate's answer at one instant. `reasons` is never empty unless the answer is Allow."""

    model_config = ConfigDict(frozen=True)

    reasons: tuple[Reason, ...] = ()
    packs: tuple[str, ...] = ()


class Allow(Verdict):
    """The contact may be made at this very instant."""

    kind: Literal["allow"] = "allow"


class Wait(Verdict):
    """Not now. `until` is the first lawful instant on today's facts; it authorises nothing."""

    kind: Literal["wait"] = "wait"
    until: datetime


class Deny(Verdict):
    """Not at all while the facts stand."""

    kind: Literal["deny"] = "deny"


AnyVerdict = Annotated[Allow | Wait | Deny, Field(discriminator="kind")]
