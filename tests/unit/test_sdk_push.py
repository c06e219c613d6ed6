"""A watch of the SDK hears of changes as they happen, and polls where nobody tells."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Event

import secretsync
from secretsync.devserver import DevServer, Fault
from secretsync.values import SecretValue

SEED = """
projects: [{id: p1, slug: shop}]
identities:
  - {id: i, universal: {clientId: cid, clientSecret: s}, grants: [{project: shop, actions: [read, subscribe]}]}
secrets: {shop: {prod: {/app: {A: a}, /shared: {S: s}}}}
imports: {shop: {prod: {/app: [{environment: prod, path: /shared}]}}}
"""
LONG = 3600.0
"""Seconds between two checks: whatever comes sooner was pushed."""


def texts(state: Mapping[str, SecretValue] | None) -> dict[str, str]:
    assert state is not None
    return {key: value.text() for key, value in state.items()}


def listening(server: DevServer, watch: secretsync.client.Watch) -> None:
    """Wait until the feed is open and what it looked at then is known."""
    while not server.model.feed.connections:
        watch.next(0.02)


def test_a_change_is_delivered_without_waiting_for_the_next_check(server: DevServer, kms: secretsync.Client) -> None:
    with kms.watch("shop", "prod", "/app", interval=LONG) as watch:
        assert texts(watch.next(10)) == {"A": "a", "S": "s"}
        listening(server, watch)
        server.model.put("shop", "prod", "/app", {"A": "changed"})
        assert texts(watch.next(10)) == {"A": "changed", "S": "s"}
        server.model.delete("shop", "prod", "/app", ["A"])
        assert texts(watch.next(10)) == {"S": "s"}


def test_a_change_of_an_imported_folder_is_delivered_too(server: DevServer, kms: secretsync.Client) -> None:
    with kms.watch("shop", "prod", "/app", interval=LONG) as watch:
        assert watch.next(10)
        listening(server, watch)
        server.model.put("shop", "prod", "/shared", {"S": "changed"})
        assert texts(watch.next(10)) == {"A": "a", "S": "changed"}


def test_one_connection_serves_all_watches_and_one_login_all(server: DevServer, kms: secretsync.Client) -> None:
    with kms.watch("shop", "prod", "/app", interval=LONG) as one, kms.watch("shop", "prod", "/shared") as other:
        assert one.next(10)
        listening(server, one)
        server.model.put("shop", "prod", "/shared", {"S": "changed"})
        assert texts(one.next(10))["S"] == "changed"
        while server.model.feed.connections > 1:
            Event().wait(0.01)  # the one that was replaced ends when the server notices
    assert other.error is None
    assert len(server.asked("login")) == 1


def test_of_two_watches_of_a_folder_one_may_end(server: DevServer, kms: secretsync.Client) -> None:
    with kms.watch("shop", "prod", "/app", interval=LONG) as stays:
        with kms.watch("shop", "prod", "/app", interval=LONG) as goes:
            assert goes.next(10)
        assert stays.next(10)
        listening(server, stays)
        server.model.put("shop", "prod", "/app", {"A": "changed"})
        assert texts(stays.next(10))["A"] == "changed"


def test_without_a_feed_it_polls(server: DevServer, kms: secretsync.Client) -> None:
    server.model.feed.plan = False
    with kms.watch("shop", "prod", "/app", interval=0.1) as watch:
        assert watch.next(10)
        server.model.put("shop", "prod", "/app", {"A": "changed"})
        assert texts(watch.next(10))["A"] == "changed"
        assert watch.error is None


def test_push_can_be_left_out(server: DevServer, kms: secretsync.Client) -> None:
    with kms.watch("shop", "prod", "/app", interval=0.1, push=False) as watch:
        assert watch.next(10)
        server.model.put("shop", "prod", "/app", {"A": "changed"})
        assert texts(watch.next(10))["A"] == "changed"
    assert server.asked("events") == ()


def test_a_feed_that_refuses_the_token_costs_another_token_and_no_change(
    server: DevServer, kms: secretsync.Client
) -> None:
    server.faults.add(Fault("events", status=401, count=1))
    with kms.watch("shop", "prod", "/app", interval=LONG) as watch:
        assert watch.next(10)
        listening(server, watch)
        server.model.put("shop", "prod", "/app", {"A": "changed"})
        assert texts(watch.next(10))["A"] == "changed"
    assert len([one for one in server.asked() if one.path.startswith("/api/v1/auth/")]) == 2
