"""ConfigMaps as answers: what an operator is told for all its objects (kmssecret §8.4)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from secretsync.queries import Found, query
from secretsync.values import Version

from .queries import ClusterQuery
from .resources import CONFIGMAPS
from .transport import Transport


@query
class ClusterConfigMap(ClusterQuery[Mapping[str, str]]):
    """Asks for the texts of a ConfigMap. They are no secrets, and part of what a run computes from."""

    namespace: str
    name: str
    pushed = True
    private = False

    def __str__(self) -> str:
        return f"ConfigMap {self.namespace}/{self.name}"


def texts(transport: Transport, asked: ClusterConfigMap, *, timeout: float) -> Found[Mapping[str, str]]:
    """Return what the ConfigMap holds; `timeout` in seconds.

    Raises:
        BackendError: There is none, or the API server refuses or cannot be had.
    """
    held = transport.request("GET", CONFIGMAPS.path(asked.namespace, asked.name), timeout=timeout)
    return Found(MappingProxyType(held.get("data") or {}), Version(held["metadata"]["resourceVersion"]))
