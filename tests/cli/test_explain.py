"""Why an account is, or is not, contacted: on the command line."""

import io
import json
from datetime import UTC, datetime

import pytest
from rich.console import Console
from typer.testing import CliRunner

from api.explaining import moment
from api.schemas import ChannelAnswer, DecisionLine, ExplanationView, FactsUsed, Rule, RuleAnswer
from cli.explaining import decisions_table, parts_of
from cli.main import app
from compliance.facts import Actor
from domain.contacts import Channel, Purpose
from domain.people import Milestone, StandingHold, Wish

CHICAGO = "America/Chicago"
AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
EIGHT = datetime(2026, 11, 24, 14, tzinfo=UTC)
HOURS = RuleAnswer(
    rule="US-T1",
    pack="us-federal@2026.11.2",
    answer="delays",
    says="inconvenient before 08:00",
    does="Contact only every day 08:00-21:00.",
    cite="12 CFR 1006.6(b)(1)(i)",
    force="regulation",
    certainty="V",
    until=EIGHT,
    counter=None,
    lifts="",
)
DISPUTE = HOURS.model_copy(
    update={
        "rule": "BASE-DISPUTE",
        "answer": "refuses",
        "says": "the person disputes this debt",
        "until": None,
        "force": "policy",
        "certainty": "P",
        "lifts": "once the dispute is settled",
    }
)
CALLS = HOURS.model_copy(
    update={"rule": "US-F1", "answer": "lets it through", "until": None, "counter": "3 of 7"}
)
FACTS = FactsUsed(
    actor=Actor.AGENCY,
    country="US",
    regions=("US-IL",),
    zones=(CHICAGO, "America/New_York"),
    holds=(StandingHold.model_validate({"hold": "dispute", "part": 500}),),
    opted_out=(Channel.EMAIL,),
    unreachable=(Channel.CHAT, Channel.WHATSAPP),
    wishes=(Wish.model_validate({"opens": "12:00:00", "never": ["sun"]}),),
    milestones=(Milestone.model_validate({"kind": "consent", "at": AT, "channels": ["sms"]}),),
    contacts_since=datetime(2026, 10, 15, tzinfo=UTC),
    contacts={Channel.SMS: 2, Channel.VOICE: 3},
    inbound={},
)


def answer(channel, verdict, next_lawful=None, rule="US-T1", **more):
    decided = Rule(rule=rule, says="so it is", cite="the law") if rule else None
    return ChannelAnswer(
        channel=channel,
        verdict=verdict,
        next_lawful=next_lawful,
        recheck_at=more.get("recheck_at"),
        decided_by=decided,
    )


def view(**changes):
    usual = {
        "account_id": "acc_1",
        "at": AT,
        "zone": CHICAGO,
        "law": "law_1",
        "purpose": Purpose.DEMAND,
        "over": None,
        "channels": [
            answer(Channel.SMS, "wait", EIGHT),
            answer(Channel.EMAIL, "deny", rule="BASE-OPTOUT"),
            answer(Channel.LETTER, "allow", AT, rule=None),
        ],
        "detail": Channel.SMS,
        "rules": [HOURS, CALLS],
        "facts": FACTS,
    }
    return ExplanationView.model_validate(usual | changes)


def printed(shown, channel=None):
    screen = io.StringIO()
    console = Console(file=screen, width=200)
    for part in parts_of(shown, "acme/INV-1", channel):
        console.print(part, highlight=False)
    return " ".join(screen.getvalue().split())


def test_every_channel_has_its_verdict_and_first_lawful_moment_there_and_in_utc():
    told = printed(view())

    assert "account acme/INV-1 (acc_1)" in told
    assert "asked demand, Tue 24 Nov 2026 06:00 America/Chicago (2026-11-24 12:00 UTC)" in told
    assert "next lawful moment, America/Chicago" in told
    assert "│ sms │ not yet │ Tue 24 Nov 2026 08:00 │ 2026-11-24 14:00 │ US-T1: so it is" in told
    assert "│ email │ no │ not before something changes │ │ BASE-OPTOUT: so it is" in told
    assert "│ letter │ yes │ Tue 24 Nov 2026 06:00" in told


def test_what_stands_in_the_way_is_told_with_its_source_and_what_would_change_it():
    told = printed(view(rules=[DISPUTE, HOURS, CALLS]))

    assert "refuses BASE-DISPUTE of us-federal@2026.11.2" in told
    assert "because the person disputes this debt" in told
    assert "(policy; P our policy, not law)" in told
    assert "would change it once the dispute is settled" in told
    assert "delays US-T1" in told
    assert "source 12 CFR 1006.6(b)(1)(i) (regulation; V law read)" in told
    assert "free Tue 24 Nov 2026 08:00 America/Chicago (2026-11-24 14:00 UTC)" in told
    assert "would change it time alone" in told
    assert told.index("BASE-DISPUTE") < told.index("│ US-F1")
    assert "│ V │ 3 of 7 │" in told


def test_nothing_in_the_way_is_said():
    assert "no rule stands in the way" in printed(view(rules=[CALLS]))


def test_one_channel_is_told_without_the_others():
    only = answer(Channel.SMS, "deny", rule="UK-8", recheck_at=EIGHT)

    told = printed(view(channels=[only]), Channel.SMS)

    assert "verdict no, by sms" in told
    assert "ends by itself Tue 24 Nov 2026 08:00" in told
    assert "decided by UK-8: so it is (the law)" in told
    assert "next lawful moment" not in told


def test_an_account_that_is_over_says_so_first_and_which_rules_left_nothing_to_be_tried():
    notice = Rule(rule="ON-1", says="a notice comes first", cite="Reg 74 s. 21")
    told = printed(view(over="the journey is over: referred", refused_at_last=[notice]))

    assert "nothing leaves whatever the rules say: the journey is over: referred" in told
    assert "refused at last ON-1: a notice comes first (Reg 74 s. 21)" in told


def test_an_account_that_ended_unpaid_says_what_we_were_asked():
    asked = "nothing may be sent to them: ON-1: a notice comes first"
    told = printed(view(over="the journey is over: referred", handed_over=[asked]))

    assert f"we were asked {asked}" in told


def test_who_collects_is_told_and_what_is_not_known_binds():
    told = printed(view())

    assert "collected by agency" in told
    assert "owed to not known: rules for anybody bind" in told


def test_the_facts_are_told_in_words():
    told = printed(view())

    assert "where US, US-IL" in told
    assert "zones America/Chicago, America/New_York" in told
    assert "holds hold dispute, part 500" in told
    assert "opted out of email" in told
    assert "no address for chat, whatsapp" in told
    assert "wishes opens 12:00:00, never sun" in told
    assert "on record consent for sms, Tue 24 Nov 2026" in told
    assert "contacts 2 sms, 3 voice since 15 Oct, over all debts" in told
    assert "from them none since 15 Oct" in told


def test_past_decisions_are_told_with_the_rule_that_decided_and_the_hash():
    line = DecisionLine(
        contact="a#1",
        channel="sms",
        message="nudge",
        verdict="wait",
        reasons=[Rule(rule="US-T1", says="too early", cite="12 CFR")],
        packs=["us-federal@1"],
        until=EIGHT,
        law="law_1",
        seq=7,
        hash="0123456789abcdef",
        at=AT,
        recorded_at=AT,
    )
    screen = io.StringIO()
    Console(file=screen, width=200).print(decisions_table([line], CHICAGO))
    told = " ".join(screen.getvalue().split())

    assert (
        "│ 7 │ Tue 24 Nov 2026 06:00 │ sms nudge │ wait │ Tue 24 Nov 2026 08:00 │ US-T1: too early"
        " (12 CFR) │ 0123456789ab │"
    ) in told


def test_a_time_that_a_clock_change_skips_or_repeats_is_one_instant():
    skipped = moment("2026-03-08T02:30", CHICAGO)
    repeated = moment("2026-11-01T01:30", CHICAGO)

    assert skipped == datetime(2026, 3, 8, 8, 30, tzinfo=UTC)
    assert repeated == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def tahsil(stack, stack_data):
    """Runs a command on the stack, on a screen that is wide enough."""

    def run(*words, exit_code=0):
        result = CliRunner().invoke(
            app, [*map(str, words), "--data", str(stack_data)], env={"COLUMNS": "250"}
        )
        assert result.exit_code == exit_code, result.output
        return result.stdout + result.stderr

    return run


@pytest.fixture(scope="module")
def placed(tahsil, tmp_path_factory):
    """An account of a person in Chicago on the running stack."""
    file = tmp_path_factory.mktemp("explain") / "accounts.jsonl"
    consumer = {"reference": "C1", "name": "Jo Secret", "country": "US", "phone": "+13125550177"}
    account = {
        "reference": "WHY-1",
        "balance": {"minor": 12_345, "currency": "USD"},
        "due_on": "2026-10-01",
        "consumer": consumer,
    }
    file.write_text(json.dumps(account) + "\n", "utf-8")
    key = tahsil("creditor", "why-bank", "Why Bank").strip()
    tahsil("place", file, "--key", key)
    tahsil("ff", "why-bank/WHY-1", "15h")
    return "why-bank/WHY-1"


@pytest.mark.stack
def test_an_account_on_the_stack_is_explained_at_its_own_present(tahsil, placed):
    told = " ".join(tahsil("explain", placed).split())

    assert "account why-bank/WHY-1 (acc_" in told
    assert "next lawful moment, America/Chicago" in told
    assert "HOUSE-DAY of house@" in told or "│ HOUSE-DAY │ house@" in told
    assert "1 of 1" in told
    assert "Secret" not in told
    assert "5550177" not in told


@pytest.mark.stack
def test_a_channel_and_a_moment_can_be_asked_for(tahsil, placed):
    told = json.loads(
        tahsil("explain", placed, "--channel", "voice", "--at", "2026-12-24T06:00", "--json")
    )

    assert told["at"] == "2026-12-24T12:00:00Z"
    assert told["detail"] == "voice"
    assert told["rules"][0]["answer"] == "delays"


@pytest.mark.stack
def test_its_decisions_are_listed(tahsil, placed):
    told = tahsil("explain", placed, "--decisions")

    assert "allow" in told
    assert "sms nudge" in told


@pytest.mark.stack
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("why-bank/none",), "no account 'why-bank/none'"),
        (("why-bank/WHY-1", "--at", "soon"), "--at 'soon': expected a moment such as"),
        (("why-bank/WHY-1", "--at", "soon"), "without a zone it is America/Chicago"),
        (("why-bank/WHY-1", "--channel", "fax"), "'fax' is not one of"),
        (("why-bank/WHY-1", "--purpose", "spam"), "'spam' is not one of"),
    ],
)
def test_what_is_not_there_or_not_understood_is_told(tahsil, placed, words, told):
    assert told in " ".join(tahsil("explain", *words, exit_code=2).split())


@pytest.mark.stack
def test_the_law_in_force_on_the_stack_is_shown(tahsil, placed):
    told = tahsil("packs", "show")
    law = told.split()[1].rstrip(",")

    assert f"law {law}, in force" in told
    assert f"law {law}, in force" in tahsil("packs", "show", "house", "--law", law)
    assert "no law 'law_0' on record" in tahsil("packs", "show", "--law", "law_0", exit_code=2)
