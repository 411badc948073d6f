"""Two builds side by side: every stage goes on as it was begun, and nothing is sent twice."""

import dataclasses
import io
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import pytest
from rich.console import Console
from temporalio.common import MetricMeter

import journeys
from cli import deploying
from cli.builds import all_open, groups
from cli.deploying import Deployment, deploy
from cli.replaying import replay_open
from domain.accounts import Placement
from engine import stage
from journeys.standard import STANDARD
from tests.house import QUICK, Account
from workers.__main__ import build_worker
from workers.settings import Settings
from workers.versions import take_up
from workflows import door, names
from workflows.door import TemporalDoor
from workflows.examining import run_of
from workflows.messages import NewBuild

pytestmark = [pytest.mark.stack, pytest.mark.anyio]

AT_REST = {"instruction_id": "ops-1"}
ON_AGAIN = {"instruction_id": "ops-2"}
TAKEN_BACK = {"instruction_id": "ops-3"}


@pytest.fixture
def workers(house, monkeypatch):
    """Starts workers of a build beside the stack's own, on a task queue of this test's."""
    for name in ("DEPLOYMENT", "TASK_QUEUE"):
        monkeypatch.setattr(names, name, "side-by-side")
    monkeypatch.setattr(door, "TASK_QUEUE", "side-by-side")
    monkeypatch.setattr(deploying, "STILL", 0.5)
    monkeypatch.setattr(deploying, "ANSWER", deploying.ANSWER / 5)
    for name, value in {**house.stack.environment, **QUICK}.items():
        monkeypatch.setenv(name, value)

    @asynccontextmanager
    async def of(build, *, one_build=False):
        settings = Settings(build=build, one_build=one_build)
        async with build_worker(house.client, settings, house.database, MetricMeter.noop):
            if not one_build:
                await take_up(house.client, build)
            yield

    return of


@pytest.fixture
def place(house):
    """Places an account on this test's task queue."""

    async def placed():
        told = house.placement()
        placement = Placement(creditor="acme", **told)
        await TemporalDoor(house.client, fast_forward=True).begin(placement)
        account = Account(house, told, {"id": placement.account_id})
        # With versions, the server may lose a step under way when its account is fast-forwarded.
        await house.eventually(partial(rests, account))
        return account

    return placed


@pytest.fixture
def screen():
    return Console(file=io.StringIO(), width=200)


async def rests(account):
    """Whether it waits for a day."""
    return (await account.state()).next.until


def shown(screen):
    """What was printed since the last look."""
    text = " ".join(screen.file.getvalue().split())
    screen.file.truncate(0)
    screen.file.seek(0)
    return text


async def builds(house):
    return {each.build: each.number for each in await groups(house.client, all_open())}


async def sent(*placed):
    return [(len(await each.texts()), len(await each.mails())) for each in placed]


async def test_an_account_goes_on_with_its_stage_on_a_newer_build_and_nothing_is_sent_twice(
    house, workers, place, screen, monkeypatch
):
    addresses = house.stack.addresses
    older = AsyncExitStack()
    await older.enter_async_context(workers("old"))
    async with workers("new"), older:
        waiting, held = [await place() for _ in range(2)]
        await house.forward(waiting, held, hours=15)
        await held.handle.execute_update("pause", AT_REST)
        before = (await waiting.state()).next
        late = await place()
        assert await builds(house) == {"old": 3}

        moved_all = await deploy(addresses, Deployment("new"), screen)
        assert not moved_all
        assert "1 in standard reminders, build old" in shown(screen)
        assert await builds(house) == {"old": 1, "new": 2}
        assert (await waiting.state()).next == before
        fresh = await place()
        await house.forward(waiting, days=3)
        assert await sent(waiting, held) == [(1, 1), (1, 0)]

        await older.aclose()
        assert await deploy(addresses, Deployment("new", rescue=True), screen)
        assert await builds(house) == {"new": 4}
        await held.handle.execute_update("resume", ON_AGAIN)
        await house.forward(held, late, days=4)
        assert await sent(waiting, held, late) == [(1, 1)] * 3
        assert await sent(fresh) <= [(1, 0)]  # at once, if it is day where they are
        assert waiting.tale("stage") == late.tale("stage") == [{"stage": "reminders"}]

        assert await replay_open(addresses, None, screen)
        assert "4 open accounts can go on" in shown(screen)
        with monkeypatch.context() as changed:
            changed.setitem(journeys._BY_NAME, "standard", begins_otherwise())
            assert not await replay_open(addresses, 1, screen)
        assert "standard reminders, build new: stopped at event" in (told := shown(screen))
        assert "4 open accounts are there" in told
        for each in (waiting, held, late, fresh):  # nobody is left to whom no worker listens
            await each.handle.execute_update("recall", TAKEN_BACK)
            await each.ends()


async def test_without_versions_a_stage_that_its_code_does_not_fit_begins_again(
    house, workers, place, screen, monkeypatch
):
    """It sends nothing twice, and nothing of it is left to do by hand."""
    for name in ("DEPLOYMENT", "TASK_QUEUE"):  # others than those that a build was current of
        monkeypatch.setattr(names, name, "without-versions")
    monkeypatch.setattr(door, "TASK_QUEUE", "without-versions")
    addresses = house.stack.addresses
    async with workers("one", one_build=True):
        account = await place()
        await house.forward(account, hours=15)
    before, run = await sent(account), (await account.handle.describe()).run_id
    with monkeypatch.context() as changed:
        changed.setitem(journeys._BY_NAME, "standard", begins_otherwise())
        async with workers("one", one_build=True):
            with pytest.raises(ValueError, match="no versions"):
                await deploy(addresses, Deployment(), screen)
            await account.handle.signal("nudge", NewBuild(build="other"))
            await house.eventually(partial(is_misfit, account))
            # The server lists it after five attempts, which take the better part of a minute.
            listed = f"{all_open()} AND WorkflowId = '{account.workflow_id}' AND "
            changed.setattr(deploying, "misfits", lambda: f"{listed} RunId = '{run}'")
            assert await deploy(addresses, Deployment(rescue=True), screen)
            assert "1 accounts begin their stage again" in shown(screen)
            await house.eventually(partial(rests, account))
            assert await sent(account) == before
            await account.handle.execute_update("recall", TAKEN_BACK)
            await account.ends()


async def is_misfit(account):
    run = await run_of(account.house.client, account.workflow_id, account.id, deep=True)
    return run is not None and run.task_failure == "NON_DETERMINISTIC_ERROR"


def begins_otherwise():
    """The standard journey, but its first stage begins with another effect than before."""

    @stage
    async def reminders(account):
        """Hand the account to a person before anything else."""
        await account.hand_over("a new account")
        return await STANDARD.first.attempt(account)

    return dataclasses.replace(STANDARD, stages=(reminders, *STANDARD.stages[1:]))
