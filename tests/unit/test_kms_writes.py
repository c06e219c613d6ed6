"""What a session changes at a KMS, what it sends for it, and what it makes of the answers."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from loopback import Asked, Reply, serving
from secretsync.backends.kms.folders import Folders, Import
from secretsync.backends.kms.queries import Place
from secretsync.backends.kms.session import Session
from secretsync.backends.kms.writes import Edit, Writes
from secretsync.devserver import DevServer, Fault
from secretsync.errors import (
    ApprovalRequired,
    AuthenticationFailed,
    BackendError,
    Forbidden,
    InvalidRequest,
    PathNotFound,
    ProjectNotFound,
    RateLimited,
    SecretNotFound,
    Unavailable,
    WrongEndpoint,
)
from secretsync.http import Http
from secretsync.runtime.clock import SystemClock
from secretsync.values import SecretValue
from sessions import session

CLOCK = SystemClock()
SEED = """
projects: [{id: p1, slug: shop, tags: [{id: t1, slug: core}]}]
identities:
  - {id: i, universal: {clientId: all, clientSecret: s}, grants: [{project: shop, actions: [read, write]}]}
  - {id: r, universal: {clientId: reads, clientSecret: s}, grants: [{project: shop}]}
secrets: {shop: {prod: {/app: {A: a}, /app/sub: {D: d}, /safe: {LOCKED: l}, /other: {B: b}}}}
policies: [{project: shop, env: prod, path: /safe}]
"""
APP, NONE, SAFE = Place("p1", "prod", "/app"), Place("p1", "prod", "/none"), Place("p1", "prod", "/safe")
CANARY = SecretValue("canary-value")


@pytest.fixture
def writes(server: DevServer, http: Http) -> Writes:
    return Writes(session(server, http))


@pytest.fixture
def folders(server: DevServer, http: Http) -> Folders:
    return Folders(session(server, http))


def values(server: DevServer, path: str = "/app") -> dict[str, str]:
    who = server.model.identify(server.model.login(client_id="all", client_secret=SecretValue("s")).token)
    listing = server.model.list_secrets(who, server.model.project(who, id="p1"), environment="prod", path=path)
    return {row.secret.key: row.text for row in listing.rows}


def set_(key: str, value: str) -> Edit:
    return Edit(key=key, value=SecretValue(value))


# -- secrets


@pytest.mark.parametrize("ways", ["v4", "v3"])
def test_a_secret_is_created_changed_and_deleted(server: DevServer, writes: Writes, ways: str) -> None:
    if ways == "v3":
        server.faults.add(Fault("read", status=404, body="route", count=1))
    made = writes.create(APP, set_("N", "1"))
    assert (made.key, made.version, made.path) == ("N", "1", "/app")
    assert server.asked("read")[-1].path.startswith(f"/api/{ways}/secrets")
    changed = writes.update(APP, set_("N", "2"))
    assert (changed.id, changed.version) == (made.id, "2")
    assert values(server) == {"A": "a", "N": "2"}
    assert writes.delete(APP, "N").id == made.id
    assert values(server) == {"A": "a"}


def test_what_an_edit_leaves_out_stays_and_empty_is_a_value(server: DevServer, writes: Writes) -> None:
    everything = Edit(key="A", comment="why", tags=["t1"], metadata={"k": "v"}, multiline=True)
    writes.update(APP, everything)
    writes.update(APP, set_("A", ""))
    who = server.model.identify(writes.session.token)
    row = server.model.get_secret(who, server.model.project(who, id="p1"), "A", environment="prod", path="/app")
    content = row.secret.content
    assert (content.value.text(), content.comment, [tag.slug for tag in content.tags]) == ("", "why", ["core"])
    assert [(one.key, one.value) for one in content.metadata] == [("k", "v")]
    assert content.multiline


def test_a_secret_is_renamed(server: DevServer, writes: Writes) -> None:
    assert writes.update(APP, Edit(key="A", new_key="Z")).key == "Z"
    assert values(server) == {"Z": "a"}


def test_a_name_with_a_slash_stays_one_segment(http: Http) -> None:
    with serving(lambda _: Reply.of({"secret": {"secretKey": "A/B"}})) as server:
        Writes(Session(http, server.url, SecretValue("t"))).delete(APP, "A/B ü")
    assert server.asked[0].target == "/api/v4/secrets/A%2FB%20%C3%BC"


@pytest.mark.parametrize("ways", ["v4", "v3"])
def test_many_are_done_in_one_request(server: DevServer, writes: Writes, ways: str) -> None:
    if ways == "v3":
        server.faults.add(Fault("read", status=404, body="route", count=1))
    assert [one.key for one in writes.create_many(APP, [set_("X", "1"), set_("Y", "2")])] == ["X", "Y"]
    done = writes.update_many(APP, [set_("X", "3"), set_("Z", "4")], lacking="upsert")
    assert [(one.key, one.version) for one in done] == [("X", "2"), ("Z", "1")]
    writes.delete_many(APP, ["Y", "Z"])
    assert values(server) == {"A": "a", "X": "3"}


@pytest.mark.parametrize(
    ("do", "kind", "words"),
    [
        (lambda w: w.create(APP, set_("A", "x")), InvalidRequest, "create secret A of /app in prod"),
        (lambda w: w.create(APP, Edit(key="N")), InvalidRequest, "rejects secretValue"),
        (lambda w: w.create(NONE, set_("A", "x")), PathNotFound, "path not found"),
        (lambda w: w.create(Place("none", "prod"), set_("A", "x")), ProjectNotFound, "project not found"),
        (lambda w: w.update(APP, set_("N", "x")), SecretNotFound, "secret not found"),
        (lambda w: w.delete(APP, "N"), SecretNotFound, "secret not found"),
        (lambda w: w.update_many(APP, [set_("A", "x"), set_("N", "x")]), SecretNotFound, "change 2 secrets of /app"),
        (lambda w: w.delete_many(APP, ["A", "N"]), SecretNotFound, "delete 2 secrets"),
    ],
)
def test_what_cannot_be_done_says_why_and_changes_nothing(
    server: DevServer, writes: Writes, do: Callable[[Writes], object], kind: type[BackendError], words: str
) -> None:
    with pytest.raises(kind) as caught:
        do(writes)
    assert words in str(caught.value)
    assert values(server) == {"A": "a"}


@pytest.mark.parametrize(
    "do",
    [
        lambda w: w.create(SAFE, set_("N", "x")),
        lambda w: w.update(SAFE, set_("LOCKED", "x")),
        lambda w: w.delete(SAFE, "LOCKED"),
        lambda w: w.create_many(SAFE, [set_("N", "x")]),
    ],
    ids=["create", "update", "delete", "many"],
)
def test_an_approval_is_no_success(server: DevServer, writes: Writes, do: Callable[[Writes], object]) -> None:
    with pytest.raises(ApprovalRequired) as caught:
        do(writes)
    assert caught.value.slug
    assert caught.value.approval_id.startswith(caught.value.slug)
    assert values(server, "/safe") == {"LOCKED": "l"}


def test_who_may_not_write_is_told(server: DevServer, http: Http) -> None:
    with pytest.raises(Forbidden, match="may not change this"):
        Writes(session(server, http, "reads")).update(APP, set_("A", "x"))


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault(status=401), AuthenticationFailed),
        (Fault(status=429, retry_after=7), RateLimited),
        (Fault(status=500), Unavailable),
        (Fault(status=502, body="html"), Unavailable),
        (Fault(body="html"), WrongEndpoint),
        (Fault(body="truncated"), Unavailable),
        (Fault(reset=True), Unavailable),
        (Fault(status=404, body="route"), WrongEndpoint),
    ],
)
def test_trouble_is_told_once_and_nothing_is_tried_again(
    server: DevServer, writes: Writes, fault: Fault, kind: type[BackendError]
) -> None:
    server.faults.add(fault)
    with pytest.raises(BackendError) as caught:
        writes.update(APP, Edit(key="A", value=CANARY))
    assert type(caught.value) is kind
    assert len(server.asked()) == (2 if fault.body == "route" else 1)  # a way that is unknown did nothing
    assert values(server) == {"A": "a"}


@pytest.mark.parametrize("body", [{}, [], {"secret": []}, {"secret": {"secretKey": 5}}, {"approval": None}])
def test_an_answer_of_another_form_is_not_the_api_s(http: Http, body: object) -> None:
    with serving(lambda _: Reply.of(body)) as server, pytest.raises(WrongEndpoint, match="not the KMS API"):
        Writes(Session(http, server.url, CANARY)).update(APP, set_("A", "x"))


def test_no_value_is_shown(server: DevServer, writes: Writes, http: Http, caplog: pytest.LogCaptureFixture) -> None:
    edit = Edit(key="A", value=CANARY, comment="canary-comment", metadata={"k": "canary-meta"})
    with caplog.at_level(logging.DEBUG):
        shown = [repr(edit), repr(writes.update(APP, edit)), repr(writes), caplog.text]
        with pytest.raises(BackendError) as caught:
            writes.create(APP, edit)
    shown += [repr(caught.value), str(caught.value), repr(server.asked())]
    assert not [text for text in shown if "canary" in text or writes.session.token.text() in text]


def test_a_token_goes_nowhere_else(http: Http) -> None:
    def elsewhere(_: Asked) -> Reply:
        return Reply(307, headers={"Location": other.url})

    with serving(lambda _: Reply.of({})) as other, serving(elsewhere) as server:
        with pytest.raises(WrongEndpoint, match="redirects"):
            Writes(Session(http, server.url, CANARY)).update(APP, set_("A", "x"))
        assert other.asked == []


# -- folders and imports


@pytest.mark.parametrize("ways", ["v2", "v1"])
def test_folders_are_made_listed_renamed_and_deleted(server: DevServer, folders: Folders, ways: str) -> None:
    if ways == "v1":
        server.faults.add(Fault("folders", status=404, body="route", count=1))
    made = folders.create(APP, "new", description="why")
    assert server.asked("folders")[-1].path == f"/api/{ways}/folders"
    assert (made.name, made.path) == ("new", "/app/new")
    assert [one.path for one in folders.list(APP)] == ["/app/new", "/app/sub"]
    assert [one.path for one in folders.list(Place("p1", "prod"), recursive=True)][:3] == [
        "/app",
        "/app/new",
        "/app/sub",
    ]
    assert folders.rename(APP, made.id, "newer").path == "/app/newer"
    assert folders.delete(APP, "newer").id == made.id
    assert [one.name for one in folders.list(APP)] == ["sub"]


def test_imports_are_made_moved_and_deleted(folders: Folders) -> None:
    first = folders.add_import(APP, Place("p1", "prod", "/other"))
    assert first == Import(first.id, "prod", "/other", 1)
    second = folders.add_import(APP, SAFE)
    assert folders.move_import(APP, second.id, 1).position == 1
    assert [one.path for one in folders.imports(APP)] == ["/safe", "/other"]
    assert folders.delete_import(APP, first.id).path == "/other"
    with pytest.raises(PathNotFound, match="import not found"):
        folders.delete_import(APP, first.id)


@pytest.mark.parametrize(
    ("do", "kind"),
    [
        (lambda f: f.list(NONE), PathNotFound),
        (lambda f: f.delete(APP, "none"), PathNotFound),
        (lambda f: f.create(APP, "sub"), InvalidRequest),
        (lambda f: f.create(APP, "a b"), InvalidRequest),
        (lambda f: f.add_import(APP, APP), InvalidRequest),
        (lambda f: f.imports(NONE), PathNotFound),
    ],
)
def test_what_cannot_be_done_with_folders_says_why(
    folders: Folders, do: Callable[[Folders], object], kind: type[BackendError]
) -> None:
    with pytest.raises(kind):
        do(folders)


@pytest.mark.parametrize("body", [{}, {"folders": [{}]}, {"folders": [{"id": "x", "name": 5}]}, {"folders": {}}])
def test_folders_of_another_form_are_not_the_api_s(http: Http, body: object) -> None:
    with serving(lambda _: Reply.of(body)) as server, pytest.raises(WrongEndpoint, match="not the KMS API"):
        Folders(Session(http, server.url, CANARY)).list(APP)
