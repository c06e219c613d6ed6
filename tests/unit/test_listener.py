"""A listener at the development KMS's feed: every change is told, whatever happens to the connection."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from threading import Event

import pytest
from attrs import evolve

from secretsync.backends.kms.events import Place, Watched, listen
from secretsync.backends.kms.queries import Folder
from secretsync.backends.kms.watching import DEBOUNCE
from secretsync.client_policy import SDK
from secretsync.devserver import DevServer, Fault
from secretsync.http import Http, Stream
from secretsync.queries import Identity, Query, query
from secretsync.runtime.clock import SystemClock
from secretsync.runtime.listener import Listener
from secretsync.values import SecretValue

CLOCK = SystemClock()
SEED = """
projects: [{id: p1, slug: shop}]
identities:
  - {id: i, universal: {clientId: all, clientSecret: s}, grants: [{project: shop, actions: [read, subscribe]}]}
secrets: {shop: {prod: {/app: {A: a}, /other: {B: b}}}}
"""


@query
class Kept(Query[object]):
    """Stands for where a shell keeps credentials."""


class Heard:
    """What a listener tells."""

    def __init__(self, server: DevServer, http: Http, *, silence: float = 10.0) -> None:
        self.server = server
        self.identity = Identity(server.url, "universal-auth", Kept(), b"")
        self.suspects: SimpleQueue[tuple[Folder, ...]] = SimpleQueue()
        self.renewed = Event()
        self.over = Event()
        self.connected: SimpleQueue[tuple[Place, ...]] = SimpleQueue()
        self.app = Folder(self.identity, "p1", "prod", "/app")

        @contextmanager
        def connect(places: tuple[Place, ...], token: SecretValue) -> Iterator[Stream]:
            self.connected.put(places)
            try:
                with listen(http, self.identity, "p1", places, token, silence=silence) as stream:
                    yield stream
            finally:
                self.over.set()

        self.listener = Listener(
            connect, suspect=self._suspect, renew=self.renewed.set, clock=CLOCK, chance=lambda: -1.0 / 29
        )

    def _suspect(self, queries: Iterable[Folder]) -> None:
        self.suspects.put(tuple(queries))

    def login(self) -> None:
        self.listener.token(self.server.model.login(client_id="all", client_secret=SecretValue("s")).token)

    def next(self) -> tuple[Folder, ...]:
        return self.suspects.get(timeout=10)


@pytest.fixture
def server(server: DevServer) -> DevServer:
    server.model.feed.ping_every = 0.05
    return server


@pytest.fixture
def http() -> Iterator[Http]:
    http = Http(evolve(SDK, connect_timeout=5.0), CLOCK)
    yield http
    http.close()


@pytest.fixture
def heard(server: DevServer, http: Http) -> Iterator[Heard]:
    made = Heard(server, http)
    yield made
    made.listener.close()


def put(server: DevServer, text: str, path: str = "/app") -> None:
    server.model.put("shop", "prod", path, {"A": text})


def open_(heard: Heard) -> None:
    heard.listener.watch(Watched(heard.app))
    heard.login()
    assert heard.next() == (heard.app,)


def test_a_change_is_told_once_it_is_open(server: DevServer, heard: Heard) -> None:
    open_(heard)
    put(server, "1", "/other")
    put(server, "2")
    put(server, "3")
    began = CLOCK.monotonic()
    assert heard.next() == (heard.app,)
    assert CLOCK.monotonic() - began < 1.0 + DEBOUNCE
    assert heard.suspects.empty()


@pytest.mark.parametrize("fault", [{"twice": True}, {"oversize": True}, {"release": "first"}])
def test_events_of_another_form_are_heard_too(server: DevServer, heard: Heard, fault: dict[str, object]) -> None:
    for name, value in fault.items():
        setattr(server.model.feed, name, value)
    open_(heard)
    put(server, "1")
    assert heard.next() == (heard.app,)


@pytest.mark.parametrize(
    "end",
    [lambda server: server.model.feed.drop(), lambda server: (server.stop(), server.start())],
    ids=["dropped", "restarted"],
)
def test_after_an_end_it_comes_back_and_looks_at_everything(
    server: DevServer, heard: Heard, end: Callable[[DevServer], object]
) -> None:
    open_(heard)
    end(server)
    put(server, "unheard")
    assert heard.next() == (heard.app,)
    put(server, "heard")
    assert heard.next() == (heard.app,)


def test_a_half_open_connection_is_given_up(server: DevServer, http: Http) -> None:
    server.model.feed.ping_every = None
    heard = Heard(server, http, silence=0.1)
    try:
        open_(heard)
        assert heard.next() == (heard.app,)  # it is opened a second time, because nothing was heard of the first
        assert heard.connected.qsize() >= 2
    finally:
        heard.listener.close()


def test_what_is_watched_later_is_heard_too(server: DevServer, heard: Heard) -> None:
    open_(heard)
    other = Folder(heard.identity, "p1", "prod", "/other")
    heard.listener.watch(Watched(other))
    assert set(heard.next()) == {heard.app, other}
    heard.listener.forget(heard.app)
    put(server, "1")
    put(server, "2", "/other")
    assert heard.next() == (other,)


def test_a_refused_token_is_renewed(server: DevServer, heard: Heard) -> None:
    heard.listener.watch(Watched(heard.app))
    server.faults.add(Fault("events", status=401, count=1))
    heard.login()
    assert heard.renewed.wait(10)
    heard.login()
    assert heard.next() == (heard.app,)


def test_without_the_plan_it_asks_once(server: DevServer, heard: Heard) -> None:
    server.model.feed.plan = False
    heard.listener.watch(Watched(heard.app))
    heard.login()
    assert heard.over.wait(10)
    heard.listener.close()
    assert (len(server.asked("events")), heard.suspects.empty()) == (1, True)


def test_no_token_is_shown(server: DevServer, heard: Heard, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        open_(heard)
        server.model.feed.drop()
        heard.next()
    token = server.model.login(client_id="all", client_secret=SecretValue("s")).token.text()
    assert token[:20] not in caplog.text
    assert "Bearer" not in caplog.text
