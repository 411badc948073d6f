"""What the working tree's journeys change against what is deployed, before it is deployed."""

import difflib
import io
import os
import subprocess
import sys
import tarfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, field
from itertools import groupby
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.markup import escape
from temporalio.service import RPCError

from cli.acting import connect
from cli.servers import find_servers
from compliance.sentences import plural
from journeys import JOURNEYS
from simulation.changing import Change, Kind, compare, senders, stranded
from simulation.outlines import Outline, StageOutline
from stack import Addresses, NoStackRunning
from storage import Database, releases
from workers.releases import ROOT, outline_of
from workers.versions import current_build

REPOSITORY = ROOT
"""Where commits are looked for."""

NOTHING, CHANGES, STRANDS = 0, 2, 1
"""Exit codes: as of `terraform plan -detailed-exitcode`, with 1 for what must not be deployed."""

MARKS = {Kind.STAGE_ADDED: "+", Kind.JOURNEY_ADDED: "+", Kind.STAGE_RENAMED: ">"}
MARKS |= {Kind.JOURNEY_RENAMED: ">", Kind.STAGE_REMOVED: "-", Kind.JOURNEY_REMOVED: "-"}
COLOURS = {"+": "green", "-": "red", ">": "cyan", "~": "yellow"}


@dataclass(frozen=True)
class Crowd:
    """Who is where, by journey and stage, as the record has it."""

    parked: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """In the stage."""
    coming_back: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """Answering somebody at present; they go on with the stage afterwards."""

    @property
    def concerned(self) -> Mapping[tuple[str, str], int]:
        """Both."""
        return Counter(self.parked) + Counter(self.coming_back)


@dataclass(frozen=True)
class Plan:
    """What changes, whom it concerns, and who would be stranded."""

    against: str
    changes: list[Change]
    accounts: list[int] | None
    """For each change, those in the stage or on the journey that it concerns; None: not counted."""
    stranded: dict[tuple[str, str], int]

    @property
    def counted_changes(self) -> list[tuple[Change, int | None]]:
        """Each change with the accounts that it concerns."""
        numbers = self.accounts if self.accounts is not None else [None] * len(self.changes)
        return list(zip(self.changes, numbers, strict=True))

    @property
    def exit_code(self) -> int:
        """0: nothing changes; 2: it is safe to deploy; 1: accounts would be stranded."""
        if self.stranded:
            return STRANDS
        return CHANGES if self.changes else NOTHING


def planned(against: str, before: Outline, after: Outline, crowd: Crowd | None) -> Plan:
    """The plan from one outline to the next. `crowd` is None if nobody was counted."""
    changes = compare(before, after)
    concerned = crowd.concerned if crowd else {}
    numbers = [_concerned(each, before, concerned) for each in changes]
    return Plan(against, changes, numbers if crowd else None, stranded(after, concerned))


def _concerned(change: Change, before: Outline, crowd: Mapping[tuple[str, str], int]) -> int:
    """How many accounts a change concerns: those in the stage, or in any from which it is sent."""
    if change.kind is Kind.MESSAGE:
        places = {*senders(before, change.message)}
        return sum(_in_stage(before, *place, crowd) for place in places)
    if change.stage is None:
        return sum(number for (name, _), number in crowd.items() if _is(before, name, change))
    return _in_stage(before, change.journey, change.stage, crowd)


def _is(before: Outline, name: str, change: Change) -> bool:
    found = before.find(name)
    return found is not None and found.name == change.journey


def _in_stage(
    before: Outline, journey: str, stage: str, crowd: Mapping[tuple[str, str], int]
) -> int:
    found = before.find(journey)
    known: StageOutline | None = found.find(stage) if found else None
    if found is None or known is None:
        return 0
    return sum(crowd.get((name, each), 0) for name in found.names for each in known.names)


# where outlines come from


def here() -> Outline:
    """The working tree's."""
    return outline_of(JOURNEYS.values())


def outline_at(ref: str) -> Outline:
    """That of the journeys and messages in a commit, read by the code of the working tree."""
    git = which("git")
    if git is None:
        raise ValueError("--against: git is not installed")
    pack = [git, "-C", str(REPOSITORY), "archive", "--format=tar", "--end-of-options"]
    packed = subprocess.run(  # noqa: S603 -- our own words, and a ref that git takes as one
        [*pack, ref, "journeys"],
        capture_output=True,
        check=False,
    )
    if packed.returncode:
        raise ValueError(f"--against {ref}: {_last(packed.stderr)}")
    with TemporaryDirectory() as folder:
        with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as opened:
            opened.extractall(folder, filter="data")
        path = os.pathsep.join([folder, str(ROOT)])
        read = subprocess.run(
            [sys.executable, "-m", "workers.releases"],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": path},
            capture_output=True,
            check=False,
        )
    if read.returncode:
        raise ValueError(
            f"--against {ref}: its journeys do not run on today's engine: {_last(read.stderr)}"
        )
    return Outline.model_validate_json(read.stdout)


def _last(told: bytes) -> str:
    return (told.decode(errors="replace").strip().splitlines() or ["no reason given"])[-1]


async def deployed(addresses: Addresses, database: Database) -> tuple[str, Outline]:
    """What the current build does, as its worker wrote it down; the newest if none is known."""
    build = await _current(addresses)
    with database.transaction() as session:
        found = releases.deployed(session, build)
    if found is None:
        named = f"build {build}" if build else "any build"
        raise LookupError(
            f"what {named} does is not on record: its worker writes it down as it starts;"
            " or give --against GIT_REF"
        )
    at = f"{found.recorded_at:%Y-%m-%d %H:%M} UTC"
    return f"build {found.build}, as it started on {at}", Outline.model_validate(found.outline)


async def _current(addresses: Addresses) -> str | None:
    try:
        return await current_build(await connect(addresses))
    except (RPCError, RuntimeError, OSError):
        return None


def counted(database: Database, outlines: Iterable[Outline]) -> Crowd:
    """Who is in which stage now; asides are told by either outline."""
    asides = dict[str, set[str]]()
    for journey in (each for outline in outlines for each in outline.journeys):
        for name in journey.names:
            asides.setdefault(name, set()).update(journey.asides)
    back = Counter[tuple[str, str]]()
    with database.transaction() as session:
        for name, several in asides.items():
            back.update(releases.coming_back(session, [name], several))
        return Crowd(releases.parked(session), back)


async def plan_for(data: Path | None, against: str | None) -> Plan:
    """The plan of the working tree against what is deployed, or against a commit.

    Without a running stack it can be held against a commit, and nobody is counted.
    """
    after = here()
    try:
        addresses = find_servers(data)
    except NoStackRunning:
        if against is None:
            raise
        return planned(against, outline_at(against), after, None)
    with closing(Database(addresses.database_url)) as database:
        if against is None:
            label, before = await deployed(addresses, database)
        else:
            label, before = against, outline_at(against)
        return planned(label, before, after, counted(database, (before, after)))


# told


def show(plan: Plan, console: Console, *, verbose: bool) -> None:
    """Print the changes by journey and stage, whom they concern, and what has to be done."""
    console.print(f"against {escape(plan.against)}", highlight=False)
    for place, several in groupby(plan.counted_changes, key=_place):
        console.print(f"\n[bold]{escape(place)}[/]", highlight=False)
        for change, number in several:
            _show(change, number, console, verbose=verbose)
    console.print()
    for line in conclusion(plan):
        console.print(escape(line), highlight=False, soft_wrap=True)


def _place(counted_change: tuple[Change, int | None]) -> str:
    change, _ = counted_change
    if change.kind is Kind.MESSAGE:
        return "messages"
    return f"{change.journey}:{change.stage}" if change.stage else change.journey


def _show(change: Change, number: int | None, console: Console, *, verbose: bool) -> None:
    mark = MARKS.get(change.kind, "~")
    whose = "" if number is None else f"  [dim]{plural(number, 'account')}[/]"
    head = f"  [{COLOURS[mark]}]{mark}[/] {escape(change.says)}{whose}"
    console.print(head, highlight=False, soft_wrap=True)
    if verbose and change.kind is Kind.MESSAGE:
        for line in words_apart(change):
            console.print(f"      {escape(line)}", highlight=False, soft_wrap=True)


def words_apart(change: Change) -> Iterator[str]:
    """Line by line, what a message said and what it says."""
    lines = difflib.unified_diff(
        change.before.splitlines(), change.after.splitlines(), "before", "after", lineterm=""
    )
    return (line.rstrip() for line in lines)


def conclusion(plan: Plan) -> Iterator[str]:
    """How many changes, and what has to be done before they may be deployed."""
    if not plan.changes and not plan.stranded:
        yield "nothing changes"
        return
    yield f"{plural(len(plan.changes), 'change')}" + (
        "; accounts were not counted: no stack is running here" if plan.accounts is None else ""
    )
    for (journey, stage), number in sorted(plan.stranded.items()):
        yield f"{plural(number, 'account')} would be stranded in {journey}:{stage}. {_way(stage)}"
        yield f"    tahsil migrate {journey}:{stage}=STAGE --reason …"
    if not plan.stranded:
        yield "safe to deploy: accounts end their stage as it is, or go on with it where they can"


def _way(stage: str) -> str:
    return f'Let a stage answer to that name, with formerly=("{stage}",), or move them:'


def as_data(plan: Plan) -> dict[str, Any]:
    """The plan for programs."""
    changes = [asdict(change) | {"accounts": number} for change, number in plan.counted_changes]
    return {
        "against": plan.against,
        "changes": changes,
        "stranded": [
            {"journey": journey, "stage": stage, "accounts": number}
            for (journey, stage), number in sorted(plan.stranded.items())
        ],
        "counted": plan.accounts is not None,
        "exit_code": plan.exit_code,
    }
