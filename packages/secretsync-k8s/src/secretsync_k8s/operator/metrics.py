"""Prometheus metrics, in a registry of our own (kmssecret §8.3).

What happened is counted when it happens; what *is*, one series an object, is read from the operator's own table at
each scrape. So there is no second copy to keep in step, and the series of a deleted object are gone with it; what was
counted of one goes at the first scrape without it.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator
from functools import partial
from threading import Lock
from typing import Final

from attrs import frozen

from secretsync.errors import MissingExtra

from .probes import Page

try:
    from prometheus_client import CollectorRegistry, Counter, Gauge, disable_created_metrics
    from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
    from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
    from prometheus_client.registry import Collector
except ModuleNotFoundError:
    raise MissingExtra("the metrics of the operator", "secretsync-k8s[operator]") from None

_CONTROLLER: Final = "kmssecret"


@frozen
class ObjectFacts:
    """What the metrics tell about one object.

    Attributes:
        last_success: Seconds since 1970, None before the first success.
        secrets: How many keys its targets hold.
    """

    namespace: str
    name: str
    ready: bool
    last_success: float | None
    secrets: int


class Metrics:
    """The operator's metrics. Thread-safe.

    Args:
        objects: The facts of every object there is; called at each scrape.
    """

    def __init__(self, objects: Callable[[], Iterable[ObjectFacts]]) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the package left it without annotations
        self._syncs = _Tally("sync", "Passes, by result.", "result")
        self._errors = _Tally("sync_errors", "Failed passes, by reason.", "reason")
        self._drift = _Tally("drift", "Targets that others had changed and we corrected.")
        self._registry = CollectorRegistry()
        self._registry.register(_Objects(objects, (self._syncs, self._errors, self._drift)))
        # Under the replaced operator's names, so that its users' alerts go on working.
        self._passes = self._counter(
            "controller_runtime_reconcile", "Passes, by result; of all objects.", "controller", "result"
        )
        self._failures = self._counter(
            "controller_runtime_reconcile_errors", "Failed passes of all objects.", "controller"
        )
        self._requests = self._counter(
            "secretsync_backend_requests",
            "Requests to stores, by outcome.",
            "backend",
            "host",
            "operation",
            "code",
        )
        self._logins = self._counter("secretsync_logins", "Logins at stores, by result.", "result")
        text = "1 while this process leads by the Lease of that name."
        self._leads = Gauge("leader_election_master_status", text, ("name",), registry=self._registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self._registry)

    def synced(self, *, namespace: str, name: str, result: str) -> None:
        """Count an object's pass; `result` is `success` or `error`."""
        self._syncs.add(namespace, name, result)
        self._passes.labels(_CONTROLLER, result).inc()
        if result == "error":
            self._failures.labels(_CONTROLLER).inc()

    def failed(self, *, namespace: str, name: str, reason: str) -> None:
        """Count why an object's pass failed, one of a closed set."""
        self._errors.add(namespace, name, reason)

    def corrected(self, *, namespace: str, name: str) -> None:
        """Count a target of an object that somebody else had changed."""
        self._drift.add(namespace, name)

    def requested(self, *, backend: str, host: str, operation: str, code: str) -> None:
        """Count a request to a store; `code` is `ok` or the code of an error."""
        self._requests.labels(backend, host, operation, code).inc()

    def logged_in(self, *, result: str) -> None:
        """Count a login; `result` is `success` or the code of an error."""
        self._logins.labels(result).inc()

    def leads(self, name: str, leading: Callable[[], bool]) -> None:
        """Show whether this process leads by the Lease of that name; asked at each scrape."""
        self._leads.labels(name).set_function(lambda: float(leading()))

    def page(self) -> Page:
        """Return everything as Prometheus reads it."""
        return Page(generate_latest(self._registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)


class _Tally:
    """Counts of what happened to objects, by namespace, name and more labels. Thread-safe."""

    def __init__(self, name: str, text: str, *labels: str) -> None:
        self._family = partial(
            CounterMetricFamily, f"secretsync_kmssecret_{name}", text, labels=("namespace", "name", *labels)
        )
        self._counts: dict[tuple[str, ...], int] = {}
        self._lock = Lock()

    def add(self, *labels: str) -> None:
        with self._lock:
            self._counts[labels] = self._counts.get(labels, 0) + 1

    def family(self, there: Container[tuple[str, ...]]) -> Metric:
        """Return the counts of the objects that are there, and forget all others."""
        family = self._family()
        with self._lock:
            self._counts = {labels: count for labels, count in self._counts.items() if labels[:2] in there}
            for labels, count in self._counts.items():
                family.add_metric(labels, count)
        return family


class _Objects(Collector):
    def __init__(self, objects: Callable[[], Iterable[ObjectFacts]], tallies: Iterable[_Tally]) -> None:
        self._objects = objects
        self._tallies = tallies

    def describe(self) -> Iterable[Metric]:
        # Without it the registry would collect once when this is registered, before there is a table to read.
        return ()

    def collect(self) -> Iterator[Metric]:
        ready = _family("ready", "1 if the object is in step with its store, else 0.")
        last = _family("last_success_timestamp_seconds", "When the object was last found in step.")
        secrets = _family("secrets", "Keys that the object's targets hold.")
        there = set()
        for facts in self._objects():
            labels = (facts.namespace, facts.name)
            there.add(labels)
            ready.add_metric(labels, float(facts.ready))
            secrets.add_metric(labels, facts.secrets)
            if facts.last_success is not None:
                last.add_metric(labels, facts.last_success)
        yield from (ready, last, secrets, *(tally.family(there) for tally in self._tallies))


def _family(name: str, text: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"secretsync_kmssecret_{name}", text, labels=("namespace", "name"))
