"""Who listens to which change feed, and what comes of it, at a development KMS and with the engine played by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from queue import Empty, SimpleQueue
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest

from secretsync.auth.token import Token
from secretsync.backends.kms.events import Place
from secretsync.backends.kms.queries import Folder
from secretsync.backends.kms.webhook import Changed
from secretsync.client_policy import OPERATOR
from secretsync.clock import Deadline
from secretsync.devserver import DevServer
from secretsync.http import Http
from secretsync.queries import Absent, Found, Identity, Query, query
from secretsync.reconcile.messages import Applied, Moved, Subject, Withdrawn
from secretsync.runtime.clock import SystemClock
from secretsync.runtime.feeds import Feeds
from secretsync.values import Document, SecretValue
from secretsync_k8s.operator.hearing import Hearing, Overheard
from stand import eventually

CLOCK = SystemClock()
SEED = """
projects: [{id: p1, slug: shop}]
identities:
  - {id: i, universal: {clientId: c, clientSecret: s}, grants: [{project: shop, actions: [read, subscribe]}]}
secrets: {shop: {prod: {/app: {A: a}, /other: {B: b}}}}
"""
PATIENCE = 10.0


@query
class Kept(Query[object]):
    """Stands for where credentials are kept."""


class Play:
    """A hearing, and an engine that does nothing but note what it is told."""

    def __init__(self, server: DevServer, http: Http, *, webhooks: bool = False) -> None:
        self.server = server
        self.identity = Identity(server.url, "m", Kept())
        self.app = Folder(self.identity, "p1", "prod", "/app")
        self.other = Folder(self.identity, "p1", "prod", "/other")
        self.moved: SimpleQueue[Moved] = SimpleQueue()
        self.told: Counter[str] = Counter()
        self.hearing = Hearing(
            self.moved.put,
            made=lambda send: Feeds(http, send=send, clock=CLOCK, chance=lambda: -1.0 / 29),  # no pause
            told=lambda by: self.told.update([by]),
            webhooks=webhooks,
        )

    def log_in(self) -> SecretValue:
        return self.server.model.login(client_id="c", client_secret=SecretValue("s")).token

    def apply(self, key: str, *folders: Folder, instant: bool = True) -> None:
        self.hearing.follow(Applied(subject(key)))
        self.evaluate(key, *folders, instant=instant)

    def evaluate(self, key: str, *folders: Folder, instant: bool = True) -> None:
        ask: Any = Asked(folders)
        self.hearing.saw(key, ask, instant=instant)

    def use(self, token: SecretValue) -> None:
        self.hearing.used(self.identity, token)

    def next(self) -> Query[Any]:
        try:
            return self.moved.get(timeout=PATIENCE).query
        except Empty:
            pytest.fail("nothing was told")


class Asked:
    """A run that has the answers of these folders."""

    def __init__(self, folders: Sequence[Folder]) -> None:
        self.asked = dict.fromkeys([*folders, Kept()], 1.0)

    def __call__(self, query: Folder) -> Found[Document]:
        return Found(Document())


def subject(key: str, *, deleted: bool = False) -> Subject:
    return Subject(key, "cluster", lambda ask: (), b"", 60.0, deleted=deleted)


@pytest.fixture
def http() -> Iterator[Http]:
    http = Http(OPERATOR, CLOCK)
    yield http
    http.close()


@pytest.fixture
def play(server: DevServer, http: Http) -> Iterator[Play]:
    play = Play(server, http)
    yield play
    play.hearing.close()


def listening(play: Play, key: str = "a") -> None:
    """Have an object listen to /app; return when the feed is open and what changed before is being looked for."""
    play.apply(key, play.app)
    assert play.next() == play.app, "the first look brings the token"
    play.use(play.log_in())
    assert play.next() == play.app, "what changed before the feed was open"


def test_a_change_puts_the_answer_in_doubt_and_is_counted(play: Play) -> None:
    listening(play)
    assert play.hearing.open_feeds() == {play.server.url: 1}
    told = play.told["feed"]
    play.server.model.put("shop", "prod", "/app", {"A": "changed"})
    assert play.next() == play.app
    assert play.told["feed"] == told + 1


def test_objects_share_one_connection(play: Play) -> None:
    listening(play)
    play.apply("b", play.app)
    play.apply("c", play.other)  # which it does not hear of yet: it is replaced
    while play.next() != play.other:
        pass
    while play.server.model.feed.connections > 1:
        Event().wait(0.01)  # the one that was replaced ends when the server notices
    assert play.hearing.open_feeds() == {play.server.url: 1}


@pytest.mark.parametrize("end", ["withdrawn", "deleted", "polls", "elsewhere"])
def test_the_connection_ends_with_the_last_who_asks_for_it(play: Play, end: str) -> None:
    listening(play)
    play.apply("b", play.app)
    for key in ("a", "b"):
        assert play.hearing.open_feeds() == {play.server.url: 1}
        match end:
            case "withdrawn":
                play.hearing.follow(Withdrawn(key))
            case "deleted":
                play.hearing.follow(Applied(subject(key, deleted=True)))
            case "polls":
                play.evaluate(key, play.app, instant=False)
            case "elsewhere":
                play.evaluate(key)
    assert play.hearing.open_feeds() == {}
    eventually(lambda: play.server.model.feed.connections == 0)


def test_a_run_that_ends_after_its_object_opens_nothing(play: Play) -> None:
    play.hearing.follow(Applied(subject("a")))
    play.hearing.follow(Withdrawn("a"))
    play.evaluate("a", play.app)
    assert play.hearing.open_feeds() == {}


def test_a_refused_token_is_asked_for_by_a_read(play: Play) -> None:
    listening(play)
    play.server.model.revoke_tokens()
    play.server.model.feed.drop()
    assert [play.next(), play.next()] == [Token(play.identity), play.app]
    play.use(play.log_in())
    assert play.next() == play.app, "it is open again"


def test_a_dropped_connection_comes_back_and_looks_for_what_it_missed(play: Play) -> None:
    listening(play)
    play.server.model.feed.drop()
    assert play.next() == play.app
    play.server.model.put("shop", "prod", "/app", {"A": "changed"})
    assert play.next() == play.app


def test_another_identity_has_a_connection_of_its_own(play: Play, server: DevServer) -> None:
    listening(play)
    rotated = Folder(Identity(server.url, "m", Kept(), b"another"), "p1", "prod", "/app")
    play.evaluate("a", rotated)
    assert play.next() == rotated
    play.hearing.used(rotated.identity, play.log_in())
    assert play.next() == rotated
    assert play.hearing.open_feeds() == {server.url: 1}


def test_without_a_plan_nothing_is_open_and_nothing_asked_for(play: Play) -> None:
    play.server.model.feed.plan = False
    play.apply("a", play.app)
    assert play.next() == play.app
    play.use(play.log_in())
    eventually(lambda: play.server.asked("events"))
    assert play.hearing.open_feeds() == {play.server.url: 0}


def test_webhooks_tell_of_all_objects_and_feeds_of_those_that_ask(server: DevServer, http: Http) -> None:
    play = Play(server, http, webhooks=True)
    play.apply("a", play.app, instant=False)
    play.hearing.changed(Changed("p1", Place("prod", "/app")))
    assert play.next() == play.app
    assert play.told == {"webhook": 1}
    assert play.hearing.open_feeds() == {}
    play.hearing.follow(Withdrawn("a"))
    play.hearing.changed(Changed())
    assert play.moved.empty()


class Answering:
    """A backend with one answer."""

    answers = frozenset({Folder, Token})

    def __init__(self, answer: object) -> None:
        self.answer = answer

    def read(self, queries: Sequence[Any], **_: object) -> Mapping[Any, Any]:
        return dict.fromkeys(queries, self.answer)


@pytest.mark.parametrize("answer", [Found(Document()), Absent()])
def test_tokens_that_were_accepted_are_overheard(play: Play, answer: object) -> None:
    used: list[object] = []
    hearing: Any = SimpleNamespace(used=lambda identity, token: used.append((identity, token)))
    backend: Any = Answering(answer)
    token = SecretValue("t")
    for asked in (play.app, Token(play.identity)):
        Overheard(backend, hearing).read([asked], known={}, credential=Found(token), deadline=Deadline(CLOCK))
    assert used == [(play.identity, token)]
