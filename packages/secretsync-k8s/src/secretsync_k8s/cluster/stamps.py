"""The stamp of a Secret or ConfigMap: whose it is and in which version, as others may know it (kmssecret §5, §6)."""

from __future__ import annotations

from secretsync.classes import frozen
from secretsync.queries import Absent, Found, query
from secretsync.values import Version

from . import marks
from .queries import ClusterQuery
from .shapes import SHAPES
from .transport import METADATA, Json, Transport


@frozen
class Stamped:
    """The mark of the object that keeps it, and the text that changes when its content does."""

    mark: str
    version: str


@query
class Stamp(ClusterQuery[Stamped]):
    """Asks for the stamp of an object of this kind. One that is not ours has none: absent, whether it exists or not."""

    kind: str
    namespace: str
    name: str
    pushed = True
    private = False

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"


def stamped(transport: Transport, asked: Stamp, *, timeout: float) -> Found[Stamped] | Absent:
    """Return the stamp, from the metadata alone; `timeout` in seconds.

    Raises:
        BackendError: There is no such object, or the API server refuses or cannot be had.
    """
    path = SHAPES[asked.kind].resource.path(asked.namespace, asked.name)
    metadata: Json = transport.request("GET", path, accept=METADATA, timeout=timeout)["metadata"]
    mark, version = marks.mark_of(metadata), (metadata.get("annotations") or {}).get(marks.VERSION)
    if mark is None or not version:
        return Absent()
    return Found(Stamped(mark, version), Version(metadata["resourceVersion"]))
