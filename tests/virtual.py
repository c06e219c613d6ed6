"""The operator's whole line in virtual time: what takes minutes outside takes milliseconds here.

    with Line({"/app": {"A": canary()}}) as line:
        line.apply(kmssecret("app", line.kms.url))
        line.run(600.0)

Everything is real but the clock and the threads: the operator as a simulated process, the KMS client over HTTP to a
development KMS, and a cluster in memory. Requests take none of the time, which moves only when nothing is left to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Self

from secretsync.client_policy import OPERATOR
from secretsync.devserver.server import DevServer
from secretsync.http import Address, Http
from secretsync.http.places import destination_of
from secretsync.reconcile.engine import Engine
from secretsync.reconcile.messages import Effect, Fetch
from secretsync.retry import Chance
from secretsync.testing.world import Calm, Life, World, WorldClock
from secretsync_k8s.cluster.transport import Json
from secretsync_k8s.kinds.kmssecret import CrossNamespace
from secretsync_k8s.manifests import crd
from secretsync_k8s.operator.settings import settings
from secretsync_k8s.testing import ApiError, MemoryCluster
from secretsync_k8s.testing.direct import DirectTransport
from secretsync_k8s.testing.simulation.network import Link
from secretsync_k8s.testing.simulation.process import OperatorProcess
from stand import (
    CLIENT_ID,
    CLIENT_SECRET,
    CREDENTIALS,
    KMS,
    NAMESPACE,
    OPERATOR_NAMESPACE,
    Folders,
    entropy,
    repeatable,
    seed,
)

ELSEWHERE = "other"
"""A namespace beside those of the objects and of the operator."""


class Line:
    """An operator in a world of its own. `restart` kills it and begins another on the same cluster.

    Attributes:
        url: Of the development KMS.
        asked: Every query that went to the KMS in this life, with its time.
    """

    def __init__(
        self,
        folders: Folders,
        *,
        chance: Chance = lambda: 0.5,
        secret: str = CLIENT_SECRET,
        ttl: int = 7200,
        cross_namespace: CrossNamespace = CrossNamespace.ALLOW,
        resolve: Mapping[Address, Address] | None = None,
    ) -> None:
        self.world = World(seed=1)
        self.clock = WorldClock(self.world)
        self.cluster = MemoryCluster(crds=[crd("kmssecrets")], clock=self.clock, timer=self.clock)
        self.kms = DevServer(seed(folders, ttl=ttl), clock=self.clock, entropy=entropy)
        self.asked: list[tuple[float, str]] = []
        self._chance = chance
        self._entropy = repeatable()
        self.url = f"http://{KMS}"
        self._resolve = dict(resolve or {})
        self._cross_namespace = cross_namespace
        self._stack = ExitStack()
        self._furnish(secret)
        self._operator = self._started()

    def _furnish(self, secret: str) -> None:
        for name in (NAMESPACE, ELSEWHERE, OPERATOR_NAMESPACE):
            self.cluster.create("namespaces", {"metadata": {"name": name}})
        login = {"metadata": {"name": CREDENTIALS}, "stringData": {"clientId": CLIENT_ID, "clientSecret": secret}}
        self.cluster.create("secrets", login, namespace=NAMESPACE)

    def _started(self) -> OperatorProcess:
        self.asked.clear()
        flags = [
            "--leader-elect=false",
            f"--config-namespace={OPERATOR_NAMESPACE}",
            f"--cross-namespace={self._cross_namespace.value}",
        ]
        told = settings(flags, {})
        assert told is not None
        bundles: dict[str, bytes] = {}
        http = Http(OPERATOR, self.clock, resolve=self._resolve, bundles=bundles)
        self._stack.callback(http.close)
        operator = OperatorProcess(
            "operator",
            told,
            world=self.world,
            life=Life("operator"),
            link=self._link(),
            lease_link=self._link(),
            http=http,
            clock=self.clock,
            calm=Calm(),
            chance=self._chance,
            entropy=self._entropy,
            bundles=bundles,
            watch=self._watch,
        )
        operator.start()
        return operator

    def _link(self) -> Link:
        return Link(DirectTransport(self.cluster), world=self.world, latency=lambda: 0.0, changed=self._changed)

    def _changed(self) -> None:
        self._operator.link.poke()

    def _watch(self, effect: Effect) -> None:
        if isinstance(effect, Fetch) and effect.host != "cluster":
            self.asked.extend((self.now, type(query).__name__) for query in effect.queries)

    def restart(self) -> None:
        self._operator.kill()
        self._operator = self._started()

    def __enter__(self) -> Self:
        self._stack.enter_context(self.kms)
        self._resolve[KMS, 80] = destination_of(self.kms.url).address
        return self

    def __exit__(self, *_: object) -> None:
        self.world.close()
        self._stack.close()

    # -- time

    @property
    def now(self) -> float:
        return self.world.now

    @property
    def engine(self) -> Engine:
        assert self._operator.parts is not None
        return self._operator.parts.engine

    def run(self, seconds: float) -> None:
        """Let so much time pass."""
        self._changed()
        self.world.run(self.now + seconds)

    # -- the cluster

    def apply(self, *manifests: Json) -> None:
        for manifest in manifests:
            self.cluster.create("kmssecrets", manifest)

    def config(self, **texts: str) -> None:
        """Write the operator's ConfigMap."""
        config = {"metadata": {"name": "kms-config"}, "data": texts}
        self.cluster.create("configmaps", config, namespace=OPERATOR_NAMESPACE)

    def exists(self, resource: str, name: str, namespace: str = NAMESPACE) -> bool:
        try:
            self.cluster.get(resource, name, namespace=namespace)
        except ApiError:
            return False
        return True

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
