"""Prometheus metrics, in a registry of our own (kmssecret §8.3).

What happened is counted when it happens; what *is*, one series an object, is read from the operator's own table at
each scrape. So there is no second copy to keep in step, and the series of a deleted object are gone with it; what was
counted of one goes at the first scrape without it.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from functools import partial
from threading import Lock
from typing import Final

from secretsync.classes import frozen
from secretsync.errors import MissingExtra
from secretsync.reconcile.credentials import Uses
from secretsync.reconcile.reads import Lateness
from secretsync.runtime.pages import Page

try:
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
    from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
    from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
    from prometheus_client.registry import Collector
except ModuleNotFoundError:
    raise MissingExtra("the metrics of the operator", "secretsync-k8s[operator]") from None

_CONTROLLER: Final = "kmssecret"
_REQUESTS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0)
"""Seconds: up to what connecting and reading may take together."""
_SYNCS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
"""Seconds: a pass may wait for its host."""


@frozen
class ObjectFacts:
    """What the metrics tell about one object.

    Attributes:
        last_success: Seconds since 1970, None before the first success.
        secrets: How many keys its targets hold.
        next_sync: Seconds since 1970, None while no moment is set.
    """

    namespace: str
    name: str
    ready: bool
    last_success: float | None
    secrets: int
    next_sync: float | None = None


@frozen
class Facts:
    """What is, of one kind at work.

    Attributes:
        objects: Every object there is.
        hosts: How late the checks of each host are; empty while the engine cannot be asked.
        tokens: How many reads had their token at hand; None while the engine cannot be asked.
        feeds: Open connections to the change feed of each host that there should be any to.
    """

    objects: Iterable[ObjectFacts] = ()
    hosts: Mapping[str, Lateness] = {}
    tokens: Uses | None = None
    feeds: Mapping[str, int] = {}


class Metrics:
    """The operator's metrics. Thread-safe.

    Args:
        facts: Returns what is, of every kind at work; called at each scrape.
    """

    def __init__(self, facts: Callable[[], Iterable[Facts]]) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the package left it without annotations
        self._syncs = _Tally("sync", "Passes, by result.", "result")
        self._errors = _Tally("sync_errors", "Failed passes, by reason.", "reason")
        self._drift = _Tally("drift", "Targets that others had changed and we corrected.")
        self._registry = CollectorRegistry()
        self._registry.register(_Table(facts, (self._syncs, self._errors, self._drift)))
        text = "From what called for a pass to its end, waiting included; of all objects."
        self._durations = Histogram(
            "secretsync_kmssecret_sync_duration_seconds", text, buckets=_SYNCS, registry=self._registry
        )
        # Under the replaced operator's names, so that its users' alerts go on working.
        self._passes = self._counter(
            "controller_runtime_reconcile", "Passes, by result; of all objects.", "controller", "result"
        )
        self._failures = self._counter(
            "controller_runtime_reconcile_errors", "Failed passes of all objects.", "controller"
        )
        text = "Restarts of workloads, by what became of them."
        self._rollouts = self._counter("secretsync_kmssecret_rollouts", text, "kind", "result")
        self._requests = self._counter(
            "secretsync_backend_requests",
            "Requests to stores, by outcome.",
            "backend",
            "host",
            "operation",
            "code",
        )
        self._request_durations = Histogram(
            "secretsync_backend_request_duration_seconds",
            "How long stores took to answer.",
            ("backend", "operation"),
            buckets=_REQUESTS,
            registry=self._registry,
        )
        self._logins = self._counter("secretsync_logins", "Logins at stores, by result.", "result")
        text = "Answers that were looked at anew because a KMS told of a change, by how it did."
        self._told = self._counter("secretsync_told_changes", text, "by")
        self._webhooks = self._counter(
            "secretsync_webhooks", "Deliveries of webhooks, by what became of them.", "result"
        )
        text = "1 while this process leads by the Lease of that name."
        self._leads = Gauge("leader_election_master_status", text, ("name",), registry=self._registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self._registry)

    def synced(self, *, namespace: str, name: str, result: str, seconds: float | None = None) -> None:
        """Count an object's pass; `result` is `success` or `error`, `seconds` None where its length says nothing."""
        if seconds is not None:
            self._durations.observe(seconds)
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

    def rolled_out(self, *, kind: str, result: str) -> None:
        """Count the restart of a workload of this kind; `result` is `success`, `error` or `skipped`."""
        self._rollouts.labels(kind, result).inc()

    def requested(self, *, backend: str, host: str, operation: str, code: str) -> None:
        """Count a request to a store; `code` is `ok` or the code of an error."""
        self._requests.labels(backend, host, operation, code).inc()

    def took(self, *, backend: str, operation: str, seconds: float) -> None:
        """Note how long a request to a store took, whatever came of it."""
        self._request_durations.labels(backend, operation).observe(seconds)

    def logged_in(self, *, result: str) -> None:
        """Count a login; `result` is `success` or the code of an error."""
        self._logins.labels(result).inc()

    def told(self, by: str) -> None:
        """Count an answer that is doubtful because a `feed` or a `webhook` told so."""
        self._told.labels(by).inc()

    def delivered(self, *, result: str) -> None:
        """Count a delivery of a webhook; `result` is `accepted` or why it was refused, one of a closed set."""
        self._webhooks.labels(result).inc()

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


class _Table(Collector):
    """What is, asked at each scrape."""

    def __init__(self, facts: Callable[[], Iterable[Facts]], tallies: Iterable[_Tally]) -> None:
        self._facts = facts
        self._tallies = tallies

    def describe(self) -> Iterable[Metric]:
        # Without it the registry would collect once when this is registered, before there is a table to read.
        return ()

    def collect(self) -> Iterator[Metric]:
        kinds = tuple(self._facts())
        yield from _objects((one for kind in kinds for one in kind.objects), self._tallies)
        yield from _hosts(kind.hosts for kind in kinds)
        yield from _tokens(kind.tokens for kind in kinds)
        yield _feeds(kind.feeds for kind in kinds)


def _objects(objects: Iterable[ObjectFacts], tallies: Iterable[_Tally]) -> Iterator[Metric]:
    ready = _family("ready", "1 if the object is in step with its store, else 0.")
    last = _family("last_success_timestamp_seconds", "When the object was last found in step.")
    secrets = _family("secrets", "Keys that the object's targets hold.")
    coming = _family("next_sync_timestamp_seconds", "When the object is looked at next, if nothing changes before.")
    there = set()
    for facts in objects:
        labels = (facts.namespace, facts.name)
        there.add(labels)
        ready.add_metric(labels, float(facts.ready))
        secrets.add_metric(labels, facts.secrets)
        if facts.last_success is not None:
            last.add_metric(labels, facts.last_success)
        if facts.next_sync is not None:
            coming.add_metric(labels, facts.next_sync)
    yield from (ready, last, secrets, coming, *(tally.family(there) for tally in tallies))


def _family(name: str, text: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"secretsync_kmssecret_{name}", text, labels=("namespace", "name"))


def _hosts(kinds: Iterable[Mapping[str, Lateness]]) -> Iterator[Metric]:
    name, text = "secretsync_backend_lateness", "checks that came due and were not made yet: the worst of the host"
    seconds = GaugeMetricFamily(f"{name}_seconds", f"Seconds of delay of {text}.", labels=("host",))
    periods = GaugeMetricFamily(f"{name}_periods", "The same in periods of the check itself.", labels=("host",))
    for hosts in kinds:
        for host, late in hosts.items():
            seconds.add_metric((host,), late.seconds)
            periods.add_metric((host,), late.periods)
    yield from (seconds, periods)


def _feeds(kinds: Iterable[Mapping[str, int]]) -> Metric:
    text = "Connections to the change feed of a host that objects ask for; 0: they wait for their interval."
    feeds = GaugeMetricFamily("secretsync_feeds_open", text, labels=("host",))
    for hosts in kinds:
        for host, open_ in hosts.items():
            feeds.add_metric((host,), open_)
    return feeds


def _tokens(kinds: Iterable[Uses | None]) -> Iterator[Metric]:
    hits = CounterMetricFamily("secretsync_token_cache_hits", "Reads whose token was at hand.")
    misses = CounterMetricFamily("secretsync_token_cache_misses", "Reads that waited for a login.")
    known = [uses for uses in kinds if uses is not None]
    if known:
        hits.add_metric((), sum(uses.hits for uses in known))
        misses.add_metric((), sum(uses.misses for uses in known))
    yield from (hits, misses)
