"""A control plane by the verbs of `MemoryCluster`: what a test does to the one, it does to the other.

    with ControlPlane(crds=[crd("kmssecrets")]) as plane, RealCluster(plane) as cluster:
        cluster.create("secrets", {"metadata": {"name": "env"}, "stringData": {"A": "1"}}, namespace="default")

Faults on purpose are not to be had here. At its end every namespace that is not the cluster's own is gone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from http import HTTPStatus
from itertools import islice
from pathlib import Path
from typing import Any, Final, Self

from controlplane.audit import Asked, AuditLog
from controlplane.plane import ADMIN, ControlPlane, Json
from secretsync.errors import BackendError
from secretsync_k8s.cluster import resources
from secretsync_k8s.cluster.client_adapter import connect
from secretsync_k8s.cluster.resources import Resource
from secretsync_k8s.cluster.transport import JSON, JSON_PATCH, MERGE_PATCH, Stream
from secretsync_k8s.testing import ApiError, Record
from secretsync_k8s.testing.request import Verb
from secretsync_k8s.testing.verbs import JsonPatch, Verbs

Events = list[Json]
Asks = list[Asked]

RESOURCES: Final = {
    "secrets": resources.SECRETS,
    "configmaps": resources.CONFIGMAPS,
    "namespaces": resources.NAMESPACES,
    "serviceaccounts": resources.SERVICE_ACCOUNTS,
    "leases": resources.LEASES,
    "events.events.k8s.io": resources.EVENTS,
    "kmssecrets": resources.KMSSECRETS,
    "deployments": Resource("apps", "v1", "deployments", "Deployment"),
    "daemonsets": Resource("apps", "v1", "daemonsets", "DaemonSet"),
    "statefulsets": Resource("apps", "v1", "statefulsets", "StatefulSet"),
    "roles": Resource("rbac.authorization.k8s.io", "v1", "roles", "Role"),
    "rolebindings": Resource("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding"),
    "clusterroles": Resource("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", namespaced=False),
    "clusterrolebindings": Resource(
        "rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", namespaced=False
    ),
    "customresourcedefinitions": Resource(
        "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", namespaced=False
    ),
}
"""By what `MemoryCluster` calls them."""
EMPTIED: Final = (
    *("kmssecrets", "deployments", "daemonsets", "statefulsets", "secrets", "configmaps", "leases"),
    *("events.events.k8s.io", "roles", "rolebindings", "serviceaccounts"),
)
"""What goes with a namespace: first what makes others."""
PREMADE: Final = frozenset({"default", "kube-system", "kube-public", "kube-node-lease"})
ACCOUNT: Final = "system:serviceaccount:"
"""How the names of users begin that are service accounts."""
_METHODS: Final[Mapping[Verb, str]] = {
    "get": "GET",
    "list": "GET",
    "create": "POST",
    "update": "PUT",
    "patch": "PATCH",
    "delete": "DELETE",
    "deletecollection": "DELETE",
}


class NotFoundError(ApiError):
    """There is no such object."""


class Changes:
    """A watch, whose events are taken one after another."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._events = iter(stream)

    def take(self) -> Events:
        """Return the next event, none at the end of its time."""
        return list(islice(self._events, 1))

    def close(self) -> None:
        self._stream.close()


class RealCluster(Verbs):
    """One control plane, as who may do everything sees it. Its methods belong to one thread."""

    def __init__(self, plane: ControlPlane) -> None:
        self.plane = plane
        self.transport = connect(kubeconfig=str(plane.kubeconfig), environ={})
        self._audit = AuditLog(plane)
        self._audit.read().clear()
        self.requests = Requests(self._audit)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove_namespaces()
        self.transport.close()

    # -- verbs

    def _call(
        self,
        verb: Verb,
        resource: str,
        *,
        namespace: str,
        name: str = "",
        subresource: str = "",
        body: Json | JsonPatch | None = None,
        options: Mapping[str, str] = {},
    ) -> Json:
        kind = RESOURCES[resource]
        path = kind.path(namespace or None, name or None, subresource or None)
        form = JSON if verb != "patch" else JSON_PATCH if isinstance(body, list) else MERGE_PATCH
        return self._ask(_METHODS[verb], path, query=_said(options), body=_sent(verb, kind, body), content_type=form)

    def watch(self, resource: str, *, namespace: str = "", resource_version: str = "", timeout: int = 0) -> Changes:
        """Return the changes after that version; without one, first all that is there as ADDED."""
        query = {"watch": "true", "resourceVersion": resource_version, "timeoutSeconds": str(timeout or "")}
        path = RESOURCES[resource].path(namespace or None)
        return Changes(self.transport.stream(path, query=_said(query), timeout=float(timeout or 3600) + 5))

    def _ask(self, method: str, path: str, **options: Any) -> Json:
        try:
            return self.transport.request(method, path, **{"content_type": JSON, **options})
        except BackendError as error:
            status = error.status or 0
            reason = getattr(error, "reason", "") or HTTPStatus(status).phrase
            raised = NotFoundError if status == HTTPStatus.NOT_FOUND else ApiError
            raise raised(status, reason, str(error)) from None

    # -- what a `ClusterServer` has

    @property
    def url(self) -> str:
        return self.plane.url

    def write_kubeconfig(self, path: Path, *, namespace: str = "default") -> None:
        """Write a kubeconfig of who may do everything."""
        path.write_text(json.dumps(self.plane.config(self.plane.user(ADMIN), namespace=namespace)))

    # -- what only this one has

    def asked(self) -> Asks:
        """Return all that was asked since `requests` was cleared, by the control plane itself too."""
        return self._audit.read()

    def token(self, account: str, *, namespace: str, seconds: int, bound: str = "") -> str:
        """Return a token of a service account, which is over when the Secret is gone that it is bound to."""
        path = resources.SERVICE_ACCOUNTS.path(namespace, account, "token")
        spec: Json = {"expirationSeconds": seconds}
        if bound:
            spec["boundObjectRef"] = {"apiVersion": "v1", "kind": "Secret", "name": bound}
        return str(self._ask("POST", path, body={"spec": spec})["status"]["token"])

    # -- namespaces

    def remove_namespaces(self) -> None:
        """Remove every namespace that tests made, at once: their names are free again.

        The namespace controller would take 5 s for each, and then empty what has the name by that time. What waits
        for no finalizer it leaves alone: one request marks it as deleted, the next removes it.
        """
        for namespace in self.list("namespaces")["items"]:
            if (name := namespace["metadata"]["name"]) not in PREMADE:
                self._empty(name)
                with suppress(NotFoundError):  # gone at once, where the test has deleted it already
                    self._remove(name)

    def _remove(self, name: str) -> None:
        path = resources.NAMESPACES.path(None, name, "finalize")
        self._ask("PUT", path, body={"metadata": {"name": name}, "spec": {"finalizers": []}})
        for _ in range(2):
            self.delete("namespaces", name)

    def _empty(self, namespace: str) -> None:
        for held in self.list("kmssecrets", namespace=namespace)["items"]:
            if held["metadata"].get("finalizers"):
                name = held["metadata"]["name"]
                self.patch("kmssecrets", name, {"metadata": {"finalizers": None}}, namespace=namespace)
        for resource in EMPTIED:
            self.delete_collection(resource, namespace=namespace)


class Requests:
    """What tests and operators asked, as records of a `MemoryCluster`; not what the control plane asked itself."""

    def __init__(self, audit: AuditLog) -> None:
        self._audit = audit

    def __iter__(self) -> Iterator[Record]:
        return (_record(one) for one in self._audit.read() if one.user == ADMIN or one.user.startswith(ACCOUNT))

    def clear(self) -> None:
        self._audit.read().clear()


def _record(asked: Asked) -> Record:
    name = "" if asked.verb == "create" else asked.name  # which is in the body then, and not in the path
    return Record(asked.verb, asked.resource, asked.subresource, asked.namespace, name, asked.status)


def _sent(verb: Verb, kind: Resource, body: Json | JsonPatch | None) -> Json | JsonPatch | None:
    """Return a body as the API wants it."""
    if isinstance(body, list):
        return body
    match verb:
        case "create" | "update":
            return {"apiVersion": kind.api_version, "kind": kind.kind, **(body or {})}
        case "delete" | "deletecollection":
            # In the background, as `kubectl` has it; the API's own default for some kinds is to leave what they own.
            return {"propagationPolicy": "Background", **(body or {})}
    return body


def _said(values: Mapping[str, str | None]) -> dict[str, str]:
    return {name: text for name, text in values.items() if text}
