"""One embedded stack for the whole run, and a house to act in: real servers, real SDKs.

What these need is imported when a test asks for it, so that tests of the pure floors start at once.
"""

import pytest


@pytest.fixture(scope="session")
def anyio_backend():
    return "asyncio"


@pytest.fixture(scope="session")
def stack_data():
    """Where the one stack keeps its data: in memory if there is plenty."""
    from tests.stack.programs import open_directory, quick_disk  # noqa: PLC0415

    with open_directory(quick_disk()) as folder:
        yield folder / "data"


@pytest.fixture(scope="session")
def stack(stack_data):
    from tests.house import embedded_stack  # noqa: PLC0415

    with embedded_stack(stack_data) as running:
        yield running


@pytest.fixture
async def house(stack):
    from tests.house import open_house  # noqa: PLC0415

    async with open_house(stack) as opened:
        yield opened
