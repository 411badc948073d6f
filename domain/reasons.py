"""Reasons to stop that people give in so many words: tables of patterns, and no more.

Texts come as `domain.replies` makes them plain: small letters, no vowel signs, one line. Whatever
is asked under a condition, or of a part of a debt alone, is no reason: a person reads that. What is
denied, or only sounds like a reason, is taken out first: `SOUNDS_ALIKE`. In doubt a reason counts.
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

_NOT_I = (
    r"(?<!i will )(?<!i'll )(?<!let me )(?<!i need to )(?<!i want to )(?<!i must )(?<!i can )"
    r"(?<!how to )(?<!how do i )(?<!how can i )(?<!how could i )(?<!where do i )(?<!where can i )"
)
_AR_NOT_I = r"(?<!يمكنني )(?<!كيف يمكن )(?<![أا]ستطيع )"
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
    r"[إا]ثبات (?:هذا |هذه )?(?:ال)?(?:دين|مديوني[ةه])",
    rf"{_AR_NOT_I}\b(?:ال|لل|و)?تحقق(?:وا)? من (?:هذا )?الدين",
    r"(?<!لا )(?<!لم )(?<!لن )\b[أا]عترض على (?:هذا |هذه )?(?:ال)?(?:دين|مبلغ|مطالب|فاتور|مديوني)",
    r"من (?:هو |كان )?الدائن ال[أا]صلي|(?:اسم|عنوان) الدائن ال[أا]صلي",
    r"سرق[ةه] (?:ال)?هوي|سرقت هويتي|هويتي (?:مسروق|سرقت)|انتحال (?:ال)?(?:شخصي|هوي)|انتحل شخصيتي",
    r"بالتقادم|تقادم الدين|الدين متقادم",
)

# Protection, and help of others

INSOLVENCIES = (
    r"\bbankrupt(?:cy)?\b|\bchapter (?:7|11|12|13)\b(?! of)|\binsolven(?:t|cy)\b",
    r"\b(?:an?|my|our|the|in) (?:iva|dro)\b|\bindividual voluntary arrangement\b",
    r"\bdebt relief order\b|\b(?:protected )?trust deed\b|\bsequestrat(?:ed|ion)\b",
    r"[إا]فلاس|\bمفلس|[إا]عسار|\b(?:ال)?معسر",
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

# What only sounds like a notice

_LAWYER = r"(?:lawyer|attorney|solicitor)s?"
_INSOLVENT = r"(?:bankrupt(?:cy)?|insolven(?:t|cy)|chapter (?:7|11|12|13))"
_HELPER = r"(?:stepchange|citizens'? advice|national debtline|payplan)"
_SCHEME = r"(?:breathing space|hardship)"
_NAMED = rf"(?:{_LAWYER}|{_INSOLVENT}|{_HELPER}|{_SCHEME})\b"
_NOTICE = rf"(?:{_NAMED}|(?:disput\w+|deceased|died|passed away|lost my job)\b)"
_NOT = (
    r"(?:(?<!you )(?:\b(?:not|never|nobody|no one|none|(?:do|did|have|is|was|has|does)nt)|n't)"
    r"(?: (?:want|wish|need|have|has|had|got|going|go|plan|planning|intend|to|be|been|for|in|on"
    r"|with|an?|any|file|filed|filing|declare|declared|hire|hired|use|used|speak|spoke|spoken"
    r"|really|ever|yet|under|of))*|\bno(?: (?:need|plans?)(?: (?:to|for|of|an?))*)?)"
)
"""A negation, and words that carry it on. Any other word, "my" above all, ends what it denies."""

_I_ASK = (
    r"\b(?:what (?:happens )?if i|do i need|should i)"
    r"(?: (?:an?|to|for|go|get|hire|see|call|use|ask|file|declare|become|speak|talk|with))*"
)
_I_ASK_OF_YOU = (
    r"\b(?:are you|will (?:this|it|you)|do you (?:work with|offer)|what (?:is|are))"
    r"(?: (?:an?|to|trying|going|send|sue|me))*"
)
_FIRM = r"\bis (?:your|the) (?:company|firm|agency|business|creditor|bank)(?: going)?"

_KIN = (
    r"(?:friend|brother|sister|cousin|neighbou?r|colleague|uncle|aunt|wife|husband|father|mother"
    r"|son|daughter)"
)
_ACTS = (
    r"(?! (?:for|of)\b)"
    r"(?!.{0,300}\b(?:represent|act|handl|deal|advis|call|contact|talk|speak|write|told|tell"
    r"|case|matter|help|answer|behalf|for me|instruct|hired)\w*)"
)
"""Whoever does so may do it for the writer."""

_THING = (
    r"(?:phone|battery|car|laptop|computer|tablet|connection|internet|wi-?fi|line|engine|router|app"
    r"|site|dog|cat|pet|fridge|boiler|tv)"
)
_ANOTHER_WAY = (
    r" pay(?: (?:it|this|that|you))? (?:by (?:card|cheque|check|phone|transfer|cash)|online|via"
    r"|using|through|with (?:my|this|the|your|a) (?:card|link|app)"
    r"|on (?:the|your) (?:site|website|app|page|link))\b"
    r"(?!.{0,300}\b(?:job|money|afford|income|salary|sick)\b)"
)

_AR_LAWYER = r"(?:ال)?محام(?:ي|يا|ين|ون|ي[ةه]|ا[ةه])?\b"
_AR_NAMED = rf"(?:{_AR_LAWYER}|(?:ال)?(?:[إا]فلاس|مفلس|[إا]عسار|معسر)\w*|مستشار \w+)"
_AR_ON = (
    r"(?: (?:[أا]ريد|لي|[أا]حتاج|بحاج[ةه]|حاج[ةه]|[إا]ل[ىي]|[أا]ن|[إا]علان|[أا]علن|توكيل|[أا]نوي"
    r"|[أا]رغب|في|[أا]ي|يوجد|هناك))*"
)
_AR_MINE = r"(?: (?:عندي|عندنا|لدي|لدينا|لي))?"
_AR_KIN = (
    r"(?:[أا]خي|[أا]ختي|زوجي|زوجتي|صديقي|صديقتي|[أا]بي|والدي|ابني|جاري|[أا]نا"
    r"|[أا]عمل (?:عند|لد[ىي]|في مكتب))"
)
_AR_ACTS = r"(?!.{0,300}(?:يمثل|تواصل|تصل|تحدث|وكيل|وكلت|قضي|يتولى|عني))"

SOUNDS_ALIKE = (
    rf"{_NOT} {_NOTICE}",
    rf"(?<=afford )an? {_LAWYER}\b",
    rf"{_I_ASK} {_NAMED}(?! to\b)",
    rf"{_I_ASK_OF_YOU} {_NAMED}",
    rf"{_FIRM} {_INSOLVENT}\b",
    rf"\bwhat does (?:disput\w+|{_SCHEME}|{_INSOLVENT}) mean\b",
    rf"\b{_LAWYER} {_KIN}s?\b{_ACTS}",
    rf"\b(?:i am|i'm|im|i was|i work(?:ed)? (?:as|for)) an? {_LAWYER}\b{_ACTS}",
    rf"\b{_KIN} (?:is|was|works? (?:as|for)) an? {_LAWYER}\b{_ACTS}",
    rf"\b(?:{_LAWYER}|{_HELPER}) (?:street|st|road|rd|avenue|ave|lane|row|square|plaza)\b",
    rf"\b(?:next to|opposite|near|beside|behind) the (?:{_LAWYER}|{_HELPER})\b",
    rf"\b{_THING} (?:just |has |had |have |also )*(?:died|passed away)\b",
    rf"\b(?:cannot|can not|can'?t|unable to){_ANOTHER_WAY}",
    rf"\b(?:لا|لم|لن|ليس|ما|لست|لسنا|مو|مش|مب|غير|بلا){_AR_ON} {_AR_NAMED}",
    rf"\b(?:ليس|ما|مو|مش){_AR_MINE} {_AR_NAMED}",
    rf"\bهل (?:[أا]نت|[أا]نتم|[أا]حتاج|يجب|علي|تريدون|عندكم|لديكم){_AR_ON} {_AR_NAMED}",
    rf"\b(?:ماذا|ما الذي) (?:يحدث|سيحدث|يحصل|لو)(?: [إا]ذا| لو)? [أا]علنت {_AR_NAMED}",
    rf"\b{_AR_KIN} {_AR_LAWYER}{_AR_ACTS}",
    rf"\bشارع {_AR_LAWYER}",
    r"لا [أا]ستطيع الدفع (?:ب(?:ال)?بطاق|عبر |من خلال |عن طريق |[أا]ونلاين|[إا]لكترونيا)\w*",
)
"""Negations, questions, callings, streets and things: taken out before a reason is looked for. What
is left of the message is read, so "I don't have a lawyer, I dispute this" is a dispute."""
