"""Master keys: they wrap the keys that data are encrypted with, and encrypt nothing else.

They never stand in the database. The first one given wraps; each of them unwraps, so that a new one
is put in front, everything is wrapped anew (`tahsil keys rotate`), and the old one is taken away.
"""

import base64
import binascii
import hashlib
import os
import stat
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SIZE = 32
"""Bytes of every key here: AES-256."""
NONCE = 12
"""Bytes before what AES-GCM gives."""
VARIABLE, FILE_VARIABLE = "TAHSIL_MASTER_KEYS", "TAHSIL_MASTER_KEY_FILE"
MAKE_ONE = "make one with `tahsil keys new`, and keep a copy apart from the database's backups"


class MasterKeyError(RuntimeError):
    """Master keys that are missing, cannot be read, or do not fit. Never says a key itself."""


class MasterKeys:
    """The master keys of this process, the one that wraps first."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        """MasterKeyError unless there is one, and each has 256 bits."""
        if not keys:
            raise MasterKeyError(
                f"no master key, so nothing can be encrypted: set {VARIABLE} to one or more keys,"
                f" or {FILE_VARIABLE} to a file of them, one a line; {MAKE_ONE}"
            )
        for number, key in enumerate(keys, start=1):
            if len(key) != SIZE:
                raise MasterKeyError(
                    f"master key {number} of {len(keys)} has {len(key)} bytes: expected {SIZE} in"
                    f" base64; {MAKE_ONE}"
                )
        self._keys = {key_id(key): AESGCM(key) for key in keys}
        self.current = next(iter(self._keys))
        """The id of the one that wraps."""

    @property
    def ids(self) -> tuple[str, ...]:
        """What they are called, which says nothing of them."""
        return tuple(self._keys)

    @classmethod
    def read(cls, text: str | None, file: Path | None) -> "MasterKeys":
        """The keys that were given as text, else those of the file; MasterKeyError if neither."""
        if text:
            return cls(_parsed(text, VARIABLE))
        return cls(_parsed(_private(file), str(file)) if file is not None else ())

    def wrap(self, key: bytes, about: str) -> bytes:
        """A key, encrypted by the current one. `about` says what for: it has to fit afterwards."""
        return seal(self._keys[self.current], key, about.encode())

    def unwrap(self, by: str, wrapped: bytes, about: str) -> bytes:
        """A key that was wrapped by that master key. MasterKeyError unless it is here, and fits."""
        master = self._keys.get(by)
        if master is None:
            raise MasterKeyError(
                f"{about} is wrapped by the master key {by}, which was not given (there are"
                f" {', '.join(self.ids)}): add it behind the others in {VARIABLE} or its file"
            )
        try:
            return unseal(master, wrapped, about.encode())
        except InvalidTag:
            raise MasterKeyError(
                f"{about} was changed on record since it was wrapped by {by}: restore its row"
            ) from None


def new_master_key() -> str:
    """A fresh key as it is written down: 256 random bits in base64."""
    return base64.b64encode(os.urandom(SIZE)).decode()


def key_id(key: bytes) -> str:
    """What a master key is called: a prefix and 48 bits of a hash of it."""
    return f"master_{hashlib.sha256(b'tahsil master key' + key).hexdigest()[:12]}"


def seal(key: AESGCM, plain: bytes, about: bytes) -> bytes:
    """Encrypt under a nonce of its own, which stands in front."""
    nonce = os.urandom(NONCE)
    return nonce + key.encrypt(nonce, plain, about)


def unseal(key: AESGCM, sealed: bytes, about: bytes) -> bytes:
    """What `seal` was given; InvalidTag if the key, the bytes or `about` are others."""
    return key.decrypt(sealed[:NONCE], sealed[NONCE:], about)


def _parsed(text: str, source: str) -> list[bytes]:
    words = text.replace(",", " ").split()
    try:
        return [base64.b64decode(word, validate=True) for word in words]
    except (binascii.Error, ValueError):
        raise MasterKeyError(
            f"{source} holds something that is no key: expected keys of {SIZE} bytes in base64,"
            f" apart by spaces, commas or lines; {MAKE_ONE}"
        ) from None


def _private(file: Path) -> str:
    try:
        mode = file.stat().st_mode
        text = file.read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not text"
        raise MasterKeyError(
            f"the master keys in {file} cannot be read: {why}. Set {FILE_VARIABLE} to a file of"
            f" keys in base64, one a line; {MAKE_ONE}"
        ) from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise MasterKeyError(
            f"others may read or change the master keys in {file}: `chmod 600 {file}`"
        )
    return text
