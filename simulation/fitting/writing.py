"""Parameters as a YAML file that people read, and change."""

from pathlib import Path
from typing import Any

import yaml

from simulation.parameters import Entry, Parameters, shipped

PAGE = Path(__file__).parents[2] / "docs" / "behaviour.md"
MARK = (
    "<!-- figures: made from simulation/parameters.yaml by"
    " `python -m simulation.fitting.writing` -->"
)
MOST_SHOWN = 12
"""Values of one figure that still fit into a table."""

HEAD = """\
# How simulated people behave. docs/behaviour.md says what each figure does.
# Written by `tahsil fit`, and open to changes by hand: say where a figure comes from.
#   measured  fitted to the data that `source` names; `held_out` says how it does on the rows that
#             it was not fitted to (log-loss per trial, and that of one constant rate)
#   claimed   a vendor says so, without data: an assumption that bears a name
#   assumed   nobody we know of has published it
"""


class _Dumper(yaml.SafeDumper):
    """Lists stand on a line of their own, everything else in blocks."""


def _in_a_line(dumper: yaml.SafeDumper, values: list[Any]) -> yaml.Node:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", values, flow_style=True)


_Dumper.add_representer(list, _in_a_line)


def written(parameters: Parameters) -> str:
    """The file's text; reading it gives the same parameters."""
    entries = parameters.model_dump(mode="json", exclude_defaults=True)
    blocks = [
        yaml.dump({name: _ordered(entry)}, Dumper=_Dumper, sort_keys=False, width=100)
        for name, entry in entries.items()
    ]
    return "\n".join([HEAD, *blocks])


def _ordered(entry: dict[str, Any]) -> dict[str, Any]:
    """What the figure is first, then where it comes from."""
    first = ("from_days", "value", "values", "label", "source", "n", "held_out")
    return {key: entry[key] for key in first if key in entry}


def page(text: str, parameters: Parameters) -> str:
    """The page on behaviour with the table of figures anew."""
    before, mark, _ = text.partition(MARK)
    return f"{before}{mark}\n\n{as_table(parameters)}\n"


def as_table(parameters: Parameters) -> str:
    """All figures as rows of a Markdown table: name, meaning, value, and where it comes from."""
    rows = [("figure", "what it is", "value", "label", "source"), ("---",) * 5]
    for name, entry in parameters.entries().items():
        meaning = type(parameters).model_fields[name].description or ""
        source = f"{entry.source} (n = {entry.n:,})" if entry.n else entry.source
        rows.append((f"`{name}`", meaning, _shown(entry), entry.label.value, source))
    return "\n".join(
        "| " + " | ".join(" ".join(each.split()) for each in row) + " |" for row in rows
    )


def _shown(entry: Entry) -> str:
    values = entry.bins().items()
    if len(values) > MOST_SHOWN:
        return f"{len(values)} values: see the file"
    return ", ".join(f"{kind} {value:.4g}".strip() for kind, value in values)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text("utf-8"), shipped()), "utf-8")
