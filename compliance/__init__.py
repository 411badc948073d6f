"""The law as data, and one pure evaluator. No jurisdiction is written in Python."""

from compliance.evaluator import decide
from compliance.facts import ContactRequest, PastContact, PersonFacts
from compliance.packs import Pack, PackError, load_packs
from compliance.verdicts import Allow, AnyVerdict, Deny, Reason, Verdict, Wait

__all__ = [
    "Allow",
    "AnyVerdict",
    "ContactRequest",
    "Deny",
    "Pack",
    "PackError",
    "PastContact",
    "PersonFacts",
    "Reason",
    "Verdict",
    "Wait",
    "decide",
    "load_packs",
]
