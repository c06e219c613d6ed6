"""List and watch: what is told, when the list is repeated, and how the loop ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Event, Thread

import pytest
from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st

from secretsync.errors import Unavailable
from secretsync.testing.clock import ManualClock
from secretsync_k8s.cluster.reflector import Change, Reflector
from secretsync_k8s.cluster.resources import SECRETS
from secretsync_k8s.cluster.transport import METADATA, METADATA_LIST, Json, refused

PATIENCE = 10.0
"""Seconds after which a test that waits for a thread gives up; never waited in a good run."""


def item(name: str, version: int, uid: str = "") -> Json:
    return {
        "metadata": {"namespace": "shop", "name": name, "uid": uid or f"uid-{name}", "resourceVersion": str(version)}
    }


def listed(version: int, *items: Json) -> Json:
    return {"metadata": {"resourceVersion": str(version)}, "items": list(items)}


def event(kind: str, thing: Json) -> Json:
    return {"type": kind, "object": thing}


EXPIRED = event("ERROR", {"kind": "Status", "code": 410, "reason": "Expired"})
DOWN = Unavailable("the kubernetes API", "watch", "the connection is refused")


@define
class FakeStream:
    """What a server sends: objects, then an error or the end; None waits for `close`."""

    script: list[Json | Exception | None]
    closed: Event = field(factory=Event)
    waiting: Event = field(factory=Event)

    def __iter__(self) -> Iterator[Json]:
        for step in self.script:
            if step is None:
                self.waiting.set()
                assert self.closed.wait(PATIENCE)
                return
            if isinstance(step, Exception):
                raise step
            yield step

    def close(self) -> None:
        self.closed.set()


@define
class FakeServer:
    """Answers lists and watches from a script; the last watch stays open until it is closed."""

    lists: list[Json | Exception]
    watches: list[FakeStream | Exception]
    queries: list[tuple[str, dict[str, str], str]] = field(factory=list)
    idle: FakeStream = field(factory=lambda: FakeStream([None]))
    before: Callable[[str], None] = lambda kind: None

    def request(self, method, path, *, query, accept, timeout):
        self.before("list")
        self.queries.append(("list", dict(query), accept))
        return raised(self.lists.pop(0))

    def stream(self, path, *, query, accept, timeout):
        self.before("watch")
        self.queries.append(("watch", dict(query), accept))
        return raised(self.watches.pop(0)) if self.watches else self.idle


def raised(step):
    if isinstance(step, Exception):
        raise step
    return step


def told(changes: list[Change]) -> list[tuple[str, str, str]]:
    return [(c.type.value, c.object["metadata"]["name"], c.object["metadata"]["resourceVersion"]) for c in changes]


def reflector(server: FakeServer, on_change: Callable[[Change], None] = lambda change: None, **options) -> Reflector:
    options = {"clock": ManualClock(), "chance": lambda: 0.0} | options
    made = Reflector(server, SECRETS, **options)
    made.listen(on_change)
    return made


def run(
    server: FakeServer, on_change: Callable[[Change], None] | None = None, **options
) -> tuple[Reflector, list[Change]]:
    """Follow the server until it has nothing more to say, and stop."""
    changes: list[Change] = []
    watch = reflector(server, on_change or changes.append, **options)
    watch.start()
    assert server.idle.waiting.wait(PATIENCE)
    watch.stop()
    assert not watch._thread.is_alive()
    return watch, changes


def test_a_list_is_told_as_added_and_then_each_event():
    events = [
        event("ADDED", item("b", 6)),
        event("MODIFIED", item("a", 7)),
        event("BOOKMARK", {"metadata": {"resourceVersion": "9"}}),
        event("DELETED", item("b", 10)),
    ]
    server = FakeServer([listed(5, item("a", 3))], [FakeStream(events)])
    watch, changes = run(server)
    assert told(changes) == [("ADDED", "a", "3"), ("ADDED", "b", "6"), ("MODIFIED", "a", "7"), ("DELETED", "b", "10")]
    assert watch.synced.is_set()
    assert watch.failing_since is None
    versions = [query.get("resourceVersion") for _, query, _ in server.queries]
    assert versions == [None, "5", "10"], "the second watch goes on where the first ended, without a list"


def test_a_bookmark_moves_the_version():
    bookmark = event("BOOKMARK", {"metadata": {"resourceVersion": "9"}})
    server = FakeServer([listed(5)], [FakeStream([bookmark])])
    _, changes = run(server)
    assert not changes
    assert server.queries[-1][1]["resourceVersion"] == "9"


@pytest.mark.parametrize(
    "too_old",
    [
        pytest.param(FakeStream([EXPIRED]), id="as an event"),
        pytest.param(refused("watch", 410, {"reason": "Expired"}), id="as an answer"),
    ],
)
def test_when_the_version_is_too_old_the_list_tells_only_what_differs(too_old):
    before = listed(5, item("same", 1), item("changed", 2), item("gone", 3), item("anew", 4, "uid-old"))
    after = listed(20, item("same", 1), item("changed", 12), item("new", 13), item("anew", 14, "uid-new"))
    server = FakeServer([before, after], [too_old])
    _, changes = run(server)
    assert sorted(told(changes[4:])) == sorted(
        [
            ("DELETED", "gone", "3"),
            ("DELETED", "anew", "4"),
            ("ADDED", "anew", "14"),
            ("MODIFIED", "changed", "12"),
            ("ADDED", "new", "13"),
        ]
    )
    order = [(c.type.value, c.object["metadata"]["uid"]) for c in changes if c.object["metadata"]["name"] == "anew"]
    assert order == [("ADDED", "uid-old"), ("DELETED", "uid-old"), ("ADDED", "uid-new")]


def test_what_an_event_told_is_not_told_again_by_a_list():
    events = [
        event("ADDED", item("new", 6)),
        event("MODIFIED", item("kept", 7)),
        event("DELETED", item("gone", 8)),
        EXPIRED,
    ]
    before, after = listed(5, item("kept", 1), item("gone", 2)), listed(20, item("kept", 7), item("new", 6))
    _, changes = run(FakeServer([before, after], [FakeStream(events)]))
    assert told(changes[2:]) == [("ADDED", "new", "6"), ("MODIFIED", "kept", "7"), ("DELETED", "gone", "8")]


worlds = st.dictionaries(st.sampled_from("abcd"), st.tuples(st.integers(1, 3), st.sampled_from("xy")), max_size=4)


@given(st.lists(worlds, min_size=1, max_size=4))
def test_who_follows_the_changes_knows_every_list(history):
    lists = [listed(n + 1, *(item(k, v, u) for k, (v, u) in world.items())) for n, world in enumerate(history)]
    server = FakeServer(list(lists), [FakeStream([EXPIRED]) for _ in lists[1:]])
    replica: dict[str, Json] = {}

    def follow(change: Change) -> None:
        name = change.object["metadata"]["name"]
        known = replica.pop(name, None)
        assert (known is None) == (change.type.value == "ADDED")
        if change.type.value != "DELETED":
            replica[name] = change.object

    run(server, on_change=follow)
    assert replica == {i["metadata"]["name"]: i for i in lists[-1]["items"]}


def test_an_error_is_waited_out_and_the_watch_goes_on_from_its_version():
    server = FakeServer([listed(5)], [DOWN, FakeStream([event("ADDED", item("a", 6)), DOWN])])
    watch, changes = run(server)
    assert told(changes) == [("ADDED", "a", "6")]
    assert [kind for kind, _, _ in server.queries] == ["list", "watch", "watch", "watch"]
    assert watch.failing_since is None


def test_until_the_list_is_there_nothing_is_synced_and_the_failure_has_a_time(caplog):
    clock = ManualClock()
    seen: list[object] = []

    def before(kind: str) -> None:
        seen.append((kind, watch.synced.is_set(), watch.failing_since))
        clock.advance(1.0)

    server = FakeServer([DOWN, DOWN, DOWN, listed(1)], [], before=before)
    watch = reflector(server, clock=clock)
    watch.start()
    assert server.idle.waiting.wait(PATIENCE)
    watch.stop()
    assert seen == [("list", False, None)] + [("list", False, 1.0)] * 3 + [("watch", True, 1.0)]
    assert watch.failing_since is None
    warnings = [r.getMessage() for r in caplog.records if r.levelname == "WARNING"]
    assert warnings == [f"cannot follow /api/v1/secrets: {DOWN}"], "told once, not each time"


def test_metadata_and_a_selector_are_asked_for():
    server = FakeServer([listed(5)], [])
    run(server, namespace="shop", metadata_only=True, label_selector="a=b")
    (_, listing, as_list), (_, watching, as_object) = server.queries
    assert (as_list, as_object) == (METADATA_LIST, METADATA)
    assert listing == {"labelSelector": "a=b", "limit": "500"}
    assert watching["labelSelector"] == "a=b"
    assert watching["allowWatchBookmarks"] == "true"
    assert watching["timeoutSeconds"] == "300"


def test_stop_closes_the_stream_and_nothing_more_is_told():
    server = FakeServer([listed(5)], [])
    watch, _ = run(server)
    assert server.idle.closed.is_set()
    assert watch.failing_since is None


def test_stop_during_a_back_off_does_not_wait_for_it():
    server = FakeServer([DOWN], [])
    failing = Event()

    def chance() -> float:
        failing.set()
        return 60.0

    watch = reflector(server, chance=chance)
    watch.start()
    assert failing.wait(PATIENCE)
    watch.stop()
    assert not watch._thread.is_alive()


def test_stop_while_the_watch_is_being_opened_closes_it():
    opening, stopped = Event(), Event()

    def before(kind: str) -> None:
        if kind == "watch":
            opening.set()
            assert stopped.wait(PATIENCE)

    server = FakeServer([listed(5)], [], before=before)
    watch = reflector(server)
    watch.start()
    assert opening.wait(PATIENCE)
    stopping = Thread(target=watch.stop)
    stopping.start()
    assert watch._stopping.wait(PATIENCE)
    stopped.set()
    stopping.join(PATIENCE)
    assert not watch._thread.is_alive()
    assert server.idle.closed.is_set()
