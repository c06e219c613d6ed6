"""What goes wrong on purpose: requests that fail in every way a network knows, and watches that do not tell it right.

Faults are planned and then happen to the next requests and events that match, each as often as it was planned. What
ends a watch (`close`, `expire`, `freeze`) happens at once, to those that are open.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from threading import Event as Signal
from threading import Lock
from typing import Final, Literal, TypeVar, get_args
from weakref import WeakKeyDictionary

from secretsync.classes import define
from secretsync.runtime.clock import SystemClock

from .request import Request
from .status import planned as planned_error
from .watch import Disturbed, Hung, Watch

A = TypeVar("A")

Failure = Literal["reset", "lost", "hang", "slow"]
Disturbance = Literal["drop", "duplicate", "reorder", "delay", "close", "expire", "freeze"]

_TIMER: Final = SystemClock()
_STATUSES: Final = range(400, 600)
_PASSING: Final = frozenset({"drop", "duplicate", "reorder", "delay"})
_CHANGES: Final = frozenset({"ADDED", "MODIFIED", "DELETED"})


@define
class _Planned:
    """One fault that is still to happen `left` times."""

    what: str | int
    resource: str | None
    verb: str | None = None
    events: frozenset[str] = frozenset()
    seconds: float = 0.0
    left: int = 1

    def matches(self, request: Request, event: str | None = None) -> bool:
        resources = {None, request.type.plural, request.type.full_name}
        return (
            self.resource in resources and self.verb in {None, request.verb} and (event is None or event in self.events)
        )


class Faults:
    """The faults of one cluster. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._failures: list[_Planned] = []
        self._disturbances: list[_Planned] = []
        self._open: WeakKeyDictionary[Watch, Request] = WeakKeyDictionary()
        self._healed = Signal()
        self._down_until = 0.0
        self.told: Callable[[str | int, str], None] = lambda what, resource: None  # noqa: ARG005 - the form of it

    @property
    def down(self) -> bool:
        return _TIMER.monotonic() < self._down_until

    def go_down(self, *, seconds: float) -> None:
        """Be out of reach for so long; 0.0 ends it."""
        self._down_until = _TIMER.monotonic() + seconds

    # -- planning

    def fail(
        self, status: int | Failure, *, verb: str | None, resource: str | None, times: int, seconds: float
    ) -> None:
        if status not in _STATUSES:
            _check(status, (*get_args(Failure), "the statuses from 400 to 599"))
        with self._lock:
            self._failures.append(_Planned(status, resource, verb=verb, seconds=seconds, left=times))

    def disturb(
        self, what: Disturbance, *, resource: str | None, event: str | None, times: int, seconds: float
    ) -> None:
        _check(what, get_args(Disturbance))
        planned = _Planned(
            what, resource, events=frozenset({event}) if event else _CHANGES, seconds=seconds, left=times
        )
        if what in _PASSING:
            with self._lock:
                self._disturbances.append(planned)
            return
        with self._lock:
            watches = [watch for watch, request in self._open.items() if planned.matches(request)]
        for watch in watches:
            {"close": watch.close, "expire": watch.expire, "freeze": watch.freeze}[what]()

    def clear(self) -> None:
        """Forget what has not happened yet, and answer slow requests now."""
        with self._lock:
            self._failures.clear()
            self._disturbances.clear()
            self._healed.set()
            self._healed = Signal()

    # -- happening

    def meet(self, request: Request, answer: Callable[[Request], A]) -> A:
        """Answer the request, if nothing was planned for it.

        Raises:
            ApiError: The planned status.
            ConnectionResetError: The connection is to be cut.
            Hung: It is to be left open without an answer.
        """
        if self.down:
            raise ConnectionResetError
        fault = self._next(self._failures, request)
        if fault is None:
            return answer(request)
        match fault.what:
            case "reset":
                raise ConnectionResetError
            case "hang":
                raise Hung
            case "lost":
                answer(request)
                raise ConnectionResetError
            case "slow":
                self._healed.wait(fault.seconds)
                return answer(request)
        raise planned_error(int(fault.what), int(fault.seconds))

    def opened(self, watch: Watch, request: Request) -> None:
        """Have the watch meet what is planned for its events."""
        watch.disturb(lambda event: self._disturbed(request, event))
        with self._lock:
            self._open[watch] = request

    def open_watches(self) -> list[Watch]:
        with self._lock:
            return list(self._open)

    def _disturbed(self, request: Request, event: str) -> Disturbed:
        fault = self._next(self._disturbances, request, event)
        if fault is not None:
            self.told(fault.what, request.type.plural)
        match fault:
            case _Planned("drop"):
                return Disturbed(times=0)
            case _Planned("duplicate"):
                return Disturbed(times=2)
            case _Planned("reorder"):
                return Disturbed(swapped=True)
            case _Planned("delay"):
                return Disturbed(late=fault.seconds)
        return Disturbed()

    def _next(self, planned: list[_Planned], request: Request, event: str | None = None) -> _Planned | None:
        with self._lock:
            fault = next((each for each in planned if each.matches(request, event)), None)
            if fault is not None:
                fault.left -= 1
                if fault.left <= 0:
                    planned.remove(fault)
            return fault


def _check(word: object, known: Collection[object]) -> None:
    if word not in known:
        words = ", ".join(map(str, known))
        raise ValueError(f"{word!r} is no fault; there are {words}")
