"""What the auditor says: which rule was broken, by which sends, when, and by how much."""

from dataclasses import dataclass
from datetime import datetime

HOUSE = "house policy"


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule."""

    rule: str
    """Its id, as the law calls it; AUDIT-… for what no pack has to say."""
    pack: str
    cite: str
    says: str
    account: str
    sends: tuple[str, ...]
    """Keys of the contacts, or the provider's ids of messages that no contact explains."""
    at: datetime | None
    by: str
    """By how much, or what is wrong."""

    def __str__(self) -> str:
        return f"{self.rule} ({self.cite}): {', '.join(self.sends)}: {self.by}"


@dataclass(frozen=True, slots=True)
class HouseRule:
    """Something that our own books must show, whatever the law."""

    id: str
    says: str

    def broken(
        self, sends: tuple[str, ...], by: str, *, account: str = "", at: datetime | None = None
    ) -> Violation:
        """The violation of it by some sends."""
        return Violation(self.id, "auditor", HOUSE, self.says, account, sends, at, by)
