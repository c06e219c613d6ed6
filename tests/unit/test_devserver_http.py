"""The development KMS over a socket: forms of requests, shapes of answers, faults, journal and control API."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import logging
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import pytest
from attrs import frozen

from secretsync.devserver import DevServer, Fault, ListenFailed, parse_seed
from secretsync.testing import ManualClock
from secretsync.values import SecretValue

SECRET, VALUE, CONTROL = "cl1ent-s3cret", "v4lue-c4n4ry", "c0ntrol-t0ken"
SEED = f"""
organization: {{slug: acme}}
projects: [{{id: p1, slug: shop}}, {{id: p2, slug: other}}]
identities:
  - {{id: i, universal: {{clientId: cid, clientSecret: {SECRET}, ttl: 60}}, grants: [{{project: shop}}]}}
secrets:
  shop: {{prod: {{/: {{ROOT: r}}, /app: {{A: {VALUE}, REF: "<${{A}}>", "WITH SPACE": s}}, /shared: {{LOG: info}}}}}}
imports:
  shop: {{prod: {{/app: [{{environment: prod, path: /shared}}]}}}}
"""
LIST = {"projectId": "p1", "environment": "prod", "secretPath": "/app"}


@frozen
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """One connection a request, as the agent does it."""

    def __init__(self, server: DevServer) -> None:
        self.address = server.url.removeprefix("http://")
        self.headers: dict[str, str] = {}

    def ask(self, method: str, path: str, body: object = None, /, **headers: str) -> Answer:
        connection = http.client.HTTPConnection(self.address, timeout=10)
        try:
            raw = None if body is None else json.dumps(body)
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, raw, {**self.headers, **named})
            response = connection.getresponse()
            return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        finally:
            connection.close()

    def get(self, path: str, query: Mapping[str, str] | None = None, /, **headers: str) -> Answer:
        return self.ask("GET", path + (f"?{urlencode(query)}" if query else ""), None, **headers)

    def login(self) -> Answer:
        credentials = {"clientId": "cid", "clientSecret": SECRET}
        answer = self.ask("POST", "/api/v1/auth/universal-auth/login", credentials)
        self.headers = {"Authorization": f"Bearer {answer.json()['accessToken']}"}
        return answer

    def control(self, method: str, name: str, body: object = None) -> Answer:
        return self.ask(method, f"/_emulator/{name}", body, X_Control_Token=CONTROL)


@pytest.fixture(scope="module")
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(scope="module")
def running(clock: ManualClock) -> Iterator[DevServer]:
    with DevServer(parse_seed(SEED), clock=clock, control_token=SecretValue(CONTROL)) as server:
        yield server


@pytest.fixture
def server(running: DevServer) -> Iterator[DevServer]:
    running.journal.clear()
    yield running
    running.faults.clear()


@pytest.fixture
def anonymous(server: DevServer) -> Client:
    return Client(server)


@pytest.fixture
def client(anonymous: Client) -> Client:
    anonymous.login()
    return anonymous


# -- login and status


def test_a_login_answers_the_four_fields(anonymous: Client) -> None:
    body = anonymous.login().json()
    assert body.pop("accessToken").count(".") == 2
    assert body == {"expiresIn": 60, "accessTokenMaxTTL": 86400, "tokenType": "Bearer"}


@pytest.mark.parametrize("path", ["/api/v1/auth/universal-auth/login/", "/api/api/v1/auth/universal-auth/login"])
def test_a_login_forgives_slashes_api_twice_and_white_space(anonymous: Client, path: str) -> None:
    assert anonymous.ask("POST", path, {"clientId": " cid", "clientSecret": f"{SECRET}\n", "more": 1}).status == 200


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({"clientId": "cid", "clientSecret": "x"}, 401, "UnauthorizedError"),
        ({"clientId": "cid"}, 422, "ValidationFailure"),
        ({"clientId": "cid", "clientSecret": 5}, 422, "ValidationFailure"),
        ([], 400, "BadRequest"),
        ({"clientId": "cid", "clientSecret": "\ud800"}, 400, "BadRequest"),
    ],
    ids=["wrong", "missing", "no text", "no object", "no bytes"],
)
def test_a_login_is_refused_in_the_general_shape(anonymous: Client, body: object, status: int, error: str) -> None:
    answer = anonymous.ask("POST", "/api/v1/auth/universal-auth/login", body).json()
    assert (answer["statusCode"], answer["error"]) == (status, error)
    assert answer["reqId"].startswith("req-")


def test_a_login_with_an_ended_token_in_the_header_fails(client: Client, clock: ManualClock) -> None:
    clock.advance(60)
    body = {"clientId": "cid", "clientSecret": SECRET}
    assert client.ask("POST", "/api/v1/auth/universal-auth/login", body).json()["error"] == "TokenError"


def test_the_status_is_ok_for_everybody(anonymous: Client) -> None:
    assert anonymous.get("/api/status").json()["message"] == "Ok"


# -- projects


@pytest.mark.parametrize(
    "path",
    ["/api/v1/projects/slug/shop", "/api/v2/workspace/shop", "/api/v1/workspace/slug/shop", "/api/v1/projects/p1"],
)
def test_projects_by_slug_and_id(client: Client, path: str) -> None:
    body = client.get(path).json()
    project = body["project"] if path.endswith("p1") else body
    assert (project["id"], project["_id"], project["slug"], project["orgId"]) == ("p1", "p1", "shop", "acme")
    assert [environment["slug"] for environment in project["environments"]] == ["dev", "staging", "prod"]


@pytest.mark.parametrize("name", ["project", "workspace"])
def test_a_workspace_is_a_project_by_its_earlier_name(client: Client, name: str) -> None:
    one = client.get(f"/api/v1/{name}{'s' if name == 'project' else ''}/p1").json()[name]
    assert (one["id"], one["slug"]) == ("p1", "shop")
    every = client.get(f"/api/v1/{name}{'s' if name == 'project' else ''}").json()[f"{name}s"]
    assert [project["id"] for project in every] == ["p1"]  # it is no member of the other one


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/api/v1/projects/slug/x", (404, "NotFound", "Project with slug 'x' not found")),
        ("/api/v1/projects/x", (404, "NotFound", "Project with ID 'x' not found")),
        ("/api/v2/workspace/other", (403, "PermissionDenied", "You are not a member of this project")),
        ("/api/v9/x", (404, "Not Found", "Route GET:/api/v9/x not found")),
        (
            "/api/v1/auth/universal-auth/login",
            (404, "Not Found", "Route GET:/api/v1/auth/universal-auth/login not found"),
        ),
    ],
)
def test_what_is_not_there_has_the_text_clients_look_for(
    client: Client, path: str, expected: tuple[int, str, str]
) -> None:
    answer = client.get(path)
    body = answer.json()
    assert (answer.status, body["error"], body["message"]) == expected
    assert body["statusCode"] == answer.status
    assert ("details" in body) == (answer.status == 403)


# -- lists and single reads


@pytest.mark.parametrize("path", ["/api/v3/secrets/raw", "/api/v4/secrets"])
@pytest.mark.parametrize(
    "names",
    [
        {"workspaceId": "p1"},
        {"projectId": "", "workspaceId": "p1", "workspaceSlug": ""},
        {"workspaceSlug": "shop", "projectId": ""},
    ],
)
@pytest.mark.parametrize("imports", ["include_imports", "includeImports"])
def test_lists_take_both_spellings_and_empty_is_absent(
    client: Client, path: str, names: Mapping[str, str], imports: str
) -> None:
    query = {"environment": "prod", "secretPath": "/app/", imports: "true", "expandSecretReferences": "true", "x": "y"}
    body = client.get(path, {**query, **names}).json()
    assert [(row["secretKey"], row["secretValue"]) for row in body["secrets"]] == [
        ("A", VALUE),
        ("REF", f"<{VALUE}>"),
        ("WITH SPACE", "s"),
    ]
    assert [(block["secretPath"], block["secrets"][0]["secretKey"]) for block in body["imports"]] == [
        ("/shared", "LOG")
    ]


@pytest.mark.parametrize(
    ("path", "imports", "text"), [("/api/v4/secrets", 1, f"<{VALUE}>"), ("/api/v3/secrets/raw", 0, "<${A}>")]
)
def test_absent_truth_values_are_on_with_v4_and_off_with_v3(client: Client, path: str, imports: int, text: str) -> None:
    body = client.get(path, LIST).json()
    assert (len(body["imports"]), body["secrets"][1]["secretValue"]) == (imports, text)


def test_a_row_has_every_field(client: Client) -> None:
    body = client.get("/api/v4/secrets", LIST).json()
    row, imported = body["secrets"][0], body["imports"][0]["secrets"][0]
    assert row.pop("id") == row.pop("_id")
    assert {row.pop("createdAt"), row.pop("updatedAt")} == {"2030-01-01T00:00:00.000Z"}
    assert row == {
        "workspace": "p1",
        "environment": "prod",
        "version": 1,
        "type": "shared",
        "secretKey": "A",
        "secretValue": VALUE,
        "secretComment": "",
        "secretPath": "/app",
        "secretValueHidden": False,
        "skipMultilineEncoding": False,
        "secretReminderNote": None,
        "secretReminderRepeatDays": None,
        "tags": [],
        "secretMetadata": [],
        "isRotatedSecret": False,
        "rotationId": None,
        "actor": None,
    }
    assert not {"createdAt", "updatedAt", "secretPath", "tags"} & imported.keys()


def test_hidden_values_are_masked(client: Client) -> None:
    body = client.get("/api/v4/secrets", {**LIST, "viewSecretValue": "false"}).json()
    assert {(row["secretValue"], row["secretValueHidden"]) for row in body["secrets"]} == {
        ("<hidden-by-infisical>", True)
    }


@pytest.mark.parametrize("base", ["/api/v3/secrets/raw", "/api/v4/secrets"])
@pytest.mark.parametrize("name", ["A", "WITH%20SPACE", "A/"])
def test_one_secret(client: Client, base: str, name: str) -> None:
    body = client.get(f"{base}/{name}", {**LIST, "type": "shared"}).json()
    assert body["secret"]["secretKey"] == name.replace("%20", " ").rstrip("/")


def test_one_secret_of_an_import_says_where_it_stands(client: Client) -> None:
    assert client.get("/api/v4/secrets/LOG", LIST).json()["secret"]["secretPath"] == "/shared"


@pytest.mark.parametrize(
    ("query", "status", "error"),
    [
        ({"recursive": "True", "includeImports": "1"}, 422, "ValidationFailure"),
        ({"projectId": ""}, 400, "BadRequest"),
        ({"environment": ""}, 400, "BadRequest"),
        ({"environment": "none"}, 404, "SecretPathNotFound"),
        ({"secretPath": "/none"}, 404, "SecretPathNotFound"),
        ({"environment": "none", "recursive": "true"}, 404, "NotFound"),
        ({"projectId": "p2"}, 403, "PermissionDenied"),
    ],
)
def test_lists_are_refused_in_the_general_shape(
    client: Client, query: Mapping[str, str], status: int, error: str
) -> None:
    body = client.get("/api/v4/secrets", {**LIST, **query}).json()
    assert (body["statusCode"], body["error"]) == (status, error)


def test_the_message_of_a_wrong_form_is_an_array_of_all_issues(client: Client) -> None:
    body = client.get("/api/v4/secrets", {**LIST, "recursive": "1", "include_imports": "no"}).json()
    assert [(issue["path"], set(issue)) for issue in body["message"]] == [
        (["recursive"], {"code", "path", "message"}),
        (["include_imports"], {"code", "path", "message"}),
    ]


@pytest.mark.parametrize("header", [{}, {"Authorization": "Basic x"}, {"Authorization": "Bearer "}])
def test_without_a_token_nothing_is_read(anonymous: Client, header: Mapping[str, str]) -> None:
    assert anonymous.get("/api/v4/secrets", LIST, **header).json()["error"] == "UnauthorizedError"


def test_an_ended_token_is_a_token_error_and_a_revoked_one_is_unauthorized(
    client: Client, server: DevServer, clock: ManualClock
) -> None:
    server.model.revoke_tokens()
    assert (client.get("/api/v4/secrets", LIST).status) == 401
    clock.advance(60)
    answer = client.get("/api/v4/secrets", LIST)
    assert (answer.status, answer.json()["error"]) == (403, "TokenError")


# -- ETags


@pytest.mark.parametrize(
    "path", ["/api/v3/secrets/raw", "/api/v4/secrets", "/api/v4/secrets/A", "/api/v2/workspace/shop"]
)
def test_an_etag_is_the_body_s_digest_and_saves_it_the_next_time(client: Client, server: DevServer, path: str) -> None:
    first = client.get(path, LIST)
    assert first.headers["etag"] == f'"{base64.b64encode(hashlib.sha1(first.body).digest()).decode()}"'
    for known in (first.headers["etag"], f"W/{first.headers['etag']}"):
        again = client.get(path, LIST, If_None_Match=known)
        assert (again.status, again.body, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert client.get(path, LIST, If_None_Match='"x"').status == 200


def test_a_change_moves_the_etag(client: Client, server: DevServer) -> None:
    first = client.get("/api/v4/secrets", LIST)
    server.model.put("shop", "prod", "/app", {"A": VALUE})
    assert client.get("/api/v4/secrets", LIST, If_None_Match=first.headers["etag"]).status == 200


# -- faults


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault("list", status=429, retry_after=7), (429, "application/json", "7")),
        (Fault("list", status=500), (500, "application/json", None)),
        (Fault("*", status=503), (503, "application/json", None)),
        (Fault("list", status=502, body="html"), (502, "text/html", None)),
        (Fault("list", body="html"), (200, "text/html", None)),
    ],
)
def test_a_fault_answers_instead(
    client: Client, server: DevServer, fault: Fault, expected: tuple[int, str, str | None]
) -> None:
    server.faults.add(fault)
    answer = client.get("/api/v4/secrets", LIST)
    assert (answer.status, answer.headers["content-type"], answer.headers.get("retry-after")) == expected
    assert server.asked("list")[-1].status == answer.status


def test_a_fault_is_for_its_route_and_its_count(client: Client, server: DevServer) -> None:
    server.faults.add(Fault("list", count=2, status=500))
    server.faults.add(Fault("slug", status=502))
    statuses = [client.get("/api/v4/secrets", LIST).status for _ in range(3)]
    assert (statuses, client.get("/api/v2/workspace/shop").status) == ([500, 500, 200], 502)
    server.faults.clear()
    assert client.get("/api/v2/workspace/shop").status == 200


def test_a_reset_connection_has_no_answer(client: Client, server: DevServer) -> None:
    server.faults.add(Fault(count=1, reset=True))
    with pytest.raises(ConnectionResetError):
        client.get("/api/status")
    assert server.asked("status")[-1].status == 0
    assert client.get("/api/status").status == 200


def test_a_truncated_answer_breaks_off(client: Client, server: DevServer) -> None:
    server.faults.add(Fault("list", body="truncated"))
    with pytest.raises(http.client.IncompleteRead):
        client.get("/api/v4/secrets", LIST)


def test_a_delay_comes_before_the_real_answer(client: Client, server: DevServer) -> None:
    server.faults.add(Fault("list", delay=0.001))
    assert client.get("/api/v4/secrets", LIST).status == 200


def test_a_hanging_request_holds_up_nobody_and_ends_with_the_server() -> None:
    server = DevServer(parse_seed(SEED))
    server.start()
    server.faults.add(Fault("status", hang=True))
    with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2]))) as hanging:
        hanging.settimeout(10)
        hanging.sendall(b"GET /api/status HTTP/1.1\r\nHost: x\r\n\r\n")
        assert Client(server).login().status == 200
        server.stop()
        with pytest.raises(ConnectionResetError):
            hanging.recv(1)
    assert server.asked("status")[0].status == 0


# -- journal and control API


def test_the_journal_shows_what_came_without_what_nobody_may_see(client: Client, server: DevServer) -> None:
    client.get("/api/v4/secrets/A", {**LIST, "unknown": VALUE}, User_Agent="ua")
    login, read = server.asked()
    assert (login.method, login.path, login.route, login.status, login.query) == (
        "POST",
        "/api/v1/auth/universal-auth/login",
        "login",
        200,
        {},
    )
    assert server.asked("read") == (read,)
    assert (read.route, read.query, read.user_agent) == ("read", {**LIST, "unknown": "…"}, "ua")


def test_the_control_api_changes_secrets_and_folders(client: Client) -> None:
    at = {"project": "shop", "environment": "dev", "path": "/new"}
    assert client.control("POST", "secrets", {**at, "set": {"A": "1", "😀": "é\x00"}, "delete": ["A"]}).status == 200
    assert client.control("POST", "folders", {**at, "path": "/empty"}).status == 200
    query = {"projectId": "p1", "environment": "dev"}
    rows = client.get("/api/v4/secrets", {**query, "secretPath": "/new"}).json()["secrets"]
    assert [(row["secretKey"], row["secretValue"]) for row in rows] == [("😀", "é\x00")]
    assert client.get("/api/v4/secrets", {**query, "secretPath": "/empty"}).json()["secrets"] == []


def test_the_control_api_sets_and_clears_faults(client: Client, server: DevServer) -> None:
    assert client.control("POST", "faults", {"route": "status", "status": 429, "retryAfter": 3}).status == 200
    assert client.get("/api/status").headers["retry-after"] == "3"
    assert client.control("DELETE", "faults").status == 200
    assert client.get("/api/status").status == 200


def test_the_control_api_shows_and_clears_requests(client: Client) -> None:
    client.get("/api/status")
    asked = client.control("GET", "requests").json()["requests"]
    assert [(one["method"], one["route"], one["status"]) for one in asked] == [
        ("POST", "login", 200),
        ("GET", "status", 200),
    ]
    assert client.control("DELETE", "requests").status == 200
    assert client.control("GET", "requests").json() == {"requests": []}


def test_the_control_api_revokes_tokens(client: Client) -> None:
    assert client.control("DELETE", "tokens").json()["revoked"] >= 1
    assert client.get("/api/v4/secrets", LIST).status == 401


def test_the_control_api_names_every_problem(client: Client) -> None:
    body = client.control("POST", "faults", {"rout": "list", "status": "x"}).json()
    assert [issue["message"] for issue in body["message"]] == [
        'body: rout: unknown key, did you mean "route"?',
        "body: status: expected a whole number, got text",
    ]


@pytest.mark.parametrize("token", [{}, {"X_Control_Token": "wrong"}])
def test_the_control_api_is_for_who_has_the_token(client: Client, server: DevServer, token: Mapping[str, str]) -> None:
    assert client.ask("DELETE", "/_emulator/tokens", None, **token).status == 401
    assert client.get("/api/v4/secrets", LIST).status == 200


def test_without_a_control_token_there_is_no_control_api() -> None:
    with DevServer(parse_seed(SEED)) as server:
        answer = Client(server).ask("DELETE", "/_emulator/tokens", None, X_Control_Token="")
    assert answer.json()["message"] == "Route DELETE:/_emulator/tokens not found"


# -- the server


def test_a_stopped_server_starts_again_on_its_port_with_what_it_knew() -> None:
    server = DevServer(parse_seed(SEED))
    with server:
        client, url = Client(server), server.url
        client.login()
    with pytest.raises(ConnectionRefusedError):
        client.get("/api/status")
    with server:
        assert (server.url, client.get("/api/v4/secrets", LIST).status) == (url, 200)


@pytest.mark.parametrize(
    ("host", "reason"),
    [("127.0.0.1", "is in use; stop what listens there"), ("192.0.2.1", "the address is none of this machine's")],
)
def test_a_port_that_cannot_be_had_is_one_clear_error(host: str, reason: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ListenFailed, match=rf"port {port} on {host} .*{reason}"):
            DevServer(parse_seed(SEED), host=host, port=port).start()


def test_a_missing_extra_is_named() -> None:
    program = """
import sys
sys.modules["uvicorn"] = None
from secretsync.devserver import DevServer, Seed
from secretsync.errors import MissingExtra
try:
    DevServer(Seed()).start()
except MissingExtra as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == 'the development KMS needs an optional part: pip install "secretsync-core[dev]"\n'


def test_no_log_line_shows_a_credential_or_a_value(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), DevServer(parse_seed(SEED)) as server:
        client = Client(server)
        token = client.login().json()["accessToken"]
        client.get("/api/api/v4/secrets", {**LIST, "unknown": VALUE})
        client.get("/api/v4/secrets", {**LIST, "recursive": VALUE})
        server.faults.add(Fault(body="truncated"))
        with pytest.raises(http.client.IncompleteRead):
            client.get("/api/v4/secrets", LIST)
    assert "under /api/api" in caplog.text
    assert not [word for word in (token, SECRET, VALUE) if word in caplog.text]
