"""Files that people write by hand: JSON, or YAML that is read as JSON would be."""

import json
import re
from pathlib import Path
from typing import Any

import yaml


class _Plain(yaml.SafeLoader):
    """What is not quoted is text, unless JSON has a word for it: dates, NO and +1404… stay text."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 -- as in yaml


_Plain.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:null|~|)$"), ["n", "~", ""])
_Plain.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
_Plain.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"^(?:0|-?[1-9][0-9]*)$"), list("-0123456789")
)


def _each_once(loader: _Plain, node: yaml.MappingNode) -> dict[Any, Any]:
    """Fields by name; of two with one name YAML would keep the last, and nobody would know."""
    seen = set[str]()
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            continue  # it is refused below
        if key.value in seen:
            raise yaml.MarkedYAMLError(
                problem=f"{key.value} stands there twice", problem_mark=key.start_mark
            )
        seen.add(key.value)
    return loader.construct_mapping(node, deep=True)


_Plain.add_constructor("tag:yaml.org,2002:map", _each_once)


def read_paper(file: Path) -> Any:  # noqa: ANN401 -- any JSON; validated next
    """What the file says; ValueError names file and line. A number with decimals is text."""
    try:
        text = file.read_text("utf-8")
        if file.suffix == ".json":
            return json.loads(text, parse_float=str)
        return yaml.load(text, _Plain)  # noqa: S506 -- a safe loader
    except json.JSONDecodeError as error:
        raise ValueError(f"{file.name}:{error.lineno}: not JSON: {error.msg}") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ValueError(f"{file.name}:{line}: neither JSON nor YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise ValueError(f"{file.name}: neither JSON nor YAML: {error}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{file.name}: is no text in UTF-8: save it as that") from error
    except OSError as error:
        raise ValueError(f"{file}: cannot be read: {error.strerror}") from error
    except RecursionError as error:
        raise ValueError(f"{file.name}: cannot be read: it is nested too deep") from error
