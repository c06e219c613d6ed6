"""The KMS in memory: imports and their precedence, references, recursion, grants, tokens, versions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secretsync.devserver.model import KMS
from secretsync.devserver.reading import Listing, View
from secretsync.devserver.references import Location, expand
from secretsync.devserver.refusals import Refusal
from secretsync.devserver.rights import Rights
from secretsync.devserver.seed import Grant, Identity, Project, parse_seed
from secretsync.testing import ManualClock
from secretsync.values import SecretValue

SEED = """
projects: [{id: p1, slug: shop, environments: [prod, dev]}, {id: p2, slug: other}]
identities:
  - {id: all, universal: {clientId: all, clientSecret: a, ttl: 60}, grants: [{project: shop}]}
  - {id: app, universal: {clientId: app, clientSecret: b, ttl: 0, maxTtl: 0}, grants: [{project: p1, env: prod, path: /app/**}]}
secrets:
  shop:
    dev: {/: {ROOT: dev-root}, /deep/er: {LEAF: leaf}}
    prod:
      /: {ROOT: root}
      /app: {OWN: own, BOTH: own, HERE: "<${OWN}>", THERE: "${dev.deep.er.LEAF}", TOP: "${dev.ROOT}"}
      /app/sub: {OWN: sub}
      /application: {OWN: no}
      /first: {BOTH: first, TWICE: first}
      /second: {BOTH: second, TWICE: second}
      /nested: {DEEP: deep, TWICE: nested}
imports:
  shop:
    prod:
      /app: [{environment: prod, path: /first}, {environment: prod, path: /second}, {environment: prod, path: /none}]
      /second: [{environment: prod, path: /nested}, {environment: prod, path: /app}]
      /nested: [{environment: prod, path: /second}]
"""


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def kms(clock: ManualClock) -> KMS:
    count = iter(range(1, 1_000_000))
    return KMS(parse_seed(SEED), clock=clock, entropy=lambda size: next(count).to_bytes(size))


def who(kms: KMS, name: str = "all") -> Identity:
    secret = {"all": "a", "app": "b"}[name]
    return kms.identify(kms.login(client_id=name, client_secret=SecretValue(secret)).token)


def listed(kms: KMS, path: str, *, by: str = "all", **more: Any) -> Listing:
    me = who(kms, by)
    return kms.list_secrets(me, kms.project(me, slug="shop"), environment="prod", path=path, **more)


def texts(listing: Listing) -> Mapping[str, str]:
    return {row.secret.key: row.text for row in listing.rows}


def refused(error: pytest.ExceptionInfo[Refusal]) -> tuple[int, str]:
    return error.value.status, error.value.error


def test_rows_come_by_key_with_references_expanded(kms: KMS) -> None:
    assert list(texts(listed(kms, "/app")).items()) == [
        ("BOTH", "own"),
        ("HERE", "<own>"),
        ("OWN", "own"),
        ("THERE", "leaf"),
        ("TOP", "dev-root"),
    ]


def test_without_expansion_references_stay(kms: KMS) -> None:
    assert texts(listed(kms, "/app", view=View(expand=False)))["HERE"] == "<${OWN}>"


def test_import_blocks_come_in_order_with_nested_rows_behind_their_entry(kms: KMS) -> None:
    blocks = listed(kms, "/app").blocks
    assert [(block.at.path, [row.text for row in block.rows]) for block in blocks] == [
        ("/first", ["first", "first"]),
        ("/second", ["second", "second", "deep", "nested"]),
        ("/none", []),
    ]


def test_no_imports_on_request(kms: KMS) -> None:
    assert listed(kms, "/app", view=View(imports=False)).blocks == ()


@pytest.mark.parametrize(
    ("name", "text", "path"),
    [("BOTH", "own", "/app"), ("TWICE", "second", "/second"), ("DEEP", "deep", "/nested")],
    ids=["own before imports", "last import first", "nested import"],
)
def test_one_secret_is_the_folder_s_own_or_the_last_import_s(kms: KMS, name: str, text: str, path: str) -> None:
    me = who(kms)
    row = kms.get_secret(me, kms.project(me, id="p1"), name, environment="prod", path="/app/")
    assert (row.text, row.at.path) == (text, path)


@pytest.mark.parametrize(("name", "path"), [("NONE", "/app"), ("TWICE", "/app"), ("OWN", "/none")])
def test_a_secret_that_is_not_there_is_refused(kms: KMS, name: str, path: str) -> None:
    me = who(kms)
    with pytest.raises(Refusal) as caught:
        kms.get_secret(me, kms.project(me, id="p1"), name, environment="prod", path=path, view=View(imports=False))
    assert refused(caught) == (404, "SecretPathNotFound" if path == "/none" else "GetSecretByName")


def test_recursion_goes_down_and_not_sideways(kms: KMS) -> None:
    rows = listed(kms, "/app", recursive=True).rows
    assert [(row.at.path, row.secret.key) for row in rows][-2:] == [("/app", "TOP"), ("/app/sub", "OWN")]
    assert {row.at.path for row in listed(kms, "/", recursive=True).rows} >= {"/", "/app", "/application"}


def test_recursion_skips_folders_that_hold_nothing(kms: KMS) -> None:
    kms.create_folder("shop", "prod", "/new/deeper")
    assert listed(kms, "/new", recursive=True).rows == ()


@pytest.mark.parametrize(
    ("environment", "recursive", "message"),
    [
        ("prod", False, "Folder with path '/x' in environment with slug 'prod' not found"),
        ("nope", False, "Folder with path '/x' in environment with slug 'nope' not found"),
        ("nope", True, "Environment with slug 'nope' not found"),
    ],
)
def test_what_is_not_there_is_named(kms: KMS, environment: str, message: str, *, recursive: bool) -> None:
    me = who(kms)
    with pytest.raises(Refusal) as caught:
        kms.list_secrets(me, kms.project(me, id="p1"), environment=environment, path="/x", recursive=recursive)
    assert (caught.value.status, caught.value.message) == (404, message)


def test_rows_without_a_grant_are_left_out(kms: KMS) -> None:
    assert listed(kms, "/", by="app").rows == ()
    assert {row.at.path for row in listed(kms, "/", by="app", recursive=True, view=View(expand=False)).rows} == {
        "/app",
        "/app/sub",
    }
    assert [block.rows for block in listed(kms, "/app", by="app", view=View(expand=False)).blocks[:2]] == [(), ()]


def test_a_reference_to_what_may_not_be_read_fails_the_whole_list(kms: KMS) -> None:
    with pytest.raises(Refusal) as caught:
        listed(kms, "/app", by="app")
    assert refused(caught) == (403, "PermissionDenied")
    assert caught.value.details == ("dev:/deep/er LEAF",)


def test_one_secret_without_a_grant_is_forbidden(kms: KMS) -> None:
    me = who(kms, "app")
    with pytest.raises(Refusal) as caught:
        kms.get_secret(me, kms.project(me, id="p1"), "ROOT", environment="prod")
    assert refused(caught) == (403, "ForbiddenReadSecretError")


@pytest.mark.parametrize(
    ("names", "status", "error"),
    [({"slug": "other"}, 403, "PermissionDenied"), ({"slug": "x"}, 404, "NotFound"), ({"id": "shop"}, 404, "NotFound")],
    ids=["not a member", "no such slug", "a slug is no id"],
)
def test_projects_are_seen_by_their_members(kms: KMS, names: Mapping[str, str], status: int, error: str) -> None:
    with pytest.raises(Refusal) as caught:
        kms.project(who(kms), **names)
    assert refused(caught) == (status, error)


@pytest.mark.parametrize("by", [("all", "x"), ("x", "a"), ("all", "b")], ids=["secret", "client", "another's"])
def test_wrong_credentials_are_refused(kms: KMS, by: tuple[str, str]) -> None:
    with pytest.raises(Refusal) as caught:
        kms.login(client_id=by[0], client_secret=SecretValue(by[1]))
    assert refused(caught) == (401, "UnauthorizedError")


def test_a_token_ends_by_the_clock(kms: KMS, clock: ManualClock) -> None:
    made = kms.login(client_id="all", client_secret=SecretValue("a"))
    clock.advance(made.expires_in - 1)
    assert kms.identify(made.token).id == "all"
    clock.advance(1)
    with pytest.raises(Refusal) as caught:
        kms.identify(made.token)
    assert refused(caught) == (403, "TokenError")


def test_without_limits_a_token_still_ends_and_says_a_large_number(kms: KMS) -> None:
    made = kms.login(client_id="app", client_secret=SecretValue("b"))
    assert (made.expires_in, made.max_ttl) == (90 * 86400, 1_000_000_000)


def test_revoked_tokens_are_refused_and_later_ones_are_not(kms: KMS) -> None:
    old = kms.login(client_id="all", client_secret=SecretValue("a"))
    assert kms.revoke_tokens() == 1
    new = kms.login(client_id="all", client_secret=SecretValue("a"))
    assert kms.identify(new.token).id == "all"
    with pytest.raises(Refusal) as caught:
        kms.identify(old.token)
    assert refused(caught) == (401, "UnauthorizedError")


def test_a_change_counts_the_version_up_and_a_new_start_begins_at_one(kms: KMS, clock: ManualClock) -> None:
    kms.put("shop", "prod", "/app", {"OWN": "2"})
    clock.advance(1)
    kms.put("p1", "prod", "app/", {"OWN": SecretValue("3")})
    row = next(row for row in listed(kms, "/app").rows if row.secret.key == "OWN")
    assert (row.text, row.secret.version) == ("3", 3)
    assert row.secret.updated_at > row.secret.created_at
    kms.delete("shop", "prod", "/app", ["OWN", "NONE"])
    kms.put("shop", "prod", "/app", {"OWN": "4"})
    again = next(row for row in listed(kms, "/app").rows if row.secret.key == "OWN")
    assert (again.secret.version, again.secret.id == row.secret.id) == (1, False)


@pytest.mark.parametrize(("project", "environment"), [("x", "prod"), ("shop", "x")])
def test_writes_go_where_something_is(kms: KMS, project: str, environment: str) -> None:
    with pytest.raises(Refusal, match="not found"):
        kms.put(project, environment, "/", {"A": "1"})
    with pytest.raises(Refusal, match="not found"):
        kms.delete(project, environment, "/", ["A"])
    with pytest.raises(Refusal, match="not found"):
        kms.create_folder(project, environment, "/a")


def test_a_value_that_is_no_text_is_refused_before_anything_is_written(kms: KMS) -> None:
    with pytest.raises(ValueError, match="not UTF-8"):
        kms.put("shop", "prod", "/fresh", {"A": "1", "B": SecretValue(b"\xff")})
    with pytest.raises(Refusal):
        listed(kms, "/fresh")


# -- references

AT = Location("p", "prod", "/app")
KNOWN = {
    (AT, "A"): "a",
    (AT, "EMPTY"): "",
    (AT, "TWO"): "${A}-${A}",
    (AT, "SELF"): "x${SELF}",
    (AT, "PING"): "${PONG}",
    (AT, "PONG"): "${PING}",
    (Location("p", "dev", "/"), "A"): "dev",
    (Location("p", "dev", "/x/y"), "FAR"): "${A}|${dev.A}",
    (Location("p", "dev", "/x/y"), "A"): "far",
    **{(AT, f"C{n}"): f"${{C{n + 1}}}" for n in range(20)},
}


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("${A}", "a"),
        ("[${TWO}]", "[a-a]"),
        ("${EMPTY}", ""),
        ("${NONE}", "${NONE}"),
        ("${dev.A}", "dev"),
        ("${dev.x.y.FAR}", "far|dev"),
        ("${dev.x.NONE}", "${dev.x.NONE}"),
        ("${not this} $A {A} ${}", "${not this} $A {A} ${}"),
        ("${SELF}", "x${SELF}"),
        ("${PING}", "${PING}"),
        ("${C0}", "${C10}"),
    ],
)
def test_references(text: str, expanded: str) -> None:
    assert expand(text, AT, lambda at, key: KNOWN.get((at, key))) == expanded


@given(st.dictionaries(st.sampled_from("ABCD"), st.lists(st.sampled_from(["${A}", "${B}", "${C}", "x"]), max_size=2)))
def test_expansion_ends_and_needs_no_second_pass_for_what_is_not_there(pieces: Mapping[str, list[str]]) -> None:
    folder = {key: "".join(parts) for key, parts in pieces.items()}
    found = expand("${A}${D}", AT, lambda _, key: folder.get(key))
    assert "${D}" not in found or "D" not in folder


# -- grants

SHOP = Project("p1", "shop")


@pytest.mark.parametrize(
    ("env", "path", "where", "allowed"),
    [
        ("prod", "/**", "/", True),
        ("prod", "/**", "/a/b", True),
        ("prod", "/app/**", "/app", True),
        ("prod", "/app/**", "/app/x/y", True),
        ("prod", "/app/**", "/application", False),
        ("prod", "/app/*", "/app/x", True),
        ("prod", "/app/*", "/app/x/y", False),
        ("prod", "/app", "/app/x", False),
        ("pr*", "/**", "/", True),
        ("dev", "/**", "/", False),
        ("*", "/a.b", "/axb", False),
        ("p?od", "/**/x", "/a/b/x", True),
    ],
)
def test_globs_of_grants(env: str, path: str, where: str, *, allowed: bool) -> None:
    identity = Identity("i", grants=(Grant("shop", env, path),))
    assert Rights(identity, SHOP).allow("read", Location("p1", "prod", where)) is allowed


def test_other_actions_and_other_projects_do_not_let_read() -> None:
    identity = Identity("i", grants=(Grant("shop", actions=("lease",)), Grant("other")))
    assert not Rights(identity, SHOP).allow("read", Location("p1", "prod", "/"))
