"""What `secretsync.http` sends, refuses to send, and makes of what comes back."""

from __future__ import annotations

import logging
import socket
import ssl
import subprocess
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from shutil import which
from threading import Semaphore, Thread

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from loopback import Asked, Reply, serving
from secretsync.client_policy import SDK
from secretsync.clock import Deadline
from secretsync.errors import (
    AuthenticationFailed,
    BackendError,
    DeadlineExceeded,
    InvalidInput,
    SecretSyncError,
    TLSError,
    Unavailable,
    WrongEndpoint,
)
from secretsync.http import Http, Request, Response
from secretsync.http.places import destination_of, proxy_of
from secretsync.runtime.clock import SystemClock
from secretsync.values import SecretValue

TOKEN = SecretValue("canary-token")
QUICK = evolve(SDK, user_agent="tests", connect_timeout=5.0, read_timeout=5.0, response_cap=1000)
CLOCK = SystemClock()


@pytest.fixture
def http() -> Iterator[Http]:
    client = Http(QUICK, CLOCK)
    yield client
    client.close()


def fetch(http: Http, url: str, **more: object) -> Response:
    return http.send(Request("GET", url, operation="read", token=TOKEN, **more))


def failing(http: Http, url: str, **more: object) -> BaseException:
    with pytest.raises(SecretSyncError) as caught:
        fetch(http, url, **more)
    return caught.value


class Ticking:
    """A clock on which every look takes a second."""

    def __init__(self) -> None:
        self.at = 0.0

    def monotonic(self) -> float:
        self.at += 1.0
        return self.at

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)


# -- what goes out and comes back


def test_a_request_is_sent_as_asked(http: Http) -> None:
    with serving(lambda _: Reply.of({"a": 1}, headers={"ETag": '"v1"'})) as server:
        response = fetch(http, f"{server.url}/x/a%20b", params={"path": "/a b"}, headers={"If-None-Match": '"v0"'})
    (asked,) = server.asked
    assert (asked.path, asked.params) == ("/x/a%20b", {"path": "/a b"})
    expected = {
        "authorization": "Bearer canary-token",
        "if-none-match": '"v0"',
        "user-agent": "tests",
        "accept": "application/json",
        "accept-encoding": "identity",
        "host": server.url.removeprefix("http://"),
    }
    assert {**asked.headers, **expected} == asked.headers
    assert (response.status, response.json(), response.header("ETAG")) == (200, {"a": 1}, '"v1"')
    assert (response.method, response.url, response.header("none")) == ("GET", f"{server.url}/x/a%20b", "")


def test_a_body_is_json_with_its_secrets_revealed(http: Http) -> None:
    with serving(lambda _: Reply.of({})) as server:
        http.send(Request("POST", f"{server.url}/login", operation="log in", json={"a": SecretValue("é"), "b": 1}))
    (asked,) = server.asked
    assert asked.json == {"a": "é", "b": 1}
    assert asked.headers["content-type"] == "application/json"
    assert "authorization" not in asked.headers
    assert asked.target == "/login"


def test_a_header_beyond_ascii_is_sent_as_utf_8(http: Http) -> None:
    with serving(lambda _: Reply.of({})) as server:
        fetch(http, f"{server.url}/x", headers={"X-Team": "café"})
    assert server.asked[0].headers["x-team"].encode("latin-1") == "café".encode()


def test_cookies_are_not_kept_for_the_next_request(http: Http) -> None:
    with serving(lambda _: Reply.of({}, headers={"Set-Cookie": "session=1"})) as server:
        fetch(http, server.url)
        fetch(http, server.url)
    assert all("cookie" not in asked.headers for asked in server.asked)


def test_a_status_is_no_exception(http: Http) -> None:
    with serving(lambda _: Reply.text("down", status=503)) as server:
        assert fetch(http, server.url).status == 503


@given(st.binary())
def test_json_fails_without_showing_the_body(body: bytes) -> None:
    response = Response(200, {"set-cookie": "canary"}, b"canary" + body)
    with pytest.raises(ValueError) as caught:
        response.json()
    assert "canary" not in f"{response!r} {caught.value!r}"
    assert caught.value.__context__ is None


def test_json_nested_without_end_is_no_json() -> None:
    with pytest.raises(ValueError, match="not JSON"):
        Response(200, {}, b"[" * 100_000).json()


# -- redirects


def test_redirects_inside_the_origin_are_followed(http: Http) -> None:
    def answers(asked: Asked) -> Reply:
        return Reply.of({"here": True}) if asked.path == "/b" else Reply(302, headers={"Location": "/b"})

    with serving(answers) as server:
        assert fetch(http, f"{server.url}/a").json() == {"here": True}
    assert [asked.headers["authorization"] for asked in server.asked] == ["Bearer canary-token"] * 2


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("form", ["http://{}", "//{}"])
def test_nothing_is_sent_to_another_origin(http: Http, status: int, form: str) -> None:
    with serving(lambda _: Reply.of({})) as other:
        place = other.url.removeprefix("http://")
        location = form.format(place) + "/api/v4/secrets?code=canary-query"
        with serving(lambda _: Reply(status, headers={"Location": location})) as server:
            error = failing(http, f"{server.url}/a")
    assert isinstance(error, WrongEndpoint)
    assert other.url in str(error)
    assert "canary" not in str(error)
    assert error.status == status
    assert other.asked == []


def test_a_redirect_to_another_scheme_is_to_another_origin(http: Http) -> None:
    with serving(lambda asked: Reply(308, headers={"Location": f"https://{asked.headers['host']}/"})) as server:
        error = failing(http, server.url)
    assert isinstance(error, WrongEndpoint)
    assert server.url.replace("http:", "https:") in str(error)
    assert len(server.asked) == 1


def test_redirects_in_a_circle_end(http: Http) -> None:
    with serving(lambda asked: Reply(302, headers={"Location": asked.path})) as server:
        assert isinstance(failing(http, server.url), WrongEndpoint)
    assert len(server.asked) == 6


def test_a_write_is_not_redirected(http: Http) -> None:
    with (
        serving(lambda _: Reply(307, headers={"Location": "/b"})) as server,
        pytest.raises(WrongEndpoint, match="redirects a write"),
    ):
        http.send(Request("POST", f"{server.url}/a", operation="log in", json={"s": SecretValue("x")}))
    assert len(server.asked) == 1


# -- limits


@pytest.mark.parametrize("pieces", [(b"x" * 1001,), (b"x" * 500, b"y" * 501)], ids=["at once", "in pieces"])
def test_a_body_above_the_cap_is_refused(http: Http, pieces: tuple[bytes, ...]) -> None:
    with serving(lambda _: Reply(200, pieces)) as server:
        error = failing(http, server.url)
    assert isinstance(error, WrongEndpoint)
    assert "1000 bytes" in str(error)


def test_a_body_of_the_cap_is_taken(http: Http) -> None:
    with serving(lambda _: Reply(200, (b"x" * 1000,))) as server:
        assert len(fetch(http, server.url).body) == 1000


def test_the_cap_is_met_before_the_body_has_ended(http: Http) -> None:
    endless = Reply(200, (b"x" * 1001,), {"Connection": "keep-alive"}, promised=10**9)
    with serving(lambda _: endless) as server:
        assert isinstance(failing(http, server.url), WrongEndpoint)


def test_a_silent_server_is_left_at_the_read_timeout() -> None:
    http = Http(evolve(QUICK, read_timeout=0.05), CLOCK)
    with serving(lambda _: None) as server:
        error = failing(http, server.url)
        http.close()
    assert isinstance(error, Unavailable)
    assert "no answer in time" in str(error)
    assert error.status is None


def test_the_deadline_shortens_the_read_timeout(http: Http) -> None:
    with serving(lambda _: None) as server:
        error = failing(http, server.url, deadline=Deadline.after(0.05, CLOCK))
    assert isinstance(error, Unavailable)


def test_a_body_that_outlasts_the_deadline_is_left(http: Http) -> None:
    with serving(lambda _: Reply.of({})) as server:
        error = failing(http, server.url, deadline=Deadline.after(4.0, Ticking()))
    assert isinstance(error, Unavailable)
    assert "did not end in time" in str(error)


def test_nothing_is_sent_after_the_deadline(http: Http) -> None:
    with serving(lambda _: Reply.of({})) as server:
        error = failing(http, server.url, deadline=Deadline.after(0.0, CLOCK))
    assert isinstance(error, DeadlineExceeded)
    assert server.asked == []


def test_a_cut_off_body_is_no_answer(http: Http) -> None:
    with serving(lambda _: Reply(200, (b'{"a":',), promised=100)) as server:
        error = failing(http, server.url)
    assert isinstance(error, Unavailable)
    assert "broke off" in str(error)


def test_a_refused_connection_is_unavailable(http: Http) -> None:
    with serving(lambda _: Reply.of({})) as server:
        pass
    error = failing(http, server.url)
    assert isinstance(error, Unavailable)
    assert "the connection was refused" in str(error)


def test_a_name_that_does_not_resolve_is_unavailable(http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> object:
        raise socket.gaierror(socket.EAI_NONAME, "canary-vendor-text")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    error = failing(http, "http://kms.invalid")
    assert isinstance(error, Unavailable)
    assert "its name does not resolve" in str(error)
    assert "canary" not in str(error)


@pytest.mark.parametrize("url", ["kms.example", "ftp://h/x", "http://[::1", "http://h:x/"])
def test_what_is_no_url_is_the_wrong_endpoint(http: Http, url: str) -> None:
    assert isinstance(failing(http, url), WrongEndpoint)


# -- where it connects


def test_resolve_connects_elsewhere_and_keeps_the_name(http: Http) -> None:
    with serving(lambda _: Reply.of({})) as server:
        resolving = Http(QUICK, CLOCK, resolve={("kms.invalid", 80): ("127.0.0.1", server.port)})
        response = fetch(resolving, "http://kms.invalid/x")
        resolving.close()
    assert server.asked[0].headers["host"] == "kms.invalid"
    assert response.url == "http://kms.invalid/x"


def test_errors_name_the_host_and_not_where_resolve_sent_it() -> None:
    with serving(lambda _: Reply(302, headers={"Location": "http://other.invalid/"})) as server:
        http = Http(QUICK, CLOCK, resolve={("kms.invalid", 80): ("127.0.0.1", server.port)})
        error = failing(http, "http://kms.invalid/x")
        http.close()
    assert isinstance(error, WrongEndpoint)
    assert error.backend == "http://kms.invalid"


def test_bundles_may_grow(http: Http) -> None:
    bundles: dict[str, bytes] = {}
    http = Http(QUICK, CLOCK, bundles=bundles)
    assert "not at hand" in str(failing(http, "https://127.0.0.1:1", trust="t"))
    bundles["t"] = b"no PEM"
    error = failing(http, "https://127.0.0.1:1", trust="t")
    assert isinstance(error, TLSError)
    assert "no certificate" in str(error)


def test_the_environments_proxy_serves_other_hosts_only(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        serving(lambda _: Reply.of({"proxied": True})) as proxy,
        serving(lambda _: Reply.of({"direct": True})) as server,
    ):
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "near.invalid")
        addresses = {(name, 80): ("127.0.0.1", server.port) for name in ("mapped.invalid",)}
        http = Http(QUICK, CLOCK, resolve=addresses)
        assert fetch(http, "http://far.invalid/x").json() == {"proxied": True}
        assert fetch(http, server.url).json() == {"direct": True}
        assert fetch(http, "http://mapped.invalid/x").json() == {"direct": True}
        assert isinstance(failing(http, "http://near.invalid/"), Unavailable)
        http.close()
    assert [asked.target for asked in proxy.asked] == ["http://far.invalid/x"]


def test_a_proxy_of_https_learns_the_name_and_no_more(http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda _: Reply(502)) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url.replace("//", "//user:word@"))
        error = failing(http, "https://far.invalid/api/x", params={"secretPath": "/"})
    assert isinstance(error, Unavailable)
    assert "the proxy refused" in str(error)
    (asked,) = proxy.asked
    assert (asked.method, asked.target) == ("CONNECT", "far.invalid:443")
    assert asked.headers["proxy-authorization"] == "Basic dXNlcjp3b3Jk"
    assert "authorization" not in asked.headers


@pytest.mark.parametrize(
    "near", ["169.254.169.254", "169.254.170.2", "[fe80::1]", "[fd00:ec2::254]", "metadata.google.internal"]
)
def test_no_proxy_stands_before_the_metadata_service_of_a_cloud(monkeypatch: pytest.MonkeyPatch, near: str) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.invalid")
    assert proxy_of(destination_of(f"http://{near}/x")) is None
    assert proxy_of(destination_of("http://169.253.0.1/x")) == "http://proxy.invalid"


def test_a_form_is_sent_as_one(http: Http) -> None:
    with serving(lambda _: Reply.of({})) as server:
        http.send(Request("POST", server.url, operation="log in", form={"a": SecretValue("é&"), "b": "x y"}))
    (asked,) = server.asked
    assert asked.body == b"a=%C3%A9%26&b=x+y"
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded; charset=utf-8"


def test_a_request_shows_neither_its_token_nor_its_body() -> None:
    shown = Request(
        "POST", "http://x", operation="x", token=TOKEN, json={"s": VALUE}, form={"s": VALUE}, headers={"s": VALUE}
    )
    assert VALUE not in repr(shown)
    assert TOKEN.text() not in repr(shown)


def test_a_proxy_of_another_kind_is_an_error_that_names_the_variable(
    http: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "socks5://user:canary@proxy.invalid")
    error = failing(http, "http://far.invalid/")
    assert isinstance(error, InvalidInput)
    assert "http_proxy" in str(error)
    assert "canary" not in str(error)


def test_a_connection_is_kept_until_close(http: Http) -> None:
    ends: list[bytes] = []

    def serve(listening: socket.socket) -> None:
        with listening.accept()[0] as connection:
            for _ in range(2):
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            ends.append(connection.recv(1))

    with socket.create_server(("127.0.0.1", 0)) as listening:
        served = Thread(target=serve, args=(listening,))
        served.start()
        for _ in range(2):
            fetch(http, f"http://127.0.0.1:{listening.getsockname()[1]}/")
        http.close()
        served.join()
    assert ends == [b""]


def test_a_connection_that_the_server_has_closed_is_not_used_again(http: Http) -> None:
    closed = Semaphore(0)

    def serve(listening: socket.socket) -> None:
        for _ in range(2):
            with listening.accept()[0] as connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            closed.release()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        served = Thread(target=serve, args=(listening,), daemon=True)  # or a failure would wait for it for ever
        served.start()
        for _ in range(2):
            assert fetch(http, f"http://127.0.0.1:{listening.getsockname()[1]}/").status == 200
            assert closed.acquire(timeout=60.0)
        served.join()


def test_a_connection_that_failed_is_not_used_again(http: Http) -> None:
    answers = iter([Reply(200, (b"{",), promised=9), Reply.of({})])
    with serving(lambda _: next(answers)) as server:
        assert isinstance(failing(http, server.url), Unavailable)
        assert fetch(http, server.url).json() == {}


def test_a_connection_where_nobody_was_is_tried_again(http: Http) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    assert isinstance(failing(http, f"http://127.0.0.1:{port}/"), Unavailable)
    assert isinstance(failing(http, f"http://127.0.0.1:{port}/"), Unavailable)


def test_a_closed_client_opens_new_connections(http: Http) -> None:
    with serving(lambda _: Reply.of({})) as server:
        fetch(http, server.url)
        http.close()
        fetch(http, server.url)
    assert len(server.asked) == 2


def test_many_threads_share_a_client(http: Http) -> None:
    with serving(lambda asked: Reply.of({"path": asked.path})) as server, ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: fetch(http, f"{server.url}/{n}").json(), range(40)))
    assert found == [{"path": f"/{n}"} for n in range(40)]


# -- TLS


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `ca.pem`, `other.pem` (another authority) and `server.pem` for kms.invalid with its key."""
    if which("openssl") is None:
        pytest.skip("needs the openssl command")
    folder = tmp_path_factory.mktemp("tls")

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
    for name in ("ca", "other"):
        openssl("req", "-x509", *key, "-keyout", f"{name}.key", "-out", f"{name}.pem", "-subj", f"/CN={name}")
    openssl("req", *key[:-2], "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=kms.invalid")
    (folder / "names").write_text("subjectAltName=DNS:kms.invalid")
    signed = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names")
    openssl("x509", "-req", "-in", "server.csr", *signed, "-out", "server.crt")
    (folder / "server.pem").write_text((folder / "server.crt").read_text() + (folder / "server.key").read_text())
    return folder


@pytest.fixture
def secure(authority: Path) -> Iterator[Callable[..., Http]]:
    """Makes clients of a server that speaks TLS as kms.invalid."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "server.pem")
    made: list[Http] = []
    with serving(lambda _: Reply.of({"tls": True}), tls=context) as server:

        def client(name: str = "kms.invalid") -> Http:
            bundles = {ca: (authority / f"{ca}.pem").read_bytes() for ca in ("ca", "other")}
            made.append(Http(QUICK, CLOCK, resolve={(name, 443): ("127.0.0.1", server.port)}, bundles=bundles))
            return made[-1]

        yield client
        for http in made:
            http.close()


def test_a_private_authority_is_trusted_where_it_is_named(secure: Callable[..., Http]) -> None:
    assert fetch(secure(), "https://kms.invalid/x", trust="ca").json() == {"tls": True}


@pytest.mark.parametrize(
    ("name", "trust", "words"),
    [
        ("kms.invalid", "other", "authority is not in the trusted bundle"),
        ("kms.invalid", "", "authority is not in the trusted bundle"),
        ("else.invalid", "ca", "for another name"),
        ("kms.invalid", "lost", "not at hand"),
    ],
    ids=["another authority", "system's", "another name", "no bundle"],
)
def test_without_trust_there_is_no_answer(secure: Callable[..., Http], name: str, trust: str, words: str) -> None:
    error = failing(secure(name), f"https://{name}/x", trust=trust)
    assert isinstance(error, TLSError)
    assert words in str(error)


def test_trusts_are_kept_apart(secure: Callable[..., Http]) -> None:
    http = secure()
    fetch(http, "https://kms.invalid/x", trust="ca")
    assert isinstance(failing(http, "https://kms.invalid/x", trust="other"), TLSError)


def test_tls_to_a_server_without_it_fails(http: Http) -> None:
    with serving(lambda _: Reply.of({})) as server:
        error = failing(http, server.url.replace("http:", "https:"))
    assert isinstance(error, TLSError)
    assert "https on this port" in str(error)


# -- secrets


@pytest.mark.parametrize("raw", [b"", b"canary\n", b"canary token", b"canary\xff"])
def test_a_token_that_fits_no_header_is_never_sent(http: Http, raw: bytes) -> None:
    with serving(lambda _: Reply.of({})) as server, pytest.raises(AuthenticationFailed) as caught:
        http.send(Request("GET", server.url, operation="read", token=SecretValue(raw)))
    assert "canary" not in repr(caught.value)
    assert server.asked == []


VALUE = "canary-value"


@pytest.mark.parametrize(
    "reply",
    [
        Reply.of({"secretValue": VALUE}),
        Reply(200, (VALUE.encode(),), promised=99),
        Reply(200, (VALUE.encode() * 1000,)),
        Reply(302, (VALUE.encode(),), headers={"Location": "http://other.invalid"}),
        None,
    ],
    ids=["fine", "cut off", "too large", "redirect", "silent"],
)
def test_no_log_line_and_no_error_shows_a_secret(reply: Reply | None, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    http = Http(evolve(QUICK, read_timeout=0.05), CLOCK)
    context: BaseException | None = None
    with serving(lambda _: reply) as server:
        try:
            shown = repr(
                http.send(Request("POST", server.url, operation="x", json={"s": SecretValue(VALUE)}, token=TOKEN))
            )
        except BackendError as error:
            shown, context = "".join(traceback.format_exception(error)) + repr(error), error.__context__
    http.close()
    assert context is None  # httpx's error would hold the request
    assert caplog.records  # httpcore does log at this level
    assert VALUE not in shown
    assert TOKEN.text() not in shown
    assert all("canary" not in record.getMessage() for record in caplog.records)
