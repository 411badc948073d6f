"""A journey: a name, a version and its stages; the first stage is where accounts begin."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from domain.events import Response
from engine.stages import Stage


@dataclass(frozen=True)
class Journey:
    """The treatment path of an account. Stage names are unique, and stored for ever."""

    name: str
    version: int
    stages: tuple[Stage, ...]
    formerly: tuple[str, ...] = ()
    """Names that it had before."""

    def __post_init__(self) -> None:
        """Refuse a journey that could not say which stage is meant."""
        if not self.stages:
            raise ValueError(f"journey {self.name} has no stages")
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


def _repeated(names: Iterable[str]) -> list[str]:
    listed = [*names]
    return sorted({name for name in listed if listed.count(name) > 1})
