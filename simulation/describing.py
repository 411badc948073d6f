"""A journey in plain words, in English and Arabic, made from its chart."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from babel import Locale
from pydantic import BaseModel, ConfigDict, Field

from domain.contacts import Message
from simulation.charts import OFFERS, Chart, Lead, Span, StageChart, Waits, Way

LANGUAGES = ("en", "ar")
HOME_LANGUAGE = "en"
"""The language in which journeys are written."""

FOLDER = Path(__file__).parent.parent / "journeys"
A_DAY = timedelta(days=1)
AN_HOUR = timedelta(hours=1)
CHARGES = frozenset({"collect"})


class Vocabulary(BaseModel):
    """The words of a language, from `journeys/words.<language>.yaml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    language: str
    direction: Literal["ltr", "rtl"]
    channels: dict[str, str]
    responses: dict[str, str]
    closures: dict[str, str]
    pauses: dict[str, str]
    days: dict[str, str]
    hours: dict[str, str]
    lines: dict[str, str]
    everywhere: tuple[str, ...]
    sentences: dict[str, str] = Field(default_factory=dict)
    """What journeys say of themselves, by their English words; empty for English."""


@cache
def vocabulary(language: str) -> Vocabulary:
    """The words of a language; LookupError if journeys are not described in it."""
    if language not in LANGUAGES:
        known = ", ".join(LANGUAGES)
        raise LookupError(f"journeys are not described in {language!r}; there is {known}")
    words = yaml.safe_load((FOLDER / f"words.{language}.yaml").read_text("utf-8"))
    return Vocabulary.model_validate(words)


@dataclass(frozen=True)
class Teller:
    """Tells of one journey in one language, in Markdown."""

    chart: Chart
    language: str

    @property
    def words(self) -> Vocabulary:
        """The words of the language."""
        return vocabulary(self.language)

    def told(self) -> str:
        """The whole description."""
        lines, chart = self.words.lines, self.chart
        title = lines["title"].format(name=chart.name, version=chart.version)
        begins = lines["begins"].format(stage=_name(chart.stages[0].name))
        parts = [f"## {title}", self.sentence(chart.purpose), begins]
        for stage in chart.stages:
            parts += [f"### `{stage.name}`", *self.stage(stage)]
        parts += [f"### {lines['everywhere']}", _listed(self.everywhere())]
        return "\n\n".join(part for part in parts if part) + "\n"

    def stage(self, stage: StageChart) -> Iterator[str]:
        """What a stage is for, what enters it, and what it does."""
        lines = self.words.lines
        yield self.sentence(stage.says)
        if stage.on:
            yield lines["entered"].format(responses=lines["or"].join(self.heard(stage)))
        yield _listed(self._deeds(stage))

    def heard(self, stage: StageChart) -> list[str]:
        """What people say, or what happens, that enters a stage."""
        return [self.words.responses.get(each, each) for each in stage.on]

    def everywhere(self) -> list[str]:
        """The safeguards that hold in every stage."""
        ends = self._joined(self.words.closures[each] for each in self.chart.safeguards)
        return [line.format(closures=ends) for line in self.words.everywhere]

    def sentence(self, english: str) -> str:
        """A sentence that stands in a journey, in this language; in English if it has none."""
        return self.words.sentences.get(english, english)

    def message(self, message: Message) -> str:
        """A message, by its channel and its name."""
        channel = self.words.channels[message.channel]
        return self.words.lines["message"].format(channel=channel, name=_name(message.name))

    def pause(self, waits: Waits) -> str:
        """What a pause is for, and how long it takes at most if nobody answers."""
        return pause_told(waits.verb, waits.span, self.language)

    def span(self, span: timedelta) -> str:
        """A span in days, or in hours if it is no number of whole days."""
        return span_told(span, self.language)

    def lead(self, lead: Lead) -> str:
        """A way out of a stage."""
        lines = self.words.lines
        match lead.way:
            case Way.CLOSES:
                closure = self.words.closures.get(lead.name, lead.name)
                return lines["closes"].format(closure=closure)
            case Way.SWITCHES:
                return lines["switches"].format(name=_name(lead.name))
            case Way.BACK:
                return lines["back"]
            case Way.STAYS:
                return lines["again"]
            case _:
                return _name(lead.name)

    def _deeds(self, stage: StageChart) -> Iterator[str]:
        lines = self.words.lines
        if stage.does(OFFERS):
            yield lines["offers"]
        if stage.sends:
            yield lines["sends"].format(messages=self._joined(map(self.message, stage.sends)))
        if stage.waits:
            pauses = dict.fromkeys(map(self.pause, stage.waits))
            yield lines["waits"].format(pauses=self._joined(pauses))
        if stage.does(CHARGES):
            yield lines["charges"]
        if stage.hands:
            said = (lines["reason"].format(reason=self.sentence(each)) for each in stage.hands)
            yield lines["hands"].format(reasons=self._joined(said))
        leads = dict.fromkeys(self._again(stage, each) for each in stage.leads)
        yield lines["then"].format(stages=self._joined(leads))

    def _again(self, stage: StageChart, lead: Lead) -> str:
        again = lead.way is Way.TO and lead.name == stage.name
        return self.lead(Lead(Way.STAYS) if again else lead)

    def _joined(self, several: Iterable[str]) -> str:
        return ("؛ " if self.words.direction == "rtl" else "; ").join(several)


def pause_told(verb: str, span: Span, language: str = HOME_LANGUAGE) -> str:
    """What a pause is for, and how long it takes at most if nobody answers."""
    pauses = vocabulary(language).pauses
    kind, length = kind_of(span)
    said = pauses.get(f"{verb}.{kind}", pauses[verb])
    return said.format(span=span_told(length, language))


def span_told(span: timedelta, language: str = HOME_LANGUAGE) -> str:
    """A span in days, or in hours if it is no number of whole days."""
    words = vocabulary(language)
    forms, unit = (words.hours, AN_HOUR) if span % A_DAY else (words.days, A_DAY)
    number = round(span / unit)
    form = Locale.parse(language).plural_form(number)
    return forms.get(form, forms["other"]).format(number=number)


def described(chart: Chart, language: str = HOME_LANGUAGE) -> str:
    """A journey in plain words, as Markdown. LookupError for a language without words."""
    vocabulary(language)
    return Teller(chart, language).told()


def sentences_of(chart: Chart) -> Iterator[str]:
    """All that a journey says of itself in English: what every other language has to say, too."""
    yield chart.purpose
    for stage in chart.stages:
        yield stage.says
        yield from stage.hands


def kind_of(span: Span) -> tuple[str, timedelta]:
    """How a span is told, and how long it is: for, since, before, on, after, least; or nothing."""
    match span.since:
        case "now" | "sent":
            return "for", span.plus
        case "entered":
            return "since", span.plus
        case "due":
            kind = "before" if span.plus < timedelta() else "after" if span.plus else "on"
            return kind, abs(span.plus)
        case _:
            return ("least" if span.least else ""), span.least


def _name(name: str) -> str:
    return f"`{name}`"


def _listed(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
