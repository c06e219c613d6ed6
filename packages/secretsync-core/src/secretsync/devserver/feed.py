"""Who is told of changes as they happen: subscriptions and the frames they get (kms-api §11.1). No network in here."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime
from threading import Lock
from typing import Final, Literal, get_args

from ..classes import frozen
from .references import Location
from .refusals import Refusal, bad_request
from .rights import Rights, matches
from .tree import Event, Happening

Release = Literal["first", "new"]
"""The first one matched paths by their beginning and named some fields otherwise."""

HAPPENINGS: Final[tuple[Happening, ...]] = get_args(Happening)
PING: Final = b"event: ping\n\n"

_MOST_CONNECTIONS: Final = 100
_KEPT: Final = 10_000
_PADDING: Final = 70_000
"""Characters of an oversize frame: more than the 64 KiB at which some readers give up."""


@frozen
class Registration:
    """What somebody wants to hear of; an empty environment is all of them."""

    kind: Happening
    environment: str = ""
    path: str = "/"

    def hears(self, event: Event, release: Release) -> bool:
        if event.kind != self.kind:
            return False
        if not self.environment:
            return True
        near = event.at.path.startswith(self.path) if release == "first" else matches(self.path, event.at.path)
        return event.at.environment == self.environment and near

    def allowed(self, rights: Rights) -> bool:
        if not self.environment:
            return rights.any_of("subscribe")
        folder = self.path.removesuffix("/**") or "/"
        return rights.allow("subscribe", Location(rights.project.id, self.environment, folder))


class Subscription:
    """One connection's share of the feed. Safe to call from several threads."""

    def __init__(self, project: str, registered: tuple[Registration, ...], allowed: Callable[[], bool]) -> None:
        self.project: Final = project
        self.registered: Final = registered
        self.allowed: Final = allowed
        self.ended: bool = False
        self._frames: deque[bytes] = deque(maxlen=_KEPT)
        self._wake: Callable[[], object] = lambda: None

    def listen(self, wake: Callable[[], object]) -> None:
        """Have `wake` called, on any thread, whenever there is something to take."""
        self._wake = wake

    def put(self, frame: bytes) -> None:
        self._frames.append(frame)
        self._wake()

    def end(self) -> None:
        self.ended = True
        self._wake()

    def take(self) -> bytes:
        """Return what there is to send, nothing if there is nothing."""
        taken = b""
        while self._frames:
            taken += self._frames.popleft()
        return taken


class Feed:
    """All subscriptions. Safe to call from several threads.

    Attributes:
        plan: Whether the server's plan has the feature; without it every subscription is refused.
        release: How it speaks.
        ping_every: Seconds of real time between two signs of life, None for none.
        look_again_every: Seconds of real time between two looks at whether who listens still may.
        twice: Each event is sent twice.
        oversize: Each frame is longer than some readers bear.
        silent: Nothing is sent, not even signs of life, and nothing is closed.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.plan: bool = True
        self.release: Release = "new"
        self.ping_every: float | None = 15.0
        self.look_again_every: float = 60.0
        self.twice: bool = False
        self.oversize: bool = False
        self.silent: bool = False
        self._now = now
        self._lock = Lock()
        self._subscriptions: set[Subscription] = set()

    @property
    def connections(self) -> int:
        return len(self._subscriptions)

    def subscribe(self, rights: Callable[[], Rights], registered: tuple[Registration, ...]) -> Subscription:
        """Return a new subscription to a project's events.

        Args:
            rights: What the identity may do now; looked at again while the subscription lives.

        Raises:
            Refusal: The plan lacks the feature (400), the identity may not (403), or there are too many (429).
        """
        if not self.plan:
            raise bad_request("Event subscriptions are not available on your current plan")

        def allowed() -> bool:
            return all(one.allowed(rights()) for one in registered)

        if not allowed():
            raise Refusal(403, "PermissionDenied", "You are not allowed to subscribe to these events")
        project = rights().project.id
        with self._lock:
            if sum(one.project == project for one in self._subscriptions) >= _MOST_CONNECTIONS:
                raise Refusal(429, "RateLimitExceeded", "Too many connections to this project's events")
            made = Subscription(project, registered, allowed)
            self._subscriptions.add(made)
        return made

    def unsubscribe(self, subscription: Subscription) -> None:
        with self._lock:
            self._subscriptions.discard(subscription)

    def publish(self, event: Event) -> None:
        """Tell those who want to hear of it."""
        if self.silent or not self._subscriptions:
            return
        frame = self._frame(event) * (2 if self.twice else 1)
        with self._lock:
            hearing = [one for one in self._subscriptions if self._hears(one, event)]
        for subscription in hearing:
            subscription.put(frame)

    def drop(self) -> int:
        """End all connections; return how many."""
        with self._lock:
            dropped = list(self._subscriptions)
            self._subscriptions.clear()
        for subscription in dropped:
            subscription.end()
        return len(dropped)

    def _hears(self, subscription: Subscription, event: Event) -> bool:
        wanted = any(one.hears(event, self.release) for one in subscription.registered)
        return wanted and subscription.project == event.at.project

    def _frame(self, event: Event) -> bytes:
        first = self.release == "first"
        place: dict[str, object] = {"environment": event.at.environment, "secretPath": event.at.path}
        payload: object = place if not event.key else [{**place, "secretKeys" if first else "secretKey": event.key}]
        data: dict[str, object] = {
            "type" if first else "projectType": "secret-manager",
            "data": {"eventType": event.kind, "payload": payload},
        }
        if self.oversize:
            data["padding"] = "x" * _PADDING
        return frame(event.kind, data, id_=int(self._now().timestamp() * 1000))


def frame(kind: str, data: Mapping[str, object], *, id_: int | None = None) -> bytes:
    """Return one event as it is sent."""
    named = "" if id_ is None else f"id: {id_}\n"
    return f"{named}event: {kind}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()
