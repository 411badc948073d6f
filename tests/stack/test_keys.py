import pytest

from stack.keys import codec_token, master_key_file
from stack.places import Places
from stack.plan import Plan
from storage.master_keys import FILE_VARIABLE, VARIABLE, MasterKeys, new_master_key


@pytest.fixture
def places(tmp_path):
    return Places.prepare(tmp_path / "data")


def test_a_stack_makes_its_master_key_once_for_its_owner_alone(places):
    assert master_key_file(places, {}) == places.master_keys
    file = places.master_keys
    made = file.read_text()

    assert file.stat().st_mode & 0o777 == 0o600
    assert len(MasterKeys.read(None, file).ids) == 1
    assert master_key_file(places, {}) == file
    assert file.read_text() == made


def test_master_keys_of_the_environment_come_first(places, tmp_path):
    named = tmp_path / "mine"

    assert master_key_file(places, {VARIABLE: new_master_key()}) is None
    assert master_key_file(places, {FILE_VARIABLE: str(named)}) == named
    assert not places.master_keys.exists()


def test_a_key_that_was_half_written_by_a_process_that_died_is_not_used(places):
    places.master_keys.with_suffix(".new").write_text("half a k")

    file = master_key_file(places, {})

    assert len(MasterKeys.read(None, file).ids) == 1


def test_the_codecs_token_is_made_once(places):
    assert codec_token(places) == codec_token(places)
    assert len(codec_token(places)) == 32
    assert places.codec_token.stat().st_mode & 0o777 == 0o600


def endpoint(places, environ):
    """Where Temporal's UI is told to have payloads opened, and what the API is given."""
    plan = Plan(places, ["temporal"], 1, environ, lambda _: None)
    (temporal,) = plan.services()
    words = list(temporal.command().argv)
    told = words[words.index("--ui-codec-endpoint") + 1]
    return told.removeprefix(plan.addresses().api_url), plan.environment()


def test_the_stacks_own_ui_is_given_the_token_with_the_address(places):
    told, environment = endpoint(places, {})

    assert told == f"/codec/{codec_token(places)}"
    assert environment["TAHSIL_CODEC_TOKEN"] == codec_token(places)
    assert environment[FILE_VARIABLE] == str(places.master_keys)


def test_a_token_of_the_operators_own_is_not_handed_to_the_ui(places):
    told, environment = endpoint(places, {"TAHSIL_CODEC_TOKEN": "mine"})

    assert told == "/codec"
    assert environment["TAHSIL_CODEC_TOKEN"] == "mine"
    assert not places.codec_token.exists()
