"""When to listen to a project's change feed, and what an event puts in doubt. Pure: no thread, no clock, no socket.

    waiting ── connect ──▶ connecting ── opened ──▶ open ── ended ──▶ waiting (1 to 30 s)
                               └────── refused ──────────────────────▶ waiting (an hour)

First subscribe, then look: whatever changed before the feed was open is found by the look that follows. Polling goes on
all the while, so that nothing depends on events: they are lost, repeated and late like any other message.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, auto
from typing import Final

from ...classes import frozen
from ...clock import FOREVER
from ...errors import (
    AuthenticationFailed,
    Forbidden,
    InvalidRequest,
    NotFound,
    RateLimited,
    SecretSyncError,
    WrongEndpoint,
)
from ...retry import Chance
from .events import Place, Watched, widened
from .queries import Folder

DEBOUNCE: Final = 0.25
"""Seconds: the changes of one deploy come together."""

RECONNECT: Final = (1.0, 30.0)
PROBE: Final = 3600.0
"""Seconds until a server that refused is asked again: a plan or a grant may have changed."""

REFUSED_AGAIN: Final = 300.0
"""Seconds until another token is asked for because of a feed that refused two in a row."""

_REFUSALS: Final = (InvalidRequest, Forbidden, NotFound, WrongEndpoint)


class Phase(Enum):
    WAITING = auto()
    CONNECTING = auto()
    OPEN = auto()


@frozen
class Connect:
    """Open the feed for these places."""

    places: tuple[Place, ...]


@frozen
class Suspect:
    """These answers may have changed: read them again, conditionally."""

    queries: tuple[Folder, ...]


@frozen
class Renew:
    """The token was refused: get another."""


@frozen
class Drop:
    """End the connection; another one follows if somebody watches."""


Effect = Connect | Suspect | Renew | Drop


class Watching:
    """One project's feed under one identity. Belongs to one thread; all times are monotonic seconds."""

    def __init__(self, *, chance: Chance) -> None:
        self._chance = chance
        self._watched: dict[Folder, Watched] = {}
        self._doubted: dict[Folder, None] = {}
        self._flush_at = FOREVER
        self._connect_at = 0.0
        self._registered: tuple[Place, ...] = ()
        self._has_token = False
        self._replacing = False
        self._refused = False
        self.phase: Phase = Phase.WAITING

    @property
    def wake_at(self) -> float:
        """When `due` wants to be called at the latest."""
        ready = self.phase is Phase.WAITING and self._watched and self._has_token
        return min(self._flush_at, self._connect_at if ready else FOREVER)

    # -- what happened

    def watch(self, watched: Watched) -> list[Effect]:
        """Keep an eye on a folder, or learn what else its answer is made of."""
        known = self._watched.get(watched.query)
        self._watched[watched.query] = watched
        return [] if known == watched else self._fit()

    def forget(self, query: Folder) -> list[Effect]:
        """Keep no eye on it any more; of what is left too much is heard until the next connection."""
        self._doubted.pop(query, None)
        self._watched.pop(query, None)
        return [] if self._watched else self._drop()

    def token(self) -> None:
        """There is another token."""
        self._has_token = True

    def opened(self) -> list[Effect]:
        """The feed is open: whatever changed before is looked for now."""
        self.phase, self._refused = Phase.OPEN, False
        return [Suspect(tuple(self._watched)), *self._fit()] if self._watched else []

    def heard(self, places: Iterable[Place], now: float) -> None:
        """Something changed."""
        for place in places:
            self._doubted |= dict.fromkeys(q for q, watched in self._watched.items() if watched.touched(place))
        if self._doubted:
            self._flush_at = min(self._flush_at, now + DEBOUNCE)

    def ended(self, error: SecretSyncError | None, now: float) -> list[Effect]:
        """The feed ended, or could not be opened; without an error the server ended it."""
        self.phase, self._registered = Phase.WAITING, ()
        self._connect_at = now + (0.0 if self._replacing else self._pause(error))
        self._replacing = False
        if not isinstance(error, AuthenticationFailed):
            return []
        self._has_token, self._refused = False, True
        return [Renew()]

    def due(self, now: float) -> list[Effect]:
        """Return what is to be done now."""
        effects: list[Effect] = []
        if self._flush_at <= now:
            effects.append(Suspect(tuple(self._doubted)))
            self._doubted, self._flush_at = {}, FOREVER
        if self.wake_at <= now:
            self.phase = Phase.CONNECTING
            self._registered = self._wanted()
            effects.append(Connect(self._registered))
        return effects

    # -- inside

    def _wanted(self) -> tuple[Place, ...]:
        return widened(place for one in self._watched.values() for place in one.places | one.imported)

    def _fit(self) -> list[Effect]:
        """Have another connection if the one there is hears too little."""
        heard = all(any(has.holds(place) for has in self._registered) for place in self._wanted())
        return [] if heard else self._drop()

    def _drop(self) -> list[Effect]:
        """End the connection, if there is one; another need not wait."""
        if self.phase is not Phase.OPEN:
            return []
        self._replacing = True
        return [Drop()]

    def _pause(self, error: SecretSyncError | None) -> float:
        low, high = RECONNECT
        if isinstance(error, AuthenticationFailed):
            return REFUSED_AGAIN if self._refused else 0.0  # an ended token is no news, a new one that is refused is
        if isinstance(error, _REFUSALS):
            return PROBE
        pause = low + self._chance() * (high - low)
        return max(pause, error.retry_after) if isinstance(error, RateLimited) else pause
