"""A server that lies costs one clear error of the right class each, within the deadline, and no token goes elsewhere."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from typing import Any

import pytest
from attrs import evolve

from logins import Kept
from loopback import Reply, serving
from secretsync.backends.kms.backend import KMSBackend
from secretsync.backends.kms.events import Place as Heard
from secretsync.backends.kms.events import listen
from secretsync.backends.kms.lease_book import APART
from secretsync.backends.kms.lending import Lending
from secretsync.backends.kms.queries import DynamicSecret, Folder, Place, Secret
from secretsync.backends.kms.writes import Edit, Writes
from secretsync.client_policy import SDK
from secretsync.clock import Deadline
from secretsync.devserver import DevServer, Fault, parse_seed
from secretsync.devserver.faults import wrong_answer
from secretsync.errors import (
    ApprovalRequired,
    BackendError,
    RateLimited,
    Unavailable,
    ValueHidden,
    WrongEndpoint,
)
from secretsync.http import Http
from secretsync.ports import AnyQuery, AnyWire, Backend
from secretsync.queries import Failed, Found, Identity, Scope
from secretsync.runtime.clock import SystemClock
from secretsync.runtime.proofs import LocalProofs
from sessions import session, token

CLOCK = SystemClock()
SEED = """
projects: [{id: p1, slug: shop}]
identities:
  - {id: i, universal: {clientId: all, clientSecret: s}, grants: [{project: shop, actions: [read, write, lease, subscribe]}]}
secrets: {shop: {prod: {/app: {A: a, B: b}}}}
dynamicSecrets: {shop: {prod: {/app: {db: {}}}}}
"""
DEADLINE = 30.0
"""Seconds; much more than an honest answer takes on a busy machine."""
SOON = 3.0
"""Seconds after which nobody waits any more for what will not come."""


@pytest.fixture(scope="module")
def running() -> Iterator[DevServer]:
    with DevServer(parse_seed(SEED)) as server:
        yield server


@pytest.fixture
def server(running: DevServer) -> Iterator[DevServer]:
    yield running
    running.faults.clear()
    running.journal.clear()


@pytest.fixture
def http(request: pytest.FixtureRequest) -> Iterator[Http]:
    http = Http(evolve(SDK, read_timeout=getattr(request, "param", 10.0), response_cap=1_000_000), CLOCK)
    yield http
    http.close()


def read(server: DevServer, http: Http, asked: type[AnyQuery] = Folder, *, within: float = DEADLINE) -> AnyWire:
    who = Identity(server.url, "universal-auth", Kept(), b"")
    wanted: Folder | Secret | DynamicSecret = Folder(who, "p1", "prod", "/app")
    backend: Backend = KMSBackend(http, SDK, lambda: 0.5, proofs=LocalProofs())
    deadline = Deadline.after(within, CLOCK)
    if asked is Secret:
        wanted = Secret(who, "p1", "prod", "/app", "A")
    elif asked is DynamicSecret:
        wanted = DynamicSecret(who, Place("shop", "prod", "/app"), "db")
        backend = Lending(http, chance=lambda: 0.5, refused=lambda identity, token: None)
    return backend.read([wanted], known={}, credential=Found(token(server)), deadline=deadline)[wanted]


LIES: dict[str, tuple[Fault, type[BackendError], Scope]] = {
    "reset": (Fault(reset=True), Unavailable, Scope.HOST),
    "half open": (Fault(hang=True), Unavailable, Scope.HOST),
    "trickle": (Fault(trickle=0.5), Unavailable, Scope.HOST),
    "truncated": (Fault(body="truncated"), Unavailable, Scope.HOST),
    "gzip bomb": (Fault(body="bomb"), WrongEndpoint, Scope.QUERY),
    "a hundred megabytes": (Fault(body="huge"), WrongEndpoint, Scope.QUERY),
    "html": (Fault(body="html"), WrongEndpoint, Scope.QUERY),
    "elsewhere": (Fault(status=307, location="http://127.0.0.2:1/"), WrongEndpoint, Scope.QUERY),
    "500": (Fault(status=500), Unavailable, Scope.QUERY),
    "502": (Fault(status=502, body="html"), Unavailable, Scope.HOST),
    "429": (Fault(status=429), RateLimited, Scope.HOST),
    "429 with a time": (Fault(status=429, retry_after=7), RateLimited, Scope.HOST),
    "route": (Fault(status=404, body="route"), WrongEndpoint, Scope.QUERY),
    "masked": (Fault(body="hidden"), ValueHidden, Scope.QUERY),
}
WAITS = {"half open", "trickle"}
"""Those after which nothing comes."""
TOLD: list[tuple[type[AnyQuery], str, float]] = [
    (asked, name, 1.0 if name in WAITS else 10.0)
    for asked in (Folder, Secret, DynamicSecret)
    for name in LIES
    if (asked, name) != (DynamicSecret, "masked")  # what a lease lends never is
]
"""Who is lied to and how, and the seconds that a read may take."""


@pytest.mark.row("kms-api-10")
@pytest.mark.parametrize(("asked", "name", "http"), TOLD, indirect=["http"])
def test_a_lie_is_one_error_in_time(server: DevServer, http: Http, asked: type[AnyQuery], name: str) -> None:
    fault, kind, scope = LIES[name]
    patience: float = fault.retry_after or 0
    if asked is DynamicSecret and kind is Unavailable:  # a lease may have been made: another is not asked for at once
        scope, patience = Scope.QUERY, APART
    within = SOON if name in WAITS else DEADLINE
    wrong_answer(fault)  # a bomb takes long to make, and is kept
    server.faults.add(fault)
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, CLOCK.monotonic()
    wire = read(server, http, asked, within=within)
    assert isinstance(wire, Failed)
    assert (type(wire.error), wire.scope) == (kind, scope)
    assert wire.retry_after == patience
    assert CLOCK.monotonic() - began < within + 1.0
    if fault.body == "bomb":
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 250_000  # KiB; the server is in here too


@pytest.mark.row("kms-api-10")
def test_maintenance_fails_what_changes_and_lets_read(server: DevServer, http: Http) -> None:
    server.faults.add(Fault(writes=True, status=500))
    assert isinstance(read(server, http), Found)
    with pytest.raises(Unavailable):
        Writes(session(server, http)).update(Place("p1", "prod", "/app"), Edit(key="A"))


@pytest.mark.row("kms-api-10")
def test_an_answer_that_trickles_is_whole_in_the_end(server: DevServer, http: Http) -> None:
    server.faults.add(Fault(trickle=0.001))
    assert isinstance(read(server, http), Found)


@pytest.mark.row("kms-api-10")
def test_an_approval_on_demand(server: DevServer, http: Http) -> None:
    server.faults.add(Fault(body="approval"))
    with pytest.raises(ApprovalRequired):
        Writes(session(server, http)).update(Place("p1", "prod", "/app"), Edit(key="A"))


@pytest.mark.row("kms-api-10")
@pytest.mark.parametrize("fault", [Fault(body="html"), Fault(body="bomb"), Fault(status=307, location="http://x/")])
def test_a_feed_that_is_none_is_told_apart(server: DevServer, http: Http, fault: Fault) -> None:
    server.faults.add(fault)
    who = Identity(server.url, "universal-auth", Kept(), b"")
    with pytest.raises(WrongEndpoint), listen(http, who, "p1", [Heard("prod", "/app")], token(server)):
        pass


def test_no_token_reaches_another_origin(server: DevServer, http: Http) -> None:
    with serving(lambda _: Reply.of({})) as other:
        server.faults.add(Fault(status=307, location=f"{other.url}/api/v4/secrets"))
        wire: Any = read(server, http)
        assert other.url in str(wire.error)
        with pytest.raises(WrongEndpoint):
            Writes(session(server, http)).delete(Place("p1", "prod", "/app"), "A")
    assert other.asked == []
