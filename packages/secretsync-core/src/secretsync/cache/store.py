"""The store of answers. Pure: time comes in, nothing goes out.

    confirm   "has it moved?"   digest and version are enough; the value may long be dropped
    obtain    "what is it?"     the value is needed; without it, what is known counts as a miss

A value is held while a queued, running *or parked* run asked for it, or a waiting fetch needs it as its credential,
and `LINGER` seconds longer. An entry is evicted `IDLE` seconds after the last one who cared: rotated credentials make
new identities, and the queries of the old ones must not pile up.

Both are queues of entries in order of time, each entry once: setting its time anew takes it to the end.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TypeVar

from ..clock import FOREVER
from ..digest import Digester, fraction
from ..ports import AnyQuery, AnyWire
from ..queries import Absent, Answer, Failed, Found, Purpose, Unchanged
from .entry import NEVER, Entry

Q = TypeVar("Q", bound=AnyQuery)

LINGER: Final = 5.0
IDLE: Final = 600.0

INPUTS: Final = frozenset({Purpose.DATA, Purpose.CREDENTIAL})
"""The purposes whose answers are part of what a run computes from."""


class Store:
    """Owned by one engine; not thread-safe."""

    def __init__(self, digest: Digester) -> None:
        self._digest = digest
        self._entries: dict[AnyQuery, Entry] = {}
        self._dropping: OrderedDict[Entry, float] = OrderedDict()
        self._idling: OrderedDict[Entry, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def entry(self, query: AnyQuery) -> Entry:
        """Return the entry of a query, a new one if nobody asked yet."""
        entry = self._entries.get(query)
        if entry is None:
            name, group = self._digest(query), query.group
            phase = fraction(name if group is query else self._digest(group))
            entry = self._entries[query] = Entry(query, name, phase)
        return entry

    def own(self, query: Q) -> Q:
        """Return the store's own copy of a query, for whoever remembers it: thousands remember equal ones."""
        return self.entry(query).query  # type: ignore[return-value]  # equal, hence of the same class

    def known(self, query: AnyQuery) -> Entry | None:
        """Return the entry of a query somebody asked, else None."""
        return self._entries.get(query)

    # -- what is known

    def look(self, query: AnyQuery, *, now: float, not_before: float, value: bool) -> Answer[object] | None:
        """Return what is known; None is a miss.

        Args:
            query: What is asked.
            now: The time.
            not_before: An answer that was confirmed earlier than this is a miss; does not apply to what a watch
                pushes (it tells when it moves) or to what has an expiry of its own.
            value: The value is needed, its digest is not enough.

        Returns:
            An answer that is young enough outranks a later failure; a failure counts until it is time to try again.
        """
        entry = self.entry(query)
        if entry.answer is not None and now < entry.expires_at and (entry.has_value or not value):
            young = entry.at > NEVER if query.pushed or entry.perishable else entry.at >= not_before
            if young:
                return entry.answer
        return entry.failure if entry.failure and now < entry.retry_at else None

    def learn(self, query: AnyQuery, wire: AnyWire, *, at: float) -> bool:
        """Take in an answer that came at this time; return True when those who asked must run again.

        That is when it differs from the last one, when it is a failure, and when it ends one.
        """
        entry = self.entry(query)
        if isinstance(wire, Failed):
            entry.failure, entry.failures = wire, entry.failures + 1
            return True
        news = entry.failure is not None
        entry.failure, entry.failures, entry.at = None, 0, at
        if isinstance(wire, Unchanged):
            entry.obtain = entry.obtain and not entry.has_value
            return news
        digest = self._digest(_essence(wire))
        news = news or digest != entry.digest
        entry.answer, entry.digest, entry.obtain = wire, digest, False
        if entry.dependants:
            entry.dependants.used = 0
        entry.renew_at, entry.expires_at = _ends(wire, at)
        self._linger(entry, at)
        return news

    def doubt(self, query: AnyQuery) -> None:
        """Forget that the answer was confirmed, not what it said."""
        self.entry(query).at = NEVER

    def fingerprint(self, spec: bytes, asked: Iterable[AnyQuery]) -> bytes:
        """Return the digest of a specification and of all answers it was computed from; versions do not count."""
        entries = (self.entry(query) for query in asked if query.purpose in INPUTS)
        return self._digest((spec, [(entry.name, entry.digest) for entry in entries]))

    # -- who cares

    def depend(self, key: str, *, before: Iterable[AnyQuery], after: Mapping[AnyQuery, float]) -> None:
        """Record that a run depends on `after` (each with a period in seconds) and no longer on `before`."""
        for query in before:
            if query not in after and (entry := self.known(query)):
                entry.askers.pop(key, None)
        for query, period in after.items():
            self.entry(query).askers[key] = period

    def hold(self, queries: Iterable[AnyQuery]) -> None:
        for query in queries:
            self.entry(query).holders += 1

    def release(self, queries: Iterable[AnyQuery], *, now: float) -> None:
        """Undo `hold`; what nobody holds any more lingers, what nobody uses at all idles."""
        for query in queries:
            entry = self.entry(query)
            entry.holders -= 1
            self._linger(entry, now)
            self.rest(entry, now)

    def rest(self, entry: Entry, now: float) -> None:
        """Let an entry idle if nobody uses it any more."""
        if not entry.in_use:
            _put_off(self._idling, entry, now + IDLE)

    def _linger(self, entry: Entry, now: float) -> None:
        if entry.query.private and isinstance(entry.answer, Found) and not entry.perishable:
            _put_off(self._dropping, entry, now + LINGER)

    @property
    def wake_at(self) -> float:
        """When `drop` has something to do."""
        return min(_first_time(self._dropping), _first_time(self._idling))

    def drop(self, now: float) -> None:
        """Drop the values that nobody needs any more, and the entries that nobody asks about."""
        while entry := _taken(self._dropping, now):
            if not entry.holders and not entry.awaited:
                entry.drop_value()
        while entry := _taken(self._idling, now):
            if entry.in_use:
                continue
            if now < entry.retry_at or now < entry.expires_at < FOREVER:
                self.rest(entry, now)  # a living token still serves, a failed login must not be forgotten
            else:
                del self._entries[entry.query]


def _put_off(queue: OrderedDict[Entry, float], entry: Entry, time: float) -> None:
    """Have its time come last. One that is over earlier, for its answer came before a suspension, goes with the others."""
    queue[entry] = time
    queue.move_to_end(entry)


def _taken(queue: OrderedDict[Entry, float], now: float) -> Entry | None:
    """Take out the first entry whose time has come."""
    if _first_time(queue) > now:
        return None
    entry, _ = queue.popitem(last=False)
    if not queue:
        queue.clear()  # or the room that a burst took stays taken
    return entry


def _first_time(queue: OrderedDict[Entry, float]) -> float:
    return next(iter(queue.values()), FOREVER)


def _ends(answer: Found[object] | Absent, at: float) -> tuple[float, float]:
    """Return when an answer that came at this time is to be renewed, and when it expires."""
    if isinstance(answer, Absent) or answer.expires_in == FOREVER:
        return FOREVER, FOREVER  # not as a sum, which were a number of its own for each entry
    return at + answer.renew_in, at + answer.expires_in


def _essence(answer: Found[object] | Absent) -> object:
    """What decides whether an answer changed: its value, or what exactly is absent."""
    return ("found", answer.value) if isinstance(answer, Found) else ("absent", type(answer.why))
