"""What a release recorded stays: it is not recorded over, and whatever goes astray is seen."""

import re

import pytest

from journeys import JOURNEYS
from tests.workflows import histories
from tests.workflows.record_histories import clear

EVERY_STAGE = {
    f"{journey.name}.{stage.name}" for journey in JOURNEYS.values() for stage in journey.stages
}


@pytest.fixture
def root(tmp_path):
    """Two releases, each with a history and a law."""
    for release in ("0.9.0", "0.10.0"):
        (tmp_path / release / "laws").mkdir(parents=True)
        for name in ("standard.paid", "laws/law_1"):
            (tmp_path / release / f"{name}.json").write_text(f"{release} {name}", "utf-8")
        histories.put_on_list(tmp_path / release)
    return tmp_path


def test_releases_come_in_the_order_of_their_numbers_and_all_are_replayed(root):
    assert [each.name for each in histories.releases(root)] == ["0.9.0", "0.10.0"]
    assert histories.latest(root).name == "0.10.0"
    assert [*histories.recorded(root)] == ["0.9.0/standard.paid", "0.10.0/standard.paid"]


def test_what_vanishes_or_is_changed_or_is_not_listed_is_found(root):
    assert histories.astray(root) == set()
    (root / "0.9.0" / "standard.paid.json").unlink()
    (root / "0.10.0" / "laws" / "law_1.json").write_text("another", "utf-8")
    (root / "0.10.0" / "standard.hold.json").write_text("new", "utf-8")

    assert histories.astray(root) == {
        "0.9.0/standard.paid.json",
        "0.10.0/laws/law_1.json",
        "0.10.0/standard.hold.json",
    }


def test_a_release_that_is_recorded_anew_leaves_the_others_on_the_list(root):
    (root / "0.9.0" / "standard.paid.json").unlink()
    folder = histories.to_record("0.10.0", root)
    clear(folder, EVERY_STAGE)
    (folder / "standard.hold.json").write_text("new", "utf-8")
    histories.put_on_list(folder)

    assert {*histories.listed(root)} == {
        "0.9.0/laws/law_1.json",
        "0.9.0/standard.paid.json",
        "0.10.0/standard.hold.json",
    }
    assert histories.astray(root) == {"0.9.0/standard.paid.json"}


@pytest.mark.parametrize("name", ["0.9.0", "0.9.5"])
def test_nothing_is_recorded_under_a_version_that_is_over(root, name):
    with pytest.raises(ValueError, match=re.escape("0.10.0 is listed in kept.sha256")):
        histories.to_record(name, root)


def test_a_new_version_gets_a_folder_of_its_own(root):
    assert histories.to_record("0.11.0", root) == root / "0.11.0"
