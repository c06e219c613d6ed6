"""What happened, in plain words and in order: the same seed tells the same story, byte for byte."""

from __future__ import annotations

import hashlib
from collections import deque
from typing import Final

from ..world import World

_DAY: Final = 86_400
_KEPT: Final = 20_000


class Story:
    """Lines with their time. What is too frequent to be told, such as each check, still counts in `digest`."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._lines: deque[str] = deque(maxlen=_KEPT)
        self._hash = hashlib.sha256()

    def tell(self, who: str, what: str) -> None:
        line = f"{clock_time(self._world.now)} {who} {what}"
        self._lines.append(line)
        self._hash.update(line.encode() + b"\n")

    def note(self, what: str) -> None:
        """Have it count without a line of its own."""
        self._hash.update(f"{self._world.now!r} {what}\n".encode())

    @property
    def digest(self) -> str:
        """What two equal histories have in common."""
        return self._hash.hexdigest()

    def lines(self, last: int | None = None) -> list[str]:
        return list(self._lines)[-last:] if last else list(self._lines)


def clock_time(seconds: float) -> str:
    """Return seconds as `1d 02:03:04.567`, without days where there are none."""
    days, rest = divmod(seconds, _DAY)
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    day = f"{days:.0f}d " if days else ""
    return f"{day}{hours:02.0f}:{minutes:02.0f}:{rest:06.3f}"
