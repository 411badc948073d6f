"""The words in which wishes are read, in English and Arabic: tables of patterns, and no more.

Texts come in small letters, without vowel signs, with one form of alef, ya and ta marbuta, and with
European digits.
"""

# ruff: noqa: E501, RUF001 -- a pattern reads best in one piece, and Arabic letters are meant

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time

from domain.contacts import Channel, Place
from domain.people import WEEK, Weekday

NOON = time(12)
DUSK = time(17)
EVENING = time(18)

Span = tuple[time | None, time | None]

REFUSED_PARTS: Mapping[str, Span] = {
    "morning": (None, NOON),
    "afternoon": (NOON, DUSK),
    "evening": (DUSK, None),
    "night": (DUSK, None),
}
"""Parts of the day at their widest, for whoever refuses them. Real night is closed anyway."""

ASKED_PARTS: Mapping[str, Span] = {
    "morning": (None, NOON),
    "afternoon": (NOON, DUSK),
    "evening": (EVENING, None),
    "night": (EVENING, None),
}
"""And at their narrowest, for whoever asks for them alone."""


@dataclass(frozen=True)
class Grammar:
    """How one language says wishes.

    Patterns of `refusing` and `asking` hold a group `list` of statements, which `atom` takes apart;
    a group `call` is there if a call is asked for. Those of `only` and `out` hold a group `media`.
    """

    atom: re.Pattern[str]
    refusing: tuple[re.Pattern[str], ...]
    asking: tuple[re.Pattern[str], ...]
    only: tuple[re.Pattern[str], ...]
    out: tuple[re.Pattern[str], ...]
    parts: Mapping[str, str]
    days: Mapping[str, tuple[Weekday, ...]]
    media: Mapping[str, tuple[Channel, ...]]
    clocks: Mapping[str, time]
    numbers: Mapping[str, int]
    am: str
    pm: str
    home: str
    one: str
    """A day named so that it may be one day, or each such day."""

    def days_in(self, said: str) -> tuple[Weekday, ...]:
        """The days that are named."""
        named = [
            days for name, days in self.days.items() if re.search(rf"(?<!\w)و?(?:ال)?{name}", said)
        ]
        return tuple(day for day in WEEK if any(day in days for days in named))

    def place(self, said: str) -> Place:
        """The place that is named."""
        return Place.HOME if re.search(self.home, said) else Place.WORK


def _compiled(*patterns: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(each) for each in patterns)


START = r"(?:^|(?<=[.!?;,:،؛؟\n]))\s*"
END = r"\s*(?=$|[.!?;,:،؛؟\n])"

# English

_NO_TIME = (
    r"jan|feb|mar|apr|may\b|jun|jul|aug|sep|oct|nov|dec|instal"
    r"|(?:st|nd|rd|th|days?|weeks?|months?|years?|hours?|minutes?|dollars?|usd|percent)\b"
)
_TIME = (
    r"(?:noon|midday|lunch ?time|midnight|(?:[01]?\d|2[0-3])(?:[:.][0-5]\d)?"
    r"(?: ?(?:a\.?m\b\.?|p\.?m\b\.?|o'?clock))?)"
    rf"(?![\w/$%€£-])(?!:\d)(?!\.\d)(?! ?(?:{_NO_TIME}))"
)
_DAYS = (
    r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)days?|week-?ends?|week-?days?|work(?:ing)? ?days)"
)
_SHORT = r"(?:mon|tue|tues|wed|thu|thur|thurs|fri|sat|sun)\b"
_SEP = r"(?:,? (?:and|or|nor) |, | & )"
_WORK = (
    r"(?:(?:(?:while|when) (?:i am|i'm|im) )?(?:at|to|on|in|through|via) (?:my |the )?|my |the )"
    r"(?:work(?:place)?(?! ?days?)(?: (?:number|phone|line|e-?mail|address))?|place of work"
    r"|office(?: (?:number|phone|line|e-?mail|address))?|job|employer(?:'?s)?"
    r"|home(?: (?:number|phone|line|address))?|house)\b"
)
_ATOM = (
    rf"(?:(?:between|from) (?P<start>{_TIME}) (?:and|to|till|until|-) (?P<end>{_TIME})"
    rf"|(?:any ?time )?(?:before|until|till|earlier than|by) (?P<before>{_TIME})"
    rf"|(?:any ?time )?(?:after|past|later than|from) (?P<after>{_TIME})(?: on(?:wards)?\b)?"
    r"|(?:early )?(?:in|during|at) (?:the |my )?(?:early )?(?P<part>morning|afternoon|evening|night)s?\b"
    r"|(?P<parts>mornings|afternoons|evenings|nights)\b"
    rf"|(?:on |during |over |at )?(?:the |a )?(?P<days>(?:{_DAYS}|(?<=on ){_SHORT})"
    rf"(?:{_SEP}(?:on )?(?:{_DAYS}|{_SHORT}))*)"
    rf"|(?P<place>{_WORK})"
    r"|(?P<today>today|tonight)\b)"
)
_PLAIN_ATOM = re.sub(r"\?P<\w+>", "?:", _ATOM)
_LIST = rf"(?P<list>{_PLAIN_ATOM}(?:(?: |,? (?:and|or|nor|but)(?: not| never)? |, (?:not |never )?){_PLAIN_ATOM})*)"
_VERB = r"(?:call|phone|ring|text|message|e-?mail|contact|reach|bother|disturb|write)"
_VERBING = r"(?:call|phon|ring|text|messag|e-?mail|contact|reach|bother|disturb|writ)ing"
_TO_ME = r"(?: (?:to )?(?:me|us))?"
_NOBODY_ELSE = r"(?<!you )(?<!they )(?<!\bi )(?<!we )(?<!he )(?<!she )"
_NOT_REFUSED = "(?<!not )(?<!n't )(?<!never )(?<!they )"
_PLEASE = r"(?:please |pls |kindly |just |so |and |but |hi,? |hello,? |thanks,? )*"
_SENT = r"(?:texts?(?: messages?)?|sms|e-?mails?|(?:phone )?calls?|whatsapps?|letters?|visits?)"
_TEXTING = (
    r"(?:text(?:ing|s)?(?: messages?)?|sms(?:es)?|e-?mail(?:ing|s)?|(?:phone )?call(?:ing|s)?"
    r"|phon(?:e|ing)|ring(?:ing)?|whatsapp(?:ing|s)?|letters?|post|visit(?:ing|s)?)\b"
)
_MEDIA = rf"(?P<media>{_TEXTING}(?:{_SEP}{_TEXTING})*)"
_SENDING = r"(?:text|sms|e-?mail|call|phone|ring|whatsapp|visit)\b"
_SENDINGS = rf"(?P<media>{_SENDING}(?:{_SEP}{_SENDING})*)"
_BY = r"(?:by|via|through|over|on|using|with|in) (?:the |my )?"
_HERE = (
    r"(?:(?: to| on| at)? (?:me|us|(?:this|my) (?:number|phone|cell(?: ?phone)?|mobile|address|inbox)))*+"
    r"(?: (?:any ?more|again|ever|ever again|at all|altogether|completely|immediately))*+"
)
_NOT_FOR_NOW = r"(?! (?:right )?now\b| at the moment| today| tonight| tomorrow| yet\b| back\b| my\b| until| till| before| after| if| and drive)"

ENGLISH = Grammar(
    atom=re.compile(_ATOM),
    refusing=_compiled(
        rf"{_NOBODY_ELSE}\b(?:do not|don'?t|never|not to)(?: ever)?(?: please)? {_VERB}"
        rf"(?:,? (?:and|or) {_VERB})*{_TO_ME}(?: (?:by|on) (?:the |my )?(?:phone|cell|mobile|number))? {_LIST}",
        rf"(?<!did you )\b(?:stop|quit|avoid)(?: the)? {_VERBING}(?:,? (?:and|or) {_VERBING})*{_TO_ME} {_LIST}",
        rf"\bno (?:more )?(?:{_SENT}|contact|messages?)(?:,? (?:and|or) {_SENT})* {_LIST}",
        rf"(?<!you )\b(?:can'?t|cannot|can not|(?:am |'m )?not (?:able|allowed) to) (?:talk|speak|answer"
        rf"|(?:take|receive|get|have) (?:your |any |personal |phone |private )*calls?|be (?:called|contacted|reached))"
        rf"(?: to you| on the phone| the phone)? {_LIST}",
        rf"{START}{_PLEASE}(?:not|never) {_LIST}",
        r"\b(?P<list>my (?:employer|work|job|workplace)) (?:does not|doesn'?t|will not|won'?t|forbids?) "
        r"(?:allow |permit |let )?(?:me )?(?:to )?(?:take |get |receive )?(?:personal |private |phone )*calls?"
        r"(?: at work)?",
        rf"{START}{_PLEASE}(?:the )?(?P<list>(?:mornings|afternoons|evenings|nights|{_DAYS})(?:{_SEP}(?:mornings|afternoons|evenings|nights|{_DAYS}))*) (?:are|is)"
        r" (?:bad|inconvenient|not (?:good|convenient|ok|okay|possible))(?: for (?:me|us))?",
    ),
    asking=_compiled(
        rf"{_NOT_REFUSED}(?<!you )(?<!to )\bonly {_VERB}{_TO_ME} {_LIST}",
        rf"{_NOT_REFUSED}\b{_VERB} (?:me|us) only {_LIST}",
        rf"{START}{_PLEASE}{_VERB} only {_LIST}",
        rf"{_NOT_REFUSED}\b{_VERB} (?:me|us)(?: back)? {_LIST} only\b",
        rf"{_NOT_REFUSED}\b(?:(?P<call>call|phone|ring)|text|message|e-?mail|contact|reach) (?:me|us)(?: back)?"
        rf" (?=(?:any ?time )?(?:after|before|between|from|past)\b){_LIST}",
        rf"{START}{_PLEASE}(?:only {_LIST})(?: please| pls| thanks| thank you)*{END}",
        rf"{START}{_PLEASE}{_LIST} only(?: please| pls| thanks| thank you)*{END}",
        rf"^\s*(?:please )?(?=(?:after|before|between|from)\b){_LIST}(?: please| pls| thanks| thank you)*[ .!]*$",
        rf"\b(?:best|good|convenient) times? (?:to (?:call|reach|contact|text)(?: me)? )?(?:for me )?(?:is|are|would be) {_LIST}",
    ),
    only=_compiled(
        rf"{START}{_PLEASE}(?:only|just) (?:{_BY}|use |send )?{_MEDIA}(?: me| us)?(?: messages?)?(?: please| pls| thanks| thank you)*{END}",
        rf"{START}{_PLEASE}(?:{_BY}|use |send )?{_MEDIA} only(?: please| pls| thanks| thank you)*{END}",
        rf"\bonly (?:contact|reach|message|write to) (?:me|us) {_BY}(?P<media>{_TEXTING}(?:{_SEP}{_TEXTING})*|writing)",
        rf"(?<!not )(?<!n't )\b(?:contact|reach|message|write to) (?:me|us) (?:only )?{_BY}"
        rf"(?P<media>{_TEXTING}(?:{_SEP}(?:by )?{_TEXTING})*|writing)(?: only| instead)?",
        rf"(?<!to )\bonly (?P<media>text|e-?mail|call|whatsapp)(?:{_SEP}(?:text|e-?mail|call))* (?:me|us)\b",
        r"\b(?P<media>(?P<call>call|phone|ring)|text|e-?mail|whatsapp|message) (?:me|us) (?:instead|only)(?: of (?:calling|texting|phoning|e-?mailing|messaging)(?: me)?)?",
        r"\buse (?:my )?(?P<media>e-?mail|sms|text(?: messages?)?|whatsapp|the phone) (?:instead|only)",
        rf"\bi(?:'d| would)? prefer (?:to be contacted |contact |to (?:get|receive) )?(?:{_BY})?{_MEDIA}",
        r"\b(?P<media>e-?mail|text|sms|whatsapp) is (?:best|better|preferred)\b",
        rf"{START}{_PLEASE}(?:only )?(?P<media>in writing)(?: only)?(?: please| pls| thanks)*{END}",
    ),
    out=_compiled(
        rf"(?<!did you )\b(?:stop|quit|end|cancel|cease|no more|enough) (?:all |any |the |these |those |your |further |sending |with |of |me )*{_MEDIA}{_HERE}",
        rf"{_NOBODY_ELSE}\b(?:do not|don'?t|never)(?: ever)? {_SENDINGS}{_HERE}{_NOT_FOR_NOW}",
        rf"{_NOBODY_ELSE}\b(?:do not|don'?t|never|stop|quit|cease|end|no(?: more)?)(?: ever)? contact(?:ing|s)?{_HERE} {_BY}{_MEDIA}",
        rf"{_NOBODY_ELSE}\b(?:do not|don'?t|never|stop)(?: ever)? send(?:ing)?(?: me| us)?(?: any| more| your| these)* {_MEDIA}{_HERE}",
        rf"{START}{_PLEASE}no (?P<media>{_SENT}(?:{_SEP}(?:no )?{_SENT})*){_HERE}(?: please| pls| thanks| thank you)*{END}",
        rf"\b(?:do not|don'?t|no longer) (?:want|wish|like|need|agree)(?: to)?(?: receive| get| be sent| have| accept)?(?: any| more| your| these| such| further)* {_MEDIA}(?: from you)?{_HERE}",
        r"\b(?:do not|don'?t|no longer) (?:want|wish|like) to be (?P<media>called|texted|phoned|e-?mailed|visited)(?: (?:and|or) (?:called|texted|phoned|e-?mailed))*",
        rf"\b(?:unsubscribe|opt|remove|take)(?: me)?(?: out)? (?:from|of|off)(?: all| your| the| these| any)* {_MEDIA}",
        rf"\b(?:revoke|withdraw|cancel)(?: my| any| all)* consent (?:to|for)(?: receive| get| your| be)* {_MEDIA}",
    ),
    parts={name: name for name in ASKED_PARTS},
    days={
        **{
            f"{name}day": (day,)
            for name, day in zip(
                ("mon", "tues", "wednes", "thurs", "fri", "satur", "sun"), WEEK, strict=True
            )
        },
        **{rf"{day.value}\b": (day,) for day in WEEK},
        "tues\\b": (Weekday.TUE,),
        "thurs?\\b": (Weekday.THU,),
        "week-?end": (Weekday.SAT, Weekday.SUN),
        "week-?day|work(?:ing)? ?day": WEEK[:5],
    },
    media={
        r"\b(?:text|sms)": (Channel.SMS,),
        r"\be-?mail": (Channel.EMAIL,),
        r"\b(?:call|phon|ring)": (Channel.VOICE,),
        r"\bwhatsapp": (Channel.WHATSAPP,),
        r"\b(?:letter|post)": (Channel.LETTER,),
        r"\bvisit": (Channel.VISIT,),
        r"\bwriting": (Channel.LETTER, Channel.EMAIL),
    },
    clocks={"noon": NOON, "midday": NOON, "lunch ?time": NOON, "midnight": time(0)},
    numbers={},
    am=r"\ba\.?m\b|\da\.?m\b",
    pm=r"\bp\.?m\b|\dp\.?m\b",
    home=r"\b(?:home|house)\b",
    one=r"day\b",
)

# Arabic

_NUMBERS = {
    "الحاديه عشره": 11,
    "الثانيه عشره": 12,
    "الواحده": 1,
    "الثانيه": 2,
    "الثالثه": 3,
    "الرابعه": 4,
    "الخامسه": 5,
    "السادسه": 6,
    "السابعه": 7,
    "الثامنه": 8,
    "التاسعه": 9,
    "العاشره": 10,
}
_AR_TIME = (
    rf"(?:الظهر|(?:الساعه )?(?:(?:[01]?\d|2[0-3])(?:[:.][0-5]\d)?|{'|'.join(_NUMBERS)})"
    r"(?: ?(?:صباحا|مساء|ظهرا|عصرا|ليلا|بعد الظهر|[صم]\b))?)(?![\w/%])(?! ?(?:يوم|ايام|ريال|درهم|دينار|جنيه"
    r"|يناير|فبراير|مارس|ابريل|مايو|يونيو|يوليو|اغسطس|سبتمبر|اكتوبر|نوفمبر|ديسمبر))"
)
_AR_DAY = r"(?:الاحد|الاثنين|الثلاثاء|الاربعاء|الخميس|الجمعه|السبت|(?:عطله )?نهايه الاسبوع)"
_AR_ATOM = (
    rf"(?:(?:ما )?بين (?P<start>{_AR_TIME}) ?و ?(?P<end>{_AR_TIME})"
    rf"|قبل (?P<before>{_AR_TIME})|بعد (?P<after>{_AR_TIME})"
    r"|(?:في )?(?P<part>الصباح|صباحا|المساء|مساء|الليل|ليلا)\b"
    rf"|(?:في |خلال )?(?:(?:يوم|ايام) )?(?P<days>{_AR_DAY}(?: ?(?:و|او) ?(?:يوم )?{_AR_DAY})*)"
    r"|(?P<place>(?:(?:في|علي|الي) )?(?:(?:مقر|مكان|رقم|هاتف|بريد|ايميل) )?(?:ال)?(?:عمل|شغل|مكتب|دوام|بيت|منزل)ي?)\b"
    r"|(?P<today>اليوم)\b)"
)
_AR_PLAIN = re.sub(r"\?P<\w+>", "?:", _AR_ATOM)
_AR_LIST = rf"(?P<list>{_AR_PLAIN}(?:(?: | و ?(?:لا )?| او |، ?){_AR_PLAIN})*)"
_AR_ME = r"(?: (?:بي|بنا|معي|معنا|لي|لنا|الي|علي))?"
_AR_VERB = r"(?:تتصل|تراسل|ترسل|تكلم|تزعج|تتواصل|تكتب)(?:و(?:ا|ني|نا)?|ني|نا)?"
_AR_DO = r"(?:(?:اتصل|تواصل|راسل|ارسل|كلم)(?:و(?:ا|ني|نا)?|ني|نا)?)"
_AR_PLEASE = r"(?:(?:رجاء|الرجاء|ارجو|يرجي|من فضلك|من فضلكم|لو سمحت|لو سمحتم|و|فقط) ?)*"
_AR_MEDIUM = (
    r"(?:(?:ال)?رسائل (?:ال)?نصيه|(?:ال)?رسائل القصيره|(?:ال)?sms|(?:ال)?ايميل(?:ات)?|(?:ال)?بريدا? (?:ال)?الكتروني(?:ا|ه)?"
    r"|(?:ال)?بريد|(?:ال)?مكالمات(?: الهاتفيه)?|(?:ال)?هاتف|هاتفيا|(?:ال)?تلفون|(?:ال)?اتصالات (?:ال)?هاتفيه|(?:ال)?واتس ?(?:اب)?|(?:ال)?زيارات)\b"
)
_AR_MEDIA = rf"(?P<media>{_AR_MEDIUM}(?: ?و ?(?:ب|عبر )?{_AR_MEDIUM})*)"
_AR_BY = r"(?:ب|عبر |عن طريق |علي |من خلال |بواسطه )"

ARABIC = Grammar(
    atom=re.compile(_AR_ATOM),
    refusing=_compiled(
        rf"\b(?:لا|بلاش|ما) {_AR_VERB}{_AR_ME}(?: (?:اي )?(?:رسائل|رساله))? {_AR_LIST}",
        rf"\bعدم (?:الاتصال|التواصل|المراسله|الارسال|الازعاج){_AR_ME} {_AR_LIST}",
        rf"{START}{_AR_PLEASE}(?:ليس|مش|مو|وليس) {_AR_LIST}",
        rf"\b(?:لا استطيع|لا يمكنني|ما اقدر) (?:الرد|التحدث|الكلام|استقبال المكالمات) {_AR_LIST}",
    ),
    asking=_compiled(
        rf"\b{_AR_DO}{_AR_ME} (?:فقط {_AR_LIST})",
        rf"\b{_AR_DO}{_AR_ME} {_AR_LIST} فقط",
        rf"(?<!لا )\b(?:(?P<call>اتصلوا|اتصل)|(?:تواصل|راسل|كلم)(?:و(?:ا|ني|نا)?|ني|نا)?){_AR_ME} (?=قبل|بعد|بين|ما بين){_AR_LIST}",
        rf"{START}{_AR_PLEASE}{_AR_LIST} فقط(?: من فضلك| لو سمحت| رجاء| شكرا)*{END}",
        rf"{START}(?:رجاء |من فضلك )?فقط {_AR_LIST}{END}",
        rf"^\s*(?:رجاء |من فضلك )?(?=قبل|بعد|بين|ما بين){_AR_LIST}(?: من فضلك| لو سمحت| رجاء| شكرا)*[ .!]*$",
    ),
    only=_compiled(
        rf"(?:\b{_AR_DO}|(?<!عدم )\b(?:التواصل|المراسله)){_AR_ME} (?:فقط )?{_AR_BY}{_AR_MEDIA}(?: فقط)?",
        rf"\b{_AR_DO}{_AR_ME} (?:فقط {_AR_MEDIA})",
        rf"\b{_AR_DO}{_AR_ME} {_AR_MEDIA} فقط",
        rf"{START}{_AR_PLEASE}{_AR_BY}?{_AR_MEDIA} فقط(?: من فضلك| لو سمحت| رجاء| شكرا)*{END}",
        rf"{START}(?:رجاء |من فضلك )?فقط {_AR_BY}?{_AR_MEDIA}{END}",
        rf"(?<!لا )(?<!ما )\b(?:افضل|اريد) (?:التواصل |المراسله )?{_AR_BY}?{_AR_MEDIA}(?: فقط)?{END}",
    ),
    out=_compiled(
        rf"\b(?:اوقفوا|اوقف|وقفوا|ايقاف|الغاء|الغوا|كفي|بدون) (?:كل |جميع )?(?:ارسال )?{_AR_MEDIA}",
        rf"\b(?:لا|ما) (?:اريد|ارغب في|ابغي|ابي|اود) (?:اي )?(?:استلام |تلقي |استقبال )?{_AR_MEDIA}",
        rf"\bلا {_AR_VERB}{_AR_ME} (?:اي )?{_AR_BY}?{_AR_MEDIA}",
        rf"\bعدم (?:الاتصال|التواصل|المراسله|الارسال|ارسال){_AR_ME} {_AR_BY}?{_AR_MEDIA}",
    ),
    parts={
        "الصباح": "morning",
        "صباحا": "morning",
        "المساء": "evening",
        "مساء": "evening",
        "الليل": "night",
        "ليلا": "night",
    },
    days={
        "احد": (Weekday.SUN,),
        "اثنين": (Weekday.MON,),
        "ثلاثاء": (Weekday.TUE,),
        "اربعاء": (Weekday.WED,),
        "خميس": (Weekday.THU,),
        "جمعه": (Weekday.FRI,),
        "سبت": (Weekday.SAT,),
        # it differs from country to country: every day on which it falls somewhere
        "(?:عطله )?نهايه": (Weekday.FRI, Weekday.SAT, Weekday.SUN),
    },
    media={
        r"رسائل|sms": (Channel.SMS,),
        r"ايميل|بريدا? (?:ال)?الكتروني": (Channel.EMAIL,),
        r"بريد(?!ا? (?:ال)?الكتروني)": (Channel.EMAIL, Channel.LETTER),
        r"مكالمات|هاتف|تلفون|اتصالات": (Channel.VOICE,),
        r"واتس": (Channel.WHATSAPP,),
        r"زيارات": (Channel.VISIT,),
    },
    clocks={"الظهر(?<!بعد الظهر)": NOON},
    numbers=_NUMBERS,
    am=r"صباحا|\d ?ص\b",
    pm=r"مساء|ظهرا|عصرا|ليلا|بعد الظهر|\d ?م\b",
    home=r"بيت|منزل",
    one=r"(?!)",
)

GRAMMARS = (ENGLISH, ARABIC)
