"""Decisions as a chain of hashes: how one is written down, and how it is tied to the one before.

The body of a decision is one JSON object with the keys `contact`, `account`, `person`, `seq`, `at`,
`law`, `request`, `message`, `verdict`, `zones`, `facts`, `balance` and `version`, written with keys
sorted at every depth, without spaces (separators "," and ":") and without escaping what is not
ASCII. Its hash is the SHA-256, in small hexadecimal digits, of the hash before it followed by the
body, both in UTF-8. The hash before the first of an account is the empty text. `seq` counts 1, 2, 3
along the account. Of a verdict that an account slept through the record has neither facts nor
books: `zones`, `facts`, `balance` and `version` are null.

Pure, so that whoever checks an export can do it with nothing else.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

FIRST = ""
"""The hash before the first decision of an account."""


def body_of(decision: Mapping[str, Any]) -> str:
    """A decision as the text that is kept and hashed: models by their fields, sets in order."""
    return orjson.dumps(decision, default=_plain, option=orjson.OPT_SORT_KEYS).decode()


def _plain(value: object) -> object:
    return sorted(value) if isinstance(value, frozenset) else vars(value)


def link(previous: str, body: str) -> str:
    """The hash of a decision that follows the one with the hash `previous`."""
    return hashlib.sha256((previous + body).encode()).hexdigest()
