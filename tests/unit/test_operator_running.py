"""What a working kind says of itself to the kubelet (kmssecret §8.4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
from attrs import define

from secretsync.digest import Digester
from secretsync.reconcile.engine import Engine
from secretsync.reconcile.messages import Withdrawn
from secretsync.reconcile.reads import Lateness
from secretsync.runtime.driver import Driver
from secretsync.runtime.executor import Executor
from secretsync.testing import ManualClock
from secretsync_k8s.cluster.reflector import SILENCE
from secretsync_k8s.operator.running import Running


@define
class Watches:
    synced: bool = True
    failing_since: float | None = None
    silent_for: float = 0.0


class Late(Engine):
    late: Mapping[str, Lateness] = {}

    def lateness(self, now: float) -> Mapping[str, Lateness]:
        return self.late


@pytest.fixture
def engine() -> Late:
    return Late(digest=Digester(b"k" * 32), chance=lambda: 0.5, limit=lambda host: 1)


@pytest.fixture
def driver(engine: Late, manual_clock: ManualClock) -> Iterator[Driver]:
    nobody = Executor(clock=manual_clock, backends=[], places=[], report=lambda report: None)
    made = Driver(engine, clock=manual_clock, executor=nobody, limit=lambda host: 1)
    made.start()
    yield made
    made.close()


@pytest.mark.parametrize(
    ("watches", "late", "told"),
    [
        pytest.param(Watches(), {}, (True, "ok"), id="well"),
        pytest.param(Watches(), {"kms": Lateness(7000.0, 2.0)}, (True, "ok"), id="late by two periods"),
        pytest.param(
            Watches(),
            {"kms": Lateness(), "slow": Lateness(21.0, 2.1)},
            (False, "checks of slow are late by 21 s, which is over two periods"),
            id="late by more",
        ),
        pytest.param(Watches(synced=False), {}, (False, "waiting for the first list of objects"), id="no list yet"),
        pytest.param(Watches(failing_since=1.0), {}, (False, "the API server cannot be followed"), id="outage"),
        pytest.param(Watches(silent_for=SILENCE), {}, (True, "ok"), id="silent"),
        pytest.param(
            Watches(silent_for=76.0), {}, (False, "nothing has come from the API server for too long"), id="deaf"
        ),
    ],
)
def test_it_is_ready_while_all_is_followed_and_in_time_and_alive_in_any_case(driver, manual_clock, watches, late, told):
    driver.inspect(lambda engine: setattr(engine, "late", late))
    running = Running(driver, None, watches, None, None, manual_clock, None, None)
    assert running.ready() == told
    assert running.healthy() == (True, "ok"), "no outage is mended by a restart"


def test_an_engine_that_stopped_by_a_fault_is_unhealthy(driver, manual_clock):
    driver.inspect(lambda engine: setattr(engine, "step", None))
    driver.send(Withdrawn("nobody"))
    driver._thread.join(10)
    running = Running(driver, None, Watches(), None, None, manual_clock, None, None)
    assert running.healthy() == running.ready() == (False, "the engine is stuck")
