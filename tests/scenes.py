"""Whole operators in virtual time, with what crosses what placed by hand.

    scene = Scene(wish("app"))
    scene.run(30.0)
    scene.when("patch secrets", lambda: scene.edit_secret("app"))   # as the request meets the server
    scene.change("/app")
    scene.run(60.0)
    scene.check()

Everything is as in a simulated life, but nothing goes wrong by chance.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from typing import Final, TypeVar

from attrs import frozen

from secretsync.clock import FOREVER
from secretsync.devserver.faults import Fault
from secretsync.devserver.routing import Call, Reply
from secretsync.values import SecretValue
from secretsync_k8s.cluster.transport import Body, Json
from secretsync_k8s.testing.simulation.network import ApiCall, Hindrance, Trouble
from secretsync_k8s.testing.simulation.oracle import Oracle
from secretsync_k8s.testing.simulation.process import OperatorProcess
from secretsync_k8s.testing.simulation.scenario import (
    ENVIRONMENT,
    PROJECT,
    Login,
    Place,
    Scenario,
    login_of,
    manifest,
    place_of,
    value,
)
from secretsync_k8s.testing.simulation.stage import Stage

T = TypeVar("T")
HOST: Final = "https://kms.example"
NAMESPACE: Final = "blue"
_ASIDE: Final = frozenset({"leases", "events"})
ELSEWHERE: Final = "green"
LOGIN: Final = Login(NAMESPACE)


def wish(
    name: str,
    path: str = "/app",
    *,
    interval: int = 60,
    policy: str = "Owner",
    home: str = NAMESPACE,
    namespace: str = "",
) -> Json:
    """Return a KMSSecret; its Secret is called `<name>-secret`.

    Args:
        home: The namespace that it stands in, with its credentials.
        namespace: That of its Secret; "" for its own.
    """
    return manifest(name, home, Place(HOST, path), interval=interval, policy=policy, into=namespace)


@frozen
class _Moment:
    """What is done once, when a request of that sort comes by."""

    what: str
    do: Callable[[], object]


class Scene:
    """A stage with operators on it, and what they did.

    Args:
        seed: Of all latencies, and of the order of what falls into one moment.
        chosen: They stand for a Lease; otherwise all work.

    Attributes:
        sent: When which request met the API server, without those about Leases and Events.
        writes: Those that took effect, without reads.
        writers: Whose they were.
        asked: When the KMS was asked for what: "login", "slug" or the path of a folder.
    """

    def __init__(self, *objects: Json, operators: int = 1, chosen: bool = False, seed: int = 1) -> None:
        places = {place_of(obj): {"A": value(place_of(obj), "A"), "B": value(place_of(obj), "B")} for obj in objects}
        scenario = Scenario(
            (HOST,),
            places,
            objects,
            namespaces=(NAMESPACE, ELSEWHERE),
            logins=tuple(dict.fromkeys(map(login_of, objects))) or (LOGIN,),
            operators=2 if chosen else 1,
            cross_namespace="Allow",
        )
        self.stage = Stage(scenario, seed=seed)
        self.world = self.stage.world
        self.cluster = self.stage.cluster
        self.kms = self.stage.servers[HOST]
        self.oracle = Oracle(self.stage)
        self.stage.edited = self.oracle.edited
        self.oracle.edited()
        self.writes: list[tuple[float, str]] = []
        self.sent: list[tuple[float, str]] = []
        self.writers: list[str] = []
        self.asked: list[tuple[float, str]] = []
        self._meeting: list[_Moment] = []
        self._taken: list[_Moment] = []
        self._asking: list[_Moment] = []
        self._answered: list[_Moment] = []
        self._one_writes = chosen or operators == 1
        self.stage.done = self._done
        self.kms.met, self._watched, self.kms.answered = self._met, self.kms.answered, self._replied
        for _ in range(operators):
            self.start()

    # -- time and processes

    @property
    def now(self) -> float:
        return self.world.now

    def run(self, seconds: float) -> None:
        """Let so much time pass."""
        self.world.run(self.world.now + seconds)

    def hold(self, seconds: float) -> Callable[[], None]:
        """Return what keeps a request, or its answer, on its way for so long; what happened is seen meanwhile."""

        def wait() -> None:
            self.stage.changed()
            self.world.sleep(seconds)

        return wait

    def start(self) -> OperatorProcess:
        process = self.stage.start_operator()
        for link in (process.link, process.lease_link):
            link.met = lambda call, _: self._sent(call)
        return process

    @property
    def process(self) -> OperatorProcess:
        """The youngest that lives."""
        return self.stage.alive[-1]

    def restart(self) -> None:
        """Kill it, and start another."""
        self.process.kill()
        self.start()

    # -- moments

    def when(self, what: str, do: Callable[[], object], *, taken: bool = False) -> None:
        """Have something done as the next request that begins so meets the API server.

        Args:
            what: Such as `patch secrets blue/app-secret`, or the beginning of it.
            taken: Later, when it has taken effect and its answer sets out.
        """
        (self._taken if taken else self._meeting).append(_Moment(what, do))

    def when_asked(self, what: str, do: Callable[[], object], *, answered: bool = False) -> None:
        """The same for a request to the KMS: "login", "slug" or the path of a folder."""
        (self._answered if answered else self._asking).append(_Moment(what, do))

    def hinder(self, trouble: Trouble, what: str, *, times: float = 1, seconds: float = 0.0) -> None:
        """Have something go wrong with the next requests to the API server that begin so."""
        matches: Callable[[ApiCall], bool] = lambda call: str(call).startswith(what)  # noqa: E731 - one line is enough
        self.process.link.hindrances.append(Hindrance(trouble, matches, times=times, seconds=seconds))

    def fault(self, fault: Fault, seconds: float) -> None:
        """Have something wrong with the KMS from now on, for so long."""
        self.stage.faults[fault] = "by hand"
        self.kms.faults.add(fault)
        self.world.at(self.world.now + seconds, lambda: self.kms.faults.discard(fault))

    @staticmethod
    def _come_by(moments: list[_Moment], what: str) -> None:
        for moment in tuple(moments):
            if what.startswith(moment.what):
                moments.remove(moment)
                moment.do()

    def _sent(self, call: ApiCall) -> None:
        if call.resource not in _ASIDE:
            self.sent.append((self.now, str(call)))
        self._come_by(self._meeting, str(call))

    def _done(self, process: OperatorProcess, call: ApiCall, body: Body | None) -> None:
        if self._one_writes:
            self.oracle.done(process, call, body)
        named = str(call)
        if call.writes and call.resource not in _ASIDE:
            self.writes.append((self.now, named))
            self.writers.append(process.name)
        self._come_by(self._taken, named)

    def _met(self, call: Call, route: str, _: Fault | None) -> None:
        what = call.query.get("secretPath", route)
        self.asked.append((self.now, what))
        self._come_by(self._asking, what)

    def _replied(self, call: Call, reply: Reply) -> None:
        self._watched(call, reply)
        self._come_by(self._answered, call.query.get("secretPath") or ("login" if "login" in call.path else "slug"))

    def count(self, what: str, *, since: float = 0.0) -> int:
        """Return how many writes that took effect, or requests to the KMS, began so."""
        return sum(at >= since and one.startswith(what) for at, one in (*self.writes, *self.asked))

    def tries(self, what: str, *, since: float = 0.0) -> int:
        """Return how many requests that met the API server began so."""
        return sum(at >= since and one.startswith(what) for at, one in self.sent)

    # -- people

    def change(self, path: str = "/app", key: str = "A") -> str:
        """Give a key of a folder another value, and return it."""
        place = Place(HOST, path)
        text = self.stage.truth[place][key] = value(place, key, self.stage.generation())
        self.kms.model.put(PROJECT, ENVIRONMENT, path, {key: SecretValue(text)})
        return text

    def rotate(self) -> None:
        """Give the identity other credentials, at the KMS and in the cluster."""
        self.stage.logins[LOGIN] = f"{self.stage.logins[LOGIN]}+"
        self.kms.model.replace_identity(self.stage.scenario.identity(HOST, LOGIN, secret=self.stage.logins[LOGIN]))
        patch = {"stringData": self.stage.credentials(LOGIN)["stringData"]}
        self.stage.people(self.cluster.patch, "secrets", LOGIN.name, patch, namespace=NAMESPACE)

    def apply(self, obj: Json) -> None:
        self.stage.people(self.cluster.create, "kmssecrets", obj)

    def patch(self, name: str, patch: Json) -> None:
        self.stage.people(self.cluster.patch, "kmssecrets", name, patch, namespace=NAMESPACE)

    def delete(self, name: str) -> None:
        self.stage.people(self.cluster.delete, "kmssecrets", name, namespace=NAMESPACE)

    def edit_secret(self, name: str, **data: str) -> None:
        """Write into an object's Secret, as somebody else."""
        patch = {"stringData": data}
        self.stage.people(self.cluster.patch, "secrets", f"{name}-secret", patch, namespace=NAMESPACE)

    def force(self, name: str) -> None:
        """Ask for a sync."""
        annotation = {"secrets.lux.network/force-sync": str(self.stage.generation())}
        self.patch(name, {"metadata": {"annotations": annotation}})

    # -- looking on

    def secret(self, name: str, *, namespace: str = NAMESPACE) -> Json | None:
        """Return an object's Secret."""
        return self.stage.secret(namespace, f"{name}-secret")

    def data(self, name: str) -> dict[str, str]:
        """Return what an object's Secret holds; nothing if it is not there."""
        data = (self.secret(name) or {}).get("data") or {}
        return {key: b64decode(text).decode() for key, text in data.items()}

    def obj(self, name: str) -> Json | None:
        return next((one for one in self.stage.objects() if one["metadata"]["name"] == name), None)

    def ready(self, name: str) -> str:
        """Return "True", or the reason why an object is not ready; "" if nothing is told."""
        conditions = ((self.obj(name) or {}).get("status") or {}).get("conditions") or ()
        ready: Json = next((one for one in conditions if one["type"] == "Ready"), {})
        return "True" if ready.get("status") == "True" else str(ready.get("reason", ""))

    def sample(self, look: Callable[[], T], seconds: int) -> list[T]:
        """Return a list that holds, after so many seconds, what was seen in each."""
        seen: list[T] = []
        for second in range(seconds):
            self.world.at(self.now + second, lambda: seen.append(look()))
        return seen

    def events(self, reason: str) -> int:
        """Return how often something was told in Events."""
        told = self.cluster.list("events")["items"]
        return sum(one.get("count") or 1 for one in told if one.get("reason") == reason)

    def check(self) -> None:
        """All objects have what they ask for and say so."""
        self.oracle.right(interval=FOREVER, alone=True)
