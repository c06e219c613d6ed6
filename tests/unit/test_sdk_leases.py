"""Leases of the SDK: open, kept, given back."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Event

import pytest

import secretsync
from secretsync.devserver import DevServer, Fault
from secretsync.errors import (
    ClientClosed,
    DeadlineExceeded,
    InvalidRequest,
    LeaseEnded,
    PathNotFound,
    ProjectNotFound,
    SecretNotFound,
)

PROJECT = "00000000-0000-4000-8000-000000000001"
SEED = f"""
projects: [{{id: {PROJECT}, slug: shop}}]
identities:
  - {{id: i, universal: {{clientId: cid, clientSecret: s}}, grants: [{{project: shop, actions: [read, lease]}}]}}
dynamicSecrets: {{shop: {{prod: {{/app: {{db: {{defaultTtl: 1h, maxTtl: 2h}}}}}}}}}}
"""
DB = ("shop", "prod", "/app", "db")


def live(server: DevServer) -> set[str]:
    return set(server.model.provider.live)


def test_credentials_are_good_while_they_are_open_and_given_back_at_the_end(
    server: DevServer, kms: secretsync.Client
) -> None:
    with kms.lease(*DB) as credentials:
        assert set(credentials) == {"DB_USERNAME", "DB_PASSWORD"}
        assert {credentials["DB_USERNAME"].text()} == live(server)
        assert repr(credentials) == "Credentials(…)"
    assert live(server) == set()
    with pytest.raises(LeaseEnded, match="it was given back"):
        credentials.current()


def test_they_are_given_back_when_the_block_fails(server: DevServer, kms: secretsync.Client) -> None:
    with pytest.raises(ZeroDivisionError), kms.lease(*DB, ttl="10m"):
        raise ZeroDivisionError
    assert live(server) == set()


def test_each_block_has_a_lease_of_its_own(server: DevServer, kms: secretsync.Client) -> None:
    with kms.lease(*DB) as one, kms.lease(*DB) as other:
        assert {one["DB_USERNAME"].text(), other["DB_USERNAME"].text()} == live(server)
        assert len(live(server)) == 2


def test_a_project_may_be_named_by_its_id(server: DevServer, kms: secretsync.Client) -> None:
    with kms.lease(PROJECT, "prod", "/app", "db") as credentials:
        assert {credentials["DB_USERNAME"].text()} == live(server)


@pytest.mark.parametrize(
    ("place", "ttl", "error"),
    [
        (("shop", "prod", "/app", "none"), "", SecretNotFound),
        (("shop", "prod", "/none", "db"), "", PathNotFound),
        (("none", "prod", "/app", "db"), "", ProjectNotFound),
        (("00000000-0000-4000-8000-000000000002", "prod", "/app", "db"), "", ProjectNotFound),
        (DB, "3h", InvalidRequest),
    ],
)
def test_what_cannot_be_lent_is_said_once(
    server: DevServer, kms: secretsync.Client, place: tuple[str, str, str, str], ttl: str, error: type[Exception]
) -> None:
    with pytest.raises(error), kms.lease(*place, ttl=ttl):
        pass
    assert len([one for one in server.asked() if one.status != 200]) <= 2  # projects have two routes
    assert live(server) == set()


def test_a_lease_that_comes_too_late_is_given_back(server: DevServer, kms: secretsync.Client) -> None:
    kms.folder("shop", "prod", "/app")
    server.faults.add(Fault("leases", delay=0.5, count=1))
    with pytest.raises(DeadlineExceeded), kms.lease(*DB, timeout=0.1):
        pass
    while live(server) or "DELETE" not in [one.method for one in server.asked("leases")]:
        Event().wait(0.01)


def test_one_that_cannot_be_given_back_is_said_and_tried_again(
    server: DevServer, kms: secretsync.Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "secretsync.client"), kms.lease(*DB):
        server.faults.add(Fault("leases", status=500, count=1))
    assert "a lease is not given back yet" in caplog.text
    assert len(live(server)) == 1
    assert len(server.asked("leases")) == 2, "not at once"


def test_closing_gives_back_what_is_open(server: DevServer, kms: secretsync.Client) -> None:
    begun, closed = Event(), Event()

    def hold() -> None:
        with kms.lease(*DB):
            begun.set()
            assert closed.wait(10)

    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(hold)
        assert begun.wait(10)
        kms.close()
        assert live(server) == set()
        closed.set()
        held.result(10)
    with pytest.raises(ClientClosed), kms.lease(*DB):
        pass


def test_what_is_given_back_twice_is_given_back_once(server: DevServer, kms: secretsync.Client) -> None:
    loan = kms._connection.lend(*DB, ttl="", timeout=10.0)
    loan.lent.result(10)
    for _ in range(3):
        kms._connection.give_back(loan).result(10)
    assert [one.method for one in server.asked("leases")] == ["POST", "DELETE"]
    assert live(server) == set()


def test_nothing_of_a_lease_is_remembered(server: DevServer, kms: secretsync.Client) -> None:
    for n in range(20):
        with suppress(SecretNotFound), kms.lease("shop", "prod", "/app", "db" if n % 2 else "none"):
            pass
    connection = kms._connection
    while connection._driver.inspect(lambda engine: len(engine._runs)).result(10):
        pass  # the last one is just being forgotten
    assert (connection._told, connection._loans._open, connection._lending._book._held) == ({}, {}, {})


def test_an_override_lends_what_is_given() -> None:
    with secretsync.override({("shop", "prod", "/app/db"): {"DB_USERNAME": "u"}}), secretsync.open() as kms:
        with kms.lease(*DB) as credentials:
            assert credentials["DB_USERNAME"].text() == "u"
        with pytest.raises(PathNotFound), kms.lease("shop", "prod", "/", "db"):
            pass
