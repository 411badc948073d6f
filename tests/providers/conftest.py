"""What the tests of the providers share."""

import os

import pytest

from tests.providers.wire import wire

# The SDKs honour proxies even for loopback.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"


@pytest.fixture
def provider():
    with wire() as running:
        yield running
