"""The SDK: a folder's secrets in a few lines, by the same engine that keeps Secrets in a cluster.

with secretsync.open("https://kms.example", client_id=…, client_secret=…) as kms:
    password = kms.secret("shop", "prod", "/db", "PASSWORD").text()
    with kms.watch("shop", "prod", "/db") as changes:
        for fields in changes:
            …
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import wait
from contextlib import contextmanager
from functools import partial
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Self, final

from . import overrides
from .auth.method import Method
from .auth.universal import METHOD
from .backends.kms.urls import normalise
from .client_policy import SDK, ClientPolicy
from .connection import INTERVAL, RETURN_TIME, TIMEOUT, Connection, State, States
from .environment import Login, settings
from .errors import InvalidInput, SecretSyncError
from .loans import Credentials
from .runtime.proofs import LocalProofs
from .values import SecretValue

__all__ = ["Client", "Credentials", "Watch", "open"]

_NOWHERE = "https://override.invalid"


def open(  # noqa: A001 - `secretsync.open` reads as it should
    url: str = "",
    *,
    client_id: str = "",
    client_secret: str | SecretValue = "",
    auth: Method | None = None,
    credentials: Mapping[str, str | SecretValue] | None = None,
    policy: ClientPolicy = SDK,
) -> Client:
    """Return a client of one KMS under one identity. Nothing is sent before the first question.

    What is not given is taken from the environment: the address from `SECRETSYNC_URL`, the identity from
    `SECRETSYNC_CLIENT_ID` and `SECRETSYNC_CLIENT_SECRET` or `SECRETSYNC_TOKEN`, and where these are not set from the
    variables of the official clients.

    Args:
        url: The address of the KMS, with or without `/api`.
        client_id: Of a machine identity with universal auth.
        client_secret: Its secret.
        auth: How to log in otherwise, such as `KubernetesAuth(identity_id=…)`.
        credentials: What that method wants to be given, by key: `username` and `password` of LDAP.
        policy: Time-outs, limits and name.

    Raises:
        InvalidInput: The address cannot be one, or neither the arguments nor the environment say where or as whom.
    """
    return Client(
        connect(
            url, client_id=client_id, client_secret=client_secret, auth=auth, credentials=credentials, policy=policy
        )
    )


def connect(
    url: str,
    *,
    client_id: str,
    client_secret: str | SecretValue,
    auth: Method | None,
    credentials: Mapping[str, str | SecretValue] | None,
    policy: ClientPolicy,
) -> Connection:
    """Return the connection that the arguments of `open` mean."""
    if client_id or client_secret:
        if auth is not None or credentials is not None:
            raise InvalidInput(["give client_id and client_secret, or auth and credentials, not both"])
        credentials = {"clientId": client_id, "clientSecret": client_secret}
    login = None
    if auth is not None or credentials is not None:
        given = {name: overrides.secret_value(value) for name, value in (credentials or {}).items()}
        login = Login(auth or METHOD, given)
    if overrides.active():  # nothing is sent, so nobody need say where and as whom
        url, login = url or _NOWHERE, login or Login(METHOD)
    url, login = settings(LocalProofs().variable, url=url, login=login)
    return Connection(normalise(url), login.credentials, policy=policy, auth=login.auth)


@final
class Client:
    """Reads and watches folders, and lends credentials. Safe to call from several threads; close it, or use it as a context manager."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self, *, revoke: bool = False) -> None:
        """Let go of all connections and threads; leases are given back, watches end, and what is still asked for fails with `ClientClosed`.

        Args:
            revoke: Have the KMS refuse the tokens that were logged in for, instead of letting them end by themselves.

        Raises:
            BackendError: A token could not be revoked. Everything is closed all the same.
        """
        self._connection.close(revoke=revoke)

    def folder(
        self, project: str, environment: str, path: str = "/", *, recursive: bool = False, timeout: float = TIMEOUT
    ) -> Mapping[str, SecretValue]:
        """Return a folder's secrets by key, its own before those it imports; an empty folder is an empty mapping.

        Args:
            project: Its slug or its id.
            environment: Its slug.
            path: Of the folder.
            recursive: With the folders below; of a key that stands in several the last in path order counts.
            timeout: Seconds for all of it.

        Raises:
            BackendError: Of the class that says why.
            DeadlineExceeded: There was no answer in time.
            ClientClosed: The client was closed, or has stopped by a fault of ours (`EngineStopped`).
        """
        return self._connection.folder(project, environment, path, recursive=recursive, timeout=timeout).result()

    def secret(
        self,
        project: str,
        environment: str,
        path: str,
        name: str,
        *,
        version: int | None = None,
        timeout: float = TIMEOUT,
    ) -> SecretValue:
        """Return one secret: the folder's own, else that of its last import that has it.

        Args:
            version: Of the secret, counted from 1; None is the latest.

        Raises:
            SecretNotFound: The folder holds and imports no such key, or no such version of it.
            BackendError, DeadlineExceeded, ClientClosed: As for `folder`.
        """
        asked = self._connection.secret(project, environment, path, name, version=version, timeout=timeout)
        return asked.result()

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
        """Return a watch: it gives the folder's secrets now and again whenever they change.

        Args:
            interval: Seconds between two checks; an unchanged folder costs one conditional read each.
            push: Listen to the server's change feed too, where it has one: a change then comes within a second. Checks
                go on all the same, because events get lost.
        """
        watch = self._connection.watch
        return Watch(partial(watch, project, environment, path, recursive=recursive, interval=interval, push=push))

    @contextmanager
    def lease(
        self,
        project: str,
        environment: str,
        path: str,
        name: str,
        *,
        ttl: str = "",
        timeout: float = TIMEOUT,
    ) -> Iterator[Credentials]:
        """Lend the credentials of a dynamic secret for as long as the block takes, and give them back at its end.

        The lease is renewed in time, and replaced by another where it may get no older; then other credentials are lent
        from a minute before the old ones go. One that cannot be given back is tried again while the client is open; it
        ends by itself at the latest.

        Args:
            name: Of the dynamic secret.
            ttl: How long the lease is to live without being renewed, as `90s` or `2h`; "" is as long as the dynamic
                secret says. Should the program die, the credentials end after it.
            timeout: Seconds to wait for the lease.

        Raises:
            SecretNotFound: There is no such dynamic secret.
            InvalidRequest: The time is too long, or there are too many leases.
            BackendError, DeadlineExceeded, ClientClosed: As for `folder`.
        """
        loan = self._connection.lend(project, environment, path, name, ttl=ttl, timeout=timeout)
        credentials = loan.lent.result()
        try:
            yield credentials
        finally:
            wait([self._connection.give_back(loan)], timeout=RETURN_TIME)


@final
class Watch:
    """The states of a folder, oldest first. One thread iterates; any may close it.

    A failure before the first state is raised; later ones leave the last state standing and show in `error`. A fault of
    ours that stops the client is raised at any time, and ends the watch.
    """

    def __init__(self, begin: Callable[[States], Callable[[], None]]) -> None:
        self._queue: SimpleQueue[State] = SimpleQueue()
        self._states = States(self._queue.put)
        self._end = begin(self._states)

    @property
    def error(self) -> SecretSyncError | None:
        """Why the folder cannot be checked just now."""
        return self._states.error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[Mapping[str, SecretValue]]:
        return self

    def __next__(self) -> Mapping[str, SecretValue]:
        state = self.next()
        if state is None:
            raise StopIteration
        return state

    def next(self, timeout: float | None = None) -> Mapping[str, SecretValue] | None:
        """Return the next state; None when the watch was closed or `timeout` seconds brought no change."""
        try:
            state = self._queue.get(timeout=timeout)
        except Empty:
            return None
        if isinstance(state, SecretSyncError):
            raise state
        if state is None:
            self._queue.put(None)  # whoever asks again learns it, too
        return state

    def close(self) -> None:
        """Watch no more; who waits for a state gets none."""
        self._end()
