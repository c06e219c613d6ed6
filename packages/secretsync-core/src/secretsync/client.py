"""The SDK: a folder's secrets in a few lines, by the same engine that keeps Secrets in a cluster.

with secretsync.open("https://kms.example", client_id=…, client_secret=…) as kms:
    password = kms.secret("shop", "prod", "/db", "PASSWORD").text()
    with kms.watch("shop", "prod", "/db") as changes:
        for fields in changes:
            …
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from functools import partial
from itertools import count
from os import urandom
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Final, Self, final

from attrs import evolve

from .auth.method import Method
from .auth.token import Token
from .auth.universal import METHOD
from .backends.kms.backend import KMSBackend
from .backends.kms.queries import Folder
from .backends.kms.scope import Scope, found
from .backends.kms.urls import normalise
from .client_policy import SDK, ClientPolicy
from .clock import Clock, Deadline
from .digest import Digester
from .errors import InvalidInput, SecretNotFound, SecretSyncError
from .http import Http
from .mailbox import CALLER, KIND, Given, Mailbox
from .policies import DELIVERY
from .queries import Found, Identity
from .reconcile.engine import Engine
from .reconcile.messages import Applied, Report, Subject, Withdrawn
from .reconcile.settle import Ask
from .runtime.chance import chance
from .runtime.clock import SystemClock
from .runtime.driver import Driver
from .runtime.executor import Executor
from .runtime.feeds import Feeds
from .runtime.proofs import LocalProofs
from .targets import Content, Ref, Target
from .values import Document, Flatten, SecretValue

__all__ = ["Client", "Watch", "open"]

TIMEOUT: Final = 60.0
INTERVAL: Final = 60.0

_GIVEN: Final = Given("credentials")
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_NO_LIMIT: Final = 1 << 16
_TOKEN: Final = "token"  # noqa: S105 - the name of a subject and of what it delivers

Saw = Callable[[Folder, Document], None]


def _unseen(query: Folder, document: Document) -> None:
    """Nobody listens to what was read."""


def open(  # noqa: A001 - `secretsync.open` reads as it should
    url: str,
    *,
    client_id: str = "",
    client_secret: str | SecretValue = "",
    auth: Method = METHOD,
    credentials: Mapping[str, str | SecretValue] | None = None,
    policy: ClientPolicy = SDK,
) -> Client:
    """Return a client of one KMS under one identity. Nothing is sent before the first question.

    Args:
        url: The address of the KMS, with or without `/api`.
        client_id: Of a machine identity with universal auth.
        client_secret: Its secret.
        auth: How to log in otherwise, such as `KubernetesAuth(identity_id=…)`.
        credentials: What that method wants to be given, by key: `username` and `password` of LDAP.
        policy: Time-outs, limits and name.

    Raises:
        InvalidInput: The address cannot be one.
    """
    universal = {"clientId": client_id, "clientSecret": client_secret}
    given = {name: _secret(value) for name, value in (universal if credentials is None else credentials).items()}
    return Client(normalise(url), given, policy=policy, auth=auth)


def _secret(value: str | SecretValue) -> SecretValue:
    return value if isinstance(value, SecretValue) else SecretValue(value)


@final
class Client:
    """Reads and watches folders. Safe to call from several threads; close it, or use it as a context manager."""

    def __init__(
        self, host: str, credentials: Mapping[str, SecretValue], *, policy: ClientPolicy, auth: Method = METHOD
    ) -> None:
        self._host = host
        self._auth = auth
        self._policy = policy
        self._clock: Clock = SystemClock()
        self._digest = Digester(urandom(32))
        self._names = count(1)
        self._waiting: dict[str, Future[None]] = {}
        self._watches: dict[str, Watch] = {}
        self._http = Http(policy, self._clock)
        self._mailbox = Mailbox({_GIVEN: credentials}, digest=self._digest)
        engine = Engine(digest=self._digest, chance=chance, limit=self._limit)
        self._backend = KMSBackend(self._http, policy, chance, proofs=LocalProofs())
        executor = Executor(
            clock=self._clock,
            backends=[self._backend, self._mailbox],
            places=[self._mailbox],
            report=self._reported,
        )
        self._driver = Driver(engine, clock=self._clock, executor=executor, limit=self._limit, inline=[CALLER])
        self._driver.start()
        self._feeds = Feeds(self._http, send=self._driver.send, clock=self._clock, chance=chance)
        self._heard: dict[str, Folder] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self, *, revoke: bool = False) -> None:
        """Let go of all connections and threads; watches end.

        Args:
            revoke: Have the KMS refuse the tokens that were logged in for, instead of letting them end by themselves.

        Raises:
            BackendError: A token could not be revoked. Everything is closed all the same.
        """
        for watch in tuple(self._watches.values()):
            watch.close()
        self._feeds.close()
        self._driver.close()
        failed = self._backend.logins.revoke(Deadline.after(TIMEOUT, self._clock)) if revoke else ()
        self._http.close()
        if failed:
            raise failed[0]

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
        """
        key, box = self._next(), SimpleQueue[Content]()
        done = self._waiting[key] = Future()
        self._mailbox.expect(_ref(key), box.put)
        try:
            scope = _scope(project, environment, path, recursive=recursive)
            subject = self._subject(key, scope, period=INTERVAL)
            deadline = self._clock.monotonic() + timeout
            self._driver.send(Applied(evolve(subject, max_age=0.0, once=True, deadline=deadline)))
            done.result()
            return box.get_nowait()
        finally:
            del self._waiting[key]
            self._mailbox.forget(_ref(key))

    def secret(self, project: str, environment: str, path: str, name: str, *, timeout: float = TIMEOUT) -> SecretValue:
        """Return one secret of a folder.

        Raises:
            SecretNotFound: The folder holds and imports no such key.
            BackendError, DeadlineExceeded: As for `folder`.
        """
        fields = self.folder(project, environment, path, timeout=timeout)
        if name not in fields:
            raise SecretNotFound(self._host, f'read "{name}" of {path} in {environment}', "secret not found")
        return fields[name]

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
        key = self._next()
        watch = self._watches[key] = Watch(partial(self._unwatch, key))
        self._mailbox.expect(_ref(key), watch.put)
        scope = _scope(project, environment, path, recursive=recursive)
        saw = partial(self._saw, key) if push else _unseen
        self._driver.send(Applied(self._subject(key, scope, period=interval, saw=saw)))
        if push:
            self._keep_token()
        return watch

    def _unwatch(self, key: str) -> None:
        if self._watches.pop(key, None) is not None:
            self._driver.send(Withdrawn(key))
            self._mailbox.forget(_ref(key))
            if query := self._heard.pop(key, None):
                self._feeds.forget(query)

    def _saw(self, key: str, query: Folder, document: Document) -> None:
        """Listen to what a watch was made of. Called on the engine's thread, at each evaluation."""
        before = self._heard.get(key)
        if before is not None and before != query:
            self._feeds.forget(before)
        self._heard[key] = query
        self._feeds.watch(query, document)

    def _keep_token(self) -> None:
        """Have the engine keep a token for the feeds, renewed like any answer that somebody asks for."""
        self._mailbox.expect(_ref(_TOKEN), lambda content: self._feeds.token(content[_TOKEN]))
        self._driver.send(Applied(Subject(_TOKEN, CALLER, self._token, b"", INTERVAL)))

    def _token(self, ask: Ask) -> tuple[Target, ...]:
        token = ask(Token(self._identity(ask)))
        content = {_TOKEN: token.value} if isinstance(token, Found) else {}
        return (Target(_ref(_TOKEN), content, DELIVERY, mark=_TOKEN),)

    def _next(self) -> str:
        return f"{next(self._names)}"

    def _limit(self, host: str) -> int:
        return _NO_LIMIT if host == CALLER else self._policy.in_flight

    def _subject(self, key: str, scope: Scope, *, period: float, saw: Saw = _unseen) -> Subject:
        return Subject(key, CALLER, partial(self._desired, key, scope, saw), self._digest(scope), period)

    def _desired(self, key: str, scope: Scope, saw: Saw, ask: Ask) -> tuple[Target, ...]:
        query, document = found(ask, self._identity(ask), scope, slug_max_age=self._policy.slug_max_age)
        saw(query, document)
        return (Target(_ref(key), document.fields(Flatten()), DELIVERY, mark=key),)

    def _identity(self, ask: Ask) -> Identity:
        return Identity(self._host, self._auth, _GIVEN, ask.digest(_GIVEN))

    def _reported(self, report: Report) -> None:
        """Called on the engine's thread: the content, if any, was put before."""
        error = report.outcome.errors[0] if report.outcome.errors else None
        if watch := self._watches.get(report.key):
            watch.told(error)
        elif waiting := self._waiting.get(report.key):
            waiting.set_exception(error) if error else waiting.set_result(None)


@final
class Watch:
    """The states of a folder, oldest first. One thread iterates; any may close it.

    A failure before the first state is raised; later ones leave the last state standing and show in `error`.
    """

    def __init__(self, end: Callable[[], None]) -> None:
        self.error: SecretSyncError | None = None
        """Why the folder cannot be checked just now."""
        self._end = end
        self._began = False
        self._states: SimpleQueue[Content | SecretSyncError | None] = SimpleQueue()

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
            state = self._states.get(timeout=timeout)
        except Empty:
            return None
        if isinstance(state, SecretSyncError):
            raise state
        return state

    def close(self) -> None:
        self._end()
        self._states.put(None)

    def put(self, content: Content) -> None:
        self._began = True
        self._states.put(content)

    def told(self, error: SecretSyncError | None) -> None:
        self.error = error
        if error is not None and not self._began:
            self._states.put(error)


def _ref(key: str) -> Ref:
    return Ref(CALLER, KIND, key)


def _scope(project: str, environment: str, path: str, *, recursive: bool) -> Scope:
    if not project or not environment:
        raise InvalidInput(["name a project (slug or id) and an environment (slug)"])
    by_id = _UUID.fullmatch(project) is not None
    return Scope(
        environment,
        path,
        project_slug="" if by_id else project,
        project_id=project if by_id else "",
        recursive=recursive,
    )
