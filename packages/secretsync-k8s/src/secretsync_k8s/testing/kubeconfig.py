"""How clients are told where an API server is, and who they are."""

from __future__ import annotations

from collections.abc import Mapping

from .status import Json


def kubeconfig(cluster: Mapping[str, str], user: Mapping[str, str], *, namespace: str = "default") -> Json:
    """Return a kubeconfig of one cluster and one user, both as its own format has them."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "clusters": [{"name": "test", "cluster": dict(cluster)}],
        "users": [{"name": "test", "user": dict(user)}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test", "namespace": namespace}}],
    }
