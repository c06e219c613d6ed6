"""The SDK for asyncio: the same engine, awaited."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Mapping
from threading import Event

import pytest

import secretsync
import secretsync.aio
from secretsync.devserver import DevServer, Fault
from secretsync.errors import ClientClosed, DeadlineExceeded, LeaseEnded, PathNotFound, SecretNotFound
from secretsync.values import SecretValue

SEED = """
projects: [{id: p1, slug: shop}]
identities:
  - {id: i, universal: {clientId: cid, clientSecret: s}, grants: [{project: shop, actions: [read, lease, subscribe]}]}
secrets: {shop: {prod: {/app: {A: a, B: b}}}}
dynamicSecrets: {shop: {prod: {/app: {db: {}}}}}
"""
DB = ("shop", "prod", "/app", "db")


def opened(server: DevServer) -> secretsync.aio.Client:
    return secretsync.aio.open(server.url, client_id="cid", client_secret="s")


def arrived(server: DevServer, route: str, times: int = 1) -> None:
    while len(server.asked(route)) < times:
        Event().wait(0.01)


def texts(fields: Mapping[str, SecretValue] | None) -> dict[str, str]:
    return {key: value.text() for key, value in (fields or {}).items()}


def test_folders_and_secrets_are_read_at_once_with_one_login(server: DevServer) -> None:
    async def program() -> None:
        async with opened(server) as kms:
            secret = asyncio.create_task(kms.secret("shop", "prod", "/app", "A"))
            folders = await asyncio.gather(*(kms.folder("shop", "prod", "/app") for _ in range(16)))
            assert [texts(one) for one in folders] == [{"A": "a", "B": "b"}] * 16
            assert (await secret).text() == "a"

    asyncio.run(program())
    assert len(server.asked("login")) == 1


def test_errors_are_those_of_the_other_front(server: DevServer) -> None:
    async def program() -> None:
        kms = opened(server)
        with pytest.raises(PathNotFound):
            await kms.folder("shop", "prod", "/none")
        with pytest.raises(SecretNotFound):
            await kms.secret("shop", "prod", "/app", "A", version=7)
        server.faults.add(Fault("list", hang=True))
        with pytest.raises(DeadlineExceeded):
            await kms.folder("shop", "prod", "/app", timeout=0.1)
        await kms.close(revoke=True)
        with pytest.raises(ClientClosed):
            await kms.folder("shop", "prod", "/app")

    asyncio.run(program())
    assert len(server.asked("revoke")) == 1


def test_a_watch_gives_each_state(server: DevServer) -> None:
    async def program() -> list[dict[str, str]]:
        seen = []
        async with opened(server) as kms, kms.watch("shop", "prod", "/app", interval=0.1) as changes:
            async for fields in changes:
                seen.append(texts(fields))
                if len(seen) == 2:
                    break
                server.model.put("shop", "prod", "/app", {"A": "changed"})
            assert changes.error is None
            assert await changes.next(0.0) is None
        assert await changes.next() is None
        return seen

    assert asyncio.run(program()) == [{"A": "a", "B": "b"}, {"A": "changed", "B": "b"}]


def test_a_watch_that_cannot_begin_says_why(server: DevServer) -> None:
    async def program() -> None:
        async with opened(server) as kms, kms.watch("shop", "prod", "/none") as changes:
            with pytest.raises(PathNotFound):
                await anext(changes)

    asyncio.run(program())


def test_a_lease_is_given_back_at_the_end(server: DevServer) -> None:
    async def program() -> None:
        async with opened(server) as kms:
            async with kms.lease(*DB) as credentials:
                assert {credentials["DB_USERNAME"].text()} == set(server.model.provider.live)
            assert not server.model.provider.live
            with pytest.raises(LeaseEnded):
                credentials.current()

    asyncio.run(program())


def test_a_task_that_is_cancelled_leaves_no_lease_behind(server: DevServer) -> None:
    async def hold(kms: secretsync.aio.Client) -> None:
        async with kms.lease(*DB):
            raise AssertionError

    async def program() -> None:
        async with opened(server) as kms:
            await kms.folder("shop", "prod", "/app")
            server.faults.add(Fault("leases", delay=0.3, count=1))
            task = asyncio.create_task(hold(kms))
            await asyncio.to_thread(arrived, server, "leases")
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.to_thread(arrived, server, "leases", 2)

    asyncio.run(program())
    assert [one.method for one in server.asked("leases")] == ["POST", "DELETE"]
    assert not server.model.provider.live


def test_a_loop_that_ends_disturbs_nobody(server: DevServer, caplog: pytest.LogCaptureFixture) -> None:
    kms = opened(server)

    async def begin() -> secretsync.aio.Watch:
        watch = kms.watch("shop", "prod", "/app", interval=0.05, push=False)
        assert await watch.next()
        return watch

    asyncio.run(begin())
    server.model.put("shop", "prod", "/app", {"A": "changed"})

    async def read() -> dict[str, str]:
        found = texts(await kms.folder("shop", "prod", "/app"))
        await kms.close()
        return found

    assert asyncio.run(read())["A"] == "changed"
    assert caplog.text == ""


def test_overrides_count() -> None:
    async def program() -> str:
        async with secretsync.aio.open() as kms, kms.lease(*DB) as credentials:
            return credentials["DB_USERNAME"].text()

    with secretsync.override({("shop", "prod", "/app/db"): {"DB_USERNAME": "u"}}):
        assert asyncio.run(program()) == "u"


def test_asyncio_is_loaded_only_for_who_wants_it() -> None:
    program = "import sys, secretsync.client; assert 'asyncio' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
