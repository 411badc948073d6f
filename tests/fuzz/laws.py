"""The laws that are played: the one that ships, one without our own policy, one of a tenant."""

from dataclasses import dataclass
from datetime import date

from compliance import Pack, Packs, load_packs
from compliance.laws import write_law
from compliance.overlays import tightened

TENANT = Pack.model_validate(
    {
        "id": "tenant-alpha",
        "title": "What the creditor alpha wants",
        "version": "1",
        "effective_from": date(2026, 9, 15),
        "applies_to": {"creditors": ["alpha"]},
        "rules": [
            {
                "id": "ALPHA-WEEK",
                "kind": "cap",
                "max": 3,
                "calendar": "week",
                "counts": {"count": "delivered", "scope": "channel"},
                "says": "three a week by each way",
                "cite": "contract",
                "force": "policy",
                "verified": "P",
            }
        ],
        "tightens": [
            {"rule": "US-T1", "change": {"spans": {"all": ["09:00-20:00"]}}, "cite": "contract"}
        ],
    }
)


@dataclass(frozen=True)
class Played:
    """A law as the gate has it, and as the auditor reads it."""

    packs: Packs
    text: str


def _played(packs: Packs) -> Played:
    return Played(packs, write_law(packs))


def _laws() -> dict[str, Played]:
    shipped = load_packs()
    law = [pack.model_copy(update={"tightens": ()}) for pack in shipped if pack.id != "house"]
    tenants = tightened(Packs([*law, TENANT], shipped.calendars.values()))
    return {
        "ships": _played(shipped),
        "without house": _played(shipped.without("house")),
        "tenant": _played(tenants),
    }


LAWS = _laws()
