"""Objects in memory, one counter of versions for all of them, and the last changes of each resource for watches.

A stored object is never changed, only replaced; so readers share it without a copy, and whoever takes one out for
changing copies it first. Everything here is called with `Store.lock` held.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping
from threading import Condition, RLock
from typing import Final

from attrs import field

from secretsync.classes import define, frozen

from .status import Json, expired

Kind = tuple[str, str]
"""Group and plural."""
Key = tuple[str, str]
"""Namespace ("" for cluster-scoped) and name."""


@frozen
class Change:
    """What one write did: `before` is None for a creation, `after` for a deletion."""

    version: int
    before: Json | None
    after: Json | None


@define(eq=False)
class Collection:
    """All objects of one resource and its last changes."""

    changed: Condition
    changes: deque[Change]
    objects: dict[Key, Json] = field(factory=dict)
    forgotten: int = 0
    """The version of the newest change that is no longer held."""

    def remember(self, change: Change) -> None:
        if len(self.changes) == self.changes.maxlen:
            self.forgotten = self.changes[0].version
        self.changes.append(change)
        self.changed.notify_all()

    def since(self, version: int) -> list[Change]:
        """Return the changes after `version`, oldest first.

        Raises:
            ApiError: 410, some of them are forgotten.
        """
        if version < self.forgotten:
            raise expired(version, self.forgotten)
        found: list[Change] = []
        for change in reversed(self.changes):
            if change.version <= version:
                break
            found.append(change)
        return found[::-1]

    def at(self, version: int) -> Mapping[Key, Json]:
        """Return all objects as they were at `version`, by taking back what came after it.

        Raises:
            ApiError: 410, some of that is forgotten.
        """
        past = dict(self.objects)
        for change in reversed(self.since(version)):
            if change.before is None:
                past.pop(key_of(change.after or {}), None)
            else:
                past[key_of(change.before)] = change.before
        return past


class Store:
    """Objects by resource, namespace and name.

    Args:
        history: How many changes of each resource are held for watches that start from an old version.
    """

    def __init__(self, *, history: int) -> None:
        self.lock: Final = RLock()
        self.version = 1
        self.dependents: Final[defaultdict[str, set[tuple[Kind, Key]]]] = defaultdict(set)
        """Who names an owner, by the owner's uid."""
        self._history = history
        self._compacted = 0
        self._collections: Final[dict[Kind, Collection]] = {}

    def collection(self, kind: Kind) -> Collection:
        if kind not in self._collections:
            made = Collection(Condition(self.lock), deque(maxlen=self._history), forgotten=self._compacted)
            self._collections[kind] = made
        return self._collections[kind]

    def find(self, kind: Kind, key: Key) -> Json | None:
        return self.collection(kind).objects.get(key)

    def put(self, kind: Kind, body: Json) -> Json:
        """Store `body` under a new version and return what is stored."""
        key = key_of(body)
        collection = self.collection(kind)
        before = collection.objects.get(key)
        stored = self._versioned(body)
        self._index(kind, key, before, stored)
        collection.objects[key] = stored
        collection.remember(Change(self.version, before, stored))
        return stored

    def remove(self, kind: Kind, key: Key) -> Json:
        """Take the object away and return its last state, with the version of its end."""
        collection = self.collection(kind)
        before = collection.objects.pop(key)
        self._index(kind, key, before, None)
        last = self._versioned(before)
        collection.remember(Change(self.version, before, None))
        return last

    def in_namespace(self, namespace: str) -> list[tuple[Kind, Key]]:
        """Return everything that lives in the namespace."""
        kinds = self._collections.items()
        return [(kind, key) for kind, all_ in kinds for key in all_.objects if key[0] == namespace]

    def compact(self) -> None:
        """Forget every change so far, as an API server does in time."""
        self._compacted = self.version
        for collection in self._collections.values():
            collection.changes.clear()
            collection.forgotten = self.version

    def _versioned(self, body: Json) -> Json:
        self.version += 1
        return {**body, "metadata": {**body["metadata"], "resourceVersion": str(self.version)}}

    def _index(self, kind: Kind, key: Key, before: Json | None, after: Json | None) -> None:
        for uid in _owners(before) - _owners(after):
            self.dependents[uid].discard((kind, key))
            if not self.dependents[uid]:
                del self.dependents[uid]
        for uid in _owners(after) - _owners(before):
            self.dependents[uid].add((kind, key))


def key_of(body: Json) -> Key:
    metadata = body["metadata"]
    return metadata.get("namespace", ""), metadata["name"]


def _owners(body: Json | None) -> set[str]:
    references = (body or {}).get("metadata", {}).get("ownerReferences") or ()
    return {reference["uid"] for reference in references}
