"""`tahsil backup` and `tahsil restore`: what they refuse, in one line that says what to do."""

import pytest
from typer.testing import CliRunner

from cli.main import app
from stack import backup
from stack.backup import MANIFEST, BackupError, Manifest
from workers.clock import wall


@pytest.fixture
def folder(tmp_path):
    """A backup, as far as its files go."""
    made = tmp_path / "backup"
    made.mkdir()
    for name in (backup.RECORD, backup.TEMPORAL):
        (made / name).write_text(name)
    files = {name: backup._digest(made / name) for name in (backup.RECORD, backup.TEMPORAL)}
    (made / MANIFEST).write_text(Manifest(moment=wall(), files=files).model_dump_json())
    return made


def refused(*words):
    result = CliRunner().invoke(app, [str(each) for each in words])
    assert result.exit_code == 2
    return " ".join(result.stderr.split())


def test_nothing_is_backed_up_where_nothing_runs(tmp_path):
    said = refused("backup", tmp_path / "to", "--data", tmp_path / "data")

    assert "no stack is running here" in said


def test_a_folder_that_is_no_backup_is_not_restored(tmp_path):
    said = refused("restore", tmp_path, "--data", tmp_path / "data")

    assert "is no backup, or one that was never finished" in said


def test_a_backup_that_was_changed_is_not_restored(folder, tmp_path):
    (folder / backup.TEMPORAL).write_text("something else")

    assert "was changed: use another" in refused("restore", folder, "--data", tmp_path / "data")


def test_a_backup_is_not_restored_without_its_master_keys(tmp_path):
    with pytest.raises(BackupError, match="without its master keys a backup is of no use"):
        backup.check_place(tmp_path / "data", environ={})


def test_a_backup_of_another_format_asks_for_its_release(folder):
    manifest = backup.check(folder).model_copy(update={"format": 99})
    (folder / MANIFEST).write_text(manifest.model_dump_json())

    with pytest.raises(BackupError, match="is a backup of format 99: expected 1"):
        backup.check(folder)


def test_what_is_restored_says_since_when_the_world_went_on(folder, tmp_path):
    data, now = tmp_path / "data", wall()

    manifest = backup.put_back(folder, data, now)

    assert (data / "temporal" / backup.TEMPORAL).read_text() == backup.TEMPORAL
    assert (data / "restored").read_text().split("/") == [
        manifest.moment.isoformat(),
        now.isoformat() + "\n",
    ]
    with pytest.raises(BackupError, match="is there already"):
        backup.check_place(data)
