"""The stage of one simulated life: cluster, KMS servers and operators, all in one virtual world."""

from __future__ import annotations

from base64 import b64decode
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Collection
from contextlib import suppress
from functools import lru_cache, partial
from itertools import count
from random import Random
from typing import Final, final

from attrs import evolve

from secretsync.client_policy import OPERATOR
from secretsync.devserver.faults import Fault
from secretsync.devserver.routing import Call
from secretsync.reconcile.messages import Effect, Fetch, Perform, Report
from secretsync.testing.kms import VirtualHttp, VirtualKMS
from secretsync.testing.simulation.coverage import Hits
from secretsync.testing.simulation.kms_deeds import Spell
from secretsync.testing.simulation.story import Story
from secretsync.testing.world import Calm, Life, World, WorldClock
from secretsync.values import SecretValue

from ...cluster.marks import ALLOWED, OWNER
from ...cluster.transport import Body, Json
from ...manifests import crd
from ...operator.settings import Settings, settings
from ..cluster import MemoryCluster
from ..direct import DirectTransport
from ..status import ApiError
from . import coverage
from .network import ApiCall, Link, Weather
from .process import OperatorProcess
from .scenario import (
    DEFAULT_HOST,
    HOME,
    Login,
    Place,
    Scenario,
    client_id,
    client_secret,
    full_name,
    is_recursive,
    place_of,
    targets_of,
    value,
)

_DRIFT: Final = 0.01
"""How much faster or slower than the world's the clocks of processes go."""
_WRONG: Final = 300.0
"""Seconds by which their wall clocks may be wrong."""
_SLOW: Final = 0.02
_LATENCY: Final = 0.04
"""Seconds: most ways take between nothing and this; one in fifty takes ten times as long."""


_DISTURBED: Final = {
    "duplicate": "api duplicated events",
    "reorder": "api reordered events",
    "delay": "api late events",
}

THEIRS: Final = "by-hand"
"""Label of Secrets that stand where an object wants its own."""

Done = Callable[[OperatorProcess, ApiCall, Body | None], None]
"""Told of a request of a process that took effect, with what was sent."""


@final
class Stage:
    """Everything there is, and the doors by which people and faults come in.

    Attributes:
        calm: On while nothing goes wrong that a candidate for the Lease would notice: its rounds, by far the most
            frequent thing there is, are left out then.
        done: Told of what operators do to the cluster.
        processes: The operators, oldest first, those that have ended included.
        asked: Told of each request that arrives at a KMS server, with its phase.
        weather: What goes wrong with everybody's requests to the API server.
        started: When a process began or ended its work last.
        edited: Told when people did something to the cluster.
        hits: How often which fault hit in which phase.
        coming: The request that is about to meet the API server, with its link, if one is at this moment.
        waiting: Deeds that wait for a phase: asked when one is on, they return True when they wait no longer.
        faults: What the faults of KMS servers are called.
        spells: What is wrong there beside.
        logins: The client secret of each that is right now.
        truth: What is in each folder now.
    """

    def __init__(self, scenario: Scenario, *, seed: int, check: Callable[[], None] = lambda: None) -> None:
        self.scenario = scenario
        self.world = World(seed=seed)
        self.story = Story(self.world)
        self.clock = WorldClock(self.world)
        self.calm = Calm()
        self.cluster = MemoryCluster(crds=[crd("kmssecrets")], clock=self.clock, timer=self.clock, seed=seed)
        self._kind = self.cluster.api.registry.by_name("kmssecrets")
        self.processes: list[OperatorProcess] = []
        self._random = Random(f"{seed} stage")  # noqa: S311 - a history that can be played again
        self._check = check
        self.done: Done = lambda process, call, body: None  # noqa: ARG005 - the form of it
        self.asked: Callable[[str, Call, str], None] = lambda host, call, phase: None  # noqa: ARG005 - as above
        self.started = 0.0
        self.weather = Weather()
        self._troubles = [0.0]
        self.edited: Callable[[], None] = lambda: None
        self.hits: Hits = Counter()
        self.coming: tuple[Link, ApiCall] | None = None
        self.waiting: list[Callable[[Collection[str]], bool]] = []
        self.faults: dict[Fault, str] = {}
        self.spells: list[Spell] = []
        self._names = count(1)
        self._generations = count(1)
        self.logins = {login: client_secret(login) for login in scenario.logins}
        self.truth = {place: dict(rows) for place, rows in scenario.folders.items()}
        self.servers = {
            host: VirtualKMS(scenario.seed(host), world=self.world, entropy=self._random.randbytes)
            for host in scenario.hosts
        }
        for host, server in self.servers.items():
            server.met = partial(self._kms_met, host)
        self.cluster.on_disturbance(self._watch_met)
        self._furnish()

    def _furnish(self) -> None:
        for namespace in (HOME, *self.scenario.namespaces):
            self.cluster.create("namespaces", self.namespace(namespace))
        for login in self.scenario.logins:
            self.cluster.create("secrets", self.credentials(login))
        for obj in self.scenario.objects:
            self.cluster.create("kmssecrets", obj)

    # -- operators

    @property
    def settings(self) -> Settings:
        flags = [
            f"--leader-elect={'true' if self.scenario.operators > 1 else 'false'}",
            f"--config-namespace={HOME}",
            f"--cross-namespace={self.scenario.cross_namespace}",
            f"--host-api={DEFAULT_HOST}",
        ]
        made = settings(flags, {})
        assert made is not None  # noqa: S101 - help was not asked for
        return made

    @property
    def alive(self) -> list[OperatorProcess]:
        return [one for one in self.processes if not one.life.ended]

    def start_operator(self) -> OperatorProcess:
        name = f"operator-{next(self._names)}"
        random = Random(f"{name} {self._random.random()}")  # noqa: S311 - as above
        clock = WorldClock(
            self.world,
            ahead=random.random() * 1e6,
            rate=1.0 + _DRIFT * (2 * random.random() - 1.0),
            wrong=_WRONG * (2 * random.random() - 1.0),
        )
        process = OperatorProcess(
            name,
            self.settings,
            world=self.world,
            life=Life(name),
            link=self._link(),
            lease_link=self._link(),
            http=VirtualHttp(self.servers, world=self.world, policy=OPERATOR, clock=clock, latency=self.latency),
            clock=clock,
            calm=self.calm,
            chance=random.random,
            entropy=random.randbytes,
            tell=partial(self._told, name),
            watch=partial(self._begun, name),
            stood=self._check,
        )
        for link in (process.link, process.lease_link):
            link.coming = partial(self._api_coming, link)
            link.met = self._api_met
            link.done = partial(self._done, process)
        self.processes.append(process)
        process.start()
        return process

    def _done(self, process: OperatorProcess, call: ApiCall, body: Body | None) -> None:
        if call.writes and call.resource != "leases":
            named = evolve(call, name=call.name or _name_in(body))
            self.story.tell(process.name, f"does: {named}")
        else:
            self.story.note(f"{process.name} {call}")
        self.done(process, call, body)
        self.moment(*process.phases)

    def _begun(self, name: str, effect: Effect) -> None:
        self.story.note(f"{name} {_short(effect)}")
        self.moment(*coverage.effect_phases(effect), *self._kms_phases(effect))

    def _kms_phases(self, effect: Effect) -> list[str]:
        """Return the phases of the requests to a KMS that it makes."""
        if not isinstance(effect, Fetch) or effect.host not in self.servers:
            return []
        return [coverage.query_phase(query, known=query in effect.known) for query in effect.queries]

    def _link(self) -> Link:
        return Link(
            DirectTransport(self.cluster),
            world=self.world,
            latency=self.latency,
            changed=self.changed,
            everywhere=self.weather,
        )

    def latency(self) -> float:
        seconds = _LATENCY * self._random.random()
        return seconds * 10 if self._random.random() < _SLOW else seconds

    def changed(self) -> None:
        """Have all watches look for news."""
        for process in self.alive:
            process.link.poke()
            process.lease_link.poke()

    def replace(self, process: OperatorProcess) -> None:
        """Start another one in place of one that has ended, as a Deployment does."""
        if process.life.ended and len(self.alive) < self.scenario.operators:
            self.story.tell(self.start_operator().name, "starts")

    def is_down(self, host: str) -> bool:
        """Whether a KMS server answers nothing as it should."""
        return host in self.servers and self.servers[host].faults.any

    # -- troubles

    def trouble(self) -> None:
        """Note that something began or ended now that may cost requests."""
        self._troubles.append(self.world.now)

    def troubles(self, *, within: float) -> int:
        """Return how many troubles there were in the last so many seconds."""
        return len(self._troubles) - bisect_left(self._troubles, self.world.now - within)

    @property
    def troubled(self) -> float:
        """When the last was."""
        return self._troubles[-1]

    def _told(self, name: str, words: str) -> None:
        """A process begins or ends its work."""
        self.story.tell(name, words)
        self.started = self.world.now
        self.trouble()

    # -- faults and the phases they hit

    def moment(self, *phases: str) -> None:
        """Let those deeds be done that have waited for one of these."""
        if self.waiting:
            self.waiting[:] = [strike for strike in tuple(self.waiting) if not strike(phases)]

    def _api_coming(self, link: Link, call: ApiCall) -> None:
        if self.waiting:
            self.coming = link, call
            self.moment(coverage.api_phase(call))
            self.coming = None

    def _api_met(self, call: ApiCall, fault: str) -> None:
        phase = coverage.api_phase(call)
        if fault:
            self.hits[fault, phase] += 1
        if phase == coverage.INSTALL_KEY or phase in coverage.WATCHES:
            self.moment(coverage.STARTING, coverage.TAKING_OVER, coverage.NOBODY)

    def _watch_met(self, what: str | int, resource: str) -> None:
        self.hits[_DISTURBED[str(what)], f"watch of {resource}"] += 1

    def _kms_met(self, host: str, call: Call, route: str, fault: Fault | None) -> None:
        phase = coverage.kms_phase(call, route)
        self.asked(host, call, phase)
        if fault is not None:
            self.hits[self.faults[fault], phase] += 1
        for spell in self.spells:
            if spell.host == host and spell.hits(call, phase):
                self.hits[spell.name, phase] += 1

    # -- people

    def generation(self) -> int:
        """Return a number that was not used before."""
        return next(self._generations)

    def objects(self) -> list[Json]:
        """Return the KMSSecrets there are, without those on their way out: the cluster's own, not to be changed."""
        stored = self.cluster.api.store.collection(self._kind.storage).objects
        return [stored[key] for key in sorted(stored) if "deletionTimestamp" not in stored[key]["metadata"]]

    def secret(self, namespace: str, name: str) -> Json | None:
        return self.find("secrets", name, namespace=namespace)

    def find(self, resource: str, name: str, *, namespace: str = "") -> Json | None:
        """Return an object, None if it is not there: the cluster's own, not to be changed."""
        api = self.cluster.api
        return api.store.find(api.registry.by_name(resource).storage, (namespace, name))

    def folders_of(self, obj: Json) -> list[Place]:
        """Return the folders whose secrets an object gets."""
        place = place_of(obj)
        return [one for one in self.truth if place.holds(one)] if is_recursive(obj) else [place]

    def wrong_in(self, obj: Json, target: tuple[str, str], *, alone: bool = True) -> list[str]:
        """Return the keys in which a Secret of an object is not what it should be now.

        Args:
            alone: Those that should not be there count, too.
        """
        right: dict[str, set[str]] = {}  # of a key that stands in several folders, either value is
        for place in self.folders_of(obj):
            for key, text in self.truth[place].items():
                right.setdefault(key, set()).add(text)
        data = (self.secret(*target) or {}).get("data") or {}
        held = {key: b64decode(text).decode() for key, text in data.items()}
        wrong = {key for key, texts in right.items() if held.get(key) not in texts}
        return sorted(wrong | (held.keys() - right.keys() if alone else set()))

    def credentials(self, login: Login) -> Json:
        """Return the Secret that holds a login as it should be now."""
        texts = {"clientId": client_id(login), "clientSecret": self.logins[login]}
        grant = self.scenario.lends.get(login.namespace)
        metadata = {"name": login.name, "namespace": login.namespace, "annotations": {ALLOWED: grant}}
        return {"metadata": metadata, "stringData": texts}

    def namespace(self, name: str) -> Json:
        """Return a namespace as it should be."""
        return {"metadata": {"name": name, "annotations": {ALLOWED: self.scenario.takes_in.get(name)}}}

    def people(self, verb: Callable[..., Json], *args: object, **named: object) -> bool:
        """Do what people do to the cluster; return whether it let them."""
        self.trouble()
        done = False
        with suppress(ApiError):
            verb(*args, **named)
            done = True
        if done:
            self.edited()
            self.changed()
        return done

    def tidy(self) -> bool:
        """Have people put right what they broke: credentials, namespaces, objects, folders, Secrets of their own.

        Returns:
            Whether anything was missing that the API server let them make anew.
        """
        self.cluster.heal()
        self.spells.clear()
        self.waiting.clear()
        for place, rows in self.truth.items():
            if not rows:
                rows |= {key: value(place, key, self.generation()) for key in self.scenario.folders[place]}
                texts = {key: SecretValue(text) for key, text in rows.items()}
                self.servers[place.host].model.put(place.project, place.environment, place.path, texts)
        made = [self.people(self.cluster.create, "namespaces", self.namespace(n)) for n in self.scenario.namespaces]
        for login in self.scenario.logins:
            secret = self.credentials(login)
            made.append(self.people(self.cluster.create, "secrets", secret))
            if not made[-1]:
                patch = {"metadata": {"annotations": secret["metadata"]["annotations"]}}
                patch["stringData"] = secret["stringData"]
                self.people(self.cluster.patch, "secrets", login.name, patch, namespace=login.namespace)
        made += [self.people(self.cluster.create, "kmssecrets", obj) for obj in self.scenario.objects]
        self._settle_conflicts()
        for _ in range(self.scenario.operators - len(self.alive)):
            self.story.tell(self.start_operator().name, "starts")
        return any(made)

    def _settle_conflicts(self) -> None:
        """Have each object ask for a Secret of its own, and nobody else have one."""
        for secret in self.cluster.list("secrets", labels=THEIRS)["items"]:
            metadata = secret["metadata"]
            self.people(self.cluster.delete, "secrets", metadata["name"], namespace=metadata["namespace"])
        asked: set[tuple[str, str]] = set()
        for obj in self.objects():
            if len(targets_of(obj)) == 1 and not asked.isdisjoint(targets_of(obj)):
                self._retarget(obj)
            asked.update(targets_of(obj))
        for obj in self.objects():
            for target in targets_of(obj):
                self._free(target, full_name(obj))

    def _free(self, target: tuple[str, str], asker: str) -> None:
        """Delete a Secret that carries the mark of an object that asks for another one now."""
        secret = self.secret(*target)
        annotations = secret["metadata"].get("annotations") if secret else None
        if (annotations or {}).get(OWNER, asker) != asker:
            self.story.tell("somebody", f"deletes Secret {'/'.join(target)}, left by {(annotations or {})[OWNER]}")
            self.people(self.cluster.delete, "secrets", target[1], namespace=target[0])

    def _retarget(self, obj: Json) -> None:
        metadata = obj["metadata"]
        own = {"secretName": f"{metadata['name']}-secret-of-its-own-{self.generation()}"}
        patch = {"spec": {"managedSecretReference": own}}
        self.story.tell("somebody", f"has {metadata['namespace']}/{metadata['name']} ask for {own['secretName']}")
        self.people(self.cluster.patch, "kmssecrets", metadata["name"], patch, namespace=metadata["namespace"])

    def close(self) -> None:
        self.world.close()


def _name_in(body: Body | None) -> str:
    """Return the name of what a body creates."""
    return str(body.get("metadata", {}).get("name", "")) if isinstance(body, dict) else ""


_text: Final = lru_cache(maxsize=4096)(str)


def _short(effect: Effect) -> str:
    match effect:
        case Fetch():
            return f"reads {', '.join(map(_text, effect.queries))}"
        case Perform():
            return f"performs {type(effect.action).__name__} on {effect.ref}"
        case Report():
            return f"reports {effect.key}"
