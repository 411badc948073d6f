"""Batches of stories: played, audited, and added up, in as many processes as there are cores."""

from collections import Counter
from collections.abc import Generator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from multiprocessing import get_context

from auditor import Book, Violation, audit
from tests.fuzz.laws import LAWS
from tests.fuzz.story import Story

PEOPLE = 15
"""In one batch."""


@dataclass
class Played:
    """What came of some stories."""

    sends: int = 0
    people: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    rules: set[str] = field(default_factory=set)
    """Rules that delayed or refused something."""
    violations: list[Violation] = field(default_factory=list)

    def add(self, other: "Played") -> None:
        """Add what came of others."""
        self.sends += other.sends
        self.people += other.people
        self.verdicts += other.verdicts
        self.rules |= other.rules
        self.violations += other.violations


def play(seed: int, numbers: range) -> Played:
    """Play the people of these numbers, and hold what was sent to them against the law."""
    stories = [Story(seed, number).play() for number in numbers]
    laws = {name: law.text for name, law in LAWS.items()}
    report = audit(Book(laws, people=[story.audited for story in stories]))
    played = Played(report.sends, len(stories), violations=list(report.violations))
    for story in stories:
        played.verdicts += story.verdicts
        played.rules |= story.stood_in_the_way
    return played


def batches(seed: int, jobs: int, size: int = PEOPLE) -> Generator[Played, None, None]:
    """What came of batch after batch, in order, for ever; close it to stop."""
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        waiting: list[Future[Played]] = []
        try:
            for number in count():
                people = range(number * size, (number + 1) * size)
                waiting.append(pool.submit(play, seed, people))
                if len(waiting) > 2 * jobs:
                    yield waiting.pop(0).result()
        finally:
            for each in waiting:
                each.cancel()
