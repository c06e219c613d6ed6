"""The SDK for asyncio: the same front as `secretsync.client`, awaited instead of waited for.

async with secretsync.aio.open("https://kms.example", client_id=…, client_secret=…) as kms:
    password = await kms.secret("shop", "prod", "/db", "PASSWORD")
    async with kms.watch("shop", "prod", "/db") as changes:
        async for fields in changes:
            …

There is no second implementation: the engine and its threads are those of the other front, and their futures are
awaited. A client may be used from any event loop, of any thread. `secretsync.override` counts here too.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from types import TracebackType
from typing import Self, final

from .auth.method import Method
from .client import connect
from .client_policy import SDK, ClientPolicy
from .connection import INTERVAL, RETURN_TIME, TIMEOUT, Connection, State, States
from .errors import SecretSyncError
from .loans import Credentials
from .values import SecretValue

__all__ = ["Client", "Credentials", "Watch", "open"]


def open(  # noqa: A001 - `aio.open` reads as it should
    url: str = "",
    *,
    client_id: str = "",
    client_secret: str | SecretValue = "",
    auth: Method | None = None,
    credentials: Mapping[str, str | SecretValue] | None = None,
    policy: ClientPolicy = SDK,
) -> Client:
    """Return a client of one KMS under one identity; arguments and errors are those of `secretsync.open`."""
    return Client(
        connect(
            url, client_id=client_id, client_secret=client_secret, auth=auth, credentials=credentials, policy=policy
        )
    )


@final
class Client:
    """Reads and watches folders, and lends credentials. Close it, or use it as an asynchronous context manager.

    Who is cancelled while it waits hears nothing more; what was asked goes on to its end, unheard.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self, *, revoke: bool = False) -> None:
        """Let go of all connections and threads; see `secretsync.Client.close`."""
        await asyncio.to_thread(partial(self._connection.close, revoke=revoke))

    async def folder(
        self, project: str, environment: str, path: str = "/", *, recursive: bool = False, timeout: float = TIMEOUT
    ) -> Mapping[str, SecretValue]:
        """Return a folder's secrets by key; see `secretsync.Client.folder`."""
        asked = self._connection.folder(project, environment, path, recursive=recursive, timeout=timeout)
        return await asyncio.wrap_future(asked)

    async def secret(
        self,
        project: str,
        environment: str,
        path: str,
        name: str,
        *,
        version: int | None = None,
        timeout: float = TIMEOUT,
    ) -> SecretValue:
        """Return one secret; see `secretsync.Client.secret`."""
        asked = self._connection.secret(project, environment, path, name, version=version, timeout=timeout)
        return await asyncio.wrap_future(asked)

    def watch(
        self,
        project: str,
        environment: str,
        path: str = "/",
        *,
        recursive: bool = False,
        interval: float = INTERVAL,
        push: bool = True,
    ) -> Watch:
        """Return a watch, which belongs to the event loop that runs now; see `secretsync.Client.watch`."""
        watch = self._connection.watch
        return Watch(partial(watch, project, environment, path, recursive=recursive, interval=interval, push=push))

    @asynccontextmanager
    async def lease(
        self,
        project: str,
        environment: str,
        path: str,
        name: str,
        *,
        ttl: str = "",
        timeout: float = TIMEOUT,
    ) -> AsyncIterator[Credentials]:
        """Lend the credentials of a dynamic secret for as long as the block takes; see `secretsync.Client.lease`.

        A task that is cancelled while it waits for a lease gives back what may still come.
        """
        loan = self._connection.lend(project, environment, path, name, ttl=ttl, timeout=timeout)
        try:
            credentials = await asyncio.wrap_future(loan.lent)
        except asyncio.CancelledError:
            self._connection.give_back(loan)
            raise
        try:
            yield credentials
        finally:
            await asyncio.wait([asyncio.wrap_future(self._connection.give_back(loan))], timeout=RETURN_TIME)


@final
class Watch:
    """The states of a folder, oldest first. One task iterates.

    A failure before the first state is raised; later ones leave the last state standing and show in `error`. A fault of
    ours that stops the client is raised at any time, and ends the watch.
    """

    def __init__(self, begin: Callable[[States], Callable[[], None]]) -> None:
        self._queue: asyncio.Queue[State] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        self._states = States(self._emit)
        self._end = begin(self._states)

    @property
    def error(self) -> SecretSyncError | None:
        """Why the folder cannot be checked just now."""
        return self._states.error

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __aiter__(self) -> AsyncIterator[Mapping[str, SecretValue]]:
        return self

    async def __anext__(self) -> Mapping[str, SecretValue]:
        state = await self.next()
        if state is None:
            raise StopAsyncIteration
        return state

    async def next(self, timeout: float | None = None) -> Mapping[str, SecretValue] | None:
        """Return the next state; None when the watch was closed or `timeout` seconds brought no change."""
        try:
            state = await asyncio.wait_for(self._queue.get(), timeout)
        except TimeoutError:
            return None
        if isinstance(state, SecretSyncError):
            raise state
        if state is None:
            self._queue.put_nowait(None)  # whoever asks again learns it, too
        return state

    def close(self) -> None:
        """Watch no more; who waits for a state gets none."""
        self._end()

    def _emit(self, state: State) -> None:
        """Hand a state over from the engine's thread."""
        with suppress(RuntimeError):  # the loop is closed, so nobody waits
            self._loop.call_soon_threadsafe(self._queue.put_nowait, state)
