"""One kind at work: its parts, put together, started and stopped."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, Final

from attrs import frozen

from secretsync.client_policy import OPERATOR
from secretsync.clock import Clock
from secretsync.digest import Digester
from secretsync.errors import SecretSyncError
from secretsync.http import Http
from secretsync.retry import Chance
from secretsync.runtime.driver import Driver

from ..cluster.reflector import SILENCE, Reflectors
from ..cluster.transport import Transport
from .assembly import assemble, limit
from .metrics import Metrics, ObjectFacts
from .objects import Objects
from .settings import Settings

INTERVAL: Final = 60.0
"""Seconds between two checks of an object that names none."""
STUCK: Final = 60.0
"""Seconds after which an engine that does not come round is taken for stuck."""
DEAF: Final = SILENCE + 5.0
"""Seconds without a sign of the API server: by then a silent watch has been closed and opened anew."""
LOOK: Final = 2.0
_LEAST: Final = 20.0


@frozen
class Running:
    """What is there while a kind is at work. Thread-safe.

    Attributes:
        late: Seconds by which the oldest due check may be late before it is not ready.
    """

    driver: Driver
    objects: Objects[Any]
    watches: Reflectors
    http: Http
    clock: Clock
    late: float

    def stop(self) -> None:
        """End it: when this returns nothing more is written."""
        self.driver.close()
        self.watches.stop_all()
        self.http.close()

    def healthy(self) -> tuple[bool, str]:
        """Only a process that is itself stuck is unhealthy; no outage of others makes it so."""
        if self.driver.dead or self.driver.silent_for > STUCK:
            return False, "the engine is stuck"
        return True, "ok"

    def ready(self) -> tuple[bool, str]:
        """Whether all watches are followed and all checks made in time."""
        if not self.watches.synced:
            return False, "waiting for the first list of objects"
        if self.watches.failing_since is not None:
            return False, "the API server cannot be followed"
        if self.watches.silent_for > DEAF:
            return False, "nothing has come from the API server for too long"
        try:
            late = self.driver.inspect(lambda engine: engine.overdue(self.clock.monotonic())).result(LOOK)
        except TimeoutError:
            return False, "the engine is busy"
        return (False, f"checks are late by {late:.0f} s") if late > self.late else (True, "ok")

    def facts(self) -> Iterator[ObjectFacts]:
        """Yield what the metrics tell of each object."""
        held = self.objects.all()
        try:
            fresh = self.driver.inspect(lambda engine: {key: engine.freshness(key) for key in held}).result(LOOK)
        except (TimeoutError, SecretSyncError):
            fresh = {}
        ahead = self.clock.now().timestamp() - self.clock.monotonic()
        for key, one in held.items():
            at = fresh.get(key)
            yield ObjectFacts(
                one.ref.namespace,
                one.ref.name,
                ready=any(c["type"] == "Ready" and c["status"] == "True" for c in one.status.get("conditions") or ()),
                last_success=None if at is None else ahead + at,
                secrets=one.status.get("secretsCount", 0),
            )


def start(
    settings: Settings, transport: Transport, digest: Digester, metrics: Metrics, *, clock: Clock, chance: Chance
) -> Running:
    """Put KMSSecret to work.

    Args:
        transport: Writes nothing unless this process leads.
    """
    bundles: dict[str, bytes] = {}
    http = Http(OPERATOR, clock, resolve=settings.resolve, bundles=bundles)
    parts = assemble(
        settings,
        transport,
        http,
        digest,
        metrics,
        bundles=bundles,
        hostname=os.environ.get("HOSTNAME", "secretsync"),
        clock=clock,
        chance=chance,
    )
    driver = Driver(parts.engine, clock=clock, executor=parts.executor, limit=limit)
    parts.listen(driver.send)
    driver.start()
    parts.watches.start_all()
    return Running(driver, parts.objects, parts.watches, http, clock, _late(settings))


def _late(settings: Settings) -> float:
    """Two intervals, though a probe must not fail for the hiccups of a machine."""
    return max(_LEAST, 2 * min(INTERVAL, settings.longest))
