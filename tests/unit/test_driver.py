"""The threaded driver: the same engine with real threads."""

from __future__ import annotations

import re
import threading
from concurrent.futures import Future

import pytest

from secretsync.errors import EngineStopped, Forbidden, RateLimited, TargetForbidden, TLSError, Unavailable
from secretsync.ports import AnyQuery
from secretsync.queries import Failed, Found, Scope
from secretsync.reconcile.engine import Engine
from secretsync.reconcile.messages import Applied, Fetch, Perform, Report, Withdrawn
from secretsync.runtime.clock import SystemClock
from secretsync.runtime.driver import Driver
from secretsync.runtime.executor import Executor, failure
from secretsync.targets import Observe
from secretsync.testing import ManualClock
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


def drive(world: Threaded, report, *, start: bool = True, **more) -> Driver:
    engine = Engine(digest=DIGEST, chance=lambda: 0.5, limit=lambda host: 4)
    executor = Executor(clock=world.clock, backends=[world], places=[world], report=report)
    driver = Driver(engine, clock=world.clock, executor=executor, limit=lambda host: 4, **more)
    if start:
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


def test_who_no_longer_wants_to_look_harms_nobody() -> None:
    world, done = Threaded(), Future[Report]()
    driver = drive(world, done.set_result, start=False)
    looked = driver.inspect(lambda engine: engine.idle)
    assert looked.cancel()
    failed = driver.inspect(lambda engine: 1 // 0)
    driver.send(Applied(subject(copy("/a", "t"))))
    driver.start()
    assert done.result(10).outcome.ready
    assert isinstance(failed.exception(10), ZeroDivisionError)
    assert not driver.dead
    driver.close()


def test_who_looks_when_it_is_closed_hears_that() -> None:
    driver = drive(Threaded(), lambda report: None)
    driver.close()
    with pytest.raises(EngineStopped, match="the engine was closed"):
        driver.inspect(lambda engine: engine.idle).result(10)
    driver.send(Withdrawn("nobody"))
    assert driver._inbox.empty(), "nothing piles up"


def test_who_waits_to_look_hears_of_the_fault_that_stops_it() -> None:
    told, stumbling, go_on = Future[str](), threading.Event(), threading.Event()
    driver = drive(Threaded(), lambda report: None, died=told.set_result)

    def step(events, now):
        stumbling.set()
        assert go_on.wait(10)
        raise ZeroDivisionError("canary-4711")

    driver._engine.step = step  # type: ignore[method-assign]
    driver.send(Withdrawn("nobody"))
    assert stumbling.wait(10)
    looks = [driver.inspect(lambda engine: engine.idle) for _ in range(3)]
    assert looks[0].cancel()
    go_on.set()
    assert told.result(10).startswith("the engine stopped by a fault of ours: ZeroDivisionError at ")
    for look in (*looks[1:], driver.inspect(lambda engine: engine.idle)):
        with pytest.raises(EngineStopped, match=re.escape(told.result())):
            look.result(10)
    driver.close()


def test_closing_waits_for_a_write_but_not_for_a_read() -> None:
    world = Threaded()
    world.hang = "slow"
    begun, go_on = threading.Event(), threading.Event()
    perform = world.perform

    def slow(ref, action, *, subject):
        begun.set()
        assert go_on.wait(10)
        return perform(ref, action, subject=subject)

    world.perform = slow  # type: ignore[method-assign]
    driver = drive(world, lambda report: None)
    driver.send(Applied(subject(copy("/a", "b", host="slow"), key="hangs")))
    driver.send(Applied(subject(copy("/a", "t"))))
    assert begun.wait(10)
    closing = threading.Thread(target=driver.close)
    closing.start()
    driver._thread.join(10)
    closing.join(0.1)
    assert closing.is_alive()
    go_on.set()
    closing.join(10)
    assert not closing.is_alive()
    assert world.world.data == {secret("t"): {"A": b"1"}}
    world.let_go.set()


def test_closing_waits_for_a_report_which_may_be_a_write_too() -> None:
    world, told = Threaded(), Future[Report]()
    begun, go_on = threading.Event(), threading.Event()

    def slow(report: Report) -> None:
        begun.set()
        assert go_on.wait(10)
        told.set_result(report)

    driver = drive(world, slow)
    driver.send(Applied(subject(copy("/a", "t"))))
    assert begun.wait(10)
    closing = threading.Thread(target=driver.close)
    closing.start()
    closing.join(0.1)
    assert closing.is_alive()
    go_on.set()
    closing.join(10)
    assert told.done()


def test_an_engine_with_nothing_to_do_is_not_silent() -> None:
    world = Threaded()
    world.clock = ManualClock()  # type: ignore[assignment]
    driver = drive(world, lambda report: None)
    for _ in range(2):
        world.clock.advance(1000.0)  # type: ignore[attr-defined]
        assert driver.silent_for == 0.0
        driver.send(Withdrawn("nobody"))
        driver.inspect(lambda engine: None).result(10)
        driver.inspect(lambda engine: None).result(10)
    driver.close()


def test_an_engine_that_is_stuck_is_silent_and_one_that_fell_is_dead(caplog) -> None:
    world, stuck, go_on = Threaded(), threading.Event(), threading.Event()
    world.clock = ManualClock()  # type: ignore[assignment]
    driver = drive(world, lambda report: None, start=False)

    def step(events, now):
        stuck.set()
        assert go_on.wait(10)
        raise ZeroDivisionError("canary-4711")

    driver._engine.step = step  # type: ignore[method-assign]
    driver.start()
    driver.send(Applied(subject(copy("/a", "t"))))
    assert stuck.wait(10)
    world.clock.advance(100.0)  # type: ignore[attr-defined]
    assert driver.silent_for == 100.0
    assert not driver.dead
    go_on.set()
    driver._thread.join(10)
    assert driver.dead
    assert "ZeroDivisionError" in caplog.text
    assert "canary-4711" not in caplog.text
    driver.close()


def test_what_is_inline_runs_on_the_engines_own_thread() -> None:
    world, done = Threaded(), Future[str]()
    driver = drive(world, lambda report: done.set_result(threading.current_thread().name), inline=["cluster"])
    driver.send(Applied(subject(copy("/a", "t"))))
    assert done.result(10) == "secretsync-engine"
    driver.close()


def test_a_report_that_fails_is_tried_again() -> None:
    world, done, calls = Threaded(), Future[Report](), []

    def report(effect: Report) -> None:
        calls.append(effect)
        if len(calls) == 1:
            raise TargetForbidden("not now")
        done.set_result(effect)

    world.clock = ManualClock()  # type: ignore[assignment]
    driver = drive(world, report)
    driver.send(Applied(subject(copy("/a", "t"))))
    while not driver.inspect(lambda engine: len(calls) and engine._reports._pending["one"].failures).result(10):
        pass
    world.clock.advance(60.0)  # type: ignore[attr-defined]
    driver.send(Withdrawn("nobody"))
    assert done.result(10).outcome.ready
    driver.close()


@pytest.mark.parametrize(
    ("exc", "scope", "retry_after"),
    [
        (RateLimited("k", "read", "slow", retry_after=7.0), Scope.HOST, 7.0),
        (Unavailable("k", "read", "down"), Scope.HOST, 0.0),
        (Unavailable("k", "read", "down", status=503), Scope.HOST, 0.0),
        (Unavailable("k", "write", "a webhook failed", status=500), Scope.QUERY, 0.0),
        (TLSError("k", "read", "bad"), Scope.QUERY, 0.0),
        (Forbidden("k", "read", "no"), Scope.QUERY, 0.0),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_an_exception_means(exc: Exception, scope: Scope, retry_after: float) -> None:
    assert failure(exc) == Failed(exc, scope, retry_after)  # type: ignore[arg-type]


def test_an_exception_that_is_not_ours_shows_its_type_only(caplog) -> None:
    told = failure(KeyError("canary-4711"))
    assert str(told.error) == "KeyError"
    assert "canary-4711" not in caplog.text + repr(told)
