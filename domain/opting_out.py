"""Words that end all messages to an address, whatever else is said beside them.

47 CFR 64.1200(a)(10) names the English ones. They count at the start of a message, or alone in a
sentence of it: in "stop calling my work" and "cancel my plan" they say something else.
"""

# ruff: noqa: RUF001 -- Arabic letters are meant

import re

from domain.wishing import EVEN

_SYMBOL = r"\u2600-\u27bf\U0001f300-\U0001faff"
_SENTENCE = r"(?:^|(?<=[.!?;\n…؟]))\s*"
_CLAUSE = rf"(?:{_SENTENCE}|(?<=[:,()–—،؛&{_SYMBOL}])\s*|(?<=\s-)\s*|(?<=-\s)\s*)"
_END = r"(?:\s*$|\s*[.!;\n…])"
_COMMA = rf"(?:\s*[,،](?!\s*or\b)|\s*[)–—؛&{_SYMBOL}]|\s-|-\s|-$)"
_NO_QUESTION = r"(?![\s!.]*[?؟])"
_QUOTE = "[\"'“”«»*]?"

# English

_STOP = r"(?:stop ?all|stop|unsubscribe|opt[ -]?out)\b"
_CANCEL = r"(?:cancel|end|quit|revoke)\b"
"""Words that also say other things: more has to speak for them."""
_LEAD = (
    r"(?:(?:please|pls|plz|kindly|ok|okay|yes|yeah|no|nope|hi|hello|hey|just|now|well|sorry|thanks"
    r"|thank you|sirs?|madam|i sa(?:id|y)|so|but|again)\b[\s,]*)*"
)
_AFTER = (
    r"(?:,?\s+(?:please|pls|plz|thanks|thank you|thx|now|right now|right away|immediately|at once"
    r"|asap|forever|already(?! paid))\b)*"
)
_SUBJECT = (
    r"(?:i|i'm|im|i'll|i've|ive|i'd|we|we're|we'll|we've|you|u|you're|you've|he|she|they|it's|it is"
    r"|this (?:is|was|isn't)|that's|that is|there's|there is|not (?:my|me|mine)|wrong|leave me"
    r"|do not|don'?t)\b"
)
_AND_NOT_A_LIST = r"and\b(?!\s+(?:re-?start|start|resume|pause|hold|change|cancel|end)\b)"
_MORE = (
    rf"\s+(?:{_AND_NOT_A_LIST}|(?:but|because|cause|or else)\b|(?:or|as|since) (?:i|we)\b"
    rf"|{_SUBJECT}|(?:already )?paid\b|not interested\b|never\b|why\b"
    r"|(?:call|phone|ring|text|e-?mail|whatsapp) (?:me|us) instead\b)"
)
_JOINED = r"(?:\s*(?:and|but|because|&)(?=\s))?"

# Arabic, in one form of each letter

_AR_STOP = r"(?:(?:اوقف|توقف)(?:وا|ي)?|قفوا|قف|ايقاف|الغاء|الغوا)\b"
_AR_ASKED = r"(?:الرجاء|ارجو|يرجي)\s+(?:ال)?(?:توقف|ايقاف|الغاء)\b"
_AR_LEAD = (
    r"(?:(?:من فضلكم?|لو سمحت[مو]?|رجاء|الرجاء|ارجو|يرجي|نعم|مرحبا|السلام عليكم|شكرا|طيب)\b"
    r"[\s،,]*)*"
)
_AR_AFTER = r"(?:[،,]?\s+(?:من فضلكم?|لو سمحت[مو]?|رجاء|شكرا|الان|حالا|فورا|نهائيا)\b)*"
_AR_MORE = (
    r"(?:لقد|قد|انا|نحن|دفعت|سددت|سوف|سادفع|ساسدد|لا|لم|لن|ليست?|هذا (?:الدين )?ليس|انتم|لماذا"
    r"|رقم خطا|الرقم غلط)\b"
)

_ANY = rf"(?:{_STOP}|{_CANCEL})"
_ALONE = rf"{_END}|{_COMMA}"

_STOP_FIRST = (
    rf"{_CLAUSE}{_LEAD}{_QUOTE}{_STOP}(?:[\s,/]+(?:and )?{_ANY})*{_QUOTE}{_AFTER}{_NO_QUESTION}"
    rf"(?={_ALONE}|\s*[:(]|{_MORE}){_JOINED}"
)
_CANCEL_FIRST = (
    rf"{_SENTENCE}{_LEAD}{_QUOTE}{_CANCEL}(?:[\s,/]+(?:and )?{_ANY})*{_QUOTE}{_AFTER}{_NO_QUESTION}"
    rf"(?={_ALONE}|\s+(?:and )?{_SUBJECT}){_JOINED}"
)
_STOP_LAST = (
    r"(?<!to )(?<!not )(?<!n't )\b(?:please|pls|plz|so) stop"
    rf"{_AFTER}{_NO_QUESTION}(?={_END})"
)
_AR_STOP_FIRST = (
    rf"{_CLAUSE}{_AR_LEAD}{_QUOTE}(?:{_AR_STOP}|{_AR_ASKED})(?:\s+{_AR_STOP})*{_QUOTE}{_AR_AFTER}"
    rf"{_NO_QUESTION}(?={_ALONE}|\s*:|\s+و? ?{_AR_MORE})(?:\s+و(?= ?{_AR_MORE}))?"
)
OPT_OUTS = tuple(map(re.compile, (_STOP_FIRST, _CANCEL_FIRST, _STOP_LAST, _AR_STOP_FIRST)))
LONGEST_SENTENCE = 300
SENTENCE_BREAK = re.compile(r"[.!?;\n…؟]")
CONDITION = re.compile(r"\b(?:if|when|once|until|till|unless|اذا|لو(?! سمحت))\b")
"""What depends on something else is not said for certain."""


def beside_opt_out(text: str) -> str | None:
    """What a message says beside the word that opts out; None if it has no such word.

    The text is in small letters and without vowel signs; its line breaks count as stops.
    """
    opted_out = False
    for pattern in OPT_OUTS:
        even = text.translate(EVEN)
        spans = [found.span() for found in pattern.finditer(even) if not _conditional(even, found)]
        opted_out = opted_out or bool(spans)
        text = _without(text, spans)
    return " ".join(text.split()).strip(" .,،!;:&–—-") if opted_out else None


def _conditional(even: str, found: re.Match[str]) -> bool:
    """Whether it depends on what the same sentence says before it."""
    before = even[max(0, found.start() - LONGEST_SENTENCE) : found.start()]
    return CONDITION.search(SENTENCE_BREAK.split(before)[-1]) is not None


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    """The text with a stop in each of these places."""
    ends = [0, *(end for _, end in spans)]
    starts = [*(start for start, _ in spans), len(text)]
    return " . ".join(text[end:start] for end, start in zip(ends, starts, strict=True))
