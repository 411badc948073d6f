import pytest

from tests.stack.programs import open_directory, quick_disk


@pytest.fixture
def data():
    """A data directory that is empty and open to PostgreSQL's user."""
    with open_directory(quick_disk()) as directory:
        yield directory / "data"
