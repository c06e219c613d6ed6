"""The parts of a kind at work and how they hold together; what runs them is handed in.

Reflector(kmssecrets)  ──▶ Objects ───▶ Engine ──▶ Executor ──▶ KMSBackend, Secrets, Workloads
Reflector(secrets)     ──▶ Moved ─────▶   │           ├──────▶ Reporter ──▶ status, events, metrics
Reflector(deployments) ──▶ Followers ─▶   │           └──────▶ Rolling ───────┘
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, MutableMapping
from functools import partial
from typing import Any, Final

from secretsync.backends.kms.backend import KMSBackend
from secretsync.classes import frozen
from secretsync.client_policy import OPERATOR
from secretsync.clock import Clock
from secretsync.digest import Digester
from secretsync.errors import InvalidInput
from secretsync.http import HttpClient
from secretsync.policies import Adopt
from secretsync.reconcile.engine import Engine
from secretsync.reconcile.messages import Event, Moved
from secretsync.retry import Chance
from secretsync.runtime.executor import Executor
from secretsync.runtime.proofs import LocalProofs
from secretsync.targets import Observe, Ref
from secretsync.values import NO_VERSION, SecretValue, Version

from ..cluster.configmaps import ClusterConfigMap
from ..cluster.events import Events
from ..cluster.marks import GROUP, MANAGED
from ..cluster.pace import Pace
from ..cluster.proofs import ClusterProofs
from ..cluster.queries import HOST
from ..cluster.reflector import Reflectors
from ..cluster.replica import Change, ChangeType
from ..cluster.resources import CONFIGMAPS, SECRETS, Resource
from ..cluster.secrets import ClusterSecret, Secrets, target
from ..cluster.stamps import Stamp
from ..cluster.transport import Transport
from ..cluster.trust import TrustBundles
from ..cluster.trust import bundles as read_bundles
from ..cluster.watched import WatchedSecrets
from ..cluster.workloads import HOST as WORKLOADS
from ..cluster.workloads import Workloads
from ..kinds.kmssecret import KMSSecret
from ..kinds.kmssecret.guard import CrossNamespace, NamespaceGuard
from ..kinds.kmssecret.version import VersionFormat
from .counting import Counted
from .followers import Followers
from .hearing import Hearing, Overheard
from .metrics import Metrics
from .objects import Objects
from .reporter import Reporter
from .rollouts import Rolling
from .scope import Scope
from .settings import CA_VARIABLE, Settings

CLUSTER_IN_FLIGHT: Final = 32
LONGEST: Final = 300.0

Send = Callable[[Event], None]
"""How the engine is told of an event; safe to call from several threads."""


@frozen
class Parts:
    """What a kind at work consists of, with nothing started."""

    engine: Engine
    executor: Executor
    objects: Objects[Any]
    watches: Reflectors
    config: ClusterConfigMap | None
    followers: Followers
    """What is told of them; their watches are others than those on which everything else depends."""
    workload_watches: Reflectors
    hearing: Hearing | None = None

    def follow(self, resources: Iterable[Resource], send: Send) -> None:
        """Have workloads of these kinds restarted that ask for it."""
        for resource in resources:
            changed = partial(_workload_changed, send, self.followers, resource)
            self.workload_watches.listen(resource, changed, metadata_only=True)
        self.workload_watches.start_all()

    def listen(self, send: Send) -> None:
        """Have what the watches see told to the engine."""
        self.watches.listen(SECRETS, lambda change: _secret_moved(send, change), metadata_only=True)
        moved = partial(_configmap_moved, send)
        self.watches.later(CONFIGMAPS, moved, label_selector=f"{MANAGED}=true")
        told = send if self.hearing is None else _followed(self.hearing, send)
        self.watches.listen(self.objects.kind.resource, lambda change: _object_changed(told, self.objects, change))
        if (config := self.config) is not None:
            # In its own namespace whatever the scope: an operator may read what is told to it.
            only = self.watches.get(CONFIGMAPS, namespace=config.namespace, metadata_only=True)
            only.listen(
                lambda change: send(Moved(config, _version(change))),
                interest=lambda key: key == (config.namespace, config.name),
            )


def assemble(
    settings: Settings,
    transport: Transport,
    http: HttpClient,
    digest: Digester,
    metrics: Metrics,
    *,
    bundles: MutableMapping[str, bytes],
    hostname: str,
    clock: Clock,
    chance: Chance,
    hearing: Hearing | None = None,
) -> Parts:
    """Return the parts of KMSSecret.

    Args:
        transport: Writes nothing unless this process leads.
        bundles: Where `http` looks for CA certificates; what is read is added.
        hostname: Who events say they are from.
        hearing: Learns which folders its objects are made of; None where nobody tells of changes between polls.
    """
    secrets = Secrets(transport, digest, bundles)
    kind = KMSSecret(
        digest,
        OPERATOR,
        default_host=settings.host_api,
        default_trust=default_trust(settings, bundles),
        config_namespace=settings.namespace,
        version_format=VersionFormat(settings.version_format),
        adopt=Adopt(settings.adopt),
        no_copy=settings.no_copy,
        longest=settings.longest,
        now=lambda: int(clock.now().timestamp() * 1e9),
    )
    guard = Scope(settings.namespaces, NamespaceGuard(CrossNamespace(settings.cross_namespace), kind.config))
    engine = Engine(digest=digest, chance=chance, limit=limit, guard=guard, longest=min(LONGEST, settings.longest))
    events = Events(transport, clock, f"{GROUP}/operator", hostname)
    watches = Reflectors(transport, namespaces=settings.namespaces, clock=clock, chance=chance)
    moved, saw = partial(_has_moved, watches), hearing.saw if hearing else None
    objects: Objects[Any] = Objects(kind, digest=digest, moved=moved, saw=saw)
    watched = WatchedSecrets(secrets, watches)
    proofs = ClusterProofs(transport, LocalProofs())
    kms = Counted(KMSBackend(http, OPERATOR, chance, proofs=proofs), metrics, "kms", clock)
    workload_watches = Reflectors(transport, namespaces=settings.namespaces, clock=clock, chance=chance)
    followers = Followers(lambda: workload_watches.synced)
    reporter = Reporter(objects, transport, events, metrics, clock, followers.of)
    rolling = Rolling(followers, reporter, metrics)
    executor = Executor(
        clock=clock,
        backends=[Overheard(kms, hearing) if hearing else kms, watched, Pace(clock)],
        places=[watched, Workloads(transport)],
        report=lambda report: (rolling if report.host == WORKLOADS else reporter).report(report),
    )
    return Parts(engine, executor, objects, watches, kind.config, followers, workload_watches, hearing)


def default_trust(settings: Settings, known: MutableMapping[str, bytes]) -> str:
    """Return the digest of the CA certificates that the environment brings, "" for none, and add them to `known`.

    Raises:
        InvalidInput: There are none in it.
    """
    if not settings.ca_certificates.strip():
        return ""
    digest = read_bundles({CA_VARIABLE: SecretValue(settings.ca_certificates.encode())}, known)[CA_VARIABLE]
    if not digest:
        raise InvalidInput([f"environment variable {CA_VARIABLE} holds no CA certificates in PEM; put them there"])
    return digest


def limit(host: str) -> int:
    """Return how many requests a host takes at once."""
    return CLUSTER_IN_FLIGHT if host == HOST else OPERATOR.in_flight


def _followed(hearing: Hearing, send: Send) -> Send:
    def told(event: Event) -> None:
        hearing.follow(event)
        send(event)

    return told


def _object_changed(send: Send, objects: Objects[Any], change: Change) -> None:
    event = objects.changed(change)
    if event is not None:
        send(event)


def _has_moved(watches: Reflectors, ref: Ref, version: Version) -> bool:
    """Of Secrets alone: a ConfigMap is not watched before somebody looks at it, in its turn."""
    if ref.kind != SECRETS.kind:
        return False
    return watches.contradicts(SECRETS, (ref.namespace, ref.name), version, metadata_only=True)


def _secret_moved(send: Send, change: Change) -> None:
    """It may hold credentials or certificates, and it may be a target. Who never asked does not care."""
    metadata = change.object["metadata"]
    namespace, name, version = metadata["namespace"], metadata["name"], _version(change)
    send(Moved(Observe(target(namespace, name)), version))
    send(Moved(ClusterSecret(namespace, name), version))
    send(Moved(TrustBundles(namespace, name), version))
    send(Moved(Stamp(SECRETS.kind, namespace, name), version))


def _configmap_moved(send: Send, change: Change) -> None:
    metadata = change.object["metadata"]
    namespace, name, version = metadata["namespace"], metadata["name"], _version(change)
    send(Moved(Observe(target(namespace, name, CONFIGMAPS.kind)), version))
    send(Moved(Stamp(CONFIGMAPS.kind, namespace, name), version))


def _workload_changed(send: Send, followers: Followers, resource: Resource, change: Change) -> None:
    for event in followers.changed(resource, change):
        send(event)


def _version(change: Change) -> Version:
    gone = change.type is ChangeType.DELETED
    return NO_VERSION if gone else Version(change.object["metadata"]["resourceVersion"])
