"""Test support, for users too: `MemoryCluster` is a Kubernetes API server in memory.

    from secretsync_k8s.testing import ClusterServer, MemoryCluster

    cluster = MemoryCluster(crds=[crd("kmssecrets")])
    with ClusterServer(cluster) as server:
        ...  # anything that speaks to an API server, at server.url

As a process of its own: `python -m secretsync_k8s.testing --kubeconfig FILE` prints its URL as one line of JSON.
"""

from .cluster import MemoryCluster
from .request import Record
from .server import ClusterServer
from .status import ApiError, Cause
from .store import Watch

__all__ = ["ApiError", "Cause", "ClusterServer", "MemoryCluster", "Record", "Watch"]
