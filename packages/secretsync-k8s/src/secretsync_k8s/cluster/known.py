"""What a watch remembers of each object, and what it can tell by that is old.

Versions are opaque: two can be equal or not, which one is newer they do not say.
"""

from __future__ import annotations

from typing import Final

from attrs import frozen

from .transport import Json

Key = tuple[str, str]
"""Namespace ("" for cluster-scoped objects) and name."""

_REMEMBERED: Final = 4096


def key_of(item: Json) -> Key:
    metadata = item["metadata"]
    return metadata.get("namespace", ""), metadata["name"]


@frozen
class Known:
    """One object as it was seen last."""

    uid: str
    version: str
    generation: int = 0

    @classmethod
    def of(cls, item: Json) -> Known:
        metadata = item["metadata"]
        return cls(metadata["uid"], metadata["resourceVersion"], metadata.get("generation", 0))


def remains(key: Key, known: Known) -> Json:
    """Return what can be told of an object that is gone."""
    namespace, name = key
    return {"metadata": {"namespace": namespace, "name": name, "uid": known.uid, "resourceVersion": known.version}}


class Sightings:
    """The last versions that were followed by others, and the last objects that ended. For one thread.

    Enough for what a connection repeats or swaps; bounded, because a watch may go on for months.
    """

    def __init__(self, *, limit: int = _REMEMBERED) -> None:
        self._limit = limit
        self._old: dict[tuple[str, str], None] = {}  # in order of time

    def superseded(self, known: Known) -> None:
        self._remember(known.uid, known.version)

    def ended(self, uid: str) -> None:
        self._remember(uid, "")

    def is_old(self, now: Known, before: Known | None) -> bool:
        """Return whether an event with `now` certainly tells nothing new.

        Args:
            before: What is known under its name.
        """
        if (now.uid, "") in self._old:
            return True
        if before is None or before.uid != now.uid:
            return False
        return now == before or (now.uid, now.version) in self._old or now.generation < before.generation

    def _remember(self, uid: str, version: str) -> None:
        self._old[uid, version] = None
        if len(self._old) > self._limit:
            del self._old[next(iter(self._old))]
