"""What the KMS backend asks, and what each answer becomes (kms-api §3, §4, §8-§10, §13)."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Any

import pytest
from attrs import evolve, frozen

from loopback import Answers, Asked, Reply, serving
from secretsync.auth.token import Token
from secretsync.auth.universal import METHOD
from secretsync.backends.kms.backend import KMSBackend
from secretsync.backends.kms.queries import Folder, Project
from secretsync.client_policy import OPERATOR
from secretsync.clock import Deadline
from secretsync.errors import (
    AuthenticationFailed,
    EnvironmentNotFound,
    Forbidden,
    InvalidInput,
    InvalidRequest,
    PathNotFound,
    ProjectNotFound,
    RateLimited,
    SecretSyncError,
    TLSError,
    Unavailable,
    ValueHidden,
    WrongEndpoint,
)
from secretsync.http import Http
from secretsync.ports import AnyQuery, AnyWire, Backend
from secretsync.queries import UNCHANGED, Absent, Failed, Found, Identity, Query, Scope, query
from secretsync.runtime.clock import SystemClock
from secretsync.runtime.proofs import LocalProofs
from secretsync.values import Document, Flatten, Row, SecretValue, Version

CLOCK = SystemClock()
POLICY = evolve(OPERATOR, read_timeout=5.0, response_cap=10_000)
TOKEN = Found(SecretValue("canary-token"))
CREDENTIALS = Found({"clientId": SecretValue("cid"), "clientSecret": SecretValue("canary-secret")})


@query
class Kept(Query[Mapping[str, SecretValue]]):
    """Stands for where a shell keeps credentials."""


def identity(base: str, method: Hashable = METHOD) -> Identity:
    return Identity(base, method, Kept(), b"digest")


def folder(base: str, path: str = "/app", **more: bool) -> Folder:
    return Folder(identity(base), "p-1", "prod", path, **more)


def project(base: str, slug: str = "shop-1") -> Project:
    return Project(identity(base), slug)


@frozen
class Reader:
    backend: KMSBackend

    def __call__(
        self, asked: AnyQuery, *, known: str = "", credential: Found[Any] = TOKEN, deadline: Deadline | None = None
    ) -> AnyWire:
        versions = {asked: Version(known)} if known else {}
        deadline = deadline or Deadline(CLOCK)
        return self.backend.read([asked], known=versions, credential=credential, deadline=deadline)[asked]


@pytest.fixture
def read() -> Iterator[Reader]:
    http = Http(POLICY, CLOCK)
    backend: Backend = KMSBackend(http, POLICY, lambda: 0.5, proofs=LocalProofs())
    assert isinstance(backend, KMSBackend)
    yield Reader(backend)
    http.close()


def row(key: str, value: str, **more: object) -> dict[str, object]:
    made = {"id": f"id-{key}", "version": 3, "type": "shared", "secretKey": key, "secretValue": value}
    return {**made, "secretComment": "", "secretValueHidden": False, **more}


def listed(*rows: object, **more: object) -> Reply:
    return Reply.of({"secrets": rows, **more}, headers={"ETag": '"v1"'})


def no_route(asked: Asked) -> Reply:
    return Reply.refusal(404, "Not Found", f"Route {asked.method}:{asked.path} not found")


def only(path: str, reply: Reply) -> Answers:
    return lambda asked: reply if asked.path == path else no_route(asked)


def failed(read: Reader, answers: Answers, make: Callable[[str], AnyQuery] = folder) -> Failed:
    with serving(answers) as server:
        wire = read(make(server.url))
    assert isinstance(wire, Failed)
    return wire


# -- tokens


def test_a_token_is_a_login(read: Reader) -> None:
    with serving(lambda _: Reply.of({"accessToken": "t", "expiresIn": 100})) as server:
        found = read(Token(identity(server.url)), credential=CREDENTIALS)
    assert isinstance(found, Found)
    assert (found.value, found.renew_in, found.expires_in) == (
        SecretValue("t"),
        pytest.approx(78.0),
        pytest.approx(100.0, abs=10.0),
    )


def test_refused_credentials_are_the_querys_failure_and_asked_once(read: Reader) -> None:
    with serving(lambda _: Reply.refusal(401, "UnauthorizedError", "no")) as server:
        wire = read(Token(identity(server.url)), credential=CREDENTIALS)
    assert isinstance(wire, Failed)
    # Scope.CREDENTIAL would have the credentials fetched again and the login replayed at once.
    assert (type(wire.error), wire.scope, len(server.asked)) == (AuthenticationFailed, Scope.QUERY, 1)


def test_an_unknown_method_is_refused_before_anything_is_sent(read: Reader) -> None:
    with serving(lambda _: Reply.of({})) as server:
        wire = read(Token(identity(server.url, "magic")), credential=CREDENTIALS)
    assert isinstance(wire, Failed)
    assert isinstance(wire.error, InvalidInput)
    assert str(wire.error) == "login method magic: not known"
    assert server.asked == []


@pytest.mark.parametrize("asked", [Kept(), folder("http://127.0.0.1:1")])
def test_a_foreign_query_or_a_missing_credential_is_a_programming_error(read: Reader, asked: AnyQuery) -> None:
    with pytest.raises(TypeError, match=type(asked).__name__):
        read.backend.read([asked], known={}, credential=None, deadline=Deadline(CLOCK))


# -- projects


def test_a_slug_becomes_an_id(read: Reader) -> None:
    with serving(lambda _: Reply.of({"id": "p-1", "slug": "shop-1"})) as server:
        found = read(project(f"{server.url}/team", "a b/.."))
    assert isinstance(found, Found)
    assert found.value == "p-1"
    (asked,) = server.asked
    assert (asked.method, asked.target) == ("GET", "/team/api/v1/projects/slug/a%20b%2F..")
    assert asked.headers["authorization"] == "Bearer canary-token"


def test_an_older_server_is_asked_its_own_way_and_remembered(read: Reader) -> None:
    with serving(only("/api/v2/workspace/shop-1", Reply.of({"_id": "p-1"}))) as server:
        found = [read(project(server.url)) for _ in range(2)]
    assert all(isinstance(wire, Found) and wire.value == "p-1" for wire in found)
    assert [asked.path for asked in server.asked] == [
        "/api/v1/projects/slug/shop-1",
        "/api/v2/workspace/shop-1",
        "/api/v2/workspace/shop-1",
    ]


def test_a_server_that_was_replaced_is_asked_anew(read: Reader) -> None:
    served = ["/api/v2/workspace/shop-1"]
    with serving(lambda asked: Reply.of({"id": "p"}) if asked.path in served else no_route(asked)) as server:
        read(project(server.url))
        served[:] = ["/api/v1/projects/slug/shop-1"]
        assert isinstance(read(project(server.url)), Found)


@pytest.mark.parametrize("body", [{}, {"id": 7}, []])
def test_a_project_without_an_id_is_not_the_api(read: Reader, body: object) -> None:
    assert isinstance(failed(read, lambda _: Reply.of(body), project).error, WrongEndpoint)


# -- folders: what is asked


def test_a_list_leaves_no_parameter_to_the_server(read: Reader) -> None:
    with serving(lambda _: listed()) as server:
        read(folder(server.url, "/a b/ü"))
    (asked,) = server.asked
    assert asked.path == "/api/v4/secrets"
    assert asked.params == {
        "projectId": "p-1",
        "environment": "prod",
        "secretPath": "/a b/ü",
        "recursive": "false",
        "include_imports": "true",
        "includeImports": "true",
        "expandSecretReferences": "true",
        "viewSecretValue": "true",
        "includePersonalOverrides": "false",
    }
    assert "if-none-match" not in asked.headers


def test_the_querys_flags_are_sent(read: Reader) -> None:
    with serving(lambda _: listed()) as server:
        read(folder(server.url, recursive=True, imports=False, expand=False))
    params = server.asked[0].params
    names = ("recursive", "include_imports", "includeImports", "expandSecretReferences")
    assert [params[name] for name in names] == ["true", "false", "false", "false"]


def test_v3_is_used_where_v4_is_unknown_and_remembered_per_host(read: Reader) -> None:
    with (
        serving(only("/api/v3/secrets/raw", listed(row("A", "1")))) as old,
        serving(only("/api/v4/secrets", listed(row("A", "1")))) as new,
    ):
        wires = [read(folder(server.url)) for server in (old, old, new)]
    assert all(isinstance(wire, Found) for wire in wires)
    assert [asked.path for asked in old.asked] == ["/api/v4/secrets", "/api/v3/secrets/raw", "/api/v3/secrets/raw"]
    assert [asked.path for asked in new.asked] == ["/api/v4/secrets"]
    params = old.asked[-1].params
    assert params["workspaceId"] == "p-1"
    assert not {"projectId", "includeImports", "includePersonalOverrides"} & set(params)


@pytest.mark.parametrize("path", ["app/x", "/app/x/", "//app/x"])
def test_one_folder_is_one_query_however_it_is_written(path: str) -> None:
    assert folder("https://h", path) == folder("https://h", "/app/x")
    assert folder("https://h", "") == folder("https://h", "/")


# -- folders: what comes back


def test_rows_keep_what_the_server_said(read: Reader) -> None:
    tags = [{"id": "t", "slug": "core"}]
    own = row("A", "1", secretPath="/app/sub", tags=tags, secretComment="why")
    shared = {"secretPath": "/shared", "environment": "dev", "secrets": [row("B", "2"), row("A", "3")]}
    more = {"secretPath": "/more", "environment": "prod", "secrets": [row("B", "4")]}
    with serving(lambda _: listed(own, row("C", ""), imports=[shared, more])) as server:
        found = read(folder(server.url))
    assert isinstance(found, Found)
    assert found.version == '"v1"'
    assert found.value.rows == (
        Row("A", SecretValue("1"), "id-A", "/app/sub", "3", 0, ("core",), "why"),
        Row("C", SecretValue(""), "id-C", "/app", "3"),
        Row("B", SecretValue("2"), "id-B", "dev:/shared", "3", 1),
        Row("A", SecretValue("3"), "id-A", "dev:/shared", "3", 1),
        Row("B", SecretValue("4"), "id-B", "prod:/more", "3", 2),
    )
    values = found.value.fields(Flatten(imports="first"))
    assert {key: value.text() for key, value in values.items()} == {"A": "1", "B": "2", "C": ""}


def test_duplicates_stay_and_personal_rows_go(read: Reader) -> None:
    rows = row("A", "1"), row("A", "mine", type="personal"), row("A", "2", secretPath="/app/sub")
    with serving(lambda _: listed(*rows, imports=None)) as server:
        found = read(folder(server.url, recursive=True))
    assert isinstance(found, Found)
    assert [(r.path, r.value.text()) for r in found.value.rows] == [("/app", "1"), ("/app/sub", "2")]


def test_an_empty_list_is_an_empty_document_and_no_absence(read: Reader) -> None:
    with serving(lambda _: listed()) as server:
        assert read(folder(server.url)) == Found(Document(), version=Version('"v1"'))


@pytest.mark.parametrize("where", ["own", "imported"])
def test_a_masked_value_is_never_a_value(read: Reader, where: str) -> None:
    masked = [row(f"K{n}", "<hidden-by-infisical>", secretValueHidden=True) for n in range(7)]
    imports = [{"secretPath": "/s", "environment": "prod", "secrets": masked if where == "imported" else []}]
    rows = [row("OPEN", "canary-value"), *(masked if where == "own" else [])]
    wire = failed(read, lambda _: listed(*rows, imports=imports))
    assert isinstance(wire.error, ValueHidden)
    assert wire.scope is Scope.QUERY
    assert "forbidden" in str(wire.error)
    assert "K0, K1, K2, K3, K4 and 2 more" in str(wire.error)
    assert "OPEN" not in str(wire.error)
    assert "canary" not in str(wire.error)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ([], "the answer is no object"),
        ({}, "secrets is no list"),
        ({"secrets": {}}, "secrets is no list"),
        ({"secrets": ["canary"]}, "an item of secrets is no object"),
        ({"secrets": [{"secretValue": "canary"}]}, "secretKey is no text"),
        ({"secrets": [{"secretKey": "A"}]}, "secretValue is no text"),
        ({"secrets": [row("A", "canary\ud800")]}, "secretValue is no text"),
        ({"secrets": [], "imports": {"canary": 1}}, "imports is no list"),
        ({"secrets": [], "imports": [{}]}, "secrets is no list"),
    ],
)
def test_a_list_of_another_form_is_not_the_api(read: Reader, body: object, words: str) -> None:
    error = failed(read, lambda _: Reply.of(body)).error
    assert isinstance(error, WrongEndpoint)
    assert words in str(error)
    assert "canary" not in str(error)


# -- conditional reads


@pytest.mark.parametrize("path", ["/api/v4/secrets", "/api/v3/secrets/raw"])
def test_a_known_version_is_asked_conditionally(read: Reader, path: str) -> None:
    def answers(asked: Asked) -> Reply:
        if asked.path != path:
            return no_route(asked)
        return Reply(304) if asked.headers.get("if-none-match") == 'W/"v1"' else listed(row("A", "1"))

    with serving(answers) as server:
        assert read(folder(server.url), known='W/"v1"') is UNCHANGED
        assert isinstance(read(folder(server.url), known='"other"'), Found)
        assert isinstance(read(folder(server.url)), Found)
    assert [asked.path for asked in server.asked][-2:] == [path, path]


def test_unchanged_without_a_known_version_is_not_believed(read: Reader) -> None:
    assert isinstance(failed(read, lambda _: Reply(304)).error, WrongEndpoint)


def test_a_tag_that_cannot_be_sent_back_is_no_version(read: Reader) -> None:
    with serving(lambda _: Reply.of({"secrets": []}, headers={"ETag": '"é"'})) as server:
        assert read(folder(server.url)) == Found(Document())


# -- refusals


@pytest.mark.parametrize(
    ("status", "error", "meaning"),
    [
        (401, "UnauthorizedError", (AuthenticationFailed, Scope.CREDENTIAL, "authentication failed")),
        (403, "TokenError", (AuthenticationFailed, Scope.CREDENTIAL, "authentication failed")),
        (403, "PermissionDenied", (Forbidden, Scope.SUSPECT, "forbidden")),
        (403, "ForbiddenError", (Forbidden, Scope.SUSPECT, "forbidden")),
        (403, "ForbiddenReadSecretError", (Forbidden, Scope.SUSPECT, "forbidden")),
        (403, "PolicyViolationError", (Forbidden, Scope.SUSPECT, "forbidden")),
        (400, "BadRequest", (InvalidRequest, Scope.QUERY, "rejects the request")),
        (409, "Conflict", (InvalidRequest, Scope.QUERY, "rejects the request")),
        (410, "Gone", (InvalidRequest, Scope.QUERY, "rejects the request")),
        (422, "ValidationFailure", (InvalidRequest, Scope.QUERY, "rejects the request")),
        (429, "RateLimitExceeded", (RateLimited, Scope.HOST, "too many requests")),
        (408, "RequestTimeout", (Unavailable, Scope.QUERY, "the server failed")),
        (500, "InternalServerError", (Unavailable, Scope.QUERY, "the server failed")),
        (500, "DatabaseError", (Unavailable, Scope.QUERY, "the server failed")),
        (502, "BadGateway", (Unavailable, Scope.HOST, "the server failed")),
        (503, "ServiceUnavailable", (Unavailable, Scope.HOST, "the server failed")),
        (504, "GatewayTimeoutError", (Unavailable, Scope.HOST, "the server failed")),
    ],
)
@pytest.mark.parametrize("make", [folder, project])
def test_a_refusal_says_what_and_how_far(
    read: Reader,
    make: Callable[[str], AnyQuery],
    status: int,
    error: str,
    meaning: tuple[type[SecretSyncError], Scope, str],
) -> None:
    kind, scope, words = meaning
    with serving(lambda _: Reply.refusal(status, error, "canary-message")) as server:
        wire = read(make(server.url))
    assert isinstance(wire, Failed)
    assert (type(wire.error), wire.scope) == (kind, scope)
    shown = str(wire.error)
    path = server.asked[0].path
    assert all(part in shown for part in (words, error, "req-7", f"HTTP {status}", f"GET {server.url}{path}"))
    assert "canary" not in shown
    assert "?" not in shown


def test_a_limit_is_the_hosts_and_says_how_long(read: Reader) -> None:
    wire = failed(read, lambda _: Reply.refusal(429, "RateLimitExceeded", "x", {"Retry-After": "7"}))
    assert (wire.scope, wire.retry_after) == (Scope.HOST, 7.0)


def test_a_422_names_the_paths_of_its_issues_and_nothing_else(read: Reader) -> None:
    issues = [
        {"code": "invalid", "path": ["environment"], "message": "canary-input"},
        {"code": "invalid", "path": ["metadata", 0, "key"], "message": "canary-input"},
        {"code": "invalid", "path": ["canary" * 30], "message": "x"},
        {"code": "invalid", "path": "canary", "message": "x"},
    ]
    shown = str(failed(read, lambda _: Reply.refusal(422, "ValidationFailure", issues)).error)
    assert "rejects environment, metadata.0.key (" in shown
    assert "canary" not in shown


@pytest.mark.row("kmssecret-25")
@pytest.mark.parametrize(
    ("make", "said", "kind", "words"),
    [
        (project, (404, "NotFound", "Project with slug 'shop-1' not found"), ProjectNotFound, "project not found"),
        (project, (404, "NotFound", "whatever"), ProjectNotFound, "project not found"),
        (project, (400, "BadRequest", "Project not found"), ProjectNotFound, "project not found"),
        (folder, (404, "NotFound", "Project with ID 'p-1' not found"), ProjectNotFound, "project not found"),
        (folder, (400, "BadRequest", "Project not found"), ProjectNotFound, "project not found"),
        (folder, (404, "NotFound", "Environment with slug 'x' not found"), EnvironmentNotFound, "path not found"),
        (folder, (404, "NotFound", "Folder with path '/app' not found"), PathNotFound, "path not found"),
        (folder, (404, "SecretPathNotFound", "whatever"), PathNotFound, "path not found"),
        (folder, (404, "NotFound", "whatever"), PathNotFound, "path not found"),
    ],
)
def test_what_is_proven_absent_says_what(
    read: Reader,
    make: Callable[[str], AnyQuery],
    said: tuple[int, str, str],
    kind: type[SecretSyncError],
    words: str,
) -> None:
    with serving(lambda _: Reply.refusal(*said)) as server:
        wire = read(make(server.url))
    assert isinstance(wire, Absent)
    assert type(wire.why) is kind
    assert words in str(wire.why)


def test_only_a_404_proves_a_folder_absent(read: Reader) -> None:
    wire = failed(read, lambda _: Reply.refusal(400, "BadRequest", "Folder with path '/app' is not valid"))
    assert type(wire.error) is InvalidRequest


@pytest.mark.parametrize(
    "reply",
    [
        Reply.text("default backend - 404", status=404, kind="text/plain"),
        Reply.text("<html>not found", status=404),
        Reply.text("method not allowed", status=405),
        Reply.of({"message": "not found"}, status=404),
        Reply.of({"kind": "Status", "code": 404}, status=404),
        Reply.refusal(404, "Not Found", "Route GET:/x not found"),
        Reply.text("<html>welcome"),
        Reply.of("welcome"),
        Reply(204),
        Reply(302, headers={"Location": "http://other.invalid/"}),
    ],
    ids=["ingress", "html 404", "405", "gateway", "kubernetes", "route", "web interface", "text", "empty", "redirect"],
)
def test_what_is_not_the_api_proves_no_absence(read: Reader, reply: Reply) -> None:
    wire = failed(read, lambda _: reply)
    assert type(wire.error) is WrongEndpoint
    assert wire.scope is Scope.QUERY
    assert "dialect" not in str(wire.error)


@pytest.mark.parametrize("status", [502, 503])
def test_a_gateways_page_is_trouble_and_not_the_wrong_endpoint(read: Reader, status: int) -> None:
    assert type(failed(read, lambda _: Reply.text("<html>bad gateway", status=status)).error) is Unavailable


def test_json_that_breaks_off_is_trouble_of_this_query(read: Reader) -> None:
    cut = Reply(200, (b'{"secrets": [{"secretValue": "canary',), {"Content-Type": "application/json"})
    wire = failed(read, lambda _: cut)
    assert (type(wire.error), wire.scope) == (Unavailable, Scope.QUERY)
    assert "canary" not in str(wire.error)


def test_a_body_above_the_cap_is_this_querys_trouble(read: Reader) -> None:
    wire = failed(read, lambda _: Reply(200, (b"x" * 10_001,)))
    assert (type(wire.error), wire.scope) == (WrongEndpoint, Scope.QUERY)


def test_a_redirect_takes_neither_token_nor_request_elsewhere(read: Reader) -> None:
    with serving(lambda _: listed()) as other, serving(lambda _: Reply(307, headers={"Location": other.url})) as server:
        wires = [read(folder(server.url)), read(project(server.url))]
        wires.append(read(Token(identity(server.url)), credential=CREDENTIALS))
    assert all(isinstance(wire, Failed) and other.url in str(wire.error) for wire in wires)
    assert other.asked == []
    assert len(server.asked) == 3


# -- out of reach


@pytest.mark.parametrize("make", [folder, project, lambda base: Token(identity(base))])
def test_nobody_there_is_the_hosts_failure(read: Reader, make: Callable[[str], AnyQuery]) -> None:
    with serving(lambda _: listed()) as gone:
        pass
    wire = read(make(gone.url), credential=CREDENTIALS if isinstance(make(gone.url), Token) else TOKEN)
    assert isinstance(wire, Failed)
    assert (type(wire.error), wire.scope) == (Unavailable, Scope.HOST)


def test_silence_is_the_hosts_failure(read: Reader) -> None:
    with serving(lambda _: None) as server:
        wire = read(folder(server.url), deadline=Deadline.after(0.05, CLOCK))
    assert isinstance(wire, Failed)
    assert (type(wire.error), wire.scope) == (Unavailable, Scope.HOST)


def test_no_trust_is_the_failure_of_who_does_not_trust(read: Reader) -> None:
    with serving(lambda _: listed()) as server:
        wire = read(folder(server.url.replace("http:", "https:")))
    assert isinstance(wire, Failed)
    assert (type(wire.error), wire.scope) == (TLSError, Scope.QUERY)


# -- the other dialect


@pytest.mark.parametrize("credential", [TOKEN, CREDENTIALS], ids=["read", "login"])
@pytest.mark.parametrize("status", [404, 200])
def test_a_server_of_the_other_dialect_is_recognised(read: Reader, credential: Found[Any], status: int) -> None:
    def answers(asked: Asked) -> Reply:
        if asked.path == "/team/v1/kms/health":
            return Reply.of({"status": "ok"})
        return Reply.text("404 page not found", status=status, kind="text/plain")

    with serving(answers) as server:
        base = f"{server.url}/team"
        wire = read(folder(base) if credential is TOKEN else Token(identity(base)), credential=credential)
    assert isinstance(wire, Failed)
    assert type(wire.error) is WrongEndpoint
    assert "/v1/kms, which is not supported yet" in str(wire.error)
    assert "authorization" not in server.asked[-1].headers


def test_a_web_interface_is_not_the_other_dialect(read: Reader) -> None:
    wire = failed(read, lambda _: Reply.text("<html>welcome"))
    assert "dialect" not in str(wire.error)


# -- secrets


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 422, 429, 500])
def test_no_token_and_no_value_shows(read: Reader, caplog: pytest.LogCaptureFixture, status: int) -> None:
    caplog.set_level(logging.DEBUG)
    fine = listed(row("A", "canary-value", secretComment="canary-comment"))
    with serving(lambda _: fine if status == 200 else Reply.refusal(status, "E", "canary-message")) as server:
        wire = read(folder(server.url), known="canary-tag")
    shown = repr(wire)
    match wire:
        case Failed(error):
            shown += "".join(traceback.format_exception(error))
        case Absent(why) if why is not None:
            shown += "".join(traceback.format_exception(why))
        case Found(document):
            shown += repr(document)
    assert "canary" not in shown
    assert all("canary" not in record.getMessage() for record in caplog.records)


def test_queries_are_answered_one_by_one(read: Reader) -> None:
    def answers(asked: Asked) -> Reply:
        return listed(row("A", "1")) if asked.params["secretPath"] == "/a" else Reply.refusal(500, "E", "x")

    with serving(answers) as server:
        a, b = folder(server.url, "/a"), folder(server.url, "/b")
        wires = read.backend.read([a, b], known={}, credential=TOKEN, deadline=Deadline(CLOCK))
    assert isinstance(wires[a], Found)
    assert isinstance(wires[b], Failed)


def test_folders_keep_their_values_to_themselves_and_projects_need_not() -> None:
    assert folder("https://h").private
    assert not project("https://h").private
    assert folder("https://h").credential == project("https://h").credential == Token(identity("https://h"))
    assert {folder("https://h").host, project("https://h").host} == {"https://h"}
