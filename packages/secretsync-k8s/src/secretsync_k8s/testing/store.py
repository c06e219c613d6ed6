"""Objects in memory, one counter of versions for all of them, and the last changes of each resource for watches.

A stored object is never changed, only replaced; so readers share it without a copy, and whoever takes one out for
changing copies it first. Everything here is called with `Store.lock` held, but for `Watch`, which takes it.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from threading import Condition, RLock
from typing import Final

from attrs import define, field, frozen

from secretsync.clock import Deadline

from .status import ApiError, Json, expired

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
        self._collections: Final[dict[Kind, Collection]] = {}

    def collection(self, kind: Kind) -> Collection:
        if kind not in self._collections:
            made = Collection(Condition(self.lock), deque(maxlen=self._history))
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
        collection.remember(Change(self.version, last, None))
        return last

    def in_namespace(self, namespace: str) -> list[tuple[Kind, Key]]:
        """Return everything that lives in the namespace."""
        kinds = self._collections.items()
        return [(kind, key) for kind, all_ in kinds for key in all_.objects if key[0] == namespace]

    def compact(self) -> None:
        """Forget every change so far, as an API server does in time."""
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


Event = tuple[str, Json]
"""ADDED, MODIFIED, DELETED, BOOKMARK or ERROR, and the object as it goes to the watcher."""


class Watch:
    """The changes of one resource as they happen: iterate over its events; `close` ends it from any thread.

    It ends by itself when its deadline is over, or with an ERROR event when changes that it has not seen are
    forgotten.

    Args:
        first: Events that come before any change.
        version: The changes after this one are told.
        selects: Whether an object is watched; one that ceases to be selected counts as deleted.
        serve: Makes the served form of a stored object.
    """

    def __init__(
        self,
        collection: Collection,
        *,
        first: list[Event],
        version: int,
        selects: Callable[[Json], bool],
        serve: Callable[[Json], Json],
        deadline: Deadline,
    ) -> None:
        self._collection = collection
        self._ready = first
        self._version = version
        self._selects = selects
        self._serve = serve
        self._deadline = deadline
        self._closed = False

    def __iter__(self) -> Iterator[Json]:
        while events := self.take():
            yield from events

    def take(self) -> list[Json]:
        """Wait for events and return all there are; none when the watch is over."""
        with self._collection.changed:
            while not (events := self._pending()) and self._wait():
                pass
        return [{"type": type_, "object": body} for type_, body in events]

    def close(self) -> None:
        """End the watch; who waits for events gets none. Twice is fine."""
        with self._collection.changed:
            self._closed = True
            self._collection.changed.notify_all()

    def _wait(self) -> bool:
        left = self._deadline.remaining()
        if self._closed or not left:
            return False
        self._collection.changed.wait(None if left == float("inf") else left)
        return not self._closed

    def _pending(self) -> list[Event]:
        if self._closed:
            return []
        ready, self._ready = self._ready, []
        try:
            changes = self._collection.since(self._version)
        except ApiError as error:
            self._closed = True
            return [*ready, ("ERROR", error.to_json())]
        if changes:
            self._version = changes[-1].version
        return [*ready, *(event for change in changes for event in self._event(change))]

    def _event(self, change: Change) -> Iterator[Event]:
        before = change.before if change.before and self._selects(change.before) else None
        after = change.after if change.after and self._selects(change.after) else None
        if after:
            yield ("MODIFIED" if before else "ADDED"), self._serve(after)
        elif before:
            version = str(change.version)
            last = {**before, "metadata": {**before["metadata"], "resourceVersion": version}}
            yield "DELETED", self._serve(last)
