"""Counts of an object come and go with it; those under the replaced operator's names stay (kmssecret §8.3)."""

from __future__ import annotations

from threading import Thread

import pytest

from secretsync.reconcile.credentials import Uses
from secretsync.reconcile.reads import Lateness
from secretsync_k8s.operator.metrics import Facts, Metrics, ObjectFacts

APP = {"namespace": "shop", "name": "app"}
SERIES = {
    'secretsync_kmssecret_sync_total{name="app",namespace="shop",result="success"} 1.0',
    'secretsync_kmssecret_sync_total{name="app",namespace="shop",result="error"} 2.0',
    'secretsync_kmssecret_sync_errors_total{name="app",namespace="shop",reason="Forbidden"} 2.0',
    'secretsync_kmssecret_drift_total{name="app",namespace="shop"} 1.0',
}
ALIASES = {
    'controller_runtime_reconcile_total{controller="kmssecret",result="success"} 1.0',
    'controller_runtime_reconcile_total{controller="kmssecret",result="error"} 2.0',
    'controller_runtime_reconcile_errors_total{controller="kmssecret"} 2.0',
}


def facts(name: str) -> ObjectFacts:
    return ObjectFacts("shop", name, ready=True, last_success=5.0, secrets=2)


def lines(metrics: Metrics) -> set[str]:
    return set(metrics.page().body.decode().splitlines())


@pytest.mark.row("kmssecret-65")
def test_what_was_counted_of_an_object_goes_with_it():
    table = [facts("app"), facts("other")]
    metrics = Metrics(lambda: [Facts(table)])
    metrics.synced(**APP, result="success")
    for _ in range(2):
        metrics.synced(**APP, result="error")
        metrics.failed(**APP, reason="Forbidden")
    metrics.corrected(**APP)
    assert lines(metrics) >= SERIES | ALIASES

    del table[0]
    assert not [line for line in lines(metrics) if 'name="app"' in line]
    assert lines(metrics) >= ALIASES, "a counter that falls is a restart to who reads it"
    table.append(facts("app"))
    assert not SERIES & lines(metrics), "another object of that name begins anew"


def test_no_count_is_lost_between_threads():
    metrics = Metrics(lambda: [Facts([facts("app")])])

    def count() -> None:
        for _ in range(500):
            metrics.synced(**APP, result="success")
            metrics.page()

    threads = [Thread(target=count) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 'secretsync_kmssecret_sync_total{name="app",namespace="shop",result="success"} 1000.0' in lines(metrics)


def test_the_lengths_of_passes_and_requests_are_shown_by_how_many_took_how_long():
    metrics = Metrics(list)
    for seconds in (0.2, 7.0, None):
        metrics.synced(**APP, result="success", seconds=seconds)
    metrics.took(backend="kms", operation="folder", seconds=0.03)
    assert lines(metrics) >= {
        'secretsync_kmssecret_sync_duration_seconds_bucket{le="0.1"} 0.0',
        'secretsync_kmssecret_sync_duration_seconds_bucket{le="0.25"} 1.0',
        'secretsync_kmssecret_sync_duration_seconds_bucket{le="10.0"} 2.0',
        "secretsync_kmssecret_sync_duration_seconds_count 2.0",
        "secretsync_kmssecret_sync_duration_seconds_sum 7.2",
        'secretsync_backend_request_duration_seconds_bucket{backend="kms",le="0.025",operation="folder"} 0.0',
        'secretsync_backend_request_duration_seconds_bucket{backend="kms",le="0.05",operation="folder"} 1.0',
    }


def test_hosts_and_tokens_of_all_kinds_are_shown_while_they_are_known():
    hosts = {"http://kms": Lateness(90.0, 1.5), "cluster": Lateness()}
    known = [Facts(hosts=hosts, tokens=Uses(5, 2)), Facts(tokens=Uses(1, 1)), Facts()]
    metrics = Metrics(lambda: known)
    assert lines(metrics) >= {
        'secretsync_backend_lateness_seconds{host="http://kms"} 90.0',
        'secretsync_backend_lateness_periods{host="http://kms"} 1.5',
        'secretsync_backend_lateness_seconds{host="cluster"} 0.0',
        "secretsync_token_cache_hits_total 6.0",
        "secretsync_token_cache_misses_total 3.0",
    }
    known[:] = [Facts()]
    unknown = ("secretsync_token_cache", "secretsync_backend_lateness")
    assert not [line for line in lines(metrics) if line.startswith(unknown)], "no made-up numbers"
