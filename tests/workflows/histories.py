"""Where recorded histories are: a folder for every release, of which none is ever lost.

What was recorded under a release is replayed for as long as accounts may be under way that began
under it. `kept.sha256` lists every file, so that one that vanished or was changed is seen.
"""

import hashlib
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1] / "histories"
PROJECT = Path(__file__).parents[2] / "pyproject.toml"
LIST = "kept.sha256"
"""As `sha256sum` writes it: a digest, and a file by its path from the folder of all releases."""


def version() -> str:
    """The version that is being worked on, or is released next."""
    told = tomllib.loads(PROJECT.read_text("utf-8"))
    return str(told["project"]["version"])


def releases(root: Path = ROOT) -> list[Path]:
    """The folders of all releases, oldest first."""
    return sorted((each for each in root.iterdir() if each.is_dir()), key=_age)


def _age(folder: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", folder.name)]


def latest(root: Path = ROOT) -> Path:
    """The folder of the release that was recorded last."""
    return releases(root)[-1]


def recorded(root: Path = ROOT) -> dict[str, Path]:
    """Every history of every release, such as `0.1.0/standard.hold`."""
    return {
        f"{release.name}/{file.stem}": file
        for release in releases(root)
        for file in sorted(release.glob("*.json"))
    }


def laws(root: Path = ROOT) -> dict[str, str]:
    """The laws that recorded accounts went by, by their ids."""
    return {file.stem: file.read_text("utf-8") for file in sorted(root.glob("*/laws/*.json"))}


def to_record(name: str, root: Path = ROOT) -> Path:
    """The folder that a version's histories are written to; ValueError if a newer one is listed."""
    folder = root / name
    others = {file.split("/")[0] for file in listed(root)} - {name}
    newer = [each for each in others if _age(root / each) >= _age(folder)]
    if newer:
        raise ValueError(
            f"{name} is over: {', '.join(sorted(newer))} is listed in {LIST}, and what a release"
            " recorded stays as it is. Raise the version in pyproject.toml"
        )
    return folder


def listed(root: Path = ROOT) -> dict[str, str]:
    """Digests of all files that have to be there, by path."""
    file = root / LIST
    lines = file.read_text("utf-8").splitlines() if file.exists() else []
    return {path: digest for digest, path in (line.split("  ", 1) for line in lines)}


def put_on_list(release: Path) -> None:
    """List the files of a release as they are now; those of others stay as they are listed."""
    root = release.parent
    others = {
        path: digest
        for path, digest in listed(root).items()
        if not path.startswith(f"{release.name}/")
    }
    mine = {_path(file, root): _digest(file) for file in release.rglob("*.json")}
    lines = [f"{digest}  {path}\n" for path, digest in sorted((others | mine).items())]
    (root / LIST).write_text("".join(lines), "utf-8")


def astray(root: Path = ROOT) -> set[str]:
    """Files that vanished, were changed, or are there and not listed."""
    there = {_path(file, root): _digest(file) for file in root.rglob("*.json")}
    return {path for path, _ in listed(root).items() ^ there.items()}


def _path(file: Path, root: Path) -> str:
    return file.relative_to(root).as_posix()


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
