"""The stack's own secrets of encryption: generated once, unless the environment has others."""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stack.places import Places

VARIABLE, FILE_VARIABLE = "TAHSIL_MASTER_KEYS", "TAHSIL_MASTER_KEY_FILE"
MASTER_KEY = 32
"""Bytes of a key of AES-256 (`storage.master_keys`)."""
CODEC_VARIABLE = "TAHSIL_CODEC_KEY"


def master_key_file(places: Places, environ: Mapping[str, str]) -> Path | None:
    """The file that holds the master keys; None if they are given in the environment itself."""
    if environ.get(VARIABLE):
        return None
    if environ.get(FILE_VARIABLE):
        return Path(environ[FILE_VARIABLE]).absolute()
    if not places.master_keys.exists():
        _write(places.master_keys, base64.b64encode(secrets.token_bytes(MASTER_KEY)).decode())
    return places.master_keys


def codec_key(places: Places) -> str:
    """What lets the stack's own UI ask the API to open what is encrypted: an operator's key."""
    if not places.codec_key.exists():
        _write(places.codec_key, f"tahsil_op_{secrets.token_urlsafe(32)}")
    return places.codec_key.read_text("ascii").strip()


def _write(kept: Path, text: str) -> None:
    """Write a secret beside its place first: half a key would make all that follows unreadable."""
    new = kept.with_suffix(".new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        opened.write(text + "\n")
        opened.flush()
        os.fsync(descriptor)
    new.replace(kept)
