"""What a test in another process does to a cluster, under a path that no API server has.

GET    /_emulator/requests      the log of requests, oldest first
DELETE /_emulator/requests
POST   /_emulator/fail          the arguments of `MemoryCluster.fail`: {"status": 503, "verb": "list", "times": 2}
POST   /_emulator/disturb       those of `disturb`: {"what": "freeze"}
POST   /_emulator/outage        {"down": true}; this path is answered all the same
POST   /_emulator/heal          forget what has not happened yet
POST   /_emulator/compact       forget the history: 410
POST   /_emulator/bookmark      send bookmarks now
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from attrs import asdict

from .status import Json, plain

if TYPE_CHECKING:
    from .cluster import MemoryCluster

PREFIX: Final = "/_emulator/"


def answer(cluster: MemoryCluster, method: str, name: str, body: Json) -> Json:
    """Do what is asked for and return what there is to tell.

    Raises:
        ApiError: 404 for another path, 400 for arguments that are none.
    """
    match method, name:
        case "GET", "requests":
            return {"requests": [asdict(request) for request in tuple(cluster.requests)]}
        case "DELETE", "requests":
            cluster.requests.clear()
            return {}
        case "POST", _ if name in _CALLS:
            return _call(getattr(cluster, name), body)
    raise plain(404, "the server could not find the requested resource")


_CALLS: Final = frozenset({"fail", "disturb", "outage", "heal", "compact", "bookmark"})


def _call(method: Any, arguments: Json) -> Json:
    try:
        method(**arguments)
    except (TypeError, ValueError) as error:
        raise plain(400, str(error)) from None
    return {}
