"""Reasons to stop that people give in so many words: tables of patterns, and no more.

Texts come as `domain.replies` makes them plain: small letters, no vowel signs, one line. Whatever
is asked under a condition, or of a part of a debt alone, is no reason: a person reads that.
"""

# ruff: noqa: RUF001 -- Arabic letters are meant

_SENTENCE = r"(?:^|(?<=[.!?؟]))"

# A refusal to pay

_PAY = r"(?:pay(?:ing)?|be paying)"
_DEBT = r"(?:debts?|bills?|money|amount|account|invoice|loan|balance|claim)"
_OBJECT = (
    rf"(?: (?:for )?(?:(?:any of )?(?:this|that|the|your|these|any|my)(?: \w+)? {_DEBT}"
    r"|you|u|this|that|it|them|anything|any of (?:this|that|it)"
    r"|(?:a|one|another)(?: single)? (?:cent|penny|dime|dollar|thing)))*"
)
_BEFORE = r"^(?:(?:hi|hello|hey|no|nope|well|listen|look|sorry)[ ,.!:;-]+)*"
_AFTER = (
    r"(?:,? (?:ever|at all|any ?more|anyway|period|please|sorry|full stop|no matter what))*"
    r"[ .!,;:)-]*$"
)
_WILL_NOT = (
    r"\b(?:i|we) (?:(?:flatly|simply|absolutely|hereby|also|just|therefore) )?(?:"
    rf"refuse to {_PAY}|(?:am|are) refusing to {_PAY}|won'?t (?:ever )?{_PAY}"
    rf"|will (?:not|never) (?:ever )?{_PAY}"
    rf"|(?:am|are) (?:not|never) (?:(?:ever )?(?:going to|gonna) )?{_PAY}"
    rf"|(?:do not|don'?t) intend to {_PAY}|(?:have|'ve) no intention (?:of|to) {_PAY})"
    rf"|\b(?:i'll|we'll) (?:not|never) (?:ever )?{_PAY}"
    rf"|\b(?:i'?m|we'?re) (?:not|never|refusing to) (?:(?:ever )?(?:going to|gonna) )?{_PAY}"
    rf"|(?:not|refuse to|never) {_PAY}"
)

_AR_PAY = r"(?:[أا]دفع|ندفع|[أا]سدد|نسدد)"
_AR_WILL_NOT = (
    rf"\b(?:لن {_AR_PAY}|(?:ما|مو|مب|مش) (?:راح|رح|حا) ?{_AR_PAY}|مش ه[ا]?دفع"
    rf"|(?:[أا]رفض|نرفض) (?:[أا]ن {_AR_PAY}|(?:ال)?(?:دفع|سداد|تسديد))"
    r"|لا ([أا]نوي|ننوي) (?:ال)?(?:دفع|سداد))\b"
)
_AR_OBJECT = (
    r"(?: (?:لكم|لك|لهم|هذا|هذه|المبلغ|الدين|دينكم|المال|الفاتورة|القرض|شيئا|شيء|[أا]ي|ولا|ريالا?"
    r"|قرشا?|فلسا?|درهما?|واحدا?|[أا]بدا|مطلقا|نهائيا|بتاتا))*"
)

REFUSALS = (
    rf"{_BEFORE}(?:{_WILL_NOT}){_OBJECT}{_AFTER}",
    rf"^(?:(?:لا|كلا) ?[،,.!]+ ?)?{_AR_WILL_NOT}{_AR_OBJECT}[ .!،,]*$",
)
"""15 U.S.C. 1692c(c): who refuses in writing to pay is not asked any more. It ends the journey, so
it is the whole message: a reason, a condition or a joke beside it is for a person to read."""

# A challenge of the debt

_ASKED = r"\b(?:request|demand|require|want|need|send|provide|give|show|see|get)\w*\b[^.!?؟]{0,40}"
_BARE = (
    r"^(?:please )?(?:(?:i|we) )?(?:request|demand|require|want|need|send|provide)"
    r"(?: (?:me|us|a|the|written|full|formal))* "
)

_NOT_I = r"(?<!i will )(?<!i'll )(?<!let me )(?<!i need to )(?<!i want to )(?<!i must )(?<!i can )"
_THIS = r"(?:(?:this|the|that|my|your|alleged|so-called) )*"
_WHO = r"\b(?:who|what|name|names|identify|identity|address|details)\b[^.!?؟]{0,40}"

CHALLENGES = (
    # 12 CFR 1006.38: verification, and the original creditor, are asked for as a debt is disputed
    rf"{_NOT_I}\b(?:verify|validate|substantiate) {_THIS}debts?\b",
    rf"{_ASKED}\bdebt (?:verification|validation)\b",
    rf"{_BARE}(?:verification|validation){_AFTER}",
    rf"\b(?:verification|validation|proof|evidence) of {_THIS}debt\b",
    r"\b(?:proof|evidence) (?:that )?(?:i|we) owe\b",
    r"\bprove(?: to me)? (?:(?:that )?(?:i|we) owe|(?:this|the|that|your) debt)\b",
    rf"{_WHO}\boriginal (?:creditor|lender)\b(?![^.!?؟]*\bpay)",
    r"\bidentity (?:theft|thief|fraud)\b|\b(?:stole|steal\w*) my identity\b",
    r"\b(?:my )?identity (?:was|is|has been|had been|got) stolen\b",
    r"\b(?:time|statute)[ -]?barred\b|\bstatute of limitations?\b|\blimitation period\b",
    r"[أا]ثبت(?:وا)? (?:لي )?(?:[أا]ن )?(?:هذا )?(?:ال)?(?:دين|مديوني[ةه])",
    r"[إا]ثبات (?:هذا |هذه )?(?:ال)?(?:دين|مديوني[ةه])|(?:ال)?تحقق(?:وا)? من (?:هذا )?الدين",
    r"من (?:هو |كان )?الدائن ال[أا]صلي|(?:اسم|عنوان) الدائن ال[أا]صلي",
    r"سرق[ةه] (?:ال)?هوي|سرقت هويتي|هويتي (?:مسروق|سرقت)|انتحال (?:ال)?(?:شخصي|هوي)|انتحل شخصيتي",
    r"بالتقادم|تقادم الدين|الدين متقادم",
)

# Protection, and help of others

_IS = r"(?<!not )(?<!n't )(?<!not going )(?<!never been )\b"
_AR_IS = r"(?<!لست )(?<!لسنا )(?<!مو )(?<!مش )(?<!غير )\b"

INSOLVENCIES = (
    rf"{_IS}bankrupt(?:cy)?\b|\bchapter (?:7|11|12|13)\b|{_IS}insolven(?:t|cy)\b",
    r"\b(?:an?|my|our|the|in) (?:iva|dro)\b|\bindividual voluntary arrangement\b",
    r"\bdebt relief order\b|\b(?:protected )?trust deed\b|\bsequestrat(?:ed|ion)\b",
    rf"[إا]فلاس|{_AR_IS}مفلس|[إا]عسار|{_AR_IS}(?:ال)?معسر",
)

BREATHING_SPACES = (
    r"\b(?:in|into|entered|under|on|have)(?: an?| the| my)?(?: \w+)? breathing space\b",
    r"\bbreathing space (?:scheme|moratorium)\b|\bdebt respite\b|\b(?:debt|statutory) moratorium\b",
    r"مهل[ةه] قانوني[ةه]",
)

_NONE = r"\b(?:no|not|never|without|you|thanks?|want|would|set)\b|n't"
_HAVING = rf"{_SENTENCE}(?:(?!{_NONE})[^.!?؟])*?"
_STILL = r"(?![^.!?؟]*(?:[?؟]|\b(?:told|said|says|pay|paying|paid)\b))"

ADVISERS = (
    rf"{_HAVING}\bdebt (?:advis[eo]rs?|counsell?ors?|advice|charity)\b{_STILL}",
    rf"{_HAVING}\bdebt management (?:plan|company|program(?:me)?)\b{_STILL}",
    rf"{_HAVING}\b(?:credit|money) (?:counsell?ors?|counsell?ing|advis[eo]rs?)\b{_STILL}",
    r"\bstepchange\b|\bcitizens'? advice\b|\bnational debtline\b|\bpayplan\b",
    r"مستشار(?:ي)? (?:ال)?(?:ديون|مالي)|(?:ال)?مستشار المالي|مستشاري المالي",
)
