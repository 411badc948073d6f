"""Who wrote that they want no more, in a word that leaves no doubt, and was not heard.

The words are read by a table of our own, and a narrow one: what has to be understood stays with
those who read.
"""

import re
import unicodedata
from collections.abc import Iterator
from datetime import timedelta

from auditor.book import Book, Heard
from auditor.violations import HouseRule, Violation

UNHEARD = HouseRule("AUDIT-UNHEARD", "whoever writes STOP has opted out")

AT_ONCE = timedelta(minutes=1)
"""Within this an opt-out has to be on record."""

STOPS = frozenset(
    {
        *("stop", "stopall", "stop all", "unsubscribe", "optout", "opt out", "opt-out"),
        *("cancel", "end", "quit", "revoke"),
        *("ايقاف", "الغاء", "الغاء الاشتراك", "اوقف", "اوقفوا", "توقف", "توقفوا", "قف"),
    }
)
"""The words of 47 CFR 64.1200(a)(10) and the Arabic ones, alone in a message, in one form of each
letter."""

_UNSEEN = re.compile("[\u064b-\u0655\u0670\u0640\ufe00-\ufe0f]")
"""Arabic vowel signs, the stretching line, and what picks a form of a letter."""
_FOLDED = str.maketrans("أإآٱی", "ااااي")


def unheard(book: Book) -> Iterator[Violation]:
    """Replies that opt out, and for which no opt-out stood or was written within a minute."""
    for each in book.heard:
        if is_stop(each.words) and not _is_on_record(each):
            by = f"{each.channel} that opts out, and no opt-out"
            yield UNHEARD.broken((each.key,), by, account=each.account, at=each.wall)


def is_stop(words: str) -> bool:
    """Whether a message is a word that opts out, and nothing else."""
    return _plain(words) in STOPS


def _plain(words: str) -> str:
    """The words without anything that cannot be seen, in one form of each letter."""
    whole = unicodedata.normalize("NFKC", words)
    seen = "".join(each for each in whole if unicodedata.category(each) != "Cf")
    text = _UNSEEN.sub("", seen).translate(_FOLDED).casefold()
    return " ".join(text.split()).strip(" .!,\"'")


def _is_on_record(heard: Heard) -> bool:
    return any(
        each.channel in (None, heard.channel)
        and each.known_from <= heard.wall + AT_ONCE
        and (each.known_to is None or each.known_to >= heard.wall)
        for each in heard.refusals
    )
