"""One inbox, one engine thread, one small pool of threads a host.

The engine thread only thinks: every fetch, write and report runs on a thread of its host's pool, so a host that hangs
holds up its own few threads and nobody else.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from queue import Empty, SimpleQueue
from traceback import extract_tb
from typing import Final, TypeVar, final

from ..clock import FOREVER, Clock, Deadline
from ..errors import Defect, RateLimited, SecretSyncError, Unavailable
from ..ports import AnyQuery, AnyWire, Backend, Place
from ..queries import Failed, Scope
from ..reconcile.engine import Engine
from ..reconcile.messages import Answered, Effect, Event, Fetch, Perform, Performed, Report, Reported

R = TypeVar("R")
Inspection = tuple[Callable[[Engine], object], "Future[object]"]

log: Final = logging.getLogger("secretsync.runtime")

FETCH_TIME: Final = 60.0
"""Seconds that one fetch may take in all; the client policy's time-outs end it earlier."""


@final
class Driver:
    """Runs an engine. `send`, `inspect` and `close` may be called from any thread.

    Args:
        engine: Owned by this driver from now on.
        clock: Whose monotonic time the engine sees.
        backends: Who answers which queries; several may not answer the same.
        places: Who performs on which targets.
        report: Called with each outcome on a thread of the report's host; what it raises is tried again.
        limit: Threads a host, the same function the engine was given.
        inline: Hosts whose effects never block and run on the engine's own thread.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        clock: Clock,
        backends: Sequence[Backend],
        places: Sequence[Place],
        report: Callable[[Report], None],
        limit: Callable[[str], int],
        inline: Collection[str] = (),
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._backends = {answered: backend for backend in backends for answered in backend.answers}
        self._places = {kind: place for place in places for kind in place.kinds}
        self._report = report
        self._limit = limit
        self._inline = frozenset(inline)
        self._inbox: SimpleQueue[Event | Inspection | None] = SimpleQueue()
        self._pools: dict[str, ThreadPoolExecutor] = {}
        self._thread = threading.Thread(target=self._loop, name="secretsync-engine", daemon=True)
        self._writes: set[Future[None]] = set()
        self._beat = FOREVER
        self.dead: bool = False
        """The engine stopped by a fault: nothing will ever happen again."""

    def start(self) -> None:
        self._thread.start()

    def send(self, event: Event) -> None:
        self._inbox.put(event)

    def inspect(self, look: Callable[[Engine], R]) -> Future[R]:
        """Call `look` with the engine between two steps; the future holds what it returns."""
        future: Future[R] = Future()
        self._inbox.put((look, future))  # type: ignore[arg-type]  # the pair belongs together, whatever R is
        return future

    @property
    def silent_for(self) -> float:
        """Seconds since the engine's thread last came round though it had something to do."""
        return max(0.0, self._clock.monotonic() - self._beat)

    def close(self) -> None:
        """Stop: nothing new goes out, and writes in flight are over when this returns; reads are left to themselves."""
        self._inbox.put(None)
        self._thread.join()
        wait(self._writes)
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)

    # -- the engine's thread

    def _loop(self) -> None:
        try:
            while (events := self._collect()) is not None:
                self._beat = self._clock.monotonic()
                for effect in self._engine.step(events, self._beat):
                    self._carry_out(effect)
                self._beat = FOREVER
        except Exception as exc:  # noqa: BLE001 - said without a traceback: its frames may hold values
            self.dead = True
            log.critical("the engine stopped by a fault of ours: %s at %s", type(exc).__name__, _place(exc))

    def _collect(self) -> list[Event] | None:
        """Wait for the first message or the engine's next moment, then take all there is; None means stop."""
        pause = max(0.0, self._engine.wake_at - self._clock.monotonic())
        events: list[Event] = []
        try:
            message = self._inbox.get(block=pause > 0.0, timeout=None if pause == FOREVER else pause)
            while True:
                if message is None:
                    return None
                if isinstance(message, tuple):
                    self._answer(*message)
                else:
                    events.append(message)
                message = self._inbox.get_nowait()
        except Empty:
            return events

    def _answer(self, look: Callable[[Engine], object], future: Future[object]) -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            future.set_result(look(self._engine))
        except Exception as exc:  # noqa: BLE001 - the one who asked gets it
            future.set_exception(exc)

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case Fetch():
                work = partial(self._read, effect)
            case Perform():
                work = partial(self._perform, effect)
            case Report():
                work = partial(self._tell, effect)
        if effect.host in self._inline:
            work()
            return
        done = self._pool(effect.host).submit(work)
        if isinstance(effect, Perform):
            self._writes.add(done)
            done.add_done_callback(self._writes.discard)

    def _pool(self, host: str) -> ThreadPoolExecutor:
        if host not in self._pools:
            self._pools[host] = ThreadPoolExecutor(self._limit(host), thread_name_prefix=f"secretsync-{host}")
        return self._pools[host]

    # -- the pools' threads

    def _read(self, fetch: Fetch) -> None:
        answers: dict[AnyQuery, AnyWire] = {}
        try:
            backend = self._backends[type(fetch.queries[0])]
            deadline = Deadline.after(FETCH_TIME, self._clock)
            answers |= backend.read(fetch.queries, known=fetch.known, credential=fetch.credential, deadline=deadline)
        except Exception as exc:  # noqa: BLE001 - a fault must come back as an answer, or its query flies for ever
            answers = dict.fromkeys(fetch.queries, failure(exc))
        self.send(Answered(fetch, answers))

    def _perform(self, perform: Perform) -> None:
        try:
            place = self._places[perform.ref.kind]
            result: AnyWire = place.perform(perform.ref, perform.action, subject=perform.key)
        except Exception as exc:  # noqa: BLE001 - as above
            result = failure(exc)
        self.send(Performed(perform, result))

    def _tell(self, report: Report) -> None:
        error: SecretSyncError | None = None
        try:
            self._report(report)
        except Exception as exc:  # noqa: BLE001 - as above
            error = failure(exc).error
        self.send(Reported(report, error))


def failure(exc: Exception) -> Failed:
    """Return what an exception means to the engine; one that is not ours shows its type only."""
    match exc:
        case RateLimited():
            return Failed(exc, Scope.HOST, exc.retry_after)
        case Unavailable() if exc.nobody_there:
            return Failed(exc, Scope.HOST)
        case SecretSyncError():
            return Failed(exc)
        case _:
            log.error("a fault of ours: %s at %s", type(exc).__name__, _place(exc))
            return Failed(Defect(type(exc).__name__))


def _place(exc: Exception) -> str:
    """Where it happened. Never the text or the frames of an exception that is not ours: they may hold values."""
    frames = extract_tb(exc.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "an unknown place"
