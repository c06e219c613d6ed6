"""The official Python SDK takes the development KMS for a real one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from infisical_sdk import InfisicalSDKClient
from infisical_sdk.infisical_requests import APIError

from secretsync.devserver import DevServer, Fault

SEED = """
projects: [{id: p1, slug: shop, tags: [{id: t1, slug: core, color: red}]}]
identities:
  - {id: i, universal: {clientId: cid, clientSecret: s3cret}, grants: [{project: shop, actions: [read, write, lease]}]}
secrets:
  shop: {prod: {/: {ROOT: r}, /app: {HOST: db, URL: "postgres://${HOST}/x"}, /app/sub: {HOST: sub}, /shared: {LOG: info}}}
imports:
  shop: {prod: {/app: [{environment: prod, path: /shared}]}}
"""


@pytest.fixture
def sdk(server: DevServer) -> Iterator[InfisicalSDKClient]:
    with InfisicalSDKClient(host=server.url, cache_ttl=None) as client:
        client.auth.universal_auth.login(client_id="cid", client_secret="s3cret")
        yield client
        client.api.session.close()


@pytest.mark.parametrize("project", [{"project_id": "p1"}, {"project_slug": "shop"}], ids=["id", "slug"])
def test_it_lists_a_folder_with_references_and_imports(sdk: InfisicalSDKClient, project: dict[str, str]) -> None:
    found = sdk.secrets.list_secrets(environment_slug="prod", secret_path="/app", **project)
    assert {row.secretKey: row.secretValue for row in found.secrets} == {"HOST": "db", "URL": "postgres://db/x"}
    assert [(block.secretPath, [row["secretKey"] for row in block.secrets]) for block in found.imports] == [
        ("/shared", ["LOG"])
    ]


def test_it_lists_folders_below(sdk: InfisicalSDKClient) -> None:
    found = sdk.secrets.list_secrets(environment_slug="prod", secret_path="/app", project_id="p1", recursive=True)
    assert [(row.secretPath, row.secretKey) for row in found.secrets] == [
        ("/app", "HOST"),
        ("/app", "URL"),
        ("/app/sub", "HOST"),
    ]


@pytest.mark.parametrize(("name", "value"), [("URL", "postgres://db/x"), ("LOG", "info")], ids=["own", "imported"])
def test_it_reads_one_secret(sdk: InfisicalSDKClient, name: str, value: str) -> None:
    row = sdk.secrets.get_secret_by_name(name, environment_slug="prod", secret_path="/app", project_id="p1")
    assert (row.secretValue, row.version, row.secretValueHidden) == (value, 1, False)


def test_it_sees_a_change(server: DevServer, sdk: InfisicalSDKClient) -> None:
    server.model.put("shop", "prod", "/", {"ROOT": "r2"})
    row = sdk.secrets.get_secret_by_name("ROOT", environment_slug="prod", secret_path="/", project_slug="shop")
    assert (row.secretValue, row.version) == ("r2", 2)


def test_it_understands_refusals(server: DevServer, sdk: InfisicalSDKClient) -> None:
    with pytest.raises(APIError, match="Folder with path '/none'"):
        sdk.secrets.list_secrets(environment_slug="prod", secret_path="/none", project_id="p1")
    server.faults.add(Fault("list", status=429))
    with pytest.raises(APIError) as caught:
        sdk.secrets.list_secrets(environment_slug="prod", secret_path="/", project_id="p1")
    assert caught.value.status_code == 429


def test_it_is_told_that_its_credentials_are_wrong(server: DevServer) -> None:
    with InfisicalSDKClient(host=server.url, cache_ttl=None) as client:
        with pytest.raises(APIError, match="Invalid credentials"):
            client.auth.universal_auth.login(client_id="cid", client_secret="x")
        client.api.session.close()


@pytest.mark.row("kms-api-12")
def test_it_creates_changes_and_deletes_a_secret(sdk: InfisicalSDKClient) -> None:
    at = {"environment_slug": "prod", "secret_path": "/app", "project_slug": "shop"}
    made = sdk.secrets.create_secret_by_name("NEW", secret_value="1", secret_comment="why", tags_ids=["t1"], **at)
    assert (made.secretKey, made.secretValue, made.version, made.secretComment) == ("NEW", "1", 1, "why")
    changed = sdk.secrets.update_secret_by_name("NEW", secret_value="2", new_secret_name="NEWER", **at)
    assert (changed.secretKey, changed.secretValue, changed.version, changed.secretComment) == ("NEWER", "2", 2, "why")
    tagged = sdk.secrets.list_secrets(tag_filters=["core"], **at).secrets
    assert [row.secretKey for row in tagged] == ["NEWER"]
    assert sdk.secrets.delete_secret_by_name("NEWER", **at).secretValue == "2"
    with pytest.raises(APIError, match="Secret with name 'NEWER' not found"):
        sdk.secrets.get_secret_by_name("NEWER", **at)


@pytest.mark.row("kms-api-12")
def test_it_reads_an_old_version(sdk: InfisicalSDKClient) -> None:
    at = {"environment_slug": "prod", "secret_path": "/", "project_id": "p1"}
    sdk.secrets.update_secret_by_name("ROOT", secret_value="r2", **at)
    assert [sdk.secrets.get_secret_by_name("ROOT", version=n, **at).secretValue for n in ("1", "2")] == ["r", "r2"]


@pytest.mark.row("kms-api-12")
def test_it_works_with_folders(sdk: InfisicalSDKClient) -> None:
    at = {"environment_slug": "prod", "project_id": "p1"}
    made = sdk.folders.create_folder("new", description="why", path="/app", **at)
    assert (made.name, made.path, made.description) == ("new", "/app/new", "why")
    names = [one.name for one in sdk.folders.list_folders(path="/app", **at).folders]
    assert names == ["new", "sub"]
    below = [one.relativePath for one in sdk.folders.list_folders(path="/", recursive=True, **at).folders]
    assert below == ["app", "app/new", "app/sub", "shared"]
    found = sdk.folders.get_folder_by_id(made.id)
    assert (found.path, found.projectId, found.environment.envSlug) == ("/app/new", "p1", "prod")
    assert sdk.folders.update_folder(made.id, "newer", path="/app", **at).path == "/app/newer"
    assert sdk.folders.delete_folder(made.id, path="/app", **at).id == made.id


@pytest.mark.row("kms-api-12")
def test_it_works_with_dynamic_secrets_and_leases(sdk: InfisicalSDKClient) -> None:
    at = {"project_slug": "shop", "environment_slug": "prod", "path": "/app"}
    secrets, leases = sdk.dynamic_secrets, sdk.dynamic_secrets.leases
    made = secrets.create("db", "sql-database", {"host": "h"}, "1h", "2h", **at)
    assert (made.name, made.defaultTTL, made.maxTTL) == ("db", "1h", "2h")
    assert secrets.update("db", default_ttl="30m", **at).version == 2
    assert secrets.get_by_name("db", **at).inputs == {"host": "h"}
    created = leases.create("db", **at)
    assert set(created.data) == {"DB_USERNAME", "DB_PASSWORD"}
    assert leases.renew(created.lease.id, ttl="30m", **at).expireAt > created.lease.expireAt
    found = leases.get(created.lease.id, **at)
    assert found.dynamicSecret is not None
    assert (found.id, found.dynamicSecret.name) == (created.lease.id, "db")
    assert leases.revoke(created.lease.id, **at).id == created.lease.id
    assert secrets.delete("db", **at).name == "db"
    with pytest.raises(APIError, match="Dynamic secret with name 'db'"):
        leases.create("db", **at)
