"""Logins as the official Go clients were recorded to send them, byte for byte (official-client-requests §1, §5)."""

from __future__ import annotations

import json
import socket
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

import pytest

from secretsync.auth.sigv4 import Keys, Scope, Signable, signed
from secretsync.devserver import DevServer, parse_seed
from secretsync.values import SecretValue

SEED = """
projects: [{id: P, slug: S, environments: [prod]}]
identities:
  - id: i
    universal: {clientId: cid, clientSecret: sec, ttl: 33, maxTtl: 600}
    kubernetes: {tokens: {jwt: {namespace: app, name: web}}}
    ldap: {users: {ada: pw}}
    aws: {}
    grants: [{project: S}]
serviceTokens: [{token: st.a.b, project: S, scopes: [{environment: prod}]}]
clouds: {aws: {principals: [{accessKeyId: AKIA1, secretAccessKey: sec, arn: "arn:aws:iam::123456789012:user/web"}]}}
secrets: {S: {prod: {/: {A: a}}}}
"""
QUESTION = b"Action=GetCallerIdentity&Version=2011-06-15"


def aws() -> Mapping[str, str]:
    """Return the body of go-sdk: it signs neither type nor length, and sends both."""
    host = "sts.eu-west-1.amazonaws.com"
    question = Signable("POST", f"https://{host}/", {"Host": host}, QUESTION)
    headers = signed(question, Keys("AKIA1", SecretValue("sec")), Scope(datetime.now(UTC), "eu-west-1", "sts"))
    more = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8", "Content-Length": str(len(QUESTION))}
    return {
        "identityId": "i",
        "iamHttpRequestMethod": "POST",
        "iamRequestBody": b64encode(QUESTION).decode(),
        "iamRequestHeaders": b64encode(json.dumps({**headers, **more}).encode()).decode(),
    }


LOGINS: Mapping[str, tuple[str, Callable[[], Mapping[str, str]]]] = {
    "universal": ("universal-auth", lambda: {"clientId": "cid", "clientSecret": "sec"}),
    "kubernetes": ("kubernetes-auth", lambda: {"identityId": "i", "jwt": "jwt"}),
    "ldap": ("ldap-auth", lambda: {"identityId": "i", "username": "ada", "password": "pw"}),
    "aws": ("aws-auth", aws),
}


@pytest.fixture(scope="module")
def server() -> Iterator[DevServer]:
    with DevServer(parse_seed(SEED)) as server:
        yield server


def exchanged(server: DevServer, line: str, body: object = None, headers: str = "") -> tuple[int, dict[str, object]]:
    """Return status and JSON of one request on a connection of its own."""
    host, _, port = server.url.removeprefix("http://").partition(":")
    raw = b"" if body is None else json.dumps(body, separators=(",", ":")).encode()
    typed = f"Content-Length: {len(raw)}\r\nContent-Type: application/json\r\n" if raw else ""
    head = f"{line} HTTP/1.1\r\nHost: {host}:{port}\r\nUser-Agent: cli\r\n{headers}{typed}Accept-Encoding: gzip\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(head.encode() + raw)
        with connection.makefile("rb") as stream:
            status = int(stream.readline().split()[1])
            length = 0
            while answered := stream.readline().strip().lower():
                if answered.startswith(b"content-length:"):
                    length = int(answered.split(b":")[1])
            return status, json.loads(stream.read(length))


@pytest.mark.row("kms-api-4", "kms-api-5", "kms-api-12")
@pytest.mark.parametrize("accept", ["", "Accept: application/json\r\n"])
@pytest.mark.parametrize("way", LOGINS)
def test_a_login_answers_the_four_fields(server: DevServer, way: str, accept: str) -> None:
    segment, body = LOGINS[way]
    status, answer = exchanged(server, f"POST /api/v1/auth/{segment}/login", body(), accept)
    assert status == 200
    assert answer.keys() == {"accessToken", "expiresIn", "accessTokenMaxTTL", "tokenType"}
    assert server.model.identify(SecretValue(str(answer["accessToken"]))).id == "i"


@pytest.mark.row("kms-api-4", "kms-api-12")
def test_the_agent_and_its_sdk_renew_one_token_twice_and_revoke_it(server: DevServer) -> None:
    login = exchanged(server, "POST /api/v1/auth/universal-auth/login", LOGINS["universal"][1]())[1]
    old = {"accessToken": login["accessToken"]}
    assert login["expiresIn"] == 33
    server.clock.advance(22.0)
    status, renewed = exchanged(server, "POST /api/v1/auth/token/renew", old)
    assert (status, renewed["expiresIn"]) == (200, 33)
    server.clock.advance(6.0)
    assert exchanged(server, "POST /api/v1/auth/token/renew", old)[0] == 200  # the SDK still holds the first one
    new = {"accessToken": renewed["accessToken"]}
    bearer = f"Authorization: Bearer {renewed['accessToken']}\r\n"
    assert exchanged(server, "POST /api/v1/auth/token/revoke", new, bearer)[0] == 200
    assert not server.model.admits(SecretValue(str(renewed["accessToken"])))


@pytest.mark.row("kms-api-12")
def test_the_operator_looks_at_its_service_token_and_reads_with_it(server: DevServer) -> None:
    bearer = "Accept: application/json\r\nAuthorization: Bearer st.a.b\r\n"
    status, answer = exchanged(server, "GET /api/v2/service-token", None, bearer)
    assert (status, answer["workspace"]) == (200, "P")
    query = (
        "environment=prod&expandSecretReferences=true&include_imports=true&recursive=false&secretPath=%2F&workspaceId=P"
    )
    status, listed = exchanged(server, f"GET /api/v3/secrets/raw?{query}&workspaceSlug=", None, bearer)
    assert status == 200
    assert isinstance(rows := listed["secrets"], list)
    assert [row["secretValue"] for row in rows] == ["a"]
