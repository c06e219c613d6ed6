"""A reflector on a cluster where everything goes wrong: in the end it has told what there is, and lost nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from threading import Condition
from typing import Any

import pytest
from attrs import define, field

from secretsync.testing import ManualClock
from secretsync_k8s.cluster.reflector import Reflector
from secretsync_k8s.cluster.replica import Change
from secretsync_k8s.cluster.resources import SECRETS
from secretsync_k8s.testing import DirectTransport, MemoryCluster

PATIENCE = 20.0
Versions = dict[str, str]


@define(eq=False)
class Follower:
    """What a reader believes who looks whenever it is told to; the last change of each object is enough for it."""

    cluster: MemoryCluster
    seen: Versions = field(factory=dict)
    told: int = 0
    _changed: Condition = field(factory=Condition)

    def on_change(self, change: Change) -> None:
        name = change.object["metadata"]["name"]
        with self._changed:
            self.told += 1
            now = _versions(self.cluster).get(name)  # told of a change, it looks
            self.seen.pop(name, None)
            if now is not None:
                self.seen[name] = now
            self._changed.notify_all()

    def catches_up(self) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self.seen == _versions(self.cluster), PATIENCE)


def _versions(cluster: MemoryCluster) -> Versions:
    """Return what there is, past every fault."""
    store = cluster.api.store
    with store.lock:
        objects = store.collection(("", "secrets")).objects.items()
        return {name: body["metadata"]["resourceVersion"] for (_, name), body in objects}


@pytest.fixture
def cluster() -> MemoryCluster:
    return MemoryCluster(seed=0)


@pytest.fixture
def follower(cluster: MemoryCluster) -> Iterator[Follower]:
    """A reader that has been told of one Secret."""
    put(cluster, "first")
    reader = Follower(cluster)
    transport = DirectTransport(cluster)
    reflector = Reflector(transport, SECRETS, metadata_only=True, clock=ManualClock(), chance=lambda: 0.0)
    reflector.listen(reader.on_change)
    reflector.start()
    assert reflector.synced.wait(PATIENCE)
    yield reader
    cluster.heal()
    reflector.stop()
    assert not reflector._thread.is_alive()


def put(cluster: MemoryCluster, name: str) -> None:
    cluster.create("secrets", {"metadata": {"name": name}})


def write(cluster: MemoryCluster) -> None:
    """Change, delete and make anew what there is, and make more."""
    for n in range(3):
        cluster.patch("secrets", "first", {"metadata": {"labels": {"n": str(n)}}})
        put(cluster, f"more-{n}")
    cluster.delete("secrets", "more-0")
    cluster.delete("secrets", "more-1")
    put(cluster, "more-1")


Trouble = Callable[[MemoryCluster], None]


def refusing(status: Any, how: Any) -> Trouble:
    """End the watch, and let the next lists and watches fail."""

    def trouble(cluster: MemoryCluster) -> None:
        cluster.fail(status=status, verb="watch", times=2)
        cluster.fail(status=status, verb="list", times=2)
        cluster.disturb(how)

    return trouble


def outage(cluster: MemoryCluster) -> None:
    cluster.outage(down=True)
    cluster.outage(down=False)


def forgetting(cluster: MemoryCluster) -> None:
    cluster.fail(status=503, verb="watch", times=2)
    cluster.disturb("close")
    cluster.patch("secrets", "first", {"metadata": {"labels": {"forgotten": "yes"}}})
    cluster.compact()


TROUBLE: dict[str, Trouble] = {
    "none": lambda cluster: None,
    "events twice": lambda cluster: cluster.disturb("duplicate", times=5),
    "events swapped": lambda cluster: cluster.disturb("reorder", times=5),
    "bookmarks that do not come": lambda cluster: cluster.disturb("drop", event="BOOKMARK", times=10),
    "a watch that is closed": lambda cluster: cluster.disturb("close"),
    "a watch that expires": lambda cluster: cluster.disturb("expire"),
    "a network that is half open": lambda cluster: cluster.disturb("freeze"),
    "an outage": outage,
    "a version that is forgotten": forgetting,
    "too many requests": refusing(429, "close"),
    "a server that fails": refusing(503, "expire"),
    "connections that break": refusing("reset", "freeze"),
    "answers that are lost": refusing("lost", "expire"),
    "answers that never come": refusing("hang", "close"),
}


@pytest.mark.parametrize("trouble", TROUBLE.values(), ids=TROUBLE)
def test_nothing_is_lost(cluster: MemoryCluster, follower: Follower, trouble: Trouble) -> None:
    trouble(cluster)
    write(cluster)
    cluster.bookmark()
    assert follower.catches_up()


@pytest.mark.parametrize("seed", range(5))
def test_nothing_is_lost_in_a_storm(cluster: MemoryCluster, follower: Follower, seed: int) -> None:
    random = Random(seed)
    for n in range(60):
        random.choice(list(TROUBLE.values()))(cluster)
        put(cluster, f"s-{n}")
        if n % 3 == 0:
            cluster.delete("secrets", f"s-{n}")
        cluster.patch("secrets", "first", {"metadata": {"labels": {"s": str(n)}}})
        cluster.heal()
    cluster.bookmark()
    assert follower.catches_up()


def test_after_an_outage_only_what_changed_is_told(cluster: MemoryCluster, follower: Follower) -> None:
    for n in range(20):
        put(cluster, f"many-{n}")
    assert follower.catches_up()
    before = follower.told
    cluster.fail(status=503, verb="watch", times=2)
    cluster.disturb("close")
    put(cluster, "new")
    cluster.compact()
    assert follower.catches_up()
    assert follower.told == before + 1
