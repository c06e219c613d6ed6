"""List and watch: tells what changed among the objects of one resource, without gaps.

    list ──▶ what differs from before ──▶ watch from that version ──▶ each change
      ▲                                        │ ends: watch again from the last version seen
      └──────── the version is no use ─────────┘ fails, or is deaf: the same, after a back-off

What is told is a reason to look, not a history: `replica` says why an older state may come once more.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from http import HTTPStatus
from threading import Event, Lock, Thread
from typing import Final

from secretsync.clock import Clock
from secretsync.errors import BackendError, RateLimited
from secretsync.retry import Backoff, Chance

from .replica import Change, ChangeType, Key, Replica, key_of
from .resources import Resource
from .transport import JSON, METADATA, METADATA_LIST, ApiError, Json, Stream, Transport, refused

_log = logging.getLogger("secretsync.cluster")

PAGE: Final = 500
SILENCE: Final = 70.0
"""Seconds without a byte after which a watch is deaf. A server that is asked for bookmarks sends one each minute, up to
a few seconds late: a shorter time would end every quiet watch."""
_LIST_TIMEOUT: Final = 60.0
_WATCH_SECONDS: Final = 300
"""After so long, and up to twice as long by chance, the server ends the watch: reconnecting is spread that way."""
_SHORT: Final = 1.0
"""A watch that ends sooner counts as a failure: a server that accepts and closes must not be asked without end."""
AHEAD: Final = 3.0
"""Seconds by which one resource is listed before the others, at most."""
_STOP: Final = 5.0
_BACKOFF: Final = Backoff(base=0.5, cap=30.0, floor=0.0)
_LONGEST: Final = 60.0
"""Seconds a server may ask us to wait: more would be an outage by its own word."""


Listener = Callable[[Change], None]
Interest = Callable[[Key], bool]
"""Whether a listener wants to hear of the object with this namespace and name; asked anew at each event."""


def everything(key: Key) -> bool:  # noqa: ARG001 - the form of an `Interest`
    return True


class Reflector:
    """Watches one resource in one namespace or in all, in a thread of its own, for any number of listeners.

    When a list brings changes, all of them are known here before the first is told. Of objects that nobody asks for
    nothing is kept; one that is asked for later is told when it next changes, and after the next list.

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
        clock: Clock,
        chance: Chance,
    ) -> None:
        self.synced = Event()
        self.failing_since: float | None = None
        self._transport = transport
        self._path = resource.path(namespace)
        self._accepts = (METADATA_LIST, METADATA) if metadata_only else (JSON, JSON)
        self._selector = {"labelSelector": label_selector} if label_selector else {}
        self._clock = clock
        self._chance = chance
        self._listeners: tuple[tuple[Listener, Interest], ...] = ()
        self._replica = Replica()
        self._expected: set[Key] = set()
        self._version = ""
        self._proven = False
        self._failures = 0
        self._heard = clock.monotonic()
        self._opened: float | None = None
        self._stream: Stream | None = None
        self._stopping = Event()
        self._thread = Thread(target=self._run, name=f"watch {resource.plural}", daemon=True)

    def listen(self, on_change: Listener, *, interest: Interest = everything) -> None:
        """Have `on_change` called for each change that is of interest; only before `start`.

        It is called in the reflector's thread, one change after the other, and must not block for long. What it
        raises is logged by its type and ends nothing.
        """
        if self._thread.ident is not None:
            raise RuntimeError("a listener must be there before the first list")
        self._listeners += ((on_change, interest),)

    def expect(self, key: Key) -> None:
        """Have it told as gone if the next list does not hold it; from any thread.

        For who reads or writes an object past this watch, and before that: what came and went while the server could
        not be followed is in no list, so nobody would hear of its end. May tell of an end that was none.
        """
        if key not in self._replica:
            self._expected.add(key)

    def start(self) -> None:
        """Begin; returns at once. Twice is fine."""
        if self._thread.ident is None:
            self._thread.start()

    def stop(self) -> None:
        """End the watch and its thread; not to be called from a listener.

        Closing the stream ends it at once. A list or a connect under way is waited for a few seconds, then left to its
        time-out; nothing is told any more.
        """
        self.begin_stop()
        if self._thread.ident is not None:
            self._thread.join(_STOP)

    def begin_stop(self) -> None:
        """Tell nothing more and let the thread end, without waiting for it."""
        self._stopping.set()
        if self._stream is not None:
            self._stream.close()

    @property
    def silent_for(self) -> float:
        """Seconds since the server was last heard: more than `SILENCE` and a few for reconnecting is a deaf watch."""
        return self._clock.monotonic() - self._heard

    def lacks(self, key: Key) -> bool:
        """Return whether there is no such object, as far as a watch can know: followed now, and of all there are.

        Any thread may ask.
        """
        followed = self.synced.is_set() and bool(self._version) and self.failing_since is None
        complete = any(interest is everything for _, interest in self._listeners)
        return followed and complete and key not in self._replica

    def contradicts(self, key: Key, version: str) -> bool:
        """Return whether the object is not at this version, as far as a watch can know. Any thread may ask."""
        return self.lacks(key) or self._replica.version(key) not in ("", version)

    # -- the loop

    def _run(self) -> None:
        while not self._stopping.wait(self.step()):
            pass

    def step(self) -> float:
        """Follow the server until it ends the watch or fails; return the seconds to wait before the next round."""
        began, self._opened = self._clock.monotonic(), None
        asked = 0.0
        try:
            self._follow()
            failed = False
        except BackendError as error:
            failed = True
            asked = min(_LONGEST, error.retry_after) if isinstance(error, RateLimited) else 0.0
            self._failed(error)
        except Exception as error:  # noqa: BLE001 - a thread that dies is deaf for ever; its text may hold an object
            failed = True
            self._version = ""  # whatever it was, a list tells what was missed
            self._failing(f"by a fault of ours: {type(error).__name__}")
        return self._pause(began, failed=failed, asked=asked)

    def _pause(self, began: float, *, failed: bool, asked: float) -> float:
        """Return the seconds to wait; those that a silent server has cost already count."""
        now, opened = self._clock.monotonic(), self._opened
        if opened is not None and now - opened >= _SHORT:
            self._failures = 0
            if not failed:
                return 0.0
        self._failures += 1
        waited = now - began if opened is None else 0.0
        return max(asked, _BACKOFF.delay(self._failures, self._chance) - waited)

    def _failed(self, error: BackendError) -> None:
        if _is_outdated(error):
            self._version = ""
            if self._proven:  # the server is there again, and what it is asked next is something else
                self._failures, self._proven = 0, False
        if error.status != HTTPStatus.GONE:
            self._failing(str(error))

    def _failing(self, why: str) -> None:
        if self.failing_since is None and not self._stopping.is_set():
            self.failing_since = self._clock.monotonic()
            _log.warning("cannot follow %s: %s", self._path, why)

    def _follow(self) -> None:
        """Watch until the server ends it; list first where no version is known."""
        if not self._version:
            self._list()
        stream = self._transport.stream(self._path, query=self._watch_query(), accept=self._accepts[1], timeout=SILENCE)
        self._stream = stream
        if self._stopping.is_set():  # between the look in the loop and now: `begin_stop` did not see this stream
            stream.close()
        try:
            self._opened, self._proven = self._hear(), True
            self._recovered()
            for event in stream:
                self._hear()
                self._take(event)
        finally:
            stream.close()

    def _watch_query(self) -> dict[str, str]:
        seconds = int(_WATCH_SECONDS * (1 + self._chance()))
        return self._selector | {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": self._version,
            "timeoutSeconds": str(seconds),
        }

    def _hear(self) -> float:
        self._heard = self._clock.monotonic()
        return self._heard

    def _recovered(self) -> None:
        if self.failing_since is not None:
            self.failing_since = None
            _log.info("follows %s again", self._path)

    # -- a list

    def _list(self) -> None:
        expected = frozenset(self._expected)  # those that come from now on may be younger than the list
        try:
            items, version = self._pages(PAGE)
        except ApiError as error:
            if error.status != HTTPStatus.GONE:
                raise
            # The pages took longer than the server remembers; it would happen again, so everything at once.
            items, version = self._pages(None)
        self._version = version
        changes = self._replica.replace(items)
        self._expected -= expected
        for change in (*map(_gone, expected - items.keys()), *changes):
            self._tell(change)
        self.synced.set()

    def _pages(self, limit: int | None) -> tuple[dict[Key, Json], str]:
        """Return what is known or asked for, and the version it is of; the rest of each page is dropped at once."""
        items: dict[Key, Json] = {}
        query = self._selector | ({"limit": str(limit)} if limit else {})
        while True:
            page = self._transport.request(
                "GET", self._path, query=query, accept=self._accepts[0], timeout=_LIST_TIMEOUT
            )
            self._hear()
            keyed = ((key_of(item), item) for item in page.get("items") or ())
            # What is known stays, wanted or not: only so its absence from here means that it is gone.
            items |= {key: item for key, item in keyed if key in self._replica or self._is_wanted(key)}
            metadata = page["metadata"]
            if not metadata.get("continue"):
                return items, metadata["resourceVersion"]
            query = query | {"continue": metadata["continue"]}

    # -- an event

    def _take(self, event: Json) -> None:
        kind, item = event.get("type"), event.get("object") or {}
        if kind == "ERROR":
            self._version = ""
            raise refused(f"watch {self._path}", int(item.get("code") or 0), item)
        if kind != "BOOKMARK":
            self._changed(ChangeType(kind), item)
        self._version = item["metadata"]["resourceVersion"]

    def _changed(self, kind: ChangeType, item: Json) -> None:
        if not self._is_wanted(key := key_of(item)):
            self._replica.forget(key)
            return
        self._expected.discard(key)
        for change in self._replica.take(kind, item):
            self._tell(change)

    # -- listeners

    def _is_wanted(self, key: Key) -> bool:
        return any(interest(key) for _, interest in self._listeners)

    def _tell(self, change: Change) -> None:
        key = key_of(change.object)
        for on_change, interest in self._listeners:
            if self._stopping.is_set() or not interest(key):
                continue
            try:
                on_change(change)
            except Exception as error:  # noqa: BLE001 - one listener's fault must not deafen the others
                _log.error("a listener of %s failed, by a fault of ours: %s", self._path, type(error).__name__)


def _gone(key: Key) -> Change:
    namespace, name = key
    return Change(ChangeType.DELETED, {"metadata": {"namespace": namespace, "name": name}})


def _is_outdated(error: BackendError) -> bool:
    """Whether the version we hold is no use: too old, of a resource that went and came, or ahead of a restored server.

    The last one is a 504, as a gateway's time-out is; a list too many does no harm.
    """
    return isinstance(error, ApiError) or error.status == HTTPStatus.GATEWAY_TIMEOUT


class Reflectors:
    """The watches of a process: one for each resource, form and namespace in scope, shared by all who listen.

    Made and listened to by one thread; what it tells may be asked by any.

    Args:
        namespaces: Those in scope; none means the whole cluster, by one watch. Cluster-scoped resources have one
            watch in either case.
    """

    def __init__(self, transport: Transport, *, namespaces: Iterable[str] = (), clock: Clock, chance: Chance) -> None:
        self._transport = transport
        self._namespaces: tuple[str | None, ...] = tuple(dict.fromkeys(namespaces)) or (None,)
        self._clock = clock
        self._chance = chance
        self._reflectors: dict[tuple[Resource, str | None, bool], Reflector] = {}
        self._later: dict[Resource, tuple[Listener, str]] = {}
        self._labelled: tuple[tuple[Resource, str | None, Reflector], ...] = ()
        self._lock = Lock()
        self._stopped = False

    def listen(
        self,
        resource: Resource,
        on_change: Listener,
        *,
        metadata_only: bool = False,
        interest: Interest = everything,
    ) -> None:
        """Have `on_change` called for what changes in scope; see `Reflector.listen`. Only before `start_all`.

        With several namespaces it is called by several threads, never two for one object.
        """
        for namespace in self._namespaces if resource.namespaced else (None,):
            self.get(resource, namespace=namespace, metadata_only=metadata_only).listen(on_change, interest=interest)

    def get(self, resource: Resource, *, namespace: str | None = None, metadata_only: bool = False) -> Reflector:
        """Return the one reflector of that resource, namespace and form."""
        key = (resource, namespace, metadata_only)
        if key not in self._reflectors:
            self._reflectors[key] = Reflector(
                self._transport,
                resource,
                namespace=namespace,
                metadata_only=metadata_only,
                clock=self._clock,
                chance=self._chance,
            )
        return self._reflectors[key]

    def later(self, resource: Resource, on_change: Listener, *, label_selector: str) -> None:
        """Have the metadata of what carries a label watched in scope, from the first `need` of it on.

        What lacks the label is unknown here: it may be there or not.
        """
        self._later[resource] = (on_change, label_selector)

    def need(self, resource: Resource) -> None:
        """Begin to watch what was left for later; from any thread, and often."""
        if resource not in self._later:
            return
        with self._lock:
            wanted = self._later.pop(resource, None)
            if wanted is None or self._stopped:
                return
            on_change, selector = wanted
            for namespace in self._namespaces:
                made = Reflector(
                    self._transport,
                    resource,
                    namespace=namespace,
                    metadata_only=True,
                    label_selector=selector,
                    clock=self._clock,
                    chance=self._chance,
                )
                made.listen(on_change)
                self._labelled = (*self._labelled, (resource, namespace, made))
                made.start()

    def lacks(self, resource: Resource, key: Key, *, metadata_only: bool = False) -> bool:
        """Return whether a watch knows that there is no such object; see `Reflector.lacks`. Any thread may ask."""
        places = ((resource, place, metadata_only) for place in (key[0], None))
        return any(self._reflectors[place].lacks(key) for place in places if place in self._reflectors)

    def lacks_labelled(self, resource: Resource, key: Key) -> bool:
        """Return whether there is no such object with the label that `later` names, as far as anybody knows.

        Where nobody needed one yet, nothing of that kind is ours.
        """
        labelled = (made for watched, place, made in self._labelled if watched == resource and place in {None, key[0]})
        return resource in self._later or any(made.lacks(key) for made in labelled)

    def contradicts(self, resource: Resource, key: Key, version: str, *, metadata_only: bool = False) -> bool:
        """Return whether a watch knows that the object is not at this version; see `Reflector.contradicts`."""
        places = ((resource, place, metadata_only) for place in (key[0], None))
        return any(self._reflectors[place].contradicts(key, version) for place in places if place in self._reflectors)

    def expect(self, resource: Resource, key: Key) -> None:
        """See `Reflector.expect`; what is out of scope is nobody's to watch. From any thread, after `start_all`."""
        full = ((watched, namespace, reflector) for (watched, namespace, _), reflector in self._reflectors.items())
        for watched, namespace, reflector in (*full, *self._labelled):
            if watched == resource and namespace in {None, key[0]}:
                reflector.expect(key)

    def start_all(self, *, first: Resource | None = None, patience: float = AHEAD) -> None:
        """Begin; returns when the first resource is listed, or had so many seconds for it, and the others are begun.

        So who hears of others can ask about the first.
        """
        ahead = self.of(first)
        for reflector in ahead:
            reflector.start()
        end = self._clock.monotonic() + patience
        for reflector in ahead:
            reflector.synced.wait(max(0.0, end - self._clock.monotonic()))
        for reflector in self.all():
            reflector.start()

    def of(self, resource: Resource | None) -> tuple[Reflector, ...]:
        """Return the watches of one resource."""
        return tuple(reflector for (watched, *_), reflector in self._reflectors.items() if watched == resource)

    def stop_all(self) -> None:
        """End all watches at once, and wait for their threads."""
        with self._lock:
            self._stopped = True
        for reflector in self.all():
            reflector.begin_stop()
        for reflector in self.all():
            reflector.stop()

    @property
    def synced(self) -> bool:
        """Whether every first list is complete and told."""
        return all(reflector.synced.is_set() for reflector in self.all())

    @property
    def failing_since(self) -> float | None:
        """Since when (on the monotonic clock) the longest failing watch cannot follow the server; None if all do."""
        return min((r.failing_since for r in self.all() if r.failing_since is not None), default=None)

    @property
    def silent_for(self) -> float:
        """Seconds since the server was last heard on the most silent watch; 0.0 without any."""
        return max((reflector.silent_for for reflector in self.all()), default=0.0)

    def all(self) -> tuple[Reflector, ...]:
        """Return every watch."""
        return (*self._reflectors.values(), *(reflector for *_, reflector in self._labelled))
