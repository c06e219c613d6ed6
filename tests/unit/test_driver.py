"""The threaded driver: the same engine with real threads."""

from __future__ import annotations

import threading
from concurrent.futures import Future

from secretsync.ports import AnyQuery
from secretsync.queries import Found
from secretsync.reconcile.engine import Engine
from secretsync.reconcile.messages import Applied, Fetch, Perform, Report
from secretsync.runtime.clock import SystemClock
from secretsync.runtime.driver import Driver
from secretsync.targets import Observe
from worlds import DIGEST, Credentials, Folder, Token, World, copy, document, secret, subject


class Threaded:
    """A world as backend and place at once; reads of `hang` wait until they are let go."""

    answers = (Credentials, Token, Folder, Observe)
    kinds = ("Secret",)

    def __init__(self) -> None:
        self.world = World(folders={"/a": document(A="1")})
        self.lock = threading.Lock()
        self.let_go = threading.Event()
        self.hang: str | None = None
        self.clock = SystemClock()

    def read(self, queries, *, known, credential, deadline):
        if queries[0].host == self.hang:
            self.let_go.wait(30)
        with self.lock:
            return self.world.read(Fetch(queries[0].host, tuple(queries), known, credential), self.clock.monotonic())

    def perform(self, ref, action, *, subject):
        with self.lock:
            result = self.world.perform(Perform(ref.host, subject, ref, action), self.clock.monotonic())
        assert isinstance(result, Found)
        return result


def drive(world: Threaded, report) -> Driver:
    engine = Engine(digest=DIGEST, chance=lambda: 0.5, limit=lambda host: 4)
    driver = Driver(engine, clock=world.clock, backends=[world], places=[world], report=report, limit=lambda host: 4)
    driver.start()
    return driver


def test_a_hanging_host_delays_nothing_of_another() -> None:
    world, done = Threaded(), {"good": Future[Report](), "bad": Future[Report]()}
    world.hang = "slow"
    driver = drive(world, lambda report: done[report.key].set_result(report))
    for n in range(20):
        driver.send(Applied(subject(copy("/a", f"b{n}", host="slow"), key="bad")))
    driver.send(Applied(subject(copy("/a", "t"), key="good")))
    assert done["good"].result(10).outcome.ready
    assert not done["bad"].done()
    world.let_go.set()
    assert done["bad"].result(10).outcome.ready
    driver.close()
    assert world.world.data[secret("t")] == {"A": b"1"}


def test_a_fault_in_a_backend_is_an_answer_and_shows_no_text(caplog) -> None:
    world, done = Threaded(), Future[Report]()

    def broken(queries: list[AnyQuery], **_: object) -> None:
        raise ZeroDivisionError("canary-4711")

    world.read = broken  # type: ignore[method-assign]
    driver = drive(world, done.set_result)
    driver.send(Applied(subject(copy("/a", "t"))))
    outcome = done.result(10).outcome
    driver.close()
    assert "ZeroDivisionError" in str(outcome.errors[0])
    assert "canary-4711" not in caplog.text + str(outcome)


def test_one_may_look_at_the_engine_between_its_steps() -> None:
    world, done = Threaded(), Future[Report]()
    driver = drive(world, done.set_result)
    driver.send(Applied(subject(copy("/a", "t"))))
    done.result(10)
    assert driver.inspect(lambda engine: engine.freshness("one")).result(10) is not None
    assert driver.inspect(lambda engine: engine.freshness("nobody")).result(10) is None
    driver.close()
