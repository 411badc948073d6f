"""What a journey carries that begins again after its end."""

from domain.events import AnyEvent
from engine.progress import Progress
from journeys.listening import LONGEST_UNSEEN
from storage.reopening import Reopened
from workflows.account import fingerprint
from workflows.messages import Leg

BEFORE = "before"
"""Stands for the stages of the journey that was over."""


def leg_of(reopened: Reopened, news: AnyEvent) -> Leg:
    """The first run of the journey that goes on: its first stage, which has heard the news."""
    progress = _progress(reopened)
    progress.hear(news)
    return Leg(
        journey=reopened.journey,
        progress=progress,
        not_before=reopened.at,
        fingerprint=fingerprint(reopened.placement),
    )


def _progress(reopened: Reopened) -> Progress:
    progress = Progress.begun(reopened.placement, reopened.recorded)
    progress.plan, progress.step = reopened.plan, reopened.step
    progress.unseen = dict.fromkeys(reopened.unseen, reopened.at + LONGEST_UNSEEN)
    for contact in reopened.contacts:
        progress.remember(contact, stage=BEFORE)
    progress.sent_in.clear()  # a stage that begins again may send what it sent before
    return progress
