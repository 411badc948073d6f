"""Open accounts by build, journey and stage, as Temporal's own index counts them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from temporalio.client import Client

from workflows import names

BUILD = "TemporalWorkerDeploymentVersion"


@dataclass(frozen=True, order=True)
class Group:
    """The open accounts that are in one stage of one journey, on one build."""

    journey: str
    stage: str
    build: str
    """Empty for accounts that no worker with a build has had yet."""
    number: int
    query: str
    """Finds them."""

    def __str__(self) -> str:
        """Where they are, for people."""
        return f"{self.journey or '(new)'} {self.stage or '(new)'}, build {self.build or 'none'}"


def all_open() -> str:
    """A query that finds every open account of ours."""
    ours = f"TaskQueue = '{names.TASK_QUEUE}' AND WorkflowType = 'account'"
    return f"{ours} AND ExecutionStatus = 'Running'"


async def groups(client: Client, query: str) -> list[Group]:
    """All groups of the accounts that the query finds, in order. A few questions for each."""
    found = []
    async for version, on_build in _parts(client, query, BUILD):
        build = version.removeprefix(f"{names.DEPLOYMENT}:")
        async for journey, in_journey in _parts(client, on_build, names.JOURNEY.name):
            async for stage, in_stage in _parts(client, in_journey, names.STAGE.name):
                number = (await client.count_workflows(in_stage)).count
                found.append(Group(journey, stage, build, number, in_stage))
    return sorted(found)


def on_other_builds(build: str) -> str:
    """A query that finds open accounts whose stage is not on that build."""
    return f"{all_open()} AND ({BUILD} != '{_version(build)}' OR {BUILD} IS NULL)"


def on_build(build: str) -> str:
    """A query that finds open accounts whose stage is on that build; on none if it is empty."""
    if not build:
        return f"{all_open()} AND {BUILD} IS NULL"
    return f"{all_open()} AND {BUILD} = '{_version(build)}'"


def _version(build: str) -> str:
    return f"{names.DEPLOYMENT}:{build}"


async def _parts(client: Client, query: str, attribute: str) -> AsyncIterator[tuple[str, str]]:
    """Every value that an attribute has among what a query finds, and a query for just those."""
    seen: list[str] = []
    while True:
        others = f" AND {attribute} NOT IN ({', '.join(seen)})" if seen else ""
        value = await _any(client, f"{query} AND {attribute} IS NOT NULL{others}", attribute)
        if value is None:
            break
        seen.append(f"'{value}'")
        yield value, f"{query} AND {attribute} = '{value}'"
    without = f"{query} AND {attribute} IS NULL"
    if (await client.count_workflows(without)).count:
        yield "", without


async def _any(client: Client, query: str, attribute: str) -> str | None:
    async for each in client.list_workflows(query, page_size=1, limit=1):
        for pair in each.typed_search_attributes:
            if pair.key.name == attribute:
                return str(pair.value)
    return None
