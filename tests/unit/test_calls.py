"""Calls for the main thread, by signals and by other threads."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from queue import SimpleQueue
from threading import Thread, get_ident
from threading import enumerate as enumerate_threads

import pytest

from secretsync.runtime.calls import Calls


@pytest.fixture
def calls() -> Iterator[Calls[str]]:
    made: Calls[str] = Calls()
    made.on(signal.SIGUSR1, "one")
    made.on(signal.SIGUSR2, "two")
    yield made
    made.close()
    for number in (signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)


def test_calls_come_in_their_order(calls: Calls[str]) -> None:
    calls.put("a")
    calls.put("b")
    assert [calls.get(), calls.get()] == ["a", "b"]
    os.kill(os.getpid(), signal.SIGUSR1)
    os.kill(os.getpid(), signal.SIGUSR2)
    assert [calls.get(10.0), calls.get(10.0)] == ["one", "two"]


def test_nothing_comes_within_the_time(calls: Calls[str]) -> None:
    assert calls.get(0.0) is None
    assert calls.get(0.01) is None
    calls.put("late")
    assert calls.get(0.0) == "late"


def test_a_signal_is_heard_though_the_main_thread_does_not_come_round(calls: Calls[str]) -> None:
    """As where it waits for a lock, and another thread is handed the signal: no handler runs meanwhile."""
    heard: SimpleQueue[str | None] = SimpleQueue()
    waiter = Thread(target=lambda: heard.put(calls.get(10.0)))
    thread = Thread(target=lambda: signal.pthread_kill(get_ident(), signal.SIGUSR2))
    waiter.start()
    thread.start()
    assert heard.get(timeout=10.0) == "two"
    waiter.join()
    thread.join()


def test_its_thread_ends_with_it(calls: Calls[str]) -> None:
    (thread,) = (one for one in enumerate_threads() if one.name == "signals")
    calls.close()
    thread.join(10.0)
    assert not thread.is_alive()


def test_each_call_of_many_threads_is_heard(calls: Calls[str]) -> None:
    threads = [Thread(target=lambda: [calls.put("x") for _ in range(1000)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert [calls.get(30.0) for _ in range(4000)] == ["x"] * 4000
    for thread in threads:
        thread.join()
