"""A KMS project's change feed: what to register for, how to open it, and what its events are about (kms-api §11.1)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from attrs import field

from ...auth.refusal import OK, refusal
from ...classes import frozen
from ...errors import WrongEndpoint
from ...http import Request, Stream, StreamClient
from ...queries import Identity
from ...values import Document, SecretValue
from .errors import PATH, told
from .queries import Folder
from .sse import Frame

SILENCE: Final = 45.0
"""Seconds: servers give a sign of life every fifteen."""

_KINDS: Final = ("secret:create", "secret:update", "secret:delete", "secret:import-mutation")
_MOST_PLACES: Final = 10 // len(_KINDS)
"""A connection may register ten events, and a place takes one of each kind."""

_OPERATION: Final = "listen to changes"


@frozen(order=True)
class Place:
    """A folder of one project; `below` with all below it."""

    environment: str
    path: str
    below: bool = False

    def holds(self, other: Place) -> bool:
        """Whether all of another place is in this one."""
        if self == EVERYWHERE:
            return True
        inside = self.below and other.path.startswith(self.path.rstrip("/") + "/")
        same = other.path == self.path and self.below >= other.below
        return other.environment == self.environment and (same or inside)


EVERYWHERE: Final = Place("", "/", below=True)
"""Of a whole project."""


@frozen
class Watched:
    """A folder that somebody keeps an eye on, and all places that its answer is made of."""

    query: Folder
    places: frozenset[Place] = field(init=False)
    imported: frozenset[Place] = frozenset()

    @places.default
    def _places(self) -> frozenset[Place]:
        return frozenset({Place(self.query.environment, self.query.path, self.query.recursive)})

    def touched(self, place: Place) -> bool:
        """Whether a change there may change the answer."""
        return place == EVERYWHERE or any(one.holds(place) for one in self.places | self.imported)


def imported(document: Document) -> frozenset[Place]:
    """Return the places that a folder's imports came from."""
    named = (row.path.partition(":") for row in document.rows if row.block)
    return frozenset(Place(environment, path) for environment, _, path in named)


def widened(places: Iterable[Place]) -> tuple[Place, ...]:
    """Return places that hold all of these and are few enough for one connection.

    The folders of an environment become the one above them all, and more environments than fit the whole project: too
    much is heard then, which costs a conditional read, and nothing is missed.
    """
    wanted = sorted(set(places))
    if len(wanted) <= _MOST_PLACES:
        return tuple(wanted)
    environments = sorted({place.environment for place in wanted})
    if len(environments) > _MOST_PLACES:
        return (EVERYWHERE,)
    return tuple(_above([one for one in wanted if one.environment == name]) for name in environments)


def _above(places: list[Place]) -> Place:
    if len(places) == 1:
        return places[0]
    names = [place.path.strip("/").split("/") for place in places]
    shared = []
    for level in zip(*names, strict=False):
        if len(set(level)) > 1:
            break
        shared.append(level[0])
    return Place(places[0].environment, "/" + "/".join(shared), below=True)


@contextmanager
def listen(
    http: StreamClient,
    identity: Identity,
    project: str,
    places: Iterable[Place],
    token: SecretValue,
    *,
    silence: float = SILENCE,
) -> Iterator[Stream]:
    """Open the feed of a project; `silence` is how long to wait for a sign of life, in seconds.

    Raises:
        InvalidRequest: The server's plan has no such feature.
        Forbidden: The identity may not hear of these places.
        BackendError: As for any request; `WrongEndpoint` where the server is too old to have a feed.
    """
    body: dict[str, Any] = {"projectId": project, "register": [one for place in places for one in _registered(place)]}
    request = Request(
        "POST",
        f"{identity.host}/api/v1/events/subscribe/project-events",
        operation=_OPERATION,
        json=body,
        headers={"Accept": "text/event-stream"},
        token=token,
        trust=identity.trust,
    )
    with http.stream(request, silence=silence) as stream:
        if stream.status != OK:
            said = refusal(stream.whole())
            raise told(said, host=identity.host, operation=_OPERATION, missing=PATH, forbidden="hear of these changes")
        if "event-stream" not in stream.headers.get("content-type", ""):
            raise WrongEndpoint(identity.host, _OPERATION, "this is not the KMS API: it sends no events", status=OK)
        yield stream


def _registered(place: Place) -> Iterator[Mapping[str, Any]]:
    for kind in _KINDS:
        if place == EVERYWHERE:
            yield {"event": kind}
        else:
            path = place.path.rstrip("/") + "/**" if place.below else place.path
            yield {"event": kind, "conditions": {"environmentSlug": place.environment, "secretPath": path}}


def happened(frame: Frame) -> tuple[Place, ...]:
    """Return the places that a frame says changed; what cannot be understood may have changed anything."""
    if frame.kind == "ping":
        return ()
    if frame.oversize:
        return (EVERYWHERE,)
    try:
        body = json.loads(frame.data)
        payload = body["data"]["payload"]
        items = payload if isinstance(payload, list) else [payload]
        return tuple(dict.fromkeys(_place(item) for item in items))
    except (ValueError, TypeError, KeyError, RecursionError):
        return (EVERYWHERE,)


def _place(item: Mapping[str, Any]) -> Place:
    environment, path = item["environment"], item["secretPath"]
    if not (isinstance(environment, str) and isinstance(path, str)):
        raise TypeError
    return Place(environment, "/" + path.strip("/"))
