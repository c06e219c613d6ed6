"""Credentials of fetches: an answer like any other, but one that other fetches wait for.

waiting    the fetch needs it, and it is not there: goes out as soon as it is
stranded   the fetch failed for want of it: is tried again once it is there
replayed   the fetch was refused, maybe because of it: goes out once more, with another one

A token that only fetches use is renewed at its next use after its time, while the old one serves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, Final, Protocol

from ..cache.entry import Dependants, Entry
from ..cache.store import Store
from ..classes import frozen
from ..clock import FOREVER
from ..errors import CredentialsNotFound
from ..ports import AnyQuery
from ..queries import Absent, Failed, Found, Scope
from .lanes import Lane

REFUSED_AGAIN: Final = 30.0
"""Seconds between two replacements of one credential because of plain refusals."""
SUSPECT_AGAIN: Final = 600.0
"""The same, where the refusal may just as well mean what it says (kms-api §9)."""
SUSPECT_AGE: Final = 60.0
"""A credential younger than this is not suspected."""


@frozen
class Uses:
    """How many fetches had their credential at hand, and how many had to wait for it."""

    hits: int = 0
    misses: int = 0


class Want(Protocol):
    """Has an entry read; see `Reads.want`."""

    def __call__(self, entry: Entry, lane: Lane, *, obtain: bool = False) -> None: ...


class Credentials:
    """Owned by one `Reads`.

    Args:
        want: Has an entry read.
        schedule: Sets when an entry comes due, now that its credential may be tried at another time.
    """

    def __init__(self, store: Store, *, want: Want, schedule: Callable[[Entry, float], None]) -> None:
        self._store = store
        self._want = want
        self._schedule = schedule
        self._released: set[AnyQuery] = set()
        """Queries whose fetch waited for a credential and goes out next."""
        self._hits: Counter[type[AnyQuery]] = Counter()
        self._misses: Counter[type[AnyQuery]] = Counter()

    def uses(self, kind: type[AnyQuery]) -> Uses:
        """Return how often answers of this kind were there when a fetch needed one as its credential."""
        return Uses(self._hits[kind], self._misses[kind])

    # -- needed

    def of(self, queries: tuple[AnyQuery, ...], lane: Lane, now: float) -> Found[Any] | Failed | None:
        """Return the credential of a batch; None: there is none, or it must be waited for."""
        query = queries[0].credential
        if query is None:
            return None
        released = self._released.intersection(queries)
        self._released -= released
        holder = self._store.entry(query)
        _spend(holder, len(queries), now)
        answer = self._store.look(query, now=now, not_before=-FOREVER, value=True)
        match answer:
            case Found():
                self._hits[type(query)] += len(queries) - len(released)
                if now >= max(holder.renew_at, holder.retry_at):
                    self._want(holder, Lane.REFRESH, obtain=True)
                return answer
            case Absent():
                holder.as_credential().stranded |= dict.fromkeys(queries)
                return Failed(CredentialsNotFound(f"{query} does not exist"))
            case Failed():
                holder.as_credential().stranded |= dict.fromkeys(queries)
                return Failed(answer.error, Scope.QUERY, max(0.0, holder.retry_at - now))
            case None:
                self._wait(holder, queries, lane)
                return None

    def _wait(self, holder: Entry, queries: tuple[AnyQuery, ...], lane: Lane) -> None:
        """Have the fetch of these wait for a credential, or for another one."""
        self._misses[type(holder.query)] += len(queries)
        holder.as_credential().waiting |= dict.fromkeys(queries, lane)
        self._want(holder, lane, obtain=True)

    def give_up(self, queries: tuple[AnyQuery, ...]) -> None:
        """Forget that these lacked one: from now on it is their host that keeps them waiting."""
        self._released.difference_update(queries)
        query = queries[0].credential
        holder = self._store.known(query) if query is not None else None
        if holder and holder.dependants:
            for each in queries:
                holder.dependants.stranded.pop(each, None)

    def lacked_by(self, entry: Entry) -> Entry | None:
        """Return the credential for want of which this failed, if that is why."""
        query = entry.query.credential
        holder = self._store.known(query) if query is not None else None
        return holder if holder and holder.dependants and entry.query in holder.dependants.stranded else None

    # -- there, or failed

    def landed(self, credential: Entry, dependants: Dependants, now: float) -> None:
        """Let go the fetches that waited for this credential, and once it is there those that failed without it."""
        waiting, dependants.waiting = dependants.waiting, {}
        self._released |= waiting.keys()
        for query, lane in waiting.items():
            entry = self._store.entry(query)
            entry.under_way = False
            self._want(entry, Lane(lane))
        stranded = [known for query in dependants.stranded if (known := self._store.known(query)) and known.failure]
        if credential.failure:
            for known in stranded:
                self._schedule(known, now)  # with the credential, which may be tried at another time now
        elif not isinstance(credential.answer, Absent):
            dependants.stranded = {}
            for known in stranded:
                if known.askers or (known.dependants and known.dependants.stranded):
                    self._want(known, Lane.RETRY)

    # -- refused

    def replay(self, entry: Entry, failed: Failed, used: Found[Any] | None, now: float) -> bool:
        """Try once more with another credential, if this failure may be the fault of the one that was used."""
        query = entry.query.credential
        if used is None or query is None or entry.replayed:
            return False
        holder = self._store.entry(query)
        replaced = holder.answer is not used or now >= holder.expires_at
        if failed.scope is Scope.CREDENTIAL:
            again = replaced or self._refused(holder, now)
        else:
            again = failed.scope is Scope.SUSPECT and (replaced or self._suspected(entry, holder, now))
        if again and not entry.under_way:
            self._want(entry, Lane.RETRY)
        entry.replayed = again
        return again

    @staticmethod
    def _refused(holder: Entry, now: float) -> bool:
        """Throw the credential away, unless its predecessor was a moment ago."""
        dependants = holder.as_credential()
        if now < dependants.forced_at + REFUSED_AGAIN:
            return False
        dependants.forced_at = holder.expires_at = now
        return True

    def _suspected(self, entry: Entry, holder: Entry, now: float) -> bool:
        """Have the fetch wait for another credential; the one that was used still serves everybody else meanwhile."""
        dependants = holder.as_credential()
        if not dependants.waiting:
            if now < max(holder.at + SUSPECT_AGE, dependants.forced_at + SUSPECT_AGAIN, holder.retry_at):
                return False
            dependants.forced_at = now
        entry.under_way = True
        self._wait(holder, (entry.query,), Lane.RETRY)
        return True


def _spend(holder: Entry, queries: int, now: float) -> None:
    """Count what a credential serves that is not good for more than so many; one that is used up has expired."""
    answer = holder.answer
    if not isinstance(answer, Found) or not answer.uses or now >= holder.expires_at:
        return
    dependants = holder.as_credential()
    dependants.used += queries
    if dependants.used > answer.uses:
        holder.expires_at = now
