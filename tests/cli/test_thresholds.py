"""Limits that fail a build."""

import pytest

from cli.thresholds import ThresholdError, read_thresholds
from simulation.comparing import Compared, Estimate

TABLE = {
    ("complaints", ""): Compared(Estimate(0.006), Estimate(0.002, -0.001, 0.005)),
    ("contacts", "all"): Compared(Estimate(5.0), Estimate(-1.0)),
    ("contacts", "sms"): Compared(Estimate(3.0), Estimate(1.0)),
    ("plans-kept", ""): Compared(Estimate(None), Estimate(None)),
}


@pytest.mark.parametrize(
    ("text", "crossed"),
    [
        ("complaints>0.5%", 0.006),
        ("complaints > 0.6%", None),
        ("complaints>=0.6%", 0.006),
        ("change of complaints>0.1%", 0.002),
        ("change of contacts<-0.5", -1.0),
        ("contacts>4", 5.0),
        ("contacts:sms<=3", 3.0),
        ("contacts:letter>0", None),
        ("contacts:letter<1", 0.0),
        ("plans-kept<50%", None),
    ],
)
def test_a_threshold_is_crossed_or_is_not(text, crossed):
    (threshold,) = read_thresholds([text], compares=True)

    assert threshold.crossed_by(TABLE, {"sms", "letter"}) == crossed


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("contacts:pigeon>4", "nothing of contacts is called 'pigeon'; it has all, sms"),
        ("contacts:SMS>4", "nothing of contacts is called 'SMS'; it has all, sms"),
        ("complaints:sms>1%", "nothing of complaints is called 'sms'; it has no parts"),
        ("cost>1", "cost cannot be told of this portfolio"),
        ("cost:sms>1", "cost cannot be told of this portfolio"),
    ],
)
def test_a_threshold_on_a_figure_that_there_is_not_is_no_pass(text, says):
    (threshold,) = read_thresholds([text], compares=True)

    with pytest.raises(ThresholdError) as refused:
        threshold.crossed_by(TABLE, {"letter"})

    assert says in str(refused.value)


def test_a_figure_is_told_as_the_threshold_is_written():
    share, number = read_thresholds(["complaints>0.5%", "contacts>4"], compares=False)

    assert share.told(0.006) == "0.6%"
    assert number.told(5.0) == "5"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("complaints", "expected a metric, a sign and a figure, such as"),
        ("complaints>many", "expected a metric, a sign and a figure, such as"),
        ("complain>1%", "no metric is called 'complain'; there are collected, "),
        ("complaints>0.5", "complaints takes a percentage such as 0.5%"),
        ("contacts>4%", "contacts takes a figure without %"),
        ("change of complaints>0.1%", "a change of what?"),
    ],
)
def test_a_threshold_that_nothing_can_be_held_against_says_why(text, says):
    with pytest.raises(ThresholdError) as refused:
        read_thresholds([text], compares=False)

    assert says in str(refused.value)
