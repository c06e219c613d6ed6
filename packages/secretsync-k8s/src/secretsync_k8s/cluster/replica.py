"""What a watch knows of the objects it follows, and what each list and event means after all that was seen before.

Only identity and version of each object are kept: enough to tell what a second list holds anew, and little beside a
cache of the objects. Versions are opaque: two can be equal or not, which one is newer they do not say. So when a
connection repeats or swaps events, what is certainly old is left out (a version that was followed by another, a lower
generation, an object that ended); the rest is told, as telling too much costs a look and telling too little loses a
change.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from sys import intern
from typing import Final

from secretsync.classes import frozen

from .transport import Json

Key = tuple[str, str]
"""Namespace ("" for cluster-scoped objects) and name."""

_REMEMBERED: Final = 4096


class ChangeType(Enum):
    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"


@frozen
class Change:
    """What happened to an object.

    Attributes:
        object: The object, or its metadata alone where the watch asks for no more. A deletion that was only noticed
            afterwards carries namespace, name, uid and the last version seen.
    """

    type: ChangeType
    object: Json


@frozen
class _Known:
    uid: str
    version: str
    generation: int


def key_of(item: Json) -> Key:
    metadata = item["metadata"]
    return intern(metadata.get("namespace", "")), metadata["name"]  # one copy for all objects in it


class Replica:
    """The objects of one watch by namespace and name. For one thread."""

    def __init__(self) -> None:
        self._known: dict[Key, _Known] = {}
        self._old = _Sightings()

    def __contains__(self, key: Key) -> bool:
        return key in self._known

    def version(self, key: Key) -> str:
        """Return the version in which the object was seen last; "" where none is known."""
        known = self._known.get(key)
        return known.version if known else ""

    def forget(self, key: Key) -> None:
        """Know nothing of the object any more; it is told as new when it comes again."""
        self._known.pop(key, None)

    def replace(self, items: Mapping[Key, Json]) -> list[Change]:
        """Take in a list and return what it differs by from what was known.

        Deletions come first, so that an object that was made anew is told as gone and then as new.
        """
        found = {key: _known(item) for key, item in items.items()}
        before, self._known = self._known, found
        gone = [key for key, known in before.items() if key not in found or found[key].uid != known.uid]
        changes = [self._gone(key, before[key]) for key in gone]
        for key, item in items.items():
            if key not in before or before[key].uid != found[key].uid:
                changes.append(Change(ChangeType.ADDED, item))
            elif before[key] != found[key]:
                changes.append(Change(ChangeType.MODIFIED, item))
        return changes

    def take(self, event: ChangeType, item: Json) -> list[Change]:
        """Take in an event of a watch and return what it means: nothing, if it is certainly old."""
        key, now = key_of(item), _known(item)
        before = self._known.get(key)
        if self._old.is_over(now.uid):
            return []
        if event is ChangeType.DELETED:
            return self._deleted(key, item, before)
        if before is not None and before.uid == now.uid and self._old.is_older(now, before):
            return []
        if before is None:
            self._known[key] = now
            return [Change(ChangeType.ADDED, item)]
        if before.uid != now.uid:
            self._known[key] = now
            return [self._gone(key, before), Change(ChangeType.ADDED, item)]
        self._known[key] = _Known(before.uid, now.version, now.generation)  # one copy of the uid, however many events
        self._old.superseded(before)
        return [Change(ChangeType.MODIFIED, item)]

    def _deleted(self, key: Key, item: Json, before: _Known | None) -> list[Change]:
        uid = item["metadata"]["uid"]
        self._old.ended(uid)
        if before is not None and before.uid != uid:
            return []  # its successor is known already and goes on
        self._known.pop(key, None)
        return [Change(ChangeType.DELETED, item)]

    def _gone(self, key: Key, known: _Known) -> Change:
        self._old.ended(known.uid)
        namespace, name = key
        remains = {"namespace": namespace, "name": name, "uid": known.uid, "resourceVersion": known.version}
        return Change(ChangeType.DELETED, {"metadata": remains})


class _Sightings:
    """The last versions that were followed by others, and the last objects that ended.

    Enough for what a connection repeats or swaps; bounded, because a watch goes on for months.
    """

    def __init__(self) -> None:
        self._marks: dict[tuple[str, str], None] = {}  # an ordered set: uid and version, "" for the end

    def superseded(self, known: _Known) -> None:
        self._remember((known.uid, known.version))

    def ended(self, uid: str) -> None:
        self._remember((uid, ""))

    def is_over(self, uid: str) -> bool:
        return (uid, "") in self._marks

    def is_older(self, now: _Known, before: _Known) -> bool:
        """Return whether `now` is certainly no later state of an object than `before`."""
        return now == before or (now.uid, now.version) in self._marks or now.generation < before.generation

    def _remember(self, mark: tuple[str, str]) -> None:
        self._marks[mark] = None
        if len(self._marks) > _REMEMBERED:
            del self._marks[next(iter(self._marks))]


def _known(item: Json) -> _Known:
    metadata = item["metadata"]
    return _Known(metadata["uid"], metadata["resourceVersion"], metadata.get("generation", 0))
