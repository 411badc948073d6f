"""What packs put into a message, and what a message that has been written is seen to contain."""

from collections.abc import Collection, Sequence
from datetime import datetime

from compliance.asked import Asked
from compliance.facts import ContactRequest, PersonFacts, Said
from compliance.packs import Packs
from compliance.rules import Disclosure
from domain.contacts import COUNTED
from domain.people import MilestoneKind

FALLBACK = "en"
"""The language of a disclosure's words where it has none in the language of the message."""


def disclosures(
    request: ContactRequest, facts: PersonFacts, packs: Packs, at: datetime
) -> tuple[Disclosure, ...]:
    """What the packs that bind at that moment put into such a message, in their order.

    A disclosure of the first communication about a debt takes the place of the one it names.
    """
    asked = Asked(request, facts, at)
    bound = [each for each in _binding(asked, packs) if all(map(asked.meets, each.when))]
    if any(each.first for each in bound) and not is_first(asked):
        bound = [each for each in bound if not each.first]
    replaced = {each.instead_of for each in bound if each.instead_of is not None}
    return tuple(each for each in bound if each.says not in replaced)


def _binding(asked: Asked, packs: Packs) -> tuple[Disclosure, ...]:
    """Those of the packs in force for such a message; the same for everybody who is alike."""
    request, facts, days = asked.request, asked.facts, asked.days()

    def work() -> tuple[Disclosure, ...]:
        return tuple(
            each
            for pack in packs.binding(facts, days)
            for each in pack.disclosures
            if request.channel in each.channels and request.purpose in each.purposes
        )

    return packs.once(facts, days, ("disclosures", request.channel, request.purpose), work)


def is_first(asked: Asked) -> bool:
    """Whether nothing was sent about this debt yet, as far back as facts go.

    What was sent long before is no longer among the facts; saying more once again harms nobody.
    """
    account_id = asked.request.account_id
    return not any(
        each.about(account_id) and not each.inbound and each.status in COUNTED
        for each in asked.contacts
    ) and not any(
        each.kind is MilestoneKind.VALIDATION_SENT and each.account_id in {None, account_id}
        for each in asked.facts.milestones
    )


def words_of(disclosure: Disclosure, language: str) -> str:
    """Its words in a language, or in English; the only ones it has, if it has neither."""
    words = disclosure.words
    return words.get(language) or words.get(FALLBACK) or next(iter(words.values()))


def said(
    forms: Sequence[str], bound: Collection[Disclosure], language: str, facts: PersonFacts
) -> frozenset[Said]:
    """What a written message contains by these disclosures and by its language.

    A disclosure counts only if its words stand in every form of the message, word for word: in the
    plain text of a mail and in its page. One that took the place of another says what that says.
    """
    found = set[Said]()
    for each in bound:
        words = words_of(each, language)
        if all(words in form for form in forms):
            found.add(each.says)
            if each.instead_of is not None:
                found.add(each.instead_of)
    if language == facts.language.split("-", maxsplit=1)[0]:
        found.add(Said.LANGUAGE)
    return frozenset(found)
