"""What a comparison says in sentences: every clear figure, harm first, the worse never left out."""

import pytest

from cli.backtest_lead import LEFT_OUT, TOLD, Kind, lead
from cli.backtest_result import Result
from cli.backtest_words import cell
from simulation.comparing import Compared, Estimate
from simulation.measures import METRICS, Good
from tests.simulation.lives import measure

OWN = Estimate(0.2, 0.1, 0.3)


def result(**changes):
    """A comparison in which these differ, by `metric` or `metric__of`, and the rest does not."""
    table = {name: Compared(OWN, Estimate(0.0, -0.1, 0.1)) for name in TOLD}
    for said, change in changes.items():
        metric, _, of = said.partition("__")
        table[metric.replace("_", "-"), of] = Compared(OWN, Estimate(*change))
    base = {name: Compared(OWN) for name in table}
    return Result("", ("old", "new"), (base, table), measure(), 1000, "", {}, (), ())


def told(**changes):
    """What is said of the new one, by kind of sentence."""
    _, (name, sentences) = lead(result(**changes))
    assert name == "new"
    return {said.kind: said.text for said in sentences}


def test_every_metric_that_can_be_better_or_worse_is_told():
    judged = {name for name, metric in METRICS.items() if metric.good is not Good.NEITHER}

    assert {metric for metric, _ in TOLD} == judged - LEFT_OUT
    assert judged >= LEFT_OUT


def test_what_is_worse_is_told_beside_what_is_better_and_harm_before_money():
    said = told(
        collected=(0.05, 0.04, 0.06),
        net=(-0.02, -0.03, -0.01),
        disputes=(0.04, 0.03, 0.05),
        opted_out=(0.02, 0.01, 0.03),
        cost__all=(0.5, 0.4, 0.6),
    )

    assert said[Kind.WORSE] == (
        "Worse: more people who opt out, 2.00 points (1.00 to 3.00); more accounts disputed,"
        " 4.00 points (3.00 to 5.00); less left after cost, 2.00 points (1.00 to 3.00); more cost"
        " an account, 0.50 USD (0.40 to 0.60)."
    )
    assert said[Kind.BETTER] == "Better: more collected, 5.00 points (4.00 to 6.00)."


@pytest.mark.parametrize("name", [name for name in TOLD if name != ("collected", "")])
def test_no_figure_that_is_worse_is_left_out(name):
    metric, of = name
    worse = -1 if METRICS[metric].good is Good.UP else 1
    change = (0.07 * worse, *sorted((0.06 * worse, 0.08 * worse)))
    said = told(**{f"{metric}__{of}": change}, collected=(0.05, 0.04, 0.06))

    assert said[Kind.WORSE].startswith("Worse: ")
    assert said[Kind.WORSE].count("(") == 1
    assert "collected, 5.00" in said[Kind.BETTER]


def test_an_end_of_what_is_clear_is_never_shown_as_nothing():
    collected = METRICS["collected"]

    assert told(collected=(0.165, 0.0003, 0.33))[Kind.BETTER] == (
        "Better: more collected, 16.5 points (0.03 to 33.0)."
    )
    assert cell(
        collected, Compared(OWN, Estimate(-0.165, -0.33, -0.0003)), "USD"
    ).change_interval == (
        "−33.0 to −0.03"  # noqa: RUF001 -- a minus sign
    )
    assert told(cost__all=(0.1, 0.004, 0.2))[Kind.WORSE].endswith("0.10 USD (0.004 to 0.20).")


def test_of_the_rest_it_says_that_so_many_accounts_show_nothing():
    said = told(complaints=(-0.02, -0.03, -0.01), **{"rolled__31-60": (0.1, 0.05, 0.15)})

    assert said[Kind.SAME].startswith("No difference that 1,000 accounts can show: ")
    alike = said[Kind.SAME].partition(": ")[2]
    assert "disputes" in alike
    assert "complaints" not in alike
    assert told(complaints=(-0.02, -0.03, -0.01))[Kind.WORSE] == (
        "Worse: nothing that 1,000 accounts can show."
    )


def test_where_nothing_is_clear_only_that_is_said():
    (kind,) = told()

    assert kind is Kind.SAME
