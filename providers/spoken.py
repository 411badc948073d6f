"""Money, dates and plans as a consumer reads them, in their language.

Digits are always Latin. A text message carries no invisible marks: one of them would turn a cheap
GSM-7 text into UCS-2 segments of 70 characters.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_currency

from domain.contacts import Channel
from domain.money import Money, exponent
from domain.plans import Instalment, PaymentPlan
from domain.settlements import Settlement

ISOLATE, END_ISOLATE = "\u2068", "\u2069"
"""Unicode's first-strong isolate and its end: they keep a Latin name in order in Arabic words."""

FALLBACKS = {"en": "en_GB", "ar": "ar_SA"}
"""Where CLDR does not know the language in the consumer's country."""

BIDI_MARKS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
HARD_SPACES = re.compile("[\u00a0\u202f]")
CODE_BESIDE_DIGIT = re.compile(r"(?<=[A-Z])(?=\d)")
ARABIC = re.compile("[\u0621-\u064a]")
CHEAP_SYMBOLS = re.compile(r"[\x20-\x7e£¥€]+")
"""Amounts in these characters stay within GSM-7."""


@dataclass(frozen=True)
class SpokenInstalment:
    """An instalment as templates see it."""

    number: int
    amount: str
    due: str


@dataclass(frozen=True)
class SpokenPlan:
    """A plan as templates see it. `amount` is that of every instalment but perhaps the last."""

    count: int
    amount: str
    last_amount: str
    uneven: bool
    first: str
    instalments: tuple[SpokenInstalment, ...]


@dataclass(frozen=True)
class SpokenSettlement:
    """An offer to settle as templates see it."""

    amount: str
    expires: str


class Voice:
    """Speaks facts in one language for one country, fit for one channel."""

    def __init__(self, locale: str, country: str, channel: Channel) -> None:
        self._babel = babel_locale(locale, country)
        self._plain = channel is Channel.SMS
        self._isolated = locale == "ar" and not self._plain

    def name(self, text: str) -> str:
        """A name on one line, without characters that could reorder or break the words around."""
        shown = "".join(
            letter for letter in text if unicodedata.category(letter) != "Cc" or letter.isspace()
        )
        return self._set_apart(" ".join(BIDI_MARKS.sub("", shown).split()))

    def money(self, amount: Money) -> str:
        """An amount with exactly the decimals of ISO 4217, which CLDR shortens for some."""
        said = self._formatted(amount, "¤")
        return self._set_apart(said if self._fits(said) else self._formatted(amount, "¤¤"))

    def date(self, day: date) -> str:
        """A date with the month in words; shorter where every character counts."""
        short = self._plain and self._babel.language == "en"
        said = format_date(day, "medium" if short else "long", locale=self._babel)
        return self._set_apart(self._cleared(said))

    def instalment(self, part: Instalment, currency: str) -> SpokenInstalment:
        """One instalment."""
        amount = Money(minor=part.minor, currency=currency)
        return SpokenInstalment(part.number, self.money(amount), self.date(part.due))

    def plan(self, plan: PaymentPlan) -> SpokenPlan:
        """A plan with all its instalments."""
        parts = tuple(self.instalment(part, plan.currency) for part in plan.instalments)
        return SpokenPlan(
            count=len(parts),
            amount=parts[0].amount,
            last_amount=parts[-1].amount,
            uneven=parts[0].amount != parts[-1].amount,
            first=parts[0].due,
            instalments=parts,
        )

    def settlement(self, offer: Settlement) -> SpokenSettlement:
        """An offer to settle."""
        return SpokenSettlement(self.money(offer.amount), self.date(offer.expires))

    def _fits(self, said: str) -> bool:
        """Whether a symbol may stand, or its ISO code is better."""
        if self._babel.language == "ar":
            # Among Arabic words, a symbol such as US$ is torn apart on the screen; USD is not.
            return ARABIC.search(said) is not None
        return not self._plain or CHEAP_SYMBOLS.fullmatch(said) is not None

    def _formatted(self, amount: Money, symbol: str) -> str:
        said = formatted(amount, symbol, self._babel)
        return self._cleared(CODE_BESIDE_DIGIT.sub("\u00a0", said))

    def _cleared(self, said: str) -> str:
        """Without marks: isolates do their work in e-mail, and a text has none."""
        unmarked = BIDI_MARKS.sub("", said).strip()
        return HARD_SPACES.sub(" ", unmarked) if self._plain else unmarked

    def _set_apart(self, said: str) -> str:
        return f"{ISOLATE}{said}{END_ISOLATE}" if self._isolated else said


@lru_cache(maxsize=4096)
def formatted(amount: Money, symbol: str, locale: Locale) -> str:
    """An amount as the locale writes it, with every decimal that its currency has."""
    decimals = exponent(amount.currency)
    pattern = locale.currency_formats["standard"].pattern
    exact = pattern.replace("0.00", "0." + "0" * decimals if decimals else "0")
    return format_currency(
        amount.major,
        amount.currency,
        exact.replace("¤", symbol),
        locale=locale,
        currency_digits=False,
        numbering_system="latn",
    )


@cache
def babel_locale(language: str, country: str) -> Locale:
    """The language as it is used in the country, or its most usual form."""
    try:
        return Locale.parse(f"{language}_{country}")
    except (UnknownLocaleError, ValueError):
        return Locale.parse(FALLBACKS[language])
