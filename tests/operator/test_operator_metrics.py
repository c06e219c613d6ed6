"""What an operator tells whoever scrapes it, as a whole process (kmssecret §8.3)."""

from __future__ import annotations

from time import time

from canaries import canary
from stand import eventually, kmssecret

OBJECT = 'name="app",namespace="shop"'
SERIES = {
    f'secretsync_kmssecret_sync_total{{{OBJECT},result="success"}}',
    f"secretsync_kmssecret_ready{{{OBJECT}}}",
    f"secretsync_kmssecret_last_success_timestamp_seconds{{{OBJECT}}}",
    f"secretsync_kmssecret_secrets{{{OBJECT}}}",
    f"secretsync_kmssecret_next_sync_timestamp_seconds{{{OBJECT}}}",
    f"secretsync_kmssecret_drift_total{{{OBJECT}}}",
    "secretsync_kmssecret_sync_duration_seconds_count",
    "secretsync_token_cache_hits_total",
    "secretsync_token_cache_misses_total",
    'secretsync_logins_total{result="success"}',
    'controller_runtime_reconcile_total{controller="kmssecret",result="success"}',
}
FAILED = {
    'secretsync_kmssecret_sync_errors_total{name="lost",namespace="shop",reason="PathNotFound"}',
    'controller_runtime_reconcile_errors_total{controller="kmssecret"}',
}


def values(operator) -> dict[str, float]:
    lines = operator.page("/metrics")[1].splitlines()
    pairs = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {series: float(value) for series, _, value in pairs}


def test_every_series_of_an_object_its_host_and_its_token_is_there(stand):
    kms = stand.kms({"/app": {"A": canary(), "B": canary("b")}})
    began = time()
    operator = stand.operator("--max-interval", "10s")
    stand.apply(kmssecret("app", kms.url), kmssecret("lost", kms.url, path="/nowhere"))
    stand.until_ready("app")
    stand.until_reason("lost", "PathNotFound")
    stand.cluster.patch("secrets", "app", {"stringData": {"A": "edited"}}, namespace="shop")
    eventually(lambda: f"secretsync_kmssecret_drift_total{{{OBJECT}}}" in values(operator))
    # A check is under way for a moment, and then no next one is set yet.
    seen = eventually(lambda: (now := values(operator)).keys() >= SERIES and now)
    assert seen.keys() >= SERIES | FAILED

    now = time()
    asked = f'backend="kms",code="ok",host="{kms.url}"'
    assert seen[f'secretsync_backend_requests_total{{{asked},operation="token"}}'] == 1.0
    assert seen['secretsync_backend_request_duration_seconds_count{backend="kms",operation="token"}'] == 1.0
    assert seen['secretsync_backend_request_duration_seconds_count{backend="kms",operation="folder"}'] >= 2.0
    assert seen[f'secretsync_backend_lateness_seconds{{host="{kms.url}"}}'] < now - began
    assert seen[f'secretsync_backend_lateness_periods{{host="{kms.url}"}}'] < (now - began) / 10.0
    assert seen[f"secretsync_kmssecret_ready{{{OBJECT}}}"] == 1.0
    assert seen[f"secretsync_kmssecret_secrets{{{OBJECT}}}"] == 2.0
    longest = seen["secretsync_kmssecret_sync_duration_seconds_count"] * (now - began)
    assert 0.0 < seen["secretsync_kmssecret_sync_duration_seconds_sum"] < longest
    assert began < seen[f"secretsync_kmssecret_next_sync_timestamp_seconds{{{OBJECT}}}"] <= now + 20.0
    reads = seen["secretsync_token_cache_hits_total"] + seen["secretsync_token_cache_misses_total"]
    assert seen["secretsync_token_cache_misses_total"] >= 1.0
    assert reads >= 2.0
