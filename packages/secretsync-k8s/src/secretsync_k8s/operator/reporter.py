"""Outcomes become status, events and counts. One status write a report at most, and none when nothing changed."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any, Final

from attrs import frozen

from secretsync.clock import Clock
from secretsync.reconcile.messages import Outcome, Report
from secretsync.targets import Change, Note

from ..cluster.events import Events, EventType
from ..cluster.transport import MERGE_PATCH, ApiError, Json, Transport
from .metrics import Metrics
from .objects import Held, Objects

_log = logging.getLogger("secretsync.operator")

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

    def report(self, report: Report) -> None:
        """Write the status if it differs, then tell what happened.

        Raises:
            BackendError: The API server cannot be had; the engine tries again.
        """
        held = self.objects.get(report.key)
        if held is None:
            return  # deleted meanwhile
        before = held.status
        status = self.objects.kind.status(held.obj, report.outcome, before, self.clock.now())
        if status is not before:
            self._write(report.key, held, status)
        self._count(report.outcome)
        self._tell(held, report.outcome, before, status)

    def _write(self, key: str, held: Held, status: Json) -> None:
        ref = held.ref
        path = self.objects.kind.resource.path(ref.namespace, ref.name, "status")
        try:
            answer = self.transport.request("PATCH", path, body={"status": status}, content_type=MERGE_PATCH)
        except ApiError as error:
            # Gone, in conflict or refused by an old schema: the Secret is in step all the same (kmssecret §4 step 10).
            _log.warning("the status of %s was not taken: %s", key, error)
            return
        self.objects.wrote(key, held, answer.get("status") or status)

    def _count(self, outcome: Outcome) -> None:
        self.metrics.synced(result="error" if outcome.errors else "success")
        for error in outcome.errors:
            self.metrics.failed(reason=self.objects.kind.reason(error))
        for note in outcome.notes:
            if note.reason == Change.CORRECTED.value:
                self.metrics.corrected()

    def _tell(self, held: Held, outcome: Outcome, before: Json, status: Json) -> None:
        key = self.objects.key(held.ref)
        for note, kind in _notes(outcome, before, status):
            self.events.post(held.obj, type=kind, reason=note.reason, note=note.message)
            _log.log(_LEVELS[kind], "%s: %s: %s", key, note.reason, note.message)
        ready, earlier = _ready(status), _ready(before)
        if ready and earlier and ready["status"] == "True" and earlier["status"] == "False":
            _log.info("%s: %s again: %s", key, ready["reason"], ready["message"])


def _notes(outcome: Outcome, before: Json, status: Json) -> Iterator[tuple[Note, EventType]]:
    """What happened, then why it is not well, if that is news."""
    for note in outcome.notes:
        yield note, "Normal" if note.reason in _NORMAL else "Warning"
    ready = _ready(status)
    if ready and ready["status"] == "False" and _facts(ready) != _facts(_ready(before)):
        yield Note(ready["reason"], ready["message"]), "Warning"


def _ready(status: Json) -> Json | None:
    conditions: list[Json] = status.get("conditions") or []
    return next((condition for condition in conditions if condition["type"] == "Ready"), None)


def _facts(condition: Json | None) -> tuple[str, ...]:
    return tuple(condition[name] for name in ("status", "reason", "message")) if condition else ()
