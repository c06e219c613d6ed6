"""What is left when everything is at rest: nothing of who is gone, and no harm to what was to stay.

Seen through what people wrote: an object with `creationPolicy: Owner` takes its Secret along, one with Orphan leaves it.
A Secret that was made anew in the storm in which it ceased to be wanted may stay, too: if nobody could tell its owner,
it is not the one that the owner knows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from secretsync.testing.clock import NEW_YEAR
from secretsync.testing.simulation.violated import Violated

from ...cluster.marks import OWNER_UID
from ...cluster.transport import Json
from .scenario import full_name, targets_of
from .stage import Stage

Wish = tuple[str, tuple[str, str]]
"""The uid of an object, and a Secret that it asks for."""


class Remains:
    """Remembers which objects own their Secrets. Its methods raise `Violated`."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._owns: dict[str, bool] = {}
        self._wishes: set[Wish] = set()
        self._known: dict[Wish, float] = {}
        """Of wishes that ended: since when a Secret must be there for its owner to know it."""
        self._storm = 0.0

    def begin_storm(self) -> None:
        self._storm = self._stage.world.now

    def edited(self) -> None:
        """People changed something."""
        wishes: set[Wish] = set()
        for obj in self._stage.objects():
            uid = obj["metadata"]["uid"]
            self._owns[uid] = _owns(obj)
            wishes |= {(uid, target) for target in targets_of(obj)}
        self._known |= dict.fromkeys(self._wishes - wishes, self._storm)
        self._wishes = wishes

    def look(self) -> None:
        """Look at finalizers and Secrets, at rest."""
        items: list[Json] = self._stage.cluster.list("kmssecrets")["items"]
        for obj in items:
            if "deletionTimestamp" in obj["metadata"]:
                raise Violated("nothing is left behind", f"{full_name(obj)} is gone and held by a finalizer")
        for wish, made in self._marked():
            if self._owns.get(wish[0]) and wish not in self._wishes and made <= self._known.get(wish, made):
                raise Violated("nothing is left behind", f"Secret {'/'.join(wish[1])}, whose owner does not want it")

    def _marked(self) -> Iterator[tuple[Wish, float]]:
        """Yield the uid in the mark of each Secret that carries one, with the second in which the Secret was made."""
        for secret in self._stage.cluster.list("secrets")["items"]:
            metadata = secret["metadata"]
            if uid := _uid(secret):
                made = datetime.fromisoformat(metadata["creationTimestamp"]) - NEW_YEAR
                yield (uid, (metadata["namespace"], metadata["name"])), made.total_seconds()


def _uid(secret: Json) -> str:
    annotations: Mapping[str, str] = secret["metadata"].get("annotations") or {}
    return annotations.get(OWNER_UID, "")


def _owns(obj: Json) -> bool:
    """Whether all Secrets of an object go with it."""
    spec = obj["spec"]
    blocks = spec.get("managedKubeSecretReferences") or [spec["managedSecretReference"]]
    return all(block.get("creationPolicy") != "Orphan" for block in blocks)
