"""Watches: what they tell, in which order, and when they end."""

from __future__ import annotations

from threading import Thread
from typing import Any

import pytest

from secretsync_k8s.testing import ApiError, MemoryCluster, Watch

Json = dict[str, Any]


@pytest.fixture
def cluster() -> MemoryCluster:
    return MemoryCluster(seed=0, history=4)


def put(cluster: MemoryCluster, name: str, **labels: str) -> None:
    cluster.create("secrets", {"metadata": {"name": name, "labels": labels}})


def label(cluster: MemoryCluster, name: str, value: str) -> None:
    cluster.patch("secrets", name, {"metadata": {"labels": {"app": value}}})


def told(watch: Watch) -> list[tuple[str, str]]:
    return [(event["type"], event["object"]["metadata"]["name"]) for event in watch.take()]


def now(cluster: MemoryCluster) -> str:
    return str(cluster.list("secrets")["metadata"]["resourceVersion"])


def test_without_a_version_what_is_there_comes_first(cluster: MemoryCluster) -> None:
    put(cluster, "b")
    put(cluster, "a")
    watch = cluster.watch("secrets")
    put(cluster, "c")
    assert told(watch) == [("ADDED", "a"), ("ADDED", "b"), ("ADDED", "c")]


def test_from_a_version_only_what_came_after_it(cluster: MemoryCluster) -> None:
    put(cluster, "a")
    watch = cluster.watch("secrets", resource_version=now(cluster))
    put(cluster, "b")
    label(cluster, "a", "x")
    cluster.delete("secrets", "b")
    assert told(watch) == [("ADDED", "b"), ("MODIFIED", "a"), ("DELETED", "b")]


def test_a_deleted_object_comes_in_its_last_state_with_the_version_of_its_end(cluster: MemoryCluster) -> None:
    put(cluster, "a", app="x")
    watch = cluster.watch("secrets", resource_version=now(cluster))
    cluster.delete("secrets", "a")
    (event,) = watch.take()
    assert event["object"]["metadata"]["labels"] == {"app": "x"}
    assert event["object"]["metadata"]["resourceVersion"] == now(cluster)


def test_what_ceases_to_be_selected_counts_as_deleted(cluster: MemoryCluster) -> None:
    put(cluster, "a", app="x")
    watch = cluster.watch("secrets", resource_version=now(cluster), labels="app=x")
    for value in ("y", "z", "x"):
        label(cluster, "a", value)
    left, came_back = watch.take()
    assert (left["type"], came_back["type"]) == ("DELETED", "ADDED")
    assert left["object"]["metadata"]["labels"] == {"app": "x"}  # as it was when it was last selected
    versions = [int(event["object"]["metadata"]["resourceVersion"]) for event in (left, came_back)]
    assert versions == [int(now(cluster)) - 2, int(now(cluster))]  # but with the version of its leaving


def test_other_namespaces_and_resources_are_not_told(cluster: MemoryCluster) -> None:
    cluster.create("namespaces", {"metadata": {"name": "shop"}})
    watch = cluster.watch("secrets", namespace="shop", resource_version=now(cluster))
    put(cluster, "a")
    cluster.create("configmaps", {"metadata": {"name": "c"}}, namespace="shop")
    cluster.create("secrets", {"metadata": {"name": "s"}}, namespace="shop")
    assert told(watch) == [("ADDED", "s")]


def test_a_version_that_is_forgotten_is_expired(cluster: MemoryCluster) -> None:
    old = now(cluster)
    for name in "abcde":
        put(cluster, name)
    (event,) = cluster.watch("secrets", resource_version=old)
    assert event["type"] == "ERROR"
    assert (event["object"]["kind"], event["object"]["code"], event["object"]["reason"]) == ("Status", 410, "Expired")


def test_a_version_that_is_just_held_is_not_expired(cluster: MemoryCluster) -> None:
    put(cluster, "a")
    old = now(cluster)
    for name in "bcde":
        put(cluster, name)
    assert [name for _, name in told(cluster.watch("secrets", resource_version=old))] == list("bcde")


def test_a_slow_watcher_is_told_that_it_missed_something(cluster: MemoryCluster) -> None:
    watch = cluster.watch("secrets", resource_version=now(cluster))
    for name in "abcde":
        put(cluster, name)
    assert [event["type"] for event in watch] == ["ERROR"]


def test_compaction_ends_old_versions_but_not_running_watches(cluster: MemoryCluster) -> None:
    old = now(cluster)
    put(cluster, "a")
    running = cluster.watch("secrets", resource_version=now(cluster))
    cluster.compact()
    assert [event["type"] for event in cluster.watch("secrets", resource_version=old)] == ["ERROR"]
    put(cluster, "b")
    assert told(running) == [("ADDED", "b")]


def test_a_change_wakes_who_waits(cluster: MemoryCluster) -> None:
    watch = cluster.watch("secrets", resource_version=now(cluster))
    seen: list[tuple[str, str]] = []
    waiting = Thread(target=lambda: seen.extend(told(watch)))
    waiting.start()
    put(cluster, "a")
    waiting.join()
    assert seen == [("ADDED", "a")]


def test_closing_wakes_who_waits(cluster: MemoryCluster) -> None:
    watch = cluster.watch("secrets", resource_version=now(cluster))
    waiting = Thread(target=list, args=(watch,))
    waiting.start()
    watch.close()
    watch.close()
    waiting.join()
    put(cluster, "a")
    assert watch.take() == []


def test_a_version_that_is_no_number_is_a_bad_request(cluster: MemoryCluster) -> None:
    with pytest.raises(ApiError) as caught:
        cluster.watch("secrets", resource_version="x")
    assert caught.value.status == 400
