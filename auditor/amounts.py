"""Amounts of money as a text names them, in minor units, in the ways of English and of Arabic.

A number is an amount if the currency stands beside it: its ISO code, a symbol, or its name. One
that stands between two numbers belongs to the first, unless it touches the second alone, the second
has all its decimals, or the first is a day by which something is due. Where a number can be read in
two ways, the smaller is taken: a false alarm would hide the real one.
"""

import re
from functools import cache, lru_cache

from iso4217 import Currency

_NUMBER = re.compile(r"(?<![\d.,])\d+(?:[.,'’٫٬\u00a0\u202f]\d+)*")  # noqa: RUF001 -- separators
_LAST = re.compile(r"(.*)[.,'’٫٬\u00a0\u202f](\d+)$")  # noqa: RUF001
_UNSEEN = re.compile("[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_DATE = re.compile(
    r"(?<![\d./-])(?:\d{4}-\d{2}-\d{2}|\d{1,2}([./-])\d{1,2}\1(?:19|20)\d{2})(?![./-]?\d)"
)
_MONTHS = (
    r"\b(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_BY = r"(?<!ed )(?<!up )(?<!down )(?<!cut )(?<!less )(?<!more )\bby"
"""Not as in: reduced by."""
_UNTIL = rf"(?:{_BY}|\b(?:on|before|until|till|قبل|حتى|في|يوم)|{_MONTHS})\s+(?:the\s+)?"
_YEAR = r"(?:19|20)\d{2}"
_DAY = rf"(?:(?:\d{{1,2}}[./-])?(?:0?[1-9]|[12]\d|3[01])|{_YEAR})(?!\d)"
_NO_YEAR_OR_PHONE = rf"(?!{_YEAR}(?![.,]?\d)|\d{{7}})"
_GAP = r"[ \u00a0\u202f]?"
_NUMBER_ENDS = re.compile(rf"\d({_GAP})$")
_SYMBOLS = r"[A-Z]{0,3}[$£€¥₹₩₺₪₱₦₫₽฿﷼¢]"
_ARABIC = r"(?:[\u0621-\u064a]\.){2,3}|(?:دولار|درهم|ريال|دينار|جنيه|يورو)\w*"
_WHOSE = r"(?-i:[A-Z][A-Za-z.]+[ \u00a0\u202f])?"
"""The word of a country before a currency's name: US dollars."""
_NAMES = rf"\b{_WHOSE}(?:dollars?|dirhams?|riyals?|dinars?|euros?|pounds?|yen|rupees?)\b"
_ASKED = re.compile(
    r"(?:\b(?:pay|owe|settle)|ادفعوا?|سددوا?)"
    r"(?:\s+(?!by\b|on\b|at\b|before\b|until\b|في\b)\w+){0,2}\s+$",
    re.IGNORECASE,
)
"""Words after which a number with all its decimals is an amount, without any currency."""
_NEAR, _FAR = 24, 60
"""Characters before a number that may hold a currency, or a word that asks."""


def largest(text: str | None, currency: str | None) -> int | None:
    """The largest amount that a text names, in minor units of a currency; None if it names none."""
    if text is None or currency is None:
        return None
    return max(_amounts(text, currency), default=None)


@lru_cache(maxsize=10_000)
def _amounts(text: str, currency: str) -> tuple[int, ...]:
    seen, decimals = _DATE.sub("-", _UNSEEN.sub("", text)), _decimals(currency)
    seen = _day_before(currency).sub(r"\1-", seen)
    found = (each for each in _NUMBER.finditer(seen) if _is_amount(each, currency, decimals))
    return tuple(_minor(each[0], decimals) for each in found)


def _is_amount(number: re.Match[str], currency: str, decimals: int) -> bool:
    """Whether the currency stands before or after it, or a word that asks for it."""
    before, after = _beside(currency)
    text, start, end = number.string, number.start(), number.end()
    last = _LAST.match(number[0])
    is_exact = last is not None and decimals > 0 and len(last[2]) == decimals
    currency_before = before.search(text, max(0, start - _NEAR), start)
    if after.match(text, end) or _is_its_own(currency_before, is_exact=is_exact):
        return True
    return is_exact and _ASKED.search(text, max(0, start - _FAR), start) is not None


def _is_its_own(currency: re.Match[str] | None, *, is_exact: bool) -> bool:
    """Whether the currency before a number is its own, and not that of the number before it."""
    if currency is None:
        return False
    other = _NUMBER_ENDS.search(currency.string, 0, currency.start())
    return other is None or is_exact or bool(other[1] and not currency["gap"])


@cache
def _beside(currency: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """The currency as it ends before a number, and as it begins after one."""
    money = _money(currency)
    before, after = rf"{money}(?P<gap>{_GAP})$", rf"(?:{money}|{_GAP}{money}(?!\d))"
    return re.compile(before, re.IGNORECASE), re.compile(after, re.IGNORECASE)


@cache
def _day_before(currency: str) -> re.Pattern[str]:
    """A day on which an amount falls due, if the currency stands between the two: by 12 USD 900."""
    amount = rf"{_GAP}{_money(currency)}{_GAP}{_NO_YEAR_OR_PHONE}\d"
    return re.compile(rf"({_UNTIL}){_DAY}(?={amount})", re.IGNORECASE)


def _money(currency: str) -> str:
    """A currency, or what may stand for it."""
    return rf"(?:(?<![A-Za-z])(?-i:{re.escape(currency)})|{_SYMBOLS}|{_ARABIC}|{_NAMES})"


@cache
def _decimals(currency: str) -> int:
    return int(Currency(currency).exponent or 0)


def _minor(number: str, decimals: int) -> int:
    """A number as it is written, in minor units."""
    split = _LAST.match(number)
    if split is not None and decimals and len(split[2]) <= decimals:
        return int(_digits(split[1]) + split[2].ljust(decimals, "0"))
    return int(_digits(number) + "0" * decimals)


def _digits(number: str) -> str:
    return re.sub(r"\D", "", number)
