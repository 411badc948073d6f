"""The grammar that journeys are written in."""

from engine.accounts import OpenAccount
from engine.journeys import Journey
from engine.progress import Progress
from engine.runtime import Runtime
from engine.stages import Closed, Next, Stage, Switched, aside, close, stage, switch

__all__ = [
    "Closed",
    "Journey",
    "Next",
    "OpenAccount",
    "Progress",
    "Runtime",
    "Stage",
    "Switched",
    "aside",
    "close",
    "stage",
    "switch",
]
