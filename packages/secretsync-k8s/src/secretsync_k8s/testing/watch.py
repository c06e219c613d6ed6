"""What goes to one watcher: the changes of a resource as they happen, through a channel that may disturb them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Final

from secretsync.classes import frozen
from secretsync.clock import FOREVER, Deadline

from .status import ApiError, Json, expired
from .store import Change, Collection

Event = tuple[str, Json]
"""ADDED, MODIFIED, DELETED, BOOKMARK or ERROR, and the object as it goes to the watcher."""

BOOKMARKS: Final = 60.0
"""Seconds from one bookmark to the next on a watch that asked for them, as API servers have it."""


class Hung(TimeoutError):
    """Nothing comes any more, though the connection stands."""


@frozen
class Disturbed:
    """How one event goes: `times` 0 drops it, `late` is in seconds, `swapped` lets the next change pass first."""

    times: int = 1
    late: float = 0.0
    swapped: bool = False


Disturb = Callable[[str], Disturbed]
"""How the next event of this type goes."""


def undisturbed(event: str) -> Disturbed:  # noqa: ARG001 - the form of a `Disturb`
    return Disturbed()


class Channel:
    """Events between server and watcher. Used with the store's lock held."""

    def __init__(self, disturb: Disturb) -> None:
        self._disturb = disturb
        self._swapped: list[Event] = []
        self._queue: deque[tuple[float, Event]] = deque()

    def carry(self, events: list[Event], now: float) -> list[Event]:
        """Return what arrives now; one that is late holds up those behind it."""
        for event in events:
            self._queue.extend(self._sent(event, now))
        arrived = []
        while self._queue and self._queue[0][0] <= now:
            arrived.append(self._queue.popleft()[1])
        return arrived

    def due_at(self) -> float:
        return self._queue[0][0] if self._queue else FOREVER

    def rest(self) -> list[Event]:
        """Return what is still under way, at the end: disturbed is not lost."""
        rest = [*(event for _, event in self._queue), *self._swapped]
        self._queue.clear()
        self._swapped.clear()
        return rest

    def _sent(self, event: Event, now: float) -> Iterator[tuple[float, Event]]:
        disturbed = self._disturb(event[0])
        if disturbed.swapped:
            self._swapped.append(event)
            return
        sent = [event] * disturbed.times
        if sent:
            before, self._swapped = self._swapped, []
            # A bookmark that passes a change would lose it for who resumes from there.
            sent = [*before, *sent] if event[0] == "BOOKMARK" else [*sent, *before]
        yield from ((now + disturbed.late, each) for each in sent)


class Watch:
    """The changes of one resource as they happen: iterate over its events; `close` ends it from any thread.

    It ends by itself when its deadline is over, or with an ERROR event when changes that it has not seen are
    forgotten.

    Args:
        first: Events that come before any change.
        version: The changes after this one are told.
        selects: Whether an object is watched; one that ceases to be selected counts as deleted.
        serve: Makes the served form of a stored object.
        bookmark: Makes a bookmark of the present; None for a watcher that wants none.
    """

    def __init__(
        self,
        collection: Collection,
        *,
        first: list[Event],
        version: int,
        selects: Callable[[Json], bool],
        serve: Callable[[Json], Json],
        bookmark: Callable[[], Event] | None,
        deadline: Deadline,
    ) -> None:
        self._collection = collection
        self._ready = first
        self._version = version
        self._selects = selects
        self._serve = serve
        self._deadline = deadline
        self._bookmark = bookmark
        self._bookmark_at = deadline.clock.monotonic() + BOOKMARKS if bookmark else FOREVER
        self._channel = Channel(undisturbed)
        self._closed = self._frozen = self._expired = False

    def __iter__(self) -> Iterator[Json]:
        while events := self.take():
            yield from events

    def take(self) -> list[Json]:
        """Wait for events and return all there are; none when the watch is over.

        Raises:
            Hung: A test has frozen it.
        """
        with self._collection.changed:
            while (events := self.poll()) is not None and not events:
                self._wait()
        return events or []

    def poll(self) -> list[Json] | None:
        """Return what there is now, maybe nothing; None when the watch is over. Never waits.

        Raises:
            Hung: A test has frozen it.
        """
        with self._collection.changed:
            events = self._arrived()
            if not events and (self._closed or self._deadline.remaining() == 0.0):
                events = self._channel.rest()
                if not events:
                    return None
        return [{"type": type_, "object": body} for type_, body in events]

    @property
    def wake_at(self) -> float:
        """When `poll` has something to say at the latest, on the monotonic clock; a change comes at any time."""
        return min(self._deadline.at, self._bookmark_at, self._channel.due_at())

    def close(self) -> None:
        """End the watch; who waits for events gets none. Twice is fine."""
        with self._collection.changed:
            self._closed = True
            self._collection.changed.notify_all()

    # -- for tests of watchers

    def disturb(self, disturb: Disturb) -> None:
        """Have the events go as `disturb` says; before the first is taken."""
        self._channel = Channel(disturb)

    def expire(self) -> None:
        """End with an ERROR event: 410."""
        with self._collection.changed:
            self._expired = True
            self._collection.changed.notify_all()

    def freeze(self) -> None:
        """Tell nothing any more, and do not end."""
        with self._collection.changed:
            self._frozen = True
            self._collection.changed.notify_all()

    def send_bookmark(self) -> None:
        """Send a bookmark now, if bookmarks are wanted."""
        with self._collection.changed:
            self._bookmark_at = min(0.0, self._bookmark_at) if self._bookmark else FOREVER
            self._collection.changed.notify_all()

    # -- with the lock held

    def _wait(self) -> None:
        until = self.wake_at
        seconds = until - self._deadline.clock.monotonic()
        self._collection.changed.wait(None if until == FOREVER else max(0.0, seconds))

    def _arrived(self) -> list[Event]:
        if self._closed:
            return []
        if self._frozen:
            raise Hung
        return self._channel.carry(self._new(), self._deadline.clock.monotonic())

    def _new(self) -> list[Event]:
        ready, self._ready = self._ready, []
        try:
            changes = self._changes()
        except ApiError as error:
            self._closed = True
            return [*ready, ("ERROR", error.to_json())]
        told = [event for change in changes for event in self._event(change)]
        return [*ready, *told, *self._bookmarks()]

    def _changes(self) -> list[Change]:
        if self._expired:
            raise expired(self._version, self._version)
        changes = self._collection.since(self._version)
        if changes:
            self._version = changes[-1].version
        return changes

    def _bookmarks(self) -> Iterator[Event]:
        now = self._deadline.clock.monotonic()
        if self._bookmark and now >= self._bookmark_at:
            self._bookmark_at = now + BOOKMARKS
            yield self._bookmark()

    def _event(self, change: Change) -> Iterator[Event]:
        before = change.before if change.before and self._selects(change.before) else None
        after = change.after if change.after and self._selects(change.after) else None
        if after:
            yield ("MODIFIED" if before else "ADDED"), self._serve(after)
        elif before:
            version = str(change.version)
            last = {**before, "metadata": {**before["metadata"], "resourceVersion": version}}
            yield "DELETED", self._serve(last)
