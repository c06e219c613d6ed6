"""As much of DER as it takes to see what opening a PKCS#12 structure would cost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

_INTEGER, _OCTETS, _SEQUENCE = 0x02, 0x04, 0x30
_CONSTRUCTED: Final = 0x20
_LONG: Final = 0x80
_DEEPEST: Final = 30


class Element(NamedTuple):
    """A tag of one byte, and what it holds."""

    tag: int
    content: bytes


def elements(data: bytes) -> Iterator[Element]:
    """Yield what stands side by side, up to what is no DER."""
    at = 0
    while at + 2 <= len(data):
        tag, size = data[at], data[at + 1]
        at += 2
        if size == _LONG:  # of indefinite length: BER, which readers take as well
            size = len(data) - at
        elif size > _LONG:
            more = size - _LONG
            size = int.from_bytes(data[at : at + more], "big")
            at += more
        yield Element(tag, data[at : at + size])
        at += size


def iterations(data: bytes, depth: int = 0) -> int:
    """Return how often keys would be derived: the integers that stand right after a salt, wherever that is."""
    total, after_octets = 0, False
    for tag, content in elements(data):
        if tag == _INTEGER and after_octets:
            total += abs(int.from_bytes(content, "big", signed=True))
        after_octets = tag & ~_CONSTRUCTED == _OCTETS
        if depth < _DEEPEST and (tag & _CONSTRUCTED or _is_der(tag, content)):
            total += iterations(content, depth + 1)
    return total


def _is_der(tag: int, content: bytes) -> bool:
    """Return whether octets hold DER of their own, as a PKCS#12 structure has it; what is encrypted does not."""
    if tag != _OCTETS or content[:1] != bytes([_SEQUENCE]):
        return False
    first = next(elements(content), None)
    return first is not None and content.endswith(first.content)
