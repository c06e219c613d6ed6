"""Reads: which queries are fetched, when, together with which others, and with which credential.

    wanted → queued at its host → (waits for its credential) → in flight → landed

One flight a query: who asks for what is on its way joins it. A credential is an answer like any other; a fetch that
needs one that is not there waits for it, and a token that only fetches use is renewed at its next use after its time,
while the old one serves.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from typing import Any, Final

from attrs import frozen

from ..cache.entry import Entry
from ..cache.store import Store
from ..clock import FOREVER
from ..errors import CredentialsNotFound, Defect
from ..ports import AnyQuery, AnyWire
from ..queries import Absent, Failed, Found, Scope, Unchanged
from ..retry import Chance
from ..values import Version
from .hosts import Host, Hosts
from .lanes import Lane
from .messages import Fetch
from .timers import Timers

EARLIER: Final = 0.1
"""A check comes up to this part of its period early, so that checks that began together drift apart."""

REFUSED_AGAIN: Final = 30.0
"""Seconds between two replacements of one credential because of plain refusals."""
SUSPECT_AGAIN: Final = 600.0
"""The same, where the refusal may just as well mean what it says (kms-api §9)."""
SUSPECT_AGE: Final = 60.0
"""A credential younger than this is not suspected."""


@frozen
class Batch:
    """The queries of one group, waiting in a host's queue."""

    group: Hashable


class Reads:
    """Owned by one engine. Calls `awake(key)` for a parked run whose answer came, `news(key, lane)` for an asker."""

    def __init__(
        self,
        store: Store,
        hosts: Hosts[Any],
        timers: Timers[Any],
        *,
        chance: Chance,
        longest: float,
        awake: Callable[[str, AnyQuery], None],
        news: Callable[[str, Lane], None],
    ) -> None:
        self._store = store
        self._hosts = hosts
        self._timers = timers
        self._chance = chance
        self._longest = longest
        self._awake = awake
        self._news = news
        self._waiting: dict[tuple[str, Hashable], dict[AnyQuery, None]] = {}

    # -- wanting

    def want(self, entry: Entry, lane: Lane, *, obtain: bool = False) -> None:
        """Have it read; `obtain`: with its value, even if it did not move."""
        entry.obtain |= obtain
        if not entry.under_way:
            query = entry.query
            self._waiting.setdefault((query.host, query.group), {})[query] = None
            self._hosts.put(query.host, Batch(query.group), lane)

    def moved(self, query: AnyQuery, version: Version) -> None:
        """A watch saw another version. Who never asked does not care."""
        entry = self._store.known(query)
        if entry is None or (entry.version == version and entry.answer is not None):
            return
        if entry.under_way:
            entry.shown = version
            return
        self._store.doubt(query)
        if entry.askers or entry.waiters:
            self.want(entry, Lane.CHANGED)

    def due(self, entry: Entry) -> None:
        """Its check, renewal or retry has come."""
        if entry.askers:
            self.want(entry, Lane.RETRY if entry.failure else Lane.REFRESH, obtain=entry.perishable)

    def schedule(self, entry: Entry, now: float) -> None:
        """Set when it comes due next."""
        self._timers.reset(self._next(entry, now), entry)

    def _next(self, entry: Entry, now: float) -> float:
        if entry.under_way or not entry.askers:
            return FOREVER
        if entry.failure:
            return entry.retry_at
        if entry.perishable:
            return entry.renew_at
        if entry.query.pushed:
            return FOREVER
        return max(now, entry.at + entry.period * (1.0 - EARLIER * self._chance()))

    # -- fetching

    def fetch(self, host: Host[Any], batch: Batch, lane: Lane, now: float) -> Fetch | None:
        """Return the fetch of what waits in a batch, None if there is nothing to send."""
        verdict = host.verdict(now)
        queries = self._take(host, batch, lane, everything=verdict is not None)
        if verdict:
            for query in queries:
                self._land(query, verdict, None, now)
            return None
        credential = self._credential(queries, lane, now)
        if isinstance(credential, Failed):
            for query in queries:
                self._land(query, credential, None, now)
            return None
        entries = [self._store.entry(query) for query in queries]
        for entry in entries:
            entry.under_way = True
        if credential is None and queries[0].credential is not None:
            return None
        known = {e.query: e.version for e in entries if e.version and (e.has_value or not e.obtain)}
        return Fetch(host.name, queries, known, credential)

    def _take(self, host: Host[Any], batch: Batch, lane: Lane, *, everything: bool) -> tuple[AnyQuery, ...]:
        waiting = tuple(self._waiting.pop((host.name, batch.group)))
        size = len(waiting) if everything else waiting[0].batch
        if rest := waiting[size:]:
            self._waiting[host.name, batch.group] = dict.fromkeys(rest)
            host.queue.put(batch, lane)
        return waiting[:size]

    def _credential(self, queries: tuple[AnyQuery, ...], lane: Lane, now: float) -> Found[Any] | Failed | None:
        """Return the credential of a batch; None: there is none, or it must be waited for."""
        query = queries[0].credential
        if query is None:
            return None
        holder = self._store.entry(query)
        answer = self._store.look(query, now=now, not_before=-FOREVER, value=True)
        match answer:
            case Found():
                if now >= holder.renew_at:
                    self.want(holder, Lane.REFRESH, obtain=True)
                return answer
            case Absent():
                return Failed(CredentialsNotFound(f"{query} does not exist"))
            case Failed():
                return Failed(answer.error, Scope.QUERY, max(0.0, holder.retry_at - now))
            case None:
                holder.dependants |= dict.fromkeys(queries, lane)
                self.want(holder, lane, obtain=True)
                return None

    # -- landing

    def landed(self, fetch: Fetch, answers: dict[AnyQuery, AnyWire], now: float) -> None:
        """Take in what a fetch brought."""
        self._hosts.done(fetch.host)
        for query in fetch.queries:
            wire = answers.get(query) or Failed(Defect(f"no answer to {type(query).__name__}"))
            if isinstance(wire, Failed) and wire.scope is Scope.HOST:
                self._hosts.failed(fetch.host, wire, now)
            else:
                self._hosts.answered(fetch.host)
            self._land(query, wire, fetch.credential, now)

    def learned(self, query: AnyQuery, wire: AnyWire, now: float, *, by: str) -> None:
        """Take in what a run of `by` made true by its own write."""
        if self._store.learn(query, wire, now=now):
            self._tell(self._store.entry(query), Lane.CHANGED, but=by)

    def _land(self, query: AnyQuery, wire: AnyWire, used: Found[Any] | None, now: float) -> None:
        entry = self._store.entry(query)
        entry.under_way = False
        if isinstance(wire, Failed) and self._replay(entry, wire, used, now):
            return
        changed = self._store.learn(query, wire, now=now)
        if isinstance(wire, Failed):
            entry.retry_at = self._retry_at(entry, wire, now)
        elif isinstance(wire, Unchanged) and entry.obtain and not entry.has_value:
            self.want(entry, Lane.CHANGED, obtain=True)  # a check was in flight when the value was asked for
            return
        elif self._overtaken(entry):
            self.want(entry, Lane.CHANGED)
            return
        for key in tuple(entry.waiters):
            self._awake(key, query)
        entry.waiters.clear()
        if changed:
            self._tell(entry, Lane.RETRY if isinstance(wire, Failed) else Lane.CHANGED)
        self._release(entry)
        self.schedule(entry, now)

    def _tell(self, entry: Entry, lane: Lane, *, but: str = "") -> None:
        for key in tuple(entry.askers):
            if key != but:
                self._news(key, lane)

    def _overtaken(self, entry: Entry) -> bool:
        """A watch showed a version while the fetch was under way, and it is not the one that came."""
        shown, entry.shown = entry.shown, None
        if shown is None or shown == entry.version:
            return False
        self._store.doubt(entry.query)
        return True

    def _release(self, credential: Entry) -> None:
        """Let go the fetches that waited for this credential."""
        dependants, credential.dependants = credential.dependants, {}
        for query, lane in dependants.items():
            entry = self._store.entry(query)
            entry.under_way = False
            self.want(entry, Lane(lane))

    def _retry_at(self, entry: Entry, failed: Failed, now: float) -> float:
        host = self._hosts.host(entry.query.host)
        if host.error is not None:
            return max(host.retry_at, now)
        backoff = entry.query.backoff
        wait = min(backoff.delay(entry.failures, self._chance), max(self._longest, backoff.floor))
        return now + max(failed.retry_after, wait)

    # -- refused credentials

    def _replay(self, entry: Entry, failed: Failed, used: Found[Any] | None, now: float) -> bool:
        """Try once more with another credential, if this failure may be the fault of the one that was used."""
        query = entry.query.credential
        if used is None or query is None or failed.scope not in (Scope.CREDENTIAL, Scope.SUSPECT):
            return False
        holder = self._store.entry(query)
        if entry.replayed or (holder.answer is used and not self._give_up(holder, failed.scope, now)):
            entry.replayed = False
            return False
        entry.replayed = True
        self.want(entry, Lane.RETRY)
        return True

    @staticmethod
    def _give_up(holder: Entry, scope: Scope, now: float) -> bool:
        """Throw the credential away, unless that was done a moment ago or it is too young to be suspected."""
        suspect = scope is Scope.SUSPECT and now < holder.expires_at
        pause = SUSPECT_AGAIN if suspect else REFUSED_AGAIN
        if now < holder.forced_at + pause or (suspect and now < holder.at + SUSPECT_AGE):
            return False
        holder.forced_at = now
        holder.expires_at = now
        return True

    def overdue(self, now: float) -> Iterator[Entry]:
        """Yield what should have been tried and was not, oldest last; for probes."""
        for entry in self._store:
            if entry.askers and entry.due < now:
                yield entry
