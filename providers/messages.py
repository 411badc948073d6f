"""Messages to consumers: templates in a flat folder, rendered with typed words.

A template is `<name>.<channel>.<locale>.txt`. What the law wants said is not in it: the packs that
apply add it. All templates are tried once when `Messages` is built, so that a worker with a broken
one does not start.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated

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

from compliance.packs import Pack
from domain.contacts import Channel, Message
from domain.money import Money
from domain.plans import Instalment, PaymentPlan, monthly
from providers.spoken import END_ISOLATE, ISOLATE, Voice

FOLDER = Path(__file__).parent.parent / "journeys" / "messages"
LOCALES = ("en", "ar")
DEFAULT_LOCALE = "en"
CHANNELS = (Channel.SMS, Channel.EMAIL)
RIGHT_TO_LEFT = frozenset({"ar"})
SUBJECT = "Subject: "
LAYOUT = "_layout.email.html"
ELSEWHERE = (timedelta(hours=-12), timedelta(), timedelta(hours=14))
"""How far the local clocks of the world are from UTC."""


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
    decline_reason: str | None = None
    """The provider's decline code; templates see humane words for it, or nothing if it is None."""


VARIABLES = frozenset(Words.model_fields)


class Rendered(BaseModel):
    """A message ready to be sent. `subject` and `html` belong to e-mail alone."""

    model_config = ConfigDict(frozen=True)

    subject: str | None
    text: str
    html: str | None


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
        packs: tuple[Pack, ...] = (),
        locales: tuple[str, ...] = LOCALES,
    ) -> None:
        self._packs = packs
        self._locales = locales
        loader = FileSystemLoader(folder)
        self._texts = Environment(
            loader=loader,
            undefined=StrictUndefined,
            autoescape=False,  # noqa: S701 - plain text; HTML has its own environment below
        )
        self._pages = Environment(loader=loader, undefined=StrictUndefined, autoescape=True)
        self._files = frozenset(file.name for file in folder.glob("*") if file.is_file())
        self._declines = {locale: self._decline_words(folder, locale) for locale in locales}
        self._check_files()
        self._check_disclosures()
        self._check_words()

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

    def render(
        self, message: Message, locale: str, words: Words, country: str, at: datetime
    ) -> Rendered:
        """The message in the consumer's language, with the disclosures of the packs that apply.

        `at` is the moment of sending, aware of its time zone. A pack binds if it is in force
        anywhere on earth at that moment. MessageError if a word that the template needs is missing.
        """
        file, language = self._template_for(message, locale)
        disclosures = self._disclosures(message.channel, language, country, at)
        voice = Voice(language, country, message.channel)
        said = self._said(file, words, voice, language)
        if message.channel is Channel.SMS:
            return Rendered(subject=None, text="\n".join([said, *disclosures]), html=None)
        subject, body = _split(file, said)
        text = "\n\n".join([body, *disclosures]) + "\n"
        page = self._page(subject, body, disclosures, language, words.link)
        return Rendered(subject=subject, text=text, html=page)

    def _templates(self) -> tuple[str, ...]:
        return tuple(sorted(name for name in self._files if not name.startswith("_")))

    def _template_for(self, message: Message, locale: str) -> tuple[str, str]:
        language = locale.replace("_", "-").split("-")[0].lower()
        for candidate in (language, DEFAULT_LOCALE):
            file = f"{_stem(message)}.{candidate}.txt"
            if candidate in self._locales and file in self._files:
                return file, candidate
        raise MessageError(f"{file} is missing: write the template")

    def _said(self, file: str, words: Words, voice: Voice, language: str) -> str:
        context = _context(words, voice, self._declines[language])
        try:
            return self._texts.get_template(file).render(context).strip()
        except UndefinedError as error:
            raise MessageError(f"{file}: {error.message}; give it in Words") from None
        except TemplateError as error:
            raise MessageError(f"{file}: {_fault(error)}") from None

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

    def _disclosures(
        self, channel: Channel, language: str, country: str, at: datetime
    ) -> tuple[str, ...]:
        today = {(at.astimezone(UTC) + offset).date() for offset in ELSEWHERE}
        binding = (
            pack.disclosures[channel][language]
            for pack in self._packs
            if channel in pack.disclosures and any(pack.applies(country, day) for day in today)
        )
        return tuple(dict.fromkeys(binding))

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

    def _check_disclosures(self) -> None:
        for pack in self._packs:
            for channel in CHANNELS:
                for locale in self._locales if channel in pack.disclosures else ():
                    if locale not in pack.disclosures[channel]:
                        raise MessageError(
                            f"pack {pack.id}: disclosures.{channel}.{locale} is missing"
                        )

    def _check_words(self) -> None:
        for file in sorted(self._files):
            if file.endswith(".txt"):
                self._check_variables(file)
        for file in self._templates():
            name, channel, locale, _ = file.split(".")
            message = Message(channel=Channel(channel), name=name)
            for words in SAMPLES:
                self.render(message, locale, words, "US", datetime(2026, 1, 15, 12, tzinfo=UTC))

    def _check_variables(self, file: str) -> None:
        source, _, _ = self._texts.loader.get_source(self._texts, file)  # type: ignore[union-attr]
        try:
            unknown = meta.find_undeclared_variables(self._texts.parse(source)) - VARIABLES
        except TemplateSyntaxError as error:
            raise MessageError(f"{file}: {_fault(error)}") from None
        if unknown:
            raise MessageError(
                f"{file}: {min(unknown)!r} is not a word; there are {', '.join(sorted(VARIABLES))}"
            )


def _stem(message: Message) -> str:
    return f"{message.name}.{message.channel.value}"


def _check_name(file: str, locales: tuple[str, ...]) -> None:
    channels = tuple(channel.value for channel in CHANNELS)
    match file.split("."):
        case [_, channel, locale, "txt"] if channel in channels and locale in locales:
            return
    raise MessageError(f"{file}: expected <name>.<{'|'.join(channels)}>.<{'|'.join(locales)}>.txt")


def _context(words: Words, voice: Voice, declines: Mapping[str, str]) -> dict[str, object]:
    """The words as they are spoken. What is not given is left out, so that Jinja complains."""
    said: dict[str, object] = {
        "consumer_name": voice.name(words.consumer_name),
        "creditor_name": voice.name(words.creditor_name),
        "balance": voice.money(words.balance),
        "due_on": voice.date(words.due_on),
        "link": words.link,
        "decline_reason": words.decline_reason
        and declines.get(words.decline_reason, declines["unknown"]),
    }
    if words.plan is not None:
        said["plan"] = voice.plan(words.plan)
    if words.instalment is not None:
        said["instalment"] = voice.instalment(words.instalment, words.balance.currency)
    return said


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
        decline_reason=decline,
    )


SAMPLES = (_sample(40_000, None), _sample(40_001, "insufficient_funds"))
"""Between them they take every branch: plans even and uneven, with a reason and without."""
