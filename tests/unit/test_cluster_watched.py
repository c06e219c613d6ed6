"""What a watch is made to expect, and what is not asked for because it has told that it is not there."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from attrs import define, field

from secretsync.clock import Deadline
from secretsync.digest import Digester
from secretsync.errors import TargetMoved
from secretsync.ports import AnyQuery
from secretsync.queries import Absent, Found
from secretsync.targets import Create, Observe
from secretsync.testing import ManualClock
from secretsync.values import SecretValue
from secretsync_k8s.cluster.configmaps import ClusterConfigMap
from secretsync_k8s.cluster.reflector import Interest, Reflector, Reflectors, everything
from secretsync_k8s.cluster.resources import CONFIGMAPS, KMSSECRETS, SECRETS, Resource
from secretsync_k8s.cluster.secrets import ClusterSecret, Secrets, target
from secretsync_k8s.cluster.trust import TrustBundles
from secretsync_k8s.cluster.watched import WatchedSecrets
from secretsync_k8s.testing import DirectTransport, MemoryCluster

PATIENCE = 20.0
HERE, ELSEWHERE = ("default", "here"), ("default", "elsewhere")


@define
class Watches:
    """Say what they are told to say, and note how many requests there had been when something was expected."""

    cluster: MemoryCluster
    lacking: bool = True
    expected: list[tuple[object, tuple[str, str], int]] = field(factory=list)

    def lacks(self, resource: object, key: tuple[str, str], *, metadata_only: bool) -> bool:
        assert (resource, metadata_only) == (SECRETS, True)
        return self.lacking

    def need(self, resource: Resource) -> None:
        """Secrets are watched from the start."""

    def expect(self, resource: object, key: tuple[str, str]) -> None:
        self.expected.append((resource, key, len(self.cluster.requests)))


@define
class Place:
    """Secrets of a cluster behind such watches."""

    cluster: MemoryCluster = field(factory=lambda: MemoryCluster(seed=0))
    watches: Watches = field(init=False)
    secrets: WatchedSecrets = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.watches = Watches(self.cluster)
        self.secrets = WatchedSecrets(Secrets(DirectTransport(self.cluster), Digester(b"key")), self.watches)

    def look(self, name: str = "app") -> object:
        query = Observe(target("default", name))
        return self.secrets.read([query], known={}, credential=None, deadline=Deadline(ManualClock()))[query]

    def create(self) -> object:
        action = Create({"KEY": SecretValue("value")}, mark="default/object", attributes={})
        return self.secrets.perform(target("default", "app"), action, subject="test")

    @property
    def reads(self) -> int:
        return sum(one.verb == "get" for one in self.cluster.requests)


@pytest.fixture
def place() -> Place:
    return Place()


def test_what_the_watch_lacks_is_absent_without_a_request(place: Place) -> None:
    assert (place.look(), place.reads) == (Absent(), 0)


def test_what_the_watch_knows_or_may_not_know_is_read(place: Place) -> None:
    place.watches.lacking = False
    assert (place.look(), place.reads) == (Absent(), 1)


def test_credentials_are_read_whatever_the_watch_says(place: Place) -> None:
    place.cluster.create("secrets", {"metadata": {"name": "login"}})
    query = ClusterSecret("default", "login")
    answers = place.secrets.read([query], known={}, credential=None, deadline=Deadline(ManualClock()))
    assert isinstance(answers[query], Found)


def test_after_a_refused_write_the_next_look_is_a_real_one(place: Place) -> None:
    place.cluster.create("secrets", {"metadata": {"name": "app"}})  # the watch has not shown it yet
    assert place.look() == Absent()
    with pytest.raises(TargetMoved):
        place.create()
    assert isinstance(place.look(), Found)


def test_after_a_real_look_the_watch_is_trusted_again(place: Place) -> None:
    place.cluster.create("secrets", {"metadata": {"name": "app"}})
    with pytest.raises(TargetMoved):
        place.create()
    place.look()
    place.cluster.delete("secrets", "app")
    assert (place.look(), place.reads) == (Absent(), 1)


def test_a_failed_look_does_not_end_the_doubt(place: Place) -> None:
    place.cluster.create("secrets", {"metadata": {"name": "app"}})
    with pytest.raises(TargetMoved):
        place.create()
    place.cluster.fail(status=503, verb="get")
    place.look()
    assert isinstance(place.look(), Found)


@pytest.mark.parametrize(
    ("query", "resource"),
    [
        pytest.param(Observe(target("default", "app")), SECRETS, id="a target"),
        pytest.param(ClusterSecret("default", "app"), SECRETS, id="credentials"),
        pytest.param(TrustBundles("default", "app"), SECRETS, id="certificates"),
        pytest.param(ClusterConfigMap("default", "app"), CONFIGMAPS, id="configuration"),
    ],
)
def test_what_is_read_is_expected_before(place: Place, query: AnyQuery, resource: Resource) -> None:
    place.watches.lacking = False
    place.secrets.read([query], known={}, credential=None, deadline=Deadline(ManualClock()))
    assert (place.watches.expected, place.reads) == ([(resource, ("default", "app"), 0)], 1)


def test_what_is_absent_without_a_request_is_expected_too(place: Place) -> None:
    place.look("gone")
    assert place.watches.expected == [(SECRETS, ("default", "gone"), 0)]


def test_what_is_written_is_expected_before(place: Place) -> None:
    place.create()
    assert place.watches.expected == [(SECRETS, ("default", "app"), 0)]


class TestWhatAWatchLacks:
    @pytest.fixture
    def cluster(self) -> MemoryCluster:
        cluster = MemoryCluster(seed=0)
        cluster.create("secrets", {"metadata": {"name": "here"}})
        return cluster

    @pytest.fixture
    def follow(self, cluster: MemoryCluster) -> Iterator[Callable[..., Reflectors]]:
        begun: list[Reflectors] = []

        def followed(*namespaces: str, interest: Interest = everything) -> Reflectors:
            transport, clock = DirectTransport(cluster), ManualClock()
            watches = Reflectors(transport, namespaces=namespaces, clock=clock, chance=lambda: 0.0)
            watches.listen(SECRETS, lambda change: None, metadata_only=True, interest=interest)
            begun.append(watches)
            return watches

        yield followed
        for watches in begun:
            watches.stop_all()

    @staticmethod
    def synced(watches: Reflectors) -> Reflectors:
        watches.start_all()
        assert all(reflector.synced.wait(PATIENCE) for reflector in watches.all())
        return watches

    @staticmethod
    def lacks(watches: Reflectors, key: tuple[str, str]) -> bool:
        return watches.lacks(SECRETS, key, metadata_only=True)

    def test_it_lacks_what_is_not_there(self, follow: Callable[..., Reflectors]) -> None:
        watches = self.synced(follow())
        assert [self.lacks(watches, key) for key in (HERE, ELSEWHERE)] == [False, True]

    def test_it_contradicts_another_version_and_an_end(
        self, follow: Callable[..., Reflectors], cluster: MemoryCluster
    ) -> None:
        watches = follow()
        version = cluster.get("secrets", "here")["metadata"]["resourceVersion"]

        def contradicted() -> list[bool]:
            asked = ((HERE, version), (HERE, "older"), (ELSEWHERE, version))
            return [watches.contradicts(SECRETS, key, seen, metadata_only=True) for key, seen in asked]

        assert contradicted() == [False, False, False], "before the first list it knows nothing"
        self.synced(watches)
        assert contradicted() == [False, True, True]

    def test_of_other_namespaces_than_those_in_scope_it_knows_nothing(self, follow: Callable[..., Reflectors]) -> None:
        watches = self.synced(follow("default"))
        assert self.lacks(watches, ELSEWHERE)
        assert not self.lacks(watches, ("shop", "elsewhere"))

    def test_before_the_first_list_it_knows_nothing(self, follow: Callable[..., Reflectors]) -> None:
        assert not self.lacks(follow(), ELSEWHERE)

    def test_it_knows_nothing_of_what_nobody_listens_to(self, follow: Callable[..., Reflectors]) -> None:
        watches = self.synced(follow(interest=lambda key: key != ELSEWHERE))
        assert not self.lacks(watches, ELSEWHERE)

    def test_of_another_resource_it_knows_nothing(self, follow: Callable[..., Reflectors]) -> None:
        assert not self.synced(follow()).lacks(KMSSECRETS, ELSEWHERE, metadata_only=True)

    def test_while_the_server_cannot_be_followed_it_knows_nothing(self, cluster: MemoryCluster) -> None:
        reflector = Reflector(DirectTransport(cluster), SECRETS, clock=ManualClock(), chance=lambda: 0.0)
        reflector.listen(lambda change: None)
        cluster.fail(status=503, verb="watch", times=1)
        reflector.step()  # lists, then fails to watch
        assert reflector.synced.is_set()
        assert not reflector.lacks(ELSEWHERE)
