"""Refreshes are spread over their interval, whatever happened before: no second asks for twice the mean."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from random import Random

import pytest
from attrs import define, field

from secretsync.clock import Deadline
from secretsync.ports import AnyQuery, AnyWire
from secretsync.queries import Absent, Failed, Found
from secretsync.reconcile.engine import Engine
from secretsync.reconcile.messages import Applied, Fetch, Perform, Report
from secretsync.runtime.executor import Executor
from secretsync.targets import Action, Observe, Observed, Recorded, Ref
from secretsync.testing import world as virtual
from secretsync.testing.driver import VirtualDriver
from worlds import DIGEST, DOWN, Credentials, Folder, Token, World, copy, document, subject

FOLDERS = 3000
INTERVAL = 60
WAY = 0.02
"""Seconds that a request takes: with four at once, four times as many can be asked in a second as are due."""
RESTART = 3 * INTERVAL
BROKEN = RESTART + 2 * INTERVAL
OUTAGE = 600


@define(eq=False)
class Remote:
    """Everything outside, as backend and place; calls for folders are counted by the second."""

    time: virtual.World
    outside: World = field(factory=lambda: World(folders={f"/{n}": document(KEY=f"value {n}") for n in range(FOLDERS)}))
    calls: Counter[int] = field(factory=Counter)
    recorded: dict[str, tuple[Recorded, ...]] = field(factory=dict)
    answers: Collection[type[AnyQuery]] = (Credentials, Token, Folder, Observe)
    kinds: Collection[str] = ("Secret",)

    def read(
        self,
        queries: Sequence[AnyQuery],
        *,
        known: Mapping[AnyQuery, object],
        credential: Found[object] | None,
        deadline: Deadline,
    ) -> Mapping[AnyQuery, AnyWire]:
        self.calls[int(self.time.now)] += isinstance(queries[0], Folder)
        self.time.sleep(WAY)
        return self.outside.read(Fetch("", tuple(queries), known, credential), self.time.now)

    def perform(self, ref: Ref, action: Action, *, subject: str) -> Found[Observed] | Absent:
        self.time.sleep(WAY)
        done = self.outside.perform(Perform("cluster", subject, ref, action), self.time.now)
        assert isinstance(done, Found | Absent)
        return done

    def told(self, report: Report) -> None:
        self.recorded[report.key] = tuple(kept.recorded for kept in report.outcome.targets)

    def fail(self, what: object, now: float) -> Failed | None:
        return DOWN if isinstance(what, Folder | Token) else None


def start(remote: Remote) -> virtual.Life:
    """Start a process; what an earlier one has reported is settled."""
    time, life, clock = remote.time, virtual.Life("process"), virtual.WorldClock(remote.time)
    engine = Engine(digest=DIGEST, chance=Random("spread").random, limit=lambda host: 4)
    executor = Executor(clock=clock, backends=[remote], places=[remote], report=remote.told)
    driver = VirtualDriver(engine, executor, world=time, clock=clock, life=life)
    for n in range(FOLDERS):
        recorded = remote.recorded.get(f"object {n}", ())
        wants = copy(f"/{n}", f"target-{n}", mark=f"object {n}")
        driver.send(Applied(subject(wants, f"object {n}", period=INTERVAL, recorded=recorded, settled=bool(recorded))))
    return life


def ratio(calls: Counter[int], begin: int) -> float:
    """Return the most calls of a second for the mean of an interval."""
    seconds = [calls[second] for second in range(begin, begin + INTERVAL)]
    assert sum(seconds) >= FOLDERS * 0.98
    return max(seconds) * INTERVAL / sum(seconds)


@pytest.fixture(scope="module")
def remote() -> Iterator[Remote]:
    """A first start, a restart, an outage, and what came after each."""
    time = virtual.World(seed=1)
    remote = Remote(time)
    first = start(remote)
    time.run(RESTART)
    first.end()
    start(remote)
    time.run(BROKEN)
    remote.outside.faults = remote.fail
    time.run(BROKEN + OUTAGE)
    remote.outside.faults = lambda what, now: None
    time.run(BROKEN + OUTAGE + 2 * INTERVAL)
    yield remote
    time.close()


@pytest.mark.parametrize(
    "begin",
    [
        pytest.param(RESTART - INTERVAL, id="steady"),
        pytest.param(RESTART, id="after-a-restart"),
        pytest.param(BROKEN + OUTAGE + INTERVAL, id="after-an-outage"),
    ],
)
def test_no_second_of_an_interval_has_twice_the_mean(remote: Remote, begin: int) -> None:
    assert ratio(remote.calls, begin) <= 2.0


def test_an_outage_costs_few_calls(remote: Remote) -> None:
    during = sum(remote.calls[second] for second in range(BROKEN + INTERVAL, BROKEN + OUTAGE))
    assert during <= OUTAGE // 10
