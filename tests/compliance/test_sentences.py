"""Rules in words: made from the data alone, so that what people read is what the gate does."""

import pytest
from pydantic import TypeAdapter

from compliance import load_packs
from compliance.money import MoneyRule
from compliance.overlays import RULES
from compliance.rules import Period, Retention
from compliance.sentences import (
    money_sentence,
    period_sentence,
    retention_sentence,
    sentence,
)
from domain.ledger import OWED
from tests.compliance.test_overlays import COMMON, CONSENT, DIRECT, DUE


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (
            {
                "kind": "window",
                "spans": {"mon-fri": ["09:00-12:00", "13:00-24:00"], "holiday": "closed"},
                "holidays": ["US"],
                "channels": ["sms", "voice"],
            },
            (
                "Text message or call only mon-fri 09:00-12:00, 13:00-24:00; holidays (US)"
                " closed, by the clock of every place where the person may be."
            ),
        ),
        (
            {
                "kind": "window",
                "spans": {"all": ["08:00-20:00"]},
                "zones": "residence",
                "unless_answering": True,
            },
            (
                "Contact only every day 08:00-20:00, by the clock of the person's stated"
                " address; the first reply to a contact that the person began is free."
            ),
        ),
        (
            {"kind": "window", "wishes": True},
            "Contact only at the times for which the person wished.",
        ),
        (
            {
                "kind": "cap",
                "max": 7,
                "days": 7,
                "channels": ["voice"],
                "consent_days": 7,
                "counts": {"count": "connected", "channels": ["voice"], "scope": "account"},
            },
            (
                "Call: at most 7 in 7 consecutive days, counting each of them that connected"
                " about a debt, without those in the 7 days after a consent."
            ),
        ),
        (
            {"kind": "cap", "max": 1, "days": 1, "counts": {"solicited": False}},
            (
                "Contact: at most 1 a day, counting each contact (except letters) with a person,"
                " unless the person asked for it."
            ),
        ),
        ({"kind": "cap", "max": 0, "days": 1, "channels": ["visit"]}, "No visit at all."),
        (
            {"kind": "cap", "max": 2, "calendar": "month", "counts": {"inbound": True}},
            (
                "Contact: at most 2 in a calendar month, counting each contact (except letters)"
                " with a person, whoever began."
            ),
        ),
        (
            {
                "kind": "cooldown",
                "after": {"count": "conversation", "channels": ["voice"]},
                "days": 7,
            },
            (
                "No contact for 7 days after each call in which we talked with a person"
                " (that day is day 1)."
            ),
        ),
        (
            {"kind": "cooldown", "after": "due", "days": 1, "first_day": "next day"},
            "No contact for 1 day after the day of: due (from the next day).",
        ),
        (
            {"kind": "hold", "holds": ["dispute", "pause"], "once": ["remedy notice"]},
            "No contact while a hold stands for pause or dispute, but for a single remedy notice.",
        ),
        (
            {"kind": "optout", "channels": ["sms"], "purposes": ["demand"]},
            "No text message for demand once the person has opted out of it.",
        ),
        (
            {"kind": "optout", "reaches": {"sms": ["voice"]}, "channels": ["voice"]},
            "No call once the person has opted out of text message.",
        ),
        (
            {"kind": "require", "any": [CONSENT, DUE], "all": [DIRECT], "purposes": ["debit"]},
            (
                "No contact for debit unless on record: consent directly to us and (consent or"
                " due > 30 days ago)."
            ),
        ),
        (
            {"kind": "place_channel", "places": ["work"], "unless": [CONSENT]},
            "No contact at work at all; not if on record: consent.",
        ),
        (
            {"kind": "place_channel", "recipients": ["third party"], "when": [DUE]},
            "No contact to third party at all; only if on record: due > 30 days ago.",
        ),
        (
            {"kind": "place_channel", "unreachable": True, "dials": ["ringless"]},
            "No contact by way of ringless without a working address.",
        ),
        (
            {"kind": "place_channel", "wishes": True},
            "No contact that the person wished not to get.",
        ),
        (
            {
                "kind": "content",
                "must_have": ["opt-out", "identity"],
                "must_not": ["demand"],
                "undisputed": True,
                "channels": ["email"],
            },
            (
                "E-mail must say: opt-out and identity and must not say: demand and must not ask"
                " for a part on which something is held."
            ),
        ),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else "",
)
def test_a_rule_is_said_in_one_sentence(rule, said):
    assert sentence(RULES.validate_python(COMMON | rule)) == said


def test_days_are_said_in_the_order_of_the_week_and_holidays_last():
    spans = {"fri": "closed", "holiday": "closed", "mon-thu": ["09:00-16:00"], "all": "closed"}
    rule = {"kind": "window", "spans": spans, "holidays": ["SA"]}

    said = sentence(RULES.validate_python(COMMON | rule))

    assert said.startswith(
        "Contact only every day closed; mon-thu 09:00-16:00; fri closed; holidays (SA) closed, by"
    )


def test_a_period_is_said_in_one_sentence():
    period = Period.model_validate(
        COMMON
        | {
            "of": "validation notice sent",
            "ends": "validation period ends",
            "receipt_days": 5,
            "business_days": True,
            "holidays": ["US"],
            "days": 30,
        }
    )

    assert period_sentence(period) == (
        "Validation period ends 30 days after receipt, which is assumed 5 business days (holidays:"
        " US) after: validation notice sent."
    )


def test_how_long_records_are_kept_is_said_in_one_sentence():
    kept = COMMON | {"keeps": "recordings", "years": 3, "after": "itself"}

    assert retention_sentence(Retention.model_validate(kept)) == (
        "Recordings: kept 3 years after they were made."
    )


def test_every_rule_that_ships_has_a_sentence_of_one_line():
    packs = load_packs()
    said = [sentence(rule) for pack in packs for rule in pack.rules]
    said += [money_sentence(rule) for pack in packs for rule in pack.money]

    assert all(each.endswith(".") and "\n" not in each and "_" not in each for each in said)
    assert len(set(said)) > len(said) / 2


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (
            {"kind": "allocation", "order": [*reversed(OWED)], "sectors": ["bank"]},
            (
                "A payment on what is owed to bank pays principal owed, then interest owed,"
                " then costs owed."
            ),
        ),
        (
            {"kind": "interest", "allowed": True, "most_basis_points": 950},
            (
                "Interest may be added to what is owed as far as the contract says,"
                " at most 9.50 % a year."
            ),
        ),
        (
            {"kind": "costs", "allowed": False, "hold": "breathing space"},
            "No costs may be added to what is owed while a hold stands for breathing space.",
        ),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else "",
)
def test_a_rule_about_money_is_said_in_one_sentence(rule, said):
    told = TypeAdapter(MoneyRule).validate_python(COMMON | rule)

    assert money_sentence(told) == said
