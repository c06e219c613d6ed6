"""The operator: its parts, put together, started and stopped.

Reflector(kmssecrets) ──▶ Objects ──▶ Driver(Engine) ──▶ KMSBackend, Secrets
Reflector(secrets)    ──▶ Moved ────▶    │
                                         └──▶ Reporter ──▶ status, events, metrics
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from threading import Event
from typing import Any, Final

from attrs import define, frozen

from secretsync.backends.kms.backend import KMSBackend
from secretsync.client_policy import OPERATOR
from secretsync.clock import Clock
from secretsync.digest import Digester
from secretsync.errors import BackendError, SecretSyncError
from secretsync.http import Http
from secretsync.reconcile.engine import Engine
from secretsync.reconcile.messages import Moved
from secretsync.retry import Backoff, Chance
from secretsync.runtime.driver import Driver
from secretsync.targets import Observe
from secretsync.values import NO_VERSION, Version

from ..cluster.events import Events
from ..cluster.marks import GROUP
from ..cluster.reflector import SILENCE, Reflectors
from ..cluster.replica import Change, ChangeType
from ..cluster.resources import SECRETS
from ..cluster.secrets import HOST, ClusterSecret, Secrets, target
from ..cluster.transport import Transport
from ..kinds.kmssecret import KMSSecret
from .counting import Counted
from .install_key import install_key
from .metrics import Metrics, ObjectFacts
from .objects import Objects
from .probes import Pages, probes
from .reporter import Reporter
from .settings import Settings

_log = logging.getLogger("secretsync.operator")

CLUSTER_IN_FLIGHT: Final = 32
LONGEST: Final = 300.0
STUCK: Final = 60.0
"""Seconds after which an engine that does not come round is taken for stuck."""
LATE: Final = 120.0
"""Seconds by which the oldest due check may be late before the operator calls itself not ready."""
DEAF: Final = SILENCE + 5.0
"""Seconds without a sign of the API server: by then a silent watch has been closed and opened anew."""
LOOK: Final = 2.0
_BACKOFF: Final = Backoff(base=1.0, cap=15.0, floor=0.5)


@frozen
class Running:
    """What is there once the API server has been reached."""

    driver: Driver
    objects: Objects[Any]
    watches: Reflectors
    http: Http

    def stop(self) -> None:
        self.watches.stop_all()
        self.driver.close()
        self.http.close()


@define(eq=False)
class Operator:
    """One operator process. `run` may be called once; `stop` from any thread or signal handler sets it down."""

    settings: Settings
    transport: Transport
    clock: Clock
    chance: Chance
    stopping: Event
    running: Running | None = None

    def run(self) -> None:
        """Serve until `stopping` is set.

        Raises:
            InvalidInput: An address cannot be listened on, or the install key is no key.
        """
        metrics = Metrics(self._facts)
        pages = [
            Pages(
                self.settings.probe_address,
                probes(healthz=self._healthy, readyz=self._ready),
                flag="--health-probe-bind-address",
            )
        ]
        try:
            if self.settings.metrics_address:
                routes = {"/metrics": metrics.page}
                pages.append(Pages(self.settings.metrics_address, routes, flag="--metrics-bind-address"))
            key = self._key()
            if key is not None:
                self._serve(key, metrics)
        finally:
            for page in pages:
                page.close()

    def _key(self) -> bytes | None:
        """Return the install key as soon as the API server gives it; None when stopped before."""
        failures = 0
        while not self.stopping.is_set():
            try:
                return install_key(self.transport, namespace=self.settings.namespace, entropy=os.urandom)
            except BackendError as error:
                failures += 1
                _log.warning("waiting for the API server: %s", error)
                self.stopping.wait(_BACKOFF.delay(failures, self.chance))
        return None

    def _serve(self, key: bytes, metrics: Metrics) -> None:
        self.running = self._start(Digester(key), metrics)
        _log.info("running")
        self.stopping.wait()
        _log.info("stopping")
        self.running.stop()

    def _start(self, digest: Digester, metrics: Metrics) -> Running:
        longest = min(LONGEST, self.settings.longest)
        http = Http(OPERATOR, self.clock, resolve=self.settings.resolve)
        secrets = Secrets(self.transport, digest)
        engine = Engine(digest=digest, chance=self.chance, limit=_limit, longest=longest)
        kind = KMSSecret(digest, OPERATOR, default_host=self.settings.host_api, longest=self.settings.longest)
        objects: Objects[Any] = Objects(kind, digest=digest)
        events = Events(self.transport, self.clock, f"{GROUP}/operator", os.environ.get("HOSTNAME", "secretsync"))
        reporter = Reporter(objects, self.transport, events, metrics, self.clock)
        driver = Driver(
            engine,
            clock=self.clock,
            backends=[Counted(KMSBackend(http, OPERATOR, self.chance), metrics, "kms"), secrets],
            places=[secrets],
            report=reporter.report,
            limit=_limit,
        )
        watches = Reflectors(self.transport, clock=self.clock, chance=self.chance)
        watches.listen(SECRETS, lambda change: _moved(driver, change), metadata_only=True)
        watches.listen(kind.resource, lambda change: _applied(driver, objects, change))
        driver.start()
        watches.start_all()
        return Running(driver, objects, watches, http)

    # -- what probes and scrapers ask

    def _healthy(self) -> tuple[bool, str]:
        """Only a process that is itself stuck is unhealthy; no outage of others makes it so."""
        running = self.running
        if running is None:
            return True, "ok: waiting for the API server"
        if running.driver.dead or running.driver.silent_for > STUCK:
            return False, "the engine is stuck"
        return True, "ok"

    def _ready(self) -> tuple[bool, str]:
        running = self.running
        if running is None:
            return False, "waiting for the API server"
        if not running.watches.synced:
            return False, "waiting for the first list of objects"
        if running.watches.failing_since is not None:
            return False, "the API server cannot be followed"
        if running.watches.silent_for > DEAF:
            return False, "nothing has come from the API server for too long"
        try:
            late = running.driver.inspect(lambda engine: engine.overdue(self.clock.monotonic())).result(LOOK)
        except TimeoutError:
            return False, "the engine is busy"
        return (False, f"checks are late by {late:.0f} s") if late > LATE else (True, "ok")

    def _facts(self) -> Iterator[ObjectFacts]:
        running = self.running
        if running is None:
            return
        held = running.objects.all()
        try:
            fresh = running.driver.inspect(lambda engine: {key: engine.freshness(key) for key in held}).result(LOOK)
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


def _limit(host: str) -> int:
    return CLUSTER_IN_FLIGHT if host == HOST else OPERATOR.in_flight


def _applied(driver: Driver, objects: Objects[Any], change: Change) -> None:
    driver.send(objects.changed(change))


def _moved(driver: Driver, change: Change) -> None:
    """A Secret moved: it may hold credentials, and it may be a target. Who never asked does not care."""
    metadata = change.object["metadata"]
    gone = change.type is ChangeType.DELETED
    version = NO_VERSION if gone else Version(metadata["resourceVersion"])
    driver.send(Moved(Observe(target(metadata["namespace"], metadata["name"])), version))
    driver.send(Moved(ClusterSecret(metadata["namespace"], metadata["name"]), version))
