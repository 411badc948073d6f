"""How the control API and the pages get hold of the running sandbox."""

from typing import Annotated, cast

from fastapi import Depends, Request

from sandbox.webhooks import Courier
from sandbox.world import World


async def _world(request: Request) -> World:
    return cast("World", request.app.state.world)


async def _courier(request: Request) -> Courier:
    return cast("Courier", request.app.state.courier)


# Coroutines, so that every use of the store stays on the event loop's thread.
TheWorld = Annotated[World, Depends(_world)]
TheCourier = Annotated[Courier, Depends(_courier)]
