"""A law joined with new packs: which version is in force when, and what people are told of it."""

from datetime import date

import pytest

from compliance import Allow, Pack, PackError, Packs, Wait, decide, load_packs
from compliance.calendars import Calendar
from compliance.laws import law_id, read_law, write_law
from compliance.loosening import loosened
from compliance.merging import changes, merged
from compliance.overlays import tightened
from compliance.rules import Cap
from tests.compliance.scenarios_kit import asking, at, past, person

COMMON = {"says": "so it is", "cite": "law", "force": "statute", "verified": "V"}
DAY = {"id": "L-1", "kind": "window", "spans": {"all": ["08:00-21:00"]}}
CAP = {"id": "L-2", "kind": "cap", "max": 3, "days": 7}
EARLY, MIDDLE, LATE = date(2026, 1, 1), date(2026, 6, 1), date(2027, 1, 1)


def pack(version="1", *rules, begins=EARLY, ends=None, pack_id="law", **more):
    given = {
        "id": pack_id,
        "title": "The law",
        "version": version,
        "effective_from": begins,
        "rules": [COMMON | rule for rule in rules or (DAY, CAP)],
    }
    return Pack.model_validate(given | ({"effective_to": ends} if ends else {}) | more)


def overlay(change, version="1", begins=EARLY):
    wanted = {"rule": "L-2", "change": change, "cite": "policy"}
    given = pack(version, begins=begins, pack_id="tenant").model_dump(exclude_defaults=True)
    return Pack.model_validate(given | {"rules": [], "tightens": [wanted]})


def spans(packs):
    return [(each.name, each.effective_from, each.effective_to) for each in packs]


def test_a_version_that_begins_later_lets_the_old_one_stay_until_then():
    law = merged(Packs([pack("1")]), [pack("2", begins=LATE)])

    assert spans(law) == [("law@1", EARLY, LATE), ("law@2", LATE, None)]


@pytest.mark.parametrize("begins", [EARLY, date(2025, 6, 1)])
def test_a_version_that_begins_with_the_old_one_or_before_it_corrects_it(begins):
    law = merged(Packs([pack("1")]), [pack("2", begins=begins)])

    assert spans(law) == [("law@2", begins, None)]


def test_a_version_takes_the_place_of_the_later_ones_that_it_covers():
    before = merged(Packs([pack("1")]), [pack("2", begins=LATE)])

    law = merged(before, [pack("3", begins=MIDDLE)])

    assert spans(law) == [("law@1", EARLY, MIDDLE), ("law@3", MIDDLE, None)]


def test_a_version_with_an_end_leaves_the_one_that_begins_there():
    before = merged(Packs([pack("1")]), [pack("2", begins=LATE)])

    law = merged(before, [pack("1a", begins=EARLY, ends=LATE)])

    assert spans(law) == [("law@1a", EARLY, LATE), ("law@2", LATE, None)]


def test_a_version_that_ends_inside_another_is_refused_with_the_date_to_give():
    with pytest.raises(
        PackError,
        match=r"law@0: effective_to 2026-06-01 lies inside law@1, which begins on 2026-01-01:"
        r" expected 2026-01-01, or no effective_to",
    ):
        merged(Packs([pack("1")]), [pack("0", begins=date(2025, 1, 1), ends=MIDDLE)])


def test_a_new_pack_stands_beside_the_others():
    law = merged(Packs([pack("1")]), [pack("1", pack_id="other")])

    assert [each.name for each in law] == ["law@1", "other@1"]


def test_the_same_version_again_changes_nothing_even_after_it_was_given_an_end():
    later = merged(Packs([pack("1")]), [pack("2", begins=LATE)])

    again = merged(later, [pack("1"), pack("2", begins=LATE)])

    assert write_law(again) == write_law(later)
    assert changes(later, again) == []


@pytest.mark.parametrize(
    "other", [pack("1", DAY), pack("1", ends=LATE), pack("1", begins=date(2025, 1, 1))]
)
def test_the_same_version_with_other_content_is_refused_by_name(other):
    with pytest.raises(
        PackError, match="law@1: this version is in force already and says something else: expect"
    ):
        merged(Packs([pack("1")]), [other])


def test_the_order_in_which_files_are_named_makes_no_difference():
    one = merged(Packs([pack("1")]), [pack("2", begins=MIDDLE), pack("3", begins=LATE)])
    other = merged(Packs([pack("1")]), [pack("3", begins=LATE), pack("2", begins=MIDDLE)])

    assert write_law(one) == write_law(other)
    assert spans(one)[1:] == [("law@2", MIDDLE, LATE), ("law@3", LATE, None)]


def test_an_overlay_is_worked_out_anew_when_the_rule_that_it_tightens_changes():
    before = tightened(Packs([pack("1"), overlay({"max": 2})]))
    wider = CAP | {"channels": ["voice"]}

    law = merged(before, [pack("2", DAY, wider)])

    (tenant,) = (each for each in law if each.id == "tenant")
    (made,) = tenant.rules
    assert isinstance(made, Cap)
    assert (made.id, made.max, set(made.channels)) == ("L-2/tenant", 2, {"voice"})


def test_an_overlay_that_loosens_is_refused_also_when_the_law_grew_stricter_beneath_it():
    before = tightened(Packs([pack("1"), overlay({"max": 2})]))

    with pytest.raises(PackError, match="tenant@1: max 2 would loosen L-2, which says 1"):
        merged(before, [pack("2", DAY, CAP | {"max": 1})])
    with pytest.raises(PackError, match="tenant@2: max 9 would loosen L-2, which says 3"):
        merged(before, [overlay({"max": 9}, version="2")])


def test_an_overlay_may_follow_another():
    before = tightened(Packs([pack("1"), overlay({"max": 2})]))

    law = merged(before, [overlay({"max": 1}, version="2", begins=LATE)])
    later = merged(law, [])

    assert spans(law)[1:] == [("tenant@1", EARLY, LATE), ("tenant@2", LATE, None)]
    assert write_law(later) == write_law(law)


def test_a_law_read_from_the_record_is_joined_like_one_from_files():
    before = tightened(Packs([pack("1"), overlay({"max": 2})]))

    joined = merged(read_law(write_law(before)), [])

    assert law_id(write_law(joined)) == law_id(write_law(before))


def test_the_packs_that_ship_joined_with_themselves_are_the_law_that_ships():
    shipped = load_packs()

    assert write_law(merged(shipped, list(shipped))) == write_law(shipped)


def test_a_calendar_comes_with_the_pack_that_reads_it():
    new_year = Calendar(
        id="XX", source="by hand", first_year=2026, last_year=2026, days={EARLY: "New Year"}
    )
    closed = DAY | {"spans": {"all": ["08:00-21:00"], "holiday": "closed"}, "holidays": ["XX"]}

    with pytest.raises(PackError, match="no calendar 'XX'"):
        merged(Packs([]), [pack("1", closed)])
    law = merged(Packs([]), [pack("1", closed)], [new_year])

    assert isinstance(decide(asking(), person(), law, at("2026-01-01 12:00")), Wait)
    assert isinstance(decide(asking(), person(), law, at("2026-01-02 12:00")), Allow)


def test_the_gate_goes_by_the_version_of_the_day():
    law = merged(Packs([pack("1")]), [pack("2", DAY, CAP | {"max": 1}, begins=MIDDLE)])
    once = person(contacts=past("sms", "2026-05-31 12:00"))

    before = decide(asking(), once, law, at("2026-05-31 13:00"))
    after = decide(asking(), once, law, at("2026-06-01 13:00"))

    assert isinstance(before, Allow)
    assert isinstance(after, Wait)


def test_changes_tell_added_removed_and_changed_rules_field_by_field():
    other = {"id": "L-3", "kind": "hold", "holds": ["dispute"]}
    stricter = CAP | {"max": 2, "channels": ["sms", "voice"]}
    old = Packs([pack("1")])

    lines = changes(old, merged(old, [pack("2", stricter, other, begins=LATE)]))

    assert lines == [
        "law@1 now ends on 2027-01-01 (it has no end)",
        "law@2 follows law@1 on 2027-01-01, has no end",
        "  L-2: channels chat, email, letter, sms, visit, voice, whatsapp -> sms, voice",
        "  L-2: max 3 -> 2",
        "  L-3 added: No contact while a hold stands for dispute.",
        "  L-1 removed: so it is",
    ]


def test_changes_tell_spans_and_conditions_in_words():
    old = Packs([pack("1", DAY)])
    new = DAY | {
        "spans": {"mon-fri": ["09:00-12:00", "13:00-24:00"]},
        "unless": [{"milestone": "consent", "direct": True, "within_days": 9}],
    }

    lines = changes(old, merged(old, [pack("2", new)]))

    assert lines == [
        "law@2 takes the place of law@1 from 2026-01-01, has no end",
        "  L-1: unless nothing -> consent directly to us <= 9 days ago",
        "  L-1: spans all 08:00-21:00 -> mon-fri 09:00-12:00, 13:00-24:00",
    ]


def test_changes_tell_a_correction_that_begins_before_the_version_it_replaces():
    old = Packs([pack("1")])

    lines = changes(old, merged(old, [pack("2", begins=date(2025, 1, 1))]))

    assert lines == ["law@2 takes the place of law@1 from 2025-01-01, has no end"]


def test_changes_tell_new_packs_with_every_rule_and_removed_ones_by_name():
    one, other = Packs([pack("1")]), Packs([pack("7", DAY, pack_id="other")])

    lines = changes(one, other)

    assert lines == [
        "law@1 removed, with its rules: L-1, L-2",
        "other@7 added: The law; in force from 2026-01-01, has no end",
        "  binds everybody",
        (
            "  L-1 added: Contact only every day 08:00-21:00, by the clock of every place where the"
            " person may be."
        ),
    ]


def test_changes_tell_what_was_changed_without_a_new_version():
    lines = changes(Packs([pack("1")]), Packs([pack("1", DAY, notes="new")]))

    assert lines == [
        "law@1 changed within its version",
        "  notes changed",
        "  L-2 removed: so it is",
    ]


def test_changes_tell_periods_and_how_long_records_are_kept():
    kept = {"id": "K", "keeps": "evidence", "years": 3, "after": "itself"}
    period = {
        "id": "P",
        "of": "validation notice sent",
        "ends": "validation period ends",
        "receipt_days": 5,
        "days": 30,
    }
    old = Packs([pack("1", retention=[COMMON | kept], periods=[COMMON | period])])
    new = pack("2", retention=[COMMON | kept | {"years": 7}], periods=[])

    assert changes(old, merged(old, [new]))[1:] == ["  P removed: so it is", "  K: years 3 -> 7"]


SAYS = {"says": "opt-out", "cite": "law", "channels": ["sms"], "purposes": ["demand"]}


def test_changes_tell_the_words_that_messages_carry_and_whom_a_pack_binds():
    old = Packs([pack("1", DAY, disclosures=[SAYS | {"words": {"en": "Reply STOP."}}])])
    new = pack(
        "2",
        DAY,
        disclosures=[SAYS | {"words": {"en": "Thank you.", "ar": "شكرا"}}],
        applies_to={"countries": ["US"], "actors": ["agency"]},
    )

    assert changes(old, merged(old, [new]))[1:] == [
        "  binds everybody -> US; agency only",
        '  words removed: Text message for demand: opt-out, en "Reply STOP."',
        '  words added: Text message for demand: opt-out, ar "شكرا"; en "Thank you."',
    ]


def test_changes_tell_all_that_is_in_a_new_pack():
    kept = {"id": "K", "keeps": "evidence", "years": 3, "after": "itself"}
    money = {"id": "M", "kind": "interest", "allowed": False}
    marketing = {"says": "marketing", "channels": ["sms"], "cite": "x", "words": {"en": "BUY"}}
    new = pack(
        "1",
        DAY,
        retention=[COMMON | kept],
        money=[COMMON | money],
        disclosures=[marketing],
    )

    assert changes(Packs([]), Packs([new]))[3:] == [
        "  M added: No interest may be added to what is owed.",
        "  K added: Evidence: kept 3 years after they were made.",
        '  words added: Text message: marketing, en "BUY"',
    ]


# what a change gives up


def given_up(old, new):
    return [line.removesuffix(f", from {EARLY} on") for line in loosened(old, new, EARLY)]


def test_a_change_that_only_tightens_gives_nothing_up():
    stricter = CAP | {"max": 2, "days": 14}
    other = {"id": "L-3", "kind": "hold", "holds": ["dispute"]}
    unless = [{"milestone": "validation period ends", "older_than_days": 0}]
    former = CAP | {"purposes": ["demand"], "unless": unless}
    law = Packs([pack("1", DAY, former)])
    stricter |= {"unless_answering": True, "unless": [unless[0] | {"every": True}]}

    assert loosened(law, merged(law, [pack("2", DAY, stricter, other)]), EARLY) == []
    assert loosened(load_packs(), load_packs(), EARLY) == []


@pytest.mark.parametrize(
    ("new", "told"),
    [
        (pack("2", CAP), "L-1 of law goes"),
        (pack("2", DAY, CAP | {"max": 4}), "L-2: max 3 -> 4"),
        (pack("2", DAY, DAY | {"id": "L-2"}), "L-2: kind cap -> window"),
        (
            pack("2", DAY, CAP | {"unless": [{"hold": "pause"}]}),
            "L-2: unless nothing -> hold pause",
        ),
        (
            pack("2", DAY, CAP, applies_to={"actors": ["agency"]}),
            "law binds everybody; agency only, and no longer everybody",
        ),
    ],
)
def test_what_a_change_gives_up_is_named(new, told):
    law = Packs([pack("1")])

    assert given_up(law, merged(law, [new])) == [told]


def test_a_change_names_words_money_and_times_that_it_gives_up():
    kept = COMMON | {"id": "K", "keeps": "evidence", "years": 3, "after": "itself"}
    money = COMMON | {"id": "M", "kind": "interest", "allowed": False}
    words = SAYS | {"words": {"en": "Reply STOP."}}
    law = Packs([pack("1", DAY, retention=[kept], money=[money], disclosures=[words])])
    looser = pack("2", DAY, retention=[kept | {"years": 1}], money=[money | {"allowed": True}])

    assert given_up(law, merged(law, [looser])) == [
        "K: years 3 -> 1",
        "M: allowed no -> yes",
        '"opt-out" on sms of law goes',
    ]


def test_what_a_change_gives_up_later_is_named_with_its_day_and_the_past_does_not_count():
    law = Packs([pack("1"), pack("1", pack_id="old", ends=MIDDLE)])
    new = Packs([pack("1", ends=LATE)])

    assert loosened(law, new, date(2026, 7, 1)) == [
        "L-1 of law goes, from 2027-01-01 on",
        "L-2 of law goes, from 2027-01-01 on",
    ]


def test_changes_tell_holidays_day_by_day():
    def on(*days):
        named = {"id": "XX", "source": "by hand", "first_year": 2026, "last_year": days[-1].year}
        return Calendar(**named, days=dict.fromkeys(days, "a feast"))

    old = Packs([pack("1")], [on(EARLY)])

    lines = changes(old, Packs([pack("1")], [on(MIDDLE, LATE)]))

    assert lines == [
        "calendar XX: 2026-01-01 removed (a feast)",
        "calendar XX: 2026-06-01 added (a feast)",
        "calendar XX: 2027-01-01 added (a feast)",
        "calendar XX: knows 2026 to 2027",
    ]


def test_changes_tell_calendars_that_come_and_go():
    one = Calendar(
        id="XX", source="by hand", first_year=2026, last_year=2027, days={EARLY: "New Year"}
    )

    with_it, without = Packs([pack("1")], [one]), Packs([pack("1")])

    assert changes(without, with_it) == ["calendar XX added: 1 day, knows 2026 to 2027"]
    assert changes(with_it, without) == ["calendar XX removed"]


def test_two_laws_that_are_one_differ_in_nothing():
    assert changes(load_packs(), read_law(write_law(load_packs()))) == []
