import socket

import pytest

from stack.errors import StackError
from stack.ports import Ports, is_free, next_free


@pytest.fixture
def taken():
    """A port another program listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_port_that_is_taken_gives_way_to_the_next_free_one(taken):
    assert not is_free(taken)
    assert next_free(taken) > taken


def test_a_port_on_every_address_counts_as_taken():
    with socket.create_server(("0.0.0.0", 0)) as server:
        assert not is_free(server.getsockname()[1])


def test_two_names_that_prefer_one_port_get_two(tmp_path, taken):
    ports = Ports(tmp_path / "ports.json", {"api": taken, "sandbox": taken})
    assert ports["api"] != ports["sandbox"]
    assert taken not in {ports["api"], ports["sandbox"]}


def test_the_ports_of_the_last_start_are_preferred_at_the_next(tmp_path, taken):
    first = Ports(tmp_path / "ports.json", {"api": taken})
    second = Ports(tmp_path / "ports.json", {"api": 1})
    assert first["api"] == second["api"]


def test_a_port_taken_after_it_was_chosen_can_be_renewed(tmp_path):
    ports = Ports(tmp_path / "ports.json", {"api": 20000})
    with socket.create_server(("127.0.0.1", ports["api"])) as server:
        ports.renew("api")
        assert ports["api"] > server.getsockname()[1]


@pytest.mark.parametrize("text", ["", "[]", '{"api": "many"}', '{"api": 0}', "nonsense"])
def test_a_spoilt_record_of_ports_is_only_a_lost_preference(tmp_path, text):
    (tmp_path / "ports.json").write_text(text)
    assert Ports(tmp_path / "ports.json", {"api": 20000})["api"] >= 20000


def test_no_free_port_is_an_error_that_names_the_range():
    with pytest.raises(StackError, match=r"no free port .* between 65535"):
        next_free(65535, avoid=[65535])
