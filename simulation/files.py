"""Journeys in files of their own, on the way into the house."""

import re
import sys
from collections.abc import Iterable, Mapping
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType, TracebackType

from engine import Journey
from journeys import JOURNEYS
from simulation.vocabulary import nearest

NOT_THERE = re.compile(r"cannot import name '(\w+)'")
"""What Python says of a name that a module has not."""

NO_FILE = "there is no such file; expected one such as my_journey.py"
"""Said of a journey's file that is not there."""


class JourneyError(ValueError):
    """A file without the journey that is looked for; says in one line what was expected."""


def journeys_in(file: Path, name: str = "") -> list[Journey]:
    """The journeys that a file of Python puts together, or the one of that name.

    The file is run to find them. JourneyError for one that cannot be run, or has none.
    """
    made = made_by(run(file, f"journeys_of_{file.stem}"))
    if name:
        return [called(name, made, file)]
    own = [each for each in made.values() if JOURNEYS.get(each.name) is not each]
    if not own:
        raise JourneyError(
            f'{file}: no journey in it; expected NAME = Journey("name", version=1, …)'
        )
    return own


def called(name: str, made: Mapping[str, Journey], file: Path) -> Journey:
    """The journey by the name of its constant or its own; JourneyError tells which there are."""
    for constant, journey in made.items():
        if name in {constant, journey.name}:
            return journey
    raise JourneyError(f"{file}: no journey {name!r} in it; there are {', '.join(made) or 'none'}")


def made_by(module: ModuleType) -> dict[str, Journey]:
    """All journeys of a module, by the names of their constants."""
    return {name: each for name, each in vars(module).items() if isinstance(each, Journey)}


def run(file: Path, module_name: str) -> ModuleType:
    """Run a file as the module of that name; JourneyError says where it goes wrong, and how."""
    spec = spec_from_file_location(module_name, file)
    if not file.is_file() or spec is None or spec.loader is None:
        raise JourneyError(f"{file}: {NO_FILE}")
    module = module_from_spec(spec)
    sys.modules[module_name] = module  # where what it defines is looked for
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # whatever a file may do wrong
        del sys.modules[module_name]
        raise JourneyError(_wrong(error, file)) from error
    return module


def _wrong(error: BaseException, file: Path) -> str:
    """Where a file goes wrong, and how: in one line."""
    if isinstance(error, SyntaxError):
        return f"{error.filename or file}:{error.lineno or 1}: not Python: {error.msg}"
    line, by, seen = "", "", dict[str, object]()
    compiled_as = str(file.absolute())
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        by = str(trace.tb_frame.f_globals.get("__name__"))
        if trace.tb_frame.f_code.co_filename == compiled_as:
            line, seen = f":{trace.tb_lineno}", trace.tb_frame.f_globals
        trace = trace.tb_next
    if by.startswith("engine."):  # it says by itself what it expects
        return f"{file}{line}: {error}"
    said = f"it cannot be run: {type(error).__name__}: {error}"
    return f"{file}{line}: {said}{_did_you_mean(error, seen)}"


def _did_you_mean(error: BaseException, seen: Iterable[str]) -> str:
    meant = None
    match error:
        case ImportError(name=module) if found := NOT_THERE.match(str(error)):
            meant = nearest(found[1], dir(sys.modules.get(str(module))))
        case ModuleNotFoundError(name=str(name)):
            meant = nearest(name, [each for each in sys.modules if "._" not in each])
        case NameError(name=str(name)):
            meant = nearest(name, seen)
        case AttributeError(name=str(name)):
            meant = nearest(name, dir(error.obj))
        case TypeError() if "Journey.__init__()" in str(error):
            return '; write Journey("name", version=1, stages=(first, second))'
    return f"; did you mean {meant}?" if meant else ""
