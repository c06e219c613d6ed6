"""Writes, folders and imports of the development KMS as HTTP answers them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

import inside
from inside import Asker
from secretsync.devserver.model import KMS
from secretsync.testing import ManualClock

SEED = """
projects: [{id: p1, slug: shop, tags: [{id: t1, slug: core}]}]
identities:
  - {id: all, universal: {clientId: all, clientSecret: s}, grants: [{project: shop, actions: [read, write]}]}
  - {id: reads, universal: {clientId: reads, clientSecret: s}, grants: [{project: shop}]}
  - {id: writes, universal: {clientId: writes, clientSecret: s}, grants: [{project: shop, actions: [write]}]}
secrets: {shop: {prod: {/app: {A: a}, /app/sub: {D: d}, /safe: {LOCKED: l}, /other: {B: b}}}}
policies: [{project: shop, env: prod, path: /safe}]
"""
V3 = {"workspaceId": "p1", "environment": "prod", "secretPath": "/app"}
V4 = {"projectId": "p1", "environment": "prod", "secretPath": "/app"}
ONE = (("/api/v3/secrets/raw", V3), ("/api/v4/secrets", V4))
MANY = (("/api/v3/secrets/batch/raw", V3), ("/api/v4/secrets/batch", V4))


class Writer(Asker):
    def values(self, path: str = "/app") -> Mapping[str, str]:
        _, body = self("GET", "/api/v4/secrets", **{**V4, "secretPath": path})
        return {row["secretKey"]: row["secretValue"] for row in body["secrets"]}


@pytest.fixture
def kms() -> KMS:
    return inside.kms(SEED, ManualClock())


@pytest.fixture
def ask(kms: KMS) -> Writer:
    return Writer(kms)


# -- one secret


@pytest.mark.row("kms-api-7")
@pytest.mark.parametrize(("base", "at"), ONE)
def test_a_secret_is_created_changed_and_deleted(ask: Writer, base: str, at: Mapping[str, str]) -> None:
    row = ask("POST", f"{base}/NEW", {**at, "secretValue": "1"})[1]["secret"]
    assert (row["secretKey"], row["secretValue"], row["version"], row["secretPath"]) == ("NEW", "1", 1, "/app")
    changed = ask("PATCH", f"{base}/NEW", {**at, "secretValue": "2"})[1]["secret"]
    assert (changed["id"], changed["secretValue"], changed["version"]) == (row["id"], "2", 2)
    assert ask("DELETE", f"{base}/NEW", at)[1]["secret"]["secretValue"] == "2"
    again = ask("POST", f"{base}/NEW", {**at, "secretValue": "3"})[1]["secret"]
    assert again["version"] == 1
    assert again["id"] != row["id"]


@pytest.mark.row("kms-api-7")
@pytest.mark.parametrize(
    ("sent", "kept"),
    [(" x ", "x"), ("x\n\n", "x\n"), ("\n x\n", "x\n"), ("x \r\n", "x\n"), ("", ""), ("a b", "a b")],
)
def test_values_are_kept_as_the_server_trims_them(ask: Writer, sent: str, kept: str) -> None:
    assert ask("POST", "/api/v4/secrets/N", {**V4, "secretValue": sent})[1]["secret"]["secretValue"] == kept


def test_what_a_change_leaves_unset_stays_and_empty_is_not_unset(ask: Writer) -> None:
    details = {
        "secretComment": "why",
        "tagIds": ["t1"],
        "secretMetadata": [{"key": "k", "value": "v", "isEncrypted": True}],
        "skipMultilineEncoding": True,
        "secretReminderNote": "look",
        "secretReminderRepeatDays": 7,
    }
    ask("PATCH", "/api/v3/secrets/raw/A", {**V3, **details, "secretValue": None})
    row = ask("PATCH", "/api/v3/secrets/raw/A", {**V3, "secretValue": ""})[1]["secret"]
    assert row["secretValue"] == ""
    assert row["tags"] == [{"id": "t1", "slug": "core", "name": "core", "color": ""}]
    assert {name: row[name] for name in details if name != "tagIds"} == {
        name: value for name, value in details.items() if name != "tagIds"
    }


def test_a_metadatum_that_is_encrypted_is_not_filtered_by(ask: Writer) -> None:
    for encrypted, found in ((False, 1), (True, 0)):
        metadata = [{"key": "k", "value": "v", "isEncrypted": encrypted}]
        ask("PATCH", "/api/v4/secrets/A", {**V4, "secretMetadata": metadata})
        _, body = ask("GET", "/api/v4/secrets", **V4, metadataFilter="key=k,value=v")
        assert len(body["secrets"]) == found


@pytest.mark.parametrize("mode", ["failOnNotFound", "ignore", "upsert"])
def test_a_name_that_is_taken_is_refused_in_every_mode(ask: Writer, mode: str) -> None:
    ask("POST", "/api/v4/secrets/N", {**V4, "secretValue": "1"})
    body = {**V4, "mode": mode, "secrets": [{"secretKey": "A", "newSecretName": "N"}]}
    assert ask("PATCH", "/api/v4/secrets/batch", body)[0] == 400
    assert ask.values() == {"A": "a", "N": "1"}


def test_a_secret_can_have_another_name(ask: Writer) -> None:
    row = ask("PATCH", "/api/v4/secrets/A", {**V4, "newSecretName": "Z"})[1]["secret"]
    assert (row["secretKey"], row["version"]) == ("Z", 2)
    assert ask.values() == {"Z": "a"}


@pytest.mark.row("kms-api-7")
def test_a_delete_of_the_personal_row_falls_back_to_the_shared_one(ask: Writer) -> None:
    body = {**V3, "secretName": "another", "type": "personal"}
    assert ask("DELETE", "/api/v3/secrets/raw/A", body)[0] == 200
    assert ask.values() == {}


@pytest.mark.row("kms-api-7")
@pytest.mark.parametrize("project", [{"workspaceId": "p1"}, {"projectSlug": "shop"}, {"workspaceSlug": "shop"}])
def test_a_project_is_named_by_id_or_slug(ask: Writer, project: Mapping[str, str]) -> None:
    body = {**project, "environment": "prod", "secretPath": "app/", "secretValue": "1"}
    assert ask("POST", "/api/v3/secrets/raw/N", body)[0] == 200


@pytest.mark.parametrize(
    ("method", "name", "body", "expected"),
    [
        ("POST", "A", {"secretValue": "x"}, (400, "BadRequest")),
        ("POST", "B", {}, (422, "ValidationFailure")),
        ("POST", "B C", {"secretValue": "x"}, (422, "ValidationFailure")),
        ("POST", "B:C", {"secretValue": "x"}, (422, "ValidationFailure")),
        ("POST", "B/C", {"secretValue": "x"}, (422, "ValidationFailure")),
        ("POST", "B", {"secretValue": 5}, (422, "ValidationFailure")),
        ("POST", "B", {"secretValue": "x", "type": "personal"}, (422, "ValidationFailure")),
        ("POST", "B", {"secretValue": "x", "secretReminderNote": "x" * 1025}, (422, "ValidationFailure")),
        ("POST", "B", {"secretValue": "x", "tagIds": "t1"}, (422, "ValidationFailure")),
        ("POST", "B", {"secretValue": "x", "secretPath": "/none"}, (404, "CreateSecret")),
        ("POST", "B", {"secretValue": "x", "environment": "none"}, (404, "CreateSecret")),
        ("POST", "B", {"secretValue": "x", "environment": ""}, (400, "BadRequest")),
        ("PATCH", "B", {"secretValue": "x"}, (404, "GetSecretByName")),
        ("DELETE", "B", {}, (404, "GetSecretByName")),
    ],
)
def test_a_write_that_cannot_be_is_refused_and_changes_nothing(
    ask: Writer, method: str, name: str, body: Mapping[str, Any], expected: tuple[int, str]
) -> None:
    status, told = ask(method, f"/api/v4/secrets/{name}", {**V4, **body})
    assert (status, told["error"]) == expected
    assert ask.values() == {"A": "a"}


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_who_may_only_read_changes_nothing(kms: KMS, method: str) -> None:
    status, told = Writer(kms, "reads")(method, "/api/v4/secrets/A", {**V4, "secretValue": "x"})
    assert (status, told["error"], told["details"]) == (403, "PermissionDenied", ["prod:/app"])


def test_who_may_not_read_is_not_shown_what_was_written(kms: KMS) -> None:
    row = Writer(kms, "writes")("POST", "/api/v4/secrets/N", {**V4, "secretValue": "x"})[1]["secret"]
    assert (row["secretValue"], row["secretValueHidden"]) == ("<hidden-by-infisical>", True)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/v4/secrets/N", {"secretValue": "x"}),
        ("PATCH", "/api/v4/secrets/LOCKED", {"secretValue": "x"}),
        ("DELETE", "/api/v4/secrets/LOCKED", {}),
        ("POST", "/api/v4/secrets/batch", {"secrets": [{"secretKey": "N", "secretValue": "x"}]}),
    ],
)
def test_a_protected_path_answers_with_an_approval(
    ask: Writer, method: str, path: str, body: Mapping[str, Any]
) -> None:
    status, told = ask(method, path, {**V4, "secretPath": "/safe", **body})
    assert (status, set(told), set(told["approval"]) >= {"id", "slug"}) == (200, {"approval"}, True)
    assert ask.values("/safe") == {"LOCKED": "l"}


# -- many


@pytest.mark.row("kms-api-7")
@pytest.mark.parametrize(("base", "at"), MANY)
def test_many_are_created_changed_and_deleted(ask: Writer, base: str, at: Mapping[str, str]) -> None:
    def many(method: str, *secrets: Mapping[str, str], **more: str) -> Any:
        return ask(method, base, {**at, "secrets": secrets, **more})

    made = many("POST", {"secretKey": "X", "secretValue": "1"}, {"secretKey": "Y", "secretValue": "2"})
    assert [row["secretKey"] for row in made[1]["secrets"]] == ["X", "Y"]
    elsewhere = {"secretKey": "D", "secretValue": "d2", "secretPath": "/app/sub"}
    assert many("PATCH", {"secretKey": "X", "secretValue": "3"}, elsewhere)[0] == 200
    assert many("DELETE", {"secretKey": "Y", "type": "shared"})[0] == 200
    assert (ask.values(), ask.values("/app/sub")) == ({"A": "a", "X": "3"}, {"D": "d2"})


@pytest.mark.parametrize(
    ("mode", "status", "values"),
    [
        ("failOnNotFound", 404, {"A": "a"}),
        ("", 404, {"A": "a"}),
        ("ignore", 200, {"A": "2"}),
        ("upsert", 200, {"A": "2", "N": "1"}),
        ("other", 422, {"A": "a"}),
    ],
)
def test_the_mode_of_an_update_says_what_becomes_of_what_is_not_there(
    ask: Writer, mode: str, status: int, values: Mapping[str, str]
) -> None:
    secrets = [{"secretKey": "A", "secretValue": "2"}, {"secretKey": "N", "secretValue": "1"}]
    assert ask("PATCH", "/api/v4/secrets/batch", {**V4, "secrets": secrets, "mode": mode})[0] == status
    assert ask.values() == values


@pytest.mark.parametrize("secrets", [None, "x", [5], [{"secretValue": "x"}], [{"secretKey": "N"}] * 2])
def test_a_batch_of_the_wrong_form_changes_nothing(ask: Writer, secrets: object) -> None:
    assert ask("POST", "/api/v4/secrets/batch", {**V4, "secrets": secrets})[0] == 422
    assert ask.values() == {"A": "a"}


def test_one_that_cannot_be_leaves_all_undone(ask: Writer) -> None:
    secrets = [{"secretKey": "N", "secretValue": "1"}, {"secretKey": "A", "secretValue": "2"}]
    assert ask("POST", "/api/v4/secrets/batch", {**V4, "secrets": secrets})[0] == 400
    assert ask.values() == {"A": "a"}


def test_secrets_move_to_another_folder(ask: Writer) -> None:
    ids = [ask("GET", "/api/v4/secrets/A", **V4)[1]["secret"]["id"]]
    body = {
        "projectId": "p1",
        "sourceEnvironment": "prod",
        "sourceSecretPath": "/app",
        "destinationEnvironment": "prod",
        "destinationSecretPath": "/other",
        "secretIds": ids,
    }
    assert ask("POST", "/api/v4/secrets/move", body)[0] == 200
    assert (ask.values(), ask.values("/other")) == ({}, {"A": "a", "B": "b"})
    ask("POST", "/api/v4/secrets/A", {**V4, "secretValue": "new"})
    again = {**body, "secretIds": [ask("GET", "/api/v4/secrets/A", **V4)[1]["secret"]["id"]]}
    assert ask("POST", "/api/v4/secrets/move", again)[0] == 400
    assert ask("POST", "/api/v4/secrets/move", {**again, "shouldOverwrite": True})[0] == 200
    assert ask.values("/other") == {"A": "new", "B": "b"}
    assert ask("POST", "/api/v4/secrets/move", body)[0] == 404


# -- folders

FOLDERS = (("/api/v1/folders", {"workspaceId": "p1"}), ("/api/v2/folders", {"projectId": "p1"}))


@pytest.mark.parametrize(("base", "project"), FOLDERS)
def test_a_folder_is_created_found_renamed_and_deleted(ask: Writer, base: str, project: Mapping[str, str]) -> None:
    at = {**project, "environment": "prod", "path": "/app"}
    made = ask("POST", base, {**at, "name": "new", "description": "why"})[1]["folder"]
    assert (made["name"], made["path"], made["description"], made["version"]) == ("new", "/app/new", "why", 1)
    found = ask("GET", f"{base}/{made['id']}")[1]["folder"]
    assert (found["path"], found["projectId"], found["environment"]["envSlug"]) == ("/app/new", "p1", "prod")
    ask("POST", "/api/v4/secrets/N", {**V4, "secretPath": "/app/new", "secretValue": "1"})
    renamed = ask("PATCH", f"{base}/{made['id']}", {**at, "name": "old"})[1]["folder"]
    assert (renamed["id"], renamed["path"], renamed["version"]) == (made["id"], "/app/old", 2)
    assert ask.values("/app/old") == {"N": "1"}
    assert ask("DELETE", f"{base}/old", {**at, "forceDelete": False})[1]["folder"]["id"] == made["id"]
    assert ask("GET", f"{base}/{made['id']}")[0] == 404


@pytest.mark.parametrize(("base", "project"), FOLDERS)
def test_folders_are_listed(ask: Writer, base: str, project: Mapping[str, str]) -> None:
    at = {**project, "environment": "prod"}

    def names(**more: str) -> list[str]:
        return [one.get("relativePath", one["name"]) for one in ask("GET", base, **at, **more)[1]["folders"]]

    assert names() == ["app", "other", "safe"]
    assert names(recursive="True") == ["app", "app/sub", "other", "safe"]
    assert names(path="/app/") == ["sub"]
    assert names(lastSecretModified="2031-01-01T00:00:00Z") == []
    root = ask("GET", base, **at)[1]["folders"][0]
    assert root["parentId"] == ask("GET", f"{base}/{root['parentId']}")[1]["folder"]["id"]


def test_directory_is_the_path_unless_there_is_one(ask: Writer) -> None:
    at = {"workspaceId": "p1", "environment": "prod", "directory": "/app"}
    assert [one["name"] for one in ask("GET", "/api/v1/folders", **at)[1]["folders"]] == ["sub"]
    assert len(ask("GET", "/api/v1/folders", **at, path="/")[1]["folders"]) == 3


def test_many_folders_are_renamed_or_none(ask: Writer) -> None:
    ids = [one["id"] for one in ask("GET", "/api/v2/folders", projectId="p1", environment="prod")[1]["folders"]]
    wanted = [{"id": ids[0], "name": "app2"}, {"id": "none", "name": "x"}]
    assert ask("PATCH", "/api/v2/folders/batch", {"projectSlug": "shop", "folders": wanted})[0] == 404
    assert ask.values() == {"A": "a"}
    assert ask("PATCH", "/api/v2/folders/batch", {"projectSlug": "shop", "folders": wanted[:1]})[0] == 200
    assert ask.values("/app2") == {"A": "a"}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"name": "a b"}, (422, "ValidationFailure")),
        ({"name": ""}, (422, "ValidationFailure")),
        ({"name": "app"}, (400, "BadRequest")),
        ({"name": "x", "environment": "none"}, (404, "NotFound")),
        ({"name": "x", "projectId": "none"}, (404, "NotFound")),
    ],
)
def test_a_folder_that_cannot_be_is_refused(ask: Writer, body: Mapping[str, str], expected: tuple[int, str]) -> None:
    at = {"projectId": "p1", "environment": "prod", "path": "/"}
    status, told = ask("POST", "/api/v2/folders", {**at, **body})
    assert (status, told["error"]) == expected


def test_folders_that_are_missing_above_a_new_one_are_created(ask: Writer) -> None:
    at = {"projectId": "p1", "environment": "dev", "path": "/x/y"}
    assert ask("POST", "/api/v2/folders", {**at, "name": "z"})[1]["folder"]["path"] == "/x/y/z"


# -- imports


@pytest.mark.row("kms-api-6")
def test_imports_have_positions(ask: Writer) -> None:
    base, at = "/api/v2/secret-imports", {"projectId": "p1", "environment": "prod", "path": "/app"}

    def imports() -> list[tuple[str, int]]:
        found = ask("GET", base, **at)[1]["secretImports"]
        return [(one["importPath"], one["position"]) for one in found]

    first = ask("POST", base, {**at, "import": {"environment": "prod", "path": "/other"}})[1]["secretImport"]
    ask("POST", base, {**at, "import": {"environment": "prod", "path": "/safe/"}})
    assert imports() == [("/other", 1), ("/safe", 2)]
    moved = ask("PATCH", f"{base}/{first['id']}", {**at, "import": {"position": 2}})[1]["secretImport"]
    assert (moved["id"], moved["position"], imports()) == (first["id"], 2, [("/safe", 1), ("/other", 2)])
    assert ask("GET", "/api/v4/secrets/B", **V4)[1]["secret"]["secretPath"] == "/other"
    ask("DELETE", f"{base}/{first['id']}", at)
    assert imports() == [("/safe", 1)]
    assert ask("DELETE", f"{base}/{first['id']}", at)[0] == 404


@pytest.mark.parametrize(
    ("source", "status"),
    [({"environment": "prod", "path": "/app"}, 400), ({"environment": "prod"}, 422), ("x", 422), (None, 422)],
)
def test_an_import_that_cannot_be_is_refused(ask: Writer, source: object, status: int) -> None:
    at = {"projectId": "p1", "environment": "prod", "path": "/app"}
    assert ask("POST", "/api/v2/secret-imports", {**at, "import": source})[0] == status
