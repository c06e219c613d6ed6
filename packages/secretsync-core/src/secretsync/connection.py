"""One KMS under one identity, asked by futures: `client` waits for them, `aio` awaits them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from functools import partial
from itertools import count
from os import urandom
from threading import Lock
from typing import Any, Final, TypeVar, final

from . import overrides
from .auth.method import Method
from .auth.token import Token
from .backends.kms.backend import KMSBackend
from .backends.kms.events import Watched, imported
from .backends.kms.lending import Lending
from .backends.kms.queries import DynamicSecret, Folder, absolute
from .backends.kms.scope import Scope, found, leased, single
from .client_policy import ClientPolicy
from .clock import Clock, Deadline
from .digest import Digester
from .errors import ClientClosed, EngineStopped, InvalidInput, NotFound, SecretSyncError
from .http import Http
from .loans import Loan, Loans, given
from .mailbox import CALLER, KIND, Given, Mailbox
from .policies import DELIVERY
from .queries import Found, Identity
from .reconcile.ask import Ask
from .reconcile.engine import Engine
from .reconcile.messages import Applied, Report, Subject, Withdrawn
from .runtime.chance import chance
from .runtime.clock import SystemClock
from .runtime.driver import Driver
from .runtime.executor import Executor
from .runtime.feeds import Feeds
from .runtime.interests import Interests
from .runtime.proofs import LocalProofs
from .targets import Content, Ref, Target
from .values import Document, Flatten, SecretValue

TIMEOUT: Final = 60.0
INTERVAL: Final = 60.0
RETURN_TIME: Final = 10.0
"""Seconds that somebody waits for leases to be given back."""

_GIVEN: Final = Given("credentials")
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_NO_LIMIT: Final = 1 << 16
_TOKEN: Final = "token"  # noqa: S105 - the name of a subject and of what it delivers

T = TypeVar("T")

Fields = Mapping[str, SecretValue]
State = Fields | SecretSyncError | None
"""What a watch may see: what there is, why there is nothing yet, or its end."""

Saw = Callable[[Folder, Document], None]
Told = Callable[[SecretSyncError | None], None]


@final
class States:
    """The states of a folder as they come; `emit` takes each and must not block.

    A failure before the first state is one itself; later ones leave the last state standing and show in `error`.
    """

    def __init__(self, emit: Callable[[State], None]) -> None:
        self.error: SecretSyncError | None = None
        self._emit = emit
        self._began = False

    def put(self, content: Content) -> None:
        self._began = True
        self._emit(content)

    def told(self, error: SecretSyncError | None) -> None:
        self.error = error
        if error is not None and not self._began:
            self._emit(error)

    def end(self, error: SecretSyncError | None = None) -> None:
        """Let no state follow; an error says why, where nobody wished for it."""
        if error is not None:
            self.error = error
            self._emit(error)
        self._emit(None)


@final
class Connection:
    """Safe to call from several threads; nothing blocks but `close`.

    A future is resolved on the engine's thread. None can be cancelled: each has its answer or its error in its time.
    """

    def __init__(
        self, host: str, credentials: Mapping[str, SecretValue], *, policy: ClientPolicy, auth: Method
    ) -> None:
        self._host = host
        self._auth = auth
        self._policy = policy
        self._clock: Clock = SystemClock()
        self._digest = Digester(urandom(32))
        self._names = count(1)
        self._lock = Lock()
        self._closed = False
        self._fault = ""
        """Why nothing can be asked any more though nobody closed it."""
        self._told: dict[str, Told] = {}
        """Who hears of a subject's outcomes, by its key."""
        self._http = Http(policy, self._clock)
        self._mailbox = Mailbox({_GIVEN: credentials}, digest=self._digest)
        engine = Engine(digest=self._digest, chance=chance, limit=self._limit)
        self._backend = KMSBackend(self._http, policy, chance, proofs=LocalProofs())
        self._lending = Lending(self._http, chance=chance, refused=self._backend.logins.refused)
        executor = Executor(
            clock=self._clock,
            backends=[self._backend, self._lending, self._mailbox],
            places=[self._mailbox],
            report=self._reported,
        )
        self._driver = Driver(
            engine, clock=self._clock, executor=executor, limit=self._limit, inline=[CALLER], died=self._died
        )
        self._feeds = Feeds(self._http, send=self._driver.send, clock=self._clock, chance=chance)
        self._interests = Interests()
        self._loans = Loans(
            self._lending, clock=self._clock, send=self._driver.send, begin=self._begin, forget=self._forget
        )
        self._driver.start()

    def close(self, *, revoke: bool) -> None:
        """Let go of all connections and threads; what is still asked for fails with `ClientClosed`.

        Args:
            revoke: Have the KMS refuse the tokens that were logged in for.

        Raises:
            BackendError: A token could not be revoked. Everything is closed all the same.
        """
        with self._lock:
            if self._closed:
                return
            self._closed = True
        wait(self._loans.give_all_back(), timeout=RETURN_TIME)
        self._feeds.close()
        self._driver.close()
        for told in tuple(self._told.values()):
            told(ClientClosed("the client was closed"))
        failed = self._backend.logins.revoke(Deadline.after(TIMEOUT, self._clock)) if revoke else ()
        self._http.close()
        if failed:
            raise failed[0]

    # -- questions

    def folder(self, project: str, environment: str, path: str, *, recursive: bool, timeout: float) -> Future[Fields]:
        scope = _scope(project, environment, path, recursive=recursive)
        if fake := overrides.active():
            return _resolved(lambda: fake.folder(project, environment, path, recursive=recursive))
        return self._ask(lambda ask: self._folder(ask, scope)[1].fields(Flatten()), timeout)

    def secret(
        self, project: str, environment: str, path: str, name: str, *, version: int | None, timeout: float
    ) -> Future[SecretValue]:
        scope = _scope(project, environment, path)
        if fake := overrides.active():
            return _resolved(lambda: fake.secret(project, environment, path, name))

        def asked(ask: Ask) -> SecretValue:
            age = self._policy.slug_max_age
            return single(ask, self._identity(ask), scope, name, version=version, slug_max_age=age).value

        return self._ask(asked, timeout)

    def _ask(self, asked: Callable[[Ask], T], timeout: float) -> Future[T]:
        """Return what comes of a question that is asked once.

        It is no target that comes: one would be looked at, compared and remembered, for nobody.
        """
        key, done = f"{next(self._names)}", Future[T]()
        done.set_running_or_notify_cancel()
        came: list[T] = []

        def desired(ask: Ask) -> tuple[Target, ...]:
            came.append(asked(ask))
            return ()

        def told(error: SecretSyncError | None) -> None:
            del self._told[key]
            done.set_exception(error) if error else done.set_result(came.pop())

        deadline = self._clock.monotonic() + timeout
        self._begin(Subject(key, CALLER, desired, b"", INTERVAL, max_age=0.0, once=True, deadline=deadline), told)
        return done

    # -- watches

    def watch(
        self, project: str, environment: str, path: str, states: States, *, recursive: bool, interval: float, push: bool
    ) -> Callable[[], None]:
        """Have `states` told what a folder is; what is returned ends that."""
        scope = _scope(project, environment, path, recursive=recursive)
        if fake := overrides.active():
            try:
                states.put(fake.folder(project, environment, path, recursive=recursive))
            except NotFound as error:
                states.told(error)
            return states.end
        key = f"{next(self._names)}"
        saw = partial(self._saw, key) if push else _unseen

        def desired(ask: Ask) -> Content:
            query, document = self._folder(ask, scope)
            saw(query, document)
            return document.fields(Flatten())

        self._mailbox.expect(_ref(key), states.put)
        subject = Subject(key, CALLER, partial(self._delivered, key, desired), self._digest(scope), interval)
        if push:
            self._interests.add(key)
        self._begin(subject, partial(self._watched, key, states))
        if push:
            self._keep_token()
        return partial(self._unwatch, key, states)

    def _watched(self, key: str, states: States, error: SecretSyncError | None) -> None:
        if isinstance(error, ClientClosed):
            self._forget(key)
            states.end(error if isinstance(error, EngineStopped) else None)
        else:
            states.told(error)

    def _unwatch(self, key: str, states: States) -> None:
        if self._forget(key):
            self._driver.send(Withdrawn(key))
        states.end()

    def _saw(self, key: str, query: Folder, document: Document) -> None:
        """Listen to what a watch was made of. Called on the engine's thread, at each evaluation."""
        for lost in self._interests.keep(key, [Watched(query, imported(document))]):
            self._feeds.forget(lost)
        if self._interests.keeps(query):
            self._feeds.watch(query, document)

    def _keep_token(self) -> None:
        """Have the engine keep a token for the feeds, renewed like any answer that somebody asks for."""
        self._mailbox.expect(_ref(_TOKEN), lambda content: self._feeds.token(content[_TOKEN]))
        self._driver.send(Applied(Subject(_TOKEN, CALLER, self._token, b"", INTERVAL)))

    def _token(self, ask: Ask) -> tuple[Target, ...]:
        token = ask(Token(self._identity(ask)))
        content = {_TOKEN: token.value} if isinstance(token, Found) else {}
        return (Target(_ref(_TOKEN), content, DELIVERY, mark=_TOKEN),)

    # -- leases

    def lend(self, project: str, environment: str, path: str, name: str, *, ttl: str, timeout: float) -> Loan:
        """Return a lease of a dynamic secret that is looked after until it is given back."""
        scope = _scope(project, environment, path)
        if fake := overrides.active():
            return given(fake.folder(project, environment, f"{absolute(path)}/{name}"))
        key = f"{next(self._names)}"

        def query(ask: Ask) -> DynamicSecret:
            age = self._policy.slug_max_age
            return leased(ask, self._identity(ask), scope, name, ttl=ttl, holder=key, slug_max_age=age)

        return self._loans.lend(key, query, deadline=self._clock.monotonic() + timeout)

    def give_back(self, loan: Loan) -> Future[None]:
        """Have a lease given back; the future is resolved when that was tried, and it is tried until it works."""
        return self._loans.give_back(loan)

    # -- between the engine and who asked

    def _begin(self, subject: Subject, told: Told) -> None:
        with self._lock:
            over = self._over()
            if over is None:
                self._told[subject.key] = told
        if over is not None:
            self._forget(subject.key)
            raise over
        self._driver.send(Applied(subject))

    def _over(self) -> ClientClosed | None:
        """Return why nothing can be asked any more, if so."""
        if self._closed:
            return ClientClosed("the client is closed; open another one")
        return EngineStopped(self._fault) if self._fault else None

    def _died(self, why: str) -> None:
        """Tell everybody who waits. Called on the engine's thread, as the last it does."""
        with self._lock:
            self._fault = f"{why}; open another client"
            waiting = tuple(self._told.values())
        for told in waiting:
            told(EngineStopped(self._fault))

    def _forget(self, key: str) -> bool:
        """Return whether somebody heard of it until now."""
        self._mailbox.forget(_ref(key))
        for query in self._interests.drop(key):
            self._feeds.forget(query)
        return self._told.pop(key, None) is not None

    def _reported(self, report: Report) -> None:
        """Called on the engine's thread: the content, if any, was put before."""
        if told := self._told.get(report.key):
            told(report.outcome.errors[0] if report.outcome.errors else None)

    def _delivered(self, key: str, desired: Callable[[Ask], Content], ask: Ask) -> tuple[Target, ...]:
        return (Target(_ref(key), desired(ask), DELIVERY, mark=key),)

    def _folder(self, ask: Ask, scope: Scope) -> tuple[Folder, Document]:
        return found(ask, self._identity(ask), scope, slug_max_age=self._policy.slug_max_age)

    def _identity(self, ask: Ask) -> Identity:
        return Identity(self._host, self._auth, _GIVEN, ask.digest(_GIVEN))

    def _limit(self, host: str) -> int:
        return _NO_LIMIT if host == CALLER else self._policy.in_flight


def _unseen(query: Folder, document: Document) -> None:
    """Nobody listens to what was read."""


def _resolved(result: Callable[[], T]) -> Future[T]:
    done: Future[T] = Future()
    try:
        done.set_result(result())
    except SecretSyncError as error:
        done.set_exception(error)
    return done


def _ref(key: str) -> Ref:
    return Ref(CALLER, KIND, key)


def _scope(project: str, environment: str, path: str, *, recursive: bool = False) -> Scope:
    if not project or not environment:
        raise InvalidInput(["name a project (slug or id) and an environment (slug)"])
    by_id = _UUID.fullmatch(project) is not None
    named: dict[str, Any] = {"project_id" if by_id else "project_slug": project}
    return Scope(environment, path, recursive=recursive, **named)
