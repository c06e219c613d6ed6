"""What an API server was asked, by its audit log."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from attrs import frozen

Json = dict[str, Any]


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


class AuditLog:
    """Reads a log that is being written. `asked` has everything that was read since it was cleared, oldest first."""

    def __init__(self, path: Path) -> None:
        self.asked: list[Asked] = []
        self._path = path
        self._read = 0

    def read(self) -> list[Asked]:
        """Read on, and return `asked`."""
        with self._path.open("rb") as log:
            log.seek(self._read)
            lines = log.read()
        whole = lines.rfind(b"\n") + 1
        self._read += whole
        events = [json.loads(line) for line in lines[:whole].splitlines()]
        self.asked += [_asked(event) for event in events if _counts(event)]
        self.asked.sort(key=lambda one: one.at)  # the log is in the order of the answers
        return self.asked


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
