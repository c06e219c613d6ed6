"""One inbox, one engine thread, a few workers for each host.

The engine thread only thinks: every fetch, write and report runs on a worker of its host, so a host that hangs
holds up its own few threads and nobody else.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection
from concurrent.futures import Future, wait
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from typing import Final, TypeVar, final

from ..clock import FOREVER, Clock
from ..errors import EngineStopped
from ..reconcile.engine import Engine
from ..reconcile.messages import Effect, Event, Fetch
from .executor import Executor, where
from .workers import Job, Workers

R = TypeVar("R")
Inspection = tuple[Callable[[Engine], object], "Future[object]"]
Message = Event | Inspection | None

log: Final = logging.getLogger("secretsync.runtime")


@final
class Driver:
    """Runs an engine. `send`, `inspect` and `close` may be called from any thread.

    Args:
        engine: Owned by this driver from now on.
        clock: Whose monotonic time the engine sees.
        executor: Carries out effects, on threads of their hosts.
        limit: Threads a host, the same function the engine was given.
        inline: Hosts whose effects never block and run on the engine's own thread.
        died: Told, on the engine's own thread, by which fault it stopped; must not block.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        clock: Clock,
        executor: Executor,
        limit: Callable[[str], int],
        inline: Collection[str] = (),
        died: Callable[[str], None] | None = None,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._executor = executor
        self._limit = limit
        self._inline = frozenset(inline)
        self._died = died
        self._inbox: SimpleQueue[Message] = SimpleQueue()
        self._over = ""
        """Why the engine stopped; "" while it runs."""
        self._workers: dict[str, Workers] = {}
        self._thread = threading.Thread(target=self._loop, name="secretsync-engine", daemon=True)
        self._writes: set[Future[None]] = set()
        self._beat = FOREVER
        self.dead: bool = False
        """The engine stopped by a fault: nothing will ever happen again."""

    def start(self) -> None:
        self._thread.start()

    def send(self, event: Event) -> None:
        self._put(event)

    def inspect(self, look: Callable[[Engine], R]) -> Future[R]:
        """Call `look` with the engine between two steps; the future holds what it returns, or `EngineStopped`."""
        future: Future[R] = Future()
        self._put((look, future))  # type: ignore[arg-type]  # the pair belongs together, whatever R is
        return future

    @property
    def silent_for(self) -> float:
        """Seconds since the engine's thread last came round though it had something to do."""
        return max(0.0, self._clock.monotonic() - self._beat)

    def close(self) -> None:
        """Stop: nothing new goes out, and when this returns all writes and reports are over; reads go on unheard."""
        self._put(None)
        self._thread.join()
        wait(self._writes)
        for workers in self._workers.values():
            workers.close()

    def _put(self, message: Message) -> None:
        self._inbox.put(message)
        if self._over:  # asked after the message was put, so that it is refused here or by the engine as it stopped
            self._refuse()

    def _refuse(self) -> None:
        """Drop what nobody will look at any more; who waits for a look hears why."""
        with suppress(Empty):  # that was all
            while True:
                message = self._inbox.get_nowait()
                if isinstance(message, tuple) and message[1].set_running_or_notify_cancel():
                    message[1].set_exception(EngineStopped(self._over))

    # -- the engine's thread

    def _loop(self) -> None:
        try:
            wake_at = self._engine.wake_at
            while (events := self._collect(wake_at)) is not None:
                self._beat = self._clock.monotonic()
                effects = self._engine.step(events, self._beat)
                wake_at = self._engine.wake_at  # before a worker wakes up, and has to wait until this thread waits
                for effect in effects:
                    self._carry_out(effect)
                self._beat = FOREVER
        except Exception as exc:  # noqa: BLE001 - said without a traceback: its frames may hold values
            self._fall(f"the engine stopped by a fault of ours: {type(exc).__name__} at {where(exc)}")
        else:
            self._end("the engine was closed")

    def _fall(self, why: str) -> None:
        log.critical(why)
        self.dead = True
        self._end(why)
        if self._died is not None:
            self._died(why)

    def _end(self, why: str) -> None:
        self._over = why
        self._refuse()

    def _collect(self, wake_at: float) -> list[Event] | None:
        """Wait for the first message or the engine's next moment, then take all there is; None means stop."""
        pause = max(0.0, wake_at - self._clock.monotonic())
        events: list[Event] = []
        try:
            message = self._inbox.get(block=pause > 0.0, timeout=None if pause == FOREVER else pause)
        except Empty:
            return events
        while message is not None:
            if isinstance(message, tuple):
                self._answer(*message)
            else:
                events.append(message)
            if self._inbox.empty():  # nobody else takes anything out
                return events
            message = self._inbox.get_nowait()
        return None

    def _answer(self, look: Callable[[Engine], object], future: Future[object]) -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            future.set_result(look(self._engine))
        except Exception as exc:  # noqa: BLE001 - the one who asked gets it
            future.set_exception(exc)

    def _carry_out(self, effect: Effect) -> None:
        if effect.host in self._inline:
            self._do(effect)
            return
        if effect.host not in self._workers:
            self._workers[effect.host] = Workers(self._limit(effect.host), name=f"secretsync-{effect.host}")
        self._workers[effect.host].do(self._job(effect))

    def _job(self, effect: Effect) -> Job:
        if isinstance(effect, Fetch):
            return partial(self._do, effect)
        written: Future[None] = Future()
        self._writes.add(written)
        written.add_done_callback(self._writes.discard)
        return partial(self._write, effect, written)

    def _write(self, effect: Effect, written: Future[None]) -> None:
        self._do(effect)
        written.set_result(None)

    def _do(self, effect: Effect) -> None:
        self.send(self._executor.carry_out(effect))
