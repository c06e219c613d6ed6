"""Runs: the life of each subject.

    idle → queued → parked → queued → … → writing → idle

A run is a record, not a continuation: one that missed something is parked and begins again from its start when the
last missing answer is there. What it asked so far stays held meanwhile, or a long chain would be fetched anew at
every link. No worker waits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, Final

from attrs import evolve

from ..cache.entry import NEVER
from ..cache.store import Store
from ..clock import FOREVER
from ..digest import Digester
from ..errors import (
    DeadlineExceeded,
    Defect,
    SecretSyncError,
    TargetConflict,
    TargetImmutable,
    TargetMoved,
    TargetTypeImmutable,
    TooManyRounds,
)
from ..ports import AnyQuery, AnyWire
from ..retry import Backoff, Chance
from ..targets import Observe
from .ask import Ask, AskFailed
from .hosts import Hosts
from .lanes import Lane, Lanes
from .messages import Kept, Outcome, Perform, Subject
from .reads import Reads
from .reports import Reports
from .run import Run, State
from .settle import Guard, Memory, Parked, Quiet, Settled, settle
from .timers import Timers
from .writes import Writes

ROUNDS: Final = 16
"""A chain of queries longer than this is a mistake in the function that asks."""
BACKOFF: Final = Backoff(base=5.0, cap=300.0, floor=1.0)
HOUR: Final = 3600.0
"""The net under what only a change can help."""
AT_ONCE: Final = 3
"""How often a target that moved under our hands is looked at again without waiting."""


class Runs:
    """Owned by one engine."""

    def __init__(
        self,
        store: Store,
        hosts: Hosts[Any],
        timers: Timers[Any],
        reports: Reports,
        *,
        digest: Digester,
        guard: Guard,
        chance: Chance,
        longest: float,
    ) -> None:
        self._store = store
        self._hosts = hosts
        self._timers = timers
        self._reports = reports
        self._guard = guard
        self._chance = chance
        self._longest = longest
        self._runs: dict[str, Run] = {}
        self._queue: Lanes[str] = Lanes()
        self.reads: Reads  # set by the engine: the two know each other
        self.writes: Writes = Writes(
            store, hosts, timers, digest=digest, run_of=self.get, learned=self._learned, written=self._written
        )

    def __len__(self) -> int:
        return len(self._runs)

    @property
    def queued(self) -> int:
        return len(self._queue)

    def get(self, key: str) -> Run | None:
        return self._runs.get(key)

    # -- what brings a run about

    def applied(self, subject: Subject, now: float) -> None:
        run = self._runs.get(subject.key)
        if run is None:
            run = self._runs[subject.key] = Run(subject, now)
            run.targets = tuple(Kept(recorded) for recorded in subject.recorded)
            self._timers.at(subject.deadline, run)
            self.trigger(run, _first_lane(subject), now)
            return
        before, run.subject = run.subject, subject
        run.anew |= before.fresh != subject.fresh
        if run.anew or _terms(before) != _terms(subject):
            run.memory = evolve(run.memory, inputs=b"")  # its ages are part of what it asked
            run.rounds, run.since = 0, now
            self.trigger(run, Lane.CHANGED, now)

    def withdrawn(self, key: str, now: float) -> None:
        """Forget it at once: what is in flight for it is discarded when it lands."""
        run = self._runs.pop(key, None)
        if run is None:
            return
        self._queue.discard(key)
        self._unpark(run)
        for perform in run.writing:
            self._hosts.discard(perform.host, perform)
        self._hold(run, (*run.held, *run.memory.asked), now)
        self._store.depend(key, before=run.memory.asked, after={})
        self._hold(run, (), now)
        for query in run.memory.asked:
            self.reads.schedule(self._store.entry(query), now)
        self._timers.reset(FOREVER, run)

    def awake(self, key: str, query: AnyQuery) -> None:
        """One of the answers that a parked run waits for has come."""
        run = self._runs.get(key)
        if run is None or run.waiting is None:
            return
        run.waiting.pop(query, None)
        if not run.waiting:
            self._enqueue(run, run.lane)

    def news(self, key: str, lane: Lane, now: float) -> None:
        """An answer that it depends on changed, failed or recovered."""
        run = self._runs.get(key)
        if run is not None and run.state is not State.PARKED:
            self.trigger(run, lane, now)

    def due(self, run: Run, now: float) -> None:
        if run.reported is not None:
            self.trigger(run, Lane.RETRY, now)
        elif now >= run.subject.deadline:
            self._expire(run, now)

    def _expire(self, run: Run, now: float) -> None:
        """Say that it takes too long; work on, unless nobody would hear of it."""
        slow = sorted({query.host for query in run.waiting or ()} | {perform.host for perform in run.writing})
        error = DeadlineExceeded(f"no answer in time from {', '.join(slow) or 'the queue'}")
        self._report(run, Outcome((error,), run.targets, failures=1))
        if run.subject.once:
            self.withdrawn(run.key, now)

    def trigger(self, run: Run, lane: Lane, now: float) -> None:
        """Have it run, now or when its writes are done."""
        if run.state is State.WRITING:
            run.again = True
            return
        if run.state is State.IDLE:
            run.since, run.rounds, run.lane = now, 0, lane
            self._hold(run, run.memory.asked, now)
        self._enqueue(run, min(lane, run.lane))

    def _enqueue(self, run: Run, lane: Lane) -> None:
        self._unpark(run)
        run.state, run.lane = State.QUEUED, lane
        self._queue.put(run.key, lane)

    # -- one run

    def work(self, budget: int, now: float) -> None:
        """Settle what is queued, at most so many: it is the longest time that an event can wait."""
        for _ in range(min(budget, len(self._queue))):
            key, _ = self._queue.pick()
            self._settle(self._runs[key], now)

    def _settle(self, run: Run, now: float) -> None:
        subject = run.subject
        max_age = subject.period if subject.max_age is None else subject.max_age
        permit = partial(self._guard, subject)
        ask = Ask(self._store, now=now, since=run.since, max_age=max_age, permit=permit, anew=run.anew)
        if run.targets or subject.recorded:
            subject = evolve(subject, recorded=tuple(kept.recorded for kept in run.targets))
        run.rounds += 1
        try:
            result = settle(subject, ask, self._store, memory=run.memory, guard=self._guard)
        except AskFailed as exc:
            self._fail(run, ask, exc.failed.error, now)
        except SecretSyncError as exc:
            self._fail(run, ask, exc, now, retry_in=HOUR)
        except Exception as exc:  # noqa: BLE001 - one kind's fault must not stop all the others
            self._fail(run, ask, Defect(f"{type(exc).__name__} while evaluating {run.key}"), now, retry_in=HOUR)
        else:
            match result:
                case Parked(missed):
                    self._park(run, ask, missed, now)
                case Quiet():
                    if run.failures:
                        self._depend(run, run.memory, now)
                    self._finish(run, run.errors, now)
                case Settled():
                    self._write(run, ask, result, now)

    def _park(self, run: Run, ask: Ask, missed: Mapping[AnyQuery, bool], now: float) -> None:
        if run.rounds >= ROUNDS:
            chain = " → ".join(type(query).__name__ for query in ask.asked)
            for query in missed:  # to fetch them would only make the chain longer
                del ask.asked[query]
            error = TooManyRounds(f"still asking after {ROUNDS} rounds: {chain}")
            self._fail(run, ask, error, now, retry_in=HOUR)
            return
        self._hold(run, ask.asked, now)
        run.state, run.waiting = State.PARKED, dict.fromkeys(missed)
        for query, value in missed.items():
            entry = self._store.entry(query)
            entry.waiters[run.key] = None
            if self._in_no_hurry(run, ask.asked[query]):
                period = run.subject.period
                self.reads.await_turn(entry, period, now, latest=run.since + period)
            else:
                self.reads.want(entry, run.lane, obtain=value, since=run.since if run.anew else NEVER)

    @staticmethod
    def _in_no_hurry(run: Run, max_age: float) -> bool:
        """After a restart over what was right, a check is made at its turn, as if nothing had happened.

        What is asked once in many periods only (a project's id) stands before the checks and does not wait.
        """
        return _waits_for_its_turn(run) and max_age <= run.subject.period

    def _unpark(self, run: Run) -> None:
        for query in run.waiting or ():
            self._store.entry(query).waiters.pop(run.key, None)
        run.waiting = None

    def _hold(self, run: Run, queries: Iterable[AnyQuery], now: float) -> None:
        before, run.held = run.held, tuple(queries)
        self._store.hold(run.held)
        self._store.release(before, now=now)

    def _fail(self, run: Run, ask: Ask, error: SecretSyncError, now: float, *, retry_in: float = FOREVER) -> None:
        """It could not be evaluated: nothing is written, and what it asked is what may help.

        While it only confirmed what an earlier evaluation had asked, that evaluation still stands.
        """
        confirming = bool(run.memory.inputs) and ask.asked.keys() <= run.memory.asked.keys()
        memory = run.memory if confirming else Memory(asked=dict(ask.asked))
        self._depend(run, memory, now, ages={**memory.asked, **ask.asked})
        self._finish(run, (error,), now, retry_in=retry_in)

    def _depend(self, run: Run, memory: Memory, now: float, *, ages: Mapping[AnyQuery, float] | None = None) -> None:
        """Remember what this evaluation asked: news of it bring the run about, and it is checked once a period.

        Args:
            ages: While the run fails, where other ages count than those that were asked for.
        """
        before, run.memory = run.memory.asked, memory
        self._hold(run, (*before, *memory.asked), now)
        periods = {query: max(age, run.subject.period) for query, age in (ages or memory.asked).items()}
        self._store.depend(run.key, before=before, after=periods)
        for query in {**before, **memory.asked}:
            self.reads.schedule(self._store.entry(query), now)

    # -- targets

    def _write(self, run: Run, ask: Ask, settled: Settled, now: float) -> None:
        verified = self.writes.begin(run, settled, now)
        if run.writing or not run.subject.once:  # else it is over, and nobody will ask what it depended on
            self._depend(run, Memory(settled.inputs, dict(ask.asked), verified), now)
        self._hold(run, (), now)
        if run.writing:
            run.state = State.WRITING
        else:
            self._written(run, now)

    def _learned(self, perform: Perform, result: AnyWire, now: float) -> None:
        self.reads.learned(Observe(perform.ref), result, now, by=perform.key)

    def _written(self, run: Run, now: float) -> None:
        """Every write is done, or none was needed."""
        assert run.draft is not None  # noqa: S101 - nothing is written without one
        run.targets, run.draft = tuple(run.draft.kept.values()), None
        errors = run.errors
        moved = bool(errors) and all(isinstance(error, TargetMoved) for error in errors)
        run.moved = run.moved + 1 if moved else 0
        if moved and run.moved <= AT_ONCE:
            run.state = State.IDLE
            self.trigger(run, run.lane, now)
            return
        self._finish(run, errors, now, retry_in=self._wait(run, errors, now))

    def _wait(self, run: Run, errors: tuple[SecretSyncError, ...], now: float) -> float:
        if not errors:
            return FOREVER
        if all(type(error) in _WAIT_FOR_CHANGE for error in errors):
            return HOUR
        own = min(BACKOFF.delay(run.failures + 1, self._chance), self._longest, run.subject.period)
        return min([own, *(max(0.0, self._hosts.host(name).retry_at - now) for name in run.down)])

    # -- the end

    def _finish(
        self,
        run: Run,
        errors: tuple[SecretSyncError, ...],
        now: float,
        *,
        retry_in: float = FOREVER,
    ) -> None:
        self._unpark(run)
        self._queue.discard(run.key)
        self._hold(run, (), now)
        run.failures = run.failures + 1 if errors else 0
        run.anew = run.anew and run.again  # asked for while targets were written: the next round does it
        notes, run.notes = run.notes, ()
        run.state = State.IDLE
        gone = run.subject.deleted and not errors and not run.targets
        took = None if _waits_for_its_turn(run) else now - run.since
        self._report(run, Outcome(errors, run.targets, run.failures, gone, notes, took))
        if run.subject.once:
            self.withdrawn(run.key, now)
            return
        self._timers.at(now + retry_in, run)
        if run.again:
            run.again = False
            self.trigger(run, Lane.CHANGED, now)

    def _report(self, run: Run, outcome: Outcome) -> None:
        """Tell what changed; an outage that goes on is told after 1, 2, 4, 8 … failures only (kmssecret §4 step 10)."""
        news = run.reported is None or outcome != run.reported or outcome.notes or run.subject.deleted
        if news or (outcome.failures and outcome.failures & (outcome.failures - 1) == 0):
            run.reported = evolve(outcome, notes=()) if outcome.notes else outcome
            self._reports.tell(run.key, run.subject.host, outcome, run.lane)


def _first_lane(subject: Subject) -> Lane:
    if subject.once:
        return Lane.CALLER
    return Lane.REFRESH if subject.settled else Lane.NEW


def _waits_for_its_turn(run: Run) -> bool:
    """Whether nothing calls for this run: a restart found what was right, and it is its first look."""
    return run.subject.settled and run.lane is Lane.REFRESH and run.reported is None


def _terms(subject: Subject) -> tuple[object, ...]:
    """What makes it another wish."""
    return subject.spec, subject.deleted, subject.period, subject.max_age


_WAIT_FOR_CHANGE: Final = frozenset({TargetConflict, TargetImmutable, TargetTypeImmutable})
"""Trying again helps nothing; a watch tells when the target moves."""
