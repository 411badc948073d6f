"""A journey: a name, a version and its stages; the first stage is where accounts begin."""

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from pydantic import TypeAdapter, ValidationError

from domain.accounts import Slug
from domain.events import Response
from engine.stages import Stage

SLUG = TypeAdapter(Slug)


@dataclass(frozen=True)
class Journey:
    """The treatment path of an account. Stage names are unique, and stored for ever."""

    name: str
    version: int
    stages: tuple[Stage, ...]
    formerly: tuple[str, ...] = ()
    """Names that it had before."""

    def __post_init__(self) -> None:
        """Refuse a journey that could not be placed, or could not say which stage is meant."""
        for name in (self.name, *_tuple(f"journey {self.name}: formerly", self.formerly)):
            _check_name(name)
        if isinstance(self.version, bool) or not isinstance(self.version, int) or self.version < 1:
            raise ValueError(
                f"journey {self.name}: version={self.version!r}; expected a whole number from 1 on"
            )
        if not _tuple(f"journey {self.name}: stages", self.stages):
            raise ValueError(
                f"journey {self.name} has no stages; expected stages=(first, second), the one"
                " where accounts begin first"
            )
        for each in self.stages:
            self._check_stage(each)
        if self.first.is_aside:
            raise ValueError(
                f"journey {self.name} begins at {self.first.name}, which goes back to the stage"
                " that it broke into; begin with a stage of its own"
            )
        if repeated := _repeated(name for each in self.stages for name in each.names):
            raise ValueError(
                f"journey {self.name} has stages of one name: {repeated}; a name, or a former one,"
                " may mean one stage only"
            )
        triggers = [trigger for each in self.stages for trigger in each.on]
        if contested := {kind.__name__ for kind in triggers if triggers.count(kind) > 1}:
            raise ValueError(
                f"journey {self.name}: {sorted(contested)} may be answered by one stage only"
            )

    def _check_stage(self, each: object) -> None:
        """Refuse what is no stage; TypeError says what it is, and how it becomes one."""
        if isinstance(each, Stage):
            return
        if inspect.isfunction(each):
            mend = f"{each.__name__} is a function and no stage: write @stage above it"
        elif isinstance(each, tuple | list):
            mend = "a group of stages stands among them: write a star before it, *LISTENING"
        else:
            mend = f"{each!r} is no stage: name the function below @stage, without quotes"
        raise TypeError(f"journey {self.name}: {mend}")

    @property
    def first(self) -> Stage:
        """The stage in which every account begins."""
        return self.stages[0]

    @property
    def names(self) -> tuple[str, ...]:
        """All that it answers to, the present name first."""
        return (self.name, *self.formerly)

    @cached_property
    def renamed(self) -> Mapping[str, str]:
        """The present name of a stage by each of its former ones."""
        return {former: each.name for each in self.stages for former in each.formerly}

    @cached_property
    def _known(self) -> Mapping[str, Stage]:
        return {name: each for each in self.stages for name in each.names}

    def find(self, name: str) -> Stage | None:
        """The stage that is, or was, called `name`; None if there is none."""
        return self._known.get(name)

    def stage(self, name: str) -> Stage:
        """The stage that is, or was, called `name`; LookupError names the journey's stages."""
        found = self._known.get(name)
        if found is None:
            known = ", ".join(each.name for each in self.stages)
            raise LookupError(f"journey {self.name} has no stage {name!r}; it has {known}")
        return found

    def answers(self, response: Response) -> Stage | None:
        """The stage that this response enters, if any."""
        kind = type(response)
        if kind not in self._answered:
            found = (each for each in self.stages if issubclass(kind, each.on))
            self._answered[kind] = next(found, None)
        return self._answered[kind]

    @cached_property
    def _answered(self) -> dict[type[Response], Stage | None]:
        """Which stage answers a kind of response, once it was looked up."""
        return {}


def by_name(journeys: Iterable[Journey]) -> Mapping[str, Journey]:
    """Journeys by every name they have or had; ValueError for a name that several answer to."""
    several = tuple(journeys)
    if repeated := _repeated(name for each in several for name in each.names):
        raise ValueError(f"there are journeys of one name: {repeated}; it may mean one only")
    return {name: each for each in several for name in each.names}


def _check_name(name: object) -> None:
    try:
        SLUG.validate_python(name, strict=True)
    except ValidationError:
        raise ValueError(
            f"{name!r} cannot be the name of a journey: expected small letters, digits and dashes,"
            " 40 at most, such as first-reminder"
        ) from None


def _tuple(what: str, several: object) -> tuple[object, ...]:
    """The same if it is a tuple; TypeError if not: a comma, or round brackets, are missing."""
    if not isinstance(several, tuple):
        raise TypeError(
            f"{what} is a {type(several).__name__}; expected a tuple: (one,) or (one, other)"
        )
    return several


def _repeated(names: Iterable[str]) -> list[str]:
    listed = [*names]
    return sorted({name for name in listed if listed.count(name) > 1})
