"""List and watch: tells what changed among the objects of one resource, in order and without gaps.

    list ──▶ what differs from before ──▶ watch from that version ──▶ each change
      ▲                                        │ ends: watch again from the last version seen
      └───────────── 410: too old ─────────────┘ fails: the same, after a back-off

Only identity and version of each object are kept. That is enough to tell what a second list holds anew, and costs
little beside a cache of the objects.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from enum import Enum
from http import HTTPStatus
from threading import Event, Thread
from typing import Final

from attrs import frozen

from secretsync.clock import Clock
from secretsync.errors import BackendError
from secretsync.retry import Backoff, Chance

from .resources import Resource
from .transport import JSON, METADATA, METADATA_LIST, ApiError, Json, Stream, Transport, refused

_log = logging.getLogger("secretsync.cluster")

_LIST_TIMEOUT: Final = 60.0
_WATCH_SECONDS: Final = 300
"""After so long, and up to twice as long by chance, the server ends the watch: reconnecting is spread that way."""
_SILENCE: Final = 90.0
"""Seconds without a byte after which a connection counts as dead: a live one carries a bookmark each minute."""
_STOP: Final = 5.0
_BACKOFF: Final = Backoff(base=0.5, cap=30.0, floor=0.0)

Key = tuple[str, str]


class ChangeType(Enum):
    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"


@frozen
class Change:
    """What happened to an object.

    Attributes:
        object: The object, or its metadata alone where the watch asks for no more. A deletion that only a second list
            brought to light carries namespace, name, uid and the last version seen.
    """

    type: ChangeType
    object: Json


@frozen
class _Known:
    uid: str
    version: str


class Watch:
    """Watches one resource in one namespace or in all, in a thread of its own.

    `on_change` is called in that thread, one change after the other, and must neither block for long nor raise. When a
    list brings changes, all of them are known here before the first is told.

    Attributes:
        synced: Set once the first list is complete and told.
        failing_since: Since when (on the monotonic clock) the server cannot be followed; None while it is.
    """

    def __init__(
        self,
        transport: Transport,
        resource: Resource,
        *,
        namespace: str | None = None,
        metadata_only: bool = False,
        label_selector: str | None = None,
        on_change: Callable[[Change], None],
        clock: Clock,
        chance: Chance,
    ) -> None:
        self.synced = Event()
        self.failing_since: float | None = None
        self._transport = transport
        self._path = resource.path(namespace)
        self._accepts = (METADATA_LIST, METADATA) if metadata_only else (JSON, JSON)
        self._selector = {"labelSelector": label_selector} if label_selector else {}
        self._on_change = on_change
        self._clock = clock
        self._chance = chance
        self._known: dict[Key, _Known] = {}
        self._version = ""
        self._stream: Stream | None = None
        self._stopping = Event()
        self._thread = Thread(target=self._run, name=f"watch {resource.plural}", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """End the watch and its thread; not to be called from `on_change`.

        Closing the stream ends it at once. A list or a connect under way is waited for a few seconds, then left to its
        time-out; nothing is told any more.
        """
        self._stopping.set()
        if self._stream is not None:
            self._stream.close()
        self._thread.join(_STOP)

    # -- the loop

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                self._follow()
                failures = 0
            except BackendError as error:
                failures += 1
                self._failed(error)
                self._stopping.wait(_BACKOFF.delay(failures, self._chance))

    def _failed(self, error: BackendError) -> None:
        if self._stopping.is_set():
            return
        if isinstance(error, ApiError) and error.status == HTTPStatus.GONE:
            self._version = ""
            return
        if self.failing_since is None:
            self.failing_since = self._clock.monotonic()
            _log.warning("cannot follow %s: %s", self._path, error)

    def _follow(self) -> None:
        """Watch until the server ends it; list first where no version is known."""
        if not self._version:
            self._list()
        seconds = int(_WATCH_SECONDS * (1 + self._chance()))
        query = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": self._version,
            "timeoutSeconds": str(seconds),
        }
        stream = self._transport.stream(
            self._path, query=query | self._selector, accept=self._accepts[1], timeout=_SILENCE
        )
        self._stream = stream
        if self._stopping.is_set():  # between the look in the loop and now: `stop` did not see this stream
            stream.close()
        try:
            self._recovered()
            for event in stream:
                self._take(event)
        finally:
            stream.close()

    def _recovered(self) -> None:
        if self.failing_since is not None:
            self.failing_since = None
            _log.info("follows %s again", self._path)

    # -- a list

    def _list(self) -> None:
        answer = self._transport.request(
            "GET", self._path, query=self._selector, accept=self._accepts[0], timeout=_LIST_TIMEOUT
        )
        items = {_key(item): item for item in answer.get("items") or ()}
        changes = self._difference(items)
        self._known = {key: _known(item) for key, item in items.items()}
        self._version = answer["metadata"]["resourceVersion"]
        for change in changes:
            self._tell(change)
        self.synced.set()

    def _difference(self, items: dict[Key, Json]) -> list[Change]:
        """Return deletions first, so that an object that was made anew is told as gone and then as new."""
        found = {key: _known(item) for key, item in items.items()}
        gone = [key for key, known in self._known.items() if key not in found or found[key].uid != known.uid]
        changes = [Change(ChangeType.DELETED, _remains(key, self._known[key])) for key in gone]
        for key, item in items.items():
            if key not in self._known or key in gone:
                changes.append(Change(ChangeType.ADDED, item))
            elif found[key] != self._known[key]:
                changes.append(Change(ChangeType.MODIFIED, item))
        return changes

    # -- an event

    def _take(self, event: Json) -> None:
        kind, item = event.get("type"), event.get("object") or {}
        if kind == "ERROR":
            raise refused(f"watch {self._path}", int(item.get("code") or 0), item)
        self._version = item["metadata"]["resourceVersion"]
        if kind == "BOOKMARK":
            return
        change = Change(ChangeType(kind), item)
        if change.type is ChangeType.DELETED:
            self._known.pop(_key(item), None)
        else:
            self._known[_key(item)] = _known(item)
        self._tell(change)

    def _tell(self, change: Change) -> None:
        if not self._stopping.is_set():
            self._on_change(change)


def _key(item: Json) -> Key:
    metadata = item["metadata"]
    return metadata.get("namespace", ""), metadata["name"]


def _known(item: Json) -> _Known:
    return _Known(item["metadata"]["uid"], item["metadata"]["resourceVersion"])


def _remains(key: Key, known: _Known) -> Json:
    namespace, name = key
    return {"metadata": {"namespace": namespace, "name": name, "uid": known.uid, "resourceVersion": known.version}}
