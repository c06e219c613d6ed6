"""A folder of files in memory, and what may befall who writes in it.

Python tells of each call that opens or changes a file before it is made: an audit event. So every one of them is a moment
at which a process may be killed or the disk be full, and the code of the agent, which is the real one, knows nothing
of it.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Protocol

from attrs import field

from secretsync.classes import define

from .scenario import CACHE

_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - only where to make a folder that nobody else may enter
"""Where files are kept in memory; where there is no such place, the disk takes them, and its time."""
_CHANGES: Final = frozenset({"os.truncate", "os.chmod", "os.chown", "os.rename", "os.remove", "os.link", "os.mkdir"})

BEGUN: Final = "begun"
FILLED: Final = "filled"
NAMED: Final = "named"
"""Steps of a write: the new file is about to be there, its bytes are, and it has taken the old one's name."""


class Feels(Protocol):
    """Who is told of what is done to files: `step` names the step of a write, "" where it is none."""

    def __call__(self, *, cached: bool, step: str) -> None: ...


@define(eq=False)
class Disk:
    """One life's folder, its working directory while it is `mounted`.

    Attributes:
        root: Its path.
        felt: Told of each call of the agent before it is made; what it raises is raised there.
        full: While there are any, nothing is written.
    """

    root: Path = field(factory=Path)
    felt: Feels = lambda **_: None
    full: int = 0
    _idle: int = field(default=0, init=False)
    _path: str = field(default="", init=False)

    @contextmanager
    def mounted(self) -> Iterator[None]:
        """Have a folder of its own, which is gone afterwards."""
        where = _MEMORY if os.access(_MEMORY, os.W_OK) else None
        with TemporaryDirectory(prefix="life-", dir=where) as folder, chdir(folder):
            self.root = Path(folder).resolve()
            _listeners.append(self)
            _listen()
            try:
                yield
            finally:
                _listeners.remove(self)

    @contextmanager
    def unfelt(self) -> Iterator[None]:
        """Have files be looked at and changed by who is not the agent."""
        self._idle += 1
        try:
            yield
        finally:
            self._idle -= 1

    # -- what people and the oracle do

    def read(self, name: str) -> str | None:
        """Return what a file holds, None where there is none."""
        with self.unfelt():
            try:
                return (self.root / name).read_text("utf-8")
            except FileNotFoundError:
                return None

    def write(self, name: str, text: str) -> None:
        """Have a file hold this, as another file than before: two writes of one moment are told apart by that."""
        with self.unfelt():
            new = self.root / f"{name}.new"
            new.write_text(text, "utf-8")
            new.replace(self.root / name)

    def remove(self, name: str) -> None:
        with self.unfelt():
            (self.root / name).unlink(missing_ok=True)

    def raw(self, folder: str) -> Iterator[bytes]:
        """Yield what the files of a folder hold, those that are not whole included."""
        with self.unfelt():
            yield from [path.read_bytes() for path in sorted((self.root / folder).glob("*"))]

    # -- what the agent does

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Take in an audit event."""
        if self._idle or (event != "open" and event not in _CHANGES):
            return
        named = arguments[0]
        if isinstance(named, str | bytes | os.PathLike):
            path = os.path.abspath(os.fsdecode(named))  # noqa: PTH100 - links are none of ours
            if not path.startswith(str(self.root)):
                return
            self._path = path
        elif event == "open":
            return
        self._felt(event, writes=event != "open" or _writes(arguments))

    def _felt(self, event: str, *, writes: bool) -> None:
        path = Path(self._path)
        step = _step(event, path, writes=writes)
        self.felt(cached=CACHE in path.parts, step=step)
        if writes and self.full and event != "os.remove":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _writes(arguments: tuple[Any, ...]) -> bool:
    _, mode, flags = arguments
    return bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)) if isinstance(flags, int) else mode != "r"


def _step(event: str, path: Path, *, writes: bool) -> str:
    if event == "open":
        return BEGUN if writes else NAMED if path.is_dir() else ""
    return FILLED if event == "os.truncate" else ""


_listeners: Final[list[Disk]] = []
_listening: Final[list[bool]] = []


def _listen() -> None:
    """Hear of audit events from now on, which cannot be ended."""
    if not _listening:
        _listening.append(True)
        sys.addaudithook(_hear)


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if _listeners:
        _listeners[-1].hear(event, arguments)
