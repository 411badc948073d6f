"""What ails a running house, judged from what was seen of it; and the next step for each.

Nothing is asked here: what was seen comes in, findings go out. Times are the wall's unless a field
says that they are the account's.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from compliance.calendars import Calendar
from engine.journeys import Journey
from storage.examining import OpenAccount

SKIPPABLE = frozenset({"reach_out", "charge"})
"""The activities that `tahsil account skip` gives up; nothing else may be left undone."""
PAST_IT = "tahsil account skip ACCOUNT --reason …"
FINE = "ok"
"""What `/readyz` says of something that it needs and that is well."""


class Ailment(StrEnum):
    """A kind of finding."""

    TASK_FAILS = "workflow task fails"
    NO_WORKER = "no worker takes it"
    ACTIVITY_FAILS = "activity fails"
    NOTHING_PENDING = "nothing will wake it"
    QUIET = "no contact for long"
    UNHEARD = "over, and goes on"
    NOT_RUNNING = "open, and no workflow"
    NOT_OPEN = "a workflow, and not open"
    INBOX = "news not applied"
    CLOCK = "clocks differ"
    BACKLOG = "work piles up"
    SCHEDULE = "schedule"
    API = "the API cannot work"
    JOURNEY_GONE = "journey is gone"
    KEYS = "keys"
    LAW = "law"


@dataclass(frozen=True)
class Finding:
    """One thing that ails, and what to do next."""

    ailment: Ailment
    subject: str
    """The account's id, or whatever else it is about; nothing that says who somebody is."""
    says: str
    next_step: str
    since: datetime | None = None


@dataclass(frozen=True)
class Limits:
    """From when on something is no longer to be expected."""

    attempts: int = 5
    """Of one activity or workflow task."""
    waiting: timedelta = timedelta(minutes=2)
    """For a worker, or for record and Temporal to agree."""
    inbox: timedelta = timedelta(minutes=5)
    quiet: timedelta = timedelta(days=14)
    skew: timedelta = timedelta(seconds=2)
    backlog: int = 1000
    calendar: timedelta = timedelta(days=30)
    """Before its last day a calendar has to be brought up to date."""


def is_quiet(account: OpenAccount, limits: Limits) -> bool:
    """Whether nobody was contacted for long, and nothing on record says why."""
    last = account.contacted_at or account.at
    explained = account.held or account.agreed or account.asked
    return not explained and account.present - last > limits.quiet


@dataclass(frozen=True)
class Doing:
    """An activity that is not over."""

    name: str
    attempt: int
    failure: str | None
    """The kind of the last failure, without its words."""
    since: datetime | None


@dataclass(frozen=True)
class Run:
    """The run of an account's workflow, as the server has it."""

    account_id: str
    task_attempt: int = 0
    """0: no workflow task is pending."""
    task_since: datetime | None = None
    task_failure: str | None = None
    """Why the last workflow task failed, in Temporal's words, such as NON_DETERMINISTIC_ERROR."""
    build: str | None = None
    doing: tuple[Doing, ...] = ()
    timers: int | None = None
    """How many are running; None: nobody looked."""


def run_ails(run: Run, now: datetime, limits: Limits, *, held: bool) -> Iterator[Finding]:
    """What ails the run of a workflow. An account that is `held` is woken by whoever lifts that."""
    if run.task_attempt >= limits.attempts or run.task_failure:
        yield _task_fails(run)
    elif run.task_attempt and run.task_since and now - run.task_since > limits.waiting:
        yield Finding(
            Ailment.NO_WORKER,
            run.account_id,
            f"its next step waits for a worker of build {run.build or '(any)'}",
            _worker_wanted(run.build),
            run.task_since,
        )
    for doing in run.doing:
        if doing.attempt >= limits.attempts:
            yield Finding(
                Ailment.ACTIVITY_FAILS,
                run.account_id,
                f"{doing.name} fails: attempt {doing.attempt}, {doing.failure or 'unknown'}",
                "mend the cause (see the worker's log): it goes on by itself"
                + (f"; or past it: {PAST_IT}" if doing.name in SKIPPABLE else ""),
                doing.since,
            )
    asleep = not run.doing and not run.task_attempt
    if asleep and run.timers == 0 and not held:
        yield Finding(
            Ailment.NOTHING_PENDING,
            run.account_id,
            "no timer runs, no activity is under way, and no hold stands",
            "a defect of the journey: keep its history (temporal workflow show), then send it on: "
            "tahsil migrate, or recall it",
        )


def _worker_wanted(build: str | None) -> str:
    if build is None:
        return "start workers: python -m workers, or tahsil up"
    return "start a worker of that build; if it is gone for good: tahsil deploy BUILD --rescue"


def _task_fails(run: Run) -> Finding:
    why = run.task_failure or "unknown"
    if "NON_DETERMINISTIC" in why:
        step = (
            "tahsil replay --open says where; roll the code back, or tahsil deploy --rescue: "
            "the stage begins again, and nothing is sent twice"
        )
    else:
        step = "read the worker's log; mend the journey's code and deploy: it goes on by itself"
    return Finding(
        Ailment.TASK_FAILS,
        run.account_id,
        f"attempt {run.task_attempt} of a workflow task, {why}, build {run.build or '(none)'}",
        step,
        run.task_since,
    )


def quiet(account: OpenAccount) -> Finding:
    """The finding for an account that nobody was contacted about for long."""
    last = account.contacted_at
    return Finding(
        Ailment.QUIET,
        account.id,
        f"in {account.journey}.{account.stage}, " + ("last contacted" if last else "never so far"),
        "tahsil account ACCOUNT says what it waits for, tahsil explain ACCOUNT why",
        last or account.at,
    )


def unheard(accounts: Iterable[OpenAccount], now: datetime, limits: Limits) -> Iterator[Finding]:
    """Accounts that are paid or taken back, and whose journey goes on."""
    for each in accounts:
        if each.ended and now - each.last_line_at > limits.waiting:
            yield Finding(
                Ailment.UNHEARD,
                each.id,
                "nothing is owed any more, or it was recalled, and its journey goes on",
                "what keeps its workflow is named beside this; nothing leaves meanwhile",
                each.last_line_at,
            )


def not_running(workflows: Iterable[str], accounts: Mapping[str, str]) -> Iterator[Finding]:
    """Accounts that the record has open and that no workflow carries."""
    for workflow in sorted(workflows):
        yield Finding(
            Ailment.NOT_RUNNING,
            accounts[workflow],
            "the record has it open, and no workflow runs",
            "temporal workflow describe says how it ended. If it was terminated: "
            "temporal workflow reset -w … -t LastWorkflowTask --reason …; it sends nothing twice",
        )


def not_open(workflows: Iterable[str]) -> Iterator[Finding]:
    """Workflows that run though the record has their account closed, or has no such account."""
    for workflow in sorted(workflows):
        yield Finding(
            Ailment.NOT_OPEN,
            workflow,
            "its workflow runs, and the record has no such account open",
            "temporal workflow describe: what is pending there has to be mended; "
            "nothing leaves meanwhile, because the record is asked first",
        )


@dataclass(frozen=True)
class Backlog:
    """Events of a provider that are stored and not applied."""

    provider: str
    topic: str
    number: int
    oldest: datetime


def inbox_ails(backlogs: Iterable[Backlog]) -> Iterator[Finding]:
    """News that was not applied in time."""
    for each in backlogs:
        yield Finding(
            Ailment.INBOX,
            f"{each.provider} {each.topic}",
            f"{each.number} events are stored and not applied",
            "the sweeper tries them again: the column `failure` of the table inbox says what is "
            "wrong; tahsil reconcile --hear finds payments that were missed",
            each.oldest,
        )


@dataclass(frozen=True)
class Clock:
    """What a clock said between two looks at ours."""

    whose: str
    says: datetime
    before: datetime
    after: datetime

    @property
    def skew(self) -> timedelta:
        """By how much it is surely wrong, or ours is; negative: it is slow."""
        if self.says < self.before:
            return self.says - self.before
        return max(self.says - self.after, timedelta())


def clocks_ail(clocks: Iterable[Clock], limits: Limits) -> Iterator[Finding]:
    """Clocks that differ from that of this machine."""
    for each in clocks:
        if abs(each.skew) > limits.skew:
            way = "ahead of" if each.skew > timedelta() else "behind"
            yield Finding(
                Ailment.CLOCK,
                each.whose,
                f"its clock is {abs(each.skew).total_seconds():.0f} s {way} this machine's",
                "set both by NTP: contacts are judged by the workers' clock, webhooks are refused "
                "when theirs is minutes off",
            )


@dataclass(frozen=True)
class Queue:
    """A task queue of ours."""

    kind: str
    waiting: int
    age: timedelta
    pollers: int


def queues_ail(queues: Iterable[Queue], limits: Limits) -> Iterator[Finding]:
    """Queues that nobody works off, or not fast enough."""
    for each in queues:
        if not each.pollers:
            yield Finding(
                Ailment.BACKLOG,
                each.kind,
                f"no worker asks for {each.kind} tasks; {each.waiting} wait",
                "start workers: python -m workers, or tahsil up",
            )
        elif each.waiting >= limits.backlog or each.age > limits.waiting:
            yield Finding(
                Ailment.BACKLOG,
                each.kind,
                f"{each.waiting} {each.kind} tasks wait, "
                f"the oldest for {each.age.total_seconds():.0f} s",
                "start more workers; if the database is the limit, more do not help",
            )


@dataclass(frozen=True)
class ScheduleSeen:
    """One of our schedules."""

    name: str
    found: bool = True
    paused: bool = False
    failed: int = 0
    """Runs of the last day that did not end well."""


def schedules_ail(schedules: Iterable[ScheduleSeen]) -> Iterator[Finding]:
    """Schedules that are missing, paused, or whose runs fail."""
    for each in schedules:
        if not each.found:
            yield _schedule(each, "there is none", "a worker makes it when it starts: start one")
        elif each.paused:
            step = f"temporal schedule toggle --unpause -s {each.name} --reason …"
            yield _schedule(each, "it is paused", step)
        if each.failed:
            step = f"temporal workflow list -q \"WorkflowId STARTS_WITH '{each.name}'\""
            yield _schedule(each, f"{each.failed} runs of the last day failed", step)


def _schedule(seen: ScheduleSeen, says: str, step: str) -> Finding:
    return Finding(Ailment.SCHEDULE, seen.name, says, step)


def api_ails(needed: Mapping[str, object]) -> Iterator[Finding]:
    """What the API says of all that it needs."""
    for name, says in needed.items():
        if says != FINE:
            yield Finding(
                Ailment.API,
                name,
                str(says),
                "nothing is placed or heard of meanwhile: mend it first",
            )


def journeys_ail(
    counts: Iterable[tuple[str, str | None, int]], journeys: Mapping[str, Journey]
) -> Iterator[Finding]:
    """Journeys and stages that accounts are in, and that the code no longer has."""
    for name, stage, number in counts:
        known = journeys.get(name)
        if known is None or (stage and known.find(stage) is None):
            yield Finding(
                Ailment.JOURNEY_GONE,
                f"{name}.{stage}" if stage else name,
                f"{number} open accounts are there, and this code has no such stage",
                "roll the code back, give the stage its old name (formerly=…), or move them: "
                f"tahsil migrate {name}:{stage}=…",
            )


def law_ails(
    in_force: str, shipped: str, calendars: Sequence[Calendar], now: datetime, limits: Limits
) -> Iterator[Finding]:
    """A law that is not the one that ships, and calendars that come to their end."""
    if in_force != shipped:
        yield Finding(
            Ailment.LAW,
            in_force,
            f"this release ships another law: {shipped}",
            "tahsil packs plan --shipped shows what would change, tahsil packs apply --shipped",
        )
    ending = [each.id for each in calendars if not each.knows((now + limits.calendar).date())]
    if ending:
        yield Finding(
            Ailment.LAW,
            "calendars",
            f"holidays are not known beyond {limits.calendar.days} days: {', '.join(ending)}",
            "tahsil packs holidays writes them anew, for people to review",
        )
