"""The KMS backend reads from the development KMS what either of them knows: filters, single secrets, versions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from attrs import evolve, frozen

from logins import Kept
from loopback import Asked, Reply, serving
from secretsync.auth.token import Token
from secretsync.auth.universal import METHOD
from secretsync.backends.kms.backend import KMSBackend
from secretsync.backends.kms.queries import Folder, Secret
from secretsync.client_policy import SDK
from secretsync.clock import Deadline
from secretsync.devserver import DevServer, Fault, parse_seed
from secretsync.errors import Forbidden, PathNotFound, SecretNotFound, SecretSyncError, ValueHidden
from secretsync.http import Http
from secretsync.ports import AnyQuery, AnyWire
from secretsync.queries import UNCHANGED, Absent, Failed, Found, Identity, Scope
from secretsync.runtime.clock import SystemClock
from secretsync.runtime.proofs import LocalProofs
from secretsync.values import Flatten, Row, SecretValue, Version

CLOCK = SystemClock()
SEED = """
projects: [{id: p1, slug: shop, tags: [{id: t1, slug: core}]}]
identities:
  - {id: i, universal: {clientId: cid, clientSecret: s3cret}, grants: [{project: shop}, {project: shop, actions: [write]}]}
  - {id: d, universal: {clientId: names, clientSecret: s3cret}, grants: [{project: shop, actions: [describe]}]}
secrets:
  shop:
    prod: {/app: {A: a, B: b, REF: "<${A}>", "A B/..": odd}, /one: {X: 1, Y: 1}, /two: {X: 2}}
    dev: {/: {Z: z}}
details: {shop: {prod: {/app: {A: {comment: why, tags: [core], metadata: {team: red}}}}}}
imports: {shop: {prod: {/app: [{environment: prod, path: /one}, {environment: prod, path: /two}, {environment: dev, path: /}]}}}
"""


@frozen
class Reader:
    backend: KMSBackend
    identity: Identity
    token: Found[Any]

    def __call__(self, asked: AnyQuery, *, known: str = "") -> AnyWire:
        versions = {asked: Version(known)} if known else {}
        return self.backend.read([asked], known=versions, credential=self.token, deadline=Deadline(CLOCK))[asked]

    def secret(self, name: str, path: str = "/app", **more: Any) -> AnyWire:
        return self(Secret(self.identity, "p1", "prod", path, name, **more))

    def folder(self, path: str = "/app", **more: Any) -> AnyWire:
        return self(Folder(self.identity, "p1", "prod", path, **more))


@pytest.fixture(scope="module")
def running() -> Iterator[DevServer]:
    with DevServer(parse_seed(SEED)) as server:
        yield server


@pytest.fixture
def server(running: DevServer) -> Iterator[DevServer]:
    running.journal.clear()
    yield running
    running.faults.clear()


def reader(url: str, http: Http, client: str = "cid") -> Reader:
    backend, identity = (
        KMSBackend(http, SDK, lambda: 0.5, proofs=LocalProofs()),
        Identity(url, METHOD, Kept(), b"digest"),
    )
    token, credentials = Token(identity), {"clientId": SecretValue(client), "clientSecret": SecretValue("s3cret")}
    login = backend.read([token], known={}, credential=Found(credentials), deadline=Deadline(CLOCK))[token]
    assert isinstance(login, Found)
    return Reader(backend, identity, login)


@pytest.fixture
def read(server: DevServer, http: Http) -> Reader:
    return reader(server.url, http)


def found(wire: AnyWire) -> Any:
    assert isinstance(wire, Found), wire
    return wire.value


def error(wire: AnyWire) -> SecretSyncError | None:
    return wire.why if isinstance(wire, Absent) else wire.error if isinstance(wire, Failed) else None


# -- lists


@pytest.mark.parametrize(
    ("filters", "keys"),
    [
        ({"tags": ("core",)}, {"A"}),
        ({"tags": ("none", "core")}, {"A"}),
        ({"metadata": (("team", "red"),)}, {"A"}),
        ({"metadata": (("team", "red"), ("x", "y"))}, set()),
        ({}, {"A", "B", "REF", "A B/.."}),
    ],
)
def test_a_list_is_filtered_by_the_server(read: Reader, filters: Mapping[str, Any], keys: set[str]) -> None:
    assert {row.key for row in found(read.folder(**filters)).rows if row.block == 0} == keys


@pytest.mark.parametrize(("imports", "value"), [("first", "1"), ("last", "2")])
def test_either_import_may_win(read: Reader, imports: Any, value: str) -> None:
    fields = found(read.folder()).fields(Flatten(imports))
    assert (fields["X"].text(), fields["Y"].text(), fields["Z"].text()) == (value, "1", "z")


# -- single secrets


@pytest.mark.parametrize("base", ["/api/v4/secrets", "/api/v3/secrets/raw"])
def test_one_secret_is_read_with_all_that_it_holds(server: DevServer, read: Reader, base: str) -> None:
    if "v3" in base:
        server.faults.add(Fault("read", status=404, body="route", count=1))
    row = found(read.secret("A"))
    assert row == Row("A", SecretValue("a"), row.id, "/app", row.version, 0, ("core",), "why")
    assert server.asked("read")[-1].path == f"{base}/A"


def test_the_folder_s_own_comes_first_and_then_the_last_import(read: Reader) -> None:
    rows = {name: found(read.secret(name)) for name in ("REF", "X", "Z")}
    assert {name: (row.value.text(), row.path, row.block) for name, row in rows.items()} == {
        "REF": ("<a>", "/app", 0),
        "X": ("2", "prod:/two", 1),
        "Z": ("z", "dev:/", 1),
    }


def test_imports_and_references_are_left_alone_on_request(read: Reader) -> None:
    assert found(read.secret("REF", expand=False)).value.text() == "<${A}>"
    assert type(error(read.secret("X", imports=False))) is SecretNotFound


def test_a_name_may_hold_anything(read: Reader) -> None:
    assert found(read.secret("A B/..")).value.text() == "odd"


def test_an_old_version_is_read_by_its_number(server: DevServer, read: Reader) -> None:
    server.model.put("shop", "prod", "/two", {"V": "v1"})
    server.model.put("shop", "prod", "/two", {"V": "v2"})
    assert [found(read.secret("V", "/two", version=n)).value.text() for n in (1, 2, None)] == ["v1", "v2", "v2"]
    assert type(error(read.secret("V", "/two", version=9))) is SecretNotFound


def test_an_unchanged_secret_costs_no_body(server: DevServer, read: Reader) -> None:
    asked = Secret(read.identity, "p1", "prod", "/app", "B")
    wire = read(asked)
    assert isinstance(wire, Found)
    assert read(asked, known=wire.version) is UNCHANGED
    assert server.asked("read")[-1].status == 304
    server.model.put("shop", "prod", "/app", {"B": "b"})
    assert isinstance(read(asked, known=wire.version), Found)


# -- what may not be read, and what is not there


@pytest.mark.parametrize(("style", "kind"), [("node", Forbidden), ("go", ValueHidden)])
def test_what_may_only_be_described_is_refused(server: DevServer, http: Http, style: Any, kind: type) -> None:
    server.model.permissions = style
    try:
        read = reader(server.url, http, "names")
        assert [type(error(wire)) for wire in (read.secret("A"), read.folder())] == [kind, kind]
    finally:
        server.model.permissions = "node"


def test_what_is_not_there_says_what(read: Reader) -> None:
    assert type(error(read.secret("NONE"))) is SecretNotFound
    assert type(error(read.secret("A", "/none"))) is PathNotFound


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("Secret with name 'A' not found", SecretNotFound),
        ("Secret with ID 'A' not found", SecretNotFound),
        ("Folder with path '/app' not found", PathNotFound),
        ("whatever", SecretNotFound),
    ],
)
def test_a_404_of_a_single_read_is_classified_by_its_text(
    http: Http, read: Reader, message: str, kind: type[SecretSyncError]
) -> None:
    with serving(lambda _: Reply.refusal(404, "NotFound", message)) as other:
        wire = read(Secret(evolve(read.identity, host=other.url), "p1", "prod", "/app", "A"))
    assert isinstance(wire, Absent)
    assert type(wire.why) is kind


def test_a_masked_single_value_is_never_a_value(http: Http, read: Reader) -> None:
    def answers(_: Asked) -> Reply:
        return Reply.of({"secret": {"secretKey": "A", "secretValue": "canary", "secretValueHidden": True}})

    with serving(answers) as other:
        wire = read(Secret(evolve(read.identity, host=other.url), "p1", "prod", "/app", "A"))
    assert isinstance(wire, Failed)
    assert (type(wire.error), wire.scope) == (ValueHidden, Scope.QUERY)
    assert "canary" not in str(wire.error)
