"""`MemoryCluster`: an API server in memory, in process or over HTTP, with a request log and faults on demand."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from copy import deepcopy
from random import Random
from typing import Any, Final, Literal, TypeVar

from secretsync.clock import Clock

from .api import Api
from .clock import SystemClock
from .request import Faults, Record, Request, Verb
from .resources import ResourceType
from .status import ApiError, Json
from .store import Watch

A = TypeVar("A")

PREMADE_NAMESPACES: Final = ("default", "kube-system")
_LOG_LENGTH: Final = 100_000


class MemoryCluster:
    """An API server in memory, for tests. Every method may be called from several threads.

        cluster = MemoryCluster(crds=[crd("kmssecrets")])
        cluster.create("secrets", {"metadata": {"name": "env"}, "stringData": {"A": "1"}}, namespace="default")
        cluster.fail(verb="patch", resource="secrets", status=409)
        with serve(cluster) as server:
            server.write_kubeconfig(path)

    The verbs take a resource by its plural (`secrets`) or, where two groups have one of that name, its full name
    (`events.events.k8s.io`), and raise `ApiError` as an API server would answer. Bodies are copied in both
    directions. What is left out is listed in `api` and `schema`; above all CEL rules are not evaluated.

    Args:
        crds: CustomResourceDefinitions to begin with.
        clock: For time stamps and ages. Watches time out by the machine's own clock, because a client waits in real time.
        seed: Of uids and generated names; None draws one.
        history: How many changes of each resource are held for watches; what is older is 410 Gone.

    Attributes:
        requests: One `Record` a request, oldest first, the last 100,000; `requests.clear()` begins anew.
    """

    def __init__(
        self, *, crds: Iterable[Json] = (), clock: Clock | None = None, seed: int | None = None, history: int = 10_000
    ) -> None:
        self.clock: Final[Clock] = clock or SystemClock()
        chance = Random(seed)  # noqa: S311 - uids and name suffixes are no secrets
        self._api = Api(clock=self.clock, chance=chance, history=history)
        self._faults = Faults()
        self._on_outage: list[Callable[[], None]] = []
        self.requests: deque[Record] = deque(maxlen=_LOG_LENGTH)
        for name in PREMADE_NAMESPACES:
            self.create("namespaces", {"metadata": {"name": name}})
        for crd in crds:
            self.create("customresourcedefinitions", crd)
        self.requests.clear()

    # -- verbs

    def get(self, resource: str, name: str, *, namespace: str = "default", subresource: str = "") -> Json:
        return self._call("get", resource, namespace=namespace, name=name, subresource=subresource)

    def list(self, resource: str, *, namespace: str = "", labels: str = "", fields: str = "") -> Json:
        """Return the List object, sorted by namespace and name; of every namespace when none is given."""
        return self._call("list", resource, namespace=namespace, options=_selectors(labels, fields))

    def create(self, resource: str, body: Json, *, namespace: str = "") -> Json:
        """Create the object in `namespace`, or in the one its metadata names, or in `default`."""
        namespace = namespace or body.get("metadata", {}).get("namespace") or "default"
        return self._call("create", resource, namespace=namespace, body=body)

    def update(self, resource: str, body: Json, *, subresource: str = "") -> Json:
        """Replace the object that the body's metadata names; with its resourceVersion only if that is current."""
        metadata = body["metadata"]
        namespace = metadata.get("namespace", "default")
        named = {"namespace": namespace, "name": metadata["name"], "subresource": subresource}
        return self._call("update", resource, body=body, **named)

    def patch(
        self, resource: str, name: str, patch: Json, *, namespace: str = "default", subresource: str = ""
    ) -> Json:
        """Apply a JSON merge patch; one that carries a resourceVersion or uid only to that very object."""
        named = {"namespace": namespace, "name": name, "subresource": subresource}
        return self._call("patch", resource, body=patch, **named)

    def delete(
        self,
        resource: str,
        name: str,
        *,
        namespace: str = "default",
        uid: str | None = None,
        resource_version: str | None = None,
    ) -> Json:
        """Delete the object, if it still is what the preconditions say.

        Returns:
            A Status, or the object when finalizers hold it back.
        """
        wanted = {"uid": uid, "resourceVersion": resource_version}
        body = {"preconditions": {name: value for name, value in wanted.items() if value is not None}}
        return self._call("delete", resource, namespace=namespace, name=name, body=body)

    def delete_collection(self, resource: str, *, namespace: str, labels: str = "", fields: str = "") -> Json:
        """Delete what is selected and return the List of it."""
        return self._call("deletecollection", resource, namespace=namespace, options=_selectors(labels, fields))

    def watch(
        self,
        resource: str,
        *,
        namespace: str = "",
        resource_version: str = "",
        labels: str = "",
        fields: str = "",
        timeout: int = 0,
    ) -> Watch:
        """Return the changes after that version; without one, first all that is there as ADDED.

        Its events share objects with the cluster: copy before changing one.

        Args:
            timeout: Seconds after which it ends; 0 is never.
        """
        options = _selectors(labels, fields) | {"resourceVersion": resource_version, "timeoutSeconds": str(timeout)}
        return self.open_watch(self._request("watch", resource, namespace=namespace, options=options))

    # -- what goes wrong on purpose

    def fail(
        self,
        *,
        status: int | Literal["reset"],
        verb: Verb | None = None,
        resource: str | None = None,
        times: int = 1,
    ) -> None:
        """Answer the next `times` requests that match with an error, before they do anything.

        Args:
            status: The HTTP status, or `reset`: the connection is cut (in process: ConnectionResetError).
            verb: None matches every verb; lists and watches are verbs of their own.
            resource: As for the verbs; None matches every resource.
        """
        self._faults.plan(verb=verb, resource=resource, status=status, times=times)

    def heal(self) -> None:
        """Forget the faults that have not happened yet."""
        self._faults.clear()

    def outage(self, *, down: bool) -> None:
        """Be out of reach, or in reach again: every connection is cut, watches included; objects stay."""
        self._faults.outage = down
        if down:
            for cut in tuple(self._on_outage):
                cut()

    def compact(self) -> None:
        """Forget the history: a watch from any version before now is 410 Gone."""
        with self._api.store.lock:
            self._api.store.compact()

    # -- for the HTTP front

    @property
    def api(self) -> Api:
        """The verbs without log, faults and copies."""
        return self._api

    @property
    def down(self) -> bool:
        return self._faults.outage

    def on_outage(self, cut: Callable[[], None]) -> None:
        """Have `cut` called whenever an outage begins."""
        self._on_outage.append(cut)

    def perform(self, request: Request) -> Json:
        """Answer any verb but watch, without a copy; logged, and with the faults that are planned.

        Raises:
            ApiError: As an API server would answer.
            ConnectionResetError: The connection is to be cut.
        """
        return self._logged(request, self._api.perform)

    def open_watch(self, request: Request) -> Watch:
        """Open a watch; raises as `perform` does."""
        return self._logged(request, self._api.watch)

    def _logged(self, request: Request, answer: Callable[[Request], A]) -> A:
        status = 0
        try:
            self._faults.meet(request)
            answered = answer(request)
            status = 201 if request.verb == "create" else 200
        except ApiError as error:
            status = error.status
            raise
        else:
            return answered
        finally:
            self.requests.append(_record(request, status))

    def _call(self, verb: Verb, resource: str, **named: Any) -> Json:
        return deepcopy(self.perform(self._request(verb, resource, **deepcopy(named))))

    def _request(self, verb: Verb, resource: str, *, namespace: str, **named: Any) -> Request:
        type_: ResourceType = self._api.registry.by_name(resource)
        return Request(verb, type_, namespace if type_.namespaced else "", **named)


def _record(request: Request, status: int) -> Record:
    type_ = request.type
    return Record(request.verb, type_.plural, request.subresource, request.namespace, request.name, status)


def _selectors(labels: str, fields: str) -> dict[str, str]:
    return {"labelSelector": labels, "fieldSelector": fields}
