"""What operators cost and how fast they are, measured in lives in which only one thing happens.

quiet_day(scenario)                      nothing: what is asked in a day
propagation(scenario)                    values change: how soon they arrive
outage(scenario, "https://kms.example")  a backend is away for an hour
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from random import Random
from typing import Final, TypeVar, final

from secretsync.classes import frozen
from secretsync.devserver.faults import Fault
from secretsync.devserver.routing import Call
from secretsync.testing.simulation.deeds import Deed

from ...cluster.transport import Body, Json
from . import api_deeds, kms_deeds, people  # noqa: F401 - each adds its kinds of deeds
from .deeds import perform
from .network import ApiCall
from .permits import Permits
from .process import OperatorProcess
from .scenario import Place, Scenario, full_name, interval_of, targets_of
from .stage import Stage

T = TypeVar("T")

API: Final = "the API server"
HOUR: Final = 3600.0
DAY: Final = 24 * HOUR
ROUNDS: Final = 10
"""How often each folder changes, to measure how soon that arrives."""
_START: Final = 120.0
_SEED: Final = 1


@frozen
class Propagation:
    """Seconds from the change of a value in a KMS to the Secret that has it, of objects with one interval."""

    interval: float
    changes: int
    median: float
    most: float
    """95 % are faster, or as fast."""
    longest: float


@frozen
class Outage:
    """What an hour without a backend did.

    Attributes:
        affected: Objects that were not right, or not told as ready, when it ended.
        changed: Targets that were changed meanwhile.
        right_after: Seconds from its end until all objects were right and told as ready; None if they never were.
        normal: Calls a minute to the backend in the hour before: on average, and in the busiest minute.
        during: The same for the outage itself.
        after: The same for the hour after it.
    """

    backend: str
    affected: tuple[str, ...]
    changed: tuple[str, ...]
    right_after: float | None
    normal: tuple[float, int]
    during: tuple[float, int]
    after: tuple[float, int]


def quiet_day(scenario: Scenario) -> Mapping[str, Mapping[str, int]]:
    """Return how often each backend is asked what in a day: a KMS by route, the API server by verb and resource."""
    with _trial(scenario) as trial:
        begin = trial.settle()
        trial.run(begin + DAY)
        return {backend: trial.counted(backend, begin) for backend in (*scenario.hosts, API)}


def propagation(scenario: Scenario) -> tuple[Propagation, ...]:
    """Return how soon changed values arrive, one for each interval."""
    with _trial(scenario) as trial:
        begin = trial.settle()
        random = Random(_SEED)  # noqa: S311 - a history that can be played again
        apart = 2 * scenario.longest + _START
        for n in range(ROUNDS):
            for place in trial.stage.truth:
                trial.change(place, at=begin + n * apart + random.random() * scenario.longest)
        trial.run(begin + ROUNDS * apart)
        return tuple(_spread(interval, sorted(took)) for interval, took in sorted(trial.took.items()))


def outage(scenario: Scenario, backend: str) -> Outage:
    """Return what an hour's outage of a backend does; values change in it that it keeps from arriving.

    Args:
        backend: The address of a KMS, or `API`.
    """
    with _trial(scenario) as trial:
        before = trial.settle()
        begin = before + HOUR
        end = begin + HOUR
        trial.do(_outage_of(scenario, backend, begin))
        for place in trial.stage.truth:
            if backend in (API, place.host):
                trial.change(place, at=begin + _START)
        trial.run(begin)
        targets = trial.targets()
        trial.run(end)
        affected = tuple(full_name(obj) for obj in trial.objects() if not trial.is_right(obj))
        changed = tuple(name for name, content in trial.targets().items() if content != targets.get(name))
        right_after = trial.until_right(end + 2 * scenario.longest + HOUR)
        trial.run(max(trial.stage.world.now, end + HOUR))
        calls = [trial.calls_a_minute(backend, since) for since in (before, begin, end)]
        after = None if right_after is None else right_after - end
        return Outage(backend, affected, changed, after, *calls)


def _outage_of(scenario: Scenario, backend: str, at: float) -> Deed:
    if backend == API:
        return Deed(at, "api outage", seconds=HOUR)
    return Deed(at, "kms reset", seconds=HOUR, whom=_towards(scenario.hosts, backend))


def _towards(among: Sequence[T], one: T) -> float:
    """Return the number by which a deed picks this one."""
    return (among.index(one) + 0.5) / len(among)


def _spread(interval: float, took: list[float]) -> Propagation:
    most = took[min(len(took) - 1, int(len(took) * 0.95))]
    return Propagation(interval, len(took), took[len(took) // 2], most, took[-1])


@contextmanager
def _trial(scenario: Scenario) -> Iterator[_Trial]:
    """Live, without a word in the log."""
    logger = logging.getLogger("secretsync")
    propagate, level = logger.propagate, logger.level
    logger.propagate = False
    logger.setLevel(logging.CRITICAL)
    trial = _Trial(scenario)
    try:
        yield trial
    finally:
        trial.stage.close()
        logger.propagate = propagate
        logger.setLevel(level)


@final
class _Trial:
    """One measured life.

    Attributes:
        asked: Who was asked what, and when.
        took: The seconds that changes took to arrive, by the interval of the object.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.stage = Stage(scenario, seed=_SEED)
        self._permits = Permits(self.stage)
        self.asked: list[tuple[float, str, str]] = []
        self.took: dict[float, list[float]] = {}
        self._waiting: dict[tuple[str, Place], float] = {}
        self._intervals = {full_name(obj): interval_of(obj) for obj in scenario.objects}
        self.stage.done = self._written
        for host, server in self.stage.servers.items():
            server.met = partial(self._asked_kms, host)
        for _ in range(scenario.operators):
            process = self.stage.start_operator()
            process.link.met = process.lease_link.met = self._asked_api

    # -- time

    def run(self, until: float) -> None:
        self.stage.world.run(until)

    def settle(self) -> float:
        """Let everything come to rest; return when."""
        at = _START + 2 * self.stage.scenario.longest
        self.run(at)
        return at

    def until_right(self, latest: float) -> float | None:
        """Let time pass until all objects are right; return when that was."""
        wrong = self.objects()
        while wrong := [obj for obj in map(self._now, wrong) if not self.is_right(obj)]:
            if self.stage.world.now >= latest:
                return None
            self.run(self.stage.world.now + 1.0)
        return self.stage.world.now

    # -- deeds

    def do(self, deed: Deed) -> None:
        self.stage.world.at(deed.at, partial(perform, self.stage, deed))

    def change(self, place: Place, *, at: float) -> None:
        """Have a value of a folder change then, and wait for it to arrive."""
        deed = Deed(at, "people change a value", whom=_towards(tuple(self.stage.truth), place))
        self.stage.world.at(at, partial(self._change, place, deed))

    def _change(self, place: Place, deed: Deed) -> None:
        perform(self.stage, deed)
        for obj in self.stage.objects():
            if place in self.stage.folders_of(obj):
                self._waiting[full_name(obj), place] = deed.at

    # -- looking on

    def objects(self) -> list[Json]:
        """Return the objects that may have what they ask for."""
        return [obj for obj in self.stage.objects() if not self._permits.refuses(obj)]

    def is_right(self, obj: Json) -> bool:
        """Whether an object has what it asks for and says so."""
        ready: Json = next((c for c in obj.get("status", {}).get("conditions", ()) if c["type"] == "Ready"), {})
        return ready.get("status") == "True" and not self._wrong(obj)

    def _wrong(self, obj: Json) -> set[str]:
        return {key for target in targets_of(obj) for key in self.stage.wrong_in(obj, target)}

    def _now(self, obj: Json) -> Json:
        metadata = obj["metadata"]
        return self.stage.cluster.get("kmssecrets", metadata["name"], namespace=metadata["namespace"])

    def targets(self) -> dict[str, Json | None]:
        """Return what all targets hold."""
        targets = [target for obj in self.objects() for target in targets_of(obj)]
        return {"/".join(target): (self.stage.secret(*target) or {}).get("data") for target in targets}

    def counted(self, backend: str, since: float) -> Mapping[str, int]:
        """Return how often a backend was asked what, by name."""
        counts = Counter(what for at, whom, what in self.asked if whom == backend and at >= since)
        return dict(sorted(counts.items()))

    def calls_a_minute(self, backend: str, since: float) -> tuple[float, int]:
        """Return the calls a minute to a backend in the hour from then on: on average, and in the busiest minute."""
        hour = [at for at, whom, _ in self.asked if whom == backend and since <= at < since + HOUR]
        minutes = Counter(int((at - since) // 60) for at in hour)
        return len(hour) / 60, max(minutes.values(), default=0)

    def _asked_kms(self, host: str, _: Call, route: str, __: Fault | None) -> None:
        self.asked.append((self.stage.world.now, host, route))

    def _asked_api(self, call: ApiCall, _: str) -> None:
        self.asked.append((self.stage.world.now, API, f"{call.verb} {call.resource}"))

    def _written(self, _: OperatorProcess, call: ApiCall, __: Body | None) -> None:
        if call.resource != "secrets" or not call.writes or not self._waiting:
            return
        for obj in self.stage.objects():
            name, wrong = full_name(obj), self._wrong(obj)
            for place in self.stage.folders_of(obj):
                if (name, place) in self._waiting and not wrong & self.stage.truth[place].keys():
                    took = self.stage.world.now - self._waiting.pop((name, place))
                    self.took.setdefault(self._intervals[name], []).append(took)
