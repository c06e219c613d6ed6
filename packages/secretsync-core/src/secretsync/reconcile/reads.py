"""Reads: which queries are fetched, when, together with which others, and with which credential.

    wanted → queued at its host → (waits for its credential) → in flight → landed

One flight a query: who asks for what is on its way joins it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Final

from ..cache.entry import NEVER, Entry
from ..cache.store import Store
from ..classes import frozen
from ..clock import FOREVER
from ..errors import Defect
from ..ports import AnyQuery, AnyWire
from ..queries import Absent, Failed, Found, Scope, Unchanged
from ..retry import Chance
from ..values import NO_VERSION, Version
from .credentials import Credentials
from .hosts import Host, Hosts
from .lanes import Lane
from .messages import Fetch
from .timers import Timers

LEAST: Final = 10.0
"""Seconds, `least` where nobody says otherwise."""


@frozen
class Lateness:
    """How late the checks of one host are that came due and were not attempted.

    Attributes:
        seconds: Of the one that waits longest.
        periods: Of the one that is worst off, by its own period, or by `LEAST` seconds where that is shorter.
    """

    seconds: float = 0.0
    periods: float = 0.0


@frozen
class Batch:
    """The queries of one group, waiting in a host's queue."""

    group: Hashable


class Reads:
    """Owned by one engine. Calls `awake(key)` for a parked run whose answer came, `news(key, lane)` for an asker.

    Args:
        least: Seconds between two checks of one query, unless its period itself is shorter.
    """

    def __init__(
        self,
        store: Store,
        hosts: Hosts[Any],
        timers: Timers[Any],
        *,
        chance: Chance,
        longest: float,
        least: float,
        awake: Callable[[str, AnyQuery], None],
        news: Callable[[str, Lane], None],
    ) -> None:
        self._store = store
        self._hosts = hosts
        self._timers = timers
        self._chance = chance
        self._longest = longest
        self._least = least
        self._awake = awake
        self._news = news
        self._waiting: dict[tuple[str, Hashable], dict[AnyQuery, None]] = {}
        self.credentials: Final = Credentials(store, want=self.want, schedule=self.schedule)

    # -- wanting

    def want(self, entry: Entry, lane: Lane, *, obtain: bool = False, since: float = NEVER) -> None:
        """Have it read; `obtain`: with its value, even if it did not move; `since`: by a fetch no older than this."""
        entry.obtain |= obtain
        entry.in_turn = False
        entry.first_turn = FOREVER
        if not entry.under_way:
            query = entry.query
            self._waiting.setdefault((query.host, query.group), {})[query] = None
            self._hosts.put(query.host, Batch(query.group), lane)
        elif entry.sent < since:
            entry.outdated = True

    def await_turn(self, entry: Entry, period: float, now: float, *, latest: float) -> None:
        """Have it read when it has its turn, as if it had been checked all along, and at `latest` whatever its turn."""
        turn = min(now + _until_turn(entry, now, period), latest)
        if entry.query.pushed or entry.failure or entry.under_way or turn <= now:
            self.want(entry, Lane.REFRESH, obtain=True)
            return
        entry.obtain = True
        entry.first_turn = min(entry.first_turn, turn)  # kept where a check comes first: who asks for it may go
        self._timers.at(turn, entry)

    def moved(self, query: AnyQuery, version: Version) -> None:
        """A watch saw another version. Who never asked does not care."""
        entry = self._store.known(query)
        if entry is None or (entry.shown is None and _shows(entry, version)):
            return
        self._store.doubt(query)
        if entry.under_way or entry.written:
            entry.outdated |= entry.shown not in (None, version)  # connections swap events: either may be the newer
            entry.shown = version
        else:
            self._look_again(entry)

    def _look_again(self, entry: Entry) -> None:
        if entry.askers or entry.waiters:
            self.want(entry, Lane.CHANGED)

    def due(self, entry: Entry, now: float) -> None:
        """Its check, renewal or retry has come."""
        if (entry.askers or entry.first_turn <= now) and not entry.under_way:
            entry.late = min(entry.late, now)
            self.want(entry, Lane.RETRY if entry.failure else Lane.REFRESH, obtain=entry.perishable)
            entry.in_turn = True

    def schedule(self, entry: Entry, now: float) -> None:
        """Set when it comes due next."""
        self._timers.reset(self._next(entry, now), entry)

    def _next(self, entry: Entry, now: float) -> float:
        if entry.under_way:
            return FOREVER
        return min(entry.first_turn, self._next_check(entry, now)) if entry.askers else entry.first_turn

    def _next_check(self, entry: Entry, now: float) -> float:
        if entry.failure:
            return self._retry(entry, entry.failure, now)
        if entry.perishable:
            return entry.renew_at
        if entry.query.pushed:
            return FOREVER
        return max(now, _next_turn(entry, self._least))

    # -- fetching

    def fetch(self, host: Host[Any], batch: Batch, lane: Lane, now: float) -> Fetch | None:
        """Return the fetch of what waits in a batch, None if there is nothing to send."""
        verdict = host.verdict(now)
        queries = self._take(host, batch, lane, everything=verdict is not None)
        if verdict:
            self.credentials.give_up(queries)
        credential = verdict or self.credentials.of(queries, lane, now)
        if isinstance(credential, Failed):
            for query in queries:
                self._land(query, credential, None, now, now)
            return None
        entries = [self._store.entry(query) for query in queries]
        for entry in entries:
            entry.under_way = True
        if credential is None and queries[0].credential is not None:
            return None
        for entry in entries:
            entry.sent, entry.outdated = now, False
        return Fetch(host.name, queries, {e.query: e.version for e in entries if _conditional(e)}, credential)

    def _take(self, host: Host[Any], batch: Batch, lane: Lane, *, everything: bool) -> tuple[AnyQuery, ...]:
        waiting = tuple(self._waiting.pop((host.name, batch.group)))
        size = len(waiting) if everything else waiting[0].batch
        if rest := waiting[size:]:
            self._waiting[host.name, batch.group] = dict.fromkeys(rest)
            host.queue.put(batch, lane)
        for query in waiting[:size]:
            self._store.entry(query).late = FOREVER
        return waiting[:size]

    # -- landing

    def landed(self, fetch: Fetch, answers: dict[AnyQuery, AnyWire], at: float, now: float) -> None:
        """Take in what a fetch brought at an earlier time."""
        self._hosts.done(fetch.host)
        for query in fetch.queries:
            wire = answers.get(query) or Failed(Defect(f"no answer to {type(query).__name__}"))
            if isinstance(wire, Unchanged) and query not in fetch.known:
                wire = Failed(Defect(f"{type(query).__name__} is unchanged since nothing"))
            if isinstance(wire, Failed) and wire.scope is Scope.HOST:
                self._hosts.failed(fetch.host, wire, now)
            else:
                self._hosts.answered(fetch.host, now)
            self._land(query, wire, fetch.credential, at, now)

    def learned(self, query: AnyQuery, wire: AnyWire, now: float, *, by: str) -> None:
        """Take in how a write by a run of `by` ended. A watch may show it first, which is no reason to read it."""
        entry = self._store.entry(query)
        if isinstance(wire, Failed):
            self._store.doubt(query)
        elif self._store.learn(query, wire, at=now):
            self._tell(entry, Lane.CHANGED, but=by)
        if entry.under_way and not isinstance(wire, Failed):
            entry.shown = entry.version  # that read may have begun before the write
        elif not (entry.under_way or entry.written) and self._overtaken(entry):
            self._look_again(entry)
        self._store.rest(entry, now)

    def _land(self, query: AnyQuery, wire: AnyWire, used: Found[Any] | None, at: float, now: float) -> None:
        entry = self._store.entry(query)
        entry.under_way = False
        if isinstance(wire, Failed) and self.credentials.replay(entry, wire, used, now):
            return
        entry.replayed = False
        entry.changed |= self._store.learn(query, wire, at=at)
        if isinstance(wire, Failed):
            entry.retry_at, entry.shown, entry.outdated = self._retry_at(entry, wire, now), None, False
        elif self._overtaken(entry):
            self.want(entry, Lane.CHANGED)
            return
        self._announce(entry, now)

    def _announce(self, entry: Entry, now: float) -> None:
        for key in tuple(entry.waiters):
            self._awake(key, entry.query)
        entry.waiters.clear()
        entry.first_turn = FOREVER  # who waited for it has the answer
        if entry.changed:
            self._tell(entry, Lane.RETRY if entry.failure else Lane.CHANGED)
        entry.changed = False
        if entry.dependants:
            self.credentials.landed(entry, entry.dependants, now)
        self.schedule(entry, now)
        self._store.rest(entry, now)

    def _tell(self, entry: Entry, lane: Lane, *, but: str = "") -> None:
        for key in tuple(entry.askers):
            if key != but:
                self._news(key, lane)

    def _overtaken(self, entry: Entry) -> bool:
        """The answer is from before something: a watch showed another version meanwhile, or somebody asked anew."""
        shown, entry.shown = entry.shown, None
        outdated, entry.outdated = entry.outdated, False
        if not outdated and (shown is None or shown == entry.version):
            return False
        self._store.doubt(entry.query)
        return True

    def _retry_at(self, entry: Entry, failed: Failed, now: float) -> float:
        if failed.scope is Scope.HOST:
            return max(self._hosts.host(entry.query.host).retry_at, now)
        wait = entry.query.backoff.delay(entry.failures, self._chance)
        return now + max(failed.retry_after, min(wait, self._longest_wait(entry)))

    def _retry(self, entry: Entry, failed: Failed, now: float) -> float:
        """Return when a failure is tried again: sooner than it was meant to be if somebody less patient asks now.

        One for want of a credential is tried when that is.
        """
        if (holder := self.credentials.lacked_by(entry)) and holder.failure:
            entry.retry_at = self._retry(holder, holder.failure, now)
        elif failed.scope is not Scope.HOST and not failed.retry_after:
            entry.retry_at = min(entry.retry_at, now + self._longest_wait(entry))
        return entry.retry_at

    def _longest_wait(self, entry: Entry) -> float:
        return max(min(self._longest, self._patience(entry)), entry.query.backoff.floor)

    def _patience(self, entry: Entry) -> float:
        """Return the seconds after which somebody would have checked this, had it not failed."""
        needing = (*entry.dependants.waiting, *entry.dependants.stranded) if entry.dependants else ()
        return min((entry.period, *(self._patience(self._store.entry(query)) for query in needing)))

    def lateness(self, now: float) -> dict[str, Lateness]:
        """Return how late the checks are, by host; a host that has none of them late is not in it."""
        found: dict[str, Lateness] = {}
        for entry in self._store:
            late = now - min(entry.due, entry.late)
            if late > 0.0 and entry.askers:
                host = entry.query.host
                worst = found.get(host, Lateness())
                periods = late / max(entry.period, LEAST)
                found[host] = Lateness(max(worst.seconds, late), max(worst.periods, periods))
        return found


def _until_turn(entry: Entry, now: float, period: float) -> float:
    """Return the seconds until a query has its next turn, more than 0 and at most a period."""
    return period - (now - entry.phase * period) % period


def _next_turn(entry: Entry, least: float) -> float:
    """Return when a check is due: at its own phase of the period.

    So checks which began together (a burst, the end of an outage) are spread over the whole period from then on, and
    each keeps its turn however long an answer takes. After a read out of turn, one that comes too soon is left out.
    """
    period = entry.period
    wait = _until_turn(entry, entry.at, period)
    return entry.at + (wait + period if wait < least <= period and not entry.in_turn else wait)


def _shows(entry: Entry, version: Version) -> bool:
    """What a watch saw is what is known."""
    if version == NO_VERSION:
        return isinstance(entry.answer, Absent)
    return isinstance(entry.answer, Found) and entry.version == version


def _conditional(entry: Entry) -> bool:
    """Its fetch may be answered `Unchanged`: never for what must be made anew, such as a token."""
    return bool(entry.version) and not entry.perishable and (entry.has_value or not entry.obtain)
