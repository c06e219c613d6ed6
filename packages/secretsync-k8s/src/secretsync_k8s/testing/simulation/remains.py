"""What is left when everything is at rest: nothing of who is gone, and no harm to what was to stay.

Seen through what people wrote: an object with `creationPolicy: Owner` takes its Secret along, one with Orphan leaves it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...cluster.marks import OWNER_UID
from ...cluster.transport import Json
from .scenario import full_name, targets_of
from .stage import Stage
from .violated import Violated


class Remains:
    """Remembers which objects own their Secrets. Its methods raise `Violated`."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._owns: dict[str, bool] = {}

    def edited(self) -> None:
        """People changed something."""
        for obj in self._stage.objects():
            self._owns[obj["metadata"]["uid"]] = _owns(obj)

    def look(self) -> None:
        """Look at finalizers and Secrets, at rest."""
        items: list[Json] = self._stage.cluster.list("kmssecrets")["items"]
        for obj in items:
            if "deletionTimestamp" in obj["metadata"]:
                raise Violated("nothing is left behind", f"{full_name(obj)} is gone and held by a finalizer")
        wanted = {obj["metadata"]["uid"]: targets_of(obj) for obj in items}
        for uid, target in self._marked():
            if self._owns.get(uid) and target not in wanted.get(uid, ()):
                raise Violated("nothing is left behind", f"Secret {'/'.join(target)}, whose owner does not want it")

    def _marked(self) -> Iterator[tuple[str, tuple[str, str]]]:
        """Yield the uid in the mark of each Secret that carries one."""
        for secret in self._stage.cluster.list("secrets")["items"]:
            if uid := _uid(secret):
                yield uid, (secret["metadata"]["namespace"], secret["metadata"]["name"])


def _uid(secret: Json) -> str:
    annotations: Mapping[str, str] = secret["metadata"].get("annotations") or {}
    return annotations.get(OWNER_UID, "")


def _owns(obj: Json) -> bool:
    """Whether all Secrets of an object go with it."""
    spec = obj["spec"]
    blocks = spec.get("managedKubeSecretReferences") or [spec["managedSecretReference"]]
    return all(block.get("creationPolicy") != "Orphan" for block in blocks)
