"""The words of the consumers' pages, in English and Arabic. Plain, friendly, and without names."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.affordability import Group


@dataclass(frozen=True)
class Wording:
    """Every sentence of a page in one language; `{…}` is filled in."""

    direction: str
    title: str
    owed: str
    pay_full: str
    pay_due: str
    due_note: str
    due_on: str
    settle_title: str
    settle_note: str
    settle_pay: str
    extra_title: str
    extra_amount: str
    extra_keep: str
    extra_respread: str
    extra_pay: str
    extra_wrong: str
    transfer: str
    plan_title: str
    plan_note: str
    plan_number: str
    plan_date: str
    plan_amount: str
    plan_accept: str
    card: str
    card_note: str
    means_link: str
    means_title: str
    means_note: str
    means_income: str
    means_groups: Mapping[Group, str]
    means_debts: str
    means_dependants: str
    means_send: str
    means_wrong: str
    means_wrong_amount: str
    means_wrong_number: str
    means_done_title: str
    means_done: str
    secure: str
    stop: str
    paid_title: str
    paid: str
    closed_title: str
    closed: str
    done_title: str
    done: str
    back: str
    later_title: str
    later: str
    offline_title: str
    offline: str
    unknown_title: str
    unknown: str


ENGLISH = Wording(
    direction="ltr",
    title="Your account with {creditor}",
    owed="Still to pay",
    pay_full="Pay {amount} now",
    pay_due="Pay what is due: {amount}",
    due_note="This brings your plan up to date again.",
    due_on="It is due on {day}.",
    settle_title="Settle for less",
    settle_note="Pay {amount} by {day} and the rest, {rest}, is forgiven.",
    settle_pay="Pay {amount} and settle",
    extra_title="Pay something extra",
    extra_amount="Amount in {currency}",
    extra_keep="Keep my parts as they are: the plan ends sooner",
    extra_respread="Make each part that is left smaller",
    extra_pay="Pay extra",
    extra_wrong="Please write an amount up to {most}, such as {example}.",
    transfer="If you pay by bank transfer, write this reference on it:",
    plan_title="Or pay in parts",
    plan_note="You store a card now and pay nothing today. Each part is taken on its day.",
    plan_number="Part",
    plan_date="On",
    plan_amount="Amount",
    plan_accept="Accept this plan",
    card="Use another card",
    card_note="If your card has changed or ran out, give us the new one here.",
    means_link="Is money tight? Tell us what you can spare",
    means_title="What can you spare?",
    means_note="Write what comes in and what life costs in one month, in {currency}, and leave out "
    "what does not apply. You are asked for no more than what is left; if nothing is left, that is "
    "an answer, too. Only those who look after your account see your figures.",
    means_income="What comes in: pay, pension, benefits",
    means_groups={
        Group.HOUSING: "Rent or mortgage, local tax, home insurance",
        Group.UTILITIES: "Electricity, gas, water",
        Group.FOOD: "Food and housekeeping",
        Group.HEALTH: "Care and health",
        Group.CHILDREN: "Children and school",
        Group.TRANSPORT: "Getting around",
        Group.COMMUNICATION: "Phone and internet",
        Group.PERSONAL: "Personal needs",
        Group.SUPPORT: "Support that you owe to others",
        Group.OTHER: "Anything else that you cannot do without",
    },
    means_debts="Other debts that you pay off",
    means_dependants="How many others live on this income",
    means_send="Send",
    means_wrong="Please look at what is marked below. Nothing has been sent yet.",
    means_wrong_amount="Please write an amount for one month, such as {example}, or leave it out "
    "if there is none. Of what comes in, 0 is an answer, too.",
    means_wrong_number="Please write a number from 0 to {most}.",
    means_done_title="Thank you",
    means_done="We work out what fits and write to you. You are asked for no more than you can "
    "spare.",
    secure="Payments are handled by Stripe. We never see your card number.",
    stop="Something not right? Answer the message that brought you here, and a person reads it.",
    paid_title="All paid",
    paid="Nothing is left to pay. Thank you!",
    closed_title="Nothing to do here",
    closed="We no longer look after this account, so nothing can be paid here. Please turn to "
    "{creditor} with any question.",
    done_title="Thank you!",
    done="We have your answer. It can take a minute until it shows.",
    back="Back to the account",
    later_title="Please try again in a moment",
    later="We cannot open the payment page right now. Nothing was charged.",
    offline_title="Please pay {creditor} directly",
    offline="This amount cannot be paid online. Please turn to {creditor}.",
    unknown_title="This link is not known",
    unknown="Please check that you opened the whole link from our message.",
)

ARABIC = Wording(
    direction="rtl",
    title="حسابك لدى {creditor}",
    owed="المبلغ المتبقي",
    pay_full="ادفع {amount} الآن",
    pay_due="ادفع المستحق: {amount}",
    due_note="بهذا تعود خطة السداد إلى موعدها.",
    due_on="يستحق في {day}.",
    settle_title="تسوية بمبلغ أقل",
    settle_note="ادفع {amount} حتى {day}، وتُعفى من الباقي وقدره {rest}.",
    settle_pay="ادفع {amount} وأنهِ الدين",
    extra_title="دفعة إضافية",
    extra_amount="المبلغ ({currency})",
    extra_keep="تبقى أقساطي كما هي: تنتهي الخطة أبكر",
    extra_respread="يصغر كل قسط من الأقساط المتبقية",
    extra_pay="ادفع الدفعة الإضافية",
    extra_wrong="يرجى كتابة مبلغ لا يزيد على {most}، مثل {example}.",
    transfer="إذا كنت تدفع بتحويل مصرفي فاكتب هذا المرجع فيه:",
    plan_title="أو ادفع على أقساط",
    plan_note="تحفظ بطاقتك الآن ولا تدفع شيئًا اليوم، ويُسحب كل قسط في يومه.",
    plan_number="القسط",
    plan_date="التاريخ",
    plan_amount="المبلغ",
    plan_accept="أوافق على هذه الخطة",
    card="استخدام بطاقة أخرى",
    card_note="إذا تغيرت بطاقتك أو انتهت صلاحيتها فأضف البطاقة الجديدة هنا.",
    means_link="هل تمر بضائقة مالية؟ أخبرنا بما يمكنك توفيره",
    means_title="كم يمكنك أن توفر؟",
    means_note="اكتب ما يدخل إليك وما تتطلبه معيشتك في شهر واحد ({currency})، واترك ما لا ينطبق "
    "عليك فارغًا. لا نطلب منك أكثر مما يتبقى، وإن لم يتبقَّ شيء فهذا جواب أيضًا. لا يطّلع على "
    "أرقامك إلا من يتابع حسابك.",
    means_income="ما يدخل إليك: راتب أو معاش أو إعانات",
    means_groups={
        Group.HOUSING: "الإيجار أو قسط السكن والرسوم وتأمين المنزل",
        Group.UTILITIES: "الكهرباء والغاز والماء",
        Group.FOOD: "الطعام واحتياجات المنزل",
        Group.HEALTH: "الرعاية والصحة",
        Group.CHILDREN: "الأطفال والمدرسة",
        Group.TRANSPORT: "المواصلات",
        Group.COMMUNICATION: "الهاتف والإنترنت",
        Group.PERSONAL: "احتياجات شخصية",
        Group.SUPPORT: "نفقة واجبة عليك لآخرين أو زكاة",
        Group.OTHER: "أي شيء آخر لا غنى لك عنه",
    },
    means_debts="ديون أخرى تسددها",
    means_dependants="كم شخصًا آخر يعيش من هذا الدخل",
    means_send="إرسال",
    means_wrong="يرجى مراجعة ما هو معلَّم أدناه. لم يُرسل شيء بعد.",
    means_wrong_amount="يرجى كتابة مبلغ لشهر واحد، مثل {example}، أو اتركه فارغًا إن لم يوجد. "
    "أما ما يدخل إليك فيمكن أن يكون 0.",
    means_wrong_number="يرجى كتابة عدد من 0 إلى {most}.",
    means_done_title="شكرًا لك",
    means_done="سنحسب ما يناسبك ونكتب إليك. لن نطلب منك أكثر مما يمكنك توفيره.",
    secure="تتم المدفوعات عبر Stripe، ولا نطّلع على رقم بطاقتك أبدًا.",
    stop="هل هناك خطأ؟ أجب على الرسالة التي وصلتك وسيقرؤها أحد موظفينا.",
    paid_title="تم السداد بالكامل",
    paid="لم يبقَ شيء للدفع. شكرًا لك!",
    closed_title="لا يوجد ما يلزم هنا",
    closed="لم نعد نتولى هذا الحساب، لذلك لا يمكن الدفع هنا. يرجى التواصل مع {creditor} لأي سؤال.",
    done_title="شكرًا لك!",
    done="وصلنا ردك. قد يستغرق ظهوره دقيقة.",
    back="العودة إلى الحساب",
    later_title="يرجى المحاولة بعد قليل",
    later="لا يمكننا فتح صفحة الدفع الآن. لم يُسحب أي مبلغ.",
    offline_title="يرجى الدفع إلى {creditor} مباشرة",
    offline="لا يمكن دفع هذا المبلغ عبر الإنترنت. يرجى التواصل مع {creditor}.",
    unknown_title="هذا الرابط غير معروف",
    unknown="يرجى التأكد من فتح الرابط كاملًا كما ورد في رسالتنا.",
)

WORDINGS = {"en": ENGLISH, "ar": ARABIC}
