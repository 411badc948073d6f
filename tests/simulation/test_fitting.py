"""Fits recover the truth that data were made with, and say how well they do on rows held out."""

import csv
import random

import pytest

from domain.contacts import Channel
from simulation.deeds import Deed
from simulation.fitting import FitError, fit
from simulation.fitting.trials import Split, Trials, judged, shares, weights
from simulation.fitting.writing import PAGE, page, written
from simulation.parameters import SHIPPED, Label, read_parameters, shipped

PEOPLE = 2000
DAYS = 120
DAILY = {0: 0.006, 30: 0.002}
"""The truth of the synthetic history: the chance to pay on a day without contact, by lateness."""
UPON = (0.20, 0.10, 0.05)
"""And upon the n-th contact; the last holds for all further ones."""


def table(path, columns, rows):
    with path.open("w", encoding="utf-8", newline="") as lines:
        csv.writer(lines).writerows([columns, *rows])
    return path


def history(path, people=PEOPLE):
    """Accounts of which everything is known. One person in four has two, contacted in turn."""
    dice, rows = random.Random(5), []
    for person in range(people):
        for account in range(1 + (person % 4 == 0)):
            rows += lived(dice, f"a{person}-{account}", f"p{person}", account)
    return table(
        path, ("account", "person", "day", "event", "days_late", "channel", "share", "hour"), rows
    )


def lived(dice, account, person, second):
    """One account up to its first payment. The second of a person begins to be contacted later."""
    late = dice.choice((0, 10, 40))
    yield account, person, 0, "placed", late, "", "", ""
    number = 0
    for day in range(DAYS):
        if day % 30 == 12 + 15 * second:
            number += 1
            turn = 2 * number - 1 + second if int(person[1:]) % 4 == 0 else number
            yield account, person, day, "contact", "", "sms", "", ""
            if dice.random() < UPON[min(turn, len(UPON)) - 1] * (
                DAILY[30] / DAILY[0] if late + day >= 30 else 1
            ):
                yield account, person, day + dice.randrange(5), "payment", "", "", paid(dice), 18
                return
            if dice.random() < 0.04:
                yield account, person, day + 1, "disputes", "", "", "", 9
        if dice.random() < DAILY[30 if late + day >= 30 else 0]:
            yield account, person, day, "payment", "", "", paid(dice), 12
            return
    yield account, person, DAYS, "end", "", "", "", ""


def paid(dice):
    return dice.choice(("", "", "", "0.4"))


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return fit([history(tmp_path_factory.mktemp("fit") / "history.csv")], seed=7)


def test_the_chance_to_pay_without_contact_is_recovered_by_lateness(found):
    entry = found.parameters.pays_in_month

    assert entry.from_days == (0, 30, 60, 90, 120)
    assert entry.values[0] == pytest.approx(1 - (1 - DAILY[0]) ** 30, rel=0.25)
    assert entry.values[1:4] == pytest.approx([1 - (1 - DAILY[30]) ** 30] * 3, rel=0.4)
    assert found.parameters.alone.value == 1
    assert entry.label is Label.MEASURED


def test_the_chance_to_pay_upon_a_contact_is_recovered_by_the_persons_number_of_it(found):
    entry = found.parameters.pays_on_contact

    assert entry.values[0] == pytest.approx(UPON[0], rel=0.15)
    assert entry.values[1] == pytest.approx(UPON[1], rel=0.25)
    assert entry.values[2] == pytest.approx(UPON[2], rel=0.45)
    assert sorted(entry.values, reverse=True) == list(entry.values)


def test_shares_of_events_are_recovered(found):
    figures = found.parameters

    assert figures.pays_part.values[0] == pytest.approx(0.25, abs=0.03)
    assert figures.part.values[0] == pytest.approx(0.4, abs=0.01)
    assert figures.replies.values[Deed.DISPUTES] == pytest.approx(0.035, abs=0.01)
    assert figures.replies.values[Deed.OPTS_OUT] < 0.001
    assert sum(figures.acts_at.values) == pytest.approx(1)
    assert sorted(figures.acts_at.values)[-3] > 0.1 > sorted(figures.acts_at.values)[-4]


def test_on_rows_held_out_a_fit_to_true_differences_beats_one_constant_rate(found):
    entries = found.parameters.entries()

    for name in ("pays_in_month", "pays_on_contact"):
        held = entries[name].held_out
        assert held.rows > 1000
        assert held.log_loss < held.constant
    assert entries["pays_on_contact"].held_out.largest_miss < 0.05


def test_what_the_data_say_nothing_of_stays_as_shipped_and_is_told(found):
    assert found.parameters.takes_plan == shipped().takes_plan
    assert found.parameters.willingness == shipped().willingness
    assert found.kept["takes_plan"] == "no offered"
    assert "takes_plan" not in found.fitted


def test_a_file_that_is_written_reads_as_the_same_parameters(found, tmp_path):
    file = tmp_path / "parameters.yaml"
    file.write_text(written(found.parameters), "utf-8")

    assert read_parameters(file) == found.parameters


def test_the_page_on_behaviour_shows_the_figures_that_ship():
    text = PAGE.read_text("utf-8")

    assert page(text, shipped()) == text, "run: python -m simulation.fitting.writing"


def test_the_shipped_file_is_as_the_fit_writes_it():
    assert SHIPPED.read_text("utf-8") == written(shipped())


def test_the_order_of_lines_does_not_matter(tmp_path):
    file = history(tmp_path / "history.csv", people=300)
    head, *lines = file.read_text("utf-8").splitlines()
    told = fit([file], seed=7)
    file.write_text("\n".join([head, *random.Random(2).sample(lines, len(lines))]), "utf-8")

    assert fit([file], seed=7).parameters == told.parameters


def test_rates_of_plans_promises_cards_and_complaints_are_counted(tmp_path):
    rows = []
    for n in range(1000):
        events = ["placed", *["contact"] * 4, *["offered"] * 2, "promises", "charge_paid"]
        events += ["accepted"] if n % 10 < 3 else []
        events += ["accepted_by_hand"] if n % 10 == 3 else []
        events += ["promise_kept"] if n % 5 else []
        events += ["charge_declined"] if n % 4 == 0 else []
        events += ["complains"] if n % 100 == 0 else []
        rows += [(f"a{n}", 0, event, 5 if event == "placed" else "") for event in events]
    figures = fit(
        [table(tmp_path / "h.csv", ("account", "day", "event", "days_late"), rows)], seed=7
    )

    told = figures.parameters
    assert told.takes_plan.value == pytest.approx(0.2, abs=0.02)
    assert told.by_hand.value == pytest.approx(0.25, abs=0.06)
    assert told.keeps_promise.value == pytest.approx(0.8, abs=0.04)
    assert told.declines.value == pytest.approx(0.2, abs=0.03)
    assert told.complains.value == pytest.approx(0.0025, abs=0.001)
    assert "1000 x" not in str(figures.kept)


def test_channels_on_which_things_come_back_are_counted(tmp_path):
    rows = []
    for n in range(600):
        rows += [(f"a{n}", 0, "placed", 5, ""), (f"a{n}", 1, "contact", "", "email")]
        rows += [(f"a{n}", 1, "undelivered", "", "email")] * (n % 10 == 0)
    columns = ("account", "day", "event", "days_late", "channel")
    told = fit([table(tmp_path / "h.csv", columns, rows)], seed=7).parameters.undelivered.values

    assert set(told) == {Channel.EMAIL}
    assert told[Channel.EMAIL] == pytest.approx(0.1, abs=0.03)


# the two public sets


def cards(path, rows):
    columns = ("ID", "PAY_0", "PAY_2", "PAY_3", "PAY_4", "PAY_5", "PAY_6")
    return table(path, columns, rows)


def test_card_accounts_are_recognised_and_their_months_counted(tmp_path):
    """Of accounts two months late three in ten are paid a month later, one in ten in part."""
    dice = random.Random(3)
    rows = [(n, dice.choices((0, 1, 2), (3, 1, 6))[0], 2, 0, 0, 0, 0) for n in range(2000)]
    found = fit([cards(tmp_path / "cards.csv", rows)], seed=7)

    assert found.fitted == ("pays_in_month", "pays_part", "part")
    assert found.parameters.pays_in_month.values[0] == pytest.approx(0.4, abs=0.04)
    assert found.parameters.pays_part.values[0] == pytest.approx(0.25, abs=0.05)
    assert found.parameters.part.values[0] == pytest.approx(0.5, abs=0.01)
    held = found.parameters.pays_in_month.held_out
    assert held is not None
    assert found.parameters.pays_in_month.n == 2000 - held.rows


@pytest.mark.parametrize("mark", [",", ";"])
def test_people_phoned_are_recognised_and_counted_among_all_who_had_an_nth_contact(tmp_path, mark):
    """Of 3,000, 300 said yes to the first call; of 900 called again 45, though 1,000 had no yes."""
    rows = [(1, "yes")] * 300 + [(1, "no")] * 1800 + [(2, "yes")] * 45 + [(2, "no")] * 855
    file = tmp_path / "bank.csv"
    told = [mark.join(("age", '"campaign"', '"y"', "pdays", "poutcome"))]
    told += [mark.join(("40", str(n), f'"{said}"', "-1", "unknown")) for n, said in rows]
    file.write_text("\n".join(told), "utf-8")

    values = fit([file], seed=7).parameters.pays_on_contact.values

    assert values[0] == pytest.approx(300 / 3000, abs=0.015)
    assert values[1] == pytest.approx(45 / 900, abs=0.02)


def test_two_files_inform_what_each_can(tmp_path):
    rows = [(n, 0, 2, 0, 0, 0, 0) for n in range(500)]
    found = fit([cards(tmp_path / "cards.csv", rows), history(tmp_path / "h.csv", 400)], seed=7)

    assert {"pays_in_month", "pays_part", "replies"} <= set(found.fitted)
    assert found.parameters.pays_in_month.source.startswith("h.csv")


# the arithmetic


def test_the_best_chances_that_never_rise_pool_those_that_would():
    trials = Trials()
    for place, (times, got) in enumerate([(1000, 300), (1000, 100), (1000, 200), (1000, 50)]):
        trials.add(place, got, held=False, times=times)

    told = shares(trials, 4, falling=True)

    assert told == pytest.approx((0.3, 0.15, 0.15, 0.05), abs=0.001)
    assert shares(trials, 4) == pytest.approx((0.3, 0.1, 0.2, 0.05), abs=0.001)


def test_bins_of_few_trials_join_the_one_before():
    trials = Trials()
    for place, (times, got) in enumerate([(1000, 300), (10, 9), (1000, 100)]):
        trials.add(place, got, held=False, times=times)

    assert shares(trials, 3) == pytest.approx((309 / 1010, 309 / 1010, 0.1), abs=0.001)


def test_log_loss_and_misses_are_those_of_the_rows_held_out():
    trials = Trials()
    trials.add(0, 50, held=False, times=100)
    trials.add(0, 60, held=True, times=200)

    held = judged(trials, (0.5,))

    assert held.rows == 200
    assert held.log_loss == pytest.approx(0.693147, abs=1e-6)
    assert held.largest_miss == pytest.approx(0.2)
    assert held.seen == (0.3,)


def test_the_same_people_are_held_out_again_and_others_with_another_seed():
    people = [f"p{n}" for n in range(1000)]
    held = [Split(7).holds_out(each) for each in people]

    assert held == [Split(7).holds_out(each) for each in people]
    assert held != [Split(8).holds_out(each) for each in people]
    assert 250 < sum(held) < 350


def test_those_held_out_are_the_ones_whom_the_shipped_figures_were_judged_by():
    """With another hash `tahsil fit` could not make the shipped file again: fit it anew then."""
    split = Split(7)

    assert [row for row in range(2, 42) if split.holds_out(f"phoned/{row}")] == [
        *(6, 10, 11, 15, 17, 18, 19, 21, 22, 24, 32, 34, 36, 37, 41)
    ]
    assert [row for row in range(1, 41) if split.holds_out(f"cards/{row}")] == [
        *(1, 4, 16, 22, 25, 27, 29, 32, 38)
    ]


def test_weights_sum_to_one_to_the_last_digit():
    assert sum(weights([1, 1, 1])) == pytest.approx(1, abs=1e-12)


# what cannot be fitted to


HEAD = "account,day,event,days_late"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "h.csv: is empty, expected a CSV file with a line of columns"),
        (f"{HEAD}\n", "h.csv: no rows below the columns"),
        ("account,day\na,1\n", "h.csv: line 1: no column event: expected the columns account, day"),
        (
            f"{HEAD}\na,0,placed,5\na,-1,contact,\n",
            "h.csv: line 3: day is '-1', expected a whole number from 0",
        ),
        (
            f"{HEAD}\na,0,placed,x\n",
            "h.csv: line 2: days_late is 'x', expected a whole number from 0 on",
        ),
        (
            f"{HEAD}\na,0,placed,5\na,1,paid,\n",
            "h.csv: line 3: event is 'paid', expected one of accepted",
        ),
        (f"{HEAD}\na,1,contact,\n", "h.csv: account 'a' has no event placed"),
        (f"{HEAD}\n,1,contact,\n", "h.csv: line 2: account is empty"),
        (f"{HEAD}\na,0,placed,5\na,0,placed,5\n", "h.csv: line 3: account 'a' is placed twice"),
        (f"{HEAD}\na,0,placed\n", "h.csv: line 2: no days_late"),
        (f"{HEAD}\na,0,placed,5,6\n", "h.csv: line 2: more values than columns"),
        (f"{HEAD}\na,0,placed,5\n", "h.csv: too few rows: nothing has 100 trials"),
        ("account,day,event\na,0,placed\n", "h.csv: line 1: no column days_late"),
        (
            f"{HEAD},hour\na,0,placed,5,\na,1,payment,,24\n",
            "line 3: hour is '24', expected a whole number from 0 to 23",
        ),
        (
            f"{HEAD},share\na,0,placed,5,\na,1,payment,,1.5\n",
            "line 3: share is '1.5', expected more than 0",
        ),
        (
            f"{HEAD},channel\na,0,placed,5,\na,1,contact,,fax\n",
            "line 3: channel is 'fax', expected one of sms",
        ),
        (
            "ID,PAY_0,PAY_2,PAY_3,PAY_4,PAY_5,PAY_6\n1,0,0,0,0,0,12\n",
            "line 2: PAY_6 is '12', expected a whole number from -2 to 9",
        ),
        (
            "ID,PAY_0,PAY_2,PAY_3,PAY_4,PAY_5,PAY_6\n1,0,0,0,0,0,1\n",
            "h.csv: too few months of late accounts: 1, expected",
        ),
        (
            "campaign,pdays,poutcome,y\n0,-1,x,no\n",
            "line 2: campaign is '0', expected a whole number from 1 on",
        ),
        ("campaign,pdays,poutcome,y\n1,-1,x,maybe\n", "line 2: y is 'maybe', expected yes or no"),
        ("campaign,pdays,poutcome,y\n1,-1,x,no\n", "h.csv: too few contacts: 1, expected"),
    ],
)
def test_a_wrong_file_is_refused_with_its_place_and_what_was_expected(tmp_path, text, told):
    file = tmp_path / "h.csv"
    file.write_text(text, "utf-8")

    with pytest.raises(FitError) as refused:
        fit([file], seed=7)
    assert told in str(refused.value)


def test_more_acceptances_than_offers_are_refused(tmp_path):
    rows = [(f"a{n}", 0, event, 5) for n in range(300) for event in ("placed", "accepted")]
    file = table(tmp_path / "h.csv", HEAD.split(","), rows)

    with pytest.raises(FitError, match="x accepted or accepted_by_hand, of only 0 x offered"):
        fit([file], seed=7)


def test_what_is_no_text_is_refused(tmp_path):
    file = tmp_path / "h.csv"
    file.write_bytes(b"account,day,event\n\xff\xfe\n")

    with pytest.raises(FitError, match=r"h\.csv: is no CSV file in UTF-8"):
        fit([file], seed=7)
