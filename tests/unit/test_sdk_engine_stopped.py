"""What the SDK says when its engine stops by a fault of ours: everybody hears of it, at once and later."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

import secretsync
import secretsync.aio
from secretsync.connection import Connection
from secretsync.devserver import DevServer, Fault
from secretsync.errors import EngineStopped
from secretsync.reconcile.messages import Withdrawn

SEED = """
projects: [{id: 00000000-0000-4000-8000-000000000001, slug: shop}]
identities:
  - id: i
    universal: {clientId: cid, clientSecret: s}
    grants: [{project: shop, actions: [read, lease, subscribe]}]
secrets: {shop: {prod: {/app: {A: a}}}}
dynamicSecrets: {shop: {prod: {/app: {db: {defaultTtl: 1h, maxTtl: 2h}}}}}
"""
APP = ("shop", "prod", "/app")
DB = (*APP, "db")
WHY = r"the engine stopped by a fault of ours: ZeroDivisionError at .*; open another client"


def stop(connection: Connection) -> None:
    """Have the engine stumble at its next step, and wait until it has fallen."""

    def step(events: object, now: float) -> list[object]:
        raise ZeroDivisionError("canary-4711")

    driver = connection._driver
    driver._engine.step = step  # type: ignore[assignment, method-assign]
    driver.send(Withdrawn("nobody"))
    driver._thread.join(10)
    assert driver.dead


def test_who_waits_for_an_answer_hears_of_it(server: DevServer, kms: secretsync.Client) -> None:
    for route in ("list", "read"):
        server.faults.add(Fault(route, hang=True))
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(kms.folder, *APP), pool.submit(kms.secret, *APP, "A")]
        while not (server.asked("list") and server.asked("read")):
            Event().wait(0.01)
        stop(kms._connection)
        for one in asked:
            with pytest.raises(EngineStopped, match=WHY):
                one.result(10)
    assert kms._connection._told == {}


def test_who_asks_later_hears_of_it_and_leaves_nothing_behind(
    kms: secretsync.Client, caplog: pytest.LogCaptureFixture
) -> None:
    stop(kms._connection)
    with pytest.raises(EngineStopped, match=WHY):
        kms.folder(*APP)
    with pytest.raises(EngineStopped, match=WHY):
        kms.watch(*APP)
    with pytest.raises(EngineStopped, match=WHY), kms.lease(*DB):
        pass
    connection = kms._connection
    assert (connection._told, connection._loans._open, connection._mailbox._hear) == ({}, {}, {})
    assert connection._interests._keys == {}
    assert "canary-4711" not in caplog.text


def test_a_watch_says_it_once_and_is_over(kms: secretsync.Client) -> None:
    with kms.watch(*APP) as watch:
        assert watch.next(10)
        stop(kms._connection)
        with pytest.raises(EngineStopped, match=WHY):
            watch.next(10)
        assert list(watch) == []
        assert watch.next() is None, "and stays so"
        assert isinstance(watch.error, EngineStopped)
    assert kms._connection._interests._keys == {}


def test_credentials_that_were_lent_stay_good_and_are_said_not_to_be_given_back(
    server: DevServer, kms: secretsync.Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "secretsync.client"), kms.lease(*DB) as credentials:
        stop(kms._connection)
        assert {credentials["DB_USERNAME"].text()} == set(server.model.provider.live)
    assert "a lease is not given back yet: the engine stopped by a fault of ours" in caplog.text
    assert kms._connection._loans._open == {}


def test_who_waits_for_a_lease_hears_of_it(server: DevServer, kms: secretsync.Client) -> None:
    server.faults.add(Fault("leases", hang=True))
    loan = kms._connection.lend(*DB, ttl="", timeout=60.0)
    while not server.asked("leases"):
        Event().wait(0.01)
    stop(kms._connection)
    with pytest.raises(EngineStopped, match=WHY):
        loan.lent.result(10)
    assert kms._connection.give_back(loan).result(10) is None


def test_who_awaits_hears_of_it_too(server: DevServer) -> None:
    async def program() -> None:
        async with secretsync.aio.open(server.url, client_id="cid", client_secret="s") as kms:
            changes = kms.watch(*APP)
            assert await changes.next(10)
            server.faults.add(Fault("list", hang=True))
            asked = asyncio.create_task(kms.folder(*APP))
            await asyncio.sleep(0)  # so that it is asked
            await asyncio.to_thread(stop, kms._connection)
            with pytest.raises(EngineStopped, match=WHY):
                await asked
            with pytest.raises(EngineStopped, match=WHY):
                await anext(changes)
            assert [fields async for fields in changes] == []
            assert await changes.next() is None, "and stays so"
            with pytest.raises(EngineStopped, match=WHY):
                await kms.secret(*APP, "A")

    asyncio.run(program())
