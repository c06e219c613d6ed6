"""The change feeds that one identity listens to: a listener for each project."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from threading import Lock
from typing import final

from ..auth.token import Token
from ..backends.kms.events import Watched, imported, listen
from ..backends.kms.queries import Folder
from ..clock import Clock
from ..http import StreamClient
from ..ports import AnyQuery
from ..queries import Identity
from ..reconcile.messages import Moved
from ..retry import Chance
from ..values import ANOTHER_VERSION, Document, SecretValue
from .listener import Listener


@final
class Feeds:
    """Safe to call from several threads; nothing blocks but `close`.

    Args:
        http: For the connections.
        send: Takes what an engine is to hear of: answers that may have changed, tokens that were refused.
        clock: Measures pauses.
        chance: Spreads them.
    """

    def __init__(self, http: StreamClient, *, send: Callable[[Moved], None], clock: Clock, chance: Chance) -> None:
        self._http = http
        self._send = send
        self._clock = clock
        self._chance = chance
        self._lock = Lock()
        self._listeners: dict[str, Listener] = {}
        self._token: SecretValue | None = None

    def watch(self, query: Folder, document: Document) -> None:
        """Listen to what may change this answer of a folder."""
        self._listener(query).watch(Watched(query, imported(document)))

    def forget(self, query: Folder) -> None:
        """Listen to it no more."""
        with self._lock:
            listener = self._listeners.get(query.project)
        if listener is not None:
            listener.forget(query)

    def token(self, token: SecretValue) -> None:
        """Use this token for the connections from now on."""
        with self._lock:
            self._token = token
            listeners = tuple(self._listeners.values())
        for listener in listeners:
            listener.token(token)

    @property
    def open(self) -> int:
        """How many connections are open."""
        with self._lock:
            return sum(listener.is_open for listener in self._listeners.values())

    def close(self) -> None:
        """End all connections."""
        with self._lock:
            listeners = tuple(self._listeners.values())
            self._listeners.clear()
        for listener in listeners:
            listener.close()

    def _listener(self, query: Folder) -> Listener:
        with self._lock:
            if query.project not in self._listeners:
                self._listeners[query.project] = self._made(query.identity, query.project)
            return self._listeners[query.project]

    def _made(self, identity: Identity, project: str) -> Listener:
        listener = Listener(
            partial(listen, self._http, identity, project),
            suspect=self._suspect,
            renew=partial(self._suspect, [Token(identity)]),
            clock=self._clock,
            chance=self._chance,
        )
        if self._token is not None:
            listener.token(self._token)
        return listener

    def _suspect(self, queries: Iterable[AnyQuery]) -> None:
        for query in queries:
            self._send(Moved(query, ANOTHER_VERSION))
