import pytest

from stack.keys import CODEC_VARIABLE, codec_key, master_key_file
from stack.places import Places
from stack.plan import Plan
from storage.master_keys import FILE_VARIABLE, VARIABLE, MasterKeys, new_master_key
from storage.operators import PREFIX


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


def test_the_uis_key_is_made_once_and_is_an_operators(places):
    assert codec_key(places) == codec_key(places)
    assert codec_key(places).startswith(PREFIX)
    assert places.codec_key.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("given", [{}, {CODEC_VARIABLE: f"{PREFIX}mine"}])
def test_the_stacks_own_ui_is_given_the_key_with_the_address_and_the_record_knows_it(places, given):
    plan = Plan(places, ["temporal", "migrations"], 1, given, lambda _: None)
    services = {service.part: service for service in plan.services()}
    words = list(services["temporal"].command().argv)
    told = words[words.index("--ui-codec-endpoint") + 1]

    key = given.get(CODEC_VARIABLE) or codec_key(places)
    assert told == f"{plan.addresses().api_url}/codec/{key}"
    assert services["migrations"].command().environment[CODEC_VARIABLE] == key
    assert CODEC_VARIABLE not in plan.environment()
    assert plan.environment()[FILE_VARIABLE] == str(places.master_keys)
    assert places.codec_key.exists() == (not given)
