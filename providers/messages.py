"""Messages to consumers: templates in a flat folder, rendered with typed words.

A template is `<name>.<channel>.<locale>.txt`. What the law wants said is not in it: the packs that
apply add it. What else rules ask about is seen from the words that a template uses: one with a link
has a payment link, one with an amount demands it, one with the creditor's name says who writes. A
template that says more declares it on its first line: `{# says: legal threat, marketing #}`.
All templates are tried once when `Messages` is built, so that a worker with a broken one does not
start.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import unescape
from pathlib import Path
from typing import Annotated, Any

import yaml
from jinja2 import (
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
    UndefinedError,
    meta,
)
from markupsafe import Markup, escape
from pydantic import BaseModel, ConfigDict, StringConstraints

from compliance.disclosing import words_of
from compliance.facts import Said
from compliance.packs import Pack, Packs
from compliance.rules import Disclosure
from domain.contacts import Channel, Message
from domain.contracts import Authority
from domain.money import Money
from domain.plans import Instalment, PaymentPlan, monthly
from domain.settlements import Settlement
from providers.spoken import END_ISOLATE, ISOLATE, Voice

FOLDER = Path(__file__).parent.parent / "journeys" / "messages"
LOCALES = ("en", "ar")
DEFAULT_LOCALE = "en"
CHANNELS = (Channel.SMS, Channel.EMAIL, Channel.VOICE)
RIGHT_TO_LEFT = frozenset({"ar"})
SUBJECT = "Subject: "
LAYOUT = "_layout.email.html"
PART = re.compile(r"_.*\.txt$")
DECLARES = re.compile(r"\{#\s*says:(.*?)#\}")
SHOWN_BY = {
    "link": Said.PAYMENT_LINK,
    "creditor_name": Said.IDENTITY,
    "balance": Said.DEMAND,
    "plan": Said.DEMAND,
    "instalment": Said.DEMAND,
    "left": Said.DEMAND,
    "settlement": Said.DEMAND,
}
"""What a template says by using a word."""


class MessageError(ValueError):
    """A template, a translation or a word that is missing or wrong; names the file and the word."""


class Words(BaseModel):
    """All that a template may say; one that needs an optional word is not sent without it."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    consumer_name: str
    creditor_name: str
    balance: Money
    due_on: date
    link: Annotated[str, StringConstraints(pattern=r"^https?://[^\s<>\"']+$")]
    """Where the consumer can see the account, pay and accept a plan."""
    plan: PaymentPlan | None = None
    instalment: Instalment | None = None
    """In the currency of `balance`."""
    left: Money | None = None
    """What is still to be paid with the plan that was agreed: of a settlement, not all the debt."""
    decline_reason: str | None = None
    """The provider's decline code; templates see humane words for it, or nothing if it is None."""
    settlement: Settlement | None = None
    """The offer to settle that is open; templates say nothing of it if it is None."""


VARIABLES = frozenset(Words.model_fields)
OF_PLANS = frozenset({"plan", "instalment", "left", "decline_reason"})


class Rendered(BaseModel):
    """A message ready to be sent. `subject` and `html` belong to e-mail alone."""

    model_config = ConfigDict(frozen=True)

    subject: str | None
    text: str
    html: str | None
    language: str = DEFAULT_LOCALE
    says: tuple[Said, ...] = ()
    """What its template says by itself; what was put in is looked for in the text."""
    demanded: int | None = None
    """Minor units that it asks for; None if it asks for nothing."""

    @property
    def forms(self) -> tuple[str, ...]:
        """Everything in which it can be read, in plain characters."""
        return (self.text,) if self.html is None else (self.text, unescape(self.html))


@dataclass(frozen=True)
class Template:
    """What is known of a template before anything is put into it."""

    file: str
    language: str
    uses: frozenset[str]
    says: tuple[Said, ...]


class Part(BaseModel):
    """A paragraph for the HTML layout; with a link it is a button, and small at the end."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    text: Markup
    link: str | None = None
    small: bool = False


class Messages:
    """All messages in all languages. Built once; MessageError if any of them could not be sent."""

    def __init__(
        self,
        folder: Path = FOLDER,
        packs: Packs | Sequence[Pack] = (),
        locales: tuple[str, ...] = LOCALES,
    ) -> None:
        """Read the templates of a folder; the disclosures of these packs have to have words."""
        self._locales = locales
        loader = FileSystemLoader(folder)
        self._texts = Environment(
            loader=loader,
            undefined=StrictUndefined,
            autoescape=False,  # noqa: S701 - plain text; HTML has its own environment below
            auto_reload=False,
        )
        self._pages = Environment(
            loader=loader, undefined=StrictUndefined, autoescape=True, auto_reload=False
        )
        self._files = frozenset(file.name for file in folder.glob("*") if file.is_file())
        self._declines = {locale: self._decline_words(folder, locale) for locale in locales}
        self._check_files()
        self._check_disclosures(packs)
        for part in sorted(name for name in self._files if PART.match(name)):
            self._read(part)  # first, so that a fault in it is told of it, not of who includes it
        self._known = {name: self._read(name) for name in self._templates()}
        self._of_plans = {
            file.rsplit(".", 2)[0] for file, each in self._known.items() if each.uses & OF_PLANS
        }
        self._check_words(tuple(each for pack in packs for each in pack.disclosures))

    def names(self) -> tuple[str, ...]:
        """Every message there is, as `nudge.sms`, sorted."""
        return tuple(sorted({name.rsplit(".", 2)[0] for name in self._templates()}))

    def check(self, messages: Iterable[Message]) -> None:
        """MessageError for the first of the messages that has no template."""
        for message in messages:
            if _stem(message) not in self.names():
                raise MessageError(
                    f"{_stem(message)}.{DEFAULT_LOCALE}.txt is missing: a journey sends"
                    f" '{message}'; write the template"
                )

    def speaks_of_plans(self, message: Message) -> bool:
        """Whether the message, in some language, says anything of a plan or of a charge."""
        return _stem(message) in self._of_plans

    def render(
        self,
        message: Message,
        locale: str,
        words: Words,
        disclosures: Sequence[Disclosure] = (),
        *,
        country: str,
    ) -> Rendered:
        """The message in the consumer's language, with the disclosures that bind it.

        MessageError if a word that the template needs is missing.
        """
        template = self._template_for(message, locale)
        added = tuple(dict.fromkeys(words_of(each, template.language) for each in disclosures))
        voice = Voice(template.language, country, message.channel)
        written = self._written(template, words, voice)
        known: dict[str, Any] = {
            "language": template.language,
            "says": template.says,
            "demanded": _demanded(template, words),
        }
        if message.channel is not Channel.EMAIL:
            between = "\n" if message.channel is Channel.SMS else "\n\n"
            text = between.join([written, *added])
            return Rendered(subject=None, text=text, html=None, **known)
        subject, body = _split(template.file, written)
        text = "\n\n".join([body, *added]) + "\n"
        page = self._page(subject, body, added, template.language, words.link)
        return Rendered(subject=subject, text=text, html=page, **known)

    def _templates(self) -> tuple[str, ...]:
        return tuple(sorted(name for name in self._files if not name.startswith("_")))

    def _template_for(self, message: Message, locale: str) -> Template:
        language = locale.replace("_", "-").split("-")[0].lower()
        for candidate in (language, DEFAULT_LOCALE):
            file = f"{_stem(message)}.{candidate}.txt"
            if file in self._known:
                return self._known[file]
        raise MessageError(f"{file} is missing: write the template")

    def _written(self, template: Template, words: Words, voice: Voice) -> str:
        context = _context(words, voice, self._declines[template.language], template.uses)
        try:
            return self._texts.get_template(template.file).render(context).strip()
        except UndefinedError as error:
            raise MessageError(f"{template.file}: {error.message}; give it in Words") from None
        except TemplateError as error:
            raise MessageError(f"{template.file}: {_fault(error)}") from None

    def _page(
        self, subject: str, body: str, disclosures: tuple[str, ...], language: str, link: str
    ) -> str:
        parts = [_part(paragraph, link) for paragraph in body.split("\n\n")]
        parts += [Part(text=_marked(disclosure), small=True) for disclosure in disclosures]
        rtl = language in RIGHT_TO_LEFT
        try:
            return self._pages.get_template(LAYOUT).render(
                locale=language,
                direction="rtl" if rtl else "ltr",
                start="right" if rtl else "left",
                subject=subject,
                parts=parts,
            )
        except TemplateError as error:
            raise MessageError(f"{LAYOUT}: {_fault(error)}") from None

    def _decline_words(self, folder: Path, locale: str) -> Mapping[str, str]:
        file = f"_declines.{locale}.yaml"
        if file not in self._files:
            raise MessageError(f"{file} is missing: it holds the words for decline codes")
        words = yaml.safe_load((folder / file).read_text("utf-8"))
        if not isinstance(words, dict) or "unknown" not in words:
            raise MessageError(f"{file}: 'unknown' is missing: it stands for every other code")
        return {str(code): str(said) for code, said in words.items()}

    def _check_files(self) -> None:
        if not self._templates():
            raise MessageError("no templates: expected files such as nudge.sms.en.txt")
        for name in self._templates():
            _check_name(name, self._locales)
        for stem in self.names():
            for locale in self._locales:
                if f"{stem}.{locale}.txt" not in self._files:
                    raise MessageError(f"{stem}.{locale}.txt is missing: translate {stem}")
        self._check_declines()

    def _check_declines(self) -> None:
        for locale, words in self._declines.items():
            if missing := self._declines[self._locales[0]].keys() ^ words.keys():
                raise MessageError(
                    f"_declines.{locale}.yaml: {min(missing)!r} stands in one language only"
                )

    def _check_disclosures(self, packs: Iterable[Pack]) -> None:
        for pack in packs:
            for each in pack.disclosures:
                for locale in self._locales if each.channels.intersection(CHANNELS) else ():
                    if locale not in each.words:
                        raise MessageError(
                            f"pack {pack.id}: disclosure {each.says.value!r} has no words in"
                            f" {locale}: write them"
                        )

    def _read(self, file: str) -> Template:
        """A template with the words that it and what it includes use."""
        uses = self._variables(file)
        if unknown := uses - VARIABLES:
            raise MessageError(
                f"{file}: {min(unknown)!r} is not a word; there are {', '.join(sorted(VARIABLES))}"
            )
        locale = file.rsplit(".", 2)[-2]
        shown = {SHOWN_BY[word] for word in uses if word in SHOWN_BY}
        return Template(file, locale, uses, tuple(sorted(shown | self._declared(file))))

    def _variables(self, file: str) -> frozenset[str]:
        try:
            parsed = self._texts.parse(self._source(file))
        except TemplateSyntaxError as error:
            raise MessageError(f"{file}: {_fault(error)}") from None
        own = meta.find_undeclared_variables(parsed)
        included = [name for name in meta.find_referenced_templates(parsed) if name in self._files]
        return frozenset(own).union(*(self._variables(name) for name in included if name))

    def _declared(self, file: str) -> set[Said]:
        """What the template's first line says of it."""
        declared = DECLARES.match(self._source(file))
        if declared is None:
            return set()
        try:
            return {Said(name.strip()) for name in declared[1].split(",")}
        except ValueError as error:
            raise MessageError(
                f"{file}: line 1: {error}: expected some of {', '.join(sorted(Said))}"
            ) from None

    def _source(self, file: str) -> str:
        source, _, _ = self._texts.loader.get_source(self._texts, file)  # type: ignore[union-attr]
        return source

    def _check_words(self, disclosures: tuple[Disclosure, ...]) -> None:
        for file in self._templates():
            name, channel, locale, _ = file.split(".")
            message = Message(channel=Channel(channel), name=name)
            for words in SAMPLES:
                self.render(message, locale, words, disclosures, country="US")


def _demanded(template: Template, words: Words) -> int | None:
    """The largest of the amounts that the template names."""
    amounts = {
        "balance": words.balance.minor,
        "plan": words.plan.total if words.plan else None,
        "instalment": words.instalment.minor if words.instalment else None,
        "left": words.left.minor if words.left else None,
    }
    named = [
        amount for word, amount in amounts.items() if word in template.uses and amount is not None
    ]
    return max(named, default=None)


def _stem(message: Message) -> str:
    return f"{message.name}.{message.channel.value}"


def _check_name(file: str, locales: tuple[str, ...]) -> None:
    channels = tuple(channel.value for channel in CHANNELS)
    match file.split("."):
        case [_, channel, locale, "txt"] if channel in channels and locale in locales:
            return
    raise MessageError(f"{file}: expected <name>.<{'|'.join(channels)}>.<{'|'.join(locales)}>.txt")


def _context(
    words: Words, voice: Voice, declines: Mapping[str, str], uses: frozenset[str]
) -> dict[str, object]:
    """The words in use as they are spoken. One that is not given is left out: Jinja complains."""
    spoken: dict[str, Callable[[], object]] = {
        "consumer_name": lambda: voice.name(words.consumer_name),
        "creditor_name": lambda: voice.name(words.creditor_name),
        "balance": lambda: voice.money(words.balance),
        "due_on": lambda: voice.date(words.due_on),
        "link": lambda: words.link,
        "decline_reason": lambda: (
            words.decline_reason and declines.get(words.decline_reason, declines["unknown"])
        ),
        "settlement": lambda: words.settlement and voice.settlement(words.settlement),
    }
    if (plan := words.plan) is not None:
        spoken["plan"] = lambda: voice.plan(plan)
    if (left := words.left) is not None:
        spoken["left"] = lambda: voice.money(left)
    if (part := words.instalment) is not None:
        spoken["instalment"] = lambda: voice.instalment(part, words.balance.currency)
    return {name: speak() for name, speak in spoken.items() if name in uses}


def _split(file: str, said: str) -> tuple[str, str]:
    subject, _, body = said.partition("\n\n")
    if not subject.startswith(SUBJECT) or "\n" in subject or not body.strip():
        raise MessageError(f"{file}: an e-mail starts with '{SUBJECT}…', a blank line, then text")
    paragraphs = (paragraph.strip() for paragraph in body.split("\n\n"))
    return subject.removeprefix(SUBJECT).strip(), "\n\n".join(filter(None, paragraphs))


def _part(paragraph: str, link: str) -> Part:
    """Two lines, a label and the link, become a button with that label."""
    label, _, rest = paragraph.partition("\n")
    if rest.strip() == link:
        return Part(text=_marked(label.rstrip(" :")), link=link)
    return Part(text=_marked(paragraph))


def _marked(text: str) -> Markup:
    """Escaped for HTML, with line breaks and with isolated names and amounts in <bdi>."""
    isolated = escape(text).replace(ISOLATE, Markup("<bdi>")).replace(END_ISOLATE, Markup("</bdi>"))
    return isolated.replace("\n", Markup("<br>\n"))


def _fault(error: TemplateError) -> str:
    """What is wrong with a template, without any of the words that were to be put into it."""
    if isinstance(error, TemplateNotFound):
        return f"{error.name} is missing"
    if isinstance(error, TemplateSyntaxError):
        return f"line {error.lineno}: {error.message}"
    return f"{error.message}"


def _sample(minor: int, decline: str | None) -> Words:
    balance = Money(minor=minor, currency="USD")
    plan = monthly("plan_sample", balance, parts=4, first=date(2026, 2, 1))
    return Words(
        consumer_name="Sample Consumer",
        creditor_name="Sample Creditor",
        balance=balance,
        due_on=date(2026, 1, 1),
        link="https://example.com/sample",
        plan=plan,
        instalment=plan.instalments[0],
        left=balance,
        decline_reason=decline,
        settlement=_sample_offer(balance) if decline else None,
    )


def _sample_offer(balance: Money) -> Settlement:
    return Settlement(
        settlement_id="settlement_sample",
        minor=balance.minor // 2,
        balance=balance.minor,
        currency=balance.currency,
        expires=date(2026, 2, 1),
        by=Authority.AUTOMATIC,
    )


SAMPLES = (_sample(40_000, None), _sample(40_001, "insufficient_funds"))
"""Between them they take every branch: plans even and uneven, with a reason and an offer to
settle, and without."""
