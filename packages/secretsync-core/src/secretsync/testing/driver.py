"""Runs an engine in virtual time, with each effect as a task."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import final

from ..clock import FOREVER
from ..reconcile.engine import Engine
from ..reconcile.messages import Effect, Event, Perform, Report
from ..runtime.executor import Executor
from .world import Life, Signal, World, WorldClock


@final
class VirtualDriver:
    """What `secretsync.runtime.driver.Driver` is in real time, without threads: steps when something happened.

    Args:
        executor: Carries out effects; its backends and places wait by `World.sleep`.
        life: With whom it ends.
        watch: Told of each effect as it begins.
    """

    def __init__(
        self,
        engine: Engine,
        executor: Executor,
        *,
        world: World,
        clock: WorldClock,
        life: Life,
        watch: Callable[[Effect], None] = lambda effect: None,  # noqa: ARG005 - the form of it
    ) -> None:
        self.engine = engine
        self.flying: dict[int, Effect] = {}
        """What is being carried out now, oldest first."""
        self._executor = executor
        self._world = world
        self._clock = clock
        self._life = life
        self._watch = watch
        self._inbox: list[Event] = []
        self._next = FOREVER
        self._turns: set[float] = set()
        """Moments at which a turn is to come; only that at `_next` counts."""
        self._closed = False
        self._written = Signal()

    def send(self, event: Event) -> None:
        self._inbox.append(event)
        self._come_round(self._world.now)

    def close(self) -> None:
        """Begin nothing more; returns, in a task, when the writes and reports under way are over."""
        self._closed = True
        while any(isinstance(effect, Perform | Report) for effect in self.flying.values()):
            self._world.wait(self._written)

    def _come_round(self, at: float) -> None:
        if at >= self._next or self._closed:
            return
        self._next = at
        if at not in self._turns:
            self._turns.add(at)
            self._world.at(at, partial(self._turn, at), self._life)

    def _turn(self, meant_for: float) -> None:
        self._turns.remove(meant_for)
        if meant_for != self._next or self._closed:
            return  # an earlier moment came in between, and set the next one
        events, self._inbox, self._next = self._inbox, [], FOREVER
        for effect in self.engine.step(events, self._clock.monotonic()):
            self.flying[id(effect)] = effect
            self._watch(effect)
            self._world.spawn(partial(self._carry_out, effect), self._life)
        if (wake_at := self.engine.wake_at) < FOREVER:
            self._come_round(max(self._world.now, self._clock.when(wake_at)))

    def _carry_out(self, effect: Effect) -> None:
        event = self._executor.carry_out(effect)
        del self.flying[id(effect)]
        self._written.set()
        self.send(event)
