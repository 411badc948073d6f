"""One broken journey for each code, and none of it in the journeys that ship."""

from contextlib import nullcontext, suppress
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from compliance import Packs, load_packs
from domain.accounts import Closure
from domain.contacts import Channel, email, sms, voice
from domain.events import CardStored, PlanAccepted, PlanRequested, Response
from domain.time import days
from engine import Journey, Stage, aside, close, stage, switch
from journeys import JOURNEYS
from journeys.listening import LISTENING, in_hardship
from journeys.plans import PLANS, on_plan, plan_offer
from simulation import walking
from simulation.files import journeys_in
from simulation.linting import CODES, Level, lint, undocumented
from simulation.pacing import WITHOUT_END, worst
from simulation.reading import read
from simulation.vocabulary import AWAITED, VERBS
from simulation.walking import ALL_THERE_IS, NO_TRY

NO_PACKS = Packs([])
PEN = {"J104", "J107", "J108", "J109", "J110", "J111", "J303"}
WAITS = "account.now is the time, account.quiet(…) waits"
MINOR = "ask account.balance.minor, in the smallest unit"
AWAIT_HAND_OVER = "write `await account.hand_over(…)`"
BY_NAME = "return a stage, close(…) or switch(…) by its name"
PATIENCE = days(3)
LONG = days(30)
MOST = 3
FAVOURITES = {sms("nudge")}


class Words:
    """Templates as a test has them: all are there, and only `offer` puts a plan."""

    def __init__(self, faults=()):
        self._faults = dict(faults)

    def faults(self, message):
        return self._faults.get(str(message), ())

    def puts_plan(self, message):
        return message.name == "offer"


def journey(*stages, name="broken"):
    return read(Journey(name, version=1, stages=stages))


def found(*stages, words=None, packs=NO_PACKS):
    """Codes and sentences, without what is but good to know, and what no stage answers."""
    findings = lint(journey(*stages), words or Words(), packs, JOURNEYS)
    return [
        (each.code, each.says)
        for each in findings
        if each.level > Level.NOTE and each.code != "J106"
    ]


def codes(*stages, **more):
    return {code for code, _ in found(*stages, **more)}


@stage
async def ends(account):
    """End."""
    return close(Closure.REFERRED)


@stage(on=PlanAccepted)
async def agreed(account):
    """Agree."""
    return close(Closure.REFERRED)


# ways


def test_a_stage_that_nothing_leads_to():
    @stage
    async def lost(account):
        """Lost."""
        return ends

    assert found(ends, lost) == [("J101", "stage lost: nothing in broken leads here")]


def test_a_stage_that_only_something_heard_leads_to_needs_a_pause_to_hear_it():
    @stage
    async def waits(account):
        """Wait."""
        await account.quiet(until=account.now + PATIENCE, because="of a test")
        return ends

    assert codes(waits, ends, agreed) == set()
    assert codes(ends, agreed) == {"J101"}


def test_a_stage_without_a_way_out():
    @stage
    async def waits(account):
        """Wait for ever."""
        await account.quiet(until=account.now + PATIENCE, because="of a test")
        return waits

    assert found(waits) == [("J102", "stage waits: in broken no way leads from here to an end")]
    assert codes(waits, agreed) == set()


def test_an_aside_is_left_by_the_stages_to_which_it_goes_back():
    @aside(on=CardStored)
    async def remarks(account):
        """Remark."""

    @stage
    async def waits(account):
        """Wait."""
        await account.response(within=PATIENCE)
        return ends

    @stage
    async def for_ever(account):
        """Wait for ever."""
        await account.response(within=PATIENCE)
        return for_ever

    assert codes(waits, ends, remarks) == set()
    assert found(for_ever, remarks) == [
        ("J102", "stage remarks: in broken no way leads from here to an end"),
        ("J102", "stage for_ever: in broken no way leads from here to an end"),
    ]


def test_a_way_to_a_stage_or_a_journey_that_there_is_not():
    @stage
    async def begins(account):
        """Begin."""
        return agreed if account.plan else switch("hardshp")

    says = [says for code, says in found(begins) if code == "J103"]
    assert says == [
        "stage begins: it leads to agreed, which is no stage of broken",
        "stage begins: it switches to 'hardshp', which is no journey",
    ]


def test_a_stage_of_which_reading_does_not_tell_where_it_leads():
    @stage
    async def begins(account):
        """Begin."""
        return {"ends": ends}[account.came_from] if account.came_from else ends

    @stage
    async def forgets(account):
        """Forget."""
        return ends if account.plan else None

    assert codes(begins, ends) == {"J104"}
    assert ("J104", "stage forgets: on some way it returns nothing") in found(forgets, ends)


# rounds


def test_stages_that_go_round_without_a_pause():
    @stage
    async def here(account):
        """Here."""
        await account.collect()
        return there if account.balance.minor else ends

    @stage
    async def there(account):
        """There."""
        await account.hand_over("look")
        return here

    assert found(here, there, ends) == [
        ("J105", "it goes round without time passing: here → there → here")
    ]


def test_a_loop_without_a_pause():
    @stage
    async def begins(account):
        """Begin."""
        while account.charge_is_under_way:
            await account.hand_over("still under way")
        return ends

    assert found(begins, ends) == [("J105", "it goes round without time passing: begins → begins")]


def test_staying_without_a_pause():
    @stage
    async def begins(account):
        """Begin."""
        await account.quiet(until=account.now, because="of a test")
        return account.stay() if account.balance.minor else ends

    assert codes(begins, ends) == {"J105"}


def test_conditions_that_exclude_each_other_are_no_round():
    @stage
    async def here(account):
        """Here."""
        missed = account.overdue
        return there if missed else ends

    @stage
    async def there(account):
        """There."""
        return ends if account.overdue is not None else here

    assert codes(here, there, ends) == set()


def test_loops_that_take_time_or_come_to_an_end_are_no_rounds():
    @stage
    async def begins(account):
        """Begin."""
        for part in account.plan.instalments:
            await account.collect(part)
        while await account.next_try(by=account.now + PATIENCE):
            await account.collect()
        while not account.plan_is_paid:
            await account.paid(account.instalment, by=account.now + PATIENCE)
        return ends

    assert codes(begins, ends) == set()


def test_an_answer_to_what_was_not_sent_takes_no_time():
    @stage
    async def begins(account):
        """Begin."""
        contact = await account.contact(sms("nudge"))
        if await account.answer(to=contact, within=PATIENCE):
            return ends
        return begins

    findings = lint(journey(begins, ends), Words(), NO_PACKS, JOURNEYS)
    (round_,) = [each for each in findings if each.code == "J105"]
    assert round_.says.endswith("begins → begins, if nothing can be sent, or no card tried")
    assert round_.do.startswith("`answer` and `next_try` say False at once")


def test_a_loop_that_only_waits_for_what_was_sent_is_told_so():
    @stage
    async def begins(account):
        """Begin."""
        while account.charge_is_under_way:
            contact = await account.contact(sms("nudge"))
            await account.answer(to=contact, within=PATIENCE)
        return ends

    says = "it goes round without time passing: begins → begins, if nothing can be sent, or no card"
    assert found(begins, ends) == [("J105", f"{says} tried")]


# slips of the pen


def slips(*stages):
    """Line by line what reading comes across: the code, what is said, and what to do."""
    findings = lint(journey(*stages, ends), Words(), NO_PACKS, JOURNEYS)
    return [(each.code, each.says, each.do) for each in findings if each.code in PEN]


def test_a_verb_without_await_is_found_in_stages_and_in_what_they_call():
    async def nudged(account):
        contact = account.contact(sms("nudge"))
        return await account.answer(to=contact, within=PATIENCE)

    @stage
    async def begins(account):
        """Begin."""
        nudged(account)  # type: ignore[unused-coroutine]
        if account.answer(to=await account.contact(sms("nudge")), within=PATIENCE):
            account.hand_over("look")
        return ends

    says = "{} is not awaited, so nothing is done"
    assert slips(begins) == [
        (
            "J107",
            f"nudged: {says.format('account.contact(…)')}",
            "write `await account.contact(…)`",
        ),
        ("J107", f"begins: {says.format('nudged(…)')}", "write `await nudged(…)`"),
        ("J107", f"begins: {says.format('account.answer(…)')}", "write `await account.answer(…)`"),
        ("J107", f"begins: {says.format('account.hand_over(…)')}", AWAIT_HAND_OVER),
    ]


def test_what_is_awaited_later_or_elsewhere_is_no_slip():
    def lazily(account, message):
        return account.contact(message)

    async def both(first, second):
        return await first, await second

    @stage
    async def begins(account):
        """Begin."""
        later = account.contact(sms("nudge"))
        await later
        await lazily(account, sms("nudge"))
        await both(account.contact(sms("nudge")), lazily(account, sms("nudge")))
        await (account.contact(sms("a")) if account.plan else account.contact(sms("b")))
        FAVOURITES.update(account.contact(sms("nudge")))
        todo = {}
        todo["a"] = account.hand_over("a")
        await todo["a"]
        pair = (account.hand_over("b"), account.hand_over("c"))
        await pair[0], await pair[1]
        for message in (sms("nudge"), email("nudge")):
            sent = account.contact(message)
            await sent
        account.note_missed(account.instalment)
        return ends

    assert slips(begins) == []


def test_a_stage_that_returns_what_is_not_awaited_is_told_once():
    async def helped(account):
        return account.hand_over("look")

    @stage
    async def begins(account):
        """Begin."""
        if account.plan:
            return helped(account)
        await helped(account)
        return ends

    assert [(code, says) for code, says, _ in slips(begins)] == [
        ("J107", "helped: account.hand_over(…) is not awaited, so nothing is done"),
        ("J107", "begins: helped(…) is not awaited, so nothing is done"),
    ]


def test_every_verb_that_has_to_be_awaited_is_known_from_the_class(tmp_path):
    calls = "\n".join(f"    account.{verb}()" for verb in sorted(VERBS))
    file = tmp_path / "hasty.py"
    file.write_text(
        "from domain.accounts import Closure\nfrom engine import Journey, close, stage\n\n\n"
        f"@stage\nasync def hasty(account):\n    'Hasty.'\n{calls}\n"
        "    return close(Closure.REFERRED)\n\n\nHASTY = Journey('hasty', 1, (hasty,))\n"
    )

    findings = lint(read(journeys_in(file)[0]), Words(), NO_PACKS, JOURNEYS)

    told = {each.do for each in findings if each.code == "J107"}
    assert told == {f"write `await account.{verb}(…)`" for verb in AWAITED}
    assert {"contact", "answer", "quiet", "collect", "hand_over"} <= AWAITED
    assert {"visits", "offer_plan", "stay"} <= VERBS.keys() - AWAITED
    assert not {"played", "balance"} & VERBS.keys()


def test_a_name_that_there_is_not_is_told_with_the_nearest_one():
    @stage
    async def begins(account):
        """Begin."""
        if account.balanse or account.xyzzy:
            contact = await account.contcat(sms("nudge"))
            await account.answer(to=contact, within=PATIENSE)  # type: ignore[name-defined] # noqa: F821
        account.hear(account._progress)
        return endz  # type: ignore[name-defined] # noqa: F821

    assert slips(begins) == [
        ("J108", "begins: there is no account.balanse", "did you mean account.balance?"),
        ("J108", "begins: there is no account.xyzzy", ALL_THERE_IS),
        ("J108", "begins: there is no account.contcat", "did you mean account.contact?"),
        ("J108", "begins: there is no PATIENSE", "did you mean PATIENCE?"),
        ("J108", "begins: account._progress is the engine's own", ALL_THERE_IS),
        ("J108", "begins: there is no account.hear", ALL_THERE_IS),
        ("J108", "begins: there is no endz", "did you mean ends?"),
    ]
    assert codes(begins, ends) == {"J108"}


def test_names_that_a_function_makes_itself_are_no_slips():
    @stage
    async def begins(account):
        """Begin."""
        try:
            several = [each for each in FAVOURITES if each]
        except LookupError as error:
            raise ValueError from error
        with nullcontext(1) as opened:
            told = opened, several, len(JOURNEYS)
        return ends if told else begins

    assert slips(begins) == []


def lint_of(tmp_path, stages="(begins, ends)", line="pass"):
    """Findings about a journey in a file of its own, with this line in its first stage."""
    file = tmp_path / "own.py"
    file.write_text(
        "import asyncio, calendar, copy, re, textwrap\n"
        "import random\n"
        "from datetime import datetime\n\n"
        "from domain.accounts import Closure\n"
        "from domain.contacts import sms\n"
        "from domain.time import days\n"
        "from engine import Journey, close, stage, switch\n"
        "from journeys.plans import on_plan\n\n\n"
        "@stage\nasync def ends(account):\n    'End.'\n    return close(Closure.REFERRED)\n\n\n"
        f"@stage\nasync def begins(account):\n    'Begin.'\n    {line}\n    return ends\n\n\n"
        f"OWN = Journey(version=1, name='own', stages={stages})\n"
    )
    return lint(read(journeys_in(file)[0]), Words(), NO_PACKS, JOURNEYS)


def slips_of(tmp_path, line):
    """What reading comes across in a stage of one line: the code, what is said, what to do."""
    findings = lint_of(tmp_path, line=line)
    return [(each.code, each.says, each.do) for each in findings if each.code in PEN]


@pytest.mark.parametrize(
    ("call", "says", "do"),
    [
        (
            "answer(None, within=days(3))",
            "account.answer: too many positional arguments",
            "write account.answer(to=…, within=…, [paying=…])",
        ),
        (
            "contact('nudge')",
            "account.contact: given 'nudge' as message",
            'give it a message such as sms("nudge")',
        ),
        (
            "response(within=account.now + days(3))",
            "account.response: given datetime as within",
            "give it a span of time such as days(3)",
        ),
        (
            "quiet(until=days(3), because='of a test')",
            "account.quiet: given datetime.timedelta(days=3) as until",
            "give it a moment such as account.now + days(3)",
        ),
        (
            "paid(account.instalment)",
            "account.paid: missing a required argument: 'by'",
            "write account.paid(instalment, by=…)",
        ),
        (
            "collect(account.contact(sms('nudge')))",
            "account.collect: given Contact as instalment",
            "give it an instalment such as account.instalment",
        ),
    ],
)
def test_a_verb_that_is_given_what_it_does_not_take(tmp_path, call, says, do):
    told = slips_of(tmp_path, f"await account.{call}")

    assert [each for each in told if each[0] == "J109"] == [("J109", f"begins: {says}", do)]


def test_what_an_account_has_is_not_called():
    @stage
    async def begins(account):
        """Begin."""
        return ends if account.visits("begins") or account.balance() else begins

    assert slips(begins) == [
        (
            "J109",
            "begins: account.balance is there at once, and cannot be called",
            "write account.balance, without round brackets",
        ),
        (
            "J109",
            "begins: account.visits: given 'begins' as stage",
            "give it a stage by its name, without quotes",
        ),
    ]


def test_what_is_there_at_once_needs_no_await():
    @stage
    async def begins(account):
        """Begin."""
        return ends if await account.offer_plan(parts=MOST, first_in=PATIENCE) else agreed

    assert slips(begins, agreed) == [
        (
            "J109",
            "begins: account.offer_plan is there at once: there is nothing to await",
            "leave out `await`",
        )
    ]


def test_arguments_that_reading_cannot_count_are_left_alone():
    @stage
    async def begins(account):
        """Begin."""
        given, named = (sms("nudge"),), {"until": account.now, "because": "of a test"}
        await account.contact(*given)
        await account.quiet(**named)
        return ends

    assert slips(begins) == []


@pytest.mark.parametrize(
    ("what", "says", "do"),
    [
        ("'ends'", "it returns 'ends'", "return ends, without quotes"),
        ("Closure.CEASED", "it returns <Closure.CEASED", "return close(Closure.CEASED)"),
        ("close('ceased')", "it returns TypeError: close('ceased'): expected one of", BY_NAME),
        ("switch(ends)", "it returns TypeError: switch(ends): expected a name in", BY_NAME),
        ("account.stay", "it returns account.stay", "return account.stay()"),
    ],
)
def test_what_was_meant_by_something_odd_that_a_stage_returns(tmp_path, what, says, do):
    ((code, told, mend),) = slips_of(tmp_path, f"return {what}")

    assert (code, mend) == ("J104", do)
    assert told.startswith(f"stage begins: {says}")


@pytest.mark.parametrize(
    ("line", "code", "says", "do"),
    [
        ("random.random()", "J110", "random.random(…) asks a clock, dice, or the world", WAITS),
        ("datetime.now()", "J110", "datetime.now(…) asks a clock, dice, or the world", WAITS),
        ("await asyncio.sleep(1)", "J110", "asyncio.sleep(…) asks a clock, dice, or", WAITS),
        ("await asyncio.gather(account.hand_over('a'))", "J110", "asyncio.gather(…) asks", WAITS),
        ("open('/etc/hosts')", "J110", "open(…) asks a clock, dice, or the world", WAITS),
        ("close(Closure.CEASED)", "J104", "close(Closure.CEASED) stands there, and", None),
        ("account.back()", "J104", "account.back() stands there, and nothing comes", None),
        ("ends", "J104", "ends stands there, and nothing comes of it", "write `return ends`"),
        ("close(Closure.SETTLD)", "J108", "no Closure.SETTLD", "did you mean SETTLED?"),
        ("account.balance == 0", "J109", "account.balance is money, and no number", MINOR),
        ("0 < account.balance", "J109", "account.balance is money, and no number", MINOR),
        ("if account.balance: pass", "J109", "account.balance is money, and always", MINOR),
        ("account.plan.instalmentz", "J108", "no account.plan.instalmentz", "mean instalments?"),
        ("account.overdue.xyzzy", "J108", "account.overdue.xyzzy", "there are due, minor, number"),
        ("(await account.collect()).statuss", "J108", "statuss", "did you mean status?"),
        (
            "[await account.contact(each) for each in ()]",
            "J303",
            "does not follow an `await`",
            None,
        ),
    ],
)
def test_what_no_stage_can_rely_on(tmp_path, line, code, says, do):
    told = slips_of(tmp_path, line)

    assert [each[0] for each in told] == [code]
    assert says in told[0][1]
    assert (do or "") in told[0][2]


@pytest.mark.parametrize(
    "line",
    [
        "told = account.now.date().isoformat(), account.entered - account.now",
        "told = account.balance.minor == 0 or account.balance.currency",
        "told = account.means.monthly or account.promise.due or account.contract.plans.grace_days",
        "told = (await account.response(within=days(1))).due",
        "told = [datetime(2026, 1, 1), random.Random(7), Closure('ceased'), Closure.CEASED.value]",
        "told = (await account.contact(sms('nudge'))).message.channel.value",
        "told = account.plan is None or account.balance",
    ],
)
def test_what_a_stage_may_look_at(tmp_path, line):
    assert slips_of(tmp_path, line) == []


def test_libraries_that_a_stage_calls_are_not_read(tmp_path):
    told = lint_of(
        tmp_path,
        line="told = (re.sub('a', 'b', str(account.balance)), textwrap.shorten('a', 9),"
        " calendar.monthrange(2026, account.due_on.month), copy.deepcopy(account.balance))",
    )

    assert {Path(each.file).name for each in told} == {"own.py"}
    assert {each.code for each in told} == {"J106", "J402"}


def test_journeys_are_read_even_where_libraries_are_kept(tmp_path, monkeypatch):
    helper = "def nudged(account):\n    account.hand_over('a')\n"
    stages = (
        "from domain.events import PaymentClaimed\n"
        "from engine import Journey, aside, stage\n"
        "from journeys.hardship import in_hardship\n\n\n"
        "@stage\nasync def begins(account):\n    'Begin.'\n    nudged(account)\n"
        "    return await in_hardship.attempt(account)\n\n\n"
        "@aside(on=PaymentClaimed)\nasync def claimed(account):\n    'Say so.'\n"
        "    account.hand_over('b')\n\n\nOWN = Journey('own', 1, (begins, claimed))\n"
    )
    file = tmp_path / "own.py"
    file.write_text(helper + stages)
    journey_of_a_library = journeys_in(file)[0]
    monkeypatch.setattr(walking, "LIBRARIES", {tmp_path, Path(__file__).parents[2]})

    begins, claimed = read(journey_of_a_library).stages

    read_of_it = {each.name for each in begins.flow.sources}
    assert {"begins", "nudged", "in_hardship"} <= read_of_it
    assert "claimed" in {each.name for each in claimed.flow.sources}


def test_a_try_that_would_catch_what_the_engine_says():
    @stage
    async def begins(account):
        """Begin."""
        try:
            await account.contact(sms("nudge"))
        except (LookupError, Exception):  # noqa: BLE001
            return ends
        try:
            told = account.instalment
        except Exception:  # noqa: BLE001
            told = None
        try:
            await account.contact(sms("nudge"))
        except LookupError:
            return ends if told else begins
        try:
            await account.contact(sms("nudge"))
        except Exception:
            told = None
            raise
        with suppress(LookupError):
            await account.contact(sms("nudge"))
        with suppress(Exception):
            await account.contact(sms("nudge"))
        return ends

    assert slips(begins) == [
        ("J111", "begins: it catches what the engine says", NO_TRY.format("try")),
        ("J111", "begins: it suppresses what the engine says", NO_TRY.format("suppress")),
    ]


def test_what_shared_stages_need_is_told_where_the_journey_is_put_together(tmp_path):
    told = [each for each in lint_of(tmp_path, "(begins, ends, on_plan)") if each.code == "J103"]

    assert [(each.line, each.says) for each in told] == [
        (25, "stage on_plan: it leads to broken_plan, which is no stage of own"),
        (25, "stage on_plan: it leads to resting_plan, which is no stage of own"),
    ]
    assert told[0].do.endswith("own, or take all that journeys/plans.py shares")


def test_a_stage_is_returned_and_never_called():
    @stage
    async def begins(account):
        """Begin."""
        return await ends(account)  # type: ignore[operator]

    assert slips(begins) == [
        ("J104", "begins: ends(…) calls a stage", "return ends: the engine plays it")
    ]


# what is said and offered


def test_something_consumers_say_that_no_stage_answers():
    findings = lint(journey(ends), Words(), NO_PACKS, JOURNEYS)
    (unheard,) = [each.says for each in findings if each.code == "J106"]

    kinds = {kind.__name__ for kind in Response.__subclasses__()} - {"Undelivered", "PlanAccepted"}
    assert unheard == f"no stage of broken answers {', '.join(sorted(kinds))}"


def test_a_journey_that_asks_for_responses_itself_need_not_answer_each():
    @stage
    async def asks(account):
        """Ask."""
        await account.response(within=PATIENCE)
        return ends

    findings = lint(journey(asks, ends), Words(), NO_PACKS, JOURNEYS)
    assert "J106" not in {each.code for each in findings}


def test_an_offer_without_a_plan():
    @stage
    async def offers(account):
        """Offer."""
        if account.means:
            account.offer_affordable_plan(first_in=PATIENCE)
        contact = await account.contact(email("offer"))
        await account.answer(to=contact, within=PATIENCE)
        return ends

    assert found(offers, ends, agreed) == [
        ("J201", "offers may send email offer without a plan to put into it")
    ]


def test_a_plan_that_was_worked_out_before_on_every_way_may_be_offered():
    @stage
    async def offers(account):
        """Offer."""
        if account.offer_plan(parts=MOST, first_in=PATIENCE) is None:
            return ends
        contact = await account.contact(email("offer"))
        await account.answer(to=contact, within=PATIENCE)
        return ends

    @stage
    async def reminds(account):
        """Remind of an instalment: its plan was accepted before."""
        await account.contact(email("offer"), about=account.instalment)
        return ends

    assert codes(offers, ends, agreed) == set()
    assert codes(reminds, ends) == set()


def test_a_plan_is_offered_and_nobody_hears_that_it_is_accepted():
    @stage
    async def offers(account):
        """Offer."""
        account.offer_plan(parts=MOST, first_in=PATIENCE)
        await account.contact(email("offer"))
        return ends

    assert found(offers, ends) == [
        ("J202", "offers offers a plan, and no stage of broken answers PlanAccepted")
    ]


def test_what_is_wrong_with_a_message_is_told_where_it_is_sent():
    @stage
    async def sends(account):
        """Send."""
        await account.contact(sms("nudge"))
        return ends

    faults = {"sms nudge": (("J301", "sms nudge has no words", "write them"),)}
    assert found(sends, ends, words=Words(faults)) == [("J301", "sms nudge has no words")]


def test_a_contact_of_which_reading_does_not_tell_with_which_message():
    @stage
    async def sends(account):
        """Send."""
        await account.contact(FAVOURITES.pop())
        return ends

    assert found(sends, ends) == [("J303", "sends: reading does not tell which message this is")]


# docstrings and knobs


def test_a_stage_without_a_docstring_is_found_without_running_its_file(tmp_path):
    file = tmp_path / "mute.py"
    file.write_text(
        "import engine\n"
        "@engine.stage\n"
        "async def silent(account): ...\n"
        "@aside(on=CardStored)\n"
        "async def mute(account): ...\n"
        "def helper(): ...\n"
        "raise SystemExit\n"
    )

    findings = undocumented(file)

    assert [(each.code, each.line) for each in findings] == [("J401", 3), ("J401", 5)]
    assert findings[0].says == "stage silent does not say what it is for"
    assert findings[0].file == str(file)


@pytest.mark.parametrize("text", ["def :", "\udcff"])
def test_a_file_that_is_no_python_is_told_in_one_line(tmp_path, text):
    file = tmp_path / "odd.py"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))

    with pytest.raises(ValueError, match=r"odd\.py:1: not Python"):
        undocumented(file)
    with pytest.raises(ValueError, match=r"none\.py: there is no such file; expected one such"):
        undocumented(tmp_path / "none.py")


def test_a_stage_that_was_made_without_words():
    made = Stage("made", ends.attempt, (), " ")

    assert ("J401", "stage made: it does not say what it is for") in found(made)


def test_a_knob_that_is_not_a_constant_of_its_module():
    @stage
    async def begins(account):
        """Begin."""
        await account.quiet(until=account.now + days(3), because="of a test")
        if account.visits(begins) > 5 or account.visits(begins) == 1:
            return ends
        return await helped(account)

    async def helped(account):
        return ends if max(4, account.favours) else close(Closure.CEASED)

    assert [each for each in found(begins, ends) if each[0] == "J402"] == [
        ("J402", "begins: the number 3 stands in the code"),
        ("J402", "begins: the number 5 stands in the code"),
        ("J402", "helped: the number 4 stands in the code"),
    ]


# how often


def twice_a_week(first, second):
    @stage
    async def begins(account):
        """Begin."""
        for message in (first, second):
            contact = await account.contact(message)
            await account.answer(to=contact, within=PATIENCE)
        return ends

    return journey(begins, ends)


def test_the_worst_week_counts_each_channel():
    chart = twice_a_week(sms("nudge"), email("nudge"))

    assert worst(chart, {Channel.SMS, Channel.EMAIL}).contacts == 2
    assert worst(chart, {Channel.SMS}).contacts == 1
    assert worst(chart, {Channel.VOICE}).contacts == 0
    assert worst(chart, {Channel.SMS, Channel.EMAIL}).trail == (
        "begins: sms nudge",
        "begins: email nudge",
    )
    assert worst(chart, {Channel.SMS, Channel.EMAIL}, PATIENCE).contacts == 1


def test_what_cannot_be_sent_takes_no_time_and_brings_the_next_message_nearer():
    @stage
    async def begins(account):
        """Begin."""
        for message in (sms("one"), email("two"), sms("three")):
            contact = await account.contact(message)
            await account.answer(to=contact, within=PATIENCE)
        return ends

    chart = journey(begins, ends)
    assert worst(chart, {Channel.SMS}, timedelta(days=4)).contacts == 2
    assert worst(chart, {Channel.SMS}, PATIENCE).contacts == 1


def test_the_pause_before_a_day_that_is_known_counts_as_far_as_the_code_makes_sure():
    @stage
    async def begins(account):
        """Begin."""
        day = account.morning_of(account.due_on)
        for message, ahead in ((email("soon"), days(9)), (sms("sooner"), days(2))):
            if account.now < day - ahead + days(1):
                await account.quiet(until=day - ahead, because="of a test")
                await account.contact(message)
        return ends

    chart = journey(begins, ends)
    assert worst(chart, {Channel.SMS, Channel.EMAIL}, days(6)).contacts == 1
    assert worst(chart, {Channel.SMS, Channel.EMAIL}, days(7)).contacts == 2


def test_a_visit_repeats_nothing_and_the_next_visit_does():
    @stage
    async def stays(account):
        """Stay."""
        await account.contact(sms("nudge"))
        await account.quiet(until=account.now + days(1), because="of a test")
        return account.stay() if account.balance.minor else ends

    @stage
    async def returns(account):
        """Return."""
        await account.contact(sms("nudge"))
        await account.quiet(until=account.entered + days(1), because="of a test")
        return returns if account.balance.minor else ends

    assert worst(journey(stays, ends), {Channel.SMS}).contacts == 1
    assert worst(journey(returns, ends), {Channel.SMS}).contacts == 7


def test_an_instalment_is_announced_once_a_week_at_most():
    @stage
    async def keeps(account):
        """Keep."""
        await account.contact(sms("due"), about=account.instalment, ahead=days(2))
        await account.paid(account.instalment, by=account.morning_of(account.instalment.due))
        return keeps if account.balance.minor else ends

    assert worst(journey(keeps, ends), {Channel.SMS}).contacts == 1
    assert worst(journey(keeps, ends), {Channel.SMS}, days(15)).contacts == 3


def test_contacts_without_end_are_found_and_told():
    @stage
    async def presses(account):
        """Press."""
        await account.contact(sms("nudge"))
        await account.collect()
        return presses if account.balance.minor else ends

    chart = journey(presses, ends)
    assert worst(chart, {Channel.SMS}).contacts == WITHOUT_END
    assert {"J105", "J502"} == codes(presses, ends)


def test_where_the_law_is_the_brake_is_told_with_the_tightest_cap_first():
    packs = load_packs()
    chart = twice_a_week(voice("one"), voice("two"))

    (note,) = [each for each in lint(chart, Words(), packs, JOURNEYS) if each.code == "J501"]

    assert note.says.startswith("broken: at the worst 2 contacts in a week (voice 2): begins:")
    assert note.do == "the journey itself keeps within every cap"
    three = twice_a_week(voice("one"), voice("one"))
    assert worst(three, {Channel.VOICE}).contacts == 1


def test_a_pace_above_a_cap_names_the_cap():
    @stage
    async def calls(account):
        """Call."""
        for call in (voice("one"), voice("two"), voice("three")):
            await account.contact(call)
        return ends

    findings = lint(journey(calls, ends), Words(), load_packs(), JOURNEYS)
    (note,) = [each for each in findings if each.code == "J501"]

    assert note.do.startswith("there the law is the brake, not the journey: ")
    assert "(2 in 7 days)" in note.do
    assert "other caps" in note.do


def test_a_journey_that_contacts_nobody_has_no_pace():
    assert "J501" not in {each.code for each in lint(journey(ends), Words(), NO_PACKS, JOURNEYS)}


# the journeys that ship


@pytest.mark.parametrize("name", JOURNEYS)
def test_the_journeys_that_ship_are_clean(name):
    words = SimpleNamespace(
        faults=lambda message: (),
        puts_plan=lambda message: message.name in {"plan_offer", "fresh_offer", "hardship_plan"},
    )

    findings = lint(read(JOURNEYS[name]), words, NO_PACKS, JOURNEYS)

    assert [each.code for each in findings] == ["J501"]
    assert findings[0].says.startswith(f"{name}: at the worst ")


def test_without_what_they_share_they_would_not_be():
    @stage
    async def begins(account):
        """Begin."""
        return plan_offer

    named = codes(begins, *(each for each in PLANS if each is not on_plan), *LISTENING, in_hardship)
    assert {"J103", "J202"} <= named


def test_every_code_says_how_bad_it_is_and_what_it_means():
    assert all(meaning[0].islower() for _, meaning in CODES.values())
    assert {level for level, _ in CODES.values()} == set(Level)
    assert PlanRequested in plan_offer.on
