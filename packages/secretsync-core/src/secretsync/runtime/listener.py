"""Listens to a project's change feed: one thread that decides, one that reads."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from queue import Empty, SimpleQueue
from typing import Final, final

from ..backends.kms.events import Place, Watched, happened
from ..backends.kms.queries import Folder
from ..backends.kms.sse import Frames
from ..backends.kms.watching import Connect, Drop, Effect, Phase, Renew, Suspect, Watching
from ..clock import FOREVER, Clock
from ..errors import Forbidden, SecretSyncError
from ..http import Stream
from ..retry import Chance
from ..values import SecretValue
from .executor import where

log: Final = logging.getLogger("secretsync.runtime")

Connecting = Callable[[tuple[Place, ...], SecretValue], AbstractContextManager[Stream]]
Told = Callable[[float], "list[Effect] | None"]


@final
class Listener:
    """Safe to call from several threads.

    Args:
        connect: Opens the feed.
        suspect: Told, on a thread of this listener's, which answers may have changed; must not block.
        renew: Told that the token was refused; another one comes by `token`.
        clock: Measures pauses.
        chance: Spreads them.
    """

    def __init__(
        self,
        connect: Connecting,
        *,
        suspect: Callable[[Iterable[Folder]], None],
        renew: Callable[[], None],
        clock: Clock,
        chance: Chance,
    ) -> None:
        self._connect = connect
        self._suspect = suspect
        self._renew = renew
        self._clock = clock
        self._watching = Watching(chance=chance)
        self._token: SecretValue | None = None
        self._lock = threading.Lock()
        self._stream: Stream | None = None
        self._closed = False
        self._inbox: SimpleQueue[Told | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._loop, name="secretsync-listener", daemon=True)
        self._thread.start()

    def watch(self, watched: Watched) -> None:
        """Keep an eye on a folder, or learn what else its answer is made of."""
        self._inbox.put(lambda _: self._watching.watch(watched))

    def forget(self, query: Folder) -> None:
        """Keep no eye on it any more."""
        self._inbox.put(lambda _: self._watching.forget(query))

    def token(self, token: SecretValue) -> None:
        """Use this token from the next connection on."""
        self._inbox.put(lambda _: self._use(token))

    @property
    def is_open(self) -> bool:
        """Whether the feed is open at this moment."""
        return self._watching.phase is Phase.OPEN

    def close(self) -> None:
        """Hear nothing any more; the connection is ended."""
        self._inbox.put(None)
        self._thread.join()
        with self._lock:
            self._closed = True
            self._cut()

    # -- the thread that decides

    def _loop(self) -> None:
        while (told := self._next()) is not None:
            now = self._clock.monotonic()
            for effect in (*(told(now) or ()), *self._watching.due(now)):
                self._do(effect)

    def _next(self) -> Told | None:
        pause = max(0.0, self._watching.wake_at - self._clock.monotonic())
        try:
            return self._inbox.get(timeout=None if pause == FOREVER else pause)
        except Empty:
            return lambda _: None

    def _do(self, effect: Effect) -> None:
        match effect:
            case Suspect(queries):
                self._suspect(queries)
            case Renew():
                self._renew()
            case Drop():
                with self._lock:
                    self._cut()
            case Connect(places):
                threading.Thread(target=self._read, args=(places,), name="secretsync-feed", daemon=True).start()

    def _use(self, token: SecretValue) -> None:
        if token != self._token:
            self._token = token
            self._watching.token()

    def _cut(self) -> None:
        if self._stream is not None:
            self._stream.cut()

    # -- the thread that reads

    def _read(self, places: tuple[Place, ...]) -> None:
        error: SecretSyncError | None = None
        try:
            self._hear(places)
        except SecretSyncError as exc:
            error = exc
        except Exception as exc:  # noqa: BLE001 - a fault of ours must not end the listening; its text may hold values
            log.error("a fault of ours: %s at %s", type(exc).__name__, where(exc))  # noqa: TRY400 - frames may, too
        with self._lock:
            self._stream = None
        self._inbox.put(lambda now: self._watching.ended(error, now))

    def _hear(self, places: tuple[Place, ...]) -> None:
        if self._token is None:
            return
        with self._connect(places, self._token) as stream:
            if not self._begun(stream):
                return
            self._inbox.put(lambda _: self._watching.opened())
            frames = Frames()
            for piece in stream.pieces:
                for frame in frames.feed(piece):
                    if frame.kind == "error":
                        raise Forbidden(stream.url, "listen to changes", "forbidden: the server ended the feed")
                    if touched := happened(frame):
                        self._tell(touched)

    def _begun(self, stream: Stream) -> bool:
        with self._lock:
            self._stream = None if self._closed else stream
            return not self._closed

    def _tell(self, touched: tuple[Place, ...]) -> None:
        self._inbox.put(lambda now: self._watching.heard(touched, now))
