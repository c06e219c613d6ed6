"""`MemoryCluster`: an API server in memory, in process or over HTTP, with a request log and faults on demand."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from random import Random
from typing import Any, Final, TypeVar

from secretsync.clock import FOREVER, Clock
from secretsync.runtime.clock import SystemClock

from .api import Api
from .faults import Disturbance, Failure, Faults
from .request import Record, Request, Verb
from .resources import ResourceType
from .status import ApiError, Json, copied
from .verbs import JsonPatch, Verbs, selectors
from .watch import Watch

A = TypeVar("A")

PREMADE_NAMESPACES: Final = ("default", "kube-system")
_LOG_LENGTH: Final = 100_000


class MemoryCluster(Verbs):
    """An API server in memory, for tests. Every method may be called from several threads.

        cluster = MemoryCluster(crds=[crd("kmssecrets")])
        cluster.create("secrets", {"metadata": {"name": "env"}, "stringData": {"A": "1"}}, namespace="default")
        cluster.fail(status=409, verb="patch", resource="secrets")
        cluster.disturb("reorder", resource="secrets")
        with ClusterServer(cluster) as server:
            server.write_kubeconfig(path)

    Its verbs, `watch` beside them, are those of `Verbs`. Bodies are copied in both directions. What is left out is listed in `api` and `schema`; above all CEL rules are not evaluated.

    Args:
        crds: CustomResourceDefinitions to begin with.
        clock: For time stamps and ages.
        timer: By which watches end; the machine's own, because a client waits in real time.
        seed: Of uids and generated names; None draws one.
        history: How many changes of each resource are held for watches; what is older is 410 Gone.

    Attributes:
        requests: One `Record` a request, oldest first, the last 100,000; `requests.clear()` begins anew.
    """

    def __init__(
        self,
        *,
        crds: Iterable[Json] = (),
        clock: Clock | None = None,
        timer: Clock | None = None,
        seed: int | None = None,
        history: int = 10_000,
    ) -> None:
        self.clock: Final[Clock] = clock or SystemClock()
        chance = Random(seed)  # noqa: S311 - uids and name suffixes are no secrets
        self._api = Api(clock=self.clock, timer=timer or SystemClock(), chance=chance, history=history)
        self._faults = Faults()
        self._on_outage: list[Callable[[], None]] = []
        self.requests: deque[Record] = deque(maxlen=_LOG_LENGTH)
        for name in PREMADE_NAMESPACES:
            self.create("namespaces", {"metadata": {"name": name}})
        for crd in crds:
            self.create("customresourcedefinitions", crd)
        self.requests.clear()

    # -- verbs

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
        options = selectors(labels, fields) | {"resourceVersion": resource_version, "timeoutSeconds": str(timeout)}
        return self.open_watch(self._request("watch", resource, namespace=namespace, options=options))

    # -- what goes wrong on purpose

    def fail(
        self,
        *,
        status: int | Failure,
        verb: Verb | None = None,
        resource: str | None = None,
        times: int = 1,
        seconds: float = 0.0,
    ) -> None:
        """Let the next `times` requests that match go wrong.

        Args:
            status: An HTTP status: the answer, before anything is done. Or one of

                reset   the connection is cut before anything is done (in process: ConnectionResetError)
                lost    it is cut after the request took effect: the answer is lost
                hang    nothing comes, and nothing is done (in process: Hung, a TimeoutError, at once)
                slow    answered after `seconds`, or when the cluster is healed
            verb: None matches every verb; lists and watches are verbs of their own.
            resource: As for the verbs; None matches every resource.
            seconds: With a status, what goes into `Retry-After`.

        Raises:
            ValueError: There is no such fault.
        """
        self._faults.fail(status, verb=verb, resource=resource, times=times, seconds=seconds)

    def disturb(
        self,
        what: Disturbance,
        *,
        resource: str | None = None,
        event: str | None = None,
        times: int = 1,
        seconds: float = 0.0,
    ) -> None:
        """Let watches not tell it right.

        Args:
            what: To the next `times` events that match

                drop        it does not come
                duplicate   it comes twice
                reorder     it comes after the change that follows it
                delay       it comes `seconds` later, and so does all that is behind it

                or at once, to every open watch of the resource

                close       it ends
                expire      it ends with an ERROR event: 410
                freeze      nothing comes any more, though the connection stands (in process: Hung, at once)
            resource: As for the verbs; None matches every resource.
            event: `ADDED`, `MODIFIED`, `DELETED` or `BOOKMARK`; None matches all but bookmarks.

        Raises:
            ValueError: There is no such disturbance.
        """
        self._faults.disturb(what, resource=resource, event=event, times=times, seconds=seconds)

    def on_disturbance(self, told: Callable[[str | int, str], None]) -> None:
        """Have `told` called with a disturbance and its resource when an event meets it."""
        self._faults.told = told

    def bookmark(self) -> None:
        """Send a bookmark now on every open watch that asked for them; by themselves they come each minute."""
        for watch in self._faults.open_watches():
            watch.send_bookmark()

    def heal(self) -> None:
        """Forget the faults that have not happened yet, and answer what is slow."""
        self._faults.clear()

    def outage(self, *, down: bool, seconds: float = FOREVER) -> None:
        """Be out of reach, or in reach again: every connection is cut, watches included; objects stay.

        Args:
            seconds: After so long, by the machine's own clock, it is over.
        """
        self._faults.go_down(seconds=seconds if down else 0.0)
        if down:
            for cut in tuple(self._on_outage):
                cut()
            for watch in self._faults.open_watches():
                watch.close()

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
        return self._faults.down

    def on_outage(self, cut: Callable[[], None]) -> None:
        """Have `cut` called whenever an outage begins."""
        self._on_outage.append(cut)

    def perform(self, request: Request) -> Json:
        """Answer any verb but watch, without a copy; logged, and with the faults that are planned.

        Raises:
            ApiError: As an API server would answer.
            ConnectionResetError: The connection is to be cut.
            Hung: It is to be left open without an answer.
        """
        return self._logged(request, self._api.perform)

    def open_watch(self, request: Request) -> Watch:
        """Open a watch; raises as `perform` does."""
        watch = self._logged(request, self._api.watch)
        self._faults.opened(watch, request)
        return watch

    def _logged(self, request: Request, answer: Callable[[Request], A]) -> A:
        status = 0
        try:
            answered = self._faults.meet(request, answer)
            status = 201 if request.verb == "create" else 200
        except ApiError as error:
            status = error.status
            raise
        else:
            return answered
        finally:
            self.requests.append(_record(request, status))

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
        request = self._request(
            verb,
            resource,
            namespace=namespace,
            name=name,
            subresource=subresource,
            body=copied(body or {}),
            options=options,
        )
        answer: Json = copied(self.perform(request))
        return answer

    def _request(self, verb: Verb, resource: str, *, namespace: str, **named: Any) -> Request:
        type_: ResourceType = self._api.registry.by_name(resource)
        return Request(verb, type_, namespace if type_.namespaced else "", **named)


def _record(request: Request, status: int) -> Record:
    type_ = request.type
    return Record(request.verb, type_.plural, request.subresource, request.namespace, request.name, status)
