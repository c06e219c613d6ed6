"""Secrets that cannot print themselves, and what one remote read returns.

A value becomes a `SecretValue` where it enters the process (a backend's decoder) and bytes again only where it
leaves (a target's writer). Between the two no `repr`, log line, exception or pickle can show it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hmac import compare_digest
from types import MappingProxyType
from typing import Final, Literal, NewType, NoReturn, final

from attrs import field

from .classes import frozen

Version = NewType("Version", str)
"""An ETag, a resourceVersion, a VersionId: opaque, for conditional reads and for equality only."""

NO_VERSION: Final = Version("")
ANOTHER_VERSION: Final = Version("another")
"""No server calls a version so: what is told to be at it is always news."""


@final
class SecretValue:
    """Bytes that never show: not in `repr`, `str`, a format, a pickle or a length.

    Immutable and hashable; two values are equal when their bytes are (compared in constant time).
    """

    __slots__ = ("_raw",)
    _raw: bytes

    def __init__(self, raw: bytes | str) -> None:
        object.__setattr__(self, "_raw", raw.encode() if isinstance(raw, str) else bytes(raw))

    def reveal(self) -> bytes:
        """Return the bytes. The one door; keep what comes out of it in as few lines as possible."""
        return self._raw

    def text(self) -> str:
        """Return the bytes as UTF-8 text.

        Raises:
            ValueError: They are not UTF-8. The message holds neither the bytes nor their position.
        """
        try:
            return self._raw.decode()
        except UnicodeDecodeError:
            pass  # raised anew below, because the original carries the bytes
        msg = "the value is not UTF-8 text; read it with reveal()"
        raise ValueError(msg)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        msg = "a SecretValue is immutable"
        raise AttributeError(msg)

    def __eq__(self, other: object) -> bool:
        return compare_digest(self._raw, other._raw) if isinstance(other, SecretValue) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._raw)

    def __repr__(self) -> str:
        return "SecretValue(…)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __reduce__(self) -> NoReturn:
        msg = "a SecretValue is never pickled"
        raise TypeError(msg)


@frozen
class Flatten:
    """How the rows of a document become one value a key (kms-api §4.3). Own rows always beat imported ones."""

    imports: Literal["first", "last"] = "last"


@frozen
class Row:
    """One secret as the backend returned it."""

    key: str
    value: SecretValue
    id: str = ""
    path: str = "/"
    version: str = ""
    block: int = 0
    """0 for a row of the folder itself, n for a row of its n-th import block."""
    tags: tuple[str, ...] = ()
    comment: str = field(default="", repr=False)


@frozen
class Document:
    """What one remote read returns, atomically: rows in server order, duplicates kept."""

    rows: tuple[Row, ...] = ()

    def fields(self, flatten: Flatten) -> Mapping[str, SecretValue]:
        """Return one value a key, keys sorted: that of the row that `chosen` names."""
        return MappingProxyType({key: row.value for key, row in self.chosen(flatten).items()})

    def chosen(self, flatten: Flatten) -> Mapping[str, Row]:
        """Return one row a key, keys sorted; own rows before imports, within one import block the first row.

        Of several own rows of one key the last in path order counts (kms-api §4.4).
        """
        blocks: dict[int, list[Row]] = {}
        for row in self.rows:
            blocks.setdefault(row.block, []).append(row)
        own = sorted(blocks.pop(0, ()), key=lambda row: row.path)
        imported = [blocks[n] for n in sorted(blocks, reverse=flatten.imports == "last")]
        merged = _first(reversed(own))
        for block in imported:
            merged = _first(block) | merged
        return MappingProxyType(dict(sorted(merged.items())))

    def duplicates(self) -> Mapping[str, tuple[str, ...]]:
        """Return each key that stands more than once among the own rows, with the paths where it does."""
        paths: dict[str, list[str]] = {}
        for row in sorted(self.rows, key=lambda row: (row.key, row.path)):
            if row.block == 0:
                paths.setdefault(row.key, []).append(row.path)
        return {key: tuple(where) for key, where in paths.items() if len(where) > 1}

    def canonical(self) -> Iterable[Row]:
        """Yield the rows in an order of their own: the server's is no contract, so digests go by this one.

        What decides which value counts stays: the order of the import blocks, within such a block the order of the
        rows of one key, and among the own rows the order of those that share key and path.
        """
        return sorted(self.rows, key=lambda row: (row.block, row.key, "" if row.block else row.path))


def _first(rows: Iterable[Row]) -> dict[str, Row]:
    merged: dict[str, Row] = {}
    for row in rows:
        merged.setdefault(row.key, row)
    return merged
