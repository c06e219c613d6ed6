"""A restart on whole processes: ready soon, and nothing is written but the Lease."""

from __future__ import annotations

import pytest

from canaries import canary
from stand import eventually, kmssecret

READY = 5.0
NAMES = [f"app-{n}" for n in range(60)]


@pytest.mark.row("kmssecret-62")
def test_a_restarted_operator_is_ready_soon_and_writes_nothing(stand):
    kms = stand.kms({"/app": {"A": canary()}})
    first = stand.operator()
    stand.apply(*(kmssecret(name, kms.url) for name in NAMES))
    stand.until_ready(*NAMES)
    assert first.stop() == 0

    stand.forget()
    second = stand.operator()
    second.line('"running"')
    eventually(lambda: second.page("/readyz") == (200, "ok\n"), timeout=READY)
    eventually(lambda: second.page("/metrics")[1].count("secretsync_kmssecret_sync_total{") == len(NAMES))
    assert stand.writes() == []
    assert stand.writes("leases")
