"""Keyed digests: the only trace of a value that may outlive it or leave the process.

HMAC-SHA256 with an install key, so that nobody who reads a status or an annotation can test guesses of a short
secret. Every part is written with its kind and length, so no two different things share one encoding.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from enum import Enum
from typing import Any, Final

import attrs

from .values import Document, SecretValue

SIZE: Final = 16
"""Bytes kept of each digest."""


@attrs.frozen
class Digester:
    """Digests of everything a query, an answer or a specification may hold.

    Accepts secrets, documents, attrs values, mappings, tuples and lists, sets, text, bytes, numbers, enums and None;
    anything else is a TypeError, because a digest of a `repr` would change with the process. Thread-safe.
    """

    key: bytes = attrs.field(repr=False)

    def __call__(self, value: object) -> bytes:
        mac = hmac.new(self.key, digestmod="sha256")
        for part in _parts(value):
            mac.update(part)
        return mac.digest()[:SIZE]

    def rendered(self, content: Mapping[str, SecretValue]) -> str:
        """Return the version text of a target's data (kmssecret §5): `v2:` and 32 hexadecimal digits."""
        return f"v2:{self(content).hex()}"


def fraction(digest: bytes) -> float:
    """Return a number in [0, 1): the same for the same digest, spread evenly over many."""
    return int.from_bytes(digest[:4]) / (1 << 32)


def _number(value: object) -> bytes:
    return repr(value).encode()


_LEAVES: Final[Mapping[type, tuple[bytes, Callable[[Any], bytes]]]] = {
    SecretValue: (b"s", SecretValue.reveal),
    bytes: (b"b", bytes),
    str: (b"t", str.encode),
    type(None): (b"n", _number),
    bool: (b"n", _number),
    int: (b"n", _number),
    float: (b"n", _number),
    datetime: (b"d", lambda value: value.isoformat().encode()),
}
"""What has no parts, which is most of everything: its kind and its encoding."""


def _parts(value: object) -> Iterator[bytes]:
    cls: type[Any] = type(value)
    leaf = _LEAVES.get(cls)
    if leaf is not None:
        kind, encode = leaf
        yield _leaf(kind, encode(value))
        return
    match value:
        case Enum():  # before text and numbers, which an enum may be too
            yield _leaf(b"e", f"{_name(cls)}.{value.name}".encode())
        case Document():
            # Without versions, ids and comments: an edited comment moves an ETag and must not rewrite a target.
            yield from _sequence(b"r", [(row.block, row.path, row.key, row.value) for row in value.canonical()])
        case Mapping():
            yield from _sequence(b"m", [part for key in sorted(value) for part in (key, value[key])])
        case tuple() | list():
            yield from _sequence(b"l", value)
        case frozenset() | set():
            yield from _unordered(value)
        case type():
            yield _leaf(b"c", _name(value).encode())
        case _ if attrs.has(cls):
            yield from _sequence(b"a", [cls, *(getattr(value, a.name) for a in attrs.fields(cls))])
        case _:
            yield _leaf_of_a_subclass(value)


def _leaf_of_a_subclass(value: object) -> bytes:
    for cls, (kind, encode) in _LEAVES.items():
        if isinstance(value, cls):
            return _leaf(kind, encode(value))
    raise TypeError(f"{type(value).__name__} has no digest")


def _sequence(kind: bytes, items: list[object] | tuple[object, ...]) -> Iterator[bytes]:
    yield kind + len(items).to_bytes(8)
    for item in items:
        yield from _parts(item)


def _unordered(items: frozenset[object] | set[object]) -> Iterator[bytes]:
    """The members by their encodings, because not all that stand in a set can be compared."""
    yield b"f" + len(items).to_bytes(8)
    yield from sorted(b"".join(_parts(item)) for item in items)


def _name(cls: type) -> str:
    """Two backends may each have a query of one name: only with its module it is one class's own."""
    return f"{cls.__module__}.{cls.__qualname__}"


def _leaf(kind: bytes, raw: bytes) -> bytes:
    return kind + len(raw).to_bytes(8) + raw
