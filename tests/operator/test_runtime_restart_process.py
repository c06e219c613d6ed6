"""A restart over a thousand objects in step, on whole processes: how soon it is ready, what it writes and what it asks."""

from __future__ import annotations

from collections import Counter
from time import monotonic
from urllib.parse import parse_qs, urlsplit

import pytest

from canaries import canary
from stand import NAMESPACE, eventually, kmssecret

READY = 5.0
INTERVAL = 20.0
NAMES = [f"app-{n}" for n in range(1000)]


@pytest.mark.memory
@pytest.mark.slow
@pytest.mark.row("kmssecret-62")
def test_a_restarted_operator_is_ready_soon_writes_nothing_and_lists_each_folder_once_in_its_turn(stand):
    kms = stand.kms({f"/{name}": {"A": canary()} for name in NAMES})
    way = stand.way(kms.url)
    first = stand.operator("--max-interval", f"{INTERVAL:g}s")
    stand.apply(*(kmssecret(name, way.url, path=f"/{name}") for name in NAMES))
    stand.until_ready(*NAMES)
    assert first.stop() == 0

    stand.forget()
    began = monotonic()
    second = stand.operator("--max-interval", f"{INTERVAL:g}s")
    second.line('"running"')
    eventually(lambda: second.page("/readyz") == (200, "ok\n"))
    assert monotonic() - began < READY
    eventually(lambda: len({folder for folder, _ in lists(way, since=began)}) == len(NAMES), timeout=2 * INTERVAL)
    interval = [(folder, at) for folder, at in lists(way, since=began) if at < began + INTERVAL]
    assert max(Counter(folder for folder, _ in interval).values()) == 1
    assert max(Counter(int((at - began) * 10 / INTERVAL) for _, at in interval).values()) < 0.3 * len(NAMES)
    assert stand.writes() == []
    assert stand.writes("leases")


def lists(way, *, since):
    """Which folders were listed after this time, and when."""
    asked = [(urlsplit(one.path), one.at) for one in way.passed if one.at >= since]
    return [(parse_qs(url.query)["secretPath"][0], at) for url, at in asked if url.path.endswith("/secrets")]


def test_what_became_of_targets_while_nobody_looked_is_mended_at_once(stand):
    kms = stand.kms({"/app": {"A": "1"}})
    first = stand.operator("--max-interval", "1h")
    stand.apply(*(kmssecret(name, kms.url, interval=3600) for name in ("gone", "edited")))
    stand.until_ready("gone", "edited")
    assert first.stop() == 0

    stand.cluster.delete("secrets", "gone", namespace=NAMESPACE)
    stand.cluster.patch("secrets", "edited", {"stringData": {"A": "2"}}, namespace=NAMESPACE)
    stand.operator("--max-interval", "1h")
    mended = {"A": "1"}
    stand.until("secrets", lambda: stand.data("gone") == stand.data("edited") == mended, timeout=int(READY))
