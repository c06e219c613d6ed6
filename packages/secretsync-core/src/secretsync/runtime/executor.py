"""What an engine wants done, done: fetches, writes and reports become calls, and whatever comes of them an event."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from traceback import extract_tb
from typing import Final, final

from ..clock import Clock, Deadline
from ..errors import Defect, RateLimited, SecretSyncError, Unavailable
from ..ports import AnyQuery, AnyWire, Backend, Place
from ..queries import Failed, Scope
from ..reconcile.messages import Answered, Effect, Event, Fetch, Perform, Performed, Report, Reported

log: Final = logging.getLogger("secretsync.runtime")

FETCH_TIME: Final = 60.0
"""Seconds that one fetch may take in all; the client policy's time-outs end it earlier."""


@final
class Executor:
    """Carries out effects; blocks as long as backends and places do. As thread-safe as these.

    Args:
        clock: For the deadline of a fetch, and for when its answers came.
        backends: Who answers which queries; several may not answer the same.
        places: Who performs on which targets.
        report: Called with each outcome; what it raises is tried again.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        backends: Sequence[Backend],
        places: Sequence[Place],
        report: Callable[[Report], None],
    ) -> None:
        self._clock = clock
        self._backends = {answered: backend for backend in backends for answered in backend.answers}
        self._places = {kind: place for place in places for kind in place.kinds}
        self._report = report

    def carry_out(self, effect: Effect) -> Event:
        """Return what came of it. Nothing is raised: a fault must come back, or its query would fly for ever."""
        match effect:
            case Fetch():
                return self._read(effect)
            case Perform():
                return self._perform(effect)
            case Report():
                return self._tell(effect)

    def _read(self, fetch: Fetch) -> Answered:
        answers: dict[AnyQuery, AnyWire] = {}
        try:
            backend = self._backends[type(fetch.queries[0])]
            deadline = Deadline.after(FETCH_TIME, self._clock)
            answers |= backend.read(fetch.queries, known=fetch.known, credential=fetch.credential, deadline=deadline)
        except Exception as exc:  # noqa: BLE001 - see `carry_out`
            answers = dict.fromkeys(fetch.queries, failure(exc))
        return Answered(fetch, answers, self._clock.monotonic())

    def _perform(self, perform: Perform) -> Performed:
        try:
            performing = self._places[perform.ref.kind]
            result: AnyWire = performing.perform(perform.ref, perform.action, subject=perform.key)
        except Exception as exc:  # noqa: BLE001 - see `carry_out`
            result = failure(exc)
        return Performed(perform, result)

    def _tell(self, report: Report) -> Reported:
        error: SecretSyncError | None = None
        try:
            self._report(report)
        except Exception as exc:  # noqa: BLE001 - see `carry_out`
            error = failure(exc).error
        return Reported(report, error)


def failure(exc: Exception) -> Failed:
    """Return what an exception means to the engine; one that is not ours shows its type only."""
    match exc:
        case RateLimited():
            return Failed(exc, Scope.HOST, exc.retry_after)
        case Unavailable() if exc.nobody_there:
            return Failed(exc, Scope.HOST)
        case SecretSyncError():
            return Failed(exc)
        case _:
            log.error("a fault of ours: %s at %s", type(exc).__name__, where(exc))
            return Failed(Defect(type(exc).__name__))


def where(exc: Exception) -> str:
    """Where it happened. Never the text or the frames of an exception that is not ours: they may hold values."""
    frames = extract_tb(exc.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "an unknown place"
