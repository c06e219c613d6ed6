"""MemoryCluster on a socket, through the official Python client and through plain HTTP."""

from __future__ import annotations

import json
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from kubernetes import client, config, watch

from secretsync.testing.clock import ManualClock
from secretsync_k8s.manifests import crd
from secretsync_k8s.testing import ClusterServer, MemoryCluster
from secretsync_k8s.testing.wire import Call, Wire

Json = dict[str, Any]

CRD = crd("kmssecrets")  # read once: parsing it takes longer than a test
SECRETS = "/api/v1/namespaces/default/secrets"
KMSSECRETS = "/apis/secrets.lux.network/v1alpha1/namespaces/default/kmssecrets"
MERGE_PATCH = "application/merge-patch+json"
METADATA_ONLY = "application/json;as={};g=meta.k8s.io;v=v1"
TABLE = (
    "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json"
)


@pytest.fixture
def cluster() -> MemoryCluster:
    return MemoryCluster(crds=[CRD], clock=ManualClock(), seed=0)


@pytest.fixture
def server(cluster: MemoryCluster) -> Iterator[ClusterServer]:
    with ClusterServer(cluster) as server:
        yield server


@pytest.fixture
def connection(server: ClusterServer) -> Iterator[HTTPConnection]:
    connection = HTTPConnection(server.url.removeprefix("http://"), timeout=10)
    yield connection
    connection.close()


def call(connection: HTTPConnection, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Json]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    raw = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    connection.request(method, path, raw, {"Content-Type": "application/json", **named})
    response = connection.getresponse()
    return response.status, json.loads(response.read())


def put(cluster: MemoryCluster, name: str) -> Json:
    return cluster.create("secrets", {"metadata": {"name": name}, "stringData": {"A": "1"}})


# -- the official client


@pytest.fixture
def api(server: ClusterServer, tmp_path: Path) -> Iterator[client.ApiClient]:
    server.write_kubeconfig(tmp_path / "kubeconfig")
    made = config.new_client_from_config(str(tmp_path / "kubeconfig"))
    yield made
    made.close()
    made.rest_client.pool_manager.clear()


def raw(api: client.ApiClient, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Json]:
    named = {"Content-Type": "application/json", "Accept": "application/json", **headers}
    answer = api.call_api(method, api.configuration.host + path, named, body)
    return answer.status, json.loads(answer.read())


def test_raw_json_through_the_official_client(api: client.ApiClient) -> None:
    assert raw(api, "POST", SECRETS, {"metadata": {"name": "env"}, "stringData": {"A": "1"}})[0] == 201
    patched = raw(api, "PATCH", f"{SECRETS}/env", {"stringData": {"A": "2"}}, **{"Content-Type": MERGE_PATCH})
    assert patched[1]["data"] == {"A": "Mg=="}
    assert raw(api, "DELETE", f"{SECRETS}/env")[1]["status"] == "Success"
    status, answer = raw(api, "GET", f"{SECRETS}/env")
    assert (status, answer["reason"], answer["message"]) == (404, "NotFound", 'secrets "env" not found')


def test_typed_calls_of_the_official_client(api: client.ApiClient, cluster: MemoryCluster) -> None:
    core = client.CoreV1Api(api)
    core.create_namespaced_secret("default", client.V1Secret(metadata={"name": "env"}, string_data={"A": "1"}))
    assert [each.metadata.name for each in core.list_secret_for_all_namespaces().items] == ["env"]
    assert cluster.get("secrets", "env")["data"] == {"A": "MQ=="}


def test_the_watch_of_the_official_client(api: client.ApiClient, cluster: MemoryCluster) -> None:
    put(cluster, "a")
    core, seen = client.CoreV1Api(api), []
    follower = watch.Watch()
    for event in follower.stream(core.list_namespaced_secret, "default", timeout_seconds=10):
        seen.append((event["type"], event["object"].metadata.name))
        if event["type"] == "ADDED":
            cluster.delete("secrets", "a")
        else:
            follower.stop()
    assert seen == [("ADDED", "a"), ("DELETED", "a")]


# -- plain HTTP


def test_a_connection_is_kept_alive(connection: HTTPConnection) -> None:
    assert call(connection, "GET", SECRETS)[0] == 200
    before = connection.sock
    assert call(connection, "GET", f"{SECRETS}/none")[0] == 404
    assert connection.sock is before


STATUSES = {
    "created": ("POST", SECRETS, {"metadata": {"name": "x"}}, 201),
    "no such group": ("GET", "/apis/batch/v1/jobs", None, 404),
    "no such path": ("GET", "/nonsense", None, 404),
    "no such sub-resource": ("GET", f"{SECRETS}/x/status", None, 404),
    "a cluster-scoped resource in a namespace": ("GET", "/api/v1/namespaces/default/namespaces", None, 404),
    "a namespaced object without namespace": ("GET", "/api/v1/secrets/x", None, 404),
    "a path that goes on": (
        "GET",
        f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{CRD['metadata']['name']}/status/more",
        None,
        404,
    ),
    "create everywhere": ("POST", "/api/v1/secrets", {"metadata": {"name": "x"}}, 405),
    "create by name": ("POST", f"{SECRETS}/x", {"metadata": {"name": "x"}}, 405),
    "no JSON": ("POST", SECRETS, b"{canary", 400),
    "no object": ("POST", SECRETS, [], 400),
    "patch of another type": ("PATCH", f"{SECRETS}/x", {}, 415),
    "status cannot be deleted": ("DELETE", f"{KMSSECRETS}/x/status", None, 405),
}


@pytest.mark.parametrize(("method", "path", "body", "status"), STATUSES.values(), ids=STATUSES)
def test_status_codes(connection: HTTPConnection, method: str, path: str, body: Any, status: int) -> None:
    got, answer = call(connection, method, path, body)
    assert got == status
    assert answer.get("code", status) == status
    assert "canary" not in json.dumps(answer)


def test_an_accept_header_that_cannot_be_met(connection: HTTPConnection) -> None:
    assert call(connection, "GET", SECRETS, Accept="application/vnd.kubernetes.protobuf")[0] == 406


STRATEGIC = {
    "an object": (SECRETS, {"data": {"A": "Mg=="}}, 200),
    "a list, which it may merge": (SECRETS, {"metadata": {"finalizers": ["a.b/c"]}}, 415),
    "a directive": (SECRETS, {"data": {"$patch": "replace"}}, 415),
    "of a custom type": (KMSSECRETS, {"spec": {}}, 415),
}


@pytest.mark.parametrize(("where", "patch", "status"), STRATEGIC.values(), ids=STRATEGIC)
def test_strategic_merge_patches(
    connection: HTTPConnection, cluster: MemoryCluster, where: str, patch: Json, status: int
) -> None:
    put(cluster, "a")
    headers = {"Content-Type": "application/strategic-merge-patch+json"}
    assert call(connection, "PATCH", f"{where}/a", patch, **headers)[0] == status


def test_preconditions_travel_in_the_body_of_a_delete(connection: HTTPConnection, cluster: MemoryCluster) -> None:
    uid = put(cluster, "a")["metadata"]["uid"]
    status, answer = call(connection, "DELETE", f"{SECRETS}/a", {"preconditions": {"uid": "other"}})
    assert (status, answer["reason"]) == (409, "Conflict")
    assert call(connection, "DELETE", f"{SECRETS}/a", {"preconditions": {"uid": uid}})[0] == 200


@pytest.mark.parametrize(
    ("policy", "left"),
    [("Background", []), ("Foreground", []), ("Orphan", ["b"])],
    ids=["background", "foreground", "orphan"],
)
def test_what_becomes_of_dependents(
    connection: HTTPConnection, cluster: MemoryCluster, policy: str, left: list[str]
) -> None:
    owner = {"apiVersion": "v1", "kind": "Secret", "name": "a", "uid": put(cluster, "a")["metadata"]["uid"]}
    cluster.create("secrets", {"metadata": {"name": "b", "ownerReferences": [owner]}})
    call(connection, "DELETE", f"{SECRETS}/a?propagationPolicy={policy}")
    assert [item["metadata"]["name"] for item in cluster.list("secrets")["items"]] == left


def test_metadata_only(connection: HTTPConnection, cluster: MemoryCluster) -> None:
    put(cluster, "a")
    one = call(connection, "GET", f"{SECRETS}/a", Accept=METADATA_ONLY.format("PartialObjectMetadata"))[1]
    assert (one["kind"], one["apiVersion"]) == ("PartialObjectMetadata", "meta.k8s.io/v1")
    many = call(connection, "GET", SECRETS, Accept=METADATA_ONLY.format("PartialObjectMetadataList"))[1]
    assert many["kind"] == "PartialObjectMetadataList"
    assert many["items"] == [one]
    assert many["metadata"]["resourceVersion"]
    assert "data" not in one


def events(connection: HTTPConnection, query: str, count: int, **headers: str) -> list[Json]:
    connection.request("GET", f"{SECRETS}?watch=true{query}", headers=headers)
    response = connection.getresponse()
    return [json.loads(response.readline()) for _ in range(count)]


@pytest.mark.slow
def test_a_watch_ends_with_its_timeout_and_leaves_the_connection_open(
    connection: HTTPConnection, cluster: MemoryCluster
) -> None:
    put(cluster, "a")
    connection.request("GET", f"{SECRETS}?watch=true&timeoutSeconds=1")
    assert len(connection.getresponse().read().splitlines()) == 1
    before = connection.sock
    assert call(connection, "GET", SECRETS)[0] == 200
    assert connection.sock is before


def test_a_watch_of_metadata_only(connection: HTTPConnection, cluster: MemoryCluster) -> None:
    put(cluster, "a")
    (event,) = events(connection, "", 1, Accept=METADATA_ONLY.format("PartialObjectMetadata"))
    assert event["object"].keys() == {"kind", "apiVersion", "metadata"}


def test_a_bookmark_never_runs_ahead_of_the_events(connection: HTTPConnection, cluster: MemoryCluster) -> None:
    version = put(cluster, "a")["metadata"]["resourceVersion"]
    put(cluster, "b")
    mark, added = events(connection, f"&allowWatchBookmarks=true&resourceVersion={version}", 2)
    assert (mark["type"], mark["object"]["kind"]) == ("BOOKMARK", "Secret")
    assert mark["object"]["metadata"]["resourceVersion"] == version
    assert (added["type"], added["object"]["metadata"]["name"]) == ("ADDED", "b")


def test_initial_events_end_with_their_bookmark(connection: HTTPConnection, cluster: MemoryCluster) -> None:
    old = put(cluster, "a")["metadata"]["resourceVersion"]
    version = put(cluster, "b")["metadata"]["resourceVersion"]
    query = "&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
    *added, mark = events(connection, f"{query}&resourceVersion={old}", 3)
    assert [(event["type"], event["object"]["metadata"]["name"]) for event in added] == [("ADDED", "a"), ("ADDED", "b")]
    assert mark["type"] == "BOOKMARK"
    assert mark["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert mark["object"]["metadata"]["resourceVersion"] == version


def test_an_expired_version_is_an_error_event(connection: HTTPConnection, cluster: MemoryCluster) -> None:
    put(cluster, "a")
    cluster.compact()
    (event,) = events(connection, "&resourceVersion=1", 1, Accept=METADATA_ONLY.format("PartialObjectMetadata"))
    assert (event["type"], event["object"]["kind"], event["object"]["code"]) == ("ERROR", "Status", 410)


def test_a_table_of_secrets(connection: HTTPConnection, cluster: MemoryCluster) -> None:
    put(cluster, "a")
    table = call(connection, "GET", SECRETS, Accept=TABLE)[1]
    assert [column["name"] for column in table["columnDefinitions"]] == ["Name", "Type", "Data", "Age"]
    (row,) = table["rows"]
    assert row["cells"] == ["a", "Opaque", 1, "0s"]
    assert row["object"]["kind"] == "PartialObjectMetadata"


def test_a_table_of_custom_resources(connection: HTTPConnection, cluster: MemoryCluster) -> None:
    body = {"apiVersion": "secrets.lux.network/v1alpha1", "kind": "KMSSecret", "metadata": {"name": "sync"}, "spec": {}}
    cluster.create("kmssecrets", body)
    ready = {"type": "secrets.lux.network/ReadyToSyncSecrets", "status": "True", "reason": "OK", "message": "3 keys"}
    ready["lastTransitionTime"] = "2030-01-01T00:00:00Z"
    status = {"conditions": [ready, {**ready, "type": "Ready"}], "secretsCount": 3}
    status["lastSyncTime"] = "2029-12-31T23:59:00Z"
    cluster.patch("kmssecrets", "sync", {"status": status}, subresource="status")
    table = call(connection, "GET", KMSSECRETS, Accept=TABLE)[1]
    assert table["rows"][0]["cells"] == ["sync", None, "True", "OK", 3, "60s", "0s", "3 keys"]
    assert [column["priority"] for column in table["columnDefinitions"]][-1] == 1


@pytest.mark.parametrize("path", ["/healthz", "/livez", "/readyz"])
def test_health(connection: HTTPConnection, path: str) -> None:
    connection.request("GET", path)
    assert connection.getresponse().read() == b"ok"


def test_discovery_names_everything_that_is_served(connection: HTTPConnection) -> None:
    assert call(connection, "GET", "/api")[1]["versions"] == ["v1"]
    groups = call(connection, "GET", "/apis")[1]["groups"]
    assert {group["name"] for group in groups} == {
        "apiextensions.k8s.io",
        "apps",
        "coordination.k8s.io",
        "events.k8s.io",
        "secrets.lux.network",
    }
    for group in groups:
        assert call(connection, "GET", f"/apis/{group['name']}")[1]["preferredVersion"] == group["preferredVersion"]
    (main, status) = call(connection, "GET", "/apis/secrets.lux.network/v1alpha1")[1]["resources"]
    assert (main["name"], main["singularName"], main["shortNames"]) == ("kmssecrets", "kmssecret", ["kmss"])
    assert status["name"] == "kmssecrets/status"
    assert "secrets" in [each["name"] for each in call(connection, "GET", "/api/v1")[1]["resources"]]
    assert call(connection, "GET", "/version")[1]["major"] == "1"
    assert call(connection, "GET", "/apis/none")[0] == 404


def test_a_token_is_required_where_one_is_set(cluster: MemoryCluster, tmp_path: Path) -> None:
    with ClusterServer(cluster, token="canary-token-0a") as server:
        connection = HTTPConnection(server.url.removeprefix("http://"), timeout=10)
        status, answer = call(connection, "GET", SECRETS)
        assert (status, answer["reason"]) == (401, "Unauthorized")
        assert call(connection, "GET", "/api", Authorization="Bearer wrong")[0] == 401
        assert call(connection, "GET", SECRETS, Authorization="Bearer canary-token-0a")[0] == 200
        connection.close()
        server.write_kubeconfig(tmp_path / "kubeconfig")
    assert stat.S_IMODE((tmp_path / "kubeconfig").stat().st_mode) == 0o600
    assert json.loads((tmp_path / "kubeconfig").read_text())["users"][0]["user"] == {"token": "canary-token-0a"}


def test_a_planned_reset_cuts_the_connection(connection: HTTPConnection, cluster: MemoryCluster) -> None:
    cluster.fail(verb="list", status="reset")
    with pytest.raises((ConnectionError, HTTPException)):
        call(connection, "GET", SECRETS)
    connection.close()
    assert call(connection, "GET", SECRETS)[0] == 200
    assert [record.status for record in cluster.requests] == [0, 200]


def test_a_planned_status_is_a_status(connection: HTTPConnection, cluster: MemoryCluster) -> None:
    cluster.fail(resource="secrets", status=429)
    status, answer = call(connection, "GET", SECRETS)
    assert (status, answer["reason"], answer["kind"]) == (429, "TooManyRequests", "Status")


def test_an_outage_cuts_watches_and_refuses_the_next_connection(
    connection: HTTPConnection, cluster: MemoryCluster
) -> None:
    connection.request("GET", f"{SECRETS}?watch=true")
    response = connection.getresponse()
    lines: list[bytes] = []
    reading = Thread(target=lambda: lines.extend(until_cut(response)))
    reading.start()
    cluster.outage(down=True)
    reading.join()
    assert lines == []
    connection.close()
    with pytest.raises((ConnectionError, HTTPException)):
        call(connection, "GET", SECRETS)
    connection.close()
    cluster.outage(down=False)
    assert call(connection, "GET", SECRETS)[0] == 200


@pytest.mark.parametrize("path", ["/readyz", "/version", SECRETS])
def test_during_an_outage_no_path_answers(cluster: MemoryCluster, path: str) -> None:
    cluster.outage(down=True)
    with pytest.raises(ConnectionResetError):
        Wire(cluster, token=None).answer(Call("GET", path, {}))


def test_during_an_outage_a_connection_is_closed_before_it_asks(server: ClusterServer, cluster: MemoryCluster) -> None:
    cluster.outage(down=True)
    port = int(server.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as raw_connection:
        assert raw_connection.recv(1) == b""


def until_cut(response: Any) -> Iterator[bytes]:
    try:
        yield from iter(response.readline, b"")
    except (ConnectionError, HTTPException):
        return


def test_closing_the_server_ends_its_watches(cluster: MemoryCluster) -> None:
    server = ClusterServer(cluster)
    connection = HTTPConnection(server.url.removeprefix("http://"), timeout=10)
    connection.request("GET", f"{SECRETS}?watch=true")
    response = connection.getresponse()
    server.close()
    server.close()
    assert list(until_cut(response)) == []
    connection.close()


@contextmanager
def running(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run the module as a process; yield it with the URL it prints, and end it whatever happens."""
    command = [sys.executable, "-m", "secretsync_k8s.testing", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield process, json.loads(process.stdout.readline())["url"]
        finally:
            process.kill()


def test_as_a_process_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "crd.yaml").write_text(json.dumps(CRD))
    arguments = ["--crd", str(tmp_path / "crd.yaml"), "--kubeconfig", str(tmp_path / "kubeconfig"), "--require-token"]
    with running(*arguments) as (process, url):
        kubeconfig = json.loads((tmp_path / "kubeconfig").read_text())
        assert kubeconfig["clusters"][0]["cluster"]["server"] == url
        connection = HTTPConnection(url.removeprefix("http://"), timeout=10)
        bearer = f"Bearer {kubeconfig['users'][0]['user']['token']}"
        assert call(connection, "GET", KMSSECRETS, Authorization=bearer)[1]["kind"] == "KMSSecretList"
        assert call(connection, "GET", KMSSECRETS)[0] == 401
        connection.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_a_manifest_that_is_no_crd_ends_the_process_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "crd.yaml").write_text("metadata: {name: x}")
    command = [sys.executable, "-m", "secretsync_k8s.testing", "--crd", str(tmp_path / "crd.yaml")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert "Required value" in ended.stderr
