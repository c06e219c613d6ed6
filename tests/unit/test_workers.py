"""Workers: what is done, by how many threads, and by which."""

from __future__ import annotations

import threading
import weakref
from concurrent.futures import Future
from functools import partial
from threading import Barrier, Event

from secretsync.runtime.workers import Workers

PATIENCE = 10.0


def rested(workers: Workers, threads: int) -> None:
    """Return when so many threads wait for a job: each tells before it waits, and the lock says when it does."""
    while True:
        with workers._lock:
            if len(workers._idle) == threads:
                return


def who(workers: Workers) -> threading.Thread:
    """Return which thread has the next job."""
    told = Future[threading.Thread]()
    workers.do(lambda: told.set_result(threading.current_thread()))
    return told.result(PATIENCE)


def several(workers: Workers, count: int) -> list[threading.Thread]:
    """Return so many threads, each of which did a job beside the others."""
    together, threads = Barrier(count), [Future[threading.Thread]() for _ in range(count)]

    def job(told: Future[threading.Thread]) -> None:
        together.wait(PATIENCE)
        told.set_result(threading.current_thread())

    for told in threads:
        workers.do(partial(job, told))
    return [told.result(PATIENCE) for told in threads]


def test_as_many_jobs_as_threads_are_done_beside_each_other() -> None:
    workers = Workers(3, name="beside")
    threads = several(workers, 3)
    assert len({*threads}) == 3
    assert {thread.name for thread in threads} == {"beside"}
    assert all(thread.daemon for thread in threads)
    workers.close()


def test_no_more_threads_than_it_may_have_and_each_job_is_done() -> None:
    workers, go_on = Workers(2, name="few"), Event()
    did: list[threading.Thread] = []
    done = [Future[None]() for _ in range(20)]

    def job(told: Future[None]) -> None:
        go_on.wait(PATIENCE)
        did.append(threading.current_thread())
        told.set_result(None)

    for told in done:
        workers.do(partial(job, told))
    go_on.set()
    for told in done:
        told.result(PATIENCE)
    assert len(did) == 20
    assert len({*did}) == 2
    workers.close()


def test_who_waits_the_shortest_has_the_next_job() -> None:
    workers = Workers(4, name="warm")
    several(workers, 4)
    rested(workers, 4)
    last = who(workers)
    for _ in range(8):
        rested(workers, 4)
        assert who(workers) is last
    workers.close()


def test_one_thread_is_enough_for_one_job_after_the_other() -> None:
    workers = Workers(4, name="one")
    threads = set()
    for _ in range(5):
        threads.add(who(workers))
        rested(workers, 1)
    assert len(threads) == 1
    workers.close()


def test_a_job_that_is_done_is_let_go_of() -> None:
    class Holding:
        """What a job holds, as it may a value."""

    workers, held, done = Workers(1, name="forgets"), Holding(), Event()
    gone = weakref.ref(held)
    workers.do(partial(lambda _: done.set(), held))
    del held
    assert done.wait(PATIENCE)
    rested(workers, 1)
    assert gone() is None
    workers.close()


def test_closed_it_ends_its_threads_and_drops_what_is_queued() -> None:
    workers, go_on = Workers(1, name="closed"), Event()
    busy, late = Future[threading.Thread](), Event()

    def job() -> None:
        busy.set_result(threading.current_thread())
        go_on.wait(PATIENCE)

    workers.do(job)
    thread = busy.result(PATIENCE)
    workers.do(late.set)
    workers.close()
    go_on.set()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert not late.is_set()


def test_closed_while_its_threads_wait_it_ends_them() -> None:
    workers = Workers(2, name="idle")
    threads = several(workers, 2)
    rested(workers, 2)
    workers.close()
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive()
