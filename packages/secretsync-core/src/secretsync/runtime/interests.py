"""Which folders somebody keeps an eye on, and whose answers a change somewhere puts in doubt."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock
from typing import final

from ..backends.kms.events import Place, Watched
from ..backends.kms.queries import Folder
from ..queries import Identity


@final
class Interests:
    """Thread-safe. Who is interested goes by a key; nothing is kept for a key that was not added, or no longer is."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._keys: dict[str, frozenset[Folder]] = {}
        self._watched: dict[Folder, Watched] = {}
        self._keepers: dict[Folder, set[str]] = {}
        self._of: dict[Identity, dict[Folder, None]] = {}

    def add(self, key: str) -> None:
        with self._lock:
            self._keys.setdefault(key, frozenset())

    def keep(self, key: str, watched: Iterable[Watched]) -> tuple[Folder, ...]:
        """Have a key be interested in these and nothing else; return the folders that interest nobody any more."""
        with self._lock:
            return self._keep(key, {one.query: one for one in watched}) if key in self._keys else ()

    def drop(self, key: str) -> tuple[Folder, ...]:
        """Forget a key; return as `keep` does."""
        with self._lock:
            lost = self._keep(key, {})
            self._keys.pop(key, None)
            return lost

    def keeps(self, query: Folder) -> bool:
        """Return whether a folder interests anybody."""
        with self._lock:
            return query in self._watched

    def touched(self, project: str, place: Place) -> tuple[Folder, ...]:
        """Return the folders whose answer a change in a place of a project may change; of "" in any project."""
        with self._lock:
            watched = tuple(self._watched.values())
        return tuple(one.query for one in watched if project in ("", one.query.project) and one.touched(place))

    def any_of(self, identity: Identity) -> Folder | None:
        """Return a folder that somebody keeps an eye on under an identity, None if there is none."""
        with self._lock:
            return next(iter(self._of.get(identity, ())), None)

    def _keep(self, key: str, watched: dict[Folder, Watched]) -> tuple[Folder, ...]:
        gone = self._keys.get(key, frozenset()) - watched.keys()
        self._keys[key] = frozenset(watched)
        self._watched |= watched
        for query in watched:
            self._keepers.setdefault(query, set()).add(key)
            self._of.setdefault(query.identity, {})[query] = None
        for query in gone:
            self._keepers[query].discard(key)
        lost = tuple(query for query in gone if not self._keepers[query])
        for query in lost:
            self._lose(query)
        return lost

    def _lose(self, query: Folder) -> None:
        del self._keepers[query], self._watched[query], self._of[query.identity][query]
        if not self._of[query.identity]:
            del self._of[query.identity]
