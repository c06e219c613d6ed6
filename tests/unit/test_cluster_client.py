"""The transport over the `kubernetes` package, against an API server on loopback."""

from __future__ import annotations

import socket
import ssl
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from queue import Queue
from threading import Event, Thread
from time import monotonic

import pytest

import authority
from proxy import Proxy
from secretsync.clock import Deadline
from secretsync.digest import Digester
from secretsync.errors import (
    AuthenticationFailed,
    Forbidden,
    InvalidInput,
    MissingExtra,
    RateLimited,
    TargetInvalid,
    TargetMoved,
    TargetNamespaceMissing,
    TLSError,
    Unavailable,
    WrongEndpoint,
)
from secretsync.queries import Found
from secretsync.targets import Create, Delete, Observe, Update
from secretsync.testing import ManualClock
from secretsync.values import SecretValue
from secretsync_k8s.cluster import marks
from secretsync_k8s.cluster.client_adapter import ClientTransport, connect
from secretsync_k8s.cluster.events import Events
from secretsync_k8s.cluster.reflector import Reflector
from secretsync_k8s.cluster.replica import Change
from secretsync_k8s.cluster.resources import SECRETS
from secretsync_k8s.cluster.secrets import Secrets, target
from secretsync_k8s.cluster.transport import METADATA, ApiError
from secretsync_k8s.testing import ClusterServer, MemoryCluster

PATIENCE = 10.0
CANARY = "canary-7f3a"
TOKEN = "token-5d21"


@pytest.fixture
def cluster() -> MemoryCluster:
    return MemoryCluster()


@pytest.fixture
def server(cluster: MemoryCluster) -> Iterator[ClusterServer]:
    with ClusterServer(cluster, token=TOKEN) as server:
        yield server


@pytest.fixture
def transport(server: ClusterServer, tmp_path: Path) -> Iterator[ClientTransport]:
    server.write_kubeconfig(tmp_path / "kubeconfig")
    transport = connect(kubeconfig=str(tmp_path / "kubeconfig"), environ={})
    yield transport
    transport.close()


def kubeconfig(path: Path, url: str, *, token: str = TOKEN, trust: Path | None = None) -> str:
    tls = f', certificate-authority: "{trust}", tls-server-name: {authority.SERVER}' if trust else ""
    path.write_text(
        f"""
apiVersion: v1
kind: Config
current-context: c
contexts: [{{name: c, context: {{cluster: c, user: u}}}}]
clusters: [{{name: c, cluster: {{server: "{url}"{tls}}}}}]
users: [{{name: u, user: {{token: "{token}"}}}}]
"""
    )
    return str(path)


def secret(name: str, **metadata: object) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, **metadata}, "data": {"K": "dg=="}}


# -- requests


def test_objects_come_and_go_as_json(transport):
    made = transport.request("POST", SECRETS.path("default"), body=secret("app"))
    assert made["metadata"]["name"] == "app"
    assert transport.request("GET", SECRETS.path("default", "app"))["data"] == {"K": "dg=="}
    listed = transport.request("GET", SECRETS.path(), query={"fieldSelector": "metadata.name=app"})
    assert [item["metadata"]["name"] for item in listed["items"]] == ["app"]


def test_metadata_alone_is_read_without_data(transport):
    transport.request("POST", SECRETS.path("default"), body=secret("app"))
    seen = transport.request("GET", SECRETS.path("default", "app"), accept=METADATA)
    assert seen["kind"] == "PartialObjectMetadata"
    assert "data" not in seen


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, AuthenticationFailed),
        (403, Forbidden),
        (409, ApiError),
        (429, RateLimited),
        (500, Unavailable),
        (503, Unavailable),
    ],
)
def test_a_refusal_is_an_error_of_ours(cluster, transport, status, error):
    cluster.fail(resource="secrets", status=status)
    with pytest.raises(error) as caught:
        transport.request("GET", SECRETS.path("default", "app"))
    assert caught.value.status == status
    assert str(caught.value).startswith("GET /api/v1/namespaces/default/secrets/app at the kubernetes API: ")


def test_a_token_that_was_replaced_in_its_file_is_read_when_the_old_one_is_refused(server, cluster, tmp_path):
    file = tmp_path / "token"
    file.write_text("expired")
    named = Path(kubeconfig(tmp_path / "k", server.url))
    named.write_text(named.read_text().replace(f'token: "{TOKEN}"', f'tokenFile: "{file}"'))
    transport = connect(kubeconfig=str(named), environ={})
    with pytest.raises(AuthenticationFailed):
        transport.request("POST", SECRETS.path("default"), body=secret("app"))
    file.write_text(TOKEN)
    assert transport.request("POST", SECRETS.path("default"), body=secret("app"))["metadata"]["name"] == "app"
    file.write_text("expired")
    assert transport.request("GET", SECRETS.path())["items"], "while it is not refused, no file is read"
    transport.close()


def test_the_token_of_another_server_is_not_sent_to_this(server, tmp_path):
    transport = connect(kubeconfig=kubeconfig(tmp_path / "k", server.url, token="expired"), environ={})
    kubeconfig(tmp_path / "k", server.url.replace("127.0.0.1", "localhost"))
    with pytest.raises(AuthenticationFailed):
        transport.request("GET", SECRETS.path())
    transport.close()


def test_a_watch_is_opened_with_the_token_that_replaced_a_refused_one(server, tmp_path):
    named = kubeconfig(tmp_path / "k", server.url, token="expired")
    transport = connect(kubeconfig=named, environ={})
    kubeconfig(tmp_path / "k", server.url)
    transport.stream(SECRETS.path(), query={"watch": "true"}, timeout=PATIENCE).close()
    transport.close()


def test_a_refused_token_is_named_nowhere(server, tmp_path, caplog):
    caplog.set_level("DEBUG")
    transport = connect(kubeconfig=kubeconfig(tmp_path / "k", server.url, token=CANARY), environ={})
    with pytest.raises(AuthenticationFailed) as caught:
        transport.request("GET", SECRETS.path())
    transport.close()
    assert CANARY not in f"{caught.value} {caught.value!r} {caplog.text}"


def test_a_body_that_is_refused_is_quoted_nowhere(transport, caplog):
    caplog.set_level("DEBUG")
    body = secret("app") | {"data": {"K": CANARY + "!not base64"}}
    with pytest.raises(ApiError) as caught:
        transport.request("POST", SECRETS.path("default"), body=body)
    assert CANARY not in f"{caught.value} {caught.value!r} {caplog.text}"


def test_nobody_there_is_unavailable(cluster, transport):
    cluster.outage(down=True)
    with pytest.raises(Unavailable) as caught:
        transport.request("GET", SECRETS.path())
    assert caught.value.__cause__ is None
    cluster.outage(down=False)
    assert transport.request("GET", SECRETS.path())["items"] == []


def test_a_closed_port_is_a_refused_connection(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    transport = connect(kubeconfig=kubeconfig(tmp_path / "k", f"http://127.0.0.1:{port}"), environ={})
    with pytest.raises(Unavailable, match="the connection is refused"):
        transport.request("GET", SECRETS.path())


def test_silence_ends_with_the_timeout(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        transport = connect(kubeconfig=kubeconfig(tmp_path / "k", url), environ={})
        with pytest.raises(Unavailable, match="no answer in time"):
            transport.request("GET", SECRETS.path(), timeout=0.05)
        transport.close()


def test_the_time_for_an_answer_includes_the_connection(tmp_path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.made(tmp_path) / "server.pem")
    handshake, patience = 0.5, 1.0
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer_late_then_never() -> None:
            connection, _ = listener.accept()
            Event().wait(handshake)
            with context.wrap_socket(connection, server_side=True) as secure, suppress(OSError):
                while secure.recv(65536):
                    pass

        thread = Thread(target=answer_late_then_never)
        thread.start()
        path = kubeconfig(tmp_path / "k", f"https://127.0.0.1:{listener.getsockname()[1]}", trust=tmp_path / "ca.pem")
        transport = connect(kubeconfig=path, environ={})
        began = monotonic()
        with pytest.raises(Unavailable, match="no answer in time"):
            transport.request("GET", SECRETS.path(), timeout=patience)
        assert monotonic() - began < handshake + patience
        transport.close()
        thread.join()


def test_a_write_that_was_given_up_never_arrives(cluster, server, tmp_path):
    with Proxy(server.url) as way:
        transport = connect(kubeconfig=kubeconfig(tmp_path / "k", way.url), environ={})
        transport.request("GET", SECRETS.path())  # a connection to send on
        way.cut()
        with pytest.raises(Unavailable, match="no answer in time"):
            transport.request("POST", SECRETS.path("default"), body=secret("late"), timeout=0.05)
        way.heal()
        transport.request("GET", SECRETS.path())
        transport.close()
    assert [one.method for one in way.passed] == ["GET", "GET"]
    assert cluster.list("secrets")["items"] == []


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", WrongEndpoint, id="html"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", WrongEndpoint, id="no object"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", Unavailable, id="cut off"),
        pytest.param(b"HTTP/1.1 502 Bad\r\nContent-Length: 6\r\n\r\n<html>", Unavailable, id="a proxy's error page"),
        pytest.param(
            b"HTTP/1.1 302 Found\r\nLocation: http://x/\r\nContent-Length: 0\r\n\r\n", ApiError, id="redirect"
        ),
        pytest.param(b"nonsense", Unavailable, id="no HTTP"),
    ],
)
def test_what_is_no_api_server(tmp_path, answer, error):
    with scripted(answer) as url:
        transport = connect(kubeconfig=kubeconfig(tmp_path / "k", url), environ={})
        with pytest.raises(error):
            transport.request("GET", SECRETS.path())
        transport.close()


def test_a_server_that_asks_for_patience_says_how_much(tmp_path):
    with scripted(b"HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\n{}") as url:
        transport = connect(kubeconfig=kubeconfig(tmp_path / "k", url), environ={})
        with pytest.raises(RateLimited) as caught:
            transport.request("GET", SECRETS.path())
        transport.close()
    assert caught.value.retry_after == 7.0


def test_tls_to_a_server_without_it_is_a_tls_error(tmp_path):
    with scripted(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n") as url:
        transport = connect(kubeconfig=kubeconfig(tmp_path / "k", url.replace("http:", "https:")), environ={})
        with pytest.raises(TLSError, match="certificate-authority"):
            transport.request("GET", SECRETS.path())
        transport.close()


class scripted:  # noqa: N801 - used as a context only
    """A server that gives one answer to one connection, whatever it is asked."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer

    def __enter__(self) -> str:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = Thread(target=self._serve)
        self._thread.start()
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(self._answer)

    def __exit__(self, *_: object) -> None:
        self._thread.join(PATIENCE)
        self._listener.close()


# -- configuration


def test_without_any_configuration_the_remedy_is_named(tmp_path):
    missing = str(tmp_path / "none")
    with pytest.raises(InvalidInput, match=r"gives no connection to a cluster .* name one with --kubeconfig"):
        connect(kubeconfig=missing, environ={})
    with pytest.raises(InvalidInput, match=missing):
        connect(environ={"KUBECONFIG": missing})


def test_a_broken_kubeconfig_is_not_quoted(tmp_path):
    path = tmp_path / "k"
    path.write_text(f"users: [{{name: u, user: {{token: {CANARY}}}}}]\ncurrent-context: none\n")
    with pytest.raises(InvalidInput) as caught:
        connect(kubeconfig=str(path), environ={})
    assert CANARY not in f"{caught.value} {caught.value!r}"
    assert caught.value.__cause__ is None


def test_a_proxy_of_the_environment_is_not_used_for_loopback(server, tmp_path, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    transport = connect(kubeconfig=kubeconfig(tmp_path / "k", server.url), environ={})
    assert transport.request("GET", SECRETS.path())["items"] == []
    transport.close()


def test_credentials_that_cannot_be_renewed_are_an_error_without_their_text(server, tmp_path):
    path = Path(kubeconfig(tmp_path / "k", server.url))
    transport = connect(kubeconfig=str(path), environ={})

    def renew(configuration: object) -> None:
        raise RuntimeError(CANARY)

    transport._client.configuration.refresh_api_key_hook = renew
    with pytest.raises(AuthenticationFailed) as caught:
        transport.request("GET", SECRETS.path())
    transport.close()
    assert "cannot be renewed (RuntimeError)" in str(caught.value)
    assert CANARY not in repr(caught.value)


def test_without_the_package_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "kubernetes.client.api_client", None)
    with pytest.raises(MissingExtra, match=r'pip install "secretsync-k8s\[operator\]"'):
        connect(environ={})


# -- streams


def watching(version: str = "0") -> dict[str, str]:
    return {"watch": "true", "resourceVersion": version, "allowWatchBookmarks": "false"}


def test_a_stream_brings_objects_as_they_come(transport):
    version = transport.request("GET", SECRETS.path())["metadata"]["resourceVersion"]
    stream = transport.stream(SECRETS.path(), query=watching(version), timeout=PATIENCE)
    events = iter(stream)
    for name in ("a", "b"):
        transport.request("POST", SECRETS.path("default"), body=secret(name))
        event = next(events)
        assert (event["type"], event["object"]["metadata"]["name"]) == ("ADDED", name)
    stream.close()
    assert next(events, None) is None


def test_an_object_may_come_in_pieces(tmp_path):
    pieces = b'5\r\n{"a":\r\n' + b'8\r\n1}\n{"b":\r\n' + b"3\r\n2}\n\r\n" + b"0\r\n\r\n"
    with scripted(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + pieces) as url:
        transport = connect(kubeconfig=kubeconfig(tmp_path / "k", url), environ={})
        assert list(transport.stream(SECRETS.path(), query={}, timeout=PATIENCE)) == [{"a": 1}, {"b": 2}]
        transport.close()


def test_a_stream_is_closed_while_another_thread_waits_for_it(transport):
    version = transport.request("GET", SECRETS.path())["metadata"]["resourceVersion"]
    transport.request("POST", SECRETS.path("default"), body=secret("a"))
    stream = transport.stream(SECRETS.path(), query=watching(version), timeout=60.0)
    came: Queue[str] = Queue()
    thread = Thread(target=lambda: [came.put(event["type"]) for event in stream])
    thread.start()
    assert came.get(timeout=PATIENCE) == "ADDED"
    stream.close()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    stream.close()


def test_a_silent_stream_is_unavailable(transport):
    version = transport.request("GET", SECRETS.path())["metadata"]["resourceVersion"]
    stream = transport.stream(SECRETS.path(), query=watching(version), timeout=0.05)
    with pytest.raises(Unavailable, match="no answer in time"):
        list(stream)


def test_a_refused_stream_is_an_error_at_once(cluster, transport):
    cluster.fail(resource="secrets", status=403)
    with pytest.raises(Forbidden):
        transport.stream(SECRETS.path(), query=watching(), timeout=PATIENCE)


# -- what stands on it


REF = target("default", "app")
OWNER = marks.owner_reference(
    api_version="secrets.lux.network/v1alpha1", kind="KMSSecret", name="app-secrets", uid="uid-of-owner"
)


def test_a_secret_through_its_life(cluster, transport):
    digest = Digester(b"install key")
    secrets = Secrets(transport, digest)
    owned = {"owner": OWNER, f"annotation:{marks.OWNER_UID}": "uid-of-owner", "label:team": "a"}

    made = secrets.perform(REF, Create({"A": SecretValue("1"), "B": SecretValue("2")}, owned, "m"), subject="s")
    assert isinstance(made, Found)
    assert made.value.tracked == {"owner", "label:team"}
    with pytest.raises(TargetMoved):
        secrets.perform(REF, Create({}, {}, "m"), subject="s")

    seen = made.value
    change = Update(
        {"A": SecretValue("3")}, frozenset({"B"}), {"owner": None, "label:team": None}, "m", seen.uid, seen.version
    )
    changed = secrets.perform(REF, change, subject="s")
    assert isinstance(changed, Found)
    assert changed.value.keys == {"A": digest(SecretValue("3"))}
    assert not changed.value.tracked
    assert not cluster.get("secrets", "app")["metadata"].get("ownerReferences")
    for stale in (change, Update({"A": SecretValue("4")}, frozenset(), {}, "m", seen.uid, seen.version)):
        with pytest.raises(TargetMoved):
            secrets.perform(REF, stale, subject="s")
    with pytest.raises(TargetMoved):
        secrets.perform(REF, Delete(seen.uid, seen.version), subject="s")

    deadline = Deadline.after(5.0, ManualClock())
    assert secrets.read([Observe(REF)], known={}, credential=None, deadline=deadline) == {Observe(REF): changed}
    secrets.perform(REF, Delete(changed.value.uid, changed.value.version), subject="s")
    assert not cluster.list("secrets")["items"]


@pytest.mark.parametrize(
    ("ref", "content", "attributes", "error"),
    [
        pytest.param(target("none", "app"), {}, {}, TargetNamespaceMissing, id="no namespace"),
        pytest.param(REF, {"has space": SecretValue(CANARY)}, {}, TargetInvalid, id="key"),
        pytest.param(
            REF, {"K": SecretValue(CANARY)}, {"type": "kubernetes.io/tls"}, TargetInvalid, id="keys of the type"
        ),
    ],
)
def test_what_the_server_does_not_take(transport, ref, content, attributes, error):
    with pytest.raises(error) as caught:
        Secrets(transport, Digester(b"k")).perform(ref, Create(content, attributes, "m"), subject="s")
    assert CANARY not in f"{caught.value} {caught.value!r}"


def test_a_watch_that_was_cut_off_too_long_lists_anew_and_tells_the_difference(cluster, transport):
    changes: Queue[Change] = Queue()
    cluster.create("secrets", secret("before", namespace="default"))
    watch = Reflector(transport, SECRETS, metadata_only=True, clock=ManualClock(), chance=lambda: 0.0)
    watch.listen(changes.put)

    def told() -> tuple[str, str]:
        change = changes.get(timeout=PATIENCE)
        assert "data" not in change.object
        return change.type.value, change.object["metadata"]["name"]

    watch.start()
    assert told() == ("ADDED", "before")
    assert watch.synced.wait(PATIENCE)
    cluster.create("secrets", secret("during", namespace="default"))
    assert told() == ("ADDED", "during")

    cluster.fail(verb="watch", status="reset", times=10**6)
    cluster.outage(down=True)
    cluster.outage(down=False)
    cluster.delete("secrets", "before")
    cluster.create("secrets", secret("after", namespace="default"))
    cluster.compact()
    cluster.heal()
    assert [told(), told()] == [("DELETED", "before"), ("ADDED", "after")]
    assert [record.verb for record in cluster.requests].count("list") == 2

    watch.stop()
    assert changes.empty()


def test_an_event_is_stored(cluster, transport):
    made = cluster.create("secrets", secret("app", namespace="default"))
    Events(transport, ManualClock(), component="secrets.lux.network/operator", instance="pod").post(
        made, type="Normal", reason="Created", note="Secret default/app"
    )
    (event,) = transport.request("GET", "/apis/events.k8s.io/v1/namespaces/default/events")["items"]
    assert (event["reason"], event["note"], event["regarding"]["name"]) == ("Created", "Secret default/app", "app")


def test_stop_ends_a_quiet_watch_at_once(transport):
    synced = Event()
    watch = Reflector(transport, SECRETS, clock=ManualClock(), chance=lambda: 0.0)
    watch.listen(lambda change: synced.set())
    transport.request("POST", SECRETS.path("default"), body=secret("a"))
    watch.start()
    assert synced.wait(PATIENCE)
    watch.stop()
    assert not watch._thread.is_alive()
    assert watch.failing_since is None
