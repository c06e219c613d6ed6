"""The engine: `step(events, now) -> effects`. A state machine without I/O.

A driver hands in what happened and carries out what comes back, at `wake_at` at the latest; a simulation does the
same in virtual time. Everything that decides lives here and below: queues, limits, back-off, batching, renewal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from ..cache.entry import Entry
from ..cache.store import Store
from ..clock import FOREVER
from ..digest import Digester
from ..ports import AnyQuery
from ..queries import Purpose
from ..retry import Chance
from .credentials import Uses
from .hosts import Host, Hosts
from .lanes import Lane
from .messages import Answered, Applied, Effect, Event, Moved, Perform, Performed, Reported, Withdrawn
from .reads import LEAST, Batch, Lateness, Reads
from .reports import Pending, Reports, Tell
from .run import Run
from .runs import Runs
from .settle import Guard, allow
from .timers import Timers

BUDGET: Final = 200
"""Runs settled in one step."""

Work = Batch | Perform | Tell


class Engine:
    """Not thread-safe: one driver owns it.

    Args:
        digest: Keyed with the install key.
        chance: Numbers in [0, 1) for jitter.
        limit: How many requests a host takes at once.
        guard: Who may ask what and write where.
        longest: The longest back-off, in seconds.
        least: Seconds between two checks of one query, unless its period is shorter. Who wants every check within a
            period of the one before, the first one too, says 0.
    """

    def __init__(
        self,
        *,
        digest: Digester,
        chance: Chance,
        limit: Callable[[str], int],
        guard: Guard = allow,
        longest: float = 300.0,
        least: float = LEAST,
    ) -> None:
        self._store = Store(digest)
        self._timers: Timers[Entry | Run | Pending] = Timers()
        self._hosts: Hosts[Work] = Hosts(limit=limit, chance=chance, longest=longest)
        self._reports = Reports(self._hosts, self._timers, chance=chance)
        self._runs = Runs(
            self._store,
            self._hosts,
            self._timers,
            self._reports,
            digest=digest,
            guard=guard,
            chance=chance,
            longest=longest,
        )
        self._runs.reads = self._reads = Reads(
            self._store,
            self._hosts,
            self._timers,
            chance=chance,
            longest=longest,
            least=least,
            awake=self._runs.awake,
            news=lambda key, lane: self._runs.news(key, lane, self._now),
        )
        self._now = 0.0

    def step(self, events: Iterable[Event], now: float) -> list[Effect]:
        """Take in what happened; return what to do, each effect once."""
        self._now = now
        for event in events:
            self._take(event)
        for item in self._timers.pop(now):
            self._due(item)
        self._runs.work(BUDGET, now)
        effects = [effect for host, work, lane in self._hosts.ready(now) if (effect := self._send(host, work, lane))]
        self._store.drop(now)
        return effects

    @property
    def wake_at(self) -> float:
        """When `step` wants to be called at the latest, events or not."""
        return self._now if self._runs.queued else min(self._timers.wake_at, self._store.wake_at)

    def _take(self, event: Event) -> None:
        match event:
            case Applied(subject):
                self._runs.applied(subject, self._now)
            case Withdrawn(key):
                self._runs.withdrawn(key, self._now)
                self._reports.forget(key)
            case Moved(query, version):
                self._reads.moved(query, version)
            case Answered(fetch, answers, at):
                self._reads.landed(fetch, dict(answers), at, self._now)
            case Performed(perform, result):
                self._runs.writes.performed(perform, result, self._now)
            case Reported(report, error):
                self._reports.reported(report, error, self._now)

    def _due(self, item: Entry | Run | Pending) -> None:
        match item:
            case Entry():
                self._reads.due(item, self._now)
            case Run():
                self._runs.due(item, self._now)
            case Pending():
                self._reports.due(item)

    def _send(self, host: Host[Work], work: Work, lane: Lane) -> Effect | None:
        match work:
            case Batch():
                effect: Effect | None = self._reads.fetch(host, work, lane, self._now)
            case Tell():
                effect = self._reports.take(work, host.verdict(self._now), self._now)
            case Perform():
                effect = self._runs.writes.dispatch(work, host.verdict(self._now), self._now)
        if effect:
            host.sent()
        return effect

    # -- looking in; only between steps

    def freshness(self, key: str) -> float | None:
        """Return when a subject was last found in step with its answers, in monotonic seconds; None while it is not.

        An answer that may be older than the period (a project's id by its slug) counts as confirmed until it is.
        """
        run = self._runs.get(key)
        if run is None or run.reported is None or run.reported.errors or not run.memory.asked:
            return None
        asked = run.memory.asked.items()
        ends = (self._store.entry(q).at + age for q, age in asked if q.purpose is Purpose.DATA and not q.pushed)
        return min(ends, default=run.since + run.subject.period) - run.subject.period

    def held(self) -> list[AnyQuery]:
        """Return the queries whose secret values are in memory now."""
        return [entry.query for entry in self._store if entry.reveals]

    @property
    def idle(self) -> bool:
        """Nothing is queued or under way."""
        return not self._runs.queued and self._hosts.idle

    def next_check(self, key: str) -> float | None:
        """Return when a subject is looked at next, in monotonic seconds; None while no moment for it is set.

        That is while it is being looked at, and where only a change can bring it about.
        """
        run = self._runs.get(key)
        if run is None:
            return None
        entries = (self._store.entry(query) for query in (*run.memory.asked, *(run.waiting or ())))
        moment = min((min(entry.due, entry.late) for entry in entries), default=FOREVER)
        return None if (soonest := min(moment, run.due)) == FOREVER else soonest

    def lateness(self, now: float) -> dict[str, Lateness]:
        """Return by how much the checks are late that came due and were not attempted, for every host there is."""
        return {host: Lateness() for host in self._hosts} | self._reads.lateness(now)

    def credential_uses(self, kind: type[AnyQuery]) -> Uses:
        """Return how many fetches had their credential of this kind at hand, and how many had to wait for it."""
        return self._reads.credentials.uses(kind)
