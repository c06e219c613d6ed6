"""Keyed digests: the only trace of a value that may outlive it or leave the process.

HMAC-SHA256 with an install key, so that nobody who reads a status or an annotation can test guesses of a short
secret. Every part is written with its kind and length, so no two different things share one encoding.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import Enum
from functools import lru_cache
from typing import Any, Final

import attrs

from .classes import frozen
from .values import Document, SecretValue

_ROW: Final = b"l" + (4).to_bytes(8)
"""Begins the parts of a row."""
SIZE: Final = 16
"""Bytes kept of each digest."""


@frozen
class Digester:
    """Digests of everything a query, an answer or a specification may hold.

    Accepts secrets, documents, attrs values, mappings, tuples and lists, sets, text, bytes, numbers, enums and None;
    anything else is a TypeError, because a digest of a `repr` would change with the process. Thread-safe.
    """

    key: bytes = attrs.field(repr=False)

    def __call__(self, value: object) -> bytes:
        return hmac.digest(self.key, _encoded(value), "sha256")[:SIZE]

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


def _encoded(value: object) -> bytes:
    out: list[bytes] = []
    _encode(value, out)
    return b"".join(out)


def _encode(value: object, out: list[bytes]) -> None:
    cls: type[Any] = type(value)
    leaf = _LEAVES.get(cls)
    if leaf is not None:
        kind, encode = leaf
        out.append(_leaf(kind, encode(value)))
    elif cls is tuple or cls is list:
        _encode_sequence(b"l", value, out)  # type: ignore[arg-type]  # by its class it is one
    else:
        _encode_other(value, cls, out)


def _encode_other(value: object, cls: type[Any], out: list[bytes]) -> None:
    match value:
        case Enum():  # before text and numbers, which an enum may be too
            out.append(_leaf(b"e", f"{_name(cls)}.{value.name}".encode()))
        case Document():
            # Without versions, ids and comments: an edited comment moves an ETag and must not rewrite a target.
            _encode_rows(value, out)
        case Mapping():
            _encode_sequence(b"m", [part for key in sorted(value) for part in (key, value[key])], out)
        case tuple() | list():
            _encode_sequence(b"l", value, out)
        case frozenset() | set():
            _encode_set(value, out)
        case type():
            out.append(_leaf(b"c", _name(value).encode()))
        case _ if attrs.has(cls):
            _encode_sequence(b"a", [cls, *(getattr(value, name) for name in _fields(cls))], out)
        case _:
            out.append(_leaf_of_a_subclass(value))


def _encode_rows(document: Document, out: list[bytes]) -> None:
    """Append the rows as sequences of their parts, by hand: documents are most of all that is digested."""
    out.append(b"r" + len(document.rows).to_bytes(8))
    for row in document.canonical():
        out += (
            _ROW,
            _leaf(b"n", _number(row.block)),
            _leaf(b"t", row.path.encode()),
            _leaf(b"t", row.key.encode()),
            _leaf(b"s", row.value.reveal()),
        )


def _encode_sequence(kind: bytes, items: Sequence[object], out: list[bytes]) -> None:
    out.append(kind + len(items).to_bytes(8))
    for item in items:
        _encode(item, out)


def _encode_set(items: frozenset[object] | set[object], out: list[bytes]) -> None:
    """Append the members by their encodings, because not all that stand in a set can be compared."""
    out.append(b"f" + len(items).to_bytes(8))
    out += sorted(_encoded(item) for item in items)


@lru_cache(maxsize=256)
def _fields(cls: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in attrs.fields(cls))


def _leaf_of_a_subclass(value: object) -> bytes:
    for cls, (kind, encode) in _LEAVES.items():
        if isinstance(value, cls):
            return _leaf(kind, encode(value))
    raise TypeError(f"{type(value).__name__} has no digest")


def _name(cls: type) -> str:
    """Two backends may each have a query of one name: only with its module it is one class's own."""
    return f"{cls.__module__}.{cls.__qualname__}"


def _leaf(kind: bytes, raw: bytes) -> bytes:
    return kind + len(raw).to_bytes(8) + raw
