"""Reports: the newest outcome of every subject on its way to who handed the subject in.

A report that could not be delivered is tried again; a newer outcome takes the place of one that still waits, and
takes its notes along, so that nothing that happened goes untold.
"""

from __future__ import annotations

from typing import Any, Final

from attrs import evolve

from ..classes import define, frozen
from ..clock import FOREVER
from ..errors import RateLimited, SecretSyncError, Unavailable
from ..queries import Failed, Scope
from ..retry import Backoff, Chance
from .hosts import Hosts
from .lanes import Lane
from .messages import Outcome, Report
from .timers import Timers

BACKOFF: Final = Backoff(base=1.0, cap=300.0, floor=0.5)


@frozen
class Tell:
    """A report that waits in its host's queue."""

    key: str


@define(eq=False)
class Pending:
    key: str
    host: str
    outcome: Outcome | None = None
    """None: what was last sent is the newest."""
    lane: Lane = Lane.NEW
    sent: Outcome | None = None
    failures: int = 0
    due: float = FOREVER


class Reports:
    """Owned by one engine."""

    def __init__(self, hosts: Hosts[Any], timers: Timers[Any], *, chance: Chance) -> None:
        self._hosts = hosts
        self._timers = timers
        self._chance = chance
        self._pending: dict[str, Pending] = {}

    def tell(self, key: str, host: str, outcome: Outcome, lane: Lane) -> None:
        pending = self._pending.setdefault(key, Pending(key, host))
        pending.outcome = _newer(pending.outcome, outcome)
        pending.lane = lane
        self.due(pending)

    def due(self, pending: Pending) -> None:
        self._hosts.put(pending.host, Tell(pending.key), pending.lane)

    def take(self, tell: Tell, verdict: Failed | None, now: float) -> Report | None:
        """Return the report that goes out now; while its host is down it waits."""
        pending = self._pending.get(tell.key)
        if pending is None or pending.outcome is None or pending.sent is not None:
            return None
        if verdict:
            self._timers.at(now + verdict.retry_after, pending)
            return None
        pending.sent, pending.outcome = pending.outcome, None
        return Report(pending.host, pending.key, pending.sent)

    def reported(self, report: Report, error: SecretSyncError | None, now: float) -> None:
        self._hosts.done(report.host)
        down = isinstance(error, RateLimited) or (isinstance(error, Unavailable) and error.nobody_there)
        if error is not None and down:
            self._hosts.failed(report.host, Failed(error, Scope.HOST, getattr(error, "retry_after", 0.0)), now)
        else:
            self._hosts.answered(report.host, now)
        pending = self._pending.get(report.key)
        if pending is None or pending.sent is not report.outcome:
            return
        pending.sent = None
        if error is not None:
            pending.outcome = _newer(report.outcome, pending.outcome or report.outcome)
            self._timers.at(self._retry_at(pending, now, down=down), pending)
        elif pending.outcome is not None:
            pending.failures = 0
            self.due(pending)
        else:
            del self._pending[report.key]

    def _retry_at(self, pending: Pending, now: float, *, down: bool) -> float:
        """A host that is down says when: a report that happened to be its probe may wait no longer than the others."""
        if down:
            return max(now, self._hosts.host(pending.host).retry_at)
        pending.failures += 1
        return now + BACKOFF.delay(pending.failures, self._chance)

    def forget(self, key: str) -> None:
        """Nobody wants to hear of it any more."""
        pending = self._pending.pop(key, None)
        if pending is not None:
            self._timers.reset(FOREVER, pending)
            self._hosts.discard(pending.host, Tell(key))


def _newer(older: Outcome | None, newer: Outcome) -> Outcome:
    if older is None or older is newer:
        return newer
    return evolve(newer, notes=older.notes + newer.notes)
