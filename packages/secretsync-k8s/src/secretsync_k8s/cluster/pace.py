"""When the next rollout of a namespace may begin: so many a second, without anybody who waits (kmssecret §6).

A turn is an answer with a time of renewal: who is told to wait is run again when its time has come.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any, Final, final

from secretsync.clock import Clock, Deadline
from secretsync.ports import AnyQuery, AnyWire
from secretsync.queries import Found, Query, query
from secretsync.targets import Ref
from secretsync.values import Version

HOST: Final = "pace"
"""The host of what takes no time."""
APART: Final = 0.2
"""Seconds between two rollouts of one namespace."""
_LAPSES: Final = 60.0
"""Seconds after which a turn that nobody came for is forgotten."""


@query
class Turn(Query[bool]):
    """Asks whether a rollout may begin. To ask is to stand in line: ask for one that is due, and last of all.

    Attributes:
        of: The versions of what it uses, as the cluster counts them: for the next change it stands in line anew.
    """

    workload: Ref
    of: tuple[Version, ...]
    pushed = True  # one that may begin is no later asked again whether it may
    private = False

    @property
    def host(self) -> str:
        return HOST


@final
class Pace:
    """Answers turns in the order they come, by namespace. A `Backend`; safe to call from several threads."""

    answers = frozenset({Turn})

    def __init__(self, clock: Clock, *, apart: float = APART) -> None:
        self._clock = clock
        self._apart = apart
        self._next: dict[str, float] = {}
        self._turns: dict[Turn, float] = {}
        self._lock = Lock()

    def read(
        self,
        queries: Sequence[AnyQuery],
        *,
        known: Mapping[AnyQuery, Version],  # noqa: ARG002 - an answer has no version
        credential: Found[Any] | None,  # noqa: ARG002 - none is needed
        deadline: Deadline,  # noqa: ARG002 - takes no time
    ) -> Mapping[AnyQuery, AnyWire]:
        """See `Backend.read`."""
        with self._lock:
            now = self._clock.monotonic()
            self._forget(now)
            return {query: self._answer(query, now) for query in queries if isinstance(query, Turn)}

    def _answer(self, turn: Turn, now: float) -> Found[bool]:
        at = self._turns.get(turn)
        if at is None:
            namespace = turn.workload.namespace
            at = max(now, self._next.get(namespace, now))
            self._next[namespace] = at + self._apart
        if at <= now:
            self._turns.pop(turn, None)
            return Found(value=True)
        self._turns[turn] = at
        wait = at - now
        return Found(value=False, renew_in=wait, expires_in=wait + _LAPSES)

    def _forget(self, now: float) -> None:
        self._next = {namespace: at for namespace, at in self._next.items() if at > now}
        self._turns = {turn: at for turn, at in self._turns.items() if at > now - _LAPSES}
