"""Rule packs: YAML with citations, validated on load; an error names the file and the field."""

from collections.abc import Mapping
from datetime import date, time
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from domain.accounts import Hold, country_code
from domain.contacts import Channel, Purpose

HERE = Path(__file__).parent / "packs"


class PackError(ValueError):
    """A pack file that cannot be used; says where, and what was expected."""


class Rule(BaseModel):
    """What every rule states: its id, words for people, the source, and how sure we are of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    says: str
    cite: str
    force: Literal["statute", "regulation", "presumption", "guidance", "policy"]
    verified: Literal["V", "S", "M", "P"]
    """V law read, S secondary source, M from memory, P our policy and not law."""
    channels: tuple[Channel, ...] = tuple(Channel)
    purposes: tuple[Purpose, ...] = tuple(Purpose)


class Window(Rule):
    """Contact only inside `[opens, closes)` by the wall clock in every candidate zone."""

    kind: Literal["window"]
    opens: time
    closes: time

    @field_validator("opens", "closes", mode="before")
    @classmethod
    def _wall_clock(cls, value: object) -> object:
        if isinstance(value, int | float):  # YAML reads 21:00 without quotes as the number 1260
            raise ValueError('expected a wall-clock time in quotes, such as "21:00"')  # noqa: TRY004
        return time.fromisoformat(value) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> Self:
        if self.opens >= self.closes:
            raise ValueError("opens must be before closes, on one day")
        return self


class Cap(Rule):
    """At most `max` contacts in any `days` consecutive calendar days, today included."""

    kind: Literal["cap"]
    max: int = Field(ge=0)
    days: int = Field(ge=1, le=366)
    scope: Literal["person", "account"]
    counts: tuple[Channel, ...] = tuple(Channel)


class OptOut(Rule):
    """A person's refusal of a channel binds."""

    kind: Literal["optout"]


class HoldRule(Rule):
    """These holds refuse contact."""

    kind: Literal["hold"]
    holds: tuple[Hold, ...] = Field(min_length=1)


class Reachable(Rule):
    """A channel needs a usable address."""

    kind: Literal["reachable"]


AnyRule = Annotated[Window | Cap | OptOut | HoldRule | Reachable, Field(discriminator="kind")]


class Pack(BaseModel):
    """Rules of one source that take effect together, for the countries named or for all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    version: str
    effective_from: date
    effective_to: date | None = None
    countries: tuple[Annotated[str, AfterValidator(country_code)], ...] | None = None
    disclosures: Mapping[Channel, Mapping[str, str]] = Field(default_factory=dict)
    """Words that every message on a channel must carry, by language."""
    rules: tuple[AnyRule, ...]

    @property
    def name(self) -> str:
        """Id and version, as decisions record it."""
        return f"{self.id}@{self.version}"

    def applies(self, country: str, on: date) -> bool:
        """Whether the pack binds a person in `country` on that date."""
        return (
            (self.countries is None or country in self.countries)
            and self.effective_from <= on
            and (self.effective_to is None or on < self.effective_to)
        )


def load_packs(folder: Path = HERE) -> tuple[Pack, ...]:
    """All packs of a folder, in the order of file names. PackError for the first that is wrong."""
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise PackError(f"no packs in {folder}: expected at least one .yaml file")
    return tuple(load_pack(file) for file in files)


def load_pack(file: Path) -> Pack:
    """One pack from its YAML file; PackError names the file, the place and what was expected."""
    try:
        return Pack.model_validate(yaml.safe_load(file.read_text("utf-8")))
    except yaml.YAMLError as error:
        raise PackError(f"{file.name}: not YAML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the whole file"
        raise PackError(f"{file.name}: {place}: {first['msg']}") from error
