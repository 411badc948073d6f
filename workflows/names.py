"""Names that outlive every build: workflow ids, task queue, deployment, search attributes."""

from temporalio.common import SearchAttributeKey

TASK_QUEUE = "accounts"
DEPLOYMENT = "journeys"
"""What all builds of our workers are versions of."""
SWEEPER = "sweep-inbox"
RECONCILER = "reconcile"

CREDITOR = SearchAttributeKey.for_keyword("Creditor")
JOURNEY = SearchAttributeKey.for_keyword("Journey")
STAGE = SearchAttributeKey.for_keyword("Stage")
STATE = SearchAttributeKey.for_keyword("State")
HOLD = SearchAttributeKey.for_keyword("Hold")
CURRENCY = SearchAttributeKey.for_keyword("Currency")
DAYS_PAST_DUE = SearchAttributeKey.for_int("DaysPastDue")
NEXT_CONTACT_AT = SearchAttributeKey.for_datetime("NextContactAt")


def workflow_id(creditor: str, reference: str) -> str:
    """The id of an account's workflow: the same whenever the same account is placed."""
    return f"account/{creditor}/{reference}"
