import base64

import pytest

from storage.master_keys import MasterKeyError, MasterKeys, key_id, new_master_key

OLD, NEW = bytes(32), bytes([1]) * 32
ABOUT = "the creditor key key_1"


def test_what_one_process_wraps_another_with_the_same_master_key_unwraps():
    given = new_master_key()
    wrapped = MasterKeys.read(given, None).wrap(b"secret", ABOUT)

    again = MasterKeys.read(f"{new_master_key()},\n{given}\n", None)

    assert b"secret" not in wrapped
    assert again.unwrap(again.ids[1], wrapped, ABOUT) == b"secret"
    assert again.ids[0] == again.current != again.ids[1]


def test_a_wrapped_key_opens_as_no_other_row_and_not_once_it_was_changed():
    masters = MasterKeys([OLD])
    wrapped = masters.wrap(b"secret", ABOUT)
    changed = wrapped[:-1] + bytes([wrapped[-1] ^ 1])

    for bytes_, about in ((wrapped, "the creditor key key_2"), (changed, ABOUT)):
        with pytest.raises(MasterKeyError, match="changed on record"):
            masters.unwrap(masters.current, bytes_, about)


def test_a_master_key_that_is_missing_is_named_and_so_are_those_there_are():
    wrapped = MasterKeys([OLD]).wrap(b"secret", ABOUT)

    with pytest.raises(MasterKeyError) as told:
        MasterKeys([NEW]).unwrap(key_id(OLD), wrapped, ABOUT)

    for part in (ABOUT, key_id(OLD), key_id(NEW), "TAHSIL_MASTER_KEYS"):
        assert part in str(told.value)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (None, "no master key, so nothing can be encrypted: set TAHSIL_MASTER_KEYS"),
        (" , ", "no master key"),
        ("TOPSECRET!", "TAHSIL_MASTER_KEYS holds something that is no key"),
        (base64.b64encode(b"TOPSECRET").decode(), "master key 1 of 1 has 9 bytes: expected 32"),
    ],
)
def test_what_is_wrong_with_master_keys_is_said_without_saying_them(given, says):
    with pytest.raises(MasterKeyError, match="tahsil keys new") as told:
        MasterKeys.read(given, None)

    assert says in str(told.value)
    assert not given or given.strip(" ,") not in str(told.value) or given == " , "


def test_a_file_that_others_may_read_is_refused(tmp_path):
    kept = tmp_path / "keys"
    kept.write_text(new_master_key(), "ascii")
    kept.chmod(0o640)
    with pytest.raises(MasterKeyError, match=f"chmod 600 {kept}"):
        MasterKeys.read(None, kept)
    kept.chmod(0o600)

    assert len(MasterKeys.read(None, kept).ids) == 1


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(MasterKeyError, match=r"keys cannot be read: No such file"):
        MasterKeys.read(None, tmp_path / "keys")
