"""One kind at work: its parts, put together, started and stopped.

Reflector(kmssecrets) ──▶ Objects ──▶ Driver(Engine) ──▶ KMSBackend, Secrets
Reflector(secrets)    ──▶ Moved ────▶    │
                                         └──▶ Reporter ──▶ status, events, metrics
"""

from __future__ import annotations

import os
from collections.abc import Iterator, MutableMapping
from typing import Any, Final

from attrs import frozen

from secretsync.backends.kms.backend import KMSBackend
from secretsync.client_policy import OPERATOR
from secretsync.clock import Clock
from secretsync.digest import Digester
from secretsync.errors import InvalidInput, SecretSyncError
from secretsync.http import Http
from secretsync.reconcile.engine import Engine
from secretsync.reconcile.messages import Moved
from secretsync.retry import Chance
from secretsync.runtime.driver import Driver
from secretsync.targets import Observe
from secretsync.values import NO_VERSION, SecretValue, Version

from ..cluster.configmaps import ClusterConfigMap
from ..cluster.events import Events
from ..cluster.marks import GROUP
from ..cluster.reflector import SILENCE, Reflectors
from ..cluster.replica import Change, ChangeType
from ..cluster.resources import CONFIGMAPS, SECRETS
from ..cluster.secrets import HOST, ClusterSecret, Secrets, target
from ..cluster.transport import Transport
from ..cluster.trust import TrustBundles, bundles
from ..cluster.watched import WatchedSecrets
from ..kinds.kmssecret import KMSSecret
from ..kinds.kmssecret.guard import CrossNamespace, NamespaceGuard
from ..kinds.kmssecret.version import VersionFormat
from .counting import Counted
from .metrics import Metrics, ObjectFacts
from .objects import Objects
from .reporter import Reporter
from .scope import Scope
from .settings import CA_VARIABLE, Settings

CLUSTER_IN_FLIGHT: Final = 32
LONGEST: Final = 300.0
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
    secrets = Secrets(transport, digest)
    http = Http(OPERATOR, clock, resolve=settings.resolve, bundles=secrets.bundles)
    guard = Scope(settings.namespaces, NamespaceGuard(CrossNamespace(settings.cross_namespace)))
    longest = min(LONGEST, settings.longest)
    engine = Engine(digest=digest, chance=chance, limit=_limit, guard=guard, longest=longest)
    kind = KMSSecret(
        digest,
        OPERATOR,
        default_host=settings.host_api,
        default_trust=default_trust(settings, secrets.bundles),
        config_namespace=settings.namespace,
        version_format=VersionFormat(settings.version_format),
        longest=settings.longest,
    )
    objects: Objects[Any] = Objects(kind, digest=digest)
    events = Events(transport, clock, f"{GROUP}/operator", os.environ.get("HOSTNAME", "secretsync"))
    reporter = Reporter(objects, transport, events, metrics, clock)
    watches = Reflectors(transport, namespaces=settings.namespaces, clock=clock, chance=chance)
    watched = WatchedSecrets(secrets, watches)
    driver = Driver(
        engine,
        clock=clock,
        backends=[Counted(KMSBackend(http, OPERATOR, chance), metrics, "kms"), watched],
        places=[watched],
        report=reporter.report,
        limit=_limit,
    )
    _listen(watches, driver, objects, kind.config)
    driver.start()
    watches.start_all()
    return Running(driver, objects, watches, http, clock, _late(settings))


def default_trust(settings: Settings, known: MutableMapping[str, bytes]) -> str:
    """Return the digest of the CA certificates that the environment brings, "" for none, and add them to `known`.

    Raises:
        InvalidInput: There are none in it.
    """
    if not settings.ca_certificates.strip():
        return ""
    digest = bundles({CA_VARIABLE: SecretValue(settings.ca_certificates.encode())}, known)[CA_VARIABLE]
    if not digest:
        raise InvalidInput([f"environment variable {CA_VARIABLE} holds no CA certificates in PEM; put them there"])
    return digest


def _late(settings: Settings) -> float:
    """Two intervals, though a probe must not fail for the hiccups of a machine."""
    return max(_LEAST, 2 * min(INTERVAL, settings.longest))


def _listen(watches: Reflectors, driver: Driver, objects: Objects[Any], config: ClusterConfigMap | None) -> None:
    watches.listen(SECRETS, lambda change: _secret_moved(driver, change), metadata_only=True)
    watches.listen(objects.kind.resource, lambda change: _object_changed(driver, objects, change))
    if config is not None:
        # In its own namespace whatever the scope: an operator may read what is told to it.
        only = watches.get(CONFIGMAPS, namespace=config.namespace, metadata_only=True)
        only.listen(
            lambda change: driver.send(Moved(config, _version(change))),
            interest=lambda key: key == (config.namespace, config.name),
        )


def _limit(host: str) -> int:
    return CLUSTER_IN_FLIGHT if host == HOST else OPERATOR.in_flight


def _object_changed(driver: Driver, objects: Objects[Any], change: Change) -> None:
    event = objects.changed(change)
    if event is not None:
        driver.send(event)


def _secret_moved(driver: Driver, change: Change) -> None:
    """It may hold credentials or certificates, and it may be a target. Who never asked does not care."""
    metadata = change.object["metadata"]
    namespace, name, version = metadata["namespace"], metadata["name"], _version(change)
    driver.send(Moved(Observe(target(namespace, name)), version))
    driver.send(Moved(ClusterSecret(namespace, name), version))
    driver.send(Moved(TrustBundles(namespace, name), version))


def _version(change: Change) -> Version:
    gone = change.type is ChangeType.DELETED
    return NO_VERSION if gone else Version(change.object["metadata"]["resourceVersion"])
