"""An API server that is gone, and one that is there but tells nothing, on whole processes (kmssecret §8.4).

How fast an outage is caught up with is told in virtual time.
"""

from __future__ import annotations

import os
from threading import Event
from time import monotonic

import pytest

from canaries import canary
from stand import eventually, kmssecret

OUTAGE = 60.0
FOUND = 75.0
pytestmark = pytest.mark.timeout(600)

LONG = 300
NAMES = [f"app-{n}" for n in range(30)]


@pytest.mark.memory
@pytest.mark.slow
@pytest.mark.row("kmssecret-62")
def test_an_outage_of_a_minute_ends_nothing_and_is_caught_up_with(stand):
    kms = stand.kms({f"/{name}": {"A": canary(name)} for name in NAMES})
    operator = stand.operator("--max-interval", "5s")
    stand.apply(*(kmssecret(name, kms.url, path=f"/{name}") for name in NAMES))
    stand.until_ready(*NAMES)

    stand.cluster.outage(down=True, seconds=OUTAGE)
    asked = len(kms.asked("list"))
    values = {name: canary(os.urandom(4).hex()) for name in NAMES}
    for name, value in values.items():
        kms.model.put("shop-k2x9", "prod", f"/{name}", {"A": value})
    operator.line("leads no longer")
    assert len(kms.asked("list")) > asked, "it went on asking while it led"
    assert operator.page("/readyz")[0] == 503
    while stand.cluster.down:
        assert operator.page("/healthz")[0] == 200
        Event().wait(1.0)  # more often than a kubelet would

    eventually(lambda: operator.page("/readyz") == (200, "ok\n"))
    stand.until("secrets", lambda: all(stand.data(name) == {"A": value} for name, value in values.items()))
    assert operator.running


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

    stand.until("secrets", lambda: stand.data("deleted") and stand.data("made"), timeout=LONG)
    assert monotonic() - deaf < FOUND
    eventually(lambda: operator.page("/readyz") == (200, "ok\n"))
