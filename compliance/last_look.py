"""What the record refuses by itself, whatever the rules say: nothing leaves about what is over."""

from compliance.verdicts import Reason

BY_THE_RECORD = "record"
"""The pack of reasons that no law gives: nothing is owed, the account is over, no words for it."""

LAST_LOOK = "LAST-LOOK"


def why_over(*, closure: str | None, recalled: bool, balance: int) -> Reason | None:
    """Why nothing may leave about an account any more, if so; `balance` is what is owed still."""
    if closure is not None:
        says = f"the journey is over: {closure}"
    elif recalled:
        says = "the creditor recalled the account"
    elif balance <= 0:
        says = "nothing is owed any more"
    else:
        return None
    return Reason(rule=LAST_LOOK, pack=BY_THE_RECORD, says=says, cite="house policy: pay-stop")
