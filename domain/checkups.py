"""What a checkup of the house brings home."""

from pydantic import AwareDatetime, BaseModel


class Clocks(BaseModel):
    """What three clocks said one after another."""

    temporal: AwareDatetime | None = None
    worker: AwareDatetime
    record: AwareDatetime
