"""Subscriptions to the development KMS's events over a socket, and the parts of its control API that steer them."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from attrs import evolve, frozen

from secretsync.devserver import DevServer, parse_seed
from secretsync.devserver.rights import Rights
from secretsync.testing import ManualClock
from secretsync.values import SecretValue

CONTROL = "c0ntrol"
SEED = """
projects: [{id: p1, slug: shop}, {id: p2, slug: other}]
identities:
  - id: i
    universal: {clientId: all, clientSecret: s, ttl: 0}
    grants: [{project: shop, actions: [read, write, subscribe]}, {project: other, actions: [subscribe]}]
  - {id: a, universal: {clientId: app, clientSecret: s, ttl: 0}, grants: [{project: shop, path: /app/**, actions: [subscribe]}]}
  - {id: r, universal: {clientId: reads, clientSecret: s, ttl: 0}, grants: [{project: shop}]}
secrets: {shop: {prod: {/app: {A: a}, /app/sub: {}, /other: {}}}, other: {prod: {/app: {A: a}}}}
"""
PATH = "/api/v1/events/subscribe/project-events"
KINDS = ("secret:create", "secret:update", "secret:delete", "secret:import-mutation")


def registered(path: str = "/app", environment: str = "prod", kinds: tuple[str, ...] = KINDS) -> list[Any]:
    return [{"event": kind, "conditions": {"environmentSlug": environment, "secretPath": path}} for kind in kinds]


@frozen
class Stream:
    response: http.client.HTTPResponse

    def frame(self) -> dict[str, str]:
        """Return the next frame by the names of its lines; nothing at the end."""
        lines = {}
        while line := self.response.readline().decode().rstrip("\n"):
            name, _, value = line.partition(": ")
            lines[name] = value
        return lines

    def event(self) -> tuple[str, Any]:
        """Return kind and payload of the next event that is no sign of life."""
        while (frame := self.frame()).get("event") == "ping":
            assert "data" not in frame
        return frame["event"], json.loads(frame["data"])["data"]["payload"]


@frozen
class Client:
    server: DevServer
    token: str

    @contextmanager
    def ask(self, method: str, path: str, body: object, /, **headers: str) -> Iterator[http.client.HTTPResponse]:
        connection = http.client.HTTPConnection(self.server.url.removeprefix("http://"), timeout=10)
        with closing(connection):
            connection.request(method, path, json.dumps(body), {"Authorization": f"Bearer {self.token}", **headers})
            with connection.getresponse() as response:
                yield response

    @contextmanager
    def subscribed(self, register: object = None, project: str = "p1") -> Iterator[Stream]:
        with self.ask("POST", PATH, {"projectId": project, "register": register or registered()}) as response:
            assert (response.status, response.getheader("content-type")) == (200, "text/event-stream")
            yield Stream(response)

    def refused(self, register: object = None, project: str = "p1") -> tuple[int, Any]:
        with self.ask("POST", PATH, {"projectId": project, "register": register or registered()}) as response:
            return response.status, json.loads(response.read())

    def control(self, method: str, name: str, body: object = None) -> Any:
        with self.ask(method, f"/_emulator/{name}", body, **{"X-Control-Token": CONTROL}) as response:
            assert response.status == 200
            return json.loads(response.read())


@pytest.fixture(scope="module")
def running() -> Iterator[DevServer]:
    with DevServer(parse_seed(SEED), clock=ManualClock(), control_token=SecretValue(CONTROL)) as server:
        yield server


@pytest.fixture
def server(running: DevServer) -> Iterator[DevServer]:
    feed = running.model.feed
    yield running
    feed.drop()
    feed.plan, feed.release, feed.ping_every, feed.twice, feed.oversize = True, "new", 15.0, False, False
    running.faults.clear()


def client_of(server: DevServer, name: str = "all") -> Client:
    return Client(server, server.model.login(client_id=name, client_secret=SecretValue("s")).token.text())


@pytest.fixture
def client(server: DevServer) -> Client:
    return client_of(server)


# -- what is heard


@pytest.mark.row("kms-api-8")
def test_each_change_is_told_without_its_value(server: DevServer, client: Client) -> None:
    with client.subscribed() as stream:
        server.model.put("shop", "prod", "/app", {"NEW": "canary"})
        frame = stream.frame()
        assert json.loads(frame["data"]) == {
            "projectType": "secret-manager",
            "data": {
                "eventType": "secret:create",
                "payload": [{"environment": "prod", "secretPath": "/app", "secretKey": "NEW"}],
            },
        }
        assert (frame["event"], frame["id"]) == ("secret:create", str(int(server.model.now().timestamp() * 1000)))
        server.model.put("shop", "prod", "/app", {"NEW": "canary2"})
        server.model.delete("shop", "prod", "/app", ["NEW"])
        body = {
            "projectId": "p1",
            "environment": "prod",
            "path": "/app",
            "import": {"environment": "prod", "path": "/other"},
        }
        with client.ask("POST", "/api/v2/secret-imports", body) as made:
            assert made.status == 200
        assert [stream.event()[0] for _ in range(2)] == ["secret:update", "secret:delete"]
        assert stream.event() == ("secret:import-mutation", {"environment": "prod", "secretPath": "/app"})


@pytest.mark.row("kms-api-8")
@pytest.mark.parametrize(
    ("release", "path", "heard"),
    [
        ("new", "/app", ["/app"]),
        ("new", "/app/**", ["/app", "/app/sub"]),
        ("new", "/a*", ["/app"]),
        ("new", "/**", ["/other", "/app", "/app/sub"]),
        ("first", "/app", ["/app", "/app/sub"]),
    ],
)
def test_paths_are_globs_and_once_were_beginnings(
    server: DevServer, client: Client, release: Any, path: str, heard: list[str]
) -> None:
    server.model.feed.release = release
    with client.subscribed([*registered(path), *registered("/", "dev")]) as stream:
        for place in ("/other", "/app", "/app/sub"):
            server.model.put("shop", "prod", place, {"A": "x"})
        server.model.put("other", "prod", "/app", {"A": "x"})
        server.model.put("shop", "dev", "/", {"END": "x"})
        events = [stream.event()[1][0] for _ in range(len(heard) + 1)]
    assert [event["secretPath"] for event in events] == [*heard, "/"]
    assert ("secretKeys" in events[0]) == (release == "first")


def test_without_conditions_everything_of_the_project_is_heard(server: DevServer, client: Client) -> None:
    with client.subscribed([{"event": "secret:create"}]) as stream:
        server.model.put("shop", "prod", "/app", {"A": "changed"})
        server.model.put("shop", "dev", "/x", {"N": "1"})
        assert stream.event() == ("secret:create", [{"environment": "dev", "secretPath": "/x", "secretKey": "N"}])


@pytest.mark.row("kms-api-8")
def test_there_are_signs_of_life_without_data(server: DevServer, client: Client) -> None:
    server.model.feed.ping_every = 0.01
    with client.subscribed() as stream:
        assert stream.frame() == {"event": "ping"}


# -- refusals, before any byte of a stream


@pytest.mark.row("kms-api-8")
@pytest.mark.parametrize(
    ("name", "project", "register", "expected"),
    [
        ("all", "", None, (422, "ValidationFailure")),
        ("all", "p1", [{}], (422, "ValidationFailure")),
        ("all", "p1", registered() * 3, (422, "ValidationFailure")),
        ("all", "p1", [{"event": "secret:read"}], (422, "ValidationFailure")),
        ("all", "p1", [{"event": KINDS[0], "conditions": {"secretPath": "/"}}], (422, "ValidationFailure")),
        ("all", "none", None, (404, "NotFound")),
        ("reads", "p1", None, (403, "PermissionDenied")),
        ("reads", "p2", None, (403, "PermissionDenied")),
        ("app", "p1", registered("/**"), (403, "PermissionDenied")),
    ],
)
def test_a_subscription_that_cannot_be_is_refused(
    server: DevServer, name: str, project: str, register: object, expected: tuple[int, str]
) -> None:  # fmt: skip
    status, body = client_of(server, name).refused(register, project)
    assert (status, body["error"]) == expected


def test_who_may_hear_of_some_folders_may_subscribe_to_them(server: DevServer) -> None:
    with client_of(server, "app").subscribed(registered("/app/**")):
        assert server.model.feed.connections == 1


@pytest.mark.row("kms-api-8")
def test_without_the_plan_it_is_refused_by_a_text_that_clients_look_for(server: DevServer, client: Client) -> None:
    client.control("POST", "settings", {"plan": False})
    status, body = client.refused()
    assert (status, "not available on your current plan" in body["message"]) == (400, True)


@pytest.mark.row("kms-api-8")
def test_there_may_be_a_hundred_connections_to_a_project(server: DevServer, client: Client) -> None:
    feed, who = server.model.feed, server.model.identities.get("i")
    assert who is not None
    rights = Rights(who, server.model.project(who, id="p1"))
    with client.subscribed():
        held = [feed.subscribe(lambda: rights, ()) for _ in range(99)]
        assert client.refused()[0] == 429
    for one in held:
        feed.unsubscribe(one)


# -- how connections end


@pytest.mark.row("kms-api-8")
def test_the_control_api_drops_repeats_and_bloats(server: DevServer, client: Client) -> None:
    client.control("POST", "settings", {"twice": True, "oversize": True})
    with client.subscribed() as stream:
        server.model.put("shop", "prod", "/app", {"A": "again"})
        frames = [stream.frame() for _ in range(2)]
        assert frames[0] == frames[1]
        assert len(frames[0]["data"]) > 65536
        assert client.control("DELETE", "streams") == {"dropped": 1}
        assert stream.frame() == {}
    assert server.model.feed.connections == 0


@pytest.mark.row("kms-api-8")
def test_who_may_no_longer_listen_is_told_so() -> None:
    with DevServer(parse_seed(SEED)) as server:
        feed, who = server.model.feed, server.model.identities.get("i")
        assert who is not None
        feed.ping_every = feed.look_again_every = 0.01
        with client_of(server).subscribed() as stream:
            server.model.replace_identity(evolve(who, grants=()))
            frame = stream.frame()
            while frame["event"] == "ping":
                frame = stream.frame()
            assert (frame["event"], list(json.loads(frame["data"]))) == ("error", ["message"])
            assert stream.frame() == {}


def test_a_client_that_goes_is_forgotten(server: DevServer, client: Client) -> None:
    server.model.feed.ping_every = 0.01
    with client.subscribed() as stream:
        assert stream.frame()
    with client.subscribed() as other:
        while server.model.feed.connections > 1:
            assert other.frame()  # a sign of life later it may be known


def test_a_server_that_stops_ends_its_streams() -> None:
    server = DevServer(parse_seed(SEED))
    server.start()
    with client_of(server).subscribed() as stream:
        server.stop()
        assert stream.frame() == {}


# -- the rest of the control API


@pytest.mark.row("kms-api-11")
def test_time_travels_forward_only(server: DevServer, client: Client) -> None:
    before = client.control("GET", "clock")
    after = client.control("POST", "clock", {"advance": 3600})
    assert after["ahead"] - before["ahead"] == 3600
    assert after["now"] > before["now"]
    with client.ask("POST", "/_emulator/clock", {"advance": -1}, **{"X-Control-Token": CONTROL}) as response:
        assert response.status == 422
    with client.ask("GET", "/api/status", None) as response:
        assert response.getheader("date") == server.model.now().strftime("%a, %d %b %Y %H:%M:%S GMT")


@pytest.mark.row("kms-api-11")
def test_a_token_ends_when_time_travels() -> None:
    seed = parse_seed(SEED.replace("ttl: 0", "ttl: 60"))
    with DevServer(seed, control_token=SecretValue(CONTROL)) as server:
        client = client_of(server)
        client.control("POST", "clock", {"advance": 61})
        assert client.refused()[1]["error"] == "TokenError"


@pytest.mark.row("kms-api-11")
def test_settings_change_what_is_given(server: DevServer, client: Client) -> None:
    client.control("POST", "settings", {"permissions": "go", "broken": True})
    assert (server.model.permissions, server.model.renewals, server.model.provider.broken) == ("go", "legacy", True)
    client.control("POST", "settings", {"permissions": "node", "broken": False})
    assert (server.model.permissions, server.model.provider.broken) == ("node", False)
    assert client.control("GET", "provider") == {"live": [], "revoked": []}
