"""Hosts: everything that takes time waits in the queue of the host whose time it takes.

A host that failed gets one probe at a time; what else is queued there hears the verdict at once instead of waiting
through the same time-out. So a dead host costs one request per back-off however many ask it, and a hanging one delays
nothing but its own.

What was sent together fails together, and afterwards the host gets half as much at once; what it lost comes back one
by one, each after a full round of answers.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from typing import Final, Generic, TypeVar

from attrs import field

from ..classes import define
from ..errors import SecretSyncError
from ..queries import Failed, Scope
from ..retry import Backoff, Chance
from .lanes import Lane, Lanes

W = TypeVar("W", bound=Hashable)

HOST_BACKOFF: Final = Backoff(base=5.0, cap=30.0, floor=1.0)
"""One request finds out for all who wait, so it may come often."""


@define(eq=False)
class Host(Generic[W]):
    """Mutable, owned by one `Hosts`; times are monotonic seconds.

    Attributes:
        limit: The most requests it ever gets at once.
        allowed: How many it gets now: halved when it fails, regained one by one while it answers.
    """

    name: str
    limit: int
    allowed: float = field(init=False)
    queue: Lanes[W] = field(factory=Lanes)
    busy: int = 0
    failures: int = 0
    retry_at: float = 0.0
    held_until: float = 0.0
    """It asked for patience until then: what was sent earlier and is answered well ends that no sooner."""
    tried: bool = False
    """Something went out since it last failed."""
    error: SecretSyncError | None = None

    def __attrs_post_init__(self) -> None:
        self.allowed = float(self.limit)

    def ready(self, now: float) -> bool:
        """Something waits that can go out now, or that can be told the verdict."""
        free = self.busy < (1 if self.error else int(self.allowed))
        return bool(self.queue) and (free or self.verdict(now) is not None)

    def sent(self) -> None:
        self.busy += 1
        self.tried = True

    def verdict(self, now: float) -> Failed | None:
        """Return what anybody who asks this host now must be told, None when it is worth trying."""
        if self.error is None or now >= self.retry_at:
            return None
        return Failed(self.error, Scope.HOST, self.retry_at - now)


class Hosts(Generic[W]):
    """All hosts of one engine, and which of them have something to dispatch."""

    def __init__(self, *, limit: Callable[[str], int], chance: Chance, longest: float) -> None:
        self._limit = limit
        self._chance = chance
        self._longest = longest
        self._hosts: dict[str, Host[W]] = {}
        self._stirred: dict[str, None] = {}

    def host(self, name: str) -> Host[W]:
        if name not in self._hosts:
            self._hosts[name] = Host(name, self._limit(name))
        return self._hosts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._hosts)

    def put(self, name: str, work: W, lane: Lane) -> None:
        self.host(name).queue.put(work, lane)
        self._stirred[name] = None

    def discard(self, name: str, work: W) -> None:
        self.host(name).queue.discard(work)

    def done(self, name: str) -> None:
        """One thing that was dispatched is over."""
        self.host(name).busy -= 1
        self._stirred[name] = None

    def failed(self, name: str, failed: Failed, now: float) -> None:
        """The host itself could not be reached, or asks for patience.

        What was in flight together fails together: that is one failure, not sixteen, however far apart they land.
        """
        host = self.host(name)
        if host.tried:
            host.failures += 1
            host.allowed = max(1.0, host.allowed / 2.0)
            wait = min(HOST_BACKOFF.delay(host.failures, self._chance), self._longest)
            host.retry_at = now + wait
        host.error, host.tried = failed.error, False
        host.held_until = max(host.held_until, now + failed.retry_after)
        host.retry_at = max(host.retry_at, host.held_until)

    def answered(self, name: str, now: float) -> None:
        """The host is there."""
        host = self.host(name)
        if now >= host.held_until:
            host.failures, host.error = 0, None
            host.allowed = min(float(host.limit), host.allowed + 1.0 / host.allowed)

    def ready(self, now: float) -> Iterator[tuple[Host[W], W, Lane]]:
        """Yield what can go out now, or be told the verdict; the caller says what really does by `Host.sent`."""
        while self._stirred:
            host = self._hosts[next(iter(self._stirred))]
            del self._stirred[host.name]
            while host.ready(now):
                work, lane = host.queue.pick()
                yield host, work, lane

    @property
    def idle(self) -> bool:
        """Nothing is queued or under way."""
        return not any(host.busy or host.queue for host in self._hosts.values())
