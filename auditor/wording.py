"""What a text says: patterns of our own, beside the words that packs put into messages.

Only what can be seen in words is judged. A pattern for what must not be said is narrow on purpose:
a false alarm in every other message would hide the real one.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

_FLAGS = re.IGNORECASE

SEEN = {
    "opt-out": r"(?-i:\bSTOP\b)|\b(reply|text|send|answer|type)( with)?( the word)? \W?stop\b"
    r"|\bopt(ing)?[- ]out\b|unsubscribe|إيقاف|للإيقاف",
    "from a debt collector": r"debt collect(or|ion)|collect a debt|تحصيل (ال)?دي(ن|ون)",
    "attempt to collect": r"attempt to collect|لغرض تحصيل",
    "call-back": r"\b(call|phone|reach) us\b|\+\d{7,}|اتصلوا بنا",
    "recording": r"\brecord(ed|ing)\b|مسجلة|تسجيل",
    "time-bar notice": r"too old|cannot sue|will not sue|time to sue|time-barred|التقادم",
    "validation information": r"validation information|itemi[sz]ation of the debt",
    "how to dispute": r"\bdispute\b|الاعتراض",
    "demand": r"\b(please|must|kindly) (pay|settle)\b|payment is (due|required)"
    r"|\b(pay|settle) (now|today|at once|immediately|(the|your) \w+|us|by \w+)\b"
    r"|يرجى (السداد|الدفع)|\b(ادفع|سدد)(وا)? (الآن|اليوم|فورا|المبلغ)",
    "legal threat": r"\b(we )?(may|will|shall|can) (sue|take you to court)\b|\blawsuit\b"
    r"|\b(legal|court|judicial) (action|proceedings?|steps|measures)\b|\bgarnish\w*"
    r"|\b(seize|attach) your \w+|سنقاضي|مقاضا|(ال)?إجراءات (ال)?قانونية|(ال)?إجراءات (ال)?قضائية"
    r"|أمام المحكمة|إلى المحكمة|الحجز على",
    "marketing": r"\bspecial offer\b|\bnew loan\b|\bpromotion\b|\bdiscount code\b|عرض خاص",
}
"""By what a rule calls it."""

_COMPILED = {says: re.compile(pattern, _FLAGS) for says, pattern in SEEN.items()}
_DENIED = re.compile(
    r"\b(not|never|no|nor|without|\w+n['’]t|cannot|لا|لن|لم|ليس|ليست|ليسوا|غير|دون|بدون)"  # noqa: RUF001
    r"(\s+\w+){0,3}\s+(ال)?\W?$",
    _FLAGS,
)
"""What stands before words that it turns into their opposite: "we will not honour", "no way to"."""
_CONDITION = re.compile(
    r"\b(if|when|whenever|unless|should|إذا|إن|لو)\b"
    r"|^\W*(to\s+\w+|for)\s+no\s+(more|further)\b",
    _FLAGS,
)
"""A clause that denies nothing: "if you do not want this", "to receive no more texts"."""
_CLAUSE = re.compile(r"[.!?;:,\n،؛؟()]|\b(?:and|but)\b", _FLAGS)
_LINK = re.compile(r"https?://[^\s<>\"']+", _FLAGS)
_NO_WAY_TO_PAY = re.compile(r"unsubscribe|opt-?out|privacy", _FLAGS)
_ARABIC = re.compile(r"[\u0600-\u06ff]")
_LATIN = re.compile(r"[a-z]", _FLAGS)


def lacks(
    says: str, text: str, *, phrases: Mapping[str, Sequence[str]], name: str, language: str
) -> bool:
    """Whether a text that has to say something does not."""
    if says == "identity":
        return bool(name) and _plain(name) not in _plain(text)
    if says == "their language":
        return not (_ARABIC if language == "ar" else _LATIN).search(text)
    if any(_plain(words) in _plain(text) for words in phrases.get(says, ())):
        return False
    return says in _COMPILED and not _found(says, text)


def tells(says: str, text: str) -> bool:
    """Whether a text that must not say something does."""
    if says == "payment link":
        return any(not _NO_WAY_TO_PAY.search(link) for link in _LINK.findall(text))
    return says in _COMPILED and _found(says, text)


@lru_cache(maxsize=100_000)
def _found(says: str, text: str) -> bool:
    return any(not _is_denied(text[: found.start()]) for found in _COMPILED[says].finditer(text))


def _is_denied(before: str) -> bool:
    """Whether what stands before some words in their clause turns them into their opposite."""
    clause = _CLAUSE.split(before)[-1]
    return _DENIED.search(clause) is not None and _CONDITION.search(clause) is None


@lru_cache(maxsize=100_000)
def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
