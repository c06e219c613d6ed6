"""Server-sent events as they come over the wire: bytes in pieces become frames. Pure (kms-api §11.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ...classes import frozen

_LINE_END: Final = re.compile(rb"\r\n|\n|\r(?!$)")
"""A carriage return that comes last may be half of a line's end."""


@frozen
class Frame:
    """One event: its kind and its data, empty where it has none.

    One that is `oversize` has lost its data: something happened, and nobody knows what.
    """

    kind: str
    data: str = ""
    oversize: bool = False


class Frames:
    """Makes frames of pieces. Belongs to one stream.

    Args:
        most: Bytes that a frame may have; a longer one is passed over, and the stream goes on.
    """

    def __init__(self, *, most: int = 1 << 20) -> None:
        self._most = most
        self._rest = b""
        self._size = 0
        self._kind = ""
        self._data: list[bytes] = []

    def feed(self, piece: bytes) -> Iterator[Frame]:
        """Yield the frames that end in this piece."""
        *lines, self._rest = _LINE_END.split(self._rest + piece)
        for line in lines:
            if not line:
                yield from self._end()
            else:
                self._take(line)
        if self._size + len(self._rest) > self._most:
            self._size += len(self._rest)
            self._rest = self._rest[-1:]  # its end may still be half of a line's end

    def _take(self, line: bytes) -> None:
        self._size += len(line)
        if self._size > self._most:
            self._data.clear()
            return
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"event":
            self._kind = value.decode(errors="replace")
        elif name == b"data":
            self._data.append(value)

    def _end(self) -> Iterator[Frame]:
        oversize = self._size > self._most
        if self._kind or self._data or oversize:
            data = b"" if oversize else b"\n".join(self._data)
            yield Frame(self._kind or "message", data.decode(errors="replace"), oversize)
        self._kind, self._data, self._size = "", [], 0
