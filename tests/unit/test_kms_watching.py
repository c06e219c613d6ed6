"""When a change feed is opened and what its events put in doubt, in time that a test moves."""

from __future__ import annotations

import pytest

from secretsync.backends.kms.events import EVERYWHERE, Place, Watched
from secretsync.backends.kms.queries import Folder
from secretsync.backends.kms.watching import Connect, Drop, Phase, Renew, Suspect, Watching
from secretsync.clock import FOREVER
from secretsync.errors import (
    AuthenticationFailed,
    BackendError,
    Forbidden,
    InvalidRequest,
    PathNotFound,
    RateLimited,
    Unavailable,
    WrongEndpoint,
)
from secretsync.queries import Identity, Query, query


@query
class Kept(Query[object]):
    """Stands for where a shell keeps credentials."""


WHO = Identity("https://kms.example", "universal-auth", Kept(), b"")
APP, OTHER = Folder(WHO, "p", "prod", "/app"), Folder(WHO, "p", "prod", "/other")
AT_APP = Place("prod", "/app")


def watching(*queries: Folder) -> Watching:
    """A feed that is open for these."""
    made = Watching(chance=lambda: 0.5)
    for one in queries:
        made.watch(Watched(one))
    made.token()
    made.due(0.0)
    made.opened()
    return made


def test_nothing_is_opened_before_there_is_a_token_and_something_to_watch() -> None:
    made = Watching(chance=lambda: 0.5)
    assert (made.wake_at, made.due(0.0)) == (FOREVER, [])
    made.watch(Watched(APP))
    assert (made.wake_at, made.due(0.0)) == (FOREVER, [])
    made.token()
    assert made.due(1.0) == [Connect((AT_APP,))]
    assert made.due(1.0) == []


def test_what_is_watched_is_looked_at_once_the_feed_is_open() -> None:
    made = Watching(chance=lambda: 0.5)
    made.watch(Watched(APP))
    made.token()
    made.due(0.0)
    assert made.opened() == [Suspect((APP,))]
    assert made.phase is Phase.OPEN


def test_changes_that_come_together_are_one_doubt() -> None:
    made = watching(APP, OTHER)
    made.heard([AT_APP], 10.0)
    made.heard([AT_APP], 10.2)
    assert (made.wake_at, made.due(10.2)) == (10.25, [])
    assert made.due(10.25) == [Suspect((APP,))]
    assert (made.wake_at, made.due(20.0)) == (FOREVER, [])


def test_what_may_be_anything_doubts_everything_and_what_is_elsewhere_nothing() -> None:
    made = watching(APP, OTHER)
    made.heard([Place("prod", "/none")], 0.0)
    assert made.wake_at == FOREVER
    made.heard([EVERYWHERE], 0.0)
    assert made.due(1.0) == [Suspect((APP, OTHER))]


@pytest.mark.parametrize(
    ("error", "pause"),
    [
        (None, 15.5),
        (Unavailable("h", "o", "d"), 15.5),
        (RateLimited("h", "o", "d", retry_after=60.0), 60.0),
        (InvalidRequest("h", "o", "the plan", status=400), 3600.0),
        (Forbidden("h", "o", "d"), 3600.0),
        (PathNotFound("h", "o", "d"), 3600.0),
        (WrongEndpoint("h", "o", "d"), 3600.0),
    ],
)
def test_after_an_end_it_is_opened_again_when_that_may_help(error: BackendError | None, pause: float) -> None:
    made = watching(APP)
    assert made.ended(error, 100.0) == []
    assert made.wake_at == 100.0 + pause
    assert made.due(100.0 + pause) == [Connect((AT_APP,))]


@pytest.mark.parametrize(("chance", "pause"), [(0.0, 1.0), (1.0, 30.0)])
def test_reconnections_are_spread(chance: float, pause: float) -> None:
    made = Watching(chance=lambda: chance)
    made.watch(Watched(APP))
    made.token()
    made.ended(None, 100.0)
    assert made.wake_at == 100.0 + pause


def test_a_refused_token_is_replaced_before_the_next_try() -> None:
    made = watching(APP)
    assert made.ended(AuthenticationFailed("h", "o", "d"), 100.0) == [Renew()]
    assert made.wake_at == FOREVER
    made.token()
    assert made.due(101.0) == [Connect((AT_APP,))]


def test_a_feed_that_refuses_good_tokens_makes_no_storm_of_logins() -> None:
    made = watching(APP)
    made.ended(AuthenticationFailed("h", "o", "d"), 100.0)
    made.token()
    made.due(100.0)
    made.ended(AuthenticationFailed("h", "o", "d"), 100.0)
    made.token()
    assert made.wake_at == 400.0


def test_a_connection_that_hears_too_little_is_replaced_at_once() -> None:
    made = watching(APP)
    assert made.watch(Watched(OTHER)) == [Drop()]
    assert made.ended(None, 5.0) == []
    assert made.due(5.0) == [Connect((AT_APP, Place("prod", "/other")))]


def test_one_that_hears_enough_or_too_much_stays() -> None:
    made = watching(Folder(WHO, "p", "prod", "/", recursive=True))
    assert made.watch(Watched(APP)) == []
    assert made.watch(Watched(APP, frozenset({Place("prod", "/shared")}))) == []
    made.forget(APP)
    assert made.phase is Phase.OPEN


def test_what_came_while_connecting_is_registered_for_at_once() -> None:
    made = Watching(chance=lambda: 0.5)
    made.watch(Watched(APP))
    made.token()
    made.due(0.0)
    assert made.watch(Watched(OTHER)) == []
    assert made.opened() == [Suspect((APP, OTHER)), Drop()]


def test_a_connection_for_nobody_is_ended_and_the_next_need_not_wait() -> None:
    made = watching(APP, OTHER)
    assert made.forget(OTHER) == []
    assert made.forget(APP) == [Drop()]
    made.ended(None, 5.0)
    assert made.wake_at == FOREVER
    made.watch(Watched(APP))
    assert made.due(5.0) == [Connect((AT_APP,))]


def test_nobody_hears_of_what_was_forgotten() -> None:
    made = watching(APP, OTHER)
    made.heard([AT_APP], 0.0)
    made.forget(APP)
    assert made.due(1.0) == [Suspect(())]
