"""Calls for the main thread, by signals and by other threads."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from threading import Thread, get_ident
from time import monotonic

import pytest

from secretsync.runtime.calls import Calls


@pytest.fixture
def calls() -> Iterator[Calls[str]]:
    made: Calls[str] = Calls()
    made.on(signal.SIGUSR1, "one")
    made.on(signal.SIGUSR2, "two")
    yield made
    for number in (signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)


def test_calls_come_in_their_order(calls: Calls[str]) -> None:
    calls.put("a")
    os.kill(os.getpid(), signal.SIGUSR1)
    calls.put("b")
    assert [calls.get(), calls.get(), calls.get()] == ["a", "one", "b"]


def test_nothing_comes_within_the_time(calls: Calls[str]) -> None:
    assert calls.get(0.0) is None
    assert calls.get(0.01) is None
    calls.put("late")
    assert calls.get(0.0) == "late"


def test_a_signal_that_another_thread_is_handed_wakes_the_main_thread(calls: Calls[str]) -> None:
    at_rest = Path(f"/proc/self/task/{os.getpid()}/wchan")  # where in the kernel the main thread waits

    def take_it() -> None:
        while "poll" not in at_rest.read_text("ascii"):
            pass
        signal.pthread_kill(get_ident(), signal.SIGUSR2)

    thread = Thread(target=take_it, daemon=True)
    began = monotonic()
    thread.start()
    assert calls.get(10.0) == "two"
    assert monotonic() - began < 10.0, "it was not woken, but looked when its time was over"


def test_more_calls_than_the_pipe_holds(calls: Calls[str]) -> None:
    many = [str(n) for n in range(100_000)]
    for one in many:
        calls.put(one)
    assert [calls.get() for _ in many] == many
    assert calls.get(0.0) is None


def test_each_call_of_many_threads_is_heard(calls: Calls[str]) -> None:
    threads = [Thread(target=lambda: [calls.put("x") for _ in range(1000)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert [calls.get(30.0) for _ in range(4000)] == ["x"] * 4000
    for thread in threads:
        thread.join()
