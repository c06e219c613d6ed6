from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stand import Stand


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Try every row of the matrix on a real control plane too, but what needs a fault that only memory has."""
    marked = metafunc.definition.get_closest_marker
    if "stand" in metafunc.fixturenames and marked("row") and not marked("memory"):
        real = pytest.param("real", marks=pytest.mark.cluster)
        metafunc.parametrize("stand", ["memory", real], indirect=True)


@pytest.fixture
def stand(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stand]:
    """A cluster and whatever a test starts beside it; at the end nothing of it may have shown a secret."""
    if getattr(request, "param", "memory") == "memory":
        with Stand(tmp_path) as made:
            yield made
        return
    from controlplane.cluster import RealCluster
    from real_stand import RealStand

    with RealCluster(request.getfixturevalue("plane")) as cluster, RealStand(tmp_path, cluster=cluster) as made:
        yield made
