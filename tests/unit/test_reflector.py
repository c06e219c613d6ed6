"""List and watch: what is told, when the list is repeated, and how the loop ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Event, Thread

import pytest
from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st

from secretsync.errors import Forbidden, RateLimited, Unavailable
from secretsync.testing.clock import ManualClock
from secretsync_k8s.cluster.reflector import SILENCE, Reflector, Reflectors
from secretsync_k8s.cluster.replica import Change
from secretsync_k8s.cluster.resources import NAMESPACES, SECRETS
from secretsync_k8s.cluster.transport import JSON, METADATA, METADATA_LIST, Json, refused

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
    timeouts: list[float] = field(factory=list)
    idle: FakeStream = field(factory=lambda: FakeStream([None]))
    before: Callable[[str], None] = lambda kind: None

    def request(self, method, path, *, query, accept, timeout):
        self.before("list")
        self.queries.append(("list", dict(query), accept))
        return raised(self.lists.pop(0))

    def stream(self, path, *, query, accept, timeout):
        self.before("watch")
        self.queries.append(("watch", dict(query), accept))
        self.timeouts.append(timeout)
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


# -- pages


def page(version: int, token: str, *items: Json) -> Json:
    return {"metadata": {"resourceVersion": str(version), "continue": token}, "items": list(items)}


def test_a_list_comes_in_pages_and_all_of_it_is_known_before_the_first_is_told():
    server = FakeServer([page(5, "t1", item("a", 1)), page(5, "t2", item("b", 2)), listed(5, item("c", 3))], [])
    at_first: list[int] = []

    def on_change(change: Change) -> None:
        at_first.append(len(server.queries))

    run(server, on_change)
    assert at_first == [3, 3, 3]
    lists = [query for kind, query, _ in server.queries if kind == "list"]
    assert [query.get("continue") for query in lists] == [None, "t1", "t2"]
    assert {query["limit"] for query in lists} == {"500"}
    assert not any("resourceVersion" in query for query in lists), "never from a cache of the server"


def test_all_of_a_later_list_is_known_before_the_first_is_told():
    known: list[bool] = []

    def on_change(change: Change) -> None:
        known.append(not watch.lacks(("shop", "b")))

    server = FakeServer([listed(5), listed(20, item("a", 11), item("b", 12))], [FakeStream([EXPIRED])])
    watch = reflector(server, on_change)
    watch.start()
    assert server.idle.waiting.wait(PATIENCE)
    watch.stop()
    assert known == [True, True]


def test_a_watch_that_is_broken_knows_of_no_absence():
    server = FakeServer([listed(5)], [FakeStream([DOWN])])
    watch = reflector(server)
    watch.step()
    assert not watch.lacks(("shop", "a"))
    server.watches.append(FakeStream([]))
    watch.step()
    assert watch.lacks(("shop", "a")), "followed again"


def test_pages_that_expire_are_followed_by_one_list_of_everything():
    expired = refused("list", 410, {"reason": "Expired"})
    server = FakeServer([page(5, "t1", item("a", 1)), expired, listed(9, item("b", 2))], [])
    _, changes = run(server)
    assert told(changes) == [("ADDED", "b", "2")]
    assert server.queries[2][1] == {}


# -- interest


def test_what_nobody_asked_for_is_neither_kept_nor_told():
    wanted = {("shop", "a")}
    events = [event("ADDED", item("a", 6)), event("ADDED", item("b", 7)), event("DELETED", item("b", 8))]
    server = FakeServer([listed(5, item("c", 1))], [FakeStream(events)])
    changes: list[Change] = []
    watch = reflector(server)
    watch._listeners = ()
    watch.listen(changes.append, interest=wanted.__contains__)
    watch.step()
    assert told(changes) == [("ADDED", "a", "6")]
    assert [("shop", name) in watch._replica for name in "abc"] == [True, False, False]


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(FakeStream([event("MODIFIED", item("late", 7))]), id="by the next change"),
        pytest.param(FakeStream([EXPIRED]), id="by the next list"),
    ],
)
def test_what_is_asked_for_later_is_told(second):
    wanted: set[tuple[str, str]] = set()
    server = FakeServer(
        [listed(5, item("late", 1)), listed(8, item("late", 7))], [FakeStream([]), second, FakeStream([])]
    )
    changes: list[Change] = []
    watch = Reflector(server, SECRETS, clock=ManualClock(), chance=lambda: 0.0)
    watch.listen(changes.append, interest=wanted.__contains__)
    watch.step()
    assert not changes
    wanted.add(("shop", "late"))
    watch.step()
    watch.step()
    assert told(changes) == [("ADDED", "late", "7")]


def test_whose_interest_ends_and_begins_again_is_not_told_of_an_end():
    wanted = {("shop", "a")}
    server = FakeServer(
        [listed(5, item("a", 1)), listed(9, item("a", 2))],
        [FakeStream([EXPIRED]), FakeStream([event("MODIFIED", item("a", 10))])],
    )
    changes: list[Change] = []
    watch = Reflector(server, SECRETS, clock=ManualClock(), chance=lambda: 0.0)
    watch.listen(changes.append, interest=wanted.__contains__)
    watch.step()
    wanted.clear()
    server.before = lambda kind: wanted.add(("shop", "a")) if kind == "watch" else None
    watch.step()
    assert told(changes) == [("ADDED", "a", "1"), ("MODIFIED", "a", "10")]


def test_what_changes_while_nobody_asks_is_forgotten():
    wanted = {("shop", "a")}
    server = FakeServer([listed(5, item("a", 1))], [FakeStream([]), FakeStream([event("MODIFIED", item("a", 6))])])
    watch = Reflector(server, SECRETS, clock=ManualClock(), chance=lambda: 0.0)
    watch.listen(lambda change: None, interest=wanted.__contains__)
    watch.step()
    wanted.clear()
    watch.step()
    assert ("shop", "a") not in watch._replica


def test_each_listener_hears_what_it_asked_for_and_none_deafens_another(caplog):
    canary = "canary-6c1d"

    def failing(change: Change) -> None:
        raise ValueError(canary)

    server = FakeServer([listed(5, item("a", 1), item("b", 2))], [])
    watch, rest = reflector(server, failing), []
    only_b: list[Change] = []
    watch.listen(rest.append)
    watch.listen(only_b.append, interest=lambda key: key[1] == "b")
    watch._list()
    assert told(rest) == [("ADDED", "a", "1"), ("ADDED", "b", "2")]
    assert told(only_b) == [("ADDED", "b", "2")]
    assert [r.getMessage() for r in caplog.records] == [
        "a listener of /api/v1/secrets failed, by a fault of ours: ValueError"
    ] * 2
    assert canary not in caplog.text


def test_a_listener_comes_before_the_start():
    watch, _ = run(FakeServer([listed(1)], []))
    with pytest.raises(RuntimeError):
        watch.listen(lambda change: None)


# -- waiting


def lasting(clock: ManualClock, seconds: float, *script: object) -> FakeStream:
    """A watch that ends so many seconds after it was opened."""

    class Lasting(FakeStream):
        def __iter__(self) -> Iterator[Json]:
            clock.advance(seconds)
            return super().__iter__()

    return Lasting(list(script))


def test_a_long_watch_is_followed_by_the_next_at_once_and_a_short_one_after_a_back_off():
    clock = ManualClock()
    server = FakeServer([listed(5)], [lasting(clock, s) for s in (0.9, 0.9, 0.9, 1.0, 0.9)])
    watch = reflector(server, clock=clock, chance=lambda: 0.99)
    waits = [watch.step() for _ in range(5)]
    assert waits == pytest.approx([0.495, 0.99, 1.98, 0.0, 0.495])
    assert watch.failing_since is None


def test_failures_in_a_row_wait_longer_up_to_a_cap_and_begin_anew_after_a_good_watch():
    clock = ManualClock()
    server = FakeServer([listed(5)], [DOWN] * 9 + [lasting(clock, 60.0, DOWN)])
    watch = reflector(server, clock=clock, chance=lambda: 1.0)
    waits = [watch.step() for _ in range(10)]
    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0, 0.5]


def test_the_seconds_that_a_silent_server_has_cost_are_part_of_the_wait():
    clock = ManualClock()
    server = FakeServer([listed(5)], [DOWN] * 10)
    watch = reflector(server, clock=clock, chance=lambda: 1.0)
    for _ in range(7):
        watch.step()
    server.before = lambda kind: clock.advance(12.0)
    assert watch.step() == 18.0
    server.before = lambda kind: clock.advance(70.0)
    assert watch.step() == 0.0


def test_after_an_outage_a_version_that_is_too_old_is_followed_by_a_list_soon():
    gone = refused("watch", 410, {"reason": "Expired"})
    server = FakeServer([listed(5), listed(6), listed(7)], [FakeStream([]), *[DOWN] * 8, gone, gone, gone])
    watch = reflector(server, chance=lambda: 1.0)
    assert [watch.step() for _ in range(12)][8:] == [30.0, 0.5, 1.0, 2.0], "a list that never helps is made seldom"


@pytest.mark.parametrize(("asked", "waited"), [(7.0, 7.0), (0.0, 0.5), (86400.0, 60.0)])
def test_the_server_says_how_long_to_wait(asked, waited):
    server = FakeServer([RateLimited("the kubernetes API", "list", "too many requests", retry_after=asked)], [])
    assert reflector(server, chance=lambda: 1.0).step() == waited


def test_silence_is_bounded_and_counted():
    clock = ManualClock()
    server = FakeServer([listed(5)], [lasting(clock, 20.0, event("ADDED", item("a", 6)), DOWN)])
    watch = reflector(server, clock=clock)
    clock.advance(3.0)
    assert watch.silent_for == 3.0
    watch.step()
    assert watch.silent_for == 0.0, "the event was heard"
    clock.advance(SILENCE)
    assert watch.silent_for == SILENCE
    assert server.timeouts == [SILENCE]
    assert 60.0 < SILENCE <= 75.0 - 0.5 - 1.0, "longer than from one bookmark to the next, found within 75 s"


# -- what makes a version useless


@pytest.mark.parametrize(
    ("answer", "again"),
    [
        pytest.param(refused("watch", 410, {"reason": "Expired"}), "list", id="410"),
        pytest.param(refused("watch", 404, {"reason": "NotFound"}), "list", id="404: the CRD went and may come anew"),
        pytest.param(refused("watch", 504, {"reason": "Timeout"}), "list", id="504: a restored server is behind"),
        pytest.param(refused("watch", 503, {}), "watch", id="503"),
        pytest.param(refused("watch", 429, {}), "watch", id="429"),
        pytest.param(refused("watch", 403, {}), "watch", id="403"),
        pytest.param(DOWN, "watch", id="no answer"),
        pytest.param(FakeStream([event("ERROR", {"code": 500})]), "list", id="an event of error"),
        pytest.param(FakeStream([event("NEWS", item("a", 6))]), "list", id="an event of unknown type"),
        pytest.param(FakeStream([event("ADDED", {"metadata": {}})]), "list", id="an event without name"),
    ],
)
def test_what_follows_a_failed_watch(answer, again):
    server = FakeServer([listed(5), listed(6)], [answer, FakeStream([])])
    watch = reflector(server)
    watch.step()
    watch.step()
    assert [kind for kind, _, _ in server.queries][2] == again


def test_a_version_that_is_too_old_is_no_failure(caplog):
    watch = reflector(FakeServer([listed(5)], [FakeStream([EXPIRED])]))
    watch.step()
    assert watch.failing_since is None
    assert not caplog.records


def test_a_fault_of_ours_ends_nothing_and_shows_no_text(caplog):
    canary = "canary-88e0"

    def before(kind: str) -> None:
        if len(server.queries) == 1:
            server.queries.append((kind, {}, ""))
            raise KeyError(canary)

    server = FakeServer([listed(5), listed(5, item("a", 6))], [], before=before)
    watch, changes = run(server)
    assert told(changes) == [("ADDED", "a", "6")]
    assert "cannot follow /api/v1/secrets: by a fault of ours: KeyError" in caplog.text
    assert canary not in caplog.text
    assert watch.failing_since is None


# -- all watches of a process


@define
class ScopedServer:
    """Lists one object, named as the path it was asked at."""

    asked: list[tuple[str, str]] = field(factory=list)
    streams: list[FakeStream] = field(factory=list)

    def request(self, method, path, *, query, accept, timeout):
        self.asked.append((path, accept))
        return listed(1, item(path.rsplit("/", 2)[-2], 1))

    def stream(self, path, *, query, accept, timeout):
        self.streams.append(FakeStream([None]))
        return self.streams[-1]


def test_one_resource_is_listed_before_the_others():
    server = ScopedServer()
    watches = Reflectors(server, namespaces=["blue", "red"], clock=ManualClock(), chance=lambda: 0.0)
    for resource in (NAMESPACES, SECRETS):
        watches.listen(resource, lambda change: None)
    watches.start_all(first=SECRETS)
    assert watches.get(NAMESPACES).synced.wait(PATIENCE)
    watches.stop_all()
    assert [path.rpartition("/")[-1] for path, _ in server.asked] == ["secrets", "secrets", "namespaces"]


def test_who_cannot_be_listed_first_keeps_nobody_waiting_for_ever():
    class Server(ScopedServer):
        def request(self, method, path, **options):
            if "secrets" in path:
                raise Forbidden("k", "list", "forbidden", status=403)
            return super().request(method, path, **options)

    watches = Reflectors(Server(), clock=ManualClock(), chance=lambda: 0.0)
    for resource in (NAMESPACES, SECRETS):
        watches.listen(resource, lambda change: None)
    watches.start_all(first=SECRETS, patience=0.01)
    assert watches.get(NAMESPACES).synced.wait(PATIENCE)
    watches.stop_all()


def test_one_watch_serves_all_who_listen_to_a_resource_in_a_scope():
    server, clock = ScopedServer(), ManualClock()
    watches = Reflectors(server, namespaces=["blue", "red", "blue"], clock=clock, chance=lambda: 0.0)
    first, second, names = [], [], []
    watches.listen(SECRETS, first.append, metadata_only=True)
    watches.listen(SECRETS, second.append, metadata_only=True)
    watches.listen(NAMESPACES, names.append)
    assert not watches.synced
    watches.start_all()
    watches.start_all()
    for one in watches.all():
        assert one.synced.wait(PATIENCE)
    assert watches.synced
    watches.stop_all()
    assert sorted(server.asked) == [
        ("/api/v1/namespaces", JSON),
        ("/api/v1/namespaces/blue/secrets", METADATA_LIST),
        ("/api/v1/namespaces/red/secrets", METADATA_LIST),
    ]
    assert sorted(told(first)) == sorted(told(second)) == [("ADDED", "blue", "1"), ("ADDED", "red", "1")]
    assert len(names) == 1
    assert not any(one._thread.is_alive() for one in watches.all())


def test_the_form_and_the_namespace_make_a_watch():
    watches = Reflectors(ScopedServer(), clock=ManualClock(), chance=lambda: 0.0)
    one = watches.get(SECRETS)
    assert watches.get(SECRETS) is one
    assert watches.get(SECRETS, metadata_only=True) is not one
    assert watches.get(SECRETS, namespace="blue") is not one


def test_the_worst_watch_speaks_for_all():
    clock = ManualClock()
    watches = Reflectors(ScopedServer(), clock=clock, chance=lambda: 0.0)
    assert (watches.silent_for, watches.failing_since, watches.synced) == (0.0, None, True)
    first, second = watches.get(SECRETS), watches.get(NAMESPACES)
    clock.advance(4.0)
    second._hear()
    assert (watches.silent_for, watches.failing_since) == (4.0, None)
    first.failing_since, second.failing_since = 3.0, 2.0
    assert watches.failing_since == 2.0
