"""The SDK logs in by any method, logs in again when its token is refused, and revokes its tokens at the end."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import secretsync
from secretsync.auth.method import Method
from secretsync.devserver import DevServer, Fault
from secretsync.errors import AuthenticationFailed, CredentialsNotFound, Unavailable

SEED = """
projects: [{id: p1, slug: shop}]
identities:
  - id: i
    universal: {clientId: cid, clientSecret: canary-s}
    kubernetes: {tokens: {canary-jwt: {namespace: app, name: web}}}
    ldap: {users: {ada: canary-password}}
    token: {tokens: [canary-given]}
    grants: [{project: shop}]
serviceTokens: [{token: st.id.canary, project: shop, scopes: [{environment: prod}]}]
secrets: {shop: {prod: {/: {A: a}}}}
"""
UNIVERSAL = {"clientId": "cid", "clientSecret": "canary-s"}


@pytest.mark.parametrize(
    ("auth", "credentials"),
    [
        (secretsync.UniversalAuth(), UNIVERSAL),
        (secretsync.KubernetesAuth(identity_id="i"), {"jwt": "canary-jwt"}),
        (secretsync.LdapAuth(identity_id="i"), {"username": "ada", "password": "canary-password"}),
        (secretsync.TokenAuth(), {"token": "canary-given"}),
    ],
    ids=lambda given: given.name if isinstance(given, Method) else "",
)
def test_every_kind_of_method_reads(server: DevServer, auth: Method, credentials: Mapping[str, str]) -> None:
    with secretsync.open(server.url, auth=auth, credentials=credentials) as kms:
        assert kms.secret("shop", "prod", "/", "A").text() == "a"


def test_a_service_token_reads(server: DevServer) -> None:
    credentials = {"serviceToken": "st.id.canary.key"}
    with secretsync.open(server.url, auth=secretsync.ServiceToken(), credentials=credentials) as kms:
        assert kms.secret("shop", "prod", "/", "A").text() == "a"


def test_a_proof_is_read_anew_at_each_login(server: DevServer, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("canary-jwt\n")
    auth = secretsync.KubernetesAuth(identity_id="i", service_account_token_path=str(path))
    with secretsync.open(server.url, auth=auth, credentials={}) as kms:
        kms.folder("shop", "prod")
        path.write_text("canary-gone")
        server.model.revoke_tokens()
        with pytest.raises(AuthenticationFailed, match="does not accept the service account's token"):
            kms.folder("shop", "prod")


@pytest.mark.parametrize("end", ["revoke_tokens", "expire_tokens"])
def test_a_refused_token_is_replaced_and_nobody_notices(server: DevServer, end: str) -> None:
    with secretsync.open(server.url, client_id="cid", client_secret="canary-s") as kms:
        kms.folder("shop", "prod")
        getattr(server.model, end)()
        assert kms.secret("shop", "prod", "/", "A").text() == "a"
    assert len(server.asked("login")) == 2


def test_a_server_that_refuses_every_token_gets_one_login_more_and_no_loop(server: DevServer) -> None:
    server.faults.add(Fault("list", status=401))
    with secretsync.open(server.url, client_id="cid", client_secret="canary-s") as kms:
        for _ in range(3):
            with pytest.raises(AuthenticationFailed, match="the token is not accepted"):
                kms.folder("shop", "prod")
    assert len(server.asked("login")) == 2
    assert len(server.asked("list")) <= 6


def test_a_wrong_secret_is_sent_once_however_many_ask(server: DevServer) -> None:
    with secretsync.open(server.url, client_id="cid", client_secret="canary-wrong") as kms:
        for path in ("/", "/a", "/b", "/", "/a"):
            with pytest.raises(AuthenticationFailed, match="does not accept the client id or its secret"):
                kms.folder("shop", "prod", path)
    assert len(server.asked("login")) == 1


def test_many_who_ask_at_once_share_one_login(server: DevServer) -> None:
    with secretsync.open(server.url, client_id="cid", client_secret="canary-s") as kms, ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda _: kms.secret("shop", "prod", "/", "A").text(), range(64)))
    assert found == ["a"] * 64
    assert len(server.asked("login")) == 1


def test_without_credentials_nothing_is_sent(server: DevServer) -> None:
    wanted = pytest.raises(CredentialsNotFound, match="clientId and clientSecret")
    with secretsync.open(server.url, credentials={}) as kms, wanted:
        kms.folder("shop", "prod")
    assert server.asked() == ()


def test_tokens_are_revoked_at_the_end_on_request(server: DevServer) -> None:
    kms = secretsync.open(server.url, client_id="cid", client_secret="canary-s")
    kms.folder("shop", "prod")
    kms.close(revoke=True)
    assert [asked.status for asked in server.asked("revoke")] == [200]
    with secretsync.open(server.url, client_id="cid", client_secret="canary-s") as other:
        other.folder("shop", "prod")
    assert len(server.asked("revoke")) == 1


def test_a_token_that_could_not_be_revoked_is_told_after_everything_is_closed(server: DevServer) -> None:
    kms = secretsync.open(server.url, client_id="cid", client_secret="canary-s")
    kms.folder("shop", "prod")
    server.faults.add(Fault("revoke", status=503))
    with pytest.raises(Unavailable, match="revoke the access token"):
        kms.close(revoke=True)
