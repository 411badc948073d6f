"""A journey: a name, a version and its stages; the first stage is where accounts begin."""

from dataclasses import dataclass

from domain.events import Response
from engine.stages import Stage


@dataclass(frozen=True)
class Journey:
    """The treatment path of an account. Stage names are unique, and stored for ever."""

    name: str
    version: int
    stages: tuple[Stage, ...]

    def __post_init__(self) -> None:
        """Refuse a journey that could not say which stage is meant."""
        if not self.stages:
            raise ValueError(f"journey {self.name} has no stages")
        names = [each.name for each in self.stages]
        if repeated := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"journey {self.name} has stages of one name: {sorted(repeated)}")
        triggers = [trigger for each in self.stages for trigger in each.on]
        if contested := {kind.__name__ for kind in triggers if triggers.count(kind) > 1}:
            raise ValueError(
                f"journey {self.name}: {sorted(contested)} may be answered by one stage only"
            )

    @property
    def first(self) -> Stage:
        """The stage in which every account begins."""
        return self.stages[0]

    def stage(self, name: str) -> Stage:
        """The stage called `name`; LookupError names the journey's stages."""
        for each in self.stages:
            if each.name == name:
                return each
        known = ", ".join(each.name for each in self.stages)
        raise LookupError(f"journey {self.name} has no stage {name!r}; it has {known}")

    def answers(self, response: Response) -> Stage | None:
        """The stage that this response enters, if any."""
        for each in self.stages:
            if isinstance(response, each.on):
                return each
        return None
