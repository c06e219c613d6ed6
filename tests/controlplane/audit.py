"""What an API server was asked, by its audit log.

That a request was answered is noted after everybody may have seen what it did: a watch tells of a write before the log
does. But that it came is noted before anything is done. So whoever reads waits for the answers to all that came.
"""

from __future__ import annotations

import json
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any, Final, Protocol

from attrs import frozen

from controlplane.plane import PATIENCE

Json = dict[str, Any]

CAME: Final = "RequestReceived"


@frozen
class Asked:
    """One request that was answered, or a watch that was opened.

    Attributes:
        user: As the server knows who asked.
        agent: What the program said of itself.
        at: When it came: text that sorts.
    """

    user: str
    agent: str
    verb: str
    group: str
    resource: str
    subresource: str
    namespace: str
    name: str
    status: int
    at: str


class Logs(Protocol):
    """A control plane, as far as its log goes; see there."""

    @property
    def audit_log(self) -> Path: ...
    @property
    def api_ended(self) -> str: ...


class AuditLog:
    """Reads a log that is being written. `asked` has everything that was read since it was cleared, oldest first."""

    def __init__(self, plane: Logs) -> None:
        self.asked: list[Asked] = []
        self._plane = plane
        self._read = 0
        self._unanswered: dict[str, str] = {}
        """When a request came, by its id."""

    def read(self) -> list[Asked]:
        """Read on until all that had come is answered, and return `asked`."""
        self._read_on()
        came, end = self._waiting(), monotonic() + PATIENCE
        while open_ := came & self._waiting():
            assert monotonic() < end, f"not answered within {PATIENCE} s: {open_}"
            Event().wait(0.005)
            self._read_on()
        self.asked.sort(key=lambda one: one.at)  # the log is in the order of the answers
        return self.asked

    def _waiting(self) -> set[str]:
        """Return whom an answer is still to come to: not to those whose API server was killed."""
        return {id_ for id_, at in self._unanswered.items() if at > self._plane.api_ended}

    def _read_on(self) -> None:
        with self._plane.audit_log.open("rb") as log:
            log.seek(self._read)
            lines = log.read()
        whole = lines.rfind(b"\n") + 1
        self._read += whole
        for event in map(json.loads, lines[:whole].splitlines()):
            self._note(event)

    def _note(self, event: Json) -> None:
        if event["stage"] == CAME:
            self._unanswered[event["auditID"]] = event["requestReceivedTimestamp"]
            return
        self._unanswered.pop(event["auditID"], None)
        if _counts(event):
            self.asked.append(_asked(event))


def _counts(event: Json) -> bool:
    # A watch is complete when it ends; that it began is what counts.
    stage = "ResponseStarted" if event["verb"] == "watch" and _status(event) == 200 else "ResponseComplete"
    return event["stage"] == stage and "objectRef" in event


def _status(event: Json) -> int:
    return int((event.get("responseStatus") or {}).get("code", 0))


def _asked(event: Json) -> Asked:
    about = event["objectRef"]
    return Asked(
        user=event["user"]["username"],
        agent=event.get("userAgent", ""),
        verb=event["verb"],
        group=about.get("apiGroup", ""),
        resource=about["resource"],
        subresource=about.get("subresource", ""),
        namespace=about.get("namespace", ""),
        name=about.get("name", ""),
        status=_status(event),
        at=event["requestReceivedTimestamp"],
    )
