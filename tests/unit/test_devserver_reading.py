"""Reads of the development KMS as HTTP answers them: filters, versions, ids, hidden values, both permission styles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

import inside
from inside import Asker
from secretsync.devserver.model import KMS
from secretsync.testing import ManualClock

SEED = """
projects:
  - {id: p1, slug: shop, tags: [{id: t1, slug: core, color: "#112233"}, {id: t2, slug: web}]}
  - {id: p2, slug: other}
identities:
  - {id: all, universal: {clientId: all, clientSecret: s}, grants: [{project: shop}, {project: other}]}
  - {id: app, universal: {clientId: app, clientSecret: s}, grants: [{project: shop, path: /app/**}]}
  - {id: names, universal: {clientId: names, clientSecret: s}, grants: [{project: shop, actions: [describe]}]}
  - {id: mixed, universal: {clientId: mixed, clientSecret: s}, grants: [
      {project: shop, path: /app}, {project: shop, path: /app/sub, actions: [describe]}]}
  - {id: leases, universal: {clientId: leases, clientSecret: s}, grants: [{project: shop, actions: [lease]}]}
  - {id: nobody, universal: {clientId: nobody, clientSecret: s}}
secrets:
  shop:
    prod:
      /app: {A: a, B: b, C: c, LINES: "x\\n${A}", REF: "${@other.prod.deep.KEY}", MADE: "${${NAME}}", NAME: A}
      /app/sub: {D: d}
      /shared: {S: s}
  other: {prod: {/deep: {KEY: "<${NEAR}>", NEAR: near}}}
details:
  shop:
    prod:
      /app:
        A: {comment: why, tags: [core, web], metadata: {team: red, tier: one}}
        B: {tags: [web], metadata: {team: red}}
        LINES: {skipMultilineEncoding: true}
imports: {shop: {prod: {/app: [{environment: prod, path: /shared}]}}}
"""
LIST = {"projectId": "p1", "environment": "prod", "secretPath": "/app"}


class Reader(Asker):
    def __call__(self, path: str, **query: str) -> tuple[int, Any]:  # type: ignore[override]  # only reads, of one list
        return super().__call__("GET", path, **{**LIST, **query})

    def rows(self, path: str = "/api/v4/secrets", **query: str) -> Mapping[str, Any]:
        status, body = self(path, **query)
        assert status == 200, body
        return {row["secretKey"]: row for row in body["secrets"]}


@pytest.fixture
def kms() -> KMS:
    return inside.kms(SEED, ManualClock())


@pytest.fixture
def ask(kms: KMS) -> Reader:
    return Reader(kms, "all")


# -- what a row holds


@pytest.mark.row("kms-api-2")
def test_a_row_holds_what_stands_beside_its_value(ask: Reader) -> None:
    row = ask.rows()["A"]
    assert row["secretComment"] == "why"
    assert row["tags"][0] == {"id": "t1", "slug": "core", "name": "core", "color": "#112233"}
    assert row["secretMetadata"][1] == {"key": "tier", "value": "one", "isEncrypted": False}


@pytest.mark.row("kms-api-2")
@pytest.mark.parametrize("imports", ["true", "false"])
def test_imports_are_always_an_array(ask: Reader, imports: str) -> None:
    _, body = ask("/api/v3/secrets/raw", include_imports=imports)
    assert [block["secretPath"] for block in body["imports"]] == (["/shared"] if imports == "true" else [])


# -- which rows


@pytest.mark.row("kms-api-1")
@pytest.mark.parametrize("path", ["/api/v3/secrets/raw", "/api/v4/secrets"])
@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ({"tagSlugs": "core"}, {"A"}),
        ({"tagSlugs": "core, web"}, {"A", "B"}),
        ({"tagSlugs": "none"}, set()),
        ({"metadataFilter": "key=team,value=red"}, {"A", "B"}),
        ({"metadataFilter": "key=team,value=red|key=tier,value=one"}, {"A"}),
        ({"metadataFilter": "key=team,value=red|tier"}, {"A", "B"}),
        ({"tagSlugs": "web", "metadataFilter": "key=tier,value=one"}, {"A"}),
        ({"tagSlugs": "", "metadataFilter": ""}, {"A", "B", "C", "LINES", "REF", "MADE", "NAME"}),
    ],
    ids=["tag", "any tag", "no such tag", "metadatum", "all metadata", "malformed pair", "both", "empty"],
)
def test_lists_are_filtered_by_tags_and_metadata(
    ask: Reader, path: str, query: Mapping[str, str], keys: set[str]
) -> None:
    assert set(ask.rows(path, **query)) == keys


# -- one secret


@pytest.mark.parametrize("base", ["/api/v3/secrets/raw", "/api/v4/secrets"])
def test_an_old_version_of_a_secret_can_be_read(kms: KMS, ask: Reader, base: str) -> None:
    for text in ("a2", "a3"):
        kms.put("shop", "prod", "/app", {"A": text})
    for version, text in (("1", "a"), ("2", "a2"), ("3", "a3"), ("", "a3")):
        assert ask(f"{base}/A", version=version)[1]["secret"]["secretValue"] == text
    assert ask(f"{base}/A", version="4")[1]["error"] == "GetSecretByName"
    assert ask(f"{base}/A", version="latest")[0] == 422


@pytest.mark.parametrize("base", ["/api/v3/secrets/raw", "/api/v4/secrets"])
def test_a_secret_can_be_read_by_its_id(kms: KMS, ask: Reader, base: str) -> None:
    row = ask.rows()["A"]
    assert ask(f"{base}/id/{row['id']}")[1]["secret"] == row
    status, body = ask(f"{base}/id/none")
    assert (status, body["message"]) == (404, "Secret with ID 'none' not found")
    assert Reader(kms, "leases")(f"{base}/id/{row['id']}")[1]["error"] == "ForbiddenReadSecretError"


# -- references


@pytest.mark.row("kms-api-6")
@pytest.mark.parametrize(
    ("key", "text"),
    [("REF", "<near>"), ("MADE", "a"), ("LINES", '"x\\na"')],
    ids=["other project", "assembled", "several lines"],
)
def test_references_are_expanded(ask: Reader, key: str, text: str) -> None:
    assert ask.rows()[key]["secretValue"] == text


def test_without_expansion_a_value_of_several_lines_stays_as_it_is(ask: Reader) -> None:
    assert ask.rows(expandSecretReferences="false")["LINES"]["secretValue"] == "x\n${A}"


@pytest.mark.row("kms-api-6")
def test_a_reference_to_what_may_not_be_read_fails_the_whole_list(kms: KMS) -> None:
    status, body = Reader(kms, "app")("/api/v4/secrets")
    assert (status, body["error"]) == (403, "PermissionDenied")
    assert "prod:/deep KEY" in body["details"]


# -- missing permission


@pytest.mark.row("kms-api-9")
@pytest.mark.parametrize(
    ("style", "name", "query", "expected"),
    [
        ("node", "nobody", {}, (403, "PermissionDenied")),
        ("go", "nobody", {}, (403, "PermissionDenied")),
        ("node", "leases", {}, (403, "PermissionDenied")),
        ("go", "leases", {}, (200, {})),
        ("node", "app", {"secretPath": "/shared"}, (200, {})),
        ("go", "app", {"secretPath": "/shared"}, (200, {})),
        ("node", "names", {"secretPath": "/shared"}, (403, "PermissionDenied")),
        ("go", "names", {"secretPath": "/shared"}, (200, {"S": True})),
        ("node", "names", {"secretPath": "/shared", "viewSecretValue": "false"}, (200, {"S": True})),
        ("node", "mixed", {"recursive": "true", "tagSlugs": "web"}, (200, {"A": False, "B": False})),
    ],
)
def test_missing_permission_looks_as_the_style_has_it(
    kms: KMS, style: Any, name: str, query: Mapping[str, str], expected: tuple[int, object]
) -> None:
    kms.permissions = style
    status, body = Reader(kms, name)("/api/v4/secrets", **{"expandSecretReferences": "false", **query})
    told = body["error"] if status != 200 else {row["secretKey"]: row["secretValueHidden"] for row in body["secrets"]}
    assert (status, told) == expected


@pytest.mark.row("kms-api-9")
@pytest.mark.parametrize("style", ["node", "go"])
def test_rows_of_folders_below_that_may_only_be_described_are_left_out(kms: KMS, style: Any) -> None:
    kms.permissions = style
    rows = Reader(kms, "mixed").rows(recursive="true", expandSecretReferences="false")
    assert "A" in rows
    assert "D" not in rows


@pytest.mark.row("kms-api-9")
def test_one_secret_that_may_only_be_described(kms: KMS) -> None:
    ask = Reader(kms, "names")
    assert ask("/api/v4/secrets/A")[1]["error"] == "ForbiddenReadSecretError"
    kms.permissions = "go"
    row = ask("/api/v4/secrets/A")[1]["secret"]
    assert (row["secretValue"], row["secretValueHidden"]) == ("<hidden-by-infisical>", True)


def test_a_member_is_told_by_the_text(kms: KMS) -> None:
    assert "not a member" in Reader(kms, "nobody")("/api/v4/secrets")[1]["message"]
