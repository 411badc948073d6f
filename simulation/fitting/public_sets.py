"""Two public data sets, recognised by their columns, and what they say of people who owe.

Neither is about collecting debts. What is taken from them, and what that assumes, stands in
docs/behaviour.md and with every figure.
"""

from collections.abc import Iterable, Mapping
from itertools import pairwise

from simulation.fitting.tables import Row, whole
from simulation.fitting.trials import LEAST, FitError, Found, Split, Trials, judged, shares
from simulation.parameters import Curve, Label, Lateness

STATUSES = ("PAY_6", "PAY_5", "PAY_4", "PAY_3", "PAY_2", "PAY_0")
"""A card account's status from April to September 2005, in this order."""
CARDS = frozenset(STATUSES)
CARDS_SOURCE = (
    "UCI ML Repository 350 (Yeh and Lien 2009, CC BY 4.0): status of card accounts from one month"
    " to the next, their bank's reminders included"
)
LEAST_STATUS, MOST_STATUS = -2, 9

PHONED = frozenset({"campaign", "pdays", "poutcome", "y"})
PHONED_SOURCE = (
    "UCI ML Repository 222 (Moro, Cortez and Rita 2014, CC BY 4.0): people phoned to sell deposits;"
    " that debts are paid alike is an assumption"
)
NUMBERS = 12
"""Contacts that are told apart; beyond, people who were phoned so often are few."""

MONTHS = (0, 3, 4)
"""Statuses from which bins begin: 1 hardly occurs before September, so it counts to 2."""
FROM_DAYS = (0, 90, 120)
"""The same in days past due."""


def card_accounts(rows: Iterable[Row], split: Split, name: str) -> Found:
    """How accounts that are late go on by a month: paid, a part paid, or neither."""
    pays, part, size = Trials(), Trials(), Trials()
    for row in rows:
        held = split.holds_out(f"cards/{row.values.get('ID') or row.line}")
        told = [whole(row, column, LEAST_STATUS, MOST_STATUS) for column in STATUSES]
        for before, after in pairwise(told):
            if before <= 0:
                continue
            place = sum(begin <= before for begin in MONTHS) - 1
            better = after < before
            pays.add(place, better, held=held)
            if better:
                part.add(place, after > 0, held=held)
            if better and after > 0:
                size.add(place, (before - after) / before, held=held)
    if not pays.enough():
        raise FitError(f"{name}: too few months of late accounts: {_seen(pays)}")
    found = Found({"pays_in_month": _by_lateness(pays)})
    for parameter, trials in (("pays_part", part), ("part", size)):
        if trials.enough():
            found.entries[parameter] = _by_lateness(trials)
        else:
            found.kept[parameter] = f"too few months in which one was met: {_seen(trials)}"
    return found


def _by_lateness(trials: Trials) -> Lateness:
    values = shares(trials, len(FROM_DAYS))
    return Lateness(
        label=Label.MEASURED,
        source=CARDS_SOURCE,
        n=round(trials.all()[0]),
        held_out=judged(trials, values),
        from_days=FROM_DAYS,
        values=values,
    )


def people_phoned(rows: Iterable[Row], split: Split, name: str) -> Found:
    """The chance to say yes to the n-th contact, of those who had an n-th contact.

    Not of those who had exactly n: these leave out all who had to be phoned again.
    """
    trials = Trials()
    for row in rows:
        number = whole(row, "campaign", 1)
        said = row.values["y"]
        if said not in YES:
            raise FitError(f"{row.place}: y is {said!r}, expected yes or no")
        held = split.holds_out(f"phoned/{row.line}")
        for contact in range(1, number):
            trials.add(min(contact, NUMBERS) - 1, 0, held=held)
        trials.add(min(number, NUMBERS) - 1, YES[said], held=held)
    if not trials.enough():
        raise FitError(f"{name}: too few contacts: {_seen(trials)}")
    values = shares(trials, NUMBERS, falling=True)
    return Found(
        {
            "pays_on_contact": Curve(
                label=Label.MEASURED,
                source=PHONED_SOURCE,
                n=round(trials.all()[0]),
                held_out=judged(trials, values),
                values=values,
            )
        }
    )


YES: Mapping[str, int] = {"yes": 1, "no": 0}


def _seen(trials: Trials) -> str:
    both = trials.all()[0] + trials.all(held=True)[0]
    return f"{both:.0f}, expected at least {2 * LEAST}"
