"""Many candidates, a bad network and meddling users in virtual time: never do two lead at one moment."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from itertools import count
from random import Random

import pytest
from attrs import define

from secretsync.errors import BackendError, Unavailable
from secretsync.testing.world import Life, World, WorldClock
from secretsync_k8s.cluster.lease import RENEW, Election, LeaseName
from secretsync_k8s.cluster.transport import Json, Transport
from secretsync_k8s.testing import ApiError, DirectTransport, MemoryCluster

LEASE = "cf2b8c44.lux.network"
STORM = 1200.0
CALM = 150.0


@define
class Weather:
    """How bad the network is: chances of one request."""

    calm: bool = False
    slow: float = 0.1
    lost: float = 0.1
    late: float = 0.05
    pause: float = 0.01


@define
class Network:
    """The way of one candidate to the API server, with everything that can happen on it."""

    world: World
    random: Random
    weather: Weather
    inner: Transport
    cut_until: float = 0.0

    def request(self, method: str, path: str, *, body: Json | None = None, timeout: float) -> Json:
        self._pass(self._latency(), timeout)
        if self.world.now < self.cut_until or self._happens(self.weather.lost):
            self._time_out(timeout)
        if self._happens(self.weather.late):
            self.world.spawn(lambda: self._deliver(method, path, body), after=self.random.uniform(0.0, 30.0))
            self._time_out(timeout)
        answer = self.inner.request(method, path, body=body)
        self._pass(self._latency(), timeout)
        if self._happens(self.weather.lost):
            self._time_out(timeout)
        if self._happens(self.weather.pause):
            self.world.sleep(self.random.uniform(1.0, 40.0))
        return answer

    def _deliver(self, method: str, path: str, body: Json | None) -> None:
        """A request that nobody waits for any more takes effect all the same."""
        with suppress(BackendError):
            self.inner.request(method, path, body=body)

    def _latency(self) -> float:
        if self._happens(self.weather.slow):
            return self.random.uniform(0.0, 5.0)
        return self.random.uniform(0.0, 0.05)

    def _pass(self, seconds: float, timeout: float) -> None:
        if seconds > timeout:
            self._time_out(timeout)
        self.world.sleep(seconds)

    def _time_out(self, timeout: float) -> None:
        self.world.sleep(self.random.choice((0.001, timeout)))
        raise Unavailable("the kubernetes API", "request", "no answer in time")

    def _happens(self, chance: float) -> bool:
        return not self.weather.calm and self.random.random() < chance


@define(eq=False)
class Process:
    """One candidate, as a process that may be killed."""

    name: str
    election: Election
    network: Network
    log: list[str]
    life: Life


class Simulation:
    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.cluster = MemoryCluster(seed=seed)
        self.world = World(seed=seed, check=self.check)
        self.weather = Weather()
        self.processes: list[Process] = []
        self.deleted_at = -CALM
        self._names = count()

    def check(self) -> None:
        leaders = self.leaders()
        assert len(leaders) < 2, f"at {self.world.now:.2f} s: {leaders}"

    def leaders(self) -> list[str]:
        return [one.name for one in self.processes if not one.life.ended and one.election.leading]

    def start(self) -> None:
        """Start one more process."""
        name, log = f"p{next(self._names)}", list[str]()
        clock = WorldClock(self.world, self.random.uniform(0.0, 1e6), self.random.uniform(0.99, 1.01))
        inner = DirectTransport(self.cluster)
        network = Network(self.world, self.random, self.weather, inner)
        election = Election(
            network,
            LeaseName("default", LEASE, name),
            clock=clock,
            chance=self.random.random,
            led=lambda: log.append("led"),
            lost=lambda: log.append("lost"),
        )
        process = Process(name, election, network, log, Life(name))
        self.processes.append(process)
        self.world.spawn(lambda: self._live(process), process.life, after=self.random.uniform(0.0, 0.1))

    def _live(self, process: Process) -> None:
        while True:
            self.world.sleep(process.election.step())

    def meddle(self) -> None:
        """What people and machines do to processes, network and Lease, again and again."""
        deeds = (self._kill, self._stop, self._cut, self._cut_all, self._delete, self._edit, self._edit, self._nothing)
        while True:
            self.world.sleep(self.random.uniform(0.0, 40.0))
            if not self.weather.calm:
                self.random.choice(deeds)()

    def _one(self) -> Process:
        return self.random.choice([one for one in self.processes if not one.life.ended])

    def _replace(self, process: Process) -> None:
        process.life.end()
        self.world.sleep(max(0.0, self.deleted_at + 1.1 * RENEW - self.world.now))
        self.start()

    def _kill(self) -> None:
        self._replace(self._one())

    def _stop(self) -> None:
        process = self._one()
        process.life.end()  # its loop ends; what it still sends is giving the Lease back
        process.election.resign()
        self._replace(process)

    def _cut(self) -> None:
        self._one().network.cut_until = self.world.now + self.random.uniform(0.0, 60.0)

    def _cut_all(self) -> None:
        for process in self.processes:
            process.network.cut_until = self.world.now + 60.0

    def _delete(self) -> None:
        # Not in the cases that `lease` leaves open: somebody has not seen it yet, or it was deleted just now.
        seen = all(one.election._seen is not None for one in self.processes if not one.life.ended)
        if seen and self.world.now > self.deleted_at + CALM:
            self._quietly(lambda: self.cluster.delete("leases", LEASE))
            self.deleted_at = self.world.now

    def _edit(self) -> None:
        holder = self.random.choice([*(one.name for one in self.processes), "foreign", None])
        duration = self.random.choice([2, 15, None])
        spec = self.random.choice([{"holderIdentity": holder}, {"leaseDurationSeconds": duration}])
        self._quietly(lambda: self.cluster.patch("leases", LEASE, {"spec": spec}))

    def _nothing(self) -> None:
        pass

    def _quietly(self, deed: Callable[[], object]) -> None:
        with suppress(ApiError):
            deed()


@pytest.mark.parametrize("seed", range(10))
def test_never_do_two_lead_and_in_calm_weather_one_does(seed: int) -> None:
    simulation = Simulation(seed)
    world = simulation.world
    try:
        for _ in range(3):
            simulation.start()
        world.spawn(simulation.meddle)
        world.run(STORM)
        simulation.weather.calm = True
        for process in simulation.processes:
            process.network.cut_until = 0.0
        world.run(STORM + CALM)
        assert len(simulation.leaders()) == 1
        for process in simulation.processes:
            turns = ["led", "lost"] * len(process.log)
            assert process.log == turns[: len(process.log)]
    finally:
        world.close()
