"""What the running code's journeys do, written to the record once for each build.

`tahsil plan` holds the working tree against it. It takes a second to work out, so that is done only
if the code is another than when its build was written down last.
"""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import journeys
from domain.contacts import Message
from engine import Journey
from journeys import JOURNEYS
from providers.messages import LOCALES, SAMPLES, MessageError, Messages
from simulation.outlines import Outline, outlined
from storage import Database, releases

ROOT = Path(__file__).parents[1]
TEMPLATES = Path(journeys.__file__).parent / "messages"
"""Beside the journeys, which may be those of another release."""
TOLD_BY = ("domain", "engine", "journeys", "simulation", "providers")
"""The packages that an outline is made of, with their data."""
COUNTRY = "US"
BETWEEN = "\n\n" + "-" * 20 + "\n\n"


def record_release(database: Database, build: str) -> bool:
    """Write down what this build's journeys do; False if that is on record already."""
    digest = code_digest()
    with database.transaction() as session:
        if releases.digest_of(session, build) == digest:
            return False
    outline = outline_of(JOURNEYS.values()).model_dump(mode="json")
    with database.transaction() as session:
        return releases.record(session, build, digest, outline)


def outline_of(several: Iterable[Journey], folder: Path = TEMPLATES) -> Outline:
    """What journeys do, and what their messages say. MessageError for a broken template."""
    messages = Messages(folder)

    def wording(message: Message) -> Mapping[str, str]:
        return {locale: _said(messages, message, locale) for locale in LOCALES}

    return outlined(several, wording)


def _said(messages: Messages, message: Message, locale: str) -> str:
    """The message to fictional people, without what the law adds; empty if it has no words."""
    said = []
    for words in SAMPLES:
        try:
            rendered = messages.render(message, locale, words, country=COUNTRY)
        except MessageError:
            continue
        said.append("\n\n".join(filter(None, [rendered.subject, rendered.text.strip()])))
    return BETWEEN.join(dict.fromkeys(said))


def code_digest() -> str:
    """A hash of all that an outline is made of."""
    found = hashlib.sha256()
    for package in TOLD_BY:
        for file in sorted((ROOT / package).rglob("*")):
            if file.suffix in {".py", ".txt", ".yaml"}:
                found.update(file.relative_to(ROOT).as_posix().encode())
                found.update(file.read_bytes())
    return found.hexdigest()[:16]


if __name__ == "__main__":
    print(outline_of(JOURNEYS.values()).model_dump_json())  # noqa: T201 -- for `tahsil plan`
