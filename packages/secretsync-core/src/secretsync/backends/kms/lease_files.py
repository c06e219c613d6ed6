"""Leases that outlive a process: sealed files, one for each who holds some (agent §9).

Times in them are those of this machine's wall clock, and only tell when an entry is of no use any more: whether a lease
lives the KMS is asked before it serves again.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from hashlib import sha256
from typing import Any, Final, final

from ...clock import Clock
from ...files.sealed import Sealed
from ...values import SecretValue
from .lease_book import Kept
from .queries import DynamicSecret, Lent

LATE: Final = 3600.0
"""Seconds after its end for which an entry is kept, because the clock may be wrong."""


@final
class LeaseFiles:
    """A `Memory` of leases on a disk. Safe to call from several threads, never with the same query at once.

    Args:
        sealed: Where the entries are.
        clock: Tells when they end.
    """

    def __init__(self, sealed: Sealed, clock: Clock) -> None:
        self._sealed = sealed
        self._clock = clock

    def keep(self, query: DynamicSecret, kept: Kept) -> None:
        """Have this found by the next process."""
        self._sealed.write(_name(query), _written(kept, self._now()))

    def find(self, query: DynamicSecret) -> Kept | None:
        """Return what the process before this one had."""
        return self._entry(_name(query))

    def drop(self, query: DynamicSecret) -> None:
        self._sealed.remove(_name(query))

    def retain(self, queries: Collection[DynamicSecret]) -> None:
        """Have nothing but what these hold."""
        for name in set(self._sealed.names()) - {_name(query) for query in queries}:
            self._sealed.remove(name)

    def sweep(self) -> None:
        """Remove what ended long ago, and what nobody can read."""
        for name in self._sealed.names():
            kept = self._entry(name)
            if kept and kept.ends_in < -LATE:
                self._sealed.remove(name)

    def _entry(self, name: str) -> Kept | None:
        """Return what an entry says; one of another form is as good as none."""
        plain = self._sealed.read(name)
        try:
            return None if plain is None else _read(plain, self._now())
        except (AttributeError, KeyError, TypeError, ValueError):
            self._sealed.drop(name)
            return None

    def _now(self) -> float:
        return self._clock.now().timestamp()


def _name(query: DynamicSecret) -> str:
    """Return the name of an entry, which is the same in every process and tells nothing."""
    place = query.place
    parts = [query.host, place.project, place.environment, place.path, query.name, query.ttl, query.holder]
    return sha256(json.dumps([*parts, *query.principals]).encode()).hexdigest()[:32]


def _written(kept: Kept, now: float) -> bytes:
    entry = {
        "lease": kept.lease_id,
        "data": {name: value.text() for name, value in kept.credentials.items()},
        "json": sorted(kept.credentials.json),
        "ends": now + kept.ends_in,
        "left": {lease_id: now + ends_in for lease_id, ends_in in kept.left.items()},
    }
    return json.dumps(entry).encode()


def _read(plain: bytes, now: float) -> Kept:
    """Return what an entry says; raises what comes of it if another version of this has written it."""
    entry: Mapping[str, Any] = json.loads(plain)
    texts = {name: SecretValue(text) for name, text in entry["data"].items()}
    left = {lease_id: ends - now for lease_id, ends in entry["left"].items()}
    return Kept(entry["lease"], Lent(texts, frozenset(entry["json"])), entry["ends"] - now, left)
