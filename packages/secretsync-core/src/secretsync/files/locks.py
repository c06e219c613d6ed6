"""Who keeps a file: a lock on the very file, not on one beside it, so that nothing is left behind.

The lock of a file that is replaced goes with its successor: that one is locked before it takes the old one's name. What
the process held is free when it ends, however it ends. A file system without locks has none of this, and nobody is
kept from writing there.
"""

from __future__ import annotations

import errno
import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import Final, final

_FOREIGN: Final = frozenset({errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES})
_READ: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK


class Taken(Exception):
    """Another process holds it."""


@final
class Locks:
    """Those of one process. Safe to call from several threads, never with the same file at once."""

    def __init__(self) -> None:
        self._held: dict[str, int] = {}

    def holds(self, real: str, status: os.stat_result) -> bool:
        """Whether the very file that is there now is held by us."""
        descriptor = self._held.get(real)
        return descriptor is not None and os.path.samestat(os.fstat(descriptor), status)

    def take(self, real: str) -> None:
        """Hold a file that is there.

        Raises:
            Taken: Somebody else does.
            OSError: It cannot be opened.
        """
        self.keep(real, os.open(real, _READ))

    def keep(self, real: str, descriptor: int) -> None:
        """Hold an open file, in place of what was held under its name.

        Raises:
            Taken: Somebody else holds it; the descriptor is closed.
        """
        self.drop(real)  # first, because a lock of ours on the same file is in the way of another one
        try:
            lock(descriptor)
        except Taken:
            os.close(descriptor)
            raise
        self._held[real] = descriptor

    def drop(self, real: str) -> None:
        descriptor = self._held.pop(real, None)
        if descriptor is not None:
            os.close(descriptor)

    def close(self) -> None:
        for real in tuple(self._held):
            self.drop(real)


def lock(descriptor: int) -> None:
    """Lock an open file until its descriptor is closed, or raise `Taken`."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _FOREIGN:
            raise Taken from None


def sweep(folder: Path, pattern: str) -> int:
    """Remove the files that nobody holds any more; return how many."""
    return sum(_removed(path) for path in folder.glob(pattern))


def _removed(path: Path) -> bool:
    with suppress(OSError, Taken):  # somebody holds it, or it is gone or not ours to remove: it does no harm
        descriptor = os.open(path, _READ | os.O_NOFOLLOW)
        try:
            lock(descriptor)
            path.unlink()
        finally:
            os.close(descriptor)
        return True
    return False
