"""Where a list in pages goes on: the `continue` token, which clients hand back unread."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode

from secretsync.classes import frozen

from .status import plain
from .store import Key


@frozen
class Place:
    """After `key`, among the objects as they were at `version`."""

    version: int
    key: Key = ("", "")


def text(place: Place) -> str:
    raw = json.dumps({"v": place.version, "after": place.key}).encode()
    return urlsafe_b64encode(raw).decode()


def read(token: str) -> Place:
    """Return the place that a token means.

    Raises:
        ApiError: 400, it is none of ours.
    """
    try:
        place = json.loads(urlsafe_b64decode(token))
        namespace, name = place["after"]
        return Place(int(place["v"]), (str(namespace), str(name)))
    except (ValueError, TypeError, KeyError):
        raise plain(400, "continue key is not valid") from None
