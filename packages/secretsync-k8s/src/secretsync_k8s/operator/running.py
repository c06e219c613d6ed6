"""One kind at work: its parts, put together, started and stopped."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Final

from secretsync.auth.token import Token
from secretsync.backends.kms.webhook import Changed
from secretsync.classes import frozen
from secretsync.client_policy import OPERATOR
from secretsync.clock import Clock
from secretsync.digest import Digester
from secretsync.errors import EngineStopped, SecretSyncError
from secretsync.http import Http, StreamClient
from secretsync.reconcile.credentials import Uses
from secretsync.reconcile.engine import Engine
from secretsync.reconcile.messages import Event, Moved
from secretsync.reconcile.reads import Lateness
from secretsync.retry import Chance
from secretsync.runtime.driver import Driver
from secretsync.runtime.feeds import Feeds

from ..cluster import workloads
from ..cluster.pace import HOST as PACE
from ..cluster.reflector import SILENCE, Reflectors
from ..cluster.resources import SECRETS
from ..cluster.transport import Transport
from .assembly import assemble, limit
from .delays import Delays
from .hearing import Hearing
from .metrics import Facts, Metrics, ObjectFacts
from .objects import Held, Objects
from .settings import Settings

TOO_LATE: Final = 2.0
"""Periods of its own by which a check may be late while this is ready."""
STUCK: Final = 60.0
"""Seconds after which an engine that does not come round is taken for stuck."""
DEAF: Final = SILENCE + 5.0
"""Seconds without a sign of the API server: by then a silent watch has been closed and opened anew."""
LOOK: Final = 2.0
_STUCK: Final = "the engine is stuck"


@frozen
class Running:
    """What is there while a kind is at work. Thread-safe."""

    driver: Driver
    objects: Objects[Any]
    watches: Reflectors
    workload_watches: Reflectors
    http: Http
    clock: Clock
    delays: Delays
    hearing: Hearing

    def hear(self, changed: Changed) -> None:
        """Have everything looked at that may have changed."""
        self.hearing.changed(changed)

    def stop(self) -> None:
        """End it: when this returns nothing more is written."""
        self.delays.stop()
        self.driver.close()
        self.hearing.close()
        self.workload_watches.stop_all()
        self.watches.stop_all()
        self.http.close()

    def healthy(self) -> tuple[bool, str]:
        """Only a process that is itself stuck is unhealthy; no outage of others makes it so."""
        if self.driver.dead or self.driver.silent_for > STUCK:
            return False, _STUCK
        return True, "ok"

    def ready(self) -> tuple[bool, str]:
        """Whether all watches are followed and all checks made in time."""
        if not self.watches.synced:
            return False, "waiting for the first list of objects"
        if self.watches.failing_since is not None:
            return False, "the API server cannot be followed"
        if self.watches.silent_for > DEAF:
            return False, "nothing has come from the API server for too long"
        return self._in_time()

    def _in_time(self) -> tuple[bool, str]:
        """Whether the engine makes all checks in time."""
        try:
            hosts = lateness(self.driver, self.clock)
        except TimeoutError:
            return False, "the engine is busy"
        except EngineStopped:
            return False, _STUCK
        for host, late in hosts.items():
            if late.periods > TOO_LATE:
                return False, f"checks of {host} are late by {late.seconds:.0f} s, which is over two periods"
        return True, "ok"

    def facts(self) -> Facts:
        """Return what the metrics tell."""
        held = self.objects.all()
        try:
            seen = self.driver.inspect(lambda engine: _seen(engine, held, self.clock.monotonic())).result(LOOK)
        except (TimeoutError, SecretSyncError):
            seen = _Seen()
        ahead = self.clock.now().timestamp() - self.clock.monotonic()
        objects = (_facts(one, seen.moments.get(key, (None, None)), ahead) for key, one in held.items())
        return Facts(objects, seen.hosts, seen.tokens, self.hearing.open_feeds())


@frozen
class _Seen:
    """What the engine says of itself at one moment; `moments` are those of the last success and of the next check."""

    moments: Mapping[str, tuple[float | None, float | None]] = {}
    hosts: Mapping[str, Lateness] = {}
    tokens: Uses | None = None


def _seen(engine: Engine, keys: Iterable[str], now: float) -> _Seen:
    moments = {key: (engine.freshness(key), engine.next_check(key)) for key in keys}
    return _Seen(moments, engine.lateness(now), engine.credential_uses(Token))


def _facts(held: Held, moments: tuple[float | None, float | None], ahead: float) -> ObjectFacts:
    """Return the facts of one object; `ahead` is by how much the wall clock is before the monotonic one."""
    status = held.status
    last, coming = (None if at is None else ahead + at for at in moments)
    return ObjectFacts(
        held.ref.namespace,
        held.ref.name,
        ready=any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions") or ()),
        last_success=last,
        secrets=status.get("secretsCount", 0),
        next_sync=coming,
    )


def _feeds(http: StreamClient, clock: Clock, chance: Chance, send: Callable[[Moved], None]) -> Feeds:
    return Feeds(http, send=send, clock=clock, chance=chance)


def lateness(driver: Driver, clock: Clock) -> Mapping[str, Lateness]:
    """Return how late the checks of each host are.

    Raises:
        TimeoutError: The engine is busy.
        EngineStopped: It has stopped.
    """
    return driver.inspect(lambda engine: engine.lateness(clock.monotonic())).result(LOOK)


def start(
    settings: Settings, transport: Transport, digest: Digester, metrics: Metrics, *, clock: Clock, chance: Chance
) -> Running:
    """Put KMSSecret to work.

    Args:
        transport: Writes nothing unless this process leads.
    """
    bundles: dict[str, bytes] = {}
    http = Http(OPERATOR, clock, resolve=settings.resolve, bundles=bundles)

    def send(event: Event) -> None:
        driver.send(event)

    made = partial(_feeds, http, clock, chance)
    hearing = Hearing(send, made=made, told=metrics.told, webhooks=settings.webhook is not None)
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
        hearing=hearing,
    )
    driver = Driver(parts.engine, clock=clock, executor=parts.executor, limit=limit, inline={PACE})
    parts.listen(send)
    driver.start()
    parts.watches.start_all(first=SECRETS)
    parts.follow(workloads.served(transport), send)
    delays = Delays(partial(lateness, driver, clock))
    delays.start()
    return Running(driver, parts.objects, parts.watches, parts.workload_watches, http, clock, delays, hearing)
