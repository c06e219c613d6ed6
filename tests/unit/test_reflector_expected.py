"""What is read or written past a watch is heard of when it ends, however briefly it was there."""

from __future__ import annotations

import pytest
from attrs import define, field

from secretsync.testing import ManualClock
from secretsync_k8s.cluster.reflector import Reflector, Reflectors
from secretsync_k8s.cluster.resources import SECRETS
from secretsync_k8s.cluster.transport import ApiError

KEY = ("shop", "app")


def item(name):
    return {"metadata": {"namespace": "shop", "name": name, "uid": f"uid-{name}", "resourceVersion": "1"}}


@define
class Server:
    """Holds what lists show; every watch tells `events` and then ends as too old."""

    items: list = field(factory=list)
    events: list = field(factory=list)
    during_list: object = lambda: None

    def request(self, method, path, **_):
        self.during_list()
        return {"metadata": {"resourceVersion": "9"}, "items": self.items}

    def stream(self, path, **_):
        return self

    def __iter__(self):
        yield from self.events
        raise ApiError("watch", "Expired", status=410)

    def close(self):
        pass


@pytest.fixture
def server():
    return Server()


@pytest.fixture
def told():
    return []


@pytest.fixture
def watch(server, told):
    made = Reflector(server, SECRETS, clock=ManualClock(), chance=lambda: 0.0)
    made.listen(lambda change: told.append((change.type.value, change.object["metadata"]["name"])))
    return made


def test_what_came_and_went_while_the_watch_was_broken_is_told_as_gone_once(watch, told):
    watch.step()
    watch.expect(KEY)
    watch.step()
    watch.step()
    assert told == [("DELETED", "app")]


def test_what_the_list_shows_is_there(watch, server, told):
    watch.expect(KEY)
    server.items.append(item("app"))
    watch.step()
    watch.expect(KEY)
    watch.step()
    assert told == [("ADDED", "app")]


def test_what_an_event_showed_is_known(watch, server, told):
    server.during_list = lambda: watch.expect(KEY)
    server.events = [{"type": "ADDED", "object": item("app")}]
    watch.step()
    assert told == [("ADDED", "app")]
    assert watch._expected == set(), "nothing piles up while a watch goes on"


def test_what_is_expected_during_a_list_waits_for_the_next(watch, server, told):
    server.during_list = lambda: watch.expect(KEY)
    watch.step()
    assert told == []
    server.during_list = lambda: None
    watch.step()
    assert told == [("DELETED", "app")]


def test_the_watch_of_its_namespace_expects_it(server):
    watches = Reflectors(server, namespaces=("shop", "bank"), clock=ManualClock(), chance=lambda: 0.0)
    watches.listen(SECRETS, lambda change: None)
    watches.expect(SECRETS, KEY)
    watches.expect(SECRETS, ("elsewhere", "app"))
    expected = {place: watches.get(SECRETS, namespace=place)._expected for place in ("shop", "bank")}
    assert expected == {"shop": {KEY}, "bank": set()}
