from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from api_world import World, prepared
from controlplane.cluster import RealCluster
from controlplane.plane import ControlPlane
from secretsync_k8s.cluster.client_adapter import connect
from secretsync_k8s.manifests import crd
from secretsync_k8s.testing import ClusterServer, DirectTransport, MemoryCluster

CRD = crd("kmssecrets")
SERVERS = ["memory-direct", "memory-http", pytest.param("real", marks=pytest.mark.cluster)]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Ask every server, but for what only a real one does."""
    if "world" in metafunc.fixturenames:
        only_real = metafunc.definition.get_closest_marker("real")
        metafunc.parametrize("world", SERVERS[-1:] if only_real else SERVERS, indirect=True)


@pytest.fixture
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    if request.param == "real":
        yield from real_world(request.getfixturevalue("plane"))
        return
    cluster = MemoryCluster(crds=[CRD])
    if request.param == "memory-direct":
        yield prepared(DirectTransport(cluster), cluster.compact)
        return
    with ClusterServer(cluster) as server:
        server.write_kubeconfig(tmp_path / "kubeconfig")
        transport = connect(kubeconfig=str(tmp_path / "kubeconfig"), environ={})
        yield prepared(transport, cluster.compact)
        transport.close()


def real_world(plane: ControlPlane) -> Iterator[World]:
    with RealCluster(plane) as cluster:
        yield prepared(cluster.transport, plane.forget)
