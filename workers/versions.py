"""Builds of our workers: what a build is called, which one is current, and how it becomes so.

A stage of an account ends on the build that it began on; the next stage begins on the build that
is current then. So two builds work side by side until the older one has nothing left to do.
"""

import asyncio
import hashlib
from datetime import timedelta
from pathlib import Path

from temporalio.api.workflowservice.v1 import (
    DescribeWorkerDeploymentRequest,
    DescribeWorkerDeploymentResponse,
    SetWorkerDeploymentCurrentVersionRequest,
)
from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import WorkerDeploymentConfig

from workflows import names

ROOT = Path(__file__).parents[1]
DECIDING = ("domain", "compliance", "engine", "journeys", "workflows")
"""The packages whose code decides what a workflow does next."""
BUILD = r"^[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}$"
"""What a build may be called: it stands in Temporal's queries."""
PATIENCE = timedelta(seconds=30)
"""For the server to see that a build's worker polls."""
LOOK_AGAIN = 0.5
"""Seconds; the server allows few such questions a second."""
NOT_SEEN_YET = frozenset({RPCStatusCode.NOT_FOUND, RPCStatusCode.FAILED_PRECONDITION})


def code_build() -> str:
    """Name the running code by its contents: the same code is the same build, wherever it runs.

    Laws and messages are data, and do not count: an account goes by the law of its own record.
    """
    found = hashlib.sha256()
    for package in DECIDING:
        for file in sorted((ROOT / package).rglob("*.py")):
            found.update(file.relative_to(ROOT).as_posix().encode())
            found.update(file.read_bytes())
    return found.hexdigest()[:12]


def deployed_as(build: str) -> WorkerDeploymentConfig:
    """How a worker of that build introduces itself: its runs end on the build they began on.

    Said here, and not by each workflow, because the server refuses it of a worker without versions.
    """
    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(names.DEPLOYMENT, build),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.PINNED,
    )


async def deployment(client: Client) -> DescribeWorkerDeploymentResponse | None:
    """Every build that the server knows of; None before the first worker has polled."""
    request = DescribeWorkerDeploymentRequest(
        namespace=client.namespace, deployment_name=names.DEPLOYMENT
    )
    try:
        return await client.workflow_service.describe_worker_deployment(request)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return None


async def current_build(client: Client) -> str | None:
    """The build that new accounts and new stages begin on; None if there is none yet."""
    found = await deployment(client)
    if found is None:
        return None
    info = found.worker_deployment_info
    return info.routing_config.current_deployment_version.build_id or None


async def make_current(client: Client, build: str, *, patience: timedelta = PATIENCE) -> None:
    """Let new accounts and new stages begin on that build, as soon as a worker of it is seen.

    The server's refusal (RPCError, one of NOT_SEEN_YET) if none is for so long.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + patience.total_seconds()
    while True:
        try:
            return await _set_current(client, build)
        except RPCError as error:
            if error.status not in NOT_SEEN_YET or loop.time() > end:
                raise
        await asyncio.sleep(LOOK_AGAIN)


async def _set_current(client: Client, build: str) -> None:
    await client.workflow_service.set_worker_deployment_current_version(
        SetWorkerDeploymentCurrentVersionRequest(
            namespace=client.namespace,
            deployment_name=names.DEPLOYMENT,
            build_id=build,
            identity=client.identity,
        )
    )


async def take_up(client: Client, build: str) -> None:
    """Make this build current if none is yet; its worker polls already."""
    if await current_build(client) is None:
        await make_current(client, build)
