"""One embedded stack for the whole run, and a house to act in: real servers, real SDKs.

What these need is imported when a test asks for it, so that tests of the pure floors start at once.
"""

import gc

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark what needs the stack, and what needs PostgreSQL alone and runs beside it."""
    for item in items:
        if "stack" in item.fixturenames:
            item.add_marker(pytest.mark.stack)
        elif "database_url" in item.fixturenames:
            item.add_marker(pytest.mark.record)


def pytest_collection_finish():
    """Keep the collector away from what stays for good: it took a sixth of the time."""
    gc.collect()
    gc.freeze()


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


@pytest.fixture(scope="session")
def database_url():
    """One database server for the run, with our tables."""
    from stack import stack_in_thread  # noqa: PLC0415
    from storage.migrate import upgrade  # noqa: PLC0415
    from tests.stack.programs import open_directory, quick_disk  # noqa: PLC0415

    with (
        open_directory(quick_disk()) as folder,
        stack_in_thread(
            folder / "data", parts=["postgres"], report=lambda _: None, environ={}
        ) as running,
    ):
        upgrade(running.addresses.database_url)
        yield running.addresses.database_url


@pytest.fixture(scope="session")
def connected(database_url):
    """Its connections, kept for the run with the statements that were compiled for them."""
    from compliance.laws import LAWS  # noqa: PLC0415
    from storage import Database, laws  # noqa: PLC0415

    database = Database(database_url)
    LAWS.fetch_from(laws.fetcher(database))
    yield database
    database.close()


@pytest.fixture
def database(connected):
    """An empty record with one creditor in it."""
    from sqlalchemy import text  # noqa: PLC0415

    from storage import creditors  # noqa: PLC0415
    from storage.tables import Base  # noqa: PLC0415

    emptied = "; ".join(f"DELETE FROM {table}" for table in Base.metadata.tables)
    with connected.transaction() as session:
        # without triggers: what may only be added to could not be deleted. Truncating takes 35 ms
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(text(emptied))
    with connected.transaction() as session:
        creditors.register(session, "acme", "Acme Bank")
    return connected


@pytest.fixture
def door(database):
    """Accounts' workflows in memory."""
    from tests.api.record import FakeDoor  # noqa: PLC0415

    return FakeDoor(database)
