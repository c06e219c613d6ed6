"""Outcomes become status, events and counts. One status write a report at most, and none when nothing changed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

from secretsync.classes import frozen
from secretsync.clock import Clock
from secretsync.errors import BackendError, Forbidden, TargetError
from secretsync.reconcile.messages import Outcome, Report
from secretsync.targets import Change, Note

from ..cluster import finalizers
from ..cluster.events import Events, EventType
from ..cluster.transport import JSON_PATCH, ApiError, Json, Transport
from ..kinds.base import ObjectRef, Rollouts
from .metrics import Metrics
from .objects import Held, Objects

_log = logging.getLogger("secretsync.operator")

GIVE_UP: Final = 600.0
"""Seconds for which an object on its way out waits for what we are not let to delete (kmssecret §5)."""

_LEVELS: Final[Mapping[EventType, int]] = {"Normal": logging.INFO, "Warning": logging.WARNING}
_NORMAL: Final = {change.value for change in Change} - {Change.CORRECTED.value}


@frozen
class Reporter:
    """Called by the driver, for different objects on several threads at once."""

    objects: Objects[Any]
    transport: Transport
    events: Events
    metrics: Metrics
    clock: Clock
    rollouts: Callable[[str], Rollouts | None]
    """How workloads stand to what the object with this mark keeps; None while that is not settled."""

    def report(self, report: Report) -> None:
        """Write the status if it differs, or may differ, then tell what happened.

        Raises:
            BackendError: The API server cannot be had; the engine tries again.
            TargetMoved: Its workloads are being written of; likewise.
        """
        outcome = report.outcome
        with self.objects.turn(report.key):
            held = self.objects.get(report.key)
            if held is None:
                return  # deleted meanwhile
            before = held.status
            status = before if outcome.gone else self._status(held, outcome, before)
            if status is not before or (held.doubtful and not outcome.gone):
                self._write(report.key, held, status)
        self._count(held.ref, outcome)
        self._tell(held, outcome, before, status)
        self._release(held, outcome)

    def _status(self, held: Held, outcome: Outcome, before: Json) -> Json:
        rollouts = self.rollouts(held.ref.mark)
        return self.objects.kind.status(held.obj, outcome, before, self.clock.now(), rollouts=rollouts)

    def redeployed(self, key: str) -> None:
        """Write how the workloads of an object stand, once all of them are settled; raises as `report` does."""
        with self.objects.turn(key, alone=True):
            held = self.objects.get(key)
            rollouts = self.rollouts(held.ref.mark) if held else None
            if held is None or rollouts is None:
                return
            before = held.status
            status = self.objects.kind.redeployed(before, rollouts, self.clock.now())
            if status is not before:
                self._write(key, held, status)

    def _write(self, key: str, held: Held, status: Json) -> None:
        ref = held.ref
        path = self.objects.kind.resource.path(ref.namespace, ref.name, "status")
        try:
            answer = self.transport.request("PATCH", path, body=_of(ref, status), content_type=JSON_PATCH)
        except BackendError as error:
            # The Secret is in step all the same (kmssecret §4 step 10). A status in conflict, or refused by an old
            # schema, is tried again ever more seldom; that of an object which is gone is not.
            if isinstance(error, ApiError):
                _log.warning("the status of %s was not taken: %s", key, error)
                if error.status == HTTPStatus.NOT_FOUND:
                    return
            self.objects.doubt(key, held)
            raise
        self.objects.wrote(key, held, answer.get("status") or status)

    def _release(self, held: Held, outcome: Outcome) -> None:
        """Let the object go when nothing of it is left to clean up, or nothing can be done about what is."""
        if self._is_stuck(held, outcome):
            ref = held.ref
            note = f"left behind after {GIVE_UP / 60:.0f} minutes, delete it by hand: {_texts(outcome)}"
            self.events.post(held.obj, type="Warning", reason=self.objects.kind.reason(outcome.errors[0]), note=note)
            _log.warning("%s: %s", self.objects.key(ref), note)
        elif not outcome.gone and not _needs_nothing_more(held, outcome):
            return
        if (finalizer := self.objects.finalizer(held)) is not None:
            finalizers.remove(self.transport, finalizer)

    def _is_stuck(self, held: Held, outcome: Outcome) -> bool:
        """Whether an object has waited too long for what we are not let to delete. An outage is waited out."""
        since = held.obj["metadata"].get("deletionTimestamp")
        if not since or not outcome.errors or not all(isinstance(e, TargetError | Forbidden) for e in outcome.errors):
            return False
        return (self.clock.now() - datetime.fromisoformat(since)).total_seconds() >= GIVE_UP

    def _count(self, ref: ObjectRef, outcome: Outcome) -> None:
        who = {"namespace": ref.namespace, "name": ref.name}
        self.metrics.synced(**who, result="error" if outcome.errors else "success", seconds=outcome.took)
        for error in outcome.errors:
            self.metrics.failed(**who, reason=self.objects.kind.reason(error))
        for note in outcome.notes:
            if note.reason == Change.CORRECTED.value:
                self.metrics.corrected(**who)

    def _tell(self, held: Held, outcome: Outcome, before: Json, status: Json) -> None:
        for note, kind in _notes(outcome, before, status):
            self.announce(held, note, kind)
        ready, earlier = _ready(status), _ready(before)
        if ready and earlier and ready["status"] == "True" and earlier["status"] == "False":
            _log.info("%s: %s again: %s", self.objects.key(held.ref), ready["reason"], ready["message"])

    def announce(self, held: Held, note: Note, kind: EventType) -> None:
        """Tell what happened to an object, by an event and in the log."""
        self.events.post(held.obj, type=kind, reason=note.reason, note=note.message)
        _log.log(_LEVELS[kind], "%s: %s: %s", self.objects.key(held.ref), note.reason, note.message)


def _notes(outcome: Outcome, before: Json, status: Json) -> Iterator[tuple[Note, EventType]]:
    """What happened, then why it is not well, if that is news."""
    for note in outcome.notes:
        yield note, "Normal" if note.reason in _NORMAL else "Warning"
    ready = _ready(status)
    if ready and ready["status"] == "False" and _facts(ready) != _facts(_ready(before)):
        yield Note(ready["reason"], ready["message"]), "Warning"


def _of(ref: ObjectRef, status: Json) -> list[Json]:
    """Return the patch that writes a status to this very object: one of the same name may have taken its place.

    Not as `metadata.uid` in a merge patch, which a status sub-resource of a custom resource leaves aside.
    """
    return [
        {"op": "test", "path": "/metadata/uid", "value": ref.uid},
        {"op": "add", "path": "/status", "value": status},
    ]


def _needs_nothing_more(held: Held, outcome: Outcome) -> bool:
    """Whether all is in step and nothing is owned where the cluster does not collect it.

    An object must not wait for us without need: once the operator is uninstalled, it would wait for ever.
    """
    owned = (kept.recorded.ref for kept in outcome.targets if kept.recorded.policy.owns)
    return outcome.ready and all(ref.namespace == held.ref.namespace for ref in owned)


def _texts(outcome: Outcome) -> str:
    return "; ".join(str(error) for error in outcome.errors)


def _ready(status: Json) -> Json | None:
    conditions: list[Json] = status.get("conditions") or []
    return next((condition for condition in conditions if condition["type"] == "Ready"), None)


def _facts(condition: Json | None) -> tuple[str, ...]:
    return tuple(condition[name] for name in ("status", "reason", "message")) if condition else ()
