"""Becomes another program that dies with its supervisor: `launch.py SIGNAL PARENT UID GID argv…`.

A separate small program, because setting the death signal between fork and exec in a process with
threads can deadlock, and because the kernel forgets the signal when the user changes: so first the
user, then the signal, then exec. It imports nothing of ours and runs with `python -I -S`.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # typing costs 10 ms
if TYPE_CHECKING:
    from collections.abc import Callable

PR_SET_PDEATHSIG = 1


def main(death_signal: int, parent: int, uid: int, gid: int, argv: list[str]) -> None:
    """Changes the user (unless `uid` is -1), asks for the death signal, and becomes `argv`."""
    prctl = _prctl()  # loaded first: the other user may not be able to read this Python
    if uid >= 0:
        os.chdir("/")
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
        os.umask(0o077)
    prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent:  # it died before we asked
        sys.exit(1)
    try:
        os.execv(argv[0], argv)  # noqa: S606 - no shell is the point
    except OSError as error:
        sys.exit(f"cannot run {argv[0]}: {error.strerror}")


def _prctl() -> Callable[..., object]:
    """The system call on Linux; elsewhere nothing of the kind exists, and nothing is done."""
    if sys.platform != "linux":
        return lambda *_: None
    import ctypes  # noqa: PLC0415 - it costs 10 ms, for Linux alone

    call: Callable[..., object] = ctypes.CDLL(None).prctl
    return call


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:5]]
    main(numbers[0], numbers[1], numbers[2], numbers[3], sys.argv[5:])
