"""A restart over objects in step, on whole processes: what is written and what is asked.

How soon it is ready is told by `bench/operator.py restart`, and how its lists are spread over time in virtual time too.
"""

from __future__ import annotations

import pytest

from canaries import canary
from stand import NAMESPACE, eventually, kmssecret

NAMES = [f"app-{n}" for n in range(1000)]


@pytest.mark.memory
@pytest.mark.slow
@pytest.mark.row("kmssecret-62")
def test_a_restarted_operator_is_ready_writes_nothing_and_lists_each_folder(stand):
    kms = stand.kms({f"/{name}": {"A": canary()} for name in NAMES})
    first = stand.operator("--max-interval", "20s")
    stand.apply(*(kmssecret(name, kms.url, path=f"/{name}") for name in NAMES))
    stand.until_ready(*NAMES)
    assert first.stop() == 0

    stand.forget()
    asked = len(kms.asked("list"))
    second = stand.operator("--max-interval", "20s")
    eventually(lambda: second.page("/readyz") == (200, "ok\n"))
    eventually(lambda: len({one.query["secretPath"] for one in kms.asked("list")[asked:]}) == len(NAMES))
    assert stand.writes() == []
    assert stand.writes("leases")


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
    stand.until("secrets", lambda: stand.data("gone") == stand.data("edited") == mended)
