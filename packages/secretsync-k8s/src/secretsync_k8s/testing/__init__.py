"""Test support, for users too: `MemoryCluster` is a Kubernetes API server in memory.

    from secretsync_k8s.testing import ClusterServer, MemoryCluster

    cluster = MemoryCluster(crds=[crd("kmssecrets")])
    with ClusterServer(cluster) as server:
        ...  # anything that speaks to an API server, at server.url

As a process of its own: `python -m secretsync_k8s.testing --kubeconfig FILE` prints its URL as one line of JSON.
`GET /_emulator/requests` there returns what it was asked (in process: `MemoryCluster.requests`), and `control` says what
else can be done to it from outside. Without a socket: `DirectTransport(cluster)`.

What goes wrong in real clusters goes wrong here on demand: `MemoryCluster.fail` for requests, `disturb` for watches,
`outage` and `compact` for all of it.
"""

from .cluster import MemoryCluster
from .direct import DirectTransport
from .request import Record
from .server import ClusterServer
from .status import ApiError, Cause
from .watch import Hung, Watch

__all__ = ["ApiError", "Cause", "ClusterServer", "DirectTransport", "Hung", "MemoryCluster", "Record", "Watch"]
