from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from controlplane.cluster import RealCluster
from controlplane.plane import ControlPlane
from real_stand import RealStand


@pytest.fixture
def stand(plane: ControlPlane, tmp_path: Path) -> Iterator[RealStand]:
    """A real cluster and whatever a test starts beside it; at the end nothing of it may have shown a secret."""
    with RealCluster(plane) as cluster, RealStand(tmp_path, cluster=cluster) as made:
        yield made
