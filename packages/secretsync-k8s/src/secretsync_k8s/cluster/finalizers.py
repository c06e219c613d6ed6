"""Finalizers: what keeps an object from going before its clean-up is done (kmssecret §5).

One is added and taken away with the resourceVersion it was decided on, because the list is patched whole and the
finalizers of others stand in it.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from secretsync.errors import TargetMoved
from secretsync.queries import Found, Purpose, query

from .queries import ClusterQuery
from .resources import Resource
from .transport import MERGE_PATCH, METADATA, TIMEOUT, ApiError, Json, Transport

_TRIES: Final = 4


@query
class Finalizer(ClusterQuery[bool]):
    """Asks that an object be held back by a finalizer; the fetch adds it where it is missing.

    Asked before something is made that outlives the object unless we delete it. `uid` is the very object's: one of
    the same name that came later is not touched.
    """

    resource: Resource
    namespace: str
    name: str
    uid: str
    finalizer: str
    purpose = Purpose.GUARD
    private = False

    def __str__(self) -> str:
        return f"{self.resource.kind} {self.namespace}/{self.name}"


def add(transport: Transport, held: Finalizer, *, timeout: float = TIMEOUT) -> Found[bool]:
    """Have the object carry the finalizer.

    Args:
        timeout: Seconds for each request.

    Raises:
        TargetMoved: The object is gone or on its way out, is another by now, or others keep writing it.
        BackendError: The API server refuses or cannot be had.
    """

    def added(metadata: Json) -> list[str] | None:
        if metadata["uid"] != held.uid or metadata.get("deletionTimestamp"):
            raise TargetMoved(f"{held} is on its way out; nothing is made for it any more")
        present = _finalizers(metadata)
        return None if held.finalizer in present else [*present, held.finalizer]

    try:
        _edit(transport, held, added, timeout=timeout)
    except ApiError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        raise TargetMoved(f"{held} is gone") from None
    return Found(value=True)


def remove(transport: Transport, held: Finalizer, *, timeout: float = TIMEOUT) -> None:
    """Take the finalizer away and no other; nothing happens where it, or the object, is gone. Raises as `add` does."""

    def left(metadata: Json) -> list[str] | None:
        present = _finalizers(metadata)
        if metadata["uid"] != held.uid or held.finalizer not in present:
            return None
        return [one for one in present if one != held.finalizer]

    try:
        _edit(transport, held, left, timeout=timeout)
    except ApiError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise


def _edit(transport: Transport, held: Finalizer, wanted: Callable[[Json], list[str] | None], *, timeout: float) -> None:
    """Replace the list by what `wanted` makes of the object's metadata; None leaves it as it is."""
    path = held.resource.path(held.namespace, held.name)
    for _ in range(_TRIES):
        metadata = transport.request("GET", path, accept=METADATA, timeout=timeout)["metadata"]
        finalizers = wanted(metadata)
        if finalizers is None:
            return
        patch = {"metadata": {"resourceVersion": metadata["resourceVersion"], "finalizers": finalizers}}
        try:
            transport.request("PATCH", path, body=patch, content_type=MERGE_PATCH, timeout=timeout)
        except ApiError as error:
            if error.status != HTTPStatus.CONFLICT:
                raise
        else:
            return
    raise TargetMoved(f"{held}: others keep writing it while its finalizers are changed")


def _finalizers(metadata: Json) -> list[str]:
    return metadata.get("finalizers") or []
