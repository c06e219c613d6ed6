"""The custom resources of one kind, between their watch and the engine."""

from __future__ import annotations

import logging
from functools import partial
from threading import Lock
from typing import Final, Generic, NoReturn, TypeVar

from attrs import define, field

from secretsync.digest import Digester
from secretsync.errors import Defect, SecretSyncError
from secretsync.reconcile.messages import Applied, Desired, Subject, Withdrawn
from secretsync.reconcile.settle import Ask

from ..cluster.replica import Change, ChangeType
from ..cluster.secrets import HOST
from ..kinds.base import Json, Kind, ObjectRef

S = TypeVar("S")

_log = logging.getLogger("secretsync.operator")

HOUR: Final = 3600.0


@define(eq=False)
class Held:
    """One object as it was last seen, and its status as it was last seen or written.

    The status is our own from the first write on: what the watch shows of it lags behind.
    """

    obj: Json
    status: Json = field(factory=dict)

    @property
    def ref(self) -> ObjectRef:
        return ObjectRef.of(self.obj)


class Objects(Generic[S]):
    """Thread-safe: the watch's thread writes, reporters and collectors read."""

    def __init__(self, kind: Kind[S], *, digest: Digester) -> None:
        self.kind = kind
        self._digest = digest
        self._held: dict[str, Held] = {}
        self._lock = Lock()

    def changed(self, change: Change) -> Applied | Withdrawn:
        """Take in what the watch tells and return it for the engine; an object on its way out is left alone."""
        obj = change.object
        key = self.key(ObjectRef.of(obj))
        if change.type is ChangeType.DELETED or obj["metadata"].get("deletionTimestamp"):
            with self._lock:
                self._held.pop(key, None)
            return Withdrawn(key)
        with self._lock:
            before = self._held.get(key)
            same = before is not None and before.ref.uid == ObjectRef.of(obj).uid
            self._held[key] = Held(obj, before.status if before and same else obj.get("status") or {})
        return Applied(self._subject(key, obj))

    def key(self, ref: ObjectRef) -> str:
        return f"{self.kind.resource.kind} {ref.namespace}/{ref.name}"

    def get(self, key: str) -> Held | None:
        with self._lock:
            return self._held.get(key)

    def all(self) -> dict[str, Held]:
        with self._lock:
            return dict(self._held)

    def wrote(self, key: str, held: Held, status: Json) -> None:
        """Remember the status that was written, unless the object was replaced meanwhile."""
        with self._lock:
            now = self._held.get(key)
            if now is not None and now.ref.uid == held.ref.uid:
                now.status = status

    def _subject(self, key: str, obj: Json) -> Subject:
        period = HOUR
        try:
            spec = self.kind.decode(obj)
            desired: Desired = partial(self.kind.desired, spec)
            digest, period = self._digest(spec), self.kind.period(spec)
        except SecretSyncError as error:
            desired, digest = _refusing(error), self._digest((ObjectRef.of(obj), str(error)))
        except Exception as error:  # noqa: BLE001 - one object that we cannot read must not end the watch of all
            _log.error("%s cannot be read, by a fault of ours: %s", key, type(error).__name__)
            desired, digest = _refusing(Defect(type(error).__name__)), self._digest(ObjectRef.of(obj))
        return Subject(key, HOST, desired, digest, period, recorded=self.kind.recorded(obj))


def _refusing(error: SecretSyncError) -> Desired:
    """An object that cannot be read goes through the engine like any other, so that its status says why."""

    def desired(ask: Ask) -> NoReturn:  # noqa: ARG001
        raise error

    return desired
