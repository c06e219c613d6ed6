"""The custom resources of one kind, between their watch and the engine."""

from __future__ import annotations

import json
import logging
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Final, Generic, NoReturn, Protocol, TypeVar

from secretsync.classes import define, frozen
from secretsync.digest import Digester
from secretsync.errors import Defect, SecretSyncError, TargetMoved
from secretsync.reconcile.ask import Ask
from secretsync.reconcile.messages import Applied, Desired, Subject, Withdrawn
from secretsync.targets import Target

from ..cluster.finalizers import Finalizer
from ..cluster.queries import HOST
from ..cluster.replica import Change, ChangeType
from ..kinds.base import HasMoved, Json, Kind, ObjectRef, nothing_moved, subject_key

S = TypeVar("S")


class Saw(Protocol):
    """Told of a run that had all its answers: whose, what it asked, and whether its object wants changes at once."""

    def __call__(self, key: str, ask: Ask, *, instant: bool) -> None: ...


_log = logging.getLogger("secretsync.operator")

HOUR: Final = 3600.0
_RESTLESS: Final = {"resourceVersion", "managedFields"}
_FAST: Final = 1
"""The level of compression that takes least time; the others save little more."""
_WINDOW: Final = 12
_MEMORY: Final = 5
"""What a compressor takes, as zlib counts it: 32 kB in all. The usual 256 kB are for texts longer than ours, and what
the threads of a burst took together would stay with the allocator."""


@define(eq=False)
class Held:
    """One object as it was last seen, and its status as it was last seen or written.

    The status is our own from the first write on: what the watch shows of it lags behind. Both are kept packed, since
    an object at rest is looked at by nobody and would take ten times the memory.

    Attributes:
        doubtful: Its status may be another: nobody knows whether the last write of it took effect.
    """

    ref: ObjectRef
    _obj: bytes
    _status: bytes
    doubtful: bool = False

    @classmethod
    def of(cls, obj: Json, status: Json) -> Held:
        return cls(ObjectRef.of(obj), _wish(obj), _packed(status))

    @property
    def obj(self) -> Json:
        """The object without what moves when only its status is written."""
        return _unpacked(self._obj)

    def says(self, obj: Json) -> bool:
        """Whether this is the same object, and it asks for the same."""
        return self._obj == _wish(obj)

    @property
    def status(self) -> Json:
        return _unpacked(self._status)

    @status.setter
    def status(self, status: Json) -> None:
        self._status = _packed(status)


class Objects(Generic[S]):
    """Thread-safe: the watch's thread writes, reporters and collectors read.

    Args:
        moved: Asked of the targets of each object that is new here, so after a start of all.
        saw: Told on the engine's thread, at each evaluation.
    """

    def __init__(
        self, kind: Kind[S], *, digest: Digester, moved: HasMoved = nothing_moved, saw: Saw | None = None
    ) -> None:
        self.kind = kind
        self._moved = moved
        self._saw = saw
        self._digest = digest
        self._held: dict[str, Held] = {}
        self._writing: Counter[str] = Counter()
        self._alone: set[str] = set()
        self._lock = Lock()

    def changed(self, change: Change) -> Applied | Withdrawn | None:
        """Take in what the watch tells and return it for the engine; None where only the status moved, by us mostly.

        An object on its way out that does not wait for us is left alone, and so is one that is paused; to clean up
        goes on, or a pause would keep a namespace from being deleted.
        """
        obj = change.object
        key = self.key(ObjectRef.of(obj))
        if change.type is ChangeType.DELETED or (_leaves(obj) and self.kind.finalizer not in _finalizers(obj)):
            with self._lock:
                self._held.pop(key, None)
            return Withdrawn(key)
        if (now := self.get(key)) is not None and now.says(obj):
            return None
        before, held = self._hold(key, obj)
        if _leaves(obj):
            return Applied(self._leaving(key, obj))
        paused = self.kind.is_paused(obj)
        if paused != (before is not None and self.kind.is_paused(before.obj)):
            _log.info("%s %s", key, "is paused" if paused else "goes on")
        if paused:
            return Withdrawn(key)
        settled = before is None and self.kind.is_settled(obj, self._moved)
        return Applied(self._subject(key, held, obj, settled=settled))

    def _hold(self, key: str, obj: Json) -> tuple[Held | None, Held]:
        """Remember the object; return it as it was, None if it is new, and as it is."""
        with self._lock:
            before = self._held.get(key)
            if before is not None and before.ref.uid == ObjectRef.of(obj).uid:
                held = Held.of(obj, before.status)
                held.doubtful = before.doubtful
            else:
                before, held = None, Held.of(obj, obj.get("status") or {})
            self._held[key] = held
        return before, held

    def key(self, ref: ObjectRef) -> str:
        return subject_key(self.kind.resource.kind, ref)

    def get(self, key: str) -> Held | None:
        with self._lock:
            return self._held.get(key)

    def all(self) -> dict[str, Held]:
        with self._lock:
            return dict(self._held)

    def finalizer(self, held: Held) -> Finalizer | None:
        """Return our finalizer of the object, None where it carries none."""
        if self.kind.finalizer not in _finalizers(held.obj):
            return None
        ref = held.ref
        return Finalizer(self.kind.resource, ref.namespace, ref.name, ref.uid, self.kind.finalizer)

    @contextmanager
    def turn(self, key: str, *, alone: bool = False) -> Iterator[None]:
        """Write the status of an object beside nobody who does `alone`; nobody waits for another here.

        Raises:
            TargetMoved: It is being written already; try again.
        """
        with self._lock:
            if key in self._alone or (alone and self._writing[key]):
                raise TargetMoved(f"the status of {key} is being written")
            self._writing[key] += 1
            if alone:
                self._alone.add(key)
        try:
            yield
        finally:
            with self._lock:
                self._writing[key] -= 1
                if not self._writing[key]:
                    del self._writing[key]
                self._alone.discard(key)

    def wrote(self, key: str, held: Held, status: Json) -> None:
        """Remember the status that was written, unless the object was replaced meanwhile."""
        with self._lock:
            now = self._held.get(key)
            if now is not None and now.ref.uid == held.ref.uid:
                now.status, now.doubtful = status, False

    def doubt(self, key: str, held: Held) -> None:
        """Remember that a status was sent, and nobody knows what became of it."""
        with self._lock:
            now = self._held.get(key)
            if now is not None and now.ref.uid == held.ref.uid:
                now.doubtful = True

    def _subject(self, key: str, held: Held, obj: Json, *, settled: bool) -> Subject:
        desired: Desired = _Wanted(self.kind, held)
        period = HOUR
        try:
            spec = self.kind.decode(obj)
            digest, period = self._digest(spec), self.kind.period(spec)
            if self._saw is not None:
                desired = _Seen(desired, key, self._saw, self.kind.is_instant(spec))
        except SecretSyncError as error:
            desired, digest = _refusing(error), self._digest((ObjectRef.of(obj), str(error)))
        except Exception as error:  # noqa: BLE001 - one object that we cannot read must not end the watch of all
            _log.error("%s cannot be read, by a fault of ours: %s", key, type(error).__name__)
            desired, digest = _refusing(Defect(type(error).__name__)), self._digest(ObjectRef.of(obj))
        return Subject(
            key,
            HOST,
            desired,
            digest,
            period,
            recorded=self.kind.recorded(obj),
            settled=settled,
            fresh=self.kind.sync_request(obj),
        )

    def _leaving(self, key: str, obj: Json) -> Subject:
        desired, digest = _refusing(Defect("an object on its way out wants nothing")), self._digest(ObjectRef.of(obj))
        return Subject(key, HOST, desired, digest, HOUR, recorded=self.kind.recorded(obj), deleted=True)


@frozen
class _Wanted(Generic[S]):
    """What should be, by an object that is decoded at each evaluation: these are rare, and objects at rest are many."""

    kind: Kind[S]
    held: Held

    def __call__(self, ask: Ask) -> tuple[Target, ...]:
        return self.kind.desired(self.kind.decode(self.held.obj), ask)


@frozen
class _Seen:
    """What should be, and somebody is told of what was asked for it: also where an answer was of no use."""

    desired: Desired
    key: str
    saw: Saw
    instant: bool

    def __call__(self, ask: Ask) -> tuple[Target, ...]:
        try:
            return self.desired(ask)
        finally:
            if not ask.missed and ask.failed is None:
                self.saw(self.key, ask, instant=self.instant)


def _wish(obj: Json) -> bytes:
    metadata = {name: value for name, value in obj["metadata"].items() if name not in _RESTLESS}
    return _packed({**obj, "metadata": metadata, "status": {}})


def _packed(value: Json) -> bytes:
    compressor = zlib.compressobj(_FAST, wbits=_WINDOW, memLevel=_MEMORY)
    return compressor.compress(json.dumps(value).encode()) + compressor.flush()


def _unpacked(packed: bytes) -> Json:
    value: Json = json.loads(zlib.decompress(packed).decode())  # of bytes it would guess the encoding
    return value


def _leaves(obj: Json) -> bool:
    return bool(obj["metadata"].get("deletionTimestamp"))


def _finalizers(obj: Json) -> list[str]:
    return obj["metadata"].get("finalizers") or []


def _refusing(error: SecretSyncError) -> Desired:
    """An object that cannot be read goes through the engine like any other, so that its status says why."""

    def desired(ask: Ask) -> NoReturn:  # noqa: ARG001
        raise error

    return desired
