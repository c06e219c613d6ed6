"""Virtual time: tasks that take turns in one thread, on a clock that moves only when nobody has anything to do.

    world = World(seed=7)
    life = Life("operator 1")
    world.spawn(work, life)           # may call world.sleep(…) wherever a real program would wait
    world.run(until=86_400.0)

What falls into one moment is done in an order drawn by the seed, so the same seed is the same history, in any process.
Whatever belongs to a `Life` can be held up or ended as a whole: a suspended machine, a killed process.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import Final, NoReturn

from attrs import field
from greenlet import GreenletExit, getcurrent, greenlet

from ..classes import define, frozen
from ..clock import FOREVER
from ..retry import Chance
from .clock import NEW_YEAR

_ROUNDING: Final = 1e-6
"""Seconds by which a clock may be read too early when its time is computed back and forth."""
HOT: Final = 1_000_000
"""Turns within a second after which something is taken to go round for ever."""


class Stalled(AssertionError):
    """Time does not pass any more: what should wait comes back at once, again and again."""


@define(eq=False)
class Life:
    """What begins and ends together, such as a process; within another one, such as the work of a process.

    Attributes:
        held_until: Until when (in the world's seconds) nothing of it moves; a moment gone by for most.
        ended: Nothing of it moves any more.
    """

    name: str
    within: Life | None = None
    held_until: float = field(default=0.0, init=False)
    ended: bool = field(default=False, init=False)
    _inner: list[Life] = field(factory=list, init=False)

    def __attrs_post_init__(self) -> None:
        if self.within:
            self.held_until, self.ended = self.within.held_until, self.within.ended
            self.within._inner.append(self)  # noqa: SLF001 - one of our own

    def hold(self, until: float) -> None:
        """Suspend it; its clocks go on meanwhile."""
        self.held_until = max(self.held_until, until)
        for life in self._inner:
            life.hold(until)

    def end(self) -> None:
        """Nothing of it moves any more, nor is cleaned up: as kill -9 does."""
        self.ended = True
        for life in self._inner:
            life.end()


ALWAYS: Final = Life("the world")


class Signal:
    """What tasks wait for in `World.wait`; `set` lets all that wait go on, at that time if it is yet to come."""

    def __init__(self) -> None:
        self._waiting: list[Callable[[float], None]] = []

    def set(self, *, at: float = 0.0) -> None:
        waiting, self._waiting = self._waiting, []
        for go_on in waiting:
            go_on(at)

    def add(self, go_on: Callable[[float], None]) -> None:
        self._waiting.append(go_on)


@frozen
class WorldClock:
    """A `Clock` of a machine in the world.

    Attributes:
        ahead: Seconds by which its monotonic clock is ahead; no two machines agree.
        rate: Its seconds for one of the world's.
        wrong: Seconds by which its wall clock is ahead.
    """

    world: World
    ahead: float = 0.0
    rate: float = 1.0
    wrong: float = 0.0

    def monotonic(self) -> float:
        return self.ahead + self.world.now * self.rate

    def now(self) -> datetime:
        """Return the wall-clock time, as far as this machine knows it."""
        return NEW_YEAR + timedelta(seconds=self.world.now + self.wrong)

    def when(self, monotonic: float) -> float:
        """Return the world's time at which this clock shows `monotonic`, or a little more."""
        return (monotonic - self.ahead) / self.rate + _ROUNDING


@define(eq=False)
class Calm:
    """Times in which whoever only keeps watch may sleep through: nothing is going to happen that it would notice.

    Disturbances may overlap: it is on when it was begun once more often than it was ended.
    """

    over: Signal = field(factory=Signal)
    _disturbances: int = field(default=1, init=False)

    @property
    def on(self) -> bool:
        return not self._disturbances

    def begin(self) -> None:
        self._disturbances -= 1

    def end(self) -> None:
        self._disturbances += 1
        self.over.set()


@define(eq=False)
class SleepersClock:
    """A `Clock` that stands still while its owner sleeps through a calm, so that for the owner there was none."""

    clock: WorldClock
    calm: Calm
    _slept: float = field(default=0.0, init=False)
    _asleep_since: float | None = field(default=None, init=False)

    def monotonic(self) -> float:
        return (self.clock.monotonic() if self._asleep_since is None else self._asleep_since) - self._slept

    def now(self) -> datetime:
        return self.clock.now()

    def sleep_through(self) -> None:
        """Return, in a task, when no calm is on."""
        while self.calm.on:
            self._asleep_since = self.clock.monotonic()
            self.clock.world.wait(self.calm.over)
            self._slept += self.clock.monotonic() - self._asleep_since
            self._asleep_since = None


class _Task(greenlet):
    """Does work that may wait, one piece after the other; `life` says with whom the present one ends."""

    life: Life
    work: Callable[[], None]


class World:
    """Virtual time and all that happens in it. It is one thread; nothing of it may be touched by another.

    Args:
        seed: Of the order of what falls into one moment, and of `chance`.
        check: Called after every turn, if given; what it raises ends the run.

    Attributes:
        now: Seconds since the world began.
    """

    def __init__(self, *, seed: int, check: Callable[[], None] | None = None) -> None:
        self.now: float = 0.0
        self._check = check
        self._ties: Chance = Random(f"{seed} ties").random  # noqa: S311 - a history that can be played again
        self._queue: list[tuple[float, float, int, Life, Callable[[], object]]] = []
        self._order = count()
        self._hub = getcurrent()
        self._tasks: list[_Task] = []
        self._free: list[_Task] = []

    # -- what is to happen

    def at(self, time: float, call: Callable[[], object], life: Life = ALWAYS) -> None:
        """Have `call` called then; it may not wait."""
        heappush(self._queue, (max(time, self.now), self._ties(), next(self._order), life, call))

    def spawn(self, work: Callable[[], None], life: Life = ALWAYS, *, after: float = 0.0) -> None:
        """Have `work` done by a task, which may wait. What it raises ends the run."""
        task = self._free.pop() if self._free else self._new_task()
        task.life, task.work = life, work
        self.at(self.now + after, task.switch, life)

    def _new_task(self) -> _Task:
        def one_after_another() -> None:
            while True:
                task.work()
                self._free.append(task)
                self._hub.switch()

        task = _Task(one_after_another, parent=self._hub)
        self._tasks.append(task)
        return task

    # -- waiting, in a task

    def sleep(self, seconds: float) -> None:
        """Let so much time pass."""
        task = self._task()
        self.at(self.now + seconds, task.switch, task.life)
        self._hub.switch()

    def wait(self, signal: Signal, *, until: float = FOREVER) -> None:
        """Wait for the signal, but not longer than until that time."""
        task, waits = self._task(), [True]

        def go_on() -> None:
            if waits:
                waits.clear()
                task.switch()

        signal.add(lambda time: self.at(time, go_on, task.life))
        if until < FOREVER:
            self.at(until, go_on, task.life)
        self._hub.switch()

    @property
    def at_work(self) -> Life:
        """With whom the present task ends; the world itself where none is at work."""
        task = getcurrent()
        return task.life if isinstance(task, _Task) else ALWAYS

    def abandon(self) -> NoReturn:
        """End the present task where it is; what it would tidy up is tidied up, unless that too ends here."""
        self._task()
        raise GreenletExit

    def _task(self) -> _Task:
        task = getcurrent()
        if not isinstance(task, _Task):
            raise RuntimeError("only a task may wait; begin one with World.spawn")  # noqa: TRY004 - no wrong argument
        return task

    # -- time

    def run(self, until: float) -> None:
        """Let time pass until then.

        Raises:
            Stalled: It hardly does.
        """
        turns, second, queue = 0, self.now, self._queue
        while queue and queue[0][0] <= until:
            time, _, _, life, call = heappop(queue)
            turns += 1
            if time > second + 1.0:
                turns, second = 0, time
            elif turns > HOT:
                raise Stalled(f"{HOT} turns in the second before {self.now:.3f} s")
            self.now = time
            if life.ended:
                continue
            if life.held_until > time:
                self.at(life.held_until, call, life)
                continue
            call()
            if self._check is not None:
                self._check()
        self.now = max(self.now, until)

    def close(self) -> None:
        """End all tasks where they are."""
        for task in self._tasks:
            task.throw()
        self._tasks.clear()
        self._free.clear()
        self._queue.clear()
