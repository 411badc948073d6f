"""The words of journeys' messages, held against the law: what lint asks of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from compliance import ContactRequest, Content, Deny, Packs, PersonFacts, decide
from compliance.disclosing import disclosures, said
from compliance.rules import ContentRule
from domain.contacts import Message
from providers.messages import FOLDER, LOCALES, SAMPLES, MessageError, Messages, Words
from simulation.sources import shown

AT = datetime(2026, 3, 10, 15, tzinfo=UTC)
"""A Tuesday on which it is daytime in all of these places."""

PLACES = (
    ("US", "America/New_York"),
    ("GB", "Europe/London"),
    ("SA", "Asia/Riyadh"),
)
"""Jurisdictions whose gate sees every message: by country, and a time zone of it."""

ACCOUNT = "acc_sample"
Fault = tuple[str, str, str]


@dataclass(frozen=True)
class Wording:
    """All templates, as they are really rendered, and the real gate."""

    packs: Packs
    folder: Path = FOLDER
    _known: dict[Message, tuple[Fault, ...]] = field(default_factory=dict)

    @cached_property
    def messages(self) -> Messages:
        """The templates; MessageError if any of them could not be sent."""
        return Messages(self.folder, self.packs)

    def faults(self, message: Message) -> Sequence[Fault]:
        """What is wrong with a message: words that are missing, or that the gate would refuse."""
        if message not in self._known:
            self._known[message] = tuple(dict.fromkeys(self._faults(message)))
        return self._known[message]

    def puts_plan(self, message: Message) -> bool:
        """Whether it cannot be said without a plan."""
        without = SAMPLES[0].model_copy(update={"plan": None})
        try:
            self._render(message, LOCALES[0], SAMPLES[0])
        except MessageError:
            return False  # it has other faults
        try:
            self._render(message, LOCALES[0], without)
        except MessageError:
            return True
        return False

    def _faults(self, message: Message) -> Iterator[Fault]:
        files = [f"{message.name}.{message.channel}.{locale}.txt" for locale in LOCALES]
        missing = [file for file in files if not (self.folder / file).is_file()]
        for file in missing:
            says = f"{message} has no words: {file} is missing"
            yield "J301", says, f"write {shown(self.folder / file)}"
        if missing:
            return
        for locale in LOCALES:
            for place in PLACES:
                yield from self._refused(message, locale, place)

    def _refused(self, message: Message, locale: str, place: tuple[str, str]) -> Iterator[Fault]:
        """What the gate says to the written message, to somebody there who reads the language."""
        country, zone = place
        facts = PersonFacts(country=country, zones=(zone,), language=locale)
        request = ContactRequest(
            account_id=ACCOUNT, channel=message.channel, purpose=message.purpose
        )
        bound = disclosures(request, facts, self.packs, AT)
        try:
            rendered = [
                self.messages.render(message, locale, words, bound, country=country)
                for words in SAMPLES
            ]
        except MessageError as error:
            yield "J302", f"{message}: {error}", "mend the template"
            return
        for words, written in zip(SAMPLES, rendered, strict=True):
            found = said(written.forms, bound, written.language, facts)
            content = Content(
                said=found.union(written.says),
                demanded=written.demanded,
                owed=words.balance.minor,
            )
            verdict = decide(request.model_copy(update={"content": content}), facts, self.packs, AT)
            for reason in verdict.reasons if isinstance(verdict, Deny) else ():
                if reason.rule in self._content_rules:
                    says = f"{message} in {locale}: {country} refuses it, because {reason.says}"
                    yield "J302", f"{says} ({reason.rule})", reason.lifts

    def _render(self, message: Message, locale: str, words: Words) -> None:
        self.messages.render(message, locale, words, country=PLACES[0][0])

    @cached_property
    def _content_rules(self) -> frozenset[str]:
        return frozenset(
            rule.id for pack in self.packs for rule in pack.rules if isinstance(rule, ContentRule)
        )
