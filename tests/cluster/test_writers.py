"""An operator beside others who write the same Secret all the time, on an API server that judges by versions."""

from __future__ import annotations

from itertools import count
from threading import Event, Thread

import pytest

from canaries import canary
from controlplane.cluster import RealCluster
from real_stand import RealStand, user
from stand import NAMESPACE, PROJECT, eventually, kmssecret

pytestmark = pytest.mark.cluster


PAUSE = 0.05
"""Seconds between two writes: some come between a look of the operator and its write, hardly four in a row."""


def keep_writing(stand: RealStand, name: str, stop: Event) -> None:
    """Write something of our own to a Secret, again and again."""
    cluster = RealCluster(stand.real.plane)
    for number in count():
        if stop.wait(PAUSE):
            break
        cluster.patch("secrets", name, {"metadata": {"annotations": {"theirs": str(number)}}}, namespace=NAMESPACE)
    cluster.transport.close()


def overtaken(stand: RealStand) -> bool:
    """Whether the API server has refused a write of the operator because another came first."""
    return any(one.user == user() and one.resource == "secrets" and one.status == 409 for one in stand.real.asked())


@pytest.mark.row("kmssecret-47")
def test_a_write_that_others_overtake_is_tried_again_until_it_is_done(stand: RealStand) -> None:
    kms = stand.kms({"/app": {"A": canary()}})
    stand.operator()
    stand.apply(kmssecret("app", kms.url))
    stand.until_ready("app")
    stop, number = Event(), count()
    writer = Thread(target=keep_writing, args=(stand, "app", stop))
    writer.start()

    def once_more() -> bool:
        value = canary(f"value-{next(number)}")
        kms.model.put(PROJECT.slug, "prod", "/app", {"A": value})
        stand.until("secrets", lambda: stand.data("app") == {"A": value})
        return overtaken(stand)

    try:
        eventually(once_more, timeout=60)
    finally:
        stop.set()
        writer.join()
    stand.until_ready("app")
    assert "theirs" in stand.secret("app")["metadata"]["annotations"]
