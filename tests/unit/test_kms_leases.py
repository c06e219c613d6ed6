"""Leases of a KMS: what is asked for, how long they live by the server's clock, and when another one is due."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from loopback import Reply, serving
from secretsync.backends.kms.leases import Lease, Leases
from secretsync.backends.kms.queries import Place
from secretsync.backends.kms.session import Session
from secretsync.devserver import DevServer, Fault, parse_seed
from secretsync.errors import (
    BackendError,
    Forbidden,
    InvalidRequest,
    LeaseEnded,
    PathNotFound,
    ProjectNotFound,
    SecretNotFound,
    Unavailable,
    WrongEndpoint,
)
from secretsync.http import Http, Request, Response
from secretsync.testing import ManualClock
from secretsync.values import SecretValue
from sessions import session

SEED = """
projects: [{id: p1, slug: shop}]
identities:
  - {id: i, universal: {clientId: all, clientSecret: s, ttl: 0}, grants: [{project: shop, actions: [lease]}]}
  - {id: r, universal: {clientId: reads, clientSecret: s, ttl: 0}, grants: [{project: shop}]}
secrets: {shop: {prod: {/other: {}}}}
dynamicSecrets: {shop: {prod: {/app: {db: {defaultTtl: 1h, maxTtl: 2h}}}}}
"""
APP = Place("shop", "prod", "/app")
LEASE = {"id": "l", "expireAt": "2030-01-01T01:00:00.000Z", "createdAt": "2030-01-01T00:30:00.000Z"}
DATE = {"Date": "Tue, 01 Jan 2030 00:00:00 GMT"}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def server(clock: ManualClock) -> Iterator[DevServer]:
    with DevServer(parse_seed(SEED), clock=clock) as server:
        yield server


def leases_of(server: DevServer, http: Http, name: str = "all") -> Leases:
    return Leases(session(server, http, name))


@pytest.fixture
def leases(server: DevServer, http: Http) -> Leases:
    return leases_of(server, http)


def test_a_lease_lives_by_the_server_s_clock(leases: Leases, clock: ManualClock) -> None:
    made = leases.create(APP, "db")  # the server's clock stands in 2030
    assert set(made.credentials) == {"DB_USERNAME", "DB_PASSWORD"}
    assert made.lease.expires_in == 3600
    clock.advance(600)
    assert leases.look_up(APP, made.lease.id) == Lease(made.lease.id, 3000)
    assert leases.renew(APP, made.lease.id, ttl="30m").expires_in == 4800
    clock.advance(4800)
    with pytest.raises(LeaseEnded):
        leases.look_up(APP, made.lease.id)


@pytest.mark.parametrize("style", ["legacy", "new"])
def test_a_lease_as_old_as_it_may_get_has_ended_whatever_the_server_s_text(
    server: DevServer, leases: Leases, style: Any
) -> None:
    server.model.renewals = style
    made = leases.create(APP, "db", ttl="2h")
    with pytest.raises(BackendError, match="renew a lease of /app") as caught:
        leases.renew(APP, made.lease.id)
    assert (type(caught.value), caught.value.status) == (LeaseEnded, 400)
    assert caught.value.request_id


def test_a_lease_is_given_back_once(server: DevServer, leases: Leases) -> None:
    made = leases.create(APP, "db")
    assert leases.revoke(APP, made.lease.id) is True
    assert server.model.provider.live == set()
    assert leases.revoke(APP, made.lease.id) is True
    assert len(server.model.provider.revoked) == 1


def test_a_lease_that_cannot_be_taken_back_is_not_over(server: DevServer, leases: Leases) -> None:
    made = leases.create(APP, "db")
    server.model.provider.broken = True
    assert leases.revoke(APP, made.lease.id) is False


@pytest.mark.parametrize(
    ("asked", "kind"),
    [
        ((APP, "none", ""), SecretNotFound),
        ((Place("shop", "prod", "/none"), "db", ""), PathNotFound),
        ((Place("none", "prod", "/app"), "db", ""), ProjectNotFound),
        ((APP, "db", "3h"), InvalidRequest),
        ((APP, "db", "soon"), InvalidRequest),
    ],
)
def test_a_lease_that_cannot_be_says_why(
    server: DevServer, leases: Leases, asked: tuple[Place, str, str], kind: type[BackendError]
) -> None:
    place, name, ttl = asked
    with pytest.raises(BackendError) as caught:
        leases.create(place, name, ttl=ttl)
    assert type(caught.value) is kind
    assert server.model.provider.live == set()


def test_who_may_not_lease_is_told(server: DevServer, http: Http) -> None:
    with pytest.raises(Forbidden, match="may not lease this"):
        leases_of(server, http, "reads").create(APP, "db")


@pytest.mark.parametrize("fault", [Fault(reset=True), Fault(status=500), Fault(body="truncated")])
def test_a_lease_is_never_asked_for_twice(server: DevServer, leases: Leases, fault: Fault) -> None:
    server.faults.add(fault)
    with pytest.raises(Unavailable):
        leases.create(APP, "db")
    assert len(server.asked()) == 1


# -- answers of other servers


def answered(http: Http, body: object, headers: Mapping[str, str] = DATE) -> Leases:
    with serving(lambda _: Reply.of(body, headers=headers)) as server:
        leases = Leases(Session(http, server.url, SecretValue("t")))
        return leases.create(APP, "db") if isinstance(body, dict) and "data" in body else leases.look_up(APP, "l")


def test_values_that_are_no_text_become_it(http: Http) -> None:
    made: Any = answered(http, {"lease": LEASE, "data": {"A": "a", "PORT": 5432, "TLS": True, "NONE": None}})
    assert {name: value.text() for name, value in made.credentials.items()} == {
        "A": "a",
        "PORT": "5432",
        "TLS": "true",
        "NONE": "null",
    }
    assert "5432" not in repr(made)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [(DATE, 3600), ({"Date": "soon"}, 1800), ({"Date": ""}, 1800)],
    ids=["date", "none", "empty"],
)
def test_without_a_date_a_new_lease_counts_from_when_it_was_made(
    http: Http, headers: Mapping[str, str], seconds: float
) -> None:
    made: Any = answered(http, {"lease": LEASE, "data": {}}, headers)
    assert made.lease.expires_in == seconds


def test_without_a_date_nobody_knows_how_long_an_old_lease_lives(http: Http) -> None:
    assert answered(http, {"lease": LEASE}, {"Date": "soon"}) == Lease("l", 0.0)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"lease": {}},
        {"lease": {**LEASE, "expireAt": "soon"}},
        {"lease": {**LEASE, "expireAt": "2030-01-01T01:00:00"}},
        {"lease": {**LEASE, "id": 5}},
        {"lease": LEASE, "data": []},
    ],
)
def test_an_answer_of_another_form_is_not_the_api_s(http: Http, body: object) -> None:
    with pytest.raises(WrongEndpoint, match="not the KMS API"):
        answered(http, body)


def test_what_makes_or_renews_a_lease_is_not_sent_again() -> None:
    asked: list[Request] = []

    class Client:
        def send(self, request: Request) -> Response:
            asked.append(request)
            return Response(500, {}, b"{}")

    leases = Leases(Session(Client(), "https://kms.example", SecretValue("t")))
    deeds: tuple[Callable[[], object], ...] = (
        lambda: leases.create(APP, "db"),
        lambda: leases.renew(APP, "l"),
        lambda: leases.revoke(APP, "l"),
        lambda: leases.look_up(APP, "l"),
    )
    for deed in deeds:
        with pytest.raises(Unavailable):
            deed()
    assert [request.repeatable for request in asked] == [False, False, True, True]
