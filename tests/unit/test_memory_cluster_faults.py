"""What a test can let go wrong: requests, watches, and both from another process."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPException
from threading import Event, Thread
from typing import Any

import pytest

from secretsync.errors import RateLimited, Unavailable
from secretsync_k8s.cluster.resources import SECRETS
from secretsync_k8s.testing import ApiError, ClusterServer, DirectTransport, Hung, MemoryCluster, Watch

Json = dict[str, Any]
PATIENCE = 10.0


@pytest.fixture
def cluster() -> MemoryCluster:
    return MemoryCluster(seed=0)


@pytest.fixture
def connection(cluster: MemoryCluster) -> Iterator[HTTPConnection]:
    with ClusterServer(cluster) as server:
        connection = HTTPConnection(server.url.removeprefix("http://"), timeout=PATIENCE)
        yield connection
        connection.close()


def put(cluster: MemoryCluster, name: str) -> Json:
    return cluster.create("secrets", {"metadata": {"name": name}})


def following(cluster: MemoryCluster, **options: str) -> Watch:
    """Return a watch of what comes from now on."""
    version = cluster.list("secrets")["metadata"]["resourceVersion"]
    return cluster.watch("secrets", resource_version=version, **options)


def names(watch: Watch) -> list[str]:
    return [f"{event['type'][0]} {event['object']['metadata'].get('name', '')}" for event in watch.take()]


# -- requests


def test_a_lost_request_took_effect(cluster: MemoryCluster) -> None:
    cluster.fail(status="lost", verb="create")
    with pytest.raises(ConnectionResetError):
        put(cluster, "a")
    assert cluster.get("secrets", "a")
    assert [record.status for record in cluster.requests] == [0, 200]


@pytest.mark.parametrize(
    ("status", "error"), [("reset", ConnectionResetError), ("hang", Hung), (503, ApiError)], ids=str
)
def test_any_other_did_not(cluster: MemoryCluster, status: Any, error: type[Exception]) -> None:
    cluster.fail(status=status, verb="create", times=2)
    for _ in range(2):
        with pytest.raises(error):
            put(cluster, "a")
    assert cluster.list("secrets")["items"] == []
    put(cluster, "a")


def test_a_slow_request_is_answered_when_the_cluster_is_healed(cluster: MemoryCluster) -> None:
    cluster.fail(status="slow", seconds=PATIENCE)
    answered, asking = Event(), Thread(target=lambda: (cluster.list("secrets"), answered.set()))
    asking.start()
    while cluster._faults._failures:  # until it has met its fault
        pass
    assert not answered.is_set()
    cluster.heal()
    asking.join(PATIENCE)
    assert answered.is_set()


def test_a_slow_request_is_answered_in_the_end(cluster: MemoryCluster) -> None:
    cluster.fail(status="slow", seconds=0.001)
    assert cluster.list("secrets")["items"] == []


@pytest.mark.parametrize("status", ["slwo", 200, 600, None])
def test_what_is_no_fault_is_refused(cluster: MemoryCluster, status: Any) -> None:
    with pytest.raises(
        ValueError, match="is no fault; there are reset, lost, hang, slow, the statuses from 400 to 599"
    ):
        cluster.fail(status=status)
    with pytest.raises(ValueError, match="is no fault; there are drop, duplicate"):
        cluster.disturb(status)


# -- watches


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("drop", ["A b", "A c"]),
        ("duplicate", ["A a", "A a", "A b", "A c"]),
        ("reorder", ["A b", "A a", "A c"]),
    ],
)
def test_a_disturbed_event(cluster: MemoryCluster, what: Any, told: list[str]) -> None:
    watch = following(cluster)
    cluster.disturb(what, resource="secrets")
    for name in "abc":
        put(cluster, name)
    assert names(watch) == told


def test_a_fault_is_for_its_resource_its_event_and_its_times(cluster: MemoryCluster) -> None:
    watch = following(cluster)
    cluster.disturb("drop", resource="configmaps")
    cluster.disturb("drop", event="DELETED", times=2)
    for name in "abc":
        put(cluster, name)
        cluster.delete("secrets", name)
    assert names(watch) == ["A a", "A b", "A c", "D c"]


def test_two_watchers_are_disturbed_one_by_one(cluster: MemoryCluster) -> None:
    first, second = following(cluster), following(cluster)
    cluster.disturb("drop")
    put(cluster, "a")
    put(cluster, "b")
    assert names(first) == ["A b"]
    assert names(second) == ["A a", "A b"]


def test_what_was_held_back_comes_before_the_end(cluster: MemoryCluster) -> None:
    watch = following(cluster)
    cluster.disturb("reorder")
    put(cluster, "a")
    assert watch._arrived() == []
    cluster.disturb("close")
    assert names(watch) == ["A a"]
    assert names(watch) == []


def test_a_bookmark_never_passes_a_change(cluster: MemoryCluster) -> None:
    transport = DirectTransport(cluster)
    version = cluster.list("secrets")["metadata"]["resourceVersion"]
    query = {"watch": "true", "allowWatchBookmarks": "true", "resourceVersion": version}
    watch = transport.stream(SECRETS.path(), query=query, timeout=PATIENCE)._stream.watch
    assert names(watch) == ["B "]
    cluster.disturb("reorder")
    put(cluster, "a")
    cluster.bookmark()
    assert names(watch) == ["A a", "B "]
    cluster.disturb("drop", event="BOOKMARK")
    cluster.bookmark()
    put(cluster, "b")
    assert names(watch) == ["A b"]
    put(cluster, "c")
    assert names(watch) == ["A c"]


def test_a_late_event_holds_up_those_behind_it(cluster: MemoryCluster) -> None:
    watch = following(cluster)
    cluster.disturb("delay", seconds=0.01)
    put(cluster, "a")
    put(cluster, "b")
    assert watch._arrived() == []
    assert names(watch) == ["A a", "A b"]


def test_an_expired_watch_says_so_and_ends(cluster: MemoryCluster) -> None:
    watch = following(cluster)
    cluster.disturb("expire")
    (event,) = watch.take()
    assert (event["type"], event["object"]["code"]) == ("ERROR", 410)
    assert watch.take() == []


def test_what_ends_watches_ends_those_of_the_resource(cluster: MemoryCluster) -> None:
    watch = following(cluster)
    cluster.disturb("close", resource="configmaps")
    put(cluster, "a")
    assert names(watch) == ["A a"]
    cluster.disturb("close", resource="secrets")
    assert names(watch) == []


def test_a_frozen_watch_tells_nothing_until_it_is_closed(cluster: MemoryCluster) -> None:
    watch = following(cluster)
    cluster.disturb("freeze")
    put(cluster, "a")
    with pytest.raises(Hung):
        watch.take()
    watch.close()
    assert watch.take() == []


def test_healing_forgets_what_has_not_happened(cluster: MemoryCluster) -> None:
    cluster.fail(status=500)
    cluster.disturb("drop")
    cluster.heal()
    watch = following(cluster)
    put(cluster, "a")
    assert names(watch) == ["A a"]


# -- without a socket


@pytest.mark.parametrize(
    ("fault", "why"),
    [("reset", "the connection broke"), ("lost", "the connection broke"), ("hang", "no answer in time")],
)
def test_a_transport_without_a_socket_fails_at_once(cluster: MemoryCluster, fault: Any, why: str) -> None:
    cluster.fail(status=fault)
    with pytest.raises(Unavailable, match=why):
        DirectTransport(cluster).request("GET", SECRETS.path())


def test_a_frozen_stream_without_a_socket_is_a_time_out_at_once(cluster: MemoryCluster) -> None:
    stream = DirectTransport(cluster).stream(SECRETS.path(), query={"watch": "true"}, timeout=60.0)
    cluster.disturb("freeze")
    with pytest.raises(Unavailable, match="no answer in time"):
        next(iter(stream))


def test_an_outage_ends_streams_without_a_socket(cluster: MemoryCluster) -> None:
    transport = DirectTransport(cluster)
    stream = transport.stream(SECRETS.path(), query={"watch": "true"}, timeout=60.0)
    cluster.outage(down=True)
    assert list(stream) == []
    with pytest.raises(Unavailable):
        transport.stream(SECRETS.path(), query={"watch": "true"}, timeout=60.0)
    cluster.outage(down=False)
    assert transport.request("GET", SECRETS.path())["items"] == []


def test_a_stream_is_of_a_watch(cluster: MemoryCluster) -> None:
    with pytest.raises(ValueError, match="the query asks for no watch"):
        DirectTransport(cluster).stream(SECRETS.path(), query={}, timeout=1.0)


def test_patience_that_the_server_asks_for_arrives(cluster: MemoryCluster) -> None:
    cluster.fail(status=429, seconds=7)
    with pytest.raises(RateLimited) as caught:
        DirectTransport(cluster).request("GET", SECRETS.path())
    assert caught.value.retry_after == 7.0


# -- over HTTP, and from another process


def call(connection: HTTPConnection, method: str, path: str, body: Any = None) -> tuple[int, Json]:
    raw = None if body is None else json.dumps(body).encode()
    connection.request(method, path, raw, {"Content-Type": "application/json"})
    response = connection.getresponse()
    return response.status, json.loads(response.read())


def test_a_hanging_request_gets_no_byte(cluster: MemoryCluster, connection: HTTPConnection) -> None:
    cluster.fail(status="hang")
    connection.timeout = 0.05
    with pytest.raises(TimeoutError):
        call(connection, "GET", SECRETS.path())


def test_a_frozen_watch_gets_no_byte(cluster: MemoryCluster, connection: HTTPConnection) -> None:
    connection.request("GET", f"{SECRETS.path()}?watch=true")
    response = connection.getresponse()
    put(cluster, "a")
    assert json.loads(response.readline())["type"] == "ADDED"
    cluster.disturb("freeze")
    put(cluster, "b")
    connection.sock.settimeout(0.05)
    with pytest.raises(TimeoutError):
        response.readline()


def test_retry_after_is_a_header(cluster: MemoryCluster, connection: HTTPConnection) -> None:
    cluster.fail(status=503, seconds=3)
    connection.request("GET", SECRETS.path())
    response = connection.getresponse()
    assert (response.status, response.headers["Retry-After"]) == (503, "3")
    assert json.loads(response.read())["details"] == {"retryAfterSeconds": 3}


CONTROLS: dict[str, tuple[Json, Callable[[HTTPConnection], bool]]] = {
    "fail": ({"status": 503, "verb": "list"}, lambda c: call(c, "GET", SECRETS.path())[0] == 503),
    "heal": ({}, lambda c: call(c, "GET", SECRETS.path())[0] == 200),
    "compact": (
        {},
        lambda c: call(c, "GET", f"{SECRETS.path()}?watch=true&resourceVersion=1")[1]["type"] == "ERROR",
    ),
    "bookmark": ({}, lambda c: True),
    "disturb": ({"what": "close"}, lambda c: True),
}


@pytest.mark.parametrize("name", CONTROLS)
def test_what_can_be_done_from_another_process(connection: HTTPConnection, name: str) -> None:
    body, holds = CONTROLS[name]
    assert call(connection, "POST", f"/_emulator/{name}", body) == (200, {})
    assert holds(connection)


def test_an_outage_from_another_process_ends_by_itself(cluster: MemoryCluster, connection: HTTPConnection) -> None:
    with pytest.raises((ConnectionError, HTTPException)):
        call(connection, "POST", "/_emulator/outage", {"down": True, "seconds": PATIENCE})
    assert cluster.down
    cluster.outage(down=True, seconds=0.0)
    assert not cluster.down


def test_the_log_from_another_process(cluster: MemoryCluster, connection: HTTPConnection) -> None:
    put(cluster, "a")
    (record,) = call(connection, "GET", "/_emulator/requests")[1]["requests"]
    assert (record["verb"], record["resource"], record["status"]) == ("create", "secrets", 201)
    assert call(connection, "DELETE", "/_emulator/requests")[0] == 200
    assert not cluster.requests


@pytest.mark.parametrize(
    ("name", "body", "status"),
    [
        ("fail", {"status": "slwo"}, 400),
        ("fail", {"stauts": 503}, 400),
        ("disturb", {"what": "nothing"}, 400),
        ("perform", {}, 404),
        ("requests/x", {}, 404),
    ],
)
def test_what_cannot_be_done_is_refused(connection: HTTPConnection, name: str, body: Json, status: int) -> None:
    assert call(connection, "POST", f"/_emulator/{name}", body)[0] == status
