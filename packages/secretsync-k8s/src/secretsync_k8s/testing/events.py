"""The two faces of one Event: what is written as events.k8s.io/v1 is read as v1 too, under other names."""

from __future__ import annotations

from typing import Final

from .status import Json

_NEW_NAMES: Final = {
    "involvedObject": "regarding",
    "message": "note",
    "source": "deprecatedSource",
    "count": "deprecatedCount",
    "firstTimestamp": "deprecatedFirstTimestamp",
    "lastTimestamp": "deprecatedLastTimestamp",
    "reportingComponent": "reportingController",
}
_CORE_NAMES: Final = {new: core for core, new in _NEW_NAMES.items()}

SELECTABLE: Final = frozenset(
    {
        "involvedObject.kind",
        "involvedObject.namespace",
        "involvedObject.name",
        "involvedObject.uid",
        "involvedObject.apiVersion",
        "involvedObject.resourceVersion",
        "involvedObject.fieldPath",
        "reason",
        "reportingComponent",
        "type",
    }
)
"""The fields of a v1 Event that field selectors may name."""


def to_core(body: Json) -> Json:
    """Return an events.k8s.io/v1 Event in the words of v1."""
    return {_CORE_NAMES.get(name, name): value for name, value in body.items()}


def from_core(body: Json) -> Json:
    """Return a v1 Event in the words of events.k8s.io/v1."""
    return {_NEW_NAMES.get(name, name): value for name, value in body.items()}


def new_path(path: str) -> str:
    """Return a path into a v1 Event as one into an events.k8s.io/v1 Event."""
    name, dot, rest = path.partition(".")
    return _NEW_NAMES.get(name, name) + dot + rest
