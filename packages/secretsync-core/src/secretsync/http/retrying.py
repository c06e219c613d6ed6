"""An `HttpClient` that sends a request again where that may help, before anybody hears that it failed (agent §10).

The engine's own back-off comes after it. It is for programs that promise their users so many attempts; others send
every request once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, final

from ..classes import frozen
from ..errors import TLSError, Unavailable
from ..retry import Chance, Retries
from .exchange import HttpClient, Request, Response

PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses that may be another one the next time."""
LONGEST_PATIENCE: Final = 60.0
"""Seconds: a server that asks for more gets no more."""


@frozen
class Attempt:
    """A request that failed and is sent again.

    Attributes:
        status: None where there was no answer.
        number: 1 for the first further attempt.
        delay: Seconds until then.
    """

    url: str
    status: int | None
    number: int
    delay: float


@final
class Retrying:
    """Safe to call from several threads; whoever calls waits.

    Args:
        http: Sends each attempt.
        retries: How often and when.
        pause: Waits so many seconds; True says that there is no time any more.
        chance: For jitter.
        told: Called before each further attempt.
    """

    def __init__(
        self,
        http: HttpClient,
        retries: Retries,
        *,
        pause: Callable[[float], bool],
        chance: Chance,
        told: Callable[[Attempt], None],
    ) -> None:
        self._http = http
        self._retries = retries
        self._pause = pause
        self._chance = chance
        self._told = told

    def send(self, request: Request) -> Response:
        """See `HttpClient.send`: what comes back is the last attempt's. What is not repeatable is sent once."""
        if not request.repeatable:
            return self._http.send(request)
        for number in range(1, self._retries.most + 1):
            try:
                response = self._http.send(request)
            except TLSError:
                raise
            except Unavailable as exc:
                if not self._again(request, Attempt(request.url, exc.status, number, self._delay(number, ""))):
                    raise
            else:
                if response.status not in PASSING:
                    return response
                delay = self._delay(number, response.header("retry-after"))
                if not self._again(request, Attempt(request.url, response.status, number, delay)):
                    return response
        return self._http.send(request)

    def _delay(self, number: int, asked: str) -> float:
        wait = min(float(asked), LONGEST_PATIENCE) if asked.isascii() and asked.isdigit() else 0.0
        return max(wait, self._retries.delay(number, self._chance))

    def _again(self, request: Request, attempt: Attempt) -> bool:
        """Wait for another attempt; False if there is no time for it."""
        if request.deadline is not None and request.deadline.remaining() <= attempt.delay:
            return False
        self._told(attempt)
        return not self._pause(attempt.delay)
