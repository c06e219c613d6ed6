"""The operator's whole line in virtual time: what takes minutes outside takes milliseconds here.

    with Line({"/app": {"A": canary()}}) as line:
        line.apply(kmssecret("app", line.kms.url))
        line.run(600.0)

Everything is real but the clock and the threads: the engine, the kind, the KMS client over HTTP to a development KMS,
and the reader and writer of Secrets on a cluster in memory. One thread; time moves only when nothing is left to do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, Self

from attrs import define, field, frozen

from secretsync.backends.kms.backend import KMSBackend
from secretsync.client_policy import OPERATOR
from secretsync.clock import Clock, Deadline
from secretsync.devserver.server import DevServer
from secretsync.digest import Digester
from secretsync.http import Http
from secretsync.ports import AnyQuery, AnyWire, Backend
from secretsync.queries import Found
from secretsync.reconcile.engine import Engine
from secretsync.reconcile.messages import Event, Moved
from secretsync.retry import Chance
from secretsync.runtime.executor import Executor
from secretsync.targets import Observe
from secretsync.testing import ManualClock
from secretsync.values import NO_VERSION, Version
from secretsync_k8s.cluster.events import Events
from secretsync_k8s.cluster.replica import Change, ChangeType
from secretsync_k8s.cluster.secrets import ClusterSecret, Secrets, target
from secretsync_k8s.cluster.transport import Json
from secretsync_k8s.kinds.kmssecret import KMSSecret
from secretsync_k8s.manifests import crd
from secretsync_k8s.operator.metrics import Metrics
from secretsync_k8s.operator.objects import Objects
from secretsync_k8s.operator.reporter import Reporter
from secretsync_k8s.testing import MemoryCluster
from secretsync_k8s.testing.direct import DirectTransport
from stand import CLIENT_ID, CLIENT_SECRET, CREDENTIALS, NAMESPACE, Folders, entropy, seed

DIGEST = Digester(b"install key of the tests")


@frozen
class Timed:
    """A backend whose requests are noted with their time."""

    backend: Backend
    clock: Clock
    asked: list[tuple[float, str]] = field(factory=list)

    @property
    def answers(self) -> Collection[type[AnyQuery]]:
        return self.backend.answers

    def read(
        self,
        queries: Sequence[AnyQuery],
        *,
        known: Mapping[AnyQuery, Version],
        credential: Found[Any] | None,
        deadline: Deadline,
    ) -> Mapping[AnyQuery, AnyWire]:
        self.asked.extend((self.clock.monotonic(), type(query).__name__) for query in queries)
        return self.backend.read(queries, known=known, credential=credential, deadline=deadline)


@define
class Seen:
    """What of one resource was told already: uid and version of each object."""

    cluster: MemoryCluster
    resource: str
    known: dict[tuple[str, str], Json] = field(factory=dict)

    def changes(self) -> Iterator[Change]:
        """Yield what a watch would have told by now."""
        items = {_key(item): item for item in self.cluster.list(self.resource)["items"]}
        for key in self.known.keys() - items.keys():
            yield Change(ChangeType.DELETED, self.known[key])
        for key, item in items.items():
            if key not in self.known:
                yield Change(ChangeType.ADDED, item)
            elif item["metadata"]["resourceVersion"] != self.known[key]["metadata"]["resourceVersion"]:
                yield Change(ChangeType.MODIFIED, item)
        self.known = items


def _key(item: Json) -> tuple[str, str]:
    return item["metadata"]["namespace"], item["metadata"]["name"]


class Line:
    """An operator without threads. `restart` begins a second life of it on the same cluster.

    Attributes:
        asked: Every query that went to the KMS, with its time.
    """

    def __init__(self, folders: Folders, *, chance: Chance = lambda: 0.5, secret: str = CLIENT_SECRET, ttl: int = 7200):
        self.clock = ManualClock()
        self.chance = chance
        self.cluster = MemoryCluster(crds=[crd("kmssecrets")], clock=self.clock)
        self.kms = DevServer(seed(folders, ttl=ttl), clock=self.clock, entropy=entropy)
        self._stack = ExitStack()
        self.cluster.create("namespaces", {"metadata": {"name": NAMESPACE}})
        credentials = {"clientId": CLIENT_ID, "clientSecret": secret}
        self.cluster.create(
            "secrets", {"metadata": {"name": CREDENTIALS}, "stringData": credentials}, namespace=NAMESPACE
        )
        self.restart()

    def restart(self) -> None:
        clock, transport = self.clock, DirectTransport(self.cluster)
        self.http = Http(OPERATOR, clock)
        self._stack.callback(self.http.close)
        self.backend = Timed(KMSBackend(self.http, OPERATOR, self.chance), clock)
        self.secrets = Secrets(transport, DIGEST)
        self.engine = Engine(digest=DIGEST, chance=self.chance, limit=lambda host: OPERATOR.in_flight)
        self.objects = Objects(KMSSecret(DIGEST, OPERATOR), digest=DIGEST)
        events = Events(transport, clock, "secrets.lux.network/operator", "virtual")
        self.reporter = Reporter(self.objects, transport, events, Metrics(lambda: ()), clock)
        self._seen = Seen(self.cluster, "secrets"), Seen(self.cluster, "kmssecrets")

    def __enter__(self) -> Self:
        self._stack.enter_context(self.kms)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    # -- time

    @property
    def now(self) -> float:
        return self.clock.monotonic()

    @property
    def asked(self) -> list[tuple[float, str]]:
        return self.backend.asked

    def run(self, seconds: float) -> None:
        """Let so much time pass."""
        end, done = self.now + seconds, list[Event]()
        executor = Executor(
            clock=self.clock,
            backends=[self.backend, self.secrets],
            places=[self.secrets],
            report=self.reporter.report,
        )
        while True:
            effects = self.engine.step([*self._news(), *done], self.now)
            done = [executor.carry_out(effect) for effect in effects]
            if done:
                continue
            if self.engine.wake_at > end:
                break
            self.clock.advance(max(0.0, self.engine.wake_at - self.now))
        self.clock.advance(end - self.now)

    def _news(self) -> Iterator[Event]:
        secrets, objects = self._seen
        for change in secrets.changes():
            namespace, name = _key(change.object)
            gone = change.type is ChangeType.DELETED
            version = NO_VERSION if gone else Version(change.object["metadata"]["resourceVersion"])
            yield Moved(Observe(target(namespace, name)), version)
            yield Moved(ClusterSecret(namespace, name), version)
        for change in objects.changes():
            if (event := self.objects.changed(change)) is not None:
                yield event

    # -- the cluster

    def apply(self, *manifests: Json) -> None:
        for manifest in manifests:
            self.cluster.create("kmssecrets", manifest)

    def status(self, name: str) -> Json:
        status: Json = self.cluster.get("kmssecrets", name, namespace=NAMESPACE).get("status") or {}
        return status

    def condition(self, name: str, type_: str = "Ready") -> Json:
        return next(one for one in self.status(name)["conditions"] if one["type"].rpartition("/")[-1] == type_)

    def secret(self, name: str) -> Json:
        return self.cluster.get("secrets", name, namespace=NAMESPACE)

    def status_writes(self) -> int:
        """Return how many statuses were written since `cluster.requests` was cleared."""
        return sum(one.subresource == "status" for one in self.cluster.requests)
