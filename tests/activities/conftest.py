"""What the tests of activities that take money share."""

import pytest


@pytest.fixture(scope="session")
def _bank(tmp_path_factory):
    from tests.bank import open_bank  # noqa: PLC0415 -- the SDK takes a second to import

    with open_bank(tmp_path_factory.mktemp("bank")) as running:
        yield running


@pytest.fixture
def bank(_bank):
    """Stripe's sandbox, with nothing in it."""
    _bank.control.post("/reset").raise_for_status()
    return _bank
