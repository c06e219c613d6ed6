"""An API server that is gone, and one that is there but tells nothing, on whole processes (kmssecret §8.4)."""

from __future__ import annotations

import os
from bisect import bisect_right
from threading import Event
from time import monotonic

import pytest

from canaries import canary
from stand import eventually, kmssecret

OUTAGE = 60.0
FOUND = 75.0
PERIOD = 5.0
NAMES = [f"app-{n}" for n in range(30)]


@pytest.mark.memory
@pytest.mark.slow
@pytest.mark.row("kmssecret-62")
def test_an_outage_of_a_minute_ends_nothing_and_is_caught_up_with_at_twice_the_usual_rate(stand):
    kms = stand.kms({f"/{name}": {"A": canary(name)} for name in NAMES})
    way = stand.way(kms.url)
    operator = stand.operator("--max-interval", f"{PERIOD:g}s")
    stand.apply(*(kmssecret(name, way.url, path=f"/{name}") for name in NAMES))
    stand.until_ready(*NAMES)

    stand.cluster.outage(down=True, seconds=OUTAGE)
    down = monotonic()
    values = {name: canary(os.urandom(4).hex()) for name in NAMES}
    for name, value in values.items():
        kms.model.put("shop-k2x9", "prod", f"/{name}", {"A": value})
    operator.line("leads no longer")
    usual = len(lists(way, since=down, until=down + PERIOD))
    assert operator.page("/readyz")[0] == 503
    while stand.cluster.down:
        assert operator.page("/healthz")[0] == 200
        Event().wait(1.0)  # more often than a kubelet would

    up = monotonic()
    eventually(lambda: operator.page("/readyz") == (200, "ok\n"))
    stand.until("secrets", lambda: all(stand.data(name) == {"A": value} for name, value in values.items()))
    eventually(lambda: len(lists(way, since=up)) >= 2 * len(NAMES))
    assert len(NAMES) - 1 <= usual <= len(NAMES) + 1, "it went on asking while it led"
    assert busiest(lists(way, since=up), PERIOD) <= 2 * usual
    assert operator.running


def lists(way, *, since, until=float("inf")):
    """When folders were listed, after this time and before that."""
    return [one.at for one in way.passed if "/secrets?" in one.path and since <= one.at < until]


def busiest(times, period):
    """How many of them the busiest period has."""
    return max(bisect_right(times, start + period) - n for n, start in enumerate(times))


@pytest.mark.memory
@pytest.mark.slow
@pytest.mark.row("kmssecret-62")
def test_watches_that_tell_nothing_any_more_are_found_and_what_was_missed_arrives(stand):
    kms = stand.kms({"/app": {"A": canary("app")}, "/polled": {"A": canary("polled")}})
    operator = stand.operator()
    stand.apply(kmssecret("deleted", kms.url), kmssecret("polled", kms.url, path="/polled"))
    stand.until_ready("deleted", "polled")
    eventually(lambda: operator.page("/readyz") == (200, "ok\n"))

    stand.cluster.disturb("freeze")
    deaf = monotonic()
    stand.cluster.delete("secrets", "deleted", namespace="shop")
    stand.apply(kmssecret("made", kms.url))
    polled = canary("changed")
    kms.model.put("shop-k2x9", "prod", "/polled", {"A": polled})
    stand.until("secrets", lambda: stand.data("polled") == {"A": polled})
    assert (stand.data("deleted"), stand.data("made")) == (None, None), "only a watch could have told"

    stand.until("secrets", lambda: stand.data("deleted") and stand.data("made"), timeout=int(FOUND))
    assert monotonic() - deaf < FOUND
    eventually(lambda: operator.page("/readyz") == (200, "ok\n"))
