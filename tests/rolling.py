"""An operator's rollouts on a manual clock: its own parts and a cluster in memory, without threads.

    play = Rolling(clock)
    play.keep("app", "v1")        # a Secret of ours, as KMSSecret shop/app keeps it
    play.deploy("web", "app")     # a Deployment that asks to be restarted
    play.settle()

Time passes from one moment that matters to the next, so what happened when is exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from secretsync.digest import Digester
from secretsync.reconcile.messages import Event
from secretsync.testing import ManualClock
from secretsync_k8s.cluster.replica import Change, Replica, key_of
from secretsync_k8s.cluster.resources import CONFIGMAPS, KMSSECRETS, SECRETS
from secretsync_k8s.cluster.workloads import RESOURCES
from secretsync_k8s.manifests import crd
from secretsync_k8s.operator import assembly
from secretsync_k8s.operator.metrics import Metrics
from secretsync_k8s.operator.settings import settings
from secretsync_k8s.testing import MemoryCluster
from secretsync_k8s.testing.direct import DirectTransport
from workloads import KINDS, OURS, by_env_from, workload

Json = dict[str, Any]

NAMESPACE: Final = "shop"
WATCHED: Final = (SECRETS, CONFIGMAPS, *RESOURCES)
NEVER: Final = "2025-11-02T08:15:00Z"


class Rolling:
    """One operator after another over one cluster. For one thread.

    Attributes:
        patched: When (in monotonic seconds) which workload was patched.
    """

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.cluster = MemoryCluster(crds=[crd("kmssecrets")], clock=clock)
        self.cluster.create("namespaces", {"metadata": {"name": NAMESPACE}})
        self.patched: list[tuple[float, str]] = []
        self.start()

    def start(self) -> None:
        """Begin as a process that knows nothing."""
        told = settings([], {})
        assert told is not None
        self.metrics = Metrics(tuple)
        self.parts = assembly.assemble(
            told,
            DirectTransport(self.cluster),
            None,  # type: ignore[arg-type]  # no KMS is asked here
            Digester(b"key"),
            self.metrics,
            bundles={},
            hostname="here",
            clock=self.clock,
            chance=lambda: 0.5,
        )
        self._replicas = {resource: Replica() for resource in WATCHED}
        self._events: list[Event] = []
        self.parts.watches.later(CONFIGMAPS, lambda change: None, label_selector="")  # as where nobody keeps any yet

    # -- what people and the operator's other half do

    def obey(self, name: str = "app") -> None:
        """Have a KMSSecret that is in step."""
        conditions = [_condition("Ready", "Synced"), _condition(f"{OURS}AutoRedeployReady", "OK")]
        spec = {"resyncInterval": 60, "managedSecretReference": {"secretName": name, "secretNamespace": NAMESPACE}}
        metadata = {"name": name, "namespace": NAMESPACE}
        kind = {"apiVersion": KMSSECRETS.api_version, "kind": KMSSECRETS.kind}
        self.cluster.create("kmssecrets", {**kind, "metadata": metadata, "spec": spec})
        status = {"conditions": conditions, "observedGeneration": 1}
        self.cluster.patch("kmssecrets", name, {"status": status}, namespace=NAMESPACE, subresource="status")
        self.obey_again()

    def obey_again(self) -> None:
        """Learn of the KMSSecrets there are. The engine is told nothing: it would ask a KMS."""
        items = self.cluster.list("kmssecrets")["items"]
        for change in Replica().replace({key_of(one): one for one in items}):
            self.parts.objects.changed(change)

    def keep(self, name: str, version: str, *, resource: str = "secrets", owner: str = "app") -> None:
        """Have a Secret of ours be in this version."""
        annotations = {f"{OURS}owner": f"{NAMESPACE}/{owner}", f"{OURS}version": version}
        metadata = {"name": name, "labels": {f"{OURS}managed": "true"}, "annotations": annotations}
        there = {one["metadata"]["name"] for one in self.cluster.list(resource, namespace=NAMESPACE)["items"]}
        if name in there:
            self.cluster.patch(resource, name, {"metadata": metadata}, namespace=NAMESPACE)
        else:
            self.cluster.create(resource, {"metadata": metadata}, namespace=NAMESPACE)

    def keep_config_maps(self) -> None:
        """Have some KMSSecret keep ConfigMaps, so that they are watched."""
        self.parts.watches._later.clear()

    def deploy(self, name: str, secret: str, *, kind: str = "Deployment", **more: Any) -> None:
        made = workload(kind, name, by_env_from(secret), **more)
        self.cluster.create(KINDS[kind], made, namespace=NAMESPACE)

    def annotate(self, name: str, annotations: Mapping[str, str | None]) -> None:
        self.patch(name, {"metadata": {"annotations": {OURS + key: text for key, text in annotations.items()}}})

    def patch(self, name: str, body: Json) -> None:
        self.cluster.patch("deployments", name, body, namespace=NAMESPACE)

    # -- what comes of it

    def settle(self, *, within: float = 60.0) -> None:
        """Go on until nothing is left to do, or so many seconds are over."""
        end = self.clock.monotonic() + within
        while True:
            self._look()
            if self._events or self.parts.engine.wake_at <= self.clock.monotonic():
                self._step()
            elif self.parts.engine.wake_at <= end:
                self.clock.advance(self.parts.engine.wake_at - self.clock.monotonic())
            else:
                break

    def _step(self) -> None:
        events, self._events = self._events, []
        for effect in self.parts.engine.step(events, self.clock.monotonic()):
            before = len(self.cluster.requests)
            self._events.append(self.parts.executor.carry_out(effect))
            for one in tuple(self.cluster.requests)[before:]:
                if one.verb == "patch" and one.resource in KINDS.values():
                    self.patched.append((self.clock.monotonic(), one.name))

    def _look(self) -> None:
        """Tell what a watch would."""
        for resource, replica in self._replicas.items():
            items = self.cluster.list(resource.plural)["items"]
            for change in replica.replace({key_of(one): one for one in items}):
                self._tell(resource, change)

    def _tell(self, resource: object, change: Change) -> None:
        send = self._events.append
        if resource == SECRETS:
            assembly._secret_moved(send, change)
        elif resource == CONFIGMAPS:
            assembly._configmap_moved(send, change)
        elif resource in RESOURCES:
            assembly._workload_changed(send, self.parts.followers, resource, change)

    def told(self, name: str, of: str = "managed-secret.app", *, kind: str = "Deployment") -> tuple[str, str]:
        """Return the version that a workload was told: itself, and in its pods; "" for none."""
        live = self.cluster.get(KINDS[kind], name, namespace=NAMESPACE)
        places = (live["metadata"], live["spec"]["template"].get("metadata") or {})
        itself, in_pods = ((one.get("annotations") or {}).get(OURS + of, "") for one in places)
        return itself, in_pods

    def condition(self, name: str = "app") -> tuple[str, str, str]:
        """Return status, reason and message of AutoRedeployReady."""
        status = self.cluster.get("kmssecrets", name, namespace=NAMESPACE)["status"]
        found = next(one for one in status["conditions"] if one["type"].endswith("AutoRedeployReady"))
        return found["status"], found["reason"], found["message"]

    def events(self, name: str = "app") -> list[tuple[str, str, str]]:
        """Return type, reason and note of what was told of an object, oldest first."""
        items = self.cluster.list("events.events.k8s.io", namespace=NAMESPACE)["items"]
        ours = [one for one in items if one["regarding"]["name"] == name]
        return [(one["type"], one["reason"], one["note"]) for one in sorted(ours, key=lambda one: one["eventTime"])]

    @property
    def status_writes(self) -> int:
        return sum(one.resource == "kmssecrets" and one.verb == "patch" for one in self.cluster.requests)


def _condition(kind: str, reason: str) -> Json:
    message = "number of workloads restarted: 0"
    return {"type": kind, "status": "True", "reason": reason, "message": message, "lastTransitionTime": NEVER}
