"""What a client is opened with: arguments, else the environment; and what it gives of single secrets."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Event

import pytest

import secretsync
from secretsync.auth.aws import AwsIamAuth
from secretsync.auth.azure import AzureAuth
from secretsync.auth.gcp import GcpIamAuth, GcpIdTokenAuth
from secretsync.auth.given import ServiceToken, TokenAuth
from secretsync.auth.jwt import OidcAuth
from secretsync.auth.kubernetes import KubernetesAuth
from secretsync.auth.ldap import LdapAuth
from secretsync.auth.method import Method
from secretsync.auth.universal import UniversalAuth
from secretsync.devserver import DevServer, Fault
from secretsync.environment import settings
from secretsync.errors import ClientClosed, InvalidInput, PathNotFound, SecretNotFound

SEED = """
projects: [{id: 00000000-0000-4000-8000-000000000001, slug: shop}]
identities:
  - {id: i, universal: {clientId: cid, clientSecret: s}, grants: [{project: shop, actions: [read]}]}
serviceTokens: [{token: st.id.canary, project: shop, scopes: [{environment: prod, secretPath: /app}]}]
secrets: {shop: {prod: {/app: {A: a}, /shared: {S: s}}}}
imports: {shop: {prod: {/app: [{environment: prod, path: /shared}]}}}
"""
THEIRS = "INFISICAL_UNIVERSAL_AUTH_"
READING = """
import secretsync, sys, threading
kms = secretsync.open(sys.argv[1], client_id="cid", client_secret="s")
threading.Thread(target=kms.folder, args=("shop", "prod", "/app"), daemon=True).start()
sys.stdin.readline()
"""


# -- from the environment


@pytest.mark.parametrize(
    "names",
    [
        ("SECRETSYNC_URL", "SECRETSYNC_CLIENT_ID", "SECRETSYNC_CLIENT_SECRET"),
        ("INFISICAL_API_URL", f"{THEIRS}CLIENT_ID", f"{THEIRS}CLIENT_SECRET"),
    ],
)
def test_the_environment_says_where_and_as_whom(
    server: DevServer, monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...]
) -> None:
    for name, value in zip(names, (f"{server.url}/api", "cid", "s"), strict=True):
        monkeypatch.setenv(name, value)
    with secretsync.open() as kms:
        assert kms.secret("shop", "prod", "/app", "A").text() == "a"


def test_what_is_given_comes_before_the_environment(server: DevServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRETSYNC_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("SECRETSYNC_TOKEN", "st.id.canary")
    with secretsync.open(server.url) as kms:
        assert kms.secret("shop", "prod", "/app", "A").text() == "a"


@pytest.mark.parametrize(
    ("given", "method", "credentials"),
    [
        (
            {"SECRETSYNC_CLIENT_ID": "c", "SECRETSYNC_CLIENT_SECRET": "canary"},
            UniversalAuth(),
            ("clientId", "clientSecret"),
        ),
        ({"SECRETSYNC_TOKEN": "canary"}, TokenAuth(), ("token",)),
        ({"SECRETSYNC_TOKEN": "canary", "INFISICAL_AZURE_AUTH_IDENTITY_ID": "i"}, TokenAuth(), ("token",)),
        ({"INFISICAL_TOKEN": "st.a.canary"}, ServiceToken(), ("serviceToken",)),
        (
            {"INFISICAL_KUBERNETES_IDENTITY_ID": "i", "INFISICAL_AUTH_ORGANIZATION_SLUG": "o"},
            KubernetesAuth(identity_id="i", organization="o"),
            (),
        ),
        (
            {
                "INFISICAL_KUBERNETES_IDENTITY_ID": "i",
                "INFISICAL_KUBERNETES_SERVICE_ACCOUNT_TOKEN_PATH": "/t",
            },
            KubernetesAuth(identity_id="i", service_account_token_path="/t"),
            (),
        ),
        ({"INFISICAL_AZURE_AUTH_IDENTITY_ID": "i"}, AzureAuth(identity_id="i"), ()),
        ({"INFISICAL_GCP_AUTH_IDENTITY_ID": "i"}, GcpIdTokenAuth(identity_id="i"), ()),
        (
            {"INFISICAL_GCP_AUTH_IDENTITY_ID": "i", "INFISICAL_GCP_IAM_SERVICE_ACCOUNT_KEY_FILE_PATH": "k"},
            GcpIamAuth(identity_id="i", service_account_key_file_path="k"),
            (),
        ),
        ({"INFISICAL_AWS_IAM_AUTH_IDENTITY_ID": "i"}, AwsIamAuth(identity_id="i"), ()),
        (
            {
                "INFISICAL_LDAP_AUTH_IDENTITY_ID": "i",
                "INFISICAL_LDAP_USERNAME": "u",
                "INFISICAL_LDAP_PASSWORD": "canary",
            },
            LdapAuth(identity_id="i"),
            ("username", "password"),
        ),
        (
            {"INFISICAL_OIDC_AUTH_IDENTITY_ID": "i", "INFISICAL_JWT": "canary"},
            OidcAuth(identity_id="i", token_variable="INFISICAL_JWT"),
            (),
        ),
    ],
)
def test_each_method_has_its_variables(given: dict[str, str], method: Method, credentials: tuple[str, ...]) -> None:
    url, login = settings(lambda name: {"INFISICAL_DOMAIN": "https://h", **given}.get(name, ""))
    assert (url, login.auth, tuple(login.credentials)) == ("https://h", method, credentials)
    assert "canary" not in repr(login)


@pytest.mark.parametrize(
    ("given", "problems"),
    [
        ({}, ["SECRETSYNC_URL is not set", "SECRETSYNC_CLIENT_ID is not set", "SECRETSYNC_CLIENT_SECRET is not set"]),
        ({"SECRETSYNC_URL": "u", "SECRETSYNC_CLIENT_ID": "c"}, ["SECRETSYNC_CLIENT_SECRET is not set"]),
        ({"SECRETSYNC_URL": "u", f"{THEIRS}CLIENT_ID": "c"}, [f"{THEIRS}CLIENT_SECRET is not set"]),
        (
            {"SECRETSYNC_URL": "u", "SECRETSYNC_TOKEN": "t", "SECRETSYNC_CLIENT_ID": "c"},
            ["SECRETSYNC_CLIENT_ID and SECRETSYNC_TOKEN name two identities"],
        ),
        ({"SECRETSYNC_URL": "u", "INFISICAL_OIDC_AUTH_IDENTITY_ID": "i"}, ["INFISICAL_JWT is not set"]),
    ],
)
def test_what_the_environment_lacks_is_said_at_once(given: dict[str, str], problems: list[str]) -> None:
    with pytest.raises(InvalidInput) as caught:
        settings(lambda name: given.get(name, ""))
    assert len(caught.value.problems) == len(problems)
    assert all(part in problem for part, problem in zip(problems, caught.value.problems, strict=True))


def test_two_identities_are_not_given() -> None:
    with pytest.raises(InvalidInput, match="not both"):
        secretsync.open("https://h", client_id="c", client_secret="s", auth=secretsync.TokenAuth())


# -- single secrets


def test_a_single_secret_is_read_alone_and_imports_count(server: DevServer, kms: secretsync.Client) -> None:
    assert kms.secret("shop", "prod", "/app", "S").text() == "s"
    assert (len(server.asked("read")), len(server.asked("list"))) == (1, 0)


def test_an_old_version_of_a_secret_can_be_had(server: DevServer, kms: secretsync.Client) -> None:
    server.model.put("shop", "prod", "/app", {"A": "second"})
    found = [kms.secret("shop", "prod", "/app", "A", version=version).text() for version in (1, 2, None)]
    assert found == ["a", "second", "second"]
    with pytest.raises(SecretNotFound):
        kms.secret("shop", "prod", "/app", "A", version=3)


@pytest.mark.parametrize(("path", "name", "error"), [("/app", "NONE", SecretNotFound), ("/none", "A", PathNotFound)])
def test_what_is_not_there_is_said(kms: secretsync.Client, path: str, name: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        kms.secret("shop", "prod", path, name)


# -- closing


def test_a_closed_client_says_so_instead_of_waiting(kms: secretsync.Client) -> None:
    kms.close()
    kms.close()
    with pytest.raises(ClientClosed):
        kms.folder("shop", "prod")
    with pytest.raises(ClientClosed):
        kms.watch("shop", "prod")


def test_a_program_that_ends_waits_for_no_host_that_hangs(server: DevServer) -> None:
    server.faults.add(Fault("list", hang=True))
    with subprocess.Popen([sys.executable, "-c", READING, server.url], stdin=subprocess.PIPE) as program:
        try:
            while not server.asked("list") and program.poll() is None:
                Event().wait(0.01)
            assert program.stdin is not None
            program.stdin.close()
            with suppress(subprocess.TimeoutExpired):
                program.wait(10)
            assert program.returncode == 0, "it waits for a read, which may take 30 s"
        finally:
            program.kill()


def test_closing_ends_what_is_asked_for(server: DevServer, kms: secretsync.Client) -> None:
    server.faults.add(Fault("list", hang=True))
    with ThreadPoolExecutor(1) as pool, kms.watch("shop", "prod", "/app") as watch:
        asked = pool.submit(kms.folder, "shop", "prod", "/app")
        while not server.asked("list"):
            Event().wait(0.01)
        kms.close()
        with pytest.raises(ClientClosed):
            asked.result(10)
        assert watch.next(10) is None
