"""What a namespace or a Secret lets others do: the annotation by which its owner says so (kmssecret §5)."""

from __future__ import annotations

from http import HTTPStatus

from secretsync.queries import Found, Purpose, query

from .marks import ALLOWED
from .queries import ClusterQuery
from .resources import NAMESPACES, SECRETS
from .transport import METADATA, ApiError, Json, Transport


@query
class Grant(ClusterQuery[str]):
    """Asks which namespaces may use a Secret or, where no name is given, have Secrets kept in this namespace.

    Answered with the annotation's text, "" without one. Something that is not there grants nothing, in the same
    words: who may not use a Secret shall not learn whether it exists.
    """

    namespace: str
    name: str = ""
    purpose = Purpose.GUARD
    private = False

    def __str__(self) -> str:
        return f"Secret {self.namespace}/{self.name}" if self.name else f"Namespace {self.namespace}"


def granted(transport: Transport, asked: Grant, *, timeout: float) -> Found[str]:
    """Return the annotation's text, from the metadata alone; `timeout` in seconds.

    Raises:
        BackendError: The API server refuses or cannot be had.
    """
    path = SECRETS.path(asked.namespace, asked.name) if asked.name else NAMESPACES.path(name=asked.namespace)
    try:
        metadata: Json = transport.request("GET", path, accept=METADATA, timeout=timeout)["metadata"]
    except ApiError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        return Found("")
    return Found((metadata.get("annotations") or {}).get(ALLOWED, ""))


def covers(text: str, namespace: str) -> bool:
    """Return whether a grant, namespaces with commas between or `*`, is for this namespace."""
    return bool({"*", namespace} & {name.strip() for name in text.split(",")})
