"""What a consumer's words mean, as far as it is certain. Unsure means that a person reads them.

Pure and driven by tables, in English and Arabic. A wish to be left alone and a reason to stop are
taken from anywhere in the text: to stop by mistake harms nobody. All else needs plain words.
A word that opts out is read first, by `domain.opting_out`, and counts beside whatever else is said.
Then how somebody wants to be contacted, by `domain.wishing`: what is left is read here.
"""

import re
import unicodedata
from datetime import date, timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from domain.accounts import Hold
from domain.contacts import Channel
from domain.opting_out import beside_opt_out
from domain.people import Wish
from domain.reasons import (
    ADVISERS,
    BREATHING_SPACES,
    CHALLENGES,
    INSOLVENCIES,
    REFUSALS,
    SOUNDS_ALIKE,
)
from domain.wishing import wishes_in

FURTHEST_PROMISE = timedelta(days=45)
"""A promise further away is not taken on trust: a person reads it."""


class Understood(StrEnum):
    """One thing that a message says."""

    STOP = "stop"
    MEDIUM = "medium"
    """Not by this medium any more, at no address."""
    WISH = "wish"
    """At other times or places, or in another way."""
    START = "start"
    HELP = "help"
    DECEASED = "deceased"
    BANKRUPTCY = "bankruptcy"
    CEASE = "cease"
    REFUSAL = "refusal to pay"
    BREATHING_SPACE = "breathing space"
    ADVISER = "debt adviser"
    ATTORNEY = "attorney"
    DISPUTE = "dispute"
    HARDSHIP = "hardship"
    PLAN = "plan"
    PAID = "paid"
    CALL = "call"
    PROMISE = "promise"
    MESSAGE = "message"


HOLDS = {
    Understood.DECEASED: Hold.DECEASED,
    Understood.BANKRUPTCY: Hold.BANKRUPTCY,
    Understood.CEASE: Hold.CEASE,
    Understood.REFUSAL: Hold.CEASE,
    Understood.BREATHING_SPACE: Hold.BREATHING_SPACE,
    Understood.ADVISER: Hold.ADVISER,
    Understood.ATTORNEY: Hold.ATTORNEY,
    Understood.DISPUTE: Hold.DISPUTE,
    Understood.HARDSHIP: Hold.HARDSHIP,
}
"""Meanings that stop the clock."""

KEYWORDS = {
    Understood.STOP: (
        *("stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke"),
        *("opt out", "optout", "opt-out", "إيقاف", "ايقاف", "إلغاء", "الغاء", "توقف", "قف"),
        *("أوقف", "اوقف", "أوقفوا", "اوقفوا", "توقفوا", "قفوا", "كفى", "كفي"),
        *("stopp", "arret", "arrêt", "alto"),
    ),
    Understood.START: ("start", "unstop", "yes", "ابدأ"),
    Understood.HELP: ("help", "info", "مساعدة"),
}
"""Words that stand alone, politeness aside. Twilio itself obeys the English ones."""

POLITE = re.compile(r"\b(please|pls|now|thanks|thank you|all)\b|من فضلك|لو سمحت|رجاء")

FILLERS = re.compile(
    r"\b(please|pls|thank you|thanks?|thx|hi|hello|hey|dear|sirs?|madam|regards|sorry|ok|okay|yes"
    r"|no|and|or|but|also|so|then|just|only|either|kindly|best|as of|from|now on|in future|again"
    r"|to|for|i|we|me|us|my|(you|may|can|could|would|will)( you)?|any ?more|ever|at all)\b"
    r"|\b(من فضلكم?|لو سمحت[مو]?|رجاء|الرجاء|[أا]رجو|يرجى|شكرا|مرحبا|السلام عليكم|فقط|و|تحياتي)\b"
)
"""Words that say nothing beside a wish."""

BY_ONE_WAY = (
    r"(?: me| us)?(?: (?:by|via|through|over|on|at)(?: my| this| the| that)? (?:texts?|sms|phone"
    r"|e-?mails?|calls?|whatsapp|work|job|office|home|number|address|cell|mobile)\b"
    r"| (?:my|our|this|that) )"
)
"""What follows `contact` where one way or one person is meant, and not all communication."""

WRONG_NUMBER = (r"\bwrong number\b", r"رقم خط[أا]|الرقم غلط")
"""Whoever says so speaks for the number, and not for the person whom we meant."""

STOPS = {
    Understood.STOP: (
        r"\b(stop|quit) (texting|messaging|emailing|e-mailing|calling)\b",
        rf"\b(do not|don'?t|(stop|quit)) contact(ing)?{BY_ONE_WAY}",
        r"\b(stop|quit) (sending|bothering|harassing|spamming|it|this|that|stop)\b",
        r"\b(stop|quit|end|cancel|cease)( all| the| these| those| your)* messages\b",
        r"\b(remove|delete|lose) (me|my (phone )?(number|e-?mail|address|details))\b",
        r"\btake (me|my (phone )?(number|e-?mail|name)) off\b|\bno more messages\b",
        r"\b(do not|don'?t) (text|message|e-?mail|call)\b(?!( me)? (back|(right )?now|yet)\b)",
        r"\b(do not|don'?t|no longer) (want|wish)( (to|receive|get|any|more|your))* messages\b",
        r"\bopt(ing)? (me )?out\b|\bunsubscribe\b|\bnot interested\b",
        *WRONG_NUMBER,
        r"\b(revoke|withdraw|cancel)(ing)?( my| any| all)* (consent|permission)\b",
        r"لا تتصل|لا تراسل|لا ترسل|[أا]وقفوا|توقفوا عن",
        r"(احذفوا|[أا]زيلوا|امسحوا) (رقمي|اسمي|عنواني)",
        r"(إلغاء|الغاء|[أا]لغوا) (الاشتراك|اشتراكي)",
        r"\b([أا]وقفي?|[إا]يقاف|[إا]لغاء) ((كل|جميع|هذه) )?(ال)?رسائل",
        r"\bتوقفي? عن (ال)?(اتصال|مراسل|[إا]رسال|[إا]زعاج)",
    ),
    Understood.DECEASED: (
        r"\bdeceased\b|\bpassed away\b",
        r"\bdied\b",
        r"\b[وف]?توفيت?\b|\b[وف]?توفى\b|متوف[ىي]|وفاة",
    ),
    Understood.BANKRUPTCY: INSOLVENCIES,
    # 12 CFR 1006.6(c)(1): to cease all communication. One medium alone is 1006.14(h), a STOP.
    Understood.CEASE: (
        rf"\b(stop|quit)( \w+ing,?( and| or)?)? contacting\b(?!{BY_ONE_WAY})",
        rf"(?<!you )\b(do not|don'?t|never)( ever)?( \w+,? (and|or))? contact\b(?!{BY_ONE_WAY})",
        r"\bleave (me|us) alone\b|\bcease and desist\b",
        r"\b(cease|stop|end)( all| any)?( further| future)? (communicat\w+|correspond\w+)",
        rf"\b(cease|stop|end)( all| any)?( further| future)? contacts?\b(?!{BY_ONE_WAY})",
        r"\bno (more|further|future) (contact|communication|correspondence)",
        r"لا تتصل(وا)? (بي|معي) (مر[ةه] [أا]خر[ىي]|بعد ال[آيا]|[أا]بدا|مجددا|نهائيا)",
        r"لا تتواصل|لا تعاودوا الاتصال|[أا]وقف(وا)? (كل|جميع|كاف[ةه]) (ال)?(اتصال|تواصل|مراسل)",
        r"(ما|لا) ([أا]بغ[ىيا]|[أا]ب[يى]|[أا]ريد|[أا]رغب في|ودي) [أا]ي (تواصل|اتصال)",
        r"(اتركوني|دعوني|خلوني) (و ?ش[أا]ني|في حالي|بحالي)",
    ),
    Understood.REFUSAL: REFUSALS,
    Understood.BREATHING_SPACE: BREATHING_SPACES,
    Understood.ADVISER: ADVISERS,
    Understood.ATTORNEY: (r"\b(lawyer|attorney|solicitor)s?\b", r"محام"),
    Understood.DISPUTE: (
        r"\bdisput(e|ed|ing)\b|\bnot my debt\b|\b(do not|don'?t|never) owe\b",
        r"ليس ديني|ليس علي دين",
        *CHALLENGES,
    ),
    Understood.HARDSHIP: (
        r"\b(cannot|can not|can'?t|unable to) (pay|afford)\b",
        r"\blost my job\b|\bhardship\b",
        r"لا [أا]ستطيع الدفع|فقدت عملي|فقدت وظيفتي",
    ),
}
"""Read anywhere in the text, and all that match count."""

ALIKE = re.compile("|".join(SOUNDS_ALIKE))

BY_CALLING = r"لا تتصل|عن الاتصال"
"""In Arabic it may mean any contact."""

ANSWERS = {
    Understood.PAID: (
        r"^(paid|مدفوع|دفعت)$",
        r"\b(i|we) have (already )?paid\b|\bi'?ve (already )?paid\b|\balready paid\b",
    ),
    Understood.PLAN: (
        r"^(plan|خطة.*|تقسيط)$",
        r"\binstall?ments?\b|\bpayment plan\b|\bpay in parts\b|[أا]قساط",
    ),
    Understood.CALL: (r"\bcall me\b", r"اتصلوا بي|اتصل بي"),
}
"""Read only if nothing stops the clock; the first that matches counts."""

PROMISING = r"\b(i |we )?(will |can |'ll )?pay on\b|\bwill pay\b|\bpromise\b|[أا]عد|س[أا]دفع"
UNSURE = (
    r"\b(not|never|cannot|can'?t|won'?t|if|maybe|might|lose|less|call me back|don'?t|they|why)\b"
    # it may ask for an end of messages, or of something else
    r"|\b(stop|unsubscribe|cancel|revoke|quit(?! my)|end (my|this|your))\b"
    r"|\b(توقف|[أا]وقف|[إا]يقاف|[إا]لغاء|قف)\b"
)

SHORT_LINE = 50
"""A shorter line was ended by its writer, and not by a mail program."""

MONTHS = (
    ("january", "jan", "يناير"),
    ("february", "feb", "فبراير"),
    ("march", "mar", "مارس"),
    ("april", "apr", "أبريل", "ابريل"),
    ("may", "مايو"),
    ("june", "jun", "يونيو"),
    ("july", "jul", "يوليو"),
    ("august", "aug", "أغسطس", "اغسطس"),
    ("september", "sep", "sept", "سبتمبر"),
    ("october", "oct", "أكتوبر", "اكتوبر"),
    ("november", "nov", "نوفمبر"),
    ("december", "dec", "ديسمبر"),
)
MONTH = {name: number for number, names in enumerate(MONTHS, start=1) for name in names}
NAMES = "|".join(sorted(MONTH, key=len, reverse=True))
ISO_DATE = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
DAY_MONTH = re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th)? (?:of )?({NAMES})\b\.?(?:,? (\d{{4}}))?")
MONTH_DAY = re.compile(rf"\b({NAMES})\.? (\d{{1,2}})(?:st|nd|rd|th)?\b(?:,? (\d{{4}}))?")

SPELLINGS = str.maketrans(
    {
        **dict(zip("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789", strict=True)),
        **dict.fromkeys("‘’ʼʹ′´`", "'"),  # noqa: RUF001 -- a phone's apostrophes
        **dict.fromkeys("‐‑−", "-"),  # noqa: RUF001
        **dict(zip("یکہھ", "يكهه", strict=True)),
    }
)
"""Digits, apostrophes, hyphens and letters that keyboards write in several ways. One of them is
told apart here because NFKC would make a space of it."""

UNSEEN = frozenset({"Cf", "Mn", "Me"})
"""Categories of characters that change no letter: those that turn the direction of writing, join or
part letters, choose how one is drawn, and signs such as Arabic vowels that NFKC leaves apart."""

FILLING = re.compile(r"[\u0640\u115f\u1160\u2800\u3164\uffa0]")
"""The line that stretches Arabic letters, and blanks that count as letters."""

SPACED_LETTERS = re.compile(r"\w(?:[ .-]\w)+")


class Understanding(BaseModel):
    """All that a message says. `due` is there if, and only if, it promises a date."""

    model_config = ConfigDict(frozen=True)

    meanings: tuple[Understood, ...]
    due: date | None = None
    wish: Wish | None = None
    """There if, and only if, WISH is among the meanings."""
    media: tuple[Channel, ...] = ()
    """There if, and only if, MEDIUM is among the meanings."""

    @property
    def holds(self) -> tuple[Hold, ...]:
        """The reasons it gives to stop the clock."""
        return tuple(HOLDS[each] for each in self.meanings if each in HOLDS)

    @property
    def needs_reader(self) -> bool:
        """Whether only a person can say what else it means: more than a bare keyword stops us."""
        return Understood.MESSAGE in self.meanings

    def __str__(self) -> str:
        return ", ".join(self.meanings)


def understand(words: str, today: date) -> Understanding:
    """Read a message that was written on `today`, by the consumer's calendar."""
    lines = _plain(words)
    text = " ".join(lines.split())
    keyword = _keyword(text)
    if keyword is not None:
        return Understanding(meanings=(keyword,))
    beside = beside_opt_out(lines)
    if beside is None:
        return _told(text, today)
    said = _told(beside, today) if _left(beside) else Understanding(meanings=())
    others = [each for each in said.meanings if each is not Understood.STOP]
    return said.model_copy(update={"meanings": (Understood.STOP, *others)})


def is_wrong_number(words: str) -> bool:
    """Whether the writer says that they are not whom we meant."""
    return _says(" ".join(_plain(words).split()), WRONG_NUMBER)


def _told(text: str, today: date) -> Understanding:
    """What a message tells in more than a keyword."""
    heard = wishes_in(text)
    wish = heard.wish(today)
    if wish is None and not heard.refused:
        return _also_by_phone(_read(text, today), text)
    wished = [
        *([Understood.MEDIUM] if heard.refused else []),
        *([Understood.WISH] if wish is not None else []),
    ]
    said = _read_beside(heard.rest, today, sure=heard.sure)
    stops = [each for each in said.meanings if each is Understood.STOP]
    others = [each for each in said.meanings if each is not Understood.STOP]
    return Understanding(
        meanings=(*stops, *wished, *others), due=said.due, wish=wish, media=heard.media
    )


def _left(rest: str) -> str:
    """The words that say something beside what was read already."""
    return " ".join(re.sub(r"[^\w'-]+", " ", FILLERS.sub(" ", rest)).split())


def _read_beside(rest: str, today: date, *, sure: bool) -> Understanding:
    """What else a message says beside wishes."""
    left = _left(rest)
    if not left:
        return Understanding(meanings=() if sure else (Understood.MESSAGE,))
    if _keyword(left) is Understood.STOP:
        return Understanding(meanings=(Understood.STOP,))
    return _read(rest.strip(" ."), today)


def _read(text: str, today: date) -> Understanding:
    """Reasons to stop, else an answer."""
    meant = ALIKE.sub(" … ", text)
    stops = tuple(
        meaning
        for meaning, patterns in STOPS.items()
        if _says(meant if meaning in HOLDS else text, patterns)
    )
    if any(meaning in HOLDS for meaning in stops):
        return Understanding(meanings=stops)
    if stops:
        return Understanding(meanings=(*stops, Understood.MESSAGE))
    return _answer(text, today)


def _also_by_phone(said: Understanding, text: str) -> Understanding:
    """In Arabic one word says to call and to contact: it is refused in both senses."""
    if Understood.STOP not in said.meanings or not re.search(BY_CALLING, text):
        return said
    stop, *others = said.meanings
    return Understanding(meanings=(stop, Understood.MEDIUM, *others), media=(Channel.VOICE,))


def _plain(words: str) -> str:
    """In small letters of one spelling; lines that the writer ended are kept apart."""
    text = ""
    for written in _spelled(words).splitlines():
        line = " ".join(written.split())
        ended = len(text.rpartition("\n")[2]) < SHORT_LINE
        text += ("\n" if ended else " ") + line if line else ""
    return text.strip()


def _spelled(words: str) -> str:
    """The words as everybody reads them, whatever a keyboard has put between their letters."""
    seen = _without_unseen(FILLING.sub("", words.translate(SPELLINGS)), frozenset({"Cf"}))
    even = unicodedata.normalize("NFKC", seen).translate(SPELLINGS).casefold()
    return _without_unseen(even, UNSEEN)


def _without_unseen(text: str, unseen: frozenset[str]) -> str:
    if text.isascii():
        return text
    return "".join(each for each in text if unicodedata.category(each) not in unseen)


def _keyword(text: str) -> Understood | None:
    bare = " ".join(POLITE.sub(" ", text).split()).strip(" .!,\"'؟،")
    if SPACED_LETTERS.fullmatch(bare):
        bare = re.sub(r"[ .-]", "", bare)
    return next((meaning for meaning, known in KEYWORDS.items() if bare in known), None)


def _says(text: str, patterns: tuple[str, ...]) -> bool:
    return any(re.search(pattern, text) for pattern in patterns)


def _answer(text: str, today: date) -> Understanding:
    bare = text.strip(" .!")
    due = promised_date(text, today)
    if due is not None:
        return Understanding(meanings=(Understood.PROMISE,), due=due)
    for meaning, patterns in ANSWERS.items():
        if _says(bare, patterns) and not re.search(UNSURE, bare):
            return Understanding(meanings=(meaning,))
    return Understanding(meanings=(Understood.MESSAGE,))


def promised_date(text: str, today: date) -> date | None:
    """The one date by which the text promises to pay, if it can be read in one way only."""
    if not re.search(PROMISING, text) or re.search(UNSURE, text):
        return None
    dates = set(_dates(text, today))
    if len(dates) != 1:
        return None
    due = dates.pop()
    return due if due is not None and today <= due <= today + FURTHEST_PROMISE else None


def _dates(text: str, today: date) -> list[date | None]:
    """Every date in the text; None stands for one that no calendar has."""
    written = [
        *((year, month, day) for year, month, day in ISO_DATE.findall(text)),
        *((year, str(MONTH[month]), day) for day, month, year in DAY_MONTH.findall(text)),
        *((year, str(MONTH[month]), day) for month, day, year in MONTH_DAY.findall(text)),
    ]
    return [_date(year, int(month), int(day), today) for year, month, day in written]


def _date(year: str, month: int, day: int, today: date) -> date | None:
    try:
        if year:
            return date(int(year), month, day)
        this_year = date(today.year, month, day)
        return this_year if this_year >= today else date(today.year + 1, month, day)
    except ValueError:
        return None
