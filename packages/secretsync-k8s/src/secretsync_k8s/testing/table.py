"""Tables: how `kubectl get` wants lists, with the columns of the resource and the ages in human units."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final

from secretsync.classes import frozen

from .status import Json

_STEP: Final = re.compile(
    r"""\.(?P<name>[\w-]+)|\[\?\(@\.(?P<key>[\w-]+)\s*==\s*(?P<quote>["'])(?P<value>.*?)(?P=quote)\)\]"""
)


@frozen
class Column:
    """One column; `path` is a JSONPath of the forms `.a.b` and `.a[?(@.b=="c")].d`.

    `count` prints how many entries the value has, `priority` above 0 is for wide output only.
    """

    name: str
    path: str
    type: str = "string"
    format: str = ""
    priority: int = 0
    description: str = ""
    count: bool = False

    @classmethod
    def of(cls, declared: Json) -> Column:
        """Return the column that an `additionalPrinterColumns` entry declares."""
        return cls(
            declared["name"],
            path=declared["jsonPath"],
            type=declared["type"],
            format=declared.get("format", ""),
            priority=declared.get("priority", 0),
            description=declared.get("description", ""),
        )

    def cell(self, body: Json, now: datetime) -> Any:
        """Return what the column shows of an object, None where it has nothing."""
        value = next(find(body, self.path), None)
        if self.count:
            return len(value or ())
        if self.type == "date" and value is not None:
            return age(value, now)
        return value

    def definition(self) -> Json:
        return {
            "name": self.name,
            "type": self.type,
            "format": self.format or ("name" if self.name == "Name" else ""),
            "description": self.description,
            "priority": self.priority,
        }


CREATED_AT: Final = Column("Age", type="date", path=".metadata.creationTimestamp")
_NAME: Final = Column("Name", path=".metadata.name")


def table(bodies: Iterable[Json], columns: tuple[Column, ...], *, metadata: Json, now: datetime, include: str) -> Json:
    """Return a meta.k8s.io/v1 Table.

    Args:
        include: What each row carries of its object: None, Metadata or Object.
    """
    columns = (_NAME, *columns)
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": [column.definition() for column in columns],
        "rows": [_row(body, columns, now, include) for body in bodies],
    }


def partial(body: Json) -> Json:
    """Return an object reduced to its metadata."""
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": body["metadata"]}


def find(body: Any, path: str) -> Iterator[Any]:
    """Yield the values at a JSONPath."""
    found = [body]
    for step in _STEP.finditer(path):
        found = [child for value in found for child in _follow(value, step)]
    return iter(found)


def age(since: str, now: datetime) -> str:
    """Return the time since a timestamp as kubectl writes it: `45s`, `3m10s`, `2d4h`; never more than two units."""
    try:
        seconds = int((now - datetime.fromisoformat(since)).total_seconds())
    except (ValueError, TypeError):
        return "<unknown>"
    for limit, big, small in _SCALES:
        if seconds < limit:
            return _in_units(max(0, seconds), big, small)
    return _in_units(seconds, "y", "")


_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "y": 365 * 86400}
_SCALES: Final = (
    (120, "s", ""),
    (600, "m", "s"),
    (3 * 3600, "m", ""),
    (8 * 3600, "h", "m"),
    (48 * 3600, "h", ""),
    (8 * 86400, "d", "h"),
    (2 * 365 * 86400, "d", ""),
    (8 * 365 * 86400, "y", "d"),
)
"""Below so many seconds an age is told in these units."""


def _in_units(seconds: int, big: str, small: str) -> str:
    whole, rest = divmod(seconds, _SECONDS[big])
    fraction = rest // _SECONDS[small] if small else 0
    return f"{whole}{big}" + (f"{fraction}{small}" if fraction else "")


def _row(body: Json, columns: tuple[Column, ...], now: datetime, include: str) -> Json:
    row: Json = {"cells": [column.cell(body, now) for column in columns]}
    if include != "None":
        row["object"] = body if include == "Object" else partial(body)
    return row


def _follow(value: Any, step: re.Match[str]) -> list[Any]:
    if step["name"]:
        return [value[step["name"]]] if isinstance(value, dict) and step["name"] in value else []
    matches = value if isinstance(value, list) else ()
    return [each for each in matches if isinstance(each, dict) and each.get(step["key"]) == step["value"]]
