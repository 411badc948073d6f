"""How many events a contact and a stage cost in Temporal's history, counted in recorded runs.

Counted are the recorded stages in which nobody answered. What fast-forwarding writes into them is
left out: real accounts are not fast-forwarded. A stage that also waits for something else than an
answer, or closes the account, shows it as more events for each contact.
"""

import json
from pathlib import Path

from tests.workflows.histories import latest

ONLY_FAST_FORWARD = {
    "EVENT_TYPE_WORKFLOW_EXECUTION_OPTIONS_UPDATED",
    "EVENT_TYPE_WORKFLOW_EXECUTION_TIME_SKIPPING_TRANSITIONED",
}
BARE = 11
"""A timer (2), an activity (3), and the two workflow tasks (3 each) which they wake."""
EFFECT = 6
"""An activity (3) and the workflow task (3) which its end wakes."""
OTHER_EFFECTS = ("charge", "hand_over", "record_holds", "close_account")
HEARD = (
    "EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED",
    "EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED",
)
"""Somebody spoke; a placement is an update too."""


def events_of(file: Path) -> list[str]:
    """What happened in a run, in a word each; activities by the name of their type."""
    found = []
    for event in json.loads(file.read_text("utf-8"))["events"]:
        scheduled = event.get("activityTaskScheduledEventAttributes")
        if event["eventType"] not in ONLY_FAST_FORWARD:
            found.append(scheduled["activityType"]["name"] if scheduled else event["eventType"])
    return found


def boundary(events: list[str]) -> int:
    """Events of a run that are there because a stage begins and ends.

    From the start to the workflow task after the stage was written to the record, and the end.
    """
    entered = events.index("enter_stage")
    answered = events.index("EVENT_TYPE_ACTIVITY_TASK_COMPLETED", entered)
    first_task = events.index("EVENT_TYPE_WORKFLOW_TASK_COMPLETED", answered)
    return first_task + 2


def main() -> None:
    """Print each stage's events, by what they are for."""
    print(f"{'stage':26} events = boundary + effects + contacts x each   against a bare step")
    for file in sorted(latest().glob("*.json")):
        events = events_of(file)
        contacts = events.count("reach_out")
        placed = events.count("record_placement")
        if not contacts or sum(map(events.count, HEARD)) > placed:
            continue
        effects = EFFECT * sum(events.count(name) for name in OTHER_EFFECTS)
        each = (len(events) - boundary(events) - effects) / contacts
        print(
            f"{file.stem:26} {len(events):6} = {boundary(events):8} + {effects:7}"
            f" + {contacts:8} x {each:4.1f}   {each / BARE:.2f} x {BARE}"
        )


if __name__ == "__main__":
    main()
