"""The journeys we run: one file each, one function per stage."""

from engine import Journey
from engine.journeys import by_name
from journeys.hardship import HARDSHIP
from journeys.invoice import INVOICE
from journeys.standard import STANDARD
from journeys.subscription import SUBSCRIPTION

JOURNEYS: dict[str, Journey] = {
    journey.name: journey for journey in (STANDARD, SUBSCRIPTION, INVOICE, HARDSHIP)
}
"""Every journey by its name. Names are stored with accounts, and so are for ever."""


_BY_NAME = by_name(JOURNEYS.values())


def journey_called(name: str) -> Journey:
    """The journey that has, or had, that name; LookupError names those there are."""
    try:
        return _BY_NAME[name]
    except KeyError:
        known = ", ".join(sorted(JOURNEYS))
        raise LookupError(f"no journey is called {name!r}; there are {known}") from None


def present_name(name: str) -> str | None:
    """What the journey is called now that has, or had, that name; None if there is none.

    Whoever is told a journey by others writes down the present name.
    """
    found = _BY_NAME.get(name)
    return None if found is None else found.name
