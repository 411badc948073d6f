"""The law as data, and one pure evaluator. No jurisdiction is written in Python."""

from compliance.evaluator import decide
from compliance.facts import ContactRequest, Content, PastContact, PersonFacts, Said
from compliance.loading import load_pack, load_packs
from compliance.packs import Pack, PackError, Packs
from compliance.verdicts import Allow, AnyVerdict, Deny, Reason, Verdict, Wait

__all__ = [
    "Allow",
    "AnyVerdict",
    "ContactRequest",
    "Content",
    "Deny",
    "Pack",
    "PackError",
    "Packs",
    "PastContact",
    "PersonFacts",
    "Reason",
    "Said",
    "Verdict",
    "Wait",
    "decide",
    "load_pack",
    "load_packs",
]
