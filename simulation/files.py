"""Journeys in files of their own, on the way into the house."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from engine import Journey
from journeys import JOURNEYS


def journeys_in(file: Path) -> list[Journey]:
    """The journeys that a file of Python puts together.

    The file is run to find them. ValueError, in one line, for one that cannot be run or has none.
    """
    module = _run(file)
    found = [each for each in vars(module).values() if isinstance(each, Journey)]
    own = [each for each in found if JOURNEYS.get(each.name) is not each]
    if not own:
        raise ValueError(f'{file}: no journey in it; expected NAME = Journey("name", version=1, …)')
    return own


def _run(file: Path) -> ModuleType:
    name = f"journeys_of_{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    if not file.is_file() or spec is None or spec.loader is None:
        raise ValueError(f"{file}: no file of Python; expected one such as journeys/standard.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # where what it defines is looked for
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # whatever a file may do wrong
        del sys.modules[name]
        line = _line(error, file)
        raise ValueError(
            f"{file}{line}: it cannot be run: {type(error).__name__}: {error}"
        ) from error
    return module


def _line(error: BaseException, file: Path) -> str:
    """Where in the file it went wrong, as ":12"; empty if it does not say."""
    if isinstance(error, SyntaxError):
        return f":{error.lineno}" if error.lineno else ""
    found, trace = "", error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(file):
            found = f":{trace.tb_lineno}"
        trace = trace.tb_next
    return found
