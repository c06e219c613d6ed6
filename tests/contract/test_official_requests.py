"""What the official Go clients were recorded to send, byte for byte, is answered as each of them needs it.

Recorded: the CLI 0.43.121 with its agent, the CSI provider 0.0.9, the operator 0.11.5 in both API versions.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from attrs import frozen

from secretsync.devserver import DevServer
from secretsync.values import SecretValue

SEED = """
projects: [{id: P, slug: S, environments: [prod], tags: [{id: t1, slug: backend}]}]
identities:
  - {id: i, universal: {clientId: cid, clientSecret: sec, ttl: 0}, grants: [{project: S, actions: [read, write, lease, subscribe]}]}
secrets: {S: {prod: {/: {ROOT: r}, /a: {NAME: "<${OTHER}>", OTHER: o}, /a/b: {DEEP: d}, /shared: {LOG: info}}}}
details: {S: {prod: {/a: {OTHER: {tags: [backend]}}}}}
imports: {S: {prod: {/a: [{environment: prod, path: /shared}]}}}
dynamicSecrets: {S: {prod: {/a: {name: {}}}}}
"""
LIST_V4 = (
    "environment=prod&expandSecretReferences={expand}&includeImports={imports}&includePersonalOverrides={personal}"
)
LIST_V4 += "&projectId=P&recursive={recursive}&secretPath=%2Fa"
WRITE = {"workspaceId": "P", "environment": "prod", "secretPath": "/a"}
LEASE = {"projectSlug": "S", "environmentSlug": "prod", "path": "/a"}
EVENTS = ("secret:create", "secret:update", "secret:delete", "secret:import-mutation")


def list_v4(*, expand: str = "true", imports: str = "true", personal: str = "false", recursive: str = "false") -> str:
    query = LIST_V4.format(expand=expand, imports=imports, personal=personal, recursive=recursive)
    return f"GET /api/v4/secrets?{query}"


@frozen
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def values(self) -> dict[str, str]:
        return {row["secretKey"]: row["secretValue"] for row in self.json["secrets"]}


@frozen
class Wire:
    """Sends requests as they were recorded, each on a connection of its own."""

    server: DevServer
    token: str

    def __call__(
        self, line: str, body: object = None, *, agent: str = "cli", bearer: bool = True, headers: str = ""
    ) -> Answer:
        host, _, port = self.server.url.removeprefix("http://").partition(":")
        raw = b"" if body is None else json.dumps(body, separators=(",", ":")).encode()
        head = f"{line} HTTP/1.1\r\nHost: {host}:{port}\r\nUser-Agent: {agent}\r\n{headers}"
        if body is not None:
            head += f"Content-Length: {len(raw)}\r\nContent-Type: application/json\r\n"
        if bearer:
            head += f"Authorization: Bearer {self.token}\r\n"
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(f"{head}Accept-Encoding: gzip\r\n\r\n".encode() + raw)
            return _answer(connection)


def _answer(connection: socket.socket) -> Answer:
    with connection.makefile("rb") as stream:
        status = int(stream.readline().split()[1])
        headers = {}
        while line := stream.readline().strip().decode():
            name, _, value = line.partition(": ")
            headers[name.lower()] = value
        return Answer(status, headers, stream.read(int(headers.get("content-length", 0))))


@pytest.fixture
def wire(server: DevServer) -> Wire:
    return Wire(server, server.model.login(client_id="cid", client_secret=SecretValue("sec")).token.text())


# -- reads, by who sends them

Check = Callable[[Answer], bool]
READS: dict[str, tuple[str, str, Check]] = {
    "agent: secret": (
        list_v4(),
        "cli",
        lambda a: a.values() == {"NAME": "<o>", "OTHER": "o"} and a.json["imports"][0]["secrets"][0]["id"],
    ),
    "agent: secret with a modifier": (
        list_v4(expand="false", recursive="true"),
        "cli",
        lambda a: a.values() == {"NAME": "<${OTHER}>", "OTHER": "o", "DEEP": "d"} and "etag" in a.headers,
    ),
    "agent: getSecretByName": (
        (
            "GET /api/v4/secrets/NAME?environment=prod&expandSecretReferences=true&includeImports=true&projectId=P"
            "&secretPath=%2Fa&type=shared"
        ),
        "cli",
        lambda a: a.json["secret"]["secretValue"] == "<o>" and "etag" in a.headers,
    ),
    "agent: listSecretsByProjectSlug": ("GET /api/v1/projects/slug/S", "cli", lambda a: a.json["id"] == "P"),
    "CLI: secrets": (list_v4(personal="true"), "cli", lambda a: len(a.values()) == 2),
    "CLI: secrets set, its look before": (
        list_v4(expand="false", imports="false"),
        "cli",
        lambda a: not a.json["imports"],
    ),
    "CLI: secrets folders get": (
        "GET /api/v1/folders?directory=%2F&environment=prod&workspaceId=P",
        "cli",
        lambda a: [one["name"] for one in a.json["folders"]] == ["a", "shared"],
    ),
    "CLI: lease create, its look before": (
        "GET /api/v1/dynamic-secrets/NAME?environmentSlug=prod&path=%2Fa&projectSlug=S".replace("NAME", "name"),
        "cli",
        lambda a: a.json["dynamicSecret"]["name"] == "name",
    ),
    "CSI": (
        (
            "GET /api/v3/secrets/raw/NAME?environment=prod&expandSecretReferences=false&include_imports=true"
            "&secretPath=%2Fa&type=shared&workspaceId=P"
        ),
        "infisical-go-sdk",
        lambda a: (
            {"id", "secretValue", "secretPath", "secretKey", "version"} <= a.json["secret"].keys()
            and a.json["secret"]["secretValue"] == "<${OTHER}>"
        ),
    ),
    "operator v1alpha1: project": ("GET /api/v2/workspace/S", "k8-operator/dev", lambda a: a.json["id"] == "P"),
    "operator v1alpha1: id to slug": (
        "GET /api/v1/workspace/P",
        "k8-operator/dev",
        lambda a: a.json["workspace"]["slug"] == "S",
    ),
    "operator v1alpha1: list": (
        (
            "GET /api/v3/secrets/raw?environment=prod&expandSecretReferences=true&include_imports=true&recursive=false"
            "&secretPath=%2Fa&workspaceId=P&workspaceSlug="
        ),
        "k8-operator/dev",
        lambda a: a.values() == {"NAME": "<o>", "OTHER": "o"},
    ),
    "operator v1alpha1: one": (
        (
            "GET /api/v3/secrets/raw/NAME?environment=prod&expandSecretReferences=true&include_imports=true"
            "&secretPath=%2Fa&type=shared&workspaceId=P"
        ),
        "k8-operator/dev",
        lambda a: a.json["secret"]["secretValue"] == "<o>",
    ),
    "operator v1beta1: connection": ("GET /api/status", "k8-operator/dev", lambda a: a.json["message"] == "Ok"),
    "operator v1beta1: source": (
        "GET /api/v4/secrets?environment=prod&projectId=P&recursive=true&secretPath=%2Fa",
        "k8-operator/dev",
        lambda a: a.values()["NAME"] == "<o>" and len(a.json["imports"]) == 1,
    ),
    "operator v1beta1: tagged source": (
        "GET /api/v4/secrets?environment=prod&projectId=P&recursive=true&secretPath=%2Fa&tagSlugs=backend",
        "k8-operator/dev",
        lambda a: a.values() == {"OTHER": "o"},
    ),
}


@pytest.mark.row("kms-api-12")
@pytest.mark.parametrize("name", READS)
def test_a_recorded_read_is_answered(wire: Wire, name: str) -> None:
    line, agent, check = READS[name]
    answer = wire(line, agent=agent)
    assert answer.status == 200
    assert check(answer)


@pytest.mark.row("kms-api-3", "kms-api-12")
def test_the_operator_s_second_list_is_not_modified(wire: Wire) -> None:
    line, agent, _ = READS["operator v1alpha1: list"]
    tag = wire(line, agent=agent).headers["etag"]
    again = wire(line, agent=agent, headers=f"If-None-Match: {tag}\r\n")
    assert (again.status, again.body) == (304, b"")


@pytest.mark.row("kms-api-12", "kms-api-13")
def test_a_login_and_a_renewal_need_no_token(wire: Wire) -> None:
    login = wire("POST /api/v1/auth/universal-auth/login", {"clientId": "cid", "clientSecret": "sec"}, bearer=False)
    assert {"accessToken", "expiresIn", "accessTokenMaxTTL", "tokenType"} <= login.json.keys()
    renewed = wire("POST /api/v1/auth/token/renew", {"accessToken": login.json["accessToken"]}, bearer=False)
    assert {"accessToken", "expiresIn", "accessTokenMaxTTL", "tokenType"} <= renewed.json.keys()
    assert wire("POST /api/v1/auth/token/revoke", {"accessToken": wire.token}).status == 200


# -- writes


@pytest.mark.row("kms-api-7", "kms-api-12")
def test_the_cli_sets_and_deletes(wire: Wire) -> None:
    shared = {**WRITE, "secretValue": "1", "type": "shared"}
    assert wire("POST /api/v3/secrets/raw/NEW", shared).json["secret"]["secretValue"] == "1"
    assert wire("PATCH /api/v3/secrets/raw/NEW", {**shared, "secretValue": "2"}).json["secret"]["version"] == 2
    gone = {"secretName": "NEW", **WRITE, "type": "personal"}
    assert wire("DELETE /api/v3/secrets/raw/NEW", gone).status == 200
    assert "NEW" not in wire(list_v4(personal="true")).values()


@pytest.mark.row("kms-api-7", "kms-api-12")
def test_the_operator_pushes_without_a_type(wire: Wire) -> None:
    body, agent = {**WRITE, "secretValue": "1"}, "k8-operator/dev"
    made = wire("POST /api/v3/secrets/raw/P1", {**body, "skipMultilineEncoding": False}, agent=agent)
    assert made.json["secret"]["type"] == "shared"
    assert wire("PATCH /api/v3/secrets/raw/P1", {**body, "secretValue": "2"}, agent=agent).status == 200
    assert wire("DELETE /api/v3/secrets/raw/P1", WRITE, agent=agent).status == 200


@pytest.mark.row("kms-api-7", "kms-api-12")
@pytest.mark.parametrize(("agent", "config"), [("cli", {}), ("k8-operator/dev", None)])
def test_agent_and_operator_lease_and_give_back(wire: Wire, agent: str, config: object) -> None:
    body = {"dynamicSecretName": "name", **LEASE, "ttl": "1h", "config": config}
    lease = wire("POST /api/v1/dynamic-secrets/leases", body, agent=agent).json
    assert all(isinstance(value, str) for value in lease["data"].values())
    lease_id = lease["lease"]["id"]
    renewed = wire(f"POST /api/v1/dynamic-secrets/leases/{lease_id}/renew", {**LEASE, "ttl": "1h"}, agent=agent)
    assert renewed.json["lease"]["expireAt"] > lease["lease"]["expireAt"]
    gone = {"leaseId": lease_id, **LEASE, "isForced": False}
    assert wire(f"DELETE /api/v1/dynamic-secrets/leases/{lease_id}", gone, agent=agent).status == 200


# -- subscriptions


def _subscription(project: str, path: str) -> object:
    conditions = {"environmentSlug": "prod", "secretPath": path}
    return {"projectId": project, "register": [{"event": event, "conditions": conditions} for event in EVENTS]}


@pytest.mark.row("kms-api-8", "kms-api-12")
@pytest.mark.parametrize("path", ["/a", "/a/**"])
def test_the_operator_subscribes(wire: Wire, path: str) -> None:
    headers = "Accept: text/event-stream\r\nConnection: keep-alive\r\n"
    line, body = "POST /api/v1/events/subscribe/project-events", _subscription("P", path)
    answer = wire(line, body, agent="k8-operator/dev", headers=headers)
    assert (answer.status, answer.headers["content-type"]) == (200, "text/event-stream")


@pytest.mark.row("kms-api-8", "kms-api-12")
def test_the_operator_is_refused_before_any_byte_of_a_stream(server: DevServer, wire: Wire) -> None:
    line = "POST /api/v1/events/subscribe/project-events"
    by_slug = wire(line, _subscription("", "/a"), agent="k8-operator/dev")
    assert (by_slug.status, by_slug.headers["content-type"]) == (422, "application/json")
    server.model.feed.plan = False
    refused = wire(line, _subscription("P", "/a"), agent="k8-operator/dev")
    assert (refused.status, "not available on your current plan" in refused.json["message"]) == (400, True)
