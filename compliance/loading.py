"""Packs and calendars from YAML. An error names file, line, place and what was expected there."""

from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from compliance.calendars import Calendar
from compliance.overlays import tightened
from compliance.packs import Pack, PackError, Packs

HERE = Path(__file__).parent / "packs"
CALENDARS = Path(__file__).parent / "calendars"
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_Model = TypeVar("_Model", bound=BaseModel)


def load_packs(folder: Path = HERE, calendars: Path = CALENDARS) -> Packs:
    """All packs of a folder, in the order of file names. PackError for the first that is wrong."""
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise PackError(f"no packs in {folder}: expected at least one .yaml file")
    dates = [load_calendar(file) for file in sorted(calendars.glob("*.yaml"))]
    return tightened(Packs([load_pack(file) for file in files], dates))


def load_pack(file: Path) -> Pack:
    """One pack from its YAML file; PackError names file, line, place and what was expected."""
    return read_yaml(file, Pack)


def load_calendar(file: Path) -> Calendar:
    """One calendar from its YAML file."""
    return read_yaml(file, Calendar)


def read_yaml(file: Path, model: type[_Model]) -> _Model:
    """Read a YAML file into a model; PackError names file, line and what was expected."""
    try:
        text = file.read_text("utf-8")
        said: _Model = _parsed(text, model)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise PackError(f"{file.name}:{line}: not YAML: {error.problem}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise PackError(f"{file.name}: cannot be read: {error}") from error
    except ValidationError as error:
        raise PackError(_fault(file, text, error)) from error
    return said


@lru_cache(maxsize=256)
def _parsed(text: str, model: type[_Model]) -> _Model:
    """What a text says; remembered, for a law is read again and again and its models are frozen."""
    return model.model_validate(yaml.load(text, LOADER))  # noqa: S506 -- a safe loader


def _fault(file: Path, text: str, error: ValidationError) -> str:
    """The first fault: where it stands, and what was expected there."""
    first = error.errors(include_url=False)[0]
    node, named = yaml.compose(text, yaml.SafeLoader), list[str]()
    for part in first["loc"]:
        found = _child(node, part)
        if found is not None:
            node = found
            named.append(str(part))
        elif part == first["loc"][-1]:
            named.append(str(part))
    line = node.start_mark.line + 1 if node is not None else 1
    said = first["msg"].removeprefix("Value error, ")
    place = ".".join(named) or "the whole file"
    return f"{file.name}:{line}: {place}: {said[:1].lower()}{said[1:]}"


def _child(node: yaml.Node | None, part: int | str) -> yaml.Node | None:
    """What stands below a node under this key or number; None if nothing does."""
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == str(part)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        found: yaml.Node = node.value[part]
        return found
    return None
